//! Events that are published one after the other, as time goes by.

use crate::ground::{CONTENT_TYPE, Ground};
use anyhow::Result;
use baton::intake::amqp::Topology;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Channel};

pub struct Feed {
    channel: Channel,
    exchange: String,
}

impl Feed {
    /// What it feeds must exist before the first event: [`crate::worker::Worker::consume`] declares it.
    pub async fn open(ground: &Ground, topology: &Topology) -> Result<Self> {
        let channel = ground.connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        Ok(Self { channel, exchange: topology.exchange_in.clone() })
    }

    /// Durable, and confirmed some time: whoever publishes at a rate of their own does not wait for it.
    pub async fn publish(&self, kind: &str, body: &[u8], properties: BasicProperties) -> Result<()> {
        let properties = properties.with_delivery_mode(2).with_content_type(CONTENT_TYPE.into());
        let exchange = self.exchange.as_str().into();
        let options = BasicPublishOptions::default();
        let confirm = self.channel.basic_publish(exchange, kind.into(), options, body, properties).await?;
        tokio::spawn(confirm);
        Ok(())
    }
}
