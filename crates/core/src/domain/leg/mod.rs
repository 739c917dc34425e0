//! How it stands with a rep's phone that is rung for a caller, and how that ended.

pub mod assent;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegState {
    Ringing,
    Answered,
    Accepted,
    /// Caller and rep are on one line, or were until they had spoken.
    Joined,
    /// The rep said no, by key, button or word.
    Declined,
    NoAnswer,
    Busy,
    /// A machine answered, not the rep.
    Machine,
    /// The phone sends its calls elsewhere.
    Forwarded,
    /// Nobody has this number.
    WrongNumber,
    /// The rep hung up before they were joined.
    HungUp,
    /// The rep was gone within seconds of being joined.
    Lost,
    /// Whoever carries the call could not do what was asked.
    #[serde(alias = "failed")] // as earlier versions stored it, which told no faults apart
    Vendor,
    /// It cannot work as it is set up.
    Config,
    /// Another rep was quicker.
    Elsewhere,
    /// Ended by us: the caller left, or patience was spent.
    Cancelled,
}

impl LegState {
    /// Nobody will accept on it any more, nor has.
    pub fn is_given_up(self) -> bool {
        match self {
            Self::Ringing | Self::Answered | Self::Accepted | Self::Joined => false,
            Self::Declined
            | Self::NoAnswer
            | Self::Busy
            | Self::Machine
            | Self::Forwarded
            | Self::WrongNumber
            | Self::HungUp
            | Self::Lost
            | Self::Vendor
            | Self::Config
            | Self::Elsewhere
            | Self::Cancelled => true,
        }
    }

    /// The rep may be had on another of their phones: this one did not reach them. Whoever said no, sends their calls elsewhere or
    /// was there is not rung anew.
    pub fn may_be_elsewhere(self) -> bool {
        match self {
            Self::NoAnswer | Self::Busy | Self::Machine | Self::WrongNumber | Self::Vendor | Self::Config => true,
            Self::Ringing | Self::Answered | Self::Accepted | Self::Joined => false,
            Self::Declined | Self::Forwarded | Self::HungUp | Self::Lost | Self::Elsewhere | Self::Cancelled => false,
        }
    }

    /// Not what the rep did: somebody must mend a number, a setting, or the vendor.
    pub fn is_fault(self) -> bool {
        matches!(self, Self::WrongNumber | Self::Vendor | Self::Config)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ringing => "ringing",
            Self::Answered => "answered",
            Self::Accepted => "accepted",
            Self::Joined => "joined",
            Self::Declined => "declined",
            Self::NoAnswer => "no_answer",
            Self::Busy => "busy",
            Self::Machine => "machine",
            Self::Forwarded => "forwarded",
            Self::WrongNumber => "wrong_number",
            Self::HungUp => "hung_up",
            Self::Lost => "lost",
            Self::Vendor => "vendor",
            Self::Config => "config",
            Self::Elsewhere => "elsewhere",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Why a phone could not be rung at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Whoever carries the call could not.
    #[default]
    Vendor,
    /// It cannot work as it is set up.
    Config,
}

impl From<Fault> for LegState {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Vendor => Self::Vendor,
            Fault::Config => Self::Config,
        }
    }
}
