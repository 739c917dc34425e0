//! Whatever of a lead does not decode is named, so that somebody can mend it.

use super::insert;
use crate::store::server::Db;
use crate::store::tx::{reads, writes};
use crate::store::world::{LEASE, caller, decided, handoff_id, later, lead_id, pool, rep};
use baton::store::StoreError;
use baton_core::domain::effect::Lane;
use std::collections::BTreeSet;

pub async fn what_does_not_decode_is_named_by_table_column_and_row(db: Db) {
    insert(&db, vec![decided(caller(1))]).await.expect("a lead");
    let begun = writes!(db.store, |tx| {
        tx.reps_lock(&BTreeSet::from([rep("ana")])).await?;
        tx.ledgers_lock(&[pool("desk")]).await.map(|_| ())
    });
    begun.await.expect("rows");
    let lead = lead_id(1).to_string();
    for (table, column, value, row) in [
        ("lead", "body", "'{}'", lead.as_str()),
        ("lead", "next_step", "'dance'", &lead),
        ("lead", "next_at", "9223372036854775807", &lead),
        ("lead", "owner", "'Not A Slug'", &lead),
        ("decision", "body", "'not json'", &lead),
        ("decision", "snapshot", "'[]'", &lead),
        ("handoff", "body", "'null'", handoff_id(1).as_str()),
        ("timeline", "body", "'{'", &lead),
        ("rep_state", "presence", "'asleep'", "ana"),
        ("rep_state", "taken_on", "'yesterday'", "ana"),
        ("rep_state", "open_leads", "-1", "ana"),
        ("ledger", "balances", "'{\"ana\":0.5}'", "desk"),
        ("step", "payload", "'{\"effect\":\"dance\"}'", handoff_id(1).suffix()),
    ] {
        db.execute(format!("CREATE TABLE kept AS SELECT * FROM {table}")).await;
        assert!(db.execute(format!("UPDATE {table} SET {column} = {value}")).await >= 1, "{table}.{column}");
        let error = read_all(&db).await.expect_err("a value that does not fit");
        let StoreError::Inconsistent { table: told_table, column: told_column, row: told_row, why } = &error else {
            panic!("{table}.{column}: {error:?}")
        };
        assert_eq!((*told_table, *told_column), (table, column), "{error}");
        assert!(told_row.starts_with(row) && !why.is_empty(), "{error}");
        restore(&db, table, column).await;
        read_all(&db).await.expect("mended");
    }
}

/// Puts one column back as it was.
async fn restore(db: &Db, table: &str, column: &str) {
    let key = match table {
        "lead" | "handoff" => "id",
        "decision" | "timeline" => "lead_id",
        "rep_state" => "rep",
        "ledger" => "pool",
        _ => "effect_key",
    };
    let sql = format!("UPDATE {table} SET {column} = (SELECT k.{column} FROM kept k WHERE k.{key} = {table}.{key})");
    db.execute(sql).await;
    db.execute("DROP TABLE kept").await;
}

/// Reads everything that was made for one lead.
async fn read_all(db: &Db) -> Result<(), StoreError> {
    let lead = reads!(db.store, |tx| {
        tx.lead(&lead_id(1)).await?;
        tx.decision(&lead_id(1)).await?;
        tx.snapshot(&lead_id(1)).await?;
        tx.handoff(&handoff_id(1)).await?;
        tx.timeline(&lead_id(1)).await?;
        tx.ledgers_recount().await.map(|_| ())
    });
    lead.await?;
    let locked = writes!(db.store, |tx| {
        tx.reps_lock(&BTreeSet::from([rep("ana")])).await?;
        tx.steps_claim(later(86_400), "reader", LEASE, &Lane::ALL.map(|lane| (lane, 100)), true).await?;
        // Nothing of this is to stay.
        Err::<(), _>(StoreError::Stopped)
    });
    match locked.await {
        Err(StoreError::Stopped) => Ok(()),
        other => other,
    }
}
