//! What is read of Twilio's answers, and what its words mean.

use crate::connectors::{CallerStatus, LegStatus};
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct CallRead {
    pub sid: String,
    pub status: CallStatus,
}

#[derive(Deserialize)]
pub(super) struct Calls {
    pub calls: Vec<CallRead>,
}

#[derive(Deserialize)]
pub(super) struct Conferences {
    pub conferences: Vec<Room>,
}

#[derive(Deserialize)]
pub(super) struct Room {
    pub sid: String,
}

#[derive(Deserialize)]
pub(super) struct AccountRead {
    pub status: String,
}

/// Of the account's own numbers, or of its verified ones.
#[derive(Deserialize)]
pub(super) struct Numbers {
    #[serde(rename = "incoming_phone_numbers", alias = "outgoing_caller_ids")]
    pub numbers: Vec<Number>,
}

#[derive(Deserialize)]
pub(super) struct Number {
    pub phone_number: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum CallStatus {
    Queued,
    Initiated,
    Ringing,
    InProgress,
    /// However it ended: completed, busy, failed, no-answer, canceled.
    #[serde(other)]
    Ended,
}

impl CallStatus {
    /// What ends a call that stands so; `None`: it has ended.
    pub(super) fn ended_by(self) -> Option<&'static str> {
        match self {
            Self::Queued | Self::Initiated | Self::Ringing => Some("canceled"),
            Self::InProgress => Some("completed"),
            Self::Ended => None,
        }
    }

    pub(super) fn of_leg(self) -> LegStatus {
        match self {
            Self::Queued | Self::Initiated | Self::Ringing => LegStatus::Ringing,
            Self::InProgress => LegStatus::Answered,
            Self::Ended => LegStatus::Ended,
        }
    }

    pub(super) fn of_caller(self) -> CallerStatus {
        match self {
            Self::Queued | Self::Initiated | Self::Ringing | Self::InProgress => CallerStatus::OnTheLine,
            Self::Ended => CallerStatus::Left,
        }
    }
}
