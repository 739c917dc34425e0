//! Workers side by side on one host, and what they are deployed with.

mod containers;
mod guide;
mod package;
mod readers;
mod service;
mod sockets;
mod systemd;
mod units;

use crate::eventually::eventually;
use crate::program::{Process, baton, code, free_port, root, told};
use crate::store::server::{Db, ledgers, tests, variable};
use crate::town::{self, Caller};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Output;

/// More than a batch for each of two workers.
const LEADS: usize = 24;

/// Both listen elsewhere than the file that they share says, one by the command line and one by its environment. Every event comes
/// to both.
async fn two_workers_of_one_workspace_decide_each_lead_once(db: Db) {
    let folder = town::founded(2);
    let place = folder.path();
    let toml = format!("[http]\nlisten = \"127.0.0.1:{}\"\n[database]\nurl = {:?}\n", free_port(), db.url);
    std::fs::write(place.join("baton.toml"), toml).expect("baton.toml");
    let port = format!("127.0.0.1:{}", free_port());
    let socket = format!("unix:{}", place.join("second.sock").display());
    let _by_flag = Process::serve_with(place, &["--listen", &port], &[]);
    let _by_environment = Process::serve_with(place, &[], &[("BATON_LISTEN", &socket)]);
    until_ready(place, &port).await;
    until_ready(place, &socket).await;

    let files: Vec<PathBuf> = (1..=LEADS).map(|number| written(place, number)).collect();
    let backwards: Vec<PathBuf> = files.iter().rev().cloned().collect();
    let (first, second) = std::thread::scope(|both| {
        let second = both.spawn(|| sent(&socket, &backwards));
        (sent(&port, &files), second.join().expect("it is sent"))
    });
    for output in [&first, &second] {
        assert_eq!(code(output), baton::cli::OK, "{}", told(output));
    }
    let all = LEADS as i64;
    eventually("all are decided", || async { db.number("SELECT COUNT(*) FROM decision").await >= all }).await;
    for table in ["inbox", "lead", "decision"] {
        assert_eq!(db.number(format!("SELECT COUNT(*) FROM {table}")).await, all, "{table}");
    }
    assert!(!ledgers(&db.store).await.is_empty(), "turns were given, and every journal proves its balances");
}

tests! {
    two_workers_on_one_host: on_postgres(two_workers_of_one_workspace_decide_each_lead_once),
}

/// An event in a file of its own.
fn written(folder: &Path, number: usize) -> PathBuf {
    let file = folder.join(format!("event-{number}.json"));
    std::fs::write(&file, Caller::gone(number).event.to_string()).expect("an event");
    file
}

fn sent(address: &str, files: &[PathBuf]) -> Output {
    let files = files.iter().map(|file| file.to_str().expect("a plain path"));
    baton(&["send", "--http", address].into_iter().chain(files).collect::<Vec<_>>())
}

/// What `baton ready` says of a worker of this workspace that listens there.
fn asked(folder: &Path, address: &str) -> Output {
    baton(&["ready", "--listen", address, "-w", folder.to_str().expect("a plain path")])
}

async fn until_ready(folder: &Path, address: &str) {
    let ready = || std::future::ready(asked(folder, address).status.success());
    eventually(format!("a worker that is ready on {address}"), ready).await;
}

/// Of what every machine for the tests has.
///
/// # Panics
/// Under `CI=true` nothing of it is left out.
fn left_out(what: &str) {
    assert!(variable("CI").as_deref() != Some("true"), "CI=true, and not tested: {what}");
    skipped(what);
}

/// Past the test runner's capture.
fn skipped(what: &str) {
    std::io::stderr().write_all(format!("\n*** SKIPPED: {what} ***\n\n").as_bytes()).expect("stderr takes a line");
}

/// A file of what is deployed.
fn deployed(path: &str) -> String {
    let path = root().join("deploy").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
