//! What is answered to whoever asks for a call, or announces one.

use super::Instant;
use schemars::JsonSchema;

/// Whose phone rings, or will when it is free.
#[derive(JsonSchema)]
pub(super) struct CallAnswer {
    #[schemars(extend("enum" = ["rings", "waits"]))]
    status: String,
    lead: String,
    rep: String,
}

/// Whether a call may be sent, and where to.
#[derive(JsonSchema)]
pub(super) struct PingAnswer {
    accepted: bool,
    /// `sip:…` or a number: for this call alone.
    #[schemars(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    /// How long the call may take to come, from the first answer on.
    #[schemars(skip_serializing_if = "Option::is_none")]
    seconds: Option<u32>,
    /// When that is over.
    #[schemars(skip_serializing_if = "Option::is_none")]
    until: Option<Instant>,
    /// Why it may not.
    #[schemars(skip_serializing_if = "Option::is_none")]
    reason: Option<PingRefusal>,
}

/// `nobody_available`: whoever may have it is busy, away or full; `closed`: it is nobody's working time; `refused_by_rules`: the
/// rules ring nobody for such a caller; `no_address`: every number is lent to another call.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum PingRefusal {
    NobodyAvailable,
    Closed,
    RefusedByRules,
    NoAddress,
}
