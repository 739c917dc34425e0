//! What the workers on one database know together of the vendors: which accounts are left alone until when, among how many workers
//! a rate is divided, and who fetches a token.
//!
//! Guarantees: a call asks nobody: what is known is kept here, and is told to the others, and heard of them, by whoever looks after it.
//! A token alone is fetched under a lease, for which nobody waits longer than [`MOMENT`]; where the keeper does not answer, the
//! worker goes by what it knows itself. Tokens never leave the process that fetched them: what is shared is who fetches one, and
//! that it was refused. When the process dies here, its lease ends by itself.

use crate::connectors::{VendorError, hex_key};
use async_trait::async_trait;
use baton_clock::SharedClock;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// Real time that a token of ours waits for another worker's, and for the keeper: a caller may be waiting.
const MOMENT: Duration = Duration::from_millis(300);
/// How soon it is looked again whether the other has its token.
const LOOKS_EVERY: Duration = Duration::from_millis(40);
/// A credential that was refused is not tried again before: only a person mends it.
const REFUSED_FOR: Duration = Duration::from_secs(60);
/// Whose limit is used up, and who does not say for how long.
const LIMITED_FOR: Duration = Duration::from_secs(5);
/// A vendor may ask for a day's rest; whether it means it is seen sooner.
const RESTS_AT_MOST: Duration = Duration::from_secs(15 * 60);

/// Whether a token may be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenTurn {
    Ours,
    /// Another worker fetches one just now.
    Anothers,
    /// It was refused to another worker.
    RefusedUntil(DateTime<Utc>),
    /// Nobody knows.
    Unknown,
}

/// Sees to it that one worker at a time asks for a token of a credential, which is told by its digest.
#[async_trait]
pub trait TokenKeeper: Send + Sync {
    async fn turn(&self, credential: &str) -> TokenTurn;
    /// Our turn is over; `refused_until`: the credential was refused.
    async fn ends(&self, credential: &str, refused_until: Option<DateTime<Utc>>);
}

/// As one worker knows it.
pub struct Fleet {
    keeper: Box<dyn TokenKeeper>,
    clock: SharedClock,
    workers: AtomicU32,
    rests: Mutex<Rests>,
    news: Notify,
}

/// By digest.
type Until = BTreeMap<String, DateTime<Utc>>;

#[derive(Default)]
struct Rests {
    known: Until,
    /// Of those, what the others have not been told.
    untold: Until,
}

impl Fleet {
    /// Of one worker, until others are heard of.
    pub fn new(keeper: impl TokenKeeper + 'static, clock: SharedClock) -> Self {
        let (workers, rests, news) = (AtomicU32::new(1), Mutex::default(), Notify::new());
        Self { keeper: Box::new(keeper), clock, workers, rests, news }
    }

    /// Until when accounts are left alone that this worker has found out itself and has not told.
    pub fn untold(&self) -> BTreeMap<String, DateTime<Utc>> {
        self.held().untold.clone()
    }

    /// Returns once there is something untold.
    pub async fn has_news(&self) {
        self.news.notified().await;
    }

    /// How it stands over all workers, once `told` was told to them.
    pub fn hears(&self, workers: u32, rests: BTreeMap<String, DateTime<Utc>>, told: &BTreeMap<String, DateTime<Utc>>) {
        self.workers.store(workers.max(1), Ordering::Relaxed);
        let now = self.clock.now();
        let mut held = self.held();
        held.untold.retain(|account, until| told.get(account) != Some(until));
        for (account, until) in rests {
            longer(&mut held.known, account, until);
        }
        held.known.retain(|_, until| *until > now);
    }

    fn workers(&self) -> u32 {
        self.workers.load(Ordering::Relaxed)
    }

    fn rests(&self, account: &str) -> Option<Duration> {
        let until = *self.held().known.get(account)?;
        (until - self.clock.now()).to_std().ok().filter(|left| !left.is_zero())
    }

    fn rest(&self, account: String, span: Duration) -> DateTime<Utc> {
        let until = self.clock.now() + span.min(RESTS_AT_MOST);
        let mut held = self.held();
        if longer(&mut held.known, account.clone(), until) {
            held.untold.insert(account, until);
            self.news.notify_one();
        }
        until
    }

    fn held(&self) -> MutexGuard<'_, Rests> {
        self.rests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether that is news.
fn longer(rests: &mut Until, account: String, until: DateTime<Utc>) -> bool {
    let known = rests.entry(account).or_insert(DateTime::<Utc>::MIN_UTC);
    let is_news = *known < until;
    *known = until.max(*known);
    is_news
}

/// A vendor's account among those that the fleet knows of.
pub(super) struct Account {
    fleet: Arc<Fleet>,
    name: String,
}

impl Account {
    /// `name`: vendor, address and whose it is.
    pub(super) fn of(fleet: &Arc<Fleet>, name: String) -> Self {
        Self { fleet: Arc::clone(fleet), name }
    }

    /// Among how many workers its rate is divided.
    pub(super) fn workers(&self) -> u32 {
        self.fleet.workers()
    }

    /// Each operation by itself: vendors limit searches, channels and mailboxes apart from the rest.
    fn limit_of(&self, operation: &str) -> String {
        hex_key(&format!("{} {operation}", self.name))
    }

    /// How long an operation is left alone yet, since its limit is used up.
    pub(super) fn rests(&self, operation: &str) -> Option<Duration> {
        self.fleet.rests(&self.limit_of(operation))
    }

    /// Its limit is used up, for so long if the vendor says so.
    pub(super) fn meets_limit(&self, operation: &str, after: Option<Duration>) {
        self.fleet.rest(self.limit_of(operation), after.unwrap_or(LIMITED_FOR));
    }
}

/// A credential among those that the fleet knows of.
pub(super) struct Credential {
    fleet: Arc<Fleet>,
    vendor: &'static str,
    digest: String,
}

impl Credential {
    /// `name`: who we are at this vendor.
    pub(super) fn of(fleet: &Arc<Fleet>, vendor: &'static str, name: &str) -> Self {
        Self { fleet: Arc::clone(fleet), vendor, digest: hex_key(&format!("{vendor} token {name}")) }
    }

    /// One token, fetched by nobody else at this moment if that can be known in one.
    ///
    /// # Errors
    /// Those of `fetch`; `Reauthenticate` without asking, where it was refused a moment ago.
    pub(super) async fn fetch<T>(
        &self,
        fetch: impl Future<Output = Result<T, VendorError>> + Send,
    ) -> Result<T, VendorError> {
        if self.fleet.rests(&self.digest).is_some() {
            return Err(self.was_refused());
        }
        let is_ours = match self.turn().await {
            TokenTurn::Ours => true,
            TokenTurn::RefusedUntil(until) => {
                longer(&mut self.fleet.held().known, self.digest.clone(), until);
                return Err(self.was_refused());
            }
            TokenTurn::Anothers | TokenTurn::Unknown => false,
        };
        let fetched = fetch.await;
        let refused_until = matches!(fetched, Err(VendorError::Reauthenticate { .. })).then(|| self.meets_refusal());
        if is_ours {
            // Where it takes longer, it is stored by and by, or ends by itself.
            let _ended = timeout(MOMENT, self.fleet.keeper.ends(&self.digest, refused_until)).await;
        }
        fetched
    }

    /// A token that was fetched just now is refused as well.
    pub(super) fn meets_refusal(&self) -> DateTime<Utc> {
        self.fleet.rest(self.digest.clone(), REFUSED_FOR)
    }

    async fn turn(&self) -> TokenTurn {
        let by = Instant::now() + MOMENT;
        loop {
            match timeout_at(by, self.fleet.keeper.turn(&self.digest)).await {
                Ok(TokenTurn::Anothers) if Instant::now() + LOOKS_EVERY < by => sleep(LOOKS_EVERY).await,
                Ok(turn) => return turn,
                Err(_) => return TokenTurn::Unknown,
            }
        }
    }

    fn was_refused(&self) -> VendorError {
        let why = "our credentials were refused a moment ago, and are not tried again yet".to_owned();
        VendorError::Reauthenticate { vendor: self.vendor, why }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_clock::FakeClock;

    /// Answers each question with the next of these, and with the last for ever.
    struct Says(Mutex<Vec<TokenTurn>>, Ends);

    /// Until when it was refused, for each turn that ended.
    type Ends = Arc<Mutex<Vec<Option<DateTime<Utc>>>>>;

    #[async_trait]
    impl TokenKeeper for Says {
        async fn turn(&self, _credential: &str) -> TokenTurn {
            let mut turns = self.0.lock().expect("nothing panics while holding it");
            if turns.len() > 1 { turns.remove(0) } else { turns[0] }
        }
        async fn ends(&self, _credential: &str, refused_until: Option<DateTime<Utc>>) {
            self.1.lock().expect("nothing panics while holding it").push(refused_until);
        }
    }

    fn fleet(turns: &[TokenTurn]) -> (Arc<Fleet>, Ends, Arc<FakeClock>) {
        let (clock, ends) = (FakeClock::new("2026-11-23T09:00:00Z".parse().expect("an instant")), Ends::default());
        let keeper = Says(Mutex::new(turns.to_vec()), Arc::clone(&ends));
        (Arc::new(Fleet::new(keeper, Arc::clone(&clock) as SharedClock)), ends, clock)
    }

    async fn fetches(credential: &Credential, answer: Result<u8, VendorError>) -> Result<u8, &'static str> {
        credential.fetch(async { answer }).await.map_err(|error| error.class())
    }

    fn refusal() -> Result<u8, VendorError> {
        Err(VendorError::Reauthenticate { vendor: "test", why: "revoked".to_owned() })
    }

    #[tokio::test]
    async fn who_has_waited_a_moment_for_another_fetches_beside_it() {
        let (fleet, ends, _) = fleet(&[TokenTurn::Anothers]);
        let (credential, began) = (Credential::of(&fleet, "test", "us"), Instant::now());
        assert_eq!(fetches(&credential, Ok(1)).await, Ok(1));
        assert!(began.elapsed() < 10 * MOMENT && ends.lock().expect("unpoisoned").is_empty(), "no turn to end");
    }

    #[tokio::test]
    async fn a_refusal_is_believed_until_it_is_over_whoever_met_it() {
        let (fleet, ends, clock) = fleet(&[TokenTurn::Anothers, TokenTurn::Ours]);
        let credential = Credential::of(&fleet, "test", "us");
        assert_eq!(fetches(&credential, refusal()).await, Err("reauthenticate"));
        let until = clock_in(&clock, REFUSED_FOR);
        assert_eq!(*ends.lock().expect("unpoisoned"), [Some(until)], "the others are told with the end of our turn");
        assert_eq!(fetches(&credential, Ok(1)).await, Err("reauthenticate"), "not asked again");
        assert_eq!(fetches(&Credential::of(&fleet, "test", "another"), Ok(1)).await, Ok(1));
        clock.advance(REFUSED_FOR);
        assert_eq!(fetches(&credential, Ok(2)).await, Ok(2));

        let (other, _, clock) = self::fleet(&[TokenTurn::RefusedUntil(until)]);
        let credential = Credential::of(&other, "test", "us");
        for _ in 0..2 {
            assert_eq!(fetches(&credential, Ok(1)).await, Err("reauthenticate"), "refused to another worker");
        }
        assert!(other.untold().is_empty(), "they know");
        assert_eq!(clock_in(&clock, REFUSED_FOR), until);
    }

    fn clock_in(clock: &FakeClock, span: Duration) -> DateTime<Utc> {
        baton_clock::Clock::now(clock) + span
    }

    #[test]
    fn what_is_known_is_told_once_and_what_is_heard_counts() {
        let (fleet, _, clock) = fleet(&[TokenTurn::Ours]);
        let account = Account::of(&fleet, "crm https://crm.example us".to_owned());
        assert_eq!((account.workers(), account.rests("find")), (1, None));
        account.meets_limit("find", Some(Duration::from_secs(30)));
        account.meets_limit("find", None);
        assert_eq!(account.rests("find"), Some(Duration::from_secs(30)), "the longer one counts");
        assert_eq!(account.rests("write"), None, "each operation has its own limit");
        let told = fleet.untold();
        assert_eq!(told.len(), 1);
        let elsewhere = BTreeMap::from([(account.limit_of("write"), clock_in(&clock, Duration::from_secs(9)))]);
        fleet.hears(3, elsewhere, &told);
        assert_eq!((account.workers(), account.rests("write")), (3, Some(Duration::from_secs(9))));
        assert!(fleet.untold().is_empty() && account.rests("find").is_some());
        clock.advance(Duration::from_secs(30));
        assert_eq!((account.rests("find"), account.rests("write")), (None, None));
        account.meets_limit("find", Some(Duration::from_secs(86_400)));
        assert_eq!(account.rests("find"), Some(RESTS_AT_MOST));
    }
}
