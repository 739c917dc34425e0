//! Times as people say and write them, always in somebody's zone.

use baton_core::domain::zone::Zone;
use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};

/// The zone in which a time is told to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallerZone {
    /// The caller's own: "your time".
    Own(Zone),
    /// The caller's is unknown; the zone is named so that nobody is misled: "Berlin time".
    Named(Zone),
}

impl CallerZone {
    pub fn tz(self) -> Zone {
        match self {
            Self::Own(tz) | Self::Named(tz) => tz,
        }
    }

    fn words(self) -> String {
        match self {
            Self::Own(_) => "your time".to_owned(),
            Self::Named(tz) => zone_name(tz),
        }
    }
}

/// "tomorrow at 10:30 in the morning your time".
pub fn spoken(at: DateTime<Utc>, zone: CallerZone, now: DateTime<Utc>) -> String {
    let local = at.with_timezone(&zone.tz());
    let today = now.with_timezone(&zone.tz()).date_naive();
    let clock = spoken_clock(local.hour(), local.minute());
    format!("{} at {clock} {}", day(local.date_naive(), today), zone.words())
}

/// "Tuesday, 4 August 2026, 10:30 (your time)": for mail to the caller.
pub fn written(at: DateTime<Utc>, zone: CallerZone) -> String {
    format!("{} ({})", at.with_timezone(&zone.tz()).format("%A, %-d %B %Y, %H:%M"), zone.words())
}

/// "Tue 4 Aug, 10:30 Berlin time": for the rep, in the rep's zone.
pub fn short(at: DateTime<Utc>, zone: Zone) -> String {
    format!("{} {}", at.with_timezone(&zone).format("%a %-d %b, %H:%M"), zone_name(zone))
}

/// "today", "tomorrow", "on Thursday", and from a week on "on Thursday, August 13".
fn day(date: NaiveDate, today: NaiveDate) -> String {
    match date.signed_duration_since(today).num_days() {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        2..=6 => format!("on {}", date.format("%A")),
        _ if date.year() == today.year() => date.format("on %A, %B %-d,").to_string(),
        _ => date.format("on %A, %B %-d, %Y,").to_string(),
    }
}

fn spoken_clock(hour: u32, minute: u32) -> String {
    if (hour, minute) == (12, 0) {
        return "noon".to_owned();
    }
    let part = match hour {
        5..=11 => "in the morning",
        12..=17 => "in the afternoon",
        18..=20 => "in the evening",
        _ => "at night",
    };
    let twelve = if hour.is_multiple_of(12) { 12 } else { hour % 12 };
    if minute == 0 { format!("{twelve} {part}") } else { format!("{twelve}:{minute:02} {part}") }
}

/// `America/New_York` is "New York time", `Etc/UTC` is "UTC".
fn zone_name(zone: Zone) -> String {
    match zone.name().rsplit_once('/') {
        None => zone.name().to_owned(),
        // POSIX zones turn the sign round: Etc/GMT-3 lies east of Greenwich.
        Some(("Etc", posix)) => {
            let turned = |c| match c {
                '+' => '-',
                '-' => '+',
                c => c,
            };
            posix.chars().map(turned).collect()
        }
        Some((_, city)) => format!("{} time", city.replace('_', " ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    #[test]
    fn the_caller_hears_the_day_and_time_of_their_own_clock() {
        let now = at("2026-08-04T22:30:00Z");
        let new_york = CallerZone::Own(Zone::named("America/New_York"));
        for (when, expected) in [
            ("2026-08-05T14:30:00Z", "tomorrow at 10:30 in the morning your time"),
            ("2026-08-04T23:00:00Z", "today at 7 in the evening your time"),
            ("2026-08-06T16:00:00Z", "on Thursday at noon your time"),
            ("2026-08-13T17:05:00Z", "on Thursday, August 13, at 1:05 in the afternoon your time"),
            ("2027-01-04T15:00:00Z", "on Monday, January 4, 2027, at 10 in the morning your time"),
            ("2026-08-05T04:00:00Z", "tomorrow at 12 at night your time"),
        ] {
            assert_eq!(spoken(at(when), new_york, now), expected);
        }
        // In Berlin it is already the fifth: the same instant is another day.
        let berlin = CallerZone::Named(Zone::named("Europe/Berlin"));
        assert_eq!(spoken(at("2026-08-05T14:30:00Z"), berlin, now), "today at 4:30 in the afternoon Berlin time");
    }

    #[test]
    fn a_night_with_a_clock_change_keeps_the_wall_clock() {
        let now = at("2026-10-24T20:00:00Z");
        let next = Zone::named("Europe/Berlin").with_ymd_and_hms(2026, 10, 25, 9, 0, 0).unwrap().to_utc();
        let zone = CallerZone::Own(Zone::named("Europe/Berlin"));
        assert_eq!(spoken(next, zone, now), "tomorrow at 9 in the morning your time");
        assert_eq!(written(next, zone), "Sunday, 25 October 2026, 09:00 (your time)");
        assert_eq!(short(next, Zone::named("Europe/Berlin")), "Sun 25 Oct, 09:00 Berlin time");
    }

    #[test]
    fn zones_have_speakable_names() {
        assert_eq!(zone_name(Zone::UTC), "UTC");
        assert_eq!(zone_name(Zone::named("Etc/UTC")), "UTC");
        assert_eq!(zone_name(Zone::named("America/Argentina/Buenos_Aires")), "Buenos Aires time");
        assert_eq!(zone_name(Zone::named("Etc/GMT-3")), "GMT+3");
    }
}
