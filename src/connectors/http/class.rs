//! The class of a failure, where the vendor itself says nothing clearer.

use super::call::{Answer, Does};
use crate::connectors::VendorError;
use reqwest::header::HeaderMap;
use std::time::Duration;

/// The class of a failure after the request may have arrived.
pub fn in_doubt(vendor: &'static str, does: Does, why: String) -> VendorError {
    match does {
        Does::Read => VendorError::retry(vendor, why),
        Does::Write => VendorError::Unknown { vendor, why },
    }
}

/// What a status means when the body adds nothing. A connector asks its own table first.
///
/// A gateway's 502, 504 and 524 say that the answer was lost, not that nothing happened; so may a 500.
pub fn by_status(vendor: &'static str, answer: &Answer) -> VendorError {
    let why = format!("HTTP {}: {}", answer.status, answer.quote(&answer.text()));
    match answer.status {
        401 => VendorError::Reauthenticate { vendor, why },
        404 | 410 => VendorError::Gone { vendor, why },
        429 => VendorError::RateLimited { vendor, why, after: retry_after(&answer.headers) },
        408 | 425 | 503 => VendorError::Retry { vendor, why, after: retry_after(&answer.headers) },
        500..=599 => in_doubt(vendor, answer.does, why),
        _ => VendorError::NeedsPerson { vendor, why },
    }
}

/// `Retry-After` in seconds, or as a date read against the answer's own `Date`, so that our clock does not matter.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("retry-after")?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let at = chrono::DateTime::parse_from_rfc2822(text).ok()?;
    let sent_at = chrono::DateTime::parse_from_rfc2822(headers.get("date")?.to_str().ok()?).ok()?;
    Some((at - sent_at).to_std().unwrap_or_default())
}
