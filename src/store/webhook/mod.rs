//! Our own events on their way to webhooks: kept, leased for one try at a time, fenced, and ended.

mod end;
mod log;

pub use end::{DeliveriesEnded, DeliveryEnd, Failure, TriedDelivery};
pub use log::{DeliveryLine, DeliveryState, DisabledWebhook, WebhookStanding};

use super::sql::dialect::Column::{self, Int, Text};
use super::sql::row::{Reading, micros, rows_json};
use super::{StoreError, Tx};
use baton_core::domain::trace_context::TraceContext;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;
use std::time::Duration;

/// An event for one webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    pub webhook: String,
    pub event_id: String,
    pub topic: &'static str,
    /// As it is sent.
    pub body: String,
    pub created_at: DateTime<Utc>,
    /// Under which it is told of.
    pub trace_context: Option<TraceContext>,
}

/// A delivery that this worker holds, for one try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRow {
    pub id: String,
    pub event_id: String,
    pub body: String,
    /// Until then it is this worker's.
    pub lease_until: DateTime<Utc>,
    /// A result counts only with this number.
    pub fence: i64,
    /// Tries whose end was written down.
    pub attempts: u32,
    /// How often a lease has lapsed since the last of them: its worker was killed.
    pub lost: u32,
    pub trace_context: Option<TraceContext>,
}

const COLUMNS: [Column; 12] = [
    Text("id"),
    Text("webhook"),
    Text("event_id"),
    Text("topic"),
    Text("body"),
    Int("created_at"),
    Text("state"),
    Int("run_at"),
    Int("held"),
    Int("fence"),
    Int("attempts"),
    Text("trace_context"),
];

impl Tx {
    /// Keeps events for webhooks, due at once. One that is kept already stays as it is.
    pub async fn deliveries_insert(&mut self, deliveries: &[NewDelivery]) -> Result<(), StoreError> {
        let rows = deliveries.iter().map(|new| {
            json!({
                "id": format!("{}/{}", new.webhook, new.event_id),
                "webhook": new.webhook,
                "event_id": new.event_id,
                "topic": new.topic,
                "body": new.body,
                "created_at": micros(new.created_at),
                "state": "open",
                "run_at": micros(new.created_at),
                "held": 0,
                "fence": 0,
                "attempts": 0,
                "trace_context": new.trace_context,
            })
        });
        let sql =
            self.engine.insert_all("webhook::insert", "webhook_delivery", &COLUMNS, "ON CONFLICT (id) DO NOTHING");
        sqlx::query(sql).bind(rows_json(rows)?).execute(self.conn()).await?;
        Ok(())
    }

    /// Takes deliveries of one webhook that are due, and those whose lease has lapsed, at most so many, unless it is disabled or
    /// its receiver rests. Two workers never get the same one.
    pub async fn deliveries_claim(
        &mut self,
        now: DateTime<Utc>,
        webhook: &str,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<DeliveryRow>, StoreError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let until = now + TimeDelta::from_std(lease).unwrap_or_default();
        let sql = format!(
            "-- webhook::claim\nWITH found AS (SELECT id FROM webhook_delivery WHERE state = 'open' AND webhook = $1 \
             AND run_at <= $2 AND NOT EXISTS (SELECT 1 FROM webhook WHERE name = $1 \
             AND (disabled_at IS NOT NULL OR rests_until > $2)) ORDER BY run_at LIMIT $4 {}) \
             UPDATE webhook_delivery SET lost = lost + held, held = 1, run_at = $3, fence = fence + 1 \
             WHERE id IN (SELECT id FROM found) RETURNING id, event_id, body, run_at, fence, attempts, lost, \
             trace_context",
            self.engine.skip_locked()
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(webhook.to_owned()).bind(micros(now)).bind(micros(until));
        query.bind(limit as i64).fetch_all(self.conn()).await?.iter().map(read).collect()
    }
}

fn read(row: &AnyRow) -> Result<DeliveryRow, StoreError> {
    let row = Reading::new("webhook_delivery", row);
    Ok(DeliveryRow {
        id: row.text("id")?,
        event_id: row.text("event_id")?,
        body: row.text("body")?,
        lease_until: row.at("run_at")?,
        fence: row.int("fence")?,
        attempts: row.number("attempts")?,
        lost: row.number("lost")?,
        trace_context: row.maybe_id("trace_context")?,
    })
}
