//! Publishing events and waiting for their answers, as a voice platform would: `baton send`, benches and tests.

use super::connection::{AmqpError, call, close, connect};
use super::{AmqpConfig, Outgoing, PublishError, Publisher};
use futures_util::StreamExt;
use lapin::Channel;
use lapin::options::{BasicConsumeOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// What became of one published event.
#[derive(Debug)]
pub enum Reply {
    /// The worker's answer, as JSON.
    Answered(Vec<u8>),
    /// The broker has it; nobody answered in time.
    Stored,
    Failed(PublishError),
}

/// Publishes events on the incoming exchange under their type and waits for the answers, all in all at most this long.
///
/// # Errors
/// The broker cannot be reached or does not give us a queue to be answered on.
pub async fn ask(config: &AmqpConfig, events: &[(String, Vec<u8>)], within: Duration) -> Result<Vec<Reply>, AmqpError> {
    let connection = connect(config, "baton send").await?;
    let channel = call("opening a channel", connection.create_channel()).await?;
    let queue = own_queue(&channel).await?;
    let consume = BasicConsumeOptions { no_ack: true, exclusive: true, ..Default::default() };
    let listening = channel.basic_consume(queue.as_str().into(), "answers".into(), consume, FieldTable::default());
    let mut answers = call("waiting for answers", listening).await?;
    let publisher = Publisher::new(config.clone());
    let mut asked = Vec::new();
    for (number, (kind, body)) in events.iter().enumerate() {
        let message = Outgoing {
            exchange: config.topology.exchange_in.clone(),
            routing_key: kind.clone(),
            body: body.clone(),
            content_type: "application/json".to_owned(),
            message_id: number.to_string(),
            correlation_id: Some(number.to_string()),
            reply_to: Some(queue.clone()),
            may_be_unroutable: false,
            trace_context: None,
        };
        asked.push(publisher.publish(&message).await.map_or_else(Reply::Failed, |()| Reply::Stored));
    }
    let until = Instant::now() + within;
    let mut waiting = asked.iter().filter(|one| matches!(one, Reply::Stored)).count();
    let mut bodies = BTreeMap::new();
    while waiting > 0 {
        let Ok(Some(Ok(delivery))) = timeout_at(until, answers.next()).await else { break };
        let number = delivery.properties.correlation_id().as_ref().and_then(|id| id.as_str().parse::<usize>().ok());
        if let Some(number) = number
            && bodies.insert(number, delivery.data).is_none()
        {
            waiting -= 1;
        }
    }
    for (number, body) in bodies {
        if let Some(one) = asked.get_mut(number) {
            *one = Reply::Answered(body);
        }
    }
    publisher.close().await;
    close(&connection).await;
    Ok(asked)
}

/// A queue that goes when we do.
async fn own_queue(channel: &Channel) -> Result<String, AmqpError> {
    let options = QueueDeclareOptions { exclusive: true, auto_delete: true, ..Default::default() };
    let declared =
        call("declaring a queue for answers", channel.queue_declare("".into(), options, FieldTable::default()));
    Ok(declared.await?.name().as_str().to_owned())
}
