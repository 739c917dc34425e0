//! The promise of a call, and what happens on the way to its time. To somebody who is not to be called a mail is promised in
//! its place, and so it is to somebody who has left no number; where that cannot be either, whoever has the lead is told.

use super::super::begin::later;
use super::super::promise::{clock_from, is_here, promise, sink, worked};
use super::super::state::Stage;
use super::{CARD_WHILE_RINGING, Move, NEVER, NOTIFY_WITHIN, RECORD_WITHIN, Used};
use crate::domain::effect::{BriefWhy, Channel, Confirmation, CrmNote, Effect, Instruction, SlaAct, Timer, Topic};
use crate::domain::id::RepId;
use crate::domain::lead::ReachBack;
use crate::domain::outcome::{Outcome, Promise};
use crate::rules::model::set::{SlaStep, TextBack};
use chrono::{DateTime, Utc};

/// Told to whoever has a lead that nobody may call or write to.
const NO_WAY_BACK: &str =
    "the person can be neither called nor written to, or does not want it: find another way, or leave it";

impl Move<'_> {
    pub(super) fn promise_callback(&mut self, raised: bool) {
        match self.next.reach_back {
            ReachBack::Call | ReachBack::Mail => self.make(promise(&self.next, self.rules, raised, self.now)),
            ReachBack::Nothing => self.leave_to_owner(),
        }
    }

    /// To somebody who left before anybody of ours was there: they are called soon, and told so by text where the rules allow it, as
    /// soon as one may arrive and only if that is before the call.
    pub(super) fn promise_to_missed(&mut self) {
        self.promise_callback(true);
        let Stage::Callback { promise: Promise { promised_at, by_mail: false, .. } } = self.next.stage else { return };
        let at = self.next.texts_from(self.rules, self.now);
        if self.next.terms.callback.text_back != TextBack::Nobody && at < promised_at {
            self.plan_at(Effect::TextBack, at, promised_at);
        }
    }

    /// What was promised, or left to somebody, holds no longer. Who was to act would act on it still, so they are told.
    pub(super) fn promise_anew(&mut self, raised: bool) {
        let before = self.owed_by();
        self.promise_callback(raised);
        if self.owed_by() != before {
            self.next.call_again.clear();
        }
        let relieved = before.filter(|rep| self.owed_by().as_ref() != Some(rep) && is_here(rep, self.rules));
        if let Some(rep) = relieved {
            let why = BriefWhy::GivenAway;
            self.plan(Effect::Brief { rep, channel: Channel::Chat, why }, NOTIFY_WITHIN);
        }
    }

    /// The caller is told the time, and the clock runs.
    pub(super) fn make(&mut self, promise: Promise) {
        self.let_go_unless_talking();
        // Whoever was on another call while phones rang may be called for later.
        self.next.refused.clear();
        let is_timed = self.promised_at() == Some(promise.promised_at);
        let (rep, promised_at, by_mail) = (promise.owner.clone(), promise.promised_at, promise.by_mail);
        self.next.stage = Stage::Callback { promise: promise.clone() };
        if self.is_heard() {
            let rep = rep.clone();
            let instruction = match by_mail {
                true => Instruction::PromiseMail { rep, promised_at },
                false => Instruction::PromiseCallback { rep, promised_at },
            };
            self.plan(Effect::Instruct { instruction }, CARD_WHILE_RINGING);
        }
        self.tell(&rep, owed(by_mail));
        let what = match by_mail {
            true => Confirmation::Mail { rep, promised_at },
            false => Confirmation::Callback { rep, promised_at },
        };
        self.plan(Effect::ConfirmToCaller { what }, NOTIFY_WITHIN);
        self.record_promise(promised_at, by_mail);
        // A mail in the place of a call, due at the same time: what was set for that time holds for both.
        if !is_timed {
            self.watch(&promise);
        }
    }

    fn watch(&mut self, promise: &Promise) {
        let promised_at = promise.promised_at;
        self.call_at_the_time(promised_at);
        if self.next.terms.callback.steps.is_empty() {
            self.watch_before(promised_at);
        } else {
            let from = clock_from(&self.next, self.rules, promise, self.now);
            self.watch_steps(promise, from);
        }
        self.timer_at(Timer::Breach { promised_at }, promised_at);
    }

    /// What the rules want done while the promise is open, by whoever owes it.
    pub(super) fn watch_steps(&mut self, promise: &Promise, from: DateTime<Utc>) {
        let Promise { owner, promised_at, .. } = promise;
        let steps = self.next.terms.callback.steps.clone();
        let from_then = (!steps.is_empty()).then_some(from);
        self.next.steps_from = from_then;
        for SlaStep { after, act } in steps {
            let at = worked(self.rules, owner, from, after);
            if at < *promised_at {
                let timer = Timer::Sla { promised_at: *promised_at, owner: owner.clone(), act, from: from_then };
                self.plan_at(Effect::Timer { timer }, at, later(at, NEVER));
            }
        }
    }

    fn watch_before(&mut self, promised_at: DateTime<Utc>) {
        let before = |span| (promised_at - chrono::TimeDelta::from_std(span).unwrap_or_default()).max(self.now);
        let (remind, escalate) =
            (before(self.next.terms.callback.remind_before), before(self.next.terms.callback.escalate_before));
        self.timer_at(Timer::Remind { promised_at }, remind);
        self.timer_at(Timer::Escalate { promised_at }, escalate);
    }

    /// In the CRM of the lead's owner, and for whoever listens to our events.
    pub(super) fn record_promise(&mut self, promised_at: DateTime<Utc>, by_mail: bool) {
        let (note, topic) = match by_mail {
            true => (CrmNote::MailPromised { promised_at }, Topic::MailPromised),
            false => (CrmNote::CallbackPromised { promised_at }, Topic::CallbackPromised),
        };
        self.plan(Effect::WriteCrm { owner: self.next.owner.clone(), note }, RECORD_WITHIN);
        self.plan(Effect::Publish { topic }, RECORD_WITHIN);
    }

    /// Nothing may be promised: it is for a person to find a way, or to let the lead be.
    fn leave_to_owner(&mut self) {
        let owner = self.next.owner.clone();
        let owner = if is_here(&owner, self.rules) { owner } else { self.above(&owner) };
        self.let_go_unless_talking();
        if self.is_heard() {
            let instruction = Instruction::NoCall { rep: owner.clone() };
            self.plan(Effect::Instruct { instruction }, CARD_WHILE_RINGING);
        }
        self.needs_attention(&owner, NO_WAY_BACK);
    }

    fn needs_attention(&mut self, owner: &RepId, why: &str) {
        self.next.stage = Stage::NeedsAttention { owner: owner.clone(), since: self.now, why: why.to_owned() };
        self.tell(owner, BriefWhy::NeedsAttention);
        let note = CrmNote::NeedsAttention { why: why.to_owned() };
        self.plan(Effect::WriteCrm { owner: self.next.owner.clone(), note }, RECORD_WITHIN);
        self.plan(Effect::Publish { topic: Topic::NeedsAttention }, RECORD_WITHIN);
    }

    /// The promise that is open, if it is the one a timer was set for: who owes it, and whether it is a mail.
    pub(super) fn open_promise(&self, promised_at: DateTime<Utc>) -> Option<(RepId, bool)> {
        match &self.next.stage {
            Stage::Callback { promise } if promise.promised_at == promised_at => {
                Some((promise.owner.clone(), promise.by_mail))
            }
            _ => None,
        }
    }

    pub(super) fn remind(&mut self, promised_at: DateTime<Utc>) -> Used {
        let Some((owner, by_mail)) = self.open_promise(promised_at) else { return Used::No };
        // Nobody reads what is written to somebody who has left.
        let rep = if is_here(&owner, self.rules) { owner } else { self.above(&owner) };
        let (why, topic) = match by_mail {
            true => (BriefWhy::Mail, Topic::MailDue),
            false => (BriefWhy::Reminder, Topic::CallbackDue),
        };
        self.plan(Effect::Brief { rep, channel: Channel::Chat, why }, NOTIFY_WITHIN);
        self.plan(Effect::Publish { topic }, RECORD_WITHIN);
        Used::Yes
    }

    pub(super) fn escalate(&mut self, promised_at: DateTime<Utc>) -> Used {
        let Some((owner, by_mail)) = self.open_promise(promised_at) else { return Used::No };
        let rep = self.above(&owner);
        let why = if by_mail { BriefWhy::Mail } else { BriefWhy::Escalation };
        self.plan(Effect::Brief { rep, channel: Channel::Chat, why }, NOTIFY_WITHIN);
        Used::Yes
    }

    /// A step of the service level. It was set for one rep: whoever has the lead by now has steps of their own, and so has
    /// whoever has it once more.
    pub(super) fn sla(
        &mut self,
        promised_at: DateTime<Utc>,
        owner: &RepId,
        act: SlaAct,
        from: Option<DateTime<Utc>>,
    ) -> Used {
        let is_theirs = self.open_promise(promised_at).is_some_and(|(owes, _)| owes == *owner);
        if !is_theirs || from.is_some_and(|from| self.next.steps_from != Some(from)) {
            return Used::No;
        }
        match act {
            SlaAct::Remind => self.remind(promised_at),
            SlaAct::Escalate => self.escalate(promised_at),
            SlaAct::Reassign if self.next.calling.is_some() => {
                self.after_the_call(Timer::Sla { promised_at, owner: owner.clone(), act, from })
            }
            SlaAct::Reassign => self.offer_to_others(owner),
        }
    }

    /// Whoever let the lead lie answers for it until somebody else has it: the caller was told a time.
    fn offer_to_others(&mut self, owner: &RepId) -> Used {
        if self.next.waits_in.is_some() {
            return Used::No;
        }
        let pool = self.next.turn_in.clone().unwrap_or_else(|| self.rules.catch_all.clone());
        self.next.let_lie.extend([owner.clone(), self.next.owner.clone()]);
        self.next.let_lie.sort();
        self.next.let_lie.dedup();
        self.next.waits_in = Some(pool);
        Used::Yes
    }

    pub(super) fn breach(&mut self, promised_at: DateTime<Utc>) -> Used {
        let Some((owner, by_mail)) = self.open_promise(promised_at) else { return Used::No };
        if self.next.calling.is_some() {
            return self.breach_later(promised_at);
        }
        let (why, topic) = match by_mail {
            true => ("the promised mail was not written in time", Topic::MailBreached),
            false => ("the promised callback was not made in time", Topic::CallbackBreached),
        };
        let above = self.above(&owner);
        self.needs_attention(&above, why);
        self.plan(Effect::Publish { topic }, RECORD_WITHIN);
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
            self.stop_calling();
            self.next.stage = Stage::Done { outcome: Outcome::Called { rep: rep.clone(), at } };
            self.keep_talking();
            self.read_owner_later();
            return Used::Yes;
        }
        if first { Used::Yes } else { Used::No }
    }
}

/// Why a rep is told of a promise that is theirs.
pub(super) fn owed(by_mail: bool) -> BriefWhy {
    if by_mail { BriefWhy::Mail } else { BriefWhy::Callback }
}
