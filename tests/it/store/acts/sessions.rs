//! A session of the console is known by its digest until its time is up.

use crate::store::server::Db;
use crate::store::tx::writes;
use crate::store::world::{later, now};
use baton::store::ConsoleSession;

const HOUR: i64 = 3600;

fn session(id: &str, credential: Option<&str>) -> ConsoleSession {
    let (id, way, credential) = (id.to_owned(), "token".to_owned(), credential.map(str::to_owned));
    ConsoleSession { id, way, credential, began_at: now(), seen_at: now() }
}

async fn known(db: &Db, id: &str) -> Option<ConsoleSession> {
    db.store.console_session(id).await.expect("the database answers")
}

pub async fn a_session_ends_by_hand_when_it_is_idle_and_when_it_is_old(db: Db) {
    for one in [session("a", Some("digest")), session("b", None)] {
        writes!(db.store, [one], |tx| tx.session_insert(&one).await).await.expect("it is stored");
        assert_eq!(known(&db, &one.id).await, Some(one.clone()));
    }
    assert!(session("a", None).is_good(later(2 * HOUR - 1)) && !session("a", None).is_good(later(2 * HOUR)), "idle");
    writes!(db.store, |tx| tx.session_seen("a", later(11 * HOUR)).await).await.expect("it is noted");
    let seen = known(&db, "a").await.expect("it is there");
    assert!(seen.is_good(later(12 * HOUR - 1)) && !seen.is_good(later(12 * HOUR)), "old");
    writes!(db.store, |tx| tx.sessions_forget(later(3 * HOUR)).await).await.expect("it is tidied");
    assert_eq!((known(&db, "a").await, known(&db, "b").await), (Some(seen), None), "who was not seen is forgotten");
    writes!(db.store, |tx| tx.session_end("a").await).await.expect("it ends");
    assert_eq!(known(&db, "a").await, None);
}
