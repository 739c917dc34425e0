//! A rep calls a lead back, by one act: the rep's phone first, then the lead's.

use super::cases;
use super::stage::line::{DANA, Line, Wanted};
use super::stage::tones::{assert_hears, listening, until_said};
use baton::connectors::http::ApiCall;
use baton_phones::call::{Call, End};
use baton_phones::tones::{CALLER, HOLD, REP, is_speech};
use serde_json::Value;
use std::time::Duration;

/// A window in which somebody listens.
const A_WHILE: Duration = Duration::from_millis(1500);

cases! {
    a_lead_is_called_back_and_both_hear_each_other,
    a_lead_who_does_not_answer_is_owed_the_call_still,
    a_lead_whose_phone_is_busy_is_owed_the_call_still,
    a_rep_says_by_key_what_came_of_the_call,
    a_rep_who_hangs_up_says_nothing,
    a_key_that_was_not_offered_has_the_rep_asked_again,
    a_voicemail_is_no_contact_and_the_call_is_owed_again,
    a_worker_that_dies_in_the_question_leaves_it_to_the_next,
}

/// As the templates have it.
const CAME_OF: &str = "What came of it? Press 1, qualified; 2, not now; 3, not reached; 4, wrong person.";

/// The one rep could not take the call, and Dana has hung up.
async fn owed(line: &Line) -> String {
    let call = line.qualified(&DANA).await;
    line.rep(1).rings().await.refuses("486 Busy Here").await;
    line.ends_as(&call.lead, "callback").await;
    call.caller.hangs_up().await;
    line.happened(&call.lead, "caller_left").await;
    call.lead
}

async fn a_lead_is_called_back_and_both_hear_each_other(wanted: Wanted) {
    let line = wanted.reps(1).open().await;
    let lead = owed(&line).await;
    line.calls_back(&lead).await;
    let rep = line.answers_and_presses(1, '1').await;
    let dana = line.lead.rings().await;
    let shown = dana.header("From").expect("a caller is shown");
    assert!(shown.contains("15551230000"), "the lead sees our number: {shown}");
    rep.until_hears("music", |heard| heard.hears(HOLD)).await;
    dana.answers().await;
    line.happened(&lead, "joined").await;
    dana.until_hears("the rep", |heard| heard.hears(REP)).await;
    rep.until_hears("the lead", |heard| heard.hears(CALLER) && !heard.hears(HOLD)).await;
    let (from, until) = listening(A_WHILE).await;
    assert_hears("the lead, called back,", &dana.recording().between(from, until), &[REP]);
    assert_hears("the rep, who calls back,", &rep.recording().between(from, until), &[CALLER]);
    let story = line.ends_as(&lead, "called").await;
    assert!(story.0["first_contact_at"].is_string(), "it is a first contact");
    rep.hangs_up().await;
    assert_eq!(dana.until_ended().await, End::TheyHungUp, "nobody is left to speak with");
    line.happened(&lead, "rep_left").await;
}

async fn a_lead_who_does_not_answer_is_owed_the_call_still(wanted: Wanted) {
    let line = wanted.reps(1).open().await;
    let lead = owed(&line).await;
    line.calls_back(&lead).await;
    let rep = line.answers_and_presses(1, '1').await;
    let dana = line.lead.rings().await;
    assert_eq!(dana.until_ended().await, End::Cancelled, "it does not ring for ever");
    let story = line.happened(&lead, "no_answer").await;
    assert_eq!(story.status(), "callback");
    assert_eq!(rep.until_ended().await, End::TheyHungUp);
}

async fn a_lead_whose_phone_is_busy_is_owed_the_call_still(wanted: Wanted) {
    let line = wanted.reps(1).open().await;
    let lead = owed(&line).await;
    line.lead.refuses("486 Busy Here");
    line.calls_back(&lead).await;
    let rep = line.answers_and_presses(1, '1').await;
    assert_eq!(rep.until_ended().await, End::TheyHungUp);
    let twice = |kinds: &[&str]| kinds.iter().filter(|kind| **kind == "busy").count() == 2;
    let story = line.until(&lead, "a busy phone of the lead's", |story| twice(&story.kinds())).await;
    assert_eq!(story.status(), "callback");
}

/// They have spoken for long enough to count, and the lead has hung up: the rep hears the question.
async fn asked(line: &Line) -> (String, Call) {
    let lead = owed(line).await;
    line.calls_back(&lead).await;
    let rep = line.answers_and_presses(1, '1').await;
    let dana = line.lead.rings().await;
    dana.answers().await;
    line.ends_as(&lead, "called").await;
    dana.hangs_up().await;
    line.happened(&lead, "lead_left").await;
    hears_words(&rep).await;
    (lead, rep)
}

/// Of what is said from now on.
async fn hears_words(rep: &Call) {
    rep.forgets();
    rep.until_hears("the question", is_speech).await;
}

/// Of the leads of which a rep has said something, how many are misrouted; and how many are opportunities.
async fn reported(line: &Line, misroutes: (u64, u64), opportunities: u64) {
    let report = ApiCall::get("report", &["v1", "reports", "routing"]).query("days", "1");
    let total = |told: &Value, key: &str| {
        let figures = told["figures"].as_array().map(Vec::as_slice).unwrap_or_default();
        let figure = figures.iter().find(|figure| figure["key"] == key).cloned().unwrap_or_default();
        ["numerator", "denominator"].map(|part| figure["total"][part].as_u64().unwrap_or_default())
    };
    let says = |told: &Value| {
        total(told, "misroutes") == [misroutes.0, misroutes.1] && total(told, "conversion")[0] == opportunities
    };
    line.asked("a report of it", &report, says).await;
}

async fn a_rep_says_by_key_what_came_of_the_call(wanted: Wanted) {
    let line = wanted.reps(1).open().await;
    let (lead, rep) = asked(&line).await;
    until_said(&rep, &line.speaks(CAME_OF)).await;
    rep.presses('1').await;
    assert_eq!(rep.until_ended().await, End::TheyHungUp, "there is nothing more to say");
    let story = line.happened(&lead, "pressed").await;
    assert_eq!((story.status(), &story.body("pressed")["event"]["key"]), ("called", &Value::from("1")));
    reported(&line, (0, 1), 1).await;
}

async fn a_rep_who_hangs_up_says_nothing(wanted: Wanted) {
    let line = wanted.reps(1).open().await;
    let (lead, rep) = asked(&line).await;
    rep.hangs_up().await;
    let story = line.happened(&lead, "rep_left").await;
    assert!(story.status() == "called" && !story.has("pressed"), "{:?}", story.kinds());
    reported(&line, (0, 0), 0).await;
}

async fn a_key_that_was_not_offered_has_the_rep_asked_again(wanted: Wanted) {
    let line = wanted.reps(1).open().await;
    let (lead, rep) = asked(&line).await;
    rep.presses('7').await;
    line.happened(&lead, "pressed").await;
    hears_words(&rep).await;
    rep.presses('4').await;
    assert_eq!(rep.until_ended().await, End::TheyHungUp);
    let twice = |kinds: &[&str]| kinds.iter().filter(|kind| **kind == "pressed").count() == 2;
    line.until(&lead, "two keys", |story| twice(&story.kinds())).await;
    reported(&line, (1, 1), 0).await;
}

async fn a_voicemail_is_no_contact_and_the_call_is_owed_again(wanted: Wanted) {
    let line = wanted.reps(1).open().await;
    let (lead, rep) = asked(&line).await;
    rep.presses('3').await;
    assert_eq!(rep.until_ended().await, End::TheyHungUp);
    let story = line.ends_as(&lead, "callback").await;
    assert!(story.0["first_contact_at"].is_null(), "nobody has spoken with the lead: {:#}", story.0);
    reported(&line, (0, 1), 0).await;
}

async fn a_worker_that_dies_in_the_question_leaves_it_to_the_next(wanted: Wanted) {
    let mut line = wanted.reps(1).open().await;
    let (lead, rep) = asked(&line).await;
    line.kills_worker().await;
    line.is_heard().await;
    rep.presses('2').await;
    assert_eq!(rep.until_ended().await, End::TheyHungUp);
    line.happened(&lead, "pressed").await;
    reported(&line, (0, 1), 0).await;
}
