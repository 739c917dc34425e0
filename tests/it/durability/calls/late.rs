//! Events of long ago, of a time that is still to come, and of nobody: what cannot be so changes nothing.

use super::told::{Calls, event};
use crate::store::server::{Db, on_both};
use crate::store::tx::reads;
use crate::town::Caller;
use baton_core::handoff::Stage;
use chrono::TimeDelta;
use serde_json::{Value, json};

/// Nobody's phone rings for a call that was qualified long ago, whether the event is old or has waited out an outage.
async fn an_old_live_call_rings_nobody(db: Db) {
    let calls = Calls::begin(db, 1).await;
    let now = calls.clock.now();
    let ago = |seconds: i64| json!(now - TimeDelta::seconds(seconds));
    let aged = |id: &str, number: usize, seconds: i64| {
        let mut event = event(id, number, |data| data["call"]["started_at"] = ago(seconds + 300));
        event["time"] = ago(seconds);
        event
    };
    for (round, (what, seconds)) in
        [("of eight months ago", 8 * 30 * 86_400), ("of an hour ago", 3600), ("of three minutes ago", 181)]
            .iter()
            .enumerate()
    {
        let answer = calls.tell(0, &[aged(&format!("old-{round}"), 3 * round + 1, *seconds)]).await.remove(0);
        let handoff = calls.handoff(&answer.lead).await;
        assert!(!handoff.live && handoff.legs.is_empty(), "a call {what}: {:?}", handoff.stage);
        assert!(answer.instruction.is_none() && answer.targets.is_empty(), "{what}");
        assert!(
            matches!(handoff.stage, Stage::Callback { .. } | Stage::Searching { .. }),
            "{what}: {:?}",
            handoff.stage
        );
        let id = answer.lead;
        let decision = reads!(calls.db.store, [id], |tx| tx.decision(&id).await);
        let trace = decision.await.expect("a look").expect("a decision").trace;
        let late = trace.no_longer_live.expect("the trace says why");
        assert!(late.waited_ms >= seconds * 1000 && late.at_most_ms == 120_000, "{late:?}");
    }
    // A clock of the platform that is ahead makes nobody wait less, and a long call before the qualification nobody more.
    for (id, number, seconds) in [("fresh", 31, 1), ("from the future", 34, -3600)] {
        let answer = calls.tell(0, &[aged(id, number, seconds)]).await.remove(0);
        let handoff = calls.handoff(&answer.lead).await;
        assert!(!handoff.legs.is_empty(), "{id}: {:?}", handoff.stage);
        let (left, at_most) = (handoff.patience_until - now, handoff.patience_until - calls.clock.now());
        assert!(left > TimeDelta::seconds(15) && at_most <= TimeDelta::seconds(20), "{id}: {left}, {at_most}");
    }
    calls.stop().await;
}

/// Who nobody knows, or when it cannot have been: the promise stands, the rep stays as they were, and both are told why.
async fn what_cannot_be_so_changes_nothing_and_is_told(db: Db) {
    let calls = Calls::begin(db, 1).await;
    let mut gone = Caller::gone(1).event;
    gone["time"] = json!(calls.clock.now());
    let lead = calls.tell(0, &[gone]).await.remove(0).lead;
    let promised = calls.handoff(&lead).await;
    let now = calls.clock.now();
    let at = |seconds: i64| json!(now + TimeDelta::seconds(seconds));
    let contact = |rep: &str, at: Value| ("contact.made", json!({ "lead": lead, "rep": rep, "at": at }), Value::Null);
    let presence = |rep: &str, time: Value| ("rep.presence", json!({ "rep": rep, "presence": "away" }), time);
    let cannot_be = [
        (contact("stranger-nobody", json!("1999-01-01T00:00:00Z")), "stranger-nobody is not in reps.csv"),
        (contact("stranger-nobody", at(0)), "stranger-nobody is not in reps.csv"),
        (contact("west-01", json!("1999-01-01T00:00:00Z")), "before the lead came"),
        (contact("west-01", at(-3600)), "before the lead came"),
        (contact("west-01", json!("9999-12-31T23:59:59Z")), "still to come"),
        (contact("west-01", at(600)), "still to come"),
        (presence("stranger-nobody", Value::Null), "stranger-nobody is not in reps.csv"),
        (presence("west-01", json!("9999-01-01T00:00:00Z")), "still to come"),
    ];
    let contacts = cannot_be.iter().filter(|((kind, ..), _)| *kind == "contact.made").count() as i64;
    for (number, ((kind, data, time), why)) in cannot_be.into_iter().enumerate() {
        let told = calls.other(&format!("no-{number}"), kind, data, time).await;
        assert!(told.as_deref().is_some_and(|told| told.contains(why)), "{why}: {told:?}");
    }
    let after = calls.handoff(&lead).await;
    assert_eq!(after, promised, "the promise stands");
    let present = "SELECT COUNT(*) FROM rep_state WHERE presence <> 'unset'";
    assert_eq!(calls.db.number(present).await, 0, "nobody is away");
    let story = "SELECT COUNT(*) FROM timeline WHERE kind = 'contact_made'";
    assert_eq!(calls.db.number(story).await, contacts, "the lead's story tells of each");

    let (kind, data, time) = presence("west-02", at(60));
    assert_eq!(calls.other("yes-1", kind, data, time).await, None, "a clock a little ahead is no reason");
    let (kind, data, time) = contact("west-02", at(30));
    assert_eq!(calls.other("yes-2", kind, data, time).await, None);
    let done = calls.handoff(&lead).await;
    assert!(done.is_done(), "{:?}", done.stage);
    assert!(done.first_contact_at.is_some_and(|at| at <= calls.clock.now()), "no time that is still to come");
    calls.stop().await;
}

/// What is told of calls stands in a line before leads whose caller has gone: in either order they are promised the same.
async fn the_end_of_a_call_told_before_its_lead_takes_nothing_from_it(db: Db) {
    let calls = Calls::begin(db, 1).await;
    // Of one desk, so that only the order differs.
    let [first, second] = [1, 4].map(|number| {
        let mut event = Caller::gone(number).event;
        event["time"] = json!(calls.clock.now());
        event
    });
    let call = |event: &Value| {
        let call = &event["data"]["call"];
        json!({ "platform": call["platform"], "call": call["id"] })
    };
    let in_order = calls.tell(0, std::slice::from_ref(&first)).await.remove(0);
    calls.other("end-1", "call.ended", call(&first), Value::Null).await;
    calls.other("end-2", "call.ended", call(&second), Value::Null).await;
    let overtaken = calls.tell(0, &[second]).await.remove(0);
    let (before, after) = (calls.handoff(&in_order.lead).await, calls.handoff(&overtaken.lead).await);
    assert!(matches!(after.stage, Stage::Callback { .. }), "{:?}", after.stage);
    assert_eq!((&after.rungs, after.live, after.legs.len()), (&before.rungs, before.live, before.legs.len()));
    assert_eq!(after.next_step().what, before.next_step().what);
    calls.stop().await;
}

on_both! {
    the_end_of_a_call_told_before_its_lead_takes_nothing_from_it,
    an_old_live_call_rings_nobody,
    what_cannot_be_so_changes_nothing_and_is_told,
}
