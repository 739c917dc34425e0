//! A delivery to a webhook is kept until it has an end, and has one maker at a time.

use super::server::{Db, at_once};
use super::tx::writes;
use super::world::{LEASE, later, now};
use baton::store::{
    DeliveryCounted, DeliveryEnd, DeliveryRow, DeliveryState, NewDelivery, TriedDelivery, WebhookStanding,
};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

const HOOK: &str = "crm-sync";

fn new(webhook: &str, event: &str, created_at: DateTime<Utc>) -> NewDelivery {
    NewDelivery {
        webhook: webhook.to_owned(),
        event_id: event.to_owned(),
        topic: "lead.routed",
        body: format!("{{\"id\":\"{event}\",\"note\":\"'ü' \\\\ \"}}"),
        created_at,
    }
}

async fn keep(db: &Db, deliveries: &[NewDelivery]) {
    let deliveries = deliveries.to_vec();
    writes!(db.store, [deliveries], |tx| tx.deliveries_insert(&deliveries).await).await.expect("they are kept");
}

async fn claim(db: &Db, at: DateTime<Utc>, limit: usize) -> Vec<DeliveryRow> {
    writes!(db.store, |tx| tx.deliveries_claim(at, HOOK, LEASE, limit).await).await.expect("a claim is answered")
}

fn events(rows: &[DeliveryRow]) -> BTreeSet<&str> {
    rows.iter().map(|row| row.event_id.as_str()).collect()
}

async fn end(db: &Db, row: &DeliveryRow, end: DeliveryEnd, outcome: &str, at: DateTime<Utc>) -> DeliveryCounted {
    let (id, webhook) = (row.id.clone(), HOOK.to_owned());
    let tried = TriedDelivery { id, webhook, fence: row.fence, outcome: outcome.to_owned(), end };
    writes!(db.store, [tried], |tx| tx.delivery_end(&tried, at).await).await.expect("an end is stored")
}

async fn standing(db: &Db) -> WebhookStanding {
    let mut all = db.store.webhooks_standing().await.expect("how they stand");
    all.remove(HOOK).expect("something is stored of it")
}

async fn enable(db: &Db, at: DateTime<Utc>) -> u64 {
    writes!(db.store, |tx| tx.webhook_enable(HOOK, at).await).await.expect("it is enabled")
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
    assert_eq!((first[0].fence, first[0].attempts, first[0].lease_until), (1, 1, later(30)));
    assert_eq!(claim(&db, later(29), 1).await.len(), 1, "the other one");
    assert!(claim(&db, later(29), 10).await.is_empty());
    // Its worker was killed.
    let again = claim(&db, later(30), 10).await;
    assert_eq!((events(&again), again[0].fence, again[0].attempts), (BTreeSet::from(["a"]), 2, 2));
    let zombie = end(&db, &first[0], DeliveryEnd::Delivered, "HTTP 200", later(31)).await;
    assert_eq!(zombie, DeliveryCounted::Lost, "another has it by now");
    let next = DeliveryEnd::Again { run_at: later(40) };
    assert_eq!(end(&db, &again[0], next, "HTTP 500", later(31)).await, DeliveryCounted::Counted);
    assert!(claim(&db, later(39), 10).await.is_empty(), "not before its time");
    let last = claim(&db, later(40), 10).await;
    assert_eq!(end(&db, &last[0], DeliveryEnd::Delivered, "HTTP 204", later(41)).await, DeliveryCounted::Counted);
    assert_eq!(end(&db, &last[0], DeliveryEnd::Delivered, "HTTP 204", later(42)).await, DeliveryCounted::Lost);
    let tried =
        "SELECT COUNT(*) FROM webhook_delivery WHERE state = 'delivered' AND attempts = 3 AND outcome = 'HTTP 204'";
    assert_eq!(db.number(tried).await, 1);
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
    let given_up = |nothing_since| DeliveryEnd::GivenUp { nothing_since, why: "nothing for days".to_owned() };
    keep(&db, &["a", "b", "c"].map(|event| new(HOOK, event, now()))).await;
    let held = claim(&db, now(), 10).await;
    let of = |event: &str| held.iter().find(|row| row.event_id == event).expect("it is held");
    assert_eq!(end(&db, of("a"), again(days(2)), "HTTP 500", now()).await, DeliveryCounted::Counted);
    assert_eq!(standing(&db).await.failing_since, Some(now()));
    assert_eq!(end(&db, of("b"), DeliveryEnd::Delivered, "HTTP 200", later(1)).await, DeliveryCounted::Counted);
    assert_eq!(standing(&db).await.failing_since, None, "it is well again");
    assert_eq!(end(&db, of("c"), again(days(4)), "HTTP 500", later(2)).await, DeliveryCounted::Counted);
    // Given up, but something was delivered less than three days before.
    let held = claim(&db, days(2), 10).await;
    assert_eq!(end(&db, &held[0], given_up(days(-1)), "HTTP 500", days(2)).await, DeliveryCounted::Counted);
    assert_eq!(standing(&db).await.disabled_at, None);
    let held = claim(&db, days(4), 10).await;
    assert_eq!(end(&db, &held[0], given_up(days(1)), "HTTP 500", days(4)).await, DeliveryCounted::Disabled);
    let stands = standing(&db).await;
    assert_eq!((stands.waiting, stands.delivered, stands.failed), (0, 1, 2));
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
    assert!(taken_up.iter().all(|row| row.attempts == 1), "from the first try on: {taken_up:?}");
}

pub async fn a_receiver_that_is_gone_is_sent_nothing_more(db: Db) {
    keep(&db, &["a", "b", "c"].map(|event| new(HOOK, event, now()))).await;
    let held = claim(&db, now(), 10).await;
    // Told by another worker, whose clock is ahead.
    let again = DeliveryEnd::Again { run_at: later(50) };
    assert_eq!(end(&db, &held[2], again, "HTTP 500", later(30)).await, DeliveryCounted::Counted);
    let gone = || DeliveryEnd::Gone { why: "HTTP 410".to_owned() };
    assert_eq!(end(&db, &held[0], gone(), "HTTP 410", later(1)).await, DeliveryCounted::Disabled);
    assert_eq!(
        end(&db, &held[1], gone(), "HTTP 410", later(2)).await,
        DeliveryCounted::Counted,
        "it is disabled already"
    );
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
    let given_up = DeliveryEnd::GivenUp { nothing_since: later(-9), why: String::new() };
    end(&db, of("failed"), given_up, "no answer within 15 s, said \0", later(6)).await;
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
