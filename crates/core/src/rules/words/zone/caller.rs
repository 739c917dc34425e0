//! Where the clock of one caller stands, from the strongest thing that is known of it.

use super::in_place;
use crate::domain::lead::Lead;
use crate::domain::phone::PhoneE164;
use crate::domain::whereabouts::{Evidence, Whereabouts};
use crate::domain::zone::Zone;
use crate::rules::words::place;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Place and zones by a number's first digits; without zones of its own an area has those of its place.
static NUMBERS: LazyLock<BTreeMap<&str, (&str, Vec<Zone>)>> = LazyLock::new(|| {
    let lines = include_str!("numbers.txt").lines().filter(|line| !line.starts_with('#'));
    let read = |line: &'static str| {
        let mut words = line.split(' ');
        let (digits, place) = (words.next()?, words.next()?);
        let own: Vec<Zone> = words.map(Zone::named).collect();
        Some((digits, (place, if own.is_empty() { in_place(place).to_vec() } else { own })))
    };
    lines.filter_map(read).collect()
});

/// Longest beginning of a number that the table knows.
const AREA_DIGITS: usize = 4;

/// What is known of where to call: said, state or postal code, area code of the number, country.
pub fn whereabouts(lead: &Lead) -> Whereabouts {
    let company = &lead.company;
    let country = company.country.as_ref().map(|known| known.value.as_str());
    let number = lead.reach_phone().and_then(area);
    let part = state(lead, country);
    let area_place = number.map(|(place, _)| place.to_owned());
    let place = part.clone().or_else(|| match country {
        Some(country) => {
            area_place.clone().filter(|place| lies_in(place, country)).or_else(|| Some(country.to_owned()))
        }
        None => area_place,
    });
    if let Some(zone) = lead.preference.timezone {
        return Whereabouts { place, ..Whereabouts::in_zone(zone) };
    }
    if let Some(zones) = part.as_deref().map(in_place).filter(|zones| !zones.is_empty()) {
        return in_state(zones, number, place);
    }
    match (number, country) {
        (Some((area, zones)), Some(country)) if !lies_in(area, country) => {
            let more = in_place(country).iter().filter(|zone| !zones.contains(zone));
            let zones = zones.iter().chain(more).copied().collect();
            Whereabouts { zones, place, by: Evidence::NumberAndCountry }
        }
        (Some((area, zones)), _) => {
            // The number of a country with one clock says no more than the country, which was said.
            let by = if zones.len() == 1 && country == Some(area) { Evidence::Country } else { Evidence::Number };
            Whereabouts { zones: zones.to_vec(), place, by }
        }
        (None, Some(country)) if !in_place(country).is_empty() => {
            Whereabouts { zones: in_place(country).to_vec(), place, by: Evidence::Country }
        }
        (None, _) => Whereabouts { place, ..Whereabouts::default() },
    }
}

/// A state with several clocks has the one of the area code, if that is one of them.
fn in_state(zones: &[Zone], number: Option<(&str, &[Zone])>, place: Option<String>) -> Whereabouts {
    let by_number: Vec<Zone> = match number {
        Some((_, of_area)) => of_area.iter().filter(|zone| zones.contains(zone)).copied().collect(),
        None => Vec::new(),
    };
    if zones.len() > 1 && !by_number.is_empty() && by_number.len() < zones.len() {
        return Whereabouts { zones: by_number, place, by: Evidence::StateAndNumber };
    }
    Whereabouts { zones: zones.to_vec(), place, by: Evidence::State }
}

/// `US-CA`, from the state, else from the postal code where its first signs tell a part of the country.
fn state(lead: &Lead, country: Option<&str>) -> Option<String> {
    let company = &lead.company;
    if let Some(state) = &company.state {
        // Without a country a code is taken where it is a state of the number's country.
        let of_number = || lead.reach_phone().and_then(area).map(|(place, _)| place.split('-').next().unwrap_or(place));
        let country = country.or_else(of_number)?;
        let code = place::state(country, &state.value)?;
        return Some(format!("{country}-{code}"));
    }
    let country = country?;
    Some(format!("{country}-{}", part_of(country, &company.postal.as_ref()?.value)?))
}

/// Beginnings of postal codes: country, first, last, part.
static POSTAL: LazyLock<Vec<[&str; 4]>> = LazyLock::new(|| {
    let lines = include_str!("postal.txt").lines().filter(|line| !line.starts_with('#'));
    let read = |line: &'static str| {
        let (country, rest) = line.split_once(' ')?;
        let (range, part) = rest.split_once(' ')?;
        let (first, last) = range.split_once('-')?;
        Some([country, first, last, part])
    };
    lines.filter_map(read).collect()
});

fn part_of(country: &str, postal: &str) -> Option<&'static str> {
    let begins =
        |first: &str, last: &str| postal.get(..first.len()).is_some_and(|start| first <= start && start <= last);
    let mut of_country = POSTAL.iter().filter(|[of, ..]| *of == country);
    of_country.find(|[_, first, last, _]| begins(first, last)).map(|[.., part]| *part)
}

fn area(phone: &PhoneE164) -> Option<(&'static str, &'static [Zone])> {
    let digits = phone.as_str().trim_start_matches('+');
    let (place, zones) = (1..=AREA_DIGITS).rev().find_map(|length| NUMBERS.get(digits.get(..length)?))?;
    Some((*place, zones.as_slice()))
}

fn lies_in(place: &str, country: &str) -> bool {
    place.split('-').next() == Some(country)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::known::Known;
    use crate::domain::lead::{Company, Contact};
    use crate::routing::scenario::acme;

    /// Number, country, state and postal code; empty is unknown.
    fn lead([phone, country, state, postal]: [&str; 4]) -> Lead {
        let known = |text: &str| (!text.is_empty()).then(|| Known::from_caller(text.to_owned()));
        let phone = known(phone).map(|known| known.map(|text| PhoneE164::new(text).expect("a number")));
        let [country, state, postal] = [country, state, postal].map(known);
        let company = Company { country, state, postal, ..Company::default() };
        Lead { call: None, contact: Contact { phone, ..Contact::default() }, company, ..acme() }
    }

    #[test]
    fn every_beginning_of_a_number_has_a_place_with_a_clock() {
        let mut before = "";
        for line in include_str!("numbers.txt").lines().filter(|line| !line.starts_with('#')) {
            let digits = line.split(' ').next().unwrap_or_default();
            assert!(before < digits && digits.len() <= AREA_DIGITS, "{line}");
            before = digits;
            let (place, zones) = &NUMBERS[digits];
            assert!(!zones.is_empty() && !in_place(place).is_empty(), "{line}");
        }
        let mut before = ["", ""];
        for [country, first, last, part] in POSTAL.iter() {
            assert!(first <= last && first.len() == last.len() && before < [*country, *first], "{country} {first}");
            assert_eq!(place::state(country, part).as_deref(), Some(*part), "{country} {first}");
            before = [country, last];
        }
    }

    /// The strongest thing that is known comes first; what is open stays open.
    #[test]
    fn a_callers_clock_is_told_by_the_strongest_thing_that_is_known() {
        for (known, zones, evidence, place) in [
            (["+14155550142", "US", "CA", "94105"], "America/Los_Angeles", Evidence::State, "US-CA"),
            (["+18085550142", "US", "HI", ""], "Pacific/Honolulu", Evidence::State, "US-HI"),
            (["+12125550142", "US", "", "94105"], "America/Los_Angeles", Evidence::State, "US-CA"),
            (["+12125550142", "US", "", ""], "America/New_York", Evidence::Number, "US-NY"),
            (["+12125550142", "", "", ""], "America/New_York", Evidence::Number, "US-NY"),
            (["+19155550142", "US", "TX", ""], "America/Denver", Evidence::StateAndNumber, "US-TX"),
            (["+12125550142", "US", "TX", ""], "America/Chicago America/Denver", Evidence::State, "US-TX"),
            (["+18505550142", "US", "", ""], "America/New_York America/Chicago", Evidence::Number, "US-FL"),
            (["+14035550142", "CA", "", ""], "America/Edmonton", Evidence::Number, "CA-AB"),
            (["", "CA", "", "R3C4T3"], "America/Winnipeg", Evidence::State, "CA-MB"),
            (["+4915112345678", "DE", "", ""], "Europe/Berlin", Evidence::Country, "DE"),
            (["+4915112345678", "", "", ""], "Europe/Berlin", Evidence::Number, "DE"),
            (["+447700900123", "DE", "", ""], "Europe/London Europe/Berlin", Evidence::NumberAndCountry, "DE"),
            (["", "ES", "", ""], "Europe/Madrid Atlantic/Canary", Evidence::Country, "ES"),
            (["", "ES", "", "38003"], "Atlantic/Canary", Evidence::State, "ES-CN"),
            (["", "ES", "", "28013"], "Europe/Madrid", Evidence::State, "ES-MD"),
            (["", "AU", "", "0870"], "Australia/Darwin", Evidence::State, "AU-NT"),
            (["", "AU", "", "2612"], "Australia/Sydney", Evidence::State, "AU-ACT"),
            (["", "BR", "", "69301000"], "America/Boa_Vista", Evidence::State, "BR-RR"),
            (["", "BR", "SP", ""], "America/Sao_Paulo", Evidence::State, "BR-SP"),
            (["", "MX", "", "77500"], "America/Cancun", Evidence::State, "MX-ROO"),
            (["", "PT", "", "9500321"], "Atlantic/Azores", Evidence::State, "PT-20"),
            (["", "", "", ""], "", Evidence::Nothing, ""),
        ] {
            let found = whereabouts(&lead(known));
            let told = found.zones.iter().map(|zone| zone.name()).collect::<Vec<_>>().join(" ");
            let told = (told.as_str(), found.by, found.place.as_deref().unwrap_or_default());
            assert_eq!(told, (zones, evidence, place), "{known:?}");
        }
        // Toll-free numbers lie nowhere: the whole country may be meant.
        let open = whereabouts(&lead(["+18005550142", "US", "", ""]));
        assert!(open.zones.len() > 5 && open.certain().is_none(), "{open:?}");
        assert_eq!(open.likeliest(), Some(Zone::named("America/New_York")));
    }

    #[test]
    fn what_callers_say_of_their_clock_counts_before_all_else() {
        let mut lead = lead(["+12125550142", "US", "NY", "10001"]);
        lead.preference.timezone = Some(Zone::named("Europe/Lisbon"));
        let found = whereabouts(&lead);
        assert_eq!(found.certain(), Some(Zone::named("Europe/Lisbon")));
        assert_eq!(found.place.as_deref(), Some("US-NY"), "and the law of where they are at home holds");
    }
}
