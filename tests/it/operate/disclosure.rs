//! Calls of which nobody says that the caller was told what the rules want told.

use crate::eventually::within;
use crate::program::served::{Served, get, post, workspace};
use crate::program::{edit, free_port};
use crate::town::Caller;
use serde_json::{Value, json};
use std::time::Duration;

const TOKEN: &str = "a-token-for-the-tests-alone";
const VOICE: &str = "[http.tokens]\nvoice = \"env:TEST_TOKEN\"\n";

fn decided(served: &Served, event: &Value) -> String {
    let text = event.to_string();
    let lead = within(Duration::from_secs(30), || {
        let answer = served.ask(&post("/v1/leads?wait=1500ms", Some(TOKEN), &text)).json();
        answer["lead"].as_str().map(str::to_owned)
    });
    lead.expect("it is decided")
}

fn told_of(number: usize, disclosure: &Value) -> Value {
    let mut event = Caller::gone(number).event;
    event["data"]["disclosure"] = disclosure.clone();
    event
}

/// What a report says of disclosures: other figures name other leads.
fn of_disclosures(report: &str) -> String {
    let section = report.split_once("id=\"without_disclosure\"").map(|(_, rest)| rest.split("</section>").next());
    let lines = section.flatten().unwrap_or(report).lines();
    lines.filter(|line| !line.starts_with("sla_breach,")).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_call_without_a_disclosure_is_told_of_in_its_story_and_in_the_report() {
    let port = free_port();
    let folder = workspace(port, 2, VOICE);
    let asked = "first_contact_sla: 5m\ndisclosure: [ai, recording]";
    edit(folder.path(), "rules/handoff.yaml", "first_contact_sla: 5m", asked);
    let served = Served::on(folder, port, "info", &[("TEST_TOKEN", TOKEN)]);
    let ai = json!({ "given": true, "source": "platform", "at": "2020-01-02T09:00:00Z" });
    let whole = decided(&served, &told_of(1, &json!({ "ai": ai, "recording": true })));
    let half = decided(&served, &told_of(2, &json!({ "ai": ai })));
    let reads = |path: &str| served.ask(&get(path, Some(TOKEN)));
    let story = reads(&format!("/v1/leads/{half}")).json();
    assert_eq!(story["lead"]["disclosure"], json!({ "ai": ai }), "as it was said");
    let explained = reads(&format!("/v1/leads/{half}/explain")).body;
    assert!(explained.contains("that an AI speaks: yes"), "{explained}");
    assert!(explained.contains("that the call is recorded: nobody says so; the rules ask for it."), "{explained}");
    assert!(!reads(&format!("/v1/leads/{whole}/explain")).body.contains("ask for it"), "all of it was told");

    let figure = || {
        let report = reads("/v1/reports/routing?days=3650").json();
        let figures = report["figures"].as_array().expect("figures").clone();
        figures.into_iter().find(|figure| figure["key"] == "without_disclosure").expect("the rules ask for it")
    };
    let found = figure();
    assert_eq!((&found["total"]["numerator"], &found["total"]["denominator"]), (&json!(1), &json!(2)), "{found}");
    assert_eq!((&found["groups"][0]["dimension"], &found["groups"][0]["name"]), (&json!("lead"), &json!(half)));
    for format in ["text", "csv", "html"] {
        let report = reads(&format!("/v1/reports/routing?days=3650&format={format}")).body;
        let told = of_disclosures(&report);
        assert!(told.contains(&half) && !told.contains(&whole), "{format}: {report}");
    }

    let against = ["--from", "2019-01-01", "--against", "2018-01-01..2019-01-01", "--by", "rep", "--format", "md"];
    let told = served.run(&[["report"].as_slice(), &against].concat());
    assert!(told.contains("## Against 2018-01-01 00:00:00 UTC"), "{told}");
    assert!(told.contains("| rep: ") && !told.contains("| source: "), "grouped by that alone: {told}");
    let asked =
        served.ask(&get("/v1/reports/routing?from=2019-01-01&against=2018-01-01..2019-01-01&by=rep", Some(TOKEN)));
    assert_eq!(asked.json()["comparison"]["leads"], 0, "over HTTP as well");

    // The platform's report after the call knows of it.
    let mut after = told_of(2, &json!({ "recording": true }));
    (after["id"], after["data"]["call"]["opens"]) = (json!("evt-2-after"), json!(false));
    assert_eq!(decided(&served, &after), half, "it completes the lead of its call");
    assert_eq!(figure()["total"]["numerator"], 0);
}
