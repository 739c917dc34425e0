//! Leads that are given to another rep, those that are closed, and those that another system goes on with.

use super::*;
use crate::domain::effect::Confirmation;
use crate::domain::rep::{Busy, BusyKind, Leave};
use crate::domain::whereabouts::Whereabouts;
use crate::domain::zone::Zone;
use crate::handoff::state::Closing;

fn busy(from: &str, until: &str) -> Busy {
    Busy { from: at(from), until: at(until), kind: BusyKind::Busy }
}

fn reassigned(name: &str) -> Event {
    Event::Reassigned(NewOwner::new(rep_id(name), "told"))
}

/// Whom the moved lead's promise, CRM owner and briefing belong to, whatever stage it is in.
#[test]
fn a_lead_that_is_given_to_another_rep_takes_its_promise_along() {
    let promised = || call().offered().on(Event::SlotsDeclined).promises("ben", "11:00").after(600);
    let call = promised().on(reassigned("cy")).owner_is("cy").promises("cy", "11:00");
    let note = CrmNote::CallbackPromised { promised_at: at("11:00") };
    let call = call.briefs("cy", BriefWhy::Callback).briefs("ben", BriefWhy::GivenAway);
    let call = call.does(&Effect::WriteCrm { owner: rep_id("cy"), note });
    // Asked twice, nothing happens twice; the promise's timers are those that were set when it was made.
    let call = call.on(reassigned("cy")).ignored();
    call.after(2400).timer(Timer::Remind { promised_at: at("11:00") }).briefs("cy", BriefWhy::Reminder);
    promised().on(reassigned("nobody")).ignored().owner_is("ben");
}

#[test]
fn a_rep_who_is_not_at_work_before_the_promised_time_promises_another() {
    let call = begun(scenario().not_live().on_leave("cy")).promises("ben", "11:00").after(600);
    let call = call.on(reassigned("cy")).owner_is("cy").publishes(Topic::CallbackPromised);
    let Stage::Callback { promise } = &call.state.stage else { panic!("{:?}", call.state.stage) };
    assert_ne!(promise.promised_at, at("11:00"), "cy is away then");
}

#[test]
fn a_rep_whose_calendar_is_full_until_the_promised_time_promises_another() {
    let call = begun(scenario().not_live()).promises("ben", "11:00").after(600);
    let busy = Some(vec![busy("09:00", "12:00")]);
    let call = call.on(Event::Reassigned(NewOwner { busy, ..NewOwner::new(rep_id("cy"), "told") })).owner_is("cy");
    let next = call.publishes(Topic::CallbackPromised).state.next_step();
    assert_eq!((next.owner, next.at), (rep_id("cy"), at("12:07") + TimeDelta::seconds(30)));
}

/// What was seen at the decision counts no more where it is known that it has gone.
#[test]
fn a_meeting_that_was_cancelled_is_in_nobodys_way() {
    let given = |seen: Option<Vec<Busy>>| {
        let mut call = begun(scenario().not_live()).promises("ben", "11:00").after(600);
        call.state.busy.insert(rep_id("cy"), vec![busy("09:00", "12:00")]);
        call.on(Event::Reassigned(NewOwner { busy: seen, ..NewOwner::new(rep_id("cy"), "told") })).state.next_step().at
    };
    assert_eq!(given(Some(Vec::new())), at("11:00"));
    assert!(given(None) > at("12:00"), "nobody knows better");
}

/// It is ten; the caller may be called from eleven on, and was promised noon.
#[test]
fn only_time_in_which_the_caller_may_be_called_keeps_a_promise() {
    let given = |seen: Vec<Busy>| {
        let mut call = begun(scenario().not_live()).promises("ben", "11:00");
        let hour = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("an hour");
        call.rules.hours.calling = Shift { from: hour(11), until: hour(21) };
        call.state.caller = Whereabouts::in_zone(Zone::UTC);
        let Stage::Callback { promise } = &mut call.state.stage else { panic!("nothing is promised") };
        promise.promised_at = at("12:00");
        let to = NewOwner { busy: Some(seen), ..NewOwner::new(rep_id("cy"), "told") };
        call.on(Event::Reassigned(to)).state.next_step().at
    };
    assert_eq!(given(vec![busy("11:00", "11:30")]), at("12:00"));
    assert!(given(vec![busy("11:00", "13:00")]) > at("13:00"), "what is free before eleven helps nobody");
}

#[test]
fn a_broken_promise_is_promised_anew_by_who_is_given_the_lead() {
    let breached =
        call().offered().on(Event::SlotsDeclined).after(3600).timer(Timer::Breach { promised_at: at("11:00") });
    let call = breached.needs_attention_of("max").after(60).on(reassigned("cy")).owner_is("cy");
    let Stage::Callback { promise } = &call.state.stage else { panic!("{:?}", call.state.stage) };
    assert!(promise.raised && promise.owner == rep_id("cy") && promise.promised_at > call.now);
    call.briefs("max", BriefWhy::GivenAway);
}

#[test]
fn whoever_is_given_a_lead_that_was_spoken_with_or_booked_is_told() {
    let spoken = call().settled().ends_connected("ben").on(reassigned("cy")).owner_is("cy").ends_connected("ben");
    let write = Effect::WriteCrm { owner: rep_id("cy"), note: CrmNote::Routed };
    spoken.briefs("cy", BriefWhy::HandedOver).briefs("ben", BriefWhy::GivenAway).does(&write);
    let booked = call().chosen().on(booked(1)).ends_booked().on(reassigned("cy")).owner_is("cy");
    booked.briefs("cy", BriefWhy::HandedOver).does(&write);
}

/// The calendar it stands in is of somebody who has left: the caller, who keeps the time free, is called in it.
#[test]
fn a_meeting_with_somebody_who_left_becomes_a_call_at_its_time() {
    let left = || {
        let mut call = call().chosen().on(booked(1)).ends_booked().after(600);
        call.rules.reps.get_mut(&rep_id("ben")).expect("ben").active = false;
        call
    };
    let what = Confirmation::Callback { rep: rep_id("cy"), promised_at: slot(14).until };
    let call = left().on(reassigned("cy")).owner_is("cy").briefs("cy", BriefWhy::Callback);
    let call = call.does(&Effect::ConfirmToCaller { what }).does(&Effect::WriteCrm {
        owner: rep_id("cy"),
        note: CrmNote::CallbackPromised { promised_at: slot(14).until },
    });
    let Stage::Callback { promise } = &call.state.stage else { panic!("{:?}", call.state.stage) };
    assert_eq!((&promise.owner, promise.promised_at), (&rep_id("cy"), slot(14).until));
    call.on(reassigned("cy")).ignored();
    // Who is not at work then calls when they are; where nobody can take it, whoever answers for it calls soon.
    let mut away = left();
    let that_day = slot(14).from.date_naive();
    let leave = Leave { from: that_day, until: that_day };
    away.rules.reps.get_mut(&rep_id("cy")).expect("cy").leave = vec![leave];
    let away = away.on(reassigned("cy"));
    let Stage::Callback { promise } = &away.state.stage else { panic!("{:?}", away.state.stage) };
    assert!(promise.owner == rep_id("cy") && promise.promised_at < slot(14).from, "{promise:?}");
    // One that has been is over.
    let over = left().after(2 * 24 * 3600).on(reassigned("cy")).ends_booked();
    over.briefs("cy", BriefWhy::HandedOver);
}

#[test]
fn a_lead_that_is_given_away_while_it_rings_goes_on_ringing() {
    let call = call()
        .on(reassigned("eve"))
        .owner_is("eve")
        .does(&Effect::WriteCrm { owner: rep_id("eve"), note: CrmNote::Routed });
    call.declined(1).declined(2).searches(1);
}

#[test]
fn a_promise_of_somebody_who_left_goes_on_also_where_the_owner_stays() {
    let mut call = call().offered().on(Event::SlotsDeclined).promises("ben", "11:00");
    if let Stage::Callback { promise } = &mut call.state.stage {
        promise.owner = rep_id("dee");
    }
    call.rules.reps.get_mut(&rep_id("dee")).expect("dee").active = false;
    call.on(reassigned("ben")).promises("ben", "11:00");
}

#[test]
fn a_lead_is_closed_once_and_by_age_only_when_it_is_of_age() {
    let closed = |why| Event::Closed { why };
    let call = call().offered().on(Event::SlotsDeclined).after(3600).on(closed(Closing::Age)).ignored();
    assert!(call.state.is_open());
    let old = call.after(30 * 24 * 3600).on(closed(Closing::Age));
    assert!(!old.state.is_open());
    old.on(closed(Closing::Lost)).ignored();
    let won = self::call().offered().on(closed(Closing::Won));
    assert!(!won.state.is_open() && !won.state.is_done(), "the caller is still being served");
    let looked_at = self::call().offered().on(Event::SlotsDeclined).on(closed(Closing::ByHand));
    assert!(!looked_at.state.is_open(), "a person let it be");
    let spoken = self::call().settled();
    assert!(spoken.state.is_open(), "having spoken closes nothing");
}

fn in_shadow(world: Scenario) -> UnderWay {
    let begun = Handoff::begin(&world.lead, &world.decide(), &world.rules);
    let state = begun.seeing(&world.snapshot, &world.rules).in_shadow(true);
    let last = Transition { state: state.clone(), effects: Vec::new(), turn_moves: None, ignored: false };
    UnderWay { state, rules: world.rules, now: at("10:00"), last }.on(Event::Start)
}

fn kinds(call: &UnderWay) -> Vec<&'static str> {
    call.last.effects.iter().map(|planned| planned.effect.kind()).collect()
}

#[test]
fn what_a_live_call_would_lead_to_is_named_and_no_phone_is_held() {
    let (live, shadow) = (call(), in_shadow(scenario()));
    let named: Vec<&str> = kinds(&live).into_iter().filter(|kind| *kind != "timer").collect();
    assert!(named.contains(&"ring"), "{named:?}");
    assert_eq!(kinds(&shadow), named);
    let key = |call: &UnderWay| call.last.effects.iter().map(|one| one.key.clone()).collect::<Vec<_>>();
    assert!(key(&shadow).iter().all(|one| key(&live).contains(one)), "a step is called as it would be");
    assert_eq!(shadow.state.stage, Stage::Done { outcome: Outcome::Shadow { at: at("10:00") } });
    assert!(shadow.state.holds.is_empty() && shadow.state.legs.is_empty() && !shadow.state.live);
    assert!(shadow.state.is_open(), "it counts for its owner as it would");
    assert_eq!(shadow.state.next_step().what, NextStepKind::FollowUp);
    assert_eq!(shadow.state.to_say(true), (ToSay::GoOn, "shadow"));
}

/// Whatever is heard of its call, nobody is promised anything by us.
#[test]
fn nothing_begins_later_either() {
    for event in [Event::CallerLeft, Event::CallEnded, Event::Missed, Event::CallbackWanted, Event::Start] {
        let call = in_shadow(scenario()).on(event.clone());
        assert!(call.last.effects.is_empty(), "{event:?}: {:?}", call.last.effects);
        assert!(matches!(call.state.stage, Stage::Done { outcome: Outcome::Shadow { .. } }), "{event:?}");
    }
}
