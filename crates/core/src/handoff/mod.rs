//! What happens next on a call: one pure function from state and event to the next state and its effects.
//!
//! Guarantees: no event, in any order and however often, leaves a caller without a next step, an owner and a time
//! ([`Handoff::next_step`] is total); a rep's phone is ours ([`Handoff::holds`]) before it rings; an event for a leg that is
//! not current can only hang that leg up. It knows nothing of vendors, transactions or tasks: if the process dies between
//! two moves, the stored state and its timers are all there is to go on from.

pub mod advance;
mod begin;
mod calling;
mod promise;
mod standing;
pub mod state;
#[cfg(test)]
mod tests;
mod texting;

pub use advance::{advance, look_at_owner};
pub use calling::NoCall;
pub use state::{Completed, Event, Handoff, OnTheLine, Settled, Stage, Transition};
pub use texting::NoText;
