//! One lead as the reports need it: `store` gathers it from decision, handoff, feedback and outcomes.

pub use crate::store::{PutThrough, RungPhone};

use baton_core::domain::id::{LeadId, PoolId, ReleaseId, RepId, TerritoryId, TierId};
use baton_core::domain::lead::LeadChannel;
use baton_core::domain::outcome::{Feedback, MisrouteKind, OutcomeKind};
use chrono::{DateTime, TimeDelta, Utc};
use std::cmp::Reverse;

#[derive(Debug, Clone, PartialEq)]
pub struct LeadRow {
    pub lead_id: LeadId,
    /// CloudEvents `source`.
    pub source: String,
    pub channel: LeadChannel,
    pub received_at: DateTime<Utc>,
    pub decided_at: DateTime<Utc>,
    /// Who the decision gave it to.
    pub decided_owner: RepId,
    pub current_owner: RepId,
    pub pool: PoolId,
    pub territory: Option<TerritoryId>,
    pub tier: TierId,
    /// How it was routed: `owner`, `delegate`, `route NAME`, `TERRITORY × TIER`, `catch-all`.
    pub route: String,
    /// The rules that it was decided by.
    pub release: ReleaseId,
    /// Reps' phones that were rung, in order.
    pub legs: Vec<RungPhone>,
    pub put_through: Option<PutThrough>,
    /// A rep pressed the key; whether caller and rep came together is told by `status`.
    pub accepted: bool,
    pub status: LeadStatus,
    /// Somebody who is active has a next step that is not overdue; must hold for every lead.
    pub has_next_step: bool,
    /// First moment at which a human of ours spoke with the caller.
    pub first_contact_at: Option<DateTime<Utc>>,
    /// The same number came again within seven days; `None`: no number is known.
    pub came_again: Option<bool>,
    /// Decided without facts that could not be had in time.
    pub degraded: bool,
    /// Whether the caller was told of all that the rules want them told of; `None`: the rules want nothing, or it was no call.
    pub disclosed: Option<bool>,
    pub completeness_permille: Option<u16>,
    /// In any order; the last of each rep counts.
    pub feedback: Vec<Feedback>,
    pub outcomes: Vec<OutcomeKind>,
    /// In the currency of the CRM; `None`: not won, or nobody said.
    pub won_amount: Option<f64>,
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

    /// How long it took from the decision until a human of ours spoke with the caller.
    pub fn contacted_after(&self) -> Option<TimeDelta> {
        Some((self.first_contact_at? - self.decided_at).max(TimeDelta::zero()))
    }

    /// Whether contact came within the SLA; `None`: there was none yet, and there is still time.
    pub fn in_time(&self, sla: TimeDelta, now: DateTime<Utc>) -> Option<bool> {
        match self.first_contact_at {
            Some(at) => Some(at - self.decided_at <= sla),
            None => (now - self.decided_at > sla).then_some(false),
        }
    }

    /// An opportunity came of it, won, lost or open.
    pub fn is_converted(&self) -> bool {
        self.outcomes.iter().any(|outcome| match outcome {
            OutcomeKind::Opportunity | OutcomeKind::Won | OutcomeKind::Lost => true,
            OutcomeKind::MeetingHeld | OutcomeKind::NoShow => false,
        })
    }

    /// A rep calls it misrouted: of this kind, or of any.
    pub fn is_misrouted(&self, kind: Option<MisrouteKind>) -> bool {
        let mut said = self.last_feedback().filter_map(|said| said.misroute.as_ref());
        said.any(|misroute| kind.is_none_or(|kind| misroute.kind == kind))
    }

    /// Whom reps named as the right one, other than whom it was routed to.
    pub fn right_reps(&self) -> impl Iterator<Item = &RepId> {
        let named = self.last_feedback().filter_map(|said| said.misroute.as_ref()?.right_rep.as_ref());
        named.filter(move |right| **right != self.decided_owner)
    }

    /// A rep accepted the call or has spoken with the caller since.
    pub fn followed_up(&self) -> bool {
        self.accepted || self.first_contact_at.is_some()
    }
}

/// How many leads of a figure are named: enough to look into it.
pub const NAMED: usize = 20;

/// The newest of the leads that were added, in whatever order they come.
#[derive(Debug, Clone, Default)]
pub(super) struct Newest(Vec<(DateTime<Utc>, LeadId)>);

impl Newest {
    pub(super) fn add(&mut self, row: &LeadRow) {
        let before = |(at, id): &(DateTime<Utc>, LeadId)| (Reverse(*at), id) < (Reverse(row.decided_at), &row.lead_id);
        let place = self.0.partition_point(before);
        if place < NAMED {
            self.0.insert(place, (row.decided_at, row.lead_id.clone()));
            self.0.truncate(NAMED);
        }
    }

    pub(super) fn into_leads(self) -> Vec<LeadId> {
        self.0.into_iter().map(|(_, lead)| lead).collect()
    }
}
