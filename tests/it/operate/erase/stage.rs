//! A worker beside a database that holds the person, and what people write and ask there.

use super::person::{OTHERS, texts};
use crate::eventually::{eventually, found};
use crate::store::server::Db;
use crate::town::{self, inbox};
use baton::app::replay::{ReplayVerdict, Replayed, Which, replay};
use baton::app::{Reload, Running};
use baton::connectors::http::{Answer, ApiCall, Does, VendorHttp};
use baton::deciding::decider::Decider;
use baton::intake::event::lead_id;
use baton::reports::{Asked, over};
use baton_clock::{SharedClock, SystemClock};
use baton_core::domain::id::LeadId;
use baton_core::domain::trace_context::TraceContext;
use chrono::{DateTime, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// Tables in which [`Town::plant`] puts the person.
pub const PLANTED: [&str; 7] =
    ["mirror_account", "ping", "text_sent", "carrier_leg", "keyed_act", "orphan_result", "webhook_delivery"];

/// In which the sender keeps words of its own.
fn trace_context() -> TraceContext {
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    TraceContext::read(parent, Some("crm=zyxandra-quillfeather")).expect("a context")
}

/// A worker whose database holds the person, somebody else, and what reps wrote.
pub struct Town {
    pub db: Db,
    decider: Arc<Decider>,
    reload: Arc<Reload>,
    door: VendorHttp,
    pub clock: SharedClock,
    _folder: TempDir,
}

impl Town {
    pub async fn begin(db: Db) -> (Self, Running) {
        let folder = town::founded(4);
        let clock: SharedClock = Arc::new(SystemClock);
        let worker = town::worker(folder.path(), &db.store, &clock).await;
        let door = town::door(&worker.address, Duration::from_secs(10));
        let (decider, reload) = (Arc::clone(&worker.decider), Arc::clone(&worker.reload));
        (Self { db, decider, reload, door, clock, _folder: folder }, worker)
    }

    /// One after the other, until nothing is left to be done at once.
    pub async fn bring(&self, events: &[Value]) {
        for event in events {
            let mut message = inbox(event, self.clock.now());
            message.trace_context = (event["id"] != OTHERS).then(trace_context);
            self.decider.take(vec![message]).await.expect("it is taken");
            let open = "SELECT COUNT(*) FROM inbox WHERE state = 'received'";
            eventually("it is decided", || async { self.db.number(open).await == 0 }).await;
        }
        self.until_quiet().await;
    }

    pub async fn until_quiet(&self) {
        eventually("what is due is done", || async {
            let open = self.db.store.step_stats(self.clock.now()).await.expect("the steps");
            open.due + open.leased == 0
        })
        .await;
    }

    /// What people write of the first lead.
    pub async fn write_of(&self) {
        let lead = lead_id("town", "evt-whole").to_string();
        let note = "Zyxandra was glad: 415-555-0142, canary and all";
        let feedback = json!({ "lead": lead, "rep": "west-01", "quality": 4, "note": note });
        assert_eq!(self.post(&["v1", "feedback"], feedback).await.status, 201);
        let reassign = json!({ "to": "east-02", "reason": "Zyxandra asked for it", "by": "lena" });
        assert_eq!(self.post(&["v1", "leads", &lead, "reassign"], reassign).await.status, 200);
    }

    /// What is kept for a while only, with the person of a lead in it: a row in each of [`PLANTED`].
    pub async fn plant(&self, lead: &LeadId, phone: &str, email: &str) {
        let key = format!("SELECT MIN(effect_key) FROM step WHERE lead_id = '{lead}'");
        let key = texts(&self.db, key).await.remove(0);
        let (now, trace) = (self.clock.now().timestamp_micros(), trace_context());
        let said = json!({ "say": format!("Hello, {email}."), "from": phone });
        for (table, columns, values) in [
            ("mirror_account", "key, body, source, observed_at", format!("'{email}', '[]', 'crm', {now}")),
            ("ping", "key, answer, event, noted_at", format!("'{key}', '{said}', '{said}', {now}")),
            ("text_sent", "phone, effect_key, asked_at", format!("'{phone}', '{key}', {now}")),
            ("carrier_leg", "leg, call_id, phone, asked_at", format!("'{key}', 'CA1', '{phone}', {now}")),
            (
                "keyed_act",
                "key, holder, digest, began_at, status, body",
                format!("'{key}', 'desk', 'd', {now}, 200, '{said}'"),
            ),
            ("orphan_result", "effect_key, fence, at, result", format!("'{key}', 1, {now}, 'told {email}'")),
            (
                "webhook_delivery",
                "id, webhook, event_id, topic, body, created_at, state, run_at, held, fence, attempts, trace_context",
                format!(
                    "'crm/{key}', 'crm', '{key}', 'lead.routed', '{{}}', {now}, 'delivered', {now}, 0, 1, 1, '{trace}'"
                ),
            ),
        ] {
            assert!(PLANTED.contains(&table));
            let sql = format!("INSERT INTO {table} ({columns}) VALUES ({values})");
            assert_eq!(self.db.execute(sql.clone()).await, 1, "{sql}");
        }
    }

    pub async fn post(&self, path: &[&str], body: Value) -> Answer {
        let call = ApiCall::new("act", Does::Write, Method::POST, path).json(body);
        self.door.send(&call).await.expect("the door answers")
    }

    pub async fn get(&self, path: &[&str]) -> Answer {
        self.door.send(&ApiCall::get("look", path)).await.expect("the door answers")
    }

    /// Asks for it, and waits until it is done.
    pub async fn erase(&self, whom: Value) -> Value {
        let asked = self.post(&["v1", "erasures"], whom).await;
        assert_eq!(asked.status, 202, "{}", asked.text());
        let id = asked.value()["erasure"].as_str().expect("an id").to_owned();
        found("the erasure is done", || async {
            let told = self.get(&["v1", "erasures", &id]).await.value();
            (told["state"] == "done").then_some(told)
        })
        .await
    }

    pub async fn count(&self, of: &str) -> i64 {
        self.db.number(format!("SELECT COUNT(*) FROM {of}")).await
    }

    pub async fn report(&self, now: DateTime<Utc>) -> Value {
        let rules = Arc::clone(&self.reload.current().borrow().rules);
        let report = over(&self.db.store, &rules, &Asked::over(None, None, 3, now).expect("a time"), now)
            .await
            .expect("a report");
        let mut report = serde_json::to_value(report).expect("JSON");
        // Who came again is known by their number, which an erased person has none of.
        let figures = report["figures"].as_array_mut().expect("figures");
        figures.retain(|figure| figure["key"] != "repeat_contact");
        report
    }

    pub async fn verdicts(&self) -> BTreeMap<String, ReplayVerdict> {
        let mut all = BTreeMap::new();
        let tell = |one: Replayed| drop(all.insert(one.lead.to_string(), one.verdict));
        replay(&self.db.store, Which::Since(DateTime::<Utc>::UNIX_EPOCH), self.clock.now(), tell)
            .await
            .expect("a replay");
        all
    }
}
