//! Two workers, a caller who is on the line, and the one of them that has the call is killed.

use super::person::dump;
use crate::eventually::{eventually, found};
use crate::operate::leads::{configure, until_ready};
use crate::program::{Process, edit, free_port};
use crate::store::server::{Db, tests};
use crate::town::{self, Caller};
use baton::app::stage::StandIns;
use baton::connectors::http::{ApiCall, Does, VendorHttp};
use baton_clock::SystemClock;
use baton_sandbox::voice::{Deliver, RepManner};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// A worker that dies, and starts of others, take their time: nobody gives up meanwhile.
const PATIENT: [(&str, &str); 5] = [
    ("patience: 20s", "patience: 15m\nlive_at_most: 15m"),
    ("bridge_within: 24s", "bridge_within: 16m"),
    ("ring_timeout: 4s", "ring_timeout: 30s"),
    ("accept_within: 5s", "accept_within: 30s"),
    ("join_within: 4s", "join_within: 30s"),
];

tests! {
    a_call_whose_worker_is_killed_is_ended_by_the_other_and_the_caller_forgotten: on_postgres(call_of_a_dead_worker),
}

struct Worker {
    process: Process,
    door: Arc<VendorHttp>,
    // After the process, which writes into it.
    folder: TempDir,
}

impl Worker {
    async fn begin(db: &Db, stage: &StandIns) -> Self {
        let (folder, port) = (town::founded(6), free_port());
        for (usual, patient) in PATIENT {
            edit(folder.path(), "rules/handoff.yaml", usual, patient);
        }
        configure(folder.path(), port, &db.url, &stage.config_toml());
        let process = Process::serve(folder.path(), "warn", &StandIns::secrets());
        until_ready(port).await;
        let door = Arc::new(town::door(format!("127.0.0.1:{port}"), Duration::from_secs(10)));
        Self { process, door, folder }
    }

    async fn post(&self, path: &[&str], body: Value) -> Option<Value> {
        post(&self.door, path, body).await
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

/// `None`: nobody has taken it.
async fn post(door: &VendorHttp, path: &[&str], body: Value) -> Option<Value> {
    let call = ApiCall::new("post", Does::Write, Method::POST, path).json(body);
    let answer = door.send(&call).await.ok()?;
    (200..300).contains(&answer.status).then(|| answer.value())
}

/// The platform's word reaches whichever worker lives.
fn to_either(first: &Worker, second: &Worker) -> Deliver {
    let doors = Arc::new([Arc::clone(&first.door), Arc::clone(&second.door)]);
    Arc::new(move |event: Value| {
        let doors = Arc::clone(&doors);
        Box::pin(async move {
            for door in doors.iter() {
                if post(door, &["v1", "events"], event.clone()).await.is_some() {
                    return true;
                }
            }
            false
        })
    })
}

async fn call_of_a_dead_worker(db: Db) {
    let stage = Arc::new(StandIns::open(Arc::new(SystemClock)).await.expect("the stand-ins"));
    let (mut first, second) = (Worker::begin(&db, &stage).await, Worker::begin(&db, &stage).await);
    stage.voice.connect(to_either(&first, &second));
    let accepts = RepManner::Accepts { after: Duration::from_secs(4) };
    let caller = Caller::live(1).reps(&[accepts]).talks_for(Duration::from_secs(14));
    stage.voice.call(caller.call(), caller.script.clone().expect("a live call"));
    first.post(&["v1", "events"], caller.event.clone()).await.expect("the call is taken");
    let rings = || stage.world.accepted().iter().filter(|done| done.vendor == "voice" && done.kind == "ring").count();
    eventually("a phone rings", || std::future::ready(rings() == 1)).await;
    let asked = first.post(&["v1", "erasures"], json!({ "email": caller.email() })).await.expect("it is stored");
    let id = asked["erasure"].as_str().expect("an id").to_owned();
    first.process.kill();

    let lead = caller.lead();
    eventually("the caller is put through", || async {
        let record = db.store.lead(&lead).await.expect("a read");
        record.is_some_and(|record| record.status == "connected")
    })
    .await;
    let told = found("the other worker ends the erasure", || async {
        let told = second.door.send(&ApiCall::get("look", &["v1", "erasures", &id])).await.ok()?.value();
        (told["state"] == "done").then_some(told)
    })
    .await;
    assert_eq!((&told["leads"], &told["waits_for"]), (&json!([lead]), &json!([])), "{told}");
    let record = db.store.lead(&lead).await.expect("a read").expect("the lead is there");
    assert!(record.erased_at.is_some() && record.status == "connected", "what came of it stays: {}", record.status);
    assert_eq!(rings(), 1, "one phone rang, once");
    assert_eq!(stage.world.duplicates(), BTreeMap::new(), "nothing is done twice");
    let dump = dump(&db).await;
    for canary in [caller.email(), "Caller No 1", "+447700900001", "Company 1\""] {
        assert!(!dump.contains(canary), "{canary}");
    }
    assert!(!second.log().contains("panicked"), "{}", second.log());
}
