//! Several bulk statements in one trip to the server.

use super::transaction::Tx;
use crate::store::sql::dialect::Engine;
use crate::store::sql::error::StoreError;
use crate::store::sql::row::Bulk;
use sqlx::AssertSqlSafe;

impl Tx {
    pub(in crate::store) async fn run(&mut self, Bulk { sql, rows }: Bulk) -> Result<(), StoreError> {
        sqlx::query(AssertSqlSafe(sql)).bind(rows).execute(self.conn()).await?;
        Ok(())
    }

    /// All of these, none of which needs to see what another does. PostgreSQL carries them out as one statement: locks are held for
    /// as long as a transaction takes, and most of that is waiting for answers. Keys of other tables are checked at its end.
    pub(in crate::store) async fn run_all(&mut self, name: &str, all: Vec<Bulk>) -> Result<(), StoreError> {
        if self.engine == Engine::Sqlite {
            for one in all {
                self.run(one).await?;
            }
            return Ok(());
        }
        let parts = all.iter().enumerate().map(|(at, one)| {
            let parameter = format!("${}", at + 1);
            format!("part_{at} AS ({})", one.sql.replace("$1", &parameter))
        });
        let sql = format!("-- {name}\nWITH {} SELECT 1", parts.collect::<Vec<_>>().join(", "));
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for one in all {
            query = query.bind(one.rows);
        }
        query.execute(self.conn()).await?;
        Ok(())
    }
}
