//! The same from the command line: who ran what, and how the chain is listed, exported and proved.

use super::{ROOT, put_aside};
use crate::eventually::{eventually, within};
use crate::program::served::{Served, get, post};
use crate::program::{code, edit, json_of, told};
use crate::store::server::{Db, sqlite_in};
use crate::town::Caller;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// The entries as they are exported, the oldest first.
fn exported(served: &Served) -> Vec<Value> {
    let lines = served.run(&["audit", "--format", "json"]);
    let mut entries: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    entries.reverse();
    entries
}

/// A worker whose rules are told of already.
fn served() -> Served {
    let toml = "[http.tokens]\nroot = { secret = \"env:ROOT\", scopes = [\"admin\"] }\n";
    let served = Served::start(toml, "info", &[("ROOT", ROOT)]);
    let is_told = || (exported(&served).len() == 1).then_some(());
    assert_eq!(within(Duration::from_secs(30), is_told), Some(()), "the rules that count");
    served
}

async fn database(folder: &Path) -> Db {
    Db::open(sqlite_in(folder)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_that_changes_something_is_told_of_whoever_ran_it() {
    let served = served();
    let db = database(served.folder.path()).await;
    let (dropped, replayed) = (put_aside(&db, 1).await, put_aside(&db, 2).await);
    let (dropped, replayed) = (dropped.as_str(), replayed.as_str());
    let credit = ["ledger", "west", "--credit", "west-01", "--reason", "was ill", "--author", "lena"];
    let done: [(&[&str], &str, &str, Option<&str>); 7] = [
        (
            &["token", "add", "retell", "--scopes", "intake,read", "--source", "retell"],
            "token.add",
            "retell",
            Some("intake,read, events of retell"),
        ),
        (&["token", "revoke", "retell"], "token.revoke", "retell", None),
        (&["quarantine", "drop", dropped], "quarantine.drop", dropped, None),
        (&["quarantine", "replay", replayed], "quarantine.replay", replayed, None),
        (&credit, "turn.credit", "west-01", Some("1 in west, lena: was ill")),
        (
            &["ledger", "west", "--skip", "west-02", "--turns", "2", "--reason", "was ill", "--author", "lena"],
            "turn.skip",
            "west-02",
            Some("2 in west, lena: was ill"),
        ),
        (&["prune"], "keep.prune", "keep", Some("nothing had had its time")),
    ];
    for (args, act, subject, why) in done {
        served.run(args);
        let entries = exported(&served);
        let newest = entries.last().expect("an entry");
        assert_eq!((&newest["act"], &newest["subject"], newest["why"].as_str()), (&json!(act), &json!(subject), why));
        assert!(newest["actor"].as_str().is_some_and(|actor| actor.starts_with("cli ")), "{newest}");
    }
    let before = exported(&served).len();
    let refused: [&[&str]; 5] = [
        &["token", "add", "retell", "--scopes", "read"],
        &["token", "add", "nobody", "--scopes", "read"],
        &["token", "revoke", "retell"],
        &["quarantine", "drop", dropped],
        &["ledger", "west", "--credit", "nobody.here", "--reason", "was ill", "--author", "lena"],
    ];
    for args in refused {
        assert_eq!(code(&served.baton(args)), 1, "{args:?}");
    }
    for args in
        [&["token", "list"][..], &["quarantine", "list"], &["ledger", "west"], &["releases"], &["prune", "--dry-run"]]
    {
        served.run(args);
    }
    assert_eq!(exported(&served).len(), before, "what was refused and what was read is not told");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lead_that_is_erased_by_command_is_told_of_as_asked_for_and_as_done() {
    let served = served();
    let caller = Caller::gone(9);
    let lead = caller.lead().to_string();
    assert_eq!(served.ask(&post("/v1/events", Some(ROOT), &caller.event.to_string())).status, 202);
    let db = database(served.folder.path()).await;
    eventually("it is decided", || async { db.number("SELECT COUNT(*) FROM lead").await == 1 }).await;
    let before = exported(&served).len();
    served.run(&["erase", "--lead", &lead, "--dry-run"]);
    assert_eq!(exported(&served).len(), before, "what was only looked at is not told");
    served.run(&["erase", "--lead", &lead, "--why", "asked by letter"]);
    let told = || {
        let entries: Vec<Value> = exported(&served).split_off(before);
        (entries.len() == 2).then_some(entries)
    };
    let told = within(Duration::from_secs(30), told).expect("it is asked for, and done");
    assert_eq!((&told[0]["act"], &told[1]["act"]), (&json!("erasure.ask"), &json!("lead.erase")), "{told:?}");
    assert_eq!(told[1]["subject"], lead.as_str());
    for entry in &told {
        assert_eq!(entry["why"], "asked by letter", "{entry}");
        assert!(entry["actor"].as_str().is_some_and(|actor| actor.starts_with("cli ")), "{entry}");
    }
}

#[test]
fn rules_that_count_and_rules_that_are_put_back_are_told_with_their_release() {
    let served = served();
    let live = || served.ask(&get("/v1/rules", Some(ROOT))).json()["release"].as_str().expect("a release").to_owned();
    let first = live();
    edit(served.folder.path(), "rules/handoff.yaml", "ring_at_most: 2", "ring_at_most: 3");
    let other_than = |release: &str| {
        let look = || Some(live()).filter(|now| now != release);
        within(Duration::from_secs(30), look).expect("other rules count")
    };
    let second = other_than(&first);
    served.run(&["rollback", &first]);
    assert_eq!(other_than(&second), first);
    let told: Vec<_> = exported(&served)
        .iter()
        .map(|entry| {
            (entry["act"].clone(), entry["subject"].clone(), entry["actor"].as_str().expect("who")[..3].to_owned())
        })
        .collect();
    let entry = |act: &str, release: &str, actor: &str| (json!(act), json!(release), actor.to_owned());
    let expected = [
        entry("rules.live", &first, "wor"),
        entry("rules.live", &second, "wor"),
        entry("rules.rollback", &first, "cli"),
        entry("rules.live", &first, "wor"),
    ];
    assert_eq!(told, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_chain_is_proved_exported_and_held_against_a_hash_that_was_kept() {
    let mut served = served();
    let verify = |served: &Served, head: &[&str]| served.baton(&[&["audit", "verify"][..], head].concat());
    served.run(&["token", "add", "first", "--scopes", "read"]);
    let entries = exported(&served);
    let kept = entries.last().expect("an entry")["hash"].as_str().expect("a hash").to_owned();
    served.run(&["token", "add", "second", "--scopes", "read"]);
    let out = verify(&served, &["--head", &kept]);
    assert!(
        code(&out) == 0 && told(&out).contains("3 entries") && told(&out).contains("that of entry 2"),
        "{}",
        told(&out)
    );
    let out = verify(&served, &["--head", &"f".repeat(64)]);
    assert!(code(&out) == 1 && told(&out).contains("that of no entry"), "{}", told(&out));
    let sheet = served.run(&["audit", "--format", "csv", "--subject", "second"]);
    let rows: Vec<&str> = sheet.lines().collect();
    assert!(rows.len() == 2 && rows[0].starts_with("seq,at,actor") && rows[1].contains("token.add,second"), "{sheet}");
    let text = served.run(&["audit", "--limit", "1", "--since", "1h"]);
    assert!(text.lines().count() == 1 && text.contains("second"), "{text}");
    // The head is where nobody reaches it who only reaches the database.
    let head = exported(&served)[0]["hash"].as_str().expect("a hash").to_owned();
    eventually("the log has the head", || async { served.log().contains(&head) }).await;

    let db = database(served.folder.path()).await;
    db.execute("DROP TRIGGER audit_unchanged").await;
    db.execute("UPDATE audit SET subject = 'third' WHERE seq = 2").await;
    let out = verify(&served, &[]);
    assert!(code(&out) == 1 && told(&out).contains("entry 2 is not: something in it was changed"), "{}", told(&out));
    served.stops_within(Duration::from_secs(5));
}

#[test]
fn a_worker_without_tokens_tells_of_nobody() {
    let served = Served::start("", "info", &[]);
    let event = Caller::gone(1).event.to_string();
    let lead = within(Duration::from_secs(30), || {
        let answer = served.ask(&post("/v1/leads?wait=1500ms", None, &event)).json();
        Some((answer["lead"].as_str()?.to_owned(), answer["owner"].as_str()?.to_owned()))
    });
    let (lead, owner) = lead.expect("it is decided");
    let said = json!({ "lead": lead, "rep": owner, "quality": 4 }).to_string();
    assert_eq!(served.ask(&post("/v1/feedback", None, &said)).status, 201);
    let told = json_of(&served.baton(&["audit", "--format", "json", "--subject", &lead]));
    assert_eq!((&told["actor"], &told["act"]), (&json!("nobody"), &json!("feedback.record")), "{told}");
}
