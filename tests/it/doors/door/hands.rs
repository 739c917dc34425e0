//! A lead that is given to somebody else from the command line, and what is counted for each rep.

use super::{TOKEN, served};
use crate::eventually::within;
use crate::program::served::{Served, get, post};
use crate::town::Caller;
use serde_json::{Value, json};
use std::process::{Command, Output};
use std::time::Duration;

/// Lead and owner, as the door answers.
fn decided(served: &Served, number: usize) -> (String, String) {
    let event = Caller::gone(number).event.to_string();
    let answer = served.ask(&post("/v1/leads?wait=1500ms", Some(TOKEN), &event)).json();
    let text = |name: &str| answer[name].as_str().unwrap_or_else(|| panic!("{name} of {answer}")).to_owned();
    (text("lead"), text("owner"))
}

fn reassign(served: &Served, lead: &str, whom: &[&str]) -> Output {
    let http = format!("http://127.0.0.1:{}", served.port);
    let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
    command.args(["reassign", lead, "--reason", "asked for", "--author", "lena", "--http", &http]);
    command.args(["--token", "env:TEST_TOKEN"]).args(whom).env("TEST_TOKEN", TOKEN);
    command.output().expect("baton runs")
}

fn leaver(served: &Served, rep: &str, how: &[&str]) -> Output {
    let http = format!("http://127.0.0.1:{}", served.port);
    let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
    command.args(["leaver", rep, "--http", &http, "--token", "env:TEST_TOKEN"]).args(how);
    command.env("TEST_TOKEN", TOKEN).output().expect("baton runs")
}

/// Leads of today, and of the last seven days, by rep.
fn counted(served: &Served) -> Vec<(String, i64, i64)> {
    let sheets: Value = serde_json::from_str(&served.run(&["reps", "--format", "json"])).expect("JSON");
    let one = |sheet: &Value| {
        let number = |pointer: &str| sheet.pointer(pointer).and_then(Value::as_i64).expect("a number");
        let rep = sheet["rep"].as_str().expect("a rep").to_owned();
        (rep, number("/today/leads"), number("/last_seven_days/given"))
    };
    sheets.as_array().expect("all reps").iter().map(one).collect()
}

#[test]
fn a_lead_goes_to_whom_a_person_names_and_both_counts_of_a_rep_agree() {
    let served = served(super::VOICE);
    let leads: Vec<_> = (0..6).map(|number| decided(&served, number)).collect();
    let before = counted(&served);
    assert_eq!(before.iter().map(|(_, today, _)| today).sum::<i64>(), 6, "{before:?}");
    assert!(before.iter().all(|(_, today, week)| today == week), "{before:?}");

    let (lead, owner) = &leads[0];
    let other = before.iter().map(|(rep, ..)| rep).find(|rep| *rep != owner).expect("somebody else");
    let out = reassign(&served, lead, &["--to", other]);
    let said = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success() && said.contains(&format!("{lead} is {other}'s now")), "{out:?}");
    let out = reassign(&served, lead, &["--to", other]);
    assert!(String::from_utf8_lossy(&out.stdout).contains("already: nothing was done"), "{out:?}");
    let out = reassign(&served, lead, &["--to", "nobody.here"]);
    assert_eq!(out.status.code(), Some(1), "{out:?}");
    assert!(String::from_utf8_lossy(&out.stderr).contains("was not reassigned"), "{out:?}");
    let (second, owner) = &leads[1];
    let out = reassign(&served, second, &["--again"]);
    assert!(out.status.success() && !String::from_utf8_lossy(&out.stdout).contains(owner.as_str()), "{out:?}");

    let story = served.ask(&get(&format!("/v1/leads/{lead}"), Some(TOKEN))).json();
    assert_eq!((&story["owner"], &story["next_step"]["owner"]), (&json!(other), &json!(other)), "{story}");
    let after = counted(&served);
    assert!(after.iter().all(|(_, today, week)| today == week), "{after:?}");
    let attention = served.ask(&get("/v1/attention", Some(TOKEN))).json();
    assert_eq!(
        attention["counts"],
        json!({ "leads": 0, "failed_steps": 0, "quarantined": 0, "webhooks": 0 }),
        "{attention}"
    );
    assert!(attention["backlog"]["due"].is_number() && attention["backlog"]["lapsed"] == 0, "{attention}");
}

#[test]
fn what_a_rep_who_has_left_had_is_shown_and_goes_once_they_are_inactive() {
    let served = served(super::VOICE);
    let leads: Vec<_> = [0, 3].map(|number| decided(&served, number)).to_vec();
    let (lead, rep) = &leads[1];
    assert_ne!(rep, "west-01", "who answers for the pool stays: {leads:?}");
    let said = |out: &Output| String::from_utf8_lossy(&out.stdout).into_owned();
    let why = |out: &Output| String::from_utf8_lossy(&out.stderr).into_owned();
    let out = leaver(&served, rep, &["--preview"]);
    assert!(out.status.success() && said(&out).starts_with(&format!("1 of what {rep} has would go")), "{out:?}");
    let row = said(&out).lines().find(|line| line.contains(lead)).map(str::to_owned).unwrap_or_default();
    assert!(row.contains("west-01") && row.contains("callback"), "{out:?}");
    let act = ["--reason", "has left", "--author", "lena"];
    let out = leaver(&served, rep, &act);
    assert!(out.status.code() == Some(1) && why(&out).contains("set `active` to no"), "{out:?}");
    let out = leaver(&served, "nobody.here", &act);
    assert!(out.status.code() == Some(1) && why(&out).contains("there is no rep nobody.here"), "{out:?}");
    let out = leaver(&served, rep, &[]);
    assert_eq!(out.status.code(), Some(2), "who says so, and why: {out:?}");

    let roster = served.folder.path().join("rules/reps.csv");
    let text = std::fs::read_to_string(&roster).expect("the roster");
    let stay: Vec<&str> = text.lines().filter(|line| !line.starts_with(rep.as_str())).collect();
    std::fs::write(&roster, stay.join("\n")).expect("the roster is written");
    let done = within(Duration::from_secs(60), || Some(leaver(&served, rep, &act)).filter(|out| out.status.success()));
    let done = done.expect("the worker takes the roster up");
    assert!(said(&done).contains(lead), "by this or by itself: {done:?}");
    let again = leaver(&served, rep, &act);
    assert!(said(&again).starts_with(&format!("nothing of {rep} is open: nothing was done")), "{again:?}");
    let story = served.ask(&get(&format!("/v1/leads/{lead}"), Some(TOKEN))).json();
    assert_eq!(story["owner"], json!("west-01"), "{story}");
    let out = leaver(&served, rep, &[&act[..], &["--undo"]].concat());
    assert!(out.status.code() == Some(1) && why(&out).contains("set `active` to yes"), "{out:?}");
}
