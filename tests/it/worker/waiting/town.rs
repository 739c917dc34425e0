//! A town in which everybody has place for one open lead, and what is told to its workers and kept of its leads.

use crate::eventually::eventually;
use crate::store::server::Db;
use crate::store::tx::{reads, writes};
use crate::store::world::{mover, pool};
use crate::town;
use baton::app::Running;
use baton::connectors::CrmRef;
use baton::outbox::Vendors;
use baton::store::{StoreError, Waits};
use baton_clock::SharedClock;
use baton_core::domain::id::{HandoffId, LeadId, RepId};
use baton_core::handoff::state::Closing;
use baton_core::handoff::{Event, Handoff};
use baton_core::rules::RuleSet;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// Of all reps.
pub const OPEN_LEADS: &str = "SELECT CAST(SUM(open_leads) AS BIGINT) FROM rep_state";

pub struct Town {
    pub db: Db,
    clock: SharedClock,
    pub workers: Vec<Running>,
    rules: Arc<RuleSet>,
    _folder: TempDir,
}

impl Town {
    pub async fn begin(db: Db, workers: usize) -> Self {
        Self::with(db, workers, |_| Vendors::default()).await
    }

    pub async fn with(db: Db, workers: usize, vendors: impl Fn(&SharedClock) -> Vendors) -> Self {
        Self::under(db, workers, vendors, |_| ()).await
    }

    pub async fn under(
        db: Db,
        workers: usize,
        vendors: impl Fn(&SharedClock) -> Vendors,
        change: impl FnOnce(&Path),
    ) -> Self {
        let folder = town::founded(1);
        one_open_lead_each(folder.path());
        change(folder.path());
        let clock: SharedClock = town::clock(60);
        let mut running = Vec::new();
        for _ in 0..workers {
            running.push(town::worker_with(vendors(&clock), folder.path(), &db.store, &clock).await);
        }
        let rules = Arc::clone(&running[0].reload.current().borrow().rules);
        Self { db, clock, workers: running, rules, _folder: folder }
    }

    pub async fn in_crm(&self, lead: &LeadId) -> Option<CrmRef> {
        self.db.store.lead(lead).await.expect("a look").expect("the lead").crm
    }

    /// A caller from the United States, who has hung up: for west-01, or else desk-01.
    pub async fn calls(&self, number: usize) -> LeadId {
        let caller = town::Caller::gone(number * 3);
        let id = caller.lead();
        self.tell(caller.event).await;
        eventually("it is decided", || async { self.find(&id).await.is_ok() }).await;
        id
    }

    async fn tell(&self, event: Value) {
        let message = town::inbox(&event, self.clock.now());
        self.workers[0].decider.take(vec![message]).await.expect("the event is taken");
    }

    /// The lead is lost, and whoever had it has place for another.
    pub async fn lost(&self, lead: &LeadId) {
        self.told(lead, "outcome.recorded", json!({ "kind": "lost" })).await;
    }

    pub async fn told(&self, lead: &LeadId, kind: &str, mut data: Value) {
        let id = format!("{kind}-{}-{lead}", data["kind"].as_str().unwrap_or_default());
        data["lead"] = json!(lead);
        data["at"] = json!(self.clock.now());
        self.tell(json!({ "specversion": "1.0", "id": id, "source": "town", "type": kind, "data": data })).await;
    }

    /// The same without an event that calls a worker.
    pub async fn is_won(&self, lead: &LeadId) {
        let (id, rules, mover) = (HandoffId::of(lead), Arc::clone(&self.rules), mover("test", self.clock.now()));
        let won = Event::Closed { why: Closing::Won };
        let moved =
            writes!(self.db.store, [id, rules, mover, won], |tx| tx.transition(&id, &won, &rules, &mover).await);
        moved.await.expect("a move");
    }

    pub async fn open_leads(&self) -> i64 {
        self.db.number(OPEN_LEADS).await
    }

    async fn find(&self, lead: &LeadId) -> Result<Handoff, StoreError> {
        self.db.store.handoff(&HandoffId::of(lead)).await
    }

    pub async fn handoff(&self, lead: &LeadId) -> Handoff {
        self.find(lead).await.expect("the handoff")
    }

    pub async fn queue(&self) -> Vec<LeadId> {
        let queue = reads!(self.db.store, |tx| tx.pool_queue(&pool("west")).await);
        queue.await.expect("the queue").into_iter().map(|Waits { lead, .. }| lead).collect()
    }

    /// Whose lead it has become.
    pub async fn goes_to(&self, lead: &LeadId) -> RepId {
        eventually("somebody takes it", || async { !self.handoff(lead).await.is_waiting() }).await;
        self.handoff(lead).await.owner
    }

    pub async fn stop(self) -> Db {
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
