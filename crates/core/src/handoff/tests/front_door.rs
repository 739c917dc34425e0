//! A caller of the front door: people first, for as long as the number says, and then the agent.

use super::*;
use crate::domain::lead::{ConsentSaid, Lead};
use crate::domain::phone::PhoneE164;
use crate::domain::zone::Zone;
use crate::handoff::NoText;
use crate::rules::model::set::TextBack;

fn at_the_door() -> UnderWay {
    begun(scenario().at_front_door("front"))
}

impl UnderWay {
    fn ends_with_agent(self) -> Self {
        let left = matches!(&self.state.stage, Stage::Done { outcome: Outcome::LeftToAgent { .. } });
        assert!(left && self.state.live && !self.state.is_open(), "it stands at {:?}", self.state);
        self.says_nothing().holds_nobody()
    }

    fn owes_a_call(self) -> Self {
        let raised = matches!(&self.state.stage, Stage::Callback { promise } if promise.raised);
        assert!(raised && !self.state.live && self.state.is_open(), "it stands at {:?}", self.state);
        self.says_nothing().holds_nobody()
    }
}

#[test]
fn the_person_who_accepts_has_the_caller() {
    at_the_door().rings("dee", 1).settled().ends_connected("dee").owner_is("dee");
}

#[test]
fn where_nobody_accepts_the_agent_has_the_caller() {
    at_the_door().declined(1).rings("eve", 2).declined(2).ends_with_agent();
}

#[test]
fn people_are_rung_for_as_long_as_the_number_says() {
    let call = at_the_door().after(15).leg_timer(1, |leg| Timer::RingBy { leg }).rings("eve", 2);
    call.after(5).timer(Timer::PatienceBy).hangs_up(2).ends_with_agent();
}

#[test]
fn where_nobody_is_free_nobody_is_rung() {
    begun(scenario().at_front_door("front").away("dee").away("eve")).rings_nobody_new(0).ends_with_agent();
}

#[test]
fn who_hangs_up_while_phones_ring_is_called_back() {
    for left in [Event::CallerLeft, Event::Missed] {
        at_the_door().on(left).hangs_up(1).owes_a_call().briefs("dee", BriefWhy::Callback);
    }
    at_the_door().on(Event::Missed).on(Event::CallerLeft).ignored();
}

/// However the two words come: the agent's phone may ring for a while as well.
#[test]
fn who_has_not_heard_the_agent_either_is_called_back() {
    at_the_door().declined(1).declined(2).on(Event::Missed).owes_a_call();
    at_the_door().declined(1).declined(2).on(Event::CallerLeft).on(Event::Missed).owes_a_call();
}

/// A rep who was there for seconds was nobody.
#[test]
fn who_has_lost_a_rep_at_once_is_the_agents_or_called_back() {
    let call = at_the_door().bridged().rep_left(1).rings("eve", 2).declined(2).ends_with_agent();
    call.on(Event::Missed).owes_a_call();
}

#[test]
fn who_has_spoken_with_the_agent_is_the_agents() {
    let spoke = at_the_door().declined(1).declined(2).on(Event::CallerLeft);
    assert!(matches!(&spoke.state.stage, Stage::Done { outcome: Outcome::LeftToAgent { .. } }));
    assert!(!spoke.state.live);
}

/// Callers are sent texts, and their lawful hours begin then.
fn texting(from: &str) -> Scenario {
    let mut world = scenario().at_front_door("front");
    world.lead.preference.timezone = Some(Zone::UTC);
    world.rules.hours.calling = Shift { from: at(from).time(), until: at("21:00").time() };
    world.rules.handoff.callback.text_back = TextBack::Callers;
    world
}

impl UnderWay {
    /// When a text is sent, if one is planned, and until when at the latest.
    fn text(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let text = self.last.effects.iter().find(|planned| planned.effect == Effect::TextBack)?;
        Some((text.run_at, text.deadline_at))
    }
}

#[test]
fn who_was_missed_is_sent_a_text_once_it_may_arrive_and_before_the_call() {
    let soon = Some((at("10:00"), at("10:15")));
    for left in [Event::CallerLeft, Event::Missed] {
        assert_eq!(begun(texting("08:00")).on(left).text(), soon);
    }
    assert_eq!(begun(texting("08:00")).declined(1).declined(2).on(Event::Missed).text(), soon);
    let gone = begun(texting("08:00").not_live()).owes_a_call();
    assert_eq!(gone.text(), soon, "they had left before the lead began");
    let early = begun(texting("10:10")).on(Event::Missed).text();
    assert_eq!(early.map(|(from, _)| from), Some(at("10:10")));
    assert_eq!(
        begun(texting("08:00")).declined(1).declined(2).on(Event::CallerLeft).text(),
        None,
        "the agent had them"
    );
    assert_eq!(at_the_door().on(Event::Missed).text(), None, "the rules do not say so");
}

#[test]
fn a_text_goes_to_whoever_agreed_or_called_from_what_may_be_a_mobile() {
    let number = |digits: &str| PhoneE164::new(digits).expect("a number");
    let told = |text_back, sms: Option<bool>, from: Option<&str>, said: Option<&str>| {
        let mut world = texting("08:00");
        world.rules.handoff.callback.text_back = text_back;
        world.lead.consent.sms = sms.map(ConsentSaid::from);
        world.lead.call.as_mut().expect("a call").from = from.map(number);
        world.lead.contact.phone = said.map(|said| Known::from_caller(number(said)));
        let lead = world.lead.clone();
        let call = begun(world).on(Event::Missed);
        call.state.text_to(&lead, &call.rules, call.now).map(|(to, _)| to.as_str().to_owned())
    };
    let (mobile, landline, american) = ("+4915112345678", "+493012345678", "+14155550142");
    for (text_back, sms, from, said, expected) in [
        (TextBack::Callers, None, Some(mobile), None, Ok(mobile)),
        (TextBack::Callers, None, Some(american), None, Ok(american)),
        (TextBack::Callers, None, Some(american), Some(mobile), Ok(american)),
        (TextBack::Callers, Some(true), Some(american), Some(mobile), Ok(mobile)),
        (TextBack::Callers, None, Some(landline), None, Err(NoText::NoMobile)),
        (TextBack::Callers, None, None, Some(mobile), Err(NoText::NoNumber)),
        (TextBack::Callers, Some(false), Some(mobile), None, Err(NoText::Refused)),
        (TextBack::Agreed, Some(true), Some(mobile), None, Ok(mobile)),
        (TextBack::Agreed, Some(true), Some(landline), None, Err(NoText::NoMobile)),
        (TextBack::Agreed, None, Some(mobile), None, Err(NoText::NotAgreed)),
        (TextBack::Agreed, Some(false), Some(mobile), None, Err(NoText::Refused)),
        (TextBack::Nobody, Some(true), Some(mobile), None, Err(NoText::NotByRules)),
    ] {
        let found = told(text_back, sms, from, said);
        assert_eq!(found, expected.map(str::to_owned), "{text_back:?} {sms:?} {from:?} {said:?}");
    }
}

#[test]
fn no_text_comes_at_night_or_once_the_call_was_made_or_is_due() {
    let missed = |from: &str| (texting(from).lead, begun(texting(from)).on(Event::Missed));
    let text = |(lead, call): (Lead, UnderWay)| call.state.text_to(&lead, &call.rules, call.now).err();
    assert_eq!(text(missed("08:00")), None);
    assert_eq!(text(missed("10:10")), Some(NoText::NotNow { until: at("10:10") }));
    let (lead, call) = missed("08:00");
    let called = call.after(60).on(Event::ContactMade { rep: rep_id("dee"), at: at("10:01") });
    assert_eq!(text((lead, called)), Some(NoText::NotOwed));
    let (lead, call) = missed("08:00");
    assert_eq!(text((lead, call.after(900))), Some(NoText::NotOwed));
}
