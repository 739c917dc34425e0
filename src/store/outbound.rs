//! Events of ours on their way to the broker: stored with what they tell of, struck off when they are confirmed.

use super::dialect::Column::{Int, Text};
use super::row::{Reading, document, micros, rows_json, texts_json};
use super::{StoreError, Tx};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

#[derive(Debug, Clone, PartialEq)]
pub struct OutboundEvent {
    /// The event's id on the wire: the same thing told twice has the same one.
    pub id: String,
    pub topic: String,
    pub body: Value,
    pub created_at: DateTime<Utc>,
}

impl Tx {
    /// Stores events to be published; one that is stored already stays as it is.
    pub async fn outbound_insert(&mut self, events: &[OutboundEvent]) -> Result<(), StoreError> {
        let mut rows = Vec::with_capacity(events.len());
        for event in events {
            rows.push(json!({
                "id": event.id,
                "topic": event.topic,
                "body": document(&event.body)?,
                "created_at": micros(event.created_at),
            }));
        }
        let columns = [Text("id"), Text("topic"), Text("body"), Int("created_at")];
        let sql = self.engine.insert_all("outbound::insert", "outbound_event", &columns, "ON CONFLICT (id) DO NOTHING");
        sqlx::query(sql).bind(rows_json(rows)?).execute(self.conn()).await?;
        Ok(())
    }

    /// Events that the broker has not confirmed, oldest first.
    pub async fn outbound_waiting(&mut self, limit: usize) -> Result<Vec<OutboundEvent>, StoreError> {
        let sql = "-- outbound::waiting\nSELECT id, topic, body, created_at FROM outbound_event WHERE published_at IS NULL \
                   ORDER BY created_at, id LIMIT $1";
        sqlx::query(sql).bind(limit as i64).fetch_all(self.conn()).await?.iter().map(read).collect()
    }

    /// Notes what the broker has confirmed; the first confirmation counts. Returns how many were new.
    pub async fn outbound_published(&mut self, ids: &[String], now: DateTime<Utc>) -> Result<u64, StoreError> {
        let sql = format!(
            "-- outbound::published\nUPDATE outbound_event SET published_at = $2 WHERE published_at IS NULL AND id IN {}",
            self.engine.texts()
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(texts_json(ids)).bind(micros(now));
        Ok(query.execute(self.conn()).await?.rows_affected())
    }
}

fn read(row: &AnyRow) -> Result<OutboundEvent, StoreError> {
    let row = Reading::new("outbound_event", row);
    Ok(OutboundEvent {
        id: row.text("id")?,
        topic: row.text("topic")?,
        body: row.json("body")?,
        created_at: row.at("created_at")?,
    })
}
