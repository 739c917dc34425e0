//! Our own events on their way to webhooks: kept, leased for one try at a time, fenced, and ended.

mod log;

pub use log::{DeliveryLine, DeliveryState, DisabledWebhook, WebhookStanding};

use super::sql::dialect::Column::{self, Int, Text};
use super::sql::row::{Reading, micros, rows_json, without_nul};
use super::{StoreError, Tx};
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
    /// This one included.
    pub attempts: u32,
}

/// How a try ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriedDelivery {
    pub id: String,
    pub webhook: String,
    pub fence: i64,
    /// In words.
    pub outcome: String,
    pub end: DeliveryEnd,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryEnd {
    Delivered,
    Again {
        run_at: DateTime<Utc>,
    },
    /// The last try has failed. The webhook is disabled with it if nothing was delivered since then.
    GivenUp {
        nothing_since: DateTime<Utc>,
        why: String,
    },
    /// The receiver wants nothing more: the webhook is disabled, and the delivery stays open.
    Gone {
        why: String,
    },
}

/// What became of a try's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryCounted {
    /// Another worker has the delivery.
    Lost,
    Counted,
    /// And the webhook was disabled with it.
    Disabled,
}

const COLUMNS: [Column; 11] = [
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
            })
        });
        let sql =
            self.engine.insert_all("webhook::insert", "webhook_delivery", &COLUMNS, "ON CONFLICT (id) DO NOTHING");
        sqlx::query(sql).bind(rows_json(rows)?).execute(self.conn()).await?;
        Ok(())
    }

    /// Takes deliveries of one webhook that are due, and those whose lease has lapsed, at most so many, unless it is disabled.
    /// Two workers never get the same one.
    pub async fn deliveries_claim(
        &mut self,
        now: DateTime<Utc>,
        webhook: &str,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<DeliveryRow>, StoreError> {
        let until = now + TimeDelta::from_std(lease).unwrap_or_default();
        let sql = format!(
            "-- webhook::claim\nWITH found AS (SELECT id FROM webhook_delivery WHERE state = 'open' AND webhook = $1 \
             AND run_at <= $2 AND NOT EXISTS (SELECT 1 FROM webhook WHERE name = $1 AND disabled_at IS NOT NULL) \
             ORDER BY run_at LIMIT $4 {}) \
             UPDATE webhook_delivery SET held = 1, run_at = $3, fence = fence + 1, attempts = attempts + 1 \
             WHERE id IN (SELECT id FROM found) RETURNING id, event_id, body, run_at, fence, attempts",
            self.engine.skip_locked()
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(webhook.to_owned()).bind(micros(now)).bind(micros(until));
        query.bind(limit as i64).fetch_all(self.conn()).await?.iter().map(read).collect()
    }

    /// Writes down how a try ended, if its fence still holds, and what that means for the webhook.
    pub async fn delivery_end(
        &mut self,
        tried: &TriedDelivery,
        now: DateTime<Utc>,
    ) -> Result<DeliveryCounted, StoreError> {
        let (state, run_at) = match &tried.end {
            DeliveryEnd::Delivered => ("delivered", None),
            DeliveryEnd::Again { run_at } => ("open", Some(micros(*run_at))),
            DeliveryEnd::GivenUp { .. } => ("failed", None),
            DeliveryEnd::Gone { .. } => ("open", Some(micros(now))),
        };
        let sql = "-- webhook::end\nUPDATE webhook_delivery SET state = $3, run_at = COALESCE($4, run_at), held = 0, \
                   tried_at = $5, outcome = $6, ended_at = $7 WHERE id = $1 AND fence = $2 AND state = 'open'";
        let query = sqlx::query(sql).bind(&tried.id).bind(tried.fence).bind(state).bind(run_at).bind(micros(now));
        let query = query.bind(without_nul(&tried.outcome)).bind((state != "open").then(|| micros(now)));
        if query.execute(self.conn()).await?.rows_affected() != 1 {
            return Ok(DeliveryCounted::Lost);
        }
        let webhook = &tried.webhook;
        let disabled = match &tried.end {
            DeliveryEnd::Delivered => {
                let sql = "-- webhook::well\nUPDATE webhook SET failing_since = NULL WHERE name = $1 AND failing_since IS NOT NULL";
                sqlx::query(sql).bind(webhook).execute(self.conn()).await?;
                false
            }
            DeliveryEnd::Again { .. } => {
                self.webhook_fails(webhook, now).await?;
                false
            }
            DeliveryEnd::GivenUp { nothing_since, why } => {
                self.webhook_fails(webhook, now).await?;
                self.webhook_disable(webhook, *nothing_since, why, now).await?
            }
            DeliveryEnd::Gone { why } => {
                self.webhook_fails(webhook, now).await?;
                // Whenever it began to fail, by whosever clock: otherwise it would be asked again at once, and again.
                self.webhook_disable(webhook, DateTime::<Utc>::MAX_UTC, why, now).await?
            }
        };
        Ok(if disabled { DeliveryCounted::Disabled } else { DeliveryCounted::Counted })
    }

    async fn webhook_fails(&mut self, webhook: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "-- webhook::fails\nINSERT INTO webhook (name, failing_since) VALUES ($1, $2) ON CONFLICT (name) \
                   DO UPDATE SET failing_since = excluded.failing_since WHERE webhook.failing_since IS NULL";
        sqlx::query(sql).bind(webhook.to_owned()).bind(micros(now)).execute(self.conn()).await?;
        Ok(())
    }

    /// `false`: something was delivered since then, or it is disabled already.
    async fn webhook_disable(
        &mut self,
        webhook: &str,
        nothing_since: DateTime<Utc>,
        why: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let sql = "-- webhook::disable\nUPDATE webhook SET disabled_at = $2, disabled_why = $3 \
                   WHERE name = $1 AND disabled_at IS NULL AND failing_since <= $4";
        let query = sqlx::query(sql).bind(webhook.to_owned()).bind(micros(now)).bind(without_nul(why));
        Ok(query.bind(micros(nothing_since)).execute(self.conn()).await?.rows_affected() == 1)
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
    })
}
