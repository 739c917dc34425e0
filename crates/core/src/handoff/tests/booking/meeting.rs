//! A meeting that the lead moves, or calls off.

use super::*;
use crate::domain::lead::{ConsentSaid, Lead};
use crate::domain::outcome::MeetingChangeState;
use crate::domain::phone::PhoneE164;
use crate::domain::zone::Zone;
use crate::handoff::NoText;
use crate::rules::model::set::ConfirmBy;

/// Ben's meeting at 14:00 of the next day, which nobody is on the line about any more.
fn standing() -> UnderWay {
    call().chosen().on(booked(1)).on(Event::CallerLeft).after(600)
}

fn wanted() -> Event {
    Event::MoveWanted { to: slot(15) }
}

impl UnderWay {
    fn stands_at(self, booking: &Booking) -> Self {
        assert_eq!(self.state.meeting(), Some(booking));
        self
    }

    fn change_is(self, state: Option<MeetingChangeState>) -> Self {
        assert_eq!(self.state.change.as_ref().map(|change| change.state), state);
        self
    }
}

#[test]
fn a_meeting_is_moved_once_the_calendar_has_and_its_rep_is_told() {
    let call = standing().on(wanted()).stands_at(&meeting()).change_is(Some(MeetingChangeState::UnderWay));
    let call = call.does(&Effect::MoveMeeting { booking: meeting(), to: slot(15), attempt: 2 });
    let call = call.on(Event::MeetingMoved { attempt: 2, booking: moved() }).stands_at(&moved()).change_is(None);
    assert_eq!((call.state.meeting_moves, call.state.next_step().at), (1, slot(15).from));
    let note = CrmNote::Moved { slot: slot(15) };
    let call = call
        .briefs("ben", BriefWhy::Moved)
        .publishes(Topic::MeetingMoved)
        .does(&Effect::WriteCrm { owner: rep_id("ben"), note });
    call.on(Event::MeetingMoved { attempt: 2, booking: moved() }).ignored();
}

#[test]
fn two_wishes_at_once_are_one_move() {
    standing()
        .on(wanted())
        .on(Event::MoveWanted { to: slot(16) })
        .ignored()
        .on(Event::CalledOff { wants_call: true })
        .ignored();
}

#[test]
fn a_time_that_is_taken_leaves_the_meeting_where_it_is_and_another_may_be_had() {
    let taken = Event::MeetingNotMoved { attempt: 2, why: "taken".to_owned(), taken: true };
    let call = standing().on(wanted()).on(taken).stands_at(&meeting()).change_is(Some(MeetingChangeState::Taken));
    let call = call.on(Event::MoveWanted { to: slot(16) });
    call.does(&Effect::MoveMeeting { booking: meeting(), to: slot(16), attempt: 3 });
}

#[test]
fn a_time_that_another_lead_is_booking_is_not_asked_of_the_calendar() {
    let mut call = standing();
    call.state.taken_slots.push(slot(15));
    let call = call.on(wanted()).change_is(Some(MeetingChangeState::Taken)).stands_at(&meeting());
    assert_eq!(call.last.effects, []);
}

#[test]
fn only_a_meeting_to_come_is_moved_to_a_time_of_its_rep() {
    let other = Slot { rep: rep_id("cy"), ..slot(15) };
    standing().on(Event::MoveWanted { to: other }).ignored();
    standing().on(Event::MoveWanted { to: slot(14) }).ignored();
    standing().after(2 * 24 * 3600).on(Event::MoveWanted { to: slot(16) }).ignored();
    standing().after(2 * 24 * 3600).on(Event::CalledOff { wants_call: true }).ignored();
    call().on(wanted()).ignored().on(Event::CalledOff { wants_call: false }).ignored();
}

#[test]
fn a_meeting_is_not_moved_for_ever_and_can_be_called_off_all_the_same() {
    let mut call = standing();
    call.state.booking_attempts = 19;
    assert!(call.state.may_move_meeting());
    call.state.booking_attempts = 20;
    let call = call.on(wanted()).ignored();
    call.on(Event::CalledOff { wants_call: false }).does(&Effect::CancelMeeting { booking: meeting() });
}

#[test]
fn who_calls_it_off_and_wants_a_call_is_promised_one() {
    let call = standing().on(Event::CalledOff { wants_call: true }).does(&Effect::CancelMeeting { booking: meeting() });
    assert_eq!(call.state.next_step().what, NextStepKind::Callback);
    let call = call.briefs("ben", BriefWhy::CalledOff).publishes(Topic::MeetingCancelled).owner_is("ben");
    // What was told of the booking, told once more.
    call.on(booked(1)).ignored();
}

#[test]
fn who_calls_it_off_for_good_has_closed_the_lead_which_keeps_its_owner() {
    let call =
        standing().on(Event::CalledOff { wants_call: false }).does(&Effect::CancelMeeting { booking: meeting() });
    let call = call.briefs("ben", BriefWhy::CalledOff).owner_is("ben");
    assert!(matches!(call.state.stage, Stage::Done { outcome: Outcome::CalledOff { .. } }));
    assert!(!call.state.is_open());
    assert_eq!(call.state.next_step().what, NextStepKind::FollowUp);
    call.on(Event::CalledOff { wants_call: true }).ignored();
}

/// The lead is told of their meeting by text alone; one may arrive from then on, until the evening.
fn texting(from: &str) -> (Lead, UnderWay) {
    let mut world = scenario();
    world.lead.preference.timezone = Some(Zone::UTC);
    world.lead.consent.sms = Some(ConsentSaid::from(true));
    world.lead.contact.phone = Some(Known::from_caller(PhoneE164::new("+4915112345678").expect("a number")));
    world.rules.hours.calling = Shift { from: at(from).time(), until: at("21:00").time() };
    world.rules.handoff.booking.confirm = [ConfirmBy::Text].into();
    (world.lead.clone(), begun(world).chosen())
}

impl UnderWay {
    fn texts(self, of: &Slot, called_off: bool, run_at: DateTime<Utc>) -> Self {
        let effect = Effect::TextMeeting { slot: of.clone(), called_off };
        let planned = self.last.effects.iter().find(|planned| planned.effect == effect);
        assert_eq!(planned.map(|planned| (planned.run_at, planned.deadline_at)), Some((run_at, of.from)));
        let is_mail = |effect: &Effect| matches!(effect, Effect::ConfirmToCaller { .. });
        assert!(!self.last.effects.iter().any(|planned| is_mail(&planned.effect)), "it takes the place of the mail");
        self
    }

    /// Why the lead is not written to of this meeting now.
    fn no_text(&self, lead: &Lead, of: &Slot, called_off: bool) -> Option<NoText> {
        self.state.meeting_text_to(lead, &self.rules, (of, called_off), self.now).err()
    }
}

#[test]
fn a_meeting_is_told_of_by_text_as_it_is_booked_moved_and_called_off() {
    let (lead, call) = texting("08:00");
    let (booked_at, moved_at) = (call.now, call.now + TimeDelta::minutes(10));
    let call = call.on(booked(1)).texts(&slot(14), false, booked_at);
    assert_eq!(call.no_text(&lead, &slot(14), false), None);
    let call = call.on(Event::CallerLeft).after(600).on(wanted());
    let call = call.on(Event::MeetingMoved { attempt: 2, booking: moved() }).texts(&slot(15), false, moved_at);
    assert_eq!(call.no_text(&lead, &slot(14), false), Some(NoText::NotSo), "it is another by now");
    assert_eq!(call.no_text(&lead, &slot(15), true), Some(NoText::NotSo), "it stands");
    let call = call.on(Event::CalledOff { wants_call: false }).texts(&slot(15), true, moved_at);
    assert_eq!(call.no_text(&lead, &slot(15), true), None);
    assert_eq!(call.after(3 * 24 * 3600).no_text(&lead, &slot(15), true), Some(NoText::NotSo), "it would be over");
}

#[test]
fn no_text_of_a_meeting_comes_at_night_or_to_who_has_not_agreed() {
    let (mut lead, call) = texting("10:30");
    let call = call.on(booked(1)).texts(&slot(14), false, at("10:30"));
    assert_eq!(call.no_text(&lead, &slot(14), false), Some(NoText::NotNow { until: at("10:30") }));
    let call = call.after(1800);
    assert_eq!(call.no_text(&lead, &slot(14), false), None);
    lead.consent.sms = None;
    assert_eq!(call.no_text(&lead, &slot(14), false), Some(NoText::NotAgreed));
    lead.consent.sms = Some(ConsentSaid::from(false));
    assert_eq!(call.no_text(&lead, &slot(14), false), Some(NoText::Refused));
}
