//! An act under a key is one worker's, and its answer is everybody's for a day.

use super::server::{Db, at_once};
use super::tx::writes;
use super::world::{later, now};
use baton::store::{ActClaim, KeyedAct};
use chrono::{DateTime, Utc};

fn act(key: &str, digest: &str) -> KeyedAct {
    KeyedAct { key: key.to_owned(), holder: "desk".to_owned(), digest: digest.to_owned() }
}

async fn claim(db: &Db, act: &KeyedAct, at: DateTime<Utc>) -> ActClaim {
    writes!(db.store, [act], |tx| tx.act_claim(&act, at).await).await.expect("a claim")
}

async fn done(db: &Db, act: &KeyedAct) {
    writes!(db.store, [act], |tx| tx.act_done(&act, 202, "{\"n\":1}").await).await.expect("it is noted");
}

pub async fn of_sixteen_who_ask_at_once_one_carries_it_out(db: Db) {
    let claims = at_once(&db, 1..=16, |db, _| async move { claim(&db, &act("k", "a"), now()).await }).await;
    let count = |wanted: &ActClaim| claims.iter().filter(|claim| *claim == wanted).count();
    assert_eq!((count(&ActClaim::Yours), count(&ActClaim::Open)), (1, 15), "{claims:?}");
}

pub async fn an_act_that_is_done_is_answered_as_it_was(db: Db) {
    let first = act("k", "a");
    assert_eq!(claim(&db, &first, now()).await, ActClaim::Yours);
    done(&db, &first).await;
    let answered = ActClaim::Done { status: 202, body: "{\"n\":1}".to_owned() };
    assert_eq!(claim(&db, &first, later(60)).await, answered);
    assert_eq!(claim(&db, &act("k", "b"), later(60)).await, ActClaim::Differs);
    let of_another = KeyedAct { holder: "another".to_owned(), ..first.clone() };
    assert_eq!(claim(&db, &of_another, later(60)).await, ActClaim::Yours, "keys of others are others");
    assert_eq!(claim(&db, &first, later(24 * 3600)).await, answered, "for a day");
    assert_eq!(claim(&db, &first, later(24 * 3600 + 1)).await, ActClaim::Yours, "and no longer");
}

pub async fn a_key_is_given_back_unless_its_act_is_done(db: Db) {
    let first = act("k", "a");
    let free =
        || async { writes!(db.store, [first], |tx| tx.act_freed(&first).await).await.expect("it is given back") };
    assert_eq!(claim(&db, &first, now()).await, ActClaim::Yours);
    free().await;
    assert_eq!(claim(&db, &first, now()).await, ActClaim::Yours);
    done(&db, &first).await;
    free().await;
    assert!(matches!(claim(&db, &first, now()).await, ActClaim::Done { .. }));
}
