//! The end of the front door: nobody of ours took a caller who has spoken with nobody yet, and the voice agent gets them.

use super::super::state::Stage;
use super::{Move, Used};
use crate::domain::outcome::Outcome;

impl Move<'_> {
    /// Nothing is to be done for it: whoever carries the call sees that no handoff serves this caller any more, whichever worker
    /// it is and whenever it comes to it, and brings the agent, which greets them.
    pub(super) fn leave_to_agent(&mut self) {
        self.next.stage = Stage::Done { outcome: Outcome::LeftToAgent { at: self.now } };
        self.next.closed = true;
    }

    /// A caller who was left to the agent, and has not heard it, is called back. Everybody else has left as callers do.
    pub(super) fn missed(&mut self) -> Used {
        if !matches!(self.next.stage, Stage::Done { outcome: Outcome::LeftToAgent { .. } }) {
            return self.caller_left();
        }
        (self.next.live, self.next.closed) = (false, false);
        self.promise_to_missed();
        Used::Yes
    }
}
