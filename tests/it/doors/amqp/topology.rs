//! Exchanges and queues that lack what keeps leads are refused, and so is a broker that does not let us in.

use super::broker::{Broker, Inbox, broker};
use baton::intake::amqp::{ConsumeError, Topology};
use lapin::ExchangeKind;
use lapin::options::{ExchangeDeclareOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use std::collections::BTreeMap;

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
        let queue = broker.config.topology.queue.as_str().into();
        let _gone = broker.channel().await.queue_delete(queue, Default::default()).await;
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
    let channel = broker.channel().await;
    let declared =
        channel.exchange_declare(other.as_str().into(), ExchangeKind::Direct, options, FieldTable::default());
    declared.await.expect("declared");
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
