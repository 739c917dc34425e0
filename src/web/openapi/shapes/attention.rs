//! What needs a person, and what is answered to whoever does something about it.

use super::{Instant, LeadSummary};
use schemars::JsonSchema;

/// What needs a person: at most 200 of each kind, and how many there are.
#[derive(JsonSchema)]
pub(super) struct Attention {
    leads: Vec<LeadSummary>,
    failed_steps: Vec<FailedStep>,
    quarantined: Vec<AsideMessage>,
    webhooks: Vec<StoppedWebhook>,
    counts: AttentionCounts,
    backlog: Backlog,
}

/// A step that has failed for good.
#[derive(JsonSchema)]
struct FailedStep {
    effect_key: String,
    lead_id: String,
    kind: String,
    error: String,
    at: Instant,
}

/// A message that was put aside; its key replays it.
#[derive(JsonSchema)]
struct AsideMessage {
    key: String,
    kind: String,
    received_at: Instant,
    why: String,
}

/// A webhook that is disabled, until somebody enables it.
#[derive(JsonSchema)]
struct StoppedWebhook {
    name: String,
    disabled_at: Instant,
    why: String,
    /// Events that are kept for it.
    undelivered: u64,
}

#[derive(JsonSchema)]
struct AttentionCounts {
    leads: u64,
    failed_steps: u64,
    quarantined: u64,
    webhooks: u64,
}

/// How much there is to do.
#[derive(JsonSchema)]
struct Backlog {
    due: u64,
    oldest_due_at: Option<Instant>,
    leased: u64,
    lapsed: u64,
}

/// What is tried again; those of the lead that may not be done later are left out.
#[derive(JsonSchema)]
pub(super) struct RetryAnswer {
    #[schemars(extend("const" = "retried"))]
    status: String,
    lead: String,
    /// By `effect_key`.
    steps: Vec<String>,
}

#[derive(JsonSchema)]
pub(super) struct CloseAnswer {
    #[schemars(extend("const" = "closed"))]
    status: String,
    key: String,
}
