//! What is counted, out of what, and how it is called: every figure of the report.

use super::ReportOptions;
use super::figure::{Cell, Dimension, Figure, FigureGroup, Rows, Unit, by, share};
use super::rows::{LeadRow, LeadStatus};
use super::statistics::{count, percentile};
use super::verdict::{RoutingVerdict, judge};
use baton_core::domain::leg::LegState;
use baton_core::domain::outcome::{MisrouteKind, OutcomeKind};
use chrono::TimeDelta;
use std::collections::BTreeMap;

pub(super) fn all(rows: &Rows<'_>, options: &ReportOptions) -> Vec<Figure> {
    let mut figures =
        vec![routing_accuracy(rows), label_coverage(rows), acceptance(rows), first_contact_in_time(rows, options)];
    figures.extend(first_contact_times(rows));
    figures.extend([
        conversion(rows),
        ended(rows),
        reps_rung(rows),
        given_up(rows),
        without_next_step(rows),
        completeness(rows),
        rated_completeness(rows),
        misroutes(rows),
        right_reps(rows),
        degraded(rows),
    ]);
    figures.extend(without_disclosure(rows));
    figures
}

fn routing_accuracy(rows: &Rows<'_>) -> Figure {
    let judged = |row: &LeadRow| match judge(row).verdict {
        RoutingVerdict::Right => Some(true),
        RoutingVerdict::Wrong => Some(false),
        RoutingVerdict::Unknown => None,
    };
    Figure {
        key: "routing_accuracy",
        name: "Routing accuracy",
        definition: "Leads judged right out of leads judged at all; the range is Wilson's interval at 95 %.",
        ..share(rows, &Dimension::ALL_OF_A_LEAD, Cell::sampled, judged)
    }
}

fn label_coverage(rows: &Rows<'_>) -> Figure {
    Figure {
        key: "label_coverage",
        name: "Label coverage",
        definition: "Leads of which anything tells whether they were routed right, out of all leads.",
        ..share(rows, &Dimension::ALL_OF_A_LEAD, Cell::of, |row| Some(judge(row).verdict != RoutingVerdict::Unknown))
    }
}

fn acceptance(rows: &Rows<'_>) -> Figure {
    Figure {
        key: "acceptance",
        name: "Acceptance",
        definition: "Leads whose call a rep accepted or whose caller a rep has spoken with since, out of all leads.",
        ..share(rows, &[Dimension::Pool, Dimension::Route], Cell::of, |row| Some(row.followed_up()))
    }
}

fn first_contact_in_time(rows: &Rows<'_>, options: &ReportOptions) -> Figure {
    let sla = TimeDelta::from_std(options.sla).unwrap_or(TimeDelta::MAX);
    let in_time = |row: &LeadRow| match row.first_contact_at {
        Some(at) => Some(at - row.decided_at <= sla),
        None => (options.now - row.decided_at > sla).then_some(false),
    };
    Figure {
        key: "first_contact_in_time",
        name: "First contact in time",
        definition: "Leads with human contact within the SLA of the decision, out of those contacted or overdue.",
        ..share(rows, &[Dimension::Pool, Dimension::Tier], Cell::of, in_time)
    }
}

fn first_contact_times(rows: &Rows<'_>) -> [Figure; 3] {
    let figure = |key, name, percent| Figure {
        key,
        name,
        definition: "From decision to human contact, of the leads contacted so far; the others wait and are not in it.",
        unit: Unit::Seconds,
        total: contact_time(rows, percent),
        groups: by(rows, &[Dimension::Pool], |rows| contact_time(rows, percent)),
    };
    [
        figure("first_contact_p50", "First contact, half within", 50),
        figure("first_contact_p90", "First contact, 90 % within", 90),
        figure("first_contact_p95", "First contact, 95 % within", 95),
    ]
}

fn contact_time(rows: &Rows<'_>, percent: usize) -> Cell {
    let span = |row: &&LeadRow| Some((row.first_contact_at? - row.decided_at).max(TimeDelta::zero()));
    let mut spans: Vec<TimeDelta> = rows.iter().filter_map(span).collect();
    Cell::seconds(percentile(&mut spans, percent), spans.len(), rows.len())
}

fn conversion(rows: &Rows<'_>) -> Figure {
    let converted = |row: &LeadRow| {
        row.outcomes.iter().any(|outcome| match outcome {
            OutcomeKind::Opportunity | OutcomeKind::Won | OutcomeKind::Lost => true,
            OutcomeKind::MeetingHeld | OutcomeKind::NoShow => false,
        })
    };
    Figure {
        key: "conversion",
        name: "Conversion",
        definition: "Leads of which an opportunity came, won, lost or open, out of all leads.",
        ..share(rows, &[Dimension::Route], Cell::of, |row| Some(converted(row)))
    }
}

/// Every status is a share of all leads, so that the groups show how the ladder was used.
fn ended(rows: &Rows<'_>) -> Figure {
    let all = count(rows.len());
    let fallback = |row: &&&LeadRow| !matches!(row.status, LeadStatus::Connected | LeadStatus::Handoff);
    let ended = rows.iter().filter(|row| row.status != LeadStatus::Handoff).count();
    let groups = by(rows, &[Dimension::Status], |group| Cell::of(count(group.len()), all));
    Figure {
        key: "fallback",
        name: "Fallback ladder",
        definition: "Leads that did not end connected on the call, out of those whose handoff is over; by status, of all.",
        unit: Unit::Share,
        total: Cell::of(count(rows.iter().filter(fallback).count()), count(ended)),
        groups,
    }
}

fn reps_rung(rows: &Rows<'_>) -> Figure {
    let cell = |rows: &Rows<'_>| {
        let rung = rows.iter().filter(|row| !row.legs.is_empty());
        Cell::of(rung.clone().map(|row| count(row.legs.len())).sum(), count(rung.count()))
    };
    Figure {
        key: "reps_rung",
        name: "Reps rung per lead",
        definition: "Phones rung, out of leads for which one was rung at all.",
        unit: Unit::RepsPerLead,
        total: cell(rows),
        groups: by(rows, &[Dimension::Pool], cell),
    }
}

/// The faults among them are somebody's to mend.
fn given_up(rows: &Rows<'_>) -> Figure {
    let rung = count(rows.iter().map(|row| row.legs.len()).sum());
    let mut causes: BTreeMap<LegState, u64> = BTreeMap::new();
    for state in rows.iter().flat_map(|row| &row.legs).filter(|state| state.is_given_up()) {
        *causes.entry(*state).or_default() += 1;
    }
    let group = |(state, times): (&LegState, &u64)| FigureGroup {
        dimension: Dimension::Cause,
        name: cause_in_words(*state),
        cell: Cell::of(*times, rung),
    };
    Figure {
        key: "phones_given_up",
        name: "Phones given up",
        definition: "Phones rung on which no rep came to speak with the caller, out of all phones rung. Lost: gone within \
                     seconds; cancelled: the caller had left, or waited enough.",
        unit: Unit::Share,
        total: Cell::of(causes.values().sum(), rung),
        groups: causes.iter().map(group).collect(),
    }
}

fn cause_in_words(state: LegState) -> String {
    let fault = if state.is_fault() { "fault: " } else { "" };
    format!("{fault}{}", state.as_str().replace('_', " "))
}

fn without_next_step(rows: &Rows<'_>) -> Figure {
    let without = rows.iter().filter(|row| !row.has_next_step).count();
    Figure {
        key: "without_next_step",
        name: "Callers without a next step",
        definition: "Leads whose next step is overdue, or up to nobody who is active; anything but 0 is a defect.",
        unit: Unit::Leads,
        total: Cell {
            value: (!rows.is_empty()).then_some(without as f64),
            ..Cell::of(count(without), count(rows.len()))
        },
        groups: Vec::new(),
    }
}

/// Calls that are named, the newest first; the others are counted.
const UNDISCLOSED_NAMED: usize = 20;

/// `None`: the rules ask for no disclosure.
fn without_disclosure(rows: &Rows<'_>) -> Option<Figure> {
    let calls = count(rows.iter().filter(|row| row.disclosed.is_some()).count());
    let mut without: Vec<&LeadRow> = rows.iter().copied().filter(|row| row.disclosed == Some(false)).collect();
    without.sort_by(|a, b| b.decided_at.cmp(&a.decided_at).then_with(|| a.lead_id.cmp(&b.lead_id)));
    let cell = |leads: usize| Cell { value: Some(leads as f64), ..Cell::of(count(leads), calls) };
    let named = without.iter().take(UNDISCLOSED_NAMED);
    let group =
        |row: &&LeadRow| FigureGroup { dimension: Dimension::Lead, name: row.lead_id.to_string(), cell: cell(1) };
    (calls > 0).then(|| Figure {
        key: "without_disclosure",
        name: "Calls without a disclosure",
        definition: "Calls of which nothing says that the caller was told what handoff.yaml asks for, out of all calls; the \
                     newest 20 by their leads.",
        unit: Unit::Leads,
        total: cell(without.len()),
        groups: named.map(group).collect(),
    })
}

fn completeness(rows: &Rows<'_>) -> Figure {
    let cell = |rows: &Rows<'_>| {
        let known = rows.iter().filter_map(|row| row.completeness_permille);
        Cell::of(known.clone().map(u64::from).sum(), count(known.count()) * 1000)
    };
    Figure {
        key: "briefing_completeness",
        name: "Briefing completeness",
        definition: "Mean share of what a briefing of its tier should hold that was known; counted in thousandths.",
        unit: Unit::Share,
        total: cell(rows),
        groups: by(rows, &[Dimension::Tier, Dimension::Source], cell),
    }
}

fn rated_completeness(rows: &Rows<'_>) -> Figure {
    let ratings = rows.iter().flat_map(|row| row.last_feedback()).filter_map(|said| said.completeness);
    let ratings: Vec<u64> = ratings.map(u64::from).collect();
    Figure {
        key: "rated_completeness",
        name: "Briefing completeness as reps rate it",
        definition: "Mean of the reps' ratings from 1 to 5: points out of ratings.",
        unit: Unit::Rating,
        total: Cell::of(ratings.iter().sum(), count(ratings.len())),
        groups: Vec::new(),
    }
}

/// A lead counts once per kind, however many reps said it.
fn misroutes(rows: &Rows<'_>) -> Figure {
    const KINDS: [(MisrouteKind, &str); 3] = [
        (MisrouteKind::Procedural, "procedural: wrong person"),
        (MisrouteKind::Clerical, "clerical: data incomplete"),
        (MisrouteKind::Definitional, "definitional: not a fit"),
    ];
    let rated: Vec<&&LeadRow> = rows.iter().filter(|row| !row.feedback.is_empty()).collect();
    let says = |row: &LeadRow, kind: Option<MisrouteKind>| {
        let mut said = row.last_feedback().filter_map(|said| said.misroute.as_ref());
        said.any(|misroute| kind.is_none_or(|kind| misroute.kind == kind))
    };
    let cell = |kind| Cell::of(count(rated.iter().filter(|row| says(row, kind)).count()), count(rated.len()));
    let group = |(kind, name): (MisrouteKind, &str)| FigureGroup {
        dimension: Dimension::Misroute,
        name: name.to_owned(),
        cell: cell(Some(kind)),
    };
    Figure {
        key: "misroutes",
        name: "Misroutes",
        definition: "Leads that a rep called misrouted, out of leads with feedback; a lead may be of several kinds.",
        unit: Unit::Share,
        total: cell(None),
        groups: KINDS.into_iter().map(group).collect(),
    }
}

/// The most frequent first: where a rule or territory may be wrong.
fn right_reps(rows: &Rows<'_>) -> Figure {
    let mut pairs: BTreeMap<String, u64> = BTreeMap::new();
    for row in rows {
        let named = row.last_feedback().filter_map(|said| said.misroute.as_ref()?.right_rep.as_ref());
        for right in named.filter(|right| **right != row.decided_owner) {
            *pairs.entry(format!("{} → {right}", row.decided_owner)).or_default() += 1;
        }
    }
    let all: u64 = pairs.values().sum();
    let mut pairs: Vec<(String, u64)> = pairs.into_iter().collect();
    pairs.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    // The count itself is the value.
    let cell = |times: u64| Cell { value: Some(times as f64), ..Cell::of(times, all) };
    let group = |(name, times)| FigureGroup { dimension: Dimension::RightRep, name, cell: cell(times) };
    Figure {
        key: "right_reps",
        name: "Should have gone to",
        definition: "How often reps named another rep as the right one; by pair, out of all such answers.",
        unit: Unit::Leads,
        total: Cell { value: (!rows.is_empty()).then_some(all as f64), ..Cell::of(all, all) },
        groups: pairs.into_iter().map(group).collect(),
    }
}

fn degraded(rows: &Rows<'_>) -> Figure {
    Figure {
        key: "degraded",
        name: "Decided on partial facts",
        definition: "Leads decided although a fact could not be had in time, out of all leads.",
        ..share(rows, &[Dimension::Source], Cell::of, |row| Some(row.degraded))
    }
}
