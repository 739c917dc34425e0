//! Countries and their parts, from codes, names and what people really say, as ISO 3166 writes them.

use rust_iso3166::CountryCode;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Names that ISO 3166 does not list, in folded form: everyday names and what a country calls itself.
const COUNTRY_ALIASES: [(&str, &str); 92] = [
    ("america", "US"),
    ("united states", "US"),
    ("the states", "US"),
    ("estados unidos", "US"),
    ("etats unis", "US"),
    ("vereinigte staaten", "US"),
    ("uk", "GB"),
    ("united kingdom", "GB"),
    ("great britain", "GB"),
    ("britain", "GB"),
    ("england", "GB"),
    ("scotland", "GB"),
    ("wales", "GB"),
    ("northern ireland", "GB"),
    ("eire", "IE"),
    ("republic of ireland", "IE"),
    ("deutschland", "DE"),
    ("alemania", "DE"),
    ("allemagne", "DE"),
    ("osterreich", "AT"),
    ("oesterreich", "AT"),
    ("schweiz", "CH"),
    ("suisse", "CH"),
    ("svizzera", "CH"),
    ("frankreich", "FR"),
    ("francia", "FR"),
    ("espana", "ES"),
    ("spanien", "ES"),
    ("espagne", "ES"),
    ("italia", "IT"),
    ("italien", "IT"),
    ("nederland", "NL"),
    ("niederlande", "NL"),
    ("holland", "NL"),
    ("belgie", "BE"),
    ("belgique", "BE"),
    ("belgien", "BE"),
    ("danmark", "DK"),
    ("sverige", "SE"),
    ("schweden", "SE"),
    ("norge", "NO"),
    ("norwegen", "NO"),
    ("suomi", "FI"),
    ("island", "IS"),
    ("polska", "PL"),
    ("polen", "PL"),
    ("cesko", "CZ"),
    ("czech republic", "CZ"),
    ("slovak republic", "SK"),
    ("magyarorszag", "HU"),
    ("romania", "RO"),
    ("hellas", "GR"),
    ("el", "GR"),
    ("turkey", "TR"),
    ("turkiye", "TR"),
    ("russia", "RU"),
    ("macedonia", "MK"),
    ("brasil", "BR"),
    ("mexico", "MX"),
    ("peru", "PE"),
    ("bolivia", "BO"),
    ("venezuela", "VE"),
    ("canada", "CA"),
    ("japon", "JP"),
    ("nippon", "JP"),
    ("日本", "JP"),
    ("中国", "CN"),
    ("prc", "CN"),
    ("mainland china", "CN"),
    ("대한민국", "KR"),
    ("한국", "KR"),
    ("korea", "KR"),
    ("south korea", "KR"),
    ("north korea", "KP"),
    ("vietnam", "VN"),
    ("laos", "LA"),
    ("burma", "MM"),
    ("brunei", "BN"),
    ("east timor", "TL"),
    ("syria", "SY"),
    ("uae", "AE"),
    ("emirates", "AE"),
    ("ksa", "SA"),
    ("ivory coast", "CI"),
    ("cape verde", "CV"),
    ("swaziland", "SZ"),
    ("dr congo", "CD"),
    ("drc", "CD"),
    ("congo brazzaville", "CG"),
    ("palestine", "PS"),
    ("vatican", "VA"),
    ("vatican city", "VA"),
];

/// English names of subdivisions whose ISO name is in the country's own language.
const SUBDIVISION_ALIASES: [(&str, &str); 36] = [
    ("bavaria", "DE-BY"),
    ("hesse", "DE-HE"),
    ("lower saxony", "DE-NI"),
    ("north rhine westphalia", "DE-NW"),
    ("nrw", "DE-NW"),
    ("rhineland palatinate", "DE-RP"),
    ("saxony", "DE-SN"),
    ("saxony anhalt", "DE-ST"),
    ("thuringia", "DE-TH"),
    ("mecklenburg western pomerania", "DE-MV"),
    ("vienna", "AT-9"),
    ("styria", "AT-6"),
    ("tyrol", "AT-7"),
    ("carinthia", "AT-2"),
    ("lower austria", "AT-3"),
    ("upper austria", "AT-4"),
    ("geneva", "CH-GE"),
    ("lucerne", "CH-LU"),
    ("zurich", "CH-ZH"),
    ("berne", "CH-BE"),
    ("catalonia", "ES-CT"),
    ("andalusia", "ES-AN"),
    ("basque country", "ES-PV"),
    ("madrid", "ES-MD"),
    ("lombardy", "IT-25"),
    ("tuscany", "IT-52"),
    ("piedmont", "IT-21"),
    ("sicily", "IT-82"),
    ("north holland", "NL-NH"),
    ("south holland", "NL-ZH"),
    ("quebec", "CA-QC"),
    ("washington dc", "US-DC"),
    ("dc", "US-DC"),
    ("mexico city", "MX-CMX"),
    ("cdmx", "MX-CMX"),
    ("sao paulo", "BR-SP"),
];

/// Countries whose parts stand in most addresses: a name of theirs is meant where nothing says otherwise.
const OFTEN: [&str; 4] = ["US", "CA", "AU", "IN"];

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
    names.extend(COUNTRY_ALIASES.map(|(name, code)| (name.to_owned(), code)));
    names
});

/// By country and folded name: the code without the country. A name that two subdivisions of a country share is left out.
static SUBDIVISIONS: LazyLock<BTreeMap<(&'static str, String), &'static str>> = LazyLock::new(|| {
    let mut names: BTreeMap<(&'static str, String), Option<&'static str>> = BTreeMap::new();
    for country in rust_iso3166::ALL {
        for subdivision in country.subdivisions().unwrap_or_default() {
            let name = (country.alpha2, fold(subdivision.name));
            let code = code_of(subdivision.code);
            names.entry(name).and_modify(|known| *known = None).or_insert(Some(code));
        }
    }
    for (name, code) in SUBDIVISION_ALIASES {
        let (country, _) = code.split_once('-').unwrap_or((code, ""));
        names.insert((country, name.to_owned()), Some(code_of(code)));
    }
    names.into_iter().filter_map(|(name, code)| Some((name, code?))).collect()
});

/// `CA` of `US-CA`.
fn code_of(code: &'static str) -> &'static str {
    code.split_once('-').map_or(code, |(_, rest)| rest)
}

/// Alpha-2 code of a country that is named, or given as alpha-2 or alpha-3 code.
pub fn country(text: &str) -> Option<&'static str> {
    let folded = fold(text);
    let name = folded.strip_prefix("the ").unwrap_or(&folded);
    if let Some(code) = rust_iso3166::from_alpha2(&name.to_uppercase()) {
        return Some(code.alpha2);
    }
    COUNTRIES.get(name).or_else(|| COUNTRIES.get(&folded)).copied()
}

/// Names of all countries, for hints.
pub fn country_names() -> impl Iterator<Item = &'static str> + Clone {
    let aliases = COUNTRY_ALIASES.iter().map(|(alias, _)| *alias);
    rust_iso3166::ALL.iter().map(short_name).chain(aliases)
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
pub fn subdivision(country: Option<&str>, text: &str) -> Option<Subdivision> {
    let upper = text.trim().to_uppercase();
    if let Some(found) = rust_iso3166::iso3166_2::from_code(&upper) {
        let fits = country.is_none_or(|country| country == found.country_code);
        return fits.then(|| Subdivision { country: found.country_code, code: code_of(found.code) });
    }
    let country = country?;
    if let Some(found) = rust_iso3166::iso3166_2::from_code(&format!("{country}-{upper}")) {
        return Some(Subdivision { country: found.country_code, code: code_of(found.code) });
    }
    // The table's own copy of the code, which lives as long as the program.
    let country = rust_iso3166::from_alpha2(country)?.alpha2;
    let folded = fold(text);
    let name = folded.strip_prefix("state of ").unwrap_or(&folded);
    SUBDIVISIONS.get(&(country, name.to_owned())).map(|code| Subdivision { country, code })
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

/// Lower case, Latin letters without marks, words joined by single blanks: how names are compared.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            // A full stop or apostrophe joins (`U.S.A.`, `Côte d'Ivoire`); so do the marks left by lower-casing `İ`.
            '.' | '\'' | '\u{2019}' | '\u{300}'..='\u{36f}' => {}
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            '&' => folded.push_str(" and "),
            c if c.is_alphanumeric() => folded.push(without_mark(c)),
            _ => folded.push(' '),
        }
    }
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn without_mark(c: char) -> char {
    match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => 'c',
        'ď' | 'đ' | 'ð' => 'd',
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => 'e',
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => 'g',
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => 'i',
        'ķ' => 'k',
        'ĺ' | 'ļ' | 'ľ' | 'ł' => 'l',
        'ñ' | 'ń' | 'ņ' | 'ň' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' => 'o',
        'ŕ' | 'ř' => 'r',
        'ś' | 'ş' | 'š' | 'ș' => 's',
        'ţ' | 'ť' | 'ț' => 't',
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => 'u',
        'ý' | 'ÿ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_from_codes_names_and_aliases() {
        let table = [
            ("US", Some("US")),
            ("usa", Some("US")),
            ("U.S.", Some("US")),
            ("United States of America", Some("US")),
            ("the United States", Some("US")),
            ("UK", Some("GB")),
            ("GBR", Some("GB")),
            ("Great Britain", Some("GB")),
            ("Deutschland", Some("DE")),
            ("Österreich", Some("AT")),
            ("España", Some("ES")),
            ("日本", Some("JP")),
            ("Bolivia", Some("BO")),
            ("Bolivia (Plurinational State of)", Some("BO")),
            ("The Netherlands", Some("NL")),
            ("Côte d'Ivoire", Some("CI")),
            ("Viet Nam", Some("VN")),
            ("South Korea", Some("KR")),
            ("Taiwan", Some("TW")),
            ("Congo", Some("CG")),
            ("Iceland", Some("IS")),
            ("Atlantis", None),
            ("XX", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(country(text), expected, "{text:?}");
        }
    }

    #[test]
    fn subdivisions_from_codes_and_names() {
        let table = [
            (Some("US"), "California", Some(("US", "CA"))),
            (Some("US"), "ca", Some(("US", "CA"))),
            (Some("US"), "US-CA", Some(("US", "CA"))),
            (None, "us-ca", Some(("US", "CA"))),
            (Some("US"), "New York", Some(("US", "NY"))),
            (Some("US"), "State of New York", Some(("US", "NY"))),
            (Some("DE"), "Bavaria", Some(("DE", "BY"))),
            (Some("DE"), "Bayern", Some(("DE", "BY"))),
            (Some("DE"), "Baden-Württemberg", Some(("DE", "BW"))),
            (Some("CA"), "Québec", Some(("CA", "QC"))),
            (Some("JP"), "Tokyo", Some(("JP", "13"))),
            (Some("DE"), "US-CA", None),
            (Some("US"), "Bavaria", None),
            (None, "California", None),
            (None, "CA", None),
            (Some("US"), "", None),
        ];
        for (country, text, expected) in table {
            let found = subdivision(country, text).map(|s| (s.country, s.code));
            assert_eq!(found, expected, "{text:?} in {country:?}");
        }
    }

    #[test]
    fn every_alias_names_something_that_exists() {
        for (name, code) in COUNTRY_ALIASES {
            assert_eq!(fold(name), name, "aliases are written folded");
            assert!(rust_iso3166::from_alpha2(code).is_some(), "{name}: {code}");
        }
        for (name, code) in SUBDIVISION_ALIASES {
            assert_eq!(fold(name), name, "aliases are written folded");
            assert!(rust_iso3166::iso3166_2::from_code(code).is_some(), "{name}: {code}");
        }
    }

    #[test]
    fn folding_drops_marks_and_dots() {
        let table = [
            ("Côte d'Ivoire", "cote divoire"),
            ("U.S.A.", "usa"),
            ("Österreich", "osterreich"),
            ("Trinidad & Tobago", "trinidad and tobago"),
            ("İstanbul", "istanbul"),
            ("Guinea-Bissau", "guinea bissau"),
        ];
        for (text, expected) in table {
            assert_eq!(fold(text), expected, "{text:?}");
        }
    }

    #[test]
    fn states_are_known_within_their_country() {
        assert_eq!(state("US", "California").as_deref(), Some("CA"));
        assert_eq!(state("US", "us-ca").as_deref(), Some("CA"));
        assert_eq!(state("DE", "by").as_deref(), Some("BY"));
        assert_eq!(state("DE", "California"), None);
        assert_eq!(state_anywhere("California").as_deref(), Some("CA"));
        assert_eq!(state_anywhere("Californa"), None);
        assert!(state_names("US").contains(&"Texas"));
    }

}
