//! Voice platforms at the program's own door: a tool call in their shape becomes a lead, and words in their shape go back.

mod refusals;
mod tools;

use crate::eventually::SOON;
use crate::program::served::{Answered, Served, get, post, request, workspace};
use crate::program::{edit, free_port};
use baton_platforms::Mapping;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

pub const SECRET: &str = "a-secret-of-vapi-and-the-tests";
pub const VAPI: &str = "[platforms.vapi]\nsecrets = [\"env:OLD_SECRET\", \"env:VAPI_SECRET\"]\n";
const TOKENS: &str = "[http.tokens]\nvoice = \"env:TEST_TOKEN\"\n";
const TOKEN: &str = "a-token-of-the-platform-tests";
const ENV: [(&str, &str); 3] =
    [("OLD_SECRET", "the-secret-before-this-one"), ("VAPI_SECRET", SECRET), ("TEST_TOKEN", TOKEN)];

/// Calls of a tool, each with its id and its arguments, as Vapi sends them while the caller waits.
pub fn tool_calls(call: &str, calls: &[(&str, Value)]) -> Value {
    let of = |(id, arguments): &(&str, Value)| {
        let function = json!({ "name": "hand_to_sales", "arguments": arguments.to_string() });
        json!({ "id": id, "type": "function", "function": function })
    };
    json!({ "message": {
        "type": "tool-calls",
        "toolCallList": calls.iter().map(of).collect::<Vec<_>>(),
        "customer": { "number": "+14155550142" },
        "call": { "id": call, "type": "inboundPhoneCall" },
    } })
}

fn report(call: &str) -> Value {
    json!({ "message": {
        "type": "end-of-call-report",
        "endedReason": "customer-ended-call",
        "customer": { "number": "+14155550142" },
        "call": { "id": call, "type": "inboundPhoneCall" },
        "analysis": { "summary": "Forty planners, off spreadsheets." },
        "artifact": { "recordingUrl": "https://storage.example/r/1.wav" },
    } })
}

/// With files of its own in `platforms/`.
fn served(toml: &str, mappings: &[(&str, &str)]) -> Served {
    let port = free_port();
    let folder = workspace(port, 2, &format!("{toml}{TOKENS}"));
    for (name, text) in mappings {
        std::fs::create_dir_all(folder.path().join("platforms")).expect("a folder");
        std::fs::write(folder.path().join("platforms").join(name), text).expect("a mapping");
    }
    Served::on(folder, port, "info", &ENV)
}

fn sends(served: &Served, platform: &str, secret: &str, body: &Value) -> Answered {
    let headers = format!("Content-Type: application/json\r\nX-Vapi-Secret: {secret}\r\n");
    served.ask(&request("POST", &format!("/v1/platforms/{platform}"), None, &headers, &body.to_string()))
}

fn leads(served: &Served, query: &str) -> Vec<Value> {
    let answer = served.ask(&get(&format!("/v1/leads{query}"), Some(TOKEN)));
    answer.json()["leads"].as_array().expect("a list").clone()
}

/// Asks until it is so: a machine that is busy may be a moment late.
fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(began.elapsed() < SOON, "gave up waiting: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn words(answer: &Answered, at: usize) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["results"][at]["result"].as_str().unwrap_or_else(|| panic!("no words: {answer:?}")).to_owned()
}

#[test]
fn two_tool_calls_of_one_call_are_one_lead_and_the_report_after_it_completes_that() {
    let served = served(VAPI, &[]);
    let first = json!({ "company": "Northwind Foods", "country": "US", "seats": 40 });
    let body = tool_calls("call-1", &[("tool_a", first), ("tool_b", json!({ "title": "Head of Operations" }))]);
    let decided = until("words of the decision", || {
        let answer = sends(&served, "vapi", SECRET, &body);
        let told = [words(&answer, 0), words(&answer, 1)];
        told.iter().all(|words| words.contains("will call you back")).then_some(answer)
    });
    let told = decided.json();
    for (at, id) in ["tool_a", "tool_b"].into_iter().enumerate() {
        let one = &told["results"][at];
        assert_eq!((&one["toolCallId"], &one["name"]), (&json!(id), &json!("hand_to_sales")), "{told}");
    }
    assert_eq!(sends(&served, "vapi", SECRET, &body).body, decided.body, "the same request gets the same answer");

    assert_eq!(sends(&served, "vapi", SECRET, &report("call-1")).status, 200);
    let found = until("the report in the lead", || {
        let found = leads(&served, "?call=call-1&platform=vapi");
        let lead = found.first()?["lead"].as_str()?.to_owned();
        let story = served.ask(&get(&format!("/v1/leads/{lead}"), Some(TOKEN))).json();
        story["lead"]["qualification"]["summary"].is_object().then_some((found.len(), story))
    });
    let (count, story) = found;
    assert_eq!(count, 1, "{story}");
    let told = story["lead"].to_string();
    for part in ["Northwind Foods", "Head of Operations", "Forty planners", "storage.example/r/1.wav", "seats"] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn whoever_does_not_prove_to_be_the_platform_is_told_nothing_and_leaves_nothing() {
    let served = served(VAPI, &[]);
    let body = tool_calls("call-1", &[("tool_a", json!({ "company": "Northwind Foods" }))]);
    for secret in ["", "another-secret-of-somebody", &SECRET[1..]] {
        let refused = sends(&served, "vapi", secret, &body);
        assert_eq!(refused.status, 401, "{secret:?}: {refused:?}");
        assert!(!refused.body.to_lowercase().contains("secret") && !refused.body.contains("vapi"), "{refused:?}");
    }
    assert!(served.log().contains("no secret of ours fits"), "why is told in the log: {}", served.log());
    for (platform, told) in [("retell", "[platforms.retell]"), ("nobody", "no platform is called")] {
        let unknown = sends(&served, platform, SECRET, &body);
        assert!(unknown.status == 404 && unknown.body.contains(told), "{unknown:?}");
    }
    assert_eq!(served.ask(&get("/v1/platforms/vapi", Some(TOKEN))).status, 405);
    assert_eq!(leads(&served, ""), Vec::<Value>::new());
    let attention = served.ask(&get("/v1/attention", Some(TOKEN))).json();
    assert_eq!(attention["counts"]["quarantined"], 0, "{attention}");
    let of_no_use = sends(&served, "vapi", SECRET, &json!({ "message": { "type": "hang" } }));
    assert_eq!((of_no_use.status, of_no_use.body.as_str()), (200, "{}"));
}

#[test]
fn what_no_platform_sends_is_refused_with_what_to_send_instead() {
    let served = served("[platforms.livekit]\nsecrets = [\"env:OLD_SECRET\"]\n", &[]);
    let sent = |body: Value| served.ask(&post("/v1/platforms/livekit", Some(ENV[0].1), &body.to_string()));
    let refused = sent(json!({ "kind": "heartbeat", "from": "+14155550142" }));
    assert!(refused.status == 422 && refused.body.contains("sends call_id and facts"), "{refused:?}");
    let without_call = sent(json!({ "facts": { "company": "Northwind Foods" } }));
    assert!(without_call.status == 200 && without_call.body.contains("\"say\""), "somebody waits: {without_call:?}");
    assert_eq!(leads(&served, ""), Vec::<Value>::new());
    assert!(served.log().contains("send the room's name as call_id"), "{}", served.log());
}

const ACME: &str = "version: 1
about: A bot of our own.
messages:
  - name: tool
    when: { /kind: tool }
    means: lead
    live: true
    lead: { call.id: /call, contact.name: /name, call.from: /from }
    answer: { twiml: \"<Response><Say>{say}</Say><Echo>{/name}</Echo></Response>\" }
";

#[test]
fn a_workspace_brings_mappings_of_its_own_and_hostile_words_stay_words() {
    let (_, vapi) = Mapping::shipped_files().iter().find(|(name, _)| *name == "vapi").expect("it comes with Baton");
    let vapi = vapi.replace("result: \"{say}\"", "spoken: \"{say}\"");
    let served = served(VAPI, &[("acme.yaml", ACME), ("vapi.yaml", &vapi)]);
    let hostile = "]}\"'</Say><Dial>+1900</Dial>{{7*7}} <!channel> \u{202e}\u{0}";
    let answer = sends(&served, "vapi", SECRET, &tool_calls("call-1", &[("tool_a", json!({ "name": hostile }))]));
    let told = answer.json();
    assert!(told["results"][0]["spoken"].as_str().is_some_and(|words| words.ends_with('.')), "{told}");

    let acme = json!({ "kind": "tool", "call": "call-2", "from": "+14155550143", "name": hostile });
    let sent = |token| served.ask(&post("/v1/platforms/acme", token, &acme.to_string()));
    assert_eq!(sent(None).status, 401, "a platform without a proof needs a token");
    let answer = sent(Some(TOKEN));
    assert!(answer.status == 200 && answer.head.contains("content-type: text/xml"), "{answer:?}");
    assert!(answer.body.starts_with("<Response><Say>") && !answer.body.contains("<Dial>"), "{answer:?}");
    edit(served.folder.path(), "platforms/acme.yaml", "<Response><Say>", "<Response><Pause/><Say>");
    until("a running worker takes up the change", || sent(Some(TOKEN)).body.contains("<Pause/>").then_some(()));
    for call in ["call-1", "call-2"] {
        until(call, || (leads(&served, &format!("?call={call}")).len() == 1).then_some(()));
    }
    assert!(!served.log().contains("Dial"), "{}", served.log());
}
