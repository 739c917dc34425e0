//! Times at which a rep can be met.

use super::Facts;
use super::shown::Shown;
use baton_core::domain::id::LeadId;
use baton_core::domain::rep::{Busy, BusyKind, Rep};
use baton_core::domain::rota::{self, Window};
use baton_core::rules::RuleSet;
use baton_core::rules::model::set::BookingRules;
use chrono::TimeDelta;
use std::time::Duration;

impl Facts {
    /// [`Facts::free_times`] for the page of a meeting that was moved so often, as they were so long ago at most: however often it is
    /// opened, the calendar is asked once at a time.
    ///
    /// # Errors
    /// Why they are not known.
    pub async fn free_times_shown(
        &self,
        (rep, calendar): (&Rep, &str),
        (lead, moves): (&LeadId, u32),
        terms: &BookingRules,
        rules: &RuleSet,
        at_most_ago: Duration,
    ) -> Result<Vec<Window>, String> {
        let place = self.shown.of(lead, moves);
        let mut shown = place.lock().await;
        if let Some(shown) = shown.as_ref().filter(|shown| shown.age() < at_most_ago) {
            return shown.times.clone();
        }
        let times = self.free_times((rep, calendar), lead, terms, rules).await;
        *shown = Some(Shown::now(times.clone()));
        times
    }

    /// All free times of a rep for a meeting of these terms with this lead, as their calendar and what was booked here say at this
    /// moment; the earliest first.
    ///
    /// # Errors
    /// Why they are not known now.
    pub async fn free_times(
        &self,
        (rep, calendar): (&Rep, &str),
        lead: &LeadId,
        terms: &BookingRules,
        rules: &RuleSet,
    ) -> Result<Vec<Window>, String> {
        let now = self.clock.now();
        let not_before = now + TimeDelta::from_std(terms.notice).unwrap_or_default();
        let until = not_before + TimeDelta::days(i64::from(terms.within_days));
        let mut busy = self.busy_now(calendar, until, rules).await?;
        busy.retain(|entry| rules.calendars.takes(entry));
        busy.extend(self.absences_of(rep, rules));
        // Times that other leads are booking at this moment.
        busy.extend(self.store.slots_claimed(&rep.id, now).await.map_err(|error| error.to_string())?);
        let busy = with_buffers(&busy, TimeDelta::from_std(terms.buffer).unwrap_or_default());
        let windows = rota::working_windows(&rules.hours, rep, not_before, until);
        let mut free = rota::free_slots(&windows, &busy, rep.timezone, terms.duration, not_before, usize::MAX);
        if let Some(at_most) = terms.at_most {
            let (from, until) = (now - TimeDelta::days(2), until + TimeDelta::days(2));
            let met =
                self.store.meetings_of(&rep.id, from, until, lead, now).await.map_err(|error| error.to_string())?;
            free.retain(|(at, _)| !rota::day_is_full(&met, rep.timezone, *at, at_most));
        }
        Ok(free)
    }
}

/// Meetings, each with so much time around it; an absence or a whole day needs none.
fn with_buffers(busy: &[Busy], buffer: TimeDelta) -> Vec<Busy> {
    let kept = |entry: &Busy| match entry.kind {
        BusyKind::Busy | BusyKind::Tentative => {
            Busy { from: entry.from - buffer, until: entry.until + buffer, kind: entry.kind }
        }
        BusyKind::OutOfOffice | BusyKind::Focus | BusyKind::AllDay => *entry,
    };
    busy.iter().map(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_core::domain::zone::Zone;
    use chrono::{DateTime, Utc};

    #[test]
    fn time_is_kept_free_around_meetings_and_around_nothing_else() {
        let at = |time: &str| format!("2026-11-23T{time}:00Z").parse::<DateTime<Utc>>().expect("an instant");
        let first = |kind, buffer: i64| {
            let busy = [Busy { from: at("09:30"), until: at("10:30"), kind }];
            let busy = with_buffers(&busy, TimeDelta::minutes(buffer));
            let (day, half_an_hour) = ([(at("09:00"), at("17:00"))], Duration::from_secs(1_800));
            let slots = rota::free_slots(&day, &busy, Zone::UTC, half_an_hour, at("09:00"), 2);
            slots.iter().map(|(from, _)| from.format("%H:%M").to_string()).collect::<Vec<_>>()
        };
        assert_eq!(first(BusyKind::Busy, 0), ["09:00", "10:30"]);
        assert_eq!(first(BusyKind::Busy, 10), ["11:00", "11:30"]);
        assert_eq!(first(BusyKind::Tentative, 10), ["11:00", "11:30"]);
        assert_eq!(first(BusyKind::OutOfOffice, 10), ["09:00", "10:30"]);
    }
}
