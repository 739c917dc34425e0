//! Four weeks of leads and a day that is not like them: a worker that starts on them tells of it, and of a day like the others it
//! does not.

use crate::eventually::within;
use crate::program::free_port;
use crate::program::served::{Served, get, workspace};
use crate::store::leads::insert;
use crate::store::server::{Db, on_both, sqlite_in};
use crate::store::world::{caller, decided};
use baton::store::{DecidedLead, TallyKind};
use baton_clock::{Clock, SystemClock};
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use std::time::Duration;

const WEEKS: u32 = 4;
const A_DAY: u32 = 100;
const COUNTED_WITHIN: Duration = Duration::from_secs(60);

/// A hundred leads of today and of the same hour of each of four weeks, decided by the rules of the town: of each hundred, by pools
/// and sources, as it is said. Nothing is left to be done for them.
async fn seeded(db: &Db, now: DateTime<Utc>, of_day: impl Fn(u32) -> (u32, u32)) {
    let hour = now.duration_trunc(TimeDelta::hours(1)).expect("an hour") - TimeDelta::hours(2);
    let mut leads: Vec<DecidedLead> = Vec::new();
    for number in 0..(WEEKS + 1) * A_DAY {
        let mut lead = decided(caller(number));
        lead.decision.decided_at = hour - TimeDelta::weeks((number / A_DAY).into());
        lead.steps.clear();
        leads.push(lead);
    }
    insert(db, leads).await.expect("leads are stored");
    db.execute("UPDATE decision SET tier = 'any', route = 'catch-all', pool = 'east'").await;
    db.execute("UPDATE handoff SET stage = 'done', open_since = NULL, live = 0").await;
    for week in 0..=WEEKS {
        let (west, vapi) = of_day(week);
        let at = (hour - TimeDelta::weeks(week.into())).timestamp_micros();
        let first =
            |count: u32| format!("(SELECT id FROM lead WHERE decided_at = {at} ORDER BY event_id LIMIT {count})");
        db.execute(format!("UPDATE decision SET pool = 'west' WHERE lead_id IN {}", first(west))).await;
        db.execute(format!("UPDATE lead SET source = 'vapi' WHERE id IN {}", first(vapi))).await;
    }
}

/// A worker that found this in its database, what it logs and what `baton report` says.
async fn found(of_day: impl Fn(u32) -> (u32, u32)) -> (Served, String) {
    let port = free_port();
    let folder = workspace(port, 2, "");
    let db = Db::open(sqlite_in(folder.path())).await;
    seeded(&db, SystemClock.now(), of_day).await;
    db.raw.close().await;
    drop(db);
    let served = tokio::task::spawn_blocking(move || Served::on(folder, port, "info", &[])).await.expect("it starts");
    let is_counted = || metric(&served, "baton_rule_drift{rule=\"pool east\"}").map(drop);
    assert_eq!(within(COUNTED_WITHIN, is_counted), Some(()), "five weeks are counted: {}", served.log());
    let report = served.run(&["report"]);
    (served, report)
}

fn metric(served: &Served, name: &str) -> Option<String> {
    let told = served.ask(&get("/metrics", None)).body;
    let line = told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    Some(line.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_that_drifts_and_a_source_that_stopped_are_told() {
    let (served, report) = found(|week| if week == 0 { (70, 0) } else { (30, 40) }).await;
    let told = |name: &str| metric(&served, name);
    assert_eq!(told("baton_rule_drift{rule=\"pool west\"}").as_deref(), Some("1"));
    assert_eq!(told("baton_rule_drift{rule=\"tier any\"}").as_deref(), Some("0"), "all of then, all of now");
    assert_eq!(told("baton_source_silent{source=\"vapi\"}").as_deref(), Some("1"));
    assert_eq!(told("baton_source_silent{source=\"sandbox\"}").as_deref(), Some("0"));
    assert!(
        report.contains("Drift: pool west: 70.0 % of the 100 leads of the last day, 30.0 % of the 400"),
        "{report}"
    );
    assert!(report.contains("Drift: vapi: no lead"), "{report}");
    let log = served.log();
    for what in ["drift of pool west", "silence of vapi"] {
        assert!(log.lines().any(|line| line.contains("WARN") && line.contains(what)), "{what}: {log}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_day_like_the_others_nothing_is_told() {
    let (served, report) = found(|week| (28 + week, 40 - week)).await;
    for name in ["baton_rule_drift{rule=\"pool west\"}", "baton_source_silent{source=\"vapi\"}", "baton_fallback_drift"]
    {
        assert_eq!(metric(&served, name).as_deref(), Some("0"), "{name}");
    }
    let log = served.log();
    assert!(!report.contains("Drift:") && !log.contains("as it was in the last four weeks"), "{report}{log}");
}

/// However many count, each hour is counted once, and what is too old is forgotten.
async fn hours_are_counted_once_by_whoever_comes_first(db: Db) {
    let now = SystemClock.now();
    seeded(&db, now, |_| (30, 40)).await;
    let count = |now: DateTime<Utc>| db.store.tally_hour(now);
    let (mut counted, mut looks) = (0, 0);
    while looks < 2 {
        let (one, other) = tokio::join!(count(now), count(now));
        let both = [one.expect("it is counted"), other.expect("it is counted")];
        counted += both.iter().flatten().count();
        looks += usize::from(both == [None, None]);
    }
    let weeks = i64::from(WEEKS) * 7 * 24;
    assert!((weeks..weeks + 4).contains(&(counted as i64)), "{counted} hours");
    let leads = |kind: TallyKind, name: &'static str| {
        let tallies = db.store.tallies();
        async move {
            let rows = tallies.await.expect("a reading").expect("something was counted").rows;
            let of_it = rows.into_iter().filter(|tally| tally.kind == kind && tally.name == name);
            of_it.map(|tally| tally.leads).collect::<Vec<_>>()
        }
    };
    assert_eq!(leads(TallyKind::All, "").await, [100; 5]);
    assert_eq!(leads(TallyKind::Rule, "pool west").await, [30; 5]);
    assert_eq!(leads(TallyKind::Rule, "tier any").await, [100; 5]);
    assert_eq!(leads(TallyKind::Source, "vapi").await, [40; 5]);
    assert_eq!(leads(TallyKind::Fallback, "").await, Vec::<u64>::new(), "all of them are being handed over");
    let later = now + TimeDelta::weeks(3);
    while count(later).await.expect("it is counted").is_some() {}
    assert_eq!(leads(TallyKind::All, "").await.len(), 2, "five weeks are kept");
}

on_both! {
    hours_are_counted_once_by_whoever_comes_first,
}
