//! Channels over which vendors tell of changes to calendars: opened by one worker, heard by whichever is told, read by all.

use crate::store::sql::row::{Reading, digest_of, micros};
use crate::store::{StoreError, Tx};
use chrono::{DateTime, Utc};
use sqlx::any::AnyRow;

/// A channel, open or about to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarChannel {
    pub id: String,
    /// As the roster writes it.
    pub calendar: String,
    /// Where its messages go.
    pub address: String,
    /// The vendor's name for what it watches; `None`: the vendor has not said yet that it is open.
    pub resource: Option<String>,
    pub made_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    /// So far.
    pub messages: i64,
}

impl Tx {
    /// Before the vendor is asked to open it: its first message may come before the answer.
    pub async fn channel_insert(&mut self, channel: &CalendarChannel, token: &str) -> Result<(), StoreError> {
        let sql = "-- channel::insert\nINSERT INTO calendar_channel (id, calendar, token_digest, address, made_at, ends_at) \
                   VALUES ($1, $2, $3, $4, $5, $6)";
        let query = sqlx::query(sql).bind(&channel.id).bind(&channel.calendar).bind(digest_of(token));
        let query = query.bind(&channel.address).bind(micros(channel.made_at)).bind(micros(channel.ends_at));
        query.execute(self.conn()).await?;
        Ok(())
    }

    /// It is open until then.
    pub async fn channel_opened(&mut self, id: &str, resource: &str, ends_at: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "-- channel::opened\nUPDATE calendar_channel SET resource = $2, ends_at = $3 WHERE id = $1";
        sqlx::query(sql).bind(id).bind(resource).bind(micros(ends_at)).execute(self.conn()).await?;
        Ok(())
    }

    /// It is closed, or was never opened.
    pub async fn channel_delete(&mut self, id: &str) -> Result<(), StoreError> {
        let sql = "-- channel::delete\nDELETE FROM calendar_channel WHERE id = $1";
        sqlx::query(sql).bind(id).execute(self.conn()).await?;
        Ok(())
    }

    /// A channel of ours has this id and this token.
    pub async fn channel_proves(&mut self, id: &str, token: &str) -> Result<bool, StoreError> {
        let sql = "-- channel::proves\nSELECT id FROM calendar_channel WHERE id = $1 AND token_digest = $2";
        let found = sqlx::query(sql).bind(id).bind(digest_of(token)).fetch_optional(self.conn()).await?;
        Ok(found.is_some())
    }

    /// A message came over it.
    pub async fn channel_hears(&mut self, id: &str) -> Result<(), StoreError> {
        let sql = "-- channel::hears\nUPDATE calendar_channel SET messages = messages + 1 WHERE id = $1";
        sqlx::query(sql).bind(id).execute(self.conn()).await?;
        Ok(())
    }

    /// All of them, the oldest first.
    pub async fn channels(&mut self) -> Result<Vec<CalendarChannel>, StoreError> {
        let sql = "-- channel::all\nSELECT id, calendar, address, resource, made_at, ends_at, messages \
                   FROM calendar_channel ORDER BY made_at, id";
        sqlx::query(sql).fetch_all(self.conn()).await?.iter().map(CalendarChannel::from_row).collect()
    }
}

impl CalendarChannel {
    fn from_row(row: &AnyRow) -> Result<Self, StoreError> {
        let row = Reading::new("calendar_channel", row);
        Ok(Self {
            id: row.text("id")?,
            calendar: row.text("calendar")?,
            address: row.text("address")?,
            resource: row.maybe_text("resource")?,
            made_at: row.at("made_at")?,
            ends_at: row.at("ends_at")?,
            messages: row.int("messages")?,
        })
    }
}
