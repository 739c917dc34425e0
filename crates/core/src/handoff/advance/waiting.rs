//! What the caller is told of the wait and may choose in its place, and how long the agent stays once it is over.

use super::super::begin::later;
use super::super::state::Stage;
use super::{CARD_WHILE_RINGING, HANG_UP_WITHIN, Move, NEVER, Used};
use crate::domain::effect::{Effect, Instruction, Timer};
use crate::domain::id::LegId;
use crate::domain::lead::ReachBack;
use crate::rules::model::set::Introduction;
use std::time::Duration;

/// For a sentence on either side. An agent that goes on talking does not stay for longer.
const INTRODUCES_WITHIN: Duration = Duration::from_secs(15);

impl Move<'_> {
    /// The wait begins: how long it usually is, or may be, and when a call back is offered in its place.
    pub(super) fn announce_wait(&mut self) {
        self.next.waits_from.get_or_insert(self.now);
        let left = (self.next.patience_until - self.now).to_std().ok();
        let usual = |left: Duration| self.next.terms.usual_wait.map_or(left, |usual| usual.min(left));
        self.next.announced_wait = left.filter(|_| self.next.terms.announce_wait).map(usual);
        let offers_at = self.next.terms.offer_callback.map(|after| later(self.now, after));
        if let Some(at) = offers_at.filter(|at| *at < self.next.patience_until) {
            self.plan_at(Effect::Timer { timer: Timer::OfferCallback }, at, later(at, NEVER));
        }
    }

    /// To nobody who is about to be put through, or could not be called.
    pub(super) fn offer_callback(&mut self) -> Used {
        let rings = matches!(self.next.stage, Stage::Ringing { .. } | Stage::Briefing { .. });
        if !rings || self.next.reach_back != ReachBack::Call {
            return Used::No;
        }
        self.next.callback_offered = true;
        self.plan(Effect::Instruct { instruction: Instruction::OfferCallback }, CARD_WHILE_RINGING);
        Used::Yes
    }

    /// Too late once a rep has accepted, or a time is being booked. Whoever cannot be called waits on.
    pub(super) fn callback_wanted(&mut self) -> Used {
        if !self.next.may_choose_callback() {
            return Used::No;
        }
        self.cancel_all();
        self.promise_callback(false);
        Used::Yes
    }

    pub(super) fn end_introduction_later(&mut self, leg: &LegId) {
        if self.next.terms.introduce == Introduction::Agent {
            let at = later(self.now, INTRODUCES_WITHIN);
            self.plan_at(Effect::Timer { timer: Timer::IntroducedBy { leg: leg.clone() } }, at, later(at, NEVER));
        }
    }

    /// The two go on without the agent, if they are still there.
    pub(super) fn introduced(&mut self, leg: &LegId) -> Used {
        if !self.next.live || !self.is_connected(leg) {
            return Used::No;
        }
        self.plan(Effect::LeaveAgent, HANG_UP_WITHIN);
        Used::Yes
    }
}
