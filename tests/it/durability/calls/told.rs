//! Events of made-up callers, workers who are told of them, and what is kept of the leads.

use crate::store::server::Db;
use crate::town::{self, Caller};
use baton::app::Running;
use baton::deciding::answer::{Answer, Decided};
use baton::intake::event::key_of;
use baton_clock::{ScaledClock, SharedClock};
use baton_core::domain::id::{HandoffId, LeadId};
use baton_core::domain::lead::Lead;
use baton_core::handoff::Handoff;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// Nobody's day ends during a test.
const BEGINS: &str = "2026-11-23T10:00:00Z";
const SOON: Duration = Duration::from_secs(30);

pub struct Calls {
    pub db: Db,
    pub clock: SharedClock,
    workers: Vec<Running>,
    _folder: TempDir,
}

impl Calls {
    pub async fn begin(db: Db, workers: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        town::found(folder.path(), 6);
        let clock: SharedClock = Arc::new(ScaledClock::new(BEGINS.parse().expect("an instant"), 1));
        let workers = town::workers(workers, folder.path(), &db.store, &clock).await;
        Self { db, clock, workers, _folder: folder }
    }

    /// Hands events to a worker at once, and returns what was answered to each.
    pub async fn tell(&self, worker: usize, events: &[Value]) -> Vec<Decided> {
        let decider = &self.workers[worker].decider;
        let keys: Vec<String> = events.iter().map(|event| key_of(event.to_string().as_bytes())).collect();
        let now = self.clock.now();
        let messages = events.iter().map(|event| town::inbox(event, now)).collect();
        decider.take(messages).await.expect("they are taken");
        let mut answers = Vec::new();
        for key in keys {
            let answer = tokio::time::timeout(SOON, async {
                loop {
                    match decider.answer_of(&key).await.expect("a look") {
                        Some(Answer::Decided(decided)) => return *decided,
                        Some(other) => panic!("{key}: {other:?}"),
                        None => tokio::time::sleep(Duration::from_millis(10)).await,
                    }
                }
            });
            answers.push(answer.await.unwrap_or_else(|_| panic!("{key} is never answered")));
        }
        answers
    }

    /// Tells a worker something that is no lead; returns why it changed nothing.
    pub async fn other(&self, id: &str, kind: &str, data: Value, time: Value) -> Option<String> {
        let mut event = json!({ "specversion": "1.0", "id": id, "source": "town", "type": kind, "data": data });
        if !time.is_null() {
            event["time"] = time;
        }
        let decider = &self.workers[0].decider;
        decider.take(vec![town::inbox(&event, self.clock.now())]).await.expect("it is taken");
        let key = key_of(event.to_string().as_bytes());
        let answered = tokio::time::timeout(SOON, async {
            loop {
                match decider.answer_of(&key).await.expect("a look") {
                    Some(Answer::Taken { ignored, .. }) => return ignored,
                    Some(other) => panic!("{other:?}"),
                    None => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            }
        });
        answered.await.expect("an answer")
    }

    pub async fn leads(&self) -> i64 {
        self.db.number("SELECT COUNT(*) FROM lead").await
    }

    pub async fn lead(&self, lead: &LeadId) -> Lead {
        self.db.store.lead(lead).await.expect("a look").expect("the lead is kept").lead
    }

    pub async fn handoff(&self, lead: &LeadId) -> Handoff {
        self.db.store.handoff(&HandoffId::of(lead)).await.expect("the handoff")
    }

    pub async fn stop(self) {
        for worker in self.workers {
            worker.stop().await;
        }
    }
}

/// An event of a caller, changed.
pub fn event(id: &str, number: usize, change: impl FnOnce(&mut Value)) -> Value {
    let mut event = Caller::live(number).event;
    event["id"] = json!(id);
    change(&mut event["data"]);
    event
}

pub fn without(data: &mut Value, part: &str, field: &str) {
    data[part].as_object_mut().expect("an object").remove(field);
}
