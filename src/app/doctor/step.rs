//! What of a vendor is looked at, one after the other.

use crate::connectors::VendorError;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// What `baton.toml` and the secrets say.
    Config,
    Reachable,
    Clock,
    Credential,
    /// Scopes, fields, numbers: what was to be set up there.
    Setup,
    /// What rules read there, and the words that they look for.
    Fields,
    /// The ids in `rules/reps.csv`.
    Reps,
    /// One that leaves nothing behind.
    Write,
}

impl Step {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Reachable => "reachable",
            Self::Clock => "clock",
            Self::Credential => "credential",
            Self::Setup => "setup",
            Self::Fields => "fields",
            Self::Reps => "reps",
            Self::Write => "write",
        }
    }

    /// At which step a vendor's failure stands.
    pub(super) fn of(error: &VendorError) -> Self {
        match error {
            VendorError::Retry { .. } | VendorError::RateLimited { .. } | VendorError::Unknown { .. } => {
                Self::Reachable
            }
            VendorError::Reauthenticate { .. } => Self::Credential,
            VendorError::NeedsPerson { .. } | VendorError::Amiss { .. } | VendorError::Gone { .. } => Self::Setup,
        }
    }
}
