//! On a call that is spoken on, each sentence is said once, and none beside an answer to the agent.

use super::leads::insert;
use super::server::Db;
use super::tx::{reads, writes};
use super::world::{caller, decided, handoff_id, later, lead_id, mover, now, rules};
use baton::store::{Changes, LiveCall, LiveLine};
use baton_core::handoff::Event;
use chrono::{DateTime, Utc};

const OFFER: &str = "Which time suits you?";
const FIND: &str = "Let me see when somebody has time.";

/// The call of this caller.
fn call(number: u32) -> LiveCall {
    let on = caller(number).call.expect("a call");
    LiveCall { platform: on.platform, call: on.id, address: Some("https://a.example/say".to_owned()) }
}

async fn asks(db: &Db, call: &LiveCall, until: DateTime<Utc>) {
    writes!(db.store, [call], |tx| tx.live_asked(&call, until, now()).await).await.expect("it is noted");
}

async fn line(db: &Db, call: &LiveCall) -> Option<LiveLine> {
    writes!(db.store, [call], |tx| tx.live_line(&call.platform, &call.call).await).await.expect("a line is read")
}

async fn says(db: &Db, line: &LiveLine, say: &'static str) -> bool {
    writes!(db.store, [line], |tx| tx.live_say(&line, say).await).await.expect("it is asked")
}

async fn forget(db: &Db, at: DateTime<Utc>) {
    writes!(db.store, |tx| tx.lives_forget(at).await).await.expect("it is tidied");
}

pub async fn a_sentence_is_taken_once_and_never_beside_an_answer(db: Db) {
    let call = call(1);
    asks(&db, &call, later(2)).await;
    let said = vec![FIND.to_owned()];
    writes!(db.store, [call, said], |tx| tx.live_answered(&call, later(2), later(3), &said).await)
        .await
        .expect("it is noted");
    let seen = line(&db, &call).await.expect("it is known");
    assert!(seen.asks_until == later(3) && seen.has_told(FIND) && !seen.has_told(OFFER), "{seen:?}");
    // The agent asks anew after whoever speaks has looked.
    asks(&db, &call, later(9)).await;
    assert!(!says(&db, &seen, OFFER).await, "it is answered");
    let seen = line(&db, &call).await.expect("it is known");
    assert_eq!(seen.asks_until, later(9));
    assert!(says(&db, &seen, OFFER).await);
    assert!(!says(&db, &seen, OFFER).await, "of two who have looked at once, one says it");
    let seen = line(&db, &call).await.expect("it is known");
    assert!(seen.has_told(OFFER) && !seen.has_told(FIND), "{seen:?}");
}

pub async fn what_nobody_heard_may_be_said_again(db: Db) {
    let call = call(1);
    asks(&db, &call, later(2)).await;
    let seen = line(&db, &call).await.expect("it is known");
    assert!(says(&db, &seen, OFFER).await);
    // An answer that the agent waits for meanwhile changes nothing in that.
    asks(&db, &call, later(9)).await;
    writes!(db.store, [seen], |tx| tx.live_unsaid(&seen, OFFER).await).await.expect("it is noted");
    let seen = line(&db, &call).await.expect("it is known");
    assert!(!seen.has_told(OFFER), "{seen:?}");
    assert!(says(&db, &seen, OFFER).await);
}

pub async fn a_call_whose_end_nobody_told_is_forgotten_half_a_day_later(db: Db) {
    asks(&db, &call(1), later(2)).await;
    forget(&db, later(12 * 3600)).await;
    assert!(line(&db, &call(1)).await.is_some(), "it may last");
    forget(&db, later(12 * 3600 + 1)).await;
    assert_eq!(line(&db, &call(1)).await, None);
}

pub async fn a_call_that_is_over_is_forgotten_and_no_other(db: Db) {
    insert(&db, vec![decided(caller(1)), decided(caller(2))]).await.expect("leads");
    asks(&db, &call(1), later(2)).await;
    asks(&db, &call(2), later(2)).await;
    // The same id on another platform is another call.
    let elsewhere = LiveCall { platform: "elsewhere".to_owned(), ..call(1) };
    asks(&db, &elsewhere, later(2)).await;
    let over = vec![lead_id(1)];
    writes!(db.store, [over], |tx| tx.change(&Changes { over: &over, ..Changes::default() }).await)
        .await
        .expect("they are over");
    assert_eq!(line(&db, &call(1)).await, None);
    assert!(line(&db, &call(2)).await.is_some() && line(&db, &elsewhere).await.is_some());
}

async fn hears(db: &Db, worker: &'static str, until: DateTime<Utc>, at: DateTime<Utc>) -> bool {
    writes!(db.store, |tx| tx.listener_take("asterisk", worker, until, at).await).await.expect("it is asked")
}

pub async fn one_worker_at_a_time_hears_the_lines(db: Db) {
    assert!(!db.store.listener_hears("asterisk", now()).await.expect("it is read"), "nobody does");
    assert!(hears(&db, "first", later(6), now()).await);
    assert!(!hears(&db, "second", later(7), later(1)).await);
    assert!(hears(&db, "first", later(8), later(2)).await, "it goes on");
    assert!(db.store.listener_hears("asterisk", later(7)).await.expect("it is read"));
    assert!(hears(&db, "second", later(14), later(8)).await, "its time is up");
    assert!(!hears(&db, "first", later(15), later(9)).await);
    // Who has lost it gives nothing back.
    writes!(db.store, |tx| tx.listener_leave("asterisk", "first").await).await.expect("it leaves");
    assert!(db.store.listener_hears("asterisk", later(9)).await.expect("it is read"));
    writes!(db.store, |tx| tx.listener_leave("asterisk", "second").await).await.expect("it leaves");
    assert!(hears(&db, "first", later(15), later(9)).await, "nobody waits for the end of its time");
}

pub async fn a_caller_is_on_the_line_by_the_leg_until_they_have_left(db: Db) {
    let on = |number: u32, leg: &str| {
        let mut lead = caller(number);
        lead.call.as_mut().expect("a call").leg = Some(leg.to_owned());
        decided(lead)
    };
    insert(&db, vec![on(1, "1796028155.0"), on(2, "1796028155.1"), decided(caller(3))]).await.expect("leads");
    let legs = async || {
        let on_line = db.store.callers_on_line(later(60)).await.expect("they are read");
        on_line.into_iter().map(|caller| caller.leg).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(legs().await, ["1796028155.0", "1796028155.1"].map(str::to_owned).into());
    let by = |leg: &'static str| reads!(db.store, |tx| tx.handoff_of_call("telephony", leg).await);
    assert_eq!(by("1796028155.1").await.expect("it is read"), Some(handoff_id(2)));
    assert_eq!(by("1796028155.9").await.expect("it is read"), None);
    let left = Event::CallerLeft;
    let (rules, mover) = (rules(), mover("first", later(5)));
    let first = handoff_id(1);
    writes!(db.store, [first, left, rules, mover], |tx| tx.transition(&first, &left, &rules, &mover).await)
        .await
        .expect("it moves");
    assert_eq!(legs().await, ["1796028155.1".to_owned()].into());
}
