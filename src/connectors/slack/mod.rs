//! Slack, with a bot token.
//!
//! Guarantees: a card is posted with its key in the message's metadata and can be found by it; nothing is posted to a
//! channel faster than Slack shows it (about one message a second); only the marks of a card become links, and nothing mentions anybody.
//! Slack has no idempotency key: after a lost answer look first ([`Chat::find`]), then post again. Failures come as
//! HTTP 200 with `ok: false`, so only the body is believed. Needs the scopes [`SCOPES`], those of [`ANSWERS`] where people press and
//! ask, and a token without rotation. When the process dies here, a post is in doubt and is looked for by its key.
//!
//! Sources: Slack's method reference, as of August 2026.

mod answers;
mod blocks;
mod errors;
mod look_up;
mod socket;

pub use answers::AnswerTo;
pub use blocks::plain;
pub use socket::SlackSocket;

use super::http::{Answer, ApiCall, Buckets, Does, Fleet, Limits, Secret, VendorHttp, in_doubt};
use super::{Card, Chat, LookedUp, MessageRef, VendorError};
use async_trait::async_trait;
use baton_platforms::signature;
use blocks::content;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

const VENDOR: &str = "slack";
/// Names our metadata among those of other apps.
const EVENT_TYPE: &str = "baton_card";
/// To post, to open direct messages, to look for what was posted, and for whom there is.
pub const SCOPES: [&str; 6] =
    ["chat:write", "im:write", "im:history", "channels:history", "groups:history", "users:read"];
/// To be asked by the command, and to know who presses and asks.
pub const ANSWERS: &[&str] = &["commands", "users:read.email"];
/// Who is not found by a mail address is looked for again after this.
const UNKNOWN_FOR: Duration = Duration::from_secs(3600);
/// An address may become somebody else's: whoever was found by it is looked for again after this.
const KNOWN_FOR: Duration = Duration::from_secs(24 * 3600);
/// Messages per page of a search; Slack recommends at most 200.
const PAGE_SIZE: usize = 200;
/// Pages of a search, newest first. A channel with more than these messages since a lost answer is given up on.
const PAGE_LIMIT: usize = 10;
/// How far Slack's clock, which stamps messages, may be behind ours.
const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(1);

#[derive(Debug, Clone)]
pub struct SlackConfig {
    /// `https://slack.com`.
    pub base_url: String,
    /// `xoxb-…`.
    pub bot_token: Secret,
    /// `xapp-…`: what people press comes over a connection that we open.
    pub app_token: Option<Secret>,
    /// What people press comes as requests, signed with one of these.
    pub signing: Vec<signature::Secret>,
    /// Posts a second to one channel, a second's worth at once.
    pub posts_per_second: u32,
    pub limits: Limits,
}

impl SlackConfig {
    pub fn new(bot_token: Secret) -> Self {
        Self {
            base_url: "https://slack.com".to_owned(),
            bot_token,
            app_token: None,
            signing: Vec::new(),
            posts_per_second: 1,
            limits: Limits { timeout: Duration::from_secs(10), per_second: 20, concurrency: 8 },
        }
    }
}

pub struct Slack {
    http: VendorHttp,
    token: Secret,
    app_token: Option<Secret>,
    signing: Vec<signature::Secret>,
    per_channel: Buckets,
    /// Direct message channel of each user. They never change, and there are as many as reps.
    direct: Mutex<BTreeMap<String, String>>,
    /// By mail address, and since when: the ids of those who were looked for.
    people: Mutex<BTreeMap<String, (Option<String>, Instant)>>,
}

impl Slack {
    /// # Errors
    /// `NeedsPerson` if the base address is not one.
    pub fn new(config: SlackConfig) -> Result<Self, VendorError> {
        Ok(Self {
            http: VendorHttp::new(VENDOR, &config.base_url, config.limits)?,
            token: config.bot_token,
            app_token: config.app_token,
            signing: config.signing,
            per_channel: Buckets::per_second(config.posts_per_second),
            direct: Mutex::default(),
            people: Mutex::default(),
        })
    }

    async fn call(&self, call: ApiCall) -> Result<Answer, VendorError> {
        self.http.send_judged(&call.bearer(&self.token), errors::judge).await
    }

    /// The channel that a user's direct messages are in; other ids are channels already.
    async fn channel_of(&self, id: &str) -> Result<String, VendorError> {
        if !is_user(id) {
            return Ok(id.to_owned());
        }
        if let Some(channel) = self.known_direct(id) {
            return Ok(channel);
        }
        // Opening again what is open changes nothing: a lost answer may be asked for again.
        let call = post("conversations.open", Does::Read).json(json!({ "users": id }));
        let opened: Opened = read(&self.call(call).await?)?;
        self.remember_direct(id, &opened.channel.id);
        Ok(opened.channel.id)
    }

    fn known_direct(&self, user: &str) -> Option<String> {
        self.direct.lock().expect("nothing panics while holding the channels").get(user).cloned()
    }

    fn known_person(&self, mail: &str) -> Option<Option<String>> {
        let people = self.people.lock().expect("nothing panics while holding the people");
        let (found, since) = people.get(mail)?;
        let kept_for = if found.is_some() { KNOWN_FOR } else { UNKNOWN_FOR };
        (since.elapsed() < kept_for).then(|| found.clone())
    }

    fn remember_direct(&self, user: &str, channel: &str) {
        let mut direct = self.direct.lock().expect("nothing panics while holding the channels");
        direct.insert(user.to_owned(), channel.to_owned());
    }
}

fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, VendorError> {
    answer.read().map_err(|why| in_doubt(VENDOR, answer.does, why))
}

#[async_trait]
impl Chat for Slack {
    fn vendor(&self) -> &'static str {
        VENDOR
    }

    fn joins(&self, fleet: &Arc<Fleet>) {
        self.http.joins(fleet, "");
    }

    async fn post(&self, card: &Card) -> Result<MessageRef, VendorError> {
        let channel = channel_id(&card.channel)?;
        let channel = self.known_direct(channel).unwrap_or_else(|| channel.to_owned());
        self.http.pass(&self.per_channel, &channel).await?;
        let mut body = content(&channel, card);
        body["metadata"] = json!({ "event_type": EVENT_TYPE, "event_payload": { "key": card.key } });
        body["unfurl_links"] = json!(false);
        body["unfurl_media"] = json!(false);
        let posted: MessageRef = read(&self.call(post("chat.postMessage", Does::Write).json(body)).await?)?;
        if is_user(&card.channel) {
            self.remember_direct(&card.channel, &posted.channel);
        }
        Ok(posted)
    }

    /// Leaves the metadata alone, which Slack then keeps: the message can still be found by the key of its post.
    async fn update(&self, message: &MessageRef, card: &Card) -> Result<(), VendorError> {
        let mut body = content(channel_id(&message.channel)?, card);
        body["ts"] = json!(message.ts);
        read::<MessageRef>(&self.call(post("chat.update", Does::Write).json(body)).await?).map(|_| ())
    }

    /// Reads the channel's history, newest first. The app must be a member of a channel that it posts to.
    async fn find(&self, channel: &str, key: &str, since: DateTime<Utc>) -> Result<Option<MessageRef>, VendorError> {
        let channel = self.channel_of(channel_id(channel)?).await?;
        let mut cursor = String::new();
        for _ in 0..PAGE_LIMIT {
            let page: History = read(&self.call(history(&channel, since, &cursor)).await?)?;
            if let Some(message) = page.messages.into_iter().find(|message| message.carries(key)) {
                return Ok(Some(MessageRef { channel, ts: message.ts }));
            }
            cursor = page.response_metadata.next_cursor;
            if cursor.is_empty() {
                return Ok(None);
            }
        }
        let why = format!("the message is not among the newest {} of its channel", PAGE_LIMIT * PAGE_SIZE);
        Err(VendorError::needs_person(VENDOR, why))
    }

    /// Found once, it is kept for a day. Without the scope for it nobody is found: [`Chat::check`] says which is missing.
    async fn person(&self, mail: &str) -> Result<Option<String>, VendorError> {
        let mail = mail.to_lowercase();
        if let Some(known) = self.known_person(&mail) {
            return Ok(known);
        }
        let call = ApiCall::get("users.lookupByEmail", &["api", "users.lookupByEmail"]).query("email", mail.as_str());
        let answer = self.http.send(&call.bearer(&self.token)).await?;
        let found = match answer.value()["error"].as_str() {
            Some("users_not_found" | "missing_scope") => None,
            _ => {
                errors::judge(&answer)?;
                Some(read::<Found>(&answer)?.user.id)
            }
        };
        let mut people = self.people.lock().expect("nothing panics while holding the people");
        // Nobody has two: what they had before is theirs no more.
        people.retain(|_, (other, _)| other.is_none() || *other != found);
        people.insert(mail, (found.clone(), Instant::now()));
        Ok(found)
    }

    fn is_heard(&self) -> bool {
        self.app_token.is_some() || !self.signing.is_empty()
    }

    async fn check(&self) -> Result<(), VendorError> {
        let answer = self.call(post("auth.test", Does::Read)).await?;
        let granted = answer.headers.get("x-oauth-scopes").and_then(|value| value.to_str().ok());
        let asked: &'static [&'static str] = if self.is_heard() { ANSWERS } else { &[] };
        let missing = granted.map(|granted| missing_scopes(granted, asked)).unwrap_or_default();
        if missing.is_empty() {
            return Ok(());
        }
        let why =
            format!("the token lacks the scopes {}: add them to the app and install it again", missing.join(", "));
        Err(VendorError::amiss(VENDOR, why))
    }

    async fn look_up(&self, ids: &[String]) -> Result<LookedUp, VendorError> {
        self.members(ids).await
    }
}

#[derive(Deserialize)]
struct Found {
    user: FoundUser,
}

#[derive(Deserialize)]
struct FoundUser {
    id: String,
}

#[derive(Deserialize)]
struct Opened {
    channel: OpenedChannel,
}

#[derive(Deserialize)]
struct OpenedChannel {
    id: String,
}

#[derive(Deserialize)]
struct History {
    messages: Vec<Message>,
    #[serde(default)]
    response_metadata: Cursor,
}

#[derive(Deserialize, Default)]
struct Cursor {
    /// Empty or absent on the last page.
    #[serde(default)]
    next_cursor: String,
}

#[derive(Deserialize)]
struct Message {
    ts: String,
    #[serde(default)]
    metadata: Value,
}

impl Message {
    fn carries(&self, key: &str) -> bool {
        self.metadata["event_type"] == EVENT_TYPE && self.metadata["event_payload"]["key"] == key
    }
}

fn post(operation: &'static str, does: Does) -> ApiCall {
    ApiCall::new(operation, does, Method::POST, &["api", operation])
}

fn history(channel: &str, since: DateTime<Utc>, cursor: &str) -> ApiCall {
    let call = ApiCall::get("conversations.history", &["api", "conversations.history"])
        .query("channel", channel)
        .query("include_all_metadata", "true")
        .query("oldest", timestamp(since - CLOCK_SKEW))
        .query("limit", PAGE_SIZE.to_string());
    if cursor.is_empty() { call } else { call.query("cursor", cursor) }
}

/// Seconds and microseconds, as Slack stamps messages.
fn timestamp(at: DateTime<Utc>) -> String {
    format!("{}.{:06}", at.timestamp(), at.timestamp_subsec_micros())
}

fn is_user(id: &str) -> bool {
    id.starts_with(['U', 'W'])
}

/// Names like `#sales` are accepted by Slack, but may be given to another channel tomorrow.
fn channel_id(id: &str) -> Result<&str, VendorError> {
    let known = id.starts_with(['C', 'G', 'D', 'U', 'W']) && id.len() >= 3;
    if known && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
        return Ok(id);
    }
    let why = format!("{id:?} is not an id: expected one like C024BE91L (channel) or U024BE7LH (user)");
    Err(VendorError::needs_person(VENDOR, why))
}

/// Of those that are always needed, and of these.
fn missing_scopes(granted: &str, asked: &'static [&'static str]) -> Vec<&'static str> {
    let granted: Vec<&str> = granted.split(',').map(str::trim).collect();
    SCOPES.iter().chain(asked).copied().filter(|scope| !granted.contains(scope)).collect()
}

#[cfg(test)]
mod tests;
