//! Connections and single calls, each with a time limit: a frozen broker must never hang a worker.

use super::AmqpConfig;
use lapin::uri::AMQPUri;
use lapin::{Connection, ConnectionProperties, ErrorKind};
use std::future::Future;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// Seconds between heartbeats. A silent peer is noticed after twice this; the broker's own default of 60 s would leave a
/// consumer hanging for two minutes.
const HEARTBEAT_S: u16 = 10;
/// Milliseconds for the TCP and TLS handshake.
const CONNECT_MS: u64 = 5_000;
/// For every single call, and for connecting as a whole.
pub(super) const CALL_TIMEOUT: Duration = Duration::from_secs(8);

#[derive(Debug, thiserror::Error)]
pub enum AmqpError {
    #[error(
        "the AMQP address cannot be read: {why}; expected amqp://user:password@host:5672/vhost, or several with commas between them"
    )]
    Address { why: String },
    #[error("the broker did not answer within {} s: {what}", CALL_TIMEOUT.as_secs())]
    TimedOut { what: &'static str },
    #[error("{what}")]
    Broker {
        what: &'static str,
        #[source]
        source: lapin::Error,
    },
}

impl AmqpError {
    /// AMQP reply code with the broker's words, if it was the broker that said no.
    pub fn reply(&self) -> Option<(u16, String)> {
        match self {
            Self::Broker { source, .. } => match source.kind() {
                ErrorKind::ProtocolError(error) => Some((error.get_id(), error.get_message().to_string())),
                _ => None,
            },
            Self::Address { .. } | Self::TimedOut { .. } => None,
        }
    }
}

/// Runs one call of the client within its time.
pub(super) async fn call<T>(what: &'static str, call: impl Future<Output = lapin::Result<T>>) -> Result<T, AmqpError> {
    match tokio::time::timeout(CALL_TIMEOUT, call).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(source)) => Err(AmqpError::Broker { what, source }),
        Err(_) => Err(AmqpError::TimedOut { what }),
    }
}

/// To the address whose turn it is, or else to the next that answers: a node that takes connections and can do nothing with them is
/// not tried for ever. `name` is shown in the broker's management pages.
pub(super) async fn connect(config: &AmqpConfig, name: &str) -> Result<Connection, AmqpError> {
    let addresses = addresses(&config.url);
    let turn = config.stats.connections.load(Relaxed);
    let mut tried = 0;
    loop {
        let at = (turn + tried) as usize % addresses.len();
        tried += 1;
        match connect_to(&addresses[at], name).await {
            Ok(connection) => {
                config.stats.connections.store(turn + tried, Relaxed);
                return Ok(connection);
            }
            Err(error) if tried as usize == addresses.len() || matches!(error, AmqpError::Address { .. }) => {
                return Err(error);
            }
            Err(error) => {
                tracing::warn!(%error, node = at + 1, "a node of the broker cannot be had: the next is tried");
            }
        }
    }
}

/// Heartbeat and time limit of the address win over ours.
async fn connect_to(url: &str, name: &str) -> Result<Connection, AmqpError> {
    let mut uri: AMQPUri = url.parse().map_err(|why: String| AmqpError::Address { why })?;
    uri.query.heartbeat.get_or_insert(HEARTBEAT_S);
    uri.query.connection_timeout.get_or_insert(CONNECT_MS);
    let properties = ConnectionProperties::default().with_connection_name(name.into());
    call("connecting", Connection::connect_uri(uri, properties)).await
}

/// One broker, or the nodes of one, with commas between them; a comma in a password is followed by no scheme. At least one.
fn addresses(url: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for part in url.split(',') {
        match all.last_mut() {
            Some(last) if !part.trim_start().starts_with("amqp") => *last = format!("{last},{part}"),
            _ => all.push(part.trim().to_owned()),
        }
    }
    all
}

/// Best effort: a connection that is already broken cannot be closed.
pub(super) async fn close(connection: &Connection) {
    let closing = connection.close(200, "done".into());
    if let Err(error) = call("closing the connection", closing).await {
        tracing::debug!(%error, "the connection was gone before it could be closed");
    }
}

#[cfg(test)]
mod tests {
    use super::addresses;

    #[test]
    fn nodes_stand_between_commas() {
        let one = "amqp://baton:pa,ss@mq-1/%2f";
        assert_eq!(addresses(one), [one]);
        let three = format!("{one}, amqps://mq-2:5671 ,amqp://mq-3");
        assert_eq!(addresses(&three), [one, "amqps://mq-2:5671", "amqp://mq-3"]);
    }
}
