//! How attempts at steps end, and what they leave behind: here and at the vendor.

use super::{IS_LEASED, held_of};
use crate::store::sql::dialect::Column::{Int, Text};
use crate::store::sql::row::{Reading, micros, rows_json, without_nul};
use crate::store::{StoreError, Tx};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use std::collections::BTreeSet;

/// How an attempt is written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepEnd {
    Done {
        vendor_ref: Option<String>,
        result: Option<String>,
    },
    Failed {
        error: String,
    },
    /// Failed, and the vendor has said that it did nothing: whoever tries again need not fear to do it twice.
    Refused {
        error: String,
    },
    Expired,
    /// Due again; `still_sent` keeps the mark that a request may have reached the vendor.
    Retry {
        run_at: DateTime<Utc>,
        error: String,
        still_sent: bool,
    },
    /// Nothing was done, and nothing has gone wrong: its time comes then.
    Waits {
        run_at: DateTime<Utc>,
        why: String,
    },
}

impl StepEnd {
    /// `done`, `failed`, `expired`, `retry` or `waits`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Done { .. } => "done",
            Self::Failed { .. } | Self::Refused { .. } => "failed",
            Self::Expired => "expired",
            Self::Retry { .. } => "retry",
            Self::Waits { .. } => "waits",
        }
    }
}

/// An attempt that ended, with the fence it was made under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishedStep {
    pub effect_key: String,
    pub fence: i64,
    pub end: StepEnd,
}

/// What is known of a step's trace at its vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VendorRef {
    Known(String),
    /// The step has not ended.
    NotYet,
    /// It ended without one, and there will be none.
    Never,
}

impl FinishedStep {
    /// Key and fence.
    pub fn held(&self) -> (String, i64) {
        (self.effect_key.clone(), self.fence)
    }

    /// The row of the bulk statement. Texts are a vendor's: they must not keep the end from being stored.
    fn row(&self) -> Value {
        let mut row = json!({ "key": self.effect_key, "held": self.fence, "keep_sent": 1 });
        match &self.end {
            StepEnd::Done { vendor_ref, result } => {
                row["end_state"] = json!("done");
                row["reference"] = json!(vendor_ref.as_deref().map(without_nul));
                row["answer"] = json!(result.as_deref().map(without_nul));
            }
            StepEnd::Failed { error } => {
                row["end_state"] = json!("failed");
                row["error"] = json!(without_nul(error));
            }
            StepEnd::Refused { error } => {
                row["end_state"] = json!("failed");
                row["error"] = json!(without_nul(error));
                row["keep_sent"] = json!(0);
            }
            StepEnd::Expired => {
                row["end_state"] = json!("expired");
                row["error"] = json!("the deadline had passed");
            }
            StepEnd::Waits { run_at, why } => {
                row["end_state"] = json!("due");
                row["again_at"] = json!(micros(*run_at));
                row["error"] = json!(why);
                row["keep_sent"] = json!(0);
            }
            StepEnd::Retry { run_at, error, still_sent } => {
                row["end_state"] = json!("due");
                row["again_at"] = json!(micros(*run_at));
                row["error"] = json!(without_nul(error));
                row["keep_sent"] = json!(i64::from(*still_sent));
            }
        }
        row
    }
}

impl Tx {
    /// Writes down how several attempts ended, and returns key and fence of those that count. The others are somebody else's
    /// by now: their results belong into [`Tx::orphan_insert`].
    pub async fn steps_finish(
        &mut self,
        ended: &[&FinishedStep],
        now: DateTime<Utc>,
    ) -> Result<BTreeSet<(String, i64)>, StoreError> {
        if ended.is_empty() {
            return Ok(BTreeSet::new());
        }
        let source = self.engine.rows(&[
            Text("key"),
            Int("held"),
            Text("end_state"),
            Int("again_at"),
            Int("keep_sent"),
            Text("reference"),
            Text("answer"),
            Text("error"),
        ]);
        let sql = format!(
            "-- step::finish\nUPDATE step SET state = r.end_state, run_at = COALESCE(r.again_at, run_at), \
             sent_at = CASE WHEN r.keep_sent = 1 THEN sent_at ELSE NULL END, vendor_ref = r.reference, result = r.answer, \
             last_error = r.error, lease_owner = NULL, lease_until = NULL, \
             ended_at = CASE WHEN r.end_state = 'due' THEN NULL ELSE $2 END FROM {source} \
             WHERE effect_key = r.key AND fence = r.held AND {IS_LEASED} RETURNING effect_key, fence"
        );
        let rows = rows_json(ended.iter().map(|end| end.row()))?;
        let counted = sqlx::query(AssertSqlSafe(sql)).bind(rows).bind(micros(now)).fetch_all(self.conn()).await?;
        counted.iter().map(held_of).collect()
    }

    /// Keeps the result of a worker that had lost its lease, unless the lead was erased meanwhile.
    pub async fn orphan_insert(
        &mut self,
        key: &str,
        fence: i64,
        result: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let sql = "-- step::orphan\nINSERT INTO orphan_result (effect_key, fence, at, result) \
                   SELECT CAST($1 AS TEXT), CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($4 AS TEXT) \
                   WHERE NOT EXISTS (SELECT 1 FROM step s JOIN lead l ON l.id = s.lead_id \
                   WHERE s.effect_key = $1 AND l.erased_at IS NOT NULL)";
        let query = sqlx::query(sql).bind(key).bind(fence).bind(micros(now)).bind(without_nul(result));
        query.execute(self.conn()).await?;
        Ok(())
    }

    /// What a step left behind at its vendor, such as the message that a card was posted as.
    pub async fn step_vendor_ref(&mut self, key: &str) -> Result<VendorRef, StoreError> {
        let sql = "-- step::vendor_ref\nSELECT effect_key, state, vendor_ref FROM step WHERE effect_key = $1";
        let row = sqlx::query(sql).bind(key).fetch_optional(self.conn()).await?;
        let Some(row) = row else { return Ok(VendorRef::Never) };
        let row = Reading::new("step", &row);
        Ok(match (row.maybe_text("vendor_ref")?, row.text("state")?.as_str()) {
            (Some(reference), _) => VendorRef::Known(reference),
            (None, "due" | "leased") => VendorRef::NotYet,
            (None, _) => VendorRef::Never,
        })
    }
}
