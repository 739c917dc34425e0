//! The handoff of one lead as a value, the events that move it, and what a move yields.

mod event;
mod holds;

pub use event::{Closing, Completed, Event, NewOwner, OnTheLine};

use crate::domain::effect::{Comfort, Planned};
use crate::domain::id::{HandoffId, LeadId, LegId, PoolId, RepId};
use crate::domain::lead::{ReachBack, is_default};
use crate::domain::leg::LegState;
use crate::domain::outcome::{CameOf, MeetingChange, Outcome, Promise, Slot};
use crate::domain::rep::Busy;
use crate::domain::trace_context::TraceContext;
use crate::domain::whereabouts::Whereabouts;
use crate::domain::zone::Zone;
use crate::routing::decision::Target;
use crate::routing::ledger::Cause;
use crate::rules::model::set::{BookingRules, CallbackRules, Introduction, RingPlan, Rung};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Version of the stored form.
pub const HANDOFF_VERSION: u16 = 1;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Handoff {
    pub version: u16,
    pub id: HandoffId,
    pub lead_id: LeadId,
    /// The trace that came with its event, if one did: every step is told of under it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_context: Option<TraceContext>,
    pub stage: Stage,
    /// Transitions so far; the commit checks it.
    pub revision: u32,
    /// Effects planned so far; part of each effect's key.
    pub effects_planned: u32,
    /// The caller is on the line.
    pub live: bool,
    /// Somebody reads what we say, though nobody is on a line.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_chat: bool,
    /// They had left a number that people of ours answer before the lead began: nobody has spoken with them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub missed: bool,
    /// How the person may be reached later; it follows what they say of it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub reach_back: ReachBack,
    /// Keeps lead and credit.
    pub owner: RepId,
    /// The ledger on which `owner` paid a turn; `None` if the lead did not cost one.
    pub turn_in: Option<PoolId>,
    /// Nobody could take the lead: it waits in this pool for somebody who can, and `owner` answers for it meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_in: Option<PoolId>,
    /// Who had the lead and did nothing until it was offered to others: it is not given to them again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub let_lie: Vec<RepId>,
    /// An outcome or its age has closed the lead: it is on nobody's list of open ones.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closed: bool,
    /// It is decided in shadow: nothing is begun.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shadow: bool,
    /// In order; those who were not tried yet change places when a preference relaxes.
    pub targets: Vec<Target>,
    /// Index into `targets` of the next one to ring.
    pub next_target: u32,
    /// Reps whose phone another lead held when it was to be reserved: never asked for again, so that asking comes to an end.
    pub refused: Vec<RepId>,
    pub rungs: Vec<Rung>,
    pub legs: Vec<Leg>,
    /// The rep's leg on which a call that was owed is being made, until the two have spoken or the try has come to nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calling: Option<LegId>,
    /// Reps who were on another call when they were to make one that is owed, and are tried again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub call_again: Vec<CallAgain>,
    /// From when the steps of the promise are counted for whoever owes it: those of an earlier time are not theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps_from: Option<DateTime<Utc>>,
    /// The reps whose phones are ours at this moment, and until when at the latest.
    #[serde(with = "holds")]
    pub holds: Vec<Reservation>,
    /// The leg in whose place the one is that the caller is told of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_place_of: Option<LegId>,
    /// The leg whose rep the caller was told of last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_of: Option<LegId>,
    /// When the first phone rang for a caller who waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_from: Option<DateTime<Utc>>,
    /// How long the caller was told that it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announced_wait: Option<Duration>,
    /// A call back was offered to the caller while phones rang.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub callback_offered: bool,
    pub patience_until: DateTime<Utc>,
    pub bridge_by: DateTime<Utc>,
    /// The caller's zone, as they said it themselves.
    pub caller_zone: Option<Zone>,
    /// What stood in the calendars of whoever may owe the caller a call, when the lead was decided or became theirs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub busy: BTreeMap<RepId, Vec<Busy>>,
    /// For when reps owe other leads a call: filled in where a call is about to be promised, and not stored.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub promised: BTreeMap<RepId, Vec<DateTime<Utc>>>,
    /// Where the caller may be: slots are read, and calls promised, by the clocks there.
    #[serde(default)]
    pub caller: Whereabouts,
    /// Times the caller asked for.
    pub wanted_times: Vec<DateTime<Utc>>,
    pub searches: u32,
    pub booking_attempts: u32,
    /// Times that another lead was booking when they were to be booked: not asked for again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taken_slots: Vec<Slot>,
    /// Another time that the lead has asked for, until it is the meeting's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<MeetingChange>,
    /// How often the meeting was moved: what leads to it is good for one time of it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub meeting_moves: u32,
    /// When the stage must have moved on; meaningless once the handoff has ended.
    pub moves_on_by: DateTime<Utc>,
    pub terms: Terms,
    /// When the lead was decided; the first-contact clock starts here.
    pub decided_at: DateTime<Utc>,
    /// First moment at which a human of ours spoke with the caller.
    pub first_contact_at: Option<DateTime<Utc>>,
}

impl Handoff {
    /// Where the caller may be. What they said themselves is the strongest, also where it came later, or is all that a handoff
    /// of an older version knows.
    pub fn whereabouts(&self) -> Whereabouts {
        let place = self.caller.place.clone();
        self.caller_zone.map_or_else(|| self.caller.clone(), |zone| Whereabouts { place, ..Whereabouts::in_zone(zone) })
    }

    /// Whether the lead goes to whoever can take it: it waits, and nobody is speaking with the caller, or about to.
    pub fn is_waiting(&self) -> bool {
        let is_owed = matches!(self.stage, Stage::Callback { .. } | Stage::NeedsAttention { .. });
        self.waits_in.is_some() && is_owed && self.calling.is_none()
    }

    /// When caller and rep came together, and how long the caller had waited for it since the first phone rang; `None` where they
    /// have not, or not on this call.
    pub fn put_through(&self) -> Option<(DateTime<Utc>, Duration)> {
        let at = match &self.stage {
            Stage::Bridged { at, .. } | Stage::Done { outcome: Outcome::Connected { at, .. } } => *at,
            Stage::Offered
            | Stage::Ringing { .. }
            | Stage::Briefing { .. }
            | Stage::Joining { .. }
            | Stage::Searching { .. }
            | Stage::Offering { .. }
            | Stage::Booking { .. }
            | Stage::Callback { .. }
            | Stage::Done {
                outcome:
                    Outcome::Booked { .. }
                    | Outcome::Called { .. }
                    | Outcome::LeftToAgent { .. }
                    | Outcome::CalledOff { .. }
                    | Outcome::Shadow { .. },
            }
            | Stage::NeedsAttention { .. } => return None,
        };
        Some((at, (at - self.waits_from?).to_std().ok()?))
    }

    /// Whether the lead counts against its owner's cap of open leads. Having spoken with somebody closes nothing, and who
    /// answers for a lead that waits does not have it.
    pub fn is_open(&self) -> bool {
        self.waits_in.is_none() && !self.closed
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    pub rep: RepId,
    pub until: DateTime<Utc>,
}

/// A rep, and when they are tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallAgain {
    pub rep: RepId,
    pub at: DateTime<Utc>,
}

/// The times of the handoff, frozen when it began: a change of rules does not move a call under way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    pub ring_timeout: Duration,
    pub accept_within: Duration,
    pub join_within: Duration,
    pub ring_at_most: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    pub ring: RingPlan,
    #[serde(default, skip_serializing_if = "is_default")]
    pub comfort: Comfort,
    #[serde(default, skip_serializing_if = "is_default")]
    pub announce_wait: bool,
    /// How long it took for callers before, where the caller is told of it and enough is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual_wait: Option<Duration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer_callback: Option<Duration>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub introduce: Introduction,
    pub booking: BookingRules,
    pub callback: CallbackRules,
    pub needs_attention: RepId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    pub id: LegId,
    pub rep: RepId,
    /// Which of the rep's phones, in the order of the roster.
    #[serde(default, skip_serializing_if = "is_default")]
    pub endpoint: u32,
    pub state: LegState,
    /// Key of the briefing that was sent while it rang; rewritten when it is known how it went.
    pub card: String,
    /// How it is known that it ended so: "SIP 486 by the phone", "our own clock". In the words of whoever told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// It was rung to call the lead back: how it stands with the lead's phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialled: Option<DialledLead>,
}

/// How it is known what nobody told us in time.
pub(super) const OUR_CLOCK: &str = "our own clock";

impl Leg {
    /// Nobody has told us how it ended.
    pub fn is_ended_by_our_clock(&self) -> bool {
        self.evidence.as_deref() == Some(OUR_CLOCK)
    }
}

/// The lead's phone in a callback.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DialledLead {
    /// `None`: it was not dialled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<LegState>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined_at: Option<DateTime<Utc>>,
    /// How often the rep was asked what came of it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub asked: u32,
    /// What they said by key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<CameOf>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum Stage {
    /// Decided, nothing begun.
    Offered,
    /// The caller is told of the first of these phones; nobody has picked up yet.
    Ringing {
        leg: LegId,
        /// Those that ring beside it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        others: Vec<LegId>,
    },
    /// A rep hears the whisper.
    Briefing {
        leg: LegId,
        /// Phones that ring meanwhile, or hear it too.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        others: Vec<LegId>,
    },
    Joining {
        leg: LegId,
    },
    /// Both are on the line; not yet long enough to count.
    Bridged {
        leg: LegId,
        at: DateTime<Utc>,
    },
    /// Free times are being looked up.
    Searching {
        search: u32,
    },
    /// The caller hears these times.
    Offering {
        search: u32,
        slots: Vec<Slot>,
    },
    /// `others` are tried if the slot turns out taken.
    Booking {
        slot: Slot,
        attempt: u32,
        others: Vec<Slot>,
    },
    /// A call was promised; the clock runs.
    Callback {
        promise: Promise,
    },
    Done {
        outcome: Outcome,
    },
    /// The sink of every failure: a person must look.
    NeedsAttention {
        owner: RepId,
        since: DateTime<Utc>,
        why: String,
    },
}

/// What stands fast once nobody is being served any more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Settled<'a> {
    Callback(&'a Promise),
    Done(&'a Outcome),
    NeedsAttention { owner: &'a RepId, since: DateTime<Utc> },
}

impl Stage {
    /// The legs that it names.
    pub(super) fn legs(&self) -> impl Iterator<Item = &LegId> {
        let (leg, others): (Option<&LegId>, &[LegId]) = match self {
            Self::Ringing { leg, others } | Self::Briefing { leg, others } => (Some(leg), others),
            Self::Joining { leg } | Self::Bridged { leg, .. } => (Some(leg), &[]),
            Self::Offered
            | Self::Searching { .. }
            | Self::Offering { .. }
            | Self::Booking { .. }
            | Self::Callback { .. }
            | Self::Done { .. }
            | Self::NeedsAttention { .. } => (None, &[]),
        };
        leg.into_iter().chain(others)
    }

    /// `None` while the caller is being served, or is about to be.
    pub fn settled(&self) -> Option<Settled<'_>> {
        match self {
            Self::Offered
            | Self::Ringing { .. }
            | Self::Briefing { .. }
            | Self::Joining { .. }
            | Self::Bridged { .. }
            | Self::Searching { .. }
            | Self::Offering { .. }
            | Self::Booking { .. } => None,
            Self::Callback { promise } => Some(Settled::Callback(promise)),
            Self::Done { outcome } => Some(Settled::Done(outcome)),
            Self::NeedsAttention { owner, since, .. } => Some(Settled::NeedsAttention { owner, since: *since }),
        }
    }
}

/// The result of one move: the state to store and what to do, in one transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    pub state: Handoff,
    pub effects: Vec<Planned>,
    /// The ledger's turn goes from the first to the second, for this reason.
    pub turn_moves: Option<TurnMove>,
    /// The event changed nothing: late, doubled or for another leg. Stored in the timeline all the same.
    pub ignored: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnMove {
    pub pool: PoolId,
    pub from: RepId,
    pub to: RepId,
    pub cause: Option<Cause>,
    pub reason: String,
}
