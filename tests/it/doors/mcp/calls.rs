//! Leads and calls through tools, in words that the model may well get wrong.

use super::{Agent, Generation, TOKEN, Told, dana, lead, leads, notified, served, until};
use crate::program::served::get;
use serde_json::{Value, json};
use std::io::Write as _;
use std::net::TcpStream;

#[test]
fn a_call_is_one_lead_in_either_generation_and_is_told_the_same_again() {
    let served = served();
    for generation in [Generation::Older, Generation::Newer] {
        let call = format!("call-{generation:?}");
        let agent = Agent::on(&served, generation, &call);
        assert_eq!(agent.calls("what_now", json!({})).status(), "no_lead");

        let first = agent.calls_until("route_lead", &dana(), Told::has_lead);
        assert!(first.say.contains("will call you back"), "nobody's phone is connected: {first:?}");
        let same = agent.calls("route_lead", dana());
        assert_eq!((&same.say, &same.more["lead"]), (&first.say, &first.more["lead"]), "{generation:?}");
        let mut more = dana();
        more["title"] = json!("Head of Operations");
        more["name"] = json!("Dana W.");
        let again = agent.calls("route_lead", more);
        assert_eq!((&again.say, &again.more["lead"]), (&first.say, &first.more["lead"]), "{generation:?}");

        let found = leads(&served, &format!("call={call}&platform=sandbox"));
        assert_eq!(found, [first.more["lead"].as_str().expect("an id")], "{generation:?}");
        until("what came second in the lead", || lead(&served, &found[0])["contact"]["title"].is_object());
        assert_eq!(lead(&served, &found[0])["contact"]["name"]["value"], "Dana Whitfield", "what is known stays");

        let now = agent.calls("what_now", json!({}));
        assert!(now.status() == "callback" && now.say.contains("will call you back"), "{now:?}");
        let goodbye = json!({ "reason": "said goodbye" });
        let ended = agent.calls_until("call_ended", &goodbye, |told| told.status() == "accepted");
        assert!(ended.say.contains("Goodbye"), "{ended:?}");
        assert_eq!(agent.calls("call_ended", json!({})).status(), "accepted");
        until("the end of the call in the lead's story", || {
            let story = served.ask(&get(&format!("/v1/leads/{}", found[0]), Some(TOKEN))).json();
            story["timeline"].to_string().contains("call_ended")
        });
    }
}

#[test]
fn without_a_call_nobody_is_rung_and_without_a_way_to_reach_the_person_the_agent_asks() {
    let served = served();
    let agent = Agent { served: &served, generation: Generation::Older, call: None };
    let missing = agent.calls("route_lead", json!({ "company": "Northwind Foods", "phone": "anonymous" }));
    assert!(missing.status() == "missing" && missing.say.contains("phone number"), "{missing:?}");
    assert_eq!(leads(&served, ""), Vec::<String>::new(), "nothing was stored");

    let told = agent.calls_until("route_lead", &dana(), Told::has_lead);
    assert!(told.more["note"].as_str().is_some_and(|note| note.contains("baton-call-id")), "{told:?}");
    let again = agent.calls("route_lead", json!({ "name": "Dana", "phone": "(+1) 415-555-0142", "intent": "a demo" }));
    assert_eq!(again.more.get("lead"), told.more.get("lead"), "one conversation: {again:?}");
    let found = leads(&served, "phone=%2B14155550142");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(lead(&served, &found[0])["call"].is_null(), "no line, nobody is rung");
    for tool in ["offer_times", "choose_time", "what_now", "call_ended"] {
        let told = agent.calls(tool, json!({}));
        assert!(told.status() == "no_call" && told.more.contains_key("note"), "{tool}: {told:?}");
    }
    // The model may know the id where the platform cannot say it.
    let mut known = dana();
    known["call_id"] = json!("call-of-the-model");
    agent.calls_until("route_lead", &known, Told::has_lead);
    assert_eq!(leads(&served, "call=call-of-the-model&platform=mcp").len(), 1);
}

#[test]
fn whoever_hangs_up_or_cancels_takes_nothing_back() {
    let served = served();
    for generation in [Generation::Older, Generation::Newer] {
        let agent = Agent::on(&served, generation, &format!("gone-{generation:?}"));
        let text = agent.text("tools/call", json!({ "name": "route_lead", "arguments": dana() }));
        let mut stream = TcpStream::connect(("127.0.0.1", served.port)).expect("a connection");
        stream.write_all(text.as_bytes()).expect("it is sent");
        drop(stream);
        until("the lead of an agent that hung up", || leads(&served, &format!("call=gone-{generation:?}")).len() == 1);
        let told = agent.calls_until("route_lead", &dana(), Told::has_lead);
        assert_eq!(leads(&served, &format!("call=gone-{generation:?}")), [told.more["lead"].as_str().expect("an id")]);
    }
    let agent = Agent::on(&served, Generation::Older, "cancelled");
    let cancelled = json!({ "requestId": 7, "reason": "timed out after 1.5s" });
    assert_eq!(notified(&agent, "notifications/cancelled", cancelled).status, 202);
    agent.calls_until("route_lead", &dana(), Told::has_lead);
}

#[test]
fn what_a_model_gets_wrong_is_answered_with_words() {
    let served = served();
    let agent = Agent::on(&served, Generation::Newer, "call-1");
    let odd = json!({
        "name": { "first": "Dana" }, "phone": 14155550142u64, "score": "high", "seats": 40, "email": "unknown", "products": null,
        "country": "US", "call_id": "made-up",
    });
    let told = agent.calls_until("route_lead", &odd, Told::has_lead);
    let lead = lead(&served, told.more["lead"].as_str().expect("an id"));
    assert_eq!((&lead["call"]["id"], &lead["custom"]["seats"]), (&json!("call-1"), &json!(40.0)), "{lead}");
    assert_eq!(lead["contact"]["phone"]["value"], "+14155550142", "{lead}");
    for arguments in [json!({}), json!({ "choice": 9 }), json!({ "choice": "the first" }), json!({ "choice": 0.5 })] {
        assert_eq!(
            agent.calls("choose_time", arguments).status(),
            "callback",
            "nothing is offered, and nothing is booked"
        );
    }
    let unknown = Agent { served: &served, generation: Generation::Older, call: None };
    for arguments in [json!([1, 2]), json!("Dana"), json!(7), Value::Null, json!({})] {
        let told = unknown.calls("route_lead", arguments.clone());
        assert_eq!(
            (told.status(), told.has_lead()),
            ("missing", false),
            "{arguments}: a way to reach them is asked for"
        );
    }
    agent.calls_until("route_lead", &json!(dana().to_string()), Told::has_lead);
    let result = agent.asks("tools/call", json!({ "name": "route_leads", "arguments": {} }));
    let words = "There is no tool of this name: did you mean \"route_lead\"? The tools are route_lead, offer_times, \
                 choose_time, promise_callback, what_now, call_ended, rep_accepted, rep_declined.";
    assert_eq!((&result["isError"], &result["content"][0]["text"]), (&json!(true), &json!(words)), "{result}");
}

#[test]
fn whoever_asks_for_progress_gets_one_answer_and_nothing_before_it() {
    let served = served();
    for generation in [Generation::Older, Generation::Newer] {
        let agent = Agent::on(&served, generation, &format!("progress-{generation:?}"));
        for token in [json!("progress-1"), json!(1)] {
            let params = json!({ "name": "route_lead", "arguments": dana(), "_meta": { "progressToken": token } });
            let result = agent.asks("tools/call", params);
            assert_eq!(result["content"].as_array().map(Vec::len), Some(1), "{result}");
        }
    }
}
