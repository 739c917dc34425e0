//! A WebSocket of ours to a vendor: text in and out, over the vendor's own HTTP client.
//!
//! A line that is dead without a word is noticed by our own pings. What came while nobody was connected is the vendor's to tell again,
//! or is lost: this keeps nothing.

use super::VendorError;
use super::http::{ApiCall, VendorHttp};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use reqwest::Upgraded;
use std::time::Duration;
use tokio::time::{Instant, Interval, interval_at, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

const OPENED_WITHIN: Duration = Duration::from_secs(5);
/// What is told at once is some kilobytes.
const LARGEST: usize = 1024 * 1024;

/// What a connection is, and how soon it is known to be dead.
#[derive(Clone, Copy)]
pub(super) struct Line {
    pub vendor: &'static str,
    /// The key of `baton.toml` that leads to it.
    pub key: &'static str,
    pub ping_every: Duration,
    /// Without a word for so long it is dead.
    pub silent_for: Duration,
}

impl Line {
    fn lost(&self, why: &str) -> VendorError {
        VendorError::retry(self.vendor, format!("the socket is lost: {why}"))
    }
}

pub(super) struct Socket {
    line: Line,
    stream: WebSocketStream<Upgraded>,
    ping: Interval,
    heard_at: Instant,
}

impl Socket {
    /// `call`: the request that is to be upgraded.
    pub(super) async fn open(line: Line, http: &VendorHttp, call: ApiCall) -> Result<Self, VendorError> {
        let key = STANDARD.encode(baton_clock::random_bytes::<16>());
        let call = call
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", key.as_str());
        let opening = timeout(OPENED_WITHIN, http.upgrade(&call)).await;
        let (headers, upgraded) = opening.map_err(|_| line.lost("it did not open in time"))??;
        let accepted =
            headers.get("sec-websocket-accept").is_some_and(|accept| *accept == *derive_accept_key(key.as_bytes()));
        if !accepted {
            let why = format!("what answers at {} speaks no WebSocket", line.key);
            return Err(VendorError::needs_person(line.vendor, why));
        }
        let limits = WebSocketConfig::default().max_message_size(Some(LARGEST)).max_frame_size(Some(LARGEST));
        let stream = WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(limits)).await;
        let now = Instant::now();
        Ok(Self { line, stream, ping: interval_at(now + line.ping_every, line.ping_every), heard_at: now })
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
                        Some(Ok(Message::Close(_))) | None => return Err(self.line.lost("the other end has closed it")),
                        Some(Err(error)) => return Err(self.line.lost(&word(&error))),
                    }
                }
                _ = self.ping.tick() => {
                    if self.heard_at.elapsed() > self.line.silent_for {
                        return Err(self.line.lost("nothing was heard on it, not even an answer to a ping"));
                    }
                    self.send(Message::Ping(Bytes::new())).await?;
                }
            }
        }
    }

    /// # Errors
    /// The line is gone: it is not known whether the other end has it.
    pub(super) async fn say(&mut self, text: String) -> Result<(), VendorError> {
        self.send(Message::text(text)).await
    }

    async fn send(&mut self, message: Message) -> Result<(), VendorError> {
        let sent = timeout(self.line.ping_every, self.stream.send(message)).await;
        sent.map_err(|_| self.line.lost("nothing could be sent"))?.map_err(|error| self.line.lost(&word(&error)))
    }
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
