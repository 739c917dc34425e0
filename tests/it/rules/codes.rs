//! The codes of faults: each is met by somebody and explained to everybody.

use crate::program::{entries, root};
use baton_core::rules::fault::codes::CODES;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// All files below these folders of the package.
fn files_below(folders: &[&str]) -> Vec<PathBuf> {
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    let mut files = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(entries(&path));
        } else {
            files.push(path);
        }
    }
    files
}

/// What `baton check` and `baton test` can say, somebody has read: each code stands in at least one expectation.
#[test]
fn every_code_is_met_by_a_faulty_workspace_or_test_file() {
    let mut met = BTreeSet::new();
    for path in files_below(&["fixtures/bad/rules", "fixtures/bad/tests"]) {
        if path.to_string_lossy().ends_with("expect.toml") {
            let expect = std::fs::read_to_string(&path).expect("an expectation");
            let expect: toml::Table = expect.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            met.insert(expect["code"].as_str().expect("a code").to_owned());
        }
    }
    let unmet: Vec<&str> = CODES.iter().map(|(code, _)| *code).filter(|code| !met.contains(*code)).collect();
    assert!(unmet.is_empty(), "without a faulty workspace: {unmet:?}");
}

/// In order, each with a meaning, and each still told by some rule; a code that is told without a meaning panics in tests.
#[test]
fn every_code_is_explained_and_none_is_left_over() {
    let files = files_below(&["crates/core/src/rules", "crates/platforms/src/mapping", "src/cli/rules/test"]);
    let told = files.iter().filter(|path| !path.ends_with("codes.rs"));
    let sources: String = told.map(|path| std::fs::read_to_string(path).expect("readable")).collect();
    let codes: Vec<&str> = CODES.iter().map(|(code, _)| *code).collect();
    assert!(codes.is_sorted(), "they are looked up by halves");
    let left_over: Vec<&&str> = codes.iter().filter(|code| !sources.contains(&format!("\"{code}\""))).collect();
    assert!(left_over.is_empty(), "{left_over:?}");
    let silent: Vec<_> = CODES.iter().filter(|(_, meaning)| !meaning.ends_with('.')).collect();
    assert!(silent.is_empty(), "{silent:?}");
}
