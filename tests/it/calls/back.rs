//! A rep calls a lead back, by one act: the rep's phone first, then the lead's.

use super::cases;
use super::line::{DANA, Line, Wanted};
use super::tones::{assert_hears, listening};
use baton_phones::call::End;
use baton_phones::tones::{CALLER, HOLD, REP};
use std::time::Duration;

/// A window in which somebody listens.
const A_WHILE: Duration = Duration::from_millis(1500);

cases! {
    a_lead_is_called_back_and_both_hear_each_other,
    a_lead_who_does_not_answer_is_owed_the_call_still,
    a_lead_whose_phone_is_busy_is_owed_the_call_still,
}

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
