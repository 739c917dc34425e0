//! Channels are opened, renewed and closed, by one worker at a time.
//!
//! Guarantees: a channel is stored before its vendor is asked for it, so that its first message proves itself; the one before is closed
//! once messages arrive over its successor. If the process dies here, channels live on, and another worker looks after them.

use super::channels::SHORTEST;
use super::connection::home;
use super::on_roster;
use crate::connectors::calendar::ChannelRequest;
use crate::facts::Facts;
use crate::release::Current;
use crate::store::{CalendarChannel, StoreError, TokenLease, with};
use baton_core::rules::RuleSet;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// How often one of them sees to it that channels are open.
const TENDED_EVERY: Duration = Duration::from_secs(30);
/// How long a channel is asked for, and how long before its end the next one is.
const LASTS: TimeDelta = TimeDelta::days(1);
const RENEWED_BEFORE: TimeDelta = TimeDelta::hours(6);
/// For a calendar of which none could be opened, the next is asked for so much later; so is one at another address of ours.
const TRIED_AGAIN_AFTER: TimeDelta = TimeDelta::hours(1);
/// For so long nobody has to want a channel before it is closed: workers take up new rules one after the other.
const UNWANTED_FOR: TimeDelta = TimeDelta::minutes(2);
/// Held by the worker that tends them.
const LEASE: &str = "calendar channels";

impl Facts {
    /// Sees to it that what is wanted is open, and nothing else.
    pub(super) async fn tend(&self, release: &Current, base: &str) {
        let holder = random_name();
        loop {
            let rules = Arc::clone(&release.borrow().rules);
            if let Err(error) = self.tend_once(&rules, base, &holder).await {
                tracing::debug!(%error, "channels of calendars are seen to later");
            }
            sleep(self.clock.real(TENDED_EVERY).max(SHORTEST)).await;
        }
    }

    async fn tend_once(&self, rules: &RuleSet, base: &str, holder: &str) -> Result<(), StoreError> {
        if !self.tends_channels(holder).await? {
            return Ok(());
        }
        let (all, wanted, now) = (self.store.channels().await?, on_roster(rules), self.clock.now());
        for calendar in &wanted {
            let of: Vec<&CalendarChannel> = all.iter().filter(|channel| channel.calendar == **calendar).collect();
            if is_to_be_opened(&of, base, now) && self.tends_channels(holder).await? {
                self.open(calendar, base).await?;
            }
        }
        for channel in &all {
            let unwanted_since = self.channels.unwanted_since(&channel.calendar, &wanted, now);
            let is_unwanted = unwanted_since.is_some_and(|since| now - since >= UNWANTED_FOR);
            if (is_unwanted || is_over(channel, &all, now)) && self.tends_channels(holder).await? {
                self.close(channel, now).await?;
            }
        }
        Ok(())
    }

    async fn tends_channels(&self, holder: &str) -> Result<bool, StoreError> {
        let given = (holder.to_owned(), self.clock.now());
        let lease = with(given, |tx, (holder, now)| Box::pin(tx.token_lease(LEASE, holder, *now)));
        Ok(self.store.write("channel.lease", lease).await? == TokenLease::Ours)
    }

    /// Where its vendor tells of changes at all.
    async fn open(&self, written: &str, base: &str) -> Result<(), StoreError> {
        let Ok((place, address)) = home(&self.connections, written) else { return Ok(()) };
        let connection = &self.connections[place];
        let Some(vendor) = connection.calendar.watches() else { return Ok(()) };
        let now = self.clock.now();
        let request = ChannelRequest {
            id: random_name(),
            token: random_name(),
            address: format!("{base}/v1/calendars/{}", connection.vendor()),
            until: now + LASTS,
        };
        let channel = CalendarChannel {
            id: request.id.clone(),
            calendar: written.to_owned(),
            address: request.address.clone(),
            resource: None,
            made_at: now,
            ends_at: request.until,
            messages: 0,
        };
        let given = (channel, request.token.clone());
        let insert = with(given, |tx, (channel, token)| Box::pin(tx.channel_insert(channel, token)));
        self.store.write("channel.insert", insert).await?;
        match vendor.watch(address, &request).await {
            Ok(opened) => {
                let given = (request.id, opened);
                let opens =
                    with(given, |tx, (id, opened)| Box::pin(tx.channel_opened(id, &opened.resource, opened.until)));
                self.store.write("channel.opened", opens).await
            }
            Err(error) => {
                let why = error.counted().in_log();
                tracing::warn!(vendor = connection.vendor(), why, "no channel was opened: the calendar is polled");
                Ok(())
            }
        }
    }

    /// One that its vendor does not close ends by itself, and what comes over it until then proves nothing any more.
    async fn close(&self, channel: &CalendarChannel, now: DateTime<Utc>) -> Result<(), StoreError> {
        if channel.resource.is_some() && channel.messages == 0 {
            tracing::warn!("a calendar's channel ends without a message: its vendor does not reach http.public_url");
        }
        if let Some(resource) = channel.resource.as_deref().filter(|_| now < channel.ends_at)
            && let Ok((place, address)) = home(&self.connections, &channel.calendar)
            && let Some(vendor) = self.connections[place].calendar.watches()
            && let Err(error) = vendor.unwatch(address, &channel.id, resource).await
        {
            let why = error.counted().in_log();
            tracing::debug!(why, "a channel was left to end by itself");
        }
        let delete = with(channel.id.clone(), |tx, id| Box::pin(tx.channel_delete(id)));
        self.store.write("channel.delete", delete).await
    }
}

/// There is none that lasts for a while yet, and none was asked for lately.
fn is_to_be_opened(of_calendar: &[&CalendarChannel], base: &str, now: DateTime<Utc>) -> bool {
    let lasts = |channel: &&CalendarChannel| {
        channel.resource.is_some() && channel.address.starts_with(base) && channel.ends_at - now > RENEWED_BEFORE
    };
    let is_new = |channel: &&CalendarChannel| now - channel.made_at < TRIED_AGAIN_AFTER;
    !of_calendar.iter().any(lasts) && !of_calendar.iter().any(is_new)
}

/// It has ended, could not be opened, or has a successor over which messages arrive.
fn is_over(channel: &CalendarChannel, all: &[CalendarChannel], now: DateTime<Utc>) -> bool {
    let was_not_opened = channel.resource.is_none() && now - channel.made_at >= TRIED_AGAIN_AFTER;
    let succeeds = |other: &CalendarChannel| {
        other.calendar == channel.calendar
            && other.made_at > channel.made_at
            && other.resource.is_some()
            && other.messages > 0
    };
    channel.ends_at <= now || was_not_opened || all.iter().any(succeeds)
}

/// Nobody guesses it.
fn random_name() -> String {
    let bytes: [u8; 16] = baton_clock::random_bytes();
    bytes.iter().fold(String::new(), |name, byte| format!("{name}{byte:02x}"))
}
