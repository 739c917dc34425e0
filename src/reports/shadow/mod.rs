//! The shadow report: what this system decided beside what the other one did, lead by lead, and what hangs on it.
//!
//! Guarantees: a lead counts as agreed or differing only where the CRM named a rep of the roster; all others are counted by
//! themselves, so that the counts add up to the leads. It says what was seen and no more: of a lead that differs nobody knows what our
//! rep would have made of it.

mod table;
mod text;

use super::figure::{Cell, Dimension, Figure, Rows, share};
use super::rows::LeadRow;
use super::statistics::count;
use baton_core::domain::id::{LeadId, RepId};
use baton_core::domain::outcome::OutcomeKind;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::BTreeMap;

/// Version of the JSON layout: grows when a key changes its meaning or goes away.
const SHADOW_REPORT_VERSION: u16 = 1;

/// Whom the other system chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Theirs {
    Rep(RepId),
    /// A queue, a program, or somebody who is not in `reps.csv`: as the CRM calls them.
    Stranger(String),
    Nobody,
    /// The CRM cannot say.
    Unknown,
    NotAskedYet,
}

/// A lead, and both choices.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Compared {
    pub(super) row: LeadRow,
    /// Of our decision, in a sentence.
    pub(super) reason: String,
    pub(super) theirs: Theirs,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShadowReport {
    pub version: u16,
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
    pub made_at: DateTime<Utc>,
    /// Decided in shadow.
    pub leads: u64,
    /// Leads for which both chose the same rep, of those for which the other system chose one.
    pub agreement: Figure,
    /// The CRM named somebody who is not in `reps.csv`.
    pub not_a_rep: u64,
    /// The CRM named nobody.
    pub nobody: u64,
    /// The CRM cannot say.
    pub unknown: u64,
    pub not_asked_yet: u64,
    /// What became of the leads on which both agree, and of those on which they differ: all were the other system's to work on.
    pub outcomes: Vec<Side>,
    /// What may be concluded.
    pub conclusion: String,
    pub differences: Vec<Difference>,
}

/// Leads of one side.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Side {
    pub name: &'static str,
    pub leads: u64,
    /// Of those that are won or lost.
    pub won: Cell,
    /// A human of ours has spoken with them.
    pub contacted: Cell,
}

/// A lead that the two gave to different reps.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    pub lead: LeadId,
    pub decided_at: DateTime<Utc>,
    pub ours: RepId,
    pub reason: String,
    pub theirs: RepId,
    pub route: String,
    pub territory: Option<String>,
    pub tier: String,
    /// `won`, `lost`, …, `contacted`; `None`: nothing is known yet.
    pub outcome: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShadowFormat {
    Text,
    Json,
    /// One row per lead that differs.
    Csv,
}

const AGREE: &str = "both agree";
const DIFFER: &str = "they differ";

/// All of them were decided in this time.
pub(super) fn compare(
    compared: &[Compared],
    (from, until): (DateTime<Utc>, DateTime<Utc>),
    now: DateTime<Utc>,
) -> ShadowReport {
    let agrees: BTreeMap<&LeadId, bool> =
        compared.iter().filter_map(|one| Some((&one.row.lead_id, one.agrees()?))).collect();
    let rows: Vec<&LeadRow> = compared.iter().map(|one| &one.row).collect();
    let by = [Dimension::Route, Dimension::Territory, Dimension::Tier];
    let of = |theirs: &Theirs| count(compared.iter().filter(|one| one.theirs == *theirs).count());
    let strangers = compared.iter().filter(|one| matches!(one.theirs, Theirs::Stranger(_)));
    let on = |side: bool| -> Vec<&LeadRow> {
        rows.iter().filter(|row| agrees.get(&row.lead_id) == Some(&side)).copied().collect()
    };
    let outcomes = vec![Side::of(AGREE, &on(true)), Side::of(DIFFER, &on(false))];
    ShadowReport {
        version: SHADOW_REPORT_VERSION,
        from,
        until,
        made_at: now,
        leads: count(compared.len()),
        agreement: Figure {
            key: "agreement",
            name: "Agreement",
            definition: "Leads that both systems gave to the same rep, of those that the other one gave to a rep of reps.csv.",
            ..share(&rows, &by, Cell::sampled, |row| agrees.get(&row.lead_id).copied())
        },
        not_a_rep: count(strangers.count()),
        nobody: of(&Theirs::Nobody),
        unknown: of(&Theirs::Unknown),
        not_asked_yet: of(&Theirs::NotAskedYet),
        conclusion: conclusion(&outcomes),
        outcomes,
        differences: compared.iter().filter_map(Compared::difference).collect(),
    }
}

/// Laid out for whoever reads it.
pub fn render_shadow(report: &ShadowReport, format: ShadowFormat) -> String {
    match format {
        ShadowFormat::Text => text::layout(report),
        ShadowFormat::Csv => table::layout(report),
        ShadowFormat::Json => {
            let json = serde_json::to_string_pretty(report).expect("a report holds text and finite numbers");
            json + "\n"
        }
    }
}

impl Compared {
    /// `None`: there are no two choices.
    fn agrees(&self) -> Option<bool> {
        match &self.theirs {
            Theirs::Rep(rep) => Some(*rep == self.row.decided_owner),
            Theirs::Stranger(_) | Theirs::Nobody | Theirs::Unknown | Theirs::NotAskedYet => None,
        }
    }

    fn difference(&self) -> Option<Difference> {
        let Theirs::Rep(theirs) = &self.theirs else { return None };
        let row = &self.row;
        (*theirs != row.decided_owner).then(|| Difference {
            lead: row.lead_id.clone(),
            decided_at: row.decided_at,
            ours: row.decided_owner.clone(),
            reason: self.reason.clone(),
            theirs: theirs.clone(),
            route: row.route.clone(),
            territory: row.territory.as_ref().map(ToString::to_string),
            tier: row.tier.to_string(),
            outcome: outcome(row),
        })
    }
}

impl Side {
    fn of(name: &'static str, rows: &Rows<'_>) -> Self {
        let won = count(rows.iter().filter(|row| row.outcomes.contains(&OutcomeKind::Won)).count());
        let lost = rows
            .iter()
            .filter(|row| row.outcomes.contains(&OutcomeKind::Lost) && !row.outcomes.contains(&OutcomeKind::Won));
        let contacted = count(rows.iter().filter(|row| row.first_contact_at.is_some()).count());
        let leads = count(rows.len());
        let won = Cell::sampled(won, won + count(lost.count()));
        Self { name, leads, won, contacted: Cell::sampled(contacted, leads) }
    }
}

/// What tells most of the lead, in a word.
fn outcome(row: &LeadRow) -> Option<&'static str> {
    let order =
        [OutcomeKind::Won, OutcomeKind::Lost, OutcomeKind::Opportunity, OutcomeKind::MeetingHeld, OutcomeKind::NoShow];
    let told = order.into_iter().find(|kind| row.outcomes.contains(kind)).map(OutcomeKind::as_str);
    told.or(row.first_contact_at.map(|_| "contacted"))
}

/// No more than the counts bear.
fn conclusion(sides: &[Side]) -> String {
    let [agree, differ] = sides else { return String::new() };
    if differ.leads == 0 {
        return "On no lead do the two differ: nothing is at stake so far.".to_owned();
    }
    let (Some(of_agreed), Some(of_differing)) = (bounds(&agree.won), bounds(&differ.won)) else {
        return format!(
            "{} leads are at stake. On one side none is won or lost yet: nothing can be said of who chose better.",
            differ.leads
        );
    };
    let apart = if of_agreed.0 > of_differing.1 {
        "Leads on which both agree were won more often than those on which they differ, by more than chance would explain: leads \
         that differ are worth a look, one by one."
    } else if of_differing.0 > of_agreed.1 {
        "Leads on which the two differ were won more often than those on which they agree, by more than chance would explain: the \
         other system knows something there that the rules do not say."
    } else {
        "How often leads were won does not tell the two sides apart: the difference may be chance."
    };
    format!(
        "{} leads are at stake. {apart} What our rep would have made of a lead that differs was tried by nobody; only a trial that \
         splits leads by lot would show that.",
        differ.leads
    )
}

fn bounds(cell: &Cell) -> Option<(f64, f64)> {
    Some((cell.low?, cell.high?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(name: &'static str, won: u64, of: u64) -> Side {
        Side { name, leads: of, won: Cell::sampled(won, of), contacted: Cell::sampled(of, of) }
    }

    #[test]
    fn no_more_is_concluded_than_the_counts_bear() {
        let told = |agree: (u64, u64), differ: (u64, u64)| {
            conclusion(&[side(AGREE, agree.0, agree.1), side(DIFFER, differ.0, differ.1)])
        };
        assert!(told((4, 9), (0, 0)).contains("nothing is at stake"));
        assert!(told((0, 0), (3, 5)).contains("nothing can be said"));
        assert!(told((6, 10), (4, 10)).contains("may be chance"));
        assert!(told((90, 100), (20, 100)).contains("on which both agree were won more often"));
        assert!(told((20, 100), (90, 100)).contains("the rules do not say"));
    }
}
