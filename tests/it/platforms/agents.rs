//! Every tool of a running worker, called by the clients that agents are built on; and the same call told over HTTP.

use super::libraries::printed;
use crate::eventually::{SOON, within};
use crate::program::free_port;
use crate::program::served::{Served, get, post, workspace};
use crate::store::server::variable;
use chrono::{DateTime, FixedOffset};
use serde_json::{Map, Value, json};

const TOKEN: &str = "a-token-of-the-client-tests";
const TOML: &str = "[http.tokens]\nvoice = \"env:TEST_TOKEN\"\n";
/// In the words for the caller of a decision where nobody's phone is connected.
const DECIDED: &str = "will call you back";

/// The clients as `clients.sh` names them, and the calls that each of them tells.
const CLIENTS: [(&str, &[&str]); 3] = [("py", &["py auto", "py legacy"]), ("py1", &["py1"]), ("sdk", &["sdk"])];
/// A gigabyte of libraries: `./test long` alone has them.
const HEAVY: [(&str, &[&str]); 2] = [("livekit", &["livekit"]), ("pipecat", &["pipecat"])];

#[test]
fn a_whole_call_through_the_clients_of_agents_is_the_same_as_over_http() {
    let heavy: &[_] = if variable("BATON_LONG").is_some() { &HEAVY } else { &[] };
    let (clients, calls): (Vec<_>, Vec<_>) = CLIENTS.iter().chain(heavy).copied().unzip();
    let port = free_port();
    // With one rep at each desk, whose turn it is does not differ from call to call.
    let served = Served::on(workspace(port, 1, TOML), port, "info", &[("TEST_TOKEN", TOKEN)]);
    let address = format!("http://127.0.0.1:{port}/mcp");
    let mut arguments = vec![address.as_str(), TOKEN];
    arguments.extend(clients);
    let Some(lines) = printed("platforms/mcp/clients.sh", &arguments, &[("BATON_DECIDED", DECIDED)]) else { return };
    let told: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    assert_eq!(told.iter().map(|call| text(&call["client"])).collect::<Vec<_>>(), calls.concat());

    let say = tell_over_http(&served, "over-http");
    let over_http = story(&served, "over-http");
    for call in &told {
        assert_said_as(&say, call);
        assert_eq!(story(&served, text(&call["call"])), over_http, "{}", call["client"]);
    }
}

/// Nothing changes with what is told after the lead: whichever tool is asked says it again, until the goodbye.
fn assert_said_as(say: &str, call: &Value) {
    let mut said = call["said"].as_object().expect("what each tool said").clone();
    let goodbye = said.remove("call_ended").expect("the last tool");
    assert!(text(&goodbye).contains("Goodbye"), "{call}");
    let tools: Vec<&String> = said.keys().collect();
    assert_eq!(tools, ["what_now", "route_lead", "offer_times", "choose_time", "promise_callback"], "{call}");
    for (tool, words) in &said {
        assert_eq!(promise(text(words)), promise(say), "{tool} of {}", call["client"]);
    }
}

/// The words up to the time that is promised, which depends on when the call came.
fn promise(words: &str) -> &str {
    words.split_once(DECIDED).unwrap_or_else(|| panic!("no promise: {words}")).0
}

/// The events of the call that the clients tell (`story.py`), and what the first one is answered for the caller.
fn tell_over_http(served: &Served, call: &str) -> String {
    let line = json!({ "platform": "tests", "id": call, "live": true });
    let mut lead = json!({
        "call": line,
        "contact": { "name": "Dana Whitfield", "phone": "+1 415 555 0142" },
        "company": { "name": "Northwind Foods", "country": "US" },
        "qualification": { "score": 82 },
    });
    let first = bring(served, "lead.qualified", 1, &lead);
    lead["contact"]["title"] = json!("Head of Operations");
    lead["qualification"]["summary"] = json!("Wants a demo for forty seats.");
    bring(served, "lead.qualified", 2, &lead);
    for (number, wish) in [(3, "meeting"), (4, "callback")] {
        bring(served, "lead.qualified", number, &json!({ "call": line, "preference": { "handoff": wish } }));
    }
    bring(served, "call.ended", 5, &json!({ "platform": "tests", "call": call, "why": "said goodbye" }));
    text(&first["instruction"]["say"]).to_owned()
}

/// The answer of an event that is carried out; the same event again gets the same.
fn bring(served: &Served, kind: &str, number: usize, data: &Value) -> Value {
    let event =
        json!({ "specversion": "1.0", "id": number.to_string(), "source": "tests", "type": kind, "data": data });
    let event = post("/v1/events?wait=1500ms", Some(TOKEN), &event.to_string());
    let answered = within(SOON, || Some(served.ask(&event)).filter(|answer| answer.status == 200));
    answered.unwrap_or_else(|| panic!("event {number} is not answered")).json()
}

/// The lead with its decision and all that happened to it until the call ended, less what belongs to this call alone.
fn story(served: &Served, call: &str) -> Value {
    let found = served.ask(&get(&format!("/v1/leads?platform=tests&call={call}"), Some(TOKEN))).json();
    let leads = found["leads"].as_array().expect("a list");
    assert_eq!(leads.len(), 1, "{call}: {found}");
    let path = format!("/v1/leads/{}", text(&leads[0]["lead"]));
    let whole = || {
        let story = served.ask(&get(&path, Some(TOKEN))).json();
        let ended = story["timeline"].as_array().expect("a list").iter().any(|entry| entry["kind"] == "call_ended");
        ended.then_some(story)
    };
    let mut story = within(SOON, whole).unwrap_or_else(|| panic!("{call}: no end of the call is in its story"));
    take(&mut story["lead"], &["id", "source", "event_id", "call"]);
    take(&mut story["decision"], &["id", "lead_id"]);
    take(&mut story["decision"]["turn"], &["seq"]);
    take(&mut story["decision"]["trace"]["account"], &["age_ms"]);
    for entry in story["timeline"].as_array_mut().expect("a list") {
        if entry["kind"] == "completed" {
            take(&mut entry["body"]["event"], &["by"]);
        }
    }
    timeless(story)
}

fn take(object: &mut Value, names: &[&str]) {
    let members: &mut Map<String, Value> = object.as_object_mut().expect("an object");
    for name in names {
        assert!(members.remove(*name).is_some(), "{name} is there: {members:?}");
    }
}

/// Without the instants, which are those of this call.
fn timeless(value: Value) -> Value {
    match value {
        Value::String(text) if text.parse::<DateTime<FixedOffset>>().is_ok() => Value::Null,
        Value::Array(items) => items.into_iter().map(timeless).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, timeless(value))).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}
