//! A worker as it is run for good: deployed, watched, upgraded, restored.

mod deploy;
mod figures;
mod logs;
mod traces;
