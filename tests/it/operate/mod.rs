//! A worker as it is run for good: deployed, watched, upgraded, restored, and on servers that die.

mod alarms;
mod attention;
mod audit;
mod deploy;
mod disclosure;
mod drift;
mod erase;
mod failover;
mod figures;
mod keep;
mod leads;
mod logs;
mod recover;
mod traces;
mod upgrade;
pub mod way;
