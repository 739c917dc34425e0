//! A worker as those find it who run it: watched from outside.

mod figures;
