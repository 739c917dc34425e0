//! The small words of rule files: spans, times, dates, ranges, flags. `None` is "not allowed"; the caller knows the place.

use crate::domain::rota::Shift;
use chrono::{NaiveDate, NaiveTime};
use std::time::Duration;

pub const DURATION: &str = "a number with s, m, h or d, such as 45s, 15m, 2h or 5d";
pub const POSITIVE: &str = "a whole number from 1";
pub const WEIGHT: &str = "a whole number from 1 to 100";
pub const DATE: &str = "a date such as 2026-03-31";
pub const FLAG: &str = "yes or no";
pub const SHIFT: &str = "times of the day such as 09:00-12:30, up to 24:00";
pub const RANGE: &str = "a range such as 100..999, >= 1000, > 50, <= 99 or < 50";

/// Longer than 0; a day is 24 hours.
pub fn duration(text: &str) -> Option<Duration> {
    let unit = text.chars().last().filter(char::is_ascii)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    let number = positive(text[..text.len() - 1].trim_end())?;
    Some(Duration::from_secs(u64::from(number) * seconds))
}

/// As people write it, in the largest unit that fits: `20m`.
pub fn spell(span: Duration) -> String {
    let seconds = span.as_secs();
    let units = [("d", 86_400), ("h", 3_600), ("m", 60)];
    let unit = units.into_iter().find(|(_, length)| seconds >= *length && seconds.is_multiple_of(*length));
    let (unit, length) = unit.unwrap_or(("s", 1));
    format!("{}{unit}", seconds / length)
}

pub fn positive(text: &str) -> Option<u32> {
    whole(text).filter(|number| *number > 0)
}

/// Beyond the largest weight somebody has mistaken it for a quota.
pub fn weight(text: &str) -> Option<u32> {
    positive(text).filter(|weight| *weight <= 100)
}

/// How to write a weight that was written as a share of the whole.
pub fn weight_meant(text: &str) -> Option<String> {
    let share: f64 = text.trim_end_matches('%').trim_end().replace(',', ".").parse().ok()?;
    let per_cent = if text.ends_with('%') { share } else { share * 100.0 };
    (0.0..=100.0).contains(&per_cent).then(|| {
        let others = "weights stand beside each other and need not make a hundred: twice the weight, twice the leads";
        if per_cent.fract() == 0.0 && per_cent >= 1.0 {
            format!("write {per_cent}; {others}")
        } else {
            others.to_owned()
        }
    })
}

/// Digits only: no sign, no separators.
pub fn whole(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

pub fn flag(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "yes" | "true" | "y" | "1" => Some(true),
        "no" | "false" | "n" | "0" => Some(false),
        _ => None,
    }
}

/// The year in four digits: a spreadsheet's `26-01-01` would be a day of the first century.
pub fn date(text: &str) -> Option<NaiveDate> {
    let plain = text.len() == "2026-03-31".len() && text.as_bytes()[0] != b'0';
    plain.then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok())?
}

/// A day as exports write it: as in rule files, as other countries write it, with a time behind it. `None` where it could be
/// two days.
pub fn day(text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    let day = text.split_once([' ', 'T']).filter(|(_, time)| time.contains(':')).map_or(text, |(day, _)| day);
    date(day).or_else(|| day_meant(day))
}

/// How to write a day that was written as other countries or a spreadsheet do; `None` where it could be two days.
pub fn date_meant(text: &str) -> Option<String> {
    Some(format!("write {}", day_meant(text)?))
}

/// How to write days of leave, as [`date_meant`].
pub fn days_meant(text: &str) -> Option<String> {
    let Some((from, until)) = text.split_once("..").or_else(|| text.split_once(" - ")) else { return date_meant(text) };
    let day = |text: &str| date(text.trim()).or_else(|| day_meant(text));
    let (from, until) = (day(from)?, day(until)?);
    Some(if from <= until { format!("write {from}..{until}") } else { "the first day comes first".to_owned() })
}

/// `31.3.2026`, `3/31/2026`, `2026/03/31`. With dots the day comes first; otherwise only one order may be possible.
fn day_meant(text: &str) -> Option<NaiveDate> {
    let parts: Vec<u32> = text.trim().split(['.', '/', '-']).map(|part| whole(part.trim())).collect::<Option<_>>()?;
    let [first, second, third] = parts[..] else { return None };
    let on = |year: u32, month, day| NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day);
    if text.trim().find(['.', '/', '-']) == Some(4) {
        return on(first, second, third).filter(|_| first > 999);
    }
    // `26` is 2026: nobody plans for the last century.
    let short = text.trim().len() - text.trim().rfind(['.', '/', '-'])? == 3;
    let year = if short { 2000 + third } else { third };
    // `26-06-30` is June to whoever cut the year of 2026-06-30, and a day of 2030 to whoever did not: not told here.
    if short && text.contains('-') && on(2000 + first, second, third).is_some() {
        return None;
    }
    let orders = [on(year, second, first), on(year, first, second)];
    match orders.map(|day| day.filter(|_| year > 999)) {
        [Some(day), _] if text.contains('.') => Some(day),
        [Some(day), None] | [None, Some(day)] => Some(day),
        [Some(day), Some(other)] if day == other => Some(day),
        [Some(_), Some(_)] | [None, None] => None,
    }
}

/// `2026-03-02..2026-03-06`, or one day; both ends included.
pub fn days(text: &str) -> Option<(NaiveDate, NaiveDate)> {
    let (from, until) = text.split_once("..").unwrap_or((text, text));
    let (from, until) = (date(from.trim())?, date(until.trim())?);
    (from <= until).then_some((from, until))
}

/// `09:00-12:30`; `24:00` is midnight at the end of the day.
pub fn shift(text: &str) -> Option<Shift> {
    let (from, until) = text.split_once('-')?;
    let until = if until.trim() == "24:00" { NaiveTime::MIN } else { time(until)? };
    Some(Shift { from: time(from)?, until })
}

fn time(text: &str) -> Option<NaiveTime> {
    let (hours, minutes) = text.trim().split_once(':')?;
    NaiveTime::from_hms_opt(whole(hours)?, whole(minutes)?, 0)
}

/// One end of a range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bound<'t> {
    pub text: &'t str,
    pub included: bool,
}

/// A range as written, its ends still words; at least one end is given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ends<'t> {
    pub low: Option<Bound<'t>>,
    pub high: Option<Bound<'t>>,
}

/// `a..b`, `a..`, `..b`, `>= a`, `> a`, `<= b`, `< b`; `None` if the text has none of these shapes.
pub fn ends(text: &str) -> Option<Ends<'_>> {
    if let Some((low, high)) = text.split_once("..") {
        let ends = Ends { low: end(low, true), high: end(high, true) };
        return (ends.low.is_some() || ends.high.is_some()).then_some(ends);
    }
    for (sign, is_low, included) in [(">=", true, true), ("<=", false, true), (">", true, false), ("<", false, false)] {
        if let Some(rest) = text.strip_prefix(sign) {
            let end = Some(end(rest, included)?);
            return Some(if is_low { Ends { low: end, high: None } } else { Ends { low: None, high: end } });
        }
    }
    None
}

fn end(text: &str, included: bool) -> Option<Bound<'_>> {
    let text = text.trim();
    (!text.is_empty()).then_some(Bound { text, included })
}

/// Ends of a range of people; both included.
pub type Employees = (Option<u32>, Option<u32>);

/// A range of employees, or one number.
pub fn employees(text: &str) -> Option<Employees> {
    let Some(ends) = ends(text) else {
        let exactly = whole(text)?;
        return Some((Some(exactly), Some(exactly)));
    };
    let low = match ends.low {
        Some(low) => Some(whole(low.text)?.checked_add(u32::from(!low.included))?),
        None => None,
    };
    let high = match ends.high {
        Some(high) => Some(whole(high.text)?.checked_sub(u32::from(!high.included))?),
        None => None,
    };
    (low.unwrap_or(0) <= high.unwrap_or(u32::MAX)).then_some((low, high))
}

#[cfg(test)]
mod tests;
