//! Free and busy times of the reps, from a view that is kept warm in the background.

use super::Facts;
use super::health::{PAUSE_AFTER_FAILURE, SILENT, UNHURRIED};
use crate::connectors::Calendar;
use crate::connectors::calendar::CalendarOwner;
use crate::release::Current;
use crate::telemetry::figures;
use baton_core::domain::id::RepId;
use baton_core::domain::known::Fact;
use baton_core::domain::rep::{Busy, BusyKind, Rep};
use baton_core::domain::rota::Window;
use baton_core::rules::RuleSet;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// A view counts this long; the background renews it at half that age.
const FRESH: TimeDelta = TimeDelta::seconds(60);
/// Which of it are absences is asked again after this long: each calendar costs a call, and people are away for days.
const ABSENCES_FRESH: TimeDelta = TimeDelta::minutes(5);
/// Calendars of which that is asked at once.
const ABSENCES_AT_ONCE: usize = 40;
/// How far back a view reaches: what has begun by then may still go on.
const BACK: TimeDelta = TimeDelta::hours(1);

/// What one calendar said last.
#[derive(Debug, Clone)]
pub(super) struct View {
    busy: Result<Vec<Busy>, String>,
    observed_at: DateTime<Utc>,
    /// When it could be seen last, whatever was said since; where it never could, when it was asked for first.
    seen_at: DateTime<Utc>,
    /// The absences among it, and when they were asked for; `None`: not since the worker began.
    away: Option<(Vec<Busy>, DateTime<Utc>)>,
}

impl View {
    /// When it could be seen last, or since when it never could.
    pub(super) fn seen_at(&self) -> DateTime<Utc> {
        self.seen_at
    }

    /// Somebody is busy, and it is not known whether they are away.
    fn is_unnamed(&self, now: DateTime<Utc>) -> bool {
        let busy = self.busy.as_ref().is_ok_and(|busy| busy.iter().any(|busy| busy.from <= now && now < busy.until));
        busy && self.away.as_ref().is_none_or(|(_, asked_at)| now - *asked_at >= ABSENCES_FRESH)
    }
}

impl Facts {
    /// The calendars of those of these reps who have one; asks the vendor for what is not fresh, within the deadline.
    pub(super) async fn calendars(&self, reps: BTreeSet<&RepId>, rules: &RuleSet) -> BTreeMap<RepId, Fact<Vec<Busy>>> {
        let with_calendar = || reps.iter().filter_map(|id| Some((*id, rules.reps.get(*id)?.calendar.as_ref()?)));
        let calendars: Vec<String> = with_calendar().map(|(_, calendar)| calendar.clone()).collect();
        let stale = self.not_fresher_than(&calendars, FRESH);
        if !stale.is_empty() && self.may_ask_for_calendars() {
            self.look_up(&stale, rules, self.within).await;
        }
        with_calendar().map(|(rep, calendar)| (rep.clone(), self.fact(calendar))).collect()
    }

    /// Times before `until` in which a rep is busy, as the vendor says at this moment: for booking, when the caller is being
    /// offered a time. What was seen before is not good enough for a promise.
    ///
    /// # Errors
    /// Why it is not known now.
    pub async fn busy_now(&self, calendar: &str, until: DateTime<Utc>) -> Result<Vec<Busy>, String> {
        let Some(vendor) = &self.calendar else { return Err("no calendar is configured".to_owned()) };
        self.calendar_health.may_be_asked(vendor.vendor())?;
        let asked = [calendar.to_owned()];
        match tokio::time::timeout(UNHURRIED, vendor.busy(&asked, self.clock.now() - BACK, until)).await {
            Ok(Ok(mut answers)) => {
                answers.remove(calendar).unwrap_or_else(|| Err("the calendar is not in the answer".to_owned()))
            }
            Ok(Err(error)) => Err(error.counted().to_string()),
            Err(_) => {
                figures::vendor_failed(vendor.vendor(), SILENT);
                Err(late(vendor.vendor(), UNHURRIED))
            }
        }
    }

    /// Keeps every active rep's calendar fresh until told to stop, so that a decision rarely waits for one; and goes on asking a
    /// vendor that has stopped answering, for which no decision waits. Beside them, how long callers wait.
    pub async fn keep_fresh(&self, release: Current, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            let current = Arc::clone(&release.borrow().rules);
            let active = current.reps.values().filter(|rep| rep.active);
            let calendars: Vec<String> = active.filter_map(|rep| rep.calendar.clone()).collect();
            self.forget_all_but(&calendars);
            let was_silent = self.calendar_health.is_silent();
            let stale = self.not_fresher_than(&calendars, if was_silent { TimeDelta::zero() } else { FRESH / 2 });
            let calendars = async {
                if !stale.is_empty() && (was_silent || self.may_ask_for_calendars()) {
                    self.look_up(&stale, &current, UNHURRIED).await;
                }
            };
            let waits = async {
                if current.handoff.announce_wait {
                    self.read_waits().await;
                }
            };
            tokio::join!(calendars, waits);
            let pause = self.clock.real((FRESH / 4).to_std().expect("a positive constant"));
            let pause = if self.calendar_health.is_silent() { pause.min(PAUSE_AFTER_FAILURE) } else { pause };
            tokio::select! {
                () = tokio::time::sleep(pause.max(Duration::from_millis(200))) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// The views of these, and what a decision has just asked for.
    fn forget_all_but(&self, calendars: &[String]) {
        let (now, calendars) = (self.clock.now(), calendars.iter().collect::<BTreeSet<_>>());
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        views.retain(|calendar, view| calendars.contains(calendar) || now - view.observed_at < FRESH);
    }

    fn not_fresher_than(&self, calendars: &[String], age: TimeDelta) -> Vec<String> {
        if self.calendar.is_none() {
            return Vec::new();
        }
        let (now, views) = (self.clock.now(), self.views.lock().unwrap_or_else(PoisonError::into_inner));
        let fresh = |calendar: &String| views.get(calendar).is_some_and(|view| now - view.observed_at < age);
        calendars.iter().filter(|calendar| !fresh(calendar)).cloned().collect()
    }

    fn may_ask_for_calendars(&self) -> bool {
        self.calendar.as_ref().is_some_and(|vendor| self.calendar_health.may_be_asked(vendor.vendor()).is_ok())
    }

    async fn look_up(&self, calendars: &[String], rules: &RuleSet, within: Duration) {
        let Some(vendor) = &self.calendar else { return };
        let (now, by) = (self.clock.now(), Instant::now() + within);
        vendor.owners(owners(rules));
        let window = (now - BACK, now + TimeDelta::days(i64::from(rules.handoff.booking.within_days.max(3))));
        let failed = match tokio::time::timeout_at(by, vendor.busy(calendars, window.0, window.1)).await {
            Ok(Ok(answers)) => {
                self.calendar_health.answers();
                self.saw(answers, now);
                self.name_absences(vendor, calendars, window, by).await;
                return;
            }
            Ok(Err(error)) => {
                self.calendar_health.failed();
                let error = error.counted();
                (error.in_log(), error.to_string())
            }
            Err(_) => {
                figures::vendor_failed(vendor.vendor(), SILENT);
                self.calendar_health.fell_silent();
                let late = late(vendor.vendor(), within);
                (late.clone(), late)
            }
        };
        let (in_log, failed) = failed;
        tracing::warn!(vendor = vendor.vendor(), why = in_log, "calendars are unknown for now");
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        for calendar in calendars {
            let unseen = || View { busy: Err(failed.clone()), observed_at: now, seen_at: now, away: None };
            views.entry(calendar.clone()).or_insert_with(unseen);
        }
    }

    fn saw(&self, answers: BTreeMap<String, Result<Vec<Busy>, String>>, observed_at: DateTime<Utc>) {
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        for (calendar, busy) in answers {
            let (was_seen_at, away) = views.remove(&calendar).map(|before| (before.seen_at, before.away)).unzip();
            let seen_at = was_seen_at.filter(|_| busy.is_err()).unwrap_or(observed_at);
            views.insert(calendar, View { busy, observed_at, seen_at, away: away.flatten() });
        }
    }

    /// Says of whoever is busy now whether they are away, in what is left of the time: until then busy is busy.
    async fn name_absences(
        &self,
        vendor: &Arc<dyn Calendar>,
        calendars: &[String],
        (from, until): Window,
        by: Instant,
    ) {
        let now = self.clock.now();
        let unnamed: Vec<String> = {
            let views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
            let unnamed = |calendar: &&String| views.get(*calendar).is_some_and(|view| view.is_unnamed(now));
            calendars.iter().filter(unnamed).cloned().collect()
        };
        for some in unnamed.chunks(ABSENCES_AT_ONCE) {
            let Ok(told) = tokio::time::timeout_at(by, vendor.absences(some, from, until)).await else { return };
            let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
            for (calendar, away) in told {
                if let Some(view) = views.get_mut(&calendar) {
                    view.away = Some((away, now));
                }
            }
        }
    }

    fn fact(&self, calendar: &str) -> Fact<Vec<Busy>> {
        let Some(vendor) = &self.calendar else {
            let source = "no calendar is configured".to_owned();
            return Fact::Known { value: Vec::new(), observed_at: self.clock.now(), source };
        };
        let views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        match views.get(calendar) {
            Some(View { busy: Ok(busy), observed_at, away, .. }) => {
                let value = named(busy, away.as_ref().map_or(&[], |(away, _)| away));
                Fact::Known { value, observed_at: *observed_at, source: vendor.vendor().to_owned() }
            }
            Some(View { busy: Err(why), .. }) => Fact::Unknown { why: why.clone() },
            None => Fact::Unknown { why: format!("{} was not reached", vendor.vendor()) },
        }
    }
}

/// By whose clock the days of a calendar are, and which guest is its owner.
fn owners(rules: &RuleSet) -> BTreeMap<String, CalendarOwner> {
    let owner = |rep: &Rep| CalendarOwner { zone: Some(rep.timezone), email: Some(rep.email.clone()) };
    rules.reps.values().filter_map(|rep| Some((rep.calendar.clone()?, owner(rep)))).collect()
}

/// Busy times, with what is known to be an absence under its name. An absence that is not busy any more was taken back since.
fn named(busy: &[Busy], away: &[Busy]) -> Vec<Busy> {
    let standing = |absence: &Busy| {
        let (from, until) = (absence.from, absence.until);
        let shared = busy.iter().map(move |busy| (busy.from.max(from), busy.until.min(until)));
        shared.filter(|(from, until)| from < until).map(|(from, until)| Busy {
            from,
            until,
            kind: BusyKind::OutOfOffice,
        })
    };
    let absences: Vec<Busy> = away.iter().flat_map(standing).collect();
    let explained = |busy: &Busy| absences.iter().any(|away| away.from <= busy.from && busy.until <= away.until);
    let mut all: Vec<Busy> = busy.iter().filter(|busy| !explained(busy)).copied().collect();
    all.extend(absences);
    all.sort_by_key(|busy| (busy.from, busy.until));
    all
}

fn late(vendor: &str, within: Duration) -> String {
    format!("{vendor} did not answer within {} ms", within.as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busy(from: &str, until: &str, kind: BusyKind) -> Busy {
        let at = |time: &str| format!("2026-11-23T{time}:00Z").parse().expect("an instant");
        Busy { from: at(from), until: at(until), kind }
    }

    #[test]
    fn absences_are_named_within_what_is_busy_still() {
        use BusyKind::{Busy as Meeting, OutOfOffice};
        let away = [busy("08:00", "12:00", OutOfOffice)];
        for (seen, expected) in [
            // The whole of it, and less than it where the view has moved on.
            (vec![busy("08:00", "12:00", Meeting)], vec![busy("08:00", "12:00", OutOfOffice)]),
            (vec![busy("09:30", "12:00", Meeting)], vec![busy("09:30", "12:00", OutOfOffice)]),
            // The vendor tells what touches as one: who is away in it is named, the rest stays busy.
            (
                vec![busy("08:00", "13:00", Meeting)],
                vec![busy("08:00", "12:00", OutOfOffice), busy("08:00", "13:00", Meeting)],
            ),
            // Taken back since it was named.
            (vec![busy("14:00", "15:00", Meeting)], vec![busy("14:00", "15:00", Meeting)]),
            (vec![], vec![]),
        ] {
            assert_eq!(named(&seen, &away), expected, "{seen:?}");
        }
    }
}
