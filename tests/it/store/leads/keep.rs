//! What has had its time goes, and nothing else does: made-up leads of different ages, on either engine.

mod pages;

pub use pages::{
    looking_reads_what_is_old, one_worker_at_a_time_has_the_right, transcripts_go_on_where_they_were,
    two_workers_let_nothing_go_twice, who_breaks_off_has_let_go_of_whole_pages,
};

use crate::store::corrections::insert;
use crate::store::server::{Db, ledgers};
use crate::store::tx::writes;
use crate::store::world::{later, lead_id, now};
use baton::app::replay::{ReplayVerdict, Which, replay};
use baton::app::watch::keep::{Keeper, Pace, Pruned};
use baton::config::{Keep, KeptFor};
use baton::store::{Arrival, AuditEntry, Changes, Handled, InboxMessage, Kept, LiveRelease};
use baton_clock::FakeClock;
use baton_core::domain::id::HandoffId;
use baton_core::rules::{SourceFile, release};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::sync::watch;

fn ago(days: i64) -> DateTime<Utc> {
    now() - TimeDelta::days(days)
}

fn days(days: u64) -> KeptFor {
    KeptFor::Span(Duration::from_secs(days * 86_400))
}

type Told = BTreeMap<&'static str, Pruned>;

async fn prune_as(db: &Db, worker: &str, keep: Keep, at: DateTime<Utc>) -> Told {
    let (store, worker) = (db.store.clone(), worker.to_owned());
    let keeper = Keeper { store, clock: FakeClock::new(at), keep, worker, pace: Pace::Full };
    let (_never, stop) = watch::channel(false);
    let mut told = Told::new();
    let tell = |kind: Kept, pruned: Pruned| {
        told.insert(kind.as_str(), pruned);
    };
    keeper.prune(&stop, tell).await.expect("it is let go");
    told
}

async fn prune(db: &Db, keep: Keep) -> Told {
    prune_as(db, "first", keep, now()).await
}

fn message(number: u32, at: DateTime<Utc>) -> InboxMessage {
    InboxMessage {
        key: format!("sandbox evt-{number}"),
        kind: "lead.qualified".to_owned(),
        body: format!("body of {number}").into_bytes(),
        received_at: at,
        reply_to: None,
        correlation_id: None,
        trace_context: None,
    }
}

/// The event that brought a lead, as long ago as it was decided.
async fn heard(db: &Db, number: u32, days: i64) {
    let messages = vec![message(number, ago(days))];
    writes!(db.store, [messages], |tx| tx.inbox_insert(&messages).await).await.expect("a message");
    let key = messages[0].key.clone();
    let handled = [Handled { key, answer: "{\"status\":\"decided\"}".to_owned(), lead_id: Some(lead_id(number)) }];
    let done = writes!(db.store, [handled], |tx| tx.change(&Changes { handled: &handled, ..Changes::default() }).await);
    done.await.expect("it is handled");
}

/// Puts all that happened to leads so long ago; `which`: of which.
async fn age(db: &Db, which: &str, days: i64) {
    let at = ago(days).timestamp_micros();
    let of = format!("IN (SELECT id FROM lead WHERE {which})");
    for sql in [
        format!("UPDATE decision SET decided_at = {at} WHERE lead_id {of}"),
        format!("UPDATE timeline SET at = {at} WHERE lead_id {of}"),
        format!(
            "UPDATE step SET state = 'done', ended_at = {at}, result = 'as asked', lease_owner = NULL, lease_until = NULL \
             WHERE lead_id {of}"
        ),
        format!("UPDATE lead SET decided_at = {at}, next_at = {at}, next_step = 'follow_up' WHERE {which}"),
    ] {
        db.execute(sql).await;
    }
}

async fn close(db: &Db, which: &str) {
    let of = format!("lead_id IN (SELECT id FROM lead WHERE {which})");
    db.execute(format!("UPDATE handoff SET stage = 'done', open_since = NULL, waits_since = NULL WHERE {of}")).await;
}

fn id_of(number: u32) -> String {
    format!("id = '{}'", lead_id(number))
}

async fn of_lead(db: &Db, table: &str, number: u32) -> i64 {
    db.number(format!("SELECT COUNT(*) FROM {table} WHERE lead_id = '{}'", lead_id(number))).await
}

/// A lead with its event and its turn, all so old.
async fn closed(db: &Db, number: u32, days: i64) {
    insert(db, number).await;
    heard(db, number, days).await;
    age(db, &id_of(number), days).await;
    close(db, &id_of(number)).await;
}

/// So many rows of a table that is about no lead, old and young.
async fn beside_leads(db: &Db) {
    let (old, young) = (ago(500).timestamp_micros(), ago(1).timestamp_micros());
    for (name, at) in [("old", old), ("young", young)] {
        for sql in [
            format!("INSERT INTO mirror_account (key, body, source, observed_at) VALUES ('{name}', '[]', 'crm', {at})"),
            format!("INSERT INTO orphan_result (effect_key, fence, at, result) VALUES ('{name}', 1, {at}, 'done')"),
            format!(
                "INSERT INTO webhook_delivery (id, webhook, event_id, topic, body, created_at, state, run_at, held, fence, \
                 attempts) VALUES ('{name}', 'crm', '{name}', 'lead.routed', '{{}}', {at}, 'failed', {at}, 0, 1, 3)"
            ),
        ] {
            db.execute(sql).await;
        }
    }
    let aside: Vec<InboxMessage> = [(901, 500), (902, 1), (903, 500), (904, 1)]
        .into_iter()
        .map(|(number, days)| message(number, ago(days)))
        .collect();
    writes!(db.store, [aside], |tx| tx.inbox_insert(&aside).await).await.expect("messages");
    db.execute(
        "UPDATE inbox SET state = 'quarantined', error = 'why' WHERE key LIKE '% evt-901' OR key LIKE '% evt-902'",
    )
    .await;
    db.execute("UPDATE inbox SET state = 'dropped', error = 'why' WHERE key LIKE '% evt-903' OR key LIKE '% evt-904'")
        .await;
}

pub async fn what_has_had_its_time_goes_and_only_that(db: Db) {
    for (number, days) in [(1, 20), (2, 100), (3, 500), (4, 500)] {
        closed(&db, number, days).await;
    }
    db.execute(format!("UPDATE handoff SET stage = 'needs_attention' WHERE lead_id = '{}'", lead_id(4))).await;
    beside_leads(&db).await;
    let call = |number: u32| format!("'call sandbox call-{number}', '{}'", lead_id(number));
    for key in [call(2), call(3), format!("'phone +442079460900', '{}'", lead_id(3))] {
        db.execute(format!("INSERT INTO call_key (key, lead_id) VALUES ({key})")).await;
    }
    let at = ago(450).timestamp_micros();
    db.execute(format!("INSERT INTO feedback (lead_id, rep, at, body) VALUES ('{}', 'ana', {at}, '{{}}')", lead_id(3)))
        .await;
    let (turns, steps) = (ledgers(&db.store).await, of_lead(&db, "step", 3).await);
    assert!(steps > 0);

    let gone = prune(&db, Keep::default()).await;
    let expected = [
        ("inbox", 3),
        ("quarantine", 1),
        ("dropped", 1),
        ("deliveries", 1),
        ("mirror", 1),
        ("transcripts", 2),
        ("late_results", 1),
        ("steps", steps as u64),
        ("leads", 1),
        ("events", 1),
    ];
    for (kind, count) in expected {
        assert_eq!(gone[kind], Pruned::Done(count), "{kind}: {gone:?}");
    }
    for table in ["decision", "handoff", "timeline", "step", "feedback"] {
        assert_eq!(of_lead(&db, table, 3).await, 0, "{table} of the lead that is gone");
    }
    // The names of events, whose bytes are gone, stay as long as their leads.
    let names = "SELECT COUNT(*) FROM inbox WHERE state = 'handled'";
    assert_eq!(db.number(names).await, 3);
    assert_eq!(db.number(format!("{names} AND octet_length(body) > 0")).await, 1, "of the youngest alone");
    assert_eq!(db.number("SELECT COUNT(*) FROM call_key WHERE key LIKE 'call %'").await, 1);
    assert_eq!(db.number("SELECT COUNT(*) FROM call_key WHERE key LIKE 'phone %'").await, 1, "others have the number");
    for (number, has_link) in [(1, true), (2, false), (4, true)] {
        let lead = db.store.lead(&lead_id(number)).await.expect("a read").expect("it is kept").lead;
        assert_eq!(lead.transcript_url.is_some(), has_link, "{number}");
    }
    for number in [1, 2, 4] {
        assert_eq!((of_lead(&db, "decision", number).await, of_lead(&db, "timeline", number).await), (1, 1));
        let file = db.store.lead_file(&HandoffId::of(&lead_id(number))).await.expect("a read");
        assert!(file.is_some(), "{number} is whole");
    }
    assert_eq!(
        db.number("SELECT COUNT(*) FROM step WHERE result IS NOT NULL").await,
        of_lead(&db, "step", 1).await * 2
    );

    assert_eq!(ledgers(&db.store).await, turns, "turns are sums: none of them goes");
    assert_eq!(of_lead(&db, "ledger_entry", 3).await, 1);
    let again = prune(&db, Keep::default()).await;
    assert!(again.values().all(|pruned| *pruned == Pruned::Done(0)), "{again:?}");

    // Once it is closed, the old one goes as well.
    close(&db, &id_of(4)).await;
    let gone = prune(&db, Keep::default()).await;
    assert_eq!((gone["later_transcripts"], gone["leads"]), (Pruned::Done(1), Pruned::Done(1)), "{gone:?}");
    assert_eq!(ledgers(&db.store).await, turns);
}

pub async fn a_lead_that_is_in_use_stays_however_old_it_is(db: Db) {
    for number in 1..=5 {
        closed(&db, number, 500).await;
    }
    let (yesterday, tomorrow) = (ago(1).timestamp_micros(), ago(-1).timestamp_micros());
    let first = lead_id(1);
    let second = lead_id(2);
    for sql in [
        format!("UPDATE timeline SET at = {yesterday} WHERE lead_id = '{first}'"),
        format!("INSERT INTO contact (lead_id, rep, at, via) VALUES ('{second}', 'ana', {yesterday}, 'crm')"),
        format!("UPDATE lead SET next_step = 'meeting', next_at = {tomorrow} WHERE {}", id_of(3)),
        format!(
            "UPDATE step SET state = 'due', run_at = {tomorrow}, ended_at = NULL WHERE effect_key = \
             (SELECT MIN(effect_key) FROM step WHERE lead_id = '{}')",
            lead_id(4)
        ),
    ] {
        assert_eq!(db.execute(sql.clone()).await, 1, "{sql}");
    }
    let gone = prune(&db, Keep { decisions: days(100), ..Keep::default() }).await;
    assert_eq!((gone["decisions"], gone["leads"]), (Pruned::Done(3), Pruned::Done(1)), "{gone:?}");
    assert_eq!(db.number("SELECT COUNT(*) FROM lead").await, 4);
    assert_eq!(db.number(format!("SELECT COUNT(*) FROM lead WHERE {}", id_of(5))).await, 0);
    for number in [1, 4] {
        let file = db.store.lead_file(&HandoffId::of(&lead_id(number))).await.expect("a read");
        assert!(file.is_some(), "{number}: what is still done for it needs its decision");
    }
}

pub async fn leads_that_somebody_closed_or_that_were_erased_go_as_well(db: Db) {
    for number in 1..=4 {
        closed(&db, number, 500).await;
    }
    let then = ago(450).timestamp_micros();
    for sql in [
        "UPDATE handoff SET stage = 'needs_attention'".to_owned(),
        "UPDATE lead SET next_step = 'needs_attention'".to_owned(),
        format!("UPDATE lead SET attention_closed_at = {then} WHERE {} OR {}", id_of(1), id_of(2)),
        // It came to need a person later than that, and so does the third one, which nobody has closed.
        format!("UPDATE lead SET next_at = {then} + 1 WHERE {}", id_of(2)),
        format!("UPDATE lead SET erased_at = {then} WHERE {}", id_of(4)),
    ] {
        db.execute(sql).await;
    }
    let gone = prune(&db, Keep::default()).await;
    assert_eq!(gone["leads"], Pruned::Done(2), "{gone:?}");
    assert_eq!(db.number(format!("SELECT COUNT(*) FROM lead WHERE {} OR {}", id_of(2), id_of(3))).await, 2);
}

fn readable(_: &[u8]) -> bool {
    false
}

pub async fn an_event_whose_bytes_are_gone_is_known_by_its_name(db: Db) {
    closed(&db, 1, 40).await;
    assert_eq!(prune(&db, Keep::default()).await["inbox"], Pruned::Done(1));
    let mut other = message(1, now());
    other.body = b"another body".to_vec();
    for again in [message(1, now()), other] {
        let again = vec![again];
        let known = writes!(db.store, [again], |tx| {
            let new = tx.inbox_insert(&again).await?;
            tx.inbox_known(&again, &new, readable).await
        });
        assert_eq!(known.await.expect("it is known"), [Arrival::Same]);
    }
    assert_eq!(db.store.inbox_answer("sandbox evt-1").await.expect("a read"), Some(String::new()));
    assert_eq!(db.number("SELECT COUNT(*) FROM inbox").await, 1);
    // Its lead goes, and its name with it.
    age(&db, &id_of(1), 500).await;
    db.execute(format!("UPDATE inbox SET received_at = {}", ago(500).timestamp_micros())).await;
    let gone = prune(&db, Keep::default()).await;
    assert_eq!((gone["leads"], gone["events"]), (Pruned::Done(1), Pruned::Done(1)));
}

pub async fn a_decision_that_is_no_longer_kept_says_so(db: Db) {
    closed(&db, 1, 500).await;
    closed(&db, 2, 10).await;
    let kept = Keep { leads: KeptFor::Forever, ..Keep::default() };
    let gone = prune(&db, kept).await;
    assert_eq!((gone["decisions"], gone.get("leads")), (Pruned::Done(1), None), "{gone:?}");
    let stored = db.store.decision_stored(lead_id(1).as_str()).await.expect("a read").expect("its row");
    assert!(!stored.is_kept());
    let mut verdicts = Vec::new();
    let which = Which::One(stored.id.clone());
    replay(&db.store, which, now(), |one| verdicts.push(one.verdict)).await.expect("a replay");
    assert_eq!(verdicts, [ReplayVerdict::NoLongerKept]);
    assert!(db.store.lead(&lead_id(1)).await.expect("a read").is_some(), "the lead itself is kept for ever");
    assert!(db.store.lead_file(&HandoffId::of(&lead_id(1))).await.expect("a read").is_none());
    assert!(db.store.lead_to_give(&lead_id(1)).await.expect("a read").is_none());
    assert_eq!(db.store.past_leads(&(ago(900), String::new()), 9).await.expect("a page").len(), 1);
    let rows = db.store.report_rows(ago(900), later(1)).await.expect("a report");
    assert_eq!(rows.len(), 2, "a lead whose decision is no longer kept counts on");
    let since: BTreeMap<Kept, DateTime<Utc>> = db.store.kept_since().await.expect("a read").into_iter().collect();
    assert_eq!(since[&Kept::Decisions], ago(400));
    assert!(!since.contains_key(&Kept::Leads) && !since.contains_key(&Kept::Quarantine), "{since:?}");
}

pub async fn a_release_stays_as_long_as_something_needs_it(db: Db) {
    let file = |path: &str, text: &str| SourceFile { path: path.to_owned(), text: text.to_owned() };
    let shared = file("rules/territories.csv", "thousands of rows");
    for (name, days) in [("old", 500), ("named", 500), ("young", 5)] {
        let files = vec![shared.clone(), file("rules/reps.csv", name)];
        let (id, worker) = (release(&files), name.to_owned());
        let live = LiveRelease { id, files, summary: String::new(), worker, at: ago(days) };
        writes!(db.store, [live], |tx| tx.release_live(&live).await).await.expect("it is stored");
    }
    closed(&db, 1, 10).await;
    let named = "(SELECT id FROM release WHERE first_worker = 'named')";
    assert_eq!(db.execute(format!("UPDATE decision SET release = {named}")).await, 1);
    let told = prune(&db, Keep::default()).await;
    assert_eq!(told["releases"], Pruned::Done(1), "{told:?}");
    assert_eq!(db.number("SELECT COUNT(*) FROM release WHERE first_worker = 'old'").await, 0);
    assert_eq!(db.number("SELECT COUNT(*) FROM release_file").await, 3, "what the others have stays");
    // What a worker has said it decides with has its whole time again.
    age(&db, &id_of(1), 500).await;
    let in_use = db.store.releases().await.expect("a list").into_iter().find(|one| one.first_worker == "named");
    let in_use = in_use.expect("it is there").id;
    writes!(db.store, [in_use], |tx| tx.release_in_use(&in_use, now()).await).await.expect("it is noted");
    let told = prune(&db, Keep::default()).await;
    assert_eq!((told["leads"], told["releases"]), (Pruned::Done(1), Pruned::Done(0)), "{told:?}");
}

/// What was written in the audit of a message, a step or a lead is kept as long as it; and so is what the sender kept in a trace.
pub async fn what_was_written_of_what_goes_goes_with_it(db: Db) {
    for (number, days) in [(1, 500), (2, 20), (3, 100)] {
        closed(&db, number, days).await;
    }
    beside_leads(&db).await;
    db.execute("UPDATE inbox SET trace_context = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 a=b'").await;
    let step = |number: u32| format!("SELECT MIN(effect_key) FROM step WHERE lead_id = '{}'", lead_id(number));
    let mut subjects: Vec<String> = [1, 2, 3].map(|number| lead_id(number).to_string()).to_vec();
    for sql in [step(1), step(2), step(3), "SELECT key FROM inbox WHERE key LIKE '% evt-%'".to_owned()] {
        let found: Result<Vec<String>, sqlx::Error> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(&db.raw).await;
        subjects.extend(found.expect("ids"));
    }
    assert_eq!(subjects.len(), 3 + 3 + 7);
    for subject in &subjects {
        let entry = AuditEntry::of("token desk", "attention.close", subject, Some("why it was closed"));
        writes!(db.store, [entry], |tx| tx.audit(&entry, now()).await).await.expect("an entry");
    }
    prune(&db, Keep::default()).await;
    let left = "SELECT subject FROM audit WHERE why IS NOT NULL AND salt IS NOT NULL";
    let left: Result<Vec<String>, sqlx::Error> = sqlx::query_scalar(left).fetch_all(&db.raw).await;
    let left: BTreeSet<String> = left.expect("subjects").into_iter().collect();
    let young = [1, 2, 4, 5].map(|at: usize| subjects[at].clone()).into_iter();
    let young = young.chain([2, 902, 904].map(|number| message(number, now()).key));
    assert_eq!(left, young.collect::<BTreeSet<String>>());
    assert_eq!(db.number("SELECT COUNT(*) FROM audit WHERE (why IS NULL) <> (salt IS NULL)").await, 0);
    assert_eq!(db.store.audit_verify(None).await.expect("the chain").broken, None, "the chain stays whole");
    let traced = "SELECT COUNT(*) FROM inbox WHERE trace_context IS NOT NULL AND octet_length(body) = 0";
    assert_eq!(db.number("SELECT COUNT(*) FROM inbox WHERE octet_length(body) = 0").await, 1);
    assert_eq!(db.number(traced).await, 0, "nothing of a trace is left where the bytes are gone");
    assert_eq!(db.number("SELECT COUNT(*) FROM inbox WHERE trace_context IS NOT NULL").await, 3);
}
