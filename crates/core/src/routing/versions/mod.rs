//! Decisions as earlier versions stored them: one reader each, which a later version adds to and does not rewrite.
//!
//! A stored decision is read into today's form. It is compared with the same decision made again in what
//! its version could say, and in no word that a person reads.

mod v1;

use super::decision::{DECISION_VERSION, DecidedAgain, Decision};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Numbered {
    version: u16,
}

/// A decision of any version.
///
/// # Errors
/// No decision, or of a version that is not known here.
pub fn read(stored: &str) -> serde_json::Result<Decision> {
    match serde_json::from_str::<Numbered>(stored)?.version {
        1 => {
            let mut decision = serde_json::from_str(stored)?;
            v1::raise(&mut decision);
            serde_json::from_value(decision).map(|decision| Decision { version: DECISION_VERSION, ..decision })
        }
        DECISION_VERSION => serde_json::from_str(stored),
        other => Err(serde::de::Error::custom(format!(
            "it is of version {other}; this Baton reads versions 1 to {DECISION_VERSION}"
        ))),
    }
}

/// What stands in the timeline of a lead that was decided again; it has no number. For a while its pools were told in values
/// and its reason in a sentence.
///
/// # Errors
/// It is of none of the known shapes.
pub fn read_again(stored: &str) -> serde_json::Result<DecidedAgain> {
    serde_json::from_str(stored).or_else(|_| {
        let mut again: Value = serde_json::from_str(stored)?;
        v1::raise_again(&mut again);
        serde_json::from_value(again)
    })
}

/// A stored decision of an earlier version and the same one made again, both without what that version did not say as it is
/// said now. `None`: the stored one is of today's version, and every byte counts.
///
/// # Errors
/// As [`read`].
pub fn comparable(stored: &str, again: &Decision) -> serde_json::Result<Option<(Value, Value)>> {
    if serde_json::from_str::<Numbered>(stored)?.version == DECISION_VERSION {
        return Ok(None);
    }
    let (mut before, mut now) = (serde_json::to_value(read(stored)?)?, serde_json::to_value(again)?);
    for side in [&mut before, &mut now] {
        v1::without_reasons(side);
    }
    Ok(Some((before, now)))
}
