//! Who asks, and what they may: bearer tokens of `baton.toml` and of the table `token`.
//!
//! Guarantees: the secrets are kept nowhere, only their digests; a token that is given or taken away in the database counts
//! within a second on every running worker. Where no token was ever given, everybody may do everything: `serve` refuses to
//! listen beyond this machine then.

use super::Problem;
use crate::store::{ApiToken, Store, StoreError};
use axum::http::HeaderValue;
use baton_clock::SharedClock;
use baton_core::domain::scope::Scope;
use chrono::TimeDelta;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::time::Duration;
use subtle::ConstantTimeEq;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// How long the tokens of the database are taken to be what they were.
const GOOD_FOR: Duration = Duration::from_secs(1);
/// Reading them takes no longer: what was known before counts then.
const READ_WITHIN: Duration = Duration::from_secs(1);
/// Somebody waits, and something is known.
const READ_AGAIN_WITHIN: Duration = Duration::from_millis(200);
/// How exactly it is noted when a token was last used.
const USE_NOTED_EVERY: TimeDelta = TimeDelta::minutes(1);

/// What the holder of a token may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    /// The token's name, as in `baton.toml` or `baton token list`.
    pub name: String,
    pub scopes: BTreeSet<Scope>,
    /// Events of this source alone, and of what lies below it (`retell`, `retell/eu`, `retell:eu`); `None`: of every source.
    pub source: Option<String>,
}

impl Rights {
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope) || self.scopes.contains(&Scope::Admin)
    }

    /// Whether the holder may bring an event that says it is of this source.
    pub fn may_bring(&self, source: &str) -> bool {
        let Some(own) = &self.source else { return true };
        source.strip_prefix(own.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', ':']))
    }

    /// In lower case: `retell/eu` and `retell:eu` are accounts of one platform.
    pub(super) fn platform_of(source: &str) -> String {
        source.split(['/', ':']).next().unwrap_or(source).to_lowercase()
    }

    /// As the audit names whoever asks.
    pub(super) fn actor(&self) -> String {
        if self.name == Self::NOBODY { self.name.clone() } else { format!("token {}", self.name) }
    }

    /// Who asks where no token was ever given: no token is called so.
    pub const NOBODY: &str = "nobody";

    /// Of everybody, where no token was ever given.
    fn open() -> Self {
        Self { name: Self::NOBODY.to_owned(), scopes: BTreeSet::from([Scope::Admin]), source: None }
    }
}

/// A token of `baton.toml`.
#[derive(Debug, Clone)]
pub struct ConfiguredToken {
    /// SHA-256 of the secret.
    pub digest: [u8; 32],
    pub rights: Rights,
}

/// Digest under which a bearer token is kept.
pub fn token_digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// The same, as it stands in the table.
pub fn token_hash(token: &str) -> String {
    hex(&token_digest(token))
}

fn hex(digest: &[u8; 32]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub struct Keyring {
    configured: Vec<ConfiguredToken>,
    store: Store,
    clock: SharedClock,
    given: Mutex<StoredTokens>,
}

/// The tokens of the database as they were last read.
#[derive(Default)]
struct StoredTokens {
    read_at: Option<Instant>,
    tokens: Vec<ApiToken>,
}

impl Keyring {
    pub fn new(configured: Vec<ConfiguredToken>, store: Store, clock: SharedClock) -> Self {
        Self { configured, store, clock, given: Mutex::default() }
    }

    /// What whoever sent this header may do.
    ///
    /// # Errors
    /// No token, or none that is good.
    pub async fn rights(&self, authorization: Option<&HeaderValue>) -> Result<Rights, Problem> {
        let presented = authorization.and_then(|value| bearer(value.to_str().ok()?));
        if let Some(rights) = presented.and_then(|token| self.configured(token)) {
            return Ok(rights);
        }
        let mut given = self.given.lock().await;
        self.refresh(&mut given).await.map_err(|error| Problem::ours(&error))?;
        if self.configured.is_empty() && given.tokens.is_empty() {
            return Ok(Rights::open());
        }
        let Some(token) = presented else {
            let detail = "a token is needed: send the header `Authorization: Bearer …` with one of [http.tokens] or \
                          of baton token add";
            return Err(Problem::unauthorized(detail, authorization.is_some()));
        };
        let hash = token_hash(token);
        let found = given.tokens.iter_mut().find(|known| bool::from(known.hash.as_bytes().ct_eq(hash.as_bytes())));
        let known = found.ok_or_else(|| Problem::unauthorized("this token is not known here", true))?;
        self.good(known)
    }

    /// What whoever came with a token may do now, by its [`token_hash`]; `None`: they came where no token was ever given.
    ///
    /// # Errors
    /// It is not, or no longer, good.
    pub(super) async fn rights_again(&self, hash: Option<&str>) -> Result<Rights, Problem> {
        let Some(hash) = hash else { return self.rights(None).await };
        let is_it = |known: &str| bool::from(known.as_bytes().ct_eq(hash.as_bytes()));
        if let Some(key) = self.configured.iter().find(|key| is_it(&hex(&key.digest))) {
            return Ok(key.rights.clone());
        }
        let mut given = self.given.lock().await;
        self.refresh(&mut given).await.map_err(|error| Problem::ours(&error))?;
        let known = given.tokens.iter_mut().find(|known| is_it(&known.hash));
        self.good(known.ok_or_else(|| Problem::unauthorized("this token is not known here any more", true))?)
    }

    /// Every token is compared, in constant time each.
    fn configured(&self, token: &str) -> Option<Rights> {
        let digest = token_digest(token);
        let compare = |found, key: &ConfiguredToken| {
            if bool::from(key.digest.ct_eq(&digest)) { Some(key.rights.clone()) } else { found }
        };
        self.configured.iter().fold(None, compare)
    }

    async fn refresh(&self, given: &mut StoredTokens) -> Result<(), StoreError> {
        if given.read_at.is_some_and(|read_at| read_at.elapsed() < GOOD_FOR) {
            return Ok(());
        }
        let within = if given.read_at.is_some() { READ_AGAIN_WITHIN } else { READ_WITHIN };
        let read = timeout(within, self.store.tokens()).await.unwrap_or(Err(StoreError::Stopped));
        match (read, given.read_at) {
            (Ok(tokens), _) => given.tokens = tokens,
            (Err(error), None) => return Err(error),
            (Err(error), Some(_)) => tracing::warn!(%error, "the tokens could not be read: those known before count"),
        }
        given.read_at = Some(Instant::now());
        Ok(())
    }

    /// What a token of the database allows, if it is still good; that it was used is noted.
    fn good(&self, token: &mut ApiToken) -> Result<Rights, Problem> {
        let now = self.clock.now();
        let ended = match (token.revoked_at, token.expires_at) {
            (Some(at), _) => Some(("was revoked", at)),
            (None, Some(at)) if at <= now => Some(("expired", at)),
            (None, _) => None,
        };
        if let Some((how, at)) = ended {
            let detail = format!("the token {:?} {how} at {}: ask for another one", token.id, at.format("%FT%TZ"));
            return Err(Problem::unauthorized(detail, true));
        }
        if token.last_used_at.is_none_or(|at| now - at >= USE_NOTED_EVERY) {
            token.last_used_at = Some(now);
            let (store, id) = (self.store.clone(), token.id.clone());
            tokio::spawn(async move {
                let noted = store.write("token.used", move |tx| {
                    let id = id.clone();
                    Box::pin(async move { tx.token_used(&id, now).await })
                });
                if let Err(error) = noted.await {
                    tracing::debug!(%error, "the use of a token could not be noted");
                }
            });
        }
        // A scope of a newer version allows nothing here.
        let scopes = token.scopes.iter().filter_map(|scope| scope.parse().ok()).collect();
        Ok(Rights { name: token.id.clone(), scopes, source: token.source.clone() })
    }
}

/// The token of an `Authorization` header. The scheme may be written in any case.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_may_be_written_in_any_case_and_a_token_is_never_empty() {
        for header in ["Bearer abc", "bearer abc", "BEARER  abc ", " bEaReR abc"] {
            assert_eq!(bearer(header), Some("abc"), "{header:?}");
        }
        for header in ["", "abc", "Bearer", "Bearer ", "Basic abc", "Bearerabc"] {
            assert_eq!(bearer(header), None, "{header:?}");
        }
    }

    #[test]
    fn a_token_of_one_source_speaks_for_no_other() {
        let mut rights = Rights { source: Some("retell".to_owned()), ..Rights::open() };
        for (source, may) in [
            ("retell", true),
            ("retell/eu", true),
            ("retell:eu", true),
            ("retell2", false),
            ("vapi", false),
            ("", false),
        ] {
            assert_eq!(rights.may_bring(source), may, "{source:?}");
        }
        rights.source = None;
        assert!(rights.may_bring("vapi"));
    }

    #[test]
    fn no_scope_brings_another_with_it_but_admin() {
        for held in Scope::ALL {
            let rights = Rights { scopes: BTreeSet::from([held]), ..Rights::open() };
            for asked in Scope::ALL {
                assert_eq!(rights.may(asked), held == asked || held == Scope::Admin, "{held} for {asked}");
            }
        }
    }
}
