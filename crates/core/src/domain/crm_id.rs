//! The id of a record or a user in a CRM, in the one form in which two of them can be compared.
//!
//! Salesforce names one record in two ways: with 15 characters, in which case matters, and with 18, whose last three say the
//! case of the others, for tools that lose it. Lists and reports show the first, the API answers with the second, and people
//! paste either. Here an id is always the longer one. HubSpot's ids are numbers, which begin with no 0 as those of
//! Salesforce's users do, and stay what they are.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Where the case is not lost.
const SHORT: usize = 15;
const LONG: usize = 18;
/// Each character stands for the case of five others: its place, in binary, has a 1 for each that is upper case.
const CHECKSUM: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/// Whatever a CRM or a stored row says is one; what people write is checked by [`CrmId::written`].
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct CrmId(String);

/// The last three of 18 characters contradict the first fifteen: a character is mistyped, or its case is lost.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found} is no id: after {first}, the last three characters are {right}")]
pub struct WrongChecksum {
    pub found: String,
    /// The first fifteen, and what belongs after them.
    pub first: String,
    pub right: String,
}

impl CrmId {
    /// # Errors
    /// 18 characters whose last three contradict the others.
    pub fn written(text: &str) -> Result<Self, WrongChecksum> {
        canonical(text.trim()).map(Self)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// As it is known: a contradiction is the CRM's own, and the text then names what it names.
impl From<String> for CrmId {
    fn from(text: String) -> Self {
        Self(canonical(text.trim()).unwrap_or(text))
    }
}

impl From<&str> for CrmId {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<CrmId> for String {
    fn from(id: CrmId) -> String {
        id.0
    }
}

impl fmt::Display for CrmId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn canonical(text: &str) -> Result<String, WrongChecksum> {
    let is_number = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    if !text.bytes().all(|b| b.is_ascii_alphanumeric()) || is_number {
        return Ok(text.to_owned());
    }
    let Some((first, last)) = text.split_at_checked(SHORT) else { return Ok(text.to_owned()) };
    let right = checksum(first);
    match text.len() {
        SHORT => Ok(format!("{first}{right}")),
        LONG if last.eq_ignore_ascii_case(&right) => Ok(format!("{first}{right}")),
        LONG => restored(first, last).ok_or(WrongChecksum { found: text.to_owned(), first: first.to_owned(), right }),
        _ => Ok(text.to_owned()),
    }
}

/// Upper-case letters by fives, the first of each five in the lowest place.
fn checksum(first: &str) -> String {
    let of_five = |five: &[u8]| {
        let upper = five.iter().rev().fold(0, |bits, b| bits << 1 | usize::from(b.is_ascii_uppercase()));
        char::from(CHECKSUM[upper])
    };
    first.as_bytes().chunks(5).map(of_five).collect()
}

/// The id whose letters have all become lower case on their way: what the last three are there for. `None` if they do not fit.
fn restored(first: &str, last: &str) -> Option<String> {
    if first.bytes().chain(last.bytes()).any(|b| b.is_ascii_uppercase()) {
        return None;
    }
    let last = last.to_ascii_uppercase();
    let mut restored = String::with_capacity(LONG);
    for (five, sign) in first.as_bytes().chunks(5).zip(last.bytes()) {
        let upper = CHECKSUM.iter().position(|known| *known == sign)?;
        let letter = |(place, b): (usize, &u8)| if upper >> place & 1 == 1 { b.to_ascii_uppercase() } else { *b };
        restored.extend(five.iter().enumerate().map(letter).map(char::from));
    }
    (checksum(&restored) == last).then(|| restored + &last)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made up; the checksums by the vendor's rule, worked out by hand.
    #[test]
    fn an_id_of_15_and_of_18_characters_is_one_id() {
        for (short, long) in [
            ("005xx0000012Q12", "005xx0000012Q12AAE"),
            ("0051t00000AbCdE", "0051t00000AbCdEAAV"),
            ("00Gab00000QUEUE", "00Gab00000QUEUEEA5"),
            ("003XYzzz0zzzzzz", "003XYzzz0zzzzzzYAA"),
            ("001aaaaaaaaaaaa", "001aaaaaaaaaaaaAAA"),
        ] {
            assert_eq!(CrmId::from(short), CrmId::from(long), "{short}");
            assert_eq!(CrmId::from(short).as_str(), long);
            assert_eq!(CrmId::written(&format!(" {long} ")), Ok(CrmId::from(short)), "pasted with blanks");
            assert_eq!(CrmId::from(long.to_lowercase()), CrmId::from(short), "a tool has lost the case");
        }
    }

    #[test]
    fn case_tells_two_ids_apart() {
        assert_ne!(CrmId::from("005xx0000012Q12"), CrmId::from("005xx0000012q12"));
        assert_ne!(CrmId::from("005xx0000012Q12AAE"), CrmId::from("005xx0000012q12"));
    }

    #[test]
    fn ids_of_other_vendors_stay_what_they_are() {
        for text in
            ["77", "512345678", "123456789012345", "123456789012345678", "crm-ana", "made-up", "", "005é12345678901"]
        {
            assert_eq!(CrmId::from(text).as_str(), text);
            assert_eq!(CrmId::written(text).map(String::from).as_deref(), Ok(text));
        }
        assert_eq!(CrmId::from("005000000000001").as_str(), "005000000000001AAA", "digits alone, and no number");
    }

    #[test]
    fn a_checksum_that_contradicts_is_told_and_what_a_crm_says_is_kept() {
        for (wrong, right) in [
            ("005xx0000012Q12AAA", "AAE"),
            ("005xx0000012Q12AA6", "AAE"),
            ("005xx0000012q12AAE", "AAA"),
            ("005XX0000012Q12AAE", "YAE"),
        ] {
            let told = CrmId::written(wrong).expect_err(wrong);
            assert_eq!((told.right.as_str(), told.found.as_str()), (right, wrong));
            assert_eq!(CrmId::from(wrong).as_str(), wrong);
        }
    }

    #[test]
    fn a_stored_id_of_either_length_is_read() {
        let read = |text: &str| serde_json::from_str::<CrmId>(text).unwrap();
        assert_eq!(read("\"005xx0000012Q12\""), read("\"005xx0000012Q12AAE\""));
        assert_eq!(serde_json::to_string(&read("\"005xx0000012Q12\"")).unwrap(), "\"005xx0000012Q12AAE\"");
    }
}
