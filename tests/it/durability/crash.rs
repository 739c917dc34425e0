//! The worker is killed a hundred times per engine, at every crash point and at moments of chance, while callers come in. What
//! the world and the database hold at the end is what they would hold had it lived: nothing lost, nothing done twice.
//!
//! A third of the reps have no calendar, one call in four is told of by two events, the platform's clock is off, and so is the
//! clock of each worker, by as much as is allowed.
//!
//! `BATON_CRASH_SEED` repeats the choices of a run, though not the machine's timing.

mod callers;
mod leases;
mod oracle;
mod worker;

use crate::program::{edit, free_port};
use crate::store::server::{Db, tests, variable};
use crate::town;
use baton::app::stage::StandIns;
use baton::failpoint::POINTS;
use baton_clock::SystemClock;
use baton_core::rehearsal::chance::Chance;
use callers::Taken;
use leases::Up;
use oracle::Verdict;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::Instant;
use worker::{Door, End, Worker};

const LEADS: usize = 500;
const KILLS: usize = 100;
/// One caller in so many is rung for, at least: without that a run proves nothing of phones.
const RUNG_EVERY: usize = 10;
const REPS_PER_DESK: usize = 30;
/// A trap that is not sprung by then is helped from outside.
const TRAP_WITHIN: Duration = Duration::from_millis(1000);
/// A start on a machine for which these spans are meant. Where it takes longer, lives are longer by as much, so that as much
/// happens in them: five workers that are killed before they ring anybody prove less than one that rings.
const START: Duration = Duration::from_millis(300);
const SLOWEST: f64 = 12.0;
/// Callers wait for long here: a worker that lives for a second decides late, and there would be nobody left to ring for.
const PATIENT: [(&str, &str); 2] =
    [("patience: 20s", "patience: 15m\nlive_at_most: 15m"), ("bridge_within: 24s", "bridge_within: 16m")];
/// By how much a worker's clock may be off, less what comparing clocks on a busy machine costs.
const CLOCK_OFF_AT_MOST_MS: usize = 1_500;
/// From the last kill to the moment at which everything that could be done is done: mail and chat are paced, and what failed is
/// tried again after up to a minute. Only a run that hangs takes so long.
const QUIET_WITHIN: Duration = Duration::from_secs(300);

tests! {
    nothing_is_lost_and_nothing_doubled_on_sqlite: on_sqlite(crash_loop),
    nothing_is_lost_and_nothing_doubled_on_postgres: on_postgres(crash_loop),
}

async fn crash_loop(db: Db) {
    let began = Instant::now();
    let seed = variable("BATON_CRASH_SEED").and_then(|text| text.parse().ok());
    let seed = seed.unwrap_or_else(|| u64::from_le_bytes(baton_clock::random_bytes()));
    let mut chance = Chance::new(seed);
    println!("seed {seed}");
    let folder = town::founded(REPS_PER_DESK);
    town::take_calendars(folder.path(), |number, _| number.is_multiple_of(3));
    for (usual, patient) in PATIENT {
        edit(folder.path(), "rules/handoff.yaml", usual, patient);
    }
    let stage = StandIns::open(Arc::new(SystemClock)).await.expect("the stand-ins");
    let port = free_port();
    worker::configure(folder.path(), &stage, port, &db.url);
    let door = Arc::new(Door::new(port));
    let taken: Taken = Arc::default();
    stage.voice.connect(callers::platform(Arc::clone(&door), Arc::clone(&taken)));

    let callers = callers::callers(&mut chance);
    let all_in = Arc::new(AtomicBool::new(false));
    let killed = Arc::new(AtomicUsize::new(0));
    let calling = tokio::spawn(callers::call_in(
        callers,
        Arc::clone(&killed),
        Arc::clone(&stage.voice),
        Arc::clone(&door),
        Arc::clone(&taken),
        Arc::clone(&all_in),
    ));
    let up = Arc::new(Up::default());
    let watch = leases::watch(db.clone(), Arc::clone(&up));
    let more = |kills| kills < KILLS || !all_in.load(Ordering::Relaxed);
    let (kills, sprung) = kill_again_and_again(folder.path(), &door, &mut chance, more, &up, &killed).await;
    calling.await.expect("the callers");
    println!("{kills} kills ({sprung} at crash points) in {:.0} s", began.elapsed().as_secs_f64());

    let mut last = Worker::start(folder.path(), None, clock_off_ms(&mut chance));
    assert!(last.is_up(&door).await, "the last worker stays up");
    up.set(true);
    oracle::until_quiet(&db, QUIET_WITHIN).await;
    let taken = taken.lock().expect("taken").clone();
    let verdict = Verdict::of(&db, &stage, &taken, LEADS, watch.stop().await).await;
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
    println!(
        "{}: {kills} kills ({sprung} at crash points) over {LEADS} leads in {:.0} s\n{verdict}",
        if db.is_postgres() { "PostgreSQL" } else { "SQLite" },
        began.elapsed().as_secs_f64(),
    );
    if let Some(folder) = variable("BATON_CRASH_LOGS") {
        let name = if db.is_postgres() { "postgres.log" } else { "sqlite.log" };
        std::fs::write(Path::new(&folder).join(name), &log).expect("the log is kept");
    }
    assert!(!log.contains("panicked"), "the worker panicked:\n{log}");
    verdict.assert_kept();
    assert!(kills >= KILLS);
}

/// Kills as long as more are wanted; returns how many, and how many of them at a crash point.
async fn kill_again_and_again(
    folder: &Path,
    door: &Door,
    chance: &mut Chance,
    more: impl Fn(usize) -> bool,
    up: &Up,
    killed: &AtomicUsize,
) -> (usize, usize) {
    let (mut kills, mut sprung) = (0, 0);
    while more(kills) {
        let end = end(chance, kills);
        let started = Instant::now();
        let mut worker = Worker::start(folder, Some(end), clock_off_ms(chance));
        if worker.is_up(door).await {
            up.set(true);
            let tempo = started.elapsed().div_duration_f64(START).clamp(1.0, SLOWEST);
            match end {
                End::At { .. } => sprung += usize::from(worker.dies_within(TRAP_WITHIN.mul_f64(tempo)).await),
                End::After(span) => {
                    tokio::time::sleep(span.mul_f64(tempo)).await;
                    assert!(!worker.is_dead(), "the worker died, and nobody had killed it");
                    worker.kill();
                }
            }
        } else {
            let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
            assert!(matches!(end, End::At { .. }), "the worker died at its start, and nobody had killed it:\n{log}");
            sprung += 1;
        }
        up.set(false);
        kills += 1;
        killed.store(kills, Ordering::Relaxed);
    }
    (kills, sprung)
}

fn clock_off_ms(chance: &mut Chance) -> i64 {
    chance.below(2 * CLOCK_OFF_AT_MOST_MS + 1) as i64 - CLOCK_OFF_AT_MOST_MS as i64
}

/// Every crash point in turn, and every third time a moment of chance.
fn end(chance: &mut Chance, kills: usize) -> End {
    if kills.is_multiple_of(3) {
        return End::After(Duration::from_millis(40 + chance.below(700) as u64));
    }
    let point = POINTS[(kills - kills / 3 - 1) % POINTS.len()];
    // Commits come many times a second, a batch of decisions or an inbox commit only a few.
    let most = if point.starts_with("after_inbox") || point.starts_with("after_decision") { 8 } else { 40 };
    End::At { point, nth: 1 + chance.below(most) as u32 }
}
