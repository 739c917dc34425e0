//! The worker, the stand-ins and a clock in one process.

use crate::eventually::{SOON, eventually, found};
use crate::store::server::{Db, ledgers, sqlite_in};
use crate::store::tx::reads;
use crate::town::{self, Caller};
use baton::app::stage::{StandIns, deliver_over_http};
use baton::app::{self, Running, Setup};
use baton::connectors::http::{Answer as HttpAnswer, ApiCall, Does, VendorHttp};
use baton::deciding::answer::Answer;
use baton::store::{JournalLine, LeadRecord, LeadSummary, OwnerChange, StepProblem};
use baton::web::LinkSigner;
use baton_clock::{Clock, ScaledClock, SharedClock};
use baton_core::domain::id::{HandoffId, LeadId, PoolId};
use baton_core::handoff::Handoff;
use baton_core::routing::ledger::Ledger;
use baton_core::rules::RuleSet;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tempfile::TempDir;

/// The world's seconds in one of ours.
const SPEED: u32 = 6;
const SECRET: &str = "a secret of the tests alone";

pub struct Play {
    pub stage: Arc<StandIns>,
    pub clock: Arc<ScaledClock>,
    pub running: Running,
    pub links: Arc<LinkSigner>,
    door: VendorHttp,
    pub folder: TempDir,
}

impl Play {
    pub async fn begin() -> Self {
        Self::begin_under(|_| ()).await
    }

    /// Of one caller.
    pub async fn of(caller: &Caller) -> (Self, LeadId) {
        let play = Self::begin().await;
        let lead = play.call(caller).await;
        (play, lead)
    }

    /// With its files in this folder.
    pub async fn begin_on(folder: TempDir) -> Self {
        Self::begin_with(folder, |_| ()).await
    }

    /// Under other rules than the town's.
    pub async fn begin_under(change: impl FnOnce(&mut RuleSet)) -> Self {
        Self::begin_as(|setup| change(&mut setup.workspace.checked.rules)).await
    }

    /// Set up otherwise.
    pub async fn begin_as(change: impl FnOnce(&mut Setup)) -> Self {
        Self::begin_with(tempfile::tempdir().expect("a folder"), change).await
    }

    async fn begin_with(folder: TempDir, change: impl FnOnce(&mut Setup)) -> Self {
        town::found(folder.path(), 6);
        let clock = town::clock(SPEED);
        let shared = Arc::clone(&clock) as SharedClock;
        let stage = Arc::new(StandIns::open(Arc::clone(&shared)).await.expect("the stand-ins"));
        let store = Db::open(sqlite_in(folder.path())).await.store;
        let mut setup = town::setup(folder.path(), &store, &shared).await;
        let address = setup.listener.address().expect("its number");
        let links = Arc::new(LinkSigner::new(SECRET, &format!("http://{address}"), 30));
        setup.vendors = stage.vendors().expect("clients");
        setup.limits.lease_s = 5 * u64::from(SPEED);
        setup.limits.vendor_timeout_s = 4 * u64::from(SPEED);
        setup.links = Some(Arc::clone(&links));
        change(&mut setup);
        let running = app::start(setup).await.expect("a worker");
        stage.voice.connect(deliver_over_http(format!("http://{address}")));
        let door = town::door(address, Duration::from_secs(10));
        Self { stage, clock, running, links, door, folder }
    }

    /// The caller is on the line, if the call is live, and the event is decided.
    pub async fn call(&self, caller: &Caller) -> LeadId {
        if let Some(script) = &caller.script {
            self.stage.voice.call(caller.call(), script.clone());
        }
        self.decided(&caller.event).await
    }

    /// Repeats the event until its decision is there: the same one, however often it is asked.
    pub async fn decided(&self, event: &Value) -> LeadId {
        found("the lead is decided", || async {
            match serde_json::from_slice(&self.post_raw(event).await) {
                Ok(Answer::Decided(decided)) => Some(decided.lead),
                _ => None,
            }
        })
        .await
    }

    pub async fn post_raw(&self, event: &Value) -> Vec<u8> {
        let call = ApiCall::new("post_event", Does::Write, Method::POST, &["v1", "events"]).query("wait", "1500ms");
        let answer = self.door.send(&call.json(event.clone())).await.expect("the door answers");
        assert!((200..300).contains(&answer.status), "{}: {}", answer.status, String::from_utf8_lossy(&answer.body));
        answer.body
    }

    pub async fn send(&self, call: ApiCall) -> HttpAnswer {
        self.door.send(&call).await.expect("the door answers")
    }

    /// What a page says, and with which status.
    pub async fn page(&self, path: &[&str]) -> (u16, String) {
        let answer = self.send(ApiCall::get("page", path)).await;
        (answer.status, String::from_utf8_lossy(&answer.body).into_owned())
    }

    pub async fn lead(&self, lead: &LeadId) -> LeadRecord {
        self.running.store.lead(lead).await.expect("the database answers").expect("the lead is kept")
    }

    pub async fn leads(&self) -> Vec<LeadSummary> {
        reads!(self.running.store, |tx| tx.leads_list(None, 100).await).await.expect("the database answers")
    }

    pub async fn handoff(&self, lead: &LeadId) -> Handoff {
        self.running.store.handoff(&HandoffId::of(lead)).await.expect("the handoff is kept")
    }

    pub async fn ledgers(&self) -> BTreeMap<PoolId, Ledger> {
        ledgers(&self.running.store).await
    }

    /// Steps that a person could mend.
    pub async fn failed(&self) -> Vec<StepProblem> {
        reads!(self.running.store, |tx| tx.steps_failed(10).await).await.expect("the steps")
    }

    /// Changes of the lead's owner that were seen in the CRM.
    pub async fn owner_changes(&self, lead: &LeadId) -> Vec<OwnerChange> {
        reads!(self.running.store, [lead], |tx| tx.owner_changes(&lead).await).await.expect("the changes")
    }

    /// What stands in the journals of all pools.
    pub async fn journal(&self) -> Vec<JournalLine> {
        let journal = reads!(self.running.store, |tx| {
            let mut lines = Vec::new();
            for pool in tx.ledgers_read().await?.into_keys() {
                lines.extend(tx.journal(&pool).await?);
            }
            Ok(lines)
        });
        journal.await.expect("a journal")
    }

    /// Waits for a lead's status.
    pub async fn until(&self, lead: &LeadId, status: &str) -> LeadRecord {
        let mut record = self.lead(lead).await;
        let waited = tokio::time::timeout(SOON, async {
            while record.status != status {
                tokio::time::sleep(Duration::from_millis(20)).await;
                record = self.lead(lead).await;
            }
        });
        let in_time = waited.await.is_ok();
        assert!(in_time, "the lead is {}, not {status}: {:?}", record.status, self.handoff(lead).await);
        record
    }

    /// Waits for a lead's status, and then until nothing is left to be done.
    pub async fn ends(&self, lead: &LeadId, status: &str) -> LeadRecord {
        let record = self.until(lead, status).await;
        self.until_quiet().await;
        record
    }

    /// Waits until nothing is left to be done, retries of the next minutes included; nothing was done twice by then.
    pub async fn until_quiet(&self) {
        eventually("everything comes to an end", || async {
            let now = self.clock.now() + chrono::TimeDelta::seconds(90);
            let open = self.running.store.step_stats(now).await.expect("the database answers");
            open.due + open.leased == 0
        })
        .await;
        self.nothing_twice();
    }

    /// Waits for something that the world shows.
    pub async fn until_seen(&self, what: &str, seen: impl Fn(&Self) -> bool) {
        eventually(what, || std::future::ready(seen(self))).await;
    }

    pub async fn until_rung(&self, times: usize) {
        self.until_seen("the ring", |play| play.accepted("voice", "ring").len() == times).await;
    }

    /// Details of the effects of one kind that a vendor has carried out, in order.
    pub fn accepted(&self, vendor: &str, kind: &str) -> Vec<Value> {
        let accepted = self.stage.world.accepted().into_iter();
        accepted.filter(|effect| effect.vendor == vendor && effect.kind == kind).map(|effect| effect.detail).collect()
    }

    /// No effect twice, no phone rung while in use.
    pub fn nothing_twice(&self) {
        assert_eq!(self.stage.world.duplicates(), BTreeMap::new());
        assert_eq!(self.accepted("voice", "collision"), Vec::<Value>::new());
    }

    /// From now on the test says what happens on the line; the platform's own word goes nowhere.
    pub fn tells_by_hand(&self) -> ByHand<'_> {
        self.stage.voice.connect(Arc::new(|_| Box::pin(async { true })));
        ByHand { play: self, told: AtomicU32::new(0) }
    }
}

/// The voice platform's part, spoken by the test.
pub struct ByHand<'a> {
    play: &'a Play,
    told: AtomicU32,
}

impl ByHand<'_> {
    pub async fn tell(&self, call: &str, leg: Option<&str>, event: &str) {
        let mut data = json!({ "platform": "sandbox", "call": call, "event": event });
        if let Some(leg) = leg {
            data["leg"] = json!(leg);
        }
        let number = self.told.fetch_add(1, Ordering::Relaxed);
        let id = format!("by-hand-{number}");
        let message =
            json!({ "specversion": "1.0", "id": id, "source": "sandbox/voice", "type": "call.event", "data": data });
        self.play.post_raw(&message).await;
    }
}
