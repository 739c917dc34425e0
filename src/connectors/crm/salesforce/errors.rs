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
    /// The records that a duplicate rule takes a new one for. The vendor's own page spells it in the second way.
    #[serde(default, alias = "duplicateResut")]
    duplicate_result: Value,
}

impl ApiError {
    /// The org has no such object, or no such field: which of them there are depends on what was bought and switched on.
    fn is_lacking(&self) -> bool {
        matches!(self.error_code.as_str(), "INVALID_TYPE" | "INVALID_FIELD")
    }
}

/// Those of one part of a composite.
fn errors_in(body: &Value) -> Vec<ApiError> {
    serde_json::from_value(body.clone()).unwrap_or_default()
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

/// The same for what not every org has: a refusal for that reason passes.
pub(super) fn judge_if_there(answer: &Answer) -> Result<(), VendorError> {
    let lacking = || answer.read::<Vec<ApiError>>().is_ok_and(|errors| errors.iter().any(ApiError::is_lacking));
    if !answer.is_success() && lacking() { Ok(()) } else { judge(answer) }
}

/// Of one part of a composite.
pub(super) fn is_lacking(body: &Value) -> bool {
    errors_in(body).iter().any(ApiError::is_lacking)
}

/// The requests of the day are used up, as a refusal says.
pub(super) fn is_day_over(error: &VendorError) -> bool {
    matches!(error, VendorError::RateLimited { after, .. } if *after == Some(DAILY_LIMIT_PAUSE))
}

/// What the vendor sent in a success is not what we know: mending it needs a person, here or there.
pub(super) fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, VendorError> {
    answer.read().map_err(|why| VendorError::needs_person(VENDOR, why))
}

/// The error of a composite that was rolled back: that of the guilty part. The innocent say `PROCESSING_HALTED`.
pub(super) fn of_parts(parts: &[(u16, Value)], answer: &Answer) -> Option<VendorError> {
    let failed = || parts.iter().filter(|(status, _)| !(200..300).contains(status));
    let guilty = failed().flat_map(|(_, body)| errors_in(body)).find(|error| error.error_code != "PROCESSING_HALTED");
    if let Some(error) = guilty {
        return Some(class_of(&error, answer));
    }
    failed().next().map(|(status, _)| match status {
        300 => VendorError::amiss(VENDOR, format!("several records carry one key: {KEY_FIELD} must be marked Unique")),
        _ => {
            let why = format!("a part answered {status} without saying why; everything was rolled back");
            VendorError::retry(VENDOR, why)
        }
    })
}

/// A creation met a record with the same key of ours.
pub(super) fn is_taken_key(parts: &[(u16, Value)]) -> bool {
    let mut errors = parts.iter().flat_map(|(_, body)| errors_in(body));
    errors.any(|error| error.error_code == "DUPLICATE_VALUE" && error.message.contains(KEY_FIELD))
}

/// The ids of the records that a duplicate rule takes the lead for, in the vendor's order, if that is why it was refused.
pub(super) fn duplicates(parts: &[(u16, Value)]) -> Option<Vec<String>> {
    let mut errors = parts.iter().flat_map(|(_, body)| errors_in(body));
    let error = errors.find(|error| error.error_code == "DUPLICATES_DETECTED")?;
    let results = error.duplicate_result["matchResults"].as_array().map(Vec::as_slice).unwrap_or_default();
    let matches = results.iter().filter_map(|result| result["matchRecords"].as_array()).flatten();
    Some(matches.filter_map(|found| found["record"]["Id"].as_str().map(str::to_owned)).collect())
}

fn class_of(error: &ApiError, answer: &Answer) -> VendorError {
    let vendor = VENDOR;
    let why = answer.quote(&describe(error));
    match error.error_code.as_str() {
        "UNABLE_TO_LOCK_ROW" | "SERVER_UNAVAILABLE" | "UNKNOWN_EXCEPTION" | "QUERY_TIMEOUT" => {
            VendorError::retry(vendor, why)
        }
        // A page of rows was fetched too late: the query begins anew.
        "INVALID_QUERY_LOCATOR" => VendorError::retry(vendor, why),
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
    let ApiError { error_code, message, fields, .. } = error;
    if fields.is_empty() {
        return format!("{error_code}: {message}");
    }
    format!("{error_code}: {message} [{}]", fields.join(", "))
}
