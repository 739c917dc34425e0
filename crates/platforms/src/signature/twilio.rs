//! Twilio: the address and the form's fields are signed, or the address with the hash of the body in it. Nothing says when.

use super::algorithm::{Algorithm, Encoding, equal, sha256};
use super::signed::MOST_VALUES;
use super::{Refused, Secret, one};
use crate::Request;
use std::collections::{BTreeMap, BTreeSet};

/// What the requests of one account are signed with. A shared key counts under its own name alone, and a token never for one.
#[derive(Debug, Clone, Default)]
pub struct TwilioKeys {
    /// The primary and, while they are changed, the secondary.
    pub auth_tokens: Vec<Secret>,
    /// By the names that Twilio gave them.
    pub shared: BTreeMap<String, Secret>,
}

impl TwilioKeys {
    /// # Errors
    /// The first thing that the request lacks.
    pub fn verify(&self, request: &Request) -> Result<(), Refused> {
        let shown = Shown::of(request)?;
        let Some(Settings { key, algorithm }) = settings(request)? else {
            return shown.is_by(Algorithm::HmacSha1, &self.auth_tokens);
        };
        let key = key.and_then(|name| self.shared.get(name)).ok_or(Refused::Mismatch)?;
        shown.is_by(algorithm, std::slice::from_ref(key))
    }
}

/// Any of the secrets, whatever its name: SHA-1 with the auth token; with a shared key what the settings say.
pub(super) fn verify(secrets: &[Secret], request: &Request) -> Result<(), Refused> {
    let shown = Shown::of(request)?;
    let algorithm = settings(request)?.map_or(Algorithm::HmacSha1, |settings| settings.algorithm);
    shown.is_by(algorithm, secrets)
}

/// The signatures of a request, and all that may have been signed.
struct Shown {
    signatures: Vec<Vec<u8>>,
    texts: Vec<Vec<u8>>,
}

impl Shown {
    fn of(request: &Request) -> Result<Self, Refused> {
        let values = request.values("x-twilio-signature").take(MOST_VALUES);
        let signatures: Vec<Vec<u8>> = values.filter_map(|value| Encoding::Base64.decode(value)).collect();
        if signatures.is_empty() {
            one(request, "x-twilio-signature")?;
            return Err(Refused::Malformed { what: "x-twilio-signature is no base64".to_owned() });
        }
        let fields = if request.is_form() { fields(request.body) } else { body_in_address(request)? };
        let texts = addresses(request.url).map(|address| (address + &fields).into_bytes()).to_vec();
        Ok(Self { signatures, texts })
    }

    fn is_by(&self, algorithm: Algorithm, secrets: &[Secret]) -> Result<(), Refused> {
        let keys = secrets.iter().map(|secret| secret.text().as_bytes().to_vec());
        algorithm.check(keys, &self.texts, &self.signatures)
    }
}

/// What a request that is signed with a shared key says of it.
struct Settings<'a> {
    key: Option<&'a str>,
    algorithm: Algorithm,
}

fn settings<'a>(request: &Request<'a>) -> Result<Option<Settings<'a>>, Refused> {
    const SETTINGS: &str = "x-twilio-webhooks-signature-settings";
    if request.values(SETTINGS).next().is_none() {
        return Ok(None);
    }
    let said = one(request, SETTINGS)?;
    let named = |name: &str| said.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
    let algorithm = match named("algorithm") {
        Some("HMAC_SHA1") => Algorithm::HmacSha1,
        Some("HMAC_SHA256") => Algorithm::HmacSha256,
        _ => return Err(Refused::Malformed { what: format!("{SETTINGS} names no algorithm that is known") }),
    };
    Ok(Some(Settings { key: named("key"), algorithm }))
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
