//! A caller on the line while tens of thousands of background steps wait: how soon it is decided, and a phone rings.

use crate::events::{caller_left, live_number};
use crate::feed::Feed;
use crate::ground::CALL_KIND;
use crate::ledger::Rung;
use crate::null::Answering;
use crate::quantiles::Quantiles;
use crate::run::Run;
use crate::steady::{Streamed, stream};
use crate::watch::Watch;
use crate::worker::{LOOK_EVERY, PATIENCE, Worker};
use anyhow::{Context, Result, ensure};
use chrono::TimeDelta;
use lapin::BasicProperties;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::pin::pin;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

const PART: &str = "live";
const BACKLOG: i64 = 50_000;
/// With fewer than these there is no backlog to speak of, and callers no longer count.
const ENOUGH: i64 = 3_000;
const PER_SECOND: u32 = 10;
const LASTS: Duration = Duration::from_secs(20);
/// How often the backlog is counted: seldom, since it is gone through each time.
const COUNT_EVERY: Duration = Duration::from_secs(1);
/// The last phones ring within this, or not at all: `ring_timeout` of the shipped rules.
const RING_WITHIN: Duration = Duration::from_secs(15);
/// Longer than callers wait and phones ring: `patience` of the shipped rules, with the reservations that outlast it.
const PAST_PATIENCE: TimeDelta = TimeDelta::minutes(2);

/// Copies of steps that were done a moment ago, to be done again for the same leads under keys of their own; mixed, and nothing
/// that anybody waits for on a line.
const PILE_UP: &str = "/* bench */ INSERT INTO step (effect_key, lead_id, handoff_id, kind, priority, payload, state, run_at, \
    deadline_at, fence, attempts) SELECT 'bench-' || n || '-' || effect_key, lead_id, handoff_id, kind, priority, payload, \
    'due', CAST($1 AS BIGINT), CAST($2 AS BIGINT), 0, 0 FROM (SELECT * FROM step WHERE state = 'done' AND kind IN \
    ('write_crm', 'brief_chat', 'brief_email', 'confirm_to_caller', 'publish') ORDER BY ended_at DESC LIMIT 2000) AS done, \
    generate_series(1, 100) AS n ORDER BY n LIMIT $3";

pub struct Live {
    committed: Quantiles,
    rung: Quantiles,
    /// Callers that count, and how many of them a phone was asked to ring for.
    callers: usize,
    rung_for: usize,
    /// Background steps that waited when the last caller was answered.
    waiting: i64,
}

pub async fn measure(run: &Run) -> Result<Live> {
    let worker = run.worker(PART, Answering::AtOnce).await?;
    let mut watch = Watch::open(&run.ground.database).await?;
    phones_free(run, &worker, &mut watch).await?;
    let hanging_up = hang_up_when_rung(run, &worker).await?;
    pile_up(run).await?;
    let (streamed, thin_at) = {
        let body = |number| run.events.live(PART, number, worker.now());
        let mut streamed = pin!(stream(run, &worker, PER_SECOND, LASTS, body));
        let mut thin = pin!(grows_thin(&mut watch, &worker));
        let mut thin_at = None;
        loop {
            tokio::select! {
                all = &mut streamed => break (all?, thin_at),
                at = &mut thin, if thin_at.is_none() => thin_at = Some(at?),
            }
        }
    };
    let waiting = watch.background(worker.now()).await?;
    last_rings(&worker, &mut watch).await?;
    run.ledger.unheard();
    let rung = hanging_up.await??;
    worker.stop().await;
    let Streamed { schedule, committed, .. } = streamed;
    let counts = |number: &usize| thin_at.is_none_or(|at| schedule.due(*number) < at);
    let committed: Vec<_> = committed.into_iter().filter(|(number, _)| counts(number)).collect();
    ensure!(!committed.is_empty(), "the backlog of {BACKLOG} steps was gone before the first caller came");
    let rung = rung.into_iter().filter_map(|(call, at)| Some((live_number(PART, &call)?, at)));
    let rung: Vec<_> = rung.filter(|(number, _)| counts(number)).collect();
    Ok(Live {
        callers: committed.len(),
        rung_for: rung.len(),
        committed: Quantiles::of(&schedule.spans(committed)),
        rung: Quantiles::of(&schedule.spans(rung)),
        waiting,
    })
}

/// Reps who are still rung for callers of earlier parts could not be rung for these: the clock is set past them.
async fn phones_free(run: &Run, worker: &Worker, watch: &mut Watch) -> Result<()> {
    worker.idle().await?;
    run.clock.skip_to(run.now() + PAST_PATIENCE);
    let free = async {
        while watch.reserved(worker.now()).await? > 0 {
            sleep(LOOK_EVERY).await;
        }
        anyhow::Ok(())
    };
    timeout(PATIENCE, free).await.context("waiting until no phone is held")??;
    // What the time that was passed over made due.
    worker.idle().await
}

async fn pile_up(run: &Run) -> Result<()> {
    let now = run.now();
    let query = sqlx::query(PILE_UP).bind(now.timestamp_micros());
    let query = query.bind((now + TimeDelta::days(1)).timestamp_micros()).bind(BACKLOG);
    let piled_up = query.execute(&run.ground.pool).await.context("piling up background steps")?.rows_affected();
    ensure!(piled_up == BACKLOG.unsigned_abs(), "{piled_up} background steps were to be had, not {BACKLOG}");
    Ok(())
}

/// Callers hang up as soon as a phone rings for them: the shipped workspace has a handful of reps for them all. Returns when each
/// call was first rung for, once the ledger is `unheard`.
async fn hang_up_when_rung(run: &Run, worker: &Worker) -> Result<JoinHandle<Result<BTreeMap<String, Instant>>>> {
    let mut rings = run.ledger.listen();
    let feed = Feed::open(&run.ground, worker.topology()).await?;
    Ok(tokio::spawn(async move {
        let mut first = BTreeMap::new();
        while let Some(Rung { call, at }) = rings.recv().await {
            if let Entry::Vacant(unheard) = first.entry(call) {
                feed.publish(CALL_KIND, &caller_left(unheard.key()), BasicProperties::default()).await?;
                unheard.insert(at);
            }
        }
        anyhow::Ok(first)
    }))
}

/// When fewer background steps waited than make a backlog.
async fn grows_thin(watch: &mut Watch, worker: &Worker) -> Result<Instant> {
    while watch.background(worker.now()).await? >= ENOUGH {
        sleep(COUNT_EVERY).await;
    }
    Ok(Instant::now())
}

/// Phones that have not rung by then do not ring any more, and are missing among those that were rung.
async fn last_rings(worker: &Worker, watch: &mut Watch) -> Result<()> {
    let rings = async {
        while watch.rings(worker.now()).await? > 0 {
            sleep(LOOK_EVERY * 20).await;
        }
        anyhow::Ok(())
    };
    timeout(RING_WITHIN, rings).await.unwrap_or(Ok(()))
}

impl Live {
    pub fn print(&self) {
        let Self { committed, rung, callers, rung_for, waiting } = self;
        println!(
            "{PER_SECOND} callers/s on the line for {} s, {BACKLOG} background steps waiting, in ms:    p50      p99      max",
            LASTS.as_secs()
        );
        println!("  decision committed                                        {committed}");
        println!("  a phone is asked to ring                                  {rung}");
        println!(
            "  of {callers} callers who came while {ENOUGH} or more waited, {rung_for} were rung for; {waiting} steps still waited \
             at the end"
        );
    }

    pub fn json(&self) -> Value {
        json!({
            "live_committed_ms": self.committed.json(), "live_ring_ms": self.rung.json(),
            "live_callers": self.callers, "live_rung_for": self.rung_for, "live_backlog_at_end": self.waiting,
        })
    }
}
