//! Access tokens that are fetched once for everybody in this process, and by one worker at a time.

use super::fleet::{Credential, Fleet};
use super::secret::Secret;
use crate::connectors::VendorError;
use async_trait::async_trait;
use baton_clock::SharedClock;
use chrono::{DateTime, Utc};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::sync::Mutex;
use url::Url;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VendorToken {
    pub secret: Secret,
    /// `None`: the vendor does not say; the token is used until it is refused.
    pub expires_at: Option<DateTime<Utc>>,
    /// Where calls with this token go, if not to the configured address. Whoever sets it has checked the host.
    pub base: Option<Url>,
    /// The vendor's id of the user that acts with it, if the answer named one: tells our own changes from a person's.
    pub acts_as: Option<String>,
}

/// Fetches a new token from the vendor.
#[async_trait]
pub trait TokenSource: Send + Sync {
    async fn fetch(&self) -> Result<VendorToken, VendorError>;
    /// The vendor, and who we are there: what is refused to one worker is refused to all that say the same. `None`: each worker has
    /// a credential of its own.
    fn credential(&self) -> Option<(&'static str, String)> {
        None
    }
}

/// Holds one token. However many callers need a new one, it is fetched once, and the others wait for it: two refreshes
/// at a time make some vendors revoke both. Once it has [joined](Self::joins) a fleet, that holds for all its workers, and what was
/// refused is not asked for again for a minute.
pub struct TokenCache {
    source: Box<dyn TokenSource>,
    clock: SharedClock,
    /// What the last fetch brought; `None` before the first, and after a refusal.
    held: Mutex<Option<Result<Arc<VendorToken>, VendorError>>>,
    /// Fetches so far; who finds it moved after waiting shares the outcome, good or bad.
    fetches: AtomicU64,
    credential: OnceLock<Credential>,
}

impl TokenCache {
    pub fn new(source: impl TokenSource + 'static, clock: SharedClock) -> Self {
        let (held, fetches) = (Mutex::default(), AtomicU64::new(0));
        Self { source: Box::new(source), clock, held, fetches, credential: OnceLock::new() }
    }

    /// From now on no other worker of the fleet asks for a token of this credential at the same moment.
    pub fn joins(&self, fleet: &Arc<Fleet>) {
        if let Some((vendor, name)) = self.source.credential() {
            let _joined = self.credential.get_or_init(|| Credential::of(fleet, vendor, &name));
        }
    }

    /// # Errors
    /// The source's, also for those who waited meanwhile.
    pub async fn get(&self) -> Result<Arc<VendorToken>, VendorError> {
        let seen = self.fetches.load(Ordering::Acquire);
        let mut held = self.held.lock().await;
        match &*held {
            Some(Ok(token)) if self.is_current(token) => return Ok(Arc::clone(token)),
            Some(Err(failure)) if self.fetches.load(Ordering::Acquire) != seen => return Err(failure.clone()),
            _ => {}
        }
        let fetched = match self.credential.get() {
            Some(credential) => credential.fetch(self.source.fetch()).await,
            None => self.source.fetch().await,
        };
        let fetched = fetched.map(Arc::new);
        self.fetches.fetch_add(1, Ordering::Release);
        *held = Some(fetched.clone());
        fetched
    }

    /// Forgets this token after a refusal; a newer one that somebody else fetched meanwhile stays.
    pub async fn invalidate(&self, token: &VendorToken) {
        let mut held = self.held.lock().await;
        if matches!(&*held, Some(Ok(current)) if **current == *token) {
            *held = None;
        }
    }

    /// The same for one that was fetched just now: the credential itself is worth nothing.
    pub(super) async fn refuse(&self, token: &VendorToken) {
        if let Some(credential) = self.credential.get() {
            credential.meets_refusal();
            self.invalidate(token).await;
        }
    }

    fn is_current(&self, token: &VendorToken) -> bool {
        token.expires_at.is_none_or(|at| at > self.clock.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_clock::FakeClock;
    use std::time::Duration;

    /// Counts its fetches; the first `failing` ones fail.
    struct Counting {
        fetched: Arc<AtomicU64>,
        failing: u64,
        clock: Arc<FakeClock>,
    }

    #[async_trait]
    impl TokenSource for Counting {
        async fn fetch(&self) -> Result<VendorToken, VendorError> {
            let count = self.fetched.fetch_add(1, Ordering::SeqCst) + 1;
            tokio::task::yield_now().await;
            if count <= self.failing {
                return Err(VendorError::Reauthenticate { vendor: "test", why: "no".to_owned() });
            }
            let expires_at = Some(baton_clock::Clock::now(&*self.clock) + chrono::TimeDelta::minutes(30));
            Ok(VendorToken { secret: Secret::new(format!("t{count}")), expires_at, base: None, acts_as: None })
        }
    }

    fn cache(failing: u64) -> (TokenCache, Arc<AtomicU64>, Arc<FakeClock>) {
        let (fetched, clock) = (Arc::<AtomicU64>::default(), FakeClock::new("2026-11-23T09:00:00Z".parse().unwrap()));
        let source = Counting { fetched: Arc::clone(&fetched), failing, clock: Arc::clone(&clock) };
        (TokenCache::new(source, Arc::clone(&clock) as SharedClock), fetched, clock)
    }

    #[tokio::test]
    async fn many_at_once_fetch_one_token() {
        let (cache, _, clock) = cache(0);
        let all = futures_util::future::join_all((0..20).map(|_| cache.get())).await;
        assert!(all.iter().all(|token| token.as_ref().unwrap().secret.expose() == "t1"));

        cache.invalidate(all[0].as_ref().unwrap()).await;
        assert_eq!(cache.get().await.unwrap().secret.expose(), "t2");
        cache.invalidate(all[0].as_ref().unwrap()).await;
        assert_eq!(cache.get().await.unwrap().secret.expose(), "t2", "an old refusal does not drop the new token");

        clock.advance(Duration::from_secs(31 * 60));
        assert_eq!(cache.get().await.unwrap().secret.expose(), "t3");
    }

    #[tokio::test]
    async fn a_failure_is_shared_by_those_who_waited_and_no_longer() {
        let (cache, fetched, _) = cache(1);
        let all = futures_util::future::join_all((0..5).map(|_| cache.get())).await;
        assert!(all.iter().all(Result::is_err));
        assert_eq!(fetched.load(Ordering::SeqCst), 1);
        assert!(cache.get().await.is_ok());
    }
}
