//! Socket Mode: what people press and ask comes over a connection that we open, and needs no address of ours.
//!
//! Each of our workers may hold connections of its own; Slack tells each thing over one of them, and again where nobody acknowledged it.

use super::{Slack, VENDOR, errors, post, read};
use crate::connectors::VendorError;
use crate::connectors::http::{ApiCall, Does};
use crate::connectors::socket::{Line, Socket};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;

/// A cut line is known within ten seconds.
const LINE: Line = Line {
    vendor: VENDOR,
    key: "the address that Slack gave for slack.app_token",
    ping_every: Duration::from_secs(4),
    silent_for: Duration::from_secs(9),
};

pub struct SlackSocket(Socket);

#[derive(Deserialize)]
struct Granted {
    url: String,
}

impl Slack {
    /// Opens a connection; others of ours that are open stay so.
    ///
    /// # Errors
    /// Slack's; there is no app token; or Slack gives none, since Socket Mode is switched off.
    pub async fn listen(&self) -> Result<SlackSocket, VendorError> {
        let Some(token) = &self.app_token else {
            return Err(VendorError::amiss(VENDOR, "there is no slack.app_token"));
        };
        let call = post("apps.connections.open", Does::Read).bearer(token);
        let answer = self.http.send_judged(&call, errors::judge).await?;
        let granted: Granted = read(&answer)?;
        let no_socket = || VendorError::retry(VENDOR, "the address that Slack gave for a connection is none");
        let mut url = Url::parse(&granted.url).map_err(|_| no_socket())?;
        // The client speaks HTTP until the connection is upgraded.
        let scheme = match url.scheme() {
            "wss" => "https",
            "ws" if self.http.base().scheme() == "http" => "http",
            _ => return Err(no_socket()),
        };
        url.set_scheme(scheme).map_err(|()| no_socket())?;
        Socket::open(LINE, &self.http, ApiCall::get("socket", &[]).at(url)).await.map(SlackSocket)
    }
}

impl SlackSocket {
    /// The next thing that Slack tells; dropped while it waits, it loses none. What is no JSON is `null`.
    ///
    /// # Errors
    /// The line is gone, or has been dead for too long.
    pub async fn next(&mut self) -> Result<Value, VendorError> {
        let text = self.0.next().await?;
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Says that this was heard, with what is answered at once.
    ///
    /// # Errors
    /// The line is gone: Slack tells it again over another one.
    pub async fn acknowledge(&mut self, envelope: &str, answer: Option<Value>) -> Result<(), VendorError> {
        let mut said = json!({ "envelope_id": envelope });
        if let Some(answer) = answer {
            said["payload"] = answer;
        }
        self.0.say(said.to_string()).await
    }
}
