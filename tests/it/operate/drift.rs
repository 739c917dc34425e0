//! Four weeks of leads and a day that is not like them: a worker that starts on them tells of it, and of a day like the others it
//! does not.

use crate::eventually::within;
use crate::program::served::{Served, get, workspace};
use crate::program::{edit, free_port};
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
/// A source in which somebody has written a phone number.
const VAPI: &str = "vapi/+14155550142";
const PARTNERS: &str = "routes:
  - name: partners
    lead.source: { prefix: [partner] }
    to: { pool: east }
";

/// Of a hundred leads.
#[derive(Clone, Copy, Default)]
struct Day {
    west: u32,
    vapi: u32,
    /// By the route of the partners.
    partners: u32,
    called_back: u32,
}

/// A hundred leads of today and of the same hour of each of four weeks, decided by the rules of the town: of each hundred, by pools,
/// sources, routes and ends, as it is said. Nothing is left to be done for them.
async fn seeded(db: &Db, now: DateTime<Utc>, of_day: impl Fn(u32) -> Day) {
    let hour = now.duration_trunc(TimeDelta::hours(1)).expect("an hour") - TimeDelta::hours(3);
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
        let Day { west, vapi, partners, called_back } = of_day(week);
        let at = (hour - TimeDelta::weeks(week.into())).timestamp_micros();
        let first =
            |count: u32| format!("(SELECT id FROM lead WHERE decided_at = {at} ORDER BY event_id LIMIT {count})");
        db.execute(format!("UPDATE decision SET pool = 'west' WHERE lead_id IN {}", first(west))).await;
        db.execute(format!("UPDATE lead SET source = '{VAPI}' WHERE id IN {}", first(vapi))).await;
        db.execute(format!("UPDATE decision SET route = 'route partners' WHERE lead_id IN {}", first(partners))).await;
        db.execute(format!("UPDATE lead SET status = 'callback' WHERE id IN {}", first(called_back))).await;
    }
}

/// A worker that found this in its database, what it logs and what `baton report` says.
async fn found(of_day: impl Fn(u32) -> Day) -> (Served, String) {
    let port = free_port();
    let folder = workspace(port, 2, "");
    edit(folder.path(), "rules/routing.yaml", "catch_all:", &format!("{PARTNERS}catch_all:"));
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
    let (served, report) = found(|week| match week {
        0 => Day { west: 70, ..Day::default() },
        _ => Day { west: 30, vapi: 40, ..Day::default() },
    })
    .await;
    let told = |name: &str| metric(&served, name);
    assert_eq!(told("baton_rule_drift{rule=\"pool west\"}").as_deref(), Some("1"));
    assert_eq!(told("baton_rule_drift{rule=\"tier any\"}").as_deref(), Some("0"), "all of then, all of now");
    assert_eq!(told("baton_source_silent{source=\"vapi\"}").as_deref(), Some("1"));
    assert_eq!(told("baton_source_silent{source=\"sandbox\"}").as_deref(), Some("0"));
    assert!(
        report.contains("Drift: pool west: 70.0 % of the 100 leads of the last day, 30.0 % of the 400"),
        "{report}"
    );
    assert!(report.contains(&format!("Drift: {VAPI}: no lead")), "{report}");
    let log = served.log();
    for what in ["drift of pool west", "silence of vapi"] {
        assert!(log.lines().any(|line| line.contains("WARN") && line.contains(what)), "{what}: {log}");
    }
    assert!(!log.contains("4155550142"), "of a source its platform is told: {log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_route_that_gets_nothing_and_leads_that_are_not_put_through_are_told() {
    let (served, report) = found(|week| match week {
        0 => Day { called_back: 50, ..Day::default() },
        _ => Day { partners: 15, called_back: 10, ..Day::default() },
    })
    .await;
    let told = |name: &str| metric(&served, name);
    assert_eq!(told("baton_fallback_drift").as_deref(), Some("1"));
    assert_eq!(told("baton_rule_drift{rule=\"route partners\"}").as_deref(), Some("1"));
    assert!(report.contains("Drift: fallback: 50.0 % of the 100 leads of the last day, 10.0 % of the 400"), "{report}");
    assert!(report.contains("Drift: route partners: no lead"), "{report}");
    let log = served.log();
    for what in ["drift of fallback", "silence of route partners"] {
        assert!(log.lines().any(|line| line.contains("WARN") && line.contains(what)), "{what}: {log}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_day_like_the_others_nothing_is_told() {
    let (served, report) =
        found(|week| Day { west: 28 + week, vapi: 40 - week, partners: 14 + week, called_back: 10 + week }).await;
    for name in [
        "baton_rule_drift{rule=\"pool west\"}",
        "baton_rule_drift{rule=\"route partners\"}",
        "baton_source_silent{source=\"vapi\"}",
        "baton_fallback_drift",
    ] {
        assert_eq!(metric(&served, name).as_deref(), Some("0"), "{name}");
    }
    let log = served.log();
    assert!(!report.contains("Drift:") && !log.contains("as it was in the last four weeks"), "{report}{log}");
}

/// However many count, each hour is counted once, and what is too old is forgotten.
async fn hours_are_counted_once_by_whoever_comes_first(db: Db) {
    let now = SystemClock.now();
    seeded(&db, now, |_| Day { west: 30, vapi: 40, ..Day::default() }).await;
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
    assert_eq!(leads(TallyKind::Source, VAPI).await, [40; 5]);
    assert_eq!(leads(TallyKind::Fallback, "").await, Vec::<u64>::new(), "all of them are being handed over");
    let later = now + TimeDelta::weeks(3);
    while count(later).await.expect("it is counted").is_some() {}
    assert_eq!(leads(TallyKind::All, "").await.len(), 2, "five weeks are kept");
}

on_both! {
    hours_are_counted_once_by_whoever_comes_first,
}
