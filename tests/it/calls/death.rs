//! Workers that die, are stopped or cut off, and others that go on.

use super::cases;
use super::stage::line::{DANA, INES, Line, Qualified, Wanted};
use baton_phones::asterisk::Asterisk;
use baton_phones::call::{Call, End, Stage};
use baton_phones::tones::{AGENT, CALLER, HOLD, REP, is_speech};
use futures_util::StreamExt;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

/// How long Asterisk is out of reach.
const OUTAGE: Duration = Duration::from_secs(5);

cases! {
    killed_while_a_phone_rings,
    killed_and_a_rep_answers_before_another_hears,
    killed_while_a_rep_is_briefed,
    killed_as_caller_and_rep_are_joined,
    killed_after_the_join,
    killed_while_the_agent_speaks,
    cut_off_while_a_rep_answers,
    stopped_while_a_rep_answers,
    two_workers_do_not_take_the_calls_from_each_other,
    another_client_takes_our_app_while_a_phone_rings,
}

/// Callers and reps who are more patient than a worker needs to come back.
async fn patient(wanted: Wanted) -> Line {
    wanted
        .rule("patience: 40s", "patience: 90s")
        .rule("bridge_within: 50s", "bridge_within: 120s")
        .rule("ring_timeout: 3s", "ring_timeout: 40s")
        .rule("accept_within: 12s", "accept_within: 40s")
        .rule("join_within: 5s", "join_within: 30s")
        .open()
        .await
}

/// A rep whose key leads nowhere presses it again.
async fn presses_until_joined(line: &Line, call: &Qualified, rep: &Call) {
    let pressing = async {
        loop {
            rep.presses('1').await;
            sleep(Duration::from_secs(1)).await;
        }
    };
    tokio::select! {
        () = pressing => {}
        _ = line.happened(&call.lead, "joined") => {}
    }
    both_hear_each_other(call, rep).await;
}

async fn both_hear_each_other(call: &Qualified, rep: &Call) {
    call.caller.until_hears("the rep", |heard| heard.hears(REP) && !heard.hears(HOLD)).await;
    rep.until_hears("the caller", |heard| heard.hears(CALLER)).await;
    assert_eq!(call.agent.until_ended().await, End::TheyHungUp);
}

async fn killed_while_a_phone_rings(wanted: Wanted) {
    let mut line = patient(wanted).await;
    let call = line.qualified(&DANA).await;
    let rep = line.rep(1).rings().await;
    line.kills_worker().await;
    line.is_heard().await;
    rep.answers().await;
    rep.until_hears("the whisper", is_speech).await;
    presses_until_joined(&line, &call, &rep).await;
    assert_eq!((line.rep(1).times_rung(), line.rep(2).times_rung()), (1, 0), "no phone rings twice, nor for nobody");
}

/// Asterisk lets whoever answers then go again. The next worker to hear finds the phone that was rung gone, and rings the next.
async fn killed_and_a_rep_answers_before_another_hears(wanted: Wanted) {
    let mut line = patient(wanted).await;
    let call = line.qualified(&DANA).await;
    let first = line.rep(1).rings().await;
    line.kills_workers();
    line.until_nobody_hears().await;
    first.answers_in_vain().await;
    line.starts_worker().await;
    the_next_rep_is_joined(&line, &call).await;
}

async fn the_next_rep_is_joined(line: &Line, call: &Qualified) {
    let next = line.rep(2).rings().await;
    call.caller.until_hears("music", |heard| heard.hears(HOLD)).await;
    next.answers().await;
    next.until_hears("the whisper", is_speech).await;
    presses_until_joined(line, call, &next).await;
    assert_eq!((line.rep(1).times_rung(), line.rep(2).times_rung()), (1, 1), "no phone rings twice");
}

async fn killed_while_a_rep_is_briefed(wanted: Wanted) {
    let mut line = patient(wanted).await;
    let call = line.qualified(&DANA).await;
    let rep = line.rep(1).rings().await;
    rep.answers().await;
    rep.until_hears("the whisper", is_speech).await;
    line.kills_worker().await;
    presses_until_joined(&line, &call, &rep).await;
    assert_eq!((line.rep(1).times_rung(), line.rep(2).times_rung()), (1, 0));
}

/// In the moment in which it asks for the join, and before it is heard.
async fn killed_as_caller_and_rep_are_joined(wanted: Wanted) {
    let mut line = patient(wanted).await;
    let call = line.qualified(&DANA).await;
    let rep = line.rep(1).rings().await;
    let joins = line.wire.catches("addChannel");
    rep.answers().await;
    rep.until_hears("the whisper", is_speech).await;
    rep.presses('1').await;
    joins.await.expect("it asks for the join");
    line.kills_worker().await;
    line.happened(&call.lead, "joined").await;
    both_hear_each_other(&call, &rep).await;
    assert_eq!(line.rep(2).times_rung(), 0);
}

/// They talk on; when the rep hangs up, somebody lets the caller go.
async fn killed_after_the_join(wanted: Wanted) {
    let mut line = patient(wanted).await;
    let call = line.qualified(&DANA).await;
    let rep = line.answers_and_presses(1, '1').await;
    line.happened(&call.lead, "joined").await;
    line.kills_worker().await;
    both_hear_each_other(&call, &rep).await;
    line.ends_as(&call.lead, "connected").await;
    assert_eq!((call.caller.stage(), rep.stage()), (Stage::Answered, Stage::Answered));
    rep.hangs_up().await;
    assert_eq!(call.caller.until_ended().await, End::TheyHungUp);
}

/// Whoever speaks with the agent goes on to do so, and is served by the next worker.
async fn killed_while_the_agent_speaks(wanted: Wanted) {
    let mut line = patient(wanted).await;
    let inbound = line.calls_in(&DANA).await;
    inbound.caller.until_hears("the agent", |heard| heard.hears(AGENT)).await;
    line.kills_worker().await;
    inbound.caller.until_hears("the agent", |heard| heard.hears(AGENT)).await;
    line.is_heard().await;
    let call = line.qualifies(inbound, &DANA).await;
    let rep = line.rep(1).rings().await;
    rep.answers().await;
    presses_until_joined(&line, &call, &rep).await;
}

/// Where Asterisk has noticed that nobody is there it lets the rep go, and the next is rung; where it has not, which version 16 at
/// times does not for long, the rep waits and is briefed.
async fn cut_off_while_a_rep_answers(wanted: Wanted) {
    let line = patient(wanted).await;
    let call = line.qualified(&DANA).await;
    let first = line.rep(1).rings().await;
    line.wire.is_cut();
    first.picks_up().await;
    sleep(OUTAGE).await;
    line.wire.is_mended();
    if matches!(first.stage(), Stage::Ended(_)) {
        return the_next_rep_is_joined(&line, &call).await;
    }
    first.until_hears("the whisper", is_speech).await;
    presses_until_joined(&line, &call, &first).await;
    assert_eq!((line.rep(1).times_rung(), line.rep(2).times_rung()), (1, 0), "no phone rings twice");
}

/// Its socket stays: what happened meanwhile waits in it.
async fn stopped_while_a_rep_answers(wanted: Wanted) {
    let line = patient(wanted).await;
    let call = line.qualified(&DANA).await;
    let rep = line.rep(1).rings().await;
    line.worker().process.signal("-STOP");
    rep.answers().await;
    sleep(OUTAGE).await;
    line.worker().process.signal("-CONT");
    let back = Instant::now();
    rep.until_hears("the whisper", is_speech).await;
    println!("the rep is briefed {} ms after the outage", back.elapsed().as_millis());
    presses_until_joined(&line, &call, &rep).await;
    assert_eq!((line.rep(1).times_rung(), line.rep(2).times_rung()), (1, 0));
}

/// One of them hears Asterisk at a time; either does what is to be done.
async fn two_workers_do_not_take_the_calls_from_each_other(wanted: Wanted) {
    let mut line = patient(wanted).await;
    line.starts_worker().await;
    for (rep, person) in [(1, &DANA), (2, &INES)] {
        let call = line.qualified(person).await;
        let rep = line.answers_and_presses(rep, '1').await;
        line.happened(&call.lead, "joined").await;
        both_hear_each_other(&call, &rep).await;
    }
    assert_eq!(line.asterisk.log().matches("Replacing Stasis app").count(), 0, "each would be deaf in turns");
}

/// It hears what happens from then on, and our socket stays open and hears nothing, not that the rep answers either. The worker connects
/// anew, and reads it.
async fn another_client_takes_our_app_while_a_phone_rings(wanted: Wanted) {
    let line = patient(wanted).await;
    let call = line.qualified(&DANA).await;
    let rep = line.rep(1).rings().await;
    takes_app(&line.asterisk).await;
    rep.answers().await;
    rep.until_hears("the whisper", is_speech).await;
    presses_until_joined(&line, &call, &rep).await;
    assert_eq!((line.rep(1).times_rung(), line.rep(2).times_rung()), (1, 0), "no phone rings twice");
    let log = line.worker().log();
    assert!(log.contains("another client hears our app"), "it says so: {log}");
}

async fn takes_app(asterisk: &Asterisk) {
    let Asterisk { ari, password, .. } = asterisk;
    let address = format!("ws://{ari}/ari/events?app=baton&api_key=baton:{password}");
    let stream = TcpStream::connect(*ari).await.expect("a connection");
    let (events, _) = tokio_tungstenite::client_async(address, stream).await.expect("the app is taken");
    tokio::spawn(events.for_each(|_| std::future::ready(())));
}
