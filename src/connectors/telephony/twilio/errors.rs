//! Twilio's errors by their code, and what may be done about each. Its own words name numbers, and are never repeated.

use super::VENDOR;
use crate::connectors::VendorError;
use crate::connectors::http::{Answer, in_doubt, retry_after};
use serde::Deserialize;

#[derive(Deserialize, Default)]
struct Told {
    code: Option<u32>,
}

/// What a code means for us.
#[derive(Clone, Copy)]
pub(super) enum Meaning {
    Credentials,
    Gone,
    TooMany,
    /// Something broke there: what was asked for may have been done.
    Broken,
    /// Somebody must mend it.
    Mend,
}

use Meaning::{Broken, Credentials, Gone, Mend, TooMany};

const CODES: [(u32, Meaning, &str); 23] = [
    (10004, TooMany, "the account has as many calls at once as it may have"),
    (13214, Mend, "the caller id is not one that the account may show: set telephony.caller_id to one of its numbers"),
    (13223, Mend, "the number is not in the form of E.164: mend it at the lead, or in reps.csv"),
    (13224, Mend, "the number is not in service: mend it at the lead, or in reps.csv"),
    (13227, Mend, "the account may not call this country: allow it under Voice, Geographic Permissions"),
    (17009, Broken, "the call could not be begun at the carrier"),
    (20003, Credentials, "account, key and secret do not belong together"),
    (20404, Gone, "there is no such call or room any more"),
    (20429, TooMany, "too many requests"),
    (20500, Broken, "the carrier itself failed"),
    (21200, Mend, "the account is not one"),
    (21201, Mend, "no number was called"),
    (21202, Mend, "the number costs more than a call and is not called"),
    (21203, Mend, "the number may not be called internationally"),
    (21204, Mend, "the call has begun already and is not to be changed so"),
    (21205, Mend, "the address at which we are asked is not one: set http.public_url"),
    (21210, Mend, "the caller id is not a number of the account: set telephony.caller_id to one that is"),
    (21211, Mend, "the number is not one that can be called: mend it at the lead, or in reps.csv"),
    (21212, Mend, "the caller id is not a number that may be shown: set telephony.caller_id to one that may"),
    (21215, Mend, "the account may not call this country: allow it under Voice, Geographic Permissions"),
    (21216, Mend, "the account may not call this number"),
    (21217, Mend, "the number does not read as one: mend it at the lead, or in reps.csv"),
    (21220, Gone, "the call is over"),
];

/// Of calls.
pub(super) fn judge(answer: &Answer) -> Result<(), VendorError> {
    judge_by(answer, &CODES)
}

/// Its body decides, by these codes; without one that is known, the status does.
pub(super) fn judge_by(answer: &Answer, codes: &[(u32, Meaning, &str)]) -> Result<(), VendorError> {
    if answer.is_success() {
        return Ok(());
    }
    let code = code_of(answer);
    let known = code.and_then(|code| codes.iter().find(|(known, ..)| *known == code));
    let (meaning, words) = match known {
        Some((_, meaning, words)) => (*meaning, *words),
        None => (by_status(answer.status), "its own words are in its console"),
    };
    let named = code.map_or_else(String::new, |code| format!(", error {code}"));
    let why = format!("HTTP {}{named}: {words}", answer.status);
    let after = retry_after(&answer.headers);
    Err(match meaning {
        Credentials => VendorError::Reauthenticate { vendor: VENDOR, why },
        Gone => VendorError::Gone { vendor: VENDOR, why },
        TooMany => VendorError::RateLimited { vendor: VENDOR, why, after },
        Broken if answer.status == 503 => VendorError::Retry { vendor: VENDOR, why, after },
        Broken => in_doubt(VENDOR, answer.does, why),
        Mend => VendorError::NeedsPerson { vendor: VENDOR, why },
    })
}

pub(super) fn code_of(answer: &Answer) -> Option<u32> {
    answer.read::<Told>().unwrap_or_default().code
}

fn by_status(status: u16) -> Meaning {
    match status {
        401 | 403 => Credentials,
        404 | 410 => Gone,
        429 => TooMany,
        500..=599 => Broken,
        _ => Mend,
    }
}
