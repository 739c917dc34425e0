//! `baton check` as people, review tools and scripts meet it.

use super::init::begun;
use crate::program::{baton, code, told};
use baton::cli;
use serde_json::Value;
use std::path::Path;
use tempfile::TempDir;

/// A workspace in which one phone was written as at home.
fn faulty() -> TempDir {
    let folder = begun("saas");
    let reps = folder.path().join("rules/reps.csv");
    let text = std::fs::read_to_string(&reps).expect("the reps");
    let at = text.find(",+").expect("a phone") + 1;
    std::fs::write(&reps, format!("{}0{}", &text[..at], &text[at + 1..])).expect("a faulty file");
    folder
}

fn check(folder: &Path, arguments: &[&str]) -> (u8, String) {
    let place = folder.to_str().expect("a plain path");
    let output = baton(&[&["check", place], arguments].concat());
    (code(&output), told(&output))
}

#[test]
fn a_fault_is_shown_in_its_line() {
    let folder = faulty();
    let (code, told) = check(folder.path(), &[]);
    assert_eq!(code, cli::FAULTY, "{told}");
    let lines: Vec<&str> = told.lines().collect();
    let fault = lines.iter().position(|line| line.contains("rep-bad-phone")).expect("the fault");
    let (line, mark) = (lines[fault + 1], lines[fault + 2]);
    let at = mark.chars().position(|letter| letter == '^').expect("a mark");
    let shown: String = line.chars().skip(at).collect();
    assert!(shown.starts_with('0'), "the mark stands below the phone: {line:?} {mark:?}");
}

#[test]
fn code_scanning_reads_every_fault_with_its_rule() {
    let folder = faulty();
    let (code, told) = check(folder.path(), &["--format", "sarif"]);
    assert_eq!(code, cli::FAULTY);
    let log: Value = serde_json::from_str(&told).expect("one JSON document");
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let results = run["results"].as_array().expect("results");
    let phone = results.iter().find(|result| result["ruleId"] == "rep-bad-phone").expect("the fault");
    assert_eq!(phone["level"], "error");
    let location = &phone["locations"][0]["physicalLocation"];
    assert!(location["artifactLocation"]["uri"].as_str().is_some_and(|uri| uri.ends_with("/rules/reps.csv")));
    assert!(location["region"]["startLine"].as_u64().is_some_and(|line| line > 1));
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    let rule = rules.iter().find(|rule| rule["id"] == "rep-bad-phone").expect("its rule");
    assert!(rule["shortDescription"]["text"].as_str().is_some_and(|text| text.contains("country code")));
}

#[test]
fn a_workflow_annotates_the_line_and_a_sound_workspace_says_nothing_wrong() {
    let folder = faulty();
    let (code, told) = check(folder.path(), &["--format", "github", "--level", "error"]);
    assert_eq!(code, cli::FAULTY);
    let lines: Vec<&str> = told.lines().collect();
    let [line] = lines.as_slice() else { panic!("{told}") };
    assert!(line.starts_with("::error file=") && line.contains("rules/reps.csv,line="), "{line}");
    assert!(line.contains("title=rep-bad-phone::found"), "{line}");
    let (code, told) = check(begun("legal").path(), &["--format", "github", "--level", "error"]);
    assert_eq!((code, told.as_str()), (cli::OK, ""));
}

#[test]
fn what_the_rules_ask_for_and_nothing_is_connected_to_is_seen_in_review() {
    let folder = begun("legal");
    std::fs::write(folder.path().join("baton.toml"), "").expect("an empty configuration");
    let (code, told) = check(folder.path(), &["--format", "sarif"]);
    assert_eq!(code, cli::OK, "{told}");
    let log: Value = serde_json::from_str(&told).expect("one JSON document");
    let results = log["runs"][0]["results"].as_array().expect("results");
    let missing: Vec<&Value> = results.iter().filter(|result| result["ruleId"] == "not-connected").collect();
    let says = |text: &str| {
        missing.iter().any(|result| result["message"]["text"].as_str().is_some_and(|told| told.contains(text)))
    };
    assert!(says("no [telephony]") && says("no [slack] and no [mail]"), "{told}");
    assert!(missing.iter().all(|result| result["level"] == "note"), "{told}");
}

#[test]
fn the_tests_beside_the_rules_are_checked_with_them() {
    let folder = begun("saas");
    let (sound, said) = check(folder.path(), &["--level", "error"]);
    assert_eq!(sound, cli::OK);
    assert!(said.lines().any(|line| line.starts_with("tests ") && line.ends_with("can be run: baton test")), "{said}");

    let at = folder.path().join("rules/tests/slip.yaml");
    let text = "tests:\n  - name: nobody of that name\n    lead: { country: US }\n    at: 2026-03-03 10:00 Europe/London\n    expect: { rep: no.such.rep }\n";
    std::fs::write(at, text).expect("a test");
    let (faulty, said) = check(folder.path(), &["--level", "error"]);
    assert_eq!(faulty, cli::FAULTY);
    let lines: Vec<&str> = said.lines().collect();
    let fault = lines.iter().position(|line| line.starts_with("rules/tests/slip.yaml:5:")).expect(&said);
    assert!(lines[fault].contains("no.such.rep") && lines[fault + 1].contains("expect: { rep"), "{said}");
    let (_, said) = check(folder.path(), &["--format", "json"]);
    let told: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!((&told["ok"], told["tests"].as_array().map(Vec::len)), (&Value::from(false), Some(1)));
    let (_, said) = check(folder.path(), &["--format", "github", "--level", "error"]);
    assert!(said.contains("rules/tests/slip.yaml,line=5"), "{said}");
}

#[test]
fn a_code_is_explained_and_a_slip_of_the_pen_is_met() {
    let explained = baton(&["check", "--explain", "territory-gap"]);
    assert_eq!(code(&explained), cli::OK);
    assert!(told(&explained).contains("have no row"), "{}", told(&explained));
    let missed = baton(&["check", "--explain", "teritory-gap"]);
    assert_eq!(code(&missed), cli::USAGE);
    assert!(told(&missed).contains("did you mean \"territory-gap\"?"), "{}", told(&missed));
}

/// Sixteen remarks stood before the four warnings that mattered.
#[test]
fn what_matters_most_is_told_first() {
    let folder = begun("saas");
    let path = folder.path().join("rules/territories.csv");
    let mut rows = std::fs::read_to_string(&path).expect("the territories");
    let columns =
        rows.lines().find(|line| line.starts_with("territory,country,")).expect("a head").matches(',').count();
    rows.push_str(&format!("Nobodys Land,IS{}\n", ",".repeat(columns - 1)));
    std::fs::write(&path, rows).expect("a territory that no pool serves");
    let (code, told) = check(folder.path(), &["--format", "json"]);
    assert_eq!(code, cli::OK, "{told}");
    let report: Value = serde_json::from_str(&told).expect("one JSON document");
    let levels: Vec<&str> =
        report["warnings"].as_array().expect("a list").iter().filter_map(|fault| fault["level"].as_str()).collect();
    assert!(levels.contains(&"warning") && levels.contains(&"info"), "{levels:?}");
    assert!(levels.is_sorted_by_key(|level| *level != "warning"), "{levels:?}");
    let (_, told) = check(folder.path(), &[]);
    let (warning, info) = (told.find(" warning ").expect("a warning"), told.find(" info ").expect("a remark"));
    assert!(warning < info, "{told}");
}

/// A workspace of rules alone was refused in the words of the operating system.
#[test]
fn without_a_folder_of_templates_the_built_in_ones_are_used() {
    let folder = begun("saas");
    std::fs::remove_dir_all(folder.path().join("templates")).expect("templates of its own");
    let (code, told) = check(folder.path(), &[]);
    assert_eq!(code, cli::OK, "{told}");
    assert!(told.contains("the built-in ones: there is no folder templates/"), "{told}");
}

#[test]
fn what_a_code_explains_is_what_is_allowed() {
    for (about, words) in [
        ("pool-unknown-policy", ["balanced", "strict", "longest-idle", "least-loaded"].as_slice()),
        ("if-undecided-unknown", &["skip", "catch_all"]),
        ("ladder-unknown-rung", &["warm_transfer", "booking", "callback"]),
        ("assignment-unknown", &["baton", "crm"]),
    ] {
        let output = baton(&["check", "--explain", about]);
        assert_eq!(code(&output), cli::OK);
        let told = told(&output);
        assert!(words.iter().all(|word| told.contains(word)) && !told.contains("round_robin"), "{told}");
    }
}

/// What is read of a file does not depend on the encoding in which a spreadsheet saved it.
#[test]
fn what_a_spreadsheet_saved_is_read() {
    let folder = begun("saas");
    let path = folder.path().join("rules/territories.csv");
    let rows = format!("# Süd\n{}", std::fs::read_to_string(&path).expect("the territories"));
    let western = rows.chars().map(|letter| u8::try_from(u32::from(letter)).expect("a Western letter"));
    let wide = "\u{feff}".encode_utf16().chain(rows.encode_utf16()).flat_map(u16::to_le_bytes);
    for (name, bytes) in [
        ("cp1252", western.collect::<Vec<u8>>()),
        ("utf16", wide.collect()),
        ("cr", rows.replace('\n', "\r").into_bytes()),
    ] {
        std::fs::write(&path, bytes).expect("a saved file");
        let (code, told) = check(folder.path(), &["--level", "error"]);
        assert_eq!(code, cli::OK, "{name}: {told}");
    }
}
