//! What is built into the program: only licences, sources and crates that `deny.toml` lets in. The same three questions as
//! `cargo deny check bans licenses sources`, of what this machine builds, so that nothing has to be installed to ask them.

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Every crate of the lock file that this platform builds.
fn packages() -> Vec<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let version = Command::new("rustc").arg("-vV").output().expect("rustc answers").stdout;
    let version = String::from_utf8(version).expect("text");
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host");
    let mut metadata = Command::new(cargo);
    metadata.args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", host]);
    let output = metadata.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("cargo answers");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let used: BTreeSet<&str> =
        metadata["resolve"]["nodes"].as_array().into_iter().flatten().filter_map(|node| node["id"].as_str()).collect();
    let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
    packages.into_iter().filter(|package| package["id"].as_str().is_some_and(|id| used.contains(id))).collect()
}

fn deny() -> toml::Table {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("deny.toml")).expect("deny.toml");
    text.parse().expect("deny.toml is TOML")
}

/// Whether an SPDX expression lets us choose licences that are all allowed. `/` is how `OR` was written once.
fn fits(expression: &str, allowed: &BTreeSet<&str>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let fits = any_of(&words, &mut at, allowed);
    fits && at == words.len()
}

fn any_of(words: &[&str], at: &mut usize, allowed: &BTreeSet<&str>) -> bool {
    let mut fits = all_of(words, at, allowed);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        fits |= all_of(words, at, allowed);
    }
    fits
}

fn all_of(words: &[&str], at: &mut usize, allowed: &BTreeSet<&str>) -> bool {
    let mut fits = one(words, at, allowed);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        fits &= one(words, at, allowed);
    }
    fits
}

fn one(words: &[&str], at: &mut usize, allowed: &BTreeSet<&str>) -> bool {
    let Some(word) = words.get(*at) else { return false };
    *at += 1;
    if *word == "(" {
        let fits = any_of(words, at, allowed);
        *at += 1;
        return fits;
    }
    match (words.get(*at), words.get(*at + 1)) {
        (Some(&"WITH"), Some(exception)) => {
            *at += 2;
            allowed.contains(format!("{word} WITH {exception}").as_str())
        }
        _ => allowed.contains(word),
    }
}

#[test]
fn every_crate_has_a_licence_that_is_allowed() {
    let deny = deny();
    let allowed: BTreeSet<&str> =
        deny["licenses"]["allow"].as_array().expect("a list").iter().filter_map(toml::Value::as_str).collect();
    let packages = packages();
    assert!(packages.len() > 100, "{} crates", packages.len());
    let ours = |package: &&Value| package["source"].is_null();
    let refused: Vec<String> = packages
        .iter()
        .filter(|package| !ours(package))
        .filter(|package| !package["license"].as_str().is_some_and(|licence| fits(licence, &allowed)))
        .map(|package| format!("{} {}: {}", package["name"], package["version"], package["license"]))
        .collect();
    assert!(refused.is_empty(), "not allowed by deny.toml: {refused:#?}");
}

#[test]
fn no_crate_is_banned_or_from_elsewhere() {
    let deny = deny();
    let banned: Vec<(String, Option<Vec<u64>>)> = deny["bans"]["deny"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|ban| ban["crate"].as_str())
        .map(|ban| match ban.split_once("@<") {
            Some((name, below)) => (name.to_owned(), Some(numbers(below))),
            None => (ban.to_owned(), None),
        })
        .collect();
    for package in packages().iter().filter(|package| !package["source"].is_null()) {
        let (name, version) =
            (package["name"].as_str().expect("a name"), package["version"].as_str().expect("a version"));
        let hit = banned.iter().any(|(ban, below)| {
            ban == name && below.as_ref().is_none_or(|below| numbers(version)[..below.len()] < below[..])
        });
        assert!(!hit, "{name} {version} is banned in deny.toml");
        let source = package["source"].as_str().expect("a source");
        assert_eq!(source, "registry+https://github.com/rust-lang/crates.io-index", "{name} {version}");
    }
}

fn numbers(version: &str) -> Vec<u64> {
    let plain = version.split(['-', '+']).next().unwrap_or_default();
    plain.split('.').map(|part| part.parse().expect("a number")).collect()
}

#[test]
fn a_choice_of_licences_needs_one_that_is_allowed_and_a_sum_needs_all() {
    let allowed = BTreeSet::from(["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"]);
    for (expression, expected) in [
        ("MIT", true),
        ("GPL-3.0-only", false),
        ("GPL-3.0-only OR MIT", true),
        ("GPL-3.0-only/MIT", true),
        ("MIT AND ISC", true),
        ("MIT AND GPL-3.0-only", false),
        ("ISC AND (GPL-3.0-only OR MIT) AND ISC", true),
        ("ISC AND (GPL-3.0-only OR MIT) AND GPL-3.0-only", false),
        ("Apache-2.0 WITH LLVM-exception OR GPL-3.0-only", true),
        ("Apache-2.0", false),
        ("", false),
    ] {
        assert_eq!(fits(expression, &allowed), expected, "{expression:?}");
    }
}
