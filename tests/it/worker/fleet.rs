//! Workers that share what they know of the vendors: one of them at a time asks for a token, and a limit that one has met is kept by
//! the others.

use crate::eventually::eventually;
use crate::store::server::{Db, tests};
use crate::store::tx::writes;
use crate::store::world::later;
use crate::town;
use async_trait::async_trait;
use baton::app::Running;
use baton::app::stage::StandIns;
use baton::connectors::http::{Fleet, Secret, TokenCache, TokenSource, VendorToken};
use baton::connectors::{AccountKeys, Card, Chat, Crm, CrmLead, CrmRef, VendorError};
use baton::outbox::Vendors;
use baton::store::TokenLease;
use baton_clock::{Clock, ScaledClock, SharedClock};
use baton_core::domain::account::Records;
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::effect::Class;
use baton_sandbox::Fault;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tempfile::TempDir;

/// Where a CRM gives tokens out: how often it was asked, and by how many at once. A token is good for one call.
#[derive(Default)]
struct TokenService {
    asked: AtomicUsize,
    under_way: AtomicUsize,
    most: AtomicUsize,
    refuses: AtomicBool,
}

struct Grant {
    service: Arc<TokenService>,
    clock: SharedClock,
}

#[async_trait]
impl TokenSource for Grant {
    async fn fetch(&self) -> Result<VendorToken, VendorError> {
        let TokenService { asked, under_way, most, refuses } = &*self.service;
        asked.fetch_add(1, Ordering::SeqCst);
        most.fetch_max(under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(40)).await;
        under_way.fetch_sub(1, Ordering::SeqCst);
        if refuses.load(Ordering::SeqCst) {
            return Err(VendorError::Reauthenticate { vendor: "crm", why: "invalid_grant".to_owned() });
        }
        let expires_at = Some(self.clock.now());
        Ok(VendorToken { secret: Secret::new("good once"), expires_at, base: None, acts_as: None })
    }

    fn credential(&self) -> Option<(&'static str, String)> {
        Some(("crm", "town".to_owned()))
    }
}

/// A CRM that needs a token for whatever it is asked, and knows nobody.
struct Client(TokenCache);

#[async_trait]
impl Crm for Client {
    fn vendor(&self) -> &'static str {
        "crm"
    }
    fn joins(&self, fleet: &Arc<Fleet>) {
        self.0.joins(fleet);
    }
    async fn find(&self, _keys: &AccountKeys) -> Result<Records, VendorError> {
        self.0.get().await.map(|_token| Records::default())
    }
    async fn write_lead(&self, _lead: &CrmLead) -> Result<CrmRef, VendorError> {
        Err(VendorError::needs_person("crm", "nothing is written here"))
    }
    fn write_class(&self) -> Class {
        Class::Repeatable
    }
    async fn owner_of(&self, _crm_id: &str) -> Result<Option<CrmId>, VendorError> {
        Ok(None)
    }
    async fn check(&self) -> Result<(), VendorError> {
        Ok(())
    }
}

/// Workers on one database, each with a client of its own.
struct Town {
    clock: Arc<ScaledClock>,
    service: Arc<TokenService>,
    clients: Vec<Arc<Client>>,
    running: Vec<Running>,
    _folder: TempDir,
}

impl Town {
    async fn of(workers: usize, db: &Db) -> Self {
        let (folder, clock, service) = (town::founded(1), town::clock(1), Arc::<TokenService>::default());
        let (mut clients, mut running) = (Vec::new(), Vec::new());
        for _ in 0..workers {
            let shared = Arc::clone(&clock) as SharedClock;
            let grant = Grant { service: Arc::clone(&service), clock: Arc::clone(&shared) };
            let client = Arc::new(Client(TokenCache::new(grant, Arc::clone(&shared))));
            let crm: Arc<dyn Crm> = Arc::clone(&client) as Arc<dyn Crm>;
            let vendors = Vendors { crm: Some(crm), ..Vendors::default() };
            running.push(town::worker_with(vendors, folder.path(), &db.store, &shared).await);
            clients.push(client);
        }
        Self { clock, service, clients, running, _folder: folder }
    }

    /// All ask their CRM at once; how that ended for each.
    async fn all_ask(&self) -> Vec<&'static str> {
        let keys = AccountKeys::default();
        let asked = self.clients.iter().map(|client| client.find(&keys));
        let ended = futures_util::future::join_all(asked).await;
        ended.into_iter().map(|found| found.map_or_else(|error| error.class(), |_| "done")).collect()
    }

    fn asked(&self) -> usize {
        self.service.asked.load(Ordering::SeqCst)
    }

    fn refuses(&self, refuses: bool) {
        self.service.refuses.store(refuses, Ordering::SeqCst);
    }

    fn a_minute_passes(&self) {
        self.clock.skip_to(self.clock.now() + TimeDelta::seconds(61));
    }

    async fn stop(self) {
        for worker in self.running {
            worker.stop().await;
        }
    }
}

async fn one_at_a_time_asks_for_a_token(db: Db) {
    let town = Town::of(2, &db).await;
    for _ in 0..3 {
        assert_eq!(town.all_ask().await, ["done", "done"]);
    }
    assert_eq!((town.asked(), town.service.most.load(Ordering::SeqCst)), (6, 1));
    town.stop().await;
}

/// Many requests in vain lock an account out.
async fn what_is_refused_to_one_is_refused_to_all_for_a_minute(db: Db) {
    let town = Town::of(2, &db).await;
    town.refuses(true);
    for _ in 0..3 {
        assert_eq!(town.all_ask().await, ["reauthenticate", "reauthenticate"]);
    }
    assert_eq!(town.asked(), 1);
    town.a_minute_passes();
    town.refuses(false);
    assert_eq!(town.all_ask().await, ["done", "done"]);
    assert_eq!(town.asked(), 3);
    town.stop().await;
}

/// What another worker does is not known then; what this one has met still is.
async fn without_the_database_a_worker_asks_alone(db: Db) {
    let town = Town::of(1, &db).await;
    db.execute("ALTER TABLE vendor_budget RENAME TO vendor_budget_of_before").await;
    assert_eq!(town.all_ask().await, ["done"]);
    town.refuses(true);
    for _ in 0..3 {
        assert_eq!(town.all_ask().await, ["reauthenticate"]);
    }
    assert_eq!(town.asked(), 2);
    town.a_minute_passes();
    town.refuses(false);
    assert_eq!(town.all_ask().await, ["done"]);
    town.stop().await;
}

async fn a_limit_that_one_has_met_is_kept_by_the_other(db: Db) {
    let (folder, clock) = (town::founded(1), town::clock(1));
    let shared = Arc::clone(&clock) as SharedClock;
    let stage = StandIns::open(Arc::clone(&shared)).await.expect("the stand-ins");
    let (mut chats, mut running) = (Vec::new(), Vec::new());
    for _ in 0..2 {
        let chat = stage.vendors().expect("clients").chat.expect("one of them is a chat");
        let vendors = Vendors { chat: Some(Arc::clone(&chat)), ..Vendors::default() };
        running.push(town::worker_with(vendors, folder.path(), &db.store, &shared).await);
        chats.push(chat);
    }
    let [one, other] = &chats[..] else { panic!("two workers") };
    let asked = || stage.world.exchanges().iter().filter(|one| one.target.contains("chat.postMessage")).count();
    stage.world.arm("slack", "chat.postMessage", Fault::RateLimit { retry_after_s: Some(600) }, 1);
    for _ in 0..3 {
        assert_eq!(posted(one).await, "rate_limited");
    }
    assert_eq!(asked(), 1, "it is not asked again by whoever was refused");
    eventually("the other worker has heard of it", || async { posted(other).await == "rate_limited" }).await;
    let before = asked();
    for _ in 0..3 {
        assert_eq!(posted(other).await, "rate_limited");
    }
    assert_eq!(asked(), before, "nor by the other");
    clock.skip_to(clock.now() + TimeDelta::seconds(601));
    assert_eq!((posted(one).await, posted(other).await), ("done", "done"));
    for worker in running {
        worker.stop().await;
    }
}

async fn posted(chat: &Arc<dyn Chat>) -> &'static str {
    let card = Card {
        key: "card".to_owned(),
        channel: "U0WEST0001".to_owned(),
        title: "A lead".to_owned(),
        opening: None,
        briefing: "They ask for a price".to_owned(),
        footer: String::new(),
        acts: Vec::new(),
    };
    chat.post(&card).await.map_or_else(|error| error.class(), |_| "done")
}

async fn leases_and_rests_are_kept(db: Db) {
    let lease = |worker: &'static str, at: i64| writes!(db.store, |tx| tx.token_lease("a", worker, later(at)).await);
    let ends = |worker: &'static str, until: Option<DateTime<Utc>>| {
        writes!(db.store, |tx| tx.token_lease_ends("a", worker, until).await)
    };
    let held = |lease: Result<TokenLease, _>| lease.unwrap_or_else(|error: baton::store::StoreError| panic!("{error}"));
    assert_eq!(held(lease("one", 0).await), TokenLease::Ours);
    assert_eq!(held(lease("other", 1).await), TokenLease::Anothers);
    assert_eq!(held(lease("one", 2).await), TokenLease::Ours, "it is theirs already");
    ends("other", Some(later(90))).await.expect("it was never theirs");
    assert_eq!(held(lease("other", 3).await), TokenLease::Anothers);
    assert_eq!(held(lease("other", 30).await), TokenLease::Ours, "who dies over it holds up nobody for long");
    ends("other", Some(later(90))).await.expect("it is over");
    assert_eq!(held(lease("one", 31).await), TokenLease::RestsUntil(later(90)));

    for seconds in [60, 50] {
        let rests = BTreeMap::from([("b".to_owned(), later(seconds))]);
        writes!(db.store, [rests], |tx| tx.budgets_rest(&rests).await).await.expect("it is told");
    }
    let known = db.store.budgets(later(40)).await.expect("they are read");
    assert_eq!(known.rests, BTreeMap::from([("a".to_owned(), later(90)), ("b".to_owned(), later(60))]));
    assert_eq!(known.workers, 0);
    writes!(db.store, |tx| tx.budgets_forget(later(60)).await).await.expect("it is forgotten");
    assert_eq!(db.number("SELECT COUNT(*) FROM vendor_budget").await, 1);
    assert_eq!(held(lease("one", 90).await), TokenLease::Ours);
}

tests! {
    one_at_a_time_asks_for_a_token_on_postgres: on_postgres(one_at_a_time_asks_for_a_token),
    what_is_refused_to_one_is_refused_to_all_on_postgres: on_postgres(what_is_refused_to_one_is_refused_to_all_for_a_minute),
    a_limit_that_one_has_met_is_kept_by_the_other_on_postgres: on_postgres(a_limit_that_one_has_met_is_kept_by_the_other),
    without_the_database_a_worker_asks_alone_on_sqlite: on_sqlite(without_the_database_a_worker_asks_alone),
    without_the_database_a_worker_asks_alone_on_postgres: on_postgres(without_the_database_a_worker_asks_alone),
    leases_and_rests_are_kept_on_sqlite: on_sqlite(leases_and_rests_are_kept),
    leases_and_rests_are_kept_on_postgres: on_postgres(leases_and_rests_are_kept),
}
