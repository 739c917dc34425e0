//! For whoever looks after leads and reps from day to day: what came of them, whose turn it is and why, and what is put right by
//! hand.

mod attention;
mod door;
mod leaver;
mod ledger;
mod reassign;
mod replay;
mod report;
mod reps;
mod shadow;
mod sync;

pub(super) use attention::Attention;
pub(super) use leaver::Leaver;
pub(super) use ledger::Ledger;
pub(super) use reassign::Reassign;
pub(super) use replay::Replay;
pub(super) use report::ReportArgs;
pub(super) use reps::Reps;
pub(super) use shadow::Shadow;
pub(super) use sync::SyncArgs;
