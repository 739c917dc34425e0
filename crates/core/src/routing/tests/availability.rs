use super::*;
use crate::domain::rep::BusyKind;
use crate::routing::decision::CandidateVerdict;
use crate::routing::ledger::EntryKind;

/// `west` has ben and cy; cy takes what ben may not.
fn without_ben(world: Scenario, why: Rejection) {
    let case = format!("{why:?}");
    without_ben_in(&case, &world, why);
}

/// One case of several: what fails says which.
fn without_ben_in(case: &str, world: &Scenario, why: Rejection) {
    let decision = world.decide();
    let mut candidates = decision.trace.pools.iter().flat_map(|pool| &pool.candidates);
    let ben = candidates.find(|candidate| candidate.rep == rep_id("ben"));
    let ben = ben.unwrap_or_else(|| panic!("{case}: ben is no candidate"));
    assert_eq!(ben.verdict, CandidateVerdict::Rejected { because: why }, "{case}");
    let targets: Vec<&str> = decision.plan.targets.iter().map(|target| target.rep.as_str()).collect();
    assert_eq!((decision.plan.owner.as_str(), targets.as_slice()), ("cy", &["cy"][..]), "{case}");
    let turn = decision.turn.unwrap_or_else(|| panic!("{case}: no turn is charged"));
    assert!(matches!(&turn.kind, EntryKind::Turn { payer, .. } if *payer == rep_id("cy")), "{case}: {turn:?}");
}

#[test]
fn who_may_not_take_it_is_told_with_the_reason_and_the_next_one_takes_it() {
    let mut not_on_the_roster = scenario();
    not_on_the_roster.rules.reps.remove(&rep_id("ben"));
    let holiday = Rejection::Holiday { region: "XX".into(), back_at: Some(moment("2026-01-08T09:00:00Z")) };
    let until = moment("2026-01-12T00:00:00Z");
    let full = scenario().change_pool("west", |pool| pool.caps.open = Some(25)).facts("ben", |facts| facts.open = 25);
    for (case, world, why) in [
        ("inactive", scenario().rep("ben", |rep| rep.active = false), Rejection::Inactive),
        ("not on the roster", not_on_the_roster, Rejection::Inactive),
        ("on leave", scenario().on_leave("ben"), Rejection::OnLeave { until: day("2026-01-16") }),
        ("holiday where the rep works", scenario().rep("ben", |rep| rep.holidays = "XX".into()), holiday),
        ("off rota", scenario().off_rota("ben"), Rejection::OffRota { back_at: Some(at("22:00")) }),
        ("out of office", scenario().out_of_office("ben", until), Rejection::OutOfOffice { until }),
        ("away", scenario().away("ben"), Rejection::Away),
        ("at the cap of open leads", full, Rejection::AtOpenCap { cap: 25, open: 25 }),
    ] {
        without_ben_in(case, &world, why);
    }
}

#[test]
fn busy_until_the_end_of_what_follows_without_a_break() {
    let world = scenario().busy("ben", "10:30").calendar("ben", BusyKind::Busy, at("10:30"), at("11:15"));
    without_ben(world, Rejection::Busy { until: at("11:15") });
    scenario().busy("ben", "10:00").expect_owner("ben"); // the end is exclusive
}

#[test]
fn reserved_for_another_caller() {
    without_ben(scenario().reserved("ben", "10:02"), Rejection::Reserved { until: at("10:02") });
    scenario().reserved("ben", "10:00").expect_owner("ben"); // over
}

/// Whoever calls back later has the lead all the same: it is the phone that is left alone.
#[test]
fn not_rung_after_too_many_rings_that_nobody_answered() {
    let quiet = |until: &str| scenario().facts("ben", |facts| facts.quiet_until = Some(at(until)));
    without_ben(quiet("10:20"), Rejection::NotAnswering { until: at("10:20") });
    quiet("10:00").expect_owner("ben"); // over
    quiet("10:20").not_live().expect_owner("ben");
}

#[test]
fn at_the_cap_of_the_day_of_rep_or_pool() {
    let capped = |cap: Option<u32>, own: Option<u32>, load: u32| {
        scenario()
            .change_pool("west", |pool| pool.caps.per_day = cap)
            .rep("ben", |rep| rep.cap_per_day = own)
            .facts("ben", |facts| facts.taken_today = load)
    };
    without_ben(capped(Some(8), None, 8), Rejection::AtCap { cap: 8, load: 8 });
    without_ben(capped(Some(8), Some(3), 5), Rejection::AtCap { cap: 3, load: 5 });
    capped(Some(8), Some(9), 7).expect_owner("ben");
}

#[test]
fn the_language_is_required_where_it_is_known() {
    let world = scenario()
        .change_pool("west", |pool| pool.require_language = true)
        .rep("cy", |rep| rep.languages.extend(["de".to_owned()]));
    world.clone().expect_owner("ben"); // unknown
    without_ben(world.speaks("de"), Rejection::MissingLanguage { wanted: "de".into() });
    scenario().speaks("de").expect_owner("ben"); // not required here
}

#[test]
fn skills_are_required() {
    let world = scenario()
        .change_pool("west", |pool| pool.require_skills.extend(["voice-ai".to_owned()]))
        .rep("cy", |rep| rep.skills.extend(["voice-ai".to_owned()]));
    without_ben(world, Rejection::MissingSkill { skill: "voice-ai".into() });
}

#[test]
fn a_phone_is_required_for_a_live_call_only() {
    let world = scenario().rep("ben", |rep| rep.phones.clear());
    world.clone().not_live().expect_owner("ben");
    without_ben(world, Rejection::NoPhone);
}

#[test]
fn an_unknown_calendar_counts_as_the_pool_says() {
    let world = |policy| scenario().calendar_unknown("ben").change_pool("west", |pool| pool.calendar_unknown = policy);
    let degraded = ["calendar of ben unknown: no answer"];
    world(CalendarUnknown::CountsAsFree).expect_targets(&["ben", "cy"]).expect_degraded(&degraded);
    world(CalendarUnknown::AfterTheOthers).expect_targets(&["cy", "ben"]).expect_degraded(&degraded);
    without_ben(
        world(CalendarUnknown::CountsAsBusy).expect_degraded(&degraded),
        Rejection::CalendarUnknown { why: "no answer".into() },
    );
    world(CalendarUnknown::AfterTheOthers).on_leave("ben").expect_degraded(&[]); // it would not have mattered
}

#[test]
fn who_comes_after_the_others_for_an_unknown_calendar_piles_up_no_credit() {
    let world = scenario().calendar_unknown("ben");
    let turn = world.decide().turn.expect("charged");
    assert_eq!(turn.changes.into_iter().collect::<Vec<_>>(), [(rep_id("cy"), 0)], "cy was alone in the draw");
}

#[test]
fn a_rep_without_a_calendar_is_not_unknown() {
    scenario().calendar_unknown("ben").rep("ben", |rep| rep.calendar = None).expect_owner("ben").expect_degraded(&[]);
}

#[test]
fn a_rep_nobody_asked_about_has_an_unknown_calendar_and_no_load() {
    let mut world = scenario();
    world.snapshot.reps.clear();
    world.expect_owner("ben").expect_degraded(&[
        "calendar of ben unknown: it was not asked for",
        "calendar of cy unknown: it was not asked for",
    ]);
}

#[test]
fn meetings_and_calls_do_not_matter_where_no_phone_is_rung() {
    scenario().busy("ben", "10:45").reserved("ben", "10:05").not_live().expect_owner("ben").expect_targets(&[]);
    scenario().busy("ben", "16:00").wants(PreferredHandoff::Meeting).expect_owner("ben").expect_targets(&[]);
    scenario().away("ben").not_live().expect_owner("cy");
}

/// The caller waits for a call within the hour: a meeting until five is not over by then.
#[test]
fn a_callback_does_not_go_to_whoever_is_blocked_until_after_it_is_due() {
    let gone = || scenario().not_live();
    let blocked = |world: Scenario| world.busy("ben", "17:00");
    // Whether it was asked for, or nothing else is left to try.
    blocked(gone()).expect_owner("cy");
    blocked(scenario().wants(PreferredHandoff::Callback)).expect_owner("cy");
    // Meetings without a break are as one.
    let row = gone().busy("ben", "10:45").calendar("ben", BusyKind::Busy, at("10:45"), at("12:00"));
    row.expect_owner("cy").expect_rejected("ben", Rejection::Busy { until: at("12:00") });
    // One that is over in time is no reason, nor is any for whoever wants a meeting.
    gone().busy("ben", "10:45").expect_owner("ben");
    blocked(gone().wants(PreferredHandoff::Meeting)).expect_owner("ben");
    // Where all are blocked, it is whoever is free first.
    gone().busy("ben", "16:00").busy("cy", "12:00").busy("dee", "17:00").busy("eve", "17:00").expect_owner("cy");
    // The owner of the account keeps the lead, and calls when there is time.
    blocked(gone().owner("ben")).expect_owner("ben");
}
