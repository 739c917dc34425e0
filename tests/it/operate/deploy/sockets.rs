//! A worker on a Unix socket: whom it lets in, and what becomes of the file.

use super::{asked, sent, until_ready, written};
use crate::eventually::{SOON, within};
use crate::program::{Process, baton, code, told};
use crate::town;
use baton::cli;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::Path;
use tempfile::TempDir;

/// A workspace that listens on `baton.sock` in its folder; gives the address as well.
fn workspace() -> (TempDir, String) {
    let folder = town::founded(2);
    let address = format!("unix:{}", folder.path().join("baton.sock").display());
    std::fs::write(folder.path().join("baton.toml"), format!("[http]\nlisten = \"{address}\"\n")).expect("baton.toml");
    (folder, address)
}

fn serve(folder: &Path) -> Process {
    Process::serve(folder, "info", &[])
}

/// Where only this machine reaches it no token is needed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_there_for_owner_and_group_and_goes_with_the_worker() {
    let (folder, address) = workspace();
    let mut worker = serve(folder.path());
    until_ready(folder.path(), &address).await;
    let file = folder.path().join("baton.sock");
    let found = std::fs::symlink_metadata(&file).expect("the socket");
    assert!(found.file_type().is_socket());
    assert_eq!(found.permissions().mode() & 0o777, 0o660);
    let ready = baton(&["ready", "-w", folder.path().to_str().expect("a plain path")]);
    assert_eq!(code(&ready), cli::OK, "baton.toml says where it is: {}", told(&ready));
    assert!(told(&ready).contains("ready"), "{}", told(&ready));
    let output = sent(&address, &[written(folder.path(), 1)]);
    assert_eq!(code(&output), cli::OK, "{}", told(&output));

    worker.signal("-TERM");
    assert_eq!(within(SOON, || worker.ended()), Some(Some(0)));
    assert!(!file.exists(), "a worker that stops takes its socket away");
    let gone = asked(folder.path(), &address);
    assert_eq!(code(&gone), cli::UNREACHABLE, "{}", told(&gone));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn that_of_a_dead_worker_is_replaced_and_that_of_a_living_one_is_left_alone() {
    let (folder, address) = workspace();
    let mut first = serve(folder.path());
    until_ready(folder.path(), &address).await;
    first.kill();
    assert!(folder.path().join("baton.sock").exists(), "whoever is killed cleans nothing up");
    let _second = serve(folder.path());
    until_ready(folder.path(), &address).await;

    let other = town::founded(2);
    let refused = baton(&["serve", "--listen", &address, "-w", other.path().to_str().expect("a plain path")]);
    assert_eq!(code(&refused), cli::FAILED, "{}", told(&refused));
    assert!(told(&refused).contains("another process answers there"), "{}", told(&refused));
    assert!(asked(folder.path(), &address).status.success(), "the first goes on");

    let file = other.path().join("notes");
    std::fs::write(&file, "no socket").expect("a file");
    let address = format!("unix:{}", file.display());
    let refused = baton(&["serve", "--listen", &address, "-w", other.path().to_str().expect("a plain path")]);
    assert!(told(&refused).contains("no socket is there"), "{}", told(&refused));
    assert_eq!(std::fs::read_to_string(&file).expect("a file"), "no socket", "what is no socket is nobody's to remove");
}

/// A worker that was thought dead, and whose file another one has replaced.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_stops_leaves_the_socket_of_another_alone() {
    let (folder, address) = workspace();
    let mut worker = serve(folder.path());
    until_ready(folder.path(), &address).await;
    let file = folder.path().join("baton.sock");
    std::fs::remove_file(&file).expect("somebody removes it");
    let _another = UnixListener::bind(&file).expect("and listens there");
    worker.signal("-TERM");
    assert_eq!(within(SOON, || worker.ended()), Some(Some(0)));
    assert!(file.exists());
}

#[test]
fn an_address_that_is_none_is_wrong_usage() {
    let folder = town::founded(1);
    let refused = baton(&["serve", "--listen", "unix:here", "-w", folder.path().to_str().expect("a plain path")]);
    assert_eq!(code(&refused), cli::USAGE, "{}", told(&refused));
    assert!(told(&refused).contains("unix:/run/baton/baton.sock"), "{}", told(&refused));
}
