//! The socket on which Asterisk tells what happens.
//!
//! It tells nothing twice and keeps nothing: what happens while nobody hears is read from the channels afterwards. A line that is
//! dead without a word is noticed by our own pings; one that another client has made deaf is not, and says so in an event of its own.

use super::ari::{Ari, VENDOR};
use crate::connectors::VendorError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use reqwest::Upgraded;
use std::time::Duration;
use tokio::time::{Instant, Interval, interval_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

const PING_EVERY: Duration = Duration::from_secs(2);
/// Without a word for so long the line is dead.
const SILENT_FOR: Duration = Duration::from_secs(6);
const OPENED_WITHIN: Duration = Duration::from_secs(5);
/// An event is some two kilobytes.
const LARGEST: usize = 1024 * 1024;

pub(super) struct EventSocket {
    stream: WebSocketStream<Upgraded>,
    ping: Interval,
    heard_at: Instant,
}

impl EventSocket {
    pub(super) async fn open(ari: &Ari) -> Result<Self, VendorError> {
        let key = STANDARD.encode(baton_clock::random_bytes::<16>());
        let call = ari
            .events()
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", key.as_str());
        let opening = tokio::time::timeout(OPENED_WITHIN, ari.http().upgrade(&call)).await;
        let (headers, upgraded) = opening.map_err(|_| lost("it did not open in time"))??;
        let accepted =
            headers.get("sec-websocket-accept").is_some_and(|accept| *accept == *derive_accept_key(key.as_bytes()));
        if !accepted {
            return Err(VendorError::needs_person(VENDOR, "what answers at telephony.url speaks no WebSocket"));
        }
        let limits = WebSocketConfig::default().max_message_size(Some(LARGEST)).max_frame_size(Some(LARGEST));
        let stream = WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(limits)).await;
        let now = Instant::now();
        Ok(Self { stream, ping: interval_at(now + PING_EVERY, PING_EVERY), heard_at: now })
    }

    /// The next message; dropped while it waits, it loses none.
    ///
    /// # Errors
    /// The line is gone, or has been dead for too long.
    pub(super) async fn next(&mut self) -> Result<String, VendorError> {
        loop {
            tokio::select! {
                message = self.stream.next() => {
                    self.heard_at = Instant::now();
                    match message {
                        Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
                        // A ping is answered by whatever is read or written next.
                        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_))) => {}
                        Some(Ok(Message::Close(_))) | None => return Err(lost("Asterisk has closed it")),
                        Some(Err(error)) => return Err(lost(&word(&error))),
                    }
                }
                _ = self.ping.tick() => {
                    if self.heard_at.elapsed() > SILENT_FOR {
                        return Err(lost("nothing was heard on it, not even an answer to a ping"));
                    }
                    let sent = tokio::time::timeout(PING_EVERY, self.stream.send(Message::Ping(Bytes::new()))).await;
                    sent.map_err(|_| lost("a ping could not be sent"))?.map_err(|error| lost(&word(&error)))?;
                }
            }
        }
    }
}

fn lost(why: &str) -> VendorError {
    VendorError::retry(VENDOR, format!("the event socket is lost: {why}"))
}

/// Messages may be quoted in an error: its kind says enough.
fn word(error: &Error) -> String {
    match error {
        Error::Io(error) => error.kind().to_string(),
        Error::ConnectionClosed | Error::AlreadyClosed => "it is closed".to_owned(),
        Error::Capacity(_) => "a message is too long".to_owned(),
        _ => "what came on it is no WebSocket".to_owned(),
    }
}
