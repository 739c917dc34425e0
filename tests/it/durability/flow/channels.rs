//! Leads that did not call, callers who are not to be called, and what is taken back: from the event to what the vendors hold.

use super::ACCEPTS;
use super::play::Play;
use crate::town::Caller;
use baton_core::domain::lead::ReachBack;
use baton_core::domain::outcome::NextStepKind;
use baton_sandbox::voice::RepManner;
use serde_json::{Value, json};
use std::time::Duration;

/// The caller's event, changed.
fn saying(mut caller: Caller, change: impl FnOnce(&mut Value)) -> Caller {
    change(&mut caller.event["data"]);
    caller
}

fn with_number(data: &mut Value) {
    data["contact"]["phone"] = json!("+12125550142");
}

/// A rule puts every lead through: who came by a form has nobody on a line to be put through.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_rings_nobody_and_the_same_lead_by_call_does() {
    let play = Play::begin().await;
    let form = saying(Caller::gone(1), |data| {
        with_number(data);
        data["channel"] = json!("form");
    });
    let lead = play.call(&form).await;
    let record = play.ends(&lead, "callback").await;
    assert_eq!(record.next_step.what, NextStepKind::Callback);
    assert_eq!(play.accepted("voice", "ring").len(), 0, "no phone rings for a form");
    let meeting = saying(Caller::gone(2), |data| {
        data["channel"] = json!("form");
        data["preference"] = json!({ "handoff": "meeting" });
    });
    let lead = play.call(&meeting).await;
    play.ends(&lead, "booked").await;
    assert_eq!(play.accepted("voice", "ring").len(), 0, "a meeting rings no phone either");
    let call = saying(Caller::live(4).reps(&[ACCEPTS]), |data| data["channel"] = json!("call"));
    let lead = play.call(&call).await;
    play.until(&lead, "connected").await;
    assert_eq!(play.accepted("voice", "ring").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chat_is_answered_with_the_words_of_its_promise() {
    let play = Play::begin().await;
    let chat = saying(Caller::gone(1), |data| {
        with_number(data);
        data["channel"] = json!("chat");
    });
    let lead = play.call(&chat).await;
    play.ends(&lead, "callback").await;
    let answer: Value = serde_json::from_slice(&play.post_raw(&chat.event).await).expect("an answer");
    assert_eq!(answer["instruction"]["kind"], "promise_callback", "{answer}");
    assert_eq!(play.accepted("voice", "instruct").len(), 0, "there is no line to say it on");
}

/// Nobody calls them, whoever asks: the rep is told to write, the caller gets a mail, and the platform records nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_wants_no_call_gets_a_mail_and_is_not_recorded() {
    let play = Play::begin().await;
    let caller = saying(Caller::gone(1), |data| {
        with_number(data);
        data["consent"] = json!({ "email": true, "callback": false });
    });
    let lead = play.call(&caller).await;
    let record = play.ends(&lead, "mail").await;
    assert_eq!(record.next_step.what, NextStepKind::Mail);
    let mails = play.stage.smtp.mails();
    let to_caller = mails.iter().find(|mail| mail.to.iter().any(|to| to == caller.email()));
    let to_caller = to_caller.expect("they agreed to mail");
    let text = &to_caller.text;
    assert!(text.contains("will write to you by") && text.contains("Nobody will call you."), "{text}");
    let rep = format!("{}@reps.example", record.next_step.owner);
    assert!(to_caller.header("reply-to").contains(&rep), "an answer reaches the rep: {:?}", to_caller.headers);

    let live = saying(Caller::live(4).reps(&[ACCEPTS]), |data| {
        data["consent"] = json!({ "recording": { "given": false, "source": "platform" } });
    });
    let lead = play.call(&live).await;
    play.until(&lead, "connected").await;
    let told: Vec<Value> = play.accepted("voice", "unrecorded").iter().map(|one| one["command"].clone()).collect();
    assert_eq!(told, [json!("hold"), json!("join")]);
}

/// A later event of the same call takes consents back: the promised call becomes a mail, and then nobody writes either.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consent_that_is_taken_back_is_obeyed_from_then_on() {
    let play = Play::begin().await;
    let caller = saying(Caller::gone(1), with_number);
    let lead = play.call(&caller).await;
    play.ends(&lead, "callback").await;
    let tells = |id: &str, consent: Value| {
        let mut event = caller.event.clone();
        (event["id"], event["data"]["consent"]) = (json!(id), consent);
        event
    };
    let no_calls = tells("evt-1-no-calls", json!({ "callback": false, "email": true }));
    assert_eq!(play.decided(&no_calls).await, lead);
    play.ends(&lead, "mail").await;
    // What was said before all of it comes late, and changes nothing.
    let early = json!({ "callback": { "given": true, "at": "2020-01-01T00:00:00Z" } });
    assert_eq!(play.decided(&tells("evt-1-early", early)).await, lead);
    assert_eq!(play.handoff(&lead).await.reach_back, ReachBack::Mail);
    assert_eq!(play.decided(&tells("evt-1-nothing", json!({ "email": false }))).await, lead);
    let record = play.ends(&lead, "needs_attention").await;
    assert!(record.lead.consent.refuses_calls() && record.lead.consent.refuses_mail());
    assert_eq!(play.decided(&tells("evt-1-again", json!({ "callback": true }))).await, lead);
    play.ends(&lead, "callback").await;
}

/// The report of the call wishes for a callback: they had said no, and have not said yes since.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wish_to_be_called_back_takes_no_refusal_back() {
    let play = Play::begin().await;
    let caller = saying(Caller::gone(1), |data| data["consent"] = json!({ "callback": false, "email": true }));
    let lead = play.call(&caller).await;
    play.ends(&lead, "mail").await;
    let mut report = caller.event.clone();
    report["id"] = json!("evt-1-report");
    report["data"]["consent"] = json!({});
    report["data"]["preference"] = json!({ "handoff": "callback" });
    assert_eq!(play.decided(&report).await, lead);
    let record = play.ends(&lead, "mail").await;
    assert!(record.lead.consent.refuses_calls() && record.lead.preference.handoff.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_after_the_end_reaches_whoever_has_the_lead() {
    let play = Play::begin().await;
    let caller = Caller::live(4).reps(&[ACCEPTS]);
    let lead = play.call(&caller).await;
    play.until(&lead, "connected").await;
    play.until_quiet().await;
    let cards = play.accepted("slack", "message").len();
    let mut report = caller.event.clone();
    report["id"] = json!("evt-4-report");
    report["data"]["call"]["live"] = json!(false);
    report["data"]["consent"] = json!({ "callback": false, "email": false });
    assert_eq!(play.decided(&report).await, lead);
    play.until_quiet().await;
    assert_eq!(play.accepted("slack", "message").len(), cards + 1);
    let told =
        play.stage.smtp.mails().into_iter().filter(|mail| mail.text.contains("Do not call. Do not write by mail."));
    assert_eq!(told.count(), 1);
}

/// There is nothing to call: with an address a mail is promised, without one the lead is left to its owner.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_withholds_the_number_is_promised_no_call() {
    let play = Play::begin().await;
    let written = saying(Caller::gone(1), |data| {
        data["call"]["from"] = json!("+266696687");
        data["consent"] = json!({});
    });
    let lead = play.call(&written).await;
    let record = play.ends(&lead, "mail").await;
    assert_eq!(record.next_step.what, NextStepKind::Mail);
    let silent = Caller::live(4).reps(&[RepManner::Silent]).hangs_up_after(Duration::from_secs(2));
    let left = saying(silent, |data| {
        data["call"]["from"] = json!("anonymous");
        data["contact"] = json!({ "name": "Dana Whitfield" });
    });
    let lead = play.call(&left).await;
    let record = play.ends(&lead, "needs_attention").await;
    assert_eq!(record.next_step.owner, record.owner);
    assert!(!play.accepted("voice", "ring").is_empty(), "they were on the line: phones rang");
}
