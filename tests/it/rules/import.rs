//! Exports of other systems become a workspace that loads, or that says exactly what is missing.

use crate::program::{baton, copy, json_of, root, stderr, stdout};
use serde_json::Value;
use std::path::Path;

fn fixture(name: &str) -> String {
    root().join("fixtures/import").join(name).display().to_string()
}

fn import(kind: &str, file: &str, into: &Path, more: &[&str]) -> String {
    let into = into.display().to_string();
    stdout(&baton(&[&["import", kind, &fixture(file), "--into", &into], more].concat()))
}

fn read(folder: &Path, path: &str) -> String {
    std::fs::read_to_string(folder.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Codes of the errors that `baton check` finds.
fn check(folder: &Path) -> Vec<(String, String)> {
    let output = baton(&["check", &folder.display().to_string(), "--format", "json"]);
    let page = json_of(&output);
    let word = |fault: &Value, name: &str| fault[name].as_str().unwrap_or_default().to_owned();
    let errors = ["errors", "tests"].map(|list| page[list].as_array().expect("a list")).into_iter().flatten();
    errors.map(|fault| (word(fault, "code"), format!("{}:{}", word(fault, "path"), fault["line"]))).collect()
}

#[test]
fn three_exports_become_a_workspace_that_loads_once_what_was_told_is_done() {
    let folder = tempfile::tempdir().expect("a folder");
    let into = folder.path();
    import("salesforce-rules", "Lead.assignmentRules-meta.xml", into, &[]);
    import("territories", "territories.csv", into, &[]);
    let told = import("reps", "salesforce-users.csv", into, &[]);
    assert!(told.contains("salesforce-users.csv:5: no time zone of tom.field could be read"), "{told}");
    copy(&root().join("templates"), &into.join("templates"));

    let missing = check(into);
    let wanted = [
        ("file-missing".to_owned(), "rules/handoff.yaml:1".to_owned()),
        ("file-missing".to_owned(), "rules/hours.yaml:1".to_owned()),
        ("cell-empty".to_owned(), "rules/reps.csv:6".to_owned()),
    ];
    assert_eq!(missing, wanted, "exactly what no export can know");

    std::fs::copy(root().join("rules/hours.yaml"), into.join("rules/hours.yaml")).expect("hours");
    let handoff = read(&root(), "rules/handoff.yaml").replace("lena.fischer", "karl.vogel");
    std::fs::write(into.join("rules/handoff.yaml"), handoff).expect("handoff");
    let reps = read(into, "rules/reps.csv")
        .replace("banks,account-executive,en,,,", "banks,account-executive,en,,Europe/London,");
    std::fs::write(into.join("rules/reps.csv"), reps).expect("reps");
    assert_eq!(check(into), [], "the workspace loads");

    let page = stdout(&baton(&["diff", &into.display().to_string(), &into.display().to_string(), "--leads", "50"]));
    assert!(page.starts_with("Every one of 50 leads"), "{page}");

    import("assignments", "assignments.csv", into, &["--at", "2026-03-03T15:00:00Z"]);
    assert_eq!(check(into), [], "the tests are without fault");
    let report = json_of(&baton(&["test", &into.display().to_string(), "--format", "json"]));
    assert_eq!(report["passed"].as_u64().zip(report["failed"].as_u64()), Some((1, 0)), "{report}");
}

#[test]
fn rules_are_said_in_their_order_and_what_cannot_be_said_is_told_by_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let told = import("salesforce-rules", "Lead.assignmentRules-meta.xml", folder.path(), &[]);
    let yaml = read(folder.path(), "rules/routing.yaml");
    let routes = yaml.split("routes:\n").nth(1).expect("routes");
    let wanted = r#"  - name: "1 to dach-enterprise" # line 14
    lead.country: ["DE", "AT", "CH"]
    lead.employees: ">= 1000"
    to: { pool: dach-enterprise }
  - name: "2 to dach-desk" # line 29
    lead.country: ["DE", "AT", "CH"]
    to: { pool: dach-desk }
  - name: "3 to jane.doe" # line 38
    all: [{ any: [{ lead.custom.leadsource: { known: false } }, { lead.custom.leadsource: { not: ["Partner"] } }] }, { any: [{ all: [{ lead.country: ["US"] }, { lead.state: ["CA"] }] }, { lead.postal: { prefix: ["941", "942"] } }] }]
    to: { rep: jane.doe }
  - name: "4 to banks" # line 58
    when: 'lead.company.contains("Bank")'
    to: { pool: banks }
  - name: "5 to dach-desk" # line 67
    lead.custom.rating: ["Hot"]
    lead.custom.annualrevenue: "> 1000000"
    to: { pool: dach-desk }
  # entry 6, line 72: a formula with CASE, which has no counterpart here
  #   CASE(Rating, "Hot", 1, 0) = 1 -> DACH_Desk
"#;
    assert!(routes.starts_with(wanted), "{routes}");
    assert!(routes.ends_with("catch_all: { pool: inbound }\n"), "{routes}");
    for note in
        ["meta.xml:72: entry 6", "Rating is no field of a call", "e-mail template", "\"Old routing 2023\" was left out"]
    {
        assert!(told.contains(note), "{note:?} is not told:\n{told}");
    }
}

#[test]
fn a_sheet_with_other_headers_is_read_by_name_and_lost_rows_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let told = import("territories", "territories.csv", folder.path(), &[]);
    assert!(told.contains("country = \"Land\"") && told.contains("not used: \"Comment\""), "{told}");
    assert!(told.contains("territories.csv:6: country \"Atlantis\""), "{told}");
    assert!(told.contains("territories.csv:9: employees \"medium\""), "{told}");
    let rows = read(folder.path(), "rules/territories.csv");
    for row in [
        "DACH North,DE,HH;HB,,,,,,2026-01-01,",
        "DACH South,DE,BY,,,,>= 1000,,,",
        "Munich,DE,,,80;81,,,,2026-02-01,",
        "Alps,CH;AT,,,,,,,,",
        "Bay Area,US,,,941,,,,,",
        "US West,US,CA,,,,50..499,,,",
    ] {
        assert!(rows.lines().any(|line| line == row), "{row} is not in\n{rows}");
    }
    assert!(rows.contains("# line 6 was not understood (country \"Atlantis\"): Atlantis,Atlantis,"), "{rows}");
}

#[test]
fn nothing_is_written_over_without_a_word() {
    let folder = tempfile::tempdir().expect("a folder");
    import("reps", "hubspot-owners.json", folder.path(), &[]);
    let before = read(folder.path(), "rules/reps.csv");
    assert!(before.contains("ana.li,Ana Li,ana.li@acme.example,,inbound,"), "{before}");
    let into = folder.path().display().to_string();
    let again = baton(&["import", "reps", &fixture("salesforce-users.csv"), "--into", &into]);
    assert_eq!(again.status.code(), Some(i32::from(baton::cli::FAILED)));
    assert!(stderr(&again).contains("--force"), "{again:?}");
    assert_eq!(read(folder.path(), "rules/reps.csv"), before);
    import("reps", "salesforce-users.csv", folder.path(), &["--force"]);
    assert_ne!(read(folder.path(), "rules/reps.csv"), before);
}

#[test]
fn past_assignments_become_tests_where_one_owner_had_them_all() {
    let folder = tempfile::tempdir().expect("a folder");
    import("reps", "salesforce-users.csv", folder.path(), &[]);
    let told = import("assignments", "assignments.csv", folder.path(), &["--at", "2026-03-03T15:00:00Z"]);
    let yaml = read(folder.path(), "rules/tests/imported.yaml");
    let wanted = "defaults:\n  at: 2026-03-03T15:00:00Z\ntests:\n  - name: \"line 2, 2 of 2 went to jane.doe\"\n    \
                  lead: { country: \"DE\", industry: \"Manufacturing\", employees: \"2400\", custom.leadsource: \"Web\" }\n    \
                  expect: { owner: jane.doe }\n";
    assert!(yaml.contains(wanted), "{yaml}");
    assert!(told.contains("2 such leads were shared by karl.vogel, mia.sommer"), "{told}");
    assert!(told.contains("assignments.csv:6: owner \"Inbound Queue\" is no rep"), "{told}");
    assert!(told.contains("assignments.csv:7: country \"Neverland\""), "{told}");
}

/// A first line for the spreadsheet itself, its encodings, the line ends of old Macs, and blank cells and rows behind the last.
#[test]
fn sheets_of_spreadsheets_are_read_whatever_they_add() {
    let rows = "Gebiet;Land\nMünchen;Deutschland\n";
    let western = rows.chars().map(|letter| u8::try_from(u32::from(letter)).expect("a Western letter"));
    let wide = "\u{feff}".encode_utf16().chain(rows.encode_utf16()).flat_map(u16::to_le_bytes);
    for (name, bytes) in [
        ("sep", format!("sep=;\r\n{rows}").into_bytes()),
        ("cp1252", western.collect()),
        ("utf16", wide.collect()),
        ("cr", rows.replace('\n', "\r").into_bytes()),
        ("tail", format!("{}\n;\n;;\n", rows.replace('\n', ";;\n")).into_bytes()),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let sheet = folder.path().join("sheet.csv");
        std::fs::write(&sheet, bytes).expect("an export");
        let (sheet, into) = (sheet.display().to_string(), folder.path().display().to_string());
        let told = stdout(&baton(&["import", "territories", &sheet, "--into", &into]));
        assert!(told.contains("1 of 1 rows were understood"), "{name}: {told}");
        let written = read(folder.path(), "rules/territories.csv");
        assert!(written.lines().any(|line| line == "München,DE,,,,,,,,"), "{name}: {written}");
    }
}

#[test]
fn a_column_that_was_not_guessed_is_named_on_the_command_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let told = import("territories", "territories.csv", folder.path(), &["--map", "region=Comment"]);
    assert!(told.contains("region = \"Comment\"") && !told.contains("not used"), "{told}");
}
