//! The program itself: it follows its folder, goes back to a release of the past, and is the same on every machine.

use super::exchange;
use crate::eventually::within;
use crate::program::served::{Served, get, post, workspace};
use crate::program::{code, edit, free_port, json_of, root, stderr, stdout};
use crate::town::Caller;
use serde_json::Value;
use std::process::Command;
use std::time::Duration;

/// What GET /v1/rules says, once it is so.
fn until(served: &Served, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let told = within(Duration::from_secs(20), || Some(served.ask(&get("/v1/rules", None)).json()).filter(&holds));
    told.unwrap_or_else(|| panic!("{what} does not come:\n{}", served.log()))
}

/// As a service manager runs it.
fn service() -> Served {
    let port = free_port();
    Served::on(workspace(port, 4, ""), port, "info", &[])
}

fn short(id: &Value) -> String {
    id.as_str().expect("an id")[..12].to_owned()
}

#[test]
fn a_service_follows_its_folder_and_a_rollback_brings_it_back() {
    let served = service();
    let folder = served.folder.path();
    let first = until(&served, "it is ready", |told| told["release"].is_string())["release"].clone();
    let decided = served.ask(&post("/v1/leads?wait=1500ms", None, &Caller::gone(3).event.to_string())).json();
    let lead = decided["lead"].as_str().unwrap_or_else(|| panic!("{decided}")).to_owned();

    exchange(folder);
    let second = until(&served, "the new release", |told| told["release"] != first)["release"].clone();
    edit(folder, "rules/reps.csv", ",west-02@reps.example,+", ",west-02 at home,+");
    until(&served, "the refusal", |told| !told["refused"].is_null());
    let log = served.log();
    assert!(log.contains("changed rules are refused") && log.contains("rep-bad-email"), "{log}");
    assert!(!log.contains("at home"), "a fault in the roster repeats nobody's data: {log}");

    // SIGHUP with nothing new says so again; mended, it is taken up.
    served.process.signal("-HUP");
    until(&served, "the report again", |_| served.log().matches("changed rules are refused").count() == 2);
    let refused = served.baton(&["rollback", &short(&first)]);
    assert_eq!(code(&refused), 1, "what was never live is not overwritten");
    for words in ["never live", "rules/reps.csv", "--force"] {
        assert!(stderr(&refused).contains(words), "{}", stderr(&refused));
    }
    let forced = served.run(&["rollback", &short(&first), "--force"]);
    assert!(forced.contains(".replaced/"), "{forced}");
    let told = until(&served, "the old release", |told| told["release"] == first);
    assert_eq!(told["refused"], Value::Null);
    let aside = std::fs::read_dir(folder.join(".replaced")).expect("a folder").next().expect("one").expect("an entry");
    let kept = std::fs::read_to_string(aside.path().join("rules/reps.csv")).expect("the replaced roster");
    assert!(kept.contains("west-02 at home"), "what somebody wrote is kept");

    // There and back again, without force: both states are in the database.
    let back = served.run(&["rollback", &short(&second)]);
    assert!(back.contains(&format!("baton rollback {}", short(&first))), "{back}");
    until(&served, "the second release", |told| told["release"] == second);
    let again = served.run(&["rollback", &short(&second)]);
    assert!(again.contains("nothing to do"), "{again}");
    let unknown = served.baton(&["rollback", "abc0"]);
    assert_eq!(code(&unknown), 1);
    let said = stderr(&unknown);
    assert!(said.contains("no release begins with \"abc0\"") && said.contains(&short(&first)), "{said}");

    let listed = served.run(&["releases"]);
    let lines: Vec<&str> = listed.lines().collect();
    assert!(lines[1].starts_with(&format!("* {}", short(&second))), "{listed}");
    assert!(lines[1].contains("rules/territories.csv +2 -2"), "{listed}");
    assert!(lines[2].contains(&short(&first)) && lines[2].contains(" 1  first: 12 reps"), "{listed}");
    let replayed = served.baton(&["replay", "--format", "json"]);
    let told = json_of(&replayed);
    assert_eq!((code(&replayed), &told["replayed"], &told["same"]), (0, &1.into(), &1.into()), "{told}");
    // Told by the rules it was made with, though others are live; by its own id and by its lead's.
    let by_lead = served.run(&["explain", "--decision", &lead]);
    assert!(by_lead.contains("West (line 2: country US) wins.") && by_lead.contains("\nKnown at "), "{by_lead}");
    assert!(by_lead.contains(&short(&first)), "{by_lead}");
    assert_eq!(served.run(&["explain", "--decision", &lead.replace("lead_", "dec_")]), by_lead);
    let told = json_of(&served.baton(&["explain", "--decision", &lead, "--format", "json"]));
    assert_eq!(told["release"], first);
    assert!(told["snapshot"]["reps"].as_object().is_some_and(|reps| !reps.is_empty()), "{told}");
    let again = served.run(&["replay", "--decision", &lead]);
    assert!(again.starts_with("1 decisions made again"), "{again}");
}

/// Another machine's settings reach no decision: the same event at the same time is told in the same bytes.
#[test]
fn time_zone_and_language_of_the_machine_change_nothing() {
    let told = |zone: &str, language: &str, format: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
        command.args(["explain", "fixtures/events/01-warm-transfer.json", "--at", "2026-03-03T15:00:00Z"]);
        command.args(["--format", format]).env("TZ", zone).env("LANG", language).env("LC_ALL", language);
        stdout(&command.current_dir(root()).output().expect("the program runs"))
    };
    for format in ["text", "json"] {
        let here = told("UTC", "C", format);
        assert!(here.len() > 500);
        for (zone, language) in [("Asia/Kolkata", "tr_TR.UTF-8"), ("America/St_Johns", "de_DE.UTF-8"), ("", "ja_JP")] {
            assert_eq!(told(zone, language, format), here, "{zone} {language}");
        }
    }
}
