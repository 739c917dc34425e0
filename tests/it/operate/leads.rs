//! Leads that come in without a pause, each sent again until it is acknowledged, as any platform does; and whether all are whole.

use crate::eventually::eventually;
use crate::program::{baton, json_of};
use crate::store::server::{Db, ledgers};
use crate::town::{self, Caller};
use baton::connectors::http::{ApiCall, Does, VendorHttp};
use baton_clock::{Clock, SystemClock};
use futures_util::future::BoxFuture;
use reqwest::Method;
use serde_json::Value;
use sqlx::Row;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Senders at the same time, and the pause of each between two leads: some forty leads a second.
const AT_ONCE: usize = 4;
const PAUSE: Duration = Duration::from_millis(100);
/// A worker without its database says so long before.
const ANSWERED_WITHIN: Duration = Duration::from_secs(10);

/// `baton.toml` for a worker on a port and a database. What a dead one held lies for three seconds.
pub fn configure(folder: &Path, port: u16, database: &str, more: &str) {
    let text = format!(
        "[database]\nurl = {database:?}\n\n[http]\nlisten = \"127.0.0.1:{port}\"\n\n[limits]\nlease_s = 3\n\
         vendor_timeout_s = 2\nfacts_within_ms = 500\n{more}"
    );
    std::fs::write(folder.join("baton.toml"), text).expect("baton.toml");
}

pub async fn until_ready(port: u16) {
    let door = town::door(format!("127.0.0.1:{port}"), ANSWERED_WITHIN);
    eventually(format!("a worker that is ready on port {port}"), || async {
        door.send(&ApiCall::get("ready", &["readyz"])).await.is_ok_and(|answer| answer.status == 200)
    })
    .await;
}

/// Hands one lead over, by its number, at the n-th try; `true`: it was acknowledged.
pub type Deliver = Arc<dyn Fn(usize, usize) -> BoxFuture<'static, bool> + Send + Sync>;

pub struct Leads {
    acknowledged: Arc<Mutex<BTreeMap<usize, Instant>>>,
    stop: watch::Sender<bool>,
    senders: Vec<JoinHandle<()>>,
}

impl Leads {
    /// Over HTTP, to workers on these ports in turn.
    pub fn come_in(ports: &[u16]) -> Self {
        let door = |port: &u16| Arc::new(town::door(format!("127.0.0.1:{port}"), ANSWERED_WITHIN));
        let doors: Vec<Arc<VendorHttp>> = ports.iter().map(door).collect();
        Self::handed_over(Arc::new(move |number: usize, tries: usize| -> BoxFuture<'static, bool> {
            let door = Arc::clone(&doors[(number / AT_ONCE + tries) % doors.len()]);
            Box::pin(async move {
                let call = ApiCall::new("post_event", Does::Write, Method::POST, &["v1", "events"]);
                let answer = door.send(&call.json(Caller::gone(number).event)).await;
                answer.is_ok_and(|answer| (200..300).contains(&answer.status))
            })
        }))
    }

    pub fn handed_over(deliver: Deliver) -> Self {
        let acknowledged: Arc<Mutex<BTreeMap<usize, Instant>>> = Arc::default();
        let (stop, stopping) = watch::channel(false);
        let sender = |first| {
            let (deliver, known, stopping) = (Arc::clone(&deliver), Arc::clone(&acknowledged), stopping.clone());
            tokio::spawn(async move {
                let (mut number, mut tries) = (first, 0);
                while !*stopping.borrow() {
                    if deliver(number, tries).await {
                        known.lock().expect("acknowledged").insert(number, Instant::now());
                        (number, tries) = (number + AT_ONCE, 0);
                    } else {
                        tries += 1;
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            })
        };
        let senders = (0..AT_ONCE).map(sender).collect();
        Self { acknowledged, stop, senders }
    }

    /// Numbers of those that were acknowledged, each with when.
    pub fn so_far(&self) -> BTreeMap<usize, Instant> {
        self.acknowledged.lock().expect("acknowledged").clone()
    }

    /// Waits until so many more have been acknowledged.
    pub async fn come(&self, more: usize) {
        let wanted = self.so_far().len() + more;
        eventually(format!("{wanted} leads are acknowledged"), || std::future::ready(self.so_far().len() >= wanted))
            .await;
    }

    /// Nobody sends any more; what was acknowledged.
    pub async fn end(self) -> BTreeMap<usize, Instant> {
        self.stop.send_replace(true);
        for sender in self.senders {
            sender.await.expect("a sender");
        }
        self.acknowledged.lock().expect("acknowledged").clone()
    }
}

/// Those of the acknowledged leads that are not among these.
pub fn lost<'a>(acknowledged: impl IntoIterator<Item = &'a usize>, known: &BTreeSet<String>) -> Vec<usize> {
    let id = |number: usize| Caller::gone(number).lead().to_string();
    acknowledged.into_iter().copied().filter(|number| !known.contains(&id(*number))).collect()
}

/// Waits until nothing is left to be decided. Every lead then has its decision, one, and an owner and a next step with a time; each
/// ledger is what its journal says. Returns their ids.
pub async fn all_whole(db: &Db) -> BTreeSet<String> {
    eventually("everything is decided", || async {
        db.number("SELECT COUNT(*) FROM inbox WHERE state = 'received'").await == 0
            && db.number("SELECT COUNT(*) FROM lead WHERE next_step = 'handoff'").await == 0
    })
    .await;
    let broken = "SELECT COUNT(*) FROM lead l LEFT JOIN decision d ON d.lead_id = l.id LEFT JOIN handoff h ON h.lead_id = l.id \
                  WHERE d.id IS NULL OR h.id IS NULL OR l.owner = '' OR l.next_owner = '' OR l.next_step = '' OR l.next_at <= 0";
    assert_eq!(db.number(broken).await, 0, "every lead has a decision, an owner, and a next step with a time");
    let twice = "SELECT COUNT(*) FROM (SELECT lead_id FROM ledger_entry WHERE author = 'decision' GROUP BY lead_id \
                 HAVING COUNT(*) > 1) AS twice";
    assert_eq!(db.number(twice).await, 0, "nobody paid a turn twice for one lead");
    assert_eq!(db.number("SELECT COUNT(*) FROM inbox WHERE state = 'quarantined'").await, 0);
    ledgers(&db.store).await;
    let rows = sqlx::query("SELECT id FROM lead").fetch_all(&db.raw).await.expect("the leads");
    rows.iter().map(|row| row.get(0)).collect()
}

/// Waits until nothing is left to be done now, nor was tried and is to be tried again within a minute.
pub async fn all_done(db: &Db) {
    eventually("everything is done that can be", || async {
        let now = SystemClock.now().timestamp_micros();
        let open = format!(
            "SELECT COUNT(*) FROM step WHERE state = 'leased' OR (state = 'due' AND (run_at <= {now} OR (attempts > 0 AND \
             run_at <= {now} + 60000000)))"
        );
        db.number(open).await == 0
    })
    .await;
}

/// Another database on the server of this one, with nothing in it: its name and its address.
pub async fn another_beside(db: &Db, named: &str) -> (String, String) {
    let mut url = url::Url::parse(&db.url).expect("a URL");
    let name = format!("{}_{named}", url.path().trim_start_matches('/'));
    db.execute(format!("CREATE DATABASE {name}")).await;
    url.set_path(&name);
    (name, url.to_string())
}

/// Every decision of a workspace's database is made again, to the byte.
pub fn all_replayed(folder: &Path, leads: usize) {
    let told = json_of(&baton(&["replay", "--format", "json", "-w", folder.to_str().expect("a plain path")]));
    let all = Value::from(leads);
    assert_eq!((&told["replayed"], &told["same"]), (&all, &all), "{told}");
}
