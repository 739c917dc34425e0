//! Who is at work.

use super::Instant;
use schemars::JsonSchema;

#[derive(JsonSchema)]
pub(super) struct Workers {
    workers: Vec<Worker>,
}

/// A worker that was seen within a minute.
#[derive(JsonSchema)]
struct Worker {
    /// New at every start.
    id: String,
    host: String,
    /// Of Baton.
    version: String,
    /// By which it decides.
    release: String,
    /// Since when it does.
    live_since: Instant,
    /// Release of the tz database that it reckons with.
    zones: String,
    /// It decides beside another system, and does nothing that anybody would notice.
    shadow: bool,
    started_at: Instant,
    seen_at: Instant,
    /// Another worker decides by a newer release.
    on_other_rules: bool,
}
