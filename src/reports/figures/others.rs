//! The figures whose groups are not leads: how long contact took, how leads ended, why phones were given up, what reps call
//! misrouted, and whom they name.

use crate::reports::figure::{Cell, Dimension, Figure, FigureGroup, Unit};
use crate::reports::rows::{LeadRow, LeadStatus, Newest};
use crate::reports::statistics::{count, percentile};
use baton_core::domain::leg::LegState;
use baton_core::domain::outcome::MisrouteKind;
use chrono::TimeDelta;
use std::collections::BTreeMap;

const KINDS: [(MisrouteKind, &str); 3] = [
    (MisrouteKind::Procedural, "procedural: wrong person"),
    (MisrouteKind::Clerical, "clerical: data incomplete"),
    (MisrouteKind::Definitional, "definitional: not a fit"),
];

#[derive(Default)]
pub(super) struct Others {
    leads: u64,
    /// Of leads that were contacted, by pool, and of how many of the pool.
    contact: BTreeMap<String, (Vec<TimeDelta>, u64)>,
    ended: BTreeMap<&'static str, u64>,
    fallback: (u64, Newest),
    over: u64,
    rung: u64,
    causes: BTreeMap<LegState, u64>,
    rated: u64,
    misrouted: (u64, Newest),
    /// In the order of [`KINDS`].
    kinds: [u64; KINDS.len()],
    pairs: BTreeMap<String, u64>,
    named_another: Newest,
}

impl Others {
    pub(super) fn add(&mut self, row: &LeadRow) {
        self.leads += 1;
        let (times, leads) = self.contact.entry(row.pool.to_string()).or_default();
        times.extend(row.contacted_after());
        *leads += 1;
        *self.ended.entry(row.status.in_words()).or_default() += 1;
        self.over += u64::from(row.status != LeadStatus::Handoff);
        if !matches!(row.status, LeadStatus::Connected | LeadStatus::Handoff) {
            self.fallback.0 += 1;
            self.fallback.1.add(row);
        }
        self.rung += count(row.legs.len());
        for leg in row.legs.iter().filter(|leg| leg.state.is_given_up()) {
            *self.causes.entry(leg.state).or_default() += 1;
        }
        self.add_feedback(row);
    }

    /// A lead counts once per kind, however many reps said it.
    fn add_feedback(&mut self, row: &LeadRow) {
        self.rated += u64::from(!row.feedback.is_empty());
        if row.is_misrouted(None) {
            self.misrouted.0 += 1;
            self.misrouted.1.add(row);
        }
        for (leads, (kind, _)) in self.kinds.iter_mut().zip(KINDS) {
            *leads += u64::from(row.is_misrouted(Some(kind)));
        }
        for right in row.right_reps() {
            *self.pairs.entry(format!("{} → {right}", row.decided_owner)).or_default() += 1;
        }
        if row.right_reps().next().is_some() {
            self.named_another.add(row);
        }
    }

    pub(super) fn finish(self) -> Vec<Figure> {
        let mut figures = Vec::from(contact_times(self.contact));
        figures.push(fallback(&self.ended, (self.leads, self.over), self.fallback));
        figures.push(given_up(&self.causes, self.rung));
        figures.push(misroutes(self.kinds, self.rated, self.misrouted));
        figures.push(right_reps(self.pairs, self.leads, self.named_another));
        figures
    }
}

fn contact_times(mut pools: BTreeMap<String, (Vec<TimeDelta>, u64)>) -> [Figure; 3] {
    let mut all: Vec<TimeDelta> = pools.values().flat_map(|(times, _)| times).copied().collect();
    let leads: u64 = pools.values().map(|(_, leads)| leads).sum();
    let mut figure = |key, name, percent| Figure {
        key,
        name,
        definition: "From decision to human contact, of the leads contacted so far; the others wait and are not in it.",
        unit: Unit::Seconds,
        total: Cell::seconds(percentile(&mut all, percent), all.len(), leads),
        groups: pools
            .iter_mut()
            .map(|(pool, (times, leads))| FigureGroup {
                dimension: Dimension::Pool,
                name: pool.clone(),
                cell: Cell::seconds(percentile(times, percent), times.len(), *leads),
            })
            .collect(),
        leads: Vec::new(),
    };
    [
        figure("first_contact_p50", "First contact, half within", 50),
        figure("first_contact_p90", "First contact, 90 % within", 90),
        figure("first_contact_p95", "First contact, 95 % within", 95),
    ]
}

/// Every status is a share of all leads, so that the groups show how the ladder was used.
fn fallback(ended: &BTreeMap<&'static str, u64>, (leads, over): (u64, u64), fallback: (u64, Newest)) -> Figure {
    let group = |(name, times): (&&'static str, &u64)| FigureGroup {
        dimension: Dimension::Status,
        name: (*name).to_owned(),
        cell: Cell::of(*times, leads),
    };
    Figure {
        key: "fallback",
        name: "Fallback ladder",
        definition: "Leads that did not end connected on the call, out of those whose handoff is over; by status, of all.",
        unit: Unit::Share,
        total: Cell::of(fallback.0, over),
        groups: ended.iter().map(group).collect(),
        leads: fallback.1.into_leads(),
    }
}

/// The faults among them are somebody's to mend.
fn given_up(causes: &BTreeMap<LegState, u64>, rung: u64) -> Figure {
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
        leads: Vec::new(),
    }
}

fn cause_in_words(state: LegState) -> String {
    let fault = if state.is_fault() { "fault: " } else { "" };
    format!("{fault}{}", state.as_str().replace('_', " "))
}

fn misroutes(kinds: [u64; KINDS.len()], rated: u64, (misrouted, leads): (u64, Newest)) -> Figure {
    let group = |((_, name), times): ((MisrouteKind, &str), u64)| FigureGroup {
        dimension: Dimension::Misroute,
        name: name.to_owned(),
        cell: Cell::of(times, rated),
    };
    Figure {
        key: "misroutes",
        name: "Misroutes",
        definition: "Leads that a rep called misrouted, out of leads with feedback; a lead may be of several kinds.",
        unit: Unit::Share,
        total: Cell::of(misrouted, rated),
        groups: KINDS.into_iter().zip(kinds).map(group).collect(),
        leads: leads.into_leads(),
    }
}

/// The most frequent first: where a rule or territory may be wrong.
fn right_reps(pairs: BTreeMap<String, u64>, leads: u64, named: Newest) -> Figure {
    let all: u64 = pairs.values().sum();
    let mut pairs: Vec<(String, u64)> = pairs.into_iter().collect();
    pairs.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let group = |(name, times)| FigureGroup { dimension: Dimension::RightRep, name, cell: Cell::number(times, all) };
    Figure {
        key: "right_reps",
        name: "Should have gone to",
        definition: "How often reps named another rep as the right one; by pair, out of all such answers.",
        unit: Unit::Leads,
        total: Cell { value: (leads > 0).then_some(all as f64), ..Cell::of(all, all) },
        groups: pairs.into_iter().map(group).collect(),
        leads: named.into_leads(),
    }
}
