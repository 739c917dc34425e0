//! A page at a time, by one worker at a time, and on from where it was.

use super::{age, ago, close, days, id_of, prune, prune_as};
use crate::store::leads::insert;
use crate::store::server::{Db, at_once};
use crate::store::tx::writes;
use crate::store::world::{caller, decided, later, lead_id, now};
use baton::app::watch::keep::Pruned;
use baton::config::{Keep, KeptFor};
use baton::store::{Cut, Kept, StoreError};
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

/// More than one page of them.
const MANY: u32 = 120;

/// So many leads with nothing to come of them, decided so long ago.
async fn many(db: &Db, days: i64) {
    insert(db, (1..=MANY).map(|number| decided(caller(number))).collect()).await.expect("leads");
    age(db, "id <> ''", days).await;
    close(db, "id <> ''").await;
}

pub async fn two_workers_let_nothing_go_twice(db: Db) {
    many(&db, 500).await;
    let told =
        at_once(
            &db,
            ["first", "second"],
            |db, worker| async move { prune_as(&db, worker, Keep::default(), now()).await },
        );
    let leads = told.await.into_iter().filter_map(|told| told.get("leads").copied());
    let gone: u64 = leads
        .map(|pruned| match pruned {
            Pruned::Done(gone) | Pruned::Left(gone) => gone,
        })
        .sum();
    assert_eq!((gone, db.number("SELECT COUNT(*) FROM lead").await), (u64::from(MANY), 0));
    assert_eq!(db.number("SELECT COUNT(*) FROM keeper").await, 0, "both have given the right back");
}

pub async fn one_worker_at_a_time_has_the_right(db: Db) {
    many(&db, 500).await;
    let take = |worker: &'static str, at: DateTime<Utc>| {
        writes!(db.store, |tx| tx.keeper_take(worker, at + TimeDelta::minutes(3), at).await)
    };
    assert!(take("other", now()).await.expect("it is taken"));
    assert!(!take("first", later(60)).await.expect("it is not"));
    let told = prune_as(&db, "first", Keep::default(), later(60)).await;
    assert!(told.values().any(|pruned| *pruned == Pruned::Left(0)), "{told:?}");
    assert_eq!(db.number("SELECT COUNT(*) FROM lead").await, i64::from(MANY));
    // Whoever dies holds it no longer than that.
    let told = prune_as(&db, "first", Keep::default(), later(181)).await;
    assert_eq!(told["leads"], Pruned::Done(u64::from(MANY)), "{told:?}");
}

pub async fn who_breaks_off_has_let_go_of_whole_pages(db: Db) {
    many(&db, 500).await;
    let cut = Cut { kind: Kept::Leads, before: ago(400), now: now() };
    let begin = db.store.kept_begin(Kept::Leads).await.expect("a beginning");
    let page = db.store.kept_page(&cut, &begin).await.expect("a page");
    assert!(!page.goes.is_empty() && page.goes.len() < MANY as usize, "{} at once", page.goes.len());
    let broken_off = writes!(db.store, [page], |tx| {
        tx.kept_let_go(&cut, &page).await?;
        Err::<u64, _>(StoreError::NotFound { what: "worker", id: "first".to_owned() })
    });
    broken_off.await.expect_err("it dies before the commit");
    assert_eq!(db.number("SELECT COUNT(*) FROM lead").await, i64::from(MANY));
    let went = writes!(db.store, [page], |tx| tx.kept_let_go(&cut, &page).await).await.expect("a page goes");
    assert_eq!(went, page.goes.len() as u64);
    let left = i64::from(MANY) - page.goes.len() as i64;
    for table in ["lead", "decision", "handoff"] {
        assert_eq!(db.number(format!("SELECT COUNT(*) FROM {table}")).await, left, "{table}: no half of a lead stays");
    }
    let told = prune(&db, Keep::default()).await;
    assert_eq!(told["leads"], Pruned::Done(left as u64), "{told:?}");
}

pub async fn transcripts_go_on_where_they_were(db: Db) {
    many(&db, 100).await;
    db.execute(format!("UPDATE handoff SET stage = 'callback' WHERE lead_id = '{}'", lead_id(7))).await;
    let told = prune(&db, Keep { transcripts: days(200), ..Keep::default() }).await;
    assert_eq!(told["transcripts"], Pruned::Done(0), "they have time");
    let told = prune(&db, Keep::default()).await;
    assert_eq!(told["transcripts"], Pruned::Done(u64::from(MANY) - 1), "{told:?}");
    let links = "SELECT COUNT(*) FROM lead WHERE body LIKE '%https://voice.example/transcripts/%'";
    assert_eq!(db.number(links).await, 1, "the lead that is open keeps its own");
    let passed = db.store.kept_begin(Kept::Transcripts).await.expect("a beginning");
    assert_eq!(passed.0, ago(100).timestamp_micros(), "nobody looks through them again");
    close(&db, &id_of(7)).await;
    assert_eq!(prune(&db, Keep::default()).await["later_transcripts"], Pruned::Done(1));
    assert_eq!((db.number(links).await, db.number("SELECT COUNT(*) FROM kept_for_open").await), (0, 0));
}

const YOUNG: u32 = 30_000;

/// However much is kept that is not old enough.
pub async fn looking_reads_what_is_old(db: Db) {
    let at = ago(5).timestamp_micros();
    for sql in [
        format!(
            "INSERT INTO inbox (key, kind, body, received_at, state) SELECT 'k' || n, 'lead.qualified', 'body', {at}, 'handled' \
             FROM generate_series(1, {YOUNG}) n"
        ),
        format!(
            "INSERT INTO step (effect_key, lead_id, handoff_id, kind, priority, payload, state, run_at, deadline_at, fence, \
             attempts, ended_at, result) SELECT 'e' || n, 'l' || n, 'h' || n, 'publish', 9, '{{}}', 'done', {at}, {at}, 1, 1, \
             {at}, 'well' FROM generate_series(1, {YOUNG}) n"
        ),
    ] {
        db.execute(sql).await;
    }
    let before = entries_read(&db).await;
    for _ in 0..5 {
        let told = prune(&db, Keep::default()).await;
        assert!(told.values().all(|pruned| *pruned == Pruned::Done(0)), "{told:?}");
    }
    let read = entries_read(&db).await - before;
    assert!(read < 1_000, "nothing is old enough, and {read} entries were read");
}

/// As the server counts them: a session tells at the end of a transaction, once a second.
async fn entries_read(db: &Db) -> i64 {
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    prune(db, Keep { leads: KeptFor::Forever, ..Keep::default() }).await;
    let tables = "relname IN ('inbox', 'step', 'lead', 'decision', 'timeline')";
    db.number(format!(
        "SELECT (SELECT COALESCE(SUM(idx_tup_read), 0) FROM pg_stat_user_indexes WHERE {tables})::bigint \
         + (SELECT COALESCE(SUM(seq_tup_read), 0) FROM pg_stat_user_tables WHERE {tables})::bigint"
    ))
    .await
}
