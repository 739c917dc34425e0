//! Nobody accepts: the caller is back with the agent, or hears from us how it goes on.

use super::cases;
use super::stage::line::{DANA, Wanted};
use super::stage::tones::until_said;
use super::stage::workers::{OFFER, PROMISE};
use baton::app::stage::StandIns;
use baton_clock::SystemClock;
use baton_phones::call::{End, Stage};
use baton_phones::rtp::Sound;
use baton_phones::tones::{AGENT, CALLER, HOLD, REP};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

cases! {
    the_agent_is_back_and_a_call_is_promised,
    without_the_agent_the_promise_is_spoken_and_the_call_ends,
    a_time_is_offered_chosen_and_booked,
    an_agent_that_does_not_answer_leaves_nobody_in_silence,
}

async fn the_agent_is_back_and_a_call_is_promised(wanted: Wanted) {
    let line = wanted.reps(1).open().await;
    let promise = line.speaks(PROMISE);
    let call = line.qualified(&DANA).await;
    let rep = line.rep(1).rings().await;
    call.caller.until_hears("music", |heard| heard.hears(HOLD)).await;
    // What we say is to be heard alone.
    call.agent.says(Sound::Silence);
    rep.refuses("603 Decline").await;
    line.ends_as(&call.lead, "callback").await;
    call.agent.until_hears("the caller", |heard| heard.hears(CALLER)).await;
    until_said(&call.caller, &promise).await;
    call.agent.says(Sound::Tone(AGENT));
    call.caller.until_hears("the agent", |heard| heard.hears(AGENT) && !heard.hears(HOLD)).await;
    assert_eq!(call.caller.stage(), Stage::Answered, "the agent has the last word");
}

async fn without_the_agent_the_promise_is_spoken_and_the_call_ends(wanted: Wanted) {
    let line = wanted.reps(1).open().await;
    let promise = line.speaks(PROMISE);
    let call = line.qualified(&DANA).await;
    let rep = line.rep(1).rings().await;
    call.caller.until_hears("music", |heard| heard.hears(HOLD)).await;
    call.agent.hangs_up().await;
    rep.refuses("486 Busy Here").await;
    line.ends_as(&call.lead, "callback").await;
    assert_eq!(call.caller.until_ended().await, End::TheyHungUp, "after the promise there is no more to say");
    until_said(&call.caller, &promise).await;
}

async fn a_time_is_offered_chosen_and_booked(wanted: Wanted) {
    let stage = StandIns::open(Arc::new(SystemClock)).await.expect("the stand-ins");
    let sections = stage.config_toml();
    let (_, calendar) = sections.split_once("[calendar]").expect("a section");
    let (calendar, _) = calendar.split_once("[telephony]").expect("another behind it");
    let wanted = wanted.reps(1).rule("[warm_transfer, callback]", "[warm_transfer, booking, callback]");
    let line = wanted.connected_to(&format!("[calendar]{calendar}"), &StandIns::secrets()).open().await;
    let offer = line.speaks(OFFER);
    let call = line.qualified(&DANA).await;
    let rep = line.rep(1).rings().await;
    call.caller.until_hears("music", |heard| heard.hears(HOLD)).await;
    call.agent.says(Sound::Silence);
    rep.refuses("486 Busy Here").await;
    let story = line.happened(&call.lead, "slots_found").await;
    until_said(&call.caller, &offer).await;
    call.agent.until_hears("the caller, who chooses", |heard| heard.hears(CALLER)).await;
    let slot = story.body("slots_found")["event"]["slots"][0].clone();
    line.tells(&json!({
        "specversion": "1.0", "id": "chosen", "source": "voice", "type": "call.event",
        "data": { "platform": "voice", "call": call.talk, "event": "slot_chosen", "slot": slot },
    }))
    .await;
    line.ends_as(&call.lead, "booked").await;
    assert_eq!(stage.calendars.booked().len(), 1);
}

/// The number is answered, the agent is not there: the caller hears music, and goes on in the dialplan, which rings a phone.
async fn an_agent_that_does_not_answer_leaves_nobody_in_silence(wanted: Wanted) {
    let line = wanted.open().await;
    line.agent.refuses("503 Service Unavailable");
    let caller = line.dials(&DANA).await;
    caller.until_answered().await;
    let answered = Instant::now();
    let desk = line.people.rings().await;
    desk.answers().await;
    caller.until_hears("whoever is there", |heard| heard.hears(REP)).await;
    desk.until_hears("the caller", |heard| heard.hears(CALLER)).await;
    let silence = caller.recording().longest_silence(answered, Instant::now());
    assert!(silence < Duration::from_secs(3), "{silence:?}");
    desk.hangs_up().await;
    assert_eq!(caller.until_ended().await, End::TheyHungUp, "the dialplan ends here");
}
