//! Free and busy times of the reps, from a view that is kept warm in the background.

use super::Facts;
use crate::domain::id::RepId;
use crate::domain::known::Fact;
use crate::domain::rep::Busy;
use crate::release::Current;
use crate::rules::RuleSet;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// A view counts this long; the background renews it at half that age.
const FRESH: TimeDelta = TimeDelta::seconds(60);
/// Real time the background waits for an answer: nobody is on the line.
const UNHURRIED: Duration = Duration::from_secs(10);

/// What one calendar said last.
#[derive(Debug, Clone)]
pub(super) struct View {
    busy: Result<Vec<Busy>, String>,
    observed_at: DateTime<Utc>,
}

impl Facts {
    /// The calendars of those of these reps who have one; asks the vendor for what is not fresh, within the deadline.
    pub(super) async fn calendars(&self, reps: BTreeSet<&RepId>, rules: &RuleSet) -> BTreeMap<RepId, Fact<Vec<Busy>>> {
        let with_calendar = || reps.iter().filter_map(|id| Some((*id, rules.reps.get(*id)?.calendar.as_ref()?)));
        let calendars: Vec<String> = with_calendar().map(|(_, calendar)| calendar.clone()).collect();
        let stale = self.not_fresher_than(&calendars, FRESH);
        if !stale.is_empty() {
            self.look_up(&stale, rules, self.within).await;
        }
        with_calendar().map(|(rep, calendar)| (rep.clone(), self.fact(calendar))).collect()
    }

    /// Times in which a rep is busy, asked afresh: for booking, when the caller is being offered a time.
    pub async fn busy_now(&self, calendar: &str, rules: &RuleSet) -> Result<Vec<Busy>, String> {
        if self.calendar.is_none() {
            return Err("no calendar is configured".to_owned());
        }
        self.look_up(&[calendar.to_owned()], rules, UNHURRIED).await;
        let views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        views.get(calendar).map_or_else(|| Err("not answered".to_owned()), |view| view.busy.clone())
    }

    /// Keeps every active rep's calendar fresh until told to stop, so that a decision rarely waits for one.
    pub async fn keep_fresh(&self, release: Current, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            let current = Arc::clone(&release.borrow().rules);
            let active = current.reps.values().filter(|rep| rep.active);
            let calendars: Vec<String> = active.filter_map(|rep| rep.calendar.clone()).collect();
            let stale = self.not_fresher_than(&calendars, FRESH / 2);
            if !stale.is_empty() {
                self.look_up(&stale, &current, UNHURRIED).await;
            }
            let pause = self.clock.real((FRESH / 4).to_std().expect("a positive constant"));
            tokio::select! {
                () = tokio::time::sleep(pause.max(Duration::from_millis(200))) => {}
                _ = stop.changed() => {}
            }
        }
    }

    fn not_fresher_than(&self, calendars: &[String], age: TimeDelta) -> Vec<String> {
        if self.calendar.is_none() {
            return Vec::new();
        }
        let (now, views) = (self.clock.now(), self.views.lock().unwrap_or_else(PoisonError::into_inner));
        let fresh = |calendar: &String| views.get(calendar).is_some_and(|view| now - view.observed_at < age);
        calendars.iter().filter(|calendar| !fresh(calendar)).cloned().collect()
    }

    async fn look_up(&self, calendars: &[String], rules: &RuleSet, within: Duration) {
        let Some(vendor) = &self.calendar else { return };
        if self.calendar_rests.is_on() {
            return;
        }
        let now = self.clock.now();
        let until = now + TimeDelta::days(i64::from(rules.handoff.booking.within_days.max(3)));
        let failed = match tokio::time::timeout(within, vendor.busy(calendars, now - TimeDelta::hours(1), until)).await
        {
            Ok(Ok(answers)) => {
                let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
                views.extend(answers.into_iter().map(|(calendar, busy)| (calendar, View { busy, observed_at: now })));
                return;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("{} did not answer within {} ms", vendor.vendor(), within.as_millis()),
        };
        self.calendar_rests.begin();
        tracing::warn!(vendor = vendor.vendor(), why = %failed, "calendars are unknown for now");
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        for calendar in calendars {
            views.entry(calendar.clone()).or_insert_with(|| View { busy: Err(failed.clone()), observed_at: now });
        }
    }

    fn fact(&self, calendar: &str) -> Fact<Vec<Busy>> {
        let Some(vendor) = &self.calendar else {
            let source = "no calendar is configured".to_owned();
            return Fact::Known { value: Vec::new(), observed_at: self.clock.now(), source };
        };
        let views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        match views.get(calendar) {
            Some(View { busy: Ok(busy), observed_at }) => {
                Fact::Known { value: busy.clone(), observed_at: *observed_at, source: vendor.vendor().to_owned() }
            }
            Some(View { busy: Err(why), .. }) => Fact::Unknown { why: why.clone() },
            None => Fact::Unknown { why: format!("{} was not reached", vendor.vendor()) },
        }
    }
}
