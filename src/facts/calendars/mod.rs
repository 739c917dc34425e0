//! Free and busy times of the reps, from a view that is kept warm in the background.
//!
//! A vendor that is asked for many calendars at once says when somebody is busy, and not why. Why, it is asked of one calendar at a
//! time, and so only where it matters: of what goes on now, or lasts so long that it may be an absence, and was not told of yet; and
//! before a decision once more of what goes on now. What a vendor shows counts for whatever is decided a minute later.

mod connection;
mod entries;
mod now;
mod view;

pub(super) use connection::Connection;
pub(super) use view::Views;

use super::Facts;
use super::health::{PAUSE_AFTER_FAILURE, SILENT, UNHURRIED};
use crate::connectors::calendar::CalendarOwner;
use crate::release::Current;
use crate::telemetry::figures;
use baton_core::domain::address::CalendarAddress;
use baton_core::domain::id::RepId;
use baton_core::domain::known::Fact;
use baton_core::domain::rep::Busy;
use baton_core::domain::rota::Window;
use baton_core::rules::RuleSet;
use chrono::{DateTime, TimeDelta, Utc};
use connection::{Sought, addresses, home, sought_at};
use futures_util::future::join_all;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use view::{FRESH, View};

/// How often the background looks whether something is to be asked for.
const LOOKS_EVERY: TimeDelta = TimeDelta::seconds(15);
/// It renews a view of this age: with the time between two looks and that of an answer, before a minute is over.
const RENEWED_AFTER: TimeDelta = TimeDelta::seconds(40);
/// How far back a view reaches: what has begun by then may still go on.
const BACK: TimeDelta = TimeDelta::hours(1);

impl Facts {
    /// The calendars of those of these reps who have one; asks the vendors for what is not fresh, within the deadline.
    pub(super) async fn calendars(&self, reps: BTreeSet<&RepId>, rules: &RuleSet) -> BTreeMap<RepId, Fact<Vec<Busy>>> {
        let cells = reps.iter().filter_map(|id| rules.reps.get(*id)?.calendar.as_ref());
        let calendars: BTreeSet<&str> = cells.flat_map(|cell| CalendarAddress::each(cell)).collect();
        let wanted = &calendars;
        join_all((0..self.connections.len()).map(|place| self.look(place, wanted, rules))).await;
        self.calendars_seen(&reps, rules)
    }

    /// The same as they were seen last; asks nobody.
    pub(super) fn calendars_seen(&self, reps: &BTreeSet<&RepId>, rules: &RuleSet) -> BTreeMap<RepId, Fact<Vec<Busy>>> {
        let with_calendar = reps.iter().filter_map(|id| Some((*id, rules.reps.get(*id)?.calendar.as_ref()?)));
        let mut known: BTreeMap<RepId, Fact<Vec<Busy>>> =
            with_calendar.map(|(rep, cell)| (rep.clone(), self.fact(cell))).collect();
        self.add_absences(reps, rules, &mut known);
        known
    }

    /// At one vendor, within the deadline of a decision.
    async fn look(&self, place: usize, calendars: &BTreeSet<&str>, rules: &RuleSet) {
        let (connection, by) = (&self.connections[place], Instant::now() + self.within);
        let sought = sought_at(&self.connections, place, calendars);
        let stale = self.not_fresher_than(&sought, FRESH);
        if !stale.is_empty() && connection.may_be_asked() {
            self.look_up(connection, &stale, rules, self.within).await;
        }
        self.read_entries(connection, &sought, rules, entries::Asks::BeforeDecision { by }).await;
    }

    /// Keeps every active rep's calendars fresh until told to stop, so that a decision rarely waits for one; and goes on asking a
    /// vendor that has stopped answering, for which no decision waits. Beside them, how long callers wait.
    pub async fn keep_fresh(&self, release: Current, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            let current = Arc::clone(&release.borrow().rules);
            let cells = current.reps.values().filter(|rep| rep.active).filter_map(|rep| rep.calendar.as_deref());
            let calendars: BTreeSet<&str> = cells.flat_map(CalendarAddress::each).collect();
            self.forget_all_but(&calendars);
            let (rules, wanted) = (&*current, &calendars);
            let renewed = join_all((0..self.connections.len()).map(|place| self.renew(place, wanted, rules)));
            let waits = async {
                if current.handoff.announce_wait {
                    self.read_waits().await;
                }
            };
            tokio::join!(renewed, waits);
            let pause = self.clock.real(LOOKS_EVERY.to_std().expect("a positive constant"));
            let one_is_silent = self.connections.iter().any(|connection| connection.health.is_silent());
            let pause = if one_is_silent { pause.min(PAUSE_AFTER_FAILURE) } else { pause };
            tokio::select! {
                () = tokio::time::sleep(pause.max(Duration::from_millis(200))) => {}
                _ = stop.changed() => {}
            }
        }
    }

    async fn renew(&self, place: usize, calendars: &BTreeSet<&str>, rules: &RuleSet) {
        let connection = &self.connections[place];
        let sought = sought_at(&self.connections, place, calendars);
        let was_silent = connection.health.is_silent();
        let stale = self.not_fresher_than(&sought, if was_silent { TimeDelta::zero() } else { RENEWED_AFTER });
        if !stale.is_empty() && (was_silent || connection.may_be_asked()) {
            self.look_up(connection, &stale, rules, UNHURRIED).await;
        }
        self.read_entries(connection, &sought, rules, entries::Asks::InBackground).await;
    }

    /// The views of these, and what a decision has just asked for.
    fn forget_all_but(&self, calendars: &BTreeSet<&str>) {
        let now = self.clock.now();
        self.views().retain(|written, view| calendars.contains(written.as_str()) || view.is_fresher_than(FRESH, now));
    }

    fn not_fresher_than<'c>(&self, sought: &[Sought<'c>], age: TimeDelta) -> Vec<Sought<'c>> {
        let (now, views) = (self.clock.now(), self.views());
        let is_fresh = |written: &str| views.get(written).is_some_and(|view| view.is_fresher_than(age, now));
        sought.iter().filter(|(written, _)| !is_fresh(written)).copied().collect()
    }

    async fn look_up(&self, connection: &Connection, sought: &[Sought<'_>], rules: &RuleSet, within: Duration) {
        let (vendor, now) = (connection.vendor(), self.clock.now());
        let (from, until) = window(rules, now);
        connection.calendar.owners(self.owners(connection, rules));
        let failed = match timeout(within, connection.calendar.busy(&addresses(sought), from, until)).await {
            Ok(Ok(answers)) => {
                connection.health.answers();
                self.saw(sought, &answers, now, until);
                return;
            }
            Ok(Err(error)) => {
                connection.health.failed();
                let error = error.counted();
                (error.in_log(), error.to_string())
            }
            Err(_) => {
                figures::vendor_failed(vendor, SILENT);
                connection.health.fell_silent();
                let late = late(vendor, within);
                (late.clone(), late)
            }
        };
        let (in_log, failed) = failed;
        tracing::warn!(vendor, why = in_log, "calendars are unknown for now");
        let mut views = self.views();
        for (written, _) in sought {
            views.entry((*written).to_owned()).or_insert_with(|| View::unseen(failed.clone(), now));
        }
    }

    /// By whose clock the days of its calendars are, and which guest is the owner, by address.
    fn owners(&self, connection: &Connection, rules: &RuleSet) -> BTreeMap<String, CalendarOwner> {
        let mut owners = BTreeMap::new();
        for rep in rules.reps.values() {
            for written in rep.calendar.iter().flat_map(|cell| CalendarAddress::each(cell)) {
                if let Ok((place, address)) = home(&self.connections, written)
                    && std::ptr::eq(&raw const self.connections[place], connection)
                {
                    let owner = CalendarOwner { zone: Some(rep.timezone), email: Some(rep.email.clone()) };
                    owners.insert(address.to_owned(), owner);
                }
            }
        }
        owners
    }

    fn saw(
        &self,
        sought: &[Sought<'_>],
        answers: &BTreeMap<String, Result<Vec<Busy>, String>>,
        observed_at: DateTime<Utc>,
        until: DateTime<Utc>,
    ) {
        let mut views = self.views();
        for (written, address) in sought {
            let busy = answers.get(*address).cloned().unwrap_or_else(not_answered);
            let (was_seen_at, told) = views.remove(*written).map(|before| (before.seen_at, before.told)).unzip();
            let seen_at = was_seen_at.filter(|_| busy.is_err()).unwrap_or(observed_at);
            let view = View { busy, until, observed_at, seen_at, told: told.unwrap_or_default() };
            views.insert((*written).to_owned(), view);
        }
    }

    /// Of all calendars of one rep: one that is not known makes what is known of the others worthless.
    fn fact(&self, cell: &str) -> Fact<Vec<Busy>> {
        if self.connections.is_empty() {
            let source = "no calendar is configured".to_owned();
            return Fact::Known { value: Vec::new(), observed_at: self.clock.now(), source };
        }
        let views = self.views();
        let is_one_of_several = CalendarAddress::each(cell).nth(1).is_some();
        let (mut value, mut oldest, mut vendors) = (Vec::<Busy>::new(), None, BTreeSet::new());
        for written in CalendarAddress::each(cell) {
            match self.known(&views, written) {
                Ok((busy, observed_at, vendor)) => {
                    value.extend(busy);
                    oldest = Some(oldest.map_or(observed_at, |oldest: DateTime<Utc>| oldest.min(observed_at)));
                    vendors.insert(vendor);
                }
                Err(why) if is_one_of_several => return Fact::Unknown { why: format!("{written}: {why}") },
                Err(why) => return Fact::Unknown { why },
            }
        }
        value.sort_by_key(|busy| (busy.from, busy.until));
        let source = vendors.into_iter().collect::<Vec<_>>().join(" and ");
        Fact::Known { value, observed_at: oldest.unwrap_or_else(|| self.clock.now()), source }
    }

    /// What a calendar said last, when, and whose it is.
    fn known(&self, views: &Views, written: &str) -> Result<(Vec<Busy>, DateTime<Utc>, &'static str), String> {
        let (place, _) = home(&self.connections, written)?;
        let vendor = self.connections[place].vendor();
        let view = views.get(written).ok_or_else(|| format!("{vendor} was not reached"))?;
        Ok((view.known()?, view.observed_at, vendor))
    }

    pub(super) fn views(&self) -> MutexGuard<'_, Views> {
        self.views.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What views are of.
fn window(rules: &RuleSet, now: DateTime<Utc>) -> Window {
    (now - BACK, now + TimeDelta::days(i64::from(rules.handoff.booking.within_days.max(3))))
}

fn not_answered() -> Result<Vec<Busy>, String> {
    Err("the calendar is not in the answer".to_owned())
}

fn late(vendor: &str, within: Duration) -> String {
    format!("{vendor} did not answer within {} ms", within.as_millis())
}
