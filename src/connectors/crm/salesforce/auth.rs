//! Access tokens of Salesforce: JWT bearer or client credentials, both by one form post.

use super::errors::{VENDOR, read};
use crate::connectors::VendorError;
use crate::connectors::http::{Answer, ApiCall, Does, Secret, TokenSource, VendorHttp, VendorToken, by_status};
use async_trait::async_trait;
use baton_clock::SharedClock;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use url::Url;

/// Life of an assertion. The documentation says three minutes at most, newer pages five; skewed clocks are the commonest
/// failure, so it is neither long nor tight.
const ASSERTION_S: i64 = 120;
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// Neither way has a refresh token, which two workers could use at once and so have revoked.
#[derive(Debug, Clone)]
pub enum SalesforceAuth {
    JwtBearer {
        consumer_key: String,
        username: String,
        /// PKCS#1 or PKCS#8; its certificate is in the External Client App.
        private_key_pem: Secret,
        /// `https://login.salesforce.com` or `https://test.salesforce.com`, never the My Domain.
        audience: String,
    },
    ClientCredentials {
        client_id: String,
        client_secret: Secret,
    },
}

pub(super) struct TokenRequests {
    http: Arc<VendorHttp>,
    grant: OauthGrant,
    clock: SharedClock,
}

enum OauthGrant {
    JwtBearer { consumer_key: String, username: String, key: EncodingKey, audience: String },
    ClientCredentials { client_id: String, client_secret: Secret },
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: i64,
}

/// There is no `expires_in`: a session lives as long as the org says and is renewed by use.
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    instance_url: String,
    /// `https://login.salesforce.com/id/ORG/USER`.
    id: String,
}

#[derive(Deserialize)]
struct OAuthError {
    error: String,
    error_description: String,
}

impl TokenRequests {
    pub(super) fn new(http: Arc<VendorHttp>, auth: SalesforceAuth, clock: SharedClock) -> Result<Self, VendorError> {
        let grant = match auth {
            SalesforceAuth::ClientCredentials { client_id, client_secret } => {
                OauthGrant::ClientCredentials { client_id, client_secret }
            }
            SalesforceAuth::JwtBearer { consumer_key, username, private_key_pem, audience } => {
                let key = EncodingKey::from_rsa_pem(private_key_pem.expose().as_bytes()).map_err(|error| {
                    VendorError::needs_person(VENDOR, format!("the private key is not an RSA key in PEM: {error}"))
                })?;
                OauthGrant::JwtBearer { consumer_key, username, key, audience }
            }
        };
        Ok(Self { http, grant, clock })
    }

    fn form(&self) -> Result<Vec<(&'static str, String)>, VendorError> {
        match &self.grant {
            OauthGrant::ClientCredentials { client_id, client_secret } => Ok(vec![
                ("grant_type", "client_credentials".to_owned()),
                ("client_id", client_id.clone()),
                ("client_secret", client_secret.expose().to_owned()),
            ]),
            OauthGrant::JwtBearer { consumer_key, username, key, audience } => {
                let exp = self.clock.now().timestamp() + ASSERTION_S;
                let claims = Claims { iss: consumer_key, sub: username, aud: audience, exp };
                let assertion =
                    jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, key).map_err(|error| {
                        VendorError::needs_person(VENDOR, format!("the private key cannot sign: {error}"))
                    })?;
                Ok(vec![("grant_type", JWT_BEARER.to_owned()), ("assertion", assertion)])
            }
        }
    }
}

#[async_trait]
impl TokenSource for TokenRequests {
    async fn fetch(&self) -> Result<VendorToken, VendorError> {
        // A second token does no harm, so this counts as a read: a lost answer is repeated.
        let call = ApiCall::new("token", Does::Read, Method::POST, &["services", "oauth2", "token"]).form(self.form()?);
        let answer = self.http.send(&call).await?;
        if !answer.is_success() {
            return Err(refused(&answer));
        }
        let token: TokenAnswer = read(&answer)?;
        let base = instance(self.http.base(), &token.instance_url)?;
        let acts_as = token.id.rsplit('/').next().map(str::to_owned);
        Ok(VendorToken { secret: Secret::new(token.access_token), expires_at: None, base, acts_as })
    }

    fn credential(&self) -> Option<(&'static str, String)> {
        let base = self.http.base();
        let name = match &self.grant {
            OauthGrant::JwtBearer { consumer_key, username, .. } => format!("{base} {consumer_key} {username}"),
            OauthGrant::ClientCredentials { client_id, .. } => format!("{base} {client_id}"),
        };
        Some((VENDOR, name))
    }
}

/// `invalid_grant` with "user hasn't approved this consumer" (the admin must pre-authorise the app), "audience is
/// invalid", `inactive_user`, `invalid_client_id` …: all for a person, save the limit on logins.
fn refused(answer: &Answer) -> VendorError {
    let Ok(OAuthError { error, error_description }) = answer.read() else { return by_status(VENDOR, answer) };
    let why = answer.quote(&format!("{error}: {error_description}"));
    match error.as_str() {
        "rate_limit_exceeded" => VendorError::RateLimited { vendor: VENDOR, why, after: None },
        "server_error" | "temporarily_unavailable" => VendorError::retry(VENDOR, why),
        _ => VendorError::Reauthenticate { vendor: VENDOR, why },
    }
}

/// Where calls go. An answer may name another host of Salesforce (`login.` hands over to the org's own), and only over
/// TLS; from any other configured address, such as a proxy's, calls stay there.
fn instance(base: &Url, named: &str) -> Result<Option<Url>, VendorError> {
    let is_salesforce =
        |url: &Url| url.scheme() == "https" && url.host_str().is_some_and(|host| host.ends_with(".salesforce.com"));
    if !is_salesforce(base) {
        return Ok(None);
    }
    match Url::parse(named) {
        Ok(url) if is_salesforce(&url) => Ok(Some(url)),
        _ => Err(VendorError::Reauthenticate {
            vendor: VENDOR,
            why: "the token's instance_url is not a host of salesforce.com; nothing was sent there".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_follow_the_token_within_salesforce_only() {
        let at = |base: &str, named: &str| instance(&Url::parse(base).unwrap(), named);
        let own = Url::parse("https://acme.my.salesforce.com").unwrap();
        assert_eq!(at("https://login.salesforce.com", "https://acme.my.salesforce.com"), Ok(Some(own)));
        assert_eq!(at("http://127.0.0.1:1234", "https://acme.my.salesforce.com"), Ok(None));
        for foreign in [
            "https://salesforce.com.evil.example",
            "https://evilsalesforce.com",
            "http://acme.my.salesforce.com",
            "https://169.254.169.254",
            "not an address",
        ] {
            assert!(at("https://login.salesforce.com", foreign).is_err(), "{foreign}");
        }
    }
}
