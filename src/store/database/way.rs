//! The way to a database, and why it cannot be gone.

use crate::store::sql::dialect::Engine;
use crate::store::sql::error::StoreError;
use sqlx::{AnyConnection, Connection};
use std::time::Duration;

/// How long the cause of an unreachable database is looked for.
const NAMED_WITHIN: Duration = Duration::from_millis(600);

/// How a connection for writing is made; kept to find out why none can be had.
pub(super) struct Way {
    pub engine: Engine,
    /// Holds the password.
    pub url: String,
    pub setup: Vec<&'static str>,
}

impl Way {
    pub(super) async fn first_connection(&self) -> Result<AnyConnection, sqlx::Error> {
        let mut connection = AnyConnection::connect(&self.url).await?;
        for statement in &self.setup {
            sqlx::query(*statement).execute(&mut connection).await?;
        }
        Ok(connection)
    }

    /// The pool says only that its time was up: it tries again whatever may be a server that is starting.
    pub(super) async fn why_unreachable(&self) -> StoreError {
        match tokio::time::timeout(NAMED_WITHIN, self.first_connection()).await {
            Ok(Err(cause)) => StoreError::from(cause),
            Ok(Ok(connection)) => {
                drop(connection);
                StoreError::from(sqlx::Error::PoolTimedOut)
            }
            Err(_) => {
                let silent = std::io::Error::new(std::io::ErrorKind::TimedOut, "it does not answer");
                StoreError::from(sqlx::Error::Io(silent))
            }
        }
    }
}
