//! Several bulk statements in one trip to the server.

use super::transaction::Tx;
use crate::store::sql::dialect::Engine;
use crate::store::sql::error::StoreError;
use crate::store::sql::row::Bulk;
use sqlx::{AssertSqlSafe, Row};

impl Tx {
    pub(in crate::store) async fn run(&mut self, bulk: Bulk) -> Result<(), StoreError> {
        let sql = AssertSqlSafe(bulk.sql.clone());
        let done = sqlx::query(sql).bind(bulk.rows.clone()).execute(self.conn()).await?;
        bulk.judge(done.rows_affected())
    }

    /// All of these, none of which needs to see what another does. PostgreSQL carries them out as one statement: locks are held for
    /// as long as a transaction takes, and most of that is waiting for answers. Keys of other tables are checked at its end.
    pub(in crate::store) async fn run_all(&mut self, name: &str, all: Vec<Bulk>) -> Result<(), StoreError> {
        if self.engine == Engine::Sqlite || all.len() < 2 {
            for one in all {
                self.run(one).await?;
            }
            return Ok(());
        }
        let mut query = sqlx::query(AssertSqlSafe(one_statement(name, &all)));
        for one in &all {
            query = query.bind(one.rows.clone());
        }
        let counted = query.fetch_one(self.conn()).await?;
        for (at, one) in all.into_iter().enumerate() {
            one.judge(counted.try_get::<i64, _>(at)?.unsigned_abs())?;
        }
        Ok(())
    }
}

/// Each part with a parameter of its own; how many rows it changed comes back where that is asked.
fn one_statement(name: &str, all: &[Bulk]) -> String {
    let (mut parts, mut counts) = (Vec::with_capacity(all.len()), Vec::with_capacity(all.len()));
    for (at, one) in all.iter().enumerate() {
        let sql = one.sql.replace("$1", &format!("${}", at + 1));
        let returning = if one.counts() { " RETURNING 1" } else { "" };
        parts.push(format!("part_{at} AS ({sql}{returning})"));
        counts.push(if one.counts() { format!("(SELECT count(*) FROM part_{at})") } else { "0::bigint".to_owned() });
    }
    format!("-- {name}\nWITH {} SELECT {}", parts.join(", "), counts.join(", "))
}
