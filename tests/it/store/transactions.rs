//! A transaction runs to its end, whole or not at all, and `Ok` means committed.

use super::leads::insert;
use super::server::{Db, at_once};
use super::tx::{reads, writes};
use super::world::{caller, decided, handoff_id, now, rep};
use baton::store::{Changes, InboxMessage, Store, StoreError, Tx, with};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::{Barrier, Notify};
use tokio::time::Instant;

const MESSAGES: &str = "SELECT COUNT(*) FROM inbox";

/// Something to see whether it was stored.
async fn leave_a_trace(tx: &mut Tx, key: &str) -> Result<(), StoreError> {
    let message = InboxMessage {
        key: key.to_owned(),
        kind: "test".to_owned(),
        body: Vec::new(),
        received_at: now(),
        reply_to: None,
        correlation_id: None,
        trace_context: None,
    };
    tx.inbox_insert(&[message]).await.map(|_| ())
}

async fn go_on_with(db: &Db) {
    writes!(db.store, |tx| leave_a_trace(tx, "last").await).await.expect("the store goes on");
}

pub async fn a_caller_who_leaves_neither_undoes_the_commit_nor_leaves_it_open(db: Db) {
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let writing = writes!(db.store, [begun, go_on], |tx| {
        leave_a_trace(tx, "before").await?;
        begun.notify_one();
        go_on.notified().await;
        leave_a_trace(tx, "after").await
    });
    tokio::select! {
        result = writing => panic!("the transaction waits for us, and ended: {result:?}"),
        () = begun.notified() => {}
    }
    // The caller's future is dropped by now, in the middle of the transaction.
    assert_eq!(db.number(MESSAGES).await, 0, "nothing is committed yet");
    go_on.notify_one();
    // On SQLite there is one writer: this comes after it. On PostgreSQL the count shows when it is through.
    go_on_with(&db).await;
    while db.number(MESSAGES).await < 3 {
        tokio::task::yield_now().await;
    }
    if db.is_postgres() {
        let open =
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in trans%'";
        while db.number(open).await > 0 {
            tokio::task::yield_now().await;
        }
    }
}

pub async fn an_error_undoes_everything(db: Db) {
    let failed = writes!(db.store, |tx| {
        leave_a_trace(tx, "a").await?;
        tx.inbox_replay("nobody").await.map(|_row| ())
    });
    let failed = failed.await;
    assert!(matches!(failed, Err(StoreError::NotFound { .. })), "{failed:?}");
    assert_eq!(db.number(MESSAGES).await, 0);
}

pub async fn a_panic_undoes_everything_and_reaches_the_caller(db: Db) {
    let store = db.store.clone();
    let panicked = tokio::spawn(async move {
        let done = writes!(store, |tx| {
            leave_a_trace(tx, "a").await?;
            if tx.inbox_row("a").await?.is_some() {
                panic!("a fault of the body");
            }
            Ok(())
        });
        done.await
    });
    let panic = panicked.await.expect_err("the panic is the caller's").into_panic();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"a fault of the body"));
    assert_eq!(db.number(MESSAGES).await, 0);
    go_on_with(&db).await;
    assert_eq!(db.number(MESSAGES).await, 1);
}

pub async fn a_reading_transaction_sees_one_state(db: Db) {
    let other = db.store.clone();
    let seen = reads!(db.store, [other], |tx| {
        let before = tx.inbox_row("last").await?;
        writes!(other, |tx| leave_a_trace(tx, "last").await).await?;
        Ok((before, tx.inbox_row("last").await?))
    });
    assert_eq!(seen.await.expect("a read"), (None, None), "what is committed meanwhile is not seen");
    assert_eq!(db.number(MESSAGES).await, 1);
}

pub async fn a_reading_transaction_cannot_write(db: Db) {
    let refused = reads!(db.store, |tx| leave_a_trace(tx, "last").await).await;
    assert!(matches!(refused, Err(StoreError::Database { during: "test", .. })), "{refused:?}");
    assert_eq!(db.number(MESSAGES).await, 0);
}

pub async fn a_conflict_is_tried_again_and_then_told(db: Db) {
    insert(&db, vec![decided(caller(1))]).await.expect("a lead");
    let runs = Arc::new(AtomicU32::new(0));
    let save = writes!(db.store, [runs], |tx| {
        runs.fetch_add(1, Ordering::Relaxed);
        let handoff = tx.handoff_lock(&handoff_id(1)).await?;
        tx.change(&Changes { moved: &[(&handoff, handoff.revision + 1)], ..Changes::default() }).await
    });
    let told = save.await;
    assert!(matches!(told, Err(StoreError::Conflict { what: "handoff", .. })), "{told:?}");
    assert_eq!(runs.load(Ordering::Relaxed), 4, "once, and three times again");
}

/// SQLite lets a transaction that read first and writes later fail at once instead of waiting; tries would only hide it.
pub async fn writers_that_read_first_wait_for_each_other(db: Db) {
    let other = Store::open(&db.url).await.expect("a second writer");
    let runs = Arc::new(AtomicU32::new(0));
    at_once(&db, 0..8, |db, writer| {
        let store = if writer % 2 == 0 { db.store } else { other.clone() };
        let runs = Arc::clone(&runs);
        async move {
            for number in 0..10 {
                let done = writes!(store, [runs], |tx| {
                    runs.fetch_add(1, Ordering::Relaxed);
                    let key = format!("{writer}-{number}");
                    assert_eq!(tx.inbox_row(&key).await?, None);
                    tokio::task::yield_now().await;
                    leave_a_trace(tx, &key).await
                });
                done.await.expect("the transaction goes through");
            }
        }
    })
    .await;
    assert_eq!(db.number(MESSAGES).await, 80);
    assert_eq!(runs.load(Ordering::Relaxed), 80, "nobody had to run again");
}

pub async fn a_deadlock_is_resolved_and_both_commit(db: Db) {
    let barrier = Arc::new(Barrier::new(2));
    let runs = Arc::new(AtomicU32::new(0));
    at_once(&db, [("ana", "ben"), ("ben", "ana")], |db, (first, second)| {
        let (barrier, runs) = (Arc::clone(&barrier), Arc::clone(&runs));
        let first_run = Arc::new(AtomicU32::new(1));
        async move {
            let done = writes!(db.store, [barrier, runs, first_run], |tx| {
                runs.fetch_add(1, Ordering::Relaxed);
                let mut reps = tx.reps_lock(&BTreeSet::from([rep(first)])).await?;
                if first_run.swap(0, Ordering::Relaxed) == 1 {
                    barrier.wait().await;
                }
                reps.extend(tx.reps_lock(&BTreeSet::from([rep(second)])).await?);
                reps.values_mut().for_each(|rep| rep.take(now().date_naive()));
                tx.change(&Changes { reps: &reps.into_values().collect::<Vec<_>>(), ..Changes::default() }).await
            });
            done.await.expect("the transaction goes through in the end");
        }
    })
    .await;
    assert_eq!(runs.load(Ordering::Relaxed), 3, "one of the two ran again");
    assert_eq!(db.number("SELECT COUNT(*) FROM rep_state WHERE open_leads = 2").await, 2, "and counted once each");
}

/// Ends the server process of whoever is in the middle of a transaction.
async fn cut_off(db: &Db) {
    let of_ours = "FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'";
    let ended = format!("SELECT COUNT(CASE WHEN pg_terminate_backend(pid) THEN 1 END) {of_ours}");
    assert_eq!(db.number(ended).await, 1, "one connection is cut");
    let alive = format!("SELECT COUNT(*) {of_ours}");
    while db.number(alive.as_str()).await > 0 {
        tokio::task::yield_now().await;
    }
}

/// Runs a transaction whose connection is cut in its first run, before or after its last statement.
async fn write_and_be_cut_off(db: &Db, then_go_on: bool) -> (Result<(), StoreError>, u32) {
    let runs = Arc::new(AtomicU32::new(0));
    let done = writes!(db.store, [runs, db], |tx| {
        let run = runs.fetch_add(1, Ordering::Relaxed);
        leave_a_trace(tx, "a").await?;
        if run == 0 {
            cut_off(&db).await;
        }
        if then_go_on { leave_a_trace(tx, "b").await } else { Ok(()) }
    });
    let done = done.await;
    (done, runs.load(Ordering::Relaxed))
}

pub async fn a_lost_connection_is_tried_again(db: Db) {
    let (done, runs) = write_and_be_cut_off(&db, true).await;
    done.expect("nothing was committed, so it may run again");
    assert_eq!(runs, 2);
    assert_eq!(db.number(MESSAGES).await, 2);
}

/// It is its own commit.
pub async fn a_single_statement_whose_answer_is_lost_is_not_run_again(db: Db) {
    let runs = Arc::new(AtomicU32::new(0));
    let given = (Arc::clone(&runs), db.clone());
    let body = with(given, |tx, (runs, db)| {
        Box::pin(async move {
            runs.fetch_add(1, Ordering::Relaxed);
            let others = "SELECT COUNT(CASE WHEN pg_terminate_backend(pid) THEN 1 END) FROM pg_stat_activity \
                          WHERE datname = current_database() AND pid <> pg_backend_pid()";
            assert!(db.number(others).await > 0, "that of the statement among them");
            leave_a_trace(tx, "a").await
        })
    });
    let error = db.store.write_once("test", body).await.expect_err("nobody can know");
    assert!(matches!(error, StoreError::CommitUnknown { during: "test", .. }), "{error:?}");
    assert_eq!(runs.load(Ordering::Relaxed), 1);
    go_on_with(&db).await;
}

pub async fn a_commit_whose_answer_is_lost_is_not_run_again(db: Db) {
    let (done, runs) = write_and_be_cut_off(&db, false).await;
    let Err(error) = done else { panic!("the commit cannot have gone through") };
    assert!(matches!(error, StoreError::CommitUnknown { during: "test", .. }), "{error:?}");
    assert!(error.is_transient(), "it is no fault of the data");
    assert_eq!(runs, 1, "a second run might count everything twice");
    go_on_with(&db).await;
}

/// What SQLite's log holds for somebody who reads stays there until they have ended, and who writes does not wait for it.
pub async fn emptying_the_log_keeps_nobody_waiting(db: Db) {
    go_on_with(&db).await;
    let mut reading = db.raw.begin().await.expect("a transaction");
    sqlx::query(MESSAGES).fetch_one(&mut *reading).await.expect("a state");
    writes!(db.store, |tx| leave_a_trace(tx, "after").await).await.expect("the store goes on");
    let began = Instant::now();
    let is_empty = db.store.purge(false).await.expect("it is tried");
    assert_eq!(is_empty, db.is_postgres(), "somebody reads what was there before");
    assert!(is_empty || began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    reading.rollback().await.expect("it ends");
    assert!(db.store.purge(false).await.expect("it is tried again"));
}
