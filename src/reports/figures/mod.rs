//! Every figure of the report, counted lead by lead: what is kept of a lead are counts, the time to its contact, and its name where
//! it is one of the newest that are worth a look. So a million leads need no more room than their groups do.

mod counted;
mod others;

use super::ReportOptions;
use super::figure::{Cell, Dimension, Figure, FigureGroup};
use super::rows::{LeadRow, Newest};
use baton_core::domain::id::LeadId;
use std::collections::BTreeMap;

type Counts = [counted::Count; counted::COUNTED];

#[derive(Default)]
pub(super) struct Figures {
    total: Counts,
    /// By the dimensions of [`Dimension::BY`].
    groups: [BTreeMap<String, Counts>; Dimension::BY.len()],
    named: [Newest; counted::COUNTED],
    others: others::Others,
}

impl Figures {
    pub(super) fn add(&mut self, row: &LeadRow, options: &ReportOptions) {
        let mut counts = Counts::default();
        for (place, figure) in counted::FIGURES.iter().enumerate() {
            counts[place] = (figure.count)(row, options);
            if figure.names(counts[place]) {
                self.named[place].add(row);
            }
        }
        add_to(&mut self.total, &counts);
        for (dimension, groups) in Dimension::BY.iter().zip(&mut self.groups) {
            add_to(groups.entry(dimension.of(row)).or_default(), &counts);
        }
        self.others.add(row);
    }

    /// All of them, in the order in which they are printed. `by`: grouped by this alone, in place of what each is grouped by.
    pub(super) fn finish(self, by: Option<Dimension>) -> Vec<Figure> {
        let Self { total, groups, named, others } = self;
        let mut counted = Vec::new();
        for ((place, figure), leads) in counted::FIGURES.iter().enumerate().zip(named) {
            let cell = |counts: &Counts| figure.cell(counts[place]);
            let mut of_figure = Vec::new();
            for dimension in by.as_ref().map_or(figure.by, std::slice::from_ref) {
                let known = Dimension::BY.iter().position(|one| one == dimension).map(|at| &groups[at]);
                of_figure.extend(known.into_iter().flatten().map(|(name, counts)| FigureGroup {
                    dimension: *dimension,
                    name: name.clone(),
                    cell: cell(counts),
                }));
            }
            counted.push(Figure {
                key: figure.key,
                name: figure.name,
                definition: figure.definition,
                unit: figure.unit,
                total: cell(&total),
                groups: of_figure,
                leads: leads.into_leads(),
            });
        }
        in_order(counted, others.finish())
    }
}

fn add_to(counts: &mut Counts, more: &Counts) {
    for (count, more) in counts.iter_mut().zip(more) {
        count.add(*more);
    }
}

/// What belongs together stands together.
const ORDER: [&str; 21] = [
    "routing_accuracy",
    "label_coverage",
    "acceptance",
    "first_contact_in_time",
    "first_contact_p50",
    "first_contact_p90",
    "first_contact_p95",
    "conversion",
    "amount_won",
    "fallback",
    "escalations",
    "repeat_contact",
    "reps_rung",
    "phones_given_up",
    "without_next_step",
    "briefing_completeness",
    "rated_completeness",
    "misroutes",
    "right_reps",
    "degraded",
    counted::WITHOUT_DISCLOSURE,
];

fn in_order(counted: Vec<Figure>, others: Vec<Figure>) -> Vec<Figure> {
    let mut all: Vec<Figure> = counted.into_iter().chain(others).map(disclosures_by_lead).collect();
    all.retain(|figure| figure.key != counted::WITHOUT_DISCLOSURE || figure.total.denominator > 0);
    all.sort_by_key(|figure| ORDER.iter().position(|key| *key == figure.key));
    all
}

/// Each call without a disclosure is somebody's to look into: it is a group of its own.
fn disclosures_by_lead(figure: Figure) -> Figure {
    if figure.key != counted::WITHOUT_DISCLOSURE {
        return figure;
    }
    let cell = Cell::number(1, figure.total.denominator);
    let group = |lead: &LeadId| FigureGroup { dimension: Dimension::Lead, name: lead.to_string(), cell };
    Figure { groups: figure.leads.iter().map(group).collect(), ..figure }
}
