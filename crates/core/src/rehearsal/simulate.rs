//! Days of made-up callers against hours, holidays, leave, caps and turns: who gets what, how long callers wait, and when
//! there is nobody.
//!
//! Leads are decided by the real [`crate::routing::decide()`] on real ledgers; the call itself is played in short: phones
//! ring one after the other within the caller's patience, and chance says whether the rep takes it, declines or does not
//! answer. Not played: calendars and meetings that come of bookings, parallel rings, reps who set themselves away, callers
//! who hang up early, voicemail, slots that callers refuse.

mod unstaffed;

use super::Trial;
use super::chance::Chance;
use super::outcome::{DecisionOutcome, Fallback};
use super::world::RehearsalWorld;
use crate::domain::id::{PoolId, RepId};
use crate::domain::rota;
use crate::domain::whereabouts::Whereabouts;
use crate::routing::Decision;
use crate::routing::decision::CandidateVerdict;
use crate::routing::ledger::{Cause, Entry, EntryKind, TURN};
use crate::routing::reason::Rejection;
use crate::rules::RuleSet;
use chrono::{DateTime, Duration, NaiveDate, TimeDelta, Utc};
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};
use unstaffed::nobody_at_work;

/// How often waiting leads are looked at; a worker looks oftener, and hears of who comes back.
const LOOK_EVERY: TimeDelta = TimeDelta::minutes(10);

/// What people do when their phone rings, and how long it keeps them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Manner {
    /// Of a hundred rings: taken.
    pub accept_percent: u32,
    /// Of a hundred rings: declined after listening. The rest is not answered.
    pub decline_percent: u32,
    /// Talk and what it takes to write it down; half to one and a half times this.
    pub handling_s: u32,
    /// A lead counts against caps of open leads for this long.
    pub open_days: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Simulation {
    pub days: u32,
    pub leads: u32,
    pub manner: Manner,
    /// Callers on the line for whom a phone was rung.
    pub rung: u32,
    /// Of those, who spoke with a rep at once.
    pub connected: u32,
    /// From the decision to a human, in seconds: those who were connected.
    pub wait_now_s: Spread,
    /// The same for all who got a time instead: the owner's promised callback, in seconds.
    pub wait_later_s: Spread,
    /// Callers for whom no callback could be promised within the horizon of the rota.
    pub no_time: u32,
    pub fallbacks: BTreeMap<Fallback, u32>,
    /// Leads that nobody could take: they waited in their pool.
    pub waited: u32,
    /// Of those, who still waits at the end.
    pub still_waiting: u32,
    /// From the decision to the rep who could take them, in seconds.
    pub wait_in_pool_s: Spread,
    /// On the line, to be put through, and nobody could be rung.
    pub nobody_to_ring: u32,
    pub pools: BTreeMap<PoolId, PoolShares>,
    pub reps: BTreeMap<RepId, RepLoad>,
    /// Hours of the week (UTC) in which no member of the pool works in any week, as `Mon 00-07`.
    pub nobody_at_work: BTreeMap<PoolId, Vec<String>>,
}

/// Median, nine of ten, and the longest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Spread {
    pub p50: i64,
    pub p90: i64,
    pub max: i64,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PoolShares {
    pub turns: u32,
    pub members: BTreeMap<RepId, Share>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Share {
    /// What the member was due by weight whenever eligible, in millionths of a lead.
    pub due_micro: i64,
    pub got: u32,
    /// Farthest ahead of and behind the share at any moment, in millionths of a lead.
    pub ahead_micro: i64,
    pub behind_micro: i64,
    /// Leads at which the member was passed over for a cap.
    pub at_cap: u32,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct RepLoad {
    pub leads: u32,
    pub calls: u32,
    pub rings_declined: u32,
    pub rings_unanswered: u32,
}

/// Plays all of `cases`, which are in order of time and begin on `from`.
pub fn simulate(
    rules: &RuleSet,
    cases: impl Iterator<Item = Trial>,
    from: NaiveDate,
    days: u32,
    manner: Manner,
    seed: u64,
) -> Simulation {
    let start = from.and_time(chrono::NaiveTime::MIN).and_utc();
    let until = start + TimeDelta::days(i64::from(days));
    let open_for = TimeDelta::days(i64::from(manner.open_days));
    let mut play = Play {
        world: RehearsalWorld::new(rules, start, open_for),
        chance: Chance::new(seed ^ 0x5eed_ca11),
        waits: (Vec::new(), Vec::new()),
        queue: VecDeque::new(),
        waits_in_pool: Vec::new(),
        looked_at: start,
        done: Simulation {
            days,
            leads: 0,
            manner,
            rung: 0,
            connected: 0,
            wait_now_s: Spread::default(),
            wait_later_s: Spread::default(),
            no_time: 0,
            fallbacks: Fallback::ALL.map(|fallback| (fallback, 0)).into(),
            waited: 0,
            still_waiting: 0,
            wait_in_pool_s: Spread::default(),
            nobody_to_ring: 0,
            pools: rules.pools.keys().map(|pool| (pool.clone(), PoolShares::default())).collect(),
            reps: rules
                .reps
                .values()
                .filter(|rep| rep.active)
                .map(|rep| (rep.id.clone(), RepLoad::default()))
                .collect(),
            nobody_at_work: nobody_at_work(rules, start, until),
        },
    };
    for case in cases.take_while(|case| case.at < until) {
        play.lead(&case);
    }
    let (now, later) = (spread(play.waits.0), spread(play.waits.1));
    (play.done.wait_now_s, play.done.wait_later_s) = (now, later);
    play.done.wait_in_pool_s = spread(play.waits_in_pool);
    play.done.still_waiting = u32::try_from(play.queue.len()).unwrap_or(u32::MAX);
    play.done
}

struct Play<'r> {
    world: RehearsalWorld<'r>,
    chance: Chance,
    /// Seconds to a human: at once, and by callback.
    waits: (Vec<i64>, Vec<i64>),
    /// Leads that wait, the oldest first, and since when.
    queue: VecDeque<(DateTime<Utc>, Trial)>,
    waits_in_pool: Vec<i64>,
    looked_at: DateTime<Utc>,
    done: Simulation,
}

impl Play<'_> {
    fn lead(&mut self, case: &Trial) {
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
        let taker = self.ring(&decision);
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

    /// Rings one after the other; who takes the call, and how long the caller waited. The turn moves to who takes a lead
    /// that was another member's; a delegate takes the call alone, which is told apart by the owner's keeping the lead.
    fn ring(&mut self, decision: &Decision) -> Option<(RepId, TimeDelta)> {
        let rules = self.world.rules();
        let (ring, accept) = (seconds(rules.handoff.ring_timeout), seconds(rules.handoff.accept_within));
        let patience = TimeDelta::seconds(seconds(rules.handoff.patience));
        let mut waited = TimeDelta::zero();
        self.done.rung += u32::from(!decision.plan.targets.is_empty());
        for target in &decision.plan.targets {
            let draw = self.chance.between(0, 99);
            let manner = self.done.manner;
            let (accepts, declines) =
                (draw < manner.accept_percent, draw < manner.accept_percent + manner.decline_percent);
            let longest = if declines { ring / 2 + accept } else { ring };
            let took =
                TimeDelta::seconds(i64::from(self.chance.between(2, u32::try_from(longest.max(2)).unwrap_or(2))));
            let took = if declines { took } else { TimeDelta::seconds(ring) };
            if waited + took > patience {
                break;
            }
            waited += took;
            let load = self.done.reps.entry(target.rep.clone()).or_default();
            if accepts {
                load.calls += 1;
                self.done.connected += 1;
                let half = manner.handling_s / 2;
                let talk = TimeDelta::seconds(i64::from(self.chance.between(half, half.saturating_mul(3))));
                self.world.reserve(&target.rep, decision.decided_at + waited + talk);
                return Some((self.owner_after(decision, target), waited));
            }
            if declines {
                load.rings_declined += 1
            } else {
                load.rings_unanswered += 1
            }
            self.world.reserve(&target.rep, decision.decided_at + waited);
        }
        None
    }

    fn owner_after(&mut self, decision: &Decision, target: &crate::routing::decision::Target) -> RepId {
        use crate::routing::decision::TargetRole;
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

fn seconds(span: std::time::Duration) -> i64 {
    Duration::from_std(span).map_or(i64::MAX, |span| span.num_seconds())
}

fn spread(mut waits: Vec<i64>) -> Spread {
    waits.sort_unstable();
    let at = |permille: usize| waits.get((waits.len() * permille / 1000).min(waits.len().saturating_sub(1)));
    let at = |permille| at(permille).copied().unwrap_or(0);
    Spread { p50: at(500), p90: at(900), max: at(1000) }
}

#[cfg(test)]
mod tests;
