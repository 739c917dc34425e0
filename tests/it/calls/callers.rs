//! Callers who leave, callers who put us on hold, and callers who come together.

use super::cases;
use super::stage::line::{DANA, INES, Line, Qualified, Wanted};
use super::stage::tones::{assert_hears, listening};
use super::stage::workers::OURS;
use crate::eventually::found;
use baton::connectors::http::{ApiCall, Does};
use baton_phones::call::{Call, End, Stage};
use baton_phones::rtp::Sound;
use baton_phones::tones::{AGENT, CALLER, HOLD, REP, is_speech};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;

cases! {
    who_leaves_while_it_rings_frees_the_rep_and_is_called_back,
    who_leaves_in_the_whisper_frees_the_rep_and_is_called_back,
    who_leaves_at_the_join_frees_the_rep_and_is_called_back,
    who_leaves_the_agent_is_rung_for_no_more,
    who_puts_us_on_hold_while_it_rings_is_joined_and_takes_us_back,
    who_puts_the_rep_on_hold_loses_nobody,
    an_agent_that_has_put_the_caller_on_hold_is_gone_with_its_music,
    an_agent_that_transfers_by_itself_makes_no_second_caller,
    an_agent_that_hands_the_call_back_makes_no_second_caller,
    a_header_that_names_nobody_who_is_here_is_a_callers_like_any,
    a_local_leg_that_is_left_behind_is_no_second_caller,
    two_at_once_ring_the_only_rep_once,
    two_at_once_are_not_crossed,
}

/// A call was promised, the agent is let go, and the only rep's phone rings for the next caller.
async fn is_freed(line: &Line, call: &Qualified) {
    let story = line.ends_as(&call.lead, "callback").await;
    assert!(story.has("caller_left"), "{:?}", story.kinds());
    assert_eq!(call.agent.until_ended().await, End::TheyHungUp);
    let next = line.qualified(&INES).await;
    line.answers_and_presses(1, '1').await;
    line.happened(&next.lead, "joined").await;
}

async fn who_leaves_while_it_rings_frees_the_rep_and_is_called_back(wanted: Wanted) {
    let line = wanted.reps(1).open().await;
    let call = line.qualified(&DANA).await;
    let rep = line.rep(1).rings().await;
    call.caller.hangs_up().await;
    let end = rep.until_ended().await;
    assert!(matches!(end, End::Cancelled | End::AnsweredElsewhere), "it stops ringing: {end:?}");
    is_freed(&line, &call).await;
}

async fn who_leaves_in_the_whisper_frees_the_rep_and_is_called_back(wanted: Wanted) {
    let line = wanted.reps(1).open().await;
    let call = line.qualified(&DANA).await;
    let rep = line.rep(1).rings().await;
    rep.answers().await;
    rep.until_hears("the whisper", is_speech).await;
    call.caller.hangs_up().await;
    assert_eq!(rep.until_ended().await, End::TheyHungUp, "nobody is briefed for nobody");
    is_freed(&line, &call).await;
}

/// Whether they were joined for a moment or not: nobody has spoken with them.
async fn who_leaves_at_the_join_frees_the_rep_and_is_called_back(wanted: Wanted) {
    let line = wanted.reps(1).open().await;
    let call = line.qualified(&DANA).await;
    let rep = line.answers_and_presses(1, '1').await;
    call.caller.hangs_up().await;
    assert_eq!(rep.until_ended().await, End::TheyHungUp);
    is_freed(&line, &call).await;
}

/// No lead came of it: the agent's phone alone is let go.
async fn who_leaves_the_agent_is_rung_for_no_more(wanted: Wanted) {
    let line = wanted.open().await;
    let inbound = line.calls_in(&DANA).await;
    inbound.caller.hangs_up().await;
    assert_eq!(inbound.agent.until_ended().await, End::TheyHungUp);
    let early = line.dials(&INES).await;
    let rings = line.agent.rings().await;
    early.hangs_up().await;
    let end = rings.until_ended().await;
    assert!(
        matches!(end, End::Cancelled | End::AnsweredElsewhere),
        "an agent that has not answered yet is let go as well: {end:?}"
    );
}

/// For as long as somebody takes to look something up.
const ON_HOLD: Duration = Duration::from_secs(2);

async fn hear_each_other(call: &Qualified, rep: &Call) {
    call.caller.until_hears("the rep", |heard| heard.hears(REP)).await;
    rep.until_hears("the caller", |heard| heard.hears_only(CALLER)).await;
    let (from, until) = listening(Duration::from_millis(1000)).await;
    assert_hears("the caller, back from the hold,", &call.caller.recording().between(from, until), &[REP]);
    assert_hears("the rep, back from the hold,", &rep.recording().between(from, until), &[CALLER]);
}

/// What a rep hears meanwhile is for the caller's phone to say, or silence.
async fn who_puts_us_on_hold_while_it_rings_is_joined_and_takes_us_back(wanted: Wanted) {
    let line = wanted.rule("ring_timeout: 3s", "ring_timeout: 12s").open().await;
    let call = line.qualified(&DANA).await;
    let rep = line.rep(1).rings().await;
    call.caller.holds("sendonly").await;
    rep.answers().await;
    rep.until_hears("the whisper", is_speech).await;
    rep.presses('1').await;
    line.happened(&call.lead, "joined").await;
    listening(ON_HOLD).await;
    call.caller.takes_back().await;
    hear_each_other(&call, &rep).await;
    let story = line.ends_as(&call.lead, "connected").await;
    assert_eq!((story.owner(), line.rep(2).times_rung()), ("rep-1", 0));
    assert!(!story.has("caller_left"), "{:?}", story.kinds());
}

async fn who_puts_the_rep_on_hold_loses_nobody(wanted: Wanted) {
    let line = wanted.open().await;
    let call = line.qualified(&DANA).await;
    let rep = line.answers_and_presses(1, '1').await;
    line.happened(&call.lead, "joined").await;
    hear_each_other(&call, &rep).await;
    for how in ["sendonly", "inactive"] {
        call.caller.holds(how).await;
        listening(ON_HOLD).await;
        assert_eq!((call.caller.stage(), rep.stage()), (Stage::Answered, Stage::Answered), "on hold, {how}");
        call.caller.takes_back().await;
        hear_each_other(&call, &rep).await;
    }
    rep.holds("sendonly").await;
    call.caller.until_hears("music", |heard| heard.hears(HOLD)).await;
    rep.takes_back().await;
    hear_each_other(&call, &rep).await;
    let story = line.ends_as(&call.lead, "connected").await;
    assert_eq!((story.owner(), line.rep(2).times_rung()), ("rep-1", 0));
}

/// As platforms do while they hand over. Asterisk plays music to the caller's own channel then, and would go on with it instead of the
/// rep.
async fn an_agent_that_has_put_the_caller_on_hold_is_gone_with_its_music(wanted: Wanted) {
    let line = wanted.open().await;
    let inbound = line.calls_in(&DANA).await;
    inbound.agent.holds("sendonly").await;
    inbound.caller.until_hears("music", |heard| heard.hears(HOLD)).await;
    let call = line.qualifies(inbound, &DANA).await;
    let rep = line.answers_and_presses(1, '1').await;
    line.happened(&call.lead, "joined").await;
    hear_each_other(&call, &rep).await;
}

/// A platform that was told to transfer asks the carrier to (REFER): that is ours to do, and the call goes on.
async fn an_agent_that_transfers_by_itself_makes_no_second_caller(wanted: Wanted) {
    let line = wanted.open().await;
    let inbound = line.calls_in(&DANA).await;
    inbound.caller.until_hears("the agent", |heard| heard.hears(AGENT)).await;
    let status = inbound.agent.refers_to(&format!("sip:14155551002@{}", line.asterisk.sip)).await;
    assert_eq!(status, 603, "it is declined");
    let call = line.qualifies(inbound, &DANA).await;
    line.answers_and_presses(1, '1').await;
    line.happened(&call.lead, "joined").await;
    assert_eq!((line.agent.times_rung(), line.rep(2).times_rung()), (1, 0), "nobody else was called");
}

/// The same by an INVITE to our number that has our header: whose call it is we know, and have it.
async fn an_agent_that_hands_the_call_back_makes_no_second_caller(wanted: Wanted) {
    let line = wanted.open().await;
    let inbound = line.calls_in(&DANA).await;
    let back = line.is_handed_back(&inbound.id).await;
    let end = back.until_ended().await;
    assert!(matches!(end, End::Refused(_)), "it is declined: {end:?}");
    inbound.caller.until_hears("the agent", |heard| heard.hears(AGENT)).await;
    let call = line.qualifies(inbound, &DANA).await;
    let rep = line.answers_and_presses(1, '1').await;
    line.happened(&call.lead, "joined").await;
    hear_each_other(&call, &rep).await;
    assert_eq!((line.agent.times_rung(), line.rep(2).times_rung()), (1, 0), "nobody else was called");
}

/// As from another Baton, whose agent we are.
async fn a_header_that_names_nobody_who_is_here_is_a_callers_like_any(wanted: Wanted) {
    let line = wanted.open().await;
    let caller = line.is_handed_back("1796028155.99999").await;
    let agent = line.agent.rings().await;
    assert_ne!(agent.header("X-Baton-Call"), Some("1796028155.99999"), "the agent is told our own id");
    agent.answers().await;
    caller.until_hears("the agent", |heard| heard.hears(AGENT)).await;
}

/// What is left of a phone that forwards its calls where Asterisk is not set up for it (`redirect_method`): two channels of Asterisk's own,
/// one of which comes in by the dialplan, as a caller does.
async fn a_local_leg_that_is_left_behind_is_no_second_caller(wanted: Wanted) {
    let line = wanted.open().await;
    let call = line.qualified(&DANA).await;
    let rep = line.rep(1).rings().await;
    let ari = crate::town::door(line.asterisk.ari, Duration::from_secs(5));
    let key = format!("baton:{}", line.asterisk.password);
    let local = format!("Local/{OURS}@from-trunk");
    let left =
        ApiCall::new("left_behind", Does::Write, Method::POST, &["ari", "channels"]).query("api_key", key.as_str());
    let left =
        left.json(json!({ "endpoint": local, "app": "baton", "appArgs": "left,behind", "callerId": "\"Rep\" <1>" }));
    let made = ari.send(&left).await.expect("an answer");
    assert!(made.is_success(), "{}: {}", made.status, made.text());
    let channels = ApiCall::get("channels", &["ari", "channels"]).query("api_key", key.as_str());
    found("the leg is let go", || async {
        let there = ari.send(&channels).await.ok()?;
        (!there.text().contains(&local)).then_some(())
    })
    .await;
    assert!(line.asterisk.log().contains(&local), "it was there");
    rep.answers().await;
    rep.until_hears("the whisper", is_speech).await;
    rep.presses('1').await;
    line.happened(&call.lead, "joined").await;
    hear_each_other(&call, &rep).await;
    assert_eq!((line.agent.times_rung(), line.rep(2).times_rung()), (1, 0), "nobody was rung for it");
}

async fn two_at_once_ring_the_only_rep_once(wanted: Wanted) {
    let line = wanted.reps(1).open().await;
    let (first, second) = (line.calls_in(&DANA).await, line.calls_in(&INES).await);
    let (first, second) = tokio::join!(line.qualifies(first, &DANA), line.qualifies(second, &INES));
    let rep = line.rep(1).rings().await;
    let (served, other) = if first.is_shown_to(&rep) { (first, second) } else { (second, first) };
    line.ends_as(&other.lead, "callback").await;
    assert_eq!(
        (line.rep(1).times_rung(), rep.stage()),
        (1, Stage::Ringing),
        "a phone that rings for one caller is left to ring"
    );
    rep.answers().await;
    rep.until_hears("the whisper", is_speech).await;
    rep.presses('1').await;
    line.happened(&served.lead, "joined").await;
    rep.until_hears("the caller", |heard| heard.hears(CALLER)).await;
    assert_eq!(line.rep(1).times_rung(), 1);
}

/// Each of two reps hears of the lead whose caller they are joined with.
async fn two_at_once_are_not_crossed(wanted: Wanted) {
    let line = wanted.open().await;
    let (first, second) = (line.calls_in(&DANA).await, line.calls_in(&INES).await);
    let (first, second) = tokio::join!(line.qualifies(first, &DANA), line.qualifies(second, &INES));
    let (one, two) = tokio::join!(line.rep(1).rings(), line.rep(2).rings());
    let (danas, ineses) = if first.is_shown_to(&one) { (&one, &two) } else { (&two, &one) };
    assert!(first.is_shown_to(danas) && second.is_shown_to(ineses), "each rep sees another caller");
    // Now Dana alone is heard by whoever was rung for Dana.
    second.caller.says(Sound::Silence);
    for rep in [danas, ineses] {
        rep.answers().await;
        rep.until_hears("the whisper", is_speech).await;
        rep.presses('1').await;
    }
    line.happened(&first.lead, "joined").await;
    line.happened(&second.lead, "joined").await;
    danas.until_hears("Dana", |heard| heard.hears(CALLER)).await;
    let (from, until) = listening(Duration::from_millis(600)).await;
    assert!(ineses.recording().between(from, until).misses(CALLER), "nobody else does");
    second.caller.until_hears("a rep", |heard| heard.hears(REP)).await;
}
