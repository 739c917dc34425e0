//! A lead that changes hands after the decision, and one that is closed.
//!
//! The promise goes with the lead: whoever takes it over keeps to the time that the caller was told, if their work and their
//! calendar leave room for a call before it; otherwise the caller is promised another. A meeting with somebody who has left becomes a call. The turn is not
//! moved here: it has been, where the event was made.

use super::super::promise::{can_keep, is_here};
use super::super::state::{Closing, NewOwner, Settled, Stage};
use super::callback::owed;
use super::{Move, NOTIFY_WITHIN, RECORD_WITHIN, Used};
use crate::domain::effect::{BriefWhy, Channel, CrmNote, Effect, Topic};
use crate::domain::id::RepId;
use crate::domain::lead::ReachBack;
use crate::domain::outcome::{Outcome, Promise, Slot};
use chrono::{DateTime, TimeDelta, Utc};

impl Move<'_> {
    /// Somebody can take the lead that waited.
    pub(super) fn found(&mut self, to: &NewOwner) -> Used {
        if !self.next.is_waiting() {
            return Used::No;
        }
        let others = self.next.let_lie.iter().filter(|rep| **rep != to.rep && is_here(rep, self.rules));
        let relieved: Vec<RepId> = others.cloned().collect();
        self.hand_over(to);
        self.tell_given_away(relieved);
        Used::Yes
    }

    /// A person names another owner, or the owner has left. Nobody gets a lead who is not here.
    pub(super) fn reassigned(&mut self, to: &NewOwner) -> Used {
        let same = self.next.owner == to.rep && self.next.waits_in == to.waits_in;
        let unchanged = same && self.owed_by().is_none_or(|owed| is_here(&owed, self.rules));
        if unchanged || !is_here(&to.rep, self.rules) {
            return Used::No;
        }
        let relieved = self.owed_by().filter(|owed| *owed != to.rep && is_here(owed, self.rules));
        self.hand_over(to);
        self.tell_given_away(relieved);
        Used::Yes
    }

    /// Who was to call would call as well.
    fn tell_given_away(&mut self, relieved: impl IntoIterator<Item = RepId>) {
        for rep in relieved {
            self.plan(Effect::Brief { rep, channel: Channel::Chat, why: BriefWhy::GivenAway }, NOTIFY_WITHIN);
        }
    }

    pub(super) fn promised_at(&self) -> Option<DateTime<Utc>> {
        match &self.next.stage {
            Stage::Callback { promise } => Some(promise.promised_at),
            _ => None,
        }
    }

    fn hand_over(&mut self, to: &NewOwner) {
        let rep = &to.rep;
        self.next.owner = rep.clone();
        self.next.turn_in = to.turn_in.clone();
        self.next.waits_in = to.waits_in.clone();
        self.next.call_again.retain(|again| again.rep == *rep);
        if let Some(busy) = &to.busy {
            self.next.busy.insert(rep.clone(), self.rules.calendars.taken(busy));
        }
        let told_time_holds = self.promised_at().is_some_and(|at| can_keep(&self.next, self.rules, rep, at, self.now));
        if let (Stage::Callback { promise }, true) = (&mut self.next.stage, told_time_holds) {
            promise.owner = rep.clone();
        }
        if let Some(slot) = self.meeting_of_who_left() {
            return self.call_instead(rep, &slot);
        }
        match self.next.stage.settled() {
            Some(Settled::Callback(promise)) if told_time_holds => {
                let promise = promise.clone();
                self.tell(rep, owed(promise.by_mail));
                self.record_promise(promise.promised_at, promise.by_mail);
                self.watch_steps(&promise, self.now);
            }
            Some(Settled::Callback(_) | Settled::NeedsAttention { .. }) => self.promise_callback(true),
            Some(Settled::Done(_)) => {
                self.tell(rep, BriefWhy::HandedOver);
                self.route_anew(rep);
            }
            // The caller is being served: whoever is told next is the new owner.
            None => self.route_anew(rep),
        }
    }

    /// A meeting to come with somebody who is not here any more.
    fn meeting_of_who_left(&self) -> Option<Slot> {
        match self.next.stage.settled() {
            Some(Settled::Done(Outcome::Booked { booking })) => {
                Some(booking.slot.clone()).filter(|slot| slot.from > self.now && !is_here(&slot.rep, self.rules))
            }
            _ => None,
        }
    }

    /// The caller keeps the time of the meeting free: whoever has time for a call then calls in it, anybody else as soon as they
    /// can.
    fn call_instead(&mut self, rep: &RepId, slot: &Slot) {
        self.next.change = None;
        let may_call = self.next.reach_back == ReachBack::Call && self.next.waits_in.is_none();
        if may_call && can_keep(&self.next, self.rules, rep, slot.until, slot.from) {
            self.make(Promise { owner: rep.clone(), promised_at: slot.until, raised: false, by_mail: false });
        } else {
            self.promise_callback(false);
        }
    }

    fn route_anew(&mut self, rep: &RepId) {
        self.plan(Effect::WriteCrm { owner: rep.clone(), note: CrmNote::Routed }, RECORD_WITHIN);
        self.plan(Effect::Publish { topic: Topic::LeadRouted }, RECORD_WITHIN);
    }

    /// Who has something of this lead to do.
    pub(super) fn owed_by(&self) -> Option<RepId> {
        Some(match self.next.stage.settled()? {
            Settled::Callback(promise) => promise.owner.clone(),
            Settled::NeedsAttention { owner, .. } => owner.clone(),
            Settled::Done(Outcome::Booked { booking }) => booking.slot.rep.clone(),
            Settled::Done(Outcome::Connected { .. } | Outcome::Called { .. } | Outcome::CalledOff { .. }) => {
                self.next.owner.clone()
            }
            Settled::Done(Outcome::LeftToAgent { .. } | Outcome::Shadow { .. }) => return None,
        })
    }

    /// Closed once, by whatever comes first. A promise that was made is still owed.
    pub(super) fn closed(&mut self, why: Closing) -> Used {
        let due = match why {
            Closing::Won | Closing::Lost | Closing::ByHand => true,
            Closing::Age => {
                let open_for = TimeDelta::from_std(self.rules.handoff.open_for).unwrap_or(TimeDelta::MAX);
                self.next.is_open() && self.now - self.next.decided_at >= open_for
            }
        };
        if self.next.closed || !due {
            return Used::No;
        }
        self.next.closed = true;
        Used::Yes
    }
}
