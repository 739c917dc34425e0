//! For whoever looks after leads and reps from day to day: what came of them, whose turn it is and why, and what is put right by
//! hand.

mod ledger;
mod reassign;
mod replay;
mod report;
mod reps;

pub use ledger::Ledger;
pub use reassign::Reassign;
pub use replay::Replay;
pub use report::ReportArgs;
pub use reps::Reps;
