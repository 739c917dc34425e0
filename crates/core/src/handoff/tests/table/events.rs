//! One of every event for a handoff, whatever stage it is in, by the name under which the page tells of it.

use super::super::explore::current_leg;
use super::super::*;
use crate::handoff::state::Closing;
use crate::handoff::{Completed, OnTheLine};
use std::collections::BTreeSet;

pub(super) const EVENTS: [&str; 69] = [
    "start",
    "answered",
    "accepted",
    "joined",
    "declined",
    "busy",
    "no_answer",
    "machine",
    "forwarded",
    "wrong_number",
    "ring_failed",
    "whisper_failed",
    "join_failed",
    "rep_left",
    "talks_on",
    "told of a leg given up",
    "call_now",
    "lead answered",
    "lead joined",
    "lead not had",
    "lead_left",
    "key: spoken",
    "key: not reached",
    "key: wrong person",
    "key: not offered",
    "caller_left",
    "callback_wanted",
    "missed",
    "call_ended",
    "slots_found",
    "slots_unknown",
    "slot_chosen",
    "slots_declined",
    "booked",
    "slot_taken",
    "booking_failed",
    "move_wanted",
    "meeting_moved",
    "meeting_not_moved",
    "called_off",
    "called_off: call instead",
    "contact_made",
    "texted",
    "found",
    "completed",
    "completed: the caller is on the line",
    "reassigned",
    "closed",
    "timer patience_by",
    "timer offer_callback",
    "timer ring_by",
    "timer add_by",
    "timer accept_by",
    "timer join_by",
    "timer settled_by",
    "timer introduced_by",
    "timer release_by",
    "timer search_by",
    "timer slot_by",
    "timer book_by",
    "timer remind",
    "timer escalate",
    "timer sla: reassign",
    "timer breach",
    "timer call_at",
    "timer call_again",
    "timer dial_by",
    "timer answer_by",
    "timer of a leg given up",
];

pub(super) fn every_event(state: &Handoff, rules: &RuleSet, now: DateTime<Utc>) -> Vec<(&'static str, Event)> {
    let leg = current_leg(state).unwrap_or_else(|| LegId::of(&state.id, state.legs.len() as u32 + 1));
    let mut events = of_a_leg(&leg).to_vec();
    events.extend(timers_of_a_leg(&leg));
    events.extend(of_a_lead(&leg.of_lead()));
    events.extend(keys_of_a_rep(&leg));
    let asked = state.asked_on().and_then(|leg| leg.dialled.as_ref()).map_or(1, |lead| lead.asked);
    events.push(("timer answer_by", Event::Timer { timer: Timer::AnswerBy { leg: leg.clone(), asked } }));
    events.push(("timer dial_by", Event::Timer { timer: Timer::DialBy { leg: leg.clone() } }));
    events.push(("call_now", Event::CallNow { rep: rep_id("ben"), by: "a team lead".to_owned() }));
    events.extend(of_the_call(state, now));
    events.extend(of_others(state, rules, now));
    events.extend(of_the_clock(state));
    let given_up = state.legs.iter().find(|known| known.state.is_given_up());
    let stray = given_up.map_or_else(|| LegId::of(&state.id, 9), |leg| leg.id.clone());
    events.extend(of_a_leg(&stray).map(|(_, event)| ("told of a leg given up", event)));
    events.extend(timers_of_a_leg(&stray).map(|(_, event)| ("timer of a leg given up", event)));
    let named: BTreeSet<&str> = events.iter().map(|(name, _)| *name).collect();
    assert_eq!(named, EVENTS.into_iter().collect());
    events
}

fn of_a_leg(leg: &LegId) -> [(&'static str, Event); 14] {
    let (leg, why) = (|| leg.clone(), || "made up".to_owned());
    [
        ("answered", Event::Answered { leg: leg() }),
        ("accepted", Event::Accepted { leg: leg() }),
        ("joined", Event::Joined { leg: leg() }),
        ("declined", Event::Declined { leg: leg(), why: None }),
        ("busy", Event::Busy { leg: leg(), why: None }),
        ("no_answer", Event::NoAnswer { leg: leg(), why: None }),
        ("machine", Event::Machine { leg: leg(), why: None }),
        ("forwarded", Event::Forwarded { leg: leg(), why: None }),
        ("wrong_number", Event::WrongNumber { leg: leg(), why: None }),
        ("ring_failed", Event::RingFailed { leg: leg(), why: why(), fault: Fault::Vendor }),
        ("whisper_failed", Event::WhisperFailed { leg: leg(), why: why(), fault: Fault::Vendor }),
        ("join_failed", Event::JoinFailed { leg: leg(), why: why(), fault: Fault::Vendor }),
        ("rep_left", Event::RepLeft { leg: leg() }),
        ("talks_on", Event::TalksOn { leg: leg() }),
    ]
}

fn of_a_lead(leg: &LegId) -> [(&'static str, Event); 7] {
    let (leg, why) = (|| leg.clone(), || "made up".to_owned());
    [
        ("lead answered", Event::Answered { leg: leg() }),
        ("lead joined", Event::Joined { leg: leg() }),
        ("lead not had", Event::NoAnswer { leg: leg(), why: None }),
        ("lead not had", Event::Busy { leg: leg(), why: None }),
        ("lead not had", Event::Machine { leg: leg(), why: None }),
        ("lead not had", Event::RingFailed { leg: leg(), why: why(), fault: Fault::Vendor }),
        ("lead_left", Event::LeadLeft { leg: leg() }),
    ]
}

fn keys_of_a_rep(leg: &LegId) -> [(&'static str, Event); 4] {
    let keys = [("key: spoken", '1'), ("key: not reached", '3'), ("key: wrong person", '4'), ("key: not offered", '9')];
    keys.map(|(name, key)| (name, Event::Pressed { leg: leg.clone(), key }))
}

fn timers_of_a_leg(leg: &LegId) -> [(&'static str, Event); 6] {
    let leg = || leg.clone();
    [
        ("timer ring_by", Timer::RingBy { leg: leg() }),
        ("timer accept_by", Timer::AcceptBy { leg: leg() }),
        ("timer join_by", Timer::JoinBy { leg: leg() }),
        ("timer settled_by", Timer::SettledBy { leg: leg() }),
        ("timer introduced_by", Timer::IntroducedBy { leg: leg() }),
        ("timer release_by", Timer::ReleaseBy { leg: leg() }),
    ]
    .map(|(name, timer)| (name, Event::Timer { timer }))
}

fn of_the_call(state: &Handoff, now: DateTime<Utc>) -> [(&'static str, Event); 20] {
    let (search, attempt) = (state.searches, state.booking_attempts);
    let why = || "made up".to_owned();
    let slot = match &state.stage {
        Stage::Offering { slots, .. } => slots.first().cloned(),
        _ => None,
    };
    let slot = slot.unwrap_or_else(|| super::super::slot(9));
    [
        ("start", Event::Start),
        ("caller_left", Event::CallerLeft),
        ("callback_wanted", Event::CallbackWanted),
        ("missed", Event::Missed),
        ("call_ended", Event::CallEnded),
        ("slots_found", Event::SlotsFound { search, slots: vec![super::super::slot(14)] }),
        ("slots_found", Event::SlotsFound { search, slots: Vec::new() }),
        ("slots_unknown", Event::SlotsUnknown { search, why: why() }),
        ("slot_chosen", Event::SlotChosen { slot }),
        ("slots_declined", Event::SlotsDeclined),
        ("booked", booked(attempt)),
        ("slot_taken", Event::SlotTaken { attempt }),
        ("booking_failed", Event::BookingFailed { attempt, why: why() }),
        ("move_wanted", Event::MoveWanted { to: super::super::slot(15) }),
        ("meeting_moved", Event::MeetingMoved { attempt, booking: moved() }),
        ("meeting_not_moved", Event::MeetingNotMoved { attempt, why: why(), taken: true }),
        ("called_off", Event::CalledOff { wants_call: false }),
        ("called_off: call instead", Event::CalledOff { wants_call: true }),
        ("contact_made", Event::ContactMade { rep: state.owner.clone(), at: now }),
        ("texted", Event::Texted { why_not: Some(why()) }),
    ]
}

/// What a person, a second event or another lead's end brings.
fn of_others(state: &Handoff, rules: &RuleSet, now: DateTime<Utc>) -> Vec<(&'static str, Event)> {
    let to = || NewOwner::new(rep_id("eve"), "told");
    let added = vec!["contact.title".to_owned()];
    let completed = || Completed { by: "town evt-2".into(), added: added.clone(), ..Completed::default() };
    let line = OnTheLine { since: now, targets: state.targets.clone(), rungs: rules.handoff.ladders.of(None).to_vec() };
    let on_the_line = Completed { on_the_line: Some(line), ..completed() };
    vec![
        ("found", Event::Found(to())),
        ("completed", Event::Completed(completed())),
        ("completed: the caller is on the line", Event::Completed(on_the_line)),
        ("reassigned", Event::Reassigned(to())),
        ("closed", Event::Closed { why: Closing::Won }),
    ]
}

fn of_the_clock(state: &Handoff) -> [(&'static str, Event); 12] {
    let (search, attempt, promised_at) = (state.searches, state.booking_attempts, state.next_step().at);
    let owner = state.next_step().owner;
    [
        ("timer patience_by", Timer::PatienceBy),
        ("timer offer_callback", Timer::OfferCallback),
        ("timer add_by", Timer::AddBy { rung: state.legs.len() as u32 }),
        ("timer search_by", Timer::SearchBy { search }),
        ("timer slot_by", Timer::SlotBy { search }),
        ("timer book_by", Timer::BookBy { attempt }),
        ("timer remind", Timer::Remind { promised_at }),
        ("timer escalate", Timer::Escalate { promised_at }),
        ("timer sla: reassign", Timer::Sla { promised_at, owner, act: SlaAct::Reassign, from: None }),
        ("timer breach", Timer::Breach { promised_at }),
        ("timer call_at", Timer::CallAt { promised_at }),
        ("timer call_again", Timer::CallAgain { rep: rep_id("ben"), until: promised_at }),
    ]
    .map(|(name, timer)| (name, Event::Timer { timer }))
}
