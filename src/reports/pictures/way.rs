//! The way of leads: how far they came, how soon somebody spoke with them and where the time went, and on which rung they ended.

use super::{Column, Picture, PictureRow, Shape, number, share};
use crate::reports::ReportOptions;
use crate::reports::figure::{Unit, in_seconds};
use crate::reports::rows::{LeadRow, LeadStatus, Newest};
use crate::reports::statistics::{count, percentile};
use baton_core::domain::outcome::OutcomeKind;
use chrono::TimeDelta;
use std::collections::BTreeMap;

/// Seconds up to which contact belongs in each, and how that is called.
const WITHIN: [(i64, &str); 8] = [
    (10, "within 10 s"),
    (30, "within 30 s"),
    (60, "within 1 min"),
    (300, "within 5 min"),
    (900, "within 15 min"),
    (3600, "within 1 h"),
    (14_400, "within 4 h"),
    (86_400, "within 1 day"),
];
const LATER: usize = WITHIN.len();
const NOT_YET: usize = LATER + 1;
const STAGES: [&str; 4] = ["routed", "contacted", "qualified or met", "won"];
const PARTS: [&str; 4] = ["decide", "ring", "accept", "promise"];

#[derive(Default)]
struct Bucket {
    in_time: u64,
    late: u64,
    leads: Newest,
}

#[derive(Default)]
struct Rung {
    leads: u64,
    contacted: u64,
    converted: u64,
    newest: Newest,
}

#[derive(Default)]
pub(super) struct Way {
    /// Leads that came so far, and those of them that came no further.
    stages: [(u64, Newest); STAGES.len()],
    contact: [Bucket; NOT_YET + 1],
    parts: [Vec<TimeDelta>; PARTS.len()],
    rungs: BTreeMap<LeadStatus, Rung>,
}

impl Way {
    pub(super) fn add(&mut self, row: &LeadRow, options: &ReportOptions) {
        let reached = stage(row);
        self.stages[..=reached].iter_mut().for_each(|(leads, _)| *leads += 1);
        self.stages[reached].1.add(row);

        let bucket = &mut self.contact[bucket(row)];
        match row.in_time(options.sla(), options.now) {
            Some(false) => {
                bucket.late += 1;
                bucket.leads.add(row);
            }
            Some(true) | None => bucket.in_time += 1,
        }
        for (times, took) in self.parts.iter_mut().zip(parts(row)) {
            times.extend(took);
        }
        let rung = self.rungs.entry(row.status).or_default();
        rung.leads += 1;
        rung.contacted += u64::from(row.first_contact_at.is_some());
        rung.converted += u64::from(row.is_converted());
        rung.newest.add(row);
    }

    /// Funnel, first contact, its parts, ladder.
    pub(super) fn finish(self) -> [Picture; 4] {
        let leads = self.stages[0].0;
        [funnel(self.stages), contact(self.contact, leads), where_time_went(self.parts), ladder(self.rungs, leads)]
    }
}

/// How far a lead came, as a place in [`STAGES`].
fn stage(row: &LeadRow) -> usize {
    let went_on = |outcome: &OutcomeKind| match outcome {
        OutcomeKind::Opportunity | OutcomeKind::Won | OutcomeKind::Lost | OutcomeKind::MeetingHeld => true,
        OutcomeKind::NoShow => false,
    };
    if row.outcomes.contains(&OutcomeKind::Won) {
        3
    } else if row.outcomes.iter().any(went_on) {
        2
    } else {
        usize::from(row.first_contact_at.is_some())
    }
}

fn bucket(row: &LeadRow) -> usize {
    let Some(after) = row.contacted_after() else { return NOT_YET };
    WITHIN.iter().position(|(seconds, _)| after <= TimeDelta::seconds(*seconds)).unwrap_or(LATER)
}

/// How long each of [`PARTS`] took.
fn parts(row: &LeadRow) -> [Option<TimeDelta>; PARTS.len()] {
    let since = |span: TimeDelta| span.max(TimeDelta::zero());
    let decide = since(row.decided_at - row.received_at);
    let ring = row.put_through.map(|joined| since(joined.at - joined.waited - row.decided_at));
    let accept = row.put_through.map(|joined| since(joined.waited));
    let promise = row.contacted_after().filter(|_| row.status == LeadStatus::Called);
    [Some(decide), ring, accept, promise]
}

fn funnel(stages: [(u64, Newest); STAGES.len()]) -> Picture {
    let all = stages[0].0;
    let mut before = all;
    let mut rows = Vec::new();
    for (name, (leads, newest)) in STAGES.into_iter().zip(stages) {
        let values = vec![number(leads), share(leads, all), share(leads, before)];
        rows.push(PictureRow { name: name.to_owned(), values, leads: newest.into_leads() });
        before = leads;
    }
    let shares = ["of all", "of the step before"].map(|name| Column::of(name, Unit::Share));
    Picture {
        key: "funnel",
        name: "From routed to won",
        definition: "Leads that came so far or farther. Contacted: a human of ours has spoken with them. Qualified or met: an \
                     opportunity came of them, or a meeting was held. Behind each: leads that came no farther.",
        shape: Shape::Bars(1),
        of: "Step",
        columns: Column::leads(["Leads"]).into_iter().chain(shares).collect(),
        rows,
    }
}

fn contact(buckets: [Bucket; NOT_YET + 1], all: u64) -> Picture {
    let names = WITHIN.into_iter().map(|(_, name)| name).chain(["later", "not yet"]);
    let row = |(name, bucket): (&str, Bucket)| PictureRow {
        name: name.to_owned(),
        values: vec![number(bucket.in_time), number(bucket.late), share(bucket.in_time + bucket.late, all)],
        leads: bucket.leads.into_leads(),
    };
    let counts = Column::leads(["In time", "Late"]);
    Picture {
        key: "first_contact_spread",
        name: "How soon somebody spoke with them",
        definition: "Leads by the time from decision to human contact; in time is within the SLA, or not yet and still within it. \
                     Behind each: leads that were late.",
        shape: Shape::Bars(2),
        of: "First contact",
        columns: counts.into_iter().chain([Column::of("of all", Unit::Share)]).collect(),
        rows: names.zip(buckets).map(row).collect(),
    }
}

fn where_time_went(parts: [Vec<TimeDelta>; PARTS.len()]) -> Picture {
    let row = |(name, mut times): (&str, Vec<TimeDelta>)| PictureRow {
        name: name.to_owned(),
        values: vec![
            percentile(&mut times, 50).map(in_seconds),
            percentile(&mut times, 90).map(in_seconds),
            number(count(times.len())),
        ],
        leads: Vec::new(),
    };
    let times = ["Half within", "90 % within"].map(|name| Column::of(name, Unit::Seconds));
    Picture {
        key: "first_contact_parts",
        name: "Where the time went",
        definition: "Decide: from the event to the decision. Ring: from there until the first phone rang. Accept: from there until \
                     caller and rep were on one line, of callers who were put through. Promise: from the decision to the call \
                     that was promised, of those that were made.",
        shape: Shape::Bars(2),
        of: "Part",
        columns: times.into_iter().chain(Column::leads(["Leads"])).collect(),
        rows: PARTS.into_iter().zip(parts).map(row).collect(),
    }
}

fn ladder(rungs: BTreeMap<LeadStatus, Rung>, all: u64) -> Picture {
    let row = |(status, rung): (LeadStatus, Rung)| PictureRow {
        name: status.in_words().to_owned(),
        values: vec![
            number(rung.leads),
            share(rung.leads, all),
            share(rung.contacted, rung.leads),
            share(rung.converted, rung.leads),
        ],
        leads: rung.newest.into_leads(),
    };
    let shares = ["of all", "contacted", "converted"].map(|name| Column::of(name, Unit::Share));
    Picture {
        key: "ladder",
        name: "Use of the ladder",
        definition: "On which rung leads ended, or stand; and of those, how many were contacted and of how many an opportunity came.",
        shape: Shape::Bars(1),
        of: "Rung",
        columns: Column::leads(["Leads"]).into_iter().chain(shares).collect(),
        rows: rungs.into_iter().map(row).collect(),
    }
}
