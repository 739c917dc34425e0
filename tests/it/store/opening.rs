//! Which databases a worker works on: those that keep promises, tell the time, and have this version's tables, made once.

use super::server::Db;
use crate::program::{entries, root};
use baton::store::Store;
use baton_clock::{Clock, SystemClock};
use chrono::TimeDelta;
use std::path::PathBuf;

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
