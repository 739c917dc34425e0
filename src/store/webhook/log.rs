//! What became of deliveries, how it stands with each webhook, and what a person does about it.

use crate::store::sql::row::{Reading, micros, texts_json};
use crate::store::{AuditEntry, Store, StoreError, Tx, with};
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;
use std::collections::BTreeMap;

/// How many are taken up in one commit.
const PAGE: i64 = 1000;

/// One delivery, as its log has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeliveryLine {
    pub id: String,
    pub topic: String,
    pub created_at: DateTime<Utc>,
    pub state: DeliveryState,
    pub attempts: u32,
    /// The last try, and what came of it.
    pub tried_at: Option<DateTime<Utc>>,
    pub outcome: Option<String>,
    /// `None`: there will be none.
    pub next_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It waits for its next try.
    Waiting,
    /// A worker is at it.
    UnderWay,
    Delivered,
    Failed,
}

/// How it stands with one webhook. Deliveries are counted for as long as they are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct WebhookStanding {
    pub waiting: u64,
    pub delivered: u64,
    pub failed: u64,
    pub delivered_at: Option<DateTime<Utc>>,
    pub failing_since: Option<DateTime<Utc>>,
    /// Its receiver has asked for nothing until then.
    pub rests_until: Option<DateTime<Utc>>,
    pub disabled_at: Option<DateTime<Utc>>,
    pub disabled_why: Option<String>,
}

/// Nothing is sent to it until somebody enables it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DisabledWebhook {
    pub name: String,
    pub disabled_at: DateTime<Utc>,
    pub why: String,
    /// Deliveries that are kept for it.
    pub undelivered: u64,
}

impl Tx {
    /// The newest deliveries of a webhook; with `failed`, of those that were tried and are not delivered.
    pub async fn deliveries_log(
        &mut self,
        webhook: &str,
        failed: bool,
        limit: usize,
    ) -> Result<Vec<DeliveryLine>, StoreError> {
        let which = if failed { "AND state <> 'delivered' AND tried_at IS NOT NULL" } else { "" };
        let sql = format!(
            "-- webhook::log\nSELECT id, topic, created_at, state, held, attempts, tried_at, outcome, run_at \
             FROM webhook_delivery WHERE webhook = $1 {which} ORDER BY created_at DESC, id LIMIT $2"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(webhook.to_owned()).bind(limit as i64);
        query.fetch_all(self.conn()).await?.iter().map(read_line).collect()
    }

    /// Every webhook of which something is stored, by name, whether `baton.toml` still has it or not.
    pub async fn webhooks_standing(&mut self) -> Result<BTreeMap<String, WebhookStanding>, StoreError> {
        let mut standing: BTreeMap<String, WebhookStanding> = BTreeMap::new();
        let sql = "-- webhook::counts\nSELECT webhook, COUNT(CASE WHEN state = 'open' THEN 1 END) AS waiting, \
                   COUNT(CASE WHEN state = 'delivered' THEN 1 END) AS delivered, \
                   COUNT(CASE WHEN state = 'failed' THEN 1 END) AS failed, \
                   MAX(CASE WHEN state = 'delivered' THEN ended_at END) AS delivered_at \
                   FROM webhook_delivery GROUP BY webhook";
        for row in &sqlx::query(sql).fetch_all(self.conn()).await? {
            let row = Reading::new("webhook_delivery", row);
            let one = standing.entry(row.text("webhook")?).or_default();
            (one.waiting, one.delivered) = (row.number("waiting")?, row.number("delivered")?);
            (one.failed, one.delivered_at) = (row.number("failed")?, row.maybe_at("delivered_at")?);
        }
        let sql = "-- webhook::states\nSELECT name, failing_since, rests_until, disabled_at, disabled_why FROM webhook";
        for row in &sqlx::query(sql).fetch_all(self.conn()).await? {
            let row = Reading::new("webhook", row);
            let one = standing.entry(row.text("name")?).or_default();
            (one.failing_since, one.rests_until) = (row.maybe_at("failing_since")?, row.maybe_at("rests_until")?);
            (one.disabled_at, one.disabled_why) = (row.maybe_at("disabled_at")?, row.maybe_text("disabled_why")?);
        }
        Ok(standing)
    }

    /// Webhooks that are disabled, the last one first.
    pub async fn webhooks_disabled(&mut self, limit: usize) -> Result<Vec<DisabledWebhook>, StoreError> {
        let sql = "-- webhook::disabled\nSELECT name, disabled_at, disabled_why, (SELECT COUNT(*) FROM webhook_delivery d \
                   WHERE d.webhook = webhook.name AND d.state <> 'delivered') AS undelivered \
                   FROM webhook WHERE disabled_at IS NOT NULL ORDER BY disabled_at DESC, name LIMIT $1";
        let rows = sqlx::query(sql).bind(limit as i64).fetch_all(self.conn()).await?;
        let read = |row: &AnyRow| {
            let row = Reading::new("webhook", row);
            Ok(DisabledWebhook {
                name: row.text("name")?,
                disabled_at: row.at("disabled_at")?,
                why: row.maybe_text("disabled_why")?.unwrap_or_default(),
                undelivered: row.number("undelivered")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Has a page of what is kept for a webhook and not delivered tried anew, from the first try on: how many those are, and the
    /// last one looked at, after which the next page begins.
    async fn deliveries_take_up(
        &mut self,
        webhook: &str,
        after: &(i64, String),
        now: DateTime<Utc>,
    ) -> Result<(u64, Option<(i64, String)>), StoreError> {
        let sql = "-- webhook::undelivered\nSELECT id, created_at FROM webhook_delivery WHERE webhook = $1 \
                   AND state <> 'delivered' AND (created_at, id) > ($2, $3) ORDER BY created_at, id LIMIT $4";
        let query = sqlx::query(sql).bind(webhook.to_owned()).bind(after.0).bind(after.1.clone()).bind(PAGE);
        let (mut ids, mut last) = (Vec::new(), None);
        for row in &query.fetch_all(self.conn()).await? {
            let row = Reading::new("webhook_delivery", row);
            ids.push(row.text("id")?);
            last = Some((row.int("created_at")?, row.text("id")?));
        }
        let sql = format!(
            "-- webhook::take_up\nUPDATE webhook_delivery SET state = 'open', run_at = $2, held = 0, attempts = 0, lost = 0, \
             ended_at = NULL WHERE id IN {} AND state <> 'delivered' AND (held = 0 OR run_at <= $2)",
            self.engine.texts()
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(texts_json(&ids)).bind(micros(now));
        Ok((query.execute(self.conn()).await?.rows_affected(), last))
    }

    async fn webhook_enabled(&mut self, webhook: &str) -> Result<(), StoreError> {
        let sql = "-- webhook::enable\nUPDATE webhook SET disabled_at = NULL, disabled_why = NULL, failing_since = NULL, \
                   rests_until = NULL WHERE name = $1";
        sqlx::query(sql).bind(webhook.to_owned()).execute(self.conn()).await?;
        Ok(())
    }

    /// Has one delivery tried anew, whatever became of it. `false`: there is none of this id, or somebody is at it.
    pub async fn delivery_retry(&mut self, id: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let sql = "-- webhook::retry\nUPDATE webhook_delivery SET state = 'open', run_at = $2, held = 0, attempts = 0, \
                   lost = 0, ended_at = NULL WHERE id = $1 AND (held = 0 OR run_at <= $2)";
        let query = sqlx::query(sql).bind(id.to_owned()).bind(micros(now));
        Ok(query.execute(self.conn()).await?.rows_affected() == 1)
    }

    /// Forgets deliveries that were kept long enough, the oldest first, at most so many of either kind; how many those were.
    pub async fn deliveries_forget(
        &mut self,
        delivered_before: DateTime<Utc>,
        any_before: DateTime<Utc>,
        limit: usize,
    ) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        // One statement for both would look at all that is neither, whenever it is asked.
        for (which, before) in [("state = 'delivered' AND", delivered_before), ("", any_before)] {
            let sql = format!(
                "-- webhook::forget\nDELETE FROM webhook_delivery WHERE id IN (SELECT id FROM webhook_delivery \
                 WHERE {which} created_at <= $1 ORDER BY created_at LIMIT $2)"
            );
            let query = sqlx::query(AssertSqlSafe(sql)).bind(micros(before)).bind(limit as i64);
            forgotten += query.execute(self.conn()).await?.rows_affected();
        }
        Ok(forgotten)
    }
}

impl Store {
    /// Enables a webhook, once all that is kept for it and not delivered is due anew; how much that is. Page by page: nobody who
    /// writes waits for all of it. The entry of the audit says who asked.
    ///
    /// # Errors
    /// As [`Store::write`]. It is not enabled then, and may be again.
    pub async fn webhook_enable(
        &self,
        webhook: &str,
        entry: &AuditEntry,
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let (mut taken_up, mut after) = (0, (i64::MIN, String::new()));
        loop {
            let page = with((webhook.to_owned(), after), move |tx, (webhook, after)| {
                Box::pin(tx.deliveries_take_up(webhook, after, now))
            });
            let (count, last) = self.write("webhook.take_up", page).await?;
            taken_up += count;
            let Some(last) = last else { break };
            after = last;
        }
        let enable = with((webhook.to_owned(), entry.clone()), move |tx, (webhook, entry)| {
            Box::pin(async move {
                tx.webhook_enabled(webhook).await?;
                tx.audit(entry, now).await
            })
        });
        self.write("webhook.enable", enable).await?;
        Ok(taken_up)
    }
}

fn read_line(row: &AnyRow) -> Result<DeliveryLine, StoreError> {
    let row = Reading::new("webhook_delivery", row);
    let state = match (row.text("state")?.as_str(), row.int("held")?) {
        ("open", 0) => DeliveryState::Waiting,
        ("open", _) => DeliveryState::UnderWay,
        ("delivered", _) => DeliveryState::Delivered,
        ("failed", _) => DeliveryState::Failed,
        (other, _) => return Err(row.fault("state", format!("{other:?} is no state of a delivery"))),
    };
    Ok(DeliveryLine {
        id: row.text("id")?,
        topic: row.text("topic")?,
        created_at: row.at("created_at")?,
        state,
        attempts: row.number("attempts")?,
        tried_at: row.maybe_at("tried_at")?,
        outcome: row.maybe_text("outcome")?,
        next_at: (state == DeliveryState::Waiting).then(|| row.at("run_at")).transpose()?,
    })
}
