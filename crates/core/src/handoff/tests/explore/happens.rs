//! What may happen to a caller's handoff in a state: all that can be told of phones that rang, at any time and in any order,
//! what caller, calendar and reps may do, and every timer that is due.

use super::super::*;
use super::side::Line;
use crate::domain::outcome::Promise;
use crate::handoff::state::Leg;
use crate::rules::model::set::{CallbackDial, RingPlan};
use chrono::TimeDelta;

/// A rep who leaves sooner than this after the bridge was not really there.
const SETTLE: TimeDelta = TimeDelta::seconds(10);
/// The clock makes a call so much before its time.
const CALLS_AHEAD: TimeDelta = TimeDelta::minutes(2);

pub(super) fn happens(state: &Handoff, lines: &[(usize, Line)], now: DateTime<Utc>) -> Vec<Event> {
    let mut events = vec![Event::Start, Event::CallerLeft, Event::CallbackWanted];
    for (leg, (_, line)) in state.legs.iter().zip(lines) {
        phone(&mut events, &leg.id, *line);
        if leg.dialled.as_ref().is_some_and(|lead| lead.state.is_some()) {
            lead(&mut events, &leg.id.of_lead());
            events.extend(['1', '3', '4', '9'].map(|key| Event::Pressed { leg: leg.id.clone(), key }));
        }
    }
    calendar(&mut events, state);
    if matches!(state.stage, Stage::Callback { .. } | Stage::NeedsAttention { .. }) {
        events.push(Event::ContactMade { rep: state.owner.clone(), at: now });
        // One try, once the line is gone: after it all is as before.
        if !state.live && state.legs.iter().all(|leg| leg.dialled.is_none()) {
            events.push(Event::CallNow { rep: rep_id("ben"), by: String::new() });
        }
    }
    events.extend(timers(state, now).into_iter().map(|timer| Event::Timer { timer }));
    events
}

fn phone(events: &mut Vec<Event>, leg: &LegId, line: Line) {
    let leg = || leg.clone();
    let why = || "made up".to_owned();
    if line != Line::Never {
        events.push(Event::RingFailed { leg: leg(), why: why(), fault: Fault::Vendor });
    }
    if line.has_rung() {
        events.extend([
            Event::Answered { leg: leg() },
            Event::Accepted { leg: leg() },
            Event::Declined { leg: leg(), why: None },
            Event::Machine { leg: leg(), why: None },
            Event::Joined { leg: leg() },
            Event::TalksOn { leg: leg() },
            Event::WhisperFailed { leg: leg(), why: why(), fault: Fault::Vendor },
            Event::JoinFailed { leg: leg(), why: why(), fault: Fault::Vendor },
        ]);
    }
    // Of a phone that is down, that it is: while it is up nobody can say so.
    if line == Line::Down {
        events.extend([Event::NoAnswer { leg: leg(), why: None }, Event::RepLeft { leg: leg() }]);
    }
}

/// Anything at any time: what is told of a lead's phone may be late as well.
fn lead(events: &mut Vec<Event>, leg: &LegId) {
    let (leg, why) = (|| leg.clone(), || "made up".to_owned());
    events.extend([
        Event::Answered { leg: leg() },
        Event::Joined { leg: leg() },
        Event::NoAnswer { leg: leg(), why: None },
        Event::Machine { leg: leg(), why: None },
        Event::JoinFailed { leg: leg(), why: why(), fault: Fault::Vendor },
        Event::LeadLeft { leg: leg() },
    ]);
}

fn calendar(events: &mut Vec<Event>, state: &Handoff) {
    for search in 1..=state.searches {
        let others = if search == 1 { vec![slot(14), slot(15)] } else { vec![slot(15)] };
        events.push(Event::SlotsFound { search, slots: others });
        events.push(Event::SlotsFound { search, slots: Vec::new() });
        events.push(Event::SlotsUnknown { search, why: "made up".to_owned() });
    }
    if state.searches > 0 {
        events.extend([14, 15, 9].map(|hour| Event::SlotChosen { slot: slot(hour) }));
        events.push(Event::SlotsDeclined);
    }
    for attempt in 1..=state.booking_attempts {
        events.extend([booked(attempt), Event::SlotTaken { attempt }]);
        events.push(Event::BookingFailed { attempt, why: "made up".to_owned() });
    }
}

/// The stage's own when it is due, those of the past at any time.
fn timers(state: &Handoff, now: DateTime<Utc>) -> Vec<Timer> {
    let mut timers = Vec::new();
    for known in &state.legs {
        let leg = || known.id.clone();
        timers.extend([Timer::RingBy { leg: leg() }, Timer::AcceptBy { leg: leg() }, Timer::JoinBy { leg: leg() }]);
        timers.extend([Timer::SettledBy { leg: leg() }, Timer::IntroducedBy { leg: leg() }]);
        timers.extend(known.dialled.as_ref().map(|_| Timer::DialBy { leg: leg() }));
        let asked = known.dialled.as_ref().map_or(0, |lead| lead.asked);
        timers.extend((1..=asked).map(|asked| Timer::AnswerBy { leg: leg(), asked }));
        timers.extend(state.is_done().then(|| Timer::ReleaseBy { leg: leg() }));
    }
    for search in 1..=state.searches {
        timers.extend([Timer::SearchBy { search }, Timer::SlotBy { search }]);
    }
    timers.extend((1..=state.booking_attempts).map(|attempt| Timer::BookBy { attempt }));
    if offered_by(state).is_some_and(|at| at <= now) {
        timers.push(Timer::OfferCallback);
    }
    if state.patience_until <= now {
        timers.push(Timer::PatienceBy);
    }
    if let Stage::Callback { promise } = &state.stage {
        let promised_at = promise.promised_at;
        let due = |before: std::time::Duration| promised_at - TimeDelta::from_std(before).unwrap_or_default() <= now;
        let terms = &state.terms.callback;
        timers.extend(due(terms.remind_before).then_some(Timer::Remind { promised_at }));
        timers.extend(due(terms.escalate_before).then_some(Timer::Escalate { promised_at }));
        timers.extend((promised_at <= now).then_some(Timer::Breach { promised_at }));
        let calls = calls_at(state, promise).filter(|at| *at <= now);
        timers.extend(calls.map(|_| Timer::CallAt { promised_at }));
        for (act, _) in steps(state, promise).into_iter().filter(|(_, at)| *at <= now) {
            timers.push(Timer::Sla { promised_at, owner: promise.owner.clone(), act, from: state.steps_from });
        }
    }
    if matches!(state.terms.ring, RingPlan::AddEvery(_)) {
        timers.extend((1..=state.legs.len() as u32).map(|rung| Timer::AddBy { rung }));
    }
    if let [own] = own_timers(state).as_slice() {
        timers.retain(|timer| timer != own || state.moves_on_by <= now);
    }
    if let Stage::Bridged { at, .. } = &state.stage
        && now < *at + SETTLE
    {
        timers.retain(|timer| !matches!(timer, Timer::SettledBy { .. }));
    }
    timers
}

/// When something is to be done about a promise, in order.
pub(super) fn instants(state: &Handoff, promise: &Promise) -> Vec<DateTime<Utc>> {
    let (at, minutes) = (promise.promised_at, TimeDelta::minutes);
    let mut instants = vec![at - minutes(10), at - minutes(5), at, state.moves_on_by];
    instants.extend(calls_at(state, promise));
    instants.extend(steps(state, promise).into_iter().map(|(_, at)| at));
    instants.sort();
    instants
}

/// When the clock makes the call: one try, as of whoever asks for one.
fn calls_at(state: &Handoff, promise: &Promise) -> Option<DateTime<Utc>> {
    let is_the_clocks = state.terms.callback.dial == CallbackDial::AtTheTime;
    let is_first = state.legs.iter().all(|leg| leg.dialled.is_none());
    (is_the_clocks && is_first).then(|| promise.promised_at - CALLS_AHEAD)
}

/// What was set for whoever owes it, and when that is due. A lead is on offer once.
pub(super) fn steps(state: &Handoff, promise: &Promise) -> Vec<(SlaAct, DateTime<Utc>)> {
    let Some(from) = state.steps_from.filter(|_| state.waits_in.is_none()) else { return Vec::new() };
    let steps = &state.terms.callback.steps;
    let set = steps.iter().map(|step| (step.act, from + TimeDelta::from_std(step.after).unwrap_or_default()));
    set.filter(|(_, due)| *due < promise.promised_at).collect()
}

/// When a caller who still waits is offered a call back.
fn offered_by(state: &Handoff) -> Option<DateTime<Utc>> {
    Some(state.decided_at + TimeDelta::from_std(state.terms.offer_callback?).unwrap_or_default())
}

/// What moves a stage on though nobody ever tells us anything again.
pub(super) fn own_timers(state: &Handoff) -> Vec<Timer> {
    let of_leg = |leg: &Leg| {
        let (state, leg) = (leg.state, leg.id.clone());
        match state {
            LegState::Ringing => Timer::RingBy { leg },
            LegState::Answered => Timer::AcceptBy { leg },
            LegState::Accepted => Timer::JoinBy { leg },
            _ => Timer::SettledBy { leg },
        }
    };
    let call = state.current_legs().find(|leg| leg.dialled.is_some()).filter(|_| !state.is_done());
    let asked = |leg: &Leg| leg.dialled.as_ref().map_or(0, |lead| lead.asked);
    let of_call = call.map(|leg| match (asked(leg), leg.state) {
        (0, LegState::Accepted) => Timer::DialBy { leg: leg.id.clone() },
        (0, _) => of_leg(leg),
        (asked, _) => Timer::AnswerBy { leg: leg.id.clone(), asked },
    });
    let only = match &state.stage {
        Stage::Offered | Stage::Done { .. } => return Vec::new(),
        Stage::NeedsAttention { .. } => return of_call.into_iter().collect(),
        Stage::Ringing { .. } | Stage::Briefing { .. } | Stage::Joining { .. } | Stage::Bridged { .. } => {
            return state.current_legs().map(of_leg).collect();
        }
        Stage::Searching { search } => Timer::SearchBy { search: *search },
        Stage::Offering { search, .. } => Timer::SlotBy { search: *search },
        Stage::Booking { attempt, .. } => Timer::BookBy { attempt: *attempt },
        Stage::Callback { promise } => Timer::Breach { promised_at: promise.promised_at },
    };
    of_call.into_iter().chain([only]).collect()
}
