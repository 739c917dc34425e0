//! What went wrong, by Slack's own word.

use super::VENDOR;
use crate::connectors::VendorError;
use crate::connectors::http::{Answer, by_status, in_doubt, retry_after};
use serde_json::Value;

pub(super) fn judge(answer: &Answer) -> Result<(), VendorError> {
    let body = answer.value();
    if body["ok"] == true {
        return Ok(());
    }
    match body["error"].as_str() {
        Some(error) => Err(by_error(answer, error, &body)),
        // Slack's front door answers in HTML.
        None => Err(by_status(VENDOR, answer)),
    }
}

/// Slack's own word decides. `internal_error` and `fatal_error` may come after part of the work was done, says the
/// reference: a write is in doubt then.
fn by_error(answer: &Answer, error: &str, body: &Value) -> VendorError {
    let why = explain(answer, error, body);
    match error {
        "ratelimited" | "rate_limited" | "message_limit_exceeded" => {
            VendorError::RateLimited { vendor: VENDOR, why, after: retry_after(&answer.headers) }
        }
        "service_unavailable" | "request_timeout" | "team_added_to_org" => {
            VendorError::Retry { vendor: VENDOR, why, after: retry_after(&answer.headers) }
        }
        "internal_error" | "fatal_error" => in_doubt(VENDOR, answer.does, why),
        "token_expired" | "token_revoked" | "invalid_auth" | "not_authed" | "account_inactive" => {
            VendorError::Reauthenticate { vendor: VENDOR, why }
        }
        "message_not_found" => VendorError::Gone { vendor: VENDOR, why },
        _ => VendorError::NeedsPerson { vendor: VENDOR, why },
    }
}

/// The error with what Slack adds to it and, where that is not enough, with what to do.
fn explain(answer: &Answer, error: &str, body: &Value) -> String {
    let mut why = answer.quote(error);
    if let Some(needed) = body["needed"].as_str() {
        why.push_str(&format!(" (needs the scope {})", answer.quote(needed)));
    }
    for message in body["response_metadata"]["messages"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        why.push_str(&format!("; {}", answer.quote(message)));
    }
    let hint = match error {
        "not_in_channel" | "channel_not_found" => ": check the id and invite the app to the channel",
        "token_expired" => ": use a bot token without rotation",
        _ => "",
    };
    why + hint
}
