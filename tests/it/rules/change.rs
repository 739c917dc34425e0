//! What a change of the rules does, as a person sees it before the rules go live: `baton diff` on small edits of a workspace.

use crate::eventually::eventually;
use crate::program::{baton, code, copy, edit, is_as_reviewed, root, stderr, stdout};
use crate::store::server::{Db, sqlite_in};
use crate::town;
use baton::cli;
use baton_clock::{SharedClock, SystemClock};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use tempfile::TempDir;

pub const MONDAY: &str = "2026-03-02";

/// A small workspace that stays as it is, so that what an edit moves can be told to the lead; once more in `old/`.
fn small() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for rules in ["rules", "old/rules"] {
        copy(&root().join("fixtures/bad/base"), &folder.path().join(rules));
    }
    folder
}

/// Its rules with one text of one file put in place of another.
fn edited(file: &str, from: &str, to: &str) -> TempDir {
    let folder = small();
    edit(folder.path(), file, from, to);
    folder
}

fn diff(new: &Path, more: &[&str]) -> Output {
    let (old, new) = (new.join("old").display().to_string(), new.display().to_string());
    baton(&[&["diff", &old, &new, "--from", MONDAY], more].concat())
}

fn diff_json(new: &Path, more: &[&str]) -> Value {
    let output = diff(new, &[&["--format", "json"], more].concat());
    serde_json::from_str(&stdout(&output)).expect("JSON")
}

#[test]
fn a_territory_that_moves_takes_exactly_its_leads_along() {
    let moved = edited("rules/territories.csv", "\nBenelux,NL,", "\nJapan,NL,");
    let page = diff_json(moved.path(), &["--leads", "3000"]);
    let done = &page["comparison"];
    let moves = done["moves"].as_array().expect("moves");
    let by_territory: Vec<&Value> = moves.iter().filter(|one| one["cause"] == "territory").collect();
    assert_eq!(by_territory.len(), 1, "{moves:#?}");
    assert_eq!((&by_territory[0]["from"], &by_territory[0]["to"]), (&"Benelux".into(), &"Japan".into()));
    let gone = |name: &str, side: &str| done["territories"][name][side].as_u64().expect("a number");
    let leads = by_territory[0]["leads"].as_u64().expect("a number");
    assert!(leads > 20, "only {leads} leads of the Netherlands");
    assert_eq!(gone("Benelux", "old") - gone("Benelux", "new"), leads);
    assert_eq!(gone("Japan", "new") - gone("Japan", "old"), leads);
    for example in by_territory[0]["examples"].as_array().expect("examples") {
        assert!(example["lead"].as_str().expect("words").starts_with("NL"), "{example}");
        assert!(example["new"]["territory"].as_str().expect("words").contains("country NL"), "{example}");
    }
    let lost: Vec<_> =
        moves.iter().filter(|one| ["owner", "route", "tier", "pool"].iter().any(|c| one["cause"] == *c)).collect();
    assert!(lost.is_empty(), "nothing else changed: {lost:#?}");
}

#[test]
fn without_a_change_nothing_moves() {
    let same = edited("rules/routing.yaml", "# yaml-language-server: $schem", "# Another comment.");
    let text = stdout(&diff(same.path(), &["--leads", "1500"]));
    assert!(text.starts_with("Every one of 1,500 leads goes where it went before."), "{text}");
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_one_other_leads() {
    let moved = edited("rules/territories.csv", "\nBenelux,NL,", "\nJapan,NL,");
    let run = |seed: &str| stdout(&diff(moved.path(), &["--leads", "800", "--seed", seed, "--format", "json"]));
    assert_eq!(run("7"), run("7"));
    assert_ne!(run("7"), run("8"));
}

/// Small enough to be read: three leads of the Netherlands and one each of their neighbours.
const LEADS: &str = r#"{"id":"nl-1","at":"2026-03-03T09:00:00Z","country":"Netherlands","employees":240,"language":"en"}
{"id":"de-1","at":"2026-03-03T09:05:00Z","country":"Germany","employees":240,"language":"de"}
{"id":"nl-2","at":"2026-03-03T09:10:00Z","lead.country":"NL","employees":4000,"language":"en"}
{"id":"be-1","at":"2026-03-03T09:15:00Z","country":"BE","employees":300,"language":"fr"}

{"id":"nl-3","at":"2026-03-03T09:20:00Z","company":{"country":"NL","employees":"20-50"},"contact":{"email":"ann@fen.example"}}
"#;

fn replayed(new: &Path, format: &str) -> String {
    let leads = new.join("leads.jsonl");
    std::fs::write(&leads, LEADS).expect("leads");
    let text = stdout(&diff(new, &["--replay", leads.to_str().expect("a path"), "--format", format]));
    let (old, new) = (new.join("old").display().to_string(), new.display().to_string());
    text.replace(&format!("{new}/leads.jsonl"), "leads.jsonl").replace(&old, "OLD").replace(&new, "NEW")
}

#[test]
fn a_replay_reads_as_it_should() {
    let moved = edited("rules/territories.csv", "\nBenelux,NL,", "\nJapan,NL,");
    for (format, name) in [("text", "diff/moved.txt"), ("markdown", "diff/moved.md")] {
        is_as_reviewed(name, &replayed(moved.path(), format));
    }
}

#[test]
fn a_line_that_is_no_lead_is_told_with_its_number() {
    let folder = tempfile::tempdir().expect("a folder");
    let leads = folder.path().join("leads.jsonl");
    std::fs::write(&leads, "{\"country\":\"NL\"}\n{\"country\":\n").expect("leads");
    let output = diff(small().path(), &["--replay", leads.to_str().expect("a path")]);
    assert_eq!(code(&output), cli::FAULTY);
    let told = stderr(&output);
    assert!(told.contains("leads.jsonl:2: "), "{told}");
    assert!(!told.contains("leads.jsonl:1: "), "{told}");
}

#[test]
fn faulty_rules_are_told_and_compared_with_nothing() {
    let faulty = edited("rules/routing.yaml", "policy: strict", "policy: strikt");
    let output = diff(faulty.path(), &["--leads", "10"]);
    assert_eq!(code(&output), cli::FAULTY);
    assert!(stderr(&output).contains("did you mean \"strict\"?"), "{output:?}");
    assert!(output.stdout.is_empty());
}

/// The old rules come out of git, the new ones from the folder as it stands.
#[test]
fn a_revision_of_the_workspace_is_read_from_git() {
    let folder = edited("rules/territories.csv", "\nBenelux,NL,", "\nBenelux,NL,");
    let dir = folder.path().display().to_string();
    let git = |arguments: &[&str]| {
        let who = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"];
        let done = Command::new("git").args(["-C", &dir]).args(who).args(arguments).output().expect("git");
        stdout(&done);
    };
    git(&["init", "-q", "-b", "main"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "as it was"]);
    edit(folder.path(), "rules/territories.csv", "\nBenelux,NL,", "\nJapan,NL,");
    let text = stdout(&baton(&["diff", "--against", "main", "-w", &dir, "--from", MONDAY, "--leads", "1000"]));
    assert!(text.contains("territory: Benelux -> Japan"), "{text}");
    assert!(text.contains("old    revision main\n"), "{text}");
    let wrong = baton(&["diff", "--against", "nowhere", "-w", &dir]);
    assert_eq!(code(&wrong), cli::FAILED);
    assert!(stderr(&wrong).contains("nowhere"), "{wrong:?}");
}

#[test]
fn a_pool_that_loses_a_member_and_a_lost_territory_show_as_such() {
    let fewer = edited("rules/routing.yaml", "members: [hannah.cohen, tyler.brooks]", "members: [hannah.cohen]");
    let page = diff_json(fewer.path(), &["--leads", "1500"]);
    let tyler = &page["comparison"]["reps"]["tyler.brooks"];
    assert!(tyler["new"].as_u64() < tyler["old"].as_u64(), "{tyler}");
    let moved = page["comparison"]["moves"].as_array().expect("moves").iter();
    assert!(moved.clone().any(|one| one["cause"] == "candidates" && one["from"] == "tyler.brooks"), "{page:#}");

    let gap = edited("rules/territories.csv", "\nBenelux,BE;LU,,,,,,,,\n", "\n");
    let page = diff_json(gap.path(), &["--leads", "1500"]);
    assert!(page["comparison"]["new_fallbacks"].as_u64() > Some(10), "Belgium falls to the catch-all: {page:#}");
    let catch_all = &page["comparison"]["fallbacks"]["catch_all"];
    assert!(catch_all["new"].as_u64() > catch_all["old"].as_u64(), "{catch_all}");
}

/// What a worker decided, decided once more with rules by which France belongs to the east desk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stored_leads_are_compared_with_what_was_known_then() {
    let folder = town::founded(3);
    for part in ["rules", "templates"] {
        copy(&folder.path().join(part), &folder.path().join("old").join(part));
    }
    let url = sqlite_in(folder.path());
    std::fs::write(folder.path().join("baton.toml"), format!("[database]\nurl = {url:?}\n")).expect("baton.toml");
    let db = Db::open(url).await;
    let place = folder.path().to_str().expect("a path");
    let old = folder.path().join("old");
    let since = |span: &str| {
        let old = old.to_str().expect("a path");
        baton(&["diff", old, "--since", span, "--workspace", place, "--format", "json"])
    };
    let nothing = since("1d");
    assert!(!nothing.status.success() && stderr(&nothing).contains("no leads to compare: leads decided since"));

    let clock: SharedClock = Arc::new(SystemClock);
    let worker = town::worker(folder.path(), &db.store, &clock).await;
    for number in 0..12 {
        worker.decider.take(vec![town::message(number, clock.now())]).await.expect("it is taken");
    }
    // A worker that stops decides nothing more.
    eventually("all are decided", || async { db.number("SELECT COUNT(*) FROM decision").await >= 12 }).await;
    worker.stop().await;
    edit(folder.path(), "rules/territories.csv", "East,GB,", "East,GB;FR,");
    let page: Value = serde_json::from_str(&stdout(&since("1d"))).expect("JSON");
    let done = &page["comparison"];
    assert_eq!(done["leads"], 12, "{done:#}");
    let by_territory: Vec<&Value> =
        done["moves"].as_array().expect("moves").iter().filter(|one| one["cause"] == "territory").collect();
    let french: u64 = by_territory.iter().map(|one| one["leads"].as_u64().expect("a number")).sum();
    assert_eq!(french, 4, "every third caller is French: {done:#}");
    assert!(by_territory.iter().all(|one| one["to"] == "East"), "{by_territory:#?}");
}
