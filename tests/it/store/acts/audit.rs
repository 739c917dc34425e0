//! Entries of the audit form one chain, whoever adds to it, and nothing of it is changed without being found.

use crate::store::server::{Db, at_once};
use crate::store::tx::writes;
use crate::store::world::{later, now};
use baton::store::{AuditEntry, AuditQuery, ChainCheck, StoreError};

fn entry(number: i64) -> AuditEntry {
    let why = format!("because {number}");
    AuditEntry::of(&format!("token desk-{}", number % 2), "lead.reassign", format!("lead_{number}"), Some(&why))
}

async fn add(db: &Db, number: i64) {
    let entry = entry(number);
    writes!(db.store, [entry], |tx| tx.audit(&entry, later(number)).await).await.expect("it is added");
}

async fn filled(db: &Db) {
    for number in 1..=5 {
        add(db, number).await;
    }
}

async fn verified(db: &Db, known: Option<&str>) -> ChainCheck {
    db.store.audit_verify(known).await.expect("it can be followed")
}

async fn broken(db: &Db) -> Option<i64> {
    verified(db, None).await.broken.map(|(seq, _)| seq)
}

/// Whoever owns the database can do so.
async fn unlock(db: &Db) {
    for trigger in ["audit_kept", "audit_unchanged", "audit_blanked"] {
        let of = if db.is_postgres() { " ON audit" } else { "" };
        db.execute(format!("DROP TRIGGER {trigger}{of}")).await;
    }
}

async fn emptied(db: &Db) {
    db.execute("DELETE FROM audit").await;
    db.execute(format!("UPDATE audit_head SET seq = 0, hash = '{}'", "0".repeat(64))).await;
}

pub async fn entries_hang_on_each_other_and_are_found(db: Db) {
    let begin = verified(&db, Some(&"0".repeat(64))).await;
    assert_eq!((begin.end.seq, begin.broken, begin.known), (0, None, Some(0)), "nothing was done yet");
    filled(&db).await;
    let check = verified(&db, None).await;
    assert_eq!((check.end.seq, check.broken, check.known), (5, None, None));
    assert_eq!(db.store.audit_end().await.expect("the end"), check.end);
    let found = |query: AuditQuery, limit: usize| {
        let db = db.clone();
        async move {
            let lines = db.store.audit_find(&query, limit).await.expect("entries");
            lines.iter().map(|line| line.seq).collect::<Vec<_>>()
        }
    };
    let all = AuditQuery::default();
    assert_eq!(found(all.clone(), 9).await, [5, 4, 3, 2, 1], "the newest first");
    assert_eq!(found(all.clone(), 2).await, [5, 4]);
    assert_eq!(found(AuditQuery { before: Some(4), ..all.clone() }, 2).await, [3, 2]);
    assert_eq!(found(AuditQuery { since: Some(later(4)), ..all.clone() }, 9).await, [5, 4]);
    assert_eq!(found(AuditQuery { actor: Some("token desk-1".to_owned()), ..all.clone() }, 9).await, [5, 3, 1]);
    assert_eq!(found(AuditQuery { subject: Some("lead_2".to_owned()), ..all.clone() }, 9).await, [2]);
    let lines = db.store.audit_find(&all, 9).await.expect("entries");
    let first = &lines[4];
    assert_eq!((first.at, first.act.as_str(), first.why.as_deref()), (later(1), "lead.reassign", Some("because 1")));
    assert!(lines.windows(2).all(|pair| pair[0].prev_hash == pair[1].hash), "{lines:?}");
    assert_eq!(verified(&db, Some(&lines[2].hash)).await.known, Some(3), "a hash of the past is found");
}

pub async fn many_who_act_at_once_keep_one_chain(db: Db) {
    at_once(&db, 1..=16, |db, number| async move { add(&db, number).await }).await;
    let check = verified(&db, None).await;
    assert_eq!((check.end.seq, check.broken), (16, None), "one after the other, without gaps");
    let subjects = db.number("SELECT COUNT(DISTINCT subject) FROM audit").await;
    assert_eq!(subjects, 16, "each once");
}

pub async fn an_act_that_is_undone_leaves_no_entry(db: Db) {
    let undone = entry(1);
    let failed = writes!(db.store, [undone], |tx| {
        tx.audit(&undone, now()).await?;
        Err::<(), _>(StoreError::NotFound { what: "lead", id: "lead_1".to_owned() })
    });
    assert!(failed.await.is_err());
    assert_eq!(verified(&db, None).await.end.seq, 0);
    add(&db, 2).await;
    assert_eq!(verified(&db, None).await.end.seq, 1, "without a gap");
}

pub async fn whatever_is_changed_afterwards_is_found(db: Db) {
    unlock(&db).await;
    let slipped_in = "INSERT INTO audit (hash, seq, at, actor, act, subject, prev_hash) \
                      SELECT 'ff', 6, at, actor, act, subject, hash FROM audit WHERE seq = 5";
    let spoilt: [(&[&str], i64); 10] = [
        (&["UPDATE audit SET subject = 'lead_9' WHERE seq = 3"], 3),
        (&["UPDATE audit SET actor = 'token desk-9' WHERE seq = 1"], 1),
        (&["UPDATE audit SET at = at + 1 WHERE seq = 5"], 5),
        (&["UPDATE audit SET why = 'because of me' WHERE seq = 2"], 2),
        (&["UPDATE audit SET why_hash = NULL, why = NULL WHERE seq = 2"], 2),
        (&["DELETE FROM audit WHERE seq = 3"], 4),
        (&["DELETE FROM audit WHERE seq = 1"], 2),
        (&["DELETE FROM audit WHERE seq >= 4"], 4),
        (&[slipped_in], 6),
        (
            &[
                "UPDATE audit SET seq = 100 WHERE seq = 2",
                "UPDATE audit SET seq = 2 WHERE seq = 3",
                "UPDATE audit SET seq = 3 WHERE seq = 100",
            ],
            2,
        ),
    ];
    for (statements, first) in spoilt {
        emptied(&db).await;
        filled(&db).await;
        assert_eq!(broken(&db).await, None);
        for statement in statements {
            assert_eq!(db.execute(*statement).await, if first == 4 && statement.contains(">=") { 2 } else { 1 });
        }
        assert_eq!(broken(&db).await, Some(first), "{statements:?}");
    }
}

pub async fn a_chain_that_was_written_anew_lacks_the_hash_that_was_kept(db: Db) {
    filled(&db).await;
    let kept = verified(&db, None).await.end.hash;
    add(&db, 6).await;
    assert_eq!(verified(&db, Some(&kept)).await.known, Some(5), "it has grown since");
    unlock(&db).await;
    emptied(&db).await;
    for number in [1, 2, 4, 5, 6] {
        add(&db, number).await;
    }
    let anew = verified(&db, Some(&kept)).await;
    assert_eq!((anew.end.seq, anew.broken, anew.known), (5, None, None), "whole, and another");
}

pub async fn nothing_but_a_reason_can_be_taken_out_and_the_chain_stays_whole(db: Db) {
    filled(&db).await;
    for refused in [
        "DELETE FROM audit WHERE seq = 2",
        "UPDATE audit SET subject = 'lead_9' WHERE seq = 2",
        "UPDATE audit SET hash = 'ff' WHERE seq = 2",
        "UPDATE audit SET why = 'another' WHERE seq = 2",
        "UPDATE audit SET salt = 'another' WHERE seq = 2",
    ] {
        let done = sqlx::query(refused).execute(&db.raw).await;
        assert!(done.is_err(), "{refused}");
    }
    let end = verified(&db, None).await.end;
    assert_eq!(end.seq, 5);
    assert_eq!(db.execute("UPDATE audit SET why = NULL, salt = NULL WHERE subject = 'lead_2'").await, 1);
    let blanked = verified(&db, None).await;
    assert_eq!((blanked.end, blanked.broken), (end, None));
    let query = AuditQuery { subject: Some("lead_2".to_owned()), ..AuditQuery::default() };
    let lines = db.store.audit_find(&query, 9).await.expect("entries");
    assert_eq!(lines.len(), 1);
    assert_eq!((lines[0].why.as_deref(), lines[0].salt.as_deref()), (None, None), "{lines:?}");
    add(&db, 6).await;
    assert_eq!(broken(&db).await, None, "and goes on");
}
