//! A lead that is decided in shadow: what would be done for it now is planned and named, and nothing is under way.

use super::super::state::{Handoff, Stage};
use super::{Move, Used};
use crate::domain::outcome::Outcome;

impl Move<'_> {
    /// It ends where it began: no phone is held, nothing is promised, no clock runs. Of what would be done at once that is planned
    /// which somebody would notice, for its story; whoever carries effects out leaves it at that.
    pub(super) fn stay_in_shadow(&mut self) -> Used {
        let before = self.next.clone();
        let _begun = self.begin_work();
        let effects_planned = self.next.effects_planned;
        let stage = Stage::Done { outcome: Outcome::Shadow { at: self.now } };
        // Nobody hears or reads anything of ours.
        self.next = Handoff { effects_planned, stage, live: false, in_chat: false, ..before };
        self.effects.retain(|planned| planned.effect.is_noticed());
        self.turn_moves = None;
        Used::Yes
    }
}
