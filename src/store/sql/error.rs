//! What can go wrong between a value and its row.

use super::verdict::{self, SqlVerdict, leaves_open};

/// A failure of the store, by what may be done about it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{during}: {}", told(cause))]
    Database { during: &'static str, cause: sqlx::Error },
    /// The connection broke while the commit was under way: it may have counted or not. Never run again blindly; whoever asks
    /// again reads first what is stored.
    #[error("the commit of {during} failed, and whether it counts is not known: {}", told(cause))]
    CommitUnknown { during: &'static str, cause: sqlx::Error },
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
    /// Code of ours gave up in the middle of the work; nothing of it was stored.
    #[error("Baton itself failed here, which is a defect of Baton: {why}")]
    Panicked { why: String },
}

/// Tables whose rows belong to one lead or message: what does not fit in them stops that one alone.
const OF_ONE_LEAD: [&str; 6] = ["inbox", "lead", "decision", "handoff", "timeline", "step"];

impl StoreError {
    pub(in crate::store) fn within(self, name: &'static str) -> Self {
        match self {
            Self::Database { cause, .. } => Self::Database { during: name, cause },
            Self::CommitUnknown { cause, .. } => Self::CommitUnknown { during: name, cause },
            other => other,
        }
    }

    /// A failed commit. Only the database's own word that it refused makes sure that nothing was stored.
    pub(in crate::store) fn of_commit(cause: sqlx::Error) -> Self {
        let during = "a transaction";
        let refused = cause.as_database_error().is_some_and(|error| !leaves_open(&error.code().unwrap_or_default()));
        if refused { Self::Database { during, cause } } else { Self::CommitUnknown { during, cause } }
    }

    /// The fault is the database's or the moment's, not the data's: the same work may succeed later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Database { cause, .. } => verdict::of(cause).0 != SqlVerdict::Message,
            Self::CommitUnknown { .. } | Self::Conflict { .. } | Self::Unfit { .. } | Self::Stopped => true,
            // Balances and reps are everybody's: no message is to blame for them.
            Self::Inconsistent { table, .. } => !OF_ONE_LEAD.contains(table),
            Self::NotFound { .. } | Self::Unstorable { .. } | Self::Panicked { .. } => false,
        }
    }

    /// The database, or the way to it, is not well: no other work would go through either.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Database { cause, .. } | Self::CommitUnknown { cause, .. } => {
                matches!(verdict::of(cause).0, SqlVerdict::Database | SqlVerdict::Lost)
            }
            Self::Unfit { .. } => true,
            _ => false,
        }
    }

    /// The connection that met this is not to be used again.
    pub(in crate::store) fn spoils_connection(&self) -> bool {
        matches!(self, Self::Database { cause, .. } | Self::CommitUnknown { cause, .. } if verdict::spoils(cause))
    }

    /// The cause in words of ours, for those who see no log.
    pub fn in_words(&self) -> &'static str {
        match self {
            Self::Database { cause, .. } | Self::CommitUnknown { cause, .. } => verdict::of(cause).1,
            Self::Inconsistent { .. } => "something stored cannot be read",
            Self::NotFound { .. } => "something that must be stored is not",
            Self::Conflict { .. } => "somebody else changed it at the same moment",
            Self::Unstorable { .. } => "a value cannot be stored",
            Self::Unfit { .. } => "the database is not fit for use",
            Self::Stopped => "the process is stopping",
            Self::Panicked { .. } => "Baton itself failed here",
        }
    }
}

/// The same transaction may be run again at once, whole: nothing of it was stored, and waiting has not been tried already.
pub(in crate::store) fn worth_another_try(error: &StoreError) -> bool {
    match error {
        StoreError::Database { cause: sqlx::Error::PoolClosed, .. } => false,
        StoreError::Database { cause, .. } => matches!(verdict::of(cause).0, SqlVerdict::Again | SqlVerdict::Lost),
        StoreError::Conflict { .. } => true,
        _ => false,
    }
}

/// Our words, and the database's own where they quote no value.
fn told(cause: &sqlx::Error) -> String {
    let (verdict, words) = verdict::of(cause);
    match cause {
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            let of = if code.len() == 5 { "SQLSTATE" } else { "SQLite" };
            match (verdict, error.constraint()) {
                (SqlVerdict::Message, Some(constraint)) => format!("{words} ({of} {code}, constraint {constraint})"),
                (SqlVerdict::Message, None) => format!("{words} ({of} {code})"),
                _ => format!("{words} ({of} {code}: {})", error.message()),
            }
        }
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => words.to_owned(),
        sqlx::Error::Io(error) => format!("{words} ({error})"),
        other => format!("{words} ({other})"),
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(cause: sqlx::Error) -> Self {
        Self::Database { during: "a transaction", cause }
    }
}
