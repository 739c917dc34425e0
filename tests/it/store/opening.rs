//! Which databases a worker works on: those that keep promises, tell the time, and have this version's tables, made once.

use super::server::Db;
use crate::eventually::eventually;
use crate::program::{entries, root};
use baton::store::Store;
use baton_clock::{Clock, SystemClock};
use chrono::TimeDelta;
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::timeout;

/// Longer than anybody may be held up by a migration.
const HELD_UP: Duration = Duration::from_secs(4);

pub async fn migrating_again_does_nothing(db: Db) {
    assert_eq!(db.store.migrate().await.expect("a migration"), [""; 0]);
    let names = "SELECT (SELECT COUNT(*) FROM schema_migration) + (SELECT COUNT(*) FROM schema_addition)";
    assert_eq!(db.number(names).await, shipped().len() as i64);
}

/// The files in `migrations/`, in order.
fn migrations() -> Vec<PathBuf> {
    entries(&root().join("migrations"))
}

fn shipped() -> Vec<String> {
    migrations().iter().map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned()).collect()
}

/// Tables and views, in the order in which the migrations make them.
fn made() -> Vec<(&'static str, String)> {
    let mut made = Vec::new();
    for file in migrations() {
        for line in std::fs::read_to_string(file).expect("a migration").lines() {
            let line = line.trim_start_matches("--sqlite ").trim_start_matches("--postgres ");
            for what in ["TABLE", "VIEW"] {
                if let Some(rest) = line.strip_prefix(&format!("CREATE {what} ")) {
                    let rest = rest.trim_start_matches("IF NOT EXISTS ");
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
    for names in ["schema_migration", "schema_addition"] {
        db.execute(format!("DROP TABLE {names}")).await;
    }
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

/// The way back: this version works on what the next one has left, as the version before works on what this one leaves.
pub async fn what_a_newer_version_has_added_is_in_nobodys_way(db: Db) {
    let old = "SELECT COUNT(*) FROM schema_migration WHERE name >= '0029'";
    assert_eq!(db.number(old).await, 0, "an older version is told of nothing that it does not know");
    db.execute("CREATE TABLE of_the_future (id TEXT PRIMARY KEY)").await;
    db.execute("ALTER TABLE lead ADD COLUMN of_the_future TEXT").await;
    db.execute("INSERT INTO schema_addition (name, digest) VALUES ('9999_future', 'x')").await;
    assert_eq!(db.store.migrate().await.expect("it goes on"), [""; 0]);
    db.execute("UPDATE schema_addition SET digest = 'x' WHERE name = '0032_copies'").await;
    let changed = db.store.migrate().await.expect_err("another content").to_string();
    assert!(changed.contains("0032_copies was applied with another content"), "{changed}");
}

/// Whether a statement that begins so waits for a lock.
async fn is_waiting(db: &Db, begins: &str) -> bool {
    let waiting =
        "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    db.number(format!("{waiting} AND query LIKE '{begins}%'")).await == 1
}

/// A database from before the indexes, on which one build has broken off, and somebody who writes and does not end.
pub async fn indexes_are_built_beside_whoever_writes(db: Db) {
    let of_indexes = root().join("migrations/0036_keep_indexes.sql");
    let sql = std::fs::read_to_string(of_indexes).expect("a migration");
    let names: Vec<&str> =
        sql.lines().filter_map(|line| line.strip_prefix("CREATE INDEX ")?.split(' ').next()).collect();
    for name in &names {
        db.execute(format!("DROP INDEX {name}")).await;
    }
    db.execute("DELETE FROM schema_addition WHERE name = '0036_keep_indexes'").await;
    db.execute("INSERT INTO orphan_result (effect_key, fence, at, result) VALUES ('a', 1, 1, 'x'), ('b', 1, 1, 'x')")
        .await;
    let broken = "CREATE UNIQUE INDEX CONCURRENTLY orphan_result_at ON orphan_result (at)";
    sqlx::query(broken).execute(&db.raw).await.expect_err("two of one time");
    let mut writing = db.raw.begin().await.expect("a transaction");
    sqlx::query("UPDATE inbox SET kind = kind").execute(&mut *writing).await.expect("a write");

    let (one, two) = (db.store.clone(), Store::open(&db.url).await.expect("a second worker"));
    let one = tokio::spawn(async move { one.migrate().await });
    eventually("the first index waits for whoever wrote before", || is_waiting(&db, "CREATE INDEX CONCURRENTLY")).await;
    let two = tokio::spawn(async move { two.migrate().await });
    let goes_on = timeout(HELD_UP, db.execute("UPDATE inbox SET kind = kind")).await;
    goes_on.expect("nobody else who writes waits");
    writing.rollback().await.expect("it ends");
    assert_eq!(one.await.expect("no panic").expect("they are built"), ["0036_keep_indexes"]);
    assert_eq!(two.await.expect("no panic").expect("it waited"), [""; 0]);
    let valid = "SELECT COUNT(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indisvalid \
                 AND NOT i.indisunique AND c.relname IN";
    assert_eq!(db.number(format!("{valid} ('{}')", names.join("', '"))).await, names.len() as i64);
}

/// Whoever comes after a migration that waits for a long report waits behind it, and not for the report.
pub async fn a_migration_holds_nobody_up_while_it_waits(db: Db) {
    for undo in [
        "DROP TABLE tally",
        "DROP TABLE tally_until",
        "ALTER TABLE lead DROP COLUMN attention_closed_at",
        "DELETE FROM schema_addition WHERE name = '0031_drift'",
    ] {
        db.execute(undo).await;
    }
    let mut reading = db.raw.begin().await.expect("a transaction");
    sqlx::query("SELECT COUNT(*) FROM lead").fetch_one(&mut *reading).await.expect("a report");
    let store = db.store.clone();
    let migrating = tokio::spawn(async move { store.migrate().await });
    for _ in 0..2 {
        eventually("the migration waits for the report", || is_waiting(&db, "ALTER TABLE lead")).await;
        let goes_on = timeout(HELD_UP, db.number("SELECT COUNT(*) FROM lead")).await;
        assert_eq!(goes_on.expect("nobody else waits for the report"), 0);
    }
    reading.rollback().await.expect("it ends");
    assert_eq!(migrating.await.expect("no panic").expect("it is applied"), ["0031_drift"]);
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

/// A database begins empty, and nobody has counted its rows when it is full: a plan that was made before would read them all.
pub async fn what_is_asked_of_an_empty_table_is_planned_anew_when_it_has_filled(db: Db) {
    const ROWS: i64 = 100_000;
    let key = ["nobody".to_owned()];
    let look = || async { assert!(db.store.mirror_get(&key).await.expect("a look").is_empty(), "nobody is there") };
    // On each connection often enough for a plan to be kept.
    for _ in 0..100 {
        look().await;
    }
    let fill = "INSERT INTO mirror_account (key, body, source, observed_at) \
                SELECT 'account ' || n, 'null', 'test', 0 FROM generate_series(1, 100000) AS n";
    assert_eq!(db.execute(fill).await, ROWS as u64);
    let told =
        |what: &str| db.number(format!("SELECT {what} FROM pg_stat_user_tables WHERE relname = 'mirror_account'"));
    // The server tells of what it did a second later.
    let looks = || async {
        look().await;
        told("seq_scan + COALESCE(idx_scan, 0)").await >= 150
    };
    eventually("looks at the full table are told of", looks).await;
    let read = told("seq_tup_read").await;
    assert!(read < ROWS, "{read} rows were read by whoever asked for one");
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
