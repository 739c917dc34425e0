//! What the clock tells a handoff, planned when the time is set.

use crate::domain::id::{LegId, RepId};
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
    /// The caller has waited long enough to be offered a call back.
    OfferCallback,
    /// The agent has had time to make caller and rep known to each other.
    IntroducedBy {
        leg: LegId,
    },
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
    /// So much time has passed that the rules want something done about the promise; for whoever owed it when this was set.
    Sla {
        promised_at: DateTime<Utc>,
        owner: RepId,
        act: SlaAct,
        /// From when it was counted: whoever gives the lead away and has it once more has steps of a later time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<DateTime<Utc>>,
    },
    /// The promised time has come.
    Breach {
        promised_at: DateTime<Utc>,
    },
    /// A promised call is made now, if it is still owed.
    CallAt {
        promised_at: DateTime<Utc>,
    },
    /// The rep's phone was another lead's when a promised call was to be made: it is tried again, until then.
    CallAgain {
        rep: RepId,
        until: DateTime<Utc>,
    },
    /// The lead was dialled for the rep on this leg, and the two must have been joined by now.
    DialBy {
        leg: LegId,
    },
    /// The rep on this leg was asked what came of the call, for the first time or once more, and has had time to press a key.
    AnswerBy {
        leg: LegId,
        asked: u32,
    },
    /// The reservation of a rep who may still be talking ends.
    ReleaseBy {
        leg: LegId,
    },
}

/// What is done about a promise that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlaAct {
    /// Whoever owes it is told once more.
    Remind,
    /// Their manager is told.
    Escalate,
    /// The lead goes to whoever else can take it.
    Reassign,
}
