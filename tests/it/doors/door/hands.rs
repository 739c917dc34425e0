//! A lead that is given to somebody else from the command line, and what is counted for each rep.

use super::{TOKEN, served};
use crate::program::served::{Served, get, post};
use crate::town::Caller;
use serde_json::{Value, json};
use std::process::{Command, Output};

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
