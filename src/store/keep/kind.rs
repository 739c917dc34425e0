//! What is kept for a span of its own: where it lies, since when it counts as old, and what keeps it all the same.

/// A kind of what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    /// The bytes of messages that were handled, and what was answered to them.
    Inbox,
    /// Messages that were put aside.
    Quarantine,
    /// Messages that were put aside, and taken off the list.
    Dropped,
    /// To webhooks.
    Deliveries,
    /// What the CRM said of accounts.
    Mirror,
    /// Links to transcripts and recordings.
    Transcripts,
    /// The same of leads that were open when their turn came.
    LaterTranscripts,
    /// What vendors answered to steps that have ended.
    Briefings,
    Steps,
    /// Results of workers that had lost their lease.
    LateResults,
    Timeline,
    /// Why leads went where they went, and what was known then.
    Decisions,
    /// With all that is about them.
    Leads,
    /// Names of events whose bytes are gone: a repetition is told by them.
    Events,
    /// Rules and templates with which no decision that is kept was made.
    Releases,
}

/// Where a kind lies.
pub(super) struct Place {
    pub table: &'static str,
    /// The column by which its age is told.
    pub at: &'static str,
    pub id: &'static str,
    /// Rows of the kind, in the words of the index that has them in order of time.
    pub which: &'static str,
    /// Whose they are, where a lead that is open keeps them.
    pub lead: Option<&'static str>,
    /// At once.
    pub rows: i64,
}

/// In one transaction.
const ROWS: i64 = 500;
/// The same, where each brings dozens of rows of other tables along.
const LEADS: i64 = 50;

impl Kept {
    /// In the order in which it is let go: leads after what is about them, events after their leads, releases last.
    pub const ALL: [Self; 15] = [
        Self::Inbox,
        Self::Quarantine,
        Self::Dropped,
        Self::Deliveries,
        Self::Mirror,
        Self::LaterTranscripts,
        Self::Transcripts,
        Self::Briefings,
        Self::Steps,
        Self::LateResults,
        Self::Timeline,
        Self::Decisions,
        Self::Leads,
        Self::Events,
        Self::Releases,
    ];

    /// As it is stored and printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::Quarantine => "quarantine",
            Self::Dropped => "dropped",
            Self::Deliveries => "deliveries",
            Self::Mirror => "mirror",
            Self::Transcripts => "transcripts",
            Self::LaterTranscripts => "later_transcripts",
            Self::Briefings => "briefings",
            Self::Steps => "steps",
            Self::LateResults => "late_results",
            Self::Timeline => "timeline",
            Self::Decisions => "decisions",
            Self::Leads => "leads",
            Self::Events => "events",
            Self::Releases => "releases",
        }
    }

    pub(super) fn place(self) -> Place {
        let (table, at, id, which, lead, rows) = match self {
            Self::Inbox => ("inbox", "received_at", "key", "state = 'handled' AND octet_length(body) > 0", None, ROWS),
            Self::Quarantine => ("inbox", "received_at", "key", "state = 'quarantined'", None, ROWS),
            Self::Dropped => ("inbox", "received_at", "key", "state = 'dropped'", None, ROWS),
            Self::Deliveries => ("webhook_delivery", "created_at", "id", "created_at IS NOT NULL", None, ROWS),
            Self::Mirror => ("mirror_account", "observed_at", "key", "observed_at IS NOT NULL", None, ROWS),
            Self::Transcripts => ("lead", "decided_at", "id", "decided_at IS NOT NULL", Some("id"), ROWS),
            Self::LaterTranscripts => {
                ("kept_for_open", "decided_at", "lead_id", "decided_at IS NOT NULL", Some("lead_id"), ROWS)
            }
            Self::Briefings => (
                "step",
                "ended_at",
                "effect_key",
                "ended_at IS NOT NULL AND (result IS NOT NULL OR last_error IS NOT NULL)",
                Some("lead_id"),
                ROWS,
            ),
            Self::Steps => ("step", "ended_at", "effect_key", "ended_at IS NOT NULL", Some("lead_id"), ROWS),
            Self::LateResults => ("orphan_result", "at", "effect_key", "at IS NOT NULL", None, ROWS),
            Self::Timeline => ("timeline", "at", "lead_id", "at IS NOT NULL", Some("lead_id"), LEADS),
            Self::Decisions => {
                ("decision", "decided_at", "lead_id", "octet_length(snapshot) > 0", Some("lead_id"), ROWS)
            }
            Self::Leads => ("lead", "decided_at", "id", "decided_at IS NOT NULL", Some("id"), LEADS),
            Self::Events => ("inbox", "received_at", "key", "state = 'handled' AND octet_length(body) = 0", None, ROWS),
            Self::Releases => ("release", "last_live_at", "id", "last_live_at IS NOT NULL", None, LEADS),
        };
        Place { table, at, id, which, lead, rows }
    }
}
