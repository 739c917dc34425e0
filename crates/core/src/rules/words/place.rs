//! Countries and their parts, from codes, names and what people really say, as ISO 3166 writes them.
//!
//! The codes and their official names come from the crate `rust_iso3166`; everyday and local names, and the codes before and
//! after it, from `places.txt`.

mod fold;

pub use fold::fold;

use rust_iso3166::CountryCode;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{LazyLock, OnceLock};

/// Countries whose parts stand in most addresses: a name of theirs is meant where nothing says otherwise.
const OFTEN: [&str; 4] = ["US", "CA", "AU", "IN"];

/// Longer than any name of a place.
const LONGEST: usize = 80;

/// What people write before or behind the name of a part, and ISO does or does not.
#[rustfmt::skip]
const KINDS: [&str; 41] = [
    "state", "of", "canton", "kanton", "province", "provincia", "provincie", "provinz", "county", "co", "city", "prefecture", "emirate",
    "region", "the", "district", "land", "freistaat", "voivodeship", "wojewodztwo", "kraj", "lan", "fylke", "de", "dept", "departement",
    "comunidad", "sheng", "shi", "zizhiqu", "gwangyeoksi", "teukbyeolsi", "teukbyeoljachido", "do", "oblast", "kray", "respublika",
    "estado", "governorate", "municipality", "autonomous",
];

/// A line of `places.txt`.
struct PlaceLine {
    country: &'static str,
    /// Empty for a country.
    part: &'static str,
    /// Folded, apart from older codes.
    names: Vec<String>,
    /// The part is in ISO 3166-2 and not in the crate.
    is_new: bool,
    /// The code of the part before.
    older: Option<&'static str>,
}

static LINES: LazyLock<Vec<PlaceLine>> = LazyLock::new(|| {
    let lines = include_str!("place/places.txt").lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| {
            let (code, names, older) = match line.split_once(" = ") {
                Some((code, older)) => (code, vec![code_of(older).to_lowercase()], Some(code_of(older))),
                None => {
                    let (code, names) = line.split_once("; ")?;
                    (code, names.split(';').flat_map(spellings).collect(), None)
                }
            };
            let (country, part) = code.trim_start_matches('+').split_once('-').unwrap_or((code, ""));
            Some(PlaceLine { country, part, names, is_new: code.starts_with('+'), older })
        })
        .collect()
});

/// Codes that parts had before, by country: `CT` in `IN`.
static OLDER: LazyLock<BTreeSet<(&'static str, &'static str)>> =
    LazyLock::new(|| LINES.iter().filter_map(|line| Some((line.country, line.older?))).collect());

static COUNTRIES: LazyLock<BTreeMap<String, &'static str>> = LazyLock::new(|| {
    let mut names = BTreeMap::new();
    let mut short: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
    for country in rust_iso3166::ALL {
        names.insert(fold(country.name), country.alpha2);
        names.insert(fold(country.alpha3), country.alpha2);
        if let Some((before, _)) = country.name.split_once(['(', ',']) {
            short.entry(fold(before)).or_default().push(country.alpha2);
        }
    }
    // "Bolivia (Plurinational State of)" is also "Bolivia"; "Congo (…)" is not, since there are two.
    for (name, codes) in short {
        if let [only] = codes[..] {
            names.entry(name).or_insert(only);
        }
    }
    for line in LINES.iter().filter(|line| line.part.is_empty()) {
        names.extend(line.names.iter().map(|name| (name.clone(), line.country)));
        names.insert(line.country.to_lowercase(), line.country);
    }
    names
});

/// By country, made when one of its parts is first named: all of them at once would take longer than the rest of a start.
static SUBDIVISIONS: LazyLock<BTreeMap<&'static str, OnceLock<Subdivisions>>> =
    LazyLock::new(|| rust_iso3166::ALL.iter().map(|country| (country.alpha2, OnceLock::new())).collect());

/// By folded name: the code without the country. A name that two parts of a country share is left out, unless `places.txt` says
/// whose it is.
type Subdivisions = BTreeMap<String, &'static str>;

fn parts_of(country: &CountryCode) -> Subdivisions {
    let mut names: BTreeMap<String, Option<&'static str>> = BTreeMap::new();
    for subdivision in country.subdivisions().unwrap_or_default() {
        let code = code_of(subdivision.code);
        // "Praha, Hlavní město" is also "Praha".
        let short = subdivision.name.split(',').next().unwrap_or_default();
        for name in [subdivision.name, short].into_iter().flat_map(spellings) {
            let known = names.entry(name).or_insert(Some(code));
            *known = known.filter(|known| *known == code);
        }
    }
    for line in LINES.iter().filter(|line| line.country == country.alpha2 && !line.part.is_empty()) {
        let code = [line.part.to_lowercase()];
        let own = if line.is_new { &code[..] } else { &[] };
        names.extend(line.names.iter().chain(own).map(|name| (name.clone(), Some(line.part))));
    }
    names.into_iter().filter_map(|(name, code)| Some((name, code?))).collect()
}

/// The folded forms of a name: as it is, with the umlauts written out, and each of them without the kind of place it is.
fn spellings(name: &str) -> Vec<String> {
    let written_out = name.to_lowercase().replace('ä', "ae").replace('ö', "oe").replace('ü', "ue");
    let whole = [fold(name), fold(&written_out)];
    let bare = whole.each_ref().map(|name| bare(name));
    let mut spelt: Vec<String> = whole.into_iter().chain(bare).filter(|name| !name.is_empty()).collect();
    spelt.sort();
    spelt.dedup();
    spelt
}

/// A folded name without "Kanton", "county of" and the like.
fn bare(folded: &str) -> String {
    folded.split(' ').filter(|word| !KINDS.contains(word)).collect::<Vec<_>>().join(" ")
}

/// `CA` of `US-CA`.
fn code_of(code: &'static str) -> &'static str {
    code.split_once('-').map_or(code, |(_, rest)| rest)
}

/// Alpha-2 code of a country that is named, or given as alpha-2 or alpha-3 code.
pub fn country(text: &str) -> Option<&'static str> {
    if text.len() > LONGEST {
        return None;
    }
    let folded = fold(text);
    let name = folded.strip_prefix("the ").unwrap_or(&folded);
    if let Some(code) = rust_iso3166::from_alpha2(&name.to_uppercase()) {
        return Some(code.alpha2);
    }
    // "United States (US)", "Hong Kong (China)": the name before the bracket.
    let before = || COUNTRIES.get(&fold(text.split_once('(')?.0));
    COUNTRIES.get(name).or_else(|| COUNTRIES.get(&folded)).or_else(before).copied()
}

/// Names of all countries, for hints.
pub fn country_names() -> impl Iterator<Item = &'static str> + Clone {
    let everyday =
        LINES.iter().filter(|line| line.part.is_empty()).flat_map(|line| line.names.iter().map(String::as_str));
    rust_iso3166::ALL.iter().map(short_name).chain(everyday)
}

/// "Netherlands (Kingdom of the)" without what stands in parentheses.
fn short_name(country: &CountryCode) -> &'static str {
    country.name.split(" (").next().unwrap_or(country.name)
}

/// A subdivision and the country it lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subdivision {
    /// Alpha-2.
    pub country: &'static str,
    /// Without the country: `CA`.
    pub code: &'static str,
}

/// From `US-CA`, or, when the country is known, from `CA` or `California`. Without a country a bare name or code is
/// ambiguous, and a full code of another country contradicts: both are `None`.
pub fn subdivision(within: Option<&str>, text: &str) -> Option<Subdivision> {
    if text.len() > LONGEST {
        return None;
    }
    let upper = text.trim().to_uppercase();
    if let Some((country, part)) = upper.split_once('-')
        && let Some(found) = coded(country, part)
    {
        return within.is_none_or(|within| within == found.country).then_some(found);
    }
    let within = within?;
    coded(within, &upper).or_else(|| named(within, &fold(text)))
}

/// `CA` in `US`; codes of today before older ones.
fn coded(country: &str, part: &str) -> Option<Subdivision> {
    if let Some(found) = rust_iso3166::iso3166_2::from_code(&format!("{country}-{part}"))
        && !OLDER.contains(&(country, part))
    {
        return Some(Subdivision { country: found.country_code, code: code_of(found.code) });
    }
    let short = (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    short.then(|| named(country, &part.to_lowercase()))?
}

fn named(country: &str, folded: &str) -> Option<Subdivision> {
    let country = rust_iso3166::from_alpha2(country)?;
    let parts = SUBDIVISIONS.get(country.alpha2)?.get_or_init(|| parts_of(&country));
    let bare = bare(folded);
    let found = parts.get(folded).or_else(|| parts.get(&bare).filter(|_| !bare.is_empty()));
    found.map(|code| Subdivision { country: country.alpha2, code })
}

/// Code of a part of a country (`CA` for California in `US`), from its name or code.
pub fn state(country: &str, text: &str) -> Option<String> {
    subdivision(Some(country), text).map(|found| found.code.to_owned())
}

/// Code of a part of any country. Where two countries use the name for different codes, that of a country whose parts stand in
/// most addresses (Florida is also in Uruguay), and `None` where neither is one.
pub fn state_anywhere(text: &str) -> Option<String> {
    let mut found = countries_by_use().filter_map(|country| Some((country, state(country, text)?)));
    let (country, first) = found.next()?;
    (OFTEN.contains(&country) || found.all(|(_, other)| other == first)).then_some(first)
}

/// Names of the parts of a country, for hints.
pub fn state_names(country: &str) -> Vec<&'static str> {
    let country = rust_iso3166::from_alpha2(country);
    country
        .map(|country| country.subdivisions().unwrap_or(&[]).iter().map(|part| part.name).collect())
        .unwrap_or_default()
}

/// Alpha-2 codes of all countries, first of those whose parts stand in most addresses.
pub fn countries_by_use() -> impl Iterator<Item = &'static str> {
    let rest = rust_iso3166::ALL.iter().map(|country| country.alpha2).filter(|code| !OFTEN.contains(code));
    OFTEN.into_iter().chain(rest)
}

/// Names of the parts of all countries, for hints; first of those whose parts stand in most addresses.
pub fn state_names_anywhere() -> impl Iterator<Item = &'static str> {
    countries_by_use().flat_map(state_names)
}

#[cfg(test)]
mod tests;
