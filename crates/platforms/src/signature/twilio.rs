//! Twilio: the address and the form's fields are signed, or the address with the hash of the body in it. Nothing says when.

use super::algorithm::{Algorithm, Encoding, equal, sha256};
use super::signed::MOST_VALUES;
use super::{Refused, Secret, one};
use crate::Request;
use std::collections::BTreeSet;

pub(super) fn verify(secrets: &[Secret], request: &Request) -> Result<(), Refused> {
    let values = request.values("x-twilio-signature").take(MOST_VALUES);
    let signatures: Vec<Vec<u8>> = values.filter_map(|value| Encoding::Base64.decode(value)).collect();
    if signatures.is_empty() {
        one(request, "x-twilio-signature")?;
        return Err(Refused::Malformed { what: "x-twilio-signature is no base64".to_owned() });
    }
    let fields = if request.is_form() { fields(request.body) } else { body_in_address(request)? };
    let texts: Vec<Vec<u8>> = addresses(request.url).map(|address| (address + &fields).into_bytes()).to_vec();
    algorithm(request)?.check(secrets.iter().map(|secret| secret.text().as_bytes().to_vec()), &texts, &signatures)
}

/// SHA-1 with the auth token; with a shared key what the settings say.
fn algorithm(request: &Request) -> Result<Algorithm, Refused> {
    const SETTINGS: &str = "x-twilio-webhooks-signature-settings";
    if request.values(SETTINGS).next().is_none() {
        return Ok(Algorithm::HmacSha1);
    }
    let named = one(request, SETTINGS)?.split(',').find_map(|part| part.trim().strip_prefix("algorithm="));
    match named {
        Some("HMAC_SHA1") => Ok(Algorithm::HmacSha1),
        Some("HMAC_SHA256") => Ok(Algorithm::HmacSha256),
        _ => Err(Refused::Malformed { what: format!("{SETTINGS} names no algorithm that is known") }),
    }
}

/// Names and values, decoded, one after the other: sorted by code point, and what comes twice counts once.
fn fields(body: &[u8]) -> String {
    let fields: BTreeSet<_> = form_urlencoded::parse(body).collect();
    fields.into_iter().flat_map(|(name, value)| [name, value]).collect()
}

/// Nothing is signed besides the address; so a body must be named there.
fn body_in_address(request: &Request) -> Result<String, Refused> {
    let hash = sha256(request.body);
    let mut named = request.query("bodySHA256").peekable();
    if named.peek().is_none() && !request.body.is_empty() {
        return Err(Refused::Absent { what: "bodySHA256 in the address, for a body that is no form,".to_owned() });
    }
    let fits =
        named.peek().is_none() || named.any(|hex| Encoding::Hex.decode(&hex).is_some_and(|said| equal(&said, &hash)));
    if fits { Ok(String::new()) } else { Err(Refused::Mismatch) }
}

/// As it came, without a port, with the scheme's own port: Twilio signs now the one, now the other. Everything else of the
/// address stays as it is, letter by letter.
fn addresses(url: &str) -> [String; 3] {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !port.is_empty() => host,
        _ => authority,
    };
    let port = if matches!(scheme, "http" | "ws") { 80 } else { 443 };
    [url.to_owned(), format!("{scheme}://{host}{path}"), format!("{scheme}://{host}:{port}{path}")]
}
