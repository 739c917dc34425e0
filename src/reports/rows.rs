//! One lead as the reports need it: `store` gathers it from decision, handoff, feedback and outcomes.

use baton_core::domain::id::{LeadId, PoolId, RepId, TerritoryId, TierId};
use baton_core::domain::lead::LeadChannel;
use baton_core::domain::leg::LegState;
use baton_core::domain::outcome::{Feedback, OutcomeKind};
use chrono::{DateTime, Utc};

#[derive(Debug, Clone, PartialEq)]
pub struct LeadRow {
    pub lead_id: LeadId,
    /// CloudEvents `source`.
    pub source: String,
    pub channel: LeadChannel,
    pub decided_at: DateTime<Utc>,
    /// Who the decision gave it to.
    pub decided_owner: RepId,
    pub current_owner: RepId,
    pub pool: PoolId,
    pub territory: Option<TerritoryId>,
    pub tier: TierId,
    /// How it was routed: `owner`, `delegate`, `route NAME`, `TERRITORY × TIER`, `catch-all`.
    pub route: String,
    /// Reps' phones that were rung, each with how it ended or stands.
    pub legs: Vec<LegState>,
    /// A rep pressed the key; whether caller and rep came together is told by `status`.
    pub accepted: bool,
    pub status: LeadStatus,
    /// Somebody who is active has a next step that is not overdue; must hold for every lead.
    pub has_next_step: bool,
    /// First moment at which a human of ours spoke with the caller.
    pub first_contact_at: Option<DateTime<Utc>>,
    /// Decided without facts that could not be had in time.
    pub degraded: bool,
    /// Whether the caller was told of all that the rules want them told of; `None`: the rules want nothing, or it was no call.
    pub disclosed: Option<bool>,
    pub completeness_permille: Option<u16>,
    /// In any order; the last of each rep counts.
    pub feedback: Vec<Feedback>,
    pub outcomes: Vec<OutcomeKind>,
    pub owner_changes: Vec<OwnerChange>,
}

/// Where the handoff stands or how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeadStatus {
    Connected,
    Booked,
    /// Promised, not yet made; also a mail in its place.
    Callback,
    /// What was promised was kept.
    Called,
    NeedsAttention,
    /// Under way.
    Handoff,
}

impl LeadStatus {
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Connected => "connected on the call",
            Self::Booked => "meeting booked",
            Self::Callback => "callback promised",
            Self::Called => "called back",
            Self::NeedsAttention => "needs attention",
            Self::Handoff => "handoff under way",
        }
    }
}

/// Made in the CRM after Baton had written the lead there: neither by Baton nor by what the CRM made of its write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerChange {
    pub from: RepId,
    pub to: RepId,
    pub at: DateTime<Utc>,
}

impl LeadRow {
    /// The last word of each rep: a rating may be corrected.
    pub fn last_feedback(&self) -> impl Iterator<Item = &Feedback> {
        let superseded = |one: &Feedback, index: usize| {
            let later = |(other_index, other): (usize, &Feedback)| {
                other.rep == one.rep && (other.at, other_index) > (one.at, index)
            };
            self.feedback.iter().enumerate().any(later)
        };
        self.feedback.iter().enumerate().filter(move |(index, one)| !superseded(one, *index)).map(|(_, one)| one)
    }

    /// A rep accepted the call or has spoken with the caller since.
    pub fn followed_up(&self) -> bool {
        self.accepted || self.first_contact_at.is_some()
    }
}
