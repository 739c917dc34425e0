//! Channels over which Google tells that something in a calendar has changed. It says neither what, nor always: a message may be lost.

use super::wire::{self, read};
use super::{GoogleCalendar, owned};
use crate::connectors::VendorError;
use crate::connectors::calendar::{Channel, ChannelRequest, Watches};
use crate::connectors::http::{ApiCall, Does};
use async_trait::async_trait;
use chrono::DateTime;
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Opened {
    resource_id: String,
    /// Milliseconds since 1970, as a text.
    expiration: Option<String>,
}

#[async_trait]
impl Watches for GoogleCalendar {
    async fn watch(&self, calendar: &str, request: &ChannelRequest) -> Result<Channel, VendorError> {
        let (user, id) = owned(calendar);
        let path = ["calendar", "v3", "calendars", id, "events", "watch"];
        let call = ApiCall::new("events.watch", Does::Write, Method::POST, &path).json(json!({
            "id": request.id,
            "type": "web_hook",
            "token": request.token,
            "address": request.address,
            "expiration": request.until.timestamp_millis().to_string(),
        }));
        let tokens = self.accounts.of(Some(user));
        let opened: Opened = read(&self.http.send_with(&tokens, call, wire::judge).await?)?;
        let until = opened.expiration.and_then(|text| DateTime::from_timestamp_millis(text.parse().ok()?));
        Ok(Channel { resource: opened.resource_id, until: until.unwrap_or(request.until) })
    }

    async fn unwatch(&self, calendar: &str, id: &str, resource: &str) -> Result<(), VendorError> {
        let (user, _) = owned(calendar);
        let call = ApiCall::new("channels.stop", Does::Write, Method::POST, &["calendar", "v3", "channels", "stop"])
            .json(json!({ "id": id, "resourceId": resource }));
        let tokens = self.accounts.of(Some(user));
        self.http.send_with(&tokens, call, wire::judge_get).await.map(|_closed| ())
    }
}
