//! The app's own token (client credentials): proven by a secret or, better, by a certificate's key.
//!
//! One token serves every mailbox, for about an hour; there is no refresh token that two workers could use up. When the process
//! dies, another is fetched.

use super::wire::VENDOR;
use crate::connectors::VendorError;
use crate::connectors::hex_key;
use crate::connectors::http::{
    Answer, ApiCall, Does, Limits, NoToken, Secret, TokenSource, VendorHttp, VendorToken, by_status, issued_token,
};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use baton_clock::SharedClock;
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::Url;

/// How long an assertion is good for. Used at once.
const ASSERTION_TTL: TimeDelta = TimeDelta::minutes(10);
/// Our clock may be this much ahead of Microsoft's.
const CLOCK_SKEW: TimeDelta = TimeDelta::seconds(30);
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Hosts of Graph, by their ends; for any other address, such as a proxy's, tokens are asked for the first.
const CLOUDS: [&str; 3] = ["graph.microsoft.com", "graph.microsoft.us", ".chinacloudapi.cn"];

/// What proves that we are the app.
#[derive(Debug, Clone)]
pub enum GraphCredential {
    Secret(Secret),
    /// PEM: the certificate that was uploaded, and its RSA private key, in any order.
    Certificate(Secret),
}

pub(super) struct Login {
    http: VendorHttp,
    tenant: String,
    client_id: String,
    scope: String,
    proof: Proof,
    clock: SharedClock,
}

enum Proof {
    Secret(Secret),
    Key {
        key: EncodingKey,
        /// Of the certificate: SHA-256 of its DER, in base64url.
        thumbprint: String,
        audience: String,
    },
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    jti: String,
    nbf: i64,
    exp: i64,
}

impl Login {
    /// # Errors
    /// `NeedsPerson` if the address is none, or the certificate or its key is not in PEM.
    pub(super) fn new(
        (login_url, base_url): (&str, &str),
        (tenant, client_id): (&str, &str),
        credential: &GraphCredential,
        limits: Limits,
        clock: SharedClock,
    ) -> Result<Self, VendorError> {
        let http = VendorHttp::new(VENDOR, login_url, limits)?;
        let proof = match credential {
            GraphCredential::Secret(secret) => Proof::Secret(secret.clone()),
            GraphCredential::Certificate(pem) => {
                let audience = format!("{}/{tenant}/oauth2/v2.0/token", login_url.trim_end_matches('/'));
                Proof::Key { key: key(pem.expose())?, thumbprint: thumbprint(pem.expose())?, audience }
            }
        };
        let (tenant, client_id, scope) = (tenant.to_owned(), client_id.to_owned(), scope(base_url));
        Ok(Self { http, tenant, client_id, scope, proof, clock })
    }

    fn proof(&self, now: DateTime<Utc>) -> Result<Vec<(&'static str, String)>, VendorError> {
        match &self.proof {
            Proof::Secret(secret) => Ok(vec![("client_secret", secret.expose().to_owned())]),
            Proof::Key { key, thumbprint, audience } => {
                let header = Header { x5t_s256: Some(thumbprint.clone()), ..Header::new(Algorithm::PS256) };
                let valid_from = now - CLOCK_SKEW;
                let claims = Claims {
                    iss: &self.client_id,
                    sub: &self.client_id,
                    aud: audience,
                    jti: hex_key(&format!("{}/{now:?}", self.client_id)),
                    nbf: valid_from.timestamp(),
                    exp: (valid_from + ASSERTION_TTL).timestamp(),
                };
                let assertion = jsonwebtoken::encode(&header, &claims, key).map_err(|error| {
                    VendorError::needs_person(VENDOR, format!("the certificate's key does not sign: {error}"))
                })?;
                Ok(vec![("client_assertion_type", ASSERTION_TYPE.to_owned()), ("client_assertion", assertion)])
            }
        }
    }
}

#[async_trait]
impl TokenSource for Login {
    async fn fetch(&self) -> Result<VendorToken, VendorError> {
        let now = self.clock.now();
        let mut form = vec![
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", self.client_id.clone()),
            ("scope", self.scope.clone()),
        ];
        form.extend(self.proof(now)?);
        let path = [self.tenant.as_str(), "oauth2", "v2.0", "token"];
        // A second token does no harm: a lost answer is repeated like that of a read.
        let call = ApiCall::new("token", Does::Read, Method::POST, &path).form(form);
        let answer = self.http.send(&call).await?;
        if !answer.is_success() {
            return Err(refusal(&answer));
        }
        issued_token(VENDOR, &answer, now)
    }

    fn credential(&self) -> Option<(&'static str, String)> {
        let Self { http, tenant, client_id, scope, .. } = self;
        Some((VENDOR, format!("{} {tenant} {client_id} {scope}", http.base())))
    }
}

/// The application permissions that a token names; `None` where it is no token that can be looked into.
pub(super) fn roles(token: &Secret) -> Option<Vec<String>> {
    #[derive(Deserialize)]
    struct Granted {
        #[serde(default)]
        roles: Vec<String>,
    }
    let claims = URL_SAFE_NO_PAD.decode(token.expose().split('.').nth(1)?).ok()?;
    serde_json::from_slice::<Granted>(&claims).ok().map(|granted| granted.roles)
}

/// The codes are Microsoft's, of which hundreds exist; these are met by whoever sets it up.
fn refusal(answer: &Answer) -> VendorError {
    let Some(refusal) = NoToken::of(answer) else { return by_status(VENDOR, answer) };
    let said = |code: &str| refusal.error_description.contains(code);
    let hint = if said("AADSTS7000215") {
        "; client_secret is the secret's value, not its id"
    } else if said("AADSTS7000222") {
        "; the secret has expired: make a new one under Certificates & secrets"
    } else if said("AADSTS700016") {
        "; no app of this client_id is in the tenant: compare both with the app's overview"
    } else if said("AADSTS90002") || said("AADSTS900023") {
        "; there is no such tenant: compare it with the Directory (tenant) ID of the app's overview"
    } else if said("AADSTS700027") {
        "; upload the certificate under Certificates & secrets, and check that this machine's clock is right"
    } else {
        ""
    };
    let why = refusal.why(answer, hint);
    match refusal.error.as_str() {
        "temporarily_unavailable" | "server_error" => VendorError::retry(VENDOR, why),
        _ => VendorError::Reauthenticate { vendor: VENDOR, why },
    }
}

fn scope(base_url: &str) -> String {
    let host = Url::parse(base_url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    let host = if CLOUDS.iter().any(|cloud| host.ends_with(cloud)) { host.as_str() } else { CLOUDS[0] };
    format!("https://{host}/.default")
}

/// The first block of this kind, its marks included.
fn block<'p>(pem: &'p str, kind: &str) -> Option<&'p str> {
    let (begin, end) = (format!("-----BEGIN {kind}-----"), format!("-----END {kind}-----"));
    let from = pem.find(&begin)?;
    let until = from + pem[from..].find(&end)? + end.len();
    Some(&pem[from..until])
}

fn key(pem: &str) -> Result<EncodingKey, VendorError> {
    let refused = |why: String| VendorError::needs_person(VENDOR, why);
    let found = block(pem, "PRIVATE KEY").or_else(|| block(pem, "RSA PRIVATE KEY"));
    let found = found.ok_or_else(|| {
        refused(
            "the certificate comes without its key: put \"-----BEGIN PRIVATE KEY-----…\" into the same file".to_owned(),
        )
    })?;
    EncodingKey::from_rsa_pem(found.as_bytes())
        .map_err(|error| refused(format!("the certificate's key is no RSA key in PEM: {error}")))
}

fn thumbprint(pem: &str) -> Result<String, VendorError> {
    let body = block(pem, "CERTIFICATE").and_then(|block| {
        let lines = block.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
        STANDARD.decode(lines.collect::<String>()).ok()
    });
    let der = body.ok_or_else(|| {
        let why =
            "there is no certificate in PEM beside the key: put \"-----BEGIN CERTIFICATE-----…\" into the same file";
        VendorError::needs_person(VENDOR, why)
    })?;
    Ok(URL_SAFE_NO_PAD.encode(Sha256::digest(&der)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CERTIFICATE: &str = include_str!("../../../../fixtures/vendors/microsoft-graph/sandbox_certificate.pem");

    #[test]
    fn a_certificate_is_named_by_its_thumbprint() {
        // `openssl x509 -outform der | openssl dgst -sha256 -binary | basenc --base64url`, without the padding.
        assert_eq!(thumbprint(CERTIFICATE).unwrap(), "i8nt2QhBC6Nvp_h3MVLmk7aWEp2XH7gc2AgoK_76KHs");
        let error = thumbprint("-----BEGIN PRIVATE KEY-----").unwrap_err().to_string();
        assert!(error.contains("BEGIN CERTIFICATE"), "{error}");
        let Err(error) = key(CERTIFICATE) else { panic!("there is no key in it") };
        assert!(error.to_string().contains("without its key"), "{error}");
    }

    #[test]
    fn tokens_are_asked_for_the_cloud_that_calls_go_to() {
        for (base, expected) in [
            ("https://graph.microsoft.com", "https://graph.microsoft.com/.default"),
            ("https://dod-graph.microsoft.us", "https://dod-graph.microsoft.us/.default"),
            ("https://microsoftgraph.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn/.default"),
            ("http://127.0.0.1:8080", "https://graph.microsoft.com/.default"),
        ] {
            assert_eq!(scope(base), expected);
        }
    }

    #[test]
    fn permissions_are_read_from_the_token() {
        let token = |claims: &str| Secret::new(format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims)));
        let named = roles(&token("{\"roles\":[\"Calendars.ReadWrite\"],\"tid\":\"t\"}"));
        assert_eq!(named, Some(vec!["Calendars.ReadWrite".to_owned()]));
        assert_eq!(roles(&token("{\"tid\":\"t\"}")), Some(vec![]), "none was granted");
        assert_eq!(roles(&Secret::new("EwB4A8l6BAAU")), None, "nothing can be seen of it");
    }
}
