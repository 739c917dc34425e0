//! Whether a request comes from the platform that it says it comes from; and the signature under what we send ourselves.
//!
//! Everything is judged over the raw bytes, before the body is believed to be JSON or a form. Nothing here reads a clock,
//! remembers a request or knows where secrets come from: a request that is sent again within its time passes again, and is
//! found to be the same by its ids.

mod algorithm;
mod livekit;
mod named;
mod secret;
mod sign;
mod signed;
mod template;
mod time;
mod twilio;

pub use algorithm::{Algorithm, Encoding};
pub use secret::{EmptySecret, Secret};
pub use sign::{SigningKey, UnfitKey, signed_headers};
pub(crate) use sign::{is_mark, mark};
pub use signed::{Key, Layout, Signed};
pub use template::{BadTemplate, Template};
pub use time::{FIVE_MINUTES, Timestamp, Unit};
pub use twilio::TwilioKeys;

use crate::Request;
use chrono::{DateTime, TimeDelta, Utc};

/// What a request must show. Names of headers are in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// The secret itself behind `prefix`, in which capitals do not count.
    Header {
        name: String,
        prefix: String,
    },
    /// The secret itself in the query of the address.
    Query {
        name: String,
    },
    Signed(Signed),
    /// `bare`: a secret without `whsec_` is base64 all the same. OpenAI's SDKs take such a one as text: there it must not be.
    StandardWebhooks {
        bare: bool,
    },
    Twilio,
    /// The secret is the API key and the API secret: `KEY:SECRET`.
    LiveKit,
}

/// Why a request is not believed. For the log and for whoever sets up a platform; nothing in it is secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("{what} is missing")]
    Absent { what: String },
    #[error("{what}")]
    Malformed { what: String },
    #[error("signed too long ago, by {} s: it was sent again, or a clock is wrong", in_seconds(.by))]
    TooOld { by: TimeDelta },
    #[error("signed in the future, too far by {} s: a clock is wrong", in_seconds(.by))]
    FromTheFuture { by: TimeDelta },
    #[error("no secret of ours fits: another one was used, or the request was changed on its way")]
    Mismatch,
}

fn in_seconds(by: &TimeDelta) -> f64 {
    // Lossless for spans of a thousand centuries.
    by.num_milliseconds() as f64 / 1000.0
}

/// Any of the secrets may fit, so that they can be changed one after the other.
///
/// # Errors
/// The first thing that the request lacks.
pub fn verify(proof: &Proof, secrets: &[Secret], request: &Request, now: DateTime<Utc>) -> Result<(), Refused> {
    match proof {
        Proof::Header { name, prefix } => {
            one_or_more(request.values(name), || format!("the header {name}"))?;
            let mut said = request.values(name).take(signed::MOST_VALUES).filter_map(|value| behind(value, prefix));
            told(said.any(|said| algorithm::is_one_of(said, secrets)))
        }
        Proof::Query { name } => {
            one_or_more(request.query(name), || format!("{name} in the address"))?;
            told(request.query(name).take(signed::MOST_VALUES).any(|said| algorithm::is_one_of(&said, secrets)))
        }
        Proof::Signed(signed) => signed.verify(secrets, request, now),
        Proof::StandardWebhooks { bare } => named::verify_standard_webhooks(*bare, secrets, request, now),
        Proof::Twilio => twilio::verify(secrets, request),
        Proof::LiveKit => livekit::verify(secrets, request, now),
    }
}

/// One of these proofs is enough; it is returned.
///
/// # Errors
/// Why the first of them that was tried by the sender does not hold; without any proof there is nothing to believe.
pub fn verify_any<'p>(
    proofs: &'p [Proof],
    secrets: &[Secret],
    request: &Request,
    now: DateTime<Utc>,
) -> Result<&'p Proof, Refused> {
    let mut refused = None;
    for proof in proofs {
        match (verify(proof, secrets, request, now), &refused) {
            (Ok(()), _) => return Ok(proof),
            (Err(reason), None) => refused = Some(reason),
            (Err(reason), Some(Refused::Absent { .. })) if !matches!(reason, Refused::Absent { .. }) => {
                refused = Some(reason);
            }
            (Err(_), Some(_)) => {}
        }
    }
    Err(refused.unwrap_or(Refused::Mismatch))
}

impl Proof {
    /// Whether the body is what the sender sent. Where it is not, whoever saw one request can send others, and what the body
    /// says must be read back from the platform before anything is done.
    pub fn covers_body(&self) -> bool {
        match self {
            Self::Signed(signed) => signed.texts.iter().all(Template::signs_body),
            Self::Header { .. } | Self::Query { .. } | Self::StandardWebhooks { .. } | Self::Twilio | Self::LiveKit => {
                true
            }
        }
    }

    /// Whether its secret is a public key, which is no secret: any other proof would take it for one.
    pub fn has_public_key(&self) -> bool {
        matches!(self, Self::Signed(signed) if signed.algorithm == Algorithm::Ed25519)
    }

    /// Why this secret could never fit, to be told before anybody calls: "is no base64".
    pub fn unfit(&self, secret: &Secret) -> Option<&'static str> {
        match self {
            Self::Signed(signed) => signed.unfit(secret),
            Self::StandardWebhooks { bare } => named::standard_webhooks("webhook", *bare).unfit(secret),
            Self::LiveKit if livekit::halves(secret).is_none() => {
                Some("is not KEY:SECRET, the API key and the API secret")
            }
            Self::Header { .. } | Self::Query { .. } | Self::Twilio | Self::LiveKit => None,
        }
    }
}

fn told(fits: bool) -> Result<(), Refused> {
    if fits { Ok(()) } else { Err(Refused::Mismatch) }
}

fn one_or_more<T>(mut values: impl Iterator<Item = T>, what: impl FnOnce() -> String) -> Result<(), Refused> {
    values.next().map(drop).ok_or_else(|| Refused::Absent { what: what() })
}

fn behind<'a>(value: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = value.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// The value of a header that is signed, or says what is: with two of them, ours might not be the one that others read.
///
/// # Errors
/// It is missing, or says two things.
fn one<'a>(request: &Request<'a>, name: &str) -> Result<&'a str, Refused> {
    let mut values = request.values(name);
    let first = values.next().ok_or_else(|| Refused::Absent { what: format!("the header {name}") })?;
    if values.any(|other| other != first) {
        return Err(Refused::Malformed { what: format!("the header {name} came twice") });
    }
    Ok(first)
}
