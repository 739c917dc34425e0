//! The database as an operator meets it: where it lies, who may work on it, and what is said when it is not there.

mod away;

use crate::eventually::eventually;
use crate::program::{Process, baton, code, free_port, json_of, told};
use crate::store::server::{Db, tests};
use crate::store::tx::writes;
use crate::store::world::{publish, step};
use crate::town::{self, Caller};
use baton::cli;
use baton::connectors::http::ApiCall;
use baton::store::{Changes, NewStep, Store};
use baton_clock::{Clock, SystemClock};
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::Instant;

/// A workspace whose database is where `baton.toml` is by default.
struct Workspace {
    folder: TempDir,
    port: u16,
}

impl Workspace {
    fn new() -> Self {
        let (folder, port) = (town::founded(2), free_port());
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

    fn serve(&self) -> Process {
        Process::serve(self.folder.path(), "warn", &[])
    }

    async fn until_ready(&self) {
        let door = town::door(format!("127.0.0.1:{}", self.port), Duration::from_secs(5));
        eventually("a worker that is ready", || async {
            door.send(&ApiCall::get("ready", &["readyz"])).await.is_ok_and(|answer| answer.status == 200)
        })
        .await;
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
        let told = told(&output);
        assert!(told.contains(&says) && told.contains("baton serve"), "{command:?}: {told}");
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

    // Another port, and the same file by another name.
    let other = town::founded(2);
    std::os::unix::fs::symlink(workspace.place(), other.path().join("here")).expect("a link");
    let toml = "[http]\nlisten = \"127.0.0.1:0\"\n[database]\nurl = \"sqlite:here/baton.db\"\n";
    std::fs::write(other.path().join("baton.toml"), toml).expect("baton.toml");
    let second = baton(&["serve", "-w", other.path().to_str().expect("a plain path")]);
    assert_eq!(code(&second), cli::FAILED, "{}", told(&second));
    let says = format!("another worker (process {}) is at work on", first.id());
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

/// Nobody else can be at work on the file: the lease of a worker that was killed is not waited for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_worker_held_is_taken_up_by_the_next_at_once() {
    let workspace = Workspace::new();
    let mut first = workspace.serve();
    workspace.until_ready().await;
    first.kill();
    let db = Db::open(format!("sqlite:{}", workspace.file("baton.db").display())).await;
    let now = SystemClock.now();
    let held =
        NewStep { leased: Some(("first".to_owned(), now + TimeDelta::hours(1))), ..step("held", publish(), now) };
    let stored = writes!(db.store, [held], |tx| tx.change(&Changes { steps: &[held], ..Changes::default() }).await);
    stored.await.expect("a step in hand");
    let _second = workspace.serve();
    let taken_up = "SELECT COUNT(*) FROM step WHERE effect_key = 'held' AND fence > 1";
    eventually("the next worker takes it up", || async { db.number(taken_up).await == 1 }).await;
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
    withhold(&mut event);
    // It is taken, since its call may be a lead already, and told to be put aside.
    let file = workspace.file("event.json");
    std::fs::write(&file, event.to_string()).expect("an event");
    let base = format!("http://127.0.0.1:{}", workspace.port);
    let sent = baton(&["send", "--http", &base, file.to_str().expect("a plain path")]);
    assert_eq!(code(&sent), cli::FAULTY, "a faulty event: {}", told(&sent));
    let row = town::inbox(&event, "2026-11-23T10:00:00Z".parse().expect("an instant"));
    writes!(store, [row], |tx| tx.inbox_insert(&[row]).await).await.expect("it is taken");

    let place = workspace.place();
    let key = "town evt-1";
    until_told(&["quarantine", "list", "-w", place], "emial").await;
    let listed = json_of(&baton(&["quarantine", "list", "--format", "json", "-w", place]));
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

    // Its call has become a lead meanwhile, which it completes.
    let mut lead = Caller::gone(1).event;
    lead["id"] = json!("evt-1-lead");
    std::fs::write(&file, lead.to_string()).expect("an event");
    let sent = baton(&["send", "--http", &base, file.to_str().expect("a plain path")]);
    assert_eq!(code(&sent), cli::OK, "{}", told(&sent));
    let replayed = baton(&["quarantine", "replay", key, "-w", place]);
    assert_eq!(code(&replayed), cli::OK, "{}", told(&replayed));
    eventually("what is replayed is decided", || async { store.inbox_answer(key).await.expect("a look").is_some() })
        .await;
}

/// What could not be stored is not told as done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_called_quarantined_once_that_is_stored() {
    let workspace = Workspace::new();
    let _worker = workspace.serve();
    workspace.until_ready().await;
    let db = Db::open(format!("sqlite:{}", workspace.file("baton.db").display())).await;
    db.execute(
        "CREATE TRIGGER keeps BEFORE UPDATE ON inbox WHEN NEW.state = 'quarantined' \
         BEGIN SELECT RAISE(ABORT, 'not now'); END",
    )
    .await;
    let mut event = Caller::gone(1).event;
    event["data"]["contact"] = json!({ "name": "Mira Lund" });
    withhold(&mut event);
    let file = workspace.file("event.json");
    std::fs::write(&file, event.to_string()).expect("an event");
    let base = format!("http://127.0.0.1:{}", workspace.port);
    let sent = baton(&["send", "--http", &base, file.to_str().expect("a plain path")]);
    assert_eq!(code(&sent), cli::OK, "it is taken: {}", told(&sent));
    let log = || std::fs::read_to_string(workspace.file("log")).expect("the log");
    until(|| log().contains("a quarantine could not be stored")).await;
    assert!(!log().contains("was quarantined"), "{}", log());
    db.execute("DROP TRIGGER keeps").await;
    until(|| log().contains("was quarantined")).await;
    assert_eq!(db.store.inbox_quarantined(10).await.expect("a list").len(), 1);
}

/// The number that the call came from.
fn withhold(event: &mut Value) {
    event["data"]["call"].as_object_mut().expect("a call").remove("from");
}

async fn until(holds: impl Fn() -> bool) {
    eventually("the log says so", || std::future::ready(holds())).await;
}

async fn until_told(command: &[&str], words: &str) {
    eventually(words, || std::future::ready(told(&baton(command)).contains(words))).await;
}

#[tokio::test]
async fn every_fault_of_a_database_is_told_by_its_cause() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(at("notes.db"), "these are notes, and no database at all; they are long enough").expect("a file");
    std::fs::create_dir(at("folder.db")).expect("a folder");
    let mut told = Vec::new();
    for (url, cause) in [
        (format!("sqlite:{}", at("no/such/place.db")), "the database file cannot be opened"),
        (format!("sqlite:{}", at("notes.db")), "the file is no SQLite database"),
        (format!("sqlite:{}", at("folder.db")), "the database file cannot be opened"),
        (format!("postgres://baton@127.0.0.1:{}/baton", free_port()), "the database cannot be reached"),
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

/// Whoever reads the log learns what whoever stands beside the database would see.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_names_the_cause_in_the_databases_own_words() {
    let workspace = Workspace::new();
    let _worker = workspace.serve();
    workspace.until_ready().await;
    sqlx::any::install_default_drivers();
    let url = format!("sqlite:{}", workspace.file("baton.db").display());
    let pool = sqlx::AnyPool::connect(&url).await.expect("a second way in");
    sqlx::query("ALTER TABLE step RENAME TO step_of_before").execute(&pool).await.expect("it is renamed");
    let log = || std::fs::read_to_string(workspace.file("log")).unwrap_or_default();
    let says = "run `baton migrate` (SQLite 1: no such table: step)";
    eventually("the log names the cause", || std::future::ready(log().contains(says))).await;
}

async fn a_missing_database_is_named(db: Db) {
    let mut url = url::Url::parse(&db.url).expect("a URL");
    url.set_path("no_such_database");
    let Err(error) = Store::open(url.as_str()).await else { panic!("it was opened") };
    assert!(error.to_string().contains("there is no database of that name"), "{error}");
}

tests! {
    a_missing_postgres_database_is_named: on_postgres(a_missing_database_is_named),
}
