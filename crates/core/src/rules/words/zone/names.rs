//! How people and programs name a zone: by the tz database, in any case; as Windows does; in one word, where the country says
//! which clock is meant.

use crate::domain::zone::Zone;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Names of the tz database, and Windows' names for its zones, in lower case.
static NAMES: LazyLock<BTreeMap<String, Zone>> = LazyLock::new(|| {
    let windows = include_str!("windows.txt").lines().filter(|line| !line.starts_with('#'));
    let windows = windows.filter_map(|line| line.split_once(" = ")).map(|(name, zone)| (name, Zone::named(zone)));
    let known = Zone::all().map(|zone| (zone.name(), zone));
    windows.chain(known).map(|(name, zone)| (name.to_lowercase(), zone)).collect()
});

/// What the clocks of North America are called there; elsewhere the same words mean others or nothing.
const WORDS: [(&[&str], &str); 8] = [
    (&["eastern", "et", "est", "edt"], "America/New_York"),
    (&["central", "ct", "cst", "cdt"], "America/Chicago"),
    (&["mountain", "mt", "mst", "mdt"], "America/Denver"),
    (&["pacific", "pt", "pst", "pdt"], "America/Los_Angeles"),
    (&["alaska", "alaskan", "akst", "akdt"], "America/Anchorage"),
    (&["hawaii", "hawaiian", "hst"], "Pacific/Honolulu"),
    (&["atlantic", "ast", "adt"], "America/Halifax"),
    (&["newfoundland", "nst", "ndt"], "America/St_Johns"),
];

/// The same clocks where Canada keeps its own.
const IN_CANADA: [(&str, &str); 4] = [
    ("America/New_York", "America/Toronto"),
    ("America/Chicago", "America/Winnipeg"),
    ("America/Denver", "America/Edmonton"),
    ("America/Los_Angeles", "America/Vancouver"),
];

/// `None`: it is no zone that one could be sure of. `country` is an alpha-2 code; with it `Eastern` is a zone in the US.
pub fn parse(text: &str, country: Option<&str>) -> Option<Zone> {
    let text = text.trim();
    if let Ok(zone) = text.parse() {
        return Some(zone);
    }
    let folded = text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let named = NAMES.get(&folded).or_else(|| NAMES.get(&folded.replace(' ', "_"))).copied();
    named.or_else(|| in_words(&folded, country)).or_else(|| shown(&folded, country))
}

fn in_words(folded: &str, country: Option<&str>) -> Option<Zone> {
    let country = country.filter(|country| ["US", "CA"].contains(country))?;
    let word = folded.strip_suffix(" time").unwrap_or(folded);
    let word =
        ["standard", "daylight", "daylight saving"].iter().find_map(|kind| word.strip_suffix(kind)).unwrap_or(word);
    let (_, zone) = WORDS.iter().find(|(words, _)| words.contains(&word.trim()))?;
    let canadian = IN_CANADA.iter().find(|(us, _)| country == "CA" && us == zone).map(|(_, canadian)| *canadian);
    Some(Zone::named(canadian.unwrap_or(zone)))
}

/// As lists show it, with the offset before and the name behind, or in parentheses at the end: `(GMT-05:00) Eastern Standard
/// Time (America/New_York)`.
fn shown(folded: &str, country: Option<&str>) -> Option<Zone> {
    if let Some((_, inside)) = folded.strip_suffix(')').and_then(|text| text.rsplit_once('('))
        && let Some(zone) = NAMES.get(inside.trim())
    {
        return Some(*zone);
    }
    let (offset, name) = folded.strip_prefix('(')?.split_once(')')?;
    let is_offset = offset.starts_with("gmt") || offset.starts_with("utc");
    let name = name.split('(').next().unwrap_or_default().trim();
    is_offset.then(|| NAMES.get(name).copied().or_else(|| in_words(name, country)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_windows_names_a_zone_once() {
        let mut before = "";
        for line in include_str!("windows.txt").lines().filter(|line| !line.starts_with('#')) {
            let (name, zone) = line.split_once(" = ").unwrap_or_else(|| panic!("{line}"));
            assert!(zone.parse::<Zone>().is_ok() && before < name, "{line}");
            before = name;
        }
    }

    #[test]
    fn a_zone_is_understood_however_it_is_named() {
        for (text, country, zone) in [
            ("Europe/Berlin", None, "Europe/Berlin"),
            ("america/los_angeles", None, "America/Los_Angeles"),
            ("America/New York", None, "America/New_York"),
            ("US/Pacific", None, "US/Pacific"),
            ("Pacific Standard Time", None, "America/Los_Angeles"),
            ("w. europe standard time", None, "Europe/Berlin"),
            ("Pacific Standard Time (Mexico)", None, "America/Tijuana"),
            ("India Standard Time", Some("IN"), "Asia/Kolkata"),
            ("Eastern", Some("US"), "America/New_York"),
            ("Eastern Time", Some("CA"), "America/Toronto"),
            ("PST", Some("US"), "America/Los_Angeles"),
            ("Mountain Daylight Time", Some("CA"), "America/Edmonton"),
            ("(GMT-05:00) Eastern Standard Time (America/New_York)", None, "America/New_York"),
            ("(UTC-08:00) Pacific Time (US & Canada)", Some("US"), "America/Los_Angeles"),
        ] {
            assert_eq!(parse(text, country), Some(Zone::named(zone)), "{text} in {country:?}");
        }
        for (text, country) in [
            ("Eastern", None),
            ("Eastern", Some("AU")),
            ("PST", Some("PH")),
            ("Customized Time Zone", Some("US")),
            ("tzone://Microsoft/Custom", None),
            ("Bavaria", Some("DE")),
            ("(UTC-08:00)", Some("US")),
            ("", Some("US")),
        ] {
            assert_eq!(parse(text, country), None, "{text} in {country:?}");
        }
    }
}
