//! A rep's phone is one caller's at a time, and every lead given is counted.

use super::server::{Db, at_once};
use super::tx::writes;
use super::world::{handoff_id, later, now, rep};
use baton::store::{Changes, RepState};
use baton_core::domain::id::RepId;
use baton_core::domain::rep::Presence;
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeSet;

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
    writes!(db.store, |tx| tx.rep_presence(&rep("ana"), Presence::Away).await).await.expect("a presence");
    take(&db, day("2026-03-03")).await;
    take(&db, day("2026-03-03")).await;
    take(&db, day("2026-03-04")).await;
    change(&db, RepState::give_up).await;
    let told = state(&db).await;
    let expected = RepState {
        presence: Presence::Away,
        taken: (Some(day("2026-03-04")), 1),
        taken_week: (Some(day("2026-03-02")), 3),
        open_leads: 2,
        ..RepState::new(rep("ana"))
    };
    assert_eq!(told, expected);
    assert_eq!((told.taken_on(day("2026-03-04")), told.taken_on(day("2026-03-05"))), (1, 0));
    assert_eq!((told.taken_in_week_of(day("2026-03-08")), told.taken_in_week_of(day("2026-03-09"))), (3, 0));
    for _ in 0..3 {
        change(&db, RepState::give_up).await;
    }
    assert_eq!(state(&db).await.open_leads, 0, "nobody owes leads");
}
