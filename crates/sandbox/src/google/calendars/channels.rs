//! Channels: opened and closed over the API, and told of each change to their calendar where the address they were given leads somewhere.

use super::{CalendarState, Kept};
use crate::exchange;
use baton_clock::SharedClock;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

/// Google ends a channel of events after a week, whatever was asked for.
const LONGEST: TimeDelta = TimeDelta::days(7);

/// A channel that is open.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenChannel {
    pub id: String,
    pub calendar: String,
    pub resource: String,
    pub token: String,
    /// `https://…`
    pub address: String,
    pub until: DateTime<Utc>,
    /// Messages over it so far.
    pub messages: u32,
}

/// Behind every address of https: what forwards to the worker in reality.
#[derive(Clone)]
pub(super) struct Front {
    /// Host and port.
    host: String,
    clock: SharedClock,
}

/// What became of the wish for a channel.
pub(in crate::google) enum Watch {
    Opened(SeenChannel),
    Invalid(&'static str, &'static str),
}

/// Handles of the test.
impl CalendarState {
    /// From now on messages to whatever address of https come to this host. Before, they arrive nowhere.
    pub fn forward_to(&self, host: &str, clock: SharedClock) {
        self.kept().front = Some(Front { host: host.to_owned(), clock });
    }

    /// From now on messages are lost.
    pub fn lose_messages(&self) {
        self.kept().front = None;
    }

    /// Those that were opened and not closed since, the oldest first.
    pub fn channels(&self) -> Vec<SeenChannel> {
        self.kept().channels.clone()
    }

    /// Tells of a calendar so often, as if it had changed.
    pub fn tell(&self, calendar: &str, times: usize) {
        (0..times).for_each(|_| self.kept().tell(calendar));
    }
}

/// What the routes ask.
impl CalendarState {
    pub(in crate::google) fn watch(&self, calendar: &str, body: &Value, now: DateTime<Utc>) -> Watch {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        if !matches!(body["type"].as_str(), Some("web_hook" | "webhook")) {
            return Watch::Invalid("channelUnknown", "Unknown channel type.");
        }
        if !text("address").starts_with("https://") {
            return Watch::Invalid("push.webhookUrlNotHttps", "WebHook callback must be HTTPS.");
        }
        let mut kept = self.kept();
        if kept.channels.iter().any(|channel| channel.id == text("id")) {
            return Watch::Invalid("channelIdNotUnique", "Channel id not unique.");
        }
        let asked = text("expiration").parse::<i64>().ok().and_then(DateTime::from_timestamp_millis);
        let channel = SeenChannel {
            id: text("id"),
            calendar: calendar.to_owned(),
            resource: format!("res-{}", calendar.replace(['@', '.'], "-")),
            token: text("token"),
            address: text("address"),
            until: asked.unwrap_or(now + LONGEST).min(now + LONGEST),
            messages: 0,
        };
        kept.channels.push(channel.clone());
        let front = kept.front.clone();
        if let (Some(front), Some(opened)) = (front, kept.channels.last_mut()) {
            opened.send(&front, "sync");
        }
        Watch::Opened(channel)
    }

    /// `false`: there is none of this id and resource.
    pub(in crate::google) fn unwatch(&self, body: &Value) -> bool {
        let mut kept = self.kept();
        let before = kept.channels.len();
        kept.channels.retain(|channel| body["id"] != channel.id || body["resourceId"] != channel.resource);
        kept.channels.len() < before
    }
}

impl Kept {
    /// Something in a calendar has changed.
    pub(super) fn tell(&mut self, calendar: &str) {
        let Some(front) = self.front.clone() else { return };
        let now = front.clock.now();
        for channel in self.channels.iter_mut().filter(|channel| channel.calendar == calendar && now < channel.until) {
            channel.send(&front, "exists");
        }
    }
}

impl SeenChannel {
    /// A request without a body, which is sent once.
    fn send(&mut self, front: &Front, state: &str) {
        self.messages += 1;
        let rest = self.address.trim_start_matches("https://");
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let Self { id, token, resource, messages, .. } = &*self;
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 0\r\nX-Goog-Channel-ID: {id}\r\n\
             X-Goog-Channel-Token: {token}\r\nX-Goog-Resource-ID: {resource}\r\nX-Goog-Resource-State: {state}\r\n\
             X-Goog-Message-Number: {messages}\r\n\r\n"
        );
        let to = front.host.clone();
        tokio::spawn(async move { exchange(&to, &request).await });
    }
}
