//! A warm transfer from the first ring to the last word, by what each phone hears.

use super::cases;
use super::stage::line::{DANA, INES, Wanted};
use super::stage::tones::{assert_hears, listening, until_said};
use super::stage::workers::ONE_MOMENT;
use baton_phones::call::{Call, End};
use baton_phones::ear::Recording;
use baton_phones::rtp::RATE;
use baton_phones::tones::{AGENT, CALLER, HOLD, REP, is_speech};
use std::time::Duration;

/// A window in which somebody listens.
const A_WHILE: Duration = Duration::from_millis(1500);
/// No caller is without music, words or a person for longer.
const SILENCE_AT_MOST: Duration = Duration::from_secs(3);

cases! {
    everybody_hears_whom_they_should_and_nobody_else,
    the_rep_hears_of_this_lead_and_of_no_other,
    another_voice_speaks_as_well,
    a_phone_that_is_not_ours_is_briefed_and_joined,
    a_call_ends_for_all_when_the_rep_hangs_up_after_the_conversation,
    without_a_worker_the_agent_takes_the_call,
}

async fn everybody_hears_whom_they_should_and_nobody_else(wanted: Wanted) {
    let line = wanted.open().await;
    let inbound = line.calls_in(&DANA).await;
    inbound.caller.until_hears("the agent", |heard| heard.hears(AGENT)).await;
    let (from, until) = listening(A_WHILE).await;
    assert_hears("the caller, with the agent,", &inbound.caller.recording().between(from, until), &[AGENT]);
    assert_hears("the agent", &inbound.agent.recording().between(from, until), &[CALLER]);

    let call = line.qualifies(inbound, &DANA).await;
    let rep = line.rep(1).rings().await;
    let shown = rep.header("From").expect("a caller is shown");
    assert!(shown.contains(DANA.phone.trim_start_matches('+')), "the rep sees who calls: {shown}");
    call.caller.until_hears("music", |heard| heard.hears(HOLD)).await;
    rep.answers().await;
    rep.until_hears("the whisper", is_speech).await;
    // Our own words to the caller are over: speech has something of every tone.
    until_said(&call.caller, &line.speaks(ONE_MOMENT)).await;
    let is_music = |heard: &Recording| heard.hears(HOLD) && [CALLER, AGENT, REP].iter().all(|tone| heard.misses(*tone));
    call.caller.until_hears("nothing but music", is_music).await;
    let (from, until) = listening(A_WHILE).await;
    let whispered = rep.recording().between(from, until);
    assert!(is_speech(&whispered), "the rep hears words, and none of the four tones");
    assert_hears("the caller, in the whisper,", &call.caller.recording().between(from, until), &[HOLD]);
    assert_hears("the agent, set apart,", &call.agent.recording().between(from, until), &[]);

    rep.presses('1').await;
    line.happened(&call.lead, "joined").await;
    call.caller.until_hears("the rep", |heard| heard.hears(REP)).await;
    let (joined, until) = listening(A_WHILE).await;
    assert_hears("the caller, joined,", &call.caller.recording().between(joined, until), &[REP]);
    assert_hears("the rep, joined,", &rep.recording().between(joined, until), &[CALLER]);
    assert_eq!(call.agent.until_ended().await, End::TheyHungUp, "the agent is let go");
    assert_hears("the agent, to its end,", &call.agent.recording().between(from, until), &[]);
    let silence = call.caller.recording().longest_silence(call.at, joined);
    println!("the caller's longest silence: {} ms", silence.as_millis());
    assert!(silence < SILENCE_AT_MOST, "{silence:?}");
}

/// Until the key, which is pressed when a good part is said: that is the lead's name.
async fn is_briefed(rep: &Call, whisper: &[i16], other: &[i16]) {
    let part = 5 * RATE / 2;
    rep.until_hears("the whisper", is_speech).await;
    listening(Duration::from_secs(3)).await;
    let heard = rep.recording();
    let (this, another) = (heard.likeness(&whisper[..part]), heard.likeness(&other[..part]));
    println!("the whisper is this lead's: {this:.2}, another's: {another:.2}");
    assert!(this >= 0.8 && another <= 0.2, "{this} {another}");
}

async fn the_rep_hears_of_this_lead_and_of_no_other(wanted: Wanted) {
    let line = wanted.open().await;
    let (danas, ineses) = (line.speaks(&DANA.whisper()), line.speaks(&INES.whisper()));
    let call = line.qualified(&DANA).await;
    let rep = line.rep(1).rings().await;
    rep.answers().await;
    is_briefed(&rep, &danas, &ineses).await;
    let caller = call.caller.recording().likeness(&danas[..5 * RATE / 2]);
    assert!(caller <= 0.2, "the caller hears nothing of it: {caller}");
    rep.presses('1').await;
    line.happened(&call.lead, "joined").await;

    let next = line.qualified(&INES).await;
    let rep = line.rep(2).rings().await;
    rep.answers().await;
    is_briefed(&rep, &ineses, &danas).await;
    rep.presses('1').await;
    line.happened(&next.lead, "joined").await;
}

async fn another_voice_speaks_as_well(wanted: Wanted) {
    let flite = wanted.installed.flite();
    let line = wanted.spoken_by(flite, None).open().await;
    let (danas, ineses) = (line.speaks(&DANA.whisper()), line.speaks(&INES.whisper()));
    let call = line.qualified(&DANA).await;
    let rep = line.rep(1).rings().await;
    rep.answers().await;
    is_briefed(&rep, &danas, &ineses).await;
    rep.presses('1').await;
    line.happened(&call.lead, "joined").await;
}

/// It sends its key in a request (INFO), not in the sound: that a phone does so is enough.
async fn a_phone_that_is_not_ours_is_briefed_and_joined(wanted: Wanted) {
    let port = free_udp_port();
    let line = wanted.first_phone_at(port).open().await;
    let mut sipp = line.installed().sipp_at(port);
    let call = line.qualified(&DANA).await;
    let story = line.happened(&call.lead, "joined").await;
    assert_eq!(story.reps("accepted"), ["rep-1"]);
    assert_eq!(call.agent.until_ended().await, End::TheyHungUp);
    call.caller.hangs_up().await;
    assert!(sipp.was_content().await, "it was called, answered and let go by the book");
}

fn free_udp_port() -> u16 {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
    socket.local_addr().expect("its number").port()
}

async fn a_call_ends_for_all_when_the_rep_hangs_up_after_the_conversation(wanted: Wanted) {
    let line = wanted.open().await;
    let call = line.qualified(&DANA).await;
    let rep = line.answers_and_presses(1, '1').await;
    let story = line.ends_as(&call.lead, "connected").await;
    assert_eq!(story.owner(), "rep-1");
    call.caller.until_hears("the rep", |heard| heard.hears(REP)).await;
    rep.hangs_up().await;
    assert_eq!(call.caller.until_ended().await, End::TheyHungUp, "nobody is left to speak with");
    let story = line.happened(&call.lead, "rep_left").await;
    assert_eq!(story.status(), "connected");
}

/// Nor does any other case prove that a call is heard at all.
async fn without_a_worker_the_agent_takes_the_call(wanted: Wanted) {
    let line = wanted.open_without_worker().await;
    let caller = line.dials(&DANA).await;
    let agent = line.agent.rings().await;
    assert_eq!(agent.header("X-Baton-Call"), None, "by the dialplan, not by us");
    agent.answers().await;
    caller.until_answered().await;
    caller.until_hears("the agent", |heard| heard.hears(AGENT)).await;
    let (from, until) = listening(A_WHILE).await;
    assert_hears("the caller", &caller.recording().between(from, until), &[AGENT]);
    assert_hears("the agent", &agent.recording().between(from, until), &[CALLER]);
    agent.hangs_up().await;
    assert_eq!(caller.until_ended().await, End::TheyHungUp);
}
