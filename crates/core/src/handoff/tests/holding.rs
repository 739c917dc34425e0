//! What the caller hears while phones ring.

use super::*;
use crate::domain::effect::{Comfort, Planned};

fn cy_instead_of_ben(because: WhyNot) -> Instruction {
    Instruction::HoldOn { rep: rep_id("cy"), instead_of: rep_id("ben"), because }
}

#[test]
fn whoever_waits_on_is_told_why_somebody_else_is_fetched() {
    type Ends = fn(LegId) -> Event;
    let ended: [(Ends, WhyNot); 7] = [
        (|leg| Event::Busy { leg, why: None }, WhyNot::Busy),
        (|leg| Event::NoAnswer { leg, why: None }, WhyNot::NotReached),
        (|leg| Event::Machine { leg, why: None }, WhyNot::NotReached),
        (|leg| Event::Forwarded { leg, why: None }, WhyNot::NotReached),
        (|leg| Event::WrongNumber { leg, why: None }, WhyNot::NotReached),
        (|leg| Event::RingFailed { leg, why: "no route".into(), fault: Fault::Config }, WhyNot::NotReached),
        (|leg| Event::Declined { leg, why: None }, WhyNot::CannotNow),
    ];
    for (event, because) in ended {
        let call = call().of_leg(1, event).rings("cy", 2);
        call.does(&Effect::Instruct { instruction: cy_instead_of_ben(because) });
    }
    let hung_up = call().after(4).answered(1).rep_left(1);
    hung_up.does(&Effect::Instruct { instruction: cy_instead_of_ben(WhyNot::CannotNow) });
    let lost = call().bridged().after(3).rep_left(1);
    lost.does(&Effect::Instruct { instruction: cy_instead_of_ben(WhyNot::CutOff) });
}

/// A sentence is said only while it is what stands.
#[test]
fn whoever_asks_hears_the_same_as_was_said() {
    let stands = |call: &UnderWay| call.state.to_say(true).0;
    assert_eq!(stands(&call()), ToSay::Decided(Instruction::Hold { rep: rep_id("ben") }));
    let second = || call().of_leg(1, |leg| Event::Busy { leg, why: None });
    for call in [second(), second().answered(2), second().answered(2).accepted(2)] {
        assert_eq!(stands(&call), ToSay::Decided(cy_instead_of_ben(WhyNot::Busy)));
    }
}

/// The music ended when the two were put through, or were about to be.
#[test]
fn a_caller_who_was_nearly_put_through_hears_music_again() {
    let is_hold = |planned: &&Planned| matches!(planned.effect, Effect::Hold { .. });
    let holds = |call: &UnderWay| call.last.effects.iter().filter(is_hold).count();
    assert_eq!(holds(&call()), 1);
    assert_eq!(holds(&call().declined(1).rings("cy", 2)), 0, "it plays still");
    let failed = |leg| Event::JoinFailed { leg, why: "conference is gone".into() };
    assert_eq!(holds(&call().answered(1).accepted(1).of_leg(1, failed).rings("cy", 2)), 1);
    assert_eq!(holds(&call().bridged().after(3).rep_left(1).rings("cy", 2)), 1);
}

/// As the rules said when the lead was decided.
#[test]
fn a_caller_may_be_kept_company_by_the_agent() {
    let music = call().does(&Effect::Hold { comfort: Comfort::Music });
    let stored = serde_json::to_string(&music.last.effects).expect("JSON");
    assert!(stored.contains(r#"{"effect":"hold"}"#), "as earlier versions stored it: {stored}");
    let mut world = scenario();
    world.rules.handoff.hold = Comfort::Agent;
    let mut call = begun(world).does(&Effect::Hold { comfort: Comfort::Agent });
    call.rules.handoff.hold = Comfort::Music;
    call.bridged().after(3).rep_left(1).does(&Effect::Hold { comfort: Comfort::Agent });
}
