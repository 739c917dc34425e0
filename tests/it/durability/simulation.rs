//! Thousands of leads in made-up worlds, from the decision to the end of the handoff, without a database.
//!
//! The world answers as telephones, calendars and people do: in order, late, twice, for the wrong leg, or not at all. After
//! every move it is checked what must hold for every lead (DESIGN §2). `BATON_SIM_SEED=N` runs one world again and
//! `BATON_SIM_WORLDS=N` changes how many are run.

mod chance;
mod checks;
mod people;
mod world;

use baton_core::domain::effect::Timer;
use baton_core::domain::id::{HandoffId, LeadId, LegId, RepId};
use baton_core::domain::known::Fact;
use baton_core::domain::lead::Lead;
use baton_core::domain::outcome::{Booking, Slot};
use baton_core::domain::whereabouts::Whereabouts;
use baton_core::domain::zone::Zone;
use baton_core::handoff::state::Closing;
use baton_core::handoff::{Completed, Event, Handoff, OnTheLine, Stage, advance};
use baton_core::routing::ledger::{Ledger, TURN};
use baton_core::routing::{Decision, Snapshot, decide};
use baton_core::rules::model::set::{OrderPolicy, Rung};
use baton_core::rules::{RuleSet, SourceFile, compile};
use chance::Chance;
use checks::{Move, always, round_trips};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;
use std::path::Path;
use world::{Ends, World};

/// Leads that come within minutes of each other and compete for the same phones.
const LEADS: usize = 20;
/// Per test; four tests make 10,400 lives.
const WORLDS: u64 = 130;

#[test]
fn lives_from_seed_one_end_well() {
    run(1);
}

#[test]
fn lives_from_seed_ten_thousand_end_well() {
    run(10_000);
}

#[test]
fn lives_from_seed_twenty_thousand_end_well() {
    run(20_000);
}

#[test]
fn lives_from_seed_thirty_thousand_end_well() {
    run(30_000);
}

fn run(first: u64) {
    let rules = [Calendars::All, Calendars::Some, Calendars::All, Calendars::None].map(shipped_with);
    let (first, worlds) = match setting("BATON_SIM_SEED") {
        Some(seed) => (seed, 1),
        None => (first, setting("BATON_SIM_WORLDS").unwrap_or(WORLDS)),
    };
    let mut sum = Ends::default();
    for seed in first..first + worlds {
        sum.add(World::new(&rules[(seed % 4) as usize], seed).live(LEADS).0);
    }
    if worlds >= WORLDS {
        let lives = worlds as usize * LEADS;
        let kinds = [sum.connected, sum.booked, sum.called, sum.needs_attention];
        assert_eq!(kinds.iter().sum::<usize>(), lives);
        assert!(kinds.iter().all(|kind| *kind * 20 > lives), "a dull world: {sum:?}");
        assert!(sum.ignored * 50 > sum.events && sum.passed_over > 0, "a world without trouble: {sum:?}");
        let told = [sum.told_twice * 5, sum.rung_anew * 200, sum.changed_hands * 20, sum.closed * 30];
        assert!(told.iter().all(|times| *times > lives), "a world that hears nothing more of its leads: {sum:?}");
    }
}

/// A number that the environment asks for.
#[expect(clippy::disallowed_methods, reason = "a person says from outside which world is run again")]
fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|error| panic!("{name}={text}: {error}; allowed: a number")))
}

/// Not what could happen, but anything at all, at any time, also before the last event's.
#[test]
fn entirely_arbitrary_events_break_nothing() {
    let rules = shipped();
    let reps: Vec<RepId> = rules.reps.keys().cloned().collect();
    for seed in 0..200 {
        let mut chance = Chance::new(seed);
        let mut now = instant("2026-03-03T09:00:00Z") + chance.seconds(0, 86_400);
        let lead = people::lead(&mut chance, &rules, 0, seed, now);
        let decision = decide(&lead, &quiet(now), &rules);
        let mut state = Handoff::begin(&lead, &decision, &rules);
        for step in 0..60 {
            now += chance.seconds(0, 40) - TimeDelta::seconds(if chance.percent(10) { 60 } else { 0 });
            let event = if step == 0 { Event::Start } else { anything(&mut chance, &state, &reps, now) };
            let made = advance(&state, &event, &rules, now);
            let seen = Move { before: &state, event: &event, made: &made, rules: &rules, now };
            let held = always(&seen).and_then(|()| round_trips(&event)).and_then(|()| round_trips(&made.state));
            held.unwrap_or_else(|why| panic!("{why}\nseed {seed}, event {step}: {event:?}\nin {state:?}"));
            state = made.state;
        }
        assert!(!matches!(state.stage, Stage::Offered), "seed {seed}: it never began");
    }
}

fn anything(chance: &mut Chance, state: &Handoff, reps: &[RepId], now: DateTime<Utc>) -> Event {
    let own = chance.percent(90);
    let handoff = if own { state.id.clone() } else { HandoffId::of(&LeadId::from_digest([9; 16])) };
    let leg = LegId::of(&handoff, chance.below(5) as u32);
    let why = "made up".to_owned();
    let (number, rep) = (chance.below(4) as u32, chance.pick(reps).clone());
    let at = now + chance.seconds(0, 90_000) - TimeDelta::hours(3);
    let slot = match &state.stage {
        Stage::Offering { slots, .. } if chance.percent(60) => chance.pick(slots).clone(),
        _ => Slot { rep: rep.clone(), from: at, until: at + TimeDelta::minutes(30) },
    };
    let promised_at = if chance.percent(50) { state.next_step().at } else { at };
    let timers = [
        Timer::RingBy { leg: leg.clone() },
        Timer::AcceptBy { leg: leg.clone() },
        Timer::JoinBy { leg: leg.clone() },
        Timer::SettledBy { leg: leg.clone() },
        Timer::ReleaseBy { leg: leg.clone() },
        Timer::PatienceBy,
        Timer::SlotBy { search: number },
        Timer::SearchBy { search: number },
        Timer::BookBy { attempt: number },
        Timer::Remind { promised_at },
        Timer::Escalate { promised_at },
        Timer::Breach { promised_at },
    ];
    let timer = chance.pick(&timers).clone();
    let booking = Booking { slot: slot.clone(), vendor_ref: "event".to_owned() };
    let events = [
        Event::Start,
        Event::Answered { leg: leg.clone() },
        Event::Machine { leg: leg.clone() },
        Event::NoAnswer { leg: leg.clone() },
        Event::Busy { leg: leg.clone() },
        Event::RingFailed { leg: leg.clone(), why: why.clone() },
        Event::Accepted { leg: leg.clone() },
        Event::Declined { leg: leg.clone() },
        Event::Joined { leg: leg.clone() },
        Event::WhisperFailed { leg: leg.clone(), why: why.clone() },
        Event::JoinFailed { leg: leg.clone(), why: why.clone() },
        Event::RepLeft { leg },
        Event::CallerLeft,
        Event::CallEnded,
        Event::SlotsFound { search: number, slots: vec![slot.clone()] },
        Event::SlotsUnknown { search: number, why: why.clone() },
        Event::SlotChosen { slot },
        Event::SlotsDeclined,
        Event::Booked { attempt: number, booking },
        Event::SlotTaken { attempt: number },
        Event::BookingFailed { attempt: number, why: why.clone() },
        Event::Found { rep: rep.clone(), turn_in: None, reason: why.clone() },
        Event::ContactMade { rep, at },
        Event::Completed(second(chance, state, now)),
        Event::Reassigned { rep: chance.pick(reps).clone(), turn_in: None, waits_in: None, reason: why.clone() },
        Event::Closed { why: *chance.pick(&[Closing::Won, Closing::Lost, Closing::Age]) },
        Event::Timer { timer: timer.clone() },
        Event::Timer { timer },
    ];
    // Leaving ends the interesting part: not so often.
    let event = chance.pick(&events).clone();
    if matches!(event, Event::CallerLeft | Event::CallEnded) && chance.percent(80) {
        Event::SlotsDeclined
    } else {
        event
    }
}

/// Anything that a second event may bring, to a caller who is on the line or not.
fn second(chance: &mut Chance, state: &Handoff, now: DateTime<Utc>) -> Completed {
    let line = OnTheLine {
        since: now - chance.seconds(0, 200),
        targets: state.targets.clone(),
        rungs: if chance.percent(80) { vec![Rung::WarmTransfer, Rung::Callback] } else { state.rungs.clone() },
    };
    Completed {
        by: "made up".to_owned(),
        added: if chance.percent(50) { vec!["contact.name".to_owned()] } else { Vec::new() },
        zone: chance.percent(50).then(|| Zone::named("Asia/Tokyo")),
        caller: chance.percent(50).then(|| Box::new(Whereabouts::in_zone(Zone::named("America/New_York")))),
        times: Vec::new(),
        on_the_line: chance.percent(50).then_some(line),
    }
}

/// Fairness on the shipped workspace: as reps come and go, nobody's balance strays from zero by more than the bound of the
/// greedy rule for changing sets, (n − 1) / 2 (Ajtai et al., 1998). Pools that order by another key have no such bound.
#[test]
fn turns_stay_near_everybodys_share() {
    let rules = shipped();
    let mut ledgers: BTreeMap<_, Ledger> = BTreeMap::new();
    let mut chance = Chance::new(7);
    let mut now = instant("2026-03-03T00:00:00Z");
    for number in 0..4000 {
        now += chance.seconds(0, 300);
        let lead = people::lead(&mut chance, &rules, number, 7, now);
        let reps = rules.reps.keys().map(|rep| (rep.clone(), people::rep_facts(&mut chance, now))).collect();
        let account = people::account(&mut chance, &rules, now);
        let snapshot = Snapshot { reps, ledgers: ledgers.clone(), ..Snapshot::of_lead(now, account, None) };
        let Some(turn) = decide(&lead, &snapshot, &rules).turn else { continue };
        let pool = &rules.pools[&turn.pool];
        let ledger = ledgers.entry(pool.id.clone()).or_insert_with(|| Ledger::empty(pool.id.clone()));
        ledger.apply(&turn);
        assert_eq!(ledger.balances.values().sum::<i64>(), 0, "lead {number}: {turn:?}");
        let by_turns = matches!(pool.policy, OrderPolicy::Balanced | OrderPolicy::Strict) && !pool.owned_leads_count;
        let bound = TURN * (pool.members.len() as i64 - 1) / 2 + TURN / 100; // and rounding
        let worst = ledger.balances.values().map(|balance| balance.abs()).max().unwrap_or(0);
        assert!(!by_turns || worst <= bound, "lead {number}: {worst} of {bound} in {}: {:?}", pool.id, ledger.balances);
    }
    assert!(ledgers.len() >= 8, "only {} pools had a turn", ledgers.len());
    assert!(ledgers.values().map(|ledger| ledger.seq).sum::<i64>() > 2500);
}

fn quiet(now: DateTime<Utc>) -> Snapshot {
    let account = Fact::Unknown { why: "not asked".to_owned() };
    Snapshot::of_lead(now, account, None)
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

/// The rules that are shipped.
fn shipped() -> RuleSet {
    compile(&shipped_files()).unwrap_or_else(|faults| panic!("{faults:?}")).rules
}

/// Whose calendar is known: a cell that may be left empty.
#[derive(Clone, Copy)]
enum Calendars {
    All,
    Some,
    None,
}

fn shipped_with(calendars: Calendars) -> RuleSet {
    let mut rules = shipped();
    for (number, rep) in rules.reps.values_mut().enumerate() {
        let keeps = match calendars {
            Calendars::All => true,
            Calendars::Some => number.is_multiple_of(3),
            Calendars::None => false,
        };
        if !keeps {
            rep.calendar = None;
        }
    }
    rules
}

/// Every decision in the lives of these worlds, with what it was made from and by the rules of [`shipped_files`].
pub fn decisions(seeds: std::ops::Range<u64>) -> (RuleSet, Vec<(Lead, Snapshot, Decision)>) {
    let rules = shipped();
    let decided = seeds.flat_map(|seed| World::new(&rules, seed).live(LEADS).1).collect();
    (rules, decided)
}

pub fn shipped_files() -> Vec<SourceFile> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the shipped rules") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            let name = path.file_name().expect("a name").to_string_lossy();
            let text = std::fs::read_to_string(&path).expect("a text file");
            files.push(SourceFile { path: format!("rules/{name}"), text });
        }
    }
    files
}

impl Ends {
    fn add(&mut self, other: Self) {
        self.connected += other.connected;
        self.booked += other.booked;
        self.called += other.called;
        self.needs_attention += other.needs_attention;
        self.events += other.events;
        self.ignored += other.ignored;
        self.passed_over += other.passed_over;
        self.told_twice += other.told_twice;
        self.rung_anew += other.rung_anew;
        self.changed_hands += other.changed_hands;
        self.closed += other.closed;
    }
}
