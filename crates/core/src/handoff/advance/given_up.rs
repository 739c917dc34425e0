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
        match self.is(leg, LegState::Ringing) || self.is(leg, LegState::Answered) {
            true => self.next_rep(leg, ended, phone),
            false => Used::No,
        }
    }

    /// Our own word that the phone could not be rung. A rep who has answered proves it wrong.
    pub(super) fn ring_failed(&mut self, leg: &LegId, ended: Ended<'_>) -> Used {
        match self.is(leg, LegState::Ringing) {
            true => self.next_rep(leg, ended, Phone::MayBeUp),
            false => Used::No,
        }
    }

    /// A rep who does not know who calls would start cold. One who pressed the key has heard enough.
    pub(super) fn not_briefed(&mut self, leg: &LegId, state: LegState, why: &str) -> Used {
        if self.is_asked(leg) {
            return self.question_over(leg, Phone::MayBeUp);
        }
        let ended = Ended::by(state, format!("the rep could not be told who calls: {why}"));
        match self.is(leg, LegState::Answered) {
            true => self.next_rep(leg, ended, Phone::MayBeUp),
            false => Used::No,
        }
    }

    pub(super) fn not_joined(&mut self, leg: &LegId, state: LegState, why: &str) -> Used {
        let ended = Ended::by(state, format!("caller and rep could not be joined: {why}"));
        match &self.next.stage {
            Stage::Joining { leg: current } if current == leg => self.next_rep(leg, ended, Phone::MayBeUp),
            _ => Used::No,
        }
    }

    pub(super) fn rep_left(&mut self, leg: &LegId) -> Used {
        match self.next.stage.clone() {
            _ if self.is_calling(leg) => self.rep_left_call(leg),
            Stage::Bridged { leg: current, at } if current == *leg && later(at, SETTLE) <= self.now => {
                self.connected(leg, at);
                self.end_call();
                Used::Yes
            }
            Stage::Done { .. } if self.is_connected(leg) => {
                let was_held = self.let_go_all();
                if self.end_call() || was_held { Used::Yes } else { Used::No }
            }
            Stage::Bridged { leg: current, .. } if current == *leg => self.rep_gone(leg, LegState::Lost),
            _ if self.is_current(leg) => self.rep_gone(leg, LegState::HungUp),
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

    pub(super) fn rep_gone(&mut self, leg: &LegId, state: LegState) -> Used {
        self.next_rep(leg, Ended { state, evidence: None }, Phone::IsDown)
    }

    /// The rep of a current leg is not to be had on it: on to their next phone, or to the next rep, while the others go on ringing.
    pub(super) fn next_rep(&mut self, leg: &LegId, ended: Ended<'_>, phone: Phone) -> Used {
        if self.is_calling(leg) {
            return self.rep_not_had(leg, &ended, phone);
        }
        let was_named = self.named().as_ref() == Some(leg);
        let is_held = matches!(self.next.stage, Stage::Ringing { .. } | Stage::Briefing { .. });
        self.end_leg(leg, &ended);
        self.let_go(&self.rep_of(leg));
        if phone == Phone::MayBeUp {
            self.hang_up(leg);
        }
        let (others_ring, next_phone) = (self.restage(), self.next_phone(leg));
        // Whoever is rung on another phone is still the one whom the caller was told of; and who was quicker than that one is a
        // stranger to them.
        if was_named && (others_ring || next_phone.is_none()) {
            self.next.in_place_of = Some(self.next.told_of.clone().unwrap_or_else(|| leg.clone()));
        }
        if was_named && others_ring {
            self.tell_who_is_fetched();
        }
        if let Some((rep, endpoint)) = next_phone {
            self.ring(rep, endpoint, is_held);
        }
        self.ring_as_planned(is_held);
        Used::Yes
    }

    pub(super) fn patience_spent(&mut self) -> Used {
        if !matches!(self.next.stage, Stage::Ringing { .. } | Stage::Briefing { .. }) {
            return Used::No;
        }
        self.cancel_all();
        self.leave_transfer();
        Used::Yes
    }

    pub(super) fn caller_left(&mut self) -> Used {
        let was_live = std::mem::replace(&mut self.next.live, false);
        match self.next.stage.clone() {
            Stage::Offered | Stage::Searching { .. } | Stage::Offering { .. } => self.promise_to_missed(),
            Stage::Bridged { leg, at } if later(at, SETTLE) <= self.now => self.connected(&leg, at),
            Stage::Ringing { .. } | Stage::Briefing { .. } | Stage::Joining { .. } | Stage::Bridged { .. } => {
                self.cancel_all();
                self.promise_to_missed();
            }
            // The caller had chosen: the booking goes on without them. If it fails, nobody is there to choose again.
            Stage::Booking { .. } => self.next.rungs.retain(|rung| *rung != Rung::Booking),
            Stage::Callback { .. } | Stage::Done { .. } | Stage::NeedsAttention { .. } => {
                // Whom we call back is another line.
                let talking = self.next.calling.is_none() && self.let_go_all();
                return if talking || was_live { Used::Yes } else { Used::No };
            }
        }
        Used::Yes
    }

    /// The phones that ring or wait are let go.
    pub(super) fn cancel_all(&mut self) {
        for leg in self.current_legs() {
            self.cancel(&leg, LegState::Cancelled);
        }
    }

    pub(super) fn cancel(&mut self, leg: &LegId, state: LegState) {
        self.set_leg(leg, state);
        self.let_go(&self.rep_of(leg));
        self.hang_up(leg);
    }

    /// An event of a leg that was given up: if that phone is up, it is hung up. The leg that caller and rep speak on is never
    /// a stray, however late or often an event comes.
    pub(super) fn stray(&mut self, leg: &LegId) -> Used {
        let known = self.next.legs.iter().any(|l| l.id == *leg);
        if !known || self.is_current(leg) || self.is_connected(leg) {
            return Used::No;
        }
        self.hang_up(leg);
        Used::Yes
    }
}
