//! Leads that nobody could take, and what becomes of them: whoever can take one gets the oldest, once, and pays a turn.

use crate::durability::replay::{all, not_the_same};
use crate::store::server::{Db, on_postgres, on_sqlite};
use crate::store::world::{mover, pool, rep};
use crate::town;
use baton::app::Running;
use baton::connectors::CrmRef;
use baton::connectors::http::Secret;
use baton::connectors::salesforce::{Salesforce, SalesforceAuth, SalesforceConfig};
use baton::intake::event::lead_id;
use baton::outbox::Vendors;
use baton::store::{RepState, StoreError, Waits};
use baton_clock::{ScaledClock, SharedClock, SystemClock};
use baton_core::domain::id::{HandoffId, LeadId, RepId};
use baton_core::handoff::state::Closing;
use baton_core::handoff::{Event, Handoff, Stage};
use baton_core::rules::RuleSet;
use baton_sandbox::salesforce::{SalesforceState, routes};
use baton_sandbox::{World, serve};
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
        Self::under(db, workers, vendors, |_| ()).await
    }

    async fn under(
        db: Db,
        workers: usize,
        vendors: impl Fn(&SharedClock) -> Vendors,
        change: impl FnOnce(&Path),
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        town::found(folder.path(), 1);
        one_open_lead_each(folder.path());
        change(folder.path());
        let clock: SharedClock = Arc::new(ScaledClock::new(BEGINS.parse().expect("an instant"), 60));
        let mut running = Vec::new();
        for _ in 0..workers {
            running.push(town::worker_with(vendors(&clock), folder.path(), &db.store, &clock).await);
        }
        let rules = Arc::clone(&running[0].reload.current().borrow().rules);
        Self { db, clock, workers: running, rules, _folder: folder }
    }

    async fn in_crm(&self, lead: &LeadId) -> Option<CrmRef> {
        self.db.store.lead(lead).await.expect("a look").expect("the lead").crm
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

    /// The lead is lost, and whoever had it has place for another.
    async fn lost(&self, lead: &LeadId) {
        self.told(lead, "outcome.recorded", json!({ "kind": "lost" })).await;
    }

    async fn told(&self, lead: &LeadId, kind: &str, mut data: Value) {
        let id = format!("{kind}-{}-{lead}", data["kind"].as_str().unwrap_or_default());
        data["lead"] = json!(lead);
        data["at"] = json!(self.clock.now());
        self.tell(json!({ "specversion": "1.0", "id": id, "source": "town", "type": kind, "data": data })).await;
    }

    /// The same without an event that calls a worker.
    async fn is_won(&self, lead: &LeadId) {
        let (id, now) = (HandoffId::of(lead), self.clock.now());
        let rules = Arc::clone(&self.rules);
        let moved = self.db.store.write("test", move |tx| {
            let (id, rules) = (id.clone(), Arc::clone(&rules));
            Box::pin(async move {
                tx.transition(&id, &Event::Closed { why: Closing::Won }, &rules, &mover("test", now)).await
            })
        });
        moved.await.expect("a move");
    }

    async fn open_leads(&self) -> i64 {
        self.db.number("SELECT CAST(SUM(open_leads) AS BIGINT) FROM rep_state").await
    }

    async fn find(&self, lead: &LeadId) -> Result<Handoff, StoreError> {
        self.db.store.handoff(&HandoffId::of(lead)).await
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

/// The last column of the roster: leads that a rep has and that are neither won nor lost.
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

    town.lost(&first).await;
    assert_eq!(town.goes_to(&third).await, rep("west-01"));
    let Stage::Callback { promise: kept } = town.handoff(&third).await.stage else { panic!("the promise is gone") };
    assert_eq!(kept.promised_at, promise.promised_at, "the caller was told that time");
    assert_eq!(town.queue().await, std::slice::from_ref(&fourth), "there was place for one");
    let again = town.db.store.decided_again(&third).await;
    let [(_, why)] = &again.expect("why")[..] else { panic!("it was decided again once") };
    assert_eq!(why.owner, rep("west-01"));
    assert!(why.reason.starts_with("first of 1 who may take it in west"), "{}", why.reason);

    town.lost(&second).await;
    assert_eq!(town.goes_to(&fourth).await, rep("desk-01"), "of the pool that west overflows to");

    let db = town.stop().await;
    assert_eq!(db.number("SELECT COUNT(*) FROM ledger_entry WHERE author = 'decision'").await, 4, "each pays a turn");
    let open = "SELECT CAST(SUM(open_leads) AS BIGINT) FROM rep_state";
    assert_eq!(db.number(open).await, 2, "what is lost counts no more");
    let recount = db.store.read("test", |tx| Box::pin(async move { tx.ledgers_recount().await })).await;
    for (pool, (stored, counted)) in recount.expect("a recount") {
        assert_eq!(stored, counted, "{pool}");
        assert_eq!(stored.balances.values().sum::<i64>(), 0, "{pool}");
    }
    assert_eq!(not_the_same(&all(&db.store).await).len(), 0);
}

/// A rep who has spoken with somebody, or sees an opportunity, still works on the lead; told twice that it is over, it is over
/// once. A lead that was closed and handed on does not count anew.
async fn a_lead_is_open_until_it_is_won_or_lost(db: Db) {
    let town = Town::begin(db, 1).await;
    let (first, second, third) = (town.calls(1).await, town.calls(2).await, town.calls(3).await);
    assert_eq!(town.open_leads().await, 2, "who waits is on nobody's list");
    town.told(&first, "contact.made", json!({ "rep": "west-01" })).await;
    for kind in ["opportunity", "meeting_held", "no_show"] {
        town.told(&first, "outcome.recorded", json!({ "kind": kind })).await;
    }
    eventually("all is heard of", || async {
        town.db.number("SELECT COUNT(*) FROM inbox WHERE state <> 'handled'").await == 0
    })
    .await;
    town.workers[0].decider.give_waiting().await.expect("a look");
    assert_eq!(town.open_leads().await, 2, "none of this closes a lead");
    assert!(town.handoff(&third).await.is_waiting(), "nobody has place for it");
    for kind in ["won", "lost"] {
        town.told(&first, "outcome.recorded", json!({ "kind": kind, "amount": 900.5 })).await;
    }
    assert_eq!(town.goes_to(&third).await, rep("west-01"));
    assert_eq!(town.db.number("SELECT COUNT(*) FROM outcome WHERE amount = 900.5").await, 2);
    assert_eq!(town.db.number("SELECT COUNT(*) FROM contact WHERE rep = 'west-01'").await, 1);
    assert_eq!(town.open_leads().await, 2, "the third in the place of the first");
    let stored = town.db.store.reps_read().await;
    let open = |name: &str, stored: &std::collections::BTreeMap<RepId, RepState>| stored[&rep(name)].open_leads;
    let stored = stored.expect("the reps");
    assert_eq!((open("west-01", &stored), open("desk-01", &stored)), (1, 1));
    town.is_won(&second).await;
    assert_eq!(town.open_leads().await, 1);
    town.stop().await;
}

/// Nobody ever tells what became of a lead: it counts for five minutes, which here are five seconds.
async fn a_lead_of_which_nothing_is_told_is_open_for_as_long_as_the_rules_say(db: Db) {
    let briefly = |folder: &Path| {
        let path = folder.join("rules/handoff.yaml");
        let text = std::fs::read_to_string(&path).expect("handoff.yaml");
        std::fs::write(path, format!("{text}\nopen_for: 5m\n")).expect("handoff.yaml is written");
    };
    let town = Town::under(db, 1, |_| Vendors::default(), briefly).await;
    let (first, _second, third) = (town.calls(1).await, town.calls(2).await, town.calls(3).await);
    assert!(town.handoff(&third).await.is_waiting(), "nobody has place for it");
    assert_eq!(town.goes_to(&third).await, rep("west-01"));
    assert!(town.handoff(&first).await.closed, "its time is over");
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lead_is_open_until_it_is_won_or_lost_on_sqlite() {
    on_sqlite(a_lead_is_open_until_it_is_won_or_lost).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lead_is_open_until_it_is_won_or_lost_on_postgres() {
    on_postgres(a_lead_is_open_until_it_is_won_or_lost).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lead_of_which_nothing_is_told_is_open_for_as_long_as_the_rules_say_on_sqlite() {
    on_sqlite(a_lead_of_which_nothing_is_told_is_open_for_as_long_as_the_rules_say).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lead_of_which_nothing_is_told_is_open_for_as_long_as_the_rules_say_on_postgres() {
    on_postgres(a_lead_of_which_nothing_is_told_is_open_for_as_long_as_the_rules_say).await;
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
    town.lost(&first).await;
    assert_eq!(town.goes_to(&third).await, rep("east-01"), "whom a person chose");
    assert_eq!(town.goes_to(&fifth).await, rep("west-01"), "the place is still free for the next");
    assert_eq!(town.queue().await, std::slice::from_ref(&fourth), "not ours to give");
    town.lost(&second).await;
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
            town.is_won(lead).await;
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
        town.is_won(lead).await;
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
