//! Eight leads counted by hand, the rules of judgement, and the formats.

mod any_leads;

use super::rows::{LeadRow, LeadStatus, OwnerChange, PutThrough, RungPhone};
use super::verdict::{RULES, RoutingVerdict, judge};
use super::*;
use baton_core::domain::id::{LeadId, PoolId, ReleaseId, RepId, TerritoryId, TierId};
use baton_core::domain::lead::LeadChannel;
use baton_core::domain::leg::LegState;
use baton_core::domain::outcome::{Feedback, Misroute, MisrouteKind, OutcomeKind};
use chrono::TimeDelta;
use std::collections::BTreeMap;

fn day(number: u32) -> DateTime<Utc> {
    format!("2026-01-{number:02}T09:00:00Z").parse().expect("an instant")
}

fn rep(name: &str) -> RepId {
    RepId::new(name).expect("a rep id")
}

fn options() -> ReportOptions {
    ReportOptions { from: day(1), until: day(31), sla: Duration::from_secs(300), now: day(31), by: None }
}

fn build(rows: &[LeadRow], options: &ReportOptions) -> Report {
    let mut sheet = Sheet::new(*options);
    rows.iter().for_each(|row| sheet.add(row));
    sheet.finish(&BTreeMap::new())
}

/// Phones of ben, one after the other.
fn rung(states: &[LegState]) -> Vec<RungPhone> {
    states.iter().map(|state| RungPhone { rep: rep("ben"), state: *state }).collect()
}

/// A lead of which nothing is known but that it was decided.
fn row(number: u8) -> LeadRow {
    LeadRow {
        lead_id: LeadId::from_digest([number; 16]),
        source: "vapi".to_owned(),
        channel: LeadChannel::Call,
        received_at: day(5) - TimeDelta::milliseconds(20),
        decided_at: day(5),
        decided_owner: rep("ben"),
        current_owner: rep("ben"),
        pool: PoolId::new("west").expect("a pool"),
        territory: TerritoryId::new("West").ok(),
        tier: TierId::new("smb").expect("a tier"),
        route: "West × smb".to_owned(),
        release: ReleaseId::new("0".repeat(64)).expect("a release"),
        legs: rung(&[LegState::Joined]),
        put_through: None,
        accepted: false,
        status: LeadStatus::Callback,
        has_next_step: true,
        first_contact_at: None,
        came_again: None,
        degraded: false,
        disclosed: None,
        completeness_permille: None,
        feedback: Vec::new(),
        outcomes: Vec::new(),
        won_amount: None,
        owner_changes: Vec::new(),
    }
}

fn says(quality: Option<u8>, misroute: Option<(MisrouteKind, Option<&str>)>) -> Feedback {
    Feedback {
        rep: rep("ben"),
        at: day(6),
        quality,
        completeness: quality,
        misroute: misroute.map(|(kind, right)| Misroute { kind, right_rep: right.map(rep) }),
        no_show: false,
        note: None,
        via: "link".to_owned(),
    }
}

fn contacted(row: LeadRow, after_s: i64, status: LeadStatus) -> LeadRow {
    LeadRow {
        accepted: status == LeadStatus::Connected,
        first_contact_at: Some(row.decided_at + TimeDelta::seconds(after_s)),
        status,
        ..row
    }
}

fn moved(row: LeadRow, after_days: i64) -> LeadRow {
    let change = OwnerChange { from: rep("ben"), to: rep("cy"), at: row.decided_at + TimeDelta::days(after_days) };
    LeadRow { current_owner: rep("cy"), owner_changes: vec![change], ..row }
}

/// Three right, one wrong by word and one by deed, three unknown.
fn eight() -> Vec<LeadRow> {
    let procedural = (MisrouteKind::Procedural, Some("cy"));
    vec![
        // right: rated
        LeadRow {
            feedback: vec![says(Some(5), None)],
            completeness_permille: Some(900),
            ..contacted(row(1), 30, LeadStatus::Connected)
        },
        // right: spoke and went on
        LeadRow {
            outcomes: vec![OutcomeKind::Opportunity],
            completeness_permille: Some(600),
            ..contacted(row(2), 60, LeadStatus::Connected)
        },
        // right: moved, yet rated 4
        LeadRow { feedback: vec![says(Some(4), None)], ..moved(contacted(row(3), 600, LeadStatus::Called), 3) },
        // wrong by word
        LeadRow {
            feedback: vec![says(Some(3), Some(procedural))],
            legs: rung(&[LegState::Declined, LegState::Busy, LegState::Joined]),
            ..contacted(row(4), 40, LeadStatus::Connected)
        },
        // wrong by deed
        LeadRow {
            territory: None,
            route: "catch-all".to_owned(),
            pool: PoolId::new("desk").expect("a pool"),
            status: LeadStatus::Booked,
            legs: Vec::new(),
            ..moved(row(5), 14)
        },
        // unknown: not a fit
        LeadRow { feedback: vec![says(Some(2), Some((MisrouteKind::Definitional, None)))], ..row(6) },
        // unknown: silence, and the SLA has passed
        LeadRow { degraded: true, legs: rung(&[LegState::WrongNumber]), ..row(7) },
        // unknown: decided a minute ago
        LeadRow {
            decided_at: options().now - TimeDelta::seconds(60),
            status: LeadStatus::Handoff,
            legs: Vec::new(),
            ..row(8)
        },
    ]
}

fn figure<'a>(report: &'a Report, key: &str) -> &'a Figure {
    report.figures.iter().find(|figure| figure.key == key).expect("a figure with this key")
}

fn total(report: &Report, key: &str) -> (u64, u64) {
    let cell = figure(report, key).total;
    (cell.numerator, cell.denominator)
}

fn group(report: &Report, key: &str, name: &str) -> (u64, u64) {
    let group = figure(report, key).groups.iter().find(|group| group.name == name).expect("a group with this name");
    (group.cell.numerator, group.cell.denominator)
}

#[test]
fn the_eight_leads_give_the_figures_counted_by_hand() {
    let report = build(&eight(), &options());
    assert_eq!(report.leads, 8);
    assert_eq!(total(&report, "routing_accuracy"), (3, 5));
    assert_eq!(group(&report, "routing_accuracy", "catch-all"), (0, 1));
    assert_eq!(group(&report, "routing_accuracy", "West × smb"), (3, 4));
    assert_eq!(group(&report, "routing_accuracy", "no territory"), (0, 1));
    assert_eq!(total(&report, "label_coverage"), (5, 8));
    assert_eq!(total(&report, "acceptance"), (4, 8));
    // In time: 30 s, 60 s, 40 s; late: 600 s; overdue: leads 5 to 7; lead 8 still has four minutes.
    assert_eq!(total(&report, "first_contact_in_time"), (3, 7));
    assert_eq!(total(&report, "conversion"), (1, 8));
    // Over: all but the last; not connected: 3, 5, 6, 7.
    assert_eq!(total(&report, "fallback"), (4, 7));
    assert_eq!(group(&report, "fallback", "callback promised"), (2, 8));
    // 1 + 1 + 1 + 3 + 1 + 1 phones for six leads.
    assert_eq!(total(&report, "reps_rung"), (8, 6));
    assert_eq!(total(&report, "phones_given_up"), (3, 8));
    assert_eq!(group(&report, "phones_given_up", "busy"), (1, 8));
    assert_eq!(group(&report, "phones_given_up", "fault: wrong number"), (1, 8));
    assert_eq!(total(&report, "without_next_step"), (0, 8));
    assert_eq!(total(&report, "briefing_completeness"), (1500, 2000));
    assert_eq!(total(&report, "rated_completeness"), (5 + 4 + 3 + 2, 4));
    assert_eq!(total(&report, "misroutes"), (2, 4));
    assert_eq!(group(&report, "misroutes", "procedural: wrong person"), (1, 4));
    assert_eq!(group(&report, "right_reps", "ben → cy"), (1, 1));
    assert_eq!(total(&report, "degraded"), (1, 8));
    // 30, 40, 60, 600.
    let seconds = |key| figure(&report, key).total.value.expect("some were contacted");
    assert_eq!((seconds("first_contact_p50"), seconds("first_contact_p90")), (40.0, 600.0));
    assert_eq!(total(&report, "first_contact_p95"), (4, 8));
    // Wilson's interval of 3 out of 5, from the closed form, by hand calculator.
    let cell = figure(&report, "routing_accuracy").total;
    let (low, high) = (cell.low.expect("a bound"), cell.high.expect("a bound"));
    assert!((low - 0.2307).abs() < 5e-5 && (high - 0.8824).abs() < 5e-5, "{low} to {high}");
}

#[test]
fn verdicts_follow_the_rules_in_their_order() {
    let procedural = Some((MisrouteKind::Procedural, None));
    let clerical = Some((MisrouteKind::Clerical, None));
    let with = |feedback: Vec<Feedback>| LeadRow { feedback, ..row(1) };
    let held = vec![OutcomeKind::MeetingHeld];
    for (row, rule) in [
        (with(vec![says(Some(5), procedural)]), "misroute: wrong person"),
        (moved(row(1), 2), "moved by a person"),
        (moved(row(1), 15), "nothing said"),
        (LeadRow { current_owner: rep("ben"), ..moved(row(1), 2) }, "nothing said"),
        (moved(with(vec![says(Some(3), None)]), 2), "moved by a person"),
        (moved(with(vec![says(Some(4), None)]), 2), "rated 3 to 5"),
        (with(vec![says(Some(3), None)]), "rated 3 to 5"),
        (with(vec![says(Some(5), clerical)]), "misroute: data incomplete"),
        (with(vec![says(Some(1), None)]), "rated 1 or 2"),
        (with(vec![says(None, None)]), "nothing said"),
        (LeadRow { status: LeadStatus::Connected, outcomes: held.clone(), ..row(1) }, "spoke and went on"),
        (LeadRow { status: LeadStatus::Booked, outcomes: held, ..row(1) }, "nothing said"),
        (LeadRow { status: LeadStatus::Connected, outcomes: vec![OutcomeKind::NoShow], ..row(1) }, "nothing said"),
    ] {
        assert_eq!(judge(&row).name, rule, "{row:?}");
    }
}

#[test]
fn a_corrected_rating_replaces_the_first_one() {
    let first = says(Some(1), Some((MisrouteKind::Procedural, None)));
    let second = Feedback { at: day(7), ..says(Some(5), None) };
    let row = LeadRow { feedback: vec![second.clone(), first.clone()], ..row(1) };
    assert_eq!(judge(&row).verdict, RoutingVerdict::Right);
    // Another rep's word stands beside it.
    let other = Feedback { rep: rep("cy"), ..first };
    assert_eq!(judge(&LeadRow { feedback: vec![second, other], ..row }).verdict, RoutingVerdict::Wrong);
}

#[test]
fn moved_within_days_is_what_the_rule_says() {
    assert!(RULES[1].reason.contains(&format!("within {} days", verdict::MOVED_WITHIN_DAYS)));
}

#[test]
fn no_leads_are_no_numbers() {
    let report = build(&[], &options());
    for figure in &report.figures {
        assert_eq!(figure.total.value, None, "{}", figure.key);
        assert_eq!(words::value(&figure.total, figure.unit), "no data");
    }
    for format in Format::ALL {
        let text = render(&report, format);
        assert!(!text.contains("NaN") && !text.contains("inf"), "{format}: {text}");
    }
    assert!(render(&report, Format::Text).ends_with("No leads were decided in this time.\n"));
    assert!(render(&report, Format::Html).contains("No leads were decided in this time."));
}

#[test]
fn leads_of_another_time_are_left_out() {
    let outside = [LeadRow { decided_at: day(31), ..row(1) }, LeadRow { decided_at: options().from, ..row(2) }];
    assert_eq!(build(&outside, &options()).leads, 1, "from is included, until is not");
}

#[test]
fn formats_are_read_by_name() {
    for format in Format::ALL {
        assert_eq!(format.as_str().parse(), Ok(format));
    }
    assert_eq!(
        "pdf".parse::<Format>().expect_err("unknown").to_string(),
        "\"pdf\" is not a format of reports: choose text, json, csv, md or html"
    );
}

#[test]
fn calls_without_a_disclosure_are_counted_and_named_where_the_rules_ask_for_one() {
    let of = |told: &[Option<bool>]| {
        let numbered = (1..).zip(told);
        let rows: Vec<LeadRow> = numbered.map(|(number, told)| LeadRow { disclosed: *told, ..row(number) }).collect();
        build(&rows, &options())
    };
    let figure = |report: &Report| report.figures.iter().find(|figure| figure.key == "without_disclosure").cloned();
    assert_eq!(figure(&of(&[None, None])), None, "the rules ask for none");
    let told = [vec![Some(false); 25], vec![Some(true); 5], vec![None; 3]].concat();
    let report = of(&told);
    let found = figure(&report).expect("a figure");
    assert_eq!((found.total.numerator, found.total.denominator, found.total.value), (25, 30, Some(25.0)));
    assert_eq!(found.groups.len(), 20, "so many are named");
    let first = LeadId::from_digest([1; 16]).to_string();
    assert_eq!((found.groups[0].dimension, &found.groups[0].name), (Dimension::Lead, &first));
    for format in Format::ALL {
        let text = render(&report, format);
        assert!(
            text.replace('\\', "").contains(&first)
                && (text.contains("Calls without a disclosure") || format == Format::Csv),
            "{text}"
        );
    }
    let none = figure(&of(&[Some(true)])).expect("a figure");
    assert_eq!((none.total.value, none.groups.len()), (Some(0.0), 0));
}

#[test]
fn what_was_won_what_had_to_be_tried_and_where_the_time_went() {
    let put_through = PutThrough { at: day(5) + TimeDelta::seconds(30), waited: TimeDelta::seconds(25) };
    let rows = [
        LeadRow {
            outcomes: vec![OutcomeKind::Opportunity, OutcomeKind::Won],
            won_amount: Some(1200.4),
            put_through: Some(put_through),
            ..contacted(row(1), 30, LeadStatus::Connected)
        },
        LeadRow { legs: rung(&[LegState::NoAnswer, LegState::Joined]), ..contacted(row(2), 90, LeadStatus::Connected) },
        LeadRow { legs: Vec::new(), ..row(3) },
    ];
    let report = build(&rows, &ReportOptions { by: Some(Dimension::Rep), ..options() });
    assert_eq!((total(&report, "amount_won"), figure(&report, "amount_won").total.value), ((1200, 1), Some(1200.0)));
    assert_eq!(total(&report, "escalations"), (1, 2));
    assert_eq!(figure(&report, "escalations").leads, [row(2).lead_id], "it is named");
    assert_eq!(figure(&report, "acceptance").groups.len(), 1, "all of them are ben's");
    assert_eq!(group(&report, "acceptance", "ben"), (2, 3));
    let numbers = |key: &str, name: &str| {
        let picture = report.pictures.iter().find(|picture| picture.key == key).expect("a picture with this key");
        picture.rows.iter().find(|one| one.name == name).expect("a row with this name").values.clone()
    };
    assert_eq!(numbers("first_contact_parts", "decide"), [Some(0.02), Some(0.02), Some(3.0)]);
    assert_eq!(numbers("first_contact_parts", "ring"), [Some(5.0), Some(5.0), Some(1.0)]);
    assert_eq!(numbers("first_contact_parts", "accept"), [Some(25.0), Some(25.0), Some(1.0)]);
    assert_eq!(numbers("first_contact_parts", "promise"), [None, None, Some(0.0)]);
    assert_eq!(numbers("funnel", "won"), [Some(1.0), Some(1.0 / 3.0), Some(1.0)]);
    // Three phones of ben's, of which two were accepted; half of the two that were contacted waited 30 s at most.
    let ben = [3.0, 1.0, 3.0, 2.0 / 3.0, 1.0 / 3.0, 30.0, 2.0].map(Some);
    assert_eq!(numbers("reps", "ben"), ben);
}
