//! What callers notice of pruning: a steady stream beside a database full of leads that have had their time, with nobody pruning and
//! with a worker that does, in turn.

use super::{Streamed, stream};
use crate::ground::{Ground, variable};
use crate::null::Answering;
use crate::quantiles::Quantiles;
use crate::run::Run;
use crate::worker::Worker;
use anyhow::{Context, Result, ensure};
use baton::app::watch::keep::{Keeper, Pace};
use baton::config::Keep;
use baton::store::Store;
use baton_clock::SharedClock;
use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

const PER_SECOND: u32 = 50;
const LASTS: Duration = Duration::from_secs(60);
/// Of each, one after the other: what else a machine does falls on both.
const ROUNDS: usize = 3;
/// Where the environment says nothing else (`BATON_BENCH_OLD_LEADS`).
const OLD_LEADS: u64 = 1_000_000;
/// Made in one statement.
const AT_ONCE: u64 = 10_000;
/// How long pruning is left alone afterwards, at its full pace.
const ALONE: Duration = Duration::from_secs(30);

/// Copies of a lead that was decided in this run, row by row in every table that it has rows in: `{n}` is the number of the copy,
/// `{at}` when it all was, `{ids}` the numbers that are made.
const COPIES: [&str; 9] = [
    "INSERT INTO lead (id, source, event_id, body, call_platform, call_id, received_at, decided_at, owner, status, next_step, \
     next_owner, next_at, first_contact_at, completeness_permille, crm_id, crm_url, crm_owner, completed, phone, email, call_leg, \
     name) SELECT 'lead_old' || {n}, 'old', {n}::text, t.body, t.call_platform, 'old-' || {n}, {at}, {at}, t.owner, 'called', \
     'follow_up', t.next_owner, {at}, {at}, t.completeness_permille, t.crm_id, t.crm_url, t.crm_owner, t.completed, \
     '+1555' || lpad({n}::text, 8, '0'), {n} || '@old.example', 'leg-old-' || {n}, t.name FROM lead t, {ids} WHERE t.id = $1",
    "INSERT INTO decision (lead_id, id, release, decided_at, owner, pool, territory, tier, route, degraded, reason, body, snapshot) \
     SELECT 'lead_old' || {n}, 'dec_old' || {n}, t.release, {at}, t.owner, t.pool, t.territory, t.tier, t.route, t.degraded, \
     t.reason, t.body, t.snapshot FROM decision t, {ids} WHERE t.lead_id = $1",
    "INSERT INTO handoff (id, lead_id, revision, stage, rung, body, live) SELECT 'hof_old' || {n}, 'lead_old' || {n}, t.revision, \
     'done', t.rung, t.body, 0 FROM handoff t, {ids} WHERE t.lead_id = $1",
    "INSERT INTO timeline (lead_id, seq, at, kind, body) SELECT 'lead_old' || {n}, t.seq, {at}, t.kind, t.body \
     FROM timeline t, {ids} WHERE t.lead_id = $1",
    "INSERT INTO step (effect_key, lead_id, handoff_id, kind, priority, payload, state, planned_at, run_at, deadline_at, fence, \
     attempts, sent_at, ended_at, vendor_ref, result, last_error) SELECT 'old' || {n} || '-' || t.effect_key, 'lead_old' || {n}, \
     'hof_old' || {n}, t.kind, t.priority, t.payload, 'done', {at}, {at}, {at}, 1, 1, t.sent_at, {at}, t.vendor_ref, t.result, \
     t.last_error FROM step t, {ids} WHERE t.lead_id = $1",
    "INSERT INTO inbox (key, kind, body, received_at, state, answer, lead_id) SELECT 'old ' || {n} || ' ' || t.key, t.kind, t.body, \
     {at}, 'handled', t.answer, 'lead_old' || {n} FROM inbox t, {ids} WHERE t.lead_id = $1",
    "INSERT INTO contact (lead_id, rep, at, via) SELECT 'lead_old' || {n}, t.owner, {at}, 'crm' FROM lead t, {ids} WHERE t.id = $1",
    "INSERT INTO call_key (key, lead_id) SELECT 'call ' || lower(t.call_platform) || ' old-' || {n}, 'lead_old' || {n} \
     FROM lead t, {ids} WHERE t.id = $1 AND t.call_platform IS NOT NULL",
    "INSERT INTO call_key (key, lead_id) SELECT 'phone +1555' || lpad({n}::text, 8, '0'), 'lead_old' || {n} \
     FROM lead t, {ids} WHERE t.id = $1",
];

pub struct Prune {
    old: u64,
    alone: Quantiles,
    beside: Quantiles,
    /// Of the two p99.
    ratio: f64,
    leads_per_second: f64,
    full_per_second: f64,
    size_before_mib: i64,
    size_after_mib: i64,
    left: i64,
}

pub async fn measure(run: &Run) -> Result<Prune> {
    let old = match variable(&["BATON_BENCH_OLD_LEADS"]) {
        Some(count) => count.parse().context("reading BATON_BENCH_OLD_LEADS")?,
        None => OLD_LEADS,
    };
    fill(run, old).await?;
    let size_before_mib = size_mib(&run.ground).await?;
    let worker = run.worker("prune", Answering::AtOnce).await?;
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    let (mut gone, mut spent) = (0, Duration::ZERO);
    for round in 0..ROUNDS {
        alone.extend(spans(run, &worker, &format!("alone{round}")).await?);
        let (before, began) = (old_leads(&run.ground).await?, Instant::now());
        let (stop, stopping) = watch::channel(false);
        let pruning = tokio::spawn(prune(keeper(run, Pace::Leisure).await?, stopping));
        beside.extend(spans(run, &worker, &format!("beside{round}")).await?);
        stop.send_replace(true);
        pruning.await??;
        spent += began.elapsed();
        gone += before - old_leads(&run.ground).await?;
    }
    worker.stop().await;
    ensure!(gone > 0, "nothing was pruned beside the stream: it says nothing of what pruning costs");
    let full_per_second = at_full_pace(run).await?;
    for table in ["inbox", "step", "timeline", "decision", "handoff", "lead", "contact", "call_key"] {
        execute(&run.ground, format!("VACUUM {table}")).await?;
    }
    alone.sort_unstable();
    beside.sort_unstable();
    let p99 = |spans: &[Duration]| spans[spans.len() * 99 / 100].as_secs_f64();
    Ok(Prune {
        old,
        ratio: p99(&beside) / p99(&alone),
        alone: Quantiles::of(&alone),
        beside: Quantiles::of(&beside),
        leads_per_second: gone as f64 / spent.as_secs_f64(),
        full_per_second,
        size_before_mib,
        size_after_mib: size_mib(&run.ground).await?,
        left: old_leads(&run.ground).await?,
    })
}

/// How long after each event was due its decision was committed.
async fn spans(run: &Run, worker: &Worker, part: &str) -> Result<Vec<Duration>> {
    let body = |number| run.events.one(part, number, run.now());
    let Streamed { schedule, committed, .. } = stream(run, worker, PER_SECOND, LASTS, body).await?;
    Ok(schedule.spans(committed))
}

async fn keeper(run: &Run, pace: Pace) -> Result<Keeper> {
    let store = Store::open(&run.ground.database).await?;
    let clock: SharedClock = Arc::clone(&run.clock) as SharedClock;
    Ok(Keeper { store, clock, keep: Keep::default(), worker: "pruning".to_owned(), pace })
}

async fn prune(keeper: Keeper, stopping: watch::Receiver<bool>) -> Result<()> {
    keeper.prune(&stopping, |_, _| {}).await.context("pruning")
}

/// Leads a second with nothing beside.
async fn at_full_pace(run: &Run) -> Result<f64> {
    let (before, began) = (old_leads(&run.ground).await?, Instant::now());
    let (stop, stopping) = watch::channel(false);
    let pruning = tokio::spawn(prune(keeper(run, Pace::Full).await?, stopping));
    while began.elapsed() < ALONE && !pruning.is_finished() {
        sleep(Duration::from_millis(100)).await;
    }
    stop.send_replace(true);
    pruning.await??;
    Ok((before - old_leads(&run.ground).await?) as f64 / began.elapsed().as_secs_f64())
}

/// Leads that were done more than four hundred days ago, ten seconds apart, each with as many rows as one of this run has.
async fn fill(run: &Run, count: u64) -> Result<()> {
    const TEMPLATE: &str = "SELECT t.lead_id FROM timeline t JOIN inbox i ON i.lead_id = t.lead_id GROUP BY t.lead_id \
                            ORDER BY COUNT(*) DESC, t.lead_id LIMIT 1";
    let template = run.ground.text(TEMPLATE).await.context("looking for a lead to copy")?;
    let newest = (run.now() - TimeDelta::days(401)).timestamp_micros();
    let began = Instant::now();
    let mut made = 0;
    while made < count {
        let until = (made + AT_ONCE).min(count);
        let ids = format!("generate_series({}, {until}) AS n", made + 1);
        for copy in COPIES {
            let sql = copy.replace("{at}", &format!("({newest} - n::bigint * 10000000)")).replace("{n}", "n");
            let sql = sql.replace("{ids}", &ids);
            sqlx::query(AssertSqlSafe(sql)).bind(&template).execute(&run.ground.pool).await?;
        }
        made = until;
    }
    execute(&run.ground, "VACUUM ANALYZE".to_owned()).await?;
    execute(&run.ground, "CHECKPOINT".to_owned()).await?;
    println!("{count} old leads were made in {} s", began.elapsed().as_secs());
    Ok(())
}

async fn execute(ground: &Ground, sql: String) -> Result<()> {
    sqlx::query(AssertSqlSafe(sql)).execute(&ground.pool).await?;
    Ok(())
}

async fn old_leads(ground: &Ground) -> Result<i64> {
    ground.number("SELECT COUNT(*) FROM lead WHERE source = 'old'").await
}

async fn size_mib(ground: &Ground) -> Result<i64> {
    ground.number("SELECT pg_database_size(current_database()) / 1048576").await
}

impl Prune {
    pub fn print(&self) {
        let Self { old, alone, beside, ratio, leads_per_second, full_per_second, .. } = self;
        println!("{PER_SECOND} leads/s beside {old} old ones, decision committed, in ms:    p50      p99      max");
        println!("  nobody prunes                           {alone}");
        println!("  a worker prunes                         {beside}");
        println!("  p99, of the two     {ratio:8.2}");
        println!(
            "  pruned              {leads_per_second:8.0} leads/s beside the stream, {full_per_second:.0} with nothing beside"
        );
        println!(
            "  database            {:8} MiB before, {} MiB after a plain vacuum; old leads left: {}",
            self.size_before_mib, self.size_after_mib, self.left
        );
    }

    pub fn json(&self) -> Value {
        json!({
            "prune_old_leads": self.old, "prune_alone_ms": self.alone.json(), "prune_beside_ms": self.beside.json(),
            "prune_p99_ratio": self.ratio, "pruned_per_second": self.leads_per_second,
            "pruned_full_per_second": self.full_per_second, "prune_size_before_mib": self.size_before_mib,
            "prune_size_after_mib": self.size_after_mib,
        })
    }
}
