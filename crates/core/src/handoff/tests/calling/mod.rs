//! A call that is owed, made by us: the rep's phone, the whisper, the key, and only then the lead's phone.

mod question;

use super::*;
use crate::domain::lead::ReachBack;
use crate::domain::outcome::CameOf;
use crate::domain::zone::Zone;
use crate::handoff::NoCall;
use crate::rules::model::set::{CallbackDial, SlaStep};
use std::time::Duration;

/// Ben and cy were rung and declined; ben owes a call by eleven.
fn owed() -> UnderWay {
    call().offered().on(Event::SlotsDeclined).on(Event::CallerLeft).promises("ben", "11:00")
}

/// The same where it is offered to others after half an hour.
fn owed_with_steps(dial: CallbackDial) -> UnderWay {
    let mut world = scenario();
    world.rules.handoff.callback.dial = dial;
    world.rules.handoff.callback.steps = vec![SlaStep { after: Duration::from_secs(1800), act: SlaAct::Reassign }];
    begun(world).offered().on(Event::SlotsDeclined).promises("ben", "11:00")
}

/// Ben's phone rings, the third leg of this handoff.
fn rung() -> UnderWay {
    owed().after(600).on(by("ben")).rings("ben", 3)
}

/// He has accepted, and the lead's phone rings.
fn dialled() -> UnderWay {
    let call = rung().after(4).answered(3).after(3).accepted(3);
    let leg = call.leg(3).of_lead();
    call.does(&Effect::DialLead { leg })
}

/// They hear each other.
fn speaking() -> UnderWay {
    dialled().after(8).lead(|leg| Event::Answered { leg }).lead(|leg| Event::Joined { leg })
}

/// Ben is on another lead's call when he is to make this one at ten past ten: he is tried again.
fn busy() -> UnderWay {
    owed().after(600).held_by_another().on(by("ben")).rings_nobody_new(2)
}

/// As long as it is tried.
fn again() -> Timer {
    Timer::CallAgain { rep: rep_id("ben"), until: at("10:15") }
}

fn by(name: &str) -> Event {
    Event::CallNow { rep: rep_id(name), by: "a team lead".to_owned() }
}

impl UnderWay {
    /// Something happens to the lead's phone.
    fn lead(self, event: impl FnOnce(LegId) -> Event) -> Self {
        let leg = self.leg(3).of_lead();
        self.on(event(leg))
    }

    /// As the store tells it.
    fn held_by_another(mut self) -> Self {
        self.state.refused.push(rep_id("ben"));
        self
    }

    fn hangs_up_lead(self) -> Self {
        let leg = self.leg(3).of_lead();
        self.does(&Effect::HangUp { leg, reason: HangUpReason::Cancelled })
    }

    fn dials_nobody(self) -> Self {
        let dials = |planned: &crate::domain::effect::Planned| matches!(planned.effect, Effect::DialLead { .. });
        assert!(!self.last.effects.iter().any(dials), "{:#?}", self.last.effects);
        self
    }

    /// The try has come to nothing: ben is told, and owes the call as before.
    fn owes_it_still(self) -> Self {
        assert_eq!(self.state.calling, None);
        self.briefs("ben", BriefWhy::Tried).promises("ben", "11:00").holds_nobody()
    }

    fn ends_called(self, at: DateTime<Utc>) -> Self {
        assert_eq!(self.state.stage, Stage::Done { outcome: Outcome::Called { rep: rep_id("ben"), at } });
        self
    }

    /// What came of it, once the lead is gone; there is time to say so, and the call counts as being made.
    fn asks(self, have_spoken: bool, again: bool) -> Self {
        let leg = self.leg(3);
        assert_eq!(self.state.asked_on().map(|asked| &asked.id), Some(&leg));
        let timer = Timer::AnswerBy { leg: leg.clone(), asked: 1 + u32::from(again) };
        assert_eq!(self.planned_at(&timer), Some(self.now + TimeDelta::seconds(17)));
        assert!(self.state.holds.iter().any(|hold| hold.until > self.now + TimeDelta::seconds(17)), "ben is held");
        self.does(&Effect::Ask { leg, have_spoken, again })
    }

    fn presses(self, key: char) -> Self {
        self.of_leg(3, |leg| Event::Pressed { leg, key })
    }

    /// Nobody has pressed a key in time.
    fn says_nothing_by_key(self) -> Self {
        self.after(17).leg_timer(3, |leg| Timer::AnswerBy { leg, asked: 1 })
    }

    fn has_said(self, said: Option<CameOf>) -> Self {
        assert_eq!(self.state.legs[2].dialled.as_ref().and_then(|lead| lead.said), said);
        self
    }

    fn planned_at(&self, timer: &Timer) -> Option<DateTime<Utc>> {
        let is_it = |planned: &&crate::domain::effect::Planned| matches!(&planned.effect, Effect::Timer { timer: set } if set == timer);
        self.last.effects.iter().find(is_it).map(|planned| planned.run_at)
    }
}

#[test]
fn the_lead_is_dialled_once_the_rep_has_heard_who_it_is_and_accepted() {
    let call = rung().dials_nobody().after(4).answered(3).dials_nobody();
    let (leg, rep) = (call.leg(3), rep_id("ben"));
    let call = call.does(&Effect::Whisper { leg: leg.clone(), rep }).after(3).accepted(3);
    let call = call.does(&Effect::DialLead { leg: leg.of_lead() });
    assert!(call.state.is_dialling(&leg.of_lead()));
    call.accepted(3).ignored();
}

#[test]
fn a_call_back_is_a_first_contact_and_keeps_the_promise() {
    let call = speaking();
    let joined_at = call.now;
    assert_eq!(call.state.first_contact_at, Some(joined_at));
    let call = call.after(10).leg_timer(3, |leg| Timer::SettledBy { leg }).ends_called(joined_at);
    assert!(!call.state.holds.is_empty(), "ben is still talking");
    call.timer(Timer::Breach { promised_at: at("11:00") }).ignored();
}

#[test]
fn whoever_of_the_two_leaves_takes_the_other_along() {
    let settled = || speaking().after(10).leg_timer(3, |leg| Timer::SettledBy { leg }).after(300);
    let left = settled().lead(|leg| Event::LeadLeft { leg }).asks(true, false);
    left.says_nothing_by_key().hangs_up(3).holds_nobody().has_said(None);
    settled().rep_left(3).hangs_up_lead().holds_nobody();
    // The timer is late: they have spoken all the same.
    let call = speaking();
    let joined_at = call.now;
    call.after(15).rep_left(3).hangs_up_lead().ends_called(joined_at).holds_nobody();
}

/// The rep is in a call for nobody for ever. That nobody could say whether they speak cuts nobody off.
#[test]
fn a_call_whose_end_nobody_tells_ends_when_nobody_is_on_it() {
    let release = |leg| Timer::ReleaseBy { leg };
    let hours = || speaking().after(10).leg_timer(3, |leg| Timer::SettledBy { leg }).after(7200);
    let call = hours().of_leg(3, |leg| Event::TalksOn { leg });
    assert_eq!(call.state.calling, Some(call.leg(3)));
    let call = call.after(600).leg_timer(3, release).holds_nobody();
    assert_eq!(call.state.calling, None);
    assert!(call.last.effects.is_empty());
    call.rep_left(3).ignored().leg_timer(3, release).ignored();
    // Also where the phone was another lead's by the time at which they were told to speak.
    let mut taken = hours();
    taken.state.holds.clear();
    assert_eq!(taken.leg_timer(3, release).state.calling, None);
}

#[test]
fn who_is_cut_off_within_seconds_is_owed_a_call_still() {
    speaking().after(3).rep_left(3).hangs_up_lead().leg_is(3, LegState::Lost).owes_it_still();
    let left = speaking().after(3).lead(|leg| Event::LeadLeft { leg }).asks(true, false);
    left.says_nothing_by_key().hangs_up(3).owes_it_still();
}

#[test]
fn a_lead_who_cannot_be_had_ends_the_try_and_not_the_promise() {
    let gone: [fn(LegId) -> Event; 3] = [
        |leg| Event::NoAnswer { leg, why: None },
        |leg| Event::Busy { leg, why: Some("SIP 486 by the phone".to_owned()) },
        |leg| Event::WrongNumber { leg, why: None },
    ];
    for event in gone {
        let gone = dialled().after(9).lead(event).asks(false, false);
        gone.says_nothing_by_key().hangs_up(3).owes_it_still();
    }
    let machine = dialled().after(5).lead(|leg| Event::Machine { leg, why: None }).hangs_up_lead().asks(false, false);
    machine.says_nothing_by_key().hangs_up(3).owes_it_still();
    let silent = dialled().after(35).leg_timer(3, |leg| Timer::DialBy { leg }).hangs_up_lead().asks(false, false);
    silent.says_nothing_by_key().hangs_up(3).owes_it_still();
    // A fault of ours is nothing that a rep could tell of.
    let failed = |leg| Event::RingFailed { leg, why: "made up".to_owned(), fault: Fault::Vendor };
    dialled().after(1).lead(failed).hangs_up(3).hangs_up_lead().owes_it_still();
}

#[test]
fn a_rep_who_does_not_accept_has_nobody_dialled() {
    rung().after(4).declined(3).hangs_up(3).dials_nobody().owes_it_still();
    rung().after(15).leg_timer(3, |leg| Timer::RingBy { leg }).hangs_up(3).dials_nobody().owes_it_still();
    rung().after(4).answered(3).after(12).leg_timer(3, |leg| Timer::AcceptBy { leg }).hangs_up(3).owes_it_still();
    rung().after(4).answered(3).rep_left(3).dials_nobody().owes_it_still();
}

#[test]
fn a_rep_who_hangs_up_while_the_lead_is_dialled_leaves_nobody_ringing() {
    dialled().after(2).rep_left(3).hangs_up_lead().owes_it_still();
}

#[test]
fn a_lead_who_answers_when_all_is_over_is_let_go() {
    let over = || dialled().after(2).rep_left(3).after(1);
    over().lead(|leg| Event::Answered { leg }).hangs_up_lead().promises("ben", "11:00");
    over().lead(|leg| Event::NoAnswer { leg, why: None }).ignored();
}

#[test]
fn nobody_is_dialled_at_night_or_against_their_will() {
    let mut night = owed();
    night.state.caller_zone = Some(Zone::UTC);
    night.rules.hours.calling = Shift { from: at("10:30").time(), until: at("21:00").time() };
    let until = at("10:30");
    assert_eq!(night.state.why_no_call(&rep_id("ben"), &night.rules, night.now), Some(NoCall::NotNow { until }));
    night.on(by("ben")).ignored();
    for reach_back in [ReachBack::Mail, ReachBack::Nothing] {
        let mut refused = owed();
        refused.state.reach_back = reach_back;
        let why = refused.state.why_no_call(&rep_id("ben"), &refused.rules, refused.now);
        assert_eq!(why, Some(NoCall::NotToBeCalled));
        refused.on(by("ben")).ignored();
    }
}

/// Evening comes, or a refusal, while the rep's phone rings.
#[test]
fn what_was_lawful_when_the_rep_was_rung_is_looked_at_again() {
    let mut call = rung().answered(3);
    call.state.caller_zone = Some(Zone::UTC);
    call.rules.hours.calling = Shift { from: at("06:00").time(), until: at("10:00").time() };
    call.accepted(3).dials_nobody().hangs_up(3).owes_it_still();
}

#[test]
fn one_act_makes_one_call() {
    rung().on(by("ben")).ignored().on(by("cy")).ignored();
    let ended = call().settled();
    let why = ended.state.why_no_call(&rep_id("ben"), &ended.rules, ended.now);
    assert_eq!(why, Some(NoCall::NotOwed));
}

/// A rep has one phone: of two promises for one minute the second waits its turn.
#[test]
fn a_rep_who_is_on_another_call_is_rung_after_it() {
    assert_eq!(busy().planned_at(&again()), Some(at("10:10") + TimeDelta::seconds(20)));
    busy().after(20).timer(again()).rings("ben", 3);
    let still = busy().after(20).held_by_another().timer(again()).rings_nobody_new(2);
    assert_eq!(still.planned_at(&again()), Some(at("10:10") + TimeDelta::seconds(40)));
    // Not for ever: they are told that it is still owed.
    busy().after(299).held_by_another().timer(again()).rings_nobody_new(2).briefs("ben", BriefWhy::Reminder);
}

#[test]
fn who_is_asked_twice_while_on_another_call_is_tried_as_if_asked_once() {
    busy().after(5).held_by_another().on(by("ben")).ignored();
    // The call was made meanwhile: nobody's phone rings for what was asked before.
    busy().after(5).on(by("ben")).rings("ben", 3).after(3).declined(3).after(12).timer(again()).ignored();
}

#[test]
fn who_has_the_lead_no_more_is_not_tried_again() {
    let given = busy().after(5).on(Event::Reassigned(NewOwner::new(rep_id("cy"), "told"))).owner_is("cy");
    given.after(15).timer(again()).ignored();
}

/// The promise may be broken by then; the call is owed still.
#[test]
fn who_asks_shortly_before_the_promised_time_is_rung_after_it() {
    let late = owed().after(3590).held_by_another().on(by("ben"));
    let again = Timer::CallAgain { rep: rep_id("ben"), until: late.now + TimeDelta::seconds(300) };
    assert_eq!(late.planned_at(&again), Some(late.now + TimeDelta::seconds(20)));
    let late = late.after(10).timer(Timer::Breach { promised_at: at("11:00") }).needs_attention_of("max");
    late.after(10).timer(again).rings("ben", 3);
}

#[test]
fn a_rep_whom_one_phone_does_not_reach_is_rung_on_the_next() {
    let rung = || {
        let mut call = owed().after(600);
        let ben = call.rules.reps.get_mut(&rep_id("ben")).expect("ben");
        ben.phones.extend(ben.phones.clone());
        call.on(by("ben")).rings("ben", 3)
    };
    let second = || {
        let call = rung().after(15).leg_timer(3, |leg| Timer::RingBy { leg }).hangs_up(3).rings("ben", 4);
        assert_eq!((call.state.legs[3].endpoint, call.state.calling.clone()), (1, Some(call.leg(4))));
        call.dials_nobody()
    };
    let call = second().after(4).answered(4).after(3).accepted(4);
    let leg = call.leg(4).of_lead();
    call.does(&Effect::DialLead { leg });
    second().of_leg(4, |leg| Event::Busy { leg, why: None }).owes_it_still();
    // Who says no has said it for all of their phones; and a phone that another lead holds by now is not rung.
    rung().after(4).declined(3).hangs_up(3).owes_it_still();
    rung().held_by_another().of_leg(3, |leg| Event::NoAnswer { leg, why: None }).owes_it_still();
}

#[test]
fn the_clock_makes_the_call_where_the_rules_say_so() {
    let promised_at = at("11:00");
    let mut world = scenario();
    world.rules.handoff.callback.dial = CallbackDial::AtTheTime;
    let call = begun(world).offered().on(Event::SlotsDeclined);
    assert_eq!(call.planned_at(&Timer::CallAt { promised_at }), Some(at("10:58")));
    call.after(58 * 60).timer(Timer::CallAt { promised_at }).rings("ben", 3);
    // Whoever has been called by hand before is left alone.
    let called = owed().on(Event::ContactMade { rep: rep_id("ben"), at: at("10:30") });
    called.timer(Timer::CallAt { promised_at }).ignored();
    assert_eq!(owed().planned_at(&Timer::CallAt { promised_at }), None, "by_button is what is not said");
}

/// They take the place of the reminders, and not of the call.
#[test]
fn the_clock_makes_the_call_also_where_steps_are_set() {
    let promised_at = at("11:00");
    let call = owed_with_steps(CallbackDial::AtTheTime);
    assert_eq!(call.planned_at(&Timer::CallAt { promised_at }), Some(at("10:58")));
    call.after(58 * 60).timer(Timer::CallAt { promised_at }).rings("ben", 3);
}

/// Neither offered to others nor, where it is on offer, taken by one of them.
#[test]
fn a_lead_is_not_given_away_while_its_rep_calls() {
    let call = owed_with_steps(CallbackDial::ByButton);
    let (promised_at, owner, from) = (at("11:00"), rep_id("ben"), call.state.steps_from);
    let offer = Timer::Sla { promised_at, owner, act: SlaAct::Reassign, from };
    let call = call.after(1790).on(by("ben")).answered(3).accepted(3).after(10).timer(offer.clone());
    assert_eq!((call.planned_at(&offer), &call.state.waits_in), (Some(call.now + TimeDelta::seconds(30)), &None));
    let call = call.lead(|leg| Event::NoAnswer { leg, why: None }).says_nothing_by_key().after(13).timer(offer);
    assert!(call.state.is_waiting());
    let call = call.on(by("ben")).rings("ben", 4);
    assert!(!call.state.is_waiting());
    call.on(Event::Found(NewOwner::new(rep_id("cy"), "is free"))).ignored().owner_is("ben");
}

#[test]
fn a_promise_is_not_broken_while_the_call_is_made() {
    let promised_at = at("11:00");
    let call = dialled().timer(Timer::Breach { promised_at }).promises("ben", "11:00");
    assert_eq!(call.planned_at(&Timer::Breach { promised_at }), Some(call.now + TimeDelta::seconds(30)));
    let call = call.lead(|leg| Event::NoAnswer { leg, why: None }).says_nothing_by_key().after(13);
    call.timer(Timer::Breach { promised_at }).needs_attention_of("max");
}

#[test]
fn a_call_after_the_breach_is_made_as_well() {
    let call = owed().after(3600).timer(Timer::Breach { promised_at: at("11:00") }).needs_attention_of("max");
    call.on(by("max")).rings("max", 3);
}

#[test]
fn a_refusal_ends_what_is_not_yet_a_conversation() {
    let refused = || {
        Event::Completed(crate::handoff::Completed {
            added: vec!["consent.callback".to_owned()],
            reach_back: Some(ReachBack::Mail),
            refusals_changed: true,
            ..Default::default()
        })
    };
    let call = dialled().on(refused()).hangs_up(3).hangs_up_lead().holds_nobody();
    assert_eq!(call.state.calling, None);
    let call = speaking().on(refused());
    assert!(call.state.calling.is_some(), "they speak");
}

/// As it was stored before callbacks were dialled.
#[test]
fn a_handoff_of_an_earlier_version_calls_nobody() {
    let state = owed().state;
    let stored = serde_json::to_string(&state).expect("it can be stored");
    assert!(!stored.contains("calling") && !stored.contains("dialled"));
    assert_eq!(serde_json::from_str::<Handoff>(&stored).expect("a handoff"), state);
}
