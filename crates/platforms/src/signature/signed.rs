//! Signatures over a text that is made of the request. Vendors differ in settings only; the settings stand in `named.rs`.

use super::algorithm::{Algorithm, Encoding};
use super::template::Template;
use super::time::{FIVE_MINUTES, Timestamp, Unit};
use super::{Refused, Secret, one};
use crate::Request;
use chrono::{DateTime, Utc};

/// A header that comes more often than this was not sent by a platform: the rest is not looked at.
pub(super) const MOST_VALUES: usize = 4;

/// A signature in a header. The default is what Vapi's HMAC credential does unless it is told otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Where the signature may stand, in lower case.
    pub headers: Vec<String>,
    pub layout: Layout,
    pub encoding: Encoding,
    pub algorithm: Algorithm,
    pub key: Key,
    /// Any of these is what was signed.
    pub texts: Vec<Template>,
    /// `None`: a request does not age, and whether it came before is for its ids to tell.
    pub timestamp: Option<Timestamp>,
}

/// How a header holds its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layout {
    /// Nothing else, behind this prefix.
    Alone { prefix: String },
    /// `timestamp=…,signature=…`, in any order, and the signature perhaps more than once.
    /// `exact`: these two parts and no third.
    Parts { timestamp: String, signature: String, exact: bool },
    /// `v1,… v1,…`: entries with other names in front are passed over.
    List { name: String },
}

/// How a secret becomes a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Its letters are the key.
    Text,
    Base64,
    /// Base64 behind `whsec_`; `bare`: also without.
    Whsec {
        bare: bool,
    },
}

/// What a header says.
struct Said<'a> {
    signatures: Vec<&'a str>,
    timestamp: Option<&'a str>,
}

impl Default for Signed {
    fn default() -> Self {
        Self {
            headers: vec!["x-signature".to_owned()],
            layout: Layout::Alone { prefix: String::new() },
            encoding: Encoding::Hex,
            algorithm: Algorithm::HmacSha256,
            key: Key::Text,
            texts: vec![Template::ours("{timestamp}.{body}")],
            timestamp: Some(Timestamp {
                header: Some("x-timestamp".to_owned()),
                unit: Unit::Either,
                back: FIVE_MINUTES,
                ahead: FIVE_MINUTES,
            }),
        }
    }
}

impl Signed {
    /// What is wrong with these settings whatever comes, for `baton check`.
    pub fn fault(&self) -> Option<&'static str> {
        let all_sign_it = self.texts.iter().all(Template::signs_timestamp);
        match self.timestamp {
            Some(_) if !all_sign_it => {
                Some("the timestamp is not signed: anybody could make an old request young again")
            }
            None if self.texts.iter().any(Template::signs_timestamp) => {
                Some("{timestamp} is signed, but no header has it")
            }
            _ => None,
        }
    }

    /// Why this secret cannot be the key of any signature.
    pub(super) fn unfit(&self, secret: &Secret) -> Option<&'static str> {
        let key = self.key.bytes(secret);
        match (self.algorithm, self.key) {
            (Algorithm::Ed25519, _) if key.as_ref().is_none_or(|key| key.len() != 32) => {
                Some("is no public key: 32 bytes in base64")
            }
            _ if key.is_some() => None,
            (_, Key::Whsec { bare: false }) => Some("is not whsec_ with base64 behind it"),
            _ => Some("is no base64"),
        }
    }

    pub(super) fn verify(&self, secrets: &[Secret], request: &Request, now: DateTime<Utc>) -> Result<(), Refused> {
        let mut refused = Refused::Absent { what: format!("the header {}", self.headers.join(" or ")) };
        for value in self.headers.iter().flat_map(|name| request.values(name)).take(MOST_VALUES) {
            match self.holds(value, secrets, request, now) {
                Ok(()) => return Ok(()),
                Err(reason) => refused = reason,
            }
        }
        Err(refused)
    }

    /// Whether this one value of the header proves the request.
    fn holds(&self, value: &str, secrets: &[Secret], request: &Request, now: DateTime<Utc>) -> Result<(), Refused> {
        let said = self.layout.read(value);
        let signatures: Vec<Vec<u8>> = said.signatures.iter().filter_map(|text| self.encoding.decode(text)).collect();
        if signatures.is_empty() {
            return Err(Refused::Malformed {
                what: format!("no signature can be read in {}", self.headers.join(" or ")),
            });
        }
        let timestamp = match &self.timestamp {
            None => "",
            Some(settings) => {
                let text = match &settings.header {
                    Some(name) => one(request, name)?,
                    None => said
                        .timestamp
                        .ok_or_else(|| Refused::Absent { what: "the signature's timestamp".to_owned() })?,
                };
                settings.check(text, now)?;
                text
            }
        };
        let texts: Result<Vec<Vec<u8>>, Refused> =
            self.texts.iter().map(|text| text.fill(request, timestamp)).collect();
        self.algorithm.check(secrets.iter().filter_map(|secret| self.key.bytes(secret)), &texts?, &signatures)
    }
}

impl Layout {
    fn read<'a>(&self, value: &'a str) -> Said<'a> {
        match self {
            Self::Alone { prefix } => {
                Said { signatures: value.strip_prefix(prefix.as_str()).into_iter().collect(), timestamp: None }
            }
            Self::List { name } => {
                let entries = value.split(' ').filter_map(|entry| entry.split_once(','));
                let signatures =
                    entries.filter(|(version, _)| version == name).map(|(_, signature)| signature).collect();
                Said { signatures, timestamp: None }
            }
            Self::Parts { exact: true, .. } if value.split(',').count() != 2 => {
                Said { signatures: Vec::new(), timestamp: None }
            }
            Self::Parts { timestamp, signature, .. } => {
                let named = |wanted: &str| {
                    let parts = value.split(',').filter_map(|part| part.split_once('='));
                    parts.filter(|(name, _)| *name == wanted).map(|(_, text)| text).collect::<Vec<&str>>()
                };
                Said { signatures: named(signature), timestamp: named(timestamp).first().copied() }
            }
        }
    }
}

impl Key {
    /// Never empty.
    fn bytes(self, secret: &Secret) -> Option<Vec<u8>> {
        let text = secret.text();
        let key = match self {
            Self::Text => Some(text.as_bytes().to_vec()),
            Self::Base64 => Encoding::Base64.decode(text),
            Self::Whsec { bare } => {
                let rest = text.strip_prefix("whsec_").or(bare.then_some(text));
                rest.and_then(|rest| Encoding::Base64.decode(rest))
            }
        };
        key.filter(|key| !key.is_empty())
    }
}
