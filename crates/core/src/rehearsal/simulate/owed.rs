//! Calls that were promised: whether whoever owes one makes it, and what is done about it before its time. What a step of the
//! rules does is what the real [`advance()`] says.
//!
//! Whoever is told of a promise, when it is made, by a reminder or by getting the lead, takes it on as often as a ring: then
//! they call at some moment of their work before the promised time, or once they are off the phone. Nobody is rung for it, but
//! where the clock begins the call.

use super::{Manner, PromisedCalls, StepPlayed};
use crate::domain::effect::{BriefWhy, Effect, Planned, Timer};
use crate::domain::id::{LeadId, RepId};
use crate::domain::outcome::Promise;
use crate::domain::rota;
use crate::handoff::state::NewOwner;
use crate::handoff::{Event, Handoff, Settled, Stage, Transition, advance};
use crate::rehearsal::Trial;
use crate::rehearsal::chance::Chance;
use crate::rehearsal::world::RehearsalWorld;
use crate::routing::Decision;
use crate::routing::ledger::Entry;
use crate::rules::RuleSet;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

pub(super) struct Owed {
    manner: Manner,
    chance: Chance,
    calls: BTreeMap<LeadId, OwedCall>,
    /// What is to happen, in order; of what comes at one time, what was planned first.
    to_come: BTreeMap<(DateTime<Utc>, u64), (LeadId, Comes)>,
    planned: u64,
    told: PromisedCalls,
}

struct OwedCall {
    state: Handoff,
    case: Trial,
    /// What the lead cost whoever has it.
    turn: Option<Entry>,
    /// The step of the rules by which it is offered to others.
    offered_by: Option<usize>,
}

enum Comes {
    /// The rep has a moment for it.
    Call(RepId),
    /// With its place among the steps of the rules, if it is one of them.
    Timer(Timer, Option<usize>),
}

/// A call that was promised, with what the clock is to say of it.
pub(super) struct Promised {
    pub state: Handoff,
    pub effects: Vec<Planned>,
    pub at: DateTime<Utc>,
}

impl Promised {
    /// Whether whoever owes it works at all when it may be made: somebody owes it in any case.
    pub(super) fn finds_time(&self, rules: &RuleSet) -> bool {
        let next = self.state.next_step();
        let (rep, caller) = (rules.reps.get(&next.owner), self.state.whereabouts());
        rep.is_some_and(|rep| rota::next_call_at(&rules.hours, rep, &caller, next.at).is_some())
    }
}

/// A lead that others may have from now on.
pub(super) struct OnOffer {
    pub at: DateTime<Utc>,
    pub case: Trial,
    /// Who had it until now.
    pub let_lie: Vec<RepId>,
}

impl Owed {
    pub(super) fn none(rules: &RuleSet, manner: Manner, seed: u64) -> Self {
        let steps = rules.handoff.callback.steps.iter().map(|step| StepPlayed {
            after_s: step.after.as_secs(),
            act: step.act,
            came: 0,
            moved_to: BTreeMap::new(),
        });
        Self {
            manner,
            chance: Chance::new(seed ^ 0x0ca1_1bac),
            calls: BTreeMap::new(),
            to_come: BTreeMap::new(),
            planned: 0,
            told: PromisedCalls { steps: steps.collect(), ..PromisedCalls::default() },
        }
    }

    pub(super) fn told(self) -> PromisedCalls {
        let PromisedCalls { promised, in_time, broken, .. } = self.told;
        PromisedCalls { open: promised - in_time - broken, ..self.told }
    }

    /// What an event leads to. A call that is promised by it is promised for a time of its own among those that its rep owes.
    pub(super) fn advance(&self, from: &mut Handoff, event: &Event, rules: &RuleSet, now: DateTime<Utc>) -> Transition {
        let alone = advance(from, event, rules, now);
        let Stage::Callback { promise } = &alone.state.stage else { return alone };
        let owed = self.calls.keys().filter(|lead| **lead != from.lead_id).filter_map(|lead| self.open(lead));
        let others: Vec<_> = owed.filter(|owed| owed.owner == promise.owner).map(|owed| owed.promised_at).collect();
        if others.is_empty() {
            return alone;
        }
        from.promised.insert(promise.owner.clone(), others);
        advance(from, event, rules, now)
    }

    pub(super) fn promise(&mut self, case: &Trial, made: Promised, turn: Option<Entry>, rules: &RuleSet) {
        let Promised { state, effects, at } = made;
        let lead = &case.lead.id;
        self.told.promised += 1;
        self.calls.insert(lead.clone(), OwedCall { state, case: case.clone(), turn, offered_by: None });
        self.set(lead, effects);
        self.is_told(lead, at, rules);
    }

    /// Plays on until a lead is offered to others, or else until this moment.
    pub(super) fn next_on_offer(&mut self, until: DateTime<Utc>, world: &RehearsalWorld<'_>) -> Option<OnOffer> {
        loop {
            let next = self.to_come.first_entry().filter(|next| next.key().0 <= until)?;
            let ((at, _), (lead, comes)) = next.remove_entry();
            match comes {
                Comes::Call(rep) => self.has_a_moment(&lead, rep, at, world),
                Comes::Timer(Timer::CallAt { promised_at }, _) => self.rings_for_it(&lead, promised_at, at),
                Comes::Timer(timer, step) => {
                    let offered = self.comes(&lead, timer, step, at, world.rules());
                    if offered.is_some() {
                        return offered;
                    }
                }
            }
        }
    }

    /// Whether others may have it still: whoever let it lie may have called since.
    pub(super) fn is_on_offer(&self, lead: &LeadId) -> bool {
        self.calls.get(lead).is_some_and(|call| call.state.is_waiting())
    }

    /// Whose lead it is, and what it cost them.
    pub(super) fn had_by(&self, lead: &LeadId) -> Option<(&RepId, Option<&Entry>)> {
        self.calls.get(lead).map(|call| (&call.state.owner, call.turn.as_ref()))
    }

    /// Somebody else has it from now on, and is told so.
    pub(super) fn found(&mut self, lead: &LeadId, decision: &Decision, rules: &RuleSet) {
        let Some(mut from) = self.calls.get(lead).map(|call| call.state.clone()) else { return };
        let (owner, turn, at) = (&decision.plan.owner, &decision.turn, decision.decided_at);
        let to = NewOwner {
            turn_in: turn.as_ref().map(|entry| entry.pool.clone()),
            ..NewOwner::new(owner.clone(), decision.plan.reason.in_words())
        };
        let made = self.advance(&mut from, &Event::Found(to), rules, at);
        let was_broken = matches!(from.stage.settled(), Some(Settled::NeedsAttention { .. }));
        let Some(call) = self.calls.get_mut(lead) else { return };
        (call.state, call.turn) = (made.state, turn.clone());
        if let Some(step) = call.offered_by.take().and_then(|step| self.told.steps.get_mut(step)) {
            *step.moved_to.entry(owner.clone()).or_default() += 1;
        }
        if was_broken {
            self.calls.remove(lead);
            return;
        }
        self.set(lead, made.effects);
        self.is_told(lead, at, rules);
    }

    /// They call, unless they are on the phone, or it is not theirs any more.
    fn has_a_moment(&mut self, lead: &LeadId, rep: RepId, at: DateTime<Utc>, world: &RehearsalWorld<'_>) {
        if self.open(lead).is_none_or(|promise| promise.owner != rep) {
            return;
        }
        let talks_until = world.snapshot().reps.get(&rep).and_then(|facts| facts.reserved_until);
        if let Some(until) = talks_until.filter(|until| *until > at) {
            return self.add(until, lead, Comes::Call(rep));
        }
        let Some(call) = self.calls.get(lead) else { return };
        if !advance(&call.state, &Event::ContactMade { rep, at }, world.rules(), at).ignored {
            self.told.in_time += 1;
            self.calls.remove(lead);
        }
    }

    /// The clock begins the call: their phone rings.
    fn rings_for_it(&mut self, lead: &LeadId, promised_at: DateTime<Utc>, at: DateTime<Utc>) {
        let takes_it = self.chance.percent(self.manner.accept_percent);
        let promise = self.open(lead).filter(|promise| takes_it && promise.promised_at == promised_at);
        if let Some(rep) = promise.map(|promise| promise.owner.clone()) {
            self.add(at, lead, Comes::Call(rep));
        }
    }

    /// What the clock says of a promise; what is offered by it.
    fn comes(
        &mut self,
        lead: &LeadId,
        timer: Timer,
        step: Option<usize>,
        at: DateTime<Utc>,
        rules: &RuleSet,
    ) -> Option<OnOffer> {
        let call = self.calls.get_mut(lead)?;
        let made = advance(&call.state, &Event::Timer { timer }, rules, at);
        if made.ignored {
            return None;
        }
        let (was_waiting, is_waiting) = (call.state.is_waiting(), made.state.is_waiting());
        let reminds = made.effects.iter().any(|planned| is_reminder(&planned.effect));
        call.state = made.state;
        if let Some(step) = step.and_then(|step| self.told.steps.get_mut(step)) {
            step.came += 1;
        }
        let is_broken = matches!(call.state.stage.settled(), Some(Settled::NeedsAttention { .. }));
        if is_broken {
            self.told.broken += 1;
        }
        let offered = (is_waiting && !was_waiting).then(|| {
            call.offered_by = step;
            OnOffer { at, case: call.case.clone(), let_lie: call.state.let_lie.clone() }
        });
        // What is on offer may be found yet; else it is for a person to look into.
        if is_broken && !is_waiting {
            self.calls.remove(lead);
        }
        self.set(lead, made.effects);
        if reminds {
            self.is_told(lead, at, rules);
        }
        offered
    }

    /// The clocks that a move has set. Steps are set in the order of the rules, and only the last of them may be left out.
    fn set(&mut self, lead: &LeadId, effects: Vec<Planned>) {
        let mut steps = 0..;
        for planned in effects {
            if let Effect::Timer { timer } = planned.effect {
                let step = if matches!(timer, Timer::Sla { .. }) { steps.next() } else { None };
                self.add(planned.run_at, lead, Comes::Timer(timer, step));
            }
        }
    }

    fn add(&mut self, at: DateTime<Utc>, lead: &LeadId, comes: Comes) {
        self.planned += 1;
        self.to_come.insert((at, self.planned), (lead.clone(), comes));
    }

    /// Whoever owes it takes it on, or does not.
    fn is_told(&mut self, lead: &LeadId, at: DateTime<Utc>, rules: &RuleSet) {
        let takes_it = self.chance.percent(self.manner.accept_percent);
        let Some(Promise { owner, promised_at, .. }) = self.open(lead).filter(|_| takes_it).cloned() else { return };
        let (Some(call), Some(rep)) = (self.calls.get(lead), rules.reps.get(&owner)) else { return };
        let work = rota::working_windows(&rules.hours, rep, at, promised_at);
        let seconds = work.iter().map(|(from, until)| (*until - *from).num_seconds()).sum::<i64>();
        let mut left = i64::from(self.chance.between(0, u32::try_from(seconds - 1).unwrap_or(0)));
        let moment = work.iter().find_map(|(from, until)| {
            let span = (*until - *from).num_seconds();
            let falls_here = left < span;
            let moment = *from + TimeDelta::seconds(left);
            left -= span;
            falls_here.then_some(moment)
        });
        let caller = call.state.whereabouts();
        let moment = moment.and_then(|moment| rota::next_call_at(&rules.hours, rep, &caller, moment));
        if let Some(moment) = moment.filter(|moment| *moment < promised_at) {
            self.add(moment, lead, Comes::Call(owner));
        }
    }

    fn open(&self, lead: &LeadId) -> Option<&Promise> {
        match self.calls.get(lead)?.state.stage.settled()? {
            Settled::Callback(promise) => Some(promise),
            Settled::Done(_) | Settled::NeedsAttention { .. } => None,
        }
    }
}

fn is_reminder(effect: &Effect) -> bool {
    matches!(effect, Effect::Brief { why: BriefWhy::Reminder, .. })
}
