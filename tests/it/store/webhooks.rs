//! A delivery to a webhook is kept until it has an end, and has one maker at a time.

use super::server::{Db, at_once, tests};
use super::tx::writes;
use super::world::{LEASE, later, now, traced};
use baton::store::{
    AuditEntry, DeliveriesEnded, DeliveryEnd, DeliveryRow, DeliveryState, Failure, NewDelivery, TriedDelivery,
    WebhookStanding,
};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{AssertSqlSafe, Row};
use std::collections::BTreeSet;
use std::time::Duration;

const HOOK: &str = "crm-sync";

fn new(webhook: &str, event: &str, created_at: DateTime<Utc>) -> NewDelivery {
    NewDelivery {
        webhook: webhook.to_owned(),
        event_id: event.to_owned(),
        topic: "lead.routed",
        body: format!("{{\"id\":\"{event}\",\"note\":\"'ü' \\\\ \"}}"),
        created_at,
        trace_context: traced(),
    }
}

async fn keep(db: &Db, deliveries: &[NewDelivery]) {
    let deliveries = deliveries.to_vec();
    writes!(db.store, [deliveries], |tx| tx.deliveries_insert(&deliveries).await).await.expect("they are kept");
}

async fn claim(db: &Db, at: DateTime<Utc>, limit: usize) -> Vec<DeliveryRow> {
    let claimed = writes!(db.store, |tx| tx.deliveries_claim(at, HOOK, LEASE, limit).await).await;
    let claimed = claimed.expect("a claim is answered");
    assert!(claimed.iter().all(|row| row.trace_context == traced()), "{claimed:?}");
    claimed
}

fn events(rows: &[DeliveryRow]) -> BTreeSet<&str> {
    rows.iter().map(|row| row.event_id.as_str()).collect()
}

/// It was well if it was delivered; otherwise nothing was for three days before it.
fn tried(row: &DeliveryRow, end: DeliveryEnd, outcome: &str, at: DateTime<Utc>) -> TriedDelivery {
    let nothing_since = Some(at - TimeDelta::days(3));
    let fails = Failure { rests_until: None, nothing_since, why: "nothing for days".to_owned() };
    let fails = (end != DeliveryEnd::Delivered).then_some(fails);
    TriedDelivery { id: row.id.clone(), fence: row.fence, at, outcome: outcome.to_owned(), end, fails }
}

/// In one commit.
async fn end_all(db: &Db, tried: Vec<TriedDelivery>, at: DateTime<Utc>) -> DeliveriesEnded {
    writes!(db.store, [tried], |tx| tx.deliveries_end(HOOK, &tried, at).await).await.expect("ends are stored")
}

async fn end(db: &Db, row: &DeliveryRow, end: DeliveryEnd, outcome: &str, at: DateTime<Utc>) -> DeliveriesEnded {
    end_all(db, vec![tried(row, end, outcome, at)], at).await
}

fn counted() -> DeliveriesEnded {
    DeliveriesEnded::default()
}

fn disabled() -> DeliveriesEnded {
    DeliveriesEnded { lost: Vec::new(), disabled: true }
}

fn lost(id: &str) -> DeliveriesEnded {
    DeliveriesEnded { lost: vec![id.to_owned()], disabled: false }
}

async fn give_back(db: &Db, rows: &[DeliveryRow]) {
    let unbegun: Vec<(String, i64)> = rows.iter().map(|row| (row.id.clone(), row.fence)).collect();
    writes!(db.store, [unbegun], |tx| tx.deliveries_give_back(&unbegun).await).await.expect("they are given back");
}

async fn standing(db: &Db) -> WebhookStanding {
    let mut all = db.store.webhooks_standing().await.expect("how they stand");
    all.remove(HOOK).expect("something is stored of it")
}

async fn enable(db: &Db, at: DateTime<Utc>) -> u64 {
    let entry = AuditEntry::of("cli test", "webhook.enable", HOOK, None);
    db.store.webhook_enable(HOOK, &entry, at).await.expect("it is enabled")
}

pub async fn an_event_is_kept_once_for_each_webhook(db: Db) {
    let two = [new(HOOK, "a.1", now()), new("other", "a.1", now())];
    keep(&db, &two).await;
    let held = claim(&db, now(), 10).await;
    assert_eq!(events(&held), BTreeSet::from(["a.1"]));
    assert_eq!((held[0].id.as_str(), held[0].body.as_str()), ("crm-sync/a.1", two[0].body.as_str()), "byte for byte");
    // Its step came again.
    keep(&db, &[NewDelivery { created_at: later(60), ..two[0].clone() }]).await;
    assert_eq!(db.number("SELECT COUNT(*) FROM webhook_delivery").await, 2);
    assert!(claim(&db, later(1), 10).await.is_empty(), "it is in somebody's hands as before");
}

pub async fn a_try_has_one_maker_and_a_dead_ones_comes_back(db: Db) {
    keep(&db, &[new(HOOK, "a", now()), new(HOOK, "b", later(1)), new("other", "c", now())]).await;
    let first = claim(&db, now(), 10).await;
    assert_eq!(events(&first), BTreeSet::from(["a"]), "its own, and when they are due");
    assert_eq!((first[0].fence, first[0].attempts, first[0].lease_until), (1, 0, later(30)));
    assert_eq!(claim(&db, later(29), 1).await.len(), 1, "the other one");
    assert!(claim(&db, later(29), 10).await.is_empty());
    // Its worker was killed.
    let again = claim(&db, later(30), 10).await;
    assert_eq!((events(&again), again[0].fence), (BTreeSet::from(["a"]), 2));
    assert_eq!((again[0].attempts, again[0].lost), (0, 1), "nobody knows what became of that try: it is none");
    let zombie = end(&db, &first[0], DeliveryEnd::Delivered, "HTTP 200", later(31)).await;
    assert_eq!(zombie, lost("crm-sync/a"), "another has it by now");
    let next = DeliveryEnd::Again { run_at: later(40) };
    assert_eq!(end(&db, &again[0], next, "HTTP 500", later(31)).await, counted());
    assert!(claim(&db, later(39), 10).await.is_empty(), "not before its time");
    let last = claim(&db, later(40), 10).await;
    assert_eq!((last[0].attempts, last[0].lost), (1, 0), "whoever has died with it did not die of it");
    assert_eq!(end(&db, &last[0], DeliveryEnd::Delivered, "HTTP 204", later(41)).await, counted());
    assert_eq!(end(&db, &last[0], DeliveryEnd::Delivered, "HTTP 204", later(42)).await, lost("crm-sync/a"));
    let tried =
        "SELECT COUNT(*) FROM webhook_delivery WHERE state = 'delivered' AND attempts = 2 AND outcome = 'HTTP 204'";
    assert_eq!(db.number(tried).await, 1);
}

pub async fn many_tries_end_in_one_commit_each_by_its_own_fence(db: Db) {
    keep(&db, &["a", "b", "c", "d", "e"].map(|event| new(HOOK, event, now()))).await;
    let mut held = claim(&db, now(), 10).await;
    held.sort_by(|a, b| a.id.cmp(&b.id));
    let [a, b, c, d, e] = &held[..] else { panic!("{held:?}") };
    let zombie = DeliveryRow { fence: 7, ..c.clone() };
    let ends = vec![
        tried(a, DeliveryEnd::Delivered, "HTTP 200", later(1)),
        tried(b, DeliveryEnd::Again { run_at: later(90) }, "HTTP 500", later(2)),
        tried(&zombie, DeliveryEnd::Delivered, "HTTP 200", later(2)),
        tried(d, DeliveryEnd::GivenUp, "HTTP 500", later(3)),
    ];
    assert_eq!(end_all(&db, ends, later(4)).await, lost("crm-sync/c"));
    give_back(&db, &[e.clone(), zombie]).await;
    let states = "SELECT COUNT(*) FROM webhook_delivery WHERE (event_id = 'a' AND state = 'delivered' AND ended_at IS NOT NULL) \
                  OR (event_id = 'b' AND state = 'open' AND held = 0 AND attempts = 1 AND ended_at IS NULL) \
                  OR (event_id = 'c' AND state = 'open' AND held = 1 AND attempts = 0) \
                  OR (event_id = 'd' AND state = 'failed' AND attempts = 1)";
    assert_eq!(db.number(states).await, 4);
    assert_eq!(standing(&db).await.failing_since, Some(later(2)), "one was delivered, and others failed beside it");
    let again = claim(&db, later(5), 10).await;
    assert_eq!((events(&again), again[0].attempts, again[0].lost), (BTreeSet::from(["e"]), 0, 0), "as if never taken");
}

pub async fn a_receiver_that_rests_is_sent_nothing_and_no_try_is_counted(db: Db) {
    keep(&db, &["a", "b", "c"].map(|event| new(HOOK, event, now()))).await;
    keep(&db, &[new("other", "a", now())]).await;
    let held = claim(&db, now(), 1).await;
    let mut rests = tried(&held[0], DeliveryEnd::Again { run_at: later(600) }, "HTTP 429", later(1));
    rests.fails = rests.fails.map(|fails| Failure { rests_until: Some(later(300)), ..fails });
    assert_eq!(end_all(&db, vec![rests], later(1)).await, counted());
    assert!(claim(&db, later(299), 10).await.is_empty());
    assert_eq!(standing(&db).await.rests_until, Some(later(300)));
    let other = writes!(db.store, |tx| tx.deliveries_claim(later(1), "other", LEASE, 10).await);
    assert_eq!(other.await.expect("a claim is answered").len(), 1, "it is one receiver's wish");
    let after = claim(&db, later(300), 10).await;
    assert_eq!(after.len(), 2, "the one that was answered waits for its own time");
    assert!(after.iter().all(|row| (row.attempts, row.lost) == (0, 0)), "{after:?}");
    // A person does not wait.
    let rest = "UPDATE webhook SET rests_until = 9000000000000000 WHERE name = 'crm-sync'";
    assert_eq!(db.execute(rest).await, 1);
    assert!(claim(&db, later(600), 10).await.is_empty());
    assert_eq!(enable(&db, later(601)).await, 3);
    assert_eq!(claim(&db, later(601), 10).await.len(), 3);
}

pub async fn two_workers_never_make_one_try(db: Db) {
    let all: Vec<NewDelivery> = (0..60).map(|number| new(HOOK, &format!("e{number}"), now())).collect();
    keep(&db, &all).await;
    let claims = at_once(&db, 0..12, |db, _| async move { claim(&db, now(), 7).await }).await;
    let mut held: Vec<String> = claims.iter().flatten().map(|row| row.id.clone()).collect();
    assert!(claims.iter().all(|claim| claim.len() <= 7), "no more than was asked for");
    let count = held.len();
    held.sort();
    held.dedup();
    assert_eq!(held.len(), count, "each is in one hand");
    // What a claim passed over, since another was at it, is there for the next.
    let rest = claim(&db, now(), 60).await.len();
    assert_eq!(count + rest, 60);
}

pub async fn a_webhook_to_which_nothing_was_delivered_is_disabled_and_enabled_again(db: Db) {
    let days = |days: i64| later(days * 24 * 3600);
    let again = |at| DeliveryEnd::Again { run_at: at };
    keep(&db, &["a", "b", "c"].map(|event| new(HOOK, event, now()))).await;
    let held = claim(&db, now(), 10).await;
    let of = |event: &str| held.iter().find(|row| row.event_id == event).expect("it is held");
    assert_eq!(end(&db, of("a"), again(days(2)), "HTTP 500", now()).await, counted());
    assert_eq!(standing(&db).await.failing_since, Some(now()));
    assert_eq!(end(&db, of("b"), DeliveryEnd::Delivered, "HTTP 200", later(1)).await, counted());
    assert_eq!(standing(&db).await.failing_since, None, "it is well again");
    assert_eq!(end(&db, of("c"), again(days(4)), "HTTP 500", later(2)).await, counted());
    // Given up, but it has been failing for less than three days.
    let held = claim(&db, days(2), 10).await;
    assert_eq!(end(&db, &held[0], DeliveryEnd::GivenUp, "HTTP 500", days(2)).await, counted());
    assert_eq!(standing(&db).await.disabled_at, None);
    // By now it has, and the try that tells is not even the last one.
    let held = claim(&db, days(4), 10).await;
    assert_eq!(end(&db, &held[0], again(days(5)), "HTTP 500", days(4)).await, disabled());
    let stands = standing(&db).await;
    assert_eq!((stands.waiting, stands.delivered, stands.failed), (1, 1, 1));
    assert_eq!((stands.disabled_at, stands.disabled_why.as_deref()), (Some(days(4)), Some("nothing for days")));
    assert_eq!(stands.delivered_at, Some(later(1)));
    // What comes meanwhile is kept.
    keep(&db, &[new(HOOK, "d", days(4))]).await;
    assert!(claim(&db, days(5), 10).await.is_empty());
    let listed = writes!(db.store, |tx| tx.webhooks_disabled(10).await).await.expect("a list");
    assert_eq!(listed.iter().map(|one| (one.name.as_str(), one.undelivered)).collect::<Vec<_>>(), [(HOOK, 3)]);
    assert_eq!(db.store.attention_counts().await.expect("counts").webhooks, 1);
    assert_eq!(enable(&db, days(5)).await, 3);
    assert_eq!(db.store.attention_counts().await.expect("counts").webhooks, 0);
    let taken_up = claim(&db, days(5), 10).await;
    assert_eq!(events(&taken_up), BTreeSet::from(["a", "c", "d"]));
    assert!(taken_up.iter().all(|row| row.attempts == 0), "from the first try on: {taken_up:?}");
}

pub async fn a_receiver_that_is_gone_is_sent_nothing_more(db: Db) {
    keep(&db, &["a", "b", "c"].map(|event| new(HOOK, event, now()))).await;
    let held = claim(&db, now(), 10).await;
    // Told by another worker, whose clock is ahead.
    let again = DeliveryEnd::Again { run_at: later(50) };
    assert_eq!(end(&db, &held[2], again, "HTTP 500", later(30)).await, counted());
    let gone = |row: &DeliveryRow, at| {
        let fails = Failure { rests_until: None, nothing_since: None, why: "HTTP 410".to_owned() };
        TriedDelivery { fails: Some(fails), ..tried(row, DeliveryEnd::Again { run_at: at }, "HTTP 410", at) }
    };
    assert_eq!(end_all(&db, vec![gone(&held[0], later(1))], later(1)).await, disabled());
    assert_eq!(end_all(&db, vec![gone(&held[1], later(2))], later(2)).await, counted(), "it is disabled already");
    assert!(claim(&db, later(60), 10).await.is_empty());
    let stands = standing(&db).await;
    assert_eq!((stands.waiting, stands.failed, stands.disabled_at), (3, 0, Some(later(1))), "nothing is lost");
    // One that is under way when it is enabled is left to whoever has it.
    assert_eq!(enable(&db, later(60)).await, 3);
    assert_eq!(claim(&db, later(60), 1).await.len(), 1);
    assert_eq!(enable(&db, later(61)).await, 2);
    assert_eq!(claim(&db, later(61), 10).await.len(), 2);
}

pub async fn the_log_says_what_became_of_each_delivery(db: Db) {
    let kept = ["waits", "failed", "done", "held"];
    keep(&db, &std::array::from_fn::<_, 4, _>(|at| new(HOOK, kept[at], later(at as i64)))).await;
    let held = claim(&db, later(3), 10).await;
    let of = |event: &str| held.iter().find(|row| row.event_id == event).expect("it is held");
    end(&db, of("waits"), DeliveryEnd::Again { run_at: later(300) }, "HTTP 503", later(5)).await;
    end(&db, of("failed"), DeliveryEnd::GivenUp, "no answer within 15 s, said \0", later(6)).await;
    end(&db, of("done"), DeliveryEnd::Delivered, "HTTP 200", later(7)).await;
    let log = db.store.deliveries_log(HOOK, false, 10).await.expect("the log");
    let told: Vec<_> = log.iter().map(|line| (line.id.as_str(), line.state, line.tried_at, line.next_at)).collect();
    let expected = [
        ("crm-sync/held", DeliveryState::UnderWay, None, None),
        ("crm-sync/done", DeliveryState::Delivered, Some(later(7)), None),
        ("crm-sync/failed", DeliveryState::Failed, Some(later(6)), None),
        ("crm-sync/waits", DeliveryState::Waiting, Some(later(5)), Some(later(300))),
    ];
    assert_eq!(told, expected, "the newest first");
    assert_eq!(log[2].outcome.as_deref(), Some("no answer within 15 s, said ␀"));
    let failed = db.store.deliveries_log(HOOK, true, 10).await.expect("the log");
    let ids: Vec<_> = failed.iter().map(|line| line.id.as_str()).collect();
    assert_eq!(ids, ["crm-sync/failed", "crm-sync/waits"]);
    assert_eq!(db.store.deliveries_log(HOOK, false, 1).await.expect("the log").len(), 1);
    let retry = |id: &'static str| writes!(db.store, |tx| tx.delivery_retry(id, later(8)).await);
    assert!(retry("crm-sync/done").await.expect("it is asked"), "whatever became of it");
    assert!(!retry("crm-sync/held").await.expect("it is asked"), "somebody is at it");
    assert!(!retry("crm-sync/nothing").await.expect("it is asked"));
    assert_eq!(events(&claim(&db, later(8), 10).await), BTreeSet::from(["done"]));
}

pub async fn what_was_kept_long_enough_is_forgotten(db: Db) {
    keep(&db, &[new(HOOK, "old", now()), new(HOOK, "done", now()), new(HOOK, "young", later(50))]).await;
    let held = claim(&db, now(), 10).await;
    let done = held.iter().find(|row| row.event_id == "done").expect("it is held");
    end(&db, done, DeliveryEnd::Delivered, "HTTP 200", later(1)).await;
    let forget = |delivered_before: DateTime<Utc>, any_before: DateTime<Utc>| {
        writes!(db.store, |tx| tx.deliveries_forget(delivered_before, any_before, 10).await)
    };
    assert_eq!(forget(later(-1), later(-1)).await.expect("it is tidied"), 0);
    assert_eq!(forget(later(10), later(-1)).await.expect("it is tidied"), 1, "what was delivered goes first");
    assert_eq!(forget(later(20), later(10)).await.expect("it is tidied"), 1);
    let left = db.store.deliveries_log(HOOK, false, 10).await.expect("the log");
    assert_eq!(left.iter().map(|line| line.id.as_str()).collect::<Vec<_>>(), ["crm-sync/young"]);
}

/// More than a page of them, all of one instant.
pub async fn a_backlog_is_taken_up_to_the_last(db: Db) {
    fill(&db, "failed", 2_500, now()).await;
    assert_eq!(enable(&db, later(9)).await, 2_500);
    let due = "SELECT COUNT(*) FROM webhook_delivery WHERE state = 'open' AND held = 0 AND attempts = 0";
    assert_eq!(db.number(due).await, 2_500);
}

/// So many, by way around the store.
async fn fill(db: &Db, state: &str, count: u32, at: DateTime<Utc>) {
    let at = at.timestamp_micros();
    let sql = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) \
         INSERT INTO webhook_delivery (id, webhook, event_id, topic, body, created_at, state, run_at, held, fence, attempts) \
         SELECT '{HOOK}/{state}-' || i, '{HOOK}', '{state}-' || i, 'lead.routed', '{{}}', {at}, '{state}', {at}, 0, 1, 12 FROM n"
    );
    assert_eq!(db.execute(sql).await, u64::from(count));
}

const KEPT: u32 = 60_000;

/// However much is kept that is neither delivered nor old.
pub async fn tidying_reads_what_it_forgets(db: Db) {
    fill(&db, "failed", KEPT, now()).await;
    let before = entries_read(&db).await;
    for _ in 0..5 {
        let forget = writes!(db.store, |tx| tx.deliveries_forget(later(9), later(-9), 1000).await);
        assert_eq!(forget.await.expect("it is tidied"), 0);
    }
    let read = entries_read(&db).await - before;
    assert!(read < 1_000, "nothing is old enough, and {read} entries were read");
}

/// However much was delivered.
pub async fn enabling_reads_what_it_takes_up(db: Db) {
    fill(&db, "delivered", KEPT, now()).await;
    let before = entries_read(&db).await;
    for _ in 0..5 {
        assert_eq!(enable(&db, later(9)).await, 0);
    }
    let read = entries_read(&db).await - before;
    assert!(read < 1_000, "all is delivered, and {read} entries were read");
}

/// Of deliveries, as the server counts them: a session tells at the end of a transaction, once a second.
async fn entries_read(db: &Db) -> i64 {
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert!(claim(db, later(-100_000), 1).await.is_empty());
    db.number(
        "SELECT (SELECT SUM(idx_tup_read) FROM pg_stat_user_indexes WHERE relname = 'webhook_delivery')::bigint \
         + (SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'webhook_delivery')::bigint",
    )
    .await
}

/// SQLite counts nothing of that, and says how it would go about it.
async fn sqlite_finds_what_is_old_and_what_is_undelivered(db: Db) {
    for (sql, index) in [
        ("state = 'delivered' AND created_at <= 1 ORDER BY created_at", "webhook_delivery_delivered (created_at<?)"),
        (
            "webhook = 'crm-sync' AND state <> 'delivered' AND (created_at, id) > (1, 'a') ORDER BY created_at, id",
            "webhook_delivery_undelivered (webhook=? AND (created_at,id)>(?,?))",
        ),
    ] {
        let sql = format!("EXPLAIN QUERY PLAN SELECT id FROM webhook_delivery WHERE {sql} LIMIT 9");
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&db.raw).await.expect("a plan");
        let plan: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
        assert!(plan.len() == 1 && plan[0].ends_with(index), "{plan:?}");
    }
}

tests! {
    what_is_old_and_what_is_undelivered_is_found: on_sqlite(sqlite_finds_what_is_old_and_what_is_undelivered),
}
