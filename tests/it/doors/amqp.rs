//! The consumer and the publisher against a real RabbitMQ, whose address is in `BATON_TEST_AMQP`. Tests that restart the
//! broker need its control program in `BATON_TEST_RABBITMQCTL`. `tests/services.sh` starts a private node for both.

pub mod broker;
mod publishing;
mod topology;

use crate::eventually::{SOON, within};
use crate::program::served::Served;
use baton::intake::amqp::PublishError;
use broker::{Inbox, broker, count, environment, eventually};
use lapin::BasicProperties;
use lapin::options::{BasicPublishOptions, QueueDeleteOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::Notify;

#[tokio::test]
async fn batches_are_committed_then_acknowledged() {
    let Some(broker) = broker(false).await else { return };
    broker.prepare().await;
    broker.publish(0..120).await;
    let inbox = Inbox::new();
    let mut worker = broker.consume(Arc::clone(&inbox));
    eventually("all are acknowledged", || count(&worker.stats.acked) == 120).await;
    worker.stop().await;
    let sizes: Vec<_> = inbox.batches.lock().expect("batches").iter().map(Vec::len).collect();
    assert!(sizes.iter().all(|size| *size <= 50), "{sizes:?}");
    assert!(sizes.len() < 60, "messages that lie ready come together: {sizes:?}");
    assert_eq!(inbox.distinct().len(), 120);
    assert!(inbox.all().iter().all(|message| !message.redelivered && message.routing_key == "lead.qualified"));
    assert_eq!(broker.ready_in(&broker.config.topology.queue).await, 0);
    broker.clean_up().await;
}

#[tokio::test]
async fn a_failed_commit_is_not_acknowledged_and_comes_again() {
    let Some(broker) = broker(false).await else { return };
    broker.prepare().await;
    broker.publish(0..30).await;
    let inbox = Inbox::failing(1, 2);
    let mut worker = broker.consume(Arc::clone(&inbox));
    eventually("all are acknowledged", || count(&worker.stats.acked) == 30).await;
    assert_eq!(inbox.not_ready_left.load(Relaxed), 0, "it asked until the database was well");
    assert_eq!(count(&worker.stats.commits_failed), 1);
    worker.stop().await;
    assert_eq!(inbox.distinct().len(), 30);
    assert!(inbox.all().iter().any(|message| message.redelivered));
    assert_eq!(broker.ready_in(&broker.config.topology.queue).await, 0);
    broker.clean_up().await;
}

#[tokio::test]
async fn a_stop_finishes_what_is_in_hand() {
    let Some(broker) = broker(false).await else { return };
    broker.prepare().await;
    broker.publish(0..80).await;
    let inbox = Arc::new(Inbox { gate: Some(Notify::new()), ..Arc::into_inner(Inbox::new()).expect("alone") });
    let mut worker = broker.consume(Arc::clone(&inbox));
    eventually("a batch is in hand", || count(&worker.stats.delivered) > 0).await;
    worker.stop.send_replace(true);
    let opener = tokio::spawn({
        let inbox = Arc::clone(&inbox);
        async move {
            loop {
                inbox.gate.as_ref().expect("gated").notify_one();
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    });
    worker.ended().await.expect("stopped");
    opener.abort();
    assert_eq!(count(&worker.stats.committed), count(&worker.stats.acked), "what was committed was acknowledged");
    let left = broker.ready_in(&broker.config.topology.queue).await as usize;
    assert_eq!(inbox.distinct().len() + left, 80, "nothing is lost");
    assert_eq!(left, 0, "what the client had buffered was worked off");
    assert_eq!(count(&worker.stats.interruptions), 0);
    broker.clean_up().await;
}

/// A channel that is closed after its connection is an error to the client, which logged one at every stop.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_is_stopped_logs_no_error() {
    let Some(broker) = broker(false).await else { return };
    let url = broker.config.url.clone();
    let life = tokio::task::spawn_blocking(move || {
        let toml = "[amqp]\nurl = \"env:TEST_AMQP\"\ndeclare = true\n";
        let mut served = Served::start(toml, "info", &[("TEST_AMQP", url.as_str())]);
        let consumes = within(SOON, || served.log().contains("consuming").then_some(()));
        assert!(consumes.is_some(), "{}", served.log());
        served.stops_within(Duration::from_secs(10));
        let log = served.log();
        assert!(!log.contains("ERROR"), "{log}");
    });
    life.await.expect("a clean life");
}

#[tokio::test]
async fn deliveries_carry_what_an_answer_needs_and_binary_mode_becomes_structured() {
    let Some(broker) = broker(false).await else { return };
    broker.prepare().await;
    let channel = broker.channel().await;
    let mut headers = FieldTable::default();
    for (name, value) in [("cloudEvents:id", "7"), ("cloudEvents:source", "s"), ("cloudEvents:type", "lead.qualified")]
    {
        headers.insert(name.into(), AMQPValue::LongString(value.into()));
    }
    headers.insert("attempt".into(), AMQPValue::LongLongInt(1));
    let properties = BasicProperties::default()
        .with_headers(headers)
        .with_content_type("application/json".into())
        .with_reply_to("answers".into())
        .with_correlation_id("c\u{0}7".into());
    let exchange: ShortString = broker.config.topology.exchange_in.as_str().into();
    let publishing = channel.basic_publish(
        exchange,
        "lead.qualified".into(),
        BasicPublishOptions::default(),
        b"{\"a\":1}",
        properties,
    );
    assert!(publishing.await.expect("sent").await.expect("confirmed").is_ack());
    let inbox = Inbox::new();
    let mut worker = broker.consume(Arc::clone(&inbox));
    eventually("it is acknowledged", || count(&worker.stats.acked) == 1).await;
    worker.stop().await;
    let [message] = &inbox.all()[..] else { panic!("one message") };
    let body: serde_json::Value = serde_json::from_slice(&message.body).expect("JSON");
    let expected = serde_json::json!({ "id": "7", "source": "s", "type": "lead.qualified", "data": { "a": 1 } });
    assert_eq!(body, expected);
    assert_eq!(message.reply_to.as_deref(), Some("answers"));
    assert_eq!(message.correlation_id, None, "no database takes a NUL");
    broker.clean_up().await;
}

#[tokio::test]
async fn a_cancelled_consumer_comes_back() {
    let Some(broker) = broker(false).await else { return };
    let inbox = Inbox::new();
    let mut worker = broker.consume(Arc::clone(&inbox));
    eventually("consuming", || worker.stats.connected.load(Relaxed)).await;
    let queue = broker.config.topology.queue.as_str();
    broker.channel().await.queue_delete(queue.into(), QueueDeleteOptions::default()).await.expect("deleted");
    eventually("the end of the stream is noticed", || count(&worker.stats.interruptions) > 0).await;
    eventually("consuming again", || worker.stats.connected.load(Relaxed)).await;
    broker.publish(0..3).await;
    eventually("all are acknowledged", || count(&worker.stats.acked) == 3).await;
    worker.stop().await;
    broker.clean_up().await;
}

fn rabbitmqctl(program: &str, arguments: &[&str]) {
    let output = std::process::Command::new(program).arg("-q").args(arguments).output().expect("rabbitmqctl runs");
    assert!(output.status.success(), "rabbitmqctl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_connections_break_or_the_broker_restarts() {
    let Some(broker) = broker(true).await else { return };
    let Some(control) = environment("BATON_TEST_RABBITMQCTL") else { return };
    let inbox = Inbox::new();
    let mut worker = broker.consume(Arc::clone(&inbox));
    eventually("consuming", || worker.stats.connected.load(Relaxed)).await;
    broker.publish(0..40).await;
    let run = |arguments: &'static [&'static str]| {
        let control = control.clone();
        async move {
            let running = tokio::task::spawn_blocking(move || rabbitmqctl(&control, arguments));
            running.await.expect("the control program did its work");
        }
    };

    run(&["close_all_connections", "closed by a test"]).await;
    eventually("the closed connection is noticed", || count(&worker.stats.interruptions) == 1).await;
    eventually("consuming again", || worker.stats.connected.load(Relaxed)).await;

    run(&["stop_app"]).await;
    eventually("the stopped broker is noticed", || count(&worker.stats.interruptions) > 1).await;
    let publisher = broker.publisher();
    let away = publisher.publish(&broker.event(40)).await.expect_err("the broker is away");
    assert!(matches!(away, PublishError::Unavailable(_)), "{away}");
    run(&["start_app"]).await;
    eventually("consuming after the restart", || worker.stats.connected.load(Relaxed)).await;

    for n in 40..60 {
        publisher.publish(&broker.event(n)).await.expect("the publisher came back too");
    }
    eventually("every message has come", || inbox.distinct().len() == 60).await;
    worker.stop().await;
    publisher.close().await;
}
