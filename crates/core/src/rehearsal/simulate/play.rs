//! One lead after the other: who is rung and takes the call, who is promised one, who waits.

use super::Simulation;
use super::owed::{OnOffer, Owed, Promised};
use super::ring::{Rang, Ringing};
use crate::domain::id::{LeadId, RepId};
use crate::domain::lead::Lead;
use crate::domain::leg::LegState;
use crate::rehearsal::Trial;
use crate::rehearsal::chance::Chance;
use crate::rehearsal::outcome::DecisionOutcome;
use crate::rehearsal::world::RehearsalWorld;
use crate::routing::Decision;
use crate::routing::decision::{CandidateVerdict, Target, TargetRole};
use crate::routing::ledger::{Cause, Charge, Entry, EntryKind, TURN};
use crate::routing::reason::Rejection;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::VecDeque;
use std::slice;

/// How often waiting leads are looked at; a worker looks oftener, and hears of who comes back.
const LOOK_EVERY: TimeDelta = TimeDelta::minutes(10);

pub(super) struct Play<'r> {
    pub world: RehearsalWorld<'r>,
    pub chance: Chance,
    /// Seconds to a human: at once, and by callback.
    pub waits: (Vec<i64>, Vec<i64>),
    /// The oldest first.
    pub queue: VecDeque<Waiting>,
    pub waits_in_pool: Vec<i64>,
    pub looked_at: DateTime<Utc>,
    pub owed: Owed,
    pub done: Simulation,
}

/// A lead that waits for somebody who can take it.
pub(super) struct Waiting {
    since: DateTime<Utc>,
    case: Trial,
    /// Who had it until others were offered it; nobody, where nobody could take it.
    let_lie: Vec<RepId>,
}

impl Play<'_> {
    pub(super) fn lead(&mut self, case: &Trial) {
        self.promised_until(case.at);
        if case.at - self.looked_at >= LOOK_EVERY {
            self.serve_waiting(case.at);
        }
        let decision = self.world.decide(case);
        let outcome = DecisionOutcome::of(&decision, &case.lead, self.world.rules());
        self.done.leads += 1;
        *self.done.fallbacks.entry(outcome.fallback).or_default() += 1;
        self.done.nobody_to_ring += u32::from(outcome.nobody_to_ring);
        self.note_caps(&decision);
        if let Some(turn) = &decision.turn {
            self.book(turn);
        }
        let (taker, promised) = self.ring(&case.lead, &decision);
        let owner = taker.as_ref().map_or(&decision.plan.owner, |(rep, _)| rep).clone();
        match taker {
            Some((_, waited)) => self.waits.0.push(waited.num_seconds()),
            None => self.promise(case, &decision, promised),
        }
        if decision.plan.waits {
            self.done.waited += 1;
            self.queue.push_back(Waiting { since: case.at, case: case.clone(), let_lie: Vec::new() });
            return;
        }
        self.world.count(&owner, case.at);
        self.done.reps.entry(owner).or_default().leads += 1;
    }

    /// What becomes until then of the calls that were promised. Others are offered a lead at once, and whenever waiting leads
    /// are looked at.
    pub(super) fn promised_until(&mut self, until: DateTime<Utc>) {
        while let Some(OnOffer { at, case, let_lie }) = self.owed.next_on_offer(until, &self.world) {
            self.queue.push_back(Waiting { since: case.at, case, let_lie });
            self.queue.make_contiguous().sort_by_key(|waiting| waiting.since);
            self.serve_waiting(at);
        }
    }

    /// Leads that nobody could take so far.
    pub(super) fn still_waiting(&self) -> usize {
        self.queue.iter().filter(|waiting| waiting.let_lie.is_empty()).count()
    }

    /// Whoever can take a lead that waits gets it, the oldest first. Their callers have hung up since.
    fn serve_waiting(&mut self, now: DateTime<Utc>) {
        self.looked_at = now;
        for Waiting { since, case, let_lie } in std::mem::take(&mut self.queue) {
            let is_offered = !let_lie.is_empty();
            if is_offered && !self.owed.is_on_offer(&case.lead.id) {
                continue;
            }
            let case = Trial { at: now, lead: case.lead.after_the_call(), ..case };
            let mut decision = self.world.decide_without(&case, &let_lie);
            if decision.plan.waits {
                self.queue.push_back(Waiting { since, case, let_lie });
                continue;
            }
            if is_offered {
                self.take_back(&case.lead.id);
                decision = self.world.decide_without(&case, &let_lie);
                self.owed.found(&case.lead.id, &decision, self.world.rules());
            } else {
                self.waits_in_pool.push((now - since).num_seconds());
            }
            if let Some(turn) = &decision.turn {
                self.book(turn);
            }
            self.world.count(&decision.plan.owner, now);
            self.done.reps.entry(decision.plan.owner).or_default().leads += 1;
        }
    }

    /// Whoever let it lie has had no turn, and has the lead no more.
    fn take_back(&mut self, lead: &LeadId) {
        let Some((owner, turn)) = self.owed.had_by(lead) else { return };
        let owner = owner.clone();
        let back = turn.and_then(|turn| {
            let charge = Charge::of(slice::from_ref(turn))?;
            let ledger = &self.world.snapshot().ledgers[&turn.pool];
            Some(ledger.undone(&charge, Cause::Reassigned, "nothing was done about it in time"))
        });
        if let Some(back) = back {
            self.book(&back);
        }
        self.world.take_back(&owner);
        let leads = &mut self.done.reps.entry(owner).or_default().leads;
        *leads = leads.saturating_sub(1);
    }

    /// Rings as the rules plan it; who takes the call, and how long the caller waited. The turn moves to who takes a lead
    /// that was another member's; a delegate takes the call alone, which is told apart by the owner's keeping the lead. Where
    /// nobody takes it, what is promised.
    fn ring(&mut self, lead: &Lead, decision: &Decision) -> (Option<(RepId, TimeDelta)>, Option<Promised>) {
        self.done.rung += u32::from(!decision.plan.targets.is_empty());
        let (rules, manner) = (self.world.rules(), self.done.manner);
        let Rang { taken, phones, promised } =
            Ringing::of(lead, decision, rules, manner, &mut self.chance, &self.owed).play();
        for (rep, state, until) in phones {
            self.done.phones_rung += 1;
            let load = self.done.reps.entry(rep.clone()).or_default();
            match state {
                LegState::Declined => load.rings_declined += 1,
                LegState::NoAnswer => load.rings_unanswered += 1,
                LegState::Elsewhere => load.rings_elsewhere += 1,
                _ => {}
            }
            self.world.reserve(&rep, until);
        }
        let Some((rep, at)) = taken else { return (None, promised) };
        self.done.connected += 1;
        self.done.reps.entry(rep.clone()).or_default().calls += 1;
        let half = manner.handling_s / 2;
        let talk = TimeDelta::seconds(i64::from(self.chance.between(half, half.saturating_mul(3))));
        self.world.reserve(&rep, at + talk);
        let target = decision.plan.targets.iter().find(|target| target.rep == rep);
        let taker = target.map(|target| (self.owner_after(decision, target), at - decision.decided_at));
        (taker, promised)
    }

    fn owner_after(&mut self, decision: &Decision, target: &Target) -> RepId {
        let owner = &decision.plan.owner;
        match target.role {
            TargetRole::Owner | TargetRole::Delegate => owner.clone(),
            TargetRole::Member => {
                if let Some(turn) = decision.turn.as_ref().filter(|_| target.rep != *owner) {
                    let ledger = &self.world.snapshot().ledgers[&turn.pool];
                    let moved = ledger.moved(owner, &target.rep, Some(Cause::Declined), "took the call");
                    self.book(&moved);
                }
                target.rep.clone()
            }
        }
    }

    /// A call back, where somebody has the time for it as far as the rota knows. Whoever answers for a lead that waits is not
    /// the one to make it.
    fn promise(&mut self, case: &Trial, decision: &Decision, promised: Option<Promised>) {
        let rules = self.world.rules();
        let Some(promised) = promised.filter(|promised| promised.finds_time(rules)) else {
            self.done.no_time += 1;
            return;
        };
        self.waits.1.push((promised.state.next_step().at - decision.decided_at).num_seconds());
        if !decision.plan.waits {
            self.owed.promise(case, promised, decision.turn.clone(), rules);
        }
    }

    fn book(&mut self, entry: &Entry) {
        self.world.book(entry);
        let Some(pool) = self.done.pools.get_mut(&entry.pool) else { return };
        let ledger = &self.world.snapshot().ledgers[&entry.pool];
        for (rep, change) in &entry.changes {
            let share = pool.members.entry(rep.clone()).or_default();
            let balance = ledger.balance(rep);
            share.ahead_micro = share.ahead_micro.max(-balance);
            share.behind_micro = share.behind_micro.max(balance);
            match &entry.kind {
                EntryKind::Turn { payer, .. } => share.due_micro += change + if payer == rep { TURN } else { 0 },
                EntryKind::Undone { payer, .. } => share.due_micro += change - if payer == rep { TURN } else { 0 },
                // Nobody gives turns by hand in a simulation.
                EntryKind::Moved { .. } | EntryKind::Granted { .. } => {}
            }
        }
        match &entry.kind {
            EntryKind::Turn { payer, .. } => {
                pool.turns += 1;
                pool.members.entry(payer.clone()).or_default().got += 1;
            }
            EntryKind::Moved { from, to, .. } => {
                let got = &mut pool.members.entry(from.clone()).or_default().got;
                *got = got.saturating_sub(1);
                pool.members.entry(to.clone()).or_default().got += 1;
            }
            EntryKind::Undone { payer, .. } => {
                pool.turns = pool.turns.saturating_sub(1);
                let got = &mut pool.members.entry(payer.clone()).or_default().got;
                *got = got.saturating_sub(1);
            }
            EntryKind::Granted { .. } => {}
        }
    }

    fn note_caps(&mut self, decision: &Decision) {
        for trace in &decision.trace.pools {
            let Some(pool) = self.done.pools.get_mut(&trace.pool) else { continue };
            for candidate in &trace.candidates {
                let full = matches!(
                    candidate.verdict,
                    CandidateVerdict::Rejected {
                        because: Rejection::AtCap { .. } | Rejection::AtWeekCap { .. } | Rejection::AtOpenCap { .. }
                    }
                );
                if full {
                    pool.members.entry(candidate.rep.clone()).or_default().at_cap += 1;
                }
            }
        }
    }
}
