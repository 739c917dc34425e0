//! What can go wrong between a value and its row.

/// A failure of the store, by what may be done about it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database failed in {during}")]
    Database { during: &'static str, source: sqlx::Error },
    /// The connection broke while the commit was under way: it may have counted or not. Never run again blindly; whoever asks
    /// again reads first what is stored.
    #[error("the connection was lost during the commit of {during}: whether it counts is not known")]
    CommitUnknown { during: &'static str, source: sqlx::Error },
    /// Stored data that does not fit its type: a fault of ours or of somebody's hand in the tables.
    #[error("{table}.{column} of row {row:?} does not fit: {why}")]
    Inconsistent { table: &'static str, column: &'static str, row: String, why: String },
    #[error("there is no {what} {id:?}")]
    NotFound { what: &'static str, id: String },
    /// Somebody else moved it meanwhile: read again and decide again.
    #[error("{what} {id:?} has moved on")]
    Conflict { what: &'static str, id: String },
    /// A value that the database cannot hold, such as a text with a NUL character.
    #[error("this cannot be stored: {why}")]
    Unstorable { why: String },
    /// The database is not fit to keep promises on.
    #[error("the database is not fit for use: {why}")]
    Unfit { why: String },
    #[error("the process is stopping")]
    Stopped,
}

impl StoreError {
    pub(super) fn within(self, name: &'static str) -> Self {
        match self {
            Self::Database { source, .. } => Self::Database { during: name, source },
            Self::CommitUnknown { source, .. } => Self::CommitUnknown { during: name, source },
            other => other,
        }
    }

    /// A failed commit. Only the database's own word that it refused makes sure that nothing was stored.
    pub(super) fn of_commit(source: sqlx::Error) -> Self {
        let during = "a transaction";
        let refused =
            source.as_database_error().is_some_and(|error| !breaks_connection(&error.code().unwrap_or_default()));
        if refused { Self::Database { during, source } } else { Self::CommitUnknown { during, source } }
    }

    /// The fault is the database's or the moment's, not the data's: the same work may succeed later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Database { source, .. } => transient(source),
            Self::CommitUnknown { .. } | Self::Conflict { .. } => true,
            Self::Inconsistent { .. } | Self::NotFound { .. } | Self::Unstorable { .. } | Self::Unfit { .. } => false,
            Self::Stopped => false,
        }
    }
}

/// The same transaction may be run again at once, whole: nothing of it was stored, and waiting has not been tried already.
pub(super) fn worth_another_try(error: &StoreError) -> bool {
    match error {
        StoreError::CommitUnknown { .. } => false,
        StoreError::Database { source: sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed, .. } => false,
        other => other.is_transient(),
    }
}

/// PostgreSQL: the server is going, or the connection is gone.
fn breaks_connection(code: &str) -> bool {
    code.starts_with("08") || code.starts_with("57P")
}

fn transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            // PostgreSQL: serialisation, deadlock, lock not available, too many connections.
            // SQLite: 5 BUSY, 6 LOCKED and their extended forms (the low byte is the plain one).
            let busy = code.parse::<u32>().is_ok_and(|code| code < 10_000 && matches!(code & 0xff, 5 | 6));
            matches!(&*code, "40001" | "40P01" | "55P03" | "53300") || busy || breaks_connection(&code)
        }
        _ => false,
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(source: sqlx::Error) -> Self {
        Self::Database { during: "a transaction", source }
    }
}
