//! Leads that wait.

use super::*;
use crate::domain::rep::{Busy, BusyKind};

/// Nobody of west or desk can be had for days: max answers for the lead, which waits in west.
fn waiting() -> UnderWay {
    let gone = scenario().not_live().away("dee").away("eve").on_leave("ben");
    let call = begun(gone.out_of_office("cy", at("10:00") + TimeDelta::days(9))).promises("max", "11:00");
    assert!(call.state.is_waiting());
    call
}

/// Ben is at work again.
fn ben_is_back() -> UnderWay {
    let mut call = waiting();
    call.rules.reps.get_mut(&rep_id("ben")).expect("ben").leave.clear();
    call
}

fn found(name: &str) -> Event {
    let turn_in = Some("west".to_owned().try_into().expect("a pool"));
    Event::Found(NewOwner { turn_in, ..NewOwner::new(rep_id(name), "back") })
}

#[test]
fn who_takes_a_lead_that_waited_keeps_the_promise_that_was_made() {
    let call = ben_is_back().after(1200).on(found("ben")).owner_is("ben").promises("ben", "11:00");
    assert!(!call.state.is_waiting() && call.state.turn_in.is_some());
    let owner = rep_id("ben");
    let note = CrmNote::CallbackPromised { promised_at: at("11:00") };
    let call = call.briefs("ben", BriefWhy::Callback).does(&Effect::WriteCrm { owner, note });
    // The timers of the promise are those that were set when it was made.
    let reminder = Timer::Remind { promised_at: at("11:00") };
    call.after(1800).timer(reminder).briefs("ben", BriefWhy::Reminder).on(found("cy")).ignored();
}

/// The caller was told eleven; it is twenty past ten.
#[test]
fn who_has_no_time_for_a_call_before_the_promised_time_promises_another() {
    let taken_by_ben = |meetings: &[(&str, &str)]| {
        let busy = |(from, until): &(&str, &str)| Busy { from: at(from), until: at(until), kind: BusyKind::Busy };
        let busy = Some(meetings.iter().map(busy).collect());
        let found = Event::Found(NewOwner { busy, ..NewOwner::new(rep_id("ben"), "back") });
        ben_is_back().after(1200).on(found).owner_is("ben")
    };
    for meetings in
        [vec![], vec![("10:20", "10:50")], vec![("10:30", "12:00")], vec![("10:20", "10:40"), ("10:50", "11:30")]]
    {
        taken_by_ben(&meetings).promises("ben", "11:00");
    }
    // Seven minutes are left, or none: a call for when the meeting is over.
    for meetings in [vec![("10:20", "10:53")], vec![("10:27", "11:10")], vec![("10:00", "11:10")]] {
        let call = taken_by_ben(&meetings).publishes(Topic::CallbackPromised);
        assert!(call.state.next_step().at > at("11:00"), "{meetings:?}: {:?}", call.state.next_step());
        assert_eq!(call.state.next_step().owner, rep_id("ben"));
    }
}

#[test]
fn a_lead_whose_promise_was_broken_is_promised_anew_by_who_takes_it() {
    let call = waiting().after(3600).timer(Timer::Breach { promised_at: at("11:00") }).needs_attention_of("max");
    assert!(call.state.is_waiting());
    let call = call.after(600).on(found("ben")).owner_is("ben").publishes(Topic::CallbackPromised);
    let Stage::Callback { promise } = &call.state.stage else { panic!("{:?}", call.state.stage) };
    assert!(promise.raised && promise.owner == rep_id("ben") && promise.promised_at > call.now);
}

#[test]
fn a_lead_that_does_not_wait_is_not_taken_from_its_owner() {
    call().on(found("cy")).ignored();
    call().offered().on(Event::SlotsDeclined).on(found("cy")).ignored();
    let called = waiting().on(Event::ContactMade { rep: rep_id("max"), at: at("10:00") });
    assert!(!called.state.is_waiting());
    called.on(found("ben")).ignored();
}
