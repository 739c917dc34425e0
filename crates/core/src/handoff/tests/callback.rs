//! The callback and its SLA.

use super::*;
use crate::domain::lead::PreferredHandoff;
use crate::domain::rep::BusyKind;
use crate::domain::zone::Zone;
use crate::routing::scenario::moment;
use crate::rules::model::set::CountsAs;
use std::time::Duration;

#[test]
fn a_promise_is_reminded_of_escalated_and_then_needs_attention() {
    let promised_at = at("11:00");
    let call = call().offered().on(Event::SlotsDeclined).publishes(Topic::CallbackPromised);
    let call = call.after(3000).timer(Timer::Remind { promised_at }).briefs("ben", BriefWhy::Reminder);
    let call = call.after(300).timer(Timer::Escalate { promised_at }).briefs("max", BriefWhy::Escalation);
    let call = call.after(300).timer(Timer::Breach { promised_at }).needs_attention_of("max");
    call.publishes(Topic::CallbackBreached).publishes(Topic::NeedsAttention);
}

/// Ben owes a call within the hour, at work from nine to five: a time at which he is in a meeting is no promise.
#[test]
fn a_call_is_promised_for_when_the_calendar_leaves_time_to_make_it() {
    let promised = |meetings: &[(&str, &str)]| {
        let world = scenario()
            .not_live()
            .wants(PreferredHandoff::Callback)
            .pool("west", &["ben"])
            .serves("west", "West")
            .pool("desk", &["ben"]);
        let world = meetings
            .iter()
            .fold(world, |world, (from, until)| world.calendar("ben", BusyKind::Busy, at(from), moment(until)));
        begun(world).state.next_step().at
    };
    let today = |time: &str| format!("2026-01-07T{time}:00Z");
    for (meetings, expected) in [
        (vec![], today("11:00")),
        (vec![("10:00", "10:30")], today("11:00")),
        // In a meeting at that time: before it, if half of the hour is left, or else after it.
        (vec![("10:50", "12:00")], today("10:50")),
        (vec![("10:20", "12:00")], today("12:10")),
        (vec![("10:20", "11:30"), ("11:30", "12:00")], today("12:10")),
        // Ten minutes between two meetings are enough, five are not.
        (vec![("10:20", "11:30"), ("11:40", "12:00")], today("11:40")),
        (vec![("10:20", "11:30"), ("11:35", "12:00")], today("12:10")),
        // All day, and the morning after as well.
        (vec![("09:00", "17:00")], "2026-01-08T09:10:00Z".to_owned()),
        (vec![("09:30", "16:55")], "2026-01-08T09:05:00Z".to_owned()),
    ] {
        let told: Vec<(&str, String)> = meetings.iter().map(|(from, until)| (*from, today(until))).collect();
        let told: Vec<(&str, &str)> = told.iter().map(|(from, until)| (*from, until.as_str())).collect();
        assert_eq!(promised(&told), moment(&expected), "{meetings:?}");
    }
    assert_eq!(promised(&[("09:00", "2026-01-08T12:00:00Z")]), moment("2026-01-08T12:10:00Z"), "two days in a row");
}

#[test]
fn what_counts_as_free_is_in_the_way_of_no_promise() {
    let promised = |counts| {
        let world = scenario().not_live().wants(PreferredHandoff::Callback);
        let world = world.pool("west", &["ben"]).serves("west", "West").pool("desk", &["ben"]);
        let mut world = world.calendar("ben", BusyKind::Focus, at("10:20"), at("12:00"));
        world.rules.calendars.focus = counts;
        begun(world).state.next_step().at
    };
    assert_eq!(promised(CountsAs::Free), at("11:00"));
    assert_eq!(promised(CountsAs::Busy), at("12:10"));
}

/// As leave of `reps.csv` does it: the lead stays, and the caller waits for nobody until the day after tomorrow.
#[test]
fn the_delegate_keeps_the_promise_of_an_owner_whose_calendar_says_that_they_are_away() {
    let away = scenario().owner("ana").delegate("ana", "dan").not_live();
    let away = away.out_of_office("ana", moment("2026-01-08T17:00:00Z"));
    begun(away).owner_is("ana").promises("dan", "11:00");
}

/// Ben's hour ends at the very minute from which on the caller may be called, or a little after it.
#[test]
fn a_promise_leaves_room_for_a_lawful_call() {
    for (from, expected) in
        [("10:30", "11:00"), ("10:50", "11:00"), ("10:55", "11:05"), ("11:00", "11:10"), ("11:30", "11:40")]
    {
        let mut world = scenario().not_live().wants(PreferredHandoff::Callback);
        world.rules.hours.calling = Shift { from: at(from).time(), until: at("21:00").time() };
        world.lead.preference.timezone = Some(Zone::UTC);
        assert_eq!(begun(world).state.next_step().at, at(expected), "from {from} on");
    }
}

/// Ten callers of one night, of whom each is called by a time of their own; two hours of the morning hold twelve.
#[test]
fn the_calls_of_a_morning_are_spread() {
    let mut world = scenario()
        .not_live()
        .wants(PreferredHandoff::Callback)
        .pool("west", &["ben"])
        .serves("west", "West")
        .pool("desk", &["ben"]);
    world.rules.handoff.callback.within = 2 * Duration::from_secs(3600);
    let (decision, night) = (world.decide(), moment("2026-01-07T02:00:00Z"));
    let promised = |others: &[(&str, DateTime<Utc>)]| {
        let mut begun = Handoff::begin(&world.lead, &decision, &world.rules).seeing(&world.snapshot, &world.rules);
        for (rep, at) in others {
            begun.promised.entry(rep_id(rep)).or_default().push(*at);
        }
        let made = advance(&begun, &Event::Start, &world.rules, night);
        assert!(made.state.promised.is_empty(), "what others are promised is no part of this lead");
        let Stage::Callback { promise } = &made.state.stage else { panic!("it stands at {:?}", made.state.stage) };
        assert_eq!(promise.owner, rep_id("ben"));
        promise.promised_at
    };
    let mut told = Vec::new();
    for _ in 0..10 {
        let at = promised(&told);
        told.push(("ben", at));
    }
    let times: Vec<String> = told.iter().map(|(_, at)| at.format("%H:%M").to_string()).collect();
    let from_the_beginning = ["09:10", "09:20", "09:30", "09:40", "09:50", "10:00", "10:10", "10:20", "10:30"];
    assert_eq!(times, [&["11:00"][..], &from_the_beginning].concat(), "none later than it would be alone");
    told.extend(["10:40", "10:50"].map(|time| ("ben", at(time))));
    assert_eq!(promised(&told), at("11:00"), "where the time is full one more is told the same, and no later one");
    assert_eq!(promised(&[("cy", at("11:00"))]), at("11:00"), "what others owe is theirs");
    let meeting = world.calendar("ben", BusyKind::Busy, at("09:00"), at("10:00"));
    let begun = Handoff::begin(&meeting.lead, &decision, &meeting.rules).seeing(&meeting.snapshot, &meeting.rules);
    let others = [(rep_id("ben"), vec![at("11:00")])].into_iter().collect();
    let begun = Handoff { promised: others, ..begun };
    let made = advance(&begun, &Event::Start, &meeting.rules, night);
    assert_eq!(made.state.next_step().at, at("10:10"), "nor is anybody called in a meeting");
}

#[test]
fn a_call_that_was_made_keeps_the_promise() {
    let promised_at = at("11:00");
    let call = call().offered().on(Event::SlotsDeclined).after(1800);
    let (rep, now) = (rep_id("ben"), call.now);
    let call = call.on(Event::ContactMade { rep: rep.clone(), at: now });
    assert_eq!(call.state.stage, Stage::Done { outcome: Outcome::Called { rep, at: now } });
    call.timer(Timer::Breach { promised_at }).ignored();
}

#[test]
fn a_call_after_the_breach_still_ends_it() {
    let call = call().offered().on(Event::SlotsDeclined).after(3600).timer(Timer::Breach { promised_at: at("11:00") });
    let (rep, now) = (rep_id("cy"), call.now);
    let call = call.on(Event::ContactMade { rep, at: now });
    assert!(call.state.is_done());
}

/// Nobody of ours works while it is day in Honolulu: what is promised lies in the morning there all the same, not in the night.
#[test]
fn a_caller_whose_day_is_our_night_is_promised_a_call_in_their_morning() {
    let hour = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("an hour");
    let mut world = scenario().not_live().wants(PreferredHandoff::Callback);
    world.rules.hours.calling = Shift { from: hour(8), until: hour(21) };
    world.lead.company.state = Some(Known::from_caller("HI".to_owned()));
    let call = begun(world);
    let Stage::Callback { promise } = &call.state.stage else { panic!("it stands at {:?}", call.state.stage) };
    assert_eq!(promise.promised_at, at("18:10"), "from 08:00 in Honolulu on there is room for a call");
}
