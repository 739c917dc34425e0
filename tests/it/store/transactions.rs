//! A transaction runs to its end, whole or not at all, and `Ok` means committed.

use super::server::Db;
use super::world::{caller, decided, handoff_id, now, rep};
use baton::store::{InboxMessage, Store, StoreError, Tx};
use baton_clock::{Clock, SystemClock};
use chrono::TimeDelta;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::{Barrier, Notify};

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
    };
    tx.inbox_insert(&[message]).await.map(|_| ())
}

pub async fn a_caller_who_leaves_neither_undoes_the_commit_nor_leaves_it_open(db: Db) {
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (seen, released) = (Arc::clone(&begun), Arc::clone(&go_on));
    let writing = db.store.write("test", move |tx| {
        let (begun, go_on) = (Arc::clone(&begun), Arc::clone(&go_on));
        Box::pin(async move {
            leave_a_trace(tx, "before").await?;
            begun.notify_one();
            go_on.notified().await;
            leave_a_trace(tx, "after").await
        })
    });
    tokio::select! {
        result = writing => panic!("the transaction waits for us, and ended: {result:?}"),
        () = seen.notified() => {}
    }
    // The caller's future is dropped by now, in the middle of the transaction.
    assert_eq!(db.number(MESSAGES).await, 0, "nothing is committed yet");
    released.notify_one();
    // On SQLite there is one writer: this comes after it. On PostgreSQL the count shows when it is through.
    db.store.write("test", |tx| Box::pin(leave_a_trace_named_last(tx))).await.expect("the store goes on");
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

async fn leave_a_trace_named_last(tx: &mut Tx) -> Result<(), StoreError> {
    leave_a_trace(tx, "last").await
}

pub async fn an_error_undoes_everything(db: Db) {
    let failed = db.store.write("test", |tx| {
        Box::pin(async move {
            leave_a_trace(tx, "a").await?;
            tx.inbox_replay("nobody").await.map(|_row| ())
        })
    });
    let failed = failed.await;
    assert!(matches!(failed, Err(StoreError::NotFound { .. })), "{failed:?}");
    assert_eq!(db.number(MESSAGES).await, 0);
}

pub async fn a_panic_undoes_everything_and_reaches_the_caller(db: Db) {
    let store = db.store.clone();
    let panicked = tokio::spawn(async move {
        let done = store.write("test", |tx| {
            Box::pin(async move {
                leave_a_trace(tx, "a").await?;
                if tx.inbox_row("a").await?.is_some() {
                    panic!("a fault of the body");
                }
                Ok(())
            })
        });
        done.await
    });
    let panic = panicked.await.expect_err("the panic is the caller's").into_panic();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"a fault of the body"));
    assert_eq!(db.number(MESSAGES).await, 0);
    db.store.write("test", |tx| Box::pin(leave_a_trace_named_last(tx))).await.expect("the store goes on");
    assert_eq!(db.number(MESSAGES).await, 1);
}

pub async fn a_reading_transaction_sees_one_state(db: Db) {
    let other = db.store.clone();
    let seen = db.store.read("test", move |tx| {
        let other = other.clone();
        Box::pin(async move {
            let before = tx.inbox_row("last").await?;
            other.write("test", |tx| Box::pin(leave_a_trace_named_last(tx))).await?;
            Ok((before, tx.inbox_row("last").await?))
        })
    });
    assert_eq!(seen.await.expect("a read"), (None, None), "what is committed meanwhile is not seen");
    assert_eq!(db.number(MESSAGES).await, 1);
}

pub async fn a_reading_transaction_cannot_write(db: Db) {
    let refused = db.store.read("test", |tx| Box::pin(leave_a_trace_named_last(tx))).await;
    assert!(matches!(refused, Err(StoreError::Database { during: "test", .. })), "{refused:?}");
    assert_eq!(db.number(MESSAGES).await, 0);
}

pub async fn a_conflict_is_tried_again_and_then_told(db: Db) {
    db.store
        .write("test", |tx| Box::pin(async move { tx.decided_insert(&[decided(caller(1))]).await }))
        .await
        .expect("a lead");
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    let save = db.store.write("test", move |tx| {
        counted.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            let handoff = tx.handoff_lock(&handoff_id(1)).await?;
            tx.handoff_save(&handoff, handoff.revision + 1).await
        })
    });
    let told = save.await;
    assert!(matches!(told, Err(StoreError::Conflict { what: "handoff", .. })), "{told:?}");
    assert_eq!(runs.load(Ordering::Relaxed), 4, "once, and three times again");
}

/// SQLite lets a transaction that read first and writes later fail at once instead of waiting; tries would only hide it.
pub async fn writers_that_read_first_wait_for_each_other(db: Db) {
    let other = Store::open(&db.url).await.expect("a second writer");
    let runs = Arc::new(AtomicU32::new(0));
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let store = if writer % 2 == 0 { db.store.clone() } else { other.clone() };
            let runs = Arc::clone(&runs);
            tokio::spawn(async move {
                for number in 0..10 {
                    let runs = Arc::clone(&runs);
                    let done = store.write("test", move |tx| {
                        runs.fetch_add(1, Ordering::Relaxed);
                        Box::pin(async move {
                            let key = format!("{writer}-{number}");
                            assert_eq!(tx.inbox_row(&key).await?, None);
                            tokio::task::yield_now().await;
                            leave_a_trace(tx, &key).await
                        })
                    });
                    done.await.expect("the transaction goes through");
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.expect("no writer fails");
    }
    assert_eq!(db.number(MESSAGES).await, 80);
    assert_eq!(runs.load(Ordering::Relaxed), 80, "nobody had to run again");
}

pub async fn migrating_again_does_nothing(db: Db) {
    assert_eq!(db.store.migrate().await.expect("a migration"), [""; 0]);
    let names = "SELECT COUNT(*) FROM schema_migration";
    assert_eq!(db.number(names).await, shipped().len() as i64);
}

/// The files in `migrations/`, in order.
fn migrations() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let files = std::fs::read_dir(folder).expect("the migrations");
    let mut files: Vec<PathBuf> = files.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

fn shipped() -> Vec<String> {
    migrations().iter().map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned()).collect()
}

/// Tables and views, in the order in which the migrations make them.
fn made() -> Vec<(&'static str, String)> {
    let mut made = Vec::new();
    for file in migrations() {
        for line in std::fs::read_to_string(file).expect("a migration").lines() {
            for what in ["TABLE", "VIEW"] {
                if let Some(rest) = line.strip_prefix(&format!("CREATE {what} ")) {
                    made.push((what, rest.split_whitespace().next().expect("a name").to_owned()));
                }
            }
        }
    }
    made
}

pub async fn two_workers_migrate_once(db: Db) {
    // Back to nothing, by way of what the engines have in common.
    for (what, name) in made().iter().rev() {
        db.execute(format!("DROP {what} IF EXISTS {name}")).await;
    }
    db.execute("DROP TABLE schema_migration").await;
    let other = Store::open(&db.url).await.expect("a second worker");
    let (one, two) = tokio::join!(db.store.migrate(), other.migrate());
    let mut applied = [one.expect("a migration"), two.expect("a migration")];
    applied.sort();
    let [none, all] = applied;
    assert_eq!(none, [""; 0]);
    assert_eq!(all, shipped());
}

pub async fn a_foreign_history_is_refused(db: Db) {
    db.execute("INSERT INTO schema_migration (name, digest) VALUES ('9999_future', 'x')").await;
    let newer = db.store.migrate().await.expect_err("a newer database").to_string();
    assert!(newer.contains("newer version (9999_future)"), "{newer}");
    db.execute("DELETE FROM schema_migration WHERE name = '9999_future'").await;
    db.execute("UPDATE schema_migration SET digest = 'x' WHERE name = '0001_begin'").await;
    let changed = db.store.migrate().await.expect_err("another content").to_string();
    assert!(changed.contains("0001_begin was applied with another content"), "{changed}");
}

pub async fn a_deadlock_is_resolved_and_both_commit(db: Db) {
    let barrier = Arc::new(Barrier::new(2));
    let runs = Arc::new(AtomicU32::new(0));
    let both = [("ana", "ben"), ("ben", "ana")].map(|(first, second)| {
        let (db, barrier, runs) = (db.clone(), Arc::clone(&barrier), Arc::clone(&runs));
        let first_run = Arc::new(AtomicU32::new(1));
        tokio::spawn(async move {
            let done = db.store.write("test", move |tx| {
                runs.fetch_add(1, Ordering::Relaxed);
                let (barrier, first_run) = (Arc::clone(&barrier), Arc::clone(&first_run));
                Box::pin(async move {
                    tx.reps_lock(&BTreeSet::from([rep(first)])).await?;
                    if first_run.swap(0, Ordering::Relaxed) == 1 {
                        barrier.wait().await;
                    }
                    tx.reps_lock(&BTreeSet::from([rep(second)])).await?;
                    let day = now().date_naive();
                    tx.rep_take(&rep(first), day).await?;
                    tx.rep_take(&rep(second), day).await
                })
            });
            done.await.expect("the transaction goes through in the end");
        })
    });
    for one in both {
        one.await.expect("no worker fails");
    }
    assert_eq!(runs.load(Ordering::Relaxed), 3, "one of the two ran again");
    assert_eq!(db.number("SELECT COUNT(*) FROM rep_state WHERE open_leads = 2").await, 2, "and counted once each");
}

/// Ends the server process of whoever is in the middle of a transaction.
async fn cut_off(db: &Db) {
    let ended = "SELECT COUNT(CASE WHEN pg_terminate_backend(pid) THEN 1 END) FROM pg_stat_activity \
                 WHERE datname = current_database() AND state = 'idle in transaction'";
    assert_eq!(db.number(ended).await, 1, "one connection is cut");
    let alive =
        "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'";
    while db.number(alive).await > 0 {
        tokio::task::yield_now().await;
    }
}

/// Runs a transaction whose connection is cut in its first run, before or after its last statement.
async fn write_and_be_cut_off(db: &Db, then_go_on: bool) -> (Result<(), StoreError>, u32) {
    let runs = Arc::new(AtomicU32::new(0));
    let (counted, whole) = (Arc::clone(&runs), db.clone());
    let done = db.store.write("test", move |tx| {
        let (run, db) = (counted.fetch_add(1, Ordering::Relaxed), whole.clone());
        Box::pin(async move {
            leave_a_trace(tx, "a").await?;
            if run == 0 {
                cut_off(&db).await;
            }
            if then_go_on { leave_a_trace(tx, "b").await } else { Ok(()) }
        })
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

pub async fn a_commit_whose_answer_is_lost_is_not_run_again(db: Db) {
    let (done, runs) = write_and_be_cut_off(&db, false).await;
    let Err(error) = done else { panic!("the commit cannot have gone through") };
    assert!(matches!(error, StoreError::CommitUnknown { during: "test", .. }), "{error:?}");
    assert!(error.is_transient(), "it is no fault of the data");
    assert_eq!(runs, 1, "a second run might count everything twice");
    db.store.write("test", |tx| Box::pin(leave_a_trace_named_last(tx))).await.expect("the store goes on");
}

pub async fn an_unsafe_server_is_refused(db: Db) {
    let Err(error) = Store::open(&format!("{}?options[synchronous_commit]=off", db.url)).await else {
        panic!("a server that acknowledges too early is taken")
    };
    assert!(error.to_string().contains("synchronous_commit is off"), "{error}");
}

pub async fn a_wrong_clock_is_refused(db: Db) {
    let theirs = db.store.time().await.expect("the server answers").expect("PostgreSQL has a clock");
    let apart = SystemClock.now() - theirs;
    assert_eq!(Store::clocks_agree(apart), Ok(()), "the server runs on this machine");
    for (ahead, says) in
        [(10_000, "10000 ms ahead of"), (-2_001, "2001 ms behind"), (86_400_000, "86400000 ms ahead of")]
    {
        let why = Store::clocks_agree(TimeDelta::milliseconds(ahead)).expect_err("a wrong clock");
        assert!(why.contains(says) && why.contains("let both follow NTP"), "{why}");
    }
}

pub async fn refuses_unknown_and_unsafe_urls() {
    for (url, says) in [
        ("mysql://root@localhost/x", "neither sqlite:FILE nor postgres://"),
        ("sqlite::memory:", "not wal"),
        ("sqlite:///no/such/folder/baton.db", "the database file cannot be opened"),
    ] {
        let Err(error) = Store::open(url).await else { panic!("{url} was opened") };
        assert!(error.to_string().contains(says), "{url}: {error}");
    }
}
