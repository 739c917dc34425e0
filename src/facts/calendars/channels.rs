//! Calendars whose vendor tells by itself that something in them has changed: they are read at once then, and polled less often.
//!
//! Guarantees: a channel counts from its first message on, which comes when it is opened, since that alone proves that messages
//! arrive; until then, and once it has ended, its calendar is polled like any other. Whichever worker is told counts the message in
//! the database, and every worker reads what is news to it; however many come, a calendar is read for them once in [`EASED`]. One
//! that is lost costs no more than [`WHILE_TOLD`]. One worker at a time opens, renews and closes channels. If the process dies
//! here, they live on, and another looks after them.

use super::connection::{Sought, home, sought_at};
use super::entries::Asks;
use super::on_roster;
use crate::connectors::calendar::ChannelRequest;
use crate::facts::Facts;
use crate::facts::health::UNHURRIED;
use crate::release::Current;
use crate::store::{CalendarChannel, StoreError, TokenLease, with};
use baton_core::rules::RuleSet;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::sleep;

/// How often a worker looks for messages that any of them was told, in the clock's time.
const HEARS_EVERY: Duration = Duration::from_secs(1);
/// How often one of them sees to it that channels are open.
const TENDED_EVERY: Duration = Duration::from_secs(30);
/// In real time, however fast the clock runs.
const SHORTEST: Duration = Duration::from_millis(250);
/// A calendar is read once in this for all messages about it.
const EASED: TimeDelta = TimeDelta::seconds(5);
/// How long a view counts while its calendar is told of.
const WHILE_TOLD: TimeDelta = TimeDelta::minutes(5);
/// How long a channel is asked for, and how long before its end the next one is.
const LASTS: TimeDelta = TimeDelta::days(1);
const RENEWED_BEFORE: TimeDelta = TimeDelta::hours(6);
/// For a calendar of which none could be opened, the next is asked for so much later; so is one at another address of ours.
const TRIED_AGAIN_AFTER: TimeDelta = TimeDelta::hours(1);
/// For so long nobody has to want a channel before it is closed: workers take up new rules one after the other.
const UNWANTED_FOR: TimeDelta = TimeDelta::minutes(2);
/// Held by the worker that tends them.
const LEASE: &str = "calendar channels";

/// Where vendors tell us of changes, and what of it was heard.
#[derive(Default)]
pub(in crate::facts) struct Channels {
    /// `https://…`; `None`: vendors cannot reach us.
    base: Option<String>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// Calendars with a channel over which messages arrive.
    told: BTreeSet<String>,
    /// Messages so far that were seen to, by channel.
    seen_to: BTreeMap<String, i64>,
    /// Since when nobody wants channels of these calendars.
    unwanted: BTreeMap<String, DateTime<Utc>>,
}

impl Channels {
    /// Vendors take no address but one of https.
    pub(in crate::facts) fn at(public_url: &str) -> Self {
        let base = public_url.starts_with("https://").then(|| public_url.trim_end_matches('/').to_owned());
        Self { base, known: Mutex::default() }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of which calendars are told of. Those channels whose messages were not seen to yet.
    fn news<'c>(&self, base: &str, all: &'c [CalendarChannel], now: DateTime<Utc>) -> Vec<&'c CalendarChannel> {
        let (mut known, ids) = (self.known(), all.iter().map(|channel| channel.id.as_str()).collect::<BTreeSet<_>>());
        let arrives = |channel: &&CalendarChannel| {
            channel.resource.is_some()
                && channel.messages > 0
                && now < channel.ends_at
                && channel.address.starts_with(base)
        };
        known.told = all.iter().filter(arrives).map(|channel| channel.calendar.clone()).collect();
        known.seen_to.retain(|id, _| ids.contains(id.as_str()));
        let is_news = |channel: &&CalendarChannel| {
            channel.messages > 0 && known.seen_to.get(&channel.id) != Some(&channel.messages)
        };
        all.iter().filter(is_news).collect()
    }

    /// Since when nobody has wanted the channel of a calendar.
    fn unwanted_since(&self, calendar: &str, wanted: &BTreeSet<&str>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let mut known = self.known();
        if wanted.contains(calendar) {
            known.unwanted.remove(calendar);
            return None;
        }
        Some(*known.unwanted.entry(calendar.to_owned()).or_insert(now))
    }
}

impl Facts {
    /// Those that are to be asked for. What was seen of a calendar that is told of counts for longer, and for less long than the rules
    /// believe calendars.
    pub(super) fn to_poll<'c>(&self, sought: &[Sought<'c>], age: TimeDelta, rules: &RuleSet) -> Vec<Sought<'c>> {
        let believed = TimeDelta::from_std(rules.calendars_believed_for).map_or(WHILE_TOLD, |span| span / 2);
        let (old, longer) = (self.not_fresher_than(sought, age), WHILE_TOLD.min(believed).max(age));
        let (told, mut to_poll): (Vec<_>, Vec<_>) = {
            let (known, views) = (self.channels.known(), self.views());
            let is_seen = |written: &str| views.get(written).is_some_and(|view| view.busy.is_ok());
            old.into_iter().partition(|(written, _)| known.told.contains(*written) && is_seen(written))
        };
        to_poll.extend(self.not_fresher_than(&told, longer));
        to_poll
    }

    /// Has channels opened and closed, and reads what they tell of.
    pub async fn keep_channels(&self, release: Current) {
        let Some(base) = &self.channels.base else { return };
        if self.connections.iter().any(|connection| connection.calendar.watches().is_some()) {
            tokio::join!(self.hear(&release, base), self.tend(&release, base));
        }
    }

    async fn hear(&self, release: &Current, base: &str) {
        loop {
            let rules = Arc::clone(&release.borrow().rules);
            match self.store.channels().await {
                Ok(all) => self.read_what_changed(base, &all, &rules).await,
                Err(error) => {
                    tracing::debug!(%error, "whether calendars have changed is not known: they are polled");
                    self.channels.known().told.clear();
                }
            }
            sleep(self.clock.real(HEARS_EVERY).max(SHORTEST)).await;
        }
    }

    async fn read_what_changed(&self, base: &str, all: &[CalendarChannel], rules: &RuleSet) {
        let (news, wanted) = (self.channels.news(base, all, self.clock.now()), on_roster(rules));
        let changed: BTreeSet<&str> =
            news.iter().map(|channel| channel.calendar.as_str()).filter(|calendar| wanted.contains(calendar)).collect();
        if changed.is_empty() {
            return;
        }
        let changed = &changed;
        let read = join_all((0..self.connections.len()).map(|place| self.read_changed(place, changed, rules))).await;
        let read: BTreeSet<&str> = read.into_iter().flatten().collect();
        let mut known = self.channels.known();
        for channel in news.into_iter().filter(|channel| read.contains(channel.calendar.as_str())) {
            known.seen_to.insert(channel.id.clone(), channel.messages);
        }
    }

    /// Those that were read; what was read a moment ago waits.
    async fn read_changed<'c>(&self, place: usize, changed: &BTreeSet<&'c str>, rules: &RuleSet) -> Vec<&'c str> {
        let (connection, began) = (&self.connections[place], self.clock.now());
        let due = self.not_fresher_than(&sought_at(&self.connections, place, changed), EASED);
        if due.is_empty() || !connection.may_be_asked() {
            return Vec::new();
        }
        self.look_up(connection, &due, rules, UNHURRIED).await;
        self.read_entries(connection, &due, rules, Asks::AfterChange).await;
        let views = self.views();
        let is_read = |written: &&str| views.get(*written).is_some_and(|view| view.observed_at >= began);
        due.iter().map(|(written, _)| *written).filter(is_read).collect()
    }

    async fn tend(&self, release: &Current, base: &str) {
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
        if !self.is_ours(holder).await? {
            return Ok(());
        }
        let (all, wanted, now) = (self.store.channels().await?, on_roster(rules), self.clock.now());
        for calendar in &wanted {
            let of: Vec<&CalendarChannel> = all.iter().filter(|channel| channel.calendar == **calendar).collect();
            if is_to_be_opened(&of, base, now) && self.is_ours(holder).await? {
                self.open(calendar, base).await?;
            }
        }
        for channel in &all {
            let unwanted_since = self.channels.unwanted_since(&channel.calendar, &wanted, now);
            let is_unwanted = unwanted_since.is_some_and(|since| now - since >= UNWANTED_FOR);
            if (is_unwanted || is_over(channel, &all, now)) && self.is_ours(holder).await? {
                self.close(channel, now).await?;
            }
        }
        Ok(())
    }

    async fn is_ours(&self, holder: &str) -> Result<bool, StoreError> {
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
