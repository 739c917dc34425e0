//! Events of made-up callers, workers who are told of them, and what is kept of the leads.

use crate::eventually::found;
use crate::store::server::Db;
use crate::town::{self, Caller};
use baton::app::Running;
use baton::deciding::answer::{Answer, Decided};
use baton_clock::SharedClock;
use baton_core::domain::id::{HandoffId, LeadId};
use baton_core::domain::lead::Lead;
use baton_core::handoff::Handoff;
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;

pub struct Calls {
    pub db: Db,
    pub clock: SharedClock,
    workers: Vec<Running>,
    _folder: TempDir,
}

impl Calls {
    pub async fn begin(db: Db, workers: usize) -> Self {
        Self::in_town(db, workers, |_| {}).await
    }

    /// In a town that is otherwise than usual.
    pub async fn in_town(db: Db, workers: usize, change: impl FnOnce(&Path)) -> Self {
        let folder = town::founded(6);
        change(folder.path());
        let clock: SharedClock = town::clock(1);
        let workers = town::workers(workers, folder.path(), &db.store, &clock).await;
        Self { db, clock, workers, _folder: folder }
    }

    /// Hands events to a worker at once, and returns their keys.
    pub async fn take(&self, worker: usize, events: &[Value]) -> Vec<String> {
        let now = self.clock.now();
        let messages: Vec<_> = events.iter().map(|event| town::inbox(event, now)).collect();
        let keys = messages.iter().map(|message| message.key.clone()).collect();
        self.workers[worker].decider.take(messages).await.expect("they are taken");
        keys
    }

    /// The same, and what was answered to each.
    pub async fn tell(&self, worker: usize, events: &[Value]) -> Vec<Decided> {
        let keys = self.take(worker, events).await;
        let mut answers = Vec::new();
        for key in keys {
            match self.answer(worker, &key).await {
                Answer::Decided(decided) => answers.push(*decided),
                other => panic!("{key}: {other:?}"),
            }
        }
        answers
    }

    /// Tells a worker something that is no lead; returns why it changed nothing.
    pub async fn other(&self, id: &str, kind: &str, data: Value, time: Value) -> Option<String> {
        let mut event = json!({ "specversion": "1.0", "id": id, "source": "town", "type": kind, "data": data });
        if !time.is_null() {
            event["time"] = time;
        }
        let message = town::inbox(&event, self.clock.now());
        let key = message.key.clone();
        self.workers[0].decider.take(vec![message]).await.expect("it is taken");
        match self.answer(0, &key).await {
            Answer::Taken { ignored, .. } => ignored,
            other => panic!("{other:?}"),
        }
    }

    async fn answer(&self, worker: usize, key: &str) -> Answer {
        let decider = &self.workers[worker].decider;
        found(format!("an answer to {key}"), || async { decider.answer_of(key).await.expect("a look") }).await
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
