//! The database as an operator meets it: where it lies, who may work on it, and what is said when it is not there.

use crate::rules::init::{baton, code, told};
use crate::store::server::{Db, on_postgres};
use crate::town::{self, Caller};
use baton::app;
use baton::cli;
use baton::connectors::http::{Answer, ApiCall, Does, Limits, VendorHttp};
use baton::outbox::Vendors;
use baton::store::Store;
use baton_clock::{ScaledClock, SharedClock};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::Instant;

const SOON: Duration = Duration::from_secs(30);

/// A workspace whose database is where `baton.toml` is by default.
struct Workspace {
    folder: TempDir,
    port: u16,
}

impl Workspace {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        town::found(folder.path(), 2);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its number").port();
        let toml = format!("[http]\nlisten = \"127.0.0.1:{port}\"\n");
        std::fs::write(folder.path().join("baton.toml"), toml).expect("baton.toml");
        Self { folder, port }
    }

    fn place(&self) -> &str {
        self.folder.path().to_str().expect("a plain path")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// From another folder than the workspace.
    fn serve(&self) -> Worker {
        let log = std::fs::File::create(self.file("log")).expect("a log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
        command.args(["serve", "--log", "warn", "-w", self.place()]).current_dir(std::env::temp_dir());
        Worker(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().expect("the worker starts"))
    }

    fn door(&self) -> VendorHttp {
        let limits = Limits { timeout: Duration::from_secs(5), per_second: 1000, concurrency: 16 };
        VendorHttp::new("baton", &format!("http://127.0.0.1:{}", self.port), limits).expect("a client")
    }

    async fn until_ready(&self) {
        let door = self.door();
        let ready = tokio::time::timeout(SOON, async {
            while !door.send(&ApiCall::get("ready", &["readyz"])).await.is_ok_and(|answer| answer.status == 200) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        let log = || std::fs::read_to_string(self.file("log")).unwrap_or_default();
        ready.await.unwrap_or_else(|_| panic!("the worker never was ready:\n{}", log()));
    }
}

struct Worker(Child);

impl Worker {
    /// As `kill -9` does.
    fn kill(&mut self) {
        let (_killed, _gone) = (self.0.kill(), self.0.wait());
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.kill();
    }
}

#[test]
fn commands_that_read_create_no_database() {
    let workspace = Workspace::new();
    let place = workspace.place();
    let commands: [&[&str]; 8] = [
        &["report", "-w", place],
        &["reps", "-w", place],
        &["ledger", "desk", "-w", place],
        &["releases", "-w", place],
        &["replay", "-w", place],
        &["quarantine", "list", "-w", place],
        &["quarantine", "show", "town evt-1", "-w", place],
        &["quarantine", "replay", "--all", "-w", place],
    ];
    for command in commands {
        let output = baton(command);
        assert_eq!(code(&output), cli::UNREACHABLE, "{command:?}: {}", told(&output));
        let file = workspace.file("baton.db");
        let says = format!("there is no {}", file.display());
        assert!(
            told(&output).contains(&says) && told(&output).contains("baton serve"),
            "{command:?}: {}",
            told(&output)
        );
        assert!(!file.exists(), "{command:?} made a database");
    }
    assert!(!Path::new("baton.db").exists(), "and none where the command was run");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_file_has_one_worker_and_a_killed_one_is_in_nobodys_way() {
    let workspace = Workspace::new();
    let mut first = workspace.serve();
    workspace.until_ready().await;
    assert!(
        workspace.file("baton.db").exists(),
        "the database lies beside baton.toml, wherever the worker was started"
    );

    // Another port, the same file.
    let other = tempfile::tempdir().expect("a folder");
    town::found(other.path(), 2);
    let toml =
        format!("[http]\nlisten = \"127.0.0.1:0\"\n[database]\nurl = \"sqlite:{}/baton.db\"\n", workspace.place());
    std::fs::write(other.path().join("baton.toml"), toml).expect("baton.toml");
    let second = baton(&["serve", "-w", other.path().to_str().expect("a plain path")]);
    assert_eq!(code(&second), cli::FAILED, "{}", told(&second));
    let says = format!("another worker (process {}) is at work on", first.0.id());
    assert!(told(&second).contains(&says) && told(&second).contains("PostgreSQL"), "{}", told(&second));
    let reading = baton(&["quarantine", "list", "-w", workspace.place()]);
    assert_eq!(
        (code(&reading), told(&reading).trim()),
        (cli::OK, "no message is put aside"),
        "looking is for everybody"
    );

    first.kill();
    let _third = workspace.serve();
    workspace.until_ready().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_put_aside_is_listed_shown_replayed_and_dropped() {
    let workspace = Workspace::new();
    let _worker = workspace.serve();
    workspace.until_ready().await;
    let url = format!("sqlite:{}", workspace.file("baton.db").display());
    let store = Store::open(&url).await.expect("the database");
    let mut event = Caller::gone(1).event;
    event["data"]["contact"] = json!({ "name": "Mira Lund", "emial": "mira@firm.example" });
    // Over HTTP it is refused at the door; a broker's message is taken as it is.
    let file = workspace.file("event.json");
    std::fs::write(&file, event.to_string()).expect("an event");
    let base = format!("http://127.0.0.1:{}", workspace.port);
    let sent = baton(&["send", "--http", &base, file.to_str().expect("a plain path")]);
    assert_eq!(code(&sent), cli::FAULTY, "a faulty event: {}", told(&sent));
    let row = town::inbox(&event, "2026-11-23T10:00:00Z".parse().expect("an instant"));
    let stored = store.write("test", move |tx| {
        let row = row.clone();
        Box::pin(async move { tx.inbox_insert(&[row]).await })
    });
    stored.await.expect("it is taken");

    let place = workspace.place();
    let key = "town evt-1";
    until_told(&["quarantine", "list", "-w", place], "emial").await;
    let listed = baton(&["quarantine", "list", "--format", "json", "-w", place]);
    let listed: Value = serde_json::from_slice(&listed.stdout).expect("JSON");
    assert_eq!(listed[0]["key"], key);
    let shown = baton(&["quarantine", "show", key, "-w", place]);
    assert!(told(&shown).contains("mira@firm.example") && told(&shown).contains("emial"), "{}", told(&shown));
    let replayed = baton(&["quarantine", "replay", "--all", "-w", place]);
    assert_eq!(code(&replayed), cli::OK, "{}", told(&replayed));
    until_told(&["quarantine", "list", "-w", place], "emial").await;
    let dropped = baton(&["quarantine", "drop", key, "-w", place]);
    assert_eq!(code(&dropped), cli::OK, "{}", told(&dropped));
    until_told(&["quarantine", "list", "-w", place], "no message is put aside").await;
    let again = baton(&["quarantine", "drop", key, "-w", place]);
    assert_eq!(code(&again), cli::FAILED);
    assert!(told(&again).contains("baton quarantine list"), "{}", told(&again));
}

async fn until_told(command: &[&str], words: &str) {
    let until = Instant::now() + SOON;
    loop {
        let output = baton(command);
        if told(&output).contains(words) {
            return;
        }
        assert!(Instant::now() < until, "{words:?} never came: {}", told(&output));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn every_fault_of_a_database_is_told_by_its_cause() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(at("notes.db"), "these are notes, and no database at all; they are long enough").expect("a file");
    std::fs::create_dir(at("folder.db")).expect("a folder");
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
    let mut told = Vec::new();
    for (url, cause) in [
        (format!("sqlite:{}", at("no/such/place.db")), "the database file cannot be opened"),
        (format!("sqlite:{}", at("notes.db")), "the file is no SQLite database"),
        (format!("sqlite:{}", at("folder.db")), "the database file cannot be opened"),
        (format!("postgres://baton@127.0.0.1:{nobody}/baton"), "the database cannot be reached"),
        ("postgres://baton@no-such-host.invalid/baton".to_owned(), "the database cannot be reached"),
    ] {
        let began = Instant::now();
        let Err(error) = Store::open(&url).await else { panic!("{url} was opened") };
        assert!(error.to_string().contains(cause), "{url}: {error}");
        assert!(began.elapsed() < Duration::from_secs(12), "{url}: the cause is told at once");
        told.push(error.to_string());
    }
    assert!(told[3].contains("refused"), "{}", told[3]);
    let Err(error) = Store::open_existing(&format!("sqlite:{}", at("none.db"))).await else { panic!("it was opened") };
    assert!(error.to_string().contains("there is no"), "{error}");
    told.push(error.to_string());
    told.sort();
    told.dedup();
    assert!(told.len() >= 5, "different faults, different words: {told:#?}");
}

#[tokio::test]
async fn a_missing_postgres_database_is_named() {
    on_postgres(|db: Db| async move {
        let mut url = url::Url::parse(&db.url).expect("a URL");
        url.set_path("no_such_database");
        let Err(error) = Store::open(url.as_str()).await else { panic!("it was opened") };
        assert!(error.to_string().contains("there is no database of that name"), "{error}");
    })
    .await;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Open,
    /// Whoever comes is turned away, and whoever is there is cut off.
    Cut,
    /// Nothing gets through any more, and nobody is told.
    Frozen,
}

/// A way to the server that can be cut.
async fn way_to(server: &url::Url) -> (u16, watch::Sender<Line>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("its number").port();
    let target = (server.host_str().expect("a host").to_owned(), server.port().unwrap_or(5432));
    let (line, lines) = watch::channel(Line::Open);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (target, mut lines) = (target.clone(), lines.clone());
            tokio::spawn(async move {
                if *lines.borrow() == Line::Cut {
                    return;
                }
                until(&mut lines, |line| line != Line::Frozen).await;
                let Ok(mut server) = TcpStream::connect(target).await else { return };
                tokio::select! {
                    _ = copy_bidirectional(&mut client, &mut server) => {}
                    () = until(&mut lines, |line| line != Line::Open) => {
                        until(&mut lines, |line| line != Line::Frozen).await;
                    }
                }
            });
        }
    });
    (port, line)
}

/// A test that is over means the same.
async fn until(lines: &mut watch::Receiver<Line>, is: impl Fn(Line) -> bool) {
    let _reached = lines.wait_for(|line| is(*line)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_away_is_told_within_the_wait_asked_for() {
    on_postgres(|db: Db| async move {
        let mut url = url::Url::parse(&db.url).expect("a URL");
        let (port, line) = way_to(&url).await;
        url.set_host(Some("127.0.0.1")).expect("a host");
        url.set_port(Some(port)).expect("a port");
        let store = Store::open(url.as_str()).await.expect("the server answers");
        let folder = tempfile::tempdir().expect("a folder");
        town::found(folder.path(), 2);
        let clock: SharedClock = Arc::new(ScaledClock::new("2026-11-23T10:00:00Z".parse().expect("an instant"), 6));
        let mut setup = town::setup(Vendors::default(), folder.path(), &store, &clock).await;
        (setup.body_limit, setup.requests_at_once) = (64 * 1024, 16);
        let running = app::start(setup).await.expect("a worker");
        let limits = Limits { timeout: Duration::from_secs(40), per_second: 1000, concurrency: 16 };
        let door = VendorHttp::new("baton", &format!("http://{}", running.address), limits).expect("a client");
        // The first number that is read loads all that is known of numbers: not what is measured here.
        post(&door, 9, "1500ms").await;
        for (number, broken) in [Line::Frozen, Line::Cut].into_iter().enumerate() {
            line.send_replace(broken);
            for wait in ["300ms", "1s", "1500ms"] {
                let (answer, took) = post(&door, number, wait).await;
                assert_eq!(answer.status, 503, "{broken:?} {wait}");
                let asked = if wait == "300ms" { 300 } else { 1500 };
                assert!(took < Duration::from_millis(asked + 500), "{broken:?}: {wait} took {took:?}");
            }
            let began = Instant::now();
            let ready = door.send(&ApiCall::get("ready", &["readyz"])).await.expect("an answer");
            let told = String::from_utf8_lossy(&ready.body).into_owned();
            assert_eq!(ready.status, 503, "{broken:?}: {told}");
            assert!(told.contains("the database") && began.elapsed() < Duration::from_secs(2), "{broken:?}: {told}");
            line.send_replace(Line::Open);
            let decided = tokio::time::timeout(SOON, async {
                while post(&door, number, "1500ms").await.0.status != 200 {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            });
            decided.await.expect("the worker goes on when the server is back");
        }
        assert_eq!(db.number("SELECT COUNT(*) FROM inbox WHERE state = 'quarantined'").await, 0);
        assert_eq!(db.number("SELECT COUNT(*) FROM decision").await, 3);
    })
    .await;
}

async fn post(door: &VendorHttp, number: usize, wait: &str) -> (Answer, Duration) {
    let call = ApiCall::new("post", Does::Write, Method::POST, &["v1", "leads"]).query("wait", wait);
    let began = Instant::now();
    let answer = door.send(&call.json(Caller::gone(number).event)).await.expect("the door answers");
    (answer, began.elapsed())
}
