//! A rep who has several phones: rung in order, where the one before did not reach them.

use super::*;
use crate::domain::phone::endpoint::{Endpoint, PhoneKind};
use crate::rules::model::set::RingPlan;

fn two_phones(world: Scenario) -> Scenario {
    world.rep("ben", |rep| rep.phones.insert(0, Endpoint::new(PhoneKind::App, "ben@pbx.example").expect("an address")))
}

/// Ben has an app and a phone; cy and fay one phone each.
fn call() -> UnderWay {
    begun(two_phones(scenario().pool("west", &["ben", "cy", "fay"]).serves("west", "West")))
}

impl UnderWay {
    /// The same rep, on the second of their phones.
    fn rings_on(self, name: &str, number: u32, endpoint: u32) -> Self {
        let call = self.rings(name, number);
        assert_eq!(call.state.legs[number as usize - 1].endpoint, endpoint);
        call
    }

    fn no_answer(self, number: u32) -> Self {
        self.of_leg(number, |leg| Event::NoAnswer { leg, why: None })
    }
}

#[test]
fn where_the_app_is_not_answered_the_phone_is_rung_before_the_next_rep() {
    let call = call().rings_on("ben", 1, 0).after(15).leg_timer(1, |leg| Timer::RingBy { leg });
    let call = call.hangs_up(1).leg_is(1, LegState::NoAnswer).rings_on("ben", 2, 1);
    call.after(9).no_answer(2).rings_on("cy", 3, 0);
}

/// The caller was told of the rep, and of no phone.
#[test]
fn the_caller_is_told_of_a_rep_once_and_hears_music_all_the_while() {
    let call = call().after(3).no_answer(1).rings("ben", 2).says_nothing();
    assert!(!call.last.effects.iter().any(|planned| matches!(planned.effect, Effect::Hold { .. })), "it plays still");
    assert_eq!(call.state.to_say(true).0, ToSay::Decided(Instruction::Hold { rep: rep_id("ben"), at_most: None }));
    let instruction = Instruction::HoldOn { rep: rep_id("cy"), instead_of: rep_id("ben"), because: WhyNot::Busy };
    call.of_leg(2, |leg| Event::Busy { leg, why: None }).does(&Effect::Instruct { instruction });
}

#[test]
fn a_phone_that_did_not_reach_the_rep_is_followed_by_the_next_one() {
    let (why, config) = (|| "made up".to_owned(), Fault::Config);
    let on: [fn(LegId) -> Event; 4] = [
        |leg| Event::Busy { leg, why: None },
        |leg| Event::Machine { leg, why: None },
        |leg| Event::WrongNumber { leg, why: None },
        |leg| Event::NoAnswer { leg, why: None },
    ];
    for event in on {
        call().of_leg(1, event).rings_on("ben", 2, 1);
    }
    for fault in [Fault::Vendor, config] {
        call().of_leg(1, |leg| Event::RingFailed { leg, why: why(), fault }).rings_on("ben", 2, 1);
    }
}

/// Whoever said no has said it for all of their phones; whoever forwards one has said where they are to be had.
#[test]
fn a_rep_who_was_there_is_not_rung_on_another_phone() {
    call().after(3).declined(1).rings("cy", 2);
    call().of_leg(1, |leg| Event::Forwarded { leg, why: None }).rings("cy", 2);
    call().after(3).answered(1).rep_left(1).leg_is(1, LegState::HungUp).rings("cy", 2);
}

/// A phone may ring for fifteen seconds; one that rings on until patience is spent leaves none for another.
#[test]
fn patience_is_one_for_all_phones() {
    call().after(41).no_answer(1).rings_nobody_new(1).searches(1);
}

#[test]
fn so_many_reps_are_rung_and_not_so_many_phones() {
    let mut call = call();
    call.state.terms.ring_at_most = 2;
    call.no_answer(1).rings("ben", 2).no_answer(2).rings("cy", 3).no_answer(3).rings_nobody_new(3).searches(1);
}

#[test]
fn beside_others_the_next_phone_takes_the_place_of_the_one_before() {
    let mut world = two_phones(scenario().pool("west", &["ben", "cy", "fay"]).serves("west", "West"));
    world.rules.handoff.ring = RingPlan::AtOnce(2);
    let call = begun(world).rings("ben", 1).rings("cy", 2).after(2).no_answer(1).rings_on("ben", 3, 1);
    let instruction = Instruction::HoldOn { rep: rep_id("cy"), instead_of: rep_id("ben"), because: WhyNot::NotReached };
    let call = call.does(&Effect::Instruct { instruction }).rings_nobody_new(3);
    call.accepted(3).leg_is(2, LegState::Elsewhere).joined(3).owner_is("ben");
}

#[test]
fn a_rep_whom_another_lead_holds_by_now_is_passed_over_with_all_their_phones() {
    let mut call = call();
    call.state.refused.push(rep_id("ben"));
    call.no_answer(1).rings("cy", 2);
}

/// The roster may have changed since.
#[test]
fn a_phone_that_is_gone_from_the_roster_is_not_rung() {
    let mut call = call();
    call.rules.reps.get_mut(&rep_id("ben")).expect("in the roster").phones.truncate(1);
    call.no_answer(1).rings("cy", 2);
}

/// The rep had accepted, and is there.
#[test]
fn where_the_two_could_not_be_joined_the_rep_is_rung_on_the_other_phone_and_music_plays() {
    let failed = |leg| Event::JoinFailed { leg, why: "conference is gone".into(), fault: Fault::Vendor };
    let call = call().after(4).answered(1).accepted(1).of_leg(1, failed).hangs_up(1).rings_on("ben", 2, 1);
    assert!(call.last.effects.iter().any(|planned| matches!(planned.effect, Effect::Hold { .. })));
    let evidence = call.state.legs[0].evidence.as_deref();
    assert_eq!(evidence, Some("caller and rep could not be joined: conference is gone"));
}

/// A rep with one phone is stored as before.
#[test]
fn the_first_phone_is_stored_as_it_always_was() {
    let stored = |call: &UnderWay, leg: usize| serde_json::to_value(&call.state.legs[leg]).expect("JSON");
    let call = call().no_answer(1);
    assert_eq!((stored(&call, 0).get("endpoint"), &stored(&call, 1)["endpoint"]), (None, &serde_json::json!(1)));
}
