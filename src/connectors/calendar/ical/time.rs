//! Times as iCalendar writes them: a day, what a wall clock shows, an instant; lengths; offsets; and how much may be worked at one text.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use std::ops::Range;

const DAY: i64 = 24 * 60 * 60;
/// Nothing lasts longer, in days: a hundred years.
const LONGEST: i64 = 36_525;

/// What is left to do at one calendar. A rule may ask for every second of ten thousand years, and a calendar may have many.
pub(in crate::connectors::calendar) struct Work {
    left: u32,
}

impl Work {
    /// A tenth of a second of a processor; a calendar of two thousand series takes a hundredth of it.
    pub(in crate::connectors::calendar) fn new() -> Self {
        Self { left: 2_000_000 }
    }

    /// # Errors
    /// It was used up.
    pub(super) fn take(&mut self, steps: usize) -> Result<(), String> {
        let left = u32::try_from(steps).ok().and_then(|steps| self.left.checked_sub(steps));
        self.left = left.ok_or("its rules repeat more often than can be worked out")?;
        Ok(())
    }
}

/// `20260305`, `20260305T090000`, `20260305T080000Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub at: NaiveDateTime,
    pub is_day: bool,
    pub is_utc: bool,
}

impl Stamp {
    /// Takes what programs write beside the standard: 24:00, no seconds, an offset behind the time.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let year = i32::try_from(digits(text, 0..4)?).ok()?;
        let date = NaiveDate::from_ymd_opt(year, digits(text, 4..6)?, digits(text, 6..8)?)?;
        let midnight = date.and_time(NaiveTime::MIN);
        let rest = text.get(8..)?;
        if rest.is_empty() {
            return Some(Self { at: midnight, is_day: true, is_utc: false });
        }
        rest.strip_prefix(['T', 't'])?;
        let (hour, minute) = (digits(text, 9..11)?, digits(text, 11..13)?);
        let (second, end) = digits(text, 13..15).map_or((0, 13), |second| (second, 15));
        if hour > 24 || minute > 59 || second > 60 {
            return None;
        }
        let seconds = hour * 3600 + minute * 60 + second.min(59);
        let at = midnight.checked_add_signed(TimeDelta::seconds(seconds.into()))?;
        match text.get(end..)? {
            "" => Some(Self { at, is_day: false, is_utc: false }),
            "Z" | "z" => Some(Self { at, is_day: false, is_utc: true }),
            offset => {
                let at = at.checked_sub_signed(TimeDelta::seconds(utc_offset(offset)?.into()))?;
                Some(Self { at, is_day: false, is_utc: true })
            }
        }
    }
}

fn digits(text: &str, range: Range<usize>) -> Option<u32> {
    let part = text.get(range)?;
    if part.bytes().all(|byte| byte.is_ascii_digit()) { part.parse().ok() } else { None }
}

/// `+0100`, `-093000`, in seconds.
pub(super) fn utc_offset(text: &str) -> Option<i32> {
    let text = text.trim();
    let (is_west, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+')?),
    };
    let (hours, minutes) = (digits(rest, 0..2)?, digits(rest, 2..4)?);
    let seconds = digits(rest, 4..6).unwrap_or(0);
    if hours > 24 || minutes > 59 {
        return None;
    }
    let offset = i32::try_from(hours * 3600 + minutes * 60 + seconds).ok()?;
    Some(if is_west { -offset } else { offset })
}

/// Days are of the wall clock, and may have 23 hours; the rest is what a stopwatch shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Length {
    pub days: i64,
    pub seconds: i64,
}

impl Length {
    /// `P1DT2H`, `P2W`. What goes backwards has no length.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let (is_back, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mut length, mut number, mut in_time) = (Self::default(), None::<i64>, false);
        for c in text.strip_prefix(['P', 'p'])?.chars() {
            if let Some(digit) = c.to_digit(10) {
                number = Some(number.unwrap_or(0).saturating_mul(10).saturating_add(digit.into()));
                continue;
            }
            let unit = c.to_ascii_uppercase();
            if unit == 'T' {
                in_time = true;
                continue;
            }
            let count = number.take()?;
            let (days, seconds) = match (unit, in_time) {
                ('W', false) => (count.saturating_mul(7), 0),
                ('D', false) => (count, 0),
                ('H', true) => (0, count.saturating_mul(3600)),
                ('M', true) => (0, count.saturating_mul(60)),
                ('S', true) => (0, count),
                _ => return None,
            };
            length.days = length.days.saturating_add(days).min(LONGEST);
            length.seconds = length.seconds.saturating_add(seconds).min(LONGEST * DAY);
        }
        Some(if is_back { Self::default() } else { length })
    }

    pub(super) fn at_most(self) -> TimeDelta {
        TimeDelta::days(self.days) + TimeDelta::seconds(self.seconds)
    }

    /// Of an event of whole days.
    pub(super) fn whole_days(self) -> i64 {
        self.days + (self.seconds + DAY - 1) / DAY
    }
}
