//! A world of some leads and all reps of the shipped workspace: it answers effects as vendors and people might.
//!
//! Calls are told of twice, leads change hands and are closed, some or all reps have no calendar, and every move is made by a
//! worker whose clock is off by as much as is allowed.

use super::chance::Chance;
use super::checks::{Check, Move, always, ensure, round_trips};
use super::people;
use baton::domain::effect::{Effect, Instruction, Planned, Timer};
use baton::domain::id::{HandoffId, LegId, PoolId, RepId};
use baton::domain::known::Fact;
use baton::domain::lead::Lead;
use baton::domain::outcome::{Booking, Slot};
use baton::domain::rep::Busy;
use baton::handoff::state::Closing;
use baton::handoff::{Completed, Event, Handoff, OnTheLine, Stage, Transition, advance};
use baton::routing::ledger::Ledger;
use baton::routing::snapshot::{Knowledge, Load};
use baton::routing::{Considered, Decision, Snapshot, decide};
use baton::rules::RuleSet;
use baton::rules::zone::whereabouts;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A life that has not ended after so many events goes round in circles.
const EVENTS_AT_MOST: usize = 400;

/// Every so many leads are decided twice, and read back after every move: that costs more than deciding and moving.
const DOUBLE_CHECKED: usize = 4;

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
#[derive(Debug, Default, Clone, Copy)]
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
    pub fn live(mut self, leads: usize) -> (Ends, Vec<(Lead, Snapshot, Decision)>) {
        let mut ends = Ends::default();
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
                Happening::Event(event) => self.happens(life, &event, &mut ends),
                Happening::Timer(row, timer) => {
                    self.lives[life].timers.remove(&row);
                    self.happens(life, &Event::Timer { timer }, &mut ends)
                }
                Happening::Again => self.is_told_of_again(life, &mut ends),
                Happening::ChangesHands => self.changes_hands(life, &mut ends),
                Happening::Closes(why) => self.closes(life, why, &mut ends),
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
        let snapshot = self.snapshot(&lead);
        self.lives[life].history.push(serde_json::to_string(&lead).unwrap_or_default());
        let decision = self.decide(life, &lead, &snapshot)?;
        if let Some(turn) = &decision.turn {
            self.ledgers.entry(turn.pool.clone()).or_insert_with(|| Ledger::empty(turn.pool.clone())).apply(turn);
        }
        *self.taken.entry(decision.plan.owner.clone()).or_default() += 1;
        let begun = Handoff::begin(&lead, &decision, self.rules).seeing(&snapshot, self.rules);
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

    /// What else will be heard of the lead, within the call or days after it.
    fn plans_for(&mut self, life: usize) {
        let (day, weeks) = (86_400, 21 * 86_400);
        let plans = [(35, 300, 0), (8, day, 1), (8, 120, 1), (10, weeks, 2)];
        for (percent, within_s, kind) in plans {
            if self.chance.percent(percent) {
                let at = self.at + self.chance.seconds(0, within_s);
                let closing = *self.chance.pick(&[Closing::Won, Closing::Lost, Closing::Age]);
                let happening = match kind {
                    0 => Happening::Again,
                    1 => Happening::ChangesHands,
                    _ => Happening::Closes(closing),
                };
                self.plan(life, at, happening);
            }
        }
    }

    /// As `intake` does it: what the lead lacked is added, and a caller of whom the first event did not say so is rung for.
    fn is_told_of_again(&mut self, life: usize, ends: &mut Ends) -> Check {
        let known = self.lives[life].lead.clone().zip(self.lives[life].handoff.clone());
        let (first, handoff) = known.ok_or("a second event came before the first")?;
        let mut second = people::lead(&mut self.chance, self.rules, life, self.seed, self.now);
        second.id = first.id.clone();
        let waits = second.is_live() && !first.is_live() && !handoff.live && !handoff.is_done();
        let on_the_line = if waits {
            let snapshot = self.snapshot(&second);
            let decision = self.decide(life, &second, &snapshot)?;
            let begun = Handoff::begin(&second, &decision, self.rules);
            let since = second.qualified_at();
            begun.live.then_some(OnTheLine { since, targets: begun.targets, rungs: begun.rungs })
        } else {
            None
        };
        let anew = on_the_line.is_some();
        let added = if self.chance.percent(70) { vec!["qualification.summary".to_owned()] } else { Vec::new() };
        let (zone, times) = (second.preference.timezone, second.preference.times.clone());
        let by = format!("{} {}", second.source, second.event_id);
        let caller = Some(Box::new(whereabouts(&second))).filter(|caller| **caller != handoff.caller);
        let more = Completed { by, added, zone, caller, times, on_the_line };
        self.happens(life, &Event::Completed(more), ends)?;
        ends.told_twice += 1;
        let after = self.lives[life].handoff.as_ref().ok_or("the lead is gone")?;
        ensure(after.owner == handoff.owner && after.turn_in == handoff.turn_in, || {
            "a second event is no second turn".to_owned()
        })?;
        ends.rung_anew += usize::from(anew && !after.legs.is_empty() && handoff.legs.is_empty());
        if anew {
            let at = self.at + self.chance.seconds(1, 600);
            self.wire(life, at, Event::CallerLeft);
        }
        Ok(())
    }

    fn changes_hands(&mut self, life: usize, ends: &mut Ends) -> Check {
        let reps: Vec<RepId> = self.rules.reps.keys().cloned().collect();
        let rep = self.chance.pick(&reps).clone();
        let before = self.lives[life].handoff.clone().ok_or("a lead changes hands before it is decided")?;
        let reason = "made up".to_owned();
        let event = if before.is_waiting() && self.chance.percent(50) {
            Event::Found { rep: rep.clone(), turn_in: None, reason }
        } else {
            Event::Reassigned { rep: rep.clone(), turn_in: None, waits_in: None, reason }
        };
        self.happens(life, &event, ends)?;
        let after = self.lives[life].handoff.as_ref().ok_or("the lead is gone")?;
        if after.revision > before.revision {
            ends.changed_hands += 1;
            ensure(after.owner == rep, || format!("given to {rep}, and {} has it", after.owner))?;
            ensure(!after.is_waiting(), || "it has an owner and waits".to_owned())?;
        }
        Ok(())
    }

    fn closes(&mut self, life: usize, why: Closing, ends: &mut Ends) -> Check {
        self.happens(life, &Event::Closed { why }, ends)?;
        let after = self.lives[life].handoff.as_ref().ok_or("the lead is gone")?;
        let told = matches!(why, Closing::Won | Closing::Lost);
        ensure(!told || !after.is_open(), || format!("{why:?}, and it still counts as open"))?;
        ends.closed += usize::from(after.closed);
        Ok(())
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

    /// What a worker would know for this lead: calendars only of those who have one.
    fn snapshot(&mut self, lead: &Lead) -> Snapshot {
        let now = self.now;
        let mut known = Known { ledgers: self.ledgers.clone(), ..Known::default() };
        for rep in self.rules.reps.values() {
            if self.chance.percent(5) {
                continue; // nothing known of this rep
            }
            let facts = people::rep_facts(&mut self.chance, now);
            let reserved_until = self.held.get(&rep.id).map(|(_, until)| *until);
            let taken_today = self.taken.get(&rep.id).copied().unwrap_or(0);
            let load = Load { reserved_until, taken_today, open: taken_today, ..facts.load() };
            known.loads.insert(rep.id.clone(), load);
            if rep.calendar.is_some() {
                known.calendars.insert(rep.id.clone(), facts.calendar);
            }
        }
        let account = people::account(&mut self.chance, self.rules, now);
        let considered = Considered::by_lead(lead, self.rules).knowing(lead, &account, None, self.rules, now);
        Snapshot::of_lead(now, account, None).about(&considered, &known, self.rules)
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
        let at = self.at + self.chance.seconds(0, within_s);
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

#[derive(Default)]
struct Known {
    loads: BTreeMap<RepId, Load>,
    calendars: BTreeMap<RepId, Fact<Vec<Busy>>>,
    ledgers: BTreeMap<PoolId, Ledger>,
}

impl Knowledge for Known {
    fn load(&self, rep: &RepId) -> Load {
        self.loads.get(rep).copied().unwrap_or(Load::NONE)
    }

    fn calendar(&self, rep: &RepId) -> Option<&Fact<Vec<Busy>>> {
        self.calendars.get(rep)
    }

    fn ledgers(&self) -> &BTreeMap<PoolId, Ledger> {
        &self.ledgers
    }
}
