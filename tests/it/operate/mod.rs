//! A worker as those find it who run it.

mod figures;
mod logs;
mod traces;
