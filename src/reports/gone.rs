//! What a report lacks, since it had had its time: said beside the figures, which are made of what is left.

use crate::store::Kept;
use chrono::{DateTime, Utc};
use serde::Serialize;

/// A kind of which some is gone within the time of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoLongerKept {
    pub kind: &'static str,
    /// Of what is older.
    pub before: DateTime<Utc>,
    /// For the figures.
    pub means: &'static str,
}

impl NoLongerKept {
    /// In a sentence.
    pub fn in_words(&self) -> String {
        let Self { kind, before, means } = self;
        format!("No longer kept in full: {kind} from before {}: {means}.", before.format("%Y-%m-%d %H:%M UTC"))
    }

    /// Those that the figures from then on count by.
    pub(super) fn within(since: &[(Kept, DateTime<Utc>)], from: DateTime<Utc>) -> Vec<Self> {
        let one = |(kind, before): &(Kept, DateTime<Utc>)| {
            let means = meaning(*kind).filter(|_| from < *before)?;
            Some(Self { kind: kind.as_str(), before: *before, means })
        };
        since.iter().filter_map(one).collect()
    }
}

/// `None`: no figure counts by it.
fn meaning(kind: Kept) -> Option<&'static str> {
    match kind {
        Kept::Leads => Some("leads that were closed are missing from every figure"),
        Kept::Timeline => Some(
            "whether a rep took the call is not known of all leads, and those of whom it is not count as not taken",
        ),
        Kept::Inbox
        | Kept::Quarantine
        | Kept::Dropped
        | Kept::Deliveries
        | Kept::Mirror
        | Kept::Transcripts
        | Kept::LaterTranscripts
        | Kept::Briefings
        | Kept::Steps
        | Kept::LateResults
        | Kept::Decisions
        | Kept::Events
        | Kept::Releases => None,
    }
}
