//! Events that no world would bring: nothing that is said of a handoff, at whatever time, breaks it.

use super::chance::Chance;
use super::checks::{Move, always, round_trips};
use super::{instant, people, shipped};
use baton_core::domain::effect::Timer;
use baton_core::domain::id::{HandoffId, LeadId, LegId, RepId};
use baton_core::domain::known::Fact;
use baton_core::domain::lead::ReachBack;
use baton_core::domain::leg::Fault;
use baton_core::domain::outcome::{Booking, Slot};
use baton_core::domain::rep::{Busy, BusyKind};
use baton_core::domain::whereabouts::Whereabouts;
use baton_core::domain::zone::Zone;
use baton_core::handoff::state::{Closing, NewOwner};
use baton_core::handoff::{Completed, Event, Handoff, OnTheLine, Stage, advance};
use baton_core::routing::{Snapshot, decide};
use baton_core::rules::model::set::{Introduction, RingPlan, Rung};
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

/// Not what could happen, but anything at all, at any time, also before the last event's.
#[test]
fn entirely_arbitrary_events_break_nothing() {
    let rules = shipped();
    let reps: Vec<RepId> = rules.reps.keys().cloned().collect();
    for seed in 0..200 {
        let mut chance = Chance::new(seed);
        let mut now = instant("2026-03-03T09:00:00Z") + chance.seconds(0, 86_400);
        let account = Fact::Unknown { why: "not asked".to_owned() };
        let quiet = Snapshot::of_lead(now, account, None);
        let lead = people::lead(&mut chance, &rules, 0, seed, now);
        let decision = decide(&lead, &quiet, &rules);
        let mut state = Handoff::begin(&lead, &decision, &rules);
        let plans = [RingPlan::OneByOne, RingPlan::AtOnce(2), RingPlan::AddEvery(Duration::from_secs(5))];
        state.terms.ring = *chance.pick(&plans);
        state.terms.introduce = *chance.pick(&[Introduction::None, Introduction::Agent]);
        for rep in &reps {
            let from = now + chance.seconds(0, 7_200) - TimeDelta::hours(1);
            let busy = Busy { from, until: from + chance.seconds(1, 14_400), kind: BusyKind::Busy };
            state.busy.insert(rep.clone(), vec![busy]);
        }
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
        Timer::AddBy { rung: number },
        Timer::AcceptBy { leg: leg.clone() },
        Timer::JoinBy { leg: leg.clone() },
        Timer::SettledBy { leg: leg.clone() },
        Timer::ReleaseBy { leg: leg.clone() },
        Timer::PatienceBy,
        Timer::OfferCallback,
        Timer::IntroducedBy { leg: leg.clone() },
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
        Event::Machine { leg: leg.clone(), why: None },
        Event::NoAnswer { leg: leg.clone(), why: Some(why.clone()) },
        Event::Busy { leg: leg.clone(), why: None },
        Event::Forwarded { leg: leg.clone(), why: None },
        Event::WrongNumber { leg: leg.clone(), why: None },
        Event::RingFailed { leg: leg.clone(), why: why.clone(), fault: Fault::Vendor },
        Event::RingFailed { leg: leg.clone(), why: why.clone(), fault: Fault::Config },
        Event::Accepted { leg: leg.clone() },
        Event::Declined { leg: leg.clone(), why: None },
        Event::Joined { leg: leg.clone() },
        Event::WhisperFailed { leg: leg.clone(), why: why.clone(), fault: Fault::Vendor },
        Event::JoinFailed { leg: leg.clone(), why: why.clone(), fault: Fault::Vendor },
        Event::RepLeft { leg },
        Event::CallerLeft,
        Event::CallEnded,
        Event::CallbackWanted,
        Event::SlotsFound { search: number, slots: vec![slot.clone()] },
        Event::SlotsUnknown { search: number, why: why.clone() },
        Event::SlotChosen { slot },
        Event::SlotsDeclined,
        Event::Booked { attempt: number, booking },
        Event::SlotTaken { attempt: number },
        Event::BookingFailed { attempt: number, why: why.clone() },
        Event::Found(NewOwner::new(rep.clone(), why.as_str())),
        Event::ContactMade { rep, at },
        Event::Texted { why_not: None },
        Event::Completed(second(chance, state, now)),
        Event::Reassigned(NewOwner::new(chance.pick(reps).clone(), why.as_str())),
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
        reach_back: Some(*chance.pick(&[ReachBack::Call, ReachBack::Call, ReachBack::Mail, ReachBack::Nothing])),
        refusals_changed: chance.percent(30),
    }
}
