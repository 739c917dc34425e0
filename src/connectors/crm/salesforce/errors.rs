//! What Salesforce's error codes mean. The array of `{message, errorCode, fields}` decides; the status does not:
//! `UNABLE_TO_LOCK_ROW` comes with 400, an exhausted day with 403. A success that cannot be read is an error too.

use crate::connectors::VendorError;
use crate::connectors::http::{Answer, by_status};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;

pub(super) const VENDOR: &str = "salesforce";
/// External ID and unique, on Lead and on Activity.
pub(super) const KEY_FIELD: &str = "Baton_Key__c";
/// The 24 h window rolls; asking more often than this only adds to it.
const DAILY_LIMIT_PAUSE: Duration = Duration::from_secs(15 * 60);
/// Too many long requests at once: they take 20 s and more.
const CONCURRENT_LIMIT_PAUSE: Duration = Duration::from_secs(20);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ApiError {
    pub error_code: String,
    #[serde(default)]
    pub message: String,
    #[serde(default)]
    pub fields: Vec<String>,
}

/// A success of a call that is not `composite`; parts of a composite are judged one by one.
pub(super) fn judge(answer: &Answer) -> Result<(), VendorError> {
    if answer.is_success() {
        return Ok(());
    }
    match answer.read::<Vec<ApiError>>().ok().and_then(|errors| errors.into_iter().next()) {
        Some(error) => Err(class_of(&error, answer)),
        None => Err(by_status(VENDOR, answer)),
    }
}

/// What the vendor sent in a success is not what we know: mending it needs a person, here or there.
pub(super) fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, VendorError> {
    answer.read().map_err(|why| VendorError::needs_person(VENDOR, why))
}

/// The error of a composite that was rolled back: that of the guilty part. The innocent say `PROCESSING_HALTED`.
pub(super) fn of_parts(parts: &[(u16, Value)], answer: &Answer) -> Option<VendorError> {
    let errors = |body: &Value| serde_json::from_value::<Vec<ApiError>>(body.clone()).unwrap_or_default();
    let failed = || parts.iter().filter(|(status, _)| !(200..300).contains(status));
    let guilty = failed().flat_map(|(_, body)| errors(body)).find(|error| error.error_code != "PROCESSING_HALTED");
    if let Some(error) = guilty {
        return Some(class_of(&error, answer));
    }
    failed().next().map(|(status, _)| VendorError::Retry {
        vendor: VENDOR,
        why: format!("a part answered {status} without saying why; everything was rolled back"),
        after: None,
    })
}

/// A creation met a record with the same key of ours.
pub(super) fn is_taken_key(parts: &[(u16, Value)]) -> bool {
    let errors =
        parts.iter().flat_map(|(_, body)| serde_json::from_value::<Vec<ApiError>>(body.clone()).unwrap_or_default());
    errors.into_iter().any(|error| error.error_code == "DUPLICATE_VALUE" && error.message.contains(KEY_FIELD))
}

fn class_of(error: &ApiError, answer: &Answer) -> VendorError {
    let vendor = VENDOR;
    let why = answer.quote(&describe(error));
    match error.error_code.as_str() {
        "UNABLE_TO_LOCK_ROW" | "SERVER_UNAVAILABLE" | "UNKNOWN_EXCEPTION" | "QUERY_TIMEOUT" => {
            VendorError::retry(vendor, why)
        }
        // Two upserts with one key at a time: the other one won, and the next try is an update.
        "DUPLICATE_VALUE" if error.message.contains(KEY_FIELD) => VendorError::retry(vendor, why),
        "REQUEST_LIMIT_EXCEEDED" => {
            let concurrent = error.message.contains("Concurrent");
            let after = Some(if concurrent { CONCURRENT_LIMIT_PAUSE } else { DAILY_LIMIT_PAUSE });
            VendorError::RateLimited { vendor, why, after }
        }
        "INVALID_SESSION_ID" | "INVALID_AUTH_HEADER" => VendorError::Reauthenticate { vendor, why },
        // An upsert by a field that the org lacks answers 404 too; that is the admin's to mend.
        "NOT_FOUND" if error.message.contains("external ID field") => VendorError::NeedsPerson { vendor, why },
        "NOT_FOUND" | "ENTITY_IS_DELETED" => VendorError::Gone { vendor, why },
        _ => VendorError::NeedsPerson { vendor, why },
    }
}

fn describe(error: &ApiError) -> String {
    let ApiError { error_code, message, fields } = error;
    if fields.is_empty() {
        return format!("{error_code}: {message}");
    }
    format!("{error_code}: {message} [{}]", fields.join(", "))
}
