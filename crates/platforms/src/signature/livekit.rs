//! LiveKit: a token in `Authorization`, without `Bearer`, that holds the hash of the body.

use super::algorithm::{Encoding, equal, sha256};
use super::{Refused, Secret, one};
use crate::Request;
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

/// What LiveKit's own servers and its SDKs for Python and Rust allow between two clocks.
const LEEWAY_S: i64 = 60;

#[derive(Deserialize)]
struct Claims {
    exp: Option<i64>,
    nbf: Option<i64>,
    sha256: Option<String>,
}

pub(super) fn verify(secrets: &[Secret], request: &Request, now: DateTime<Utc>) -> Result<(), Refused> {
    let token = one(request, "authorization")?;
    if jsonwebtoken::decode_header(token).is_err() {
        return Err(Refused::Malformed { what: "authorization is no JSON Web Token".to_owned() });
    }
    let claims = secrets.iter().filter_map(halves).find_map(|(key, secret)| opened(token, key, secret));
    let claims = claims.ok_or(Refused::Mismatch)?;
    in_time(&claims, now.timestamp())?;
    // People on a call hold tokens of the same secret; only the server's own have the hash.
    let Some(hash) = &claims.sha256 else {
        return Err(Refused::Malformed { what: "the token does not speak of the body: it has no sha256".to_owned() });
    };
    let said = Encoding::Base64.decode(hash).unwrap_or_default();
    if equal(&said, &sha256(request.body)) { Ok(()) } else { Err(Refused::Mismatch) }
}

/// The API key, which the token names as its issuer, and the API secret: `KEY:SECRET`.
pub(super) fn halves(secret: &Secret) -> Option<(&str, &str)> {
    secret.text().split_once(':').filter(|(key, secret)| !key.is_empty() && !secret.is_empty())
}

/// What a token says that this secret signed for this issuer. Its times are not looked at: the library would ask the clock.
fn opened(token: &str, key: &str, secret: &str) -> Option<Claims> {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_issuer(&[key]);
    validation.set_required_spec_claims(&["iss"]);
    validation.validate_exp = false;
    validation.validate_aud = false;
    let decoded = jsonwebtoken::decode(token, &DecodingKey::from_secret(secret.as_bytes()), &validation);
    decoded.ok().map(|decoded| decoded.claims)
}

fn in_time(claims: &Claims, now: i64) -> Result<(), Refused> {
    let Some(until) = claims.exp else {
        return Err(Refused::Malformed { what: "the token has no end: it has no exp".to_owned() });
    };
    let over = now.saturating_sub(until).saturating_sub(LEEWAY_S);
    let early = claims.nbf.unwrap_or(now).saturating_sub(now).saturating_sub(LEEWAY_S);
    match (over, early) {
        (1.., _) => Err(Refused::TooOld { by: seconds(over) }),
        (_, 1..) => Err(Refused::FromTheFuture { by: seconds(early) }),
        _ => Ok(()),
    }
}

fn seconds(number: i64) -> TimeDelta {
    TimeDelta::try_seconds(number).unwrap_or(TimeDelta::MAX)
}
