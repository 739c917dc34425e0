//! Whoever is out of office in Salesforce is away: as one request tells of all users, and as a worker obeys it.

use super::{bench_of, calls};
use crate::eventually::{eventually, found};
use crate::store::server::{Db, sqlite_in};
use crate::store::tx::reads;
use crate::town;
use crate::vendors::calendar::facts::rejection;
use baton::app::stage::StandIns;
use baton::connectors::Crm;
use baton::outbox::Vendors;
use baton_clock::{Clock, SharedClock};
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::rep::{Busy, BusyKind};
use baton_core::routing::reason::Rejection;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn at(time: &str) -> DateTime<Utc> {
    format!("2026-11-{time}:00Z").parse().expect("an instant")
}

fn away(from: &str, until: &str) -> Vec<Busy> {
    vec![Busy { from: at(from), until: at(until), kind: BusyKind::OutOfOffice }]
}

fn ids<const N: usize>(users: [&String; N]) -> [CrmId; N] {
    users.map(|user| CrmId::from(user.as_str()))
}

#[tokio::test]
async fn events_and_messages_of_all_users_are_told_in_one_request() {
    let (bench, [ana, ben, cy]) = bench_of(["Ana", "Ben", "Cy"]).await;
    let [of_ana, of_ben, of_cy] = ids([&ana, &ben, &cy]);
    bench.state.add_event(&ana, at("23T08:00"), at("24T12:00"), "OutOfOffice");
    bench.state.add_event(&ana, at("24T13:00"), at("24T14:00"), "Busy");
    bench.state.add_event(&cy, at("20T08:00"), at("21T08:00"), "OutOfOffice");
    bench.state.set_message(&ben, "Back on Monday");
    let users = [of_ana.clone(), of_ben.clone(), of_cy];
    for _ in 0..2 {
        let told = bench.crm.absences(&users, at("23T09:00"), at("25T09:00")).await;
        let expected = [
            (of_ana.clone(), away("23T08:00", "24T12:00")),
            // It says nothing of its end.
            (of_ben.clone(), away("23T09:00", "25T09:00")),
        ];
        assert_eq!(told, Ok(BTreeMap::from(expected)));
    }
    let asked: Vec<String> =
        bench.world.exchanges().iter().map(|e| String::from_utf8_lossy(&e.request_body).into()).collect();
    assert_eq!(calls(&bench, "/composite"), 2);
    let of_the_object = asked.iter().filter(|body| body.contains("FROM+OutOfOffice")).count();
    assert_eq!(of_the_object, 1, "an org that has no such object is not asked for it again");
}

#[tokio::test]
async fn an_absence_that_a_user_has_entered_has_its_dates() {
    let (bench, [ana]) = bench_of(["Ana"]).await;
    bench.state.set_message(&ana, "Back on Wednesday");
    bench.state.add_absence(&ana, at("24T06:00"), at("25T06:00"));
    let users = ids([&ana]);
    let told = bench.crm.absences(&users, at("23T09:00"), at("27T09:00")).await;
    assert_eq!(told, Ok(BTreeMap::from([(users[0].clone(), away("24T06:00", "25T06:00"))])));
    let queues = [CrmId::from("00G000000000001AAA")];
    let sent = bench.world.exchanges().len();
    assert_eq!(bench.crm.absences(&queues, at("23T09:00"), at("27T09:00")).await, Ok(BTreeMap::new()));
    assert_eq!(bench.world.exchanges().len(), sent, "nobody is meant, and so nobody is asked for");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_out_of_office_in_the_crm_gets_no_lead() {
    let folder = town::founded(2);
    let db = Db::open(sqlite_in(folder.path())).await;
    let clock = town::clock(1);
    let stage = StandIns::open(Arc::clone(&clock) as SharedClock).await.expect("the stand-ins");
    let (user, now) = (CrmId::from("005xx00000WES01"), clock.now());
    let day = TimeDelta::days(1);
    stage.salesforce.add_event(user.as_str(), now - day, now + day, "OutOfOffice");
    let vendors = Vendors { crm: stage.vendors().expect("clients").crm, ..Vendors::default() };
    let worker = town::worker_with(vendors, folder.path(), &db.store, &(Arc::clone(&clock) as SharedClock)).await;

    // The CRM is asked in the background: until then it is not known.
    let callers = AtomicUsize::new(0);
    let passed_over = || async {
        let caller = town::Caller::gone(3 * (1 + callers.fetch_add(1, Ordering::Relaxed)));
        worker.decider.take(vec![town::inbox(&caller.event, clock.now())]).await.expect("the event is taken");
        let lead = caller.lead();
        let decision = found("the lead is decided", || async {
            reads!(db.store, [lead], |tx| tx.decision(&lead).await).await.expect("the database answers")
        })
        .await;
        let because = rejection(&decision, "west-01");
        matches!(because, Some(Rejection::OutOfOffice { .. }))
    };
    eventually("the rep who is away is passed over", passed_over).await;
    worker.stop().await;
}
