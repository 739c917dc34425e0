//! Our own events reach webhooks: signed, once they are taken, whatever other receivers, the broker and the callers' lines do.

mod outside;
mod pace;
pub mod receiver;

use crate::eventually::{eventually, found};
use crate::store::server::{Db, on_both, tests};
use crate::town::{self, Caller, Line};
use async_trait::async_trait;
use baton::app::Running;
use baton::connectors::VendorError;
use baton::connectors::webhook::{Webhook, WebhookConfig};
use baton::outbox::{EventSink, Vendors};
use baton_clock::{Clock, SharedClock, SystemClock};
use baton_core::domain::effect::Topic;
use baton_platforms::signature::{Refused, SigningKey};
use chrono::{DateTime, Utc};
use receiver::{Came, Receiver, Says};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// The new one and the one before it, while the receiver still knows only one of them.
const SECRETS: [&str; 2] = ["whsec_bmV3IHNlY3JldCBvZiBhIHJlY2VpdmVyIQ==", "whsec_b2xkIHNlY3JldCBvZiBhIHJlY2VpdmVyIQ=="];
const STRANGER: &str = "whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldCEhIQ==";

/// In the clock's own time.
const TIMEOUT: Duration = Duration::from_secs(30);

fn webhook(name: &str, receiver: &Receiver, topics: &[Topic]) -> Arc<Webhook> {
    webhook_to(name, &receiver.url(), topics)
}

pub fn webhook_to(name: &str, url: &str, topics: &[Topic]) -> Arc<Webhook> {
    let config = WebhookConfig {
        name: name.to_owned(),
        url: url.parse().expect("an address"),
        keys: SECRETS.map(|secret| SigningKey::read(secret).expect("a secret")).to_vec(),
        topics: (!topics.is_empty()).then(|| topics.iter().copied().collect::<BTreeSet<Topic>>()),
        timeout: TIMEOUT,
        allow_private: true,
    };
    Arc::new(Webhook::new(config).expect("a webhook"))
}

/// A worker that tells these, with a telephone on which everything fails.
struct Town {
    db: Db,
    clock: SharedClock,
    running: Running,
    _folder: TempDir,
}

impl Town {
    async fn begin(db: Db, clock: SharedClock, webhooks: Vec<Arc<Webhook>>) -> Self {
        Self::with(db, clock, Vendors { webhooks, ..Vendors::default() }).await
    }

    async fn with(db: Db, clock: SharedClock, vendors: Vendors) -> Self {
        let folder = town::founded(4);
        let vendors = Vendors { telephony: Some(Arc::new(Line::default())), ..vendors };
        let running = town::worker_with(vendors, folder.path(), &db.store, &clock).await;
        Self { db, clock, running, _folder: folder }
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    async fn calls(&self, numbers: std::ops::Range<usize>) {
        let messages = numbers.map(|number| town::message(number, self.now())).collect();
        self.running.decider.take(messages).await.expect("they are taken");
    }

    async fn until(&self, what: &str, sql: &str, number: i64) {
        eventually(what, || async { self.db.number(sql).await == number }).await;
    }
}

fn routed(came: &[Came]) -> Vec<Came> {
    came.iter().filter(|one| one.topic() == "lead.routed").cloned().collect()
}

async fn events_reach_whoever_asked_signed_with_each_secret(db: Db) {
    let (all, booked) = (Receiver::open(&[], Says::Status(200)).await, Receiver::open(&[], Says::Status(200)).await);
    let webhooks = vec![webhook("all", &all, &[]), webhook("booked", &booked, &[Topic::MeetingBooked])];
    let town = Town::begin(db, Arc::new(SystemClock), webhooks).await;
    town.calls(1..2).await;
    let came = found("the lead was routed", || async { routed(&all.came()).first().cloned() }).await;
    assert_eq!(came.header("content-type"), "application/cloudevents+json");
    for secret in SECRETS {
        assert_eq!(came.judged(secret, town.now()), Ok(()), "a receiver knows one of them");
    }
    assert_eq!(came.judged(STRANGER, town.now()), Err(Refused::Mismatch));
    let changed =
        Came { body: came.json().to_string().replace("lead.routed", "lead.lost").into_bytes(), ..came.clone() };
    assert_eq!(changed.judged(SECRETS[0], town.now()), Err(Refused::Mismatch));
    let event = came.json();
    let told = |name: &str| event[name].clone();
    assert_eq!(
        (told("specversion"), told("source"), told("type")),
        (json!("1.0"), json!("baton"), json!("lead.routed"))
    );
    assert_eq!(told("id"), came.header("webhook-id"));
    assert_eq!(event["data"]["lead"], json!(Caller::live(1).lead()), "{event}");
    let text = event.to_string();
    assert!(
        !text.contains("aller No 1") && !text.contains('@') && !text.contains("ompany"),
        "ids and times only: {text}"
    );
    let kept = |webhook: &str| format!("SELECT COUNT(*) FROM webhook_delivery WHERE webhook = '{webhook}'");
    assert_eq!(town.db.number(kept("booked")).await, 0, "nothing was booked");
    town.until("it is written down", &format!("{} AND topic = 'lead.routed' AND state = 'delivered'", kept("all")), 1)
        .await;
    assert_eq!(booked.came().len(), 0);
    town.running.stop().await;
}

async fn what_fails_is_tried_again_until_it_is_taken_once(db: Db) {
    let receiver = Receiver::open(&[Says::Status(500)], Says::Status(200)).await;
    let town = Town::begin(db, town::clock(10), vec![webhook("crm", &receiver, &[Topic::LeadRouted])]).await;
    town.calls(1..2).await;
    let taken =
        "SELECT COUNT(*) FROM webhook_delivery WHERE state = 'delivered' AND attempts = 2 AND outcome = 'HTTP 200'";
    town.until("it is taken", taken, 1).await;
    town.running.stop().await;
    assert_eq!(town.db.number("SELECT COUNT(*) FROM webhook_delivery").await, 1);
    assert_eq!(town.db.number("SELECT COUNT(*) FROM webhook WHERE failing_since IS NULL").await, 1, "it is well again");
    let came = receiver.came();
    let [first, second] = &came[..] else { panic!("it was sent {} times", came.len()) };
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"), "a repetition can be told");
    assert_eq!(first.body, second.body);
    assert_ne!(first.header("webhook-timestamp"), second.header("webhook-timestamp"), "each try is signed anew");
}

async fn a_receiver_is_given_the_time_that_it_asks_for(db: Db) {
    let receiver = Receiver::open(&[], Says::Later(3600)).await;
    let town = Town::begin(db, Arc::new(SystemClock), vec![webhook("crm", &receiver, &[Topic::LeadRouted])]).await;
    town.calls(1..2).await;
    let waits = "SELECT COUNT(*) FROM webhook_delivery WHERE state = 'open' AND held = 0 AND outcome = 'HTTP 503' \
                 AND run_at - tried_at = 3600000000";
    town.until("it waits for an hour", waits, 1).await;
    town.running.stop().await;
    assert_eq!(receiver.came().len(), 1);
}

async fn a_dead_receiver_holds_up_no_lead_and_no_other_webhook(db: Db) {
    const LEADS: usize = 20;
    let (dead, well) = (Receiver::open(&[], Says::Nothing).await, Receiver::open(&[], Says::Status(204)).await);
    let routed_to = |name: &str, receiver: &Receiver| webhook(name, receiver, &[Topic::LeadRouted]);
    let webhooks = vec![routed_to("dead", &dead), routed_to("well", &well)];
    let town = Town::begin(db, Arc::new(SystemClock), webhooks).await;
    town.calls(0..LEADS).await;
    town.until("all leads are decided", "SELECT COUNT(*) FROM lead", LEADS as i64).await;
    let delivered = "SELECT COUNT(*) FROM webhook_delivery WHERE webhook = 'well' AND state = 'delivered'";
    town.until("the other one has all", delivered, LEADS as i64).await;
    let ids: BTreeSet<String> = well.came().iter().map(|came| came.header("webhook-id").to_owned()).collect();
    assert_eq!((ids.len(), well.came().len()), (LEADS, LEADS), "each once");
    eventually("the dead one has as many as it is asked at once", || async { dead.most_at_once() == 16 }).await;
    let kept = "SELECT COUNT(*) FROM webhook_delivery WHERE webhook = 'dead' AND state = 'open'";
    assert_eq!(town.db.number(kept).await, LEADS as i64, "nothing is lost");
    town.running.stop().await;
    assert_eq!(dead.most_at_once(), 16);
}

/// A broker that takes nothing.
struct Away;

#[async_trait]
impl EventSink for Away {
    async fn publish(&self, _: &str, _: &str, _: &Value) -> Result<(), VendorError> {
        Err(VendorError::retry("rabbitmq", "it is away"))
    }
}

async fn a_broker_that_is_away_holds_up_no_webhook(db: Db) {
    let receiver = Receiver::open(&[], Says::Status(200)).await;
    let webhooks = vec![webhook("crm", &receiver, &[Topic::LeadRouted])];
    let vendors = Vendors { events: Some(Arc::new(Away)), webhooks, ..Vendors::default() };
    let town = Town::with(db, Arc::new(SystemClock), vendors).await;
    town.calls(1..2).await;
    let delivered = "SELECT COUNT(*) FROM webhook_delivery WHERE state = 'delivered'";
    town.until("it is delivered", delivered, 1).await;
    let tried = "SELECT COUNT(*) FROM step WHERE kind = 'publish' AND attempts >= 3 AND state <> 'done' \
                 AND effect_key IN (SELECT event_id FROM webhook_delivery)";
    town.until("the broker is asked again and again", tried, 1).await;
    town.running.stop().await;
    assert_eq!(receiver.came().len(), 1, "kept once, and sent once");
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let receiver = Receiver::open(&[], Says::Elsewhere).await;
    let answered = webhook("crm", &receiver, &[]).send("id", SystemClock.now(), "{}").await.expect("an answer");
    assert_eq!((answered.status, answered.is_success()), (302, false));
    assert_eq!(receiver.came().len(), 1);
}

on_both! {
    events_reach_whoever_asked_signed_with_each_secret,
    a_dead_receiver_holds_up_no_lead_and_no_other_webhook,
}

tests! {
    what_fails_is_tried_again: on_sqlite(what_fails_is_tried_again_until_it_is_taken_once),
    a_receiver_asks_for_time: on_sqlite(a_receiver_is_given_the_time_that_it_asks_for),
    a_broker_is_away: on_sqlite(a_broker_that_is_away_holds_up_no_webhook),
}
