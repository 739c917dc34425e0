//! The clock by which most people of a country live, or of a part of a country that has several.
//!
//! Good enough to say when a pool leaves a territory without anybody; not to say what time it is for one caller.

use crate::domain::zone::Zone;
use std::collections::BTreeMap;
use std::sync::LazyLock;

static ZONES: LazyLock<BTreeMap<&str, Zone>> = LazyLock::new(|| {
    let lines = include_str!("zones.txt").lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(place, zone)| Some((place, zone.parse().ok()?)))
        .collect()
});

/// `country` is an alpha-2 code, `state` a code without the country: `US`, `CA`.
pub fn of(country: &str, state: Option<&str>) -> Option<Zone> {
    let part = state.and_then(|state| ZONES.get(format!("{country}-{state}").as_str()));
    part.or_else(|| ZONES.get(country)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::place;

    #[test]
    fn every_line_names_a_place_and_a_zone() {
        let mut before = "";
        for line in include_str!("zones.txt").lines().filter(|line| !line.starts_with('#')) {
            let (place, zone) = line.split_once(' ').expect("two words");
            assert!(zone.parse::<Zone>().is_ok(), "{line}");
            assert!(before < place, "{before} before {place}");
            before = place;
            match place.split_once('-') {
                Some((country, state)) => {
                    assert_eq!(place::state(country, state).as_deref(), Some(state), "{line}");
                    assert!(of(country, None).is_some(), "{line}");
                }
                None => assert_eq!(place::country(place), Some(place), "{line}"),
            }
        }
    }

    #[test]
    fn parts_of_large_countries_have_their_own() {
        assert_eq!(of("DE", Some("BY")), Some(Zone::named("Europe/Berlin")));
        assert_eq!(of("US", Some("CA")), Some(Zone::named("America/Los_Angeles")));
        assert_eq!(of("US", None), Some(Zone::named("America/New_York")));
        assert_eq!(of("XX", None), None);
    }
}
