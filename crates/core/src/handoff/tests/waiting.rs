//! Leads that wait.

use super::*;

/// Nobody of west or desk can be had for days: max answers for the lead, which waits in west.
fn waiting() -> UnderWay {
    let gone = scenario().not_live().away("dee").away("eve").on_leave("ben");
    let call = begun(gone.out_of_office("cy", at("10:00") + TimeDelta::days(9))).promises("max", "11:00");
    assert!(call.state.is_waiting());
    call
}

fn found(name: &str) -> Event {
    let turn_in = Some("west".to_owned().try_into().expect("a pool"));
    Event::Found { rep: rep_id(name), turn_in, reason: "back".into() }
}

#[test]
fn who_takes_a_lead_that_waited_keeps_the_promise_that_was_made() {
    let call = waiting().after(1200).on(found("ben")).owner_is("ben").promises("ben", "11:00");
    assert!(!call.state.is_waiting() && call.state.turn_in.is_some());
    let owner = rep_id("ben");
    let note = CrmNote::CallbackPromised { promised_at: at("11:00") };
    let call = call.briefs("ben", BriefWhy::Callback).does(&Effect::WriteCrm { owner, note });
    // The timers of the promise are those that were set when it was made.
    let reminder = Timer::Remind { promised_at: at("11:00") };
    call.after(1800).timer(reminder).briefs("ben", BriefWhy::Reminder).on(found("cy")).ignored();
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
