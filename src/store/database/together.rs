//! Several bulk statements in one trip to the server.

use super::transaction::Tx;
use crate::store::sql::dialect::Engine;
use crate::store::sql::error::StoreError;
use crate::store::sql::row::Bulk;
use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe, Row};

impl Tx {
    pub(in crate::store) async fn run(&mut self, mut bulk: Bulk) -> Result<(), StoreError> {
        let query = bind(sqlx::query(AssertSqlSafe(bulk.sql.clone())), &mut bulk);
        let done = query.execute(self.conn()).await?;
        bulk.judge(done.rows_affected())
    }

    /// All of these, none of which needs to see what another does. PostgreSQL carries them out as one statement: locks are held for
    /// as long as a transaction takes, and most of that is waiting for answers. Keys of other tables are checked at its end.
    pub(in crate::store) async fn run_all(&mut self, name: &str, mut all: Vec<Bulk>) -> Result<(), StoreError> {
        if self.engine == Engine::Sqlite || all.len() < 2 {
            for one in all {
                self.run(one).await?;
            }
            return Ok(());
        }
        let mut query = sqlx::query(AssertSqlSafe(one_statement(name, &all)));
        for one in &mut all {
            query = bind(query, one);
        }
        let counted = query.fetch_one(self.conn()).await?;
        for (at, one) in all.into_iter().enumerate() {
            one.judge(counted.try_get::<i64, _>(at)?.unsigned_abs())?;
        }
        Ok(())
    }
}

/// The parameters are handed on, not copied: they are most of what a statement is.
fn bind<'q>(query: Query<'q, Any, AnyArguments>, bulk: &mut Bulk) -> Query<'q, Any, AnyArguments> {
    let query = query.bind(std::mem::take(&mut bulk.rows));
    if let Some(documents) = bulk.documents.take() { query.bind(documents) } else { query }
}

/// Each part with parameters of its own; how many rows it changed comes back where that is asked.
fn one_statement(name: &str, all: &[Bulk]) -> String {
    let (mut parts, mut counts) = (Vec::with_capacity(all.len()), Vec::with_capacity(all.len()));
    let mut bound = 0;
    for (at, one) in all.iter().enumerate() {
        let sql = numbered_after(bound, &one.sql);
        bound += 1 + usize::from(one.documents.is_some());
        let returning = if one.counts() { " RETURNING 1" } else { "" };
        parts.push(format!("part_{at} AS ({sql}{returning})"));
        counts.push(if one.counts() { format!("(SELECT count(*) FROM part_{at})") } else { "0::bigint".to_owned() });
    }
    format!("-- {name}\nWITH {} SELECT {}", parts.join(", "), counts.join(", "))
}

/// The statement with its parameters `$1` and `$2` counted on from those that are bound before them.
pub(in crate::store) fn numbered_after(bound: usize, sql: &str) -> String {
    let mut parts = sql.split('$');
    let mut numbered = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (own, rest) = if let Some(rest) = part.strip_prefix('2') { (2, rest) } else { (1, &part[1..]) };
        numbered.push_str(&format!("${}{rest}", bound + own));
    }
    numbered
}
