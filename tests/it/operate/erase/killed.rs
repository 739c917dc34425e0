//! `baton erase` is killed at each of its commits: a worker ends what was begun, and nothing that had come of it is lost.

use super::person::{EMAIL, LEADS, dump, events, found_in, other, texts};
use super::stage::Town;
use crate::eventually::eventually;
use crate::program::served::workspace;
use crate::program::{copy, edit, free_port, json_of, told};
use crate::store::server::{Db, sqlite_in};
use crate::town;
use baton_clock::{SharedClock, SteeredClock, SystemClock};
use chrono::TimeDelta;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use tempfile::TempDir;

/// More commits than an erasure of few leads has.
const COMMITS: u32 = 100;
/// So long a dead one is waited for.
const HELD_FOR: TimeDelta = TimeDelta::seconds(61);

/// A workspace whose database holds the person, and nobody at it.
async fn left_behind() -> TempDir {
    let place = workspace(free_port(), 2, "");
    let (town, worker) = Town::begin(Db::open(sqlite_in(place.path())).await).await;
    let now = town.clock.now();
    town.bring(&[events(now), vec![other(now)]].concat()).await;
    town.write_of().await;
    town.until_quiet().await;
    worker.stop().await;
    assert!(town.db.store.purge(false).await.expect("the log is written back"), "nobody reads");
    place
}

fn erase_until(place: &Path, nth: u32) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
    command.args(["erase", "--phone", "+1 (415) 555-0142", "--email", EMAIL, "--format", "json", "-w"]).arg(place);
    command.env("BATON_KILL_AT", format!("after_commit:{nth}")).output().expect("baton runs")
}

/// Who begins a minute later finds what the dead one was at.
async fn is_ended_by_a_worker(place: &Path, db: &Db) {
    let clock = SteeredClock::new(Arc::new(SystemClock));
    clock.steer(HELD_FOR);
    let clock: SharedClock = Arc::new(clock);
    let worker = town::worker(place, &db.store, &clock).await;
    let open = "SELECT COUNT(*) FROM erasure WHERE state = 'open'";
    eventually("a worker ends it", || async { db.number(open).await == 0 }).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_that_is_killed_at_any_commit_is_ended_by_a_worker_and_tells_the_same() {
    let place = left_behind().await;
    let path = |place: &Path| place.to_str().expect("a plain path").to_owned();
    let (mut ends, mut ended_by_workers) = (BTreeSet::new(), 0);
    for nth in 1..=COMMITS {
        let folder = tempfile::tempdir().expect("a folder");
        copy(place.path(), folder.path());
        edit(folder.path(), "baton.toml", &path(place.path()), &path(folder.path()));
        let output = erase_until(folder.path(), nth);
        let lived = output.status.code().is_some();
        let db = Db::open(sqlite_in(folder.path())).await;
        if lived {
            assert_eq!(json_of(&output)["state"], "done", "{}", told(&output));
        } else if db.number("SELECT COUNT(*) FROM erasure").await == 0 {
            assert_eq!(db.number("SELECT COUNT(*) FROM lead WHERE erased_at IS NOT NULL").await, 0, "{nth}");
            continue;
        } else {
            is_ended_by_a_worker(folder.path(), &db).await;
            ended_by_workers += 1;
        }
        assert_eq!(found_in(&dump(&db).await), Vec::<&str>::new(), "killed after commit {nth}");
        let told = "SELECT leads || ' ' || named_in || ' ' || at_vendors || ' ' || CAST(messages AS TEXT) FROM erasure";
        ends.extend(texts(&db, told.to_owned()).await);
        assert_eq!(db.number("SELECT COUNT(*) FROM audit WHERE act = 'lead.erase'").await, LEADS, "{nth}");
        if lived {
            assert!(ended_by_workers > LEADS, "each lead is a commit of its own");
            assert_eq!(ends.len(), 1, "whoever ends it tells the same: {ends:#?}");
            return;
        }
    }
    panic!("an erasure has more than {COMMITS} commits");
}
