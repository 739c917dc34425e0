//! A rule as it is written.

use super::{Frequency, Rule, Skip};
use crate::connectors::calendar::ical::time::Stamp;
use chrono::Weekday;

/// As often as this a rule may name a part: all seconds of a minute, all days of a year before and after its end.
const PARTS: usize = 1_000;

impl Rule {
    /// # Errors
    /// What of it is not understood.
    pub(in crate::connectors::calendar::ical) fn read(text: &str) -> Result<Self, String> {
        let mut rule = Self {
            frequency: Frequency::Daily,
            interval: 1,
            until: None,
            count: None,
            week_start: Weekday::Mon,
            skip: Skip::Omit,
            months: Vec::new(),
            week_numbers: Vec::new(),
            year_days: Vec::new(),
            month_days: Vec::new(),
            weekdays: Vec::new(),
            hours: Vec::new(),
            minutes: Vec::new(),
            seconds: Vec::new(),
            positions: Vec::new(),
        };
        let mut has_frequency = false;
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let told = part.split_once('=').map(|(name, value)| (name.trim().to_ascii_uppercase(), value.trim()));
            let (name, value) = told.ok_or_else(not_read)?;
            has_frequency |= name == "FREQ";
            rule.part(&name, &value.to_ascii_uppercase()).ok_or_else(not_read)?;
        }
        if has_frequency { Ok(rule) } else { Err(not_read()) }
    }

    fn part(&mut self, name: &str, value: &str) -> Option<()> {
        match name {
            "FREQ" => self.frequency = frequency(value)?,
            "INTERVAL" => self.interval = value.parse::<u32>().ok().filter(|interval| *interval > 0)?,
            "COUNT" => self.count = Some(value.parse().ok()?),
            "UNTIL" => self.until = Some(Stamp::read(value)?),
            "WKST" => self.week_start = weekday(value)?,
            "RSCALE" if value == "GREGORIAN" => {}
            "SKIP" => {
                self.skip = match value {
                    "OMIT" => Skip::Omit,
                    "BACKWARD" => Skip::Backward,
                    "FORWARD" => Skip::Forward,
                    _ => return None,
                }
            }
            "BYMONTH" => self.months = numbers(value, 1..=12)?,
            "BYWEEKNO" => self.week_numbers = numbers(value, -53..=53)?,
            "BYYEARDAY" => self.year_days = numbers(value, -366..=366)?,
            "BYMONTHDAY" => self.month_days = numbers(value, -31..=31)?,
            "BYHOUR" => self.hours = numbers(value, 0..=23)?,
            "BYMINUTE" => self.minutes = numbers(value, 0..=59)?,
            "BYSECOND" => self.seconds = numbers(value, 0..=60)?,
            "BYSETPOS" => self.positions = numbers(value, -366..=366)?,
            "BYDAY" => self.weekdays = value.split(',').take(PARTS).map(numbered_weekday).collect::<Option<_>>()?,
            // Of a program's own: others pass over it, too.
            name if name.starts_with("X-") => {}
            _ => return None,
        }
        Some(())
    }
}

fn not_read() -> String {
    "a rule of repetition is not understood".to_owned()
}

fn frequency(value: &str) -> Option<Frequency> {
    Some(match value {
        "SECONDLY" => Frequency::Secondly,
        "MINUTELY" => Frequency::Minutely,
        "HOURLY" => Frequency::Hourly,
        "DAILY" => Frequency::Daily,
        "WEEKLY" => Frequency::Weekly,
        "MONTHLY" => Frequency::Monthly,
        "YEARLY" => Frequency::Yearly,
        _ => return None,
    })
}

fn numbers(value: &str, within: std::ops::RangeInclusive<i32>) -> Option<Vec<i32>> {
    let read = |part: &str| part.trim().parse::<i32>().ok().filter(|number| within.contains(number));
    value.split(',').take(PARTS).map(read).collect()
}

fn weekday(value: &str) -> Option<Weekday> {
    Some(match value.trim() {
        "MO" => Weekday::Mon,
        "TU" => Weekday::Tue,
        "WE" => Weekday::Wed,
        "TH" => Weekday::Thu,
        "FR" => Weekday::Fri,
        "SA" => Weekday::Sat,
        "SU" => Weekday::Sun,
        _ => return None,
    })
}

/// `MO`, `2TU`, `-1FR`.
fn numbered_weekday(value: &str) -> Option<(i32, Weekday)> {
    let value = value.trim();
    let (number, name) = value.split_at_checked(value.len().checked_sub(2)?)?;
    let number = if number.is_empty() { 0 } else { number.parse::<i32>().ok()? };
    Some((number, weekday(name)?))
}
