//! Decisions made again from what was stored: to the same bytes, on both engines, whatever else went on while they were made.

use super::simulation;
use crate::eventually::eventually;
use crate::program::{root, rule_files};
use crate::store::server::{Db, tests};
use crate::store::tx::writes;
use crate::store::world::begun;
use crate::town;
use baton::app::replay::{ReplayVerdict, Replayed, Which, replay};
use baton::store::{Changes, DecidedLead, LiveRelease, Store};
use baton_clock::{SharedClock, SystemClock};
use baton_core::domain::lead::Lead;
use baton_core::routing::decision::CandidateVerdict;
use baton_core::routing::reason::{NotKnown, PlanReason};
use baton_core::routing::scenario::{row, scenario};
use baton_core::routing::{Snapshot, decide, versions};
use baton_core::rules::compile;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;

/// Worlds of the simulation whose decisions are stored and made again; each has twenty leads.
const WORLDS: u64 = 20;

pub async fn all(store: &Store) -> Vec<Replayed> {
    let mut all = Vec::new();
    let now = "2100-01-01T00:00:00Z".parse().expect("an instant");
    replay(store, Which::Since(DateTime::<Utc>::UNIX_EPOCH), now, |one| all.push(one)).await.expect("a replay");
    all
}

pub fn not_the_same(all: &[Replayed]) -> Vec<&Replayed> {
    all.iter().filter(|one| one.verdict != ReplayVerdict::Same).collect()
}

tests! {
    the_simulations_decisions_replay_on_sqlite: on_sqlite(simulated),
    the_simulations_decisions_replay_on_postgres: on_postgres(simulated),
    what_a_worker_decided_replays_on_sqlite: on_sqlite(|db| worked(db, 1)),
    what_two_workers_decided_at_once_replays_on_postgres: on_postgres(|db| worked(db, 2)),
}

async fn simulated(db: Db) {
    let (rules, decided) = simulation::decisions(50_000..50_000 + WORLDS);
    let release = LiveRelease {
        id: rules.release.clone(),
        files: rule_files(&root().join("rules")),
        summary: String::new(),
        worker: "first".to_owned(),
        at: decided[0].2.decided_at,
    };
    let begun = decided.into_iter().map(|(lead, snapshot, decision)| begun(lead, snapshot, decision, &rules));
    let leads: Arc<Vec<DecidedLead>> = Arc::new(begun.collect());
    let stored = writes!(db.store, [leads, release], |tx| {
        tx.release_live(&release).await?;
        tx.change(&Changes { decided: &leads, ..Changes::default() }).await
    });
    stored.await.expect("the decisions are stored");
    let all = all(&db.store).await;
    assert_eq!(all.len(), leads.len());
    assert_eq!(not_the_same(&all), Vec::<&Replayed>::new());
}

/// Two of them give turns in the same pools: what each reads is what it stores, also when the other was first.
async fn worked(db: Db, workers: usize) {
    const LEADS: usize = 60;
    let folder = town::founded(4);
    let clock: SharedClock = Arc::new(SystemClock);
    let running = town::workers(workers, folder.path(), &db.store, &clock).await;
    // Each event at two doors: one of them decides it.
    let all_sent = (0..LEADS * 2).map(|number| {
        let (decider, clock) = (Arc::clone(&running[number % workers].decider), &clock);
        async move { decider.take(vec![town::message(number / 2, clock.now())]).await.expect("it is taken") }
    });
    futures_util::future::join_all(all_sent).await;
    let decided = "SELECT COUNT(*) FROM decision";
    eventually("every lead is decided", || async { db.number(decided).await >= LEADS as i64 }).await;
    let made = all(&db.store).await;
    assert_eq!(made.len(), LEADS);
    assert_eq!(not_the_same(&made), Vec::<&Replayed>::new());
    assert_eq!(db.number("SELECT COUNT(DISTINCT release) FROM decision").await, 1);
    let turns = "SELECT COUNT(*) FROM ledger_entry";
    assert_eq!(db.number(turns).await, LEADS as i64, "every lead cost a turn: the ledgers were fought for");

    // A replay that could not fail would prove nothing: a stored word is changed, a fact, and a release is lost.
    let [first, second, third] = [0, 1, 2].map(|at| made[at].decision.clone());
    let spoil = |column: &str, from: &str, to: &str, id: &str| {
        format!("UPDATE decision SET {column} = REPLACE({column}, '{from}', '{to}') WHERE id = '{id}'")
    };
    db.execute(spoil("body", "\"degraded\":[", "\"degraded\":[\"made up\"", &first)).await;
    db.execute(spoil("snapshot", "\"ledgers\":", "\"lodgers\":", &second)).await;
    db.execute(format!("UPDATE decision SET release = '{}' WHERE id = '{third}'", "0".repeat(64))).await;
    let spoilt = all(&db.store).await;
    let verdict = |id: &str| spoilt.iter().find(|one| one.decision == id).map(|one| one.verdict.clone());
    let expected =
        ReplayVerdict::Differs { path: "$.degraded[0]".to_owned(), stored: json!("made up"), now: json!(null) };
    assert_eq!(verdict(&first), Some(expected));
    for (id, word) in [(&second, "the stored facts are unreadable: missing field `ledgers`"), (&third, "is not kept")] {
        let Some(ReplayVerdict::Impossible { why }) = verdict(id) else { panic!("{:?}", verdict(id)) };
        assert!(why.contains(word), "{why}");
    }
    assert_eq!(not_the_same(&spoilt).len(), 3);
    for worker in running {
        worker.stop().await;
    }
}

/// What version 1 wrote is read for as long as decisions are kept, and nothing of it is dropped.
#[test]
fn decisions_stored_by_version_1_stay_readable() {
    let read = |name: &str| std::fs::read_to_string(stored_by_version_1().join(name)).expect("a stored sample");
    let lead: Lead = serde_json::from_str(&read("lead.json")).expect("the lead is readable");
    let snapshot: Snapshot = serde_json::from_str(&read("snapshot.json")).expect("the snapshot is readable");
    let decision = versions::read(&read("decision.json")).expect("the decision is readable");
    assert_eq!((decision.version, &decision.lead_id, decision.decided_at), (2, &lead.id, snapshot.now));
    assert!(decision.turn.is_some() && !snapshot.ledgers.is_empty() && !snapshot.reps.is_empty());
    // Every value stands where it stood. New keys may stand beside it, and a sentence is one that was told.
    let again = [
        ("lead.json", serde_json::to_value(&lead)),
        ("snapshot.json", serde_json::to_value(&snapshot)),
        ("decision.json", serde_json::to_value(&decision)),
    ];
    for (name, again) in again {
        let mut stored: Value = serde_json::from_str(&read(name)).expect("JSON");
        if stored["version"] == 1 {
            stored["version"] = 2.into();
        }
        kept(name, &stored, &again.expect("JSON"));
    }
}

/// The reason was a sentence for longer than the pools were told in sentences.
#[test]
fn what_is_told_of_leads_that_were_decided_again_stays_readable() {
    let read = |name: &str| {
        let path = root().join("fixtures/stored/decided_again").join(name);
        versions::read_again(&std::fs::read_to_string(path).expect("a sample")).expect(name)
    };
    let sentence = "first of 1 who may take it in west (serves West)";
    for name in ["1-sentences.json", "2-reason-a-sentence.json"] {
        let again = read(name);
        assert_eq!(again.reason, PlanReason::Told { words: sentence.to_owned() }, "{name}");
        assert_eq!((again.taken.as_ref(), again.in_words().as_str()), (None, sentence), "{name}");
        assert_eq!((again.owner.as_str(), again.pools[0].because.in_words().as_str()), ("west-01", "serves West"));
        assert_eq!(again.pools[0].candidates.len(), 2, "{name}");
    }
    let again = read("3-values.json");
    assert_eq!(again.in_words(), format!("west-02 is not active any more: {sentence}"));
    let stored = serde_json::to_string(&again).expect("JSON");
    assert!(!stored.contains("first of") && !stored.contains("not active any more"), "{stored}");
    assert_eq!(versions::read_again(&stored).expect("today's form"), again);
}

/// They are decided again as they were; another sentence is no difference, another fact is one.
#[test]
fn decisions_of_version_1_replay() {
    let folder = stored_by_version_1().join("decided");
    let mut rules = compile(&rule_files(&folder.join("rules"))).expect("rules that load").rules;
    for name in ["two-rows-fit.json", "overflow.json"] {
        let stored: Value =
            serde_json::from_str(&std::fs::read_to_string(folder.join(name)).expect("a sample")).expect("JSON");
        let read = |part: &str| stored[part].to_string();
        let lead: Lead = serde_json::from_str(&read("lead")).expect("the lead is readable");
        let snapshot: Snapshot = serde_json::from_str(&read("snapshot")).expect("the snapshot is readable");
        // Its release counted the templates too.
        rules.release = serde_json::from_value(stored["decision"]["release"].clone()).expect("a release");
        let made = decide(&lead, &snapshot, &rules);
        let sides =
            |stored: &str| versions::comparable(stored, &made).expect("a decision").expect("of an earlier version");
        let (before, now) = sides(&read("decision"));
        assert_eq!(before, now, "{name}");
        let mut other = stored["decision"].clone();
        other["plan"]["reason"] = "in other words".into();
        other["trace"]["pools"][0]["because"] = "for the sake of it".into();
        let (before, now) = sides(&other.to_string());
        assert_eq!(before, now, "{name}: a sentence");
        other["trace"]["pools"][0]["pool"] = "elsewhere".into();
        let (before, now) = sides(&other.to_string());
        assert_ne!(before, now, "{name}: a fact");
        let told = versions::read(&other.to_string()).expect("a decision").plan.reason;
        assert_eq!(told.in_words(), "in other words");
    }
}

/// What is stored holds no sentence that a person reads, so that none can change what a replay says.
#[test]
fn a_sentence_is_no_part_of_a_stored_decision() {
    let world = scenario().territory(row(4, "Rest")).away("ben").calendar_unknown("cy");
    for decision in [scenario().decide(), world.decide(), scenario().on_leave("ben").decide()] {
        let stored = serde_json::to_string(&decision).expect("a decision");
        let (plan, trace) = (&decision.plan, &decision.trace);
        let mut sentences = vec![plan.reason.in_words()];
        sentences.extend(decision.degraded.iter().map(NotKnown::in_words));
        sentences.extend(trace.pools.iter().map(|pool| pool.because.in_words()));
        sentences.extend(trace.territory.others.iter().map(|row| row.by.in_words()));
        sentences.extend(trace.pools.iter().flat_map(|pool| &pool.candidates).filter_map(|one| match &one.verdict {
            CandidateVerdict::Eligible { because, .. } => Some(because.in_words()),
            CandidateVerdict::Rejected { .. } => None,
        }));
        assert!(sentences.len() >= 3, "{sentences:?}");
        for sentence in sentences.iter().filter(|sentence| sentence.contains(' ')) {
            assert!(!stored.contains(sentence.as_str()), "{sentence} stands in {stored}");
        }
        assert_eq!(versions::read(&stored).expect("today's version"), decision);
    }
}

fn stored_by_version_1() -> PathBuf {
    root().join("fixtures/stored/v1")
}

fn kept(path: &str, stored: &Value, again: &Value) {
    match stored {
        Value::Object(keys) => keys.iter().for_each(|(key, value)| kept(&format!("{path}.{key}"), value, &again[key])),
        Value::Array(items) => {
            assert_eq!(Some(items.len()), again.as_array().map(Vec::len), "{path}");
            items.iter().enumerate().for_each(|(at, value)| kept(&format!("{path}[{at}]"), value, &again[at]));
        }
        // What a rep has none of is not written any more.
        value if again.is_null() && path.starts_with("snapshot.json.reps.") => {
            assert!(value == &json!(0) || value == "unset" || value.is_null(), "{path}: {value}");
        }
        Value::String(words) if again.is_object() => assert!(again.to_string().contains(words.as_str()), "{path}"),
        value => assert_eq!(value, again, "{path}"),
    }
}
