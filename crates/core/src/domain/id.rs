//! Names that people give (`rep`, `pool`, …) and ids that Baton derives.
//!
//! A lead's id is derived from the event that brought it (source and event id), and the ids of its decision, handoff
//! and legs from the lead's. So a repeated event finds the same rows, a replay prints the same bytes, and an effect's
//! key never depends on time, attempt or worker.

use serde::{Deserialize, Serialize};
use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} {found:?} is not valid: expected {expected}")]
pub struct InvalidId {
    pub kind: &'static str,
    pub found: String,
    pub expected: &'static str,
}

macro_rules! text_kind {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $check:path, $expected:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// # Errors
            /// The text breaks the form that the type promises.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidId> {
                let text = text.into();
                if $check(&text) {
                    Ok(Self(text))
                } else {
                    Err(InvalidId { kind: $kind, found: text, expected: $expected })
                }
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
    };
}

fn is_slug(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.'))
}

fn is_name(text: &str) -> bool {
    !text.trim().is_empty() && text.trim() == text && text.chars().count() <= 64 && !text.chars().any(char::is_control)
}

fn has_prefix(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| {
        !rest.is_empty() && rest.len() <= 64 && rest.chars().all(|c| c.is_ascii_alphanumeric() || c == '.')
    })
}

fn is_lead(text: &str) -> bool {
    has_prefix(text, "lead_")
}
fn is_decision(text: &str) -> bool {
    has_prefix(text, "dec_")
}
fn is_handoff(text: &str) -> bool {
    has_prefix(text, "hnd_")
}
fn is_leg(text: &str) -> bool {
    has_prefix(text.strip_suffix(LEAD).unwrap_or(text), "leg_")
}
/// Ends the id of a leg that is a lead's.
const LEAD: &str = "-lead";

fn is_release(text: &str) -> bool {
    text.len() == 64 && text.chars().all(|c| c.is_ascii_hexdigit())
}

text_kind!(
    /// A rep's short name in `reps.csv`, e.g. `priya.nair`. Chosen by people, never reused.
    RepId, "rep", is_slug, "1 to 64 characters of a-z, 0-9, '.', '-' and '_'");
text_kind!(
    /// A pool's name in `routing.yaml`. The ledger hangs on it: renaming a pool starts a new ledger.
    PoolId, "pool", is_name, "1 to 64 characters without leading or trailing blanks");
text_kind!(
    /// A territory's name as people say it, e.g. `DACH`.
    TerritoryId, "territory", is_name, "1 to 64 characters without leading or trailing blanks");
text_kind!(
    /// A tier's name, e.g. `enterprise`.
    TierId, "tier", is_name, "1 to 64 characters without leading or trailing blanks");
text_kind!(
    /// `lead_…`, derived from the event's source and id.
    LeadId, "lead id", is_lead, "lead_ and letters or digits");
text_kind!(
    /// `dec_…`, derived from the lead.
    DecisionId, "decision id", is_decision, "dec_ and letters or digits");
text_kind!(
    /// `hnd_…`, derived from the lead.
    HandoffId, "handoff id", is_handoff, "hnd_ and letters or digits");
text_kind!(
    /// `leg_….N`: the N-th ring of a handoff. Sent to the telephony vendor before it dials.
    /// `leg_….N-lead`: the lead's phone, dialled for the rep on that leg.
    LegId, "leg id", is_leg, "leg_, letters or digits, a dot and a number");
text_kind!(
    /// SHA-256 over the content of a workspace, 64 hexadecimal digits.
    ReleaseId, "release", is_release, "64 hexadecimal digits");

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl LeadId {
    /// From the first 128 bits of a digest over the event's source and id.
    pub fn from_digest(digest: [u8; 16]) -> Self {
        let mut bits = u128::from_be_bytes(digest);
        let mut text = [0u8; 26];
        for slot in text.iter_mut().rev() {
            *slot = ALPHABET[(bits & 31) as usize];
            bits >>= 5;
        }
        let text: String = text.iter().map(|b| *b as char).collect();
        Self(format!("lead_{text}"))
    }

    /// The digest that it was made from.
    pub fn digest(&self) -> u128 {
        let digit = |byte: u8| ALPHABET.iter().position(|known| *known == byte).unwrap_or_default() as u128;
        self.suffix().bytes().fold(0, |bits, byte| (bits << 5) | digit(byte))
    }

    /// The part after the prefix, shared by every id derived from this lead.
    pub fn suffix(&self) -> &str {
        self.0.strip_prefix("lead_").unwrap_or(&self.0)
    }
}

impl ReleaseId {
    /// The first twelve digits: enough to tell releases apart, and what people are shown.
    pub fn short(&self) -> &str {
        &self.0[..12]
    }
}

impl DecisionId {
    pub fn of(lead: &LeadId) -> Self {
        Self(format!("dec_{}", lead.suffix()))
    }
}

impl HandoffId {
    pub fn of(lead: &LeadId) -> Self {
        Self(format!("hnd_{}", lead.suffix()))
    }

    pub fn suffix(&self) -> &str {
        self.0.strip_prefix("hnd_").unwrap_or(&self.0)
    }

    /// The lead this handoff carries.
    pub fn lead(&self) -> LeadId {
        LeadId(format!("lead_{}", self.suffix()))
    }
}

impl LegId {
    /// The `ordinal`-th ring of the handoff, counted from 1.
    pub fn of(handoff: &HandoffId, ordinal: u32) -> Self {
        Self(format!("leg_{}.{ordinal}", handoff.suffix()))
    }

    /// The lead's phone that is dialled for the rep on this leg.
    pub fn of_lead(&self) -> Self {
        Self(format!("{}{LEAD}", self.0))
    }

    /// Where this is a lead's phone: the leg of the rep for whom it is dialled.
    pub fn dialled_for(&self) -> Option<Self> {
        self.0.strip_suffix(LEAD).map(|rep| Self(rep.to_owned()))
    }

    /// The handoff this leg was dialled for; `None` if the text has no ordinal.
    pub fn handoff(&self) -> Option<HandoffId> {
        let (suffix, _) = self.0.strip_prefix("leg_")?.rsplit_once('.')?;
        HandoffId::new(format!("hnd_{suffix}")).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_lead_share_their_suffix_and_find_back() {
        let lead = LeadId::from_digest([7; 16]);
        let handoff = HandoffId::of(&lead);
        let leg = LegId::of(&handoff, 2);
        assert_eq!(leg.handoff(), Some(handoff.clone()));
        assert_eq!(handoff.lead(), lead);
        assert_eq!((lead.as_str().len(), lead.digest()), (31, u128::from_be_bytes([7; 16])));
        assert!(leg.as_str().ends_with(".2"));
    }

    #[test]
    fn rep_ids_are_slugs() {
        assert!(RepId::new("priya.nair").is_ok());
        let refused = RepId::new("Priya Nair").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "rep \"Priya Nair\" is not valid: expected 1 to 64 characters of a-z, 0-9, '.', '-' and '_'"
        );
    }
}
