//! From the first ring to the conversation.

use super::*;
use crate::handoff::state::Leg;
use crate::routing::ledger::Cause;
use crate::rules::model::set::{PoolPreference, Wish};

#[test]
fn the_first_rep_is_held_then_rung_while_the_caller_is_told() {
    let instruction = Instruction::Hold { rep: rep_id("ben") };
    call().rings("ben", 1).does(&Effect::Instruct { instruction }).briefs("ben", BriefWhy::Ringing);
}

#[test]
fn a_key_press_joins_and_ten_seconds_together_count() {
    let call = call().settled().ends_connected("ben").publishes(Topic::HandoffConnected);
    assert_eq!(call.state.first_contact_at, Some(at("10:00") + TimeDelta::seconds(9)));
    assert!(!call.state.holds.is_empty(), "ben is still talking");
}

#[test]
fn a_key_press_that_overtakes_the_answer_stands_for_both() {
    call().after(5).accepted(1).after(1).answered(1).ignored().joined(1).leg_is(1, LegState::Joined);
}

#[test]
fn who_declines_is_hung_up_and_the_next_is_rung() {
    call().after(4).answered(1).declined(1).hangs_up(1).leg_is(1, LegState::Declined).rings("cy", 2);
}

#[test]
fn silence_after_the_whisper_is_a_no() {
    let call = call().after(4).answered(1).after(10).leg_timer(1, |leg| Timer::AcceptBy { leg });
    call.hangs_up(1).leg_is(1, LegState::NoAnswer).rings("cy", 2);
}

#[test]
fn a_phone_that_rings_out_is_hung_up() {
    call().after(15).leg_timer(1, |leg| Timer::RingBy { leg }).hangs_up(1).rings("cy", 2);
}

#[test]
fn a_machine_is_not_connected_to_a_caller() {
    let call = call().after(4).answered(1).of_leg(1, |leg| Event::Machine { leg, why: None });
    call.hangs_up(1).leg_is(1, LegState::Machine).rings("cy", 2);
}

#[test]
fn a_rep_who_heard_no_whisper_is_let_go_unless_the_key_was_pressed() {
    let failed = |leg| Event::WhisperFailed { leg, why: "no answer".into() };
    let call = call().after(4).answered(1).of_leg(1, failed).hangs_up(1).rings("cy", 2);
    call.answered(2).accepted(2).of_leg(2, failed).ignored();
}

#[test]
fn a_join_that_fails_goes_on_to_the_next() {
    let failed = |leg| Event::JoinFailed { leg, why: "conference is gone".into() };
    call().after(4).answered(1).accepted(1).of_leg(1, failed).hangs_up(1).rings("cy", 2);
}

#[test]
fn spent_patience_ends_the_ringing_and_a_time_is_looked_for() {
    let call = call().after(4).declined(1).rings("cy", 2).after(41).timer(Timer::PatienceBy);
    call.hangs_up(2).leg_is(2, LegState::Cancelled).holds_nobody().searches(1);
}

#[test]
fn an_answer_after_patience_is_spent_does_not_wait_for_the_late_timer() {
    call().after(46).answered(1).hangs_up(1).leg_is(1, LegState::Cancelled).searches(1);
}

#[test]
fn patience_does_not_end_what_was_accepted() {
    call().after(40).answered(1).accepted(1).after(5).timer(Timer::PatienceBy).ignored();
}

#[test]
fn an_answer_that_comes_when_the_next_is_rung_is_hung_up() {
    let call = call().declined(1).after(1).accepted(1).hangs_up(1);
    assert_eq!(call.state.stage, Stage::Ringing { leg: call.leg(2), others: Vec::new() });
}

#[test]
fn the_leg_of_another_lead_is_nobodys() {
    let call = call();
    let other = LegId::new("leg_ffffffffffffffffffffffffff.1").expect("a leg");
    call.on(Event::Accepted { leg: other }).ignored();
}

#[test]
fn a_rep_who_leaves_at_once_was_not_there() {
    call().bridged().after(3).rep_left(1).leg_is(1, LegState::Lost).rings("cy", 2);
}

/// How it ended is a value, and what it is known by stays with it.
#[test]
fn every_cause_is_kept_with_its_evidence() {
    let why = || Some("SIP 486 by the phone".to_owned());
    type Ends = fn(LegId, Option<String>) -> Event;
    let told: [(Ends, LegState); 6] = [
        (|leg, why| Event::Declined { leg, why }, LegState::Declined),
        (|leg, why| Event::Busy { leg, why }, LegState::Busy),
        (|leg, why| Event::NoAnswer { leg, why }, LegState::NoAnswer),
        (|leg, why| Event::Machine { leg, why }, LegState::Machine),
        (|leg, why| Event::Forwarded { leg, why }, LegState::Forwarded),
        (|leg, why| Event::WrongNumber { leg, why }, LegState::WrongNumber),
    ];
    for (event, state) in told {
        let call = call().of_leg(1, |leg| event(leg, why())).leg_is(1, state).rings("cy", 2);
        assert_eq!(call.state.legs[0].evidence, why());
    }
    for (fault, state) in [(Fault::Vendor, LegState::Vendor), (Fault::Config, LegState::Config)] {
        let failed = |leg| Event::RingFailed { leg, why: "no endpoint of that name".into(), fault };
        let call = call().of_leg(1, failed).leg_is(1, state).rings("cy", 2);
        assert_eq!(call.state.legs[0].evidence.as_deref(), Some("no endpoint of that name"));
    }
    let silent = call().after(15).leg_timer(1, |leg| Timer::RingBy { leg });
    assert_eq!(silent.state.legs[0].evidence.as_deref(), Some("our own clock"));
}

#[test]
fn a_phone_that_is_hung_up_while_it_is_briefed_is_a_no_of_its_own_kind() {
    call().after(4).answered(1).rep_left(1).leg_is(1, LegState::HungUp).rings("cy", 2);
}

/// Nor does a number that nobody has become one.
#[test]
fn whoever_could_not_be_had_is_not_rung_again_for_this_lead() {
    let call = call().of_leg(1, |leg| Event::WrongNumber { leg, why: None }).rings("cy", 2).declined(2);
    call.rings_nobody_new(2).searches(1);
}

/// As version 1 stored a rep's phone before it told one fault from another.
#[test]
fn a_leg_of_an_earlier_version_is_read() {
    let stored = r#"{"id":"leg_ffffffffffffffffffffffffff.1","rep":"ben","state":"failed","card":"7k2m.4-brief_chat"}"#;
    let leg: Leg = serde_json::from_str(stored).expect("a leg");
    assert_eq!((leg.state, leg.evidence), (LegState::Vendor, None));
    let told: Event =
        serde_json::from_str(r#"{"event":"busy","leg":"leg_ffffffffffffffffffffffffff.1"}"#).expect("an event");
    assert!(matches!(told, Event::Busy { why: None, .. }));
}

#[test]
fn a_rep_who_leaves_later_has_talked_and_is_free_again() {
    call().bridged().after(11).rep_left(1).ends_connected("ben").holds_nobody();
    call().settled().after(300).rep_left(1).ends_connected("ben").holds_nobody();
}

/// A repeated "answered" used to hang up the rep who was talking with the caller.
#[test]
fn a_doubled_event_does_not_hang_up_a_conversation() {
    call().settled().after(5).answered(1).ignored().joined(1).ignored().accepted(1).ignored();
}

/// A whisper that was cut short by the key press, or a ring whose answer was lost, used to end the bridged call.
#[test]
fn the_late_failure_of_ring_or_whisper_does_not_end_a_conversation() {
    let why = || "no answer from the platform".to_owned();
    let call = call()
        .bridged()
        .after(2)
        .of_leg(1, |leg| Event::RingFailed { leg, why: why(), fault: Fault::Vendor })
        .ignored();
    let call = call.of_leg(1, |leg| Event::WhisperFailed { leg, why: why() }).ignored();
    let call = call.of_leg(1, |leg| Event::NoAnswer { leg, why: None }).ignored();
    let call = call.of_leg(1, |leg| Event::Machine { leg, why: None }).ignored();
    call.of_leg(1, |leg| Event::JoinFailed { leg, why: why() }).ignored();
}

/// The store asked for the same rep for ever when a reservation had lapsed before the call counted as connected.
#[test]
fn a_rep_whom_another_lead_holds_is_not_asked_for_again() {
    let mut call = call().bridged();
    call.state.refused.push(rep_id("ben"));
    call.after(400).leg_timer(1, |leg| Timer::SettledBy { leg }).ends_connected("ben").holds_nobody();
}

/// The crash loop once saw a phone rung while it was in use. An event that comes late could outlast the reservation.
#[test]
fn a_phone_stays_ours_for_what_is_still_to_come_however_late_an_event_is() {
    let holds_for = |call: &UnderWay| call.state.holds.first().map(|hold| (hold.until - call.now).num_seconds());
    let terms = call().state.terms;
    let (ring, accept, join) = (terms.ring_timeout, terms.accept_within, terms.join_within);
    let seconds = |span: std::time::Duration| span.as_secs() as i64;
    let left = |spans: &[std::time::Duration]| Some(spans.iter().copied().map(seconds).sum::<i64>() + 10 + 30);
    let call = call();
    assert_eq!(holds_for(&call), left(&[ring, accept, join]));
    let call = call.after(25).answered(1);
    assert_eq!(holds_for(&call), left(&[accept, join]));
    let call = call.after(60).accepted(1);
    assert_eq!(holds_for(&call), left(&[join]));
    let call = call.after(60).joined(1);
    assert_eq!(holds_for(&call), left(&[]));
}

#[test]
fn who_accepts_a_lead_of_the_pool_owns_it_and_pays_the_turn() {
    let call = call().declined(1).answered(2).accepted(2).joined(2).owner_is("cy");
    let turn = call.last.turn_moves.expect("the turn moves");
    assert_eq!((turn.from, turn.to, turn.cause), (rep_id("ben"), rep_id("cy"), Some(Cause::Declined)));
}

/// Two who know voice AI, and two who are further behind their share; the preference relaxes after 20 s.
fn preferring() -> Scenario {
    let skill = "voice-ai".to_owned();
    let wish = Wish::Skill([skill.clone()].into());
    let knows = |world: Scenario, name| world.rep(name, |rep| rep.skills = [skill.clone()].into());
    let mut world = scenario().pool("west", &["ben", "cy", "fay", "gus"]).serves("west", "West");
    world.rules.handoff.ring_at_most = 4;
    world = world.balances("west", &[("cy", 0.5), ("ben", 0.25), ("fay", -0.25), ("gus", -0.5)]).change_pool(
        "west",
        |pool| {
            pool.prefer = vec![PoolPreference { wish, relax_after: Some(std::time::Duration::from_secs(20)) }];
        },
    );
    knows(knows(world, "fay"), "gus")
}

#[test]
fn who_is_preferred_is_rung_before_the_others_while_the_caller_has_not_waited_long() {
    begun(preferring()).rings("fay", 1).after(10).declined(1).rings("gus", 2).after(5).declined(2).rings("cy", 3);
}

#[test]
fn once_the_caller_has_waited_a_preference_no_longer_counts() {
    begun(preferring()).rings("fay", 1).after(20).declined(1).rings("cy", 2).after(1).declined(2).rings("ben", 3);
}

#[test]
fn nobody_waits_for_a_preference_that_nobody_left_can_meet() {
    let mut call = begun(preferring()).rings("fay", 1);
    call.state.refused.push(rep_id("gus"));
    call.after(5).declined(1).rings("cy", 2);
}

#[test]
fn an_owned_lead_stays_with_its_owner_whoever_takes_the_call() {
    let call = begun(scenario().owner("ana").on_leave("ana").leave_at_most(10).delegate("ana", "ben")).rings("ben", 1);
    let call = call.bridged().owner_is("ana");
    assert_eq!(call.last.turn_moves, None);
}

#[test]
fn patience_counts_from_the_moment_the_caller_was_qualified() {
    let decided_after = |seconds: i64| {
        let mut world = scenario();
        world.lead.received_at = at("10:00");
        world.lead.occurred_at = at("10:00") - TimeDelta::seconds(seconds);
        begun(world)
    };
    let call = decided_after(25);
    assert_eq!(call.state.patience_until, at("10:00") + TimeDelta::seconds(20));
    call.rings("ben", 1);
    for spent in [41, 60, 119] {
        let call = decided_after(spent);
        assert!(call.state.live && call.state.legs.is_empty(), "after {spent} s: {:?}", call.state.stage);
    }
    for old in [121, 3600, 240 * 86_400] {
        let call = decided_after(old);
        assert!(!call.state.live && call.state.legs.is_empty(), "after {old} s: {:?}", call.state.stage);
    }
    let ahead = decided_after(-90);
    assert_eq!(ahead.state.patience_until, at("10:00") + TimeDelta::seconds(45), "a time in the future is the arrival");
}
