//! What people and tokens have changed.

use super::Instant;
use schemars::JsonSchema;

/// Entries of the audit, the newest first.
#[derive(JsonSchema)]
pub(super) struct AuditPage {
    entries: Vec<AuditLine>,
    /// `cursor` of the next page; null: this is the last one.
    next: Option<String>,
}

/// An act of a person or a token. `hash` is SHA-256 of `prev_hash` and of the netstrings of `seq`, of `at` in microseconds, of
/// `actor`, `act`, `subject` and `why_hash`.
#[derive(JsonSchema)]
struct AuditLine {
    /// From 1, without gaps.
    seq: i64,
    at: Instant,
    /// `token NAME`, `rep ID`, `cli USER`, `worker HOST`, or `nobody` where no token was ever given.
    actor: String,
    /// Such as `lead.reassign`.
    act: String,
    /// An id.
    subject: String,
    /// As somebody wrote it; null: nobody did, or the person it may tell of was forgotten.
    why: Option<String>,
    salt: Option<String>,
    /// SHA-256 of `salt` and `why`.
    why_hash: Option<String>,
    /// Of the first entry 64 zeros.
    prev_hash: String,
    hash: String,
}
