//! What went wrong, by how far the dialogue had come.

use crate::connectors::VendorError;
use lettre::transport::smtp::Error as SmtpError;
use std::error::Error as _;

pub(super) const VENDOR: &str = "smtp";

pub(super) fn refused(why: String) -> VendorError {
    VendorError::needs_person(VENDOR, why)
}

/// Nothing was sent: only a lasting "no" needs a person.
pub(super) fn before_content(stage: &str, error: &SmtpError) -> VendorError {
    let why = told(stage, error);
    if error.is_permanent() || error.is_client() {
        return refused(why);
    }
    VendorError::retry(VENDOR, why)
}

/// A lasting "no" to a login is about our credentials; "try later" (454) is not.
pub(super) fn login_error(error: &SmtpError) -> VendorError {
    if error.is_permanent() {
        return VendorError::Reauthenticate { vendor: VENDOR, why: told("AUTH", error) };
    }
    before_content("AUTH", error)
}

/// The content was on its way: only an answer with a code tells what became of it.
pub(super) fn after_content(error: &SmtpError) -> VendorError {
    match error.status() {
        Some(_) => before_content("content", error),
        None => VendorError::Unknown { vendor: VENDOR, why: told("content", error) },
    }
}

/// Where it failed, with the server's code and enhanced code (`550 5.1.1`). Its words stay out: they repeat addresses.
fn told(stage: &str, error: &SmtpError) -> String {
    let Some(code) = error.status() else {
        return format!("{stage}: {error}");
    };
    let words = error.source().map(ToString::to_string).unwrap_or_default();
    match words.split_whitespace().next().filter(|word| is_enhanced_code(word)) {
        Some(enhanced) => format!("{stage}: the server said {code} {enhanced}"),
        None => format!("{stage}: the server said {code}"),
    }
}

/// `5.1.1` (RFC 3463).
pub(super) fn is_enhanced_code(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    let is_number = |part: &&str| !part.is_empty() && part.len() <= 3 && part.bytes().all(|b| b.is_ascii_digit());
    parts.len() == 3 && parts.iter().all(is_number) && matches!(parts[0], "2" | "4" | "5")
}
