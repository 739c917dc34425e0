//! What our own events are about.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Topic {
    #[serde(rename = "lead.routed")]
    LeadRouted,
    #[serde(rename = "handoff.connected")]
    HandoffConnected,
    #[serde(rename = "meeting.booked")]
    MeetingBooked,
    #[serde(rename = "meeting.moved")]
    MeetingMoved,
    #[serde(rename = "meeting.cancelled")]
    MeetingCancelled,
    #[serde(rename = "callback.promised")]
    CallbackPromised,
    #[serde(rename = "callback.due")]
    CallbackDue,
    #[serde(rename = "callback.breached")]
    CallbackBreached,
    #[serde(rename = "mail.promised")]
    MailPromised,
    #[serde(rename = "mail.due")]
    MailDue,
    #[serde(rename = "mail.breached")]
    MailBreached,
    #[serde(rename = "lead.needs_attention")]
    NeedsAttention,
}

impl Topic {
    pub const ALL: [Self; 12] = [
        Self::LeadRouted,
        Self::HandoffConnected,
        Self::MeetingBooked,
        Self::MeetingMoved,
        Self::MeetingCancelled,
        Self::CallbackPromised,
        Self::CallbackDue,
        Self::CallbackBreached,
        Self::MailPromised,
        Self::MailDue,
        Self::MailBreached,
        Self::NeedsAttention,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::LeadRouted => "lead.routed",
            Self::HandoffConnected => "handoff.connected",
            Self::MeetingBooked => "meeting.booked",
            Self::MeetingMoved => "meeting.moved",
            Self::MeetingCancelled => "meeting.cancelled",
            Self::CallbackPromised => "callback.promised",
            Self::CallbackDue => "callback.due",
            Self::CallbackBreached => "callback.breached",
            Self::MailPromised => "mail.promised",
            Self::MailDue => "mail.due",
            Self::MailBreached => "mail.breached",
            Self::NeedsAttention => "lead.needs_attention",
        }
    }
}
