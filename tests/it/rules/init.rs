//! `baton init`: every trade's workspace works as written, and nothing that exists is ever overwritten.

use crate::program::{baton, code, json_of, told};
use baton::cli;
use serde_json::Value;
use std::path::Path;
use std::process::Output;
use tempfile::TempDir;

pub const TRADES: [&str; 6] = ["saas", "healthcare", "automotive", "real-estate", "legal", "collections"];

pub fn init(folder: &Path, trade: &str) -> Output {
    baton(&["init", folder.to_str().expect("a plain path"), "--template", trade])
}

/// A workspace as it is begun for a trade.
pub fn begun(trade: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let written = init(folder.path(), trade);
    assert_eq!(code(&written), cli::OK, "{trade}: {}", told(&written));
    folder
}

#[test]
fn every_trade_checks_without_a_warning_and_its_tests_reach_its_rules() {
    for trade in TRADES {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("new/workspace");
        let written = init(&place, trade);
        assert_eq!(code(&written), cli::OK, "{trade}: {}", told(&written));
        assert!(told(&written).contains("baton check"), "{trade}: the next step is told");
        let place = place.to_str().expect("a plain path");
        let check = baton(&["check", place, "--format", "json"]);
        let report = json_of(&check);
        assert_eq!(report["ok"], true, "{trade}: {}", told(&check));
        let told_of = report["warnings"].as_array().expect("a list").iter();
        // Whoever begins with it years from now is told to add holidays.
        let meant = |fault: &&Value| fault["level"] != "info" && fault["code"] != "holidays-end";
        let warnings: Vec<&Value> = told_of.filter(meant).collect();
        assert!(warnings.is_empty(), "{trade}: {warnings:#?}");
        let test = baton(&["test", place, "--min-coverage", "90", "--coverage"]);
        assert_eq!(code(&test), cli::OK, "{trade}: {}", told(&test));
        assert!(!told(&test).starts_with("0 passed"), "{trade}: {}", told(&test));
    }
}

/// A workspace in which somebody has worked: told what is in the way, and not a byte is changed.
#[test]
fn nothing_is_overwritten() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("rules")).expect("a folder");
    std::fs::write(folder.path().join("rules/reps.csv"), "mine").expect("a file");
    let output = init(folder.path(), "saas");
    assert_eq!(code(&output), cli::FAILED);
    assert!(told(&output).contains("  rules/reps.csv"), "{}", told(&output));
    assert_eq!(std::fs::read_to_string(folder.path().join("rules/reps.csv")).expect("a file"), "mine");
    assert!(!folder.path().join("baton.toml").exists(), "half a workspace was written");
}

const TEMPLATES: &str =
    "  saas         Software: segments by size, desks by country, customers to the people who know them
  healthcare   Healthcare: payers and providers, licences by state
  automotive   Car dealers: dealerships by ZIP code, new, used and fleet, training by brand
  real-estate  Real estate: farms of ZIP codes, sellers and buyers, languages
  legal        Law firms: conflict check first, practice groups, admission by state
  collections  Collections: cease requests and disputes first, age of the account, licences, calling hours
";

#[test]
fn whoever_names_no_template_is_told_which_there_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().to_str().expect("a plain path");
    let output = baton(&["init", place]);
    assert_eq!(code(&output), cli::USAGE);
    let told_first = format!(
        "error: a template is needed, nothing was written: baton init {place} --template NAME, where NAME is\n"
    );
    assert_eq!(told(&output), format!("{told_first}{TEMPLATES}"));
}

#[test]
fn an_unknown_trade_is_told_which_there_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = init(folder.path(), "bakery");
    assert_eq!(code(&output), cli::USAGE);
    for trade in TRADES {
        assert!(told(&output).contains(trade), "{}", told(&output));
    }
}
