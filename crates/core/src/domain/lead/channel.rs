//! The way on which a lead came.

use serde::{Deserialize, Serialize};

/// Only a call has somebody on a line: of all the others nobody is put through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeadChannel {
    #[default]
    Call,
    /// A form on a web page.
    Form,
    Chat,
    Sms,
    Email,
}

impl LeadChannel {
    pub const ALL: [Self; 5] = [Self::Call, Self::Form, Self::Chat, Self::Sms, Self::Email];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Form => "form",
            Self::Chat => "chat",
            Self::Sms => "sms",
            Self::Email => "email",
        }
    }

    /// As a briefing tells it: "came by …".
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Form => "web form",
            Self::Chat => "chat",
            Self::Sms => "text message",
            Self::Email => "mail",
        }
    }
}
