//! One lead after the other: who is rung and takes the call, who is promised one, who waits.

use super::Simulation;
use super::ring::{Rang, Ringing};
use crate::domain::id::RepId;
use crate::domain::lead::Lead;
use crate::domain::leg::LegState;
use crate::domain::rota;
use crate::domain::whereabouts::Whereabouts;
use crate::rehearsal::Trial;
use crate::rehearsal::chance::Chance;
use crate::rehearsal::outcome::DecisionOutcome;
use crate::rehearsal::world::RehearsalWorld;
use crate::routing::Decision;
use crate::routing::decision::{CandidateVerdict, Target, TargetRole};
use crate::routing::ledger::{Cause, Entry, EntryKind, TURN};
use crate::routing::reason::Rejection;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::VecDeque;

/// How often waiting leads are looked at; a worker looks oftener, and hears of who comes back.
const LOOK_EVERY: TimeDelta = TimeDelta::minutes(10);

pub(super) struct Play<'r> {
    pub world: RehearsalWorld<'r>,
    pub chance: Chance,
    /// Seconds to a human: at once, and by callback.
    pub waits: (Vec<i64>, Vec<i64>),
    /// Leads that wait, the oldest first, and since when.
    pub queue: VecDeque<(DateTime<Utc>, Trial)>,
    pub waits_in_pool: Vec<i64>,
    pub looked_at: DateTime<Utc>,
    pub done: Simulation,
}

impl Play<'_> {
    pub(super) fn lead(&mut self, case: &Trial) {
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
        let taker = self.ring(&case.lead, &decision);
        let owner = taker.as_ref().map_or(&decision.plan.owner, |(rep, _)| rep).clone();
        match taker {
            Some((_, waited)) => self.waits.0.push(waited.num_seconds()),
            None => self.promise(&decision),
        }
        if decision.plan.waits {
            self.done.waited += 1;
            self.queue.push_back((case.at, case.clone()));
            return;
        }
        self.world.count(&owner, case.at);
        self.done.reps.entry(owner).or_default().leads += 1;
    }

    /// Whoever can take a lead that waits gets it, the oldest first. Their callers have hung up since.
    fn serve_waiting(&mut self, now: DateTime<Utc>) {
        self.looked_at = now;
        for (since, case) in std::mem::take(&mut self.queue) {
            let case = Trial { at: now, lead: case.lead.after_the_call(), ..case };
            let decision = self.world.decide(&case);
            if decision.plan.waits {
                self.queue.push_back((since, case));
                continue;
            }
            if let Some(turn) = &decision.turn {
                self.book(turn);
            }
            self.waits_in_pool.push((now - since).num_seconds());
            self.world.count(&decision.plan.owner, now);
            self.done.reps.entry(decision.plan.owner).or_default().leads += 1;
        }
    }

    /// Rings as the rules plan it; who takes the call, and how long the caller waited. The turn moves to who takes a lead
    /// that was another member's; a delegate takes the call alone, which is told apart by the owner's keeping the lead.
    fn ring(&mut self, lead: &Lead, decision: &Decision) -> Option<(RepId, TimeDelta)> {
        if decision.plan.targets.is_empty() {
            return None;
        }
        self.done.rung += 1;
        let (rules, manner) = (self.world.rules(), self.done.manner);
        let Rang { taken, phones } = Ringing::of(lead, decision, rules, manner, &mut self.chance).play();
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
        let (rep, at) = taken?;
        self.done.connected += 1;
        self.done.reps.entry(rep.clone()).or_default().calls += 1;
        let half = manner.handling_s / 2;
        let talk = TimeDelta::seconds(i64::from(self.chance.between(half, half.saturating_mul(3))));
        self.world.reserve(&rep, at + talk);
        let target = decision.plan.targets.iter().find(|target| target.rep == rep)?;
        Some((self.owner_after(decision, target), at - decision.decided_at))
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

    /// The owner calls back in working time, as far as the rota knows.
    fn promise(&mut self, decision: &Decision) {
        let rules = self.world.rules();
        let now = decision.decided_at;
        let rep = rules.reps.get(&decision.plan.owner);
        let at = rep.and_then(|rep| {
            let within = rota::add_working_time(&rules.hours, rep, now, rules.handoff.callback.within)?;
            rota::next_call_at(&rules.hours, rep, &Whereabouts::in_zone(rep.timezone), within)
        });
        match at {
            Some(at) => self.waits.1.push((at - now).num_seconds()),
            None => self.done.no_time += 1,
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
                // Nobody corrects turns in a simulation.
                EntryKind::Moved { .. } | EntryKind::Undone { .. } | EntryKind::Granted { .. } => {}
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
            EntryKind::Undone { .. } | EntryKind::Granted { .. } => {}
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
