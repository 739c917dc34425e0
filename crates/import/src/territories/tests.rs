use super::*;

fn csv(text: &str) -> Imported {
    import(text, &BTreeMap::new()).expect("a sheet")
}

#[test]
fn names_codes_and_ranges_come_out_in_our_spelling() {
    let imported = csv("Territory;Land;Bundesland;PLZ;Mitarbeiter\nSouth;Deutschland;Bayern;80000-81999;1,000+\n");
    let (_, text) = &imported.files[0];
    assert_eq!(text.lines().nth(1), Some("South,DE,BY,,80;81,,>= 1000,,,"));
    assert_eq!(imported.notes, []);
}

#[test]
fn a_row_that_is_not_understood_is_told_and_kept() {
    let imported =
        csv("Territory,Country,Start Date\nWest,Nowhereland,\nEast,France,03/04/2026\nNorth,France,2026-04-03\n");
    let told: Vec<(u32, &str)> = imported.notes.iter().map(|note| (note.line, note.found.as_str())).collect();
    assert_eq!(told, [(2, "country \"Nowhereland\""), (3, "date \"03/04/2026\"")]);
    let (_, text) = &imported.files[0];
    assert!(text.contains("# line 2 was not understood (country \"Nowhereland\"): West,Nowhereland,"), "{text}");
    assert!(text.contains("North,FR,,,,,,,2026-04-03,"), "{text}");
}

#[test]
fn sizes_are_read_as_people_write_them() {
    for (given, wanted) in [
        ("100-999", "100..999"),
        ("1k+", ">= 1000"),
        ("<50", "< 50"),
        ("1,000 - 4,999 employees", "1000..4999"),
        ("1.200", "1200"),
        ("2.5k", "2500"),
        ("10-50k", "10000..50000"),
        ("up to 50", "<= 50"),
        ("any", ""),
    ] {
        assert_eq!(employees(given).as_deref(), Ok(wanted), "{given}");
    }
    assert!(employees("large").is_err());
}

#[test]
fn states_without_a_country_are_those_that_most_of_the_column_are() {
    let imported = csv("Territory,State\nEast,Florida\nEast,Maryland\nEast,Georgia\nWest,Montana\nWest,Texas\n");
    let rows: Vec<&str> = imported.files[0].1.lines().skip(1).collect();
    assert_eq!(rows[0], "East,US,FL,,,,,,,");
    assert_eq!(rows[1], "East,US,MD,,,,,,,");
    assert_eq!(rows[3], "West,US,MT,,,,,,,");
    assert_eq!(imported.notes, []);
    let german = csv("Territory,Bundesland\nA,Bayern\nA,Hessen\nB,Saarland\n");
    assert!(german.files[0].1.contains("B,DE,SL,"), "{}", german.files[0].1);
    let named = csv("Territory,Country,State\nA,Uruguay,Florida\nB,,Florida\nB,,Ohio\n");
    assert!(named.files[0].1.contains("A,UY,FD,") && named.files[0].1.contains("B,US,FL,"), "{}", named.files[0].1);
}

#[test]
fn days_are_never_in_the_first_century() {
    for (given, wanted) in [
        ("01.01.26", "2026-01-01"),
        ("31.12.26", "2026-12-31"),
        ("1.1.2026 0:00", "2026-01-01"),
        ("12/31/26", "2026-12-31"),
        ("2026-01-01T00:00:00", "2026-01-01"),
    ] {
        assert_eq!(date(given).as_deref(), Ok(wanted), "{given}");
    }
    assert!(date("03/04/26").is_err() && date("0026-01-01").is_err());
}

#[test]
fn a_column_can_be_named() {
    let named = BTreeMap::from([("territory".to_owned(), "Bereich".to_owned())]);
    assert!(import("Bereich,Country\nA,France\n", &BTreeMap::new()).is_err());
    let imported = import("Bereich,Country\nA,France\n", &named).expect("named");
    assert!(imported.files[0].1.contains("A,FR,"));
}
