//! Which version of the API is spoken: the configured one, where the org has it. Salesforce adds three a year and takes the
//! oldest away, so that a version that is too new or too old is told at the start, with those that would do.

use super::Salesforce;
use super::errors::read;
use crate::connectors::VendorError;
use crate::connectors::http::ApiCall;
use serde::Deserialize;

/// The oldest that is tested against.
const OLDEST: u32 = 59;

#[derive(Deserialize)]
struct Offered {
    /// `66.0`.
    version: String,
}

/// Whether a configured version can be spoken.
///
/// # Errors
/// It is not one, or older than what is tested against.
pub(super) fn may_be(text: &str) -> Result<(), String> {
    match number_of(text.strip_prefix('v').unwrap_or_default()) {
        None => Err(format!("api_version {text:?} is not of the form v66.0")),
        Some(number) if number < OLDEST => {
            Err(format!("api_version {text:?} is older than v{OLDEST}.0, the oldest that is tested against"))
        }
        Some(_) => Ok(()),
    }
}

impl Salesforce {
    /// What is wrong with the configured version in this org, as a sentence.
    pub(super) async fn amiss_with_version(&self) -> Result<Option<String>, VendorError> {
        let answer = self.send(ApiCall::get("versions", &["services", "data"])).await?;
        let offered = read::<Vec<Offered>>(&answer)?;
        let offered: Vec<u32> = offered.iter().filter_map(|one| number_of(&one.version)).collect();
        let ours = self.api_version.strip_prefix('v').and_then(number_of);
        let (Some(ours), Some(oldest), Some(newest)) = (ours, offered.iter().min(), offered.iter().max()) else {
            return Ok(None);
        };
        if offered.contains(&ours) {
            tracing::info!(spoken = ours, newest, "the version of Salesforce's API is there");
            return Ok(None);
        }
        Ok(Some(format!(
            "the org speaks v{oldest}.0 to v{newest}.0 of the API, and not v{ours}.0: set crm.api_version to one of them, v{OLDEST}.0 \
             or newer"
        )))
    }
}

/// Of `66.0`.
fn number_of(text: &str) -> Option<u32> {
    let number = text.strip_suffix(".0")?;
    (number.len() == 2 && number.bytes().all(|b| b.is_ascii_digit())).then(|| number.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_of_its_form_and_not_too_old() {
        assert_eq!((may_be("v66.0"), may_be("v59.0")), (Ok(()), Ok(())));
        for wrong in ["66", "66.0", "v66", "v6a.0", ""] {
            assert!(may_be(wrong).unwrap_err().contains("is not of the form v66.0"), "{wrong}");
        }
        assert!(may_be("v58.0").unwrap_err().contains("older than v59.0"));
    }
}
