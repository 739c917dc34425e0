//! The rule at the end of a TZif file, `CET-1CEST,M3.5.0,M10.5.0/3`: how clocks are changed every year from then on.

use chrono::{Datelike, Days, FixedOffset, NaiveDate};

#[derive(Debug, PartialEq)]
pub(super) struct PosixRule {
    pub abbreviation: String,
    pub offset: FixedOffset,
    pub summer: Option<Summer>,
}

#[derive(Debug, PartialEq)]
pub(super) struct Summer {
    pub abbreviation: String,
    pub offset: FixedOffset,
    pub begins: YearlyChange,
    pub ends: YearlyChange,
}

/// A day of every year, and seconds from its midnight: they may be negative or more than a day.
#[derive(Debug, PartialEq)]
pub(super) struct YearlyChange {
    day: Day,
    time: i32,
}

#[derive(Debug, PartialEq)]
enum Day {
    /// `M3.5.0`: in that month the so-manieth such weekday from Sunday = 0; the fifth is the last.
    Weekday { month: u32, week: u64, weekday: u32 },
    /// `J60`: from 1, the 29th of February is never counted.
    Julian(u64),
    /// `59`: from 0, the 29th of February is counted.
    OfYear(u64),
}

impl PosixRule {
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut rest = text;
        let abbreviation = name(&mut rest)?;
        let offset = seconds(&mut rest)?.checked_neg()?; // POSIX counts westward
        let mut rule = Self { abbreviation, offset: FixedOffset::east_opt(offset)?, summer: None };
        if rest.is_empty() {
            return Some(rule);
        }
        let abbreviation = name(&mut rest)?;
        let summer = if rest.starts_with(',') { offset + 3600 } else { seconds(&mut rest)?.checked_neg()? };
        let begins = YearlyChange::read(&mut rest)?;
        let ends = YearlyChange::read(&mut rest)?;
        rule.summer = Some(Summer { abbreviation, offset: FixedOffset::east_opt(summer)?, begins, ends });
        rest.is_empty().then_some(rule)
    }
}

impl YearlyChange {
    fn read(rest: &mut &str) -> Option<Self> {
        eat(rest, ',').then_some(())?;
        let day = if eat(rest, 'M') {
            let month = number(rest)?;
            let week = eat(rest, '.').then(|| number(rest))??;
            let weekday = eat(rest, '.').then(|| number(rest))??;
            let is_one = (1..=12).contains(&month) && (1..=5).contains(&week) && weekday <= 6;
            is_one.then_some(Day::Weekday { month, week: week.into(), weekday })?
        } else if eat(rest, 'J') {
            Day::Julian(number(rest).filter(|day| (1..=365).contains(day))?.into())
        } else {
            Day::OfYear(number(rest).filter(|day| *day <= 365)?.into())
        };
        let time = if eat(rest, '/') { seconds(rest)? } else { 2 * 3600 };
        Some(Self { day, time })
    }

    /// Seconds since 1970 on the wall, before the clocks are changed.
    pub(super) fn at(&self, year: i32) -> i64 {
        let first = |month| NaiveDate::from_ymd_opt(year, month, 1).unwrap_or_default();
        let day = match self.day {
            Day::Weekday { month, week, weekday } => {
                let first = first(month);
                let ahead = (7 + weekday - first.weekday().num_days_from_sunday()) % 7;
                let day = first + Days::new(u64::from(ahead) + 7 * (week - 1));
                if day.month() == month { day } else { day - Days::new(7) }
            }
            Day::Julian(day) => {
                let leap = u64::from(day >= 60 && first(1).leap_year());
                first(1) + Days::new(day - 1 + leap)
            }
            Day::OfYear(day) => first(1) + Days::new(day),
        };
        day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp() + i64::from(self.time)
    }
}

/// `CET`, or `<+0330>` where it is not of letters.
fn name(rest: &mut &str) -> Option<String> {
    let (name, left) = match rest.strip_prefix('<') {
        Some(quoted) => quoted.split_once('>')?,
        None => rest.split_at(rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len())),
    };
    *rest = left;
    (!name.is_empty()).then(|| name.to_owned())
}

/// `-3`, `5:30`, `24`, `167:59:59`: signed hours, minutes, seconds.
fn seconds(rest: &mut &str) -> Option<i32> {
    let sign = if eat(rest, '-') {
        -1
    } else {
        eat(rest, '+');
        1
    };
    let mut sum = i32::try_from(number(rest)?).ok().filter(|hours| *hours <= 167)? * 3600;
    for unit in [60, 1] {
        if eat(rest, ':') {
            sum += i32::try_from(number(rest)?).ok().filter(|count| *count < 60)? * unit;
        }
    }
    Some(sign * sum)
}

fn number(rest: &mut &str) -> Option<u32> {
    let (digits, left) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
    *rest = left;
    digits.parse().ok()
}

fn eat(rest: &mut &str, expected: char) -> bool {
    let Some(left) = rest.strip_prefix(expected) else { return false };
    *rest = left;
    true
}
