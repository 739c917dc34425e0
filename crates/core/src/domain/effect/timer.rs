//! What the clock tells a handoff, planned when the time is set.

use crate::domain::id::LegId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "timer", rename_all = "snake_case")]
pub enum Timer {
    /// The leg has rung long enough.
    RingBy {
        leg: LegId,
    },
    /// Another phone is added to those that ring; names how many were rung by then.
    AddBy {
        rung: u32,
    },
    /// The rep has had time to press a key.
    AcceptBy {
        leg: LegId,
    },
    JoinBy {
        leg: LegId,
    },
    /// Bridged long enough to count as connected.
    SettledBy {
        leg: LegId,
    },
    /// The caller's patience is spent.
    PatienceBy,
    /// The caller has had time to choose a slot; names the offer.
    SlotBy {
        search: u32,
    },
    /// Slots must have been found by now; names the search.
    SearchBy {
        search: u32,
    },
    /// The booking must have been confirmed by now; names the attempt.
    BookBy {
        attempt: u32,
    },
    /// The owner is reminded of the promise.
    Remind {
        promised_at: DateTime<Utc>,
    },
    Escalate {
        promised_at: DateTime<Utc>,
    },
    /// The promised time has come.
    Breach {
        promised_at: DateTime<Utc>,
    },
    /// The reservation of a rep who may still be talking ends.
    ReleaseBy {
        leg: LegId,
    },
}
