//! Looks at the tables of a worker that is being measured, and costs it as little as can be.
//!
//! One connection for all looks, each a single statement and so a transaction of its own; they are counted, and their texts
//! begin with `/* bench */`, so that neither is taken for the worker's.

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use sqlx::{AnyConnection, Connection};

/// Every look through the partial indexes, and not by way of bitmaps: those would go through the same dead entries each time,
/// while a plain scan marks them as dead for the next one, the worker's as well.
const SETUP: [&str; 3] =
    ["/* bench */ SET enable_seqscan = off", "/* bench */ SET enable_bitmapscan = off", "/* bench */ SET jit = off"];

/// Names every kind, so that the index (kind, run_at) is entered where each one begins and left where the future does.
const OPEN: &str = "/* bench */ SELECT (SELECT COUNT(*) FROM inbox WHERE state = 'received'), COUNT(DISTINCT lead_id), \
    COUNT(*) FILTER (WHERE is_due) FROM (SELECT lead_id, FALSE AS is_due FROM step WHERE state = 'leased' \
    UNION ALL SELECT lead_id, TRUE FROM step WHERE state = 'due' AND kind IN ('timer', 'instruct', 'hold', \
    'ring', 'whisper', 'join', 'dial_lead', 'ask', 'hang_up', 'end_call', 'leave_agent', 'find_slots', 'book', 'move_meeting', \
    'cancel_meeting', 'brief_chat', 'update_card', \
    'write_crm', 'read_owner', 'brief_email', 'confirm_to_caller', 'publish') AND run_at <= $1) AS open";

/// What nobody waits for on a line.
const BACKGROUND: &str = "/* bench */ SELECT COUNT(*) FROM step WHERE state = 'due' AND kind IN ('brief_chat', 'update_card', 'write_crm', \
     'read_owner', 'brief_email', 'confirm_to_caller', 'publish') AND run_at <= $1";

const RINGS: &str = "/* bench */ SELECT (SELECT COUNT(*) FROM step WHERE state = 'leased' AND kind = 'ring') \
    + (SELECT COUNT(*) FROM step WHERE state = 'due' AND run_at <= $1 AND kind = 'ring')";

const RESERVED: &str = "/* bench */ SELECT COUNT(*) FROM rep_state WHERE reserved_until > $1";

/// The other one is SQLite.
pub fn is_postgres(database: &str) -> bool {
    database.starts_with("postgres")
}

pub struct Watch {
    connection: AnyConnection,
    asked: u64,
}

/// What is not done at one instant.
pub struct Open {
    /// Leads that are not decided, or of which a step is due or in hand.
    pub leads: u64,
    /// Steps that nobody holds.
    pub due: i64,
}

impl Watch {
    /// `database`: the address of a store that was opened before.
    pub async fn open(database: &str) -> Result<Self> {
        let connection = AnyConnection::connect(database).await.context("connecting to watch the tables")?;
        let mut watch = Self { connection, asked: 0 };
        if is_postgres(database) {
            for statement in SETUP {
                watch.execute(statement).await?;
            }
        }
        Ok(watch)
    }

    /// Transactions of this connection so far.
    pub fn asked(&self) -> u64 {
        self.asked
    }

    pub async fn open_leads(&mut self, now: DateTime<Utc>) -> Result<Open> {
        self.asked += 1;
        let query = sqlx::query_as(OPEN).bind(now.timestamp_micros());
        let (received, leads, due): (i64, i64, i64) = query.fetch_one(&mut self.connection).await?;
        Ok(Open { leads: (received + leads).unsigned_abs(), due })
    }

    /// Background steps that wait.
    pub async fn background(&mut self, now: DateTime<Utc>) -> Result<i64> {
        self.number_at(BACKGROUND, now).await
    }

    /// Rings that are due or in hand.
    pub async fn rings(&mut self, now: DateTime<Utc>) -> Result<i64> {
        self.number_at(RINGS, now).await
    }

    /// Reps whose phone is held for a caller.
    pub async fn reserved(&mut self, now: DateTime<Utc>) -> Result<i64> {
        self.number_at(RESERVED, now).await
    }

    pub async fn number(&mut self, sql: &'static str) -> Result<i64> {
        self.asked += 1;
        Ok(sqlx::query_scalar(sql).fetch_one(&mut self.connection).await?)
    }

    pub async fn text(&mut self, sql: &'static str) -> Result<String> {
        self.asked += 1;
        Ok(sqlx::query_scalar(sql).fetch_one(&mut self.connection).await?)
    }

    pub async fn execute(&mut self, sql: &'static str) -> Result<()> {
        self.asked += 1;
        sqlx::query(sql).execute(&mut self.connection).await?;
        Ok(())
    }

    async fn number_at(&mut self, sql: &'static str, now: DateTime<Utc>) -> Result<i64> {
        self.asked += 1;
        Ok(sqlx::query_scalar(sql).bind(now.timestamp_micros()).fetch_one(&mut self.connection).await?)
    }
}
