//! What came in is there once, byte for byte, until it is handled or put aside.

use super::server::{Db, at_once};
use super::tx::{reads, writes};
use super::world::{later, lead_id, now, traced};
use baton::store::{Arrival, Aside, Changes, Handled, InboxMessage, InboxRow, StoreError};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

fn message(key: &str, received_at: DateTime<Utc>) -> InboxMessage {
    InboxMessage {
        key: key.to_owned(),
        kind: "lead.qualified".to_owned(),
        body: format!("body of {key}").into_bytes(),
        received_at,
        reply_to: Some("amq.reply".to_owned()),
        correlation_id: None,
        trace_context: traced(),
    }
}

fn keys(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

async fn insert(db: &Db, messages: Vec<InboxMessage>) -> BTreeSet<String> {
    writes!(db.store, [messages], |tx| tx.inbox_insert(&messages).await).await.expect("messages are stored")
}

async fn finish(db: &Db, key: &'static str, answer: &'static str) -> Result<(), StoreError> {
    let handled = [Handled { key: key.to_owned(), answer: answer.to_owned(), lead_id: Some(lead_id(1)) }];
    writes!(db.store, [handled], |tx| tx.change(&Changes { handled: &handled, ..Changes::default() }).await).await
}

async fn row(db: &Db, key: &str) -> Option<InboxRow> {
    let key = key.to_owned();
    reads!(db.store, [key], |tx| tx.inbox_row(&key).await).await.expect("a read")
}

async fn stale(db: &Db, before: DateTime<Utc>, limit: usize) -> Vec<String> {
    let found = db.store.inbox_take_stale(before, limit).await;
    found.expect("the inbox is read").into_iter().map(|row| row.key).collect()
}

pub async fn a_message_is_stored_once(db: Db) {
    assert_eq!(insert(&db, vec![message("a", now()), message("b", now())]).await, keys(&["a", "b"]));
    let mut other = message("b", later(9));
    other.body = b"another body".to_vec();
    let again = vec![other, message("c", now()), message("c", now())];
    assert_eq!(insert(&db, again).await, keys(&["c"]), "b was there, c came twice in one batch");
    assert_eq!(row(&db, "b").await, Some(InboxRow::from(message("b", now()))), "the first one stays");
    assert_eq!(insert(&db, vec![]).await, keys(&[]));
}

pub async fn the_same_messages_at_once_are_new_to_one_worker_each(db: Db) {
    let names: Vec<String> = (0..60).map(|number| format!("key-{number:02}")).collect();
    let new = at_once(&db, 0..8, |db, worker| {
        let mut names = names.clone();
        names.rotate_left(worker * 7);
        if worker % 2 == 1 {
            names.reverse();
        }
        async move { insert(&db, names.iter().map(|name| message(name, now())).collect()).await }
    });
    let mut new: Vec<String> = new.await.into_iter().flatten().collect();
    new.sort();
    assert_eq!(new, names, "each key is new exactly once");
}

pub async fn a_message_comes_back_byte_for_byte(db: Db) {
    let mut all = message("source#1 \"quoted\" \\ ümlaut", "2026-03-03T14:00:00.123456Z".parse().expect("an instant"));
    all.body = (0..=255).collect();
    all.correlation_id = Some("corr".to_owned());
    let mut empty = message("empty", now());
    empty.body = Vec::new();
    empty.reply_to = None;
    insert(&db, vec![all.clone(), empty.clone()]).await;
    for sent in [all, empty] {
        assert_eq!(row(&db, &sent.key).await, Some(InboxRow::from(sent)));
    }
    assert_eq!(row(&db, "nobody").await, None);
}

pub async fn a_message_is_finished_once_and_keeps_its_answer(db: Db) {
    insert(&db, vec![message("a", now()), message("b", now())]).await;
    let lock = || writes!(db.store, |tx| tx.inbox_lock(&keys(&["a", "b", "nobody"])).await);
    assert_eq!(lock().await.expect("a lock"), keys(&["a", "b"]));
    finish(&db, "a", "the answer").await.expect("the first finish counts");
    assert_eq!(lock().await.expect("a lock"), keys(&["b"]), "what is handled is nobody's work");
    let second = finish(&db, "a", "another answer").await;
    assert!(matches!(second, Err(StoreError::Conflict { what: "message", .. })), "{second:?}");
    assert_eq!(db.store.inbox_answer("a").await.expect("a read").as_deref(), Some("the answer"));
}

pub async fn what_a_dead_worker_left_is_found_oldest_first(db: Db) {
    let messages = vec![message("new", later(0)), message("old", later(-60)), message("older", later(-90))];
    insert(&db, messages).await;
    assert_eq!(stale(&db, later(-30), 10).await, ["older", "old"]);
    assert_eq!(stale(&db, later(-30), 1).await, ["older"]);
    finish(&db, "older", "done").await.expect("a finish");
    assert_eq!(stale(&db, later(-30), 10).await, ["old"]);
}

pub async fn poison_is_put_aside_and_can_be_replayed(db: Db) {
    insert(&db, vec![message("poison", later(-60))]).await;
    let put_aside =
        || writes!(db.store, |tx| tx.inbox_quarantine("poison", b"body of poison", "line 1: no \0 JSON").await);
    assert!(put_aside().await.expect("a quarantine"));
    assert!(!put_aside().await.expect("a second one"), "it is no longer anybody's to put aside");
    assert_eq!(stale(&db, now(), 10).await, [""; 0]);
    let told = Aside {
        key: "poison".to_owned(),
        kind: "lead.qualified".to_owned(),
        received_at: later(-60),
        why: "line 1: no ␀ JSON".to_owned(),
    };
    assert_eq!(db.store.inbox_quarantined(10).await.expect("a list"), [told]);
    let replay = || writes!(db.store, |tx| tx.inbox_replay("poison").await);
    replay().await.expect("a replay");
    assert_eq!(stale(&db, now(), 10).await, ["poison"]);
    assert_eq!(row(&db, "poison").await.expect("the row").body, b"body of poison");
    let again = replay().await;
    assert!(matches!(again, Err(StoreError::NotFound { .. })), "{again:?}");
}

/// Whether a body, as far as these tests go, will be put aside.
fn unreadable(body: &[u8]) -> bool {
    body.starts_with(b"bad")
}

async fn take(db: &Db, messages: Vec<InboxMessage>) -> Vec<Arrival> {
    let new = insert(db, messages.clone()).await;
    writes!(db.store, [messages, new], |tx| tx.inbox_known(&messages, &new, unreadable).await)
        .await
        .expect("they are known")
}

fn saying(key: &str, body: &str) -> InboxMessage {
    InboxMessage { body: body.as_bytes().to_vec(), ..message(key, now()) }
}

pub async fn what_comes_again_is_known_for_what_it_is(db: Db) {
    use Arrival::{Differs, New, Same, TriedAgain};
    let (bad, good, other) = (saying("a", "bad"), saying("a", "good"), saying("a", "other"));
    assert_eq!(take(&db, vec![bad.clone(), saying("b", "good")]).await, [New, New]);
    assert_eq!(take(&db, vec![bad.clone()]).await, [Same], "it waits, and will be looked at");
    assert_eq!(take(&db, vec![good.clone(), bad.clone()]).await, [TriedAgain, Differs], "in their order");
    let late = writes!(db.store, |tx| tx.inbox_quarantine("a", b"bad", "why").await);
    assert!(!late.await.expect("a late quarantine"), "it is meant for bytes that are gone");
    finish(&db, "a", "the answer").await.expect("it is handled");
    assert_eq!(take(&db, vec![good.clone(), other.clone(), bad]).await, [Same, Differs, Differs]);

    for (step, again) in [("quarantined", saying("b", "good")), ("dropped", saying("b", "better"))] {
        let aside = writes!(db.store, |tx| {
            let body = tx.inbox_row("b").await?.expect("it is there").body;
            assert!(tx.inbox_quarantine("b", &body, "why").await?);
            if step == "dropped" { tx.inbox_drop("b").await } else { Ok(()) }
        });
        aside.await.expect("it is put aside");
        assert_eq!(take(&db, vec![again.clone()]).await, [TriedAgain], "{step}");
        let kept = row(&db, "b").await.expect("the row");
        assert_eq!(kept.body, again.body, "{step}: the bytes that came now count");
    }
    assert_eq!(take(&db, vec![saying("c", "1"), saying("c", "1"), saying("c", "2")]).await, [New, Same, Differs]);
}
