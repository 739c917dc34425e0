//! When a worker takes no work: its clock is off, or it stops.

use crate::eventually::eventually;
use crate::store::server::{Db, tests};
use crate::town::{self, Line};
use async_trait::async_trait;
use baton::app::Running;
use baton::app::time::Timekeeper;
use baton::connectors::Telephony;
use baton::deciding::answer::{Answer, OutgoingAnswer};
use baton::deciding::decider::Replies;
use baton::outbox::Vendors;
use baton_clock::{Clock, SharedClock, SystemClock};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::Instant;

/// A machine whose clock is wrong by so many milliseconds.
struct Skewed(AtomicI64);

impl Skewed {
    fn by(ms: i64) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(ms)))
    }

    fn set(&self, ms: i64) {
        self.0.store(ms, Ordering::Relaxed);
    }
}

impl Clock for Skewed {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now() + TimeDelta::milliseconds(self.0.load(Ordering::Relaxed))
    }

    fn real(&self, span: Duration) -> Duration {
        span
    }
}

/// A worker on a machine with this clock.
async fn worker_by(machine: &Arc<Skewed>, db: &Db, folder: &TempDir) -> Running {
    let keeper = Timekeeper::begin(Arc::clone(machine) as SharedClock, db.store.clone()).await.expect("a clock");
    let clock = keeper.clock();
    let mut running = town::worker(folder.path(), &db.store, &clock).await;
    running.keep_time(keeper);
    running
}

async fn a_worker_goes_by_the_databases_clock(db: Db) {
    for off in [1_900, -1_900, 700, 0] {
        let keeper = Timekeeper::begin(Skewed::by(off), db.store.clone()).await.expect("near enough");
        let apart = keeper.clock().now() - db.store.time().await.expect("an answer").expect("a clock");
        assert!(apart.num_milliseconds().abs() < 300, "a machine that is {off} ms off: {apart}");
    }
    for (off, says) in [(10_000, "ms ahead of"), (-60_000, "ms behind"), (3_600_000, "ms ahead of")] {
        let Err(error) = Timekeeper::begin(Skewed::by(off), db.store.clone()).await else {
            panic!("a worker begins with a clock that is {off} ms off")
        };
        let text = error.to_string();
        assert!(text.contains(says) && text.contains("let both follow NTP"), "{text}");
        let told: i64 = text.split(' ').find_map(|word| word.parse().ok()).expect("by how much");
        assert!((told - i64::abs(off)).abs() < 500, "{off}: {text}");
    }
}

/// The program itself, on a machine whose clock is ten seconds ahead.
#[cfg(feature = "failpoints")]
async fn serve_does_not_begin_by_a_wrong_clock(db: Db) {
    use crate::eventually::found;
    use crate::program::{Process, free_port};

    let folder = town::founded(2);
    let toml = format!("[http]\nlisten = \"127.0.0.1:{}\"\n[database]\nurl = {:?}\n", free_port(), db.url);
    std::fs::write(folder.path().join("baton.toml"), toml).expect("baton.toml");
    let mut worker = Process::serve(folder.path(), "info", &[("BATON_CLOCK_OFF_MS", "10000")]);
    let ended = found("the program ends by itself", || std::future::ready(worker.ended())).await;
    let log = std::fs::read_to_string(folder.path().join("log")).expect("the log");
    assert!(ended != Some(0) && log.contains("ms ahead of the database server's"), "{ended:?}: {log}");
}

#[cfg(feature = "failpoints")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_whose_clock_is_wrong_does_not_begin_on_postgres() {
    crate::store::server::on_postgres(serve_does_not_begin_by_a_wrong_clock).await;
}

/// Beside a right one: what the wrong one would have done to everybody's calls is why it does nothing.
async fn a_worker_whose_clock_goes_wrong_takes_no_work_until_it_is_right(db: Db) {
    let folder = town::founded(6);
    let (right, wrong) = (Skewed::by(0), Skewed::by(1_500));
    let workers = [worker_by(&right, &db, &folder).await, worker_by(&wrong, &db, &folder).await];
    let decided = |key: String| {
        let decider = &workers[0].decider;
        async move { matches!(decider.answer_of(&key).await, Ok(Some(Answer::Decided(_)))) }
    };
    for (round, off) in [60_000, -60_000, 10_000].into_iter().enumerate() {
        wrong.set(off);
        eventually("it notices", || async { workers[1].decider.why_not().is_some() }).await;
        let why = workers[1].decider.why_not().expect("a reason");
        assert!(why.contains("the database server's"), "{why}");
        assert!(!workers[1].decider.is_ready().await && workers[0].decider.is_ready().await);
        let now = SystemClock.now();
        let (refused, taken) = (town::message(100 + 2 * round, now), town::message(101 + 2 * round, now));
        assert!(workers[1].decider.take(vec![refused]).await.is_err(), "nothing is taken");
        let key = taken.key.clone();
        workers[0].decider.take(vec![taken]).await.expect("the other works");
        eventually("the other decides", || decided(key.clone())).await;
        wrong.set(1_500);
        eventually("it takes work again", || async { workers[1].decider.why_not().is_none() }).await;
        let message = town::message(200 + round, now);
        let key = message.key.clone();
        workers[1].decider.take(vec![message]).await.expect("it is taken");
        eventually("it decides", || decided(key.clone())).await;
    }
    // What the skewed one reserved and leased ends by the same time as what the right one did.
    let ahead =
        "SELECT COUNT(*) FROM step WHERE lease_until > (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 + 25600000)";
    assert_eq!(db.number(ahead).await, 0, "a lease lasts 25 s by the database's clock");
    for worker in workers {
        worker.stop().await;
    }
}

/// A waiting list that a look goes through, and steps in hand that a vendor keeps.
async fn a_stop_is_quick_takes_nothing_more_and_gives_back_what_has_not_begun(db: Db) {
    let folder = town::founded(6);
    let clock: SharedClock = Arc::new(SystemClock);
    let slow = Line::slow(Duration::from_secs(20));
    let vendors = Vendors { telephony: Some(Arc::clone(&slow) as Arc<dyn Telephony>), ..Vendors::default() };
    let worker = town::worker_with(vendors, folder.path(), &db.store, &clock).await;
    let decider = Arc::clone(&worker.decider);
    let messages = (0..40).map(|number| town::message(number, clock.now())).collect();
    decider.take(messages).await.expect("they are taken");
    eventually("the vendor is busy", || async { slow.asked.load(Ordering::Relaxed) >= 20 }).await;
    let began = Instant::now();
    let late = town::message(99, clock.now());
    let ((), refused) = tokio::join!(worker.stop(), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        decider.take(vec![late]).await
    });
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(refused.is_err(), "no new work");
    let held = "SELECT COUNT(*) FROM step WHERE state = 'leased' AND sent_at IS NULL";
    assert_eq!(db.number(held).await, 0, "the others have it at once");
    let begun = slow.asked.load(Ordering::Relaxed);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(slow.asked.load(Ordering::Relaxed), begun, "nothing begins any more");
}

/// A broker that takes nothing.
struct Blocked(AtomicU32);

#[async_trait]
impl Replies for Blocked {
    async fn reply(&self, _: &str, _: Option<&str>, _: &OutgoingAnswer<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_secs(30)).await;
    }
}

async fn no_answers_are_taken(db: Db) {
    let folder = town::founded(6);
    let clock: SharedClock = Arc::new(SystemClock);
    let blocked = Arc::new(Blocked(AtomicU32::new(0)));
    let replies = Arc::clone(&blocked) as Arc<dyn Replies>;
    let worker = town::worker_of(folder.path(), &db.store, &clock, |setup| setup.replies = Some(replies)).await;
    let began = Instant::now();
    for round in 0..4 {
        let ask = |number: usize| {
            let mut message = town::message(10 * round + number, clock.now());
            message.reply_to = Some("somebody".to_owned());
            message
        };
        worker.decider.take((0..5).map(ask).collect()).await.expect("taken");
        let count = 5 * (round as i64 + 1);
        eventually("they are decided", || async { db.number("SELECT COUNT(*) FROM lead").await == count }).await;
    }
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    eventually("each is on its way", || async { blocked.0.load(Ordering::Relaxed) == 20 }).await;
    let began = Instant::now();
    worker.stop().await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

/// Whatever the client itself would wait for: a CRM that is silent is given up when `baton.toml` says so.
async fn a_vendor_is_silent(db: Db) {
    let folder = town::founded(6);
    let clock: SharedClock = Arc::new(SystemClock);
    let worker = town::worker_of(folder.path(), &db.store, &clock, |setup| {
        setup.vendors.telephony = Some(Line::slow(Duration::from_secs(60)));
        setup.limits.vendor_timeout_s = 1;
    });
    let worker = worker.await;
    worker.decider.take(vec![town::message(1, clock.now())]).await.expect("taken");
    let began = Instant::now();
    let given_up = "SELECT COUNT(*) FROM step WHERE last_error LIKE '%no answer within 1000 ms%'";
    eventually("it is given up", || async { db.number(given_up).await > 0 }).await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    worker.stop().await;
}

tests! {
    a_worker_goes_by_the_databases_clock_on_postgres: on_postgres(a_worker_goes_by_the_databases_clock),
    a_worker_whose_clock_goes_wrong_takes_no_work_on_postgres:
        on_postgres(a_worker_whose_clock_goes_wrong_takes_no_work_until_it_is_right),
    a_stop_is_quick_on_sqlite: on_sqlite(a_stop_is_quick_takes_nothing_more_and_gives_back_what_has_not_begun),
    a_stop_is_quick_on_postgres: on_postgres(a_stop_is_quick_takes_nothing_more_and_gives_back_what_has_not_begun),
    a_broker_that_takes_no_answers_holds_up_no_decision: on_sqlite(no_answers_are_taken),
    a_vendor_is_given_up_when_the_limit_says_so: on_sqlite(a_vendor_is_silent),
}
