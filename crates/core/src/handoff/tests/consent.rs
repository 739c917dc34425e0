//! Who must not be called is not called: a mail is promised, or somebody is told; and leads that did not call ring nobody.

use super::*;
use crate::domain::effect::{Confirmation, ToSay};
use crate::domain::lead::{ConsentSaid, LeadChannel, PreferredHandoff, ReachBack};
use crate::handoff::{Completed, OnTheLine};
use crate::rules::model::set::Rung;

/// Acme, who says so much about calls and mail, and has an address.
fn acme_says(callback: bool, email: Option<bool>) -> Scenario {
    let mut world = scenario();
    world.lead.contact.email = Some(Known::from_caller("dana@acme.com".to_owned()));
    world.lead.consent.callback = Some(callback.into());
    world.lead.consent.email = email.map(ConsentSaid::from);
    world
}

/// Acme, who withholds the number, has an address or not, and says so much about mail.
fn withheld(has_address: bool, email: Option<bool>) -> Scenario {
    let mut world = scenario();
    world.lead.call.as_mut().expect("the lead has a call").from = None;
    world.lead.contact.email = has_address.then(|| Known::from_caller("dana@acme.com".to_owned()));
    world.lead.consent.email = email.map(ConsentSaid::from);
    world
}

/// The after-call report says that mail is not wanted.
fn refused() -> Event {
    let added = vec!["consent.email".to_owned()];
    Event::Completed(Completed { by: "town evt-2".into(), added, refusals_changed: true, ..Completed::default() })
}

fn now_reached(by: ReachBack) -> Event {
    let added = vec!["consent.callback".to_owned()];
    Event::Completed(Completed { by: "town evt-2".into(), added, reach_back: Some(by), ..Completed::default() })
}

impl UnderWay {
    fn promises_mail(self, name: &str, time: &str) -> Self {
        let next = self.state.next_step();
        assert_eq!((next.what, next.owner, next.at), (NextStepKind::Mail, rep_id(name), at(time)));
        self.briefs(name, BriefWhy::Mail).publishes(Topic::MailPromised).calls_nobody()
    }

    /// By card and by mail.
    fn tells_of_refusals(self, name: &str) -> Self {
        let (rep, why) = (rep_id(name), BriefWhy::Refusals);
        self.briefs(name, why).does(&Effect::Brief { rep, channel: Channel::Email, why })
    }

    fn calls_nobody(self) -> Self {
        let called = self.last.effects.iter().find(|planned| match &planned.effect {
            Effect::Brief { why, .. } => matches!(why, BriefWhy::Callback | BriefWhy::Reminder | BriefWhy::Escalation),
            Effect::Publish { topic } => matches!(topic, Topic::CallbackPromised | Topic::CallbackDue),
            Effect::WriteCrm { note, .. } => matches!(note, CrmNote::CallbackPromised { .. }),
            Effect::ConfirmToCaller { what } => matches!(what, Confirmation::Callback { .. }),
            Effect::Instruct { instruction } => matches!(instruction, Instruction::PromiseCallback { .. }),
            _ => false,
        });
        assert_eq!(called, None);
        self
    }
}

#[test]
fn a_caller_on_the_line_is_put_through_and_written_to_if_nobody_can_be_had() {
    let call = begun(acme_says(false, Some(true))).rings("ben", 1);
    let call = call.declined(1).declined(2).on(Event::SlotsFound { search: 1, slots: Vec::new() });
    let instruction = Instruction::PromiseMail { rep: rep_id("ben"), promised_at: at("11:00") };
    call.promises_mail("ben", "11:00").does(&Effect::Instruct { instruction });
}

#[test]
fn a_promised_mail_is_kept_track_of_without_a_call() {
    let promised_at = at("11:00");
    let call = begun(acme_says(false, Some(true)).not_live()).promises_mail("ben", "11:00").says_nothing();
    let call = call.after(3000).timer(Timer::Remind { promised_at }).briefs("ben", BriefWhy::Mail);
    let call = call.publishes(Topic::MailDue).calls_nobody();
    let call = call.after(300).timer(Timer::Escalate { promised_at }).briefs("max", BriefWhy::Mail).calls_nobody();
    let late = call.after(300).timer(Timer::Breach { promised_at }).needs_attention_of("max");
    late.publishes(Topic::MailBreached).publishes(Topic::NeedsAttention);
}

/// It is night where the caller is: a mail wakes nobody.
#[test]
fn a_mail_is_promised_without_regard_to_the_hours_of_the_caller() {
    let mut world = acme_says(false, Some(true)).not_live();
    let hour = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("an hour");
    world.rules.hours.calling = Shift { from: hour(8), until: hour(21) };
    begun(world).promises_mail("ben", "11:00");
}

#[test]
fn where_mail_is_not_agreed_to_either_the_owner_is_told() {
    for email in [None, Some(false)] {
        let call = begun(acme_says(false, email).not_live()).needs_attention_of("ben");
        call.briefs("ben", BriefWhy::NeedsAttention).publishes(Topic::NeedsAttention).calls_nobody();
    }
    let live = begun(acme_says(false, None)).declined(1).declined(2);
    let live = live.on(Event::SlotsFound { search: 1, slots: Vec::new() }).needs_attention_of("ben");
    live.does(&Effect::Instruct { instruction: Instruction::NoCall { rep: rep_id("ben") } });
}

#[test]
fn what_is_taken_back_or_given_later_changes_what_was_promised() {
    let called = begun(acme_says(true, Some(true)).not_live()).promises("ben", "11:00");
    let written = called.after(60).on(now_reached(ReachBack::Mail)).calls_nobody();
    assert_eq!(written.state.next_step().what, NextStepKind::Mail);
    let told = written.on(now_reached(ReachBack::Nothing)).needs_attention_of("ben").calls_nobody();
    let called = told.on(now_reached(ReachBack::Call));
    assert_eq!(called.state.next_step().what, NextStepKind::Callback);
    let done = called.on(Event::ContactMade { rep: rep_id("ben"), at: at("10:30") });
    assert!(done.on(now_reached(ReachBack::Mail)).state.is_done(), "what is done stays done");
}

#[test]
fn a_lead_that_did_not_call_rings_nobody_and_begins_at_the_meeting_or_the_callback() {
    for channel in [LeadChannel::Form, LeadChannel::Sms, LeadChannel::Email] {
        let mut world = scenario();
        world.lead.channel = channel;
        assert_eq!(world.decide().plan.rungs, [Rung::Booking, Rung::Callback], "{channel:?}");
        begun(world.clone()).rings_nobody_new(0).promises("ben", "11:00").says_nothing();
        begun(world.wants(PreferredHandoff::Meeting)).rings_nobody_new(0).searches(1).says_nothing();
    }
}

#[test]
fn a_chat_is_answered_with_words() {
    let mut world = scenario();
    world.lead.channel = LeadChannel::Chat;
    begun(world).rings_nobody_new(0).promises("ben", "11:00").says_promise();
}

/// Due at the same time, it is watched by what was set for the call: nobody is reminded twice.
#[test]
fn a_mail_in_the_place_of_a_call_is_watched_once() {
    let promised_at = at("11:00");
    let called = begun(acme_says(true, Some(true)).not_live()).promises("ben", "11:00");
    let written = called.on(now_reached(ReachBack::Mail)).promises_mail("ben", "11:00");
    assert!(!written.last.effects.iter().any(|planned| matches!(planned.effect, Effect::Timer { .. })));
    written.after(3000).timer(Timer::Remind { promised_at }).briefs("ben", BriefWhy::Mail).publishes(Topic::MailDue);
}

#[test]
fn who_was_to_call_in_the_owners_place_is_told_when_another_is_to_write() {
    let by_cy = || {
        let mut call = begun(acme_says(true, Some(true)).not_live()).promises("ben", "11:00");
        let Stage::Callback { promise } = &mut call.state.stage else { panic!("{:?}", call.state.stage) };
        promise.owner = rep_id("cy");
        call
    };
    by_cy().on(now_reached(ReachBack::Mail)).promises_mail("ben", "11:00").briefs("cy", BriefWhy::GivenAway);
    by_cy().on(now_reached(ReachBack::Nothing)).needs_attention_of("ben").briefs("cy", BriefWhy::GivenAway);
}

/// The card that asks them to act says how they may not.
#[test]
fn who_is_to_look_into_a_lead_hears_that_it_may_not_be_called() {
    let called = begun(acme_says(true, None).not_live()).promises("ben", "11:00");
    let late = called.after(3600).timer(Timer::Breach { promised_at: at("11:00") }).needs_attention_of("max");
    let told = late.after(60).on(now_reached(ReachBack::Nothing)).needs_attention_of("max");
    told.briefs("max", BriefWhy::NeedsAttention).calls_nobody();
}

#[test]
fn a_chat_that_became_a_call_is_not_spoken_to_once_the_line_is_gone() {
    let plan = scenario().decide().plan;
    let line = OnTheLine { since: at("10:00"), targets: plan.targets, rungs: plan.rungs };
    let event = Completed { by: "town evt-2".into(), on_the_line: Some(line), ..Completed::default() };
    let mut world = scenario();
    world.lead.channel = LeadChannel::Chat;
    let call = begun(world).says_promise().on(Event::Completed(event)).rings("ben", 1);
    let gone = call.on(Event::CallerLeft).says_nothing();
    assert_eq!(gone.state.next_step().what, NextStepKind::Callback);
}

#[test]
fn who_withholds_the_number_is_promised_a_mail_unless_they_refused_it() {
    for email in [None, Some(true)] {
        begun(withheld(true, email).not_live()).promises_mail("ben", "11:00");
    }
    for world in [withheld(true, Some(false)), withheld(false, None)] {
        let call = begun(world.not_live()).needs_attention_of("ben").calls_nobody();
        call.briefs("ben", BriefWhy::NeedsAttention).publishes(Topic::NeedsAttention);
    }
}

/// They are on the line: phones ring for them, and then the agent asks how they can be reached.
#[test]
fn a_live_caller_without_a_number_is_put_through_or_asked_for_one() {
    let call = begun(withheld(false, None)).rings("ben", 1).declined(1).rings("cy", 2).declined(2);
    let left = call.on(Event::SlotsFound { search: 1, slots: Vec::new() }).needs_attention_of("ben").calls_nobody();
    assert_eq!(left.state.to_say(false), (ToSay::HowToReach, "missing"));
    left.on(now_reached(ReachBack::Call)).promises("ben", "11:00").says_promise();
}

#[test]
fn whoever_has_a_lead_that_is_done_hears_what_is_refused_since() {
    call().settled().on(refused()).ends_connected("ben").tells_of_refusals("ben");
    call().chosen().on(booked(1)).on(refused()).ends_booked().tells_of_refusals("ben");
    let by_cy = Event::ContactMade { rep: rep_id("cy"), at: at("10:30") };
    let called = begun(acme_says(true, Some(true)).not_live()).on(by_cy).on(refused());
    called.owner_is("ben").tells_of_refusals("ben");
}

#[test]
fn who_meets_the_person_in_the_owners_place_hears_of_a_refusal_too() {
    let mut call = call().chosen().on(booked(1));
    call.state.owner = rep_id("cy");
    call.on(refused()).tells_of_refusals("ben").tells_of_refusals("cy");
}

#[test]
fn a_report_that_refuses_nothing_tells_nobody_of_a_lead_that_is_done() {
    let added = vec!["consent.email".to_owned()];
    let agrees = Event::Completed(Completed { by: "town evt-2".into(), added, ..Completed::default() });
    let call = call().settled().on(agrees);
    assert!(!call.last.effects.iter().any(|planned| matches!(planned.effect, Effect::Brief { .. })));
}

#[test]
fn who_is_to_look_into_a_lead_hears_that_it_may_not_be_written_to() {
    let late = begun(acme_says(true, Some(true)).not_live()).after(3600);
    let late = late.timer(Timer::Breach { promised_at: at("11:00") }).needs_attention_of("max");
    late.on(refused()).briefs("max", BriefWhy::NeedsAttention);
}
