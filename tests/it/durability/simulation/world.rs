//! A world of some leads and all reps of the shipped workspace: it answers effects as vendors and people might.
//!
//! Calls are told of twice, leads change hands and are closed, some or all reps have no calendar, and every move is made by a
//! worker whose clock is off by as much as is allowed.

mod answers;
mod heard;
mod known;
mod moves;

use super::chance::Chance;
use super::checks::{Check, ensure, round_trips};
use super::people;
use baton_core::domain::effect::Timer;
use baton_core::domain::id::{HandoffId, PoolId, RepId};
use baton_core::domain::lead::Lead;
use baton_core::handoff::state::Closing;
use baton_core::handoff::{Event, Handoff, Stage};
use baton_core::routing::ledger::Ledger;
use baton_core::routing::{Decision, Snapshot, decide};
use baton_core::rules::RuleSet;
use baton_core::rules::model::set::RingPlan;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A life that has not ended after so many events goes round in circles.
const EVENTS_AT_MOST: usize = 400;

/// Every so many leads are decided twice, and read back after every move: that costs more than deciding and moving.
const DOUBLE_CHECKED: usize = 4;

/// One lead after the other is rung for in one of these ways.
const PLANS: [RingPlan; 3] =
    [RingPlan::OneByOne, RingPlan::AtOnce(2), RingPlan::AddEvery(std::time::Duration::from_secs(5))];

/// By how much a worker's clock may be off: with more it takes no work.
const OFF_AT_MOST_MS: usize = 2_000;

pub struct World<'a> {
    seed: u64,
    rules: &'a RuleSet,
    chance: Chance,
    /// What it is in truth.
    at: DateTime<Utc>,
    /// What the clock shows of the worker who makes the move.
    now: DateTime<Utc>,
    /// By time and order of planning.
    queue: BTreeMap<(DateTime<Utc>, u64), (usize, Happening)>,
    planned: u64,
    lives: Vec<Life>,
    held: BTreeMap<RepId, (HandoffId, DateTime<Utc>)>,
    ledgers: BTreeMap<PoolId, Ledger>,
    taken: BTreeMap<RepId, u32>,
    keys: BTreeSet<String>,
    decided: Vec<(Lead, Snapshot, Decision)>,
}

enum Happening {
    Arrives,
    Event(Event),
    /// With the name of its row.
    Timer(u64, Timer),
    /// A second event tells of the call, or the first one again as somebody still on the line.
    Again,
    /// A person gives the lead to somebody else, or somebody can take it who could not before.
    ChangesHands,
    /// An outcome is told of.
    Closes(Closing),
}

/// One lead from its arrival to its end.
#[derive(Default)]
struct Life {
    lead: Option<Lead>,
    handoff: Option<Handoff>,
    /// Timers that the database still holds.
    timers: BTreeMap<u64, Timer>,
    history: Vec<String>,
}

/// How lives ended, to see that the world is not a dull one.
#[derive(Debug, Default)]
pub struct Ends {
    pub connected: usize,
    pub booked: usize,
    pub called: usize,
    pub needs_attention: usize,
    pub events: usize,
    pub ignored: usize,
    pub passed_over: usize,
    pub told_twice: usize,
    /// Callers of whom only the second event said that they are on the line, and who were rung for.
    pub rung_anew: usize,
    pub changed_hands: usize,
    pub closed: usize,
}

impl<'a> World<'a> {
    pub fn new(rules: &'a RuleSet, seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        // Most worlds begin on a weekday.
        let days = if chance.percent(90) { 5 } else { 7 };
        let day = TimeDelta::days((7 * chance.below(52) + chance.below(days)) as i64);
        let hour =
            TimeDelta::minutes(if chance.percent(80) { 800 + chance.below(240) } else { chance.below(1440) } as i64);
        let start: DateTime<Utc> = "2026-01-05T00:00:00Z".parse().expect("an instant");
        Self {
            seed,
            rules,
            chance,
            at: start + day + hour,
            now: start + day + hour,
            queue: BTreeMap::new(),
            planned: 0,
            lives: Vec::new(),
            held: BTreeMap::new(),
            ledgers: BTreeMap::new(),
            taken: BTreeMap::new(),
            keys: BTreeSet::new(),
            decided: Vec::new(),
        }
    }

    /// Lets so many leads arrive within minutes of each other and live to their end; what was decided comes with it.
    ///
    /// # Panics
    /// Something that must hold did not: with the seed and what happened to that lead.
    pub fn live(mut self, leads: usize, ends: &mut Ends) -> Vec<(Lead, Snapshot, Decision)> {
        let mut at = self.now;
        for life in 0..leads {
            self.lives.push(Life::default());
            self.plan(life, at, Happening::Arrives);
            at += self.chance.seconds(0, 40);
        }
        while let Some(((at, _), (life, happening))) = self.queue.pop_first() {
            self.at = at;
            // A timer is due by the clock of whoever takes it.
            let early = if matches!(happening, Happening::Timer(..)) { 0 } else { OFF_AT_MOST_MS };
            let off = self.chance.below(OFF_AT_MOST_MS + early + 1) as i64 - early as i64;
            self.now = at + TimeDelta::milliseconds(off);
            let went = match happening {
                Happening::Arrives => self.arrives(life),
                Happening::Event(event) => self.happens(life, &event, ends),
                Happening::Timer(row, timer) => {
                    self.lives[life].timers.remove(&row);
                    self.happens(life, &Event::Timer { timer }, ends)
                }
                Happening::Again => self.is_told_of_again(life, ends),
                Happening::ChangesHands => self.changes_hands(life, ends),
                Happening::Closes(why) => self.closes(life, why, ends),
            };
            went.unwrap_or_else(|why| self.report(life, &why));
        }
        for life in 0..leads {
            self.ended(life, ends).unwrap_or_else(|why| self.report(life, &why));
        }
        self.level().unwrap_or_else(|why| self.report(0, &why));
        self.decided
    }

    fn report(&self, life: usize, why: &str) -> ! {
        let history = self.lives[life].history.join("\n");
        let state = serde_json::to_string(&self.lives[life].handoff).unwrap_or_default();
        panic!("{why}\nBATON_SIM_SEED={} lead {life}, at {}\n{history}\nlast stored: {state}", self.seed, self.now);
    }

    fn plan(&mut self, life: usize, at: DateTime<Utc>, happening: Happening) {
        self.planned += 1;
        self.queue.insert((at, self.planned), (life, happening));
    }

    // ---- what Baton does -------------------------------------------------------------------------------------------

    fn arrives(&mut self, life: usize) -> Check {
        let lead = people::lead(&mut self.chance, self.rules, life, self.seed, self.now);
        let snapshot = self.snapshot(&lead);
        self.lives[life].history.push(serde_json::to_string(&lead).unwrap_or_default());
        let decision = self.decide(life, &lead, &snapshot)?;
        if let Some(turn) = &decision.turn {
            self.ledgers.entry(turn.pool.clone()).or_insert_with(|| Ledger::empty(turn.pool.clone())).apply(turn);
        }
        *self.taken.entry(decision.plan.owner.clone()).or_default() += 1;
        let mut begun = Handoff::begin(&lead, &decision, self.rules).seeing(&snapshot, self.rules);
        begun.terms.ring = PLANS[life % PLANS.len()];
        let live = begun.live;
        self.decided.push((lead.clone(), snapshot, decision));
        round_trips(&begun)?;
        self.lives[life].handoff = Some(begun);
        self.lives[life].lead = Some(lead);
        if live {
            let (leaves, after) = if self.chance.percent(30) { (true, 90) } else { (false, 1500) };
            let at = self.at + self.chance.seconds(1, after);
            self.wire(life, at, if leaves { Event::CallerLeft } else { Event::CallEnded });
        }
        self.plans_for(life);
        self.happens(life, &Event::Start, &mut Ends::default())
    }

    /// Some twice, to the same bytes.
    fn decide(&self, number: usize, lead: &Lead, snapshot: &Snapshot) -> Result<Decision, String> {
        let decided = || catch_unwind(AssertUnwindSafe(|| decide(lead, snapshot, self.rules)));
        let decision = decided().map_err(|_| "decide panicked".to_owned())?;
        ensure(self.rules.reps.contains_key(&decision.plan.owner), || "the owner is no rep".to_owned())?;
        if number.is_multiple_of(DOUBLE_CHECKED) {
            let again = decided().map_err(|_| "decide panicked the second time".to_owned())?;
            let bytes = |decision: &Decision| serde_json::to_string(decision).unwrap_or_default();
            ensure(bytes(&decision) == bytes(&again), || "decide is not stable".to_owned())?;
            round_trips(&decision)?;
            round_trips(snapshot)?;
            round_trips(lead)?;
        }
        Ok(decision)
    }

    // ---- at the end ------------------------------------------------------------------------------------------------

    fn ended(&self, life: usize, ends: &mut Ends) -> Check {
        use baton_core::domain::outcome::Outcome::{Booked, Called, Connected};
        let state = self.lives[life].handoff.as_ref().ok_or("the lead was never decided")?;
        match &state.stage {
            Stage::Done { outcome: Connected { .. } } => ends.connected += 1,
            Stage::Done { outcome: Booked { .. } } => ends.booked += 1,
            Stage::Done { outcome: Called { .. } } => ends.called += 1,
            Stage::NeedsAttention { .. } => ends.needs_attention += 1,
            other => return Err(format!("every timer has fired, and it still stands at {other:?}")),
        }
        ensure(state.holds.is_empty(), || format!("{:?} is held for ever", state.holds))
    }

    /// Turns were given and moved, and none was made or lost.
    fn level(&self) -> Check {
        for ledger in self.ledgers.values() {
            let sum: i64 = ledger.balances.values().sum();
            ensure(sum == 0, || format!("the ledger of {} sums to {sum}", ledger.pool))?;
        }
        ensure(self.held.is_empty(), || format!("phones are held for ever: {:?}", self.held))
    }
}
