//! What a token service answers (RFC 6749 §5): a token that ends, or why there is none.

use super::call::Answer;
use super::secret::Secret;
use super::token::VendorToken;
use crate::connectors::VendorError;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

/// A token is not used in its last minute: it may take that long to arrive.
const TOKEN_MARGIN: TimeDelta = TimeDelta::minutes(1);

#[derive(Deserialize)]
struct Issued {
    access_token: String,
    /// Seconds.
    expires_in: u32,
}

/// The token of an answer to a request that was made at `now`.
///
/// # Errors
/// `Retry`: it does not read as one.
pub fn issued_token(vendor: &'static str, answer: &Answer, now: DateTime<Utc>) -> Result<VendorToken, VendorError> {
    let issued: Issued = answer.read().map_err(|why| VendorError::retry(vendor, why))?;
    Ok(VendorToken {
        secret: Secret::new(issued.access_token),
        expires_at: Some(now + TimeDelta::seconds(issued.expires_in.into()) - TOKEN_MARGIN),
        base: None,
        acts_as: None,
    })
}

/// Why there is none.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct NoToken {
    pub error: String,
    pub error_description: String,
}

impl NoToken {
    /// `None`: the service does not say, is in trouble itself, or has a limit.
    pub fn of(answer: &Answer) -> Option<Self> {
        let refusal: Self = answer.read().unwrap_or_default();
        (!refusal.error.is_empty() && answer.status < 500 && answer.status != 429).then_some(refusal)
    }

    /// In the service's words, and what to do about it in ours.
    pub fn why(&self, answer: &Answer, hint: &str) -> String {
        format!("{}: {}{hint}", answer.quote(&self.error), answer.quote(&self.error_description))
    }
}
