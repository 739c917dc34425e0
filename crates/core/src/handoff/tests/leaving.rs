//! The caller leaves.

use super::*;

#[test]
fn who_hangs_up_before_a_rep_is_there_is_called_first() {
    let stages = [call(), call().answered(1), call().answered(1).accepted(1), call().bridged()];
    for call in stages {
        call.on(Event::CallerLeft).hangs_up(1).holds_nobody().says_nothing().briefs("ben", BriefWhy::Callback);
    }
    let call = call().on(Event::CallerLeft);
    assert!(matches!(&call.state.stage, Stage::Callback { promise } if promise.raised));
}

#[test]
fn who_hangs_up_while_a_time_is_looked_for_is_called() {
    let searching = call().declined(1).declined(2).searches(1);
    let stages = [searching, call().offered()];
    for call in stages {
        let call = call.on(Event::CallerLeft).says_nothing();
        assert!(matches!(&call.state.stage, Stage::Callback { promise } if promise.raised));
    }
}

#[test]
fn who_hangs_up_after_choosing_has_the_meeting() {
    call().chosen().on(Event::CallerLeft).on(booked(1)).ends_booked().says_nothing();
}

/// Another of the times was booked instead, though nobody was there to ask.
#[test]
fn who_hangs_up_after_choosing_is_called_if_the_time_is_taken() {
    let call = call().chosen().on(Event::CallerLeft).on(Event::SlotTaken { attempt: 1 });
    assert!(matches!(call.state.stage, Stage::Callback { .. }), "it stands at {:?}", call.state.stage);
}

#[test]
fn the_end_of_the_call_frees_the_rep() {
    call().settled().after(240).on(Event::CallEnded).ends_connected("ben").holds_nobody();
    call().settled().after(7200).leg_timer(1, |leg| Timer::ReleaseBy { leg }).holds_nobody();
}

/// A call of hours, whose end nobody tells: it is asked before the rep is rung for somebody else.
#[test]
fn a_rep_who_talks_on_is_held_for_as_long_as_they_do() {
    let release = |leg| Timer::ReleaseBy { leg };
    let long = call().settled().after(7200);
    let again_at = long.now + TimeDelta::minutes(10);
    let long = long.of_leg(1, |leg| Event::TalksOn { leg });
    assert!(long.state.holds.iter().any(|hold| hold.rep == rep_id("ben") && hold.until > again_at));
    let again = Effect::Timer { timer: release(long.leg(1)) };
    let long = long.does(&again).after(600).leg_timer(1, release).ends_connected("ben").holds_nobody();
    long.of_leg(1, |leg| Event::TalksOn { leg }).ignored();
    // A platform that has lost count says so for ever.
    let forgotten = call().settled().after(12 * 3600).of_leg(1, |leg| Event::TalksOn { leg });
    forgotten.ends_connected("ben").holds_nobody();
    call().settled().on(Event::CallEnded).of_leg(1, |leg| Event::TalksOn { leg }).ignored();
}

#[test]
fn a_caller_who_leaves_after_ten_seconds_was_connected() {
    call().bridged().after(11).on(Event::CallerLeft).ends_connected("ben").holds_nobody();
}

/// The rep's own telephone ends nothing but the rep's side of it.
#[test]
fn a_caller_whose_rep_has_left_after_the_conversation_is_not_left_on_the_line() {
    let ends = |call: &UnderWay| call.last.effects.iter().any(|planned| planned.effect == Effect::EndCall);
    let left = [
        call().bridged().after(11).rep_left(1),
        call().settled().after(300).rep_left(1),
        call().settled().after(7200).leg_timer(1, |leg| Timer::ReleaseBy { leg }).after(60).rep_left(1),
    ];
    for call in left {
        let call = call.does(&Effect::EndCall).ends_connected("ben").holds_nobody();
        assert!(!call.state.live);
        call.rep_left(1).ignored().on(Event::CallEnded).ignored();
    }
    assert!(!ends(&call().settled().on(Event::CallEnded).rep_left(1).ignored()), "they are gone");
    assert!(!ends(&call().bridged().after(3).rep_left(1).rings("cy", 2)), "the next rep is rung");
}
