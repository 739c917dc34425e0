//! Backups that are made while leads come in, and what a worker does that begins on one of them.

use super::leads::{Leads, all_done, all_replayed, all_whole, another_beside, configure, lost, until_ready};
use crate::eventually::eventually;
use crate::program::served::Served;
use crate::program::{Process, baton, code, entries, free_port, root, stdout, told};
use crate::store::server::{Db, sqlite_in, tests, variable};
use crate::store::tx::writes;
use crate::store::world::step;
use crate::town::{self, Caller};
use baton::app::stage::StandIns;
use baton::cli;
use baton::connectors::http::{ApiCall, Does};
use baton::store::{Changes, NewStep};
use baton_clock::{Clock, SharedClock, SystemClock};
use baton_core::domain::effect::{Effect, Timer};
use baton_sandbox::Fault;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::{AnyPool, AssertSqlSafe};
use std::collections::BTreeMap;
use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// A user who is neither root nor us.
const NOBODY: u32 = 65534;

fn plain(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

/// While the chat and the mail server take nothing, so that the copy shows as still to be done what the first worker does a moment
/// later: the second one finds it done, and does not do it again.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_backup_under_load_is_restored_whole_and_nothing_is_done_twice() {
    let stage = StandIns::open(Arc::new(SystemClock)).await.expect("the stand-ins");
    for (vendor, operation) in [("slack", "chat.postMessage"), ("smtp", "connect")] {
        stage.world.arm(vendor, operation, Fault::RateLimit { retry_after_s: Some(1) }, 1_000_000);
    }
    let (first, port) = (town::founded(6), free_port());
    configure(first.path(), port, &sqlite_in(first.path()), &stage.config_toml());
    let mut worker = Process::serve(first.path(), "warn", &StandIns::secrets());
    until_ready(port).await;
    let leads = Leads::come_in(&[port]);
    leads.come(12).await;
    let before = leads.so_far();
    let file = first.path().join("monday.db");
    let made = stdout(&baton(&["backup", plain(&file), "-w", plain(first.path())]));
    leads.come(8).await;
    let acknowledged = leads.end().await;
    for vendor in ["slack", "smtp"] {
        stage.world.heal(vendor);
    }
    let done = |kind: &str| stage.world.accepted().iter().filter(|effect| effect.kind == kind).count();
    let lived = Db::open(sqlite_in(first.path())).await;
    all_whole(&lived).await;
    all_done(&lived).await;
    worker.kill();
    let died_at = SystemClock.now();
    let told_before = (done("message"), done("mail"));
    let all = acknowledged.len();
    assert!(
        told_before.0 >= all && told_before.1 >= all,
        "{all} owners were told, by chat and by mail: {told_before:?}"
    );

    let (second, port) = (town::founded(6), free_port());
    configure(second.path(), port, &sqlite_in(second.path()), &stage.config_toml());
    let restored = stdout(&baton(&["restore", plain(&file), "-w", plain(second.path())]));
    let _worker = Process::serve(second.path(), "warn", &StandIns::secrets());
    until_ready(port).await;
    let db = Db::open(sqlite_in(second.path())).await;
    let known = all_whole(&db).await;
    all_done(&db).await;
    println!("{made}{restored}{} leads acknowledged before, {} in the copy", before.len(), known.len());
    assert_eq!(lost(before.keys(), &known), [0; 0], "what was acknowledged before is in the copy");
    assert!(made.contains(" leads, ") && restored.contains(" leads, "), "{made}{restored}");
    assert_eq!(stage.world.duplicates(), BTreeMap::new(), "nothing is done twice");
    let looked_for = "SELECT COUNT(*) FROM step WHERE state = 'done' AND kind = 'brief_chat'";
    assert!(db.number(looked_for).await >= known.len() as i64, "each card was found where it had been posted");
    assert!(told_before.0 >= known.len(), "and it was there before: {told_before:?}");
    let not_again = "SELECT COUNT(*) FROM step WHERE state = 'failed' AND kind IN ('brief_email', 'confirm_to_caller')";
    assert!(db.number(not_again).await > 0, "mail that may have been sent is for a person to look at");
    assert_eq!(done("mail"), told_before.1, "no mail was sent again");
    all_replayed(second.path(), known.len());

    let after_the_copy = *lost(acknowledged.keys(), &known).first().expect("some came after the copy");
    send_again(port, after_the_copy, died_at).await;
    assert_eq!(all_whole(&db).await.len(), known.len() + 1, "it is new to this database");
    all_done(&db).await;
    assert_eq!(done("mail"), told_before.1, "whoever was written to of it is not written to again");
}

/// As its platform does that was asked to: with the time at which it happened.
async fn send_again(port: u16, number: usize, at: DateTime<Utc>) {
    let mut event = Caller::gone(number).event;
    event["time"] = json!(at.to_rfc3339());
    let call = ApiCall::new("post_event", Does::Write, Method::POST, &["v1", "events"]).json(event);
    let answer = town::door(format!("127.0.0.1:{port}"), Duration::from_secs(10)).send(&call).await;
    assert!(answer.is_ok_and(|answer| (200..300).contains(&answer.status)), "it is taken");
}

/// As the version before the first addition leaves it.
async fn of_an_older_form(url: &str) {
    sqlx::any::install_default_drivers();
    let raw = AnyPool::connect(url).await.expect("a file");
    let known = "CREATE TABLE schema_migration (name TEXT PRIMARY KEY, digest TEXT NOT NULL)";
    sqlx::query(known).execute(&raw).await.expect("a table");
    for file in entries(&root().join("migrations")) {
        let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
        if name.as_str() >= "0029" {
            continue;
        }
        let sql = std::fs::read_to_string(&file).expect("a migration");
        let digest: String = Sha256::digest(sql.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        sqlx::raw_sql(AssertSqlSafe(sql.replace("--sqlite ", ""))).execute(&raw).await.expect("it is applied");
        let remember = "INSERT INTO schema_migration (name, digest) VALUES ($1, $2)";
        sqlx::query(remember).bind(name).bind(digest).execute(&raw).await.expect("it is remembered");
    }
    raw.close().await;
}

/// Before an upgrade, by whichever version is installed already; and back to a copy of the version before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_an_older_form_is_copied_as_it_is_and_restored_to_this_one() {
    let (first, second) = (town::founded(2), town::founded(2));
    of_an_older_form(&sqlite_in(first.path())).await;
    for folder in [&first, &second] {
        configure(folder.path(), free_port(), &sqlite_in(folder.path()), "");
    }
    let file = first.path().join("before.db");
    let made = stdout(&baton(&["backup", plain(&file), "-w", plain(first.path())]));
    assert!(made.contains("0 leads") && made.contains("form 0028_waits"), "{made}");
    let restored = stdout(&baton(&["restore", plain(&file), "-w", plain(second.path())]));
    assert!(restored.contains("form 0053_rep_indexes"), "{restored}");
    let db = Db::open(sqlite_in(second.path())).await;
    assert_eq!(db.number("SELECT COUNT(*) FROM database_copy").await, 2, "the copy's own row, and the restore's");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_takes_nobodys_place_and_a_restore_keeps_what_was_there() {
    let mut served = Served::start("", "warn", &[]);
    let leads = Leads::come_in(&[served.port]);
    leads.come(5).await;
    let acknowledged = leads.end().await.len() as i64;
    let folder = served.folder.path().to_owned();
    let (file, damaged) = (folder.join("monday.db"), folder.join("damaged.db"));
    served.run(&["backup", plain(&file)]);
    let again = served.baton(&["backup", plain(&file)]);
    assert_eq!(code(&again), cli::FAILED);
    assert!(told(&again).contains("is there already"), "{}", told(&again));
    let at_work = served.baton(&["restore", plain(&file)]);
    assert_eq!(code(&at_work), cli::FAILED);
    assert!(told(&at_work).contains("another worker (process"), "{}", told(&at_work));
    served.process.kill();

    let mut bytes = std::fs::read(&file).expect("the backup");
    let half = bytes.len() / 2;
    bytes[half..].fill(0xaa);
    std::fs::write(&damaged, bytes).expect("a damaged one");
    let refused = served.baton(&["restore", plain(&damaged)]);
    assert_eq!(code(&refused), cli::FAILED, "{}", told(&refused));
    let kept = |folder: &Path| {
        let names = entries(folder).into_iter();
        names.filter(|path| plain(path).contains("baton.db.before-") && plain(path).ends_with('Z')).collect::<Vec<_>>()
    };
    assert!(kept(&folder).is_empty(), "what is damaged takes nobody's place");

    let (database, lock) = (folder.join("baton.db"), folder.join("baton.db.worker"));
    std::fs::set_permissions(&database, Permissions::from_mode(0o640)).expect("whoever is of the group may read it");
    if rustix::process::geteuid().is_root() {
        chown(&database, Some(NOBODY), Some(NOBODY)).expect("the database is somebody else's");
    }
    std::fs::remove_file(&lock).expect("nobody was ever at work");
    let restored = served.run(&["restore", plain(&file)]);
    let kept = kept(&folder);
    assert!(kept.len() == 1 && restored.contains(plain(&kept[0])), "{kept:?}: {restored}");
    for path in [&database, &lock] {
        assert_eq!(owned(path), owned(&kept[0]), "a worker of the same user goes on: {}", path.display());
    }
    let was_there = Db::open(format!("sqlite:{}", kept[0].display())).await;
    assert_eq!(was_there.number("SELECT COUNT(*) FROM inbox").await, acknowledged);
    let leftovers: Vec<_> = entries(&folder).into_iter().filter(|path| plain(path).ends_with(".part")).collect();
    assert!(leftovers.is_empty(), "{leftovers:?}");
}

/// By whom, and who may.
fn owned(path: &Path) -> (u32, u32, u32) {
    let of = std::fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    (of.uid(), of.gid(), of.mode() & 0o777)
}

async fn a_dump_is_restored_whole(db: Db) {
    if Command::new("pg_dump").arg("--version").output().is_err() {
        assert!(variable("CI").as_deref() != Some("true"), "in CI pg_dump is on the PATH");
        return std::io::stderr().write_all(b"SKIPPED: pg_dump is not on the PATH\n").expect("stderr takes a line");
    }
    let (first, port) = (town::founded(6), free_port());
    configure(first.path(), port, &db.url, "");
    let file = first.path().join("monday.dump");
    let words = baton(&["backup", plain(&file), "-w", plain(first.path())]);
    assert_eq!(code(&words), cli::FAILED, "words are no backup");
    let says = format!("pg_dump --format=custom --file='{}'", file.display());
    assert!(told(&words).contains(&says) && told(&words).contains("nothing was backed up"), "{}", told(&words));
    let mut worker = Process::serve(first.path(), "warn", &[]);
    until_ready(port).await;
    let leads = Leads::come_in(&[port]);
    leads.come(40).await;
    let before = leads.so_far();
    let made = stdout(&baton(&["backup", plain(&file), "--run", "-w", plain(first.path())]));
    assert_eq!(owned(&file).2, 0o600, "people are in it");
    leads.come(20).await;
    worker.kill();
    leads.end().await;
    let full = baton(&["restore", plain(&file), "--run", "-w", plain(first.path())]);
    assert!(code(&full) == cli::FAILED && told(&full).contains("is not empty"), "{}", told(&full));

    let (second, port) = (town::founded(6), free_port());
    let (name, url) = another_beside(&db, "restored").await;
    configure(second.path(), port, &url, "");
    let restored = stdout(&baton(&["restore", plain(&file), "--run", "-w", plain(second.path())]));
    {
        let _worker = Process::serve(second.path(), "warn", &[]);
        until_ready(port).await;
        let copy = Db::open(url).await;
        let known = all_whole(&copy).await;
        all_done(&copy).await;
        println!("{made}{restored}{} leads acknowledged before, {} in the copy", before.len(), known.len());
        assert_eq!(lost(before.keys(), &known), [0; 0], "what was acknowledged before is in the copy");
        assert_eq!(copy.number("SELECT COUNT(*) FROM database_copy WHERE restored_at IS NOT NULL").await, 1);
        all_replayed(second.path(), known.len());
    }
    db.execute(format!("DROP DATABASE {name} WITH (FORCE)")).await;
}

/// Nobody knows whether the call was made; the promise is told of as ever.
async fn the_clock_dials_nobody_for_a_time_that_is_gone(db: Db) {
    let clock: SharedClock = Arc::new(SystemClock);
    let now = clock.now();
    let call = |key: &str, at: DateTime<Utc>| -> NewStep {
        step(key, Effect::Timer { timer: Timer::CallAt { promised_at: at } }, at)
    };
    let steps = [call("then", now - TimeDelta::hours(1)), call("soon", now + TimeDelta::hours(1))];
    let stored = writes!(db.store, [steps], |tx| tx.change(&Changes { steps: &steps, ..Changes::default() }).await);
    stored.await.expect("two calls that are owed");
    writes!(db.store, |tx| tx.copy_note(now).await).await.expect("it was put back");
    let folder = town::founded(2);
    let running = town::worker(folder.path(), &db.store, &clock).await;
    let dialled = "SELECT COUNT(*) FROM step WHERE effect_key = 'then' AND state = 'expired'";
    eventually("the call of that time is let go", || async { db.number(dialled).await == 1 }).await;
    assert_eq!(db.number("SELECT COUNT(*) FROM step WHERE effect_key = 'soon' AND state = 'due'").await, 1);
    running.stop().await;
}

tests! {
    a_dump_of_postgres_is_restored_whole: on_postgres(a_dump_is_restored_whole),
    the_clock_dials_nobody_for_a_time_that_is_gone_on_sqlite: on_sqlite(the_clock_dials_nobody_for_a_time_that_is_gone),
    the_clock_dials_nobody_for_a_time_that_is_gone_on_postgres: on_postgres(the_clock_dials_nobody_for_a_time_that_is_gone),
}
