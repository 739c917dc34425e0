//! One call is one lead, however many events tell of it, in any order, at once or later, by one worker or two.

mod door;
mod late;
mod told;

use crate::eventually::eventually;
use crate::store::server::{Db, on_both};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use told::{Calls, event, without};

/// Two events of one caller each, under names of their own: a call that is told twice, with more or less in the second.
fn told_twice() -> Vec<(&'static str, Value, Value)> {
    let same = |_: &mut Value| {};
    let number = "+12125550142";
    let with_number = move |data: &mut Value| data["contact"]["phone"] = json!(number);
    vec![
        ("the same in every word", event("a1", 1, same), event("b1", 1, same)),
        ("the second knows less", event("a2", 2, same), event("b2", 2, |data| without(data, "contact", "name"))),
        ("the first knows less", event("a3", 4, |data| without(data, "company", "country")), event("b3", 4, same)),
        (
            "the second comes after the call",
            event("a4", 5, same),
            event("b4", 5, |data| {
                data["call"]["live"] = json!(false);
                data["transcript"] = json!({ "url": "https://voice.example/t/5" });
            }),
        ),
        (
            "another system tells of the same number, and knows no call",
            event("a5", 7, with_number),
            event("b5", 7, |data| {
                with_number(data);
                data.as_object_mut().expect("data").remove("call");
                data["contact"]["name"] = json!("Caller No");
            }),
        ),
        (
            "two systems with ids of their own tell of one leg of the carrier",
            event("a6", 8, |data| {
                with_number(data);
                data["call"]["leg"] = json!("CA-8");
            }),
            event("b6", 8, |data| {
                with_number(data);
                data["call"] = json!({ "platform": "twilio", "id": "other", "live": true, "leg": "CA-8" });
            }),
        ),
        (
            "the platform's name in capitals",
            event("a7", 10, same),
            event("b7", 10, |data| data["call"]["platform"] = json!("Sandbox")),
        ),
    ]
}

async fn a_call_that_is_told_twice_is_one_lead(db: Db) {
    let calls = Calls::begin(db, 1).await;
    for (index, (what, first, second)) in told_twice().into_iter().enumerate() {
        // The number is one caller's at a time.
        let tell = |event: &Value, round: usize| {
            let mut event = event.clone();
            event["id"] = json!(format!("{}-{round}", event["id"].as_str().expect("an id")));
            if let Some(call) = event["data"].get_mut("call") {
                call["id"] = json!(format!("{}-{round}", call["id"].as_str().expect("an id")));
                if let Some(leg) = call.get_mut("leg") {
                    *leg = json!(format!("leg-{index}-{round}"));
                }
            }
            if event["data"]["contact"]["phone"].is_string() {
                event["data"]["contact"]["phone"] = json!(format!("+1212555{:02}{round:02}", 10 + index));
            }
            event
        };
        let together = [tell(&first, 0), tell(&second, 0)];
        let (early, late) = ([tell(&first, 1)], [tell(&second, 1)]);
        let (turned_late, turned_early) = ([tell(&first, 2)], [tell(&second, 2)]);
        let before = calls.leads().await;
        let mut answers = calls.tell(0, &together).await;
        assert_eq!(calls.leads().await, before + 1, "at once: {what}");
        answers.extend(calls.tell(0, &early).await);
        answers.extend(calls.tell(0, &late).await);
        assert_eq!(calls.leads().await, before + 2, "later: {what}");
        answers.extend(calls.tell(0, &turned_early).await);
        answers.extend(calls.tell(0, &turned_late).await);
        assert_eq!(calls.leads().await, before + 3, "the other way round: {what}");
        for pair in answers.chunks(2) {
            assert_eq!((&pair[0].lead, &pair[0].decision), (&pair[1].lead, &pair[1].decision), "{what}");
            assert_eq!(pair[0].owner, pair[1].owner, "{what}");
            assert_ne!(pair[0].event, pair[1].event, "each is answered under its own name: {what}");
        }
        let turns = calls.db.number("SELECT COUNT(*) FROM ledger_entry WHERE author = 'decision'").await;
        assert_eq!(turns, calls.leads().await, "one turn each: {what}");
    }
    let open = calls.db.number("SELECT COUNT(*) FROM inbox WHERE state <> 'handled'").await;
    assert_eq!(open, 0, "every event has its answer");
    calls.stop().await;
}

async fn the_second_event_completes_the_first(db: Db) {
    let calls = Calls::begin(db, 1).await;
    let first = event("a", 1, |data| {
        without(data, "contact", "email");
        data["contact"]["phone"] = json!("+12125550142");
        data["consent"]["sms"] = json!(true);
    });
    let second = event("b", 1, |data| {
        data["contact"]["name"] = json!("Somebody Else");
        data["contact"]["title"] = json!("Head of Operations");
        data["qualification"]["budget"] = json!("60,000 a year");
        data["consent"]["sms"] = json!(false);
        data["preference"] = json!({ "timezone": "America/New_York" });
        data["custom"] = json!({ "seats": 40 });
    });
    let lead = calls.tell(0, &[first]).await.remove(0).lead;
    let before = calls.lead(&lead).await;
    calls.tell(0, std::slice::from_ref(&second)).await;
    let after = calls.lead(&lead).await;
    assert_eq!(after.contact.name, before.contact.name, "what was known stays");
    assert_eq!(after.contact.email.map(|email| email.value).as_deref(), Some("caller-1@company-1.example"));
    assert_eq!(after.contact.title.map(|title| title.value).as_deref(), Some("Head of Operations"));
    assert!(after.qualification.budget.is_some() && after.custom.contains_key("seats"));
    assert_eq!(after.consent.sms.map(|said| said.given), Some(false), "a consent that is taken back is taken back");
    assert_eq!(
        calls.handoff(&lead).await.caller_zone,
        Some(baton_core::domain::zone::Zone::named("America/New_York")),
        "promises are told in it"
    );
    let told = calls.db.number("SELECT COUNT(*) FROM timeline WHERE kind = 'completed'").await;
    assert_eq!(told, 1, "the lead's story says so");
    calls.tell(0, &[second]).await;
    assert_eq!(calls.db.number("SELECT COUNT(*) FROM timeline WHERE kind = 'completed'").await, 1, "once");
    calls.stop().await;
}

/// The report of a call from a withheld number says nothing of how to reach the person: it belongs to the lead of its call, and is
/// put aside where there is none.
async fn a_report_without_a_way_to_the_person_completes_the_lead_of_its_call(db: Db) {
    let calls = Calls::begin(db, 1).await;
    let report = |id: &str, number: usize| {
        event(id, number, |data| {
            data["call"]["live"] = json!(false);
            data["call"]["from"] = json!("anonymous");
            data["contact"] = json!({ "title": "Head of Operations" });
        })
    };
    let known = |id: &str, number: usize| event(id, number, |data| data["call"]["live"] = json!(false));
    let first = calls.tell(0, &[known("a1", 1)]).await.remove(0);
    let later = calls.tell(0, &[report("b1", 1)]).await.remove(0);
    assert_eq!(later.lead, first.lead, "after its lead");
    let together = calls.tell(0, &[report("b2", 4), report("c2", 4), known("a2", 4)]).await;
    assert!(
        together.iter().all(|answer| answer.lead == together[2].lead),
        "before its lead, in one batch: {together:?}"
    );
    for lead in [&first.lead, &together[2].lead] {
        assert_eq!(
            calls.lead(lead).await.contact.title.map(|title| title.value).as_deref(),
            Some("Head of Operations")
        );
    }
    calls.take(0, &[report("b3", 7), report("c3", 7)]).await;
    let aside = || async { calls.db.number("SELECT COUNT(*) FROM inbox WHERE state = 'quarantined'").await == 2 };
    eventually("nobody's reports are put aside", aside).await;
    assert_eq!(calls.leads().await, 2);
    calls.stop().await;
}

/// What says of itself that it only completes begins no lead, although the person could be reached.
async fn what_only_completes_begins_no_lead(db: Db) {
    let calls = Calls::begin(db, 1).await;
    let insights = |id: &str, number: usize| {
        event(id, number, |data| {
            data["call"]["live"] = json!(false);
            data["call"]["opens"] = json!(false);
            data["contact"]["title"] = json!("Head of Operations");
        })
    };
    let together = calls.tell(0, &[insights("b1", 1), event("a1", 1, |_| {})]).await;
    assert_eq!(together[0].lead, together[1].lead, "before its lead, in one batch");
    let after = calls.lead(&together[0].lead).await;
    assert_eq!(after.contact.title.map(|title| title.value).as_deref(), Some("Head of Operations"));
    calls.take(0, &[insights("b2", 2)]).await;
    let aside = || async { calls.db.number("SELECT COUNT(*) FROM inbox WHERE state = 'quarantined'").await == 1 };
    eventually("what completes nothing is put aside", aside).await;
    assert_eq!(calls.leads().await, 1);
    calls.stop().await;
}

/// A form is filled in, then its sender calls: somebody waits on a line, whatever the first event said.
async fn a_caller_of_whom_only_the_second_event_says_that_they_wait_is_rung_for(db: Db) {
    let calls = Calls::begin(db, 1).await;
    let firsts: [fn(&mut Value); 3] = [
        |data| data["call"]["live"] = json!(false),
        |data| without(data, "call", "live"),
        |data| drop(data.as_object_mut().expect("data").remove("call")),
    ];
    for (round, change) in firsts.into_iter().enumerate() {
        let number = 3 * round + 1;
        let phone = format!("+1212555010{round}");
        let first = event(&format!("a{round}"), number, |data| {
            change(data);
            data["contact"]["phone"] = json!(phone);
        });
        let second = event(&format!("b{round}"), number, |data| data["contact"]["phone"] = json!(phone));
        let first = calls.tell(0, &[first]).await.remove(0);
        assert!(first.instruction.is_none() && first.targets.is_empty(), "nobody waits: {round}");
        let second = calls.tell(0, &[second]).await.remove(0);
        assert_eq!(second.lead, first.lead);
        assert_eq!(second.owner, first.owner, "the lead keeps its owner: {round}");
        assert!(!second.targets.is_empty(), "somebody can be rung: {round}");
        assert_eq!(second.instruction.expect("the agent has something to say").spoken.kind, "hold", "{round}");
        assert!(!calls.handoff(&first.lead).await.legs.is_empty(), "{round}");
    }
    assert_eq!(calls.leads().await, 3);
    calls.stop().await;
}

/// Two events each, of two callers.
fn told_of_two(now: DateTime<Utc>) -> [(&'static str, Value, Value); 7] {
    let at = |number: &str| {
        let number = number.to_owned();
        move |data: &mut Value| data["contact"]["phone"] = json!(number)
    };
    let mut before = event("a6", 10, at("+12125550107"));
    before["time"] = json!(now - TimeDelta::seconds(30));
    [
        (
            "the same words from the same number, when the patience of the first is over",
            before,
            event("b6", 10, |data| {
                at("+12125550107")(data);
                data["call"] = json!(null);
            }),
        ),
        ("two calls from one switchboard", event("a1", 1, at("+12125550101")), event("b1", 2, at("+12125550101"))),
        (
            "two who call in the same words, on legs of their own",
            event("a2", 4, |data| {
                at("+12125550102")(data);
                data["call"]["leg"] = json!("one");
            }),
            event("b2", 4, |data| {
                at("+12125550102")(data);
                data["call"]["id"] = json!("another");
                data["call"]["leg"] = json!("two");
            }),
        ),
        (
            "another name from the same number",
            event("a3", 5, at("+12125550103")),
            event("b3", 5, |data| {
                at("+12125550103")(data);
                data["call"] = json!(null);
                data["contact"] = json!({ "name": "Ines Duarte", "phone": "+12125550103" });
            }),
        ),
        (
            "another mail from the same number",
            event("a4", 7, at("+12125550104")),
            event("b4", 7, |data| {
                at("+12125550104")(data);
                data["call"] = json!(null);
                data["contact"]["email"] = json!("ines@company-7.example");
            }),
        ),
        (
            "a caller of the front door, and what the agent has found of them",
            {
                let mut door = event("a7", 11, at("+12125550108"));
                door["source"] = json!("front_door");
                door["data"]["call"]["leg"] = json!("door");
                door
            },
            event("b7", 11, |data| {
                at("+12125550108")(data);
                data["call"] = json!({ "platform": "voice", "id": "talk", "live": true, "leg": "door" });
            }),
        ),
        (
            "one id for two callers",
            event("a5", 8, |data| data["call"]["from"] = json!("+12125550105")),
            event("b5", 8, |data| data["call"]["from"] = json!("+12125550106")),
        ),
    ]
}

/// A switchboard has one number and many callers; an id that a platform gives twice is two calls.
async fn two_callers_are_two_leads(db: Db) {
    let calls = Calls::begin(db, 1).await;
    for (what, first, second) in told_of_two(calls.clock.now()) {
        let before = calls.leads().await;
        let strip = |mut event: Value| {
            if event["data"]["call"].is_null() {
                event["data"].as_object_mut().expect("data").remove("call");
            }
            event
        };
        let answers = calls.tell(0, &[strip(first), strip(second)]).await;
        assert_ne!(answers[0].lead, answers[1].lead, "{what}");
        assert_eq!(calls.leads().await, before + 2, "{what}");
    }
    calls.stop().await;
}

/// Each worker is told of every call, at the same moment.
async fn two_workers_make_one_lead_of_one_call(db: Db) {
    let calls = Calls::begin(db, 2).await;
    for round in 0..6 {
        let tell = |worker: usize| {
            let events: Vec<Value> =
                (0..8).map(|n| event(&format!("{worker}-{round}-{n}"), 100 * round + n, |_| {})).collect();
            let calls = &calls;
            async move { calls.tell(worker, &events).await }
        };
        let (mine, theirs) = tokio::join!(tell(0), tell(1));
        for (mine, theirs) in mine.iter().zip(&theirs) {
            assert_eq!(mine.lead, theirs.lead);
        }
        assert_eq!(calls.leads().await, 8 * (round as i64 + 1));
    }
    let turns = calls.db.number("SELECT COUNT(*) FROM ledger_entry WHERE author = 'decision'").await;
    assert_eq!(turns, 48, "one turn each");
    calls.stop().await;
}

on_both! {
    a_call_that_is_told_twice_is_one_lead,
    the_second_event_completes_the_first,
    a_report_without_a_way_to_the_person_completes_the_lead_of_its_call,
    what_only_completes_begins_no_lead,
    a_caller_of_whom_only_the_second_event_says_that_they_wait_is_rung_for,
    two_callers_are_two_leads,
    two_workers_make_one_lead_of_one_call,
}
