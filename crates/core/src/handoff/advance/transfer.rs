//! From the first ring to the conversation: reps one after the other, until one has accepted or patience is spent.

use super::super::begin::later;
use super::super::state::{Leg, Reservation, Stage, TurnMove};
use super::{CARD_WHILE_RINGING, Move, NEVER, NOTIFY_WITHIN, RECORD_WITHIN, Used};
use crate::domain::effect::{BriefWhy, Channel, CrmNote, Effect, Timer, Topic};
use crate::domain::id::{LegId, RepId};
use crate::domain::leg::LegState;
use crate::domain::outcome::Outcome;
use crate::routing::decision::TargetRole;
use crate::routing::ledger::Cause;
use crate::rules::model::set::{RingPlan, Rung};
use chrono::{DateTime, Utc};
use std::time::Duration;

/// A rep who leaves sooner than this after the bridge was not really there.
pub(super) const SETTLE: Duration = Duration::from_secs(10);
/// A phone is not rung for less than this: nobody could answer.
const SHORTEST_RING: Duration = Duration::from_secs(5);
/// How long a reservation outlives the move that would end it: a killed worker's steps come back within this, and until then
/// the phone may be up.
pub(super) const CRASH_WITHIN: Duration = Duration::from_secs(30);
/// After this it is asked whether a rep talks on, if nobody says that the call ended.
const LONG_CALL: Duration = Duration::from_secs(2 * 3600);
/// Nobody talks for longer, whatever a platform says that has lost count.
const LONGEST_CALL: Duration = Duration::from_secs(12 * 3600);
/// And after this once more.
const ASKED_AGAIN_AFTER: Duration = Duration::from_secs(10 * 60);

impl Move<'_> {
    pub(super) fn start(&mut self) -> Used {
        if self.next.stage != Stage::Offered {
            return Used::No;
        }
        if self.next.shadow {
            return self.stay_in_shadow();
        }
        self.begin_work()
    }

    /// What is done for every lead, and the first rung of its ladder.
    pub(super) fn begin_work(&mut self) -> Used {
        self.plan(Effect::Publish { topic: Topic::LeadRouted }, RECORD_WITHIN);
        self.plan(Effect::WriteCrm { owner: self.next.owner.clone(), note: CrmNote::Routed }, RECORD_WITHIN);
        if self.next.rungs.first() == Some(&Rung::WarmTransfer) && self.next.live {
            self.begin_to_ring();
        } else if self.next.missed {
            self.promise_to_missed();
        } else {
            self.leave_transfer();
        }
        Used::Yes
    }

    /// An event that lay for longer than the caller's patience begins with the next rung.
    pub(super) fn begin_to_ring(&mut self) {
        if self.now < self.next.patience_until {
            self.timer_at(Timer::PatienceBy, self.next.patience_until);
        }
        self.announce_wait();
        self.ring_as_planned(false);
    }

    pub(super) fn tell_who_is_fetched(&mut self) {
        self.next.told_of = self.named();
        let instruction = self.next.fetching();
        self.plan(Effect::Instruct { instruction }, CARD_WHILE_RINGING);
    }

    /// As many phones as are to ring at a time, or the next rung of the ladder where none is left. `is_held`: music plays.
    pub(super) fn ring_as_planned(&mut self, is_held: bool) {
        let wanted = match self.next.terms.ring {
            RingPlan::OneByOne | RingPlan::AddEvery(_) => 1,
            RingPlan::AtOnce(phones) => phones as usize,
        };
        while self.next.current_legs().count() < wanted && self.ring_next(is_held) {}
        if self.named().is_none() {
            self.leave_transfer();
        }
    }

    /// Rings the next rep whose phone is not held by another lead, beside those that ring. `false`: nobody is left, or no time.
    fn ring_next(&mut self, is_held: bool) -> bool {
        if !self.may_ring() || self.reps_rung() >= self.next.terms.ring_at_most {
            return false;
        }
        let Some(rep) = self.next_target() else { return false };
        self.ring(rep, 0, is_held);
        true
    }

    fn may_ring(&self) -> bool {
        self.next.live && later(self.now, SHORTEST_RING) <= self.next.patience_until
    }

    /// Each is rung on the first of their phones first.
    fn reps_rung(&self) -> u32 {
        let first = self.next.legs.iter().filter(|leg| leg.endpoint == 0);
        u32::try_from(first.count()).unwrap_or(u32::MAX)
    }

    /// The next phone of the rep whom this one did not reach, while the caller waits.
    pub(super) fn next_phone(&self, leg: &LegId) -> Option<(RepId, u32)> {
        self.phone_after(leg).filter(|_| self.may_ring())
    }

    pub(super) fn phone_after(&self, leg: &LegId) -> Option<(RepId, u32)> {
        let Leg { rep, endpoint, state, .. } = self.next.legs.iter().find(|known| known.id == *leg)?;
        let phones = self.rules.reps.get(rep).filter(|rep| rep.active)?.phones.len();
        let is_left = (*endpoint as usize) + 1 < phones && !self.next.refused.contains(rep);
        (state.may_be_elsewhere() && is_left).then(|| (rep.clone(), endpoint + 1))
    }

    /// Rings one of a rep's phones, beside those that ring. On any but the first it is the one of whom the caller was told.
    pub(super) fn ring(&mut self, rep: RepId, endpoint: u32, is_held: bool) {
        let others = self.current_legs();
        let leg = LegId::of(&self.next.id, self.next.legs.len() as u32 + 1);
        let ring_until = later(self.now, self.next.terms.ring_timeout).min(self.next.patience_until);
        let until =
            later(ring_until, self.next.terms.accept_within + self.next.terms.join_within + SETTLE + CRASH_WITHIN);
        self.next.holds.push(Reservation { rep: rep.clone(), until });
        let (state, card) = (LegState::Ringing, String::new());
        let begun = Leg { id: leg.clone(), rep: rep.clone(), endpoint, state, card, evidence: None, dialled: None };
        self.next.legs.push(begun);
        let is_first = others.is_empty();
        // How it ended for them is how it ended on the last of their phones.
        if self.next.told_of.as_ref().is_some_and(|told| self.rep_of(told) == rep) {
            self.next.told_of = Some(leg.clone());
        }
        self.next.stage = Stage::Ringing { leg: leg.clone(), others };
        self.restage();
        if is_first && endpoint == 0 {
            self.tell_who_is_fetched();
        }
        // Whoever was about to be joined, or was, hears nothing any more.
        if is_first && !is_held {
            self.plan(Effect::Hold { comfort: self.next.terms.comfort }, CARD_WHILE_RINGING);
        }
        self.plan_until(Effect::Ring { leg: leg.clone(), rep: rep.clone() }, ring_until);
        let card = self.plan(Effect::Brief { rep, channel: Channel::Chat, why: BriefWhy::Ringing }, CARD_WHILE_RINGING);
        if let Some(rung) = self.next.legs.last_mut() {
            rung.card = card;
        }
        self.timer_at(Timer::RingBy { leg }, ring_until);
        self.add_later();
    }

    /// Of phones that ring or are whispered to the stage is about the first that hears the whisper, else about the first.
    /// `false`: there are none.
    pub(super) fn restage(&mut self) -> bool {
        let mut others = self.current_legs();
        let hears = others.iter().position(|leg| self.is(leg, LegState::Answered));
        if others.is_empty() {
            return false;
        }
        let leg = others.remove(hears.unwrap_or(0));
        self.next.stage = match hears {
            Some(_) => Stage::Briefing { leg, others },
            None => Stage::Ringing { leg, others },
        };
        true
    }

    fn add_later(&mut self) {
        if let RingPlan::AddEvery(span) = self.next.terms.ring {
            let rung = self.next.legs.len() as u32;
            let at = later(self.now, span);
            self.plan_at(Effect::Timer { timer: Timer::AddBy { rung } }, at, later(at, NEVER));
        }
    }

    /// Another phone beside those that ring, unless one was rung since. Where a rep hears the whisper it waits.
    pub(super) fn add_phone(&mut self, rung: u32) -> Used {
        if self.next.legs.len() as u32 != rung {
            return Used::No;
        }
        let (rings, hears) = match &self.next.stage {
            Stage::Ringing { .. } => (true, false),
            Stage::Briefing { .. } => (false, true),
            _ => (false, false),
        };
        if hears {
            self.add_later();
        }
        // Also where nobody is left: whoever was looked at and could not be had is not looked at again.
        if rings {
            self.ring_next(true);
        }
        if hears || rings { Used::Yes } else { Used::No }
    }

    /// Whoever the pool prefers is rung first; the longer the caller has waited, the fewer preferences hold. Where nobody is
    /// left whom it prefers, the others are rung at once: a caller does not wait for a preference.
    pub(super) fn next_target(&mut self) -> Option<RepId> {
        let waited_ms = u64::try_from((self.now - self.next.decided_at).num_milliseconds()).unwrap_or(0);
        let tried = (self.next.next_target as usize).min(self.next.targets.len());
        self.next.targets[tried..].sort_by_cached_key(|target| target.rank(waited_ms));
        while let Some(target) = self.next.targets.get(self.next.next_target as usize) {
            let rep = target.rep.clone();
            self.next.next_target += 1;
            if !self.next.refused.contains(&rep) {
                return Some(rep);
            }
        }
        None
    }

    pub(super) fn answered(&mut self, leg: &LegId) -> Used {
        if !self.is(leg, LegState::Ringing) {
            return self.stray(leg);
        }
        if self.is_calling(leg) {
            return self.brief_for_callback(leg);
        }
        if self.next.patience_until <= self.now {
            return self.patience_spent(); // its timer is late
        }
        self.set_leg(leg, LegState::Answered);
        self.restage();
        let rep = self.rep_of(leg);
        let accept_by = later(self.now, self.next.terms.accept_within).min(self.next.patience_until);
        self.hold_on(&rep, later(accept_by, self.next.terms.join_within + SETTLE));
        self.plan_until(Effect::Whisper { leg: leg.clone(), rep }, accept_by);
        self.timer_at(Timer::AcceptBy { leg: leg.clone() }, accept_by);
        Used::Yes
    }

    /// The key press, of whoever is first. It may overtake "answered" on the wire, and then stands for both.
    pub(super) fn accepted(&mut self, leg: &LegId) -> Used {
        if !self.is(leg, LegState::Ringing) && !self.is(leg, LegState::Answered) {
            return self.stray(leg);
        }
        if self.is_calling(leg) {
            return self.dial_lead(leg);
        }
        self.set_leg(leg, LegState::Accepted);
        for other in self.current_legs().iter().filter(|other| *other != leg) {
            self.cancel(other, LegState::Elsewhere);
        }
        self.next.stage = Stage::Joining { leg: leg.clone() };
        let join_by = later(self.now, self.next.terms.join_within);
        self.hold_on(&self.rep_of(leg), later(join_by, SETTLE));
        self.plan_until(Effect::Join { leg: leg.clone() }, join_by);
        self.timer_at(Timer::JoinBy { leg: leg.clone() }, join_by);
        Used::Yes
    }

    pub(super) fn joined(&mut self, leg: &LegId) -> Used {
        if self.next.stage != (Stage::Joining { leg: leg.clone() }) {
            return self.stray(leg);
        }
        self.set_leg(leg, LegState::Joined);
        let rep = self.rep_of(leg);
        self.next.stage = Stage::Bridged { leg: leg.clone(), at: self.now };
        self.next.first_contact_at.get_or_insert(self.now);
        self.next.told_of = Some(leg.clone());
        self.hold_on(&rep, later(self.now, SETTLE));
        self.give_lead_to(&rep);
        let instruction = self.next.together(rep);
        self.plan(Effect::Instruct { instruction }, CARD_WHILE_RINGING);
        self.end_introduction_later(leg);
        self.timer_at(Timer::SettledBy { leg: leg.clone() }, later(self.now, SETTLE));
        Used::Yes
    }

    /// Whoever accepts a lead of the pool owns it and pays the turn; an owned account stays with its owner.
    pub(super) fn give_lead_to(&mut self, rep: &RepId) {
        let owned = self.next.targets.iter().any(|t| matches!(t.role, TargetRole::Owner | TargetRole::Delegate));
        if owned || *rep == self.next.owner {
            return;
        }
        let from = std::mem::replace(&mut self.next.owner, rep.clone());
        let declined = self.next.legs.iter().any(|leg| leg.rep == from && leg.state == LegState::Declined);
        self.turn_moves = self.next.turn_in.clone().map(|pool| TurnMove {
            pool,
            from,
            to: rep.clone(),
            cause: declined.then_some(Cause::Declined),
            reason: "took the call after an earlier rep did not".to_owned(),
        });
    }

    pub(super) fn settled(&mut self, leg: &LegId) -> Used {
        match self.next.stage.clone() {
            Stage::Bridged { leg: current, at } if current == *leg => {
                self.connected(leg, at);
                self.keep_hold_while_talking(leg);
                Used::Yes
            }
            _ => self.settled_call(leg),
        }
    }

    pub(super) fn connected(&mut self, leg: &LegId, at: DateTime<Utc>) {
        let rep = self.rep_of(leg);
        self.let_go_all();
        self.next.stage = Stage::Done { outcome: Outcome::Connected { rep: rep.clone(), at } };
        let owner = self.next.owner.clone();
        self.plan(Effect::WriteCrm { owner: owner.clone(), note: CrmNote::Connected { rep, at } }, RECORD_WITHIN);
        self.plan(Effect::Brief { rep: owner, channel: Channel::Email, why: BriefWhy::Connected }, NOTIFY_WITHIN);
        self.plan(Effect::Publish { topic: Topic::HandoffConnected }, RECORD_WITHIN);
        self.read_owner_later();
    }

    /// Events may come late: what is reserved is reserved for what is still to come. A phone that another lead holds by now is
    /// not taken back.
    pub(super) fn hold_on(&mut self, rep: &RepId, until: DateTime<Utc>) {
        if self.next.refused.contains(rep) {
            return;
        }
        let until = later(until, CRASH_WITHIN);
        if let Some(hold) = self.next.holds.iter_mut().find(|hold| hold.rep == *rep) {
            hold.until = hold.until.max(until);
        }
    }

    /// The rep talks on after the handoff is done: the phone stays ours until the call ends. Unless it is another lead's by
    /// now, because this move comes so late that our reservation had lapsed.
    pub(super) fn keep_hold_while_talking(&mut self, leg: &LegId) {
        self.hold_until_asked(leg, LONG_CALL);
    }

    fn hold_until_asked(&mut self, leg: &LegId, after: Duration) {
        let (rep, asked_at) = (self.rep_of(leg), later(self.now, after));
        if !self.next.refused.contains(&rep) {
            self.next.holds = vec![Reservation { rep, until: later(asked_at, CRASH_WITHIN) }];
        }
        self.timer_at(Timer::ReleaseBy { leg: leg.clone() }, asked_at);
    }

    /// Nobody has told us of an end, and there is none.
    pub(super) fn talks_on(&mut self, leg: &LegId) -> Used {
        if !self.next.is_talked_on(leg) {
            return Used::No;
        }
        if let Stage::Done { outcome: Outcome::Connected { at, .. } | Outcome::Called { at, .. } } = &self.next.stage
            && self.now >= later(*at, LONGEST_CALL)
        {
            return self.nobody_talks(leg);
        }
        self.hold_until_asked(leg, ASKED_AGAIN_AFTER);
        Used::Yes
    }

    /// Nobody has told us of the end, and it is not known that anybody talks. Whoever does is not cut off.
    pub(super) fn nobody_talks(&mut self, leg: &LegId) -> Used {
        if !self.next.is_talked_on(leg) {
            return Used::No;
        }
        self.let_go_all();
        self.next.calling.take_if(|calling| calling == leg);
        Used::Yes
    }
}
