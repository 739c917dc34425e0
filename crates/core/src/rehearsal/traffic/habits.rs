//! When people of a country call, and what they speak.

use crate::domain::known::Known;
use crate::domain::lead::Company;
use crate::rehearsal::chance::Chance;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

/// Callers by hour of their own day, in relative numbers.
const HOURS: [u32; 24] = [1, 0, 0, 0, 0, 1, 2, 4, 9, 14, 15, 14, 11, 12, 14, 14, 12, 9, 6, 4, 3, 3, 2, 1];

/// Winter time of the country, or of its middle; callers elsewhere live by UTC. Enough to know when they are awake.
const UTC_OFFSETS: [(&str, i64); 42] = [
    ("US", -6),
    ("CA", -5),
    ("MX", -6),
    ("BR", -3),
    ("AR", -3),
    ("CL", -4),
    ("CO", -5),
    ("PE", -5),
    ("DE", 1),
    ("AT", 1),
    ("CH", 1),
    ("FR", 1),
    ("ES", 1),
    ("IT", 1),
    ("NL", 1),
    ("BE", 1),
    ("LU", 1),
    ("SE", 1),
    ("NO", 1),
    ("DK", 1),
    ("PL", 1),
    ("CZ", 1),
    ("SK", 1),
    ("HU", 1),
    ("FI", 2),
    ("RO", 2),
    ("GR", 2),
    ("IL", 2),
    ("EG", 2),
    ("ZA", 2),
    ("NG", 1),
    ("KE", 3),
    ("AE", 4),
    ("SA", 3),
    ("IN", 5),
    ("SG", 8),
    ("MY", 8),
    ("TH", 7),
    ("JP", 9),
    ("KR", 9),
    ("AU", 10),
    ("NZ", 12),
];

/// What most people of a country speak, where it is not English.
const LANGUAGES: [(&str, &str); 21] = [
    ("DE", "de"),
    ("AT", "de"),
    ("CH", "de"),
    ("FR", "fr"),
    ("ES", "es"),
    ("MX", "es"),
    ("AR", "es"),
    ("CL", "es"),
    ("CO", "es"),
    ("PE", "es"),
    ("IT", "it"),
    ("PT", "pt"),
    ("BR", "pt"),
    ("NL", "nl"),
    ("PL", "pl"),
    ("JP", "ja"),
    ("KR", "ko"),
    ("SE", "sv"),
    ("DK", "da"),
    ("NO", "no"),
    ("FI", "fi"),
];

pub(super) fn language(chance: &mut Chance, company: &Company, spoken: &[&str]) -> Option<Known<String>> {
    let country = company.country.as_ref().map_or("", |known| known.value.as_str());
    let native = LANGUAGES.iter().find(|(of, _)| *of == country).map_or("en", |(_, language)| language);
    let language = match chance.below(20) {
        0..2 => return None,
        2..13 => native,
        13..19 => "en",
        _ => chance.pick(spoken).copied().unwrap_or(native),
    };
    Some(Known::from_caller(language.to_owned()))
}

pub(super) fn moment(chance: &mut Chance, day: NaiveDate, country: Option<&str>) -> DateTime<Utc> {
    let offset = UTC_OFFSETS.iter().find(|(of, _)| Some(*of) == country).map_or(0, |(_, offset)| *offset);
    let mut draw = chance.between(1, HOURS.iter().sum());
    let mut hour = 0i64;
    for weight in HOURS {
        if draw <= weight {
            break;
        }
        draw -= weight;
        hour += 1;
    }
    let of_the_day = (hour - offset).rem_euclid(24) * 3600 + i64::from(chance.between(0, 3599));
    day.and_time(chrono::NaiveTime::MIN).and_utc() + TimeDelta::seconds(of_the_day)
}
