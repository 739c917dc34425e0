use super::*;

fn rows(text: &str) -> (Vec<TerritoryRow>, Vec<String>) {
    let mut faults = Faults::default();
    let vocabulary = Vocabulary::read(None, &mut faults);
    let rows = read(text, &vocabulary, &mut faults).map(|file| file.rows).unwrap_or_default();
    (rows, faults.places())
}

#[test]
fn a_list_in_a_cell_is_several_rows_with_one_line() {
    let (rows, faults) = rows("postal,country,state,territory\n,Germany;AT;CH,,DACH\n94 1;942,US,California,Bay\n");
    assert_eq!(faults, Vec::<String>::new());
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row.line, row.country.as_deref(), row.state.as_deref(), row.postal_prefix.as_deref()))
        .collect();
    let expected = [
        (2, Some("DE"), None, None),
        (2, Some("AT"), None, None),
        (2, Some("CH"), None, None),
        (3, Some("US"), Some("CA"), Some("941")),
        (3, Some("US"), Some("CA"), Some("942")),
    ];
    assert_eq!(told, expected);
}

#[test]
fn rows_that_fit_equally_must_agree() {
    let header = "territory,country,employees,priority,from,until\n";
    let conflict = |rows_text: &str| rows(&format!("{header}{rows_text}")).1;
    assert_eq!(conflict("A,DE,,,,\nB,DE;FR,,,,\n"), ["3:1 territory-conflict"]);
    assert_eq!(conflict("A,DE,,,,\nA,DE,,,,\n"), Vec::<String>::new());
    assert_eq!(conflict("A,DE,,,,\nB,DE,,1,,\n"), Vec::<String>::new());
    assert_eq!(conflict("A,DE,,,,2026-03-31\nB,DE,,,2026-04-01,\n"), Vec::<String>::new());
    assert_eq!(conflict("A,DE,,,,2026-04-01\nB,DE,,,2026-04-01,\n"), ["3:1 territory-conflict"]);
    assert_eq!(conflict("A,DE,< 100,,,\nB,DE,>= 100,,,\n"), Vec::<String>::new());
    assert_eq!(conflict("A,DE,..100,,,\nB,DE,>= 100,,,\n"), ["3:1 territory-conflict"]);
    assert_eq!(conflict("A,DE,,,,\nB,DE,>= 100,,,\n"), Vec::<String>::new());
}

#[test]
fn every_fault_of_the_table_is_told() {
    let (_, faults) = rows(
        "territory,country,state,employees,priority,from,until\n\
         A,Germny,,,,,\nB,US,Calfornia,,,,\nC,,TX,,,,\nD,US,,1k,,,\nE,US,,,high,2026-02-30,\nF,US,,,,2026-02-02,2026-01-01\n,US,,,,,\n",
    );
    let expected = [
        "2:3 territory-unknown-country",
        "3:6 territory-unknown-state",
        "4:4 territory-needs-one-country",
        "5:7 territory-bad-employees",
        "6:8 territory-bad-priority",
        "6:13 territory-bad-date",
        "7:20 territory-dates-reversed",
        "8:1 cell-empty",
    ];
    assert_eq!(faults, expected);
}
