//! Several phones at a time: two at once, or another one every few seconds.

use super::*;
use crate::handoff::state::Reservation;
use crate::rules::model::set::RingPlan;
use std::time::Duration;

const FIVE_SECONDS: RingPlan = RingPlan::AddEvery(Duration::from_secs(5));

/// Three in the pool: ben, then cy, then fay.
fn ringing(plan: RingPlan) -> UnderWay {
    let mut world = scenario().pool("west", &["ben", "cy", "fay"]).serves("west", "West");
    world.rules.handoff.ring = plan;
    begun(world)
}

impl UnderWay {
    fn hangs_up_as_answered_elsewhere(self, number: u32) -> Self {
        let (leg, reason) = (self.leg(number), HangUpReason::AnsweredElsewhere);
        self.does(&Effect::HangUp { leg, reason })
    }

    fn holds_only(self, names: &[&str]) -> Self {
        let held: Vec<_> = self.state.holds.iter().map(|hold| hold.rep.clone()).collect();
        assert_eq!(held, names.iter().map(|name| rep_id(name)).collect::<Vec<_>>());
        self
    }

    fn add_by(self, rung: u32) -> Self {
        self.timer(Timer::AddBy { rung })
    }
}

#[test]
fn two_ring_at_once_and_whoever_accepts_first_has_the_call() {
    let call = ringing(RingPlan::AtOnce(2)).rings("ben", 1).rings("cy", 2).holds_only(&["ben", "cy"]);
    let call = call.does(&Effect::Instruct { instruction: Instruction::Hold { rep: rep_id("ben") } });
    let call = call.after(3).answered(2).answered(1).after(2).accepted(2).holds_only(&["cy"]);
    let call = call.leg_is(1, LegState::Elsewhere).hangs_up_as_answered_elsewhere(1);
    // Half a second later ben presses the key as well.
    let call = call.accepted(1).hangs_up_as_answered_elsewhere(1).joined(2).owner_is("cy");
    call.after(10).leg_timer(2, |leg| Timer::SettledBy { leg }).ends_connected("cy");
}

#[test]
fn where_one_of_two_does_not_take_the_call_the_next_rings_beside_the_other() {
    let call = ringing(RingPlan::AtOnce(2)).after(2).declined(2).rings("fay", 3).says_nothing();
    let call = call.holds_only(&["ben", "fay"]).after(2).declined(1);
    let instruction = Instruction::HoldOn { rep: rep_id("fay"), instead_of: rep_id("ben"), because: WhyNot::CannotNow };
    call.does(&Effect::Instruct { instruction }).holds_only(&["fay"]).declined(3).searches(1).holds_nobody();
}

/// What stands is what was said, whichever phone the stage is about.
#[test]
fn the_caller_is_told_of_the_phone_that_was_rung_first() {
    let call = ringing(RingPlan::AtOnce(2)).after(2).answered(2);
    assert!(matches!(&call.state.stage, Stage::Briefing { leg, others } if *leg == call.leg(2) && others.len() == 1));
    assert_eq!(call.state.to_say(true).0, ToSay::Decided(Instruction::Hold { rep: rep_id("ben") }));
    let call = call.declined(1);
    let instruction = Instruction::HoldOn { rep: rep_id("cy"), instead_of: rep_id("ben"), because: WhyNot::CannotNow };
    assert_eq!(call.state.to_say(true).0, ToSay::Decided(instruction.clone()));
    call.does(&Effect::Instruct { instruction });
}

#[test]
fn a_rep_who_does_not_press_the_key_ends_nothing_for_the_other() {
    let call = ringing(RingPlan::AtOnce(2)).after(2).answered(1).after(2).answered(2);
    let call = call.after(8).leg_timer(1, |leg| Timer::AcceptBy { leg }).leg_is(1, LegState::NoAnswer).rings("fay", 3);
    call.after(1).accepted(2).hangs_up_as_answered_elsewhere(3).joined(2).owner_is("cy");
}

#[test]
fn another_phone_is_added_while_those_before_ring_on() {
    let call = ringing(FIVE_SECONDS).rings("ben", 1).holds_only(&["ben"]);
    let call = call.after(5).add_by(1).rings("cy", 2).says_nothing().holds_only(&["ben", "cy"]);
    // The timer that was set with ben's ring comes once more.
    let call = call.add_by(1).ignored().after(5).add_by(2).rings("fay", 3);
    let call = call.after(5).leg_timer(1, |leg| Timer::RingBy { leg }).hangs_up(1).rings_nobody_new(3);
    call.after(1).accepted(3).hangs_up_as_answered_elsewhere(2).leg_is(2, LegState::Elsewhere);
}

#[test]
fn while_a_rep_hears_the_whisper_nobody_is_added() {
    let call = ringing(FIVE_SECONDS).after(4).answered(1).after(1).add_by(1).rings_nobody_new(1);
    let call = call.does(&Effect::Timer { timer: Timer::AddBy { rung: 1 } });
    call.after(2).declined(1).rings("cy", 2).after(5).add_by(2).rings("fay", 3);
}

#[test]
fn who_leaves_or_has_waited_enough_stops_every_phone() {
    let two = || ringing(RingPlan::AtOnce(2)).after(3).answered(2);
    two().on(Event::CallerLeft).hangs_up(1).hangs_up(2).holds_nobody().briefs("ben", BriefWhy::Callback);
    two().after(42).timer(Timer::PatienceBy).hangs_up(1).hangs_up(2).holds_nobody().searches(1);
}

#[test]
fn a_rep_whom_another_lead_holds_is_passed_over_beside_the_other() {
    let mut call = ringing(RingPlan::AtOnce(2)).after(2);
    call.state.refused.push(rep_id("fay"));
    call.declined(1).rings_nobody_new(2).holds_only(&["cy"]).declined(2).searches(1);
}

/// One phone is stored as it always was.
#[test]
fn what_earlier_versions_stored_is_read_and_one_phone_is_stored_like_that() {
    let one = call().state;
    let stored = serde_json::to_value(&one).expect("JSON");
    assert!(stored["holds"]["rep"] == "ben" && stored["stage"].get("others").is_none(), "{stored}");
    assert!(stored["terms"].get("ring").is_none() && stored.get("in_place_of").is_none(), "{stored}");
    for (holds, expected) in [(serde_json::Value::Null, vec![]), (stored["holds"].clone(), one.holds.clone())] {
        let mut stored = stored.clone();
        stored["holds"] = holds;
        let read: Handoff = serde_json::from_value(stored).expect("a handoff");
        assert_eq!(read.holds, expected as Vec<Reservation>);
    }
    let two = ringing(RingPlan::AtOnce(2)).state;
    let read: Handoff = serde_json::from_value(serde_json::to_value(&two).expect("JSON")).expect("a handoff");
    assert_eq!(read, two);
    let hung_up: Effect =
        serde_json::from_str(r#"{"effect":"hang_up","leg":"leg_ffffffffffffffffffffffffff.1"}"#).expect("an effect");
    assert!(matches!(hung_up, Effect::HangUp { reason: HangUpReason::Cancelled, .. }));
}
