//! What somebody may do: the one model of rights, for programs that hold a token now and for people who sign in later.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Each stands for itself, none brings another with it; [`Scope::Admin`] alone allows everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Brings events, and nothing else: what a voice platform holds.
    Intake,
    /// Sees leads, decisions, rules and reports.
    Read,
    /// Changes what becomes of leads: gives them to others, tries again what failed.
    Act,
    /// Says in a rep's name how a lead was.
    Feedback,
    /// Everything, also what the others do not reach.
    Admin,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no scope; allowed: intake, read, act, feedback, admin")]
pub struct UnknownScope(String);

impl Scope {
    pub const ALL: [Self; 5] = [Self::Intake, Self::Read, Self::Act, Self::Feedback, Self::Admin];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Read => "read",
            Self::Act => "act",
            Self::Feedback => "feedback",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or_else(|| UnknownScope(text.to_owned()))
    }
}
