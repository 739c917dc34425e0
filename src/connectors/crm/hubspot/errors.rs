//! What HubSpot's answers mean: category, policy and status together.

use super::VENDOR;
use crate::connectors::VendorError;
use crate::connectors::http::{Answer, by_status, retry_after};
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;

/// `Retry-After` is not promised, so the policy's own span is waited for. The day ends at the account's midnight, which is
/// not known here: it is asked again each hour.
const DAILY_PAUSE: Duration = Duration::from_secs(60 * 60);
const ROLLING_PAUSE: Duration = Duration::from_secs(10);
const SECOND_PAUSE: Duration = Duration::from_secs(1);
/// 423: somebody else writes the same record.
const LOCK_PAUSE: Duration = Duration::from_secs(2);
/// 477: the account is being moved to another data centre.
const MIGRATION_PAUSE: Duration = Duration::from_secs(60);

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Problem {
    category: String,
    message: String,
    policy_name: String,
    errors: Vec<Value>,
}

/// From 2026-09 the admin's own rules (required properties, form fields, association rights) answer 400 to API writes:
/// that needs a person, and would never end if it were repeated.
pub(super) fn judge(answer: &Answer) -> Result<(), VendorError> {
    if answer.is_success() {
        return Ok(());
    }
    let vendor = VENDOR;
    let problem: Problem = answer.read().unwrap_or_default();
    let why = answer.quote(&describe(&problem, answer));
    Err(match answer.status {
        429 => {
            let after = retry_after(&answer.headers).or(Some(pause(&problem)));
            VendorError::RateLimited { vendor, why, after }
        }
        423 => VendorError::Retry { vendor, why, after: Some(LOCK_PAUSE) },
        477 => {
            let after = retry_after(&answer.headers).or(Some(MIGRATION_PAUSE));
            VendorError::Retry { vendor, why, after }
        }
        400 | 403 | 409 => VendorError::NeedsPerson { vendor, why },
        _ => by_status(VENDOR, answer),
    })
}

/// The same of a creation: a unique value that is taken passes.
pub(super) fn judge_creation(answer: &Answer) -> Result<(), VendorError> {
    if is_conflict(answer) { Ok(()) } else { judge(answer) }
}

/// The same of a change of nobody: it passes where it was looked for.
pub(super) fn judge_try(answer: &Answer) -> Result<(), VendorError> {
    match answer.status {
        404 => Ok(()),
        400 if answer.value()["category"] == "VALIDATION_ERROR" => Ok(()),
        _ => judge(answer),
    }
}

/// By the policy's name, or by the sentence where there is none.
fn pause(problem: &Problem) -> Duration {
    let named = if problem.policy_name.is_empty() { &problem.message } else { &problem.policy_name };
    let named = named.to_lowercase();
    let is = |word: &str| named.contains(word);
    match (is("daily"), is("secondly") && !is("ten_secondly")) {
        (true, _) => DAILY_PAUSE,
        (false, true) => SECOND_PAUSE,
        (false, false) => ROLLING_PAUSE,
    }
}

/// A part of a batch that was not read, in an answer that is a success as a whole.
pub(super) fn of_part(category: &str) -> VendorError {
    let why = format!("a part of a batch was not read: {category}");
    match category {
        "RATE_LIMITS" => VendorError::RateLimited { vendor: VENDOR, why, after: Some(ROLLING_PAUSE) },
        "VALIDATION_ERROR" | "MISSING_SCOPES" | "CONFLICT" => VendorError::needs_person(VENDOR, why),
        _ => VendorError::retry(VENDOR, why),
    }
}

/// A unique value is taken. Contacts answer 409 for the e-mail address and 400 for a property of the admin's.
fn is_conflict(answer: &Answer) -> bool {
    answer.status == 409 || (answer.status == 400 && answer.text().contains("CONFLICTING_UNIQUE_VALUE"))
}

/// The record that has the value, which only the message names: "Contact already exists. Existing ID: 51".
pub(super) fn existing_id(answer: &Answer) -> Option<String> {
    let problem: Problem = answer.read().ok()?;
    let (_, rest) = problem.message.split_once("Existing ID: ")?;
    let id: String = rest.chars().take_while(char::is_ascii_digit).collect();
    (!id.is_empty()).then_some(id)
}

fn describe(problem: &Problem, answer: &Answer) -> String {
    let scopes: Vec<&str> = problem
        .errors
        .iter()
        .filter_map(|error| error["context"]["requiredGranularScopes"].as_array())
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if !scopes.is_empty() {
        return format!("the service key lacks the scopes {}", scopes.join(", "));
    }
    if problem.message.is_empty() {
        return format!("HTTP {}: {}", answer.status, answer.text());
    }
    format!("HTTP {} {}: {}", answer.status, problem.category, problem.message)
}
