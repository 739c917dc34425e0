//! The promise of a call, and what happens on the way to its time.

use super::super::promise::{is_here, promise, sink};
use super::super::state::Stage;
use super::{CARD_WHILE_RINGING, Move, NOTIFY_WITHIN, RECORD_WITHIN, Used};
use crate::domain::effect::{BriefWhy, Channel, Confirmation, CrmNote, Effect, Instruction, Timer, Topic};
use crate::domain::id::RepId;
use crate::domain::outcome::{Outcome, Promise};
use chrono::{DateTime, Utc};

impl Move<'_> {
    pub(super) fn promise_callback(&mut self, raised: bool) {
        self.make(promise(&self.next, self.rules, raised, self.now));
    }

    /// The caller is told the time, and the clock runs.
    pub(super) fn make(&mut self, promise: Promise) {
        let (owner, promised_at) = (promise.owner.clone(), promise.promised_at);
        self.next.holds = None;
        self.next.stage = Stage::Callback { promise };
        if self.next.live {
            let instruction = Instruction::PromiseCallback { rep: owner.clone(), promised_at };
            self.plan(Effect::Instruct { instruction }, CARD_WHILE_RINGING);
        }
        self.tell(&owner, BriefWhy::Callback);
        let what = Confirmation::Callback { rep: owner.clone(), promised_at };
        self.plan(Effect::ConfirmToCaller { what }, NOTIFY_WITHIN);
        let note = CrmNote::CallbackPromised { promised_at };
        self.plan(Effect::WriteCrm { owner: self.next.owner.clone(), note }, RECORD_WITHIN);
        self.plan(Effect::Publish { topic: Topic::CallbackPromised }, RECORD_WITHIN);
        let before = |span| (promised_at - chrono::TimeDelta::from_std(span).unwrap_or_default()).max(self.now);
        let (remind, escalate) =
            (before(self.next.terms.callback.remind_before), before(self.next.terms.callback.escalate_before));
        self.timer_at(Timer::Remind { promised_at }, remind);
        self.timer_at(Timer::Escalate { promised_at }, escalate);
        self.timer_at(Timer::Breach { promised_at }, promised_at);
    }

    /// The promise that is open, if it is the one a timer was set for.
    pub(super) fn open_promise(&self, promised_at: DateTime<Utc>) -> Option<RepId> {
        match &self.next.stage {
            Stage::Callback { promise } if promise.promised_at == promised_at => Some(promise.owner.clone()),
            _ => None,
        }
    }

    pub(super) fn remind(&mut self, promised_at: DateTime<Utc>) -> Used {
        let Some(owner) = self.open_promise(promised_at) else { return Used::No };
        // Nobody reads what is written to somebody who has left.
        let rep = if is_here(&owner, self.rules) { owner } else { self.above(&owner) };
        self.plan(Effect::Brief { rep, channel: Channel::Chat, why: BriefWhy::Reminder }, NOTIFY_WITHIN);
        self.plan(Effect::Publish { topic: Topic::CallbackDue }, RECORD_WITHIN);
        Used::Yes
    }

    pub(super) fn escalate(&mut self, promised_at: DateTime<Utc>) -> Used {
        let Some(owner) = self.open_promise(promised_at) else { return Used::No };
        let above = self.above(&owner);
        self.plan(Effect::Brief { rep: above, channel: Channel::Chat, why: BriefWhy::Escalation }, NOTIFY_WITHIN);
        Used::Yes
    }

    pub(super) fn breach(&mut self, promised_at: DateTime<Utc>) -> Used {
        let Some(owner) = self.open_promise(promised_at) else { return Used::No };
        let why = "the promised callback was not made in time".to_owned();
        let above = self.above(&owner);
        self.next.stage = Stage::NeedsAttention { owner: above.clone(), since: self.now, why: why.clone() };
        self.tell(&above, BriefWhy::NeedsAttention);
        let note = CrmNote::NeedsAttention { why };
        self.plan(Effect::WriteCrm { owner: self.next.owner.clone(), note }, RECORD_WITHIN);
        self.plan(Effect::Publish { topic: Topic::CallbackBreached }, RECORD_WITHIN);
        self.plan(Effect::Publish { topic: Topic::NeedsAttention }, RECORD_WITHIN);
        Used::Yes
    }

    /// The rep's manager, else whoever owns what nothing else could place.
    pub(super) fn above(&self, rep: &RepId) -> RepId {
        let manager = self.rules.reps.get(rep).and_then(|rep| rep.manager.clone());
        let manager = manager.filter(|manager| manager != rep && is_here(manager, self.rules));
        manager.unwrap_or_else(|| sink(&self.next, self.rules).clone())
    }

    pub(super) fn contact_made(&mut self, rep: &RepId, at: DateTime<Utc>) -> Used {
        let first = self.next.first_contact_at.is_none();
        self.next.first_contact_at.get_or_insert(at);
        if matches!(self.next.stage, Stage::Callback { .. } | Stage::NeedsAttention { .. }) {
            self.next.stage = Stage::Done { outcome: Outcome::Called { rep: rep.clone(), at } };
            self.read_owner_later();
            return Used::Yes;
        }
        if first { Used::Yes } else { Used::No }
    }
}
