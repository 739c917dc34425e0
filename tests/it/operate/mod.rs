//! What whoever runs a worker sees of it.

mod logs;
mod traces;
