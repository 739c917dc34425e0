//! The worker is killed a hundred times per engine, at every crash point and at moments of chance, while callers come in. What
//! the world and the database hold at the end is what they would hold had it lived: nothing lost, nothing done twice.
//!
//! A third of the reps have no calendar, one call in four is told of by two events, the platform's clock is off, and so is the
//! clock of each worker, by as much as is allowed.
//!
//! `BATON_CRASH_SEED` repeats the choices of a run, though not the machine's timing.

mod oracle;
mod worker;

use crate::store::server::{Db, on_postgres, on_sqlite, variable};
use crate::town::{self, Caller};
use baton::app::stage::StandIns;
use baton::failpoint::POINTS;
use baton::intake::envelope::key_of;
use baton_clock::{Clock, SystemClock};
use baton_sandbox::voice::RepManner;
use chrono::TimeDelta;
use oracle::{Up, Verdict};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;
use worker::{Door, End, Worker};

const LEADS: usize = 500;
const KILLS: usize = 100;
/// One caller in so many is rung for, at least: without that a run proves nothing of phones.
const RUNG_EVERY: usize = 10;
const REPS_PER_DESK: usize = 30;
/// Between two callers, at least. They come as the kills go on, however long those take: so many for each life.
const PACE: Duration = Duration::from_millis(150);
const CALLERS_PER_KILL: usize = LEADS / KILLS;
/// A trap that is not sprung by then is helped from outside.
const TRAP_WITHIN: Duration = Duration::from_millis(1000);
/// A start on a machine for which these spans are meant. Where it takes longer, lives are longer by as much, so that as much
/// happens in them: five workers that are killed before they ring anybody prove less than one that rings.
const START: Duration = Duration::from_millis(300);
const SLOWEST: f64 = 5.0;
/// Callers wait for long here: a worker that lives for a second decides late, and there would be nobody left to ring for.
const PATIENT: [(&str, &str); 2] =
    [("patience: 20s", "patience: 15m\nlive_at_most: 15m"), ("bridge_within: 24s", "bridge_within: 16m")];
/// By how much a worker's clock may be off, less what comparing clocks on a busy machine costs.
const CLOCK_OFF_AT_MOST_MS: u64 = 1_500;
/// From the last kill to the moment at which everything that could be done is done: mail and chat are paced, and what failed is
/// tried again after up to a minute. Only a run that hangs takes so long.
const QUIET_WITHIN: Duration = Duration::from_secs(300);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_and_nothing_doubled_on_sqlite() {
    on_sqlite(crash_loop).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_and_nothing_doubled_on_postgres() {
    on_postgres(crash_loop).await;
}

async fn crash_loop(db: Db) {
    let began = Instant::now();
    let seed = variable("BATON_CRASH_SEED").and_then(|text| text.parse().ok());
    let mut chance = Chance(seed.unwrap_or_else(|| u64::from_le_bytes(baton_clock::random_bytes())));
    println!("seed {}", chance.0);
    let folder = tempfile::tempdir().expect("a folder");
    town::found(folder.path(), REPS_PER_DESK);
    town::take_calendars_from_every_third(folder.path());
    town::say_in(folder.path(), "handoff.yaml", &PATIENT);
    let stage = StandIns::open(Arc::new(SystemClock)).await.expect("the stand-ins");
    let port = worker::free_port();
    worker::configure(folder.path(), &stage, port, &db.url);
    let door = Arc::new(Door::new(port));
    let taken: Taken = Arc::default();
    stage.voice.connect(platform(Arc::clone(&door), Arc::clone(&taken)));

    let callers = callers(&mut chance);
    let all_in = Arc::new(AtomicBool::new(false));
    let killed = Arc::new(AtomicUsize::new(0));
    let calling = tokio::spawn(call_in(
        callers,
        Arc::clone(&killed),
        Arc::clone(&stage.voice),
        Arc::clone(&door),
        Arc::clone(&taken),
        Arc::clone(&all_in),
    ));
    let up = Arc::new(Up::default());
    let watch = oracle::watch_leases(db.clone(), Arc::clone(&up));
    // On a slow machine a worker that lives for a moment comes to few phones: it goes on until enough have rung.
    let more = |kills| {
        let few = oracle::rings(&stage) * RUNG_EVERY < LEADS && kills < 3 * KILLS;
        kills < KILLS || !all_in.load(Ordering::Relaxed) || few
    };
    let (kills, sprung) = kill_again_and_again(folder.path(), &door, &mut chance, more, &up, &killed).await;
    calling.await.expect("the callers");
    println!("{kills} kills ({sprung} at crash points) in {:.0} s", began.elapsed().as_secs_f64());

    let mut last = Worker::start(folder.path(), None, chance.clock_off_ms());
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
        let end = chance.end(kills);
        let started = Instant::now();
        let mut worker = Worker::start(folder, Some(end), chance.clock_off_ms());
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

/// Keys of the events that a worker has answered with 2xx.
type Taken = Arc<Mutex<BTreeSet<String>>>;

/// The voice platform's word reaches whichever worker lives.
fn platform(door: Arc<Door>, taken: Taken) -> baton_sandbox::voice::Deliver {
    Arc::new(move |event| {
        let (door, taken) = (Arc::clone(&door), Arc::clone(&taken));
        Box::pin(async move {
            let was_taken = door.takes(&event).await;
            if was_taken {
                remember(&taken, &event);
            }
            was_taken
        })
    })
}

fn remember(taken: &Taken, event: &Value) {
    taken.lock().expect("taken").insert(key_of(event.to_string().as_bytes()));
}

/// A mix: reps who accept, decline, do not answer or have voicemail; callers who hang up; calls that are over.
fn callers(chance: &mut Chance) -> Vec<Caller> {
    let after = |ms| Duration::from_millis(ms);
    let accepts = RepManner::Accepts { after: after(700) };
    let declines = RepManner::Declines { after: after(500) };
    let voicemail = RepManner::Voicemail { after: after(900) };
    let one = |number: usize| match chance.below(20) {
        0..8 => Caller::gone(number),
        8..12 => Caller::live(number).reps(&[accepts]).talks_for(after(12_000)),
        12..14 => Caller::live(number).reps(&[declines, accepts]).talks_for(after(1_500)),
        14..16 => Caller::live(number).reps(&[RepManner::Silent]),
        16 => Caller::live(number).reps(&[voicemail, declines]).chooses(None),
        17 => Caller::live(number).reps(&[RepManner::Silent]).hangs_up_after(after(1_800)),
        18 => Caller::live(number).reps(&[accepts]).hangs_up_after(after(2_900)),
        _ => Caller::live(number).reps(&[declines]).chooses(Some(1)),
    };
    (1..=LEADS).map(one).collect()
}

/// A second event of the same call, which knows more; of some calls it is only this one that says that the caller is on the line.
fn second(caller: &mut Caller, number: usize) -> Value {
    let mut event = caller.event.clone();
    event["id"] = json!(format!("evt-{number}-more"));
    event["data"]["qualification"]["use_case"] = json!("Routing of calls.");
    event["data"]["contact"]["title"] = json!("Head of Sales");
    if number.is_multiple_of(8) {
        caller.event["data"]["call"]["live"] = json!(false);
    }
    event
}

/// Everybody calls, one after the other; each event is repeated until it is taken, one in eight comes twice more, and one call in
/// four is told of by a second event at the same time or a little later.
async fn call_in(
    callers: Vec<Caller>,
    killed: Arc<AtomicUsize>,
    voice: Arc<baton_sandbox::voice::VoiceState>,
    door: Arc<Door>,
    taken: Taken,
    all_in: Arc<AtomicBool>,
) {
    let waiting = Arc::new(AtomicUsize::new(callers.len()));
    for (number, mut caller) in callers.into_iter().enumerate() {
        tokio::time::sleep(PACE).await;
        while number >= CALLERS_PER_KILL * (1 + killed.load(Ordering::Relaxed)) {
            tokio::time::sleep(PACE / 5).await;
        }
        // The platform's clock is behind, or ahead.
        let off_ms = [0, 0, 0, -4_000, 60_000][number % 5];
        caller.event["time"] = json!(SystemClock.now() + TimeDelta::milliseconds(off_ms));
        let second = number.is_multiple_of(4).then(|| second(&mut caller, number));
        let later = Duration::from_millis([0, 300, 3_000][number % 3]);
        let (voice, door, taken) = (Arc::clone(&voice), Arc::clone(&door), Arc::clone(&taken));
        let (waiting, all_in) = (Arc::clone(&waiting), Arc::clone(&all_in));
        tokio::spawn(async move {
            if let Some(script) = &caller.script {
                voice.call(caller.call(), script.clone());
            }
            let more = async {
                if let Some(second) = &second {
                    tokio::time::sleep(later).await;
                    door.deliver(second).await;
                    remember(&taken, second);
                }
            };
            tokio::join!(door.deliver(&caller.event), more);
            remember(&taken, &caller.event);
            if number % 8 == 1 {
                tokio::join!(door.deliver(&caller.event), door.deliver(&caller.event));
            }
            if waiting.fetch_sub(1, Ordering::Relaxed) == 1 {
                all_in.store(true, Ordering::Relaxed);
            }
        });
    }
}

/// Small and repeatable: the test must not depend on how a library draws its numbers.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        // SplitMix64 (Steele, Lea, Flood 2014).
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }

    fn clock_off_ms(&mut self) -> i64 {
        self.below(2 * CLOCK_OFF_AT_MOST_MS + 1) as i64 - CLOCK_OFF_AT_MOST_MS as i64
    }

    /// Every crash point in turn, and every third time a moment of chance.
    fn end(&mut self, kills: usize) -> End {
        if kills.is_multiple_of(3) {
            return End::After(Duration::from_millis(40 + self.below(700)));
        }
        let point = POINTS[(kills - kills / 3 - 1) % POINTS.len()];
        // Commits come many times a second, a batch of decisions or an inbox commit only a few.
        let most = if point.starts_with("after_inbox") || point.starts_with("after_decision") { 8 } else { 40 };
        End::At { point, nth: 1 + self.below(most) as u32 }
    }
}
