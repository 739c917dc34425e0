//! A lead with its story.

use super::{Instant, LeadStatus, NextStep, Whole};
use schemars::JsonSchema;
use serde_json::Value;

/// A lead, its decision, and everything that happened to it.
#[derive(JsonSchema)]
pub(super) struct LeadStory {
    /// The lead as it was understood: call, contact, company, qualification, consent, preference.
    lead: Whole,
    owner: String,
    status: LeadStatus,
    next_step: NextStep,
    first_contact_at: Option<Instant>,
    crm: Option<CrmRecord>,
    /// When the person was erased: the lead says nothing of them any more.
    erased_at: Option<Instant>,
    /// With its plan, its trace and every candidate.
    decision: Option<Whole>,
    timeline: Vec<TimelineEntry>,
    owner_changes: Vec<OwnerChange>,
    /// What of it has had its time (`[keep]` of baton.toml): `transcripts`, `timeline`, `decisions`.
    #[schemars(skip_serializing_if = "Vec::is_empty")]
    no_longer_kept: Vec<String>,
}

#[derive(JsonSchema)]
struct CrmRecord {
    id: String,
    url: Option<String>,
    /// Owner as read back after the write.
    owner_crm_id: Option<String>,
}

#[derive(JsonSchema)]
struct TimelineEntry {
    at: Instant,
    kind: String,
    /// By its kind.
    body: Value,
}

/// Seen in the CRM.
#[derive(JsonSchema)]
struct OwnerChange {
    from: Option<String>,
    to: Option<String>,
    seen_at: Instant,
}
