//! Which days a rule has.

use super::{Frequency, Rule, Skip};
use chrono::{Datelike, NaiveDate, TimeDelta, Weekday};

impl Rule {
    pub(super) fn has_day(&self, day: NaiveDate, start: NaiveDate) -> bool {
        let holds = |parts: &[i32], from_start: u32, length: u32| {
            let (at, length) = (i32::try_from(from_start).unwrap_or(0), i32::try_from(length).unwrap_or(0));
            parts.is_empty() || parts.contains(&at) || parts.contains(&(at - length - 1))
        };
        let year_length = if day.leap_year() { 366 } else { 365 };
        self.has_month(day)
            && holds(&self.year_days, day.ordinal(), year_length)
            && holds(&self.month_days, day.day(), day.num_days_in_month().into())
            && self.has_week(day)
            && self.has_weekday(day)
            && self.is_like_start(day, start)
    }

    fn has_month(&self, day: NaiveDate) -> bool {
        self.months.is_empty() || self.months.iter().any(|month| u32::try_from(*month) == Ok(day.month()))
    }

    /// Weeks belong to the year in which four of their days lie.
    fn has_week(&self, day: NaiveDate) -> bool {
        if self.week_numbers.is_empty() {
            return true;
        }
        let into_week = i64::from(day.weekday().days_since(self.week_start));
        let Some(fourth) = day.checked_add_signed(TimeDelta::days(3 - into_week)) else { return false };
        let number = i32::try_from(fourth.ordinal0() / 7 + 1).unwrap_or(0);
        // The last week is the one whose fourth day is within the last seven of its year.
        let year_length = if fourth.leap_year() { 366 } else { 365 };
        let weeks_after = i32::try_from((year_length - fourth.ordinal()) / 7).unwrap_or(0);
        self.week_numbers.iter().any(|wanted| *wanted == number || *wanted == -1 - weeks_after)
    }

    fn has_weekday(&self, day: NaiveDate) -> bool {
        let by_month =
            self.frequency == Frequency::Monthly || self.frequency == Frequency::Yearly && !self.months.is_empty();
        let numbered = by_month || self.frequency == Frequency::Yearly && self.week_numbers.is_empty();
        let (at, length): (u32, u32) = if by_month {
            (day.day(), day.num_days_in_month().into())
        } else {
            (day.ordinal(), if day.leap_year() { 366 } else { 365 })
        };
        let (from_start, from_end) = ((at - 1) / 7 + 1, (length - at) / 7 + 1);
        let is_nth = |n: i32| match n {
            0 => true,
            n if n > 0 => u32::try_from(n) == Ok(from_start),
            n => n.unsigned_abs() == from_end,
        };
        let fits = |(n, weekday): &(i32, Weekday)| *weekday == day.weekday() && (!numbered || is_nth(*n));
        self.weekdays.is_empty() || self.weekdays.iter().any(fits)
    }

    /// What no part says is as it was at the start.
    fn is_like_start(&self, day: NaiveDate, start: NaiveDate) -> bool {
        if !self.weekdays.is_empty() || !self.month_days.is_empty() || !self.year_days.is_empty() {
            return true;
        }
        match self.frequency {
            Frequency::Secondly | Frequency::Minutely | Frequency::Hourly | Frequency::Daily => true,
            Frequency::Weekly => day.weekday() == start.weekday(),
            Frequency::Monthly => day.day() == start.day(),
            Frequency::Yearly if !self.week_numbers.is_empty() => day.weekday() == start.weekday(),
            Frequency::Yearly => day.day() == start.day() && (!self.months.is_empty() || day.month() == start.month()),
        }
    }

    /// In place of days that a month of this period is too short for.
    pub(super) fn skipped(&self, start: NaiveDate, days: &[NaiveDate]) -> Vec<NaiveDate> {
        let by_month_day = self.weekdays.is_empty() && self.year_days.is_empty() && self.week_numbers.is_empty();
        if self.skip == Skip::Omit || !by_month_day || self.frequency < Frequency::Monthly {
            return Vec::new();
        }
        let wanted = if self.month_days.is_empty() {
            vec![i32::try_from(start.day()).unwrap_or(0)]
        } else {
            self.month_days.clone()
        };
        let only_start = self.frequency == Frequency::Yearly && self.months.is_empty() && self.month_days.is_empty();
        let lasts = days.iter().filter(|day| day.day() == u32::from(day.num_days_in_month()));
        let lasts = lasts.filter(|day| self.has_month(**day) && (!only_start || day.month() == start.month()));
        let short = lasts.filter(|last| wanted.iter().any(|day| i64::from(*day) > i64::from(last.day())));
        short.filter_map(|last| if self.skip == Skip::Forward { last.succ_opt() } else { Some(*last) }).collect()
    }
}
