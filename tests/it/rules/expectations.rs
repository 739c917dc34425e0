//! `baton test` as a person or a pipeline runs it: the shipped tests, broken files, failures, coverage, exit codes.

use crate::program::{baton, code, copy, edit, entries, json_of, root};
use baton::cli;
use serde_json::Value;
use std::path::Path;
use std::process::Output;

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// The shipped workspace without its tests, to write others into.
fn workspace() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["rules", "templates", "fixtures/events"] {
        copy(&root().join(name), &folder.path().join(name));
    }
    std::fs::remove_dir_all(folder.path().join("rules/tests")).expect("the shipped tests");
    std::fs::create_dir(folder.path().join("rules/tests")).expect("a folder for tests");
    folder
}

fn run(folder: &Path, tests: &str, arguments: &[&str]) -> Output {
    std::fs::write(folder.join("rules/tests/t.yaml"), tests).expect("a test file");
    let place = folder.to_str().expect("a plain path");
    baton(&[&["test", place], arguments].concat())
}

#[test]
fn the_shipped_tests_pass_and_reach_nine_tenths_of_every_part_of_the_rules() {
    let output = baton(&["test", ".", "--min-coverage", "90"]);
    assert_eq!(code(&output), cli::OK, "{}", text(&output.stdout));
    let told = text(&output.stdout);
    assert!(told.contains(" passed, 0 failed."), "{told}");
    let report = json_of(&baton(&["test", ".", "--format", "json"]));
    assert_eq!(report["ok"], true);
    assert!(report["passed"].as_u64().expect("a number") >= 60, "{}", report["passed"]);
    assert_eq!(report["coverage"].as_array().map(Vec::len), Some(6));
}

#[test]
fn a_failure_is_told_field_by_field_and_has_its_own_exit_code() {
    let folder = workspace();
    let tests = "tests:
  - name: a New York carrier
    at: 2026-03-03 10:00 America/New_York
    lead: { country: USA, state: New York, employees: about 240 }
    expect: { territory: US Northeast, tier: mid-market, rep: priya.nair }
";
    let output = run(folder.path(), tests, &[]);
    assert_eq!(code(&output), cli::EXPECTATION_FAILED);
    let told = text(&output.stdout);
    assert!(told.contains("FAIL rules/tests/t.yaml:2 a New York carrier"), "{told}");
    assert!(told.contains("rep        expected priya.nair"), "{told}");
    assert!(told.contains("0 passed, 1 failed."), "{told}");
    assert!(!told.contains("territory  expected"), "what is as expected is not told:\n{told}");
    let report = json_of(&run(folder.path(), tests, &["--format", "json"]));
    assert_eq!(report["tests"][0]["differences"][0]["field"], "rep");
}

#[test]
fn too_little_coverage_fails_and_says_what_is_not_reached() {
    let folder = workspace();
    let tests = "tests:
  - name: by an event
    event: fixtures/events/01-warm-transfer.json
    lead: { employees: 2000 }
    expect: { territory: New York City, tier: enterprise }
";
    let output = run(folder.path(), tests, &["--coverage", "--min-coverage", "50"]);
    let told = text(&output.stdout);
    assert_eq!(code(&output), cli::EXPECTATION_FAILED, "{told}");
    assert!(told.contains("1 passed, 0 failed."), "{told}");
    assert!(told.contains("Too few: 0 % of the routes are reached, 50 % are asked for."), "{told}");
    let unreached: Vec<&str> = told.lines().filter(|line| line.contains("not reached by any test")).collect();
    assert!(unreached.iter().any(|line| line.starts_with("rules/territories.csv:")), "{told}");
    assert!(unreached.iter().any(|line| line.starts_with("rules/handoff.yaml:") && line.contains("ladder")), "{told}");
    assert_eq!(code(&run(folder.path(), tests, &["--min-coverage", "0"])), cli::OK);
}

#[test]
fn a_filter_picks_by_name_or_file_and_finding_nothing_is_a_failure() {
    let folder = workspace();
    let tests = "defaults: { at: 2026-03-03T15:00:00Z }
tests:
  - { name: Bavarian mill, lead: { country: DE, state: Bavaria }, expect: { territory: DACH South } }
  - { name: wrong, lead: { country: DE }, expect: { territory: UKI } }
";
    assert_eq!(code(&run(folder.path(), tests, &["bavarian"])), cli::OK);
    assert_eq!(code(&run(folder.path(), tests, &["t.yaml"])), cli::EXPECTATION_FAILED);
    let nothing = run(folder.path(), tests, &["no such test"]);
    assert_eq!(code(&nothing), cli::FAILED);
    assert!(text(&nothing.stderr).contains("\"no such test\""));
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    code: String,
    line: u32,
    column: u32,
    /// Each stands somewhere in the printed message.
    says: Vec<String>,
    /// What the workspace says otherwise: file, text, and what stands there instead.
    edit: Option<(String, String, String)>,
}

fn edited((file, from, to): &(String, String, String)) -> tempfile::TempDir {
    let folder = workspace();
    edit(folder.path(), file, from, to);
    folder
}

#[test]
fn each_faulty_test_file_is_told_by_place_finding_and_remedy() {
    let folder = workspace();
    let mut names = entries(&root().join("fixtures/bad/tests"));
    names.retain(|path| path.extension().is_some_and(|end| end == "yaml"));
    assert!(names.len() >= 20, "only {} faulty test files were found", names.len());
    for path in names {
        let tests = std::fs::read_to_string(&path).expect("a test file");
        let expect = std::fs::read_to_string(path.with_extension("expect.toml")).expect("an expectation");
        let expect: Expect = toml::from_str(&expect).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let changed = expect.edit.as_ref().map(edited);
        let folder = changed.as_ref().unwrap_or(&folder);
        let output = run(folder.path(), &tests, &[]);
        let told = text(&output.stdout);
        assert_eq!(code(&output), cli::FAULTY, "{}: {told}{}", path.display(), text(&output.stderr));
        let lines: Vec<&str> = told.lines().collect();
        let [line] = lines.as_slice() else { panic!("{}: expected one fault, got\n{told}", path.display()) };
        let place = format!("rules/tests/t.yaml:{}:{} error {}:", expect.line, expect.column, expect.code);
        assert!(line.starts_with(&place), "{}: expected {place}, got\n{line}", path.display());
        for says in &expect.says {
            assert!(line.contains(says), "{}: {says:?} is missing in\n{line}", path.display());
        }
    }
}

#[test]
fn faults_in_all_test_files_are_told_at_once() {
    let folder = workspace();
    let broken = "tests:\n  - { name: a, at: noon, expect: { pool: nowhere } }\n";
    std::fs::write(folder.path().join("rules/tests/other.yaml"), broken).expect("a test file");
    let output = run(folder.path(), broken, &["--format", "json"]);
    assert_eq!(code(&output), cli::FAULTY);
    assert_eq!(json_of(&output)["faults"].as_array().map(Vec::len), Some(4));
}

/// What an editor is told is what the reader takes: the shipped files fit the schema, and misspelt ones do not.
#[test]
fn the_schema_fits_the_files() {
    let output = baton(&["schema", "expect"]);
    assert_eq!(code(&output), cli::OK);
    let schema = json_of(&output);
    let committed = std::fs::read_to_string(root().join("fixtures/schemas/expect.schema.json")).unwrap_or_default();
    assert_eq!(text(&output.stdout), committed, "run `baton schema expect > fixtures/schemas/expect.schema.json`");
    let validator = jsonschema::draft202012::new(&schema).expect("a valid schema");
    let reads = |value: Value| validator.is_valid(&value);
    let fine = serde_json::json!({ "defaults": { "at": "2026-03-03T15:00:00Z" }, "tests": [
        { "name": "a", "lead": { "country": "DE", "employees": 5, "custom": { "x": 1 } }, "expect": { "pool": "p" } },
        { "name": "b", "table": "country => pool\nDE => p" },
    ] });
    assert!(reads(fine.clone()));
    for (pointer, key) in
        [("/defaults", "att"), ("/tests/0", "leed"), ("/tests/0/lead", "contry"), ("/tests/0/expect", "pol")]
    {
        let mut wrong = fine.clone();
        wrong.pointer_mut(pointer).expect("a place")[key] = "x".into();
        assert!(!reads(wrong), "{pointer}/{key} should be refused");
    }
}

/// A route asks for a consent, and tests say what the caller agreed to, in either form.
#[test]
fn a_test_says_what_the_caller_agreed_to() {
    let folder = workspace();
    let route = "routes:\n  - { name: no calls, when: \"!lead.consent.callback\", to: { rep: priya.nair } }\n";
    edit(folder.path(), "rules/routing.yaml", "routes:\n", route);
    let tests = "\
defaults:
  at: Tue 2026-03-03 15:00 Europe/London
  lead: { country: US, employees: 40 }
tests:
  - { name: refused, lead: { consent.callback: no }, expect: { route: no calls } }
  - { name: agreed, lead: { consent.callback: yes }, expect: { route: none } }
  - { name: asked for, lead: { handoff: callback }, expect: { route: none } }
  - name: rows
    table: |
      consent.callback => route
      no               => no calls
      yes              => none
";
    let output = run(folder.path(), tests, &[]);
    assert_eq!(code(&output), cli::OK, "{}{}", text(&output.stdout), text(&output.stderr));
}

/// One default was told three times over, as if somebody had written New York into Germany.
#[test]
fn a_test_in_another_country_leaves_the_place_of_the_defaults_behind() {
    let folder = workspace();
    let tests = "\
defaults:
  at: Tue 2026-03-03 15:00 Europe/London
  lead: { country: US, state: NY, postal: 10013, city: New York, employees: 250 }
tests:
  - { name: Germany, lead: { country: Germany }, expect: { territory: DACH } }
  - { name: by its code, lead: { country: DE, postal: 80331 }, expect: { territory: DACH } }
  - name: rows
    table: |
      country => tier
      France  => mid-market
      Brazil  => mid-market
  - { name: the same country, lead: { country: US, employees: 40 }, expect: { tier: smb, territory: New York City } }
";
    let output = run(folder.path(), tests, &[]);
    assert_eq!(code(&output), cli::OK, "{}{}", text(&output.stdout), text(&output.stderr));
}
