//! Agents that tell a rep who is calling: what the rep answers comes by a tool, and counts as the key of their phone.

use super::times::{World, world};
use super::{AGENT, Agent, GENERIC, Generation, TOKEN, Told, by_name, dana, lead, until};
use crate::program::served::{get, request};
use baton_sandbox::voice::{RepManner, Script};
use serde_json::{Value, json};

/// Somebody waits on this line, and a phone rings for them that nobody answers: the lead, and the leg.
fn rung(world: &World, call: &str) -> (String, String) {
    let script = Script { reps: vec![RepManner::Silent], ..Script::default() };
    world.runtime.block_on(async { world.stage.voice.call(call, script) });
    let told = Agent::on(&world.served, Generation::Older, call).calls_until("route_lead", &dana(), Told::has_lead);
    let leg = || {
        let effects = world.stage.world.accepted();
        let ring = effects.into_iter().rfind(|one| one.kind == "ring" && one.detail["call"] == call)?;
        ring.detail["leg"].as_str().map(str::to_owned)
    };
    until("a phone that rings", || leg().is_some());
    (told.more["lead"].as_str().expect("an id").to_owned(), leg().expect("it rang"))
}

fn has(world: &World, lead: &str, kind: &str) -> bool {
    let story = world.served.ask(&get(&format!("/v1/leads/{lead}"), Some(TOKEN))).json();
    let mut timeline = story["timeline"].as_array().expect("a list").iter();
    timeline.any(|entry| entry["kind"] == kind && entry["body"]["ignored"] != true)
}

/// By the agent that speaks with the rep, on a call of its own.
fn answers(world: &World, tool: &str, arguments: Value, words: &str) -> Told {
    let agent = Agent::on(&world.served, Generation::Newer, "the-reps-own-call");
    agent.calls_until(tool, &arguments, |told| told.say.contains(words))
}

#[test]
fn a_rep_accepts_in_words_of_their_own() {
    let world = world(true);
    let (lead, leg) = rung(&world, "call-1");
    let asked = answers(&world, "rep_accepted", json!({ "leg": leg, "said": "Who is it?" }), "yes or no");
    assert_eq!(asked.status(), "unclear");
    assert!(!has(&world, &lead, "accepted"), "nobody is connected for a question");
    let taken = answers(&world, "rep_accepted", json!({ "leg": leg, "said": "Sí, pásamelo" }), "putting you through");
    assert_eq!(taken.status(), "accepted");
    assert!(has(&world, &lead, "accepted"));
}

#[test]
fn a_rep_who_says_no_is_not_connected_whatever_the_agent_made_of_it() {
    let world = world(true);
    let (lead, leg) = rung(&world, "call-1");
    let refused = answers(&world, "rep_accepted", json!({ "leg": leg, "said": "Nein, später" }), "somebody else");
    assert_eq!(refused.status(), "declined");
    assert!(has(&world, &lead, "declined") && !has(&world, &lead, "accepted"));
}

#[test]
fn a_leg_that_rings_no_more_is_answered_in_words() {
    let world = world(true);
    let (lead, leg) = rung(&world, "call-1");
    let caller = Agent::on(&world.served, Generation::Older, "call-1");
    caller.calls_until("call_ended", &json!({}), |told| told.status() == "accepted");
    until("the caller is gone", || has(&world, &lead, "call_ended"));
    let late = answers(&world, "rep_accepted", json!({ "leg": leg }), "has been taken care of");
    assert_eq!(late.status(), "gone");
    assert!(!has(&world, &lead, "joined"), "a phone that is up by then is hung up, and no more");
    for unknown in [json!({ "leg": "leg_of_a_model" }), json!({ "leg": "leg_0000000000000000000000000.1" }), json!({})]
    {
        let told = answers(&world, "rep_declined", unknown, "has been taken care of");
        assert!(told.status() == "gone" && told.more["note"].as_str().is_some(), "{told:?}");
    }
}

#[test]
fn a_token_of_another_source_accepts_for_nobody() {
    let world = world(true);
    let (lead, leg) = rung(&world, "call-1");
    let params = json!({ "name": "rep_accepted", "arguments": { "leg": leg } });
    let body = json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params }).to_string();
    let headers = "Content-Type: application/json\r\nBaton-Call-Platform: sandbox\r\n";
    let answer = world.served.ask(&by_name("127.0.0.1", &request("POST", "/mcp", Some(AGENT), headers, &body)));
    let told = &answer.json()["result"]["structuredContent"];
    assert_eq!(told["status"], "gone", "{answer:?}");
    assert!(told["note"].as_str().is_some_and(|note| note.contains("brings events of the source")), "{told}");
    assert!(!has(&world, &lead, "accepted"));
}

/// The same by the door of a platform, which proves whose it is.
#[test]
fn the_tool_of_a_platform_accepts_as_well() {
    let world = world(true);
    let (id, leg) = rung(&world, "call-1");
    let says = |tool: &str, said: &str| {
        let body = json!({ "call_id": "rep", "live": true, "tool": tool, "facts": { "leg": leg, "said": said } });
        let headers = format!("Content-Type: application/json\r\nAuthorization: Bearer {GENERIC}\r\n");
        let asks = request("POST", "/v1/platforms/generic", None, &headers, &body.to_string());
        let answer = world.served.ask(&asks);
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["say"].as_str().expect("words").to_owned()
    };
    assert!(says("rep_accepted", "hm").contains("yes or no"));
    until("the rep's acceptance", || says("rep_accepted", "yes, connect them").contains("putting you through"));
    assert!(has(&world, &id, "accepted"));
    assert_eq!(lead(&world.served, &id)["call"]["id"], "call-1", "no lead came of it but the caller's own");
}
