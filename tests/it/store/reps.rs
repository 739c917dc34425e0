//! A rep's phone is one caller's at a time, and every lead given is counted.

use super::leads::insert;
use super::server::{Db, at_once};
use super::tx::writes;
use super::world::{caller, decided, handoff_id, later, mover, now, rep, rules};
use baton::store::{Changes, RepState};
use baton_core::domain::effect::Timer;
use baton_core::domain::id::{LegId, RepId};
use baton_core::domain::rep::Presence;
use baton_core::handoff::Event;
use baton_core::rules::RuleSet;
use baton_core::rules::model::set::AwayAfterMisses;
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

fn ana() -> BTreeSet<RepId> {
    BTreeSet::from([rep("ana")])
}

/// Changes what is stored of Ana, under her lock.
async fn change<T: Send + 'static>(db: &Db, change: impl Fn(&mut RepState) -> T + Clone + Send + Sync + 'static) -> T {
    let changed = writes!(db.store, [change], |tx| {
        let mut state = tx.reps_lock(&ana()).await?.remove(&rep("ana")).expect("ana");
        let said = change(&mut state);
        tx.change(&Changes { reps: &[state], ..Changes::default() }).await?;
        Ok(said)
    });
    changed.await.expect("a change")
}

async fn reserve(db: &Db, number: u32, until: DateTime<Utc>, at: DateTime<Utc>) -> bool {
    change(db, move |ana| ana.reserve(&handoff_id(number), until, at)).await
}

async fn release(db: &Db, number: u32) {
    change(db, move |ana| ana.release(&handoff_id(number))).await;
}

async fn take(db: &Db, day: NaiveDate) {
    change(db, move |ana| ana.take(day)).await;
}

async fn state(db: &Db) -> RepState {
    writes!(db.store, |tx| tx.reps_lock(&ana()).await).await.expect("states").remove(&rep("ana")).expect("ana")
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

pub async fn of_sixteen_callers_one_gets_the_phone(db: Db) {
    let got =
        at_once(
            &db,
            1..=16,
            |db, number| async move { reserve(&db, number, later(30), now()).await.then_some(number) },
        );
    let holders: Vec<u32> = got.await.into_iter().flatten().collect();
    let [holder] = holders.as_slice() else { panic!("one phone, {holders:?} have it") };
    assert_eq!(state(&db).await.reserved, Some((handoff_id(*holder), later(30))));
}

pub async fn a_reservation_ends_by_time_or_by_its_holder(db: Db) {
    assert!(reserve(&db, 1, later(30), now()).await);
    assert!(reserve(&db, 1, later(40), later(5)).await, "the holder may extend it");
    assert!(!reserve(&db, 2, later(60), later(39)).await, "it has not lapsed");
    release(&db, 2).await;
    assert!(!reserve(&db, 2, later(60), later(39)).await, "who does not hold it cannot release it");
    assert!(reserve(&db, 2, later(70), later(40)).await, "it lapses at its end");
    release(&db, 2).await;
    assert_eq!(state(&db).await.reserved, None);
    assert!(reserve(&db, 3, later(70), later(41)).await, "it is free");
}

/// Nothing is stored of the rep before: the row that all wait for is made by one of them.
pub async fn leads_given_at_once_are_all_counted(db: Db) {
    let today = day("2026-03-03");
    at_once(&db, 0..16, |db, _| async move { take(&db, today).await }).await;
    let counted = state(&db).await;
    assert_eq!((counted.taken, counted.open_leads), ((Some(today), 16), 16));
}

pub async fn a_new_day_starts_at_zero(db: Db) {
    let lunch: DateTime<Utc> = "2026-03-04T13:00:00Z".parse().expect("a time");
    let away = writes!(db.store, |tx| tx.rep_presence(&rep("ana"), Presence::Away, Some(lunch)).await);
    away.await.expect("a presence");
    take(&db, day("2026-03-03")).await;
    take(&db, day("2026-03-03")).await;
    take(&db, day("2026-03-04")).await;
    change(&db, RepState::give_up).await;
    let told = state(&db).await;
    let expected = RepState {
        presence: Presence::Away,
        away_until: Some(lunch),
        taken: (Some(day("2026-03-04")), 1),
        taken_week: (Some(day("2026-03-02")), 3),
        open_leads: 2,
        ..RepState::new(rep("ana"))
    };
    assert_eq!(told, expected);
    let before = lunch - chrono::TimeDelta::seconds(1);
    assert_eq!((told.presence_at(before), told.presence_at(lunch)), (Presence::Away, Presence::Unset));
    assert_eq!((told.taken_on(day("2026-03-04")), told.taken_on(day("2026-03-05"))), (1, 0));
    assert_eq!((told.taken_in_week_of(day("2026-03-08")), told.taken_in_week_of(day("2026-03-09"))), (3, 0));
    for _ in 0..3 {
        change(&db, RepState::give_up).await;
    }
    assert_eq!(state(&db).await.open_leads, 0, "nobody owes leads");
}

/// Over whichever leads; an answer begins anew, and so does whoever says how they are.
pub async fn who_misses_rings_in_a_row_is_not_rung_for_a_while(db: Db) {
    let mut rules = RuleSet::clone(&rules());
    rules.handoff.away_after_misses = Some(AwayAfterMisses { rings: 2, lasts: Duration::from_secs(1800) });
    let rules = Arc::new(rules);
    let missed = |leg: LegId| Event::NoAnswer { leg, why: None };
    let answered = |leg: LegId| Event::Answered { leg };
    // The worker that is to ring has not come to it.
    let never_rang = |leg: LegId| Event::Timer { timer: Timer::RingBy { leg } };
    let happens: [fn(LegId) -> Event; 6] = [missed, answered, missed, never_rang, never_rang, missed];
    let mut told = Vec::new();
    for (number, event) in (1..).zip(happens) {
        let lead = decided(caller(number));
        let leg = lead.handoff.legs.first().expect("somebody is rung").clone();
        insert(&db, vec![lead]).await.expect("a lead");
        let event = event(leg.id);
        let moved = writes!(db.store, [event, rules], |tx| {
            tx.transition(&handoff_id(number), &event, &rules, &mover("w", later(i64::from(number)))).await
        });
        moved.await.expect("a move");
        told.push((leg.rep.clone(), db.store.rep_quiet_until(&leg.rep).await.expect("a time")));
    }
    let rep = told[0].0.clone();
    let until = [None, None, None, None, None, Some(later(1806))].map(|until| (rep.clone(), until));
    assert_eq!(told, until);
    writes!(db.store, [rep], |tx| tx.rep_presence(&rep, Presence::Available, None).await).await.expect("a presence");
    assert_eq!(db.store.rep_quiet_until(&rep).await.expect("a time"), None);
}
