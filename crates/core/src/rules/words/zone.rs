//! The clocks by which a country, or a part of a country that has several, lives; how people and programs name a zone; and
//! where the clock of one caller may stand.

mod caller;
mod names;

pub use caller::whereabouts;
pub use names::parse;

use crate::domain::zone::Zone;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// As they stand in the file.
static LINES: LazyLock<BTreeMap<&str, Vec<Zone>>> = LazyLock::new(|| {
    let lines = include_str!("zones.txt").lines().filter(|line| !line.starts_with('#'));
    let zones = |zones: &str| zones.split(' ').map(Zone::named).collect();
    lines.filter_map(|line| line.split_once(' ')).map(|(place, words)| (place, zones(words))).collect()
});

/// The zones of all parts of each country that has some; its own come first.
static WITH_PARTS: LazyLock<BTreeMap<&str, Vec<Zone>>> = LazyLock::new(|| {
    let mut countries: BTreeMap<&str, Vec<Zone>> = BTreeMap::new();
    for (part, zones) in LINES.iter() {
        let Some((country, own)) = part.split_once('-').and_then(|(country, _)| LINES.get_key_value(country)) else {
            continue;
        };
        let all = countries.entry(country).or_insert_with(|| own.clone());
        all.extend(zones.iter().filter(|zone| !own.contains(zone)));
        let mut seen = std::collections::BTreeSet::new();
        all.retain(|zone| seen.insert(zone.name()));
    }
    countries
});

/// The clock by which most people live there. `country` is an alpha-2 code, `state` a code without the country: `US`, `CA`.
/// Good enough to say when a pool leaves a territory without anybody; not to say what time it is for one caller.
pub fn of(country: &str, state: Option<&str>) -> Option<Zone> {
    let part = state.and_then(|state| LINES.get(format!("{country}-{state}").as_str()));
    part.or_else(|| LINES.get(country))?.first().copied()
}

/// Every clock of a place, `US` or `US-FL`, the one of most people first; empty if the place is not known.
fn in_place(place: &str) -> &'static [Zone] {
    let own = || {
        let country = place.split('-').next().filter(|country| *country == place || WITH_PARTS.contains_key(country));
        LINES.get(place).or_else(|| LINES.get(country?))
    };
    WITH_PARTS.get(place).or_else(own).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::words::place;

    #[test]
    fn every_line_names_a_place_and_its_zones() {
        let mut before = "";
        for line in include_str!("zones.txt").lines().filter(|line| !line.starts_with('#')) {
            let (place, zones) = line.split_once(' ').expect("two words");
            assert!(zones.split(' ').all(|zone| zone.parse::<Zone>().is_ok()), "{line}");
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
        assert_eq!(in_place("DE").len(), 1);
        assert!(in_place("US").contains(&Zone::named("Pacific/Honolulu")));
        assert_eq!(
            in_place("BR-SP"),
            [Zone::named("America/Sao_Paulo")],
            "a part that is not named has the country's own"
        );
        assert_eq!(in_place("ES-MD"), [Zone::named("Europe/Madrid")]);
        assert_eq!(in_place("ID-BA"), [], "of a country whose parts are not told apart, nothing is known by them");
        assert_eq!(in_place("ES").len(), 2);
    }
}
