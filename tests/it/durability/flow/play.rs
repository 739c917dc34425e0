//! The worker, the stand-ins and a clock in one process.

use crate::town::{self, Caller};
use baton::app::stage::{StandIns, deliver_over_http};
use baton::app::{self, Running, Setup};
use baton::config::Limits;
use baton::connectors::http::{Answer as HttpAnswer, ApiCall, Does, Limits as HttpLimits, VendorHttp};
use baton::deciding::answer::Answer;
use baton::store::{LeadRecord, LeadSummary, Store};
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
use tokio::net::TcpListener;

/// A Monday.
const START: &str = "2026-11-23T10:00:00Z";
/// The world's seconds in one of ours.
const SPEED: u32 = 6;
/// Longest wait for something that must happen, in our time.
const SOON: Duration = Duration::from_secs(40);
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

    /// With its files in this folder.
    pub async fn begin_on(folder: TempDir) -> Self {
        Self::begin_with(folder, |_| ()).await
    }

    /// Under other rules than the town's.
    pub async fn begin_under(change: impl FnOnce(&mut RuleSet)) -> Self {
        Self::begin_with(tempfile::tempdir().expect("a folder"), change).await
    }

    async fn begin_with(folder: TempDir, change: impl FnOnce(&mut RuleSet)) -> Self {
        town::found(folder.path(), 6);
        let mut workspace = town::read(folder.path());
        change(&mut workspace.checked.rules);
        let clock = Arc::new(ScaledClock::new(START.parse().expect("an instant"), SPEED));
        let stage = Arc::new(StandIns::open(Arc::clone(&clock) as SharedClock).await.expect("the stand-ins"));
        let store = Store::open(&format!("sqlite:{}?mode=rwc", folder.path().join("baton.db").display())).await;
        let store = store.expect("a database");
        store.migrate().await.expect("the tables");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("its number"));
        let links = Arc::new(LinkSigner::new(SECRET, &base, 30));
        let setup = Setup {
            store,
            workspace,
            vendors: stage.vendors().expect("clients"),
            clock: Arc::clone(&clock) as SharedClock,
            limits: Limits {
                lease_s: 5 * u64::from(SPEED),
                vendor_timeout_s: 4 * u64::from(SPEED),
                ..Limits::default()
            },
            listener,
            tokens: Vec::new(),
            body_limit: 256 * 1024,
            requests_at_once: 64,
            connections: 128,
            links: Some(Arc::clone(&links)),
            replies: None,
        };
        let running = app::start(setup).await.expect("a worker");
        stage.voice.connect(deliver_over_http(base.clone()));
        let limits = HttpLimits { timeout: Duration::from_secs(10), per_second: 1000, concurrency: 16 };
        let door = VendorHttp::new("baton", &base, limits).expect("a client");
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
        let decided = async {
            loop {
                if let Ok(Answer::Decided(decided)) = serde_json::from_slice(&self.post_raw(event).await) {
                    return decided.lead.clone();
                }
            }
        };
        tokio::time::timeout(SOON, decided).await.expect("the lead is decided")
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

    pub async fn lead(&self, lead: &LeadId) -> LeadRecord {
        self.running.store.lead(lead).await.expect("the database answers").expect("the lead is kept")
    }

    pub async fn leads(&self) -> Vec<LeadSummary> {
        let found = self.running.store.read("flow.leads", |tx| Box::pin(async move { tx.leads_list(None, 100).await }));
        found.await.expect("the database answers")
    }

    pub async fn handoff(&self, lead: &LeadId) -> Handoff {
        self.running.store.handoff(&HandoffId::of(lead)).await.expect("the handoff is kept")
    }

    pub async fn ledgers(&self) -> BTreeMap<PoolId, (Ledger, Ledger)> {
        let found = self.running.store.read("flow.ledgers", |tx| Box::pin(async move { tx.ledgers_recount().await }));
        found.await.expect("the ledgers")
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

    /// Waits until nothing is left to be done, retries of the next minutes included.
    pub async fn until_quiet(&self) {
        let quiet = async {
            loop {
                let now = self.clock.now() + chrono::TimeDelta::seconds(90);
                let open = self.running.store.step_stats(now).await.expect("the database answers");
                if open.due + open.leased == 0 {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(SOON, quiet).await.expect("everything comes to an end");
    }

    /// Waits for something that the world shows.
    pub async fn until_seen(&self, what: &str, seen: impl Fn(&Self) -> bool) {
        let waited = tokio::time::timeout(SOON, async {
            while !seen(self) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        assert!(waited.await.is_ok(), "{what} did not come");
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
