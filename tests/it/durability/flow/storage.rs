//! A SQLite file whose disk is full, and one that is damaged, under a worker that runs: nothing is lost, nothing is put aside,
//! and when the disk is well again, so is the worker.

use super::play::Play;
use crate::eventually::{eventually, found};
use crate::store::server::sqlite_in;
use crate::town::Caller;
use baton::connectors::http::{ApiCall, Does};
use baton::intake::event::key_of;
use reqwest::Method;
use serde_json::Value;
use sqlx::{AnyPool, AssertSqlSafe};
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A disk of a few megabytes, mounted over a folder and taken away at the end.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` where nobody may mount; it is said past the test runner's capture.
    fn over(folder: &Path) -> Option<Self> {
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"]).arg(folder).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(folder.to_owned()));
        }
        let line = "\n*** SKIPPED: the test of a full disk; it mounts a small one, which only root may ***\n\n";
        std::io::stderr().write_all(line.as_bytes()).expect("stderr takes a line");
        None
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }

    /// To the last byte.
    fn fill(&self) {
        let mut ballast = File::create(self.ballast()).expect("a file");
        for size in [64 * 1024, 4096, 1] {
            while ballast.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn make_room(&self) {
        std::fs::remove_file(self.ballast()).expect("the ballast goes");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _unmounted = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

async fn post(play: &Play, event: &Value) -> u16 {
    let call = ApiCall::new("post_event", Does::Write, Method::POST, &["v1", "events"]).json(event.clone());
    play.send(call).await.status
}

async fn until_ready(play: &Play, status: u16) -> String {
    found(format!("readiness becomes {status}"), || async {
        Some(play.page(&["readyz"]).await).filter(|(now, _)| *now == status).map(|(_, told)| told)
    })
    .await
}

/// Around the store.
async fn number(play: &Play, sql: &str) -> i64 {
    let raw = raw(play).await;
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&raw).await.expect("a number")
}

async fn raw(play: &Play) -> AnyPool {
    AnyPool::connect(&sqlite_in(play.folder.path())).await.expect("a second way in")
}

/// Everything that was acknowledged has its decision, and nothing was put aside.
async fn nothing_is_lost(play: &Play, taken: &[Value]) {
    for event in taken {
        let key = key_of(event.to_string().as_bytes());
        let decided = format!("SELECT COUNT(*) FROM inbox WHERE key = '{key}' AND state = 'handled'");
        let what = format!("{key} was acknowledged: it is decided");
        eventually(what, || async { number(play, &decided).await > 0 }).await;
    }
    assert_eq!(number(play, "SELECT COUNT(*) FROM inbox WHERE state = 'quarantined'").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_loses_nothing_and_is_over_when_there_is_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(disk) = SmallDisk::over(folder.path()) else { return };
    let play = Play::begin_on(folder).await;
    let mut taken = Vec::new();
    for number in 1..=5 {
        let event = Caller::gone(number).event;
        assert_eq!(post(&play, &event).await, 202);
        taken.push(event);
    }
    for round in 0..2 {
        disk.fill();
        let (mut refused, mut number) = (0, 100 * (round + 1));
        while refused < 2 {
            let event = Caller::gone(number).event;
            match post(&play, &event).await {
                202 => taken.push(event),
                503 => refused += 1,
                other => panic!("answered {other}"),
            }
            number += 1;
            assert!(number < 100 * (round + 1) + 90, "the disk was never full");
        }
        let told = until_ready(&play, 503).await;
        assert!(told.contains("disk"), "readiness names the cause: {told}");
        disk.make_room();
        until_ready(&play, 200).await;
        let event = Caller::gone(50 + round).event;
        assert_eq!(post(&play, &event).await, 202, "there is room again");
        taken.push(event);
        nothing_is_lost(&play, &taken).await;
    }
    play.running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_page_puts_nothing_aside() {
    let play = Play::begin().await;
    let before = Caller::gone(1).event;
    play.decided(&before).await;
    play.until_quiet().await;
    let (page, size) = spoil_page_of(&play, "decision").await;
    let event = Caller::gone(2).event;
    assert_eq!(post(&play, &event).await, 202, "the inbox is sound: the event is kept");
    let told = until_ready(&play, 503).await;
    assert!(told.contains("damaged"), "readiness names the cause: {told}");
    assert_eq!(number(&play, "SELECT COUNT(*) FROM inbox WHERE state = 'quarantined'").await, 0);
    // Mended, as from a copy.
    write_page(&play, page.as_slice(), size).await;
    nothing_is_lost(&play, &[before, event]).await;
    until_ready(&play, 200).await;
    play.running.stop().await;
}

/// Overwrites the first page of a table in the file; returns what stood there, and where.
async fn spoil_page_of(play: &Play, table: &str) -> (Vec<u8>, u64) {
    let root = number(play, &format!("SELECT rootpage FROM sqlite_master WHERE name = '{table}'")).await as u64;
    let size = number(play, "SELECT page_size FROM pragma_page_size").await as u64;
    let at = (root - 1) * size;
    checkpoint(play).await;
    let file = std::fs::read(play.folder.path().join("baton.db")).expect("the file");
    let sound = file[at as usize..(at + size) as usize].to_vec();
    write_page(play, &vec![0xff; size as usize], at).await;
    (sound, at)
}

async fn write_page(play: &Play, bytes: &[u8], at: u64) {
    let mut file = File::options().write(true).open(play.folder.path().join("baton.db")).expect("the file");
    file.seek(SeekFrom::Start(at)).expect("a place in it");
    file.write_all(bytes).expect("a page");
    // Nobody goes on with what they remember of the page.
    let change = "INSERT INTO pulse (id, beat) VALUES (1, '') ON CONFLICT (id) DO UPDATE SET beat = beat || '.'";
    sqlx::query(change).execute(&raw(play).await).await.expect("a change");
    checkpoint(play).await;
}

/// Everything stands in the file itself afterwards.
async fn checkpoint(play: &Play) {
    let pool = raw(play).await;
    // A reader in the way is told of in the answer, not as an error.
    eventually("a checkpoint", || async {
        let busy = sqlx::query_scalar::<_, i64>("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&pool).await;
        !busy.is_ok_and(|busy| busy != 0)
    })
    .await;
    pool.close().await;
}
