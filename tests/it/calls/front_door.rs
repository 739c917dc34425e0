//! A number that people answer in their hours, before the agent does; and nobody who has reached nobody is lost.

use super::cases;
use super::stage::line::{DANA, INES, Inbound, Line, Wanted};
use baton_phones::call::{Call, End, Stage};
use baton_phones::tones::{AGENT, CALLER, HOLD, REP, is_speech};

cases! {
    a_person_is_rung_first_and_has_the_caller,
    where_nobody_accepts_the_agent_has_the_caller,
    where_everybody_is_on_the_phone_the_agent_is_rung_at_once,
    at_night_the_agent_is_rung_at_once_and_nobody_else,
    who_leaves_while_phones_ring_is_called_back,
    who_leaves_before_the_agent_is_there_is_one_lead_however_often_they_try,
    a_worker_that_is_killed_there_loses_nobody,
}

/// The agent's phone rings for a caller of the front door, and the two speak.
async fn the_agent_has(line: &Line, caller: Call) -> Inbound {
    let agent = line.agent.rings().await;
    let id = agent.header("X-Baton-Call").expect("the agent is told which call it is").to_owned();
    agent.answers().await;
    caller.until_hears("the agent", |heard| heard.hears(AGENT)).await;
    agent.until_hears("the caller", |heard| heard.hears(CALLER)).await;
    Inbound { caller, agent, id }
}

async fn a_person_is_rung_first_and_has_the_caller(wanted: Wanted) {
    let line = wanted.front_door("always").open().await;
    let caller = line.dials(&DANA).await;
    let rep = line.rep(1).rings().await;
    caller.until_hears("music", |heard| heard.hears(HOLD)).await;
    rep.answers().await;
    rep.until_hears("the whisper", is_speech).await;
    assert!(!rep.recording().hears(CALLER), "who answers has not accepted");
    rep.presses('1').await;
    caller.until_hears("the rep", |heard| heard.hears(REP) && !heard.hears(HOLD)).await;
    let lead = line.leads_of(&DANA, 1).await.remove(0);
    let story = line.ends_as(&lead, "connected").await;
    assert_eq!((story.owner(), line.agent.times_rung()), ("rep-1", 0));
    rep.hangs_up().await;
    assert_eq!(caller.until_ended().await, End::TheyHungUp);
}

/// And what the agent finds out is a lead of its own, for which reps are rung anew.
async fn where_nobody_accepts_the_agent_has_the_caller(wanted: Wanted) {
    let line = wanted.front_door("always").open().await;
    let caller = line.dials(&DANA).await;
    line.rep(1).rings().await.refuses("603 Decline").await;
    line.rep(2).rings().await.refuses("486 Busy Here").await;
    let inbound = the_agent_has(&line, caller).await;
    let first = line.leads_of(&DANA, 1).await.remove(0);
    line.ends_as(&first, "left_to_agent").await;
    let call = line.qualifies(inbound, &DANA).await;
    assert_ne!(call.lead, first);
    line.answers_and_presses(1, '1').await;
    line.happened(&call.lead, "joined").await;
}

async fn where_everybody_is_on_the_phone_the_agent_is_rung_at_once(wanted: Wanted) {
    let line = wanted.reps(1).front_door("always").open().await;
    let first = line.dials(&DANA).await;
    let rep = line.answers_and_presses(1, '1').await;
    first.until_hears("the rep", |heard| heard.hears(REP)).await;
    let second = line.dials(&INES).await;
    the_agent_has(&line, second).await;
    assert_eq!((line.rep(1).times_rung(), rep.stage()), (1, Stage::Answered), "nobody is asked for two leads");
}

async fn at_night_the_agent_is_rung_at_once_and_nobody_else(wanted: Wanted) {
    let line = wanted.front_door("never").open().await;
    let inbound = line.calls_in(&DANA).await;
    inbound.caller.until_hears("the agent", |heard| heard.hears(AGENT)).await;
    assert_eq!((line.rep(1).times_rung(), line.rep(2).times_rung()), (0, 0));
    line.leads_of(&DANA, 0).await;
}

async fn who_leaves_while_phones_ring_is_called_back(wanted: Wanted) {
    let line = wanted.reps(1).front_door("always").open().await;
    let caller = line.dials(&DANA).await;
    let rep = line.rep(1).rings().await;
    caller.hangs_up().await;
    let end = rep.until_ended().await;
    assert!(matches!(end, End::Cancelled | End::AnsweredElsewhere), "it stops ringing: {end:?}");
    let lead = line.leads_of(&DANA, 1).await.remove(0);
    let story = line.ends_as(&lead, "callback").await;
    assert_eq!(story.owner(), "rep-1");
}

async fn who_leaves_before_the_agent_is_there_is_one_lead_however_often_they_try(wanted: Wanted) {
    let line = wanted.front_door("never").open().await;
    for _ in 0..2 {
        let caller = line.dials(&DANA).await;
        let agent = line.agent.rings().await;
        caller.hangs_up().await;
        agent.until_ended().await;
        let lead = line.leads_of(&DANA, 1).await.remove(0);
        line.ends_as(&lead, "callback").await;
    }
    // Whoever came third would be seen by now if the second had been a lead.
    line.calls_in(&DANA).await;
    line.leads_of(&DANA, 1).await;
}

/// Whichever worker rang for them, the agent is there in the end.
async fn a_worker_that_is_killed_there_loses_nobody(wanted: Wanted) {
    let mut line = wanted.reps(1).front_door("always").open().await;
    let caller = line.dials(&DANA).await;
    line.rep(1).rings().await;
    line.kills_worker().await;
    the_agent_has(&line, caller).await;
    let lead = line.leads_of(&DANA, 1).await.remove(0);
    line.ends_as(&lead, "left_to_agent").await;
}
