//! What a webhook answers. A workflow says 202 before it has posted anything, and nothing more; a connector of the older kind
//! says 200 and `1`, or 200 and in words that Teams itself has refused it.

use super::VENDOR;
use crate::connectors::VendorError;
use crate::connectors::http::{Answer, by_status, in_doubt, retry_after};

/// Before the status that Teams itself answered the connector with.
const BEHIND: &str = "HTTP error ";

pub(super) fn judge(answer: &Answer) -> Result<(), VendorError> {
    match answer.status {
        202 | 204 => Ok(()),
        200..=299 => said(answer),
        404 | 410 => {
            let why = format!(
                "HTTP {}: the webhook is not there any more; make a new one in Teams, and put its address in the old one's \
                 place",
                answer.status
            );
            Err(VendorError::needs_person(VENDOR, why))
        }
        _ => Err(by_status(VENDOR, answer)),
    }
}

fn said(answer: &Answer) -> Result<(), VendorError> {
    let text = answer.text();
    let text = text.trim();
    if text.is_empty() || text == "1" {
        return Ok(());
    }
    let why = format!("HTTP {}: {}", answer.status, answer.quote(text));
    let behind = text.split_once(BEHIND).and_then(|(_, rest)| rest.get(..3)?.parse::<u16>().ok());
    Err(match behind {
        Some(429) => VendorError::RateLimited { vendor: VENDOR, why, after: retry_after(&answer.headers) },
        Some(400..=499) => VendorError::needs_person(VENDOR, why),
        // Whatever it says, it may have been posted.
        Some(_) | None => in_doubt(VENDOR, answer.does, why),
    })
}
