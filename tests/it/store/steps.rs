//! A step has one live runner, and a result counts only with the fence it was claimed with.

mod carried;
mod race;
mod texted;

pub use carried::a_leg_keeps_the_first_name_that_its_carrier_gives_it;
pub use race::{two_claimers_never_hold_one_step, two_processes_never_hold_one_step};
pub use texted::nobody_is_written_to_twice_within_a_day;

use super::server::Db;
use super::tx::{reads, writes};
use super::world::{LEASE, handoff_id, later, lead_id, now, publish, rep, step, traced};
use baton::store::{Changes, FinishedStep, NewStep, StepEnd, StepProblem, StepRow, StepStats, Store, VendorRef};
use baton_core::domain::effect::{BriefWhy, Channel, Comfort, Effect, Lane, Timer};
use baton_core::domain::id::LegId;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// What stands for a caller who waits.
const HOLD: Effect = Effect::Hold { comfort: Comfort::Music };

async fn insert(db: &Db, steps: Vec<NewStep>) {
    let stored = writes!(db.store, [steps], |tx| tx.change(&Changes { steps: &steps, ..Changes::default() }).await);
    stored.await.expect("steps are stored");
}

/// So many of each lane at most.
async fn claim(store: &Store, worker: &str, at: DateTime<Utc>, of_each: usize) -> Vec<StepRow> {
    let (worker, wanted) = (worker.to_owned(), Lane::ALL.map(|lane| (lane, of_each)));
    let claimed = writes!(store, [worker], |tx| tx.steps_claim(at, &worker, LEASE, &wanted, true).await);
    claimed.await.expect("a claim is answered")
}

async fn finish(db: &Db, key: &'static str, fence: i64, end: StepEnd) -> bool {
    let ended = FinishedStep { effect_key: key.to_owned(), fence, end };
    let counted = writes!(db.store, [ended], |tx| tx.steps_finish(&[&ended], later(1)).await);
    !counted.await.expect("a finish is answered").is_empty()
}

async fn mark_sent(db: &Db, key: &'static str, fence: i64) -> bool {
    let marked = writes!(db.store, |tx| tx.steps_mark_sent(&[(key.to_owned(), fence)], now()).await);
    !marked.await.expect("a mark is answered").is_empty()
}

/// What a worker hears that had lost its lease.
async fn keep_orphan(db: &Db, key: &'static str, result: &'static str) {
    let kept = writes!(db.store, |tx| tx.orphan_insert(key, 1, result, now()).await);
    kept.await.expect("an orphan is kept");
}

async fn failed(db: &Db) -> Vec<StepProblem> {
    reads!(db.store, |tx| tx.steps_failed(10).await).await.expect("a list")
}

fn done(vendor_ref: &str) -> StepEnd {
    StepEnd::Done { vendor_ref: Some(vendor_ref.to_owned()), result: Some("{}".to_owned()) }
}

fn retry(seconds: i64, still_sent: bool) -> StepEnd {
    StepEnd::Retry { run_at: later(seconds), error: "503".to_owned(), still_sent }
}

fn keys(steps: &[StepRow]) -> Vec<&str> {
    steps.iter().map(|step| step.effect_key.as_str()).collect()
}

fn born_leased(mut new: NewStep, until: DateTime<Utc>) -> NewStep {
    new.leased = Some(("first".to_owned(), until));
    new
}

pub async fn steps_are_claimed_by_priority_then_time(db: Db) {
    let timer = || Effect::Timer { timer: Timer::PatienceBy };
    insert(
        &db,
        vec![
            step("note-old", publish(), later(-50)),
            step("note-new", publish(), later(-10)),
            step("call-new", HOLD, later(-1)),
            step("call-old", timer(), later(-2)),
            step("not-yet", HOLD, later(1)),
            step("exactly-now", HOLD, later(0)),
        ],
    )
    .await;
    assert_eq!(keys(&claim(&db.store, "w", now(), 1).await), ["call-old", "call-new", "note-old"]);
    assert_eq!(keys(&claim(&db.store, "w", now(), 10).await), ["exactly-now", "note-new"]);
    assert_eq!(keys(&claim(&db.store, "w", now(), 10).await), [""; 0]);
    let last = claim(&db.store, "w", later(1), 10).await;
    let [last] = last.as_slice() else { panic!("{last:?}") };
    let planned = step("not-yet", HOLD, later(1));
    assert_eq!((&last.effect, last.run_at, last.deadline_at), (&HOLD, later(1), planned.planned.deadline_at));
    assert_eq!((last.fence, last.attempts, last.sent_at), (1, 1, None));
}

pub async fn a_lapsed_lease_comes_back_with_the_next_fence(db: Db) {
    insert(&db, vec![born_leased(step("ring", HOLD, now()), later(30))]).await;
    assert!(mark_sent(&db, "ring", 1).await);
    assert_eq!(keys(&claim(&db.store, "second", later(29), 10).await), [""; 0], "the lease holds");
    let taken = claim(&db.store, "second", later(30), 10).await;
    let [taken] = taken.as_slice() else { panic!("the lease has lapsed: {taken:?}") };
    assert_eq!((taken.fence, taken.attempts), (2, 2));
    assert_eq!(taken.sent_at, Some(now()), "that a request had left is not forgotten");
    assert_eq!(keys(&claim(&db.store, "third", later(59), 10).await), [""; 0], "it is the second worker's");
}

/// Whoever knows that nobody else lives need not wait, but for what may have been sent a moment ago.
pub async fn the_leases_of_the_dead_end_at_once(db: Db) {
    let held = |key: &str, seconds| born_leased(step(key, HOLD, now()), later(seconds));
    insert(&db, vec![held("unsent", 25), held("sent", 25), held("nearly-over", 1)]).await;
    assert!(mark_sent(&db, "sent", 1).await && mark_sent(&db, "nearly-over", 1).await);
    let lapsed = writes!(db.store, |tx| tx.steps_lapse(now(), later(2)).await);
    assert_eq!(lapsed.await.expect("leases end"), 2);
    assert_eq!(keys(&claim(&db.store, "heir", now(), 10).await), ["unsent"]);
    assert_eq!(keys(&claim(&db.store, "heir", later(1), 10).await), ["nearly-over"], "no lease becomes longer");
    assert_eq!(keys(&claim(&db.store, "heir", later(2), 10).await), ["sent"]);
    assert!(!finish(&db, "unsent", 1, done("dead")).await, "the fences hold");
}

pub async fn only_who_is_alone_takes_over_what_others_hold(db: Db) {
    insert(&db, vec![born_leased(step("hold", HOLD, now()), later(25))]).await;
    let lock = db.store.lock_for_worker().expect("nobody else is at work");
    let inherited = db.store.inherit(&lock, now()).await.expect("it is taken over");
    assert_eq!(inherited, u64::from(!db.is_postgres()), "a worker on PostgreSQL is not alone");
    let taken = claim(&db.store, "heir", now(), 10).await;
    assert_eq!(taken.len() as u64, inherited);
}

pub async fn a_lease_is_made_longer_for_its_holder_alone(db: Db) {
    let held = |key: &str, seconds| born_leased(step(key, HOLD, now()), later(seconds));
    insert(&db, vec![held("kept", 5), held("lost", 1)]).await;
    assert_eq!(keys(&claim(&db.store, "second", later(1), 10).await), ["lost"]);
    let both = ["kept", "lost"].map(|key| (key.to_owned(), 1_i64));
    let renewed = writes!(db.store, [both], |tx| tx.steps_renew(&both, later(40)).await);
    assert_eq!(renewed.await.expect("one is made longer"), [("kept".to_owned(), 1)]);
    assert_eq!(keys(&claim(&db.store, "third", later(31), 10).await), ["lost"], "its fence is the second worker's");
    assert!(finish(&db, "kept", 1, done("late")).await, "it is the first worker's still");
}

pub async fn a_zombies_result_does_not_count_and_is_kept(db: Db) {
    insert(&db, vec![born_leased(step("ring", HOLD, now()), later(30))]).await;
    assert_eq!(claim(&db.store, "second", later(31), 1).await.len(), 1);
    assert!(!mark_sent(&db, "ring", 1).await, "a zombie may send nothing");
    assert!(!finish(&db, "ring", 1, done("zombie")).await);
    keep_orphan(&db, "ring", "zombie").await;
    assert!(finish(&db, "ring", 2, done("real")).await);
    assert!(!finish(&db, "ring", 2, done("twice")).await, "a step ends once");
    assert!(!finish(&db, "nothing", 1, done("x")).await);
    let vendor = db.store.step_vendor_ref("ring").await;
    assert_eq!(vendor.expect("a read"), VendorRef::Known("real".to_owned()));
    assert_eq!(db.number("SELECT COUNT(*) FROM orphan_result WHERE effect_key = 'ring' AND fence = 1").await, 1);
}

/// What an earlier version planned is done by this one, under the name of today.
pub async fn open_briefings_in_slack_become_briefings_in_the_chat(db: Db) {
    let brief = Effect::Brief { rep: rep("ana"), channel: Channel::Chat, why: BriefWhy::Ringing };
    let held = born_leased(step("held", brief.clone(), later(-2)), later(-1));
    insert(&db, vec![held, step("due", brief.clone(), later(-1)), step("ended", brief.clone(), later(-1))]).await;
    let earlier = "kind = 'brief_slack', payload = replace(payload, '\"chat\"', '\"slack\"')";
    assert_eq!(db.execute(format!("UPDATE step SET {earlier} WHERE payload LIKE '%\"chat\"%'")).await, 3);
    db.execute("UPDATE step SET state = 'done' WHERE effect_key = 'ended'").await;
    db.execute("DELETE FROM schema_migration WHERE name = '0014_chat'").await;
    assert_eq!(db.store.migrate().await.expect("a migration"), ["0014_chat"]);
    let claimed = claim(&db.store, "w", now(), 10).await;
    assert_eq!(keys(&claimed), ["held", "due"]);
    assert!(claimed.iter().all(|step| step.effect == brief), "{claimed:?}");
}

/// A worker died while a phone rang, and a long list of notes is due: the call comes first.
pub async fn a_lapsed_call_does_not_wait_behind_a_backlog(db: Db) {
    let mut steps: Vec<NewStep> =
        (0..40).map(|number| step(&format!("note-{number:02}"), publish(), later(-600))).collect();
    steps.push(born_leased(step("ring", HOLD, later(-40)), later(-10)));
    insert(&db, steps).await;
    let taken = claim(&db.store, "second", now(), 5).await;
    assert_eq!(taken.len(), 1 + 5, "of each lane as many as were asked for");
    assert_eq!(taken[0].effect_key, "ring");
}

/// Each lane is asked for what it has hands for, however much another has to do.
pub async fn a_backlog_of_one_kind_costs_the_others_nothing(db: Db) {
    let mut steps: Vec<NewStep> =
        (0..300).map(|number| step(&format!("note-{number:03}"), publish(), later(-600))).collect();
    steps.push(NewStep { trace_context: traced(), ..step("hold", HOLD, later(-1)) });
    insert(&db, steps).await;
    let wanted = [(Lane::Calls, 2), (Lane::Events, 1)];
    let claimed =
        writes!(db.store, |tx| tx.steps_claim(now(), "w", LEASE, &wanted, true).await).await.expect("a claim");
    assert_eq!(keys(&claimed), ["hold", "note-000"]);
    assert_eq!((&claimed[0].trace_context, &claimed[1].trace_context), (&traced(), &None), "only what came is kept");
    let none = writes!(db.store, |tx| tx.steps_claim(now(), "w", LEASE, &[(Lane::Calls, 2)], true).await).await;
    assert_eq!(none.expect("a claim"), [], "no hands, no steps");
}

/// What is claimed when nothing is known of a table must be claimed as cheaply when it is full: a dead worker left thousands of
/// steps, and each look reads about what it takes.
pub async fn a_look_reads_what_it_takes_however_many_leases_lapsed(db: Db) {
    const LOOKS: usize = 20;
    for _ in 0..LOOKS {
        assert_eq!(claim(&db.store, "young", now(), 4).await, []);
    }
    let left = (0..4_000).map(|n| born_leased(step(&format!("note-{n:04}"), publish(), later(-600)), later(-10)));
    insert(&db, left.collect()).await;
    let before = entries_read(&db).await;
    for _ in 0..LOOKS {
        assert_eq!(claim(&db.store, "second", now(), 4).await.len(), 4);
    }
    let read = entries_read(&db).await - before;
    // Each passes over what the looks before it took, until that is cleared away.
    assert!(read < 4_000, "{LOOKS} looks read {read} entries of tables and indexes");
}

/// Of steps, as the server counts them: a session tells at the end of a transaction, once a second.
async fn entries_read(db: &Db) -> i64 {
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    assert_eq!(claim(&db.store, "nobody", later(-100_000), 1).await, []);
    db.number(
        "SELECT (SELECT SUM(idx_tup_read) FROM pg_stat_user_indexes WHERE relname = 'step')::bigint \
         + (SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'step')::bigint",
    )
    .await
}

pub async fn each_end_is_written_down(db: Db) {
    let steps = ["done", "failed", "expired", "again", "again-sent"];
    insert(&db, steps.map(|key| step(key, publish(), later(-1))).to_vec()).await;
    assert_eq!(claim(&db.store, "w", now(), 10).await.len(), 5);
    for key in steps {
        assert!(mark_sent(&db, key, 1).await);
    }
    assert!(finish(&db, "done", 1, done("ref")).await);
    assert!(finish(&db, "failed", 1, StepEnd::Failed { error: "410 Gone".to_owned() }).await);
    assert!(finish(&db, "expired", 1, StepEnd::Expired).await);
    assert!(finish(&db, "again", 1, retry(5, false)).await);
    assert!(finish(&db, "again-sent", 1, retry(6, true)).await);
    assert_eq!(keys(&claim(&db.store, "w", later(4), 10).await), [""; 0], "not before its time");
    let again = claim(&db.store, "w", later(6), 10).await;
    let told: Vec<_> = again.iter().map(|step| (step.effect_key.as_str(), step.fence, step.sent_at)).collect();
    assert_eq!(told, [("again", 2, None), ("again-sent", 2, Some(now()))]);
    let failed = failed(&db).await;
    let [problem] = failed.as_slice() else { panic!("{failed:?}") };
    assert_eq!((problem.effect_key.as_str(), problem.error.as_str(), problem.at), ("failed", "410 Gone", later(1)));
}

/// At a person's word; what the vendor refused is told apart from what it may have done.
pub async fn what_has_failed_is_due_again_or_closed(db: Db) {
    let steps = ["closed", "failed", "refused"];
    insert(&db, steps.map(|key| step(key, publish(), later(-1))).to_vec()).await;
    assert_eq!(claim(&db.store, "w", now(), 10).await.len(), 3);
    for (key, end) in [
        ("closed", StepEnd::Failed { error: "no answer".to_owned() }),
        ("failed", StepEnd::Failed { error: "no answer".to_owned() }),
        ("refused", StepEnd::Refused { error: "410 Gone".to_owned() }),
    ] {
        assert!(mark_sent(&db, key, 1).await);
        assert!(finish(&db, key, 1, end).await);
    }
    let lead = lead_id(1);
    let of_lead = writes!(db.store, [lead], |tx| tx.steps_failed_of(lead.as_str()).await).await.expect("a list");
    let told: Vec<_> = of_lead.iter().map(|step| (step.effect_key.as_str(), step.may_be_done)).collect();
    assert_eq!(told, [("closed", true), ("failed", true), ("refused", false)]);
    let decided = writes!(db.store, |tx| {
        tx.steps_close(&["closed"]).await?;
        tx.steps_again(&["closed", "failed", "refused"], later(9_000)).await
    });
    decided.await.expect("it is stored");
    assert_eq!(failed(&db).await, []);
    let again = claim(&db.store, "w", later(9_000), 10).await;
    let mut told: Vec<_> = again.iter().map(|step| (step.effect_key.as_str(), step.fence, step.attempts)).collect();
    told.sort_unstable();
    assert_eq!(told, [("failed", 2, 1), ("refused", 2, 1)], "what was closed stays so");
    assert!(again.iter().all(|step| step.deadline_at == later(9_000 + 24 * 3600)), "for a day: {again:?}");
}

/// A retry moves when it runs, and not since when it was called for.
pub async fn what_a_step_follows_from_stays_when_it_was(db: Db) {
    insert(&db, vec![step("again", publish(), later(-1))]).await;
    let first = claim(&db.store, "w", now(), 1).await;
    assert!(finish(&db, "again", 1, retry(600, false)).await);
    let second = claim(&db.store, "w", later(600), 1).await;
    let times = |steps: &[StepRow]| steps.iter().map(|step| (step.planned_at, step.run_at)).collect::<Vec<_>>();
    assert_eq!((times(&first), times(&second)), (vec![(later(-1), later(-1))], vec![(later(-1), later(600))]));
}

pub async fn many_ends_in_one_statement_count_one_by_one(db: Db) {
    insert(&db, ["a", "b", "c", "d"].map(|key| step(key, publish(), later(-1))).to_vec()).await;
    assert_eq!(claim(&db.store, "w", now(), 4).await.len(), 4);
    let ended = |effect_key: &str, fence, end| FinishedStep { effect_key: effect_key.to_owned(), fence, end };
    let counted = writes!(db.store, |tx| {
        let ends = [
            ended("a", 1, done("ref-a")),
            ended("b", 7, done("zombie")),
            ended("c", 1, retry(60, false)),
            ended("nothing", 1, StepEnd::Expired),
            ended("d", 1, StepEnd::Failed { error: "no".to_owned() }),
        ];
        assert!(tx.steps_finish(&[], now()).await?.is_empty());
        tx.steps_finish(&ends.iter().collect::<Vec<_>>(), now()).await
    });
    let expected: BTreeSet<(String, i64)> = ["a", "c", "d"].map(|key| (key.to_owned(), 1)).into();
    assert_eq!(counted.await.expect("ends are stored"), expected);
    let states = db.number(
        "SELECT COUNT(*) FROM step WHERE (effect_key = 'a' AND state = 'done' AND vendor_ref = 'ref-a' AND ended_at IS NOT NULL) \
         OR (effect_key = 'b' AND state = 'leased') OR (effect_key = 'c' AND state = 'due' AND ended_at IS NULL \
         AND lease_owner IS NULL) OR (effect_key = 'd' AND state = 'failed' AND last_error = 'no')",
    );
    assert_eq!(states.await, 4);
}

/// PostgreSQL has no NUL in text: an answer that has one must not be asked for again and again.
pub async fn a_vendors_strange_text_does_not_keep_a_step_open(db: Db) {
    insert(&db, ["a", "b"].map(|key| step(key, publish(), later(-1))).to_vec()).await;
    assert_eq!(claim(&db.store, "w", now(), 4).await.len(), 2);
    assert!(
        finish(&db, "a", 1, StepEnd::Failed { error: "bad \0 byte, \\u0000 and 'quotes' \u{1F4A5}".to_owned() }).await
    );
    assert!(finish(&db, "b", 1, done("ref\0")).await);
    assert_eq!(failed(&db).await[0].error, "bad ␀ byte, \\u0000 and 'quotes' \u{1F4A5}");
    keep_orphan(&db, "a", "x\0").await;
}

pub async fn a_stop_gives_back_what_was_not_sent(db: Db) {
    let mine = |key: &str| born_leased(step(key, publish(), now()), later(30));
    insert(&db, vec![mine("sent"), mine("unsent")]).await;
    assert!(mark_sent(&db, "sent", 1).await);
    let release = |worker: &'static str| writes!(db.store, |tx| tx.steps_release(worker, &[]).await);
    assert_eq!(release("second").await.expect("a release"), 0, "what others hold is theirs");
    assert_eq!(release("first").await.expect("a release"), 1);
    assert!(!finish(&db, "unsent", 1, done("late")).await, "it was given back");
    assert_eq!(keys(&claim(&db.store, "second", now(), 10).await), ["unsent"]);
}

/// A ring is marked by the commit that makes it: whoever takes it up where nobody began it looks first whether it rang.
pub async fn a_ring_that_nobody_began_is_given_back_and_looked_for(db: Db) {
    let leg = LegId::of(&handoff_id(1), 1);
    let ring = born_leased(step("ring", Effect::Ring { leg, rep: rep("ana") }, now()), later(30));
    assert!(ring.in_hand().expect("it is born leased").born_marked);
    insert(&db, vec![ring]).await;
    let released = writes!(db.store, |tx| tx.steps_release("first", &[]).await).await.expect("a release");
    assert_eq!(released, 1);
    let [again] = &claim(&db.store, "second", now(), 10).await[..] else { panic!("it is due") };
    assert!(again.sent_at.is_some() && !again.born_marked, "it may have rung: {again:?}");
    let kept = writes!(db.store, |tx| tx.steps_release("second", &[]).await).await.expect("a release");
    assert_eq!(kept, 0, "by now it may have been sent");
    let ring = Effect::Ring { leg: LegId::of(&handoff_id(1), 2), rep: rep("ana") };
    insert(&db, vec![born_leased(step("late", ring, now()), later(30))]).await;
    let held = vec![("late".to_owned(), 1)];
    writes!(db.store, [held], |tx| tx.steps_put_back(&held).await).await.expect("it is put back");
    assert_eq!(keys(&claim(&db.store, "third", now(), 10).await), ["late"], "nobody had a hand for it");
}

pub async fn the_backlog_is_measured(db: Db) {
    let empty = StepStats { due: 0, oldest_due_at: None, leased: 0, lapsed: 0 };
    assert_eq!(db.store.step_stats(now()).await.expect("stats"), empty);
    insert(
        &db,
        vec![
            step("due", publish(), later(-7)),
            step("due-later", publish(), later(-3)),
            step("future", publish(), later(1)),
            born_leased(step("held", publish(), now()), later(30)),
            born_leased(step("lapsed", publish(), now()), later(-1)),
        ],
    )
    .await;
    let expected = StepStats { due: 2, oldest_due_at: Some(later(-7)), leased: 2, lapsed: 1 };
    assert_eq!(db.store.step_stats(now()).await.expect("stats"), expected);
}
