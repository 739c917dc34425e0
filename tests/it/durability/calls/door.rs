//! The front door on a running worker whose telephone rings nobody's phone: who reaches nobody is the agent's, or is called back.

use super::told::{Calls, event};
use crate::eventually::eventually;
use crate::store::server::{Db, on_both};
use crate::store::tx::reads;
use baton_core::domain::outcome::Outcome;
use baton_core::domain::phone::PhoneE164;
use baton_core::handoff::Stage;
use baton_core::rules::model::set::Rung;
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::path::Path;

const LEG: &str = "1796028155.0";
const NUMBER: &str = "+12125550142";
const OPENS: &str = "numbers:\n  \"+15551230000\": { hours: always, timezone: UTC, ring: desk, for: 15s }\n";

fn front_door(town: &Path) {
    std::fs::write(town.join("rules/front_door.yaml"), OPENS).expect("a rule file");
}

fn comes_in() -> Value {
    let mut event = event(LEG, 1, |data| {
        *data = json!({ "call": {
            "platform": "telephony", "id": LEG, "leg": LEG, "live": true, "direction": "inbound", "from": NUMBER,
            "to": "+15551230000",
        }});
    });
    event["source"] = json!("front_door");
    event
}

async fn who_reaches_nobody_is_left_to_the_agent_and_called_back_if_they_miss_it_too(db: Db) {
    let calls = Calls::in_town(db, 1, front_door).await;
    let now = calls.clock.now();
    let decided = calls.tell(0, &[comes_in()]).await.remove(0);
    assert_eq!(decided.rungs, [Rung::WarmTransfer, Rung::Agent, Rung::Callback]);
    assert!(decided.owner.as_str().starts_with("desk"), "{}", decided.reason);
    let lead = decided.lead;
    eventually("no phone can be rung", || async {
        matches!(calls.handoff(&lead).await.stage, Stage::Done { outcome: Outcome::LeftToAgent { .. } })
    })
    .await;
    let left = async || calls.db.store.callers_left_to_agent(calls.clock.now()).await.expect("a look");
    assert_eq!(left().await, [LEG], "a carrier that tells of nothing by itself is sent for the agent");
    let expected = async |leg: &str, minutes_ago: i64| {
        let (phone, leg) = (PhoneE164::new(NUMBER).expect("a number"), leg.to_owned());
        let since = now - TimeDelta::minutes(minutes_ago);
        reads!(calls.db.store, [phone, leg], |tx| tx.is_expected(&phone, &leg, since).await).await.expect("a look")
    };
    assert!(!expected("1796028199.0", 10).await, "nothing is to come of it");
    let missed = json!({ "platform": "telephony", "call": LEG, "event": "missed" });
    calls.other("missed", "call.event", missed, Value::Null).await;
    let handoff = calls.handoff(&lead).await;
    assert!(matches!(&handoff.stage, Stage::Callback { promise } if promise.raised), "{:?}", handoff.stage);
    assert!(left().await.is_empty(), "nobody is brought to who is gone");
    assert!(expected("1796028199.0", 10).await, "another try is no other lead");
    assert!(!expected(LEG, 10).await, "the same call is no other try");
    assert!(!expected("1796028199.0", -10).await, "that was long ago");
    calls.stop().await;
}

on_both! {
    who_reaches_nobody_is_left_to_the_agent_and_called_back_if_they_miss_it_too,
}
