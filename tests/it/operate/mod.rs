//! A worker as it is run for good: deployed, watched, upgraded, restored.

mod alarms;
mod attention;
mod deploy;
mod drift;
mod figures;
mod logs;
mod traces;
