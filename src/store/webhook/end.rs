//! How tries ended, many in one commit, and what that means for their webhook.

use crate::store::sql::dialect::Column::{self, Int, Text};
use crate::store::sql::row::{Reading, micros, rows_json, without_nul};
use crate::store::{StoreError, Tx};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use std::collections::BTreeSet;

/// A try that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriedDelivery {
    pub id: String,
    pub fence: i64,
    pub at: DateTime<Utc>,
    /// In words.
    pub outcome: String,
    pub end: DeliveryEnd,
    /// `None`: nothing can be said against the receiver.
    pub fails: Option<Failure>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryEnd {
    Delivered,
    Again { run_at: DateTime<Utc> },
    GivenUp,
}

/// What a try that failed means for its webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The receiver has asked for nothing until then.
    pub rests_until: Option<DateTime<Utc>>,
    /// The webhook is disabled if it has been failing since then; `None`: whenever it began, by whosever clock.
    pub nothing_since: Option<DateTime<Utc>>,
    /// It is disabled, in words.
    pub why: String,
}

/// What became of ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveriesEnded {
    /// Another worker has these.
    pub lost: Vec<String>,
    /// The webhook was disabled with them.
    pub disabled: bool,
}

const ENDS: [Column; 6] = [Text("key"), Int("mark"), Text("end_state"), Int("again_at"), Int("ended"), Text("said")];
const HELD: [Column; 2] = [Text("key"), Int("mark")];

impl TriedDelivery {
    /// The row of the bulk statement. Its words may be the receiver's: they must not keep the end from being stored.
    fn row(&self) -> Value {
        let (state, again_at) = match self.end {
            DeliveryEnd::Delivered => ("delivered", None),
            DeliveryEnd::Again { run_at } => ("open", Some(micros(run_at))),
            DeliveryEnd::GivenUp => ("failed", None),
        };
        json!({
            "key": self.id,
            "mark": self.fence,
            "end_state": state,
            "again_at": again_at,
            "ended": micros(self.at),
            "said": without_nul(&self.outcome),
        })
    }
}

impl Tx {
    /// Writes down how tries of one webhook ended, of those whose fence still holds, and what that means for the webhook.
    pub async fn deliveries_end(
        &mut self,
        webhook: &str,
        tried: &[TriedDelivery],
        now: DateTime<Utc>,
    ) -> Result<DeliveriesEnded, StoreError> {
        if tried.is_empty() {
            return Ok(DeliveriesEnded::default());
        }
        let sql = format!(
            "-- webhook::end\nUPDATE webhook_delivery SET state = r.end_state, run_at = COALESCE(r.again_at, run_at), held = 0, \
             attempts = attempts + 1, lost = 0, tried_at = r.ended, outcome = r.said, \
             ended_at = CASE WHEN r.end_state = 'open' THEN NULL ELSE $2 END FROM {} \
             WHERE id = r.key AND fence = r.mark AND state = 'open' RETURNING id",
            self.engine.rows(&ENDS)
        );
        let rows = rows_json(tried.iter().map(TriedDelivery::row))?;
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(rows).bind(micros(now)).fetch_all(self.conn()).await?;
        let read = rows.iter().map(|row| Reading::new("webhook_delivery", row).text("id"));
        let counted = read.collect::<Result<BTreeSet<String>, StoreError>>()?;
        let (counted, lost): (Vec<_>, Vec<_>) = tried.iter().partition(|one| counted.contains(&one.id));
        let disabled = self.webhook_judged(webhook, &counted, now).await?;
        Ok(DeliveriesEnded { lost: lost.into_iter().map(|one| one.id.clone()).collect(), disabled })
    }

    /// Deliveries that were not begun are due as if nobody had taken them, of those whose fence still holds.
    pub async fn deliveries_give_back(&mut self, unbegun: &[(String, i64)]) -> Result<(), StoreError> {
        if unbegun.is_empty() {
            return Ok(());
        }
        let sql = format!(
            "-- webhook::give_back\nUPDATE webhook_delivery SET held = 0, run_at = created_at FROM {} \
             WHERE id = r.key AND fence = r.mark AND state = 'open'",
            self.engine.rows(&HELD)
        );
        let rows = rows_json(unbegun.iter().map(|(key, mark)| json!({ "key": key, "mark": mark })))?;
        sqlx::query(AssertSqlSafe(sql)).bind(rows).execute(self.conn()).await?;
        Ok(())
    }

    /// `true`: it is disabled now. Whatever was delivered goes before what failed beside it, which comes again and tells.
    async fn webhook_judged(
        &mut self,
        webhook: &str,
        counted: &[&TriedDelivery],
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        if counted.iter().any(|one| one.end == DeliveryEnd::Delivered) {
            let sql = "-- webhook::well\nUPDATE webhook SET failing_since = NULL WHERE name = $1 AND failing_since IS NOT NULL";
            sqlx::query(sql).bind(webhook.to_owned()).execute(self.conn()).await?;
        }
        let began = counted.iter().filter(|one| one.fails.is_some()).map(|one| one.at).min();
        let failures: Vec<&Failure> = counted.iter().filter_map(|one| one.fails.as_ref()).collect();
        let (Some(began), Some(last)) = (began, failures.last()) else { return Ok(false) };
        let rests_until = failures.iter().filter_map(|failure| failure.rests_until).max();
        self.webhook_fails(webhook, began, rests_until).await?;
        let final_one = failures.iter().find(|failure| failure.nothing_since.is_none());
        self.webhook_disable(webhook, final_one.unwrap_or(last), now).await
    }

    async fn webhook_fails(
        &mut self,
        webhook: &str,
        since: DateTime<Utc>,
        rests_until: Option<DateTime<Utc>>,
    ) -> Result<(), StoreError> {
        let sql = "-- webhook::fails\nINSERT INTO webhook (name, failing_since, rests_until) VALUES ($1, $2, $3) \
                   ON CONFLICT (name) DO UPDATE SET failing_since = COALESCE(webhook.failing_since, excluded.failing_since), \
                   rests_until = COALESCE(excluded.rests_until, webhook.rests_until) \
                   WHERE webhook.failing_since IS NULL OR excluded.rests_until > COALESCE(webhook.rests_until, 0)";
        let query = sqlx::query(sql).bind(webhook.to_owned()).bind(micros(since)).bind(rests_until.map(micros));
        query.execute(self.conn()).await?;
        Ok(())
    }

    /// `false`: something was delivered since then, or it is disabled already.
    async fn webhook_disable(
        &mut self,
        webhook: &str,
        failure: &Failure,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let sql = "-- webhook::disable\nUPDATE webhook SET disabled_at = $2, disabled_why = $3 \
                   WHERE name = $1 AND disabled_at IS NULL AND failing_since <= $4";
        let since = failure.nothing_since.unwrap_or(DateTime::<Utc>::MAX_UTC);
        let query = sqlx::query(sql).bind(webhook.to_owned()).bind(micros(now)).bind(without_nul(&failure.why));
        Ok(query.bind(micros(since)).execute(self.conn()).await?.rows_affected() == 1)
    }
}
