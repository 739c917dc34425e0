//! A rule of repetition (RFC 5545 §3.3.10, with SKIP of RFC 7529) and the wall clock times that it gives.
//!
//! All of it happens on the wall clock of the series: a meeting at nine stays at nine when the clocks change. A library would do it
//! by its own time zones, which are years old, and has no bound for what a rule may ask.

mod days;
mod written;

use super::time::{Stamp, Work};
use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Weekday};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Frequency {
    Secondly,
    Minutely,
    Hourly,
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// What becomes of a day that a month does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Skip {
    Omit,
    Backward,
    Forward,
}

#[derive(Debug, Clone)]
pub(super) struct Rule {
    frequency: Frequency,
    interval: u32,
    /// The last time, if it says one.
    pub until: Option<Stamp>,
    count: Option<u32>,
    week_start: Weekday,
    skip: Skip,
    months: Vec<i32>,
    week_numbers: Vec<i32>,
    year_days: Vec<i32>,
    month_days: Vec<i32>,
    /// With which of the month or year it is; 0 is each of them.
    weekdays: Vec<(i32, Weekday)>,
    hours: Vec<i32>,
    minutes: Vec<i32>,
    seconds: Vec<i32>,
    positions: Vec<i32>,
}

/// Between what times occurrences are wanted, both ends included, and after which there are none, on the series' wall clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub from: NaiveDateTime,
    pub until: NaiveDateTime,
    pub last: Option<NaiveDateTime>,
}

impl Rule {
    /// The times of a series that begins at `start`, which is its first whatever the rule says; in order.
    ///
    /// # Errors
    /// There is more to it than may be worked.
    pub(super) fn times(
        &self,
        start: NaiveDateTime,
        span: Span,
        work: &mut Work,
    ) -> Result<Vec<NaiveDateTime>, String> {
        let wanted = |at: NaiveDateTime| span.from <= at && at <= span.until;
        let mut found = Vec::new();
        if wanted(start) {
            found.push(start);
        }
        let mut told = 1;
        let mut period = if self.count.is_some() { 0 } else { self.periods_before(start, span.from) };
        while self.count.is_none_or(|count| told < count) {
            work.take(1)?;
            let Some((begins, days)) = self.period(start, period) else { break };
            if begins > span.until || span.last.is_some_and(|last| begins > last) {
                break;
            }
            period += 1;
            for at in self.in_period(start, begins, &days, work)? {
                if at <= start {
                    continue;
                }
                if span.last.is_some_and(|last| at > last) || self.count.is_some_and(|count| told >= count) {
                    return Ok(found);
                }
                told += 1;
                if wanted(at) {
                    found.push(at);
                }
            }
        }
        Ok(found)
    }

    /// Periods of this rule that are surely over by then.
    fn periods_before(&self, start: NaiveDateTime, from: NaiveDateTime) -> i64 {
        let seconds = match self.frequency {
            Frequency::Secondly => 1,
            Frequency::Minutely => 60,
            Frequency::Hourly => 3_600,
            Frequency::Daily => 86_400,
            Frequency::Weekly => 7 * 86_400,
            Frequency::Monthly => 31 * 86_400,
            Frequency::Yearly => 366 * 86_400,
        };
        ((from - start).num_seconds() / (seconds * i64::from(self.interval)) - 1).max(0)
    }

    /// When it begins, and its days. `None`: there is no such year.
    fn period(&self, start: NaiveDateTime, number: i64) -> Option<(NaiveDateTime, Vec<NaiveDate>)> {
        let ahead = number.checked_mul(self.interval.into())?;
        let day = start.date();
        let days = |first: NaiveDate, count: usize| -> (NaiveDateTime, Vec<NaiveDate>) {
            (first.and_time(NaiveTime::MIN), first.iter_days().take(count).collect())
        };
        let later = |seconds: i64| -> Option<(NaiveDateTime, Vec<NaiveDate>)> {
            let truncated = start - TimeDelta::seconds(i64::from(start.num_seconds_from_midnight()) % seconds);
            let begins = truncated.checked_add_signed(TimeDelta::try_seconds(seconds.checked_mul(ahead)?)?)?;
            Some((begins, vec![begins.date()]))
        };
        match self.frequency {
            Frequency::Secondly => later(1),
            Frequency::Minutely => later(60),
            Frequency::Hourly => later(3_600),
            Frequency::Daily => Some(days(day.checked_add_days(Days::new(u64::try_from(ahead).ok()?))?, 1)),
            Frequency::Weekly => {
                let first = day.checked_sub_days(Days::new(day.weekday().days_since(self.week_start).into()))?;
                Some(days(first.checked_add_days(Days::new(u64::try_from(ahead.checked_mul(7)?).ok()?))?, 7))
            }
            Frequency::Monthly => {
                let month = i64::from(day.year()) * 12 + i64::from(day.month0()) + ahead;
                let first =
                    first_of(i32::try_from(month.div_euclid(12)).ok()?, u32::try_from(month.rem_euclid(12)).ok()? + 1)?;
                Some(days(first, first.num_days_in_month().into()))
            }
            Frequency::Yearly => {
                let first = first_of(i32::try_from(i64::from(day.year()).checked_add(ahead)?).ok()?, 1)?;
                Some(days(first, if first.leap_year() { 366 } else { 365 }))
            }
        }
    }

    fn in_period(
        &self,
        start: NaiveDateTime,
        begins: NaiveDateTime,
        days: &[NaiveDate],
        work: &mut Work,
    ) -> Result<Vec<NaiveDateTime>, String> {
        work.take(days.len() * (1 + self.parts() / 8) / 4)?;
        let mut chosen: Vec<NaiveDate> = days.iter().copied().filter(|day| self.has_day(*day, start.date())).collect();
        chosen.extend(self.skipped(start.date(), days));
        chosen.sort_unstable();
        chosen.dedup();
        let frequency = self.frequency;
        // A part is given as it stands, taken from the period, or from the start.
        let of = |parts: &[i32], below: Frequency, in_period: u32, at_start: u32| -> Vec<u32> {
            let fixed = frequency <= below;
            let own = if fixed { in_period } else { at_start };
            match parts {
                [] => vec![own],
                _ => parts
                    .iter()
                    .filter_map(|part| u32::try_from(*part).ok())
                    .filter(|part| !fixed || *part == own)
                    .collect(),
            }
        };
        let hours = of(&self.hours, Frequency::Hourly, begins.hour(), start.hour());
        let minutes = of(&self.minutes, Frequency::Minutely, begins.minute(), start.minute());
        let seconds = of(&self.seconds, Frequency::Secondly, begins.second(), start.second());
        work.take(chosen.len() * hours.len() * minutes.len() * seconds.len())?;
        let mut times = Vec::new();
        for day in chosen {
            for hour in &hours {
                for minute in &minutes {
                    let at = |second: &u32| day.and_hms_opt(*hour, *minute, (*second).min(59));
                    times.extend(seconds.iter().filter_map(at));
                }
            }
        }
        times.sort_unstable();
        times.dedup();
        Ok(self.at_positions(times))
    }

    /// What a day may have to be held against.
    fn parts(&self) -> usize {
        let days = self.months.len() + self.week_numbers.len() + self.year_days.len() + self.month_days.len();
        let times = self.hours.len() + self.minutes.len() + self.seconds.len();
        days + self.weekdays.len() + times + self.positions.len()
    }

    fn at_positions(&self, times: Vec<NaiveDateTime>) -> Vec<NaiveDateTime> {
        if self.positions.is_empty() {
            return times;
        }
        let count = i32::try_from(times.len()).unwrap_or(i32::MAX);
        let index = |position: &i32| usize::try_from(if *position > 0 { position - 1 } else { count + position }).ok();
        let mut chosen: Vec<_> =
            self.positions.iter().filter(|at| **at != 0).filter_map(|at| times.get(index(at)?).copied()).collect();
        chosen.sort_unstable();
        chosen.dedup();
        chosen
    }
}

fn first_of(year: i32, month: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, month, 1).filter(|day| day.year() <= 9999)
}
