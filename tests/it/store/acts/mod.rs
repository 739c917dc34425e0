//! An act under a key is one worker's, and its answer is everybody's for a day.

pub mod audit;
pub mod sessions;

use super::server::{Db, at_once};
use super::tx::writes;
use super::world::{later, now};
use baton::store::{ActClaim, KeyedAct};
use chrono::{DateTime, Utc};

fn act(key: &str, digest: &str) -> KeyedAct {
    let [key, digest, holder, claim] = [key, digest, "desk", "first"].map(str::to_owned);
    KeyedAct { key, holder, digest, claim }
}

/// The same request, sent once more.
fn again(act: &KeyedAct) -> KeyedAct {
    KeyedAct { claim: "second".to_owned(), ..act.clone() }
}

async fn claim(db: &Db, act: &KeyedAct, at: DateTime<Utc>) -> ActClaim {
    writes!(db.store, [act], |tx| tx.act_claim(&act, at).await).await.expect("a claim")
}

async fn done(db: &Db, act: &KeyedAct) {
    writes!(db.store, [act], |tx| tx.act_done(&act, 202, "{\"n\":1}").await).await.expect("it is noted");
}

async fn forget(db: &Db, at: DateTime<Utc>) {
    writes!(db.store, |tx| tx.acts_forget(at).await).await.expect("it is tidied");
}

pub async fn of_sixteen_who_ask_at_once_one_carries_it_out(db: Db) {
    let claims = at_once(&db, 1..=16, |db, number| async move {
        let act = KeyedAct { claim: format!("claim-{number}"), ..act("k", "a") };
        claim(&db, &act, now()).await
    })
    .await;
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
    forget(&db, later(24 * 3600)).await;
    assert_eq!(claim(&db, &first, later(24 * 3600)).await, answered, "for a day");
    forget(&db, later(24 * 3600 + 1)).await;
    assert_eq!(claim(&db, &first, later(24 * 3600 + 1)).await, ActClaim::Yours, "and no longer");
}

/// Whether anybody has tidied since or not.
pub async fn a_key_of_yesterday_is_free_again(db: Db) {
    let (first, other) = (act("k", "a"), again(&act("k", "b")));
    assert_eq!(claim(&db, &first, now()).await, ActClaim::Yours);
    done(&db, &first).await;
    assert_eq!(claim(&db, &other, later(24 * 3600)).await, ActClaim::Differs);
    let (today, later_today) = (later(25 * 3600), later(25 * 3600 + 60));
    assert_eq!(claim(&db, &other, today).await, ActClaim::Yours, "for any request");
    assert_eq!(claim(&db, &again(&first), later_today).await, ActClaim::Differs, "and it is this one's from now on");
    let third = KeyedAct { claim: "third".to_owned(), ..other };
    assert_eq!(claim(&db, &third, later_today).await, ActClaim::Open, "which is not answered as the old one was");
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

/// Whoever lost the connection while the claim was stored asks again, and begins; whoever else asks does not.
pub async fn a_claim_knows_itself_again_and_no_other_ends_it(db: Db) {
    let (first, other) = (act("k", "a"), again(&act("k", "a")));
    for _ in 0..2 {
        assert_eq!(claim(&db, &first, now()).await, ActClaim::Yours);
    }
    assert_eq!(claim(&db, &other, now()).await, ActClaim::Open);
    writes!(db.store, [other], |tx| tx.act_freed(&other).await).await.expect("nothing is given back");
    let noted = writes!(db.store, [other], |tx| tx.act_done(&other, 200, "{}").await).await;
    assert!(noted.is_err(), "it is another's");
    assert_eq!(claim(&db, &other, now()).await, ActClaim::Open);
    done(&db, &first).await;
    assert!(matches!(claim(&db, &other, now()).await, ActClaim::Done { .. }));
}

/// Its worker has died: what came of it is not known, and it is not carried out a second time.
pub async fn an_act_that_broke_off_is_nobodys_after_ten_minutes(db: Db) {
    let (first, other) = (act("k", "a"), again(&act("k", "a")));
    assert_eq!(claim(&db, &first, now()).await, ActClaim::Yours);
    assert_eq!(claim(&db, &other, later(600)).await, ActClaim::Open, "somebody may be at it");
    assert_eq!(claim(&db, &other, later(601)).await, ActClaim::BrokeOff);
}
