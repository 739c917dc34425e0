//! The consumer and the publisher against a real RabbitMQ, whose address is in `BATON_TEST_AMQP`. Tests that restart the
//! broker need its control program in `BATON_TEST_RABBITMQCTL`. `tests/services.sh` starts a private node for both.

mod broker;

use baton::intake::amqp::{AmqpConfig, ConsumeError, Outgoing, PublishError, Publisher, Topology, consume};
use broker::{Broker, Inbox, broker, count, environment, eventually, eventually_async};
use lapin::options::{BasicPublishOptions, ExchangeDeclareOptions, QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{BasicProperties, ExchangeKind};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::{Notify, watch};

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

/// Every argument that the queue must have, as Baton declares it.
fn safe_arguments(topology: &Topology) -> BTreeMap<&'static str, AMQPValue> {
    let text = |text: &str| AMQPValue::LongString(text.into());
    BTreeMap::from([
        ("x-queue-type", text("quorum")),
        ("x-delivery-limit", AMQPValue::LongLongInt(50)),
        ("x-dead-letter-exchange", text(&topology.dead_exchange)),
        ("x-dead-letter-strategy", text("at-least-once")),
        ("x-overflow", text("reject-publish")),
        ("x-max-length", AMQPValue::LongLongInt(topology.max_length)),
    ])
}

async fn declare_queue(broker: &Broker, arguments: &BTreeMap<&'static str, AMQPValue>) {
    let mut table = FieldTable::default();
    for (name, value) in arguments {
        table.insert((*name).into(), value.clone());
    }
    let queue = broker.config.topology.queue.as_str();
    let channel = broker.channel().await;
    channel.queue_declare(queue.into(), QueueDeclareOptions::durable(), table).await.expect("declared");
}

#[tokio::test]
async fn a_queue_that_could_drop_leads_is_refused_whatever_it_lacks() {
    let Some(mut broker) = broker(false).await else { return };
    broker.prepare().await;
    let safe = safe_arguments(&broker.config.topology);
    for lacking in safe.keys() {
        // A fresh name each time: a queue that is deleted and declared again under its name is trouble of its own.
        broker.config.topology.queue.push_str("-x");
        let mut arguments = safe.clone();
        arguments.remove(lacking);
        if *lacking == "x-queue-type" {
            // A classic queue knows no delivery limit and no such strategy.
            arguments.remove("x-delivery-limit");
            arguments.remove("x-dead-letter-strategy");
        }
        declare_queue(&broker, &arguments).await;
        for declare in [false, true] {
            broker.config.declare = declare;
            let refused = broker.consume(Inbox::new()).ended().await.expect_err(lacking);
            let message = refused.to_string();
            assert!(matches!(refused, ConsumeError::Unsafe { .. }), "{lacking}: {message}");
            assert!(message.contains(lacking) && message.contains("declare = true"), "{lacking}: {message}");
        }
        broker
            .channel()
            .await
            .queue_delete(broker.config.topology.queue.as_str().into(), Default::default())
            .await
            .ok();
    }
    broker.clean_up().await;
}

#[tokio::test]
async fn what_is_missing_is_named_and_what_is_right_is_taken_without_declaring() {
    let Some(mut broker) = broker(false).await else { return };
    broker.config.declare = false;
    let refused = broker.consume(Inbox::new()).ended().await.expect_err("nothing is there");
    assert!(matches!(&refused, ConsumeError::Missing { what: "exchange", .. }), "{refused}");
    assert!(refused.to_string().contains(&broker.config.topology.exchange_in), "{refused}");

    broker.config.declare = true;
    broker.prepare().await;
    broker.config.declare = false;
    broker.prepare().await;

    let other = format!("{}-other", broker.config.topology.exchange_in);
    let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    let declaring = broker.channel().await;
    declaring
        .exchange_declare(other.as_str().into(), ExchangeKind::Direct, options, FieldTable::default())
        .await
        .expect("declared");
    broker.config.topology.exchange_in = other;
    let refused = broker.consume(Inbox::new()).ended().await.expect_err("a direct exchange routes nothing by pattern");
    assert!(matches!(&refused, ConsumeError::Unsafe { what: "exchange", .. }), "{refused}");
    broker.clean_up().await;
}

#[tokio::test]
async fn a_wrong_password_or_address_is_refused_without_showing_it() {
    let Some(mut broker) = broker(false).await else { return };
    broker.config.url = broker.config.url.replace("guest:guest@", "guest:s3cret@");
    if broker.config.url.contains("s3cret") {
        let refused = broker.consume(Inbox::new()).ended().await.expect_err("no such password");
        assert!(matches!(refused, ConsumeError::Login { .. }), "{refused}");
        assert!(!refused.to_string().contains("s3cret") && !format!("{:?}", broker.config).contains("s3cret"));
    }
    broker.config.url = "localhost 5672".into();
    let refused = broker.consume(Inbox::new()).ended().await.expect_err("no address");
    assert!(matches!(refused, ConsumeError::Address(_)), "{refused}");
}

#[tokio::test]
async fn the_publisher_knows_what_became_of_a_message() {
    let Some(broker) = broker(false).await else { return };
    let publisher = broker.publisher();
    publisher.publish(&broker.event(1)).await.expect("stored, though no consumer has declared anything yet");

    let unroutable = Outgoing { routing_key: "nobody.listens".into(), ..broker.event(2) };
    let returned = publisher.publish(&unroutable).await.expect_err("no queue");
    assert!(
        matches!(&returned, PublishError::Unroutable { routing_key, .. } if routing_key == "nobody.listens"),
        "{returned}"
    );
    publisher.publish(&Outgoing { may_be_unroutable: true, ..unroutable }).await.expect("offered to nobody");

    let nowhere = Outgoing { exchange: "test-no-such-exchange".into(), ..broker.event(3) };
    let rejected = publisher.publish(&nowhere).await.expect_err("no exchange");
    assert!(matches!(rejected, PublishError::Rejected { .. }), "{rejected}");
    let oversized = Outgoing { message_id: "x".repeat(256), ..broker.event(4) };
    assert!(matches!(publisher.publish(&oversized).await, Err(PublishError::Rejected { .. })));

    publisher.publish(&broker.event(5)).await.expect("a new channel after the broken one");
    let queue = broker.config.topology.queue.clone();
    eventually_async("both are in the queue", || async { broker.ready_in(&queue).await == 2 }).await;
    publisher.close().await;
    broker.clean_up().await;
}

#[tokio::test]
async fn a_full_queue_refuses_and_drops_nothing() {
    let Some(mut broker) = broker(false).await else { return };
    broker.config.topology.max_length = 5;
    broker.prepare().await;
    let publisher = broker.publisher();
    let mut stored = 0;
    let refused = loop {
        match publisher.publish(&broker.event(stored)).await {
            Ok(()) => stored += 1,
            Err(error) => break error,
        }
        assert!(stored < 200, "the queue never was full");
    };
    assert!(matches!(refused, PublishError::Full { .. }), "{refused}");
    let inbox = Inbox::new();
    let mut worker = broker.consume(Arc::clone(&inbox));
    eventually("all that was confirmed comes", || count(&worker.stats.acked) == stored as u64).await;
    worker.stop().await;
    assert_eq!(inbox.distinct().len(), stored);
    publisher.close().await;
    broker.clean_up().await;
}

#[tokio::test]
async fn an_unreachable_broker_is_unavailable_and_waited_for() {
    // A port that was free a moment ago: nobody answers there.
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
    let config = AmqpConfig::new(format!("amqp://guest:guest@127.0.0.1:{port}/%2f"), false);
    let publisher = Publisher::new(config.clone());
    let error = publisher.publish(&Outgoing::default()).await.expect_err("nobody is there");
    assert!(matches!(error, PublishError::Unavailable(_)), "{error}");
    let stats = Arc::clone(&config.stats);
    let (stop, stopping) = watch::channel(false);
    let task = tokio::spawn(consume(config, Inbox::new(), stopping));
    eventually("it has tried more than once", || count(&stats.interruptions) > 1).await;
    stop.send_replace(true);
    task.await.expect("no panic").expect("stopped while waiting");
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
