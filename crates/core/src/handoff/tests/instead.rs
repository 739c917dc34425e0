//! A call back in place of waiting, and how long the wait may be.

use super::*;
use crate::domain::lead::ReachBack;
use std::time::Duration;

/// As `call()`, and whoever has waited for twenty seconds is offered a call back.
fn waits() -> UnderWay {
    let mut world = scenario();
    world.rules.handoff.offer_callback = Some(Duration::from_secs(20));
    begun(world)
}

impl UnderWay {
    fn wants_callback(self) -> Self {
        self.on(Event::CallbackWanted)
    }
}

#[test]
fn who_would_rather_be_called_back_is_promised_it_and_no_phone_rings_on() {
    let call = waits().wants_callback().hangs_up(1).leg_is(1, LegState::Cancelled).holds_nobody();
    call.publishes(Topic::CallbackPromised).says_promise().promises("ben", "11:00");
    // Of two phones both, and the one that whispers.
    let mut world = scenario();
    world.rules.handoff.ring = crate::rules::model::set::RingPlan::AtOnce(2);
    let both = begun(world).after(4).answered(2).wants_callback();
    both.hangs_up(1).hangs_up(2).holds_nobody().says_promise();
    // Where no phone rings any more a time is looked for, or offered.
    waits().declined(1).declined(2).searches(1).wants_callback().says_promise();
    waits().offered().wants_callback().says_promise();
}

#[test]
fn who_asks_too_late_is_put_through() {
    let accepted = waits().answered(1).accepted(1).wants_callback().ignored();
    let joined = accepted.joined(1).wants_callback().ignored();
    joined.after(10).leg_timer(1, |leg| Timer::SettledBy { leg }).ends_connected("ben").wants_callback().ignored();
    waits().chosen().wants_callback().ignored();
    waits().wants_callback().wants_callback().ignored();
}

/// A key means something from the offer on, until a rep has accepted.
#[test]
fn a_call_back_is_offered_once_the_caller_has_waited() {
    let timer = Effect::Timer { timer: Timer::OfferCallback };
    let plans = |call: &UnderWay| call.last.effects.iter().filter(|planned| planned.effect == timer).count();
    assert_eq!((plans(&waits()), plans(&call())), (1, 0));
    let call = waits().after(15).leg_timer(1, |leg| Timer::RingBy { leg }).rings("cy", 2);
    assert!(!call.state.takes_callback_key(), "nothing was said of it");
    let offer = Effect::Instruct { instruction: Instruction::OfferCallback };
    let call = call.after(5).timer(Timer::OfferCallback).does(&offer);
    assert!(call.state.takes_callback_key());
    let call = call.answered(2);
    assert!(call.state.takes_callback_key(), "cy may decline");
    assert!(!call.accepted(2).state.takes_callback_key());
    waits().answered(1).accepted(1).after(20).timer(Timer::OfferCallback).ignored();
}

/// They are not to be called, or have left no number.
#[test]
fn who_cannot_be_called_waits_on() {
    for reach_back in [ReachBack::Mail, ReachBack::Nothing] {
        let mut call = waits();
        call.state.reach_back = reach_back;
        call.after(20).timer(Timer::OfferCallback).ignored().wants_callback().ignored();
    }
}

#[test]
fn who_waits_is_told_once_for_how_long_at_most() {
    let mut world = scenario();
    world.rules.handoff.announce_wait = true;
    let call = begun(world);
    let at_most = (call.state.patience_until - call.now).to_std().ok();
    let announced = Instruction::Hold { rep: rep_id("ben"), at_most };
    assert_eq!(at_most, Some(Duration::from_secs(45)));
    let call = call.does(&Effect::Instruct { instruction: announced.clone() }).after(7);
    assert_eq!(call.state.to_say(true).0, ToSay::Decided(announced), "whoever asks hears what was said");
    let because = WhyNot::CannotNow;
    let instruction = Instruction::HoldOn { rep: rep_id("cy"), instead_of: rep_id("ben"), because };
    call.declined(1).does(&Effect::Instruct { instruction });
}

/// What callers before have waited is told, and no more than is left of the patience.
#[test]
fn who_waits_is_told_how_long_it_took_others_where_that_is_less() {
    let told = |usual_s: Option<u64>, announces: bool| {
        let mut world = scenario();
        world.rules.handoff.announce_wait = announces;
        let begun = Handoff::begin(&world.lead, &world.decide(), &world.rules);
        let begun = begun.expecting(usual_s.map(Duration::from_secs));
        let state = advance(&begun, &Event::Start, &world.rules, at("10:00")).state;
        assert_eq!(state.waits_from, Some(at("10:00")));
        (state.announced_wait.map(|wait| wait.as_secs()), state.terms.usual_wait.is_some())
    };
    assert_eq!(told(Some(15), true), (Some(15), true));
    assert_eq!(told(Some(90), true), (Some(45), true), "the patience");
    assert_eq!(told(None, true), (Some(45), false));
    assert_eq!(told(Some(15), false), (None, false), "nothing is kept of what nobody is told");
}

#[test]
fn how_long_somebody_waited_is_known_once_they_are_put_through() {
    assert_eq!(call().after(4).answered(1).after(4).accepted(1).state.put_through(), None);
    assert_eq!(call().bridged().state.put_through().map(|(_, waited)| waited), Some(Duration::from_secs(9)));
    assert_eq!(call().settled().state.put_through().map(|(_, waited)| waited), Some(Duration::from_secs(9)));
    // The rep was gone at once: cy is rung, and what counts is until then.
    let call = call().bridged().after(2).rep_left(1);
    assert_eq!(call.state.put_through(), None);
    let call = call.after(5).answered(2).after(3).accepted(2).joined(2);
    assert_eq!(call.state.put_through().map(|(_, waited)| waited), Some(Duration::from_secs(19)));
    assert_eq!(waits().wants_callback().state.put_through(), None);
}

/// As it was stored before anybody counted.
#[test]
fn a_handoff_that_does_not_know_since_when_somebody_waits_goes_on() {
    let mut stored = serde_json::to_value(&call().state).expect("JSON");
    assert!(stored["terms"].get("usual_wait").is_none(), "nobody is told");
    let known = stored.as_object_mut().and_then(|fields| fields.remove("waits_from"));
    assert!(known.is_some());
    let mut call = call();
    call.state = serde_json::from_value(stored).expect("a handoff");
    assert_eq!(call.settled().ends_connected("ben").state.put_through(), None);
}
