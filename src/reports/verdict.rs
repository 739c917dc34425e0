//! Was the lead routed to the right rep? Stated rules in a stated order; the first that holds is the verdict and its evidence.
//!
//! Silence is not agreement: a lead of which nobody said or did anything that tells is *unknown*, and the share of leads
//! that could be judged is printed beside the accuracy.

use super::rows::{LeadRow, LeadStatus};
use baton_core::domain::outcome::{MisrouteKind, OutcomeKind};
use chrono::TimeDelta;
use serde::Serialize;

/// A move later than this has more likely to do with vacations and quotas than with routing.
pub const MOVED_WITHIN_DAYS: i64 = 14;
const MOVED_WITHIN: TimeDelta = TimeDelta::days(MOVED_WITHIN_DAYS);
/// A rating from which on the owner was content.
const GOOD: u8 = 4;
const FAIR: u8 = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RoutingVerdict {
    Right,
    Wrong,
    Unknown,
}

impl RoutingVerdict {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Wrong => "wrong",
            Self::Unknown => "unknown",
        }
    }
}

pub struct JudgementRule {
    pub name: &'static str,
    pub verdict: RoutingVerdict,
    /// Why this evidence tells, or does not.
    pub reason: &'static str,
    holds: fn(&LeadRow) -> bool,
}

pub static RULES: [JudgementRule; 8] = [
    JudgementRule {
        name: "misroute: wrong person",
        verdict: RoutingVerdict::Wrong,
        reason: "a rep said that somebody else should have had it",
        holds: |row| has_misroute(row, MisrouteKind::Procedural),
    },
    JudgementRule {
        name: "moved by a person",
        verdict: RoutingVerdict::Wrong,
        reason: "a person gave it to another rep within 14 days, it stayed there, and nobody rated it 4 or 5",
        holds: |row| moved(row) && best_quality(row) < Some(GOOD),
    },
    JudgementRule {
        name: "rated 3 to 5",
        verdict: RoutingVerdict::Right,
        reason: "a rep rated the lead and named no misroute",
        holds: |row| best_quality(row) >= Some(FAIR) && no_misroute(row),
    },
    JudgementRule {
        name: "spoke and went on",
        verdict: RoutingVerdict::Right,
        reason: "rep and caller spoke, and a meeting was held or an opportunity came of it",
        holds: |row| matches!(row.status, LeadStatus::Connected | LeadStatus::Called) && went_on(row),
    },
    JudgementRule {
        name: "misroute: not a fit",
        verdict: RoutingVerdict::Unknown,
        reason: "the lead fits nobody, which judges the qualification and not the routing",
        holds: |row| has_misroute(row, MisrouteKind::Definitional),
    },
    JudgementRule {
        name: "misroute: data incomplete",
        verdict: RoutingVerdict::Unknown,
        reason: "what was known was wrong or missing, so the routing could not be right or wrong",
        holds: |row| has_misroute(row, MisrouteKind::Clerical),
    },
    JudgementRule {
        name: "rated 1 or 2",
        verdict: RoutingVerdict::Unknown,
        reason: "a low rating without a misroute judges the lead and not the routing",
        holds: |row| best_quality(row).is_some(),
    },
    JudgementRule {
        name: "nothing said",
        verdict: RoutingVerdict::Unknown,
        reason: "no feedback and no outcome that tells",
        holds: |_| true,
    },
];

/// The first rule that holds.
pub fn judge(row: &LeadRow) -> &'static JudgementRule {
    RULES.iter().find(|rule| (rule.holds)(row)).expect("the last rule holds for every lead")
}

fn has_misroute(row: &LeadRow, kind: MisrouteKind) -> bool {
    row.last_feedback().any(|said| said.misroute.as_ref().is_some_and(|misroute| misroute.kind == kind))
}

fn no_misroute(row: &LeadRow) -> bool {
    row.last_feedback().all(|said| said.misroute.is_none())
}

fn best_quality(row: &LeadRow) -> Option<u8> {
    row.last_feedback().filter_map(|said| said.quality).max()
}

/// A lead that came back to its first owner was not moved.
fn moved(row: &LeadRow) -> bool {
    let away = |change: &super::rows::OwnerChange| {
        change.to != row.decided_owner && change.at - row.decided_at <= MOVED_WITHIN
    };
    row.current_owner != row.decided_owner && row.owner_changes.iter().any(away)
}

fn went_on(row: &LeadRow) -> bool {
    row.outcomes.iter().any(|outcome| match outcome {
        OutcomeKind::Opportunity | OutcomeKind::Won | OutcomeKind::MeetingHeld => true,
        OutcomeKind::Lost | OutcomeKind::NoShow => false,
    })
}
