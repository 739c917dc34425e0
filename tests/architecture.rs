//! Who may import whom; in the modules below, what may be named where, what goes round in circles, what nothing names but tests,
//! and how large anything may be.
//!
//! The source is read as text: comments and literals are blanked, test code is left out, `mod` declarations are followed
//! from the roots. The checker is checked itself, on made-up sources, in `checked`.

#[path = "architecture/checked.rs"]
mod checked;
#[path = "architecture/circles.rs"]
mod circles;
#[path = "architecture/size.rs"]
mod size;
#[path = "architecture/source.rs"]
mod source;
#[path = "architecture/text.rs"]
mod text;
#[path = "architecture/unused.rs"]
mod unused;
#[path = "architecture/words.rs"]
mod words;

use source::{House, Import, Source, house};
use std::collections::BTreeSet;

/// The arrows of the house (DESIGN §14): a room, and what it may import. An arrow that is not here needs a reason. What a crate
/// as a whole may name is in its `Cargo.toml`, and the compiler holds that.
const ARROWS: [(&str, &[&str]); 29] = [
    // The crate that decides, and cannot act: the nouns, the rules, the two functions that judge.
    ("domain", &[]),
    ("rules", &["domain"]),
    ("routing", &["rules", "domain"]),
    ("handoff", &["rules", "domain"]),
    ("rehearsal", &["handoff", "routing", "rules", "domain"]),
    ("core", &[]),
    // Crates of their own: text in, rule files out; requests of voice platforms in, events out; the clock; registered domains; a
    // world to try it in.
    ("import", &["domain", "rules"]),
    ("platforms", &["domain", "rules"]),
    ("clock", &[]),
    ("domains", &[]),
    ("sandbox", &["clock"]),
    // Who calls and who is rung in tests and benches.
    ("phones", &[]),
    // Vendors and people.
    // `rules` for spans, which are written there as in rule files.
    ("config", &["domain", "rules"]),
    // What is counted is counted where it happens; whoever counts names no types but its own.
    ("telemetry", &["clock", "domain"]),
    ("mcp", &["rules"]),
    ("failpoint", &["clock", "config"]),
    // `platforms` for the signature under a webhook: made where those of others are checked.
    ("connectors", &["clock", "domain", "platforms", "telemetry"]),
    ("render", &["domain", "handoff", "routing", "rules"]),
    // Rows.
    ("store", &["clock", "domain", "handoff", "routing", "rules", "telemetry"]),
    ("reports", &["domain", "rules", "store"]),
    // What a worker decides and writes with.
    ("release", &["domain", "platforms", "render", "rules", "store"]),
    // The path of a lead.
    ("intake", &["clock", "domain", "domains", "rules", "telemetry"]),
    // What rules would do, and nothing is done.
    ("rehearse", &["domain", "intake", "platforms", "rehearsal", "render", "routing", "rules", "store"]),
    ("facts", &["clock", "connectors", "domain", "release", "routing", "rules", "store", "telemetry"]),
    // Platforms: what a call's live channel is sent is written by the platform's mapping.
    (
        "outbox",
        &[
            "clock",
            "connectors",
            "domain",
            "handoff",
            "platforms",
            "release",
            "render",
            "routing",
            "rules",
            "store",
            "telemetry",
        ],
    ),
    (
        "deciding",
        &[
            "clock",
            "domain",
            "facts",
            "handoff",
            "intake",
            "release",
            "render",
            "routing",
            "rules",
            "store",
            "telemetry",
        ],
    ),
    // What reps answer in the chat: heard from a vendor, told to the same one, and done as at any other door.
    (
        "chat",
        &["clock", "connectors", "deciding", "domain", "handoff", "release", "render", "routing", "rules", "store"],
    ),
    // Doors. `app`, `cli`, `lib` and `main` wire things together and may import everything below them.
    (
        "web",
        &[
            "chat",
            "clock",
            "deciding",
            "domain",
            "handoff",
            "intake",
            "mcp",
            "platforms",
            "rehearsal",
            "rehearse",
            "release",
            "render",
            "reports",
            "routing",
            "rules",
            "store",
            "telemetry",
        ],
    ),
    (
        "app",
        &[
            "chat",
            "clock",
            "config",
            "connectors",
            "deciding",
            "domain",
            "facts",
            "handoff",
            "intake",
            "outbox",
            "platforms",
            "rehearse",
            "release",
            "render",
            "reports",
            "routing",
            "rules",
            "sandbox",
            "store",
            "telemetry",
            "web",
        ],
    ),
];

/// Single names that may cross where the rooms may not.
const CROSSINGS: [(&str, &str, &[&str], &str); 10] = [
    (
        "handoff",
        "routing",
        &["Decision", "Snapshot", "decision", "ledger", "scenario"],
        "a handoff begins from a decision and what it saw, and says why a turn moves; so do its tests",
    ),
    ("deciding", "connectors", &["Spoken"], "the shape of a sentence for the caller, not a vendor"),
    ("deciding", "rehearsal", &["Trial", "world"], "a test compares what a worker knows with what a rehearsal does"),
    ("connectors", "rules", &["words"], "calendars name time zones as people and Windows do, and one table reads them"),
    ("render", "connectors", &["Card"], "the shape of a chat message, not a vendor"),
    ("reports", "routing", &["ledger"], "shares are shown beside what the ledger says is due"),
    ("store", "connectors", &["CrmRef"], "the shape of a CRM record's name, not a vendor"),
    (
        "deciding",
        "outbox",
        &["Matter", "Outbox", "instruct"],
        "first steps are set going at once, the first sentence is spoken at once, and other steps make room for decisions",
    ),
    ("outbox", "facts", &["Facts"], "free times are found in calendars, which are read as facts are"),
    ("web", "outbox", &["FeedbackLinks"], "whoever signs a link and whoever checks it share one secret"),
];

// ---- the checks on this tree ---------------------------------------------------------------------------------------

#[test]
fn modules_import_along_the_arrows() {
    none(house().files.values().flat_map(wrong_arrows));
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

fn unreachable(house: &House) -> Vec<String> {
    let lost = house.files.keys().filter(|path| !house.reached.contains(*path));
    lost.map(|path| format!("{path}: no `mod` leads here from a lib.rs or main.rs: declare it or delete it")).collect()
}
