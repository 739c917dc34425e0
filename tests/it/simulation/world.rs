//! A world of some leads and all reps of the shipped workspace: it answers effects as vendors and people might.

use super::chance::Chance;
use super::checks::{Check, Move, always, ensure, round_trips};
use super::people;
use baton::domain::effect::{Effect, Instruction, Planned, Timer};
use baton::domain::id::{HandoffId, LegId, PoolId, RepId};
use baton::domain::lead::Lead;
use baton::domain::outcome::{Booking, Slot};
use baton::handoff::{Event, Handoff, Stage, Transition, advance};
use baton::routing::ledger::Ledger;
use baton::routing::{Decision, Snapshot, decide};
use baton::rules::RuleSet;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A life that has not ended after so many events goes round in circles.
const EVENTS_AT_MOST: usize = 400;

/// Every so many leads are decided twice, and read back after every move: that costs more than deciding and moving.
const DOUBLE_CHECKED: usize = 4;

pub struct World<'a> {
    seed: u64,
    rules: &'a RuleSet,
    chance: Chance,
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
}

/// One lead from its arrival to its end.
#[derive(Default)]
struct Life {
    handoff: Option<Handoff>,
    /// Timers that the database still holds.
    timers: BTreeMap<u64, Timer>,
    history: Vec<String>,
}

/// How lives ended, to see that the world is not a dull one.
#[derive(Debug, Default, Clone, Copy)]
pub struct Ends {
    pub connected: usize,
    pub booked: usize,
    pub called: usize,
    pub needs_attention: usize,
    pub events: usize,
    pub ignored: usize,
    pub passed_over: usize,
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
    pub fn live(mut self, leads: usize) -> (Ends, Vec<(Lead, Snapshot, Decision)>) {
        let mut ends = Ends::default();
        let mut at = self.now;
        for life in 0..leads {
            self.lives.push(Life::default());
            self.plan(life, at, Happening::Arrives);
            at += self.chance.seconds(0, 40);
        }
        while let Some(((at, _), (life, happening))) = self.queue.pop_first() {
            self.now = at;
            let went = match happening {
                Happening::Arrives => self.arrives(life),
                Happening::Event(event) => self.happens(life, &event, &mut ends),
                Happening::Timer(row, timer) => {
                    self.lives[life].timers.remove(&row);
                    self.happens(life, &Event::Timer { timer }, &mut ends)
                }
            };
            went.unwrap_or_else(|why| self.report(life, &why));
        }
        for life in 0..leads {
            self.ended(life, &mut ends).unwrap_or_else(|why| self.report(life, &why));
        }
        self.level().unwrap_or_else(|why| self.report(0, &why));
        (ends, self.decided)
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
        let snapshot = self.snapshot();
        self.lives[life].history.push(serde_json::to_string(&lead).unwrap_or_default());
        let decision = self.decide(life, &lead, &snapshot)?;
        if let Some(turn) = &decision.turn {
            self.ledgers.entry(turn.pool.clone()).or_insert_with(|| Ledger::empty(turn.pool.clone())).apply(turn);
        }
        *self.taken.entry(decision.plan.owner.clone()).or_default() += 1;
        let begun = Handoff::begin(&lead, &decision, self.rules);
        self.decided.push((lead.clone(), snapshot, decision));
        round_trips(&begun)?;
        self.lives[life].handoff = Some(begun);
        if lead.is_live() {
            let (leaves, after) = if self.chance.percent(30) { (true, 90) } else { (false, 1500) };
            let at = self.now + self.chance.seconds(1, after);
            self.wire(life, at, if leaves { Event::CallerLeft } else { Event::CallEnded });
        }
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

    fn snapshot(&mut self) -> Snapshot {
        let now = self.now;
        let mut reps = BTreeMap::new();
        for rep in self.rules.reps.keys() {
            if self.chance.percent(5) {
                continue; // nothing known of this rep
            }
            let mut facts = people::rep_facts(&mut self.chance, now);
            facts.reserved_until = self.held.get(rep).map(|(_, until)| *until).filter(|until| *until > now);
            facts.taken_today = self.taken.get(rep).copied().unwrap_or(0);
            facts.open = facts.taken_today;
            reps.insert(rep.clone(), facts);
        }
        let account = people::account(&mut self.chance, self.rules, now);
        Snapshot { reps, ledgers: self.ledgers.clone(), ..Snapshot::of_lead(now, account, None) }
    }

    /// One event to one handoff, as `store` does it: who is held by another lead is passed over.
    fn happens(&mut self, life: usize, event: &Event, ends: &mut Ends) -> Check {
        let Some(before) = self.lives[life].handoff.clone() else { return Ok(()) };
        let mut from = before.clone();
        let made = loop {
            let made = self.advance(&from, event)?;
            let Some(rep) = self.not_to_be_had(&before, &made.state) else { break made };
            ensure(!from.refused.contains(&rep), || format!("{rep} is asked for again and again"))?;
            from.refused.push(rep);
            ends.passed_over += 1;
        };
        let said = serde_json::to_string(event).unwrap_or_default();
        let to = if made.ignored { "ignored".to_owned() } else { format!("{:?}", made.state.stage) };
        self.lives[life].history.push(format!("{} {said} -> {to}", self.now.format("%d %H:%M:%S%.3f")));
        ends.events += 1;
        ends.ignored += usize::from(made.ignored);
        let at_most = self.lives[life].history.len() <= EVENTS_AT_MOST;
        ensure(at_most, || "it goes on for ever".to_owned())?;
        always(&Move { before: &before, event, made: &made, rules: self.rules, now: self.now })?;
        self.store(life, &before, made)
    }

    fn advance(&self, from: &Handoff, event: &Event) -> Result<Transition, String> {
        let made = catch_unwind(AssertUnwindSafe(|| advance(from, event, self.rules, self.now)));
        made.map_err(|_| format!("advance panicked on {event:?} in {:?}", from.stage))
    }

    fn not_to_be_had(&self, before: &Handoff, after: &Handoff) -> Option<RepId> {
        let wanted = after.holds.as_ref().filter(|_| after.holds != before.holds)?;
        let (by, until) = self.held.get(&wanted.rep)?;
        (*by != after.id && *until > self.now).then(|| wanted.rep.clone())
    }

    fn store(&mut self, life: usize, before: &Handoff, made: Transition) -> Check {
        if made.ignored {
            return Ok(());
        }
        let read_back = life.is_multiple_of(DOUBLE_CHECKED);
        if read_back {
            round_trips(&made.state)?;
        }
        if before.holds != made.state.holds {
            if let Some(old) = &before.holds
                && self.held.get(&old.rep).is_some_and(|(by, _)| *by == before.id)
            {
                self.held.remove(&old.rep);
            }
            if let Some(new) = &made.state.holds {
                self.held.insert(new.rep.clone(), (before.id.clone(), new.until));
            }
        }
        if let Some(turn) = &made.turn_moves {
            let ledger = self.ledgers.get_mut(&turn.pool).ok_or("a turn moves in a ledger that has none")?;
            let entry = ledger.moved(&turn.from, &turn.to, turn.cause, turn.reason.as_str());
            ledger.apply(&entry);
        }
        for planned in &made.effects {
            ensure(self.keys.insert(planned.key.clone()), || format!("the key {} was planned before", planned.key))?;
            if read_back {
                round_trips(planned)?;
            }
        }
        let effects = made.effects;
        self.lives[life].handoff = Some(made.state);
        for planned in effects {
            self.react(life, planned);
        }
        self.something_moves_it_on(life)
    }

    /// While the handoff is under way, some timer that the database holds will move it on, though nobody ever calls back.
    fn something_moves_it_on(&self, life: usize) -> Check {
        let Some(state) = &self.lives[life].handoff else { return Ok(()) };
        if matches!(state.stage, Stage::Done { .. } | Stage::NeedsAttention { .. }) {
            return Ok(());
        }
        let by = state.next_step().at.max(self.now);
        for timer in self.lives[life].timers.values().rev() {
            let event = Event::Timer { timer: timer.clone() };
            if !advance(state, &event, self.rules, by).ignored {
                return Ok(());
            }
        }
        Err(format!("no timer moves {:?} on by {by}", state.stage))
    }

    // ---- what the world answers ------------------------------------------------------------------------------------

    /// Over the wire: in order, lost, late, twice, or for another leg.
    fn wire(&mut self, life: usize, at: DateTime<Utc>, event: Event) {
        if self.chance.percent(4) {
            return;
        }
        let late = if self.chance.percent(10) { self.chance.seconds(0, 90) } else { TimeDelta::zero() };
        if self.chance.percent(10) {
            let again = at + self.chance.seconds(0, 400);
            self.plan(life, again, Happening::Event(event.clone()));
        }
        let event = if self.chance.percent(3) { self.for_another_leg(life, event) } else { event };
        self.plan(life, at + late, Happening::Event(event));
    }

    fn for_another_leg(&mut self, life: usize, event: Event) -> Event {
        let Some(handoff) = &self.lives[life].handoff else { return event };
        let leg = LegId::of(&handoff.id, 1 + self.chance.below(4) as u32);
        match event {
            Event::Answered { .. } => Event::Answered { leg },
            Event::Accepted { .. } => Event::Accepted { leg },
            Event::Joined { .. } => Event::Joined { leg },
            Event::RepLeft { .. } => Event::RepLeft { leg },
            other => other,
        }
    }

    fn soon(&mut self, life: usize, within_s: usize, event: Event) {
        let at = self.now + self.chance.seconds(0, within_s);
        self.wire(life, at, event);
    }

    fn react(&mut self, life: usize, planned: Planned) {
        let why = || "made up".to_owned();
        match planned.effect {
            Effect::Timer { timer } => self.timer(life, planned.run_at, timer),
            Effect::Ring { leg, .. } => self.phone(life, leg),
            Effect::Whisper { leg, .. } => self.key(life, leg),
            Effect::Join { leg } => match self.chance.below(100) {
                0..8 => self.soon(life, 4, Event::JoinFailed { leg, why: why() }),
                8..14 => {}
                _ => {
                    self.soon(life, 4, Event::Joined { leg: leg.clone() });
                    let talk = if self.chance.percent(20) { 12 } else { 900 };
                    self.soon(life, talk, Event::RepLeft { leg });
                }
            },
            Effect::HangUp { leg } => self.soon(life, 3, Event::RepLeft { leg }),
            Effect::FindSlots { search, rep } => match self.chance.below(100) {
                0..12 => self.soon(life, 8, Event::SlotsUnknown { search, why: why() }),
                12..22 => {}
                _ => {
                    let slots = self.slots(&rep);
                    self.soon(life, 8, Event::SlotsFound { search, slots });
                }
            },
            Effect::Instruct { instruction: Instruction::OfferSlots { slots } } => match self.chance.below(100) {
                0..15 => self.soon(life, 40, Event::SlotsDeclined),
                15..30 => {}
                30..36 => {
                    let slot = Slot { until: self.now, ..slots[0].clone() };
                    self.soon(life, 40, Event::SlotChosen { slot });
                }
                _ => {
                    let slot = self.chance.pick(&slots).clone();
                    self.soon(life, 60, Event::SlotChosen { slot });
                }
            },
            Effect::Book { slot, attempt } => match self.chance.below(100) {
                0..25 => self.soon(life, 10, Event::SlotTaken { attempt }),
                25..35 => self.soon(life, 10, Event::BookingFailed { attempt, why: why() }),
                35..42 => {}
                kind => {
                    let booking = Booking { slot, vendor_ref: format!("event{attempt}") };
                    self.soon(life, if kind < 52 { 600 } else { 10 }, Event::Booked { attempt, booking });
                }
            },
            Effect::ConfirmToCaller { .. } if self.chance.percent(40) => {
                let Some(next) = self.lives[life].handoff.as_ref().map(Handoff::next_step) else { return };
                let at = self.now + (next.at - self.now).max(TimeDelta::zero()) * (1 + self.chance.below(5) as i32) / 4;
                self.wire(life, at, Event::ContactMade { rep: next.owner, at });
            }
            Effect::Instruct { .. }
            | Effect::Hold
            | Effect::WriteCrm { .. }
            | Effect::Brief { .. }
            | Effect::UpdateCard { .. }
            | Effect::ConfirmToCaller { .. }
            | Effect::Publish { .. }
            | Effect::ReadOwner => {}
        }
    }

    /// Timers are rows: never lost, sometimes late, sometimes twice.
    fn timer(&mut self, life: usize, run_at: DateTime<Utc>, timer: Timer) {
        let row = self.planned;
        self.lives[life].timers.insert(row, timer.clone());
        let late = match self.chance.below(100) {
            0..4 => self.chance.seconds(0, 300),
            4..16 => self.chance.seconds(0, 10),
            _ => TimeDelta::milliseconds(self.chance.below(300) as i64),
        };
        if self.chance.percent(3) {
            self.plan(life, run_at + late * 2, Happening::Timer(row, timer.clone()));
        }
        self.plan(life, run_at + late, Happening::Timer(row, timer));
    }

    fn phone(&mut self, life: usize, leg: LegId) {
        match self.chance.below(100) {
            0..5 => self.soon(life, 3, Event::RingFailed { leg, why: "made up".to_owned() }),
            5..9 => self.soon(life, 3, Event::Busy { leg }),
            9..18 => self.soon(life, 18, Event::NoAnswer { leg }),
            18..23 => {}
            23..28 => {
                self.soon(life, 8, Event::Answered { leg: leg.clone() });
                self.soon(life, 14, Event::Machine { leg });
            }
            // An answer of the vendor was lost, and the ring counts as failed, though the phone is up.
            28..33 => {
                self.soon(life, 8, Event::Answered { leg: leg.clone() });
                self.soon(life, 60, Event::RingFailed { leg, why: "no answer from the platform".to_owned() });
            }
            _ => self.soon(life, 12, Event::Answered { leg }),
        }
    }

    /// What the rep does who hears the whisper.
    fn key(&mut self, life: usize, leg: LegId) {
        match self.chance.below(100) {
            0..5 => self.soon(life, 5, Event::WhisperFailed { leg, why: "it could not be played".to_owned() }),
            5..18 => self.soon(life, 10, Event::Declined { leg }),
            18..26 => {}
            26..34 => self.soon(life, 10, Event::RepLeft { leg }),
            // A key pressed at once: the whisper was not played to its end.
            34..40 => {
                self.soon(life, 2, Event::Accepted { leg: leg.clone() });
                self.soon(life, 10, Event::WhisperFailed { leg, why: "it was cut short".to_owned() });
            }
            _ => self.soon(life, 12, Event::Accepted { leg }),
        }
    }

    fn slots(&mut self, rep: &RepId) -> Vec<Slot> {
        let first = self.now + self.chance.seconds(7_200, 200_000);
        let slot = |n: usize| {
            let from = first + TimeDelta::minutes(45 * n as i64);
            Slot { rep: rep.clone(), from, until: from + TimeDelta::minutes(30) }
        };
        (0..self.chance.below(4)).map(slot).collect()
    }

    // ---- at the end ------------------------------------------------------------------------------------------------

    fn ended(&self, life: usize, ends: &mut Ends) -> Check {
        use baton::domain::outcome::Outcome::{Booked, Called, Connected};
        let state = self.lives[life].handoff.as_ref().ok_or("the lead was never decided")?;
        match &state.stage {
            Stage::Done { outcome: Connected { .. } } => ends.connected += 1,
            Stage::Done { outcome: Booked { .. } } => ends.booked += 1,
            Stage::Done { outcome: Called { .. } } => ends.called += 1,
            Stage::NeedsAttention { .. } => ends.needs_attention += 1,
            other => return Err(format!("every timer has fired, and it still stands at {other:?}")),
        }
        ensure(state.holds.is_none(), || format!("{:?} is held for ever", state.holds))
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
