//! A worker as a service: what the manager is told, and where its secrets come from.

use super::{asked, until_ready};
use crate::program::served::{exchange, get};
use crate::program::{Process, code, free_port, told};
use crate::town;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

/// From the start of the process to its first word, in a debug build on a busy machine.
const TOLD_WITHIN: Duration = Duration::from_secs(60);
/// 16 characters or more.
const SECRET: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn the_manager_is_told_that_it_is_ready_that_it_lives_and_that_it_stops() {
    let folder = town::founded(2);
    let place = folder.path().join("notify");
    let manager = UnixDatagram::bind(&place).expect("a socket");
    manager.set_read_timeout(Some(TOLD_WITHIN)).expect("a time limit");
    let heard = || {
        let mut word = [0; 512];
        let length = manager.recv(&mut word).expect("a word in time");
        String::from_utf8(word[..length].to_vec()).expect("text")
    };
    let env = [("NOTIFY_SOCKET", place.to_str().expect("a plain path")), ("WATCHDOG_USEC", "400000")];
    let address = format!("127.0.0.1:{}", free_port());
    let mut worker = Process::serve_with(folder.path(), &["--listen", &address], &env);
    let mut words = vec![heard()];
    while words.len() < 4 {
        words.push(heard());
    }
    assert_eq!(
        words.iter().filter(|word| word.starts_with("READY=1\n") && word.contains(&address)).count(),
        1,
        "{words:?}"
    );
    assert_eq!(words.iter().filter(|word| *word == "WATCHDOG=1").count(), 3, "it decides, and says so: {words:?}");
    let ready = asked(folder.path(), &address);
    assert!(ready.status.success(), "whoever is ready answers: {}", told(&ready));

    worker.signal("-TERM");
    while !heard().starts_with("STOPPING=1\n") {}
    let ended = crate::eventually::within(TOLD_WITHIN, || worker.ended());
    assert_eq!(ended, Some(Some(0)));
}

/// Another process's watchdog is not ours to feed.
#[test]
fn whoever_is_not_watched_says_nothing_of_its_life() {
    let folder = town::founded(2);
    let place = folder.path().join("notify");
    let manager = UnixDatagram::bind(&place).expect("a socket");
    manager.set_read_timeout(Some(TOLD_WITHIN)).expect("a time limit");
    let place = place.to_str().expect("a plain path");
    let env = [("NOTIFY_SOCKET", place), ("WATCHDOG_USEC", "100000"), ("WATCHDOG_PID", "1")];
    let address = format!("127.0.0.1:{}", free_port());
    let worker = Process::serve_with(folder.path(), &["--listen", &address], &env);
    let mut word = [0; 512];
    let length = manager.recv(&mut word).expect("a word in time");
    assert!(word[..length].starts_with(b"READY=1\n"));
    worker.signal("-TERM");
    let length = manager.recv(&mut word).expect("a word in time");
    assert!(word[..length].starts_with(b"STOPPING=1\n"), "{}", String::from_utf8_lossy(&word[..length]));
}

/// As `LoadCredential=` of a unit and the secrets of a container lie.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_without_a_folder_is_a_credential_of_the_service() {
    let folder = town::founded(2);
    let credentials = folder.path().join("credentials");
    std::fs::create_dir(&credentials).expect("a folder");
    std::fs::write(credentials.join("voice_token"), format!("{SECRET}\n")).expect("a secret");
    let port = free_port();
    let toml = format!("[http]\nlisten = \"127.0.0.1:{port}\"\ntokens = {{ voice = \"file:voice_token\" }}\n");
    std::fs::write(folder.path().join("baton.toml"), toml).expect("baton.toml");
    let env = [("CREDENTIALS_DIRECTORY", credentials.to_str().expect("a plain path"))];
    let _worker = Process::serve(folder.path(), "info", &env);
    until_ready(folder.path(), &format!("127.0.0.1:{port}")).await;
    assert_eq!(exchange(port, &get("/v1/leads", Some(SECRET))).status, 200);
    assert_eq!(exchange(port, &get("/v1/leads", None)).status, 401);

    let missing = asked(folder.path(), &format!("127.0.0.1:{}", free_port()));
    assert_eq!(code(&missing), baton::cli::UNREACHABLE, "{}", told(&missing));
}
