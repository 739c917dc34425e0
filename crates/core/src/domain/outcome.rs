//! How a lead went on: slots, bookings, promises, how it ended, and what people said of it afterwards.

use super::crm_id::CrmId;
use super::id::RepId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A time that a rep has free.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    pub rep: RepId,
    pub from: DateTime<Utc>,
    /// Exclusive.
    pub until: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    pub slot: Slot,
    /// The calendar's id of the event.
    pub vendor_ref: String,
}

/// Another time that a lead has asked for in the place of their meeting's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeetingChange {
    pub to: Slot,
    /// Counted with those of bookings.
    pub attempt: u32,
    pub state: MeetingChangeState,
}

/// What became of it. Once it is done there is none: the meeting has another time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeetingChangeState {
    UnderWay,
    /// The time is somebody else's.
    Taken,
    /// The calendar could not be written.
    Failed,
}

/// A call that was promised to the caller, or an answer by mail to one who is not to be called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    pub owner: RepId,
    pub promised_at: DateTime<Utc>,
    /// The caller hung up while waiting: called before the others.
    pub raised: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_mail: bool,
}

/// How the handoff ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Caller and rep spoke on this call.
    Connected {
        rep: RepId,
        at: DateTime<Utc>,
    },
    Booked {
        booking: Booking,
    },
    /// What was promised was kept: a call, or a mail.
    Called {
        rep: RepId,
        at: DateTime<Utc>,
    },
    /// Nobody took a caller of the front door, whom the voice agent gets: what it finds out is a lead of its own.
    LeftToAgent {
        at: DateTime<Utc>,
    },
    /// The lead has called their meeting off, and wants nothing in its place.
    CalledOff {
        at: DateTime<Utc>,
    },
    /// Decided in shadow: whatever ran before goes on with the lead, and nobody heard of the decision.
    Shadow {
        at: DateTime<Utc>,
    },
}

/// What happens next, who does it, and when. Every lead has one at every moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextStep {
    pub what: NextStepKind,
    pub owner: RepId,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NextStepKind {
    /// The handoff is under way; `at` is when it must have moved on.
    Handoff,
    Meeting,
    Callback,
    /// An answer by mail: the person is not to be called.
    Mail,
    /// They have spoken, or speak with the agent; `at` is since when.
    FollowUp,
    NeedsAttention,
}

/// What a rep says came of a lead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Feedback {
    pub rep: RepId,
    pub at: DateTime<Utc>,
    /// 1 to 5.
    pub quality: Option<u8>,
    /// 1 to 5.
    pub completeness: Option<u8>,
    pub misroute: Option<Misroute>,
    /// Nobody came to the meeting.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_show: bool,
    pub note: Option<String>,
    /// `link`, `api`, `key` or `chat`.
    pub via: String,
}

/// What a rep can answer to a card by its buttons, in the order in which they stand there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferAct {
    /// The call that rings, or the lead.
    Take,
    /// Somebody else is to have it.
    NotMe,
    /// A rep who is named is to have it.
    Reassign,
    /// They have spoken with the lead.
    Called,
    Rate,
}

impl OfferAct {
    const ALL: [Self; 5] = [Self::Take, Self::NotMe, Self::Reassign, Self::Called, Self::Rate];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Take => "take",
            Self::NotMe => "not_me",
            Self::Reassign => "reassign",
            Self::Called => "called",
            Self::Rate => "rate",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.as_str() == name)
    }
}

/// What a rep says by key when a call to a lead is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CameOf {
    Qualified,
    NotNow,
    /// Nobody, or a machine.
    NotReached,
    WrongPerson,
}

impl CameOf {
    /// `None`: the key was not offered. Whoever was never on a line with the lead is offered the last two alone.
    pub fn of_key(key: char, have_spoken: bool) -> Option<Self> {
        match (key, have_spoken) {
            ('1', true) => Some(Self::Qualified),
            ('2', true) => Some(Self::NotNow),
            ('3', _) => Some(Self::NotReached),
            ('4', _) => Some(Self::WrongPerson),
            _ => None,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Qualified => "spoken and qualified",
            Self::NotNow => "spoken, not now",
            Self::NotReached => "not reached",
            Self::WrongPerson => "wrong person",
        }
    }

    /// As the rep would have said it by any other way.
    pub fn feedback(self, rep: RepId, at: DateTime<Utc>) -> Feedback {
        let misroute = match self {
            Self::WrongPerson => Some(Misroute { kind: MisrouteKind::Procedural, right_rep: None }),
            Self::Qualified | Self::NotNow | Self::NotReached => None,
        };
        let note = Some(self.as_str().to_owned());
        Feedback { rep, at, quality: None, completeness: None, misroute, no_show: false, note, via: "key".to_owned() }
    }

    /// What has become of the lead by it, if that is known.
    pub fn outcome(self) -> Option<OutcomeKind> {
        match self {
            Self::Qualified => Some(OutcomeKind::Opportunity),
            Self::NotNow | Self::NotReached | Self::WrongPerson => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Misroute {
    pub kind: MisrouteKind,
    pub right_rep: Option<RepId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MisrouteKind {
    /// Wrong person.
    Procedural,
    /// The data was incomplete.
    Clerical,
    /// Not a fit at all.
    Definitional,
}

/// What became of a lead, as the CRM or a person tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeKind {
    Opportunity,
    Won,
    Lost,
    MeetingHeld,
    NoShow,
}

impl OutcomeKind {
    pub const ALL: [Self; 5] = [Self::Opportunity, Self::Won, Self::Lost, Self::MeetingHeld, Self::NoShow];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opportunity => "opportunity",
            Self::Won => "won",
            Self::Lost => "lost",
            Self::MeetingHeld => "meeting_held",
            Self::NoShow => "no_show",
        }
    }
}

/// What a CRM tells of its records later: what people did with them there, and what came of them.
#[derive(Debug, Clone, PartialEq)]
pub struct CrmNewsPage {
    pub news: Vec<CrmNews>,
    /// All that changed there before then is told.
    pub read_until: DateTime<Utc>,
    /// There is no more for now.
    pub is_all: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct CrmNews {
    /// By the CRM's ids. One of them may be that of a lead.
    pub records: Vec<String>,
    /// The CRM's id of what tells of it: an activity, a deal, or the record itself.
    pub told_by: String,
    pub what: CrmNewsKind,
}

#[derive(Debug, Clone, PartialEq)]
pub enum CrmNewsKind {
    Contact {
        by: CrmId,
        at: DateTime<Utc>,
        how: CrmContact,
    },
    /// A meeting that was to begin then. `held`: or nobody came.
    Meeting {
        by: CrmId,
        at: DateTime<Utc>,
        held: bool,
    },
    Deal {
        created_at: DateTime<Utc>,
        state: DealState,
        /// Since when it stands so.
        at: DateTime<Utc>,
        /// In the currency of the CRM.
        amount: Option<f64>,
    },
    /// Whom the record names as its owner.
    Owner {
        owner: CrmId,
    },
}

/// How a rep was in touch with somebody, as it stands in a CRM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrmContact {
    /// They spoke.
    Spoken,
    /// A mail to them.
    Mail,
    /// A task that Baton has set was ticked off, by a person.
    TickedOff,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DealState {
    Open,
    Won,
    Lost,
}
