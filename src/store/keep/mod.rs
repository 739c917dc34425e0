//! What has had its time is let go: in the order of time, a page in a transaction, by one worker at a time.
//!
//! Guarantees: a lead that is open keeps all that is about it, and so does one for which something was done lately; what tells
//! that an event was handled before stays as long as its lead; journals and balances of turns stay for good. Whoever dies in the
//! middle has let go of whole pages, and the next one goes on: what is gone is not found again, and how far transcripts have come
//! is written down with them.

mod kind;
mod leads;
mod let_go;
mod page;

pub use kind::Kept;
pub use page::{Cut, OldPage, Passed};

use super::sql::row::micros;
use super::{StoreError, Tx};
use chrono::{DateTime, Utc};

/// There is one right to let go.
const KEEPER: &str = "keep";

impl Tx {
    /// Takes or keeps the right to let go until then. `false`: another worker has it.
    pub async fn keeper_take(
        &mut self,
        worker: &str,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.right_take(KEEPER, worker, until, now).await
    }

    /// The same of a right by its name.
    pub(in crate::store) async fn right_take(
        &mut self,
        right: &str,
        worker: &str,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let sql = "-- keep::take\nINSERT INTO keeper (name, worker, until) VALUES ($1, $2, $3) \
                   ON CONFLICT (name) DO UPDATE SET worker = excluded.worker, until = excluded.until \
                   WHERE keeper.worker = excluded.worker OR keeper.until <= $4";
        let query = sqlx::query(sql).bind(right).bind(worker).bind(micros(until)).bind(micros(now));
        Ok(query.execute(self.conn()).await?.rows_affected() == 1)
    }

    /// Gives it back, so that another need not wait.
    pub async fn keeper_leave(&mut self, worker: &str) -> Result<(), StoreError> {
        let sql = "-- keep::leave\nDELETE FROM keeper WHERE name = $1 AND worker = $2";
        sqlx::query(sql).bind(KEEPER).bind(worker).execute(self.conn()).await?;
        Ok(())
    }
}
