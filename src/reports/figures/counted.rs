//! The figures of which every lead is a hit or not, or counts for some: what is counted, out of what, and how it is called.

use crate::reports::ReportOptions;
use crate::reports::figure::{Cell, Dimension, Unit};
use crate::reports::rows::{LeadRow, LeadStatus};
use crate::reports::verdict::{RoutingVerdict, judge};

pub(super) const COUNTED: usize = 14;

/// Hits, and out of how many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) hits: u64,
    pub(super) of: u64,
}

impl Count {
    fn one(hit: bool) -> Self {
        Self { hits: u64::from(hit), of: 1 }
    }

    /// Of a lead that may not be counted at all.
    fn maybe(hit: Option<bool>) -> Self {
        hit.map_or_else(Self::default, Self::one)
    }

    pub(super) fn add(&mut self, other: Self) {
        self.hits += other.hits;
        self.of += other.of;
    }
}

/// Which leads are named under a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    Hits,
    /// Those that were counted and hit nothing.
    Others,
    None,
}

pub(super) struct Counted {
    pub(super) key: &'static str,
    pub(super) name: &'static str,
    pub(super) definition: &'static str,
    pub(super) unit: Unit,
    pub(super) by: &'static [Dimension],
    /// Drawn from a sample of the leads: it has an interval.
    sampled: bool,
    pub(super) named: Named,
    pub(super) count: fn(&LeadRow, &ReportOptions) -> Count,
}

impl Counted {
    pub(super) fn cell(&self, Count { hits, of }: Count) -> Cell {
        match self.unit {
            Unit::Leads | Unit::Amount => Cell::number(hits, of),
            Unit::Share | Unit::Rating | Unit::RepsPerLead if self.sampled => Cell::sampled(hits, of),
            Unit::Share | Unit::Rating | Unit::RepsPerLead | Unit::Seconds | Unit::Turns => Cell::of(hits, of),
        }
    }

    pub(super) fn names(&self, Count { hits, of }: Count) -> bool {
        match self.named {
            Named::Hits => hits > 0,
            Named::Others => of > hits,
            Named::None => false,
        }
    }
}

const ROUTE_STATUS_TIER_POOL: &[Dimension] = &[Dimension::Route, Dimension::Status, Dimension::Tier, Dimension::Pool];

pub(super) static FIGURES: [Counted; COUNTED] = [
    Counted {
        key: "routing_accuracy",
        name: "Routing accuracy",
        definition: "Leads judged right out of leads judged at all; the range is Wilson's interval at 95 %.",
        unit: Unit::Share,
        by: &Dimension::ALL_OF_A_LEAD,
        sampled: true,
        named: Named::Others,
        count: |row, _| match judge(row).verdict {
            RoutingVerdict::Right => Count::one(true),
            RoutingVerdict::Wrong => Count::one(false),
            RoutingVerdict::Unknown => Count::default(),
        },
    },
    Counted {
        key: "label_coverage",
        name: "Label coverage",
        definition: "Leads of which anything tells whether they were routed right, out of all leads.",
        unit: Unit::Share,
        by: &Dimension::ALL_OF_A_LEAD,
        sampled: false,
        named: Named::Others,
        count: |row, _| Count::one(judge(row).verdict != RoutingVerdict::Unknown),
    },
    Counted {
        key: "acceptance",
        name: "Acceptance",
        definition: "Leads whose call a rep accepted or whose caller a rep has spoken with since, out of all leads.",
        unit: Unit::Share,
        by: &[Dimension::Pool, Dimension::Route],
        sampled: false,
        named: Named::Others,
        count: |row, _| Count::one(row.followed_up()),
    },
    Counted {
        key: "first_contact_in_time",
        name: "First contact in time",
        definition: "Leads with human contact within the SLA of the decision, out of those contacted or overdue.",
        unit: Unit::Share,
        by: &[Dimension::Pool, Dimension::Tier],
        sampled: false,
        named: Named::Others,
        count: |row, options| Count::maybe(row.in_time(options.sla(), options.now)),
    },
    Counted {
        key: "conversion",
        name: "Conversion",
        definition: "Leads of which an opportunity came, won, lost or open, out of all leads.",
        unit: Unit::Share,
        by: ROUTE_STATUS_TIER_POOL,
        sampled: false,
        named: Named::Hits,
        count: |row, _| Count::one(row.is_converted()),
    },
    Counted {
        key: "amount_won",
        name: "Amount won",
        definition: "Sum of what was won, in whole units of the CRM's currency, out of won leads whose amount is known.",
        unit: Unit::Amount,
        by: ROUTE_STATUS_TIER_POOL,
        sampled: false,
        named: Named::Hits,
        count: |row, _| match row.won_amount {
            Some(amount) => Count { hits: amount.max(0.0).round() as u64, of: 1 },
            None => Count::default(),
        },
    },
    Counted {
        key: "escalations",
        name: "Escalations",
        definition: "Leads whose first phone came to nothing, so that another one, a meeting or a promise had to serve, out of \
                     leads for which one was rung.",
        unit: Unit::Share,
        by: ROUTE_STATUS_TIER_POOL,
        sampled: false,
        named: Named::Hits,
        count: |row, _| Count::maybe(escalated(row)),
    },
    Counted {
        key: "repeat_contact",
        name: "Came again within seven days",
        definition: "Leads from whose number another lead came within seven days, out of leads with a number.",
        unit: Unit::Share,
        by: ROUTE_STATUS_TIER_POOL,
        sampled: false,
        named: Named::Hits,
        count: |row, _| Count::maybe(row.came_again),
    },
    Counted {
        key: "reps_rung",
        name: "Reps rung per lead",
        definition: "Phones rung, out of leads for which one was rung at all.",
        unit: Unit::RepsPerLead,
        by: &[Dimension::Pool],
        sampled: false,
        named: Named::None,
        count: |row, _| Count { hits: row.legs.len() as u64, of: u64::from(!row.legs.is_empty()) },
    },
    Counted {
        key: "without_next_step",
        name: "Callers without a next step",
        definition: "Leads whose next step is overdue, or up to nobody who is active; anything but 0 is a defect.",
        unit: Unit::Leads,
        by: &[],
        sampled: false,
        named: Named::Hits,
        count: |row, _| Count::one(!row.has_next_step),
    },
    Counted {
        key: "briefing_completeness",
        name: "Briefing completeness",
        definition: "Mean share of what a briefing of its tier should hold that was known; counted in thousandths.",
        unit: Unit::Share,
        by: &[Dimension::Tier, Dimension::Source],
        sampled: false,
        named: Named::None,
        count: |row, _| match row.completeness_permille {
            Some(permille) => Count { hits: u64::from(permille), of: 1000 },
            None => Count::default(),
        },
    },
    Counted {
        key: "rated_completeness",
        name: "Briefing completeness as reps rate it",
        definition: "Mean of the reps' ratings from 1 to 5: points out of ratings.",
        unit: Unit::Rating,
        by: &[],
        sampled: false,
        named: Named::None,
        count: |row, _| {
            let mut points = Count::default();
            for rated in row.last_feedback().filter_map(|said| said.completeness) {
                points.add(Count { hits: u64::from(rated), of: 1 });
            }
            points
        },
    },
    Counted {
        key: "degraded",
        name: "Decided on partial facts",
        definition: "Leads decided although a fact could not be had in time, out of all leads.",
        unit: Unit::Share,
        by: &[Dimension::Source],
        sampled: false,
        named: Named::Hits,
        count: |row, _| Count::one(row.degraded),
    },
    // The rules may ask for none; then nothing is counted, and the figure is left out.
    Counted {
        key: WITHOUT_DISCLOSURE,
        name: "Calls without a disclosure",
        definition: "Calls of which nothing says that the caller was told what handoff.yaml asks for, out of all calls; the \
                     newest 20 by their leads.",
        unit: Unit::Leads,
        by: &[],
        sampled: false,
        named: Named::Hits,
        count: |row, _| Count::maybe(row.disclosed.map(|told| !told)),
    },
];

pub(super) const WITHOUT_DISCLOSURE: &str = "without_disclosure";

/// `None`: no phone was rung, or it still rings.
fn escalated(row: &LeadRow) -> Option<bool> {
    let first = row.legs.first()?;
    (row.status != LeadStatus::Handoff || row.legs.len() > 1).then(|| first.state.is_given_up())
}
