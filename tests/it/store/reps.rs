//! A rep's phone is one caller's at a time, and every lead given is counted.

use super::server::{Db, at_once};
use super::tx::writes;
use super::world::{handoff_id, later, now, rep};
use baton::store::{RepState, StoreError};
use baton_core::domain::id::RepId;
use baton_core::domain::rep::Presence;
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeSet;

fn ana() -> BTreeSet<RepId> {
    BTreeSet::from([rep("ana")])
}

async fn reserve(db: &Db, number: u32, until: DateTime<Utc>, at: DateTime<Utc>) -> bool {
    let got = writes!(db.store, |tx| {
        tx.reps_lock(&ana()).await?;
        tx.rep_reserve(&rep("ana"), &handoff_id(number), until, at).await
    });
    got.await.expect("a reservation is answered")
}

async fn release(db: &Db, number: u32) {
    let released = writes!(db.store, |tx| tx.rep_release(&rep("ana"), &handoff_id(number)).await);
    released.await.expect("a release");
}

async fn take(db: &Db, day: NaiveDate) {
    let taken = writes!(db.store, |tx| {
        tx.reps_lock(&ana()).await?;
        tx.rep_take(&rep("ana"), day).await
    });
    taken.await.expect("a lead is counted");
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
    at_once(&db, 0..16, |db, number| async move {
        if number % 2 == 0 {
            return take(&db, today).await;
        }
        let saved = writes!(db.store, |tx| {
            let mut state = tx.reps_lock(&ana()).await?.remove(&rep("ana")).expect("ana");
            state.take(today);
            tx.reps_save(&[state]).await
        });
        saved.await.expect("a lead is counted");
    })
    .await;
    let counted = state(&db).await;
    assert_eq!((counted.taken, counted.open_leads), ((Some(today), 16), 16));
}

pub async fn a_new_day_starts_at_zero(db: Db) {
    writes!(db.store, |tx| tx.rep_presence(&rep("ana"), Presence::Away).await).await.expect("a presence");
    take(&db, day("2026-03-03")).await;
    take(&db, day("2026-03-03")).await;
    take(&db, day("2026-03-04")).await;
    let give_up = || writes!(db.store, |tx| tx.rep_give_up(&rep("ana")).await);
    give_up().await.expect("one less");
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
        give_up().await.expect("one less");
    }
    assert_eq!(state(&db).await.open_leads, 0, "nobody owes leads");
}

pub async fn a_rep_who_is_not_stored_is_an_error_not_a_lost_count(db: Db) {
    let lost = writes!(db.store, |tx| tx.rep_take(&rep("nobody"), day("2026-03-03")).await).await;
    assert!(matches!(&lost, Err(StoreError::NotFound { id, .. }) if id == "nobody"), "{lost:?}");
}
