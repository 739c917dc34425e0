//! What reps do in a CRM with the leads that they got, and what comes of these there, as a worker reads it back: figures, stories
//! and promises know of it, each thing once, and what people said stays.

mod hubspot;
mod salesforce;

use super::contract::check_all;
use crate::eventually::eventually;
use crate::store::server::Db;
use crate::town::{self, Caller};
use baton::app::Running;
use baton::connectors::Crm;
use baton::connectors::http::{ApiCall, VendorHttp};
use baton::outbox::Vendors;
use baton::store::LeadRecord;
use baton_clock::{Clock, ScaledClock, SharedClock};
use baton_core::domain::id::LeadId;
use baton_sandbox::World;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const SPEED: u32 = 6;
/// In the clock's time.
const EVERY: Duration = Duration::from_secs(2);

/// Workers that read a CRM back, two of them where they can share a database.
struct Office {
    db: Db,
    clock: Arc<ScaledClock>,
    world: Arc<World>,
    workers: Vec<Running>,
    door: VendorHttp,
    began_at: DateTime<Utc>,
    /// Its contract, and what stands in every request that reads back.
    vendor: (&'static str, &'static str),
    _folder: TempDir,
}

impl Office {
    async fn open(
        db: Db,
        (folder, clock, world): (TempDir, Arc<ScaledClock>, Arc<World>),
        vendor: (&'static str, &'static str),
        client: impl Fn() -> Arc<dyn Crm>,
    ) -> Self {
        let shared = Arc::clone(&clock) as SharedClock;
        let mut workers = Vec::new();
        let count = if db.is_postgres() { 2 } else { 1 };
        for _ in 0..count {
            let vendors = Vendors { crm: Some(client()), read_back: Some(EVERY), ..Vendors::default() };
            workers.push(town::worker_with(vendors, folder.path(), &db.store, &shared).await);
        }
        let door = town::door(&workers[0].address, Duration::from_secs(10));
        let began_at = clock.now();
        Self { db, clock, world, workers, door, began_at, vendor, _folder: folder }
    }

    async fn tell(&self, event: &Value) {
        self.workers[0].decider.take(vec![town::inbox(event, self.clock.now())]).await.expect("the event is taken");
    }

    async fn lead(&self, lead: &LeadId) -> LeadRecord {
        self.db.store.lead(lead).await.expect("a look").expect("the lead is kept")
    }

    /// A caller who was promised a call, and is in the CRM; its id of them.
    async fn promised(&self, caller: &Caller) -> (LeadId, String) {
        self.tell(&caller.event).await;
        let written = "SELECT COUNT(*) FROM step WHERE kind = 'write_crm' AND state = 'done'";
        eventually("lead and promise are written", || async { self.db.number(written).await == 2 }).await;
        let lead = self.lead(&caller.lead()).await;
        assert_eq!((lead.status.as_str(), lead.owner.as_str()), ("callback", "west-01"));
        (caller.lead(), lead.crm.expect("it is there").id)
    }

    fn reads(&self) -> usize {
        let is_one = |body: &[u8]| String::from_utf8_lossy(body).contains(self.vendor.1);
        self.world.exchanges().iter().filter(|exchange| is_one(&exchange.request_body)).count()
    }

    /// It is read some times more.
    async fn read_again(&self) {
        let before = self.reads();
        eventually("it is read again", || async { self.reads() >= before + 4 }).await;
    }

    async fn count(&self, table: &str, filter: &str) -> i64 {
        self.db.number(format!("SELECT COUNT(*) FROM {table} WHERE {filter}")).await
    }

    async fn until(&self, table: &str, filter: &str, count: i64) {
        let is_so = || async { self.count(table, filter).await == count };
        eventually(format!("{count} rows of {table} where {filter}"), is_so).await;
    }

    async fn until_called(&self, lead: &LeadId) {
        eventually("the promise is kept", || async { self.lead(lead).await.status == "called" }).await;
    }

    /// Of how many leads the report says so.
    async fn reported(&self, figure: &str) -> u64 {
        let report = ApiCall::get("report", &["v1", "reports", "routing"]).query("days", "1");
        let answer = self.door.send(&report).await.expect("the door answers");
        let told: Value = serde_json::from_slice(&answer.body).expect("JSON");
        let figures = told["figures"].as_array().expect("figures");
        let figure = figures.iter().find(|one| one["key"] == figure).expect("the figure");
        figure["total"]["numerator"].as_u64().expect("a number")
    }

    /// A person says what has become of a lead.
    async fn says(&self, lead: &LeadId, kind: &str) {
        let event = json!({
            "specversion": "1.0", "id": format!("said-{kind}"), "source": "town", "type": "outcome.recorded",
            "data": { "lead": lead, "kind": kind, "at": self.clock.now() },
        });
        self.tell(&event).await;
        self.until("outcome", &format!("kind = '{kind}' AND record IS NULL"), 1).await;
    }

    /// A person has given the lead to somebody in the CRM while the call is promised: the promise is theirs, and the story says why.
    async fn follows(&self, lead: &LeadId, rep: &str) {
        eventually("the owner is followed", || async { self.lead(lead).await.owner.as_str() == rep }).await;
        let record = self.lead(lead).await;
        assert_eq!((record.status.as_str(), record.next_step.owner.as_str()), ("callback", rep));
        let told = "kind = 'reassigned' AND body LIKE '%the owner was changed in the CRM%'";
        self.until("timeline", told, 1).await;
        let card = format!("kind = 'brief_chat' AND payload LIKE '%\"{rep}\"%'");
        assert!(self.count("step", &card).await >= 1, "they are told");
        self.read_again().await;
        assert_eq!(self.count("owner_change", "1 = 1").await, 1, "it changed once");
    }

    /// At its end nothing has happened twice, nobody read beside another, and nothing was said that the contract does not know.
    async fn close(self) {
        let (reads, took) = (self.reads(), self.clock.now() - self.began_at);
        for worker in self.workers {
            worker.stop().await;
        }
        let most = took.num_seconds() / TimeDelta::from_std(EVERY).expect("a span").num_seconds() + 8;
        assert!(reads as i64 <= most, "one worker reads at a time: {reads} of {most}");
        assert_eq!(self.world.duplicates(), BTreeMap::new());
        assert!(check_all(self.vendor.0, &self.world.exchanges()) > 0);
    }
}
