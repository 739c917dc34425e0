//! Calendars whose vendor tells by itself that something in them has changed: they are read at once then, and polled less often.
//!
//! Guarantees: a channel counts from its first message on, which comes when it is opened, since that alone proves that messages
//! arrive; until then, and once it has ended, its calendar is polled like any other. Whichever worker is told counts the message in
//! the database, and every worker reads what is news to it; however many come, a calendar is read for them once in [`EASED`]. One
//! that is lost costs no more than [`WHILE_TOLD`]. If the process dies here, channels live on, and others hear them.

use super::connection::{Sought, sought_at};
use super::entries::Asks;
use super::on_roster;
use crate::facts::Facts;
use crate::facts::health::UNHURRIED;
use crate::release::Current;
use crate::store::CalendarChannel;
use baton_core::rules::RuleSet;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::sleep;

/// How often a worker looks for messages that any of them was told, in the clock's time.
const HEARS_EVERY: Duration = Duration::from_secs(1);
/// In real time, however fast the clock runs.
pub(super) const SHORTEST: Duration = Duration::from_millis(250);
/// A calendar is read once in this for all messages about it.
const EASED: TimeDelta = TimeDelta::seconds(5);
/// How long a view counts while its calendar is told of.
const WHILE_TOLD: TimeDelta = TimeDelta::minutes(5);

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
    pub(super) fn unwanted_since(
        &self,
        calendar: &str,
        wanted: &BTreeSet<&str>,
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
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
}
