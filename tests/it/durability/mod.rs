//! Nothing is lost and nothing is done twice, whatever comes twice, late or not at all, and whoever dies meanwhile.

mod aside;
mod calls;
#[cfg(feature = "failpoints")]
mod crash;
pub mod flow;
pub mod replay;
mod simulation;
