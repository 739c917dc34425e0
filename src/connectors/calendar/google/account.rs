//! The service account: signs an assertion per user, and gets a token for it.
//!
//! Domain-wide delegation lets it act in the name of any user of the customer's domain, so each token is of one user, and for free
//! and busy times and events alone: whoever books a meeting needs both. When the process dies, tokens are simply fetched anew.

use super::wire::VENDOR;
use crate::connectors::VendorError;
use crate::connectors::http::{
    Answer, ApiCall, Does, Fleet, Limits, NoToken, Secret, TokenCache, TokenSource, VendorHttp, VendorToken, by_status,
    issued_token,
};
use async_trait::async_trait;
use baton_clock::SharedClock;
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Method;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

/// How long an assertion is good for; Google allows an hour. Short, as it is used at once.
const ASSERTION_TTL: TimeDelta = TimeDelta::minutes(10);
/// Our clock may be this much ahead of Google's, which refuses assertions from the future.
const CLOCK_SKEW: TimeDelta = TimeDelta::seconds(30);

/// What a token may be used for.
const SCOPES: &str =
    "https://www.googleapis.com/auth/calendar.freebusy https://www.googleapis.com/auth/calendar.events";

/// One token per user, fetched once however many need it. Grows to the number of reps.
pub(super) struct Accounts {
    account: Arc<ServiceAccount>,
    caches: Mutex<BTreeMap<Option<String>, Arc<TokenCache>>>,
    fleet: OnceLock<Arc<Fleet>>,
}

struct ServiceAccount {
    http: VendorHttp,
    /// The address of the token service: also the audience of every assertion.
    audience: String,
    email: String,
    key: EncodingKey,
    clock: SharedClock,
}

impl Accounts {
    /// # Errors
    /// `NeedsPerson` if the address is none or the key is no RSA key in PEM.
    pub(super) fn new(
        token_url: &str,
        client_email: &str,
        private_key_pem: &Secret,
        limits: Limits,
        clock: SharedClock,
    ) -> Result<Self, VendorError> {
        let key = EncodingKey::from_rsa_pem(private_key_pem.expose().as_bytes()).map_err(|error| {
            let why = format!("the private key is no RSA key in PEM (\"-----BEGIN PRIVATE KEY-----\"): {error}");
            VendorError::needs_person(VENDOR, why)
        })?;
        let http = VendorHttp::new(VENDOR, token_url, limits)?;
        let (audience, email) = (token_url.to_owned(), client_email.to_owned());
        let account = Arc::new(ServiceAccount { http, audience, email, key, clock });
        Ok(Self { account, caches: Mutex::default(), fleet: OnceLock::new() })
    }

    /// Of the service account itself.
    pub(super) fn email(&self) -> &str {
        &self.account.email
    }

    /// For all tokens of which none was asked for yet.
    pub(super) fn joins(&self, fleet: &Arc<Fleet>) {
        let _joined = self.fleet.get_or_init(|| Arc::clone(fleet));
    }

    /// `None`: in the account's own name.
    pub(super) fn of(&self, user: Option<&str>) -> Arc<TokenCache> {
        let mut caches = self.caches.lock().expect("nothing panics while holding the caches");
        let cache = caches.entry(user.map(str::to_owned)).or_insert_with(|| {
            let grant = ServiceAccountGrant { account: Arc::clone(&self.account), user: user.map(str::to_owned) };
            let cache = TokenCache::new(grant, Arc::clone(&self.account.clock));
            if let Some(fleet) = self.fleet.get() {
                cache.joins(fleet);
            }
            Arc::new(cache)
        });
        Arc::clone(cache)
    }
}

struct ServiceAccountGrant {
    account: Arc<ServiceAccount>,
    user: Option<String>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
    scope: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
}

impl ServiceAccountGrant {
    fn assertion(&self, now: DateTime<Utc>) -> Result<String, VendorError> {
        let issued_at = now - CLOCK_SKEW;
        let claims = Claims {
            iss: &self.account.email,
            sub: self.user.as_deref(),
            scope: SCOPES,
            aud: &self.account.audience,
            iat: issued_at.timestamp(),
            exp: (issued_at + ASSERTION_TTL).timestamp(),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &self.account.key)
            .map_err(|error| VendorError::needs_person(VENDOR, format!("the private key does not sign: {error}")))
    }
}

#[async_trait]
impl TokenSource for ServiceAccountGrant {
    async fn fetch(&self) -> Result<VendorToken, VendorError> {
        let now = self.account.clock.now();
        let call = ApiCall::new("token", Does::Read, Method::POST, &[]).form(vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer".to_owned()),
            ("assertion", self.assertion(now)?),
        ]);
        let answer = self.account.http.send(&call).await?;
        if !answer.is_success() {
            return Err(refusal(&answer));
        }
        issued_token(VENDOR, &answer, now)
    }

    fn credential(&self) -> Option<(&'static str, String)> {
        let ServiceAccount { audience, email, .. } = &*self.account;
        let user = self.user.as_deref().unwrap_or_default();
        Some((VENDOR, format!("{audience} {email} {user}")))
    }
}

/// Google answers 400 or 401 with the OAuth error; anything else is the service's own trouble.
fn refusal(answer: &Answer) -> VendorError {
    let Some(refusal) = NoToken::of(answer) else { return by_status(VENDOR, answer) };
    let hint = match refusal.error.as_str() {
        "unauthorized_client" => "; delegate the scopes to the service account in the admin console",
        "invalid_grant" => "; check that the user exists in the domain and that this machine's clock is right",
        _ => "",
    };
    VendorError::Reauthenticate { vendor: VENDOR, why: refusal.why(answer, hint) }
}
