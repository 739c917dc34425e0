//! Leads that nobody could take, and what becomes of them: whoever can take one gets the oldest, once, and pays a turn.

use crate::replay::{all, not_the_same};
use crate::store::server::{Db, on_postgres, on_sqlite};
use crate::store::world::{mover, pool, rep};
use crate::town;
use baton::app::Running;
use baton::clock::{ScaledClock, SharedClock, SystemClock};
use baton::connectors::CrmRef;
use baton::connectors::http::Secret;
use baton::connectors::salesforce::{Salesforce, SalesforceAuth, SalesforceConfig};
use baton::domain::id::{HandoffId, LeadId, RepId};
use baton::handoff::{Event, Handoff, Stage};
use baton::intake::event::lead_id;
use baton::outbox::Vendors;
use baton::rules::RuleSet;
use baton::sandbox::salesforce::{SalesforceState, routes};
use baton::sandbox::{World, serve};
use baton::store::{StoreError, Waits};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// Nobody's day ends during a test.
const BEGINS: &str = "2026-11-23T10:00:00Z";
const SOON: Duration = Duration::from_secs(30);

/// A town in which everybody has place for one open lead.
struct Town {
    db: Db,
    clock: SharedClock,
    workers: Vec<Running>,
    rules: Arc<RuleSet>,
    _folder: TempDir,
}

impl Town {
    async fn begin(db: Db, workers: usize) -> Self {
        Self::with(db, workers, |_| Vendors::default()).await
    }

    async fn with(db: Db, workers: usize, vendors: impl Fn(&SharedClock) -> Vendors) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        town::found(folder.path(), 1);
        one_open_lead_each(folder.path());
        let clock: SharedClock = Arc::new(ScaledClock::new(BEGINS.parse().expect("an instant"), 60));
        let mut running = Vec::new();
        for _ in 0..workers {
            running.push(town::worker_with(vendors(&clock), folder.path(), &db.store, &clock).await);
        }
        let rules = Arc::clone(&running[0].reload.current().borrow().rules);
        Self { db, clock, workers: running, rules, _folder: folder }
    }

    async fn in_crm(&self, lead: &LeadId) -> Option<CrmRef> {
        let read = lead.clone();
        let record = self.db.store.read("test", move |tx| {
            let lead = read.clone();
            Box::pin(async move { tx.lead(&lead).await })
        });
        record.await.expect("a look").expect("the lead").crm
    }

    /// A caller from the United States, who has hung up: for west-01, or else desk-01.
    async fn calls(&self, number: usize) -> LeadId {
        let event = town::Caller::gone(number * 3).event;
        let id = lead_id("town", &format!("evt-{}", number * 3));
        self.tell(event).await;
        eventually("it is decided", || async { self.find(&id).await.is_ok() }).await;
        id
    }

    async fn tell(&self, event: Value) {
        let message = town::inbox(&event, self.clock.now());
        self.workers[0].decider.take(vec![message]).await.expect("the event is taken");
    }

    /// A rep has spoken with somebody, and has place for another lead.
    async fn called(&self, lead: &LeadId, by: &RepId) {
        let (id, at) = (format!("contact-{lead}"), self.clock.now());
        let data = json!({ "lead": lead, "rep": by, "at": at });
        self.tell(json!({ "specversion": "1.0", "id": id, "source": "town", "type": "contact.made", "data": data }))
            .await;
    }

    /// The same without an event that calls a worker.
    async fn is_spoken_with(&self, lead: &LeadId) {
        let (id, now) = (HandoffId::of(lead), self.clock.now());
        let rules = Arc::clone(&self.rules);
        let moved = self.db.store.write("test", move |tx| {
            let (id, rules) = (id.clone(), Arc::clone(&rules));
            Box::pin(async move {
                let event = Event::ContactMade { rep: rep("west-01"), at: now };
                tx.transition(&id, &event, &rules, &mover("test", now)).await
            })
        });
        moved.await.expect("a move");
    }

    async fn find(&self, lead: &LeadId) -> Result<Handoff, StoreError> {
        let id = HandoffId::of(lead);
        let found = self.db.store.read("test", move |tx| {
            let id = id.clone();
            Box::pin(async move { tx.handoff(&id).await })
        });
        found.await
    }

    async fn handoff(&self, lead: &LeadId) -> Handoff {
        self.find(lead).await.expect("the handoff")
    }

    async fn queue(&self) -> Vec<LeadId> {
        let queue = self.db.store.read("test", |tx| Box::pin(async move { tx.pool_queue(&pool("west")).await }));
        queue.await.expect("the queue").into_iter().map(|Waits { lead, .. }| lead).collect()
    }

    /// Whose lead it has become.
    async fn goes_to(&self, lead: &LeadId) -> RepId {
        eventually("somebody takes it", || async { !self.handoff(lead).await.is_waiting() }).await;
        self.handoff(lead).await.owner
    }

    async fn stop(self) -> Db {
        for worker in self.workers {
            worker.stop().await;
        }
        self.db
    }
}

/// The last column of the roster: leads that a rep has and has not yet spoken with.
fn one_open_lead_each(folder: &Path) {
    let path = folder.join("rules/reps.csv");
    let roster = std::fs::read_to_string(&path).expect("the roster");
    let (head, rows) = roster.split_once('\n').expect("a head");
    let rows: String = rows.lines().map(|row| format!("{row},1\n")).collect();
    std::fs::write(path, format!("{head},cap_open\n{rows}")).expect("the roster is written");
}

async fn eventually<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    let waited = tokio::time::timeout(SOON, async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(waited.await.is_ok(), "{what}");
}

async fn the_oldest_is_served_first(db: Db) {
    let town = Town::begin(db, 1).await;
    let (first, second) = (town.calls(1).await, town.calls(2).await);
    assert_eq!(town.handoff(&first).await.owner, rep("west-01"));
    assert_eq!(town.handoff(&second).await.owner, rep("desk-01"));
    let (third, fourth) = (town.calls(3).await, town.calls(4).await);
    assert_eq!(town.queue().await, [third.clone(), fourth.clone()], "nobody has place for them");
    let Stage::Callback { promise } = town.handoff(&third).await.stage else { panic!("nothing was promised") };
    assert_eq!(promise.owner, rep("west-01"), "the lead rep answers for it");

    town.called(&first, &rep("west-01")).await;
    assert_eq!(town.goes_to(&third).await, rep("west-01"));
    let Stage::Callback { promise: kept } = town.handoff(&third).await.stage else { panic!("the promise is gone") };
    assert_eq!(kept.promised_at, promise.promised_at, "the caller was told that time");
    assert_eq!(town.queue().await, std::slice::from_ref(&fourth), "there was place for one");
    let read = third.clone();
    let again = town.db.store.read("test", move |tx| {
        let lead = read.clone();
        Box::pin(async move { tx.decided_again(&lead).await })
    });
    let [(_, why)] = &again.await.expect("why")[..] else { panic!("it was decided again once") };
    assert_eq!(why.owner, rep("west-01"));
    assert!(why.reason.starts_with("first of 1 who may take it in west"), "{}", why.reason);

    town.called(&second, &rep("desk-01")).await;
    assert_eq!(town.goes_to(&fourth).await, rep("desk-01"), "of the pool that west overflows to");

    let db = town.stop().await;
    assert_eq!(db.number("SELECT COUNT(*) FROM ledger_entry WHERE author = 'decision'").await, 4, "each pays a turn");
    let open = "SELECT CAST(SUM(open_leads) AS BIGINT) FROM rep_state";
    assert_eq!(db.number(open).await, 2, "who has been spoken with counts no more");
    let recount = db.store.read("test", |tx| Box::pin(async move { tx.ledgers_recount().await })).await;
    for (pool, (stored, counted)) in recount.expect("a recount") {
        assert_eq!(stored, counted, "{pool}");
        assert_eq!(stored.balances.values().sum::<i64>(), 0, "{pool}");
    }
    assert_eq!(not_the_same(&all(&db.store).await).len(), 0);
}

/// What a person does in the CRM counts more than the rules: the first waiting lead is given to the rep of another desk,
/// the second to a user whom Baton does not know.
async fn what_is_given_away_by_hand_is_not_given_again(db: Db) {
    let org = SalesforceState::new();
    let address = serve(routes(World::new(Arc::new(SystemClock)), org.clone())).await.expect("the stand-in");
    let salesforce = |clock: &SharedClock| {
        let config = SalesforceConfig {
            base_url: format!("http://{address}"),
            api_version: "v66.0".to_owned(),
            auth: SalesforceAuth::ClientCredentials { client_id: "id".into(), client_secret: Secret::new("secret") },
        };
        let crm = Salesforce::new(config, Arc::clone(clock)).expect("a client");
        Vendors { crm: Some(Arc::new(crm)), ..Vendors::default() }
    };
    let town = Town::with(db, 1, salesforce).await;
    let (first, second) = (town.calls(1).await, town.calls(2).await);
    let (third, fourth, fifth) = (town.calls(3).await, town.calls(4).await, town.calls(5).await);
    assert_eq!(town.queue().await, [third.clone(), fourth.clone(), fifth.clone()], "nobody has place for them");
    for (lead, owner) in [(&third, "005xx00000EAS01"), (&fourth, "005xx00000XYZ99")] {
        eventually("it is in the CRM", || async { town.in_crm(lead).await.is_some() }).await;
        org.set_owner(&town.in_crm(lead).await.expect("a record").id, owner);
    }
    town.called(&first, &rep("west-01")).await;
    assert_eq!(town.goes_to(&third).await, rep("east-01"), "whom a person chose");
    assert_eq!(town.goes_to(&fifth).await, rep("west-01"), "the place is still free for the next");
    assert_eq!(town.queue().await, std::slice::from_ref(&fourth), "not ours to give");
    town.called(&second, &rep("desk-01")).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(town.handoff(&fourth).await.is_waiting(), "a minute and more of looks later");
    let owner =
        |lead: &CrmRef| org.leads().into_iter().find(|one| one["Id"] == lead.id).map(|one| one["OwnerId"].clone());
    for (lead, expected) in [(&third, "005xx00000EAS01"), (&fourth, "005xx00000XYZ99")] {
        assert_eq!(owner(&town.in_crm(lead).await.expect("a record")), Some(json!(expected)));
    }
    town.stop().await;
}

/// Two places at a time, each seen by two workers at once.
async fn two_workers_give_two_places_once(db: Db) {
    let town = Town::begin(db, 2).await;
    let mut have_place = vec![town.calls(1).await, town.calls(2).await];
    for number in 3..9 {
        town.calls(number).await;
    }
    let mut queue = town.queue().await;
    assert_eq!(queue.len(), 6);
    for _ in 0..3 {
        for lead in &have_place {
            town.is_spoken_with(lead).await;
        }
        let looks = town.workers.iter().map(|worker| worker.decider.give_waiting());
        for looked in futures_util::future::join_all(looks).await {
            looked.expect("a look");
        }
        have_place = queue.drain(..2).collect();
        assert_eq!(town.queue().await, queue, "two places are two leads, the oldest");
    }
    let db = town.stop().await;
    assert_eq!(db.number("SELECT COUNT(*) FROM ledger_entry WHERE author = 'decision'").await, 2 + 6, "a turn each");
    assert_eq!(db.number("SELECT CAST(SUM(open_leads) AS BIGINT) FROM rep_state").await, 2, "within their caps");
}

/// Places come free while a worker stops: others give them away, or it itself when it is back.
async fn whoever_stops_gives_nothing_away_any_more(db: Db) {
    let town = Town::begin(db, 1).await;
    let have_place = [town.calls(1).await, town.calls(2).await];
    for number in 3..6 {
        town.calls(number).await;
    }
    let queue = town.queue().await;
    assert_eq!(queue.len(), 3);
    let decider = Arc::clone(&town.workers[0].decider);
    let mut town = town;
    for worker in std::mem::take(&mut town.workers) {
        worker.stop().await;
    }
    for lead in &have_place {
        town.is_spoken_with(lead).await;
    }
    decider.give_waiting().await.expect("a look");
    assert_eq!(town.queue().await, queue, "it has stopped");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_stops_gives_nothing_away_any_more_on_sqlite() {
    on_sqlite(whoever_stops_gives_nothing_away_any_more).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_oldest_is_served_first_on_sqlite() {
    on_sqlite(the_oldest_is_served_first).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_given_away_by_hand_is_not_given_again_on_sqlite() {
    on_sqlite(what_is_given_away_by_hand_is_not_given_again).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_oldest_is_served_first_on_postgres() {
    on_postgres(the_oldest_is_served_first).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_give_two_places_once_on_postgres() {
    on_postgres(two_workers_give_two_places_once).await;
}
