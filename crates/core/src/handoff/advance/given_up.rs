//! A phone that is given up: nobody accepts on it, it fails, the rep leaves, or the caller's patience or the caller is gone.

use super::super::begin::later;
use super::super::state::Stage;
use super::transfer::SETTLE;
use super::{Ended, HANG_UP_WITHIN, Move, Phone, Used};
use crate::domain::effect::Effect;
use crate::domain::id::LegId;
use crate::domain::leg::LegState;
use crate::rules::model::set::Rung;

impl Move<'_> {
    /// A phone that rings or whispers will not be accepted. The platform's word may come late: once the key was pressed, it
    /// is out of date, and must not end a conversation.
    pub(super) fn not_accepted(&mut self, leg: &LegId, ended: Ended<'_>, phone: Phone) -> Used {
        match &self.next.stage {
            Stage::Ringing { leg: current } | Stage::Briefing { leg: current } if current == leg => {
                self.next_rep(leg, ended, phone)
            }
            _ => Used::No,
        }
    }

    /// Our own word that the phone could not be rung. A rep who has answered proves it wrong.
    pub(super) fn ring_failed(&mut self, leg: &LegId, ended: Ended<'_>) -> Used {
        if self.next.stage != (Stage::Ringing { leg: leg.clone() }) {
            return Used::No;
        }
        self.next_rep(leg, ended, Phone::MayBeUp)
    }

    /// A rep who does not know who calls would start cold. One who pressed the key has heard enough.
    pub(super) fn not_briefed(&mut self, leg: &LegId, why: &str) -> Used {
        match &self.next.stage {
            Stage::Briefing { leg: current } if current == leg => {
                self.next_rep(leg, Ended::by(LegState::Vendor, why), Phone::MayBeUp)
            }
            _ => Used::No,
        }
    }

    pub(super) fn not_joined(&mut self, leg: &LegId, why: &str) -> Used {
        match &self.next.stage {
            Stage::Joining { leg: current } if current == leg => {
                self.next_rep(leg, Ended::by(LegState::Vendor, why), Phone::MayBeUp)
            }
            _ => Used::No,
        }
    }

    pub(super) fn rep_left(&mut self, leg: &LegId) -> Used {
        match self.next.stage.clone() {
            Stage::Bridged { leg: current, at } if current == *leg && later(at, SETTLE) <= self.now => {
                self.connected(leg, at);
                self.end_call();
                Used::Yes
            }
            Stage::Done { .. } if self.is_connected(leg) => {
                let was_held = self.next.holds.take().is_some();
                if self.end_call() || was_held { Used::Yes } else { Used::No }
            }
            Stage::Bridged { leg: current, .. } if current == *leg => self.rep_gone(leg, LegState::Lost),
            _ if self.current_leg() == Some(leg) => self.rep_gone(leg, LegState::HungUp),
            _ => Used::No,
        }
    }

    /// Nobody is left on a line alone. Once: from now on the caller is not on it any more.
    fn end_call(&mut self) -> bool {
        let was_live = std::mem::replace(&mut self.next.live, false);
        if was_live {
            self.plan(Effect::EndCall, HANG_UP_WITHIN);
        }
        was_live
    }

    fn rep_gone(&mut self, leg: &LegId, state: LegState) -> Used {
        self.next_rep(leg, Ended { state, evidence: None }, Phone::IsDown)
    }

    /// The rep of the current leg is not to be had: on to the next one.
    pub(super) fn next_rep(&mut self, leg: &LegId, ended: Ended<'_>, phone: Phone) -> Used {
        self.end_leg(leg, &ended);
        self.next.holds = None;
        if phone == Phone::MayBeUp {
            self.hang_up(leg);
        }
        self.ring_next();
        Used::Yes
    }

    pub(super) fn patience_spent(&mut self) -> Used {
        match self.next.stage.clone() {
            Stage::Ringing { leg } | Stage::Briefing { leg } => {
                self.cancel(&leg);
                self.leave_transfer();
                Used::Yes
            }
            _ => Used::No,
        }
    }

    pub(super) fn caller_left(&mut self) -> Used {
        let was_live = std::mem::replace(&mut self.next.live, false);
        match self.next.stage.clone() {
            Stage::Offered | Stage::Searching { .. } | Stage::Offering { .. } => self.promise_callback(true),
            Stage::Ringing { leg } | Stage::Briefing { leg } | Stage::Joining { leg } => {
                self.cancel(&leg);
                self.promise_callback(true);
            }
            Stage::Bridged { leg, at } if later(at, SETTLE) <= self.now => self.connected(&leg, at),
            Stage::Bridged { leg, .. } => {
                self.cancel(&leg);
                self.promise_callback(true);
            }
            // The caller had chosen: the booking goes on without them. If it fails, nobody is there to choose again.
            Stage::Booking { .. } => self.next.rungs.retain(|rung| *rung != Rung::Booking),
            Stage::Callback { .. } | Stage::Done { .. } | Stage::NeedsAttention { .. } => {
                let talking = self.next.holds.take().is_some();
                return if talking || was_live { Used::Yes } else { Used::No };
            }
        }
        Used::Yes
    }

    /// The phone that rings or waits is let go.
    pub(super) fn cancel(&mut self, leg: &LegId) {
        self.set_leg(leg, LegState::Cancelled);
        self.next.holds = None;
        self.hang_up(leg);
    }

    /// An event of a leg that was given up: if that phone is up, it is hung up. The leg that caller and rep speak on is never
    /// a stray, however late or often an event comes.
    pub(super) fn stray(&mut self, leg: &LegId) -> Used {
        let known = self.next.legs.iter().any(|l| l.id == *leg);
        if !known || self.current_leg() == Some(leg) || self.is_connected(leg) {
            return Used::No;
        }
        self.hang_up(leg);
        Used::Yes
    }
}
