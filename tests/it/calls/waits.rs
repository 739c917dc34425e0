//! What a caller who waits is told and may choose, and the agent who makes caller and rep known to each other.

use super::cases;
use super::stage::line::{DANA, Line, Qualified, Wanted};
use super::stage::tones::{assert_hears, listening, until_said};
use super::stage::workers::{AT_MOST, INSTEAD, INTRODUCTION, PROMISE};
use baton_phones::call::{Call, End, Stage};
use baton_phones::rtp::Sound;
use baton_phones::tones::{AGENT, CALLER, HOLD, REP, is_speech};
use std::time::Duration;

/// A window in which somebody listens.
const A_WHILE: Duration = Duration::from_millis(1500);

cases! {
    the_wait_is_announced_when_it_begins,
    a_key_while_waiting_stops_the_phones_and_a_call_is_promised,
    the_agent_introduces_the_two_in_words_that_both_hear,
    three_hear_each_other_until_the_agent_is_let_go,
    an_agent_whose_worker_has_died_is_let_go_by_another,
    an_agent_that_is_gone_introduces_nobody,
}

async fn the_wait_is_announced_when_it_begins(wanted: Wanted) {
    let line = wanted.rule("ring_timeout: 3s", "ring_timeout: 10s\nannounce_wait: yes").open().await;
    let announced = line.speaks(AT_MOST);
    let call = line.qualified(&DANA).await;
    until_said(&call.caller, &announced).await;
    call.caller.until_hears("music", |heard| heard.hears(HOLD)).await;
}

async fn a_key_while_waiting_stops_the_phones_and_a_call_is_promised(wanted: Wanted) {
    let line = wanted.rule("ring_timeout: 3s", "ring_timeout: 25s\noffer_callback: 3s").open().await;
    let (offer, promise) = (line.speaks(INSTEAD), line.speaks(PROMISE));
    let call = line.qualified(&DANA).await;
    let rep = line.rep(1).rings().await;
    call.caller.presses('1').await;
    until_said(&call.caller, &offer).await;
    assert_eq!(rep.stage(), Stage::Ringing, "a key before the offer means nothing");
    // What we say is to be heard alone.
    call.agent.says(Sound::Silence);
    call.caller.presses('1').await;
    let end = rep.until_ended().await;
    assert!(matches!(end, End::Cancelled | End::AnsweredElsewhere), "it stops ringing: {end:?}");
    let story = line.ends_as(&call.lead, "callback").await;
    assert!(story.has("callback_wanted"), "{:?}", story.kinds());
    until_said(&call.caller, &promise).await;
    listening(A_WHILE).await;
    assert_eq!((line.rep(1).times_rung(), line.rep(2).times_rung()), (1, 0), "nothing rings any more");
    assert_eq!(call.caller.stage(), Stage::Answered, "the agent has the last word");
}

/// The rules say so; rep 1 has accepted.
async fn introduced(wanted: Wanted) -> (Line, Qualified, Call) {
    let line = wanted.rule("ring_at_most: 3", "ring_at_most: 3\nintroduce: agent").open().await;
    let call = line.qualified(&DANA).await;
    let rep = line.answers_and_presses(1, '1').await;
    (line, call, rep)
}

/// Its platform takes no words on a live channel here: they are spoken for it.
async fn the_agent_introduces_the_two_in_words_that_both_hear(wanted: Wanted) {
    let (line, call, rep) = introduced(wanted).await;
    for party in [&call.caller, &call.agent, &rep] {
        party.says(Sound::Silence);
    }
    let words = line.speaks(INTRODUCTION);
    until_said(&rep, &words).await;
    until_said(&call.caller, &words).await;
}

async fn three_hear_each_other_until_the_agent_is_let_go(wanted: Wanted) {
    let (line, call, rep) = introduced(wanted).await;
    line.happened(&call.lead, "joined").await;
    call.caller.until_hears("agent and rep", |heard| heard.hears(AGENT) && heard.hears(REP)).await;
    rep.until_hears("agent and caller", |heard| heard.hears(AGENT) && heard.hears(CALLER)).await;
    assert_eq!(call.agent.until_ended().await, End::TheyHungUp, "it has had its time");
    let (from, until) = listening(A_WHILE).await;
    assert_hears("the caller, without the agent,", &call.caller.recording().between(from, until), &[REP]);
    assert_hears("the rep, without the agent,", &rep.recording().between(from, until), &[CALLER]);
    assert_hears("the agent, let go,", &call.agent.recording().between(from, until), &[]);
}

async fn an_agent_whose_worker_has_died_is_let_go_by_another(wanted: Wanted) {
    let (mut line, call, rep) = introduced(wanted).await;
    line.happened(&call.lead, "joined").await;
    line.kills_worker().await;
    assert_eq!(call.agent.until_ended().await, End::TheyHungUp);
    call.caller.until_hears("the rep alone", |heard| heard.hears(REP) && heard.misses(AGENT)).await;
    rep.until_hears("the caller alone", |heard| heard.hears(CALLER) && heard.misses(AGENT)).await;
}

/// An ordinary join.
async fn an_agent_that_is_gone_introduces_nobody(wanted: Wanted) {
    let line = wanted.rule("ring_at_most: 3", "ring_at_most: 3\nintroduce: agent").open().await;
    let call = line.qualified(&DANA).await;
    let rep = line.rep(1).rings().await;
    call.caller.until_hears("music", |heard| heard.hears(HOLD)).await;
    call.agent.hangs_up().await;
    rep.answers().await;
    rep.until_hears("the whisper", is_speech).await;
    rep.presses('1').await;
    line.happened(&call.lead, "joined").await;
    call.caller.until_hears("the rep", |heard| heard.hears(REP)).await;
    rep.until_hears("the caller", |heard| heard.hears(CALLER)).await;
}
