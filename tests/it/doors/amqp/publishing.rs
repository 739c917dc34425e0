//! The publisher: what became of a message is known, whatever the broker does with it.

use super::broker::{Inbox, broker, count, eventually};
use crate::program::free_port;
use baton::intake::amqp::{AmqpConfig, Outgoing, PublishError, Publisher, consume};
use std::sync::Arc;
use tokio::sync::watch;

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
    let queue = &broker.config.topology.queue;
    crate::eventually::eventually("both are in the queue", || async { broker.ready_in(queue).await == 2 }).await;
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
    // Nobody answers there.
    let config = AmqpConfig::new(format!("amqp://guest:guest@127.0.0.1:{}/%2f", free_port()), false);
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
