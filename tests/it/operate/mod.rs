//! A worker as it is run for good: deployed, watched, upgraded, restored.

mod deploy;
