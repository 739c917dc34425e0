//! What is done about a promise before its time: reminded, told to the manager, offered to others.

use super::*;
use crate::domain::rep::{Busy, BusyKind};
use crate::rules::model::set::SlaStep;
use std::time::Duration;

fn with_steps() -> UnderWay {
    let mut world = scenario();
    let step = |minutes: u64, act| SlaStep { after: Duration::from_secs(60 * minutes), act };
    world.rules.handoff.callback.steps =
        vec![step(5, SlaAct::Remind), step(15, SlaAct::Escalate), step(30, SlaAct::Reassign)];
    begun(world)
}

/// Ben has promised a call for eleven; it is ten.
fn promised() -> UnderWay {
    with_steps().offered().on(Event::SlotsDeclined).promises("ben", "11:00")
}

fn found(name: &str) -> Event {
    let turn_in = Some("west".to_owned().try_into().expect("a pool"));
    Event::Found(NewOwner { turn_in, ..NewOwner::new(rep_id(name), "nothing was done about it in time") })
}

impl UnderWay {
    /// Each step that was set by the last move: who owes it, what it is, and when it comes.
    fn sets(self, expected: &[(&str, SlaAct, &str)]) -> Self {
        let set = self.last.effects.iter().filter_map(|planned| match &planned.effect {
            Effect::Timer { timer: Timer::Sla { owner, act, .. } } => Some((owner.clone(), *act, planned.run_at)),
            _ => None,
        });
        let expected: Vec<_> = expected.iter().map(|(name, act, time)| (rep_id(name), *act, at(time))).collect();
        assert_eq!(set.collect::<Vec<_>>(), expected);
        self
    }

    fn step(self, name: &str, act: SlaAct) -> Self {
        let (promised_at, from) = (self.state.next_step().at, self.state.steps_from);
        self.timer(Timer::Sla { promised_at, owner: rep_id(name), act, from })
    }
}

#[test]
fn steps_are_set_from_when_the_promise_is_made_and_take_the_place_of_the_reminders_before_it() {
    let call = promised().sets(&[
        ("ben", SlaAct::Remind, "10:05"),
        ("ben", SlaAct::Escalate, "10:15"),
        ("ben", SlaAct::Reassign, "10:30"),
    ]);
    let promised_at = at("11:00");
    let call = call.does(&Effect::Timer { timer: Timer::Breach { promised_at } });
    for before in [Timer::Remind { promised_at }, Timer::Escalate { promised_at }] {
        assert!(!call.last.effects.iter().any(|planned| planned.effect == Effect::Timer { timer: before.clone() }));
    }
}

/// A call was promised within fifteen minutes: what would come no sooner is left out.
#[test]
fn a_step_that_comes_no_sooner_than_the_promise_is_left_out() {
    let call = with_steps().on(Event::CallerLeft).promises("ben", "10:15");
    call.sets(&[("ben", SlaAct::Remind, "10:05")]);
}

/// Ben is in a meeting until noon, and has promised a call for when it is over.
#[test]
fn where_a_calendar_puts_the_promise_off_its_steps_come_later_too() {
    let mut call = with_steps().offered();
    let meeting = Busy { from: at("10:00"), until: at("12:00"), kind: BusyKind::Busy };
    call.state.busy.insert(rep_id("ben"), vec![meeting]);
    let call = call.on(Event::SlotsDeclined).promises("ben", "12:10");
    call.sets(&[
        ("ben", SlaAct::Remind, "11:15"),
        ("ben", SlaAct::Escalate, "11:25"),
        ("ben", SlaAct::Reassign, "11:40"),
    ]);
}

#[test]
fn the_owner_is_reminded_and_then_the_manager_told() {
    let call = promised().after(300).step("ben", SlaAct::Remind).briefs("ben", BriefWhy::Reminder);
    let call = call.publishes(Topic::CallbackDue);
    call.after(600).step("ben", SlaAct::Escalate).briefs("max", BriefWhy::Escalation).promises("ben", "11:00");
}

#[test]
fn a_lead_that_was_let_lie_is_offered_to_others_and_answered_for_meanwhile() {
    let call = promised().after(1800).step("ben", SlaAct::Reassign).promises("ben", "11:00").owner_is("ben");
    assert!(call.state.is_waiting());
    assert_eq!(call.state.let_lie, [rep_id("ben")]);
    // Once: it is on offer already.
    call.step("ben", SlaAct::Reassign).ignored();
}

/// The caller was told eleven, and cy has time for it. The steps begin anew, as far as they come before the promise.
#[test]
fn whoever_takes_it_keeps_the_time_and_has_steps_of_their_own() {
    let call = promised().after(1800).step("ben", SlaAct::Reassign).on(found("cy"));
    let call = call.owner_is("cy").promises("cy", "11:00").briefs("cy", BriefWhy::Callback);
    let call = call.briefs("ben", BriefWhy::GivenAway).publishes(Topic::CallbackPromised);
    let call = call.sets(&[("cy", SlaAct::Remind, "10:35"), ("cy", SlaAct::Escalate, "10:45")]);
    assert!(!call.state.is_waiting());
    // What was set for ben is nobody's any more.
    call.step("ben", SlaAct::Escalate).ignored().step("cy", SlaAct::Remind).briefs("cy", BriefWhy::Reminder);
}

#[test]
fn where_nobody_takes_it_the_promise_is_broken_as_any_other() {
    let call = promised().after(1800).step("ben", SlaAct::Reassign).after(1800);
    let call = call.timer(Timer::Breach { promised_at: at("11:00") }).needs_attention_of("max");
    assert!(call.state.is_waiting());
    call.after(60).on(found("cy")).owner_is("cy").publishes(Topic::CallbackPromised);
}

#[test]
fn a_promise_that_was_kept_has_no_steps() {
    let called = promised().after(60).on(Event::ContactMade { rep: rep_id("ben"), at: at("10:01") });
    let (promised_at, owner, from) = (at("11:00"), rep_id("ben"), called.state.steps_from);
    called.timer(Timer::Sla { promised_at, owner, act: SlaAct::Reassign, from }).ignored();
}

/// A person has named cy: nobody takes it from cy for what ben did not do.
#[test]
fn what_was_set_for_one_rep_is_not_done_to_another() {
    let to = NewOwner::new(rep_id("cy"), "cy knows them");
    let call = promised().after(1200).on(Event::Reassigned(to)).promises("cy", "11:00");
    let call = call.sets(&[
        ("cy", SlaAct::Remind, "10:25"),
        ("cy", SlaAct::Escalate, "10:35"),
        ("cy", SlaAct::Reassign, "10:50"),
    ]);
    call.step("ben", SlaAct::Reassign).ignored();
}

/// Ben gives it to cy and gets it back, and has as much time as anybody to whom it is given.
#[test]
fn what_was_set_for_a_rep_before_is_not_done_when_they_have_it_once_more() {
    let to = |name: &str| Event::Reassigned(NewOwner::new(rep_id(name), "told"));
    let call = promised();
    let (promised_at, owner) = (at("11:00"), rep_id("ben"));
    let before = Timer::Sla { promised_at, owner, act: SlaAct::Reassign, from: call.state.steps_from };
    let call = call.after(600).on(to("cy")).after(600).on(to("ben")).promises("ben", "11:00");
    let call = call.sets(&[
        ("ben", SlaAct::Remind, "10:25"),
        ("ben", SlaAct::Escalate, "10:35"),
        ("ben", SlaAct::Reassign, "10:50"),
    ]);
    let call = call.after(600).timer(before).ignored().after(1200).step("ben", SlaAct::Reassign);
    assert!(call.state.is_waiting());
}

/// Max looks into it by then, and ben has not been told that it is another's.
#[test]
fn whoever_let_it_lie_is_told_who_has_it_also_after_the_promise_was_broken() {
    let call = promised().after(1800).step("ben", SlaAct::Reassign).after(1800);
    let call = call.timer(Timer::Breach { promised_at: at("11:00") }).needs_attention_of("max").after(60);
    call.on(found("cy")).owner_is("cy").briefs("ben", BriefWhy::GivenAway);
}

/// As it was stored before timers told from when they were counted.
#[test]
fn a_step_of_an_earlier_version_is_done() {
    let call = promised().after(1800);
    let stored = serde_json::json!({
        "timer": "sla", "promised_at": at("11:00"), "owner": "ben", "act": "reassign"
    });
    let call = call.timer(serde_json::from_value(stored).expect("a timer"));
    assert!(call.state.is_waiting());
}

/// As it was stored before there were any.
#[test]
fn a_handoff_without_steps_is_stored_as_it_always_was() {
    let stored = serde_json::to_value(&call().state).expect("JSON");
    assert_eq!((stored["terms"]["callback"].get("steps"), stored.get("let_lie")), (None, None));
    assert_eq!(stored.get("steps_from"), None);
}
