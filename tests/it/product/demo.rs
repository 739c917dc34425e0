//! The demo as whoever tries Baton sees it: from any folder, to its end.

use crate::program::{baton, code, edit, is_as_reviewed, stdout, told};
use crate::rules::init::begun;
use crate::town;
use baton::cli;
use serde_json::json;
use std::process::Command;

/// Beginnings of the lines of its table: lead, owner, how it ended. The owner is left out, and so is the time.
const NAME: usize = 22;
const ENDED: std::ops::Range<usize> = 40..55;
const SHOWS: usize = 91;

fn columns(line: &str) -> String {
    let cells: Vec<char> = line.chars().collect();
    let text = |range: std::ops::Range<usize>| cells[range].iter().collect::<String>().trim().to_owned();
    format!("{} | {} | {}", text(0..NAME), text(ENDED), text(SHOWS..cells.len()))
}

#[test]
fn the_demo_ends_as_it_says_and_leaves_nothing_for_a_person_to_look_at() {
    let elsewhere = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
    let output = command.args(["demo", "--once", "--format", "json"]).current_dir(elsewhere.path()).output();
    let output = output.expect("the demo runs");
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(std::fs::read_dir(elsewhere.path()).expect("the folder").count(), 0, "it leaves nothing behind");

    let counts: serde_json::Value = serde_json::from_str(text.lines().last().expect("a last line")).expect("JSON");
    assert_eq!(counts["attention"], json!({ "leads": 0, "failed_steps": 0, "quarantined": 0, "webhooks": 0 }));
    assert_eq!((&counts["without_next_step"], &counts["duplicate_effects"]), (&json!(0), &json!(0)), "{counts}");
    let number = |name: &str| counts[name].as_u64().expect("a number");
    let ends = ["connected", "booked", "called", "callback"].map(number);
    assert_eq!(ends.iter().sum::<u64>(), number("leads"), "{counts}");

    let calls = counts["calls"].as_object().expect("calls to vendors");
    for (vendor, calls) in calls {
        let (calls, leads) = (calls.as_u64().expect("a number") as f64, number("leads") as f64);
        let line = text.lines().find(|line| line.starts_with("Calls per lead: ")).expect("they are told");
        assert!(line.contains(&format!("{vendor} {:.1}", calls / leads)), "{vendor}: {line}");
    }
    assert!(["salesforce", "slack", "voice"].iter().all(|vendor| calls.contains_key(*vendor)), "{calls:?}");

    let table = text.lines().skip_while(|line| !line.starts_with("Lead  ")).skip(1);
    let mut told: Vec<String> = table.take_while(|line| !line.is_empty()).map(columns).collect();
    for (name, count) in [("connected", ends[0]), ("booked", ends[1]), ("called", ends[2]), ("callback", ends[3])] {
        let shown = told.iter().filter(|line| line.split(" | ").nth(1) == Some(name)).count();
        assert_eq!(shown as u64, count, "{name}: the last line counts what the table shows");
    }
    // Each platform was asked in its own shape, and the sentence for the caller went back in it.
    let lines: Vec<&str> = text.lines().collect();
    for (came, back) in [
        ("tool-calls of Vapi", "{\"results\":[{\"toolCallId\":\""),
        ("tool-calls of Vapi", " cannot take your call right now. Let me see when there is a time for you.\"}]}"),
        ("a custom function of Retell", "back goes One moment please, I am getting "),
        ("a webhook tool of ElevenLabs", "{\"result\":\"One moment please, I am getting "),
        ("route_lead, called over MCP", "\"text\":\"One moment please, I am getting "),
    ] {
        let at = lines.iter().position(|line| line.contains(came)).unwrap_or_else(|| panic!("{came}: {text}"));
        let told = lines[at + 1];
        assert!(told.contains(" is to get the lead; back goes ") && told.contains(back), "{came}: {told}");
    }
    // Several phones at a time: what each of them did.
    let phones: Vec<&str> = lines.iter().filter(|line| line.contains("The phones for ")).copied().collect();
    assert_eq!(phones.len(), 2, "{text}");
    for line in phones {
        let counted = |what: &str| line.matches(what).count();
        assert_eq!(counted(": takes the call"), 1, "{line}");
        assert!(counted("answered elsewhere") >= 1, "{line}");
    }
    assert!(text.contains(" 3 phones ring") && text.contains("nobody has picked up yet; 2 phones ring"), "{text}");
    is_rep_first_and_calls_back(&text);
    // What it is for comes before the figures: what one caller hears, what the rep reads, and where the rest is.
    let (_, both_ends) = text.split_once("-- One of these calls, from both ends").expect("one call");
    let (shown, _) = both_ends.split_once("-- Afterwards --").expect("the figures");
    for words in [
        "\nThe caller hears: \"",
        "\nThe rep's card in Slack:\n  | ",
        "\nThe rep's mail:\n  | Subject: ",
        "/explain\nAll leads: http://",
        "Report: http://",
    ] {
        assert!(shown.contains(words), "{words:?} is not shown:\n{shown}");
    }
    told.push(text.lines().find(|line| line.contains(" effects done twice")).expect("what it came to").to_owned());
    told.extend(text.lines().filter(|line| line.starts_with("-- ")).map(str::to_owned));
    let told = told.join("\n") + "\n";
    is_as_reviewed("demo.txt", &told);
}

/// On a carrier of our own: a caller is transferred to a rep who has accepted, and a promised call is made.
fn is_rep_first_and_calls_back(text: &str) {
    let (_, act) = text.split_once("-- On a carrier of our own --").unwrap_or_else(|| panic!("no such act: {text}"));
    let (act, _) = act.split_once("-- One of these calls").expect("what comes after it");
    let in_order = |name: &str, turns: &[&str]| {
        let story: Vec<&str> =
            act.lines().filter(|line| line.get(10..).is_some_and(|line| line.starts_with(name))).collect();
        let at =
            |turn: &&str| story.iter().position(|line| line.contains(*turn)).unwrap_or_else(|| panic!("{turn}: {act}"));
        let places: Vec<usize> = turns.iter().map(at).collect();
        assert!(places.is_sorted(), "{turns:?} stand at {places:?}: {act}");
    };
    in_order("Imogen Castellane", &["the agent is told to speak on with the caller", "the agent is told to transfer"]);
    in_order(
        "Imogen Castellane",
        &[
            "picks up and hears the whisper",
            " presses 1",
            "the agent is told to transfer, to +15550001001: good for this call, until ",
            "they are on one line",
            "connected",
        ],
    );
    in_order(
        "Kwame Boateng",
        &[
            " calls back: their phone rings",
            " picks up and hears the whisper",
            " presses 1",
            "the lead picks up",
            "rep and lead are on one line",
            "the lead hangs up",
            " is asked what came of it and presses 1; done",
        ],
    );
    let rang: Vec<&str> = act.lines().filter(|line| line.starts_with("            Twilio rang +")).collect();
    assert_eq!(rang.len(), 3, "each phone rings once: {act}");
    for whisper in ["Imogen Castellane", "Kwame Boateng"] {
        let heard =
            |line: &&&str| line.contains(", and heard: \"") && line.contains(whisper) && line.contains("ress 1");
        assert_eq!(rang.iter().filter(heard).count(), 1, "a rep hears of {whisper}: {act}");
    }
    assert!(rang.iter().any(|line| line.contains("+13125550173, Kwame Boateng")), "the lead is dialled: {act}");
    for (name, ended) in [("Imogen Castellane", "connected"), ("Kwame Boateng", "called")] {
        let contact = act.lines().find(|line| line.contains(&format!("First contact with {name}: ")));
        assert!(contact.is_some_and(|line| line.ends_with(&format!(", {ended}"))), "{name}: {act}");
    }
}

/// Whose reps and pools are not the demo's own.
#[test]
fn the_demo_ends_in_a_workspace_that_was_just_begun() {
    let folder = begun("healthcare");
    let text = stdout(&baton(&["demo", "--once", "-w", folder.path().to_str().expect("a plain path")]));
    assert!(text.contains("0 without a next step, 0 effects done twice."), "{text}");
    assert!(text.lines().last().is_some_and(|line| line.starts_with("Briefings: ")), "{text}");
}

#[test]
fn a_workspace_with_faults_is_told_what_comes_first() {
    let folder = town::founded(1);
    edit(folder.path(), "rules/reps.csv", ",+1", ",01");
    let output = baton(&["demo", "--once", "-w", folder.path().to_str().expect("a plain path")]);
    assert_eq!(code(&output), cli::FAULTY, "{}", told(&output));
    assert!(told(&output).contains("run `baton check` first"), "{}", told(&output));
}

#[test]
fn where_no_asterisk_can_be_had_the_demo_says_how_to_mend_it() {
    let empty = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
    command.args(["demo", "--telephony", "asterisk"]).env("XDG_CACHE_HOME", empty.path()).env("BATON_OFFLINE", "1");
    let output = command.output().expect("the demo runs");
    assert_eq!(code(&output), cli::UNREACHABLE, "{}", told(&output));
    for words in
        ["is not there, and with BATON_OFFLINE=1", "apt-get install debian-archive-keyring", "or without --telephony"]
    {
        assert!(told(&output).contains(words), "{words}: {}", told(&output));
    }
}
