//! What is decided once the answer to an agent has gone out: said on the platform's own live channel, once, while it is true and
//! somebody is there to hear it. The stand-in of Vapi's control URL is held against Vapi's description of `say`.

mod line;

use crate::doors::platforms::{SECRET, tool_calls};
use crate::eventually::eventually;
use crate::program::served::{Served, request};
use crate::store::server::{Db, on_both, tests};
use baton_sandbox::Fault;
use line::{Line, RETELL_KEY};
use serde_json::{Value, json};
use std::time::Duration;

/// By which sentences of the templates are told apart.
const PASSED_ON: &str = "I have passed this on";
const FIND: &str = "Let me see when";
const OFFER: &str = "Which time suits you?";
const CALL_BACK: &str = "will call you back";

/// Which sentences these are.
fn kinds(said: &[String]) -> Vec<&'static str> {
    let kind = |say: &String| {
        let known = [PASSED_ON, FIND, OFFER, CALL_BACK].into_iter().find(|kind| say.contains(kind));
        known.unwrap_or_else(|| panic!("an unknown sentence: {say}"))
    };
    said.iter().map(kind).collect()
}

/// The agent looks for a time, then offers some, then promises a call, since the caller takes none: each is said once, by the answer
/// or on the call.
async fn what_is_decided_later_follows_on_the_call(db: Db) {
    let line = Line::vapi(db, true).await;
    let answer = line.asks("call-1").await;
    eventually("the promise of a call", || async { kinds(&line.said("call-1")).contains(&CALL_BACK) }).await;
    line.until_quiet().await;
    let mut heard = vec![answer];
    heard.extend(line.said("call-1"));
    let mut told = kinds(&heard);
    told.retain(|kind| *kind != PASSED_ON);
    // Times that are found at once are offered at once.
    assert!(told == [FIND, OFFER, CALL_BACK] || told == [OFFER, CALL_BACK], "{heard:?}");

    assert_eq!(line.asks("call-1").await, heard[heard.len() - 1], "whoever asks hears the same");
    let shown = line.shown().await;
    assert!(shown.contains("Northwind Foods") && !shown.contains("control"), "{shown}");
    let failed = "SELECT COUNT(*) FROM step WHERE state = 'failed'";
    assert_eq!(line.db.number(failed).await, 0);
    assert_eq!(line.db.number("SELECT COUNT(*) FROM live_call").await, 1);
    line.ends("call-1").await;
    eventually("the address is forgotten", || async { line.db.number("SELECT COUNT(*) FROM live_call").await == 0 })
        .await;
    line.fits_vapis_description();
    line.stop().await;
}

/// Nobody has decided when the answer must go out: it promises, and the call hears the rest.
#[cfg(feature = "failpoints")]
async fn a_decision_after_the_answer_is_said_once(db: Db) {
    let line = Line::vapi(db, false).await;
    let point = "while_deciding vapi call-late:tool_a";
    fail::cfg(point, "sleep(2500)").expect("a crash point");
    assert_eq!(kinds(&[line.asks("call-late").await]), [PASSED_ON]);
    eventually("the decision is said", || async { !line.said("call-late").is_empty() }).await;
    fail::remove(point);
    line.until_quiet().await;
    let said = line.said("call-late");
    assert_eq!(kinds(&said), [CALL_BACK]);
    assert_eq!(line.asks("call-late").await, said[0]);
    line.until_quiet().await;
    assert_eq!(line.said("call-late"), said, "an answer is not said again");
    line.stop().await;
}

/// The time that is looked up comes too late for a caller who has hung up.
async fn a_caller_who_is_gone_is_told_nothing(db: Db) {
    let line = Line::vapi(db, true).await;
    line.stage.world.arm("google", "freebusy.query", Fault::Stall(Duration::from_secs(6)), 100);
    line.asks("call-2").await;
    eventually("it is decided", || async { line.db.number("SELECT COUNT(*) FROM lead").await == 1 }).await;
    line.ends("call-2").await;
    eventually("the address is forgotten", || async { line.db.number("SELECT COUNT(*) FROM live_call").await == 0 })
        .await;
    line.stage.world.heal("google");
    line.until_quiet().await;
    let said = kinds(&line.said("call-2"));
    assert!(said.is_empty() || said == [FIND], "{said:?}");
    line.stop().await;
}

/// Whatever the channel answers, the lead goes on, nobody has to look, and the agent hears it when it asks.
async fn a_channel_that_takes_nothing_is_no_fault_of_the_leads(db: Db) {
    let line = Line::vapi(db, true).await;
    line.vapi.end("call-3");
    line.asks("call-3").await;
    eventually("a call is promised", || async {
        line.db.number("SELECT COUNT(*) FROM lead WHERE status = 'callback'").await == 1
    })
    .await;
    line.until_quiet().await;
    assert_eq!(line.said("call-3"), Vec::<String>::new());
    assert_eq!(line.db.number("SELECT COUNT(*) FROM step WHERE state = 'failed'").await, 0);
    assert_eq!(kinds(&[line.asks("call-3").await]), [CALL_BACK]);
    line.stop().await;
}

/// One address for all calls, opened by a key; and none without it.
async fn a_platform_with_an_api_is_told_with_its_key(db: Db) {
    let line = Line::retell(db).await;
    line.asks_as_retell("call-4").await;
    eventually("the times on offer", || async { line.retold().iter().any(|(_, say)| say.contains(OFFER)) }).await;
    for (authorization, say) in line.retold() {
        assert_eq!(authorization, format!("Bearer {RETELL_KEY}"));
        assert!(say.starts_with("News for the caller."), "{say}");
    }
    line.stop().await;
}

/// An address anywhere else is not asked, and is told by its host alone.
#[test]
fn an_address_on_another_host_is_not_asked() {
    let section = "[platforms.vapi]\nsecrets = [\"env:VAPI_SECRET\"]\n";
    let served = Served::start(section, "info", &[("VAPI_SECRET", SECRET)]);
    for address in ["https://evil.example/a-hidden-part/control", "http://127.0.0.1/a-hidden-part", "a-hidden-part"] {
        let mut body = tool_calls("call-5", &[("tool_a", json!({ "company": "Northwind Foods" }))]);
        body["message"]["call"]["monitor"] = json!({ "controlUrl": address });
        let headers = format!("Content-Type: application/json\r\nX-Vapi-Secret: {SECRET}\r\n");
        let answer = served.ask(&request("POST", "/v1/platforms/vapi", None, &headers, &body.to_string()));
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let log = served.log();
    assert_eq!(log.matches("not where the mapping allows it").count(), 3, "{log}");
    assert!(log.contains("evil.example") && !log.contains("a-hidden-part"), "{log}");
}

/// A tool of Vapi is called when nothing is to be called: there is nothing to answer, and nothing is stored.
#[test]
fn no_call_of_a_tool_is_answered_with_no_result() {
    let section = "[platforms.vapi]\nsecrets = [\"env:VAPI_SECRET\"]\n";
    let served = Served::start(section, "info", &[("VAPI_SECRET", SECRET)]);
    let headers = format!("Content-Type: application/json\r\nX-Vapi-Secret: {SECRET}\r\n");
    let body = tool_calls("call-6", &[]).to_string();
    let answer = served.ask(&request("POST", "/v1/platforms/vapi", None, &headers, &body));
    assert_eq!((answer.status, answer.json()), (200, json!({ "results": [] })));
    let listed: Value = served.ask(&request("GET", "/v1/leads", None, "", "")).json();
    assert_eq!(listed["leads"], json!([]));
}

on_both! {
    what_is_decided_later_follows_on_the_call,
    #[cfg(feature = "failpoints")]
    a_decision_after_the_answer_is_said_once,
    a_caller_who_is_gone_is_told_nothing,
}

tests! {
    a_channel_that_takes_nothing_on_sqlite: on_sqlite(a_channel_that_takes_nothing_is_no_fault_of_the_leads),
    a_platform_with_an_api_on_sqlite: on_sqlite(a_platform_with_an_api_is_told_with_its_key),
}
