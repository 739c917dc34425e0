use super::*;

#[test]
fn countries_from_codes_aliases_everyday_and_local_names() {
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
        ("Kosovo", Some("XK")),
        ("Macau", Some("MO")),
        ("Hong Kong SAR", Some("HK")),
        ("Republic of Korea", Some("KR")),
        ("Czech Republic", Some("CZ")),
        ("Südafrika", Some("ZA")),
        ("Suedafrika", Some("ZA")),
        ("People's Republic of China", Some("CN")),
        ("United States (US)", Some("US")),
        ("Estados Unidos", Some("US")),
        ("Nederland", Some("NL")),
        ("Türkiye", Some("TR")),
        ("Turkey", Some("TR")),
        ("Democratic Republic of the Congo", Some("CD")),
        ("North Macedonia", Some("MK")),
        ("Vereinigte Arabische Emirate", Some("AE")),
        ("Atlantis", None),
        ("US / Canada", None),
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
fn every_line_of_the_table_names_something_that_exists() {
    for line in LINES.iter() {
        let known = line.country == "XK" || rust_iso3166::from_alpha2(line.country).is_some();
        assert!(known, "{}", line.country);
        if line.part.is_empty() {
            for name in &line.names {
                assert_eq!(country(name), Some(line.country), "{name}");
            }
            continue;
        }
        let code = format!("{}-{}", line.country, line.part);
        let in_crate = rust_iso3166::iso3166_2::from_code(&code).is_some();
        let is_new = LINES.iter().any(|other| other.is_new && other.part == line.part && other.country == line.country);
        assert!(in_crate != is_new, "{code} is new: {is_new}");
        assert_eq!(subdivision(None, &code).map(|found| found.code), Some(line.part), "{code}");
    }
}

#[test]
fn parts_are_known_by_everyday_local_and_older_names() {
    let table = [
        ("CH", "Bern", "BE"),
        ("CH", "Genf", "GE"),
        ("CH", "Grisons", "GR"),
        ("CH", "Kanton Zürich", "ZH"),
        ("CZ", "Praha", "10"),
        ("AE", "Dubai", "DU"),
        ("AE", "Emirate of Sharjah", "SH"),
        ("CN", "Beijing", "BJ"),
        ("CN", "Guangdong Province", "GD"),
        ("CN", "11", "BJ"),
        ("KR", "Seoul", "11"),
        ("GB", "London", "LND"),
        ("GB", "Greater London", "LND"),
        ("DE", "Baden-Wuerttemberg", "BW"),
        ("DE", "Thueringen", "TH"),
        ("AT", "Kaernten", "2"),
        ("SE", "Oerebro laen", "T"),
        ("AT", "Wien", "9"),
        ("US", "Calif.", "CA"),
        ("US", "Mass.", "MA"),
        ("US", "Washington, D.C.", "DC"),
        ("IN", "Orissa", "OD"),
        ("IN", "OR", "OD"),
        ("IN", "Telangana", "TS"),
        ("IN", "TG", "TS"),
        ("NO", "Akershus", "32"),
        ("NO", "NO-32", "32"),
        ("NO", "Trøndelag", "50"),
        ("NO", "Viken", "30"),
        ("JP", "東京都", "13"),
        ("JP", "Tokyo Prefecture", "13"),
        ("IE", "Co. Cork", "CO"),
        ("IE", "Dublin", "D"),
        ("ES", "Cataluña", "CT"),
        ("ES", "Madrid", "MD"),
        ("IT", "Lombardy", "25"),
        ("FR", "Île-de-France", "IDF"),
        ("NL", "Noord Holland", "NH"),
        ("BE", "Brussels", "BRU"),
        ("SE", "Stockholm", "AB"),
        ("DK", "Copenhagen", "84"),
        ("PL", "Mazovia", "14"),
        ("BR", "Sao Paulo", "SP"),
        ("MX", "CDMX", "CMX"),
        ("ZA", "KZN", "KZN"),
        ("ZA", "GT", "GP"),
        ("RU", "Moscow", "MOW"),
    ];
    for (within, text, expected) in table {
        assert_eq!(subdivision(Some(within), text).map(|found| found.code), Some(expected), "{text:?} in {within}");
    }
}

#[test]
fn a_name_of_two_countries_is_that_of_the_one_most_addresses_have() {
    assert_eq!(state_anywhere("Florida").as_deref(), Some("FL"));
    assert_eq!(state_anywhere("Maryland").as_deref(), Some("MD"));
    assert_eq!(state_anywhere("Montana").as_deref(), Some("MT"));
    assert_eq!(state_anywhere("Limburg"), None, "Belgium or the Netherlands");
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
