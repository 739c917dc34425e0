//! A rep who is not to be had: the next one is rung, and the caller does not notice.

use super::cases;
use super::stage::line::{DANA, Line, Qualified, Wanted};
use super::stage::story::Story;
use super::stage::tones::listening;
use baton_phones::call::{Call, End, Stage};
use baton_phones::phone::Phone;
use baton_phones::rtp::Sound;
use baton_phones::tones::{CALLER, HOLD, REP, is_speech};
use std::time::Duration;

/// Nobody else's tone.
const ANNOUNCED: f64 = 1_270.0;

cases! {
    after_silence,
    after_a_busy_phone,
    after_a_phone_that_declines,
    after_a_phone_that_is_not_there_for_now,
    after_the_key_that_declines,
    after_a_voicemail,
    after_a_phone_that_screens_its_calls,
    after_a_phone_that_is_unplugged,
    after_a_key_that_comes_before_the_answer,
    after_an_answer_that_crosses_the_end_of_the_ring,
    after_a_rep_who_leaves_at_once,
    after_a_rep_of_whom_no_sound_ever_comes,
    not_after_a_rep_who_is_muted,
    a_forwarded_phone_is_followed_within_its_leg,
}

/// Rep 2 accepts; the caller has heard nobody but music and that rep.
async fn the_second_takes_it(line: &Line, call: &Qualified) -> Story {
    let second = line.answers_and_presses(2, '1').await;
    let story = line.until(&call.lead, "joined by rep-2", |story| story.reps("joined").last() == Some(&"rep-2")).await;
    call.caller.until_hears("the second rep", |heard| heard.hears(REP)).await;
    second.until_hears("the caller", |heard| heard.hears(CALLER)).await;
    assert_eq!(line.rep(1).times_rung(), 1, "the first is not rung again");
    story
}

/// Called off, whatever is told of why.
fn is_called_off(end: End) -> bool {
    matches!(end, End::Cancelled | End::AnsweredElsewhere)
}

async fn after_silence(wanted: Wanted) {
    let line = wanted.open().await;
    let call = line.qualified(&DANA).await;
    let first = line.rep(1).rings().await;
    let end = first.until_ended().await;
    assert!(is_called_off(end), "it stops ringing: {end:?}");
    the_second_takes_it(&line, &call).await;
    let what = "whoever took the call owns the lead";
    let story = line.until(&call.lead, what, |story| story.owner() == "rep-2").await;
    assert_eq!(story.reps("answered"), ["rep-2"]);
}

async fn after_a_busy_phone(wanted: Wanted) {
    let line = wanted.open().await;
    line.rep(1).refuses("486 Busy Here");
    let call = line.qualified(&DANA).await;
    let story = the_second_takes_it(&line, &call).await;
    assert_eq!((story.reps("busy"), story.reps("declined")), (vec!["rep-1"], vec![]));
}

async fn after_a_phone_that_declines(wanted: Wanted) {
    let line = wanted.open().await;
    let call = line.qualified(&DANA).await;
    line.rep(1).rings().await.refuses("603 Decline").await;
    let story = the_second_takes_it(&line, &call).await;
    assert_eq!((story.reps("declined"), story.reps("busy")), (vec!["rep-1"], vec![]));
}

async fn after_a_phone_that_is_not_there_for_now(wanted: Wanted) {
    let line = wanted.open().await;
    line.rep(1).refuses("480 Temporarily Unavailable");
    let call = line.qualified(&DANA).await;
    let story = the_second_takes_it(&line, &call).await;
    assert!(!story.has("declined"), "nobody said no: {:?}", story.kinds());
}

async fn after_the_key_that_declines(wanted: Wanted) {
    let line = wanted.open().await;
    let call = line.qualified(&DANA).await;
    let first = line.answers_and_presses(1, '2').await;
    assert_eq!(first.until_ended().await, End::TheyHungUp);
    let story = the_second_takes_it(&line, &call).await;
    assert_eq!(story.reps("declined"), ["rep-1"]);
}

/// It answers, speaks, and presses nothing.
async fn after_a_voicemail(wanted: Wanted) {
    let line = wanted.rule("accept_within: 12s", "accept_within: 3s").open().await;
    let call = line.qualified(&DANA).await;
    let first = line.rep(1).rings().await;
    first.answers().await;
    assert_eq!(first.until_ended().await, End::TheyHungUp);
    let story = the_second_takes_it(&line, &call).await;
    assert_eq!(story.reps("accepted"), ["rep-2"], "an answer accepts nothing");
    heard_nothing_of(&call.caller, &first).await;
}

/// It answers by itself, announces something, waits for a key of ours, and sends one of its own that is not the rep's.
async fn after_a_phone_that_screens_its_calls(wanted: Wanted) {
    let line = wanted.rule("accept_within: 12s", "accept_within: 4s").open().await;
    let call = line.qualified(&DANA).await;
    let first = line.rep(1).rings().await;
    first.says(Sound::Tone(ANNOUNCED));
    first.answers().await;
    first.until_hears("the whisper", is_speech).await;
    first.presses('*').await;
    call.caller.until_hears("music alone", |heard| heard.hears_only(HOLD)).await;
    assert_eq!(first.until_ended().await, End::TheyHungUp, "a machine waits for ever");
    let story = the_second_takes_it(&line, &call).await;
    assert_eq!((story.reps("accepted"), story.has("declined")), (vec!["rep-2"], false));
    assert_eq!(call.caller.recording().first(ANNOUNCED, call.at), None, "the caller hears nothing of the announcement");
    heard_nothing_of(&call.caller, &first).await;
}

async fn after_a_phone_that_is_unplugged(wanted: Wanted) {
    let line = wanted.open().await;
    line.rep(1).is_unplugged();
    let call = line.qualified(&DANA).await;
    let second = line.answers_and_presses(2, '1').await;
    line.happened(&call.lead, "joined").await;
    second.until_hears("the caller", |heard| heard.hears(CALLER)).await;
}

/// A network's announcement may carry keys: nobody is there to accept.
async fn after_a_key_that_comes_before_the_answer(wanted: Wanted) {
    let line = wanted.open().await;
    let call = line.qualified(&DANA).await;
    let first = line.rep(1).rings().await;
    first.plays_before_answering().await;
    first.presses('1').await;
    let end = first.until_ended().await;
    assert!(is_called_off(end), "{end:?}");
    let story = the_second_takes_it(&line, &call).await;
    assert_eq!(story.reps("accepted"), ["rep-2"]);
}

/// The rep picks up in the moment in which the phone is told to stop: nobody speaks to them, and nobody else hears them.
async fn after_an_answer_that_crosses_the_end_of_the_ring(wanted: Wanted) {
    let line = wanted.open().await;
    let call = line.qualified(&DANA).await;
    let first = line.rep(1).rings().await;
    first.answers_when_cancelled();
    assert_eq!(first.until_ended().await, End::TheyHungUp, "it is let go");
    the_second_takes_it(&line, &call).await;
    heard_nothing_of(&call.caller, &first).await;
}

/// Nobody who leaves within seconds was really there.
async fn after_a_rep_who_leaves_at_once(wanted: Wanted) {
    let line = wanted.open().await;
    let call = line.qualified(&DANA).await;
    let first = line.answers_and_presses(1, '1').await;
    line.happened(&call.lead, "joined").await;
    first.hangs_up().await;
    let second = line.rep(2).rings().await;
    call.caller.until_hears("music", |heard| heard.hears(HOLD)).await;
    second.answers().await;
    second.until_hears("the whisper", is_speech).await;
    second.presses('1').await;
    let story = line.until(&call.lead, "joined by rep-2", |story| story.reps("joined") == ["rep-1", "rep-2"]).await;
    assert_eq!(story.reps("rep_left"), ["rep-1"]);
    call.caller.until_hears("the second rep", |heard| heard.hears(REP)).await;
}

/// The key comes in a request, and nothing by the way of the sound: the caller would speak with nobody, and be told that they had.
async fn after_a_rep_of_whom_no_sound_ever_comes(wanted: Wanted) {
    let line = wanted.open().await;
    let call = line.qualified(&DANA).await;
    let first = line.rep(1).rings().await;
    first.says(Sound::Nothing);
    first.answers().await;
    first.until_hears("the whisper", is_speech).await;
    first.presses_by_request('1').await;
    line.happened(&call.lead, "joined").await;
    assert_eq!(first.until_ended().await, End::TheyHungUp);
    call.caller.until_hears("music", |heard| heard.hears(HOLD)).await;
    let story = the_second_takes_it(&line, &call).await;
    assert_eq!((story.reps("joined"), story.reps("rep_left")), (vec!["rep-1", "rep-2"], vec!["rep-1"]));
    let story = line.ends_as(&call.lead, "connected").await;
    assert_eq!(story.owner(), "rep-2");
}

/// The phone falls silent before the key, as many do where nobody speaks: who was heard at all can be heard.
async fn not_after_a_rep_who_is_muted(wanted: Wanted) {
    let line = wanted.open().await;
    let call = line.qualified(&DANA).await;
    let rep = line.rep(1).rings().await;
    rep.says(Sound::Silence);
    rep.answers().await;
    rep.until_hears("the whisper", is_speech).await;
    rep.says(Sound::Nothing);
    rep.presses('1').await;
    let story = line.ends_as(&call.lead, "connected").await;
    assert_eq!((story.owner(), line.rep(2).times_rung()), ("rep-1", 0));
    rep.says(Sound::Tone(REP));
    call.caller.until_hears("the rep", |heard| heard.hears(REP)).await;
}

/// Whoever answers there is briefed like the rep whose phone it is; Asterisk makes no second caller of it.
async fn a_forwarded_phone_is_followed_within_its_leg(wanted: Wanted) {
    let line = wanted.open().await;
    let elsewhere = Phone::plugged_in("the phone elsewhere", Sound::Tone(REP)).await;
    let call = line.qualified(&DANA).await;
    line.rep(1).rings().await.forwards_to(elsewhere.port()).await;
    let answered = elsewhere.rings().await;
    answered.answers().await;
    answered.until_hears("the whisper", is_speech).await;
    answered.presses('1').await;
    let story = line.happened(&call.lead, "joined").await;
    assert_eq!(story.reps("joined"), ["rep-1"]);
    answered.until_hears("the caller", |heard| heard.hears(CALLER)).await;
    assert_eq!(line.agent.times_rung(), 1, "nobody was handed to the agent as a caller");
    assert_eq!(line.rep(2).times_rung(), 0);
}

/// Neither was ever joined with the other.
async fn heard_nothing_of(caller: &Call, rep: &Call) {
    let (from, until) = listening(Duration::from_millis(600)).await;
    assert_eq!(caller.stage(), Stage::Answered, "the caller is still there");
    assert!(!caller.recording().between(from, until).0.is_empty());
    assert_eq!(rep.recording().first(CALLER, rep.since()), None, "the rep who was let go heard the caller");
}
