//! A town whose worker is asked over its door and its decider, and every answer of which is heard.

use crate::eventually::{SOON, found};
use crate::store::server::Db;
use crate::town;
use async_trait::async_trait;
use baton::app::Running;
use baton::connectors::http::{ApiCall, Does, VendorHttp};
use baton::deciding::answer::OutgoingAnswer;
use baton::deciding::decider::Replies;
use baton::store::{Arrival, Aside, InboxMessage};
use baton_clock::SharedClock;
use reqwest::Method;
use serde_json::Value;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

/// Every answer that went out, as it went out.
#[derive(Default)]
struct Heard(Mutex<Vec<(String, Value)>>);

#[async_trait]
impl Replies for Heard {
    async fn reply(&self, to: &str, _correlation_id: Option<&str>, answer: &OutgoingAnswer<'_>) {
        let answer = serde_json::to_value(answer).expect("an answer is JSON");
        self.0.lock().expect("answers").push((to.to_owned(), answer));
    }
}

pub struct Town {
    pub db: Db,
    clock: SharedClock,
    pub running: Running,
    heard: Arc<Heard>,
    door: VendorHttp,
    _folder: TempDir,
}

impl Town {
    pub async fn begin(db: Db) -> Self {
        let folder = town::founded(2);
        // What a worker left is found sooner.
        let clock: SharedClock = town::clock(6);
        let heard = Arc::new(Heard::default());
        let replies = Arc::clone(&heard) as Arc<dyn Replies>;
        let running = town::worker_of(folder.path(), &db.store, &clock, |setup| setup.replies = Some(replies)).await;
        let door = town::door(&running.address, Duration::from_secs(10));
        Self { db, clock, running, heard, door, _folder: folder }
    }

    pub fn message(&self, event: &Value) -> InboxMessage {
        let mut message = town::inbox(event, self.clock.now());
        message.reply_to = Some(message.key.clone());
        message
    }

    pub async fn take(&self, events: &[&Value]) -> Vec<Arrival> {
        let messages = events.iter().map(|event| self.message(event)).collect();
        self.running.decider.take(messages).await.expect("the messages are taken")
    }

    pub async fn until(&self, what: &str, sql: &str, wanted: i64) {
        let seen = tokio::time::timeout(SOON, async {
            while self.db.number(sql).await != wanted {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        if seen.await.is_err() {
            panic!("{what}: {sql} is {}, not {wanted}; aside: {:?}", self.db.number(sql).await, self.aside().await);
        }
    }

    pub async fn until_decided(&self, leads: i64) {
        self.until("the leads are decided", "SELECT COUNT(*) FROM decision", leads).await;
    }

    pub async fn aside(&self) -> Vec<Aside> {
        self.db.store.inbox_quarantined(100).await.expect("the quarantine")
    }

    pub async fn until_aside(&self, messages: i64) -> Vec<Aside> {
        self.until("put aside", "SELECT COUNT(*) FROM inbox WHERE state = 'quarantined'", messages).await;
        self.aside().await
    }

    /// The answers to an event so far.
    pub async fn answers(&self, key: &str, at_least: usize) -> Vec<Value> {
        found(format!("{key} is answered {at_least} times"), || async {
            let heard = self.heard.0.lock().expect("answers").clone();
            let told: Vec<Value> = heard.into_iter().filter(|(to, _)| to == key).map(|(_, told)| told).collect();
            (told.len() >= at_least).then_some(told)
        })
        .await
    }

    pub async fn get(&self, path: &[&str]) -> (u16, String) {
        let answer = self.door.send(&ApiCall::get("test", path)).await.expect("the door answers");
        (answer.status, String::from_utf8_lossy(&answer.body).into_owned())
    }

    pub async fn post(&self, path: &[&str], body: Value) -> (u16, Value) {
        let call = ApiCall::new("test", Does::Write, Method::POST, path).json(body);
        let call = if path == ["v1", "leads"] { call.query("wait", "1500ms") } else { call };
        let answer = self.door.send(&call).await.expect("the door answers");
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
    }
}
