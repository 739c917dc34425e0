//! Bridge mode, and a lead of none of our calls: its platform drives it where it takes commands, and nobody is rung where it does not.

use super::cases;
use super::stage::line::{DANA, Line, Wanted};
use super::stage::workers::PROMISE;
use crate::eventually::found;
use baton::app::stage::StandIns;
use baton::connectors::http::{ApiCall, Does};
use baton_clock::SystemClock;
use baton_phones::call::Stage;
use baton_phones::tones::AGENT;
use baton_sandbox::voice::{RepManner, Script};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// From the event to the promise, in a build that is not made for speed.
const PROMISED_WITHIN: Duration = Duration::from_secs(5);
/// What a rep at the platform takes to pick up.
const A_MOMENT: Duration = Duration::from_millis(100);

cases! {
    a_call_that_is_none_of_ours_is_driven_by_its_platform,
    a_call_of_ours_is_held_by_us_all_the_same,
    without_commands_nobody_is_rung_and_a_call_is_promised_at_once,
}

/// A platform that takes commands, and a worker that has them sent there.
async fn opened(wanted: Wanted) -> (Line, StandIns) {
    let platform = StandIns::open(Arc::new(SystemClock)).await.expect("the stand-ins");
    let sections = platform.config_toml();
    let commands = sections.lines().find(|line| line.starts_with("commands")).expect("where it takes commands");
    let line = wanted.driven(format!("mode = \"bridge\"\n{commands}")).open().await;
    (line, platform)
}

/// The platform has found a caller worth a rep, and names no leg.
async fn qualifies(line: &Line, call: &str) -> String {
    let event = json!({
        "specversion": "1.0", "id": format!("evt-{call}"), "source": "voice", "type": "lead.qualified",
        "data": {
            "call": { "platform": "voice", "id": call, "live": true, "direction": "inbound", "from": DANA.phone },
            "contact": { "name": DANA.name, "title": DANA.title },
            "company": { "name": DANA.company, "country": "US" },
            "qualification": { "score": 82, "intent": "buy" },
            "consent": { "email": true, "callback": true },
        },
    });
    line.tells(&event).await["lead"].as_str().expect("a lead").to_owned()
}

/// What the platform was told, in order.
fn told(platform: &StandIns, kind: &str) -> Vec<Value> {
    let accepted = platform.world.accepted().into_iter();
    accepted.filter(|one| one.vendor == "voice" && one.kind == kind).map(|one| one.detail).collect()
}

/// Once it was told the first time.
async fn first(platform: &StandIns, kind: &str) -> Value {
    found(kind, || std::future::ready(told(platform, kind).into_iter().next())).await
}

/// As the platform tells whoever asks.
async fn until_it_stands(platform: &StandIns, leg: &str, status: &str) {
    let sections = platform.config_toml();
    let (_, rest) = sections.split_once("commands = \"http://").expect("where it is asked");
    let door = crate::town::door(rest.split('"').next().expect("an address"), Duration::from_secs(5));
    let asked = ApiCall::get("leg", &["legs", leg]);
    found(status, || async {
        let answer = door.send(&asked).await.ok()?;
        (answer.value()["status"] == status).then_some(())
    })
    .await;
}

/// The agent asks what is true to say now.
async fn what_now(line: &Line, call: &str, words: &str) {
    let tool = json!({ "name": "what_now", "arguments": {} });
    let asks = ApiCall::new("what_now", Does::Write, Method::POST, &["mcp"])
        .header("baton-call-id", call)
        .header("baton-call-platform", "voice")
        .json(json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": tool }));
    line.asked(words, &asks, |told| told["result"]["structuredContent"]["say"] == words).await;
}

async fn a_call_that_is_none_of_ours_is_driven_by_its_platform(wanted: Wanted) {
    let (line, platform) = opened(wanted.reps(1).rule("ring_timeout: 3s", "ring_timeout: 20s")).await;
    let reps = vec![RepManner::Accepts { after: A_MOMENT }];
    platform.voice.call("talk-1", Script { platform: "voice", reps, ..Script::default() });
    let lead = qualifies(&line, "talk-1").await;
    let rung = first(&platform, "ring").await;
    let leg = rung["leg"].as_str().expect("a leg");
    assert_eq!((&rung["call"], &rung["phone"]), (&json!("talk-1"), &json!("+14155551001")));
    for (status, happens) in [("answered", "answered"), ("answered", "accepted"), ("joined", "joined")] {
        until_it_stands(&platform, leg, status).await;
        line.tells(&json!({
            "specversion": "1.0", "id": format!("talk-1-{happens}"), "source": "voice", "type": "call.event",
            "data": { "platform": "voice", "call": "talk-1", "leg": leg, "event": happens },
        }))
        .await;
        line.happened(&lead, happens).await;
    }
    assert_eq!(told(&platform, "whisper").len(), 1, "it was asked to say who calls");
    line.ends_as(&lead, "connected").await;
    assert_eq!(line.rep(1).times_rung(), 0, "our own lines are not in it");
}

async fn a_call_of_ours_is_held_by_us_all_the_same(wanted: Wanted) {
    let (line, platform) = opened(wanted).await;
    let call = line.qualified(&DANA).await;
    line.rep(1).rings().await.refuses("486 Busy Here").await;
    line.answers_and_presses(2, '1').await;
    line.happened(&call.lead, "joined").await;
    assert_eq!(told(&platform, "ring"), Vec::<Value>::new(), "the platform rings nobody for it");
}

/// The platform was not told what the header is for: its caller is on our lines, and nobody knows it.
async fn without_commands_nobody_is_rung_and_a_call_is_promised_at_once(wanted: Wanted) {
    let line = wanted.open().await;
    let inbound = line.calls_in(&DANA).await;
    let told = Instant::now();
    let lead = qualifies(&line, "talk-1").await;
    let story = line.ends_as(&lead, "callback").await;
    assert!(told.elapsed() < PROMISED_WITHIN, "{:?}", told.elapsed());
    assert!(!story.has("answered"), "{:?}", story.kinds());
    what_now(&line, "talk-1", PROMISE).await;
    inbound.caller.until_hears("the agent", |heard| heard.hears(AGENT)).await;
    assert_eq!((line.rep(1).times_rung(), line.rep(2).times_rung()), (0, 0));
    assert_eq!((inbound.caller.stage(), inbound.agent.stage()), (Stage::Answered, Stage::Answered), "they speak on");
}
