//! A worker as it is run for good: deployed, watched, upgraded, restored.

mod alarms;
mod attention;
mod audit;
mod deploy;
mod disclosure;
mod drift;
mod figures;
mod logs;
mod traces;
