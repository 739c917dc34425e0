//! `baton simulate` on the shipped workspace, and both it and `baton diff` on a large one.

use super::change::MONDAY;
use crate::large;
use crate::program::{baton, copy, edit, root, stdout};
use baton_core::rules::{SourceFile, compile};
use serde_json::Value;

fn simulate(more: &[&str]) -> String {
    let root = root().display().to_string();
    stdout(&baton(&[&["simulate", "-w", &root, "--from", MONDAY], more].concat()))
}

#[test]
fn a_simulated_month_is_fair_within_the_bound_and_the_same_every_time() {
    let run = || simulate(&["--days", "28", "--format", "json", "--accept-percent", "100", "--decline-percent", "0"]);
    let page: Value = serde_json::from_str(&run()).expect("JSON");
    assert_eq!(run(), page_text(&page), "the same seed plays the same month");
    let done = &page["simulation"];
    assert!(done["leads"].as_u64() > Some(1500), "{done}");
    let pools = done["pools"].as_object().expect("pools");
    let mut turns = 0;
    for (pool, shares) in pools {
        let members = shares["members"].as_object().expect("members");
        let got: u64 = members.values().filter_map(|share| share["got"].as_u64()).sum();
        assert_eq!(Some(got), shares["turns"].as_u64(), "{pool}: every turn is somebody's");
        turns += got;
        if pool == "sdr-desk" || pool == "smb-desk" {
            for (rep, share) in members {
                let ahead = share["ahead_micro"].as_i64().expect("a number");
                let bound = 1_000_000 * (members.len() as i64 - 1).max(1);
                assert!(ahead <= bound, "{pool}, {rep}: {share}");
            }
        }
    }
    assert!(turns > 1000, "{turns} turns");
}

fn page_text(page: &Value) -> String {
    format!("{}\n", serde_json::to_string_pretty(page).expect("JSON"))
}

#[test]
fn a_simulation_tells_nights_holidays_and_reps_who_do_not_answer() {
    let text = simulate(&["--days", "7"]);
    for part in ["nobody at work (UTC): ", "Sat", "not played: ", "to a human, connected", "at cap"] {
        assert!(text.contains(part), "{part:?} is missing:\n{text}");
    }
    let silent = simulate(&["--days", "7", "--accept-percent", "0", "--decline-percent", "0", "--format", "json"]);
    let silent: Value = serde_json::from_str(&silent).expect("JSON");
    assert_eq!(silent["simulation"]["connected"], 0, "nobody answers");
    assert!(silent["simulation"]["rung"].as_u64() > Some(20));
}

/// The shipped rules, and the same with steps in place of the two reminders.
#[test]
fn a_simulation_tells_what_the_steps_of_a_promise_came_to() {
    let folder = tempfile::tempdir().expect("a folder");
    for part in ["rules", "templates"] {
        copy(&root().join(part), &folder.path().join(part));
    }
    let steps = "steps: [{ after: 5m, do: remind }, { after: 10m, do: escalate }, { after: 1h, do: reassign }]";
    edit(folder.path(), "rules/handoff.yaml", "  remind_before: 10m ", &format!("  {steps} "));
    edit(folder.path(), "rules/handoff.yaml", "  escalate_before: 5m ", "  ");
    let with_steps = folder.path().display().to_string();
    let simulated = |more: &[&str]| stdout(&baton(&[&["simulate", "--from", MONDAY, "--days", "7"], more].concat()));
    let page = |more: &[&str]| -> Value {
        serde_json::from_str(&simulated(&[more, &["--format", "json"]].concat())).expect("JSON")
    };
    let count = |value: &Value| value.as_u64().expect("a count");
    let root = root().display().to_string();
    let plain = &page(&["-w", &root])["simulation"]["promised_calls"];
    assert_eq!(plain["steps"], serde_json::json!([]));
    assert!(count(&plain["promised"]) > 20 && count(&plain["broken"]) > 0, "{plain}");
    let played = &page(&["-w", &with_steps])["simulation"]["promised_calls"];
    let [remind, escalate, reassign] = [0_usize, 1, 2].map(|step| &played["steps"][step]);
    assert_eq!(remind["do"], "remind");
    assert_eq!(escalate["after_s"], 600);
    assert_eq!(reassign["do"], "reassign");
    assert!(count(&remind["came"]) >= count(&escalate["came"]), "{played}");
    assert!(count(&escalate["came"]) >= count(&reassign["came"]), "{played}");
    let moved: u64 = reassign["moved_to"].as_object().expect("to whom").values().filter_map(Value::as_u64).sum();
    assert!(moved > 0 && moved <= count(&reassign["came"]), "{played}");
    assert!(count(&played["broken"]) < count(&plain["broken"]), "they are of use: {played}, and without them {plain}");
    let text = simulated(&["-w", &with_steps]);
    for part in ["Calls promised", "not made in time", "after 5m: reminded", "after 1h: offered to others", "    to "] {
        assert!(text.contains(part), "{part:?} is missing:\n{text}");
    }
    assert!(!simulated(&["-w", &root]).contains("reminded"));
}

/// 10,000 rows and 500 reps load without a fault, and both tools run on them.
#[test]
fn the_large_workspace_loads_and_can_be_compared_and_simulated() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut files = Vec::new();
    for (path, text) in large::files(10_000, 500) {
        std::fs::create_dir_all(folder.path().join("rules")).expect("a folder");
        std::fs::write(folder.path().join(path), &text).expect("written");
        files.push(SourceFile { path: path.to_owned(), text });
    }
    let checked = compile(&files).unwrap_or_else(|faults| panic!("{}", faults[0]));
    assert_eq!((checked.rules.territories.rows().len(), checked.rules.reps.len()), (10_000, 500));
    let dir = folder.path().display().to_string();
    let text = stdout(&baton(&["diff", &dir, &dir, "--from", MONDAY, "--leads", "500"]));
    assert!(text.starts_with("Every one of 500 leads"), "{text}");
    stdout(&baton(&["simulate", "-w", &dir, "--from", MONDAY, "--days", "1", "--leads-per-day", "200"]));
}
