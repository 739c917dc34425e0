//! Days of made-up callers against hours, holidays, leave, caps and turns: who gets what, how long callers wait, and when
//! there is nobody.
//!
//! Leads are decided by the real [`crate::routing::decide()`] on real ledgers, and phones ring by the ring plan as the real
//! [`crate::handoff::advance()`] moves it; chance says whether a rep takes the call, declines or does not answer. Whom nobody
//! takes is promised a call, which is made or not, and what the rules want done about it before its time is done. Not played:
//! calendars and meetings that come of bookings, reps who set themselves away, callers who hang up early, voicemail, slots that
//! callers refuse, and for how long a promised call keeps a rep.

mod owed;
mod play;
mod ring;
mod unstaffed;

use super::Trial;
use super::chance::Chance;
use super::outcome::Fallback;
use super::world::RehearsalWorld;
use crate::domain::effect::SlaAct;
use crate::domain::id::{PoolId, RepId};
use crate::rules::RuleSet;
use crate::rules::model::set::RingPlan;
use chrono::{NaiveDate, TimeDelta};
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};
use unstaffed::nobody_at_work;

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
    /// How.
    pub ring: RingPlan,
    /// Phones that rang for them: a rep may have several.
    pub phones_rung: u32,
    /// Of the callers, who spoke with a rep at once.
    pub connected: u32,
    /// From the decision to a human, in seconds: those who were connected.
    pub wait_now_s: Spread,
    /// The same for all who got a time instead: the owner's promised callback, in seconds.
    pub wait_later_s: Spread,
    /// Callers for whom no callback could be promised within the horizon of the rota.
    pub no_time: u32,
    pub promised_calls: PromisedCalls,
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

/// Calls that were promised to leads that somebody has, each counted once.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PromisedCalls {
    pub promised: u32,
    /// Made before the promised time.
    pub in_time: u32,
    /// The promised time went by.
    pub broken: u32,
    /// Due after the last day.
    pub open: u32,
    /// What the rules want done before that time, as they have it, in order.
    pub steps: Vec<StepPlayed>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepPlayed {
    /// Of the working time of whoever owes the call.
    pub after_s: u64,
    #[serde(rename = "do")]
    pub act: SlaAct,
    /// How often it came, for whoever owed the call then.
    pub came: u32,
    /// Of leads that were offered to others by it: who got how many.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub moved_to: BTreeMap<RepId, u32>,
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
    /// Rings that ended because another rep was quicker.
    pub rings_elsewhere: u32,
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
    let mut play = play::Play {
        world: RehearsalWorld::new(rules, start, open_for),
        chance: Chance::new(seed ^ 0x5eed_ca11),
        waits: (Vec::new(), Vec::new()),
        queue: VecDeque::new(),
        waits_in_pool: Vec::new(),
        looked_at: start,
        owed: owed::Owed::none(rules, manner, seed),
        done: Simulation {
            days,
            leads: 0,
            manner,
            rung: 0,
            ring: rules.handoff.ring,
            phones_rung: 0,
            connected: 0,
            wait_now_s: Spread::default(),
            wait_later_s: Spread::default(),
            no_time: 0,
            promised_calls: PromisedCalls::default(),
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
    play.promised_until(until);
    play.done.still_waiting = u32::try_from(play.still_waiting()).unwrap_or(u32::MAX);
    play.done.promised_calls = play.owed.told();
    let (now, later) = (spread(play.waits.0), spread(play.waits.1));
    (play.done.wait_now_s, play.done.wait_later_s) = (now, later);
    play.done.wait_in_pool_s = spread(play.waits_in_pool);
    play.done
}

fn spread(mut waits: Vec<i64>) -> Spread {
    waits.sort_unstable();
    let at = |permille: usize| waits.get((waits.len() * permille / 1000).min(waits.len().saturating_sub(1)));
    let at = |permille| at(permille).copied().unwrap_or(0);
    Spread { p50: at(500), p90: at(900), max: at(1000) }
}

#[cfg(test)]
mod tests;
