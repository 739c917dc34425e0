//! A meeting instead of a conversation.

mod meeting;

use super::*;
use crate::rules::model::set::MeetingOfTier;

#[test]
fn when_nobody_can_be_had_times_are_offered() {
    let slots = vec![slot(14), slot(15)];
    call().offered().does(&Effect::Instruct { instruction: Instruction::OfferSlots { slots } });
}

#[test]
fn a_chosen_slot_is_booked_and_confirmed() {
    let instruction = Instruction::ConfirmBooking { slot: slot(14) };
    let call = call().chosen().books(slot(14), 1).on(booked(1)).ends_booked();
    call.does(&Effect::Instruct { instruction }).briefs("ben", BriefWhy::Booked).publishes(Topic::MeetingBooked);
}

#[test]
fn a_meeting_is_as_the_tier_of_the_lead_has_it() {
    let mut world = scenario();
    let tier = world.decide().plan.tier;
    let hour = std::time::Duration::from_secs(3600);
    world.rules.handoff.booking.at_most = Some(6);
    world.rules.handoff.booking.tiers.insert(tier, MeetingOfTier { duration: Some(hour), ..MeetingOfTier::default() });
    let other = "another".to_owned().try_into().expect("a name");
    world.rules.handoff.booking.tiers.insert(other, MeetingOfTier { at_most: Some(1), ..MeetingOfTier::default() });
    let terms = begun(world.clone()).state.terms.booking;
    let everybodys = &world.rules.handoff.booking;
    assert_eq!((terms.duration, terms.notice, terms.at_most), (hour, everybodys.notice, Some(6)));
    assert!(terms.tiers.is_empty(), "a handoff has the terms of its own tier");
}

#[test]
fn a_slot_that_was_not_offered_is_not_booked() {
    call().offered().on(Event::SlotChosen { slot: slot(9) }).ignored();
}

#[test]
fn a_taken_slot_leads_to_the_others_and_then_to_a_new_search() {
    let call = call().chosen().on(Event::SlotTaken { attempt: 1 });
    assert!(matches!(&call.state.stage, Stage::Offering { slots, .. } if *slots == [slot(15)]));
    let call = call.on(Event::SlotChosen { slot: slot(15) }).books(slot(15), 2);
    call.on(Event::SlotTaken { attempt: 2 }).searches(2);
}

#[test]
fn a_time_that_another_lead_is_booking_is_not_asked_for() {
    let mut live = call().offered();
    live.state.taken_slots.push(slot(14));
    let live = live.on(Event::SlotChosen { slot: slot(14) });
    assert!(matches!(&live.state.stage, Stage::Offering { slots, .. } if *slots == [slot(15)]));
    let mut gone = call().declined(1).declined(2);
    gone.state.live = false;
    gone.state.taken_slots.push(slot(14));
    gone.on(Event::SlotsFound { search: 1, slots: vec![slot(14), slot(15)] }).books(slot(15), 1);
}

#[test]
fn who_declines_the_times_or_says_nothing_is_called() {
    call().offered().on(Event::SlotsDeclined).promises("ben", "11:00");
    let call = call().offered().after(30).timer(Timer::SlotBy { search: 1 });
    assert!(matches!(call.state.stage, Stage::Callback { .. }));
}

#[test]
fn the_timer_of_an_earlier_offer_does_not_end_a_later_one() {
    let by = Timer::SlotBy { search: 1 };
    let call = call().chosen().on(Event::SlotTaken { attempt: 1 });
    call.after(24).timer(by.clone()).ignored().after(6).timer(by).says_promise();
}

#[test]
fn a_calendar_that_cannot_be_read_leads_to_a_promise() {
    let search = 1;
    let searching = || call().declined(1).declined(2);
    searching().on(Event::SlotsUnknown { search, why: "no answer".into() }).says_promise();
    searching().after(8).timer(Timer::SearchBy { search }).says_promise();
    searching().on(Event::SlotsFound { search, slots: vec![] }).says_promise();
}

#[test]
fn a_booking_that_comes_late_replaces_the_promise() {
    let call = call().chosen().after(20).timer(Timer::BookBy { attempt: 1 }).says_promise();
    let call = call.after(5).on(booked(1)).ends_booked();
    let promised_at = at("11:00") + TimeDelta::seconds(29);
    call.timer(Timer::Breach { promised_at }).ignored();
}

#[test]
fn a_booking_that_fails_leads_to_a_promise() {
    call().chosen().on(Event::BookingFailed { attempt: 1, why: "quota".into() }).says_promise();
}

#[test]
fn without_a_caller_the_first_time_is_booked_unasked_only_if_a_meeting_was_wanted() {
    let mut world = scenario().not_live();
    begun(world.clone()).promises("ben", "11:00").says_nothing();
    world.lead.preference.times = vec![slot(14).from];
    let call = begun(world).searches(1).on(Event::SlotsFound { search: 1, slots: vec![slot(14)] });
    call.books(slot(14), 1).on(booked(1)).ends_booked().says_nothing();
}
