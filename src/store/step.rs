//! Steps: leased, fenced, with a deadline each.

use super::dialect::Column::{Int, Text};
use super::row::{Reading, Rows, micros, rows_json, texts_json, without_nul};
use super::{StoreError, Tx};
use crate::domain::effect::{Effect, Planned};
use crate::domain::id::{HandoffId, LeadId};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;
use std::collections::BTreeSet;
use std::time::Duration;

/// A step about to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct NewStep {
    pub handoff_id: HandoffId,
    pub planned: Planned,
    /// Born leased to this worker until then, with fence 1; else due at its time.
    pub leased: Option<(String, DateTime<Utc>)>,
}

/// A step that this worker holds.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRow {
    pub effect_key: String,
    pub lead_id: LeadId,
    pub handoff_id: HandoffId,
    pub effect: Effect,
    pub run_at: DateTime<Utc>,
    pub deadline_at: DateTime<Utc>,
    /// Until then the step is this worker's.
    pub lease_until: DateTime<Utc>,
    /// A result counts only with this number.
    pub fence: i64,
    /// This one included.
    pub attempts: u32,
    /// A request left before, and its answer is not known.
    pub sent_at: Option<DateTime<Utc>>,
}

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
    Expired,
    /// Due again; `still_sent` keeps the mark that a request may have reached the vendor.
    Retry {
        run_at: DateTime<Utc>,
        error: String,
        still_sent: bool,
    },
}

/// An attempt that ended, with the fence it was made under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishedStep {
    pub effect_key: String,
    pub fence: i64,
    pub end: StepEnd,
}

/// How much there is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepStats {
    /// Steps whose time has come and that nobody holds.
    pub due: i64,
    /// Since when the oldest of them could run.
    pub oldest_due_at: Option<DateTime<Utc>>,
    /// Steps that somebody holds, or held until a lease ended.
    pub leased: i64,
    /// Those of them whose lease has ended.
    pub lapsed: i64,
}

/// A step that has failed for good: somebody should look.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct StepProblem {
    pub effect_key: String,
    pub lead_id: LeadId,
    pub kind: String,
    pub error: String,
    pub at: DateTime<Utc>,
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

impl NewStep {
    /// The same step as its leaseholder sees it; `None` if it is not born leased.
    pub fn in_hand(&self) -> Option<StepRow> {
        let (_, lease_until) = self.leased.as_ref()?;
        Some(StepRow {
            effect_key: self.planned.key.clone(),
            lead_id: self.handoff_id.lead(),
            handoff_id: self.handoff_id.clone(),
            effect: self.planned.effect.clone(),
            run_at: self.planned.run_at,
            deadline_at: self.planned.deadline_at,
            lease_until: *lease_until,
            fence: 1,
            attempts: 1,
            sent_at: None,
        })
    }
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
            StepEnd::Expired => {
                row["end_state"] = json!("expired");
                row["error"] = json!("the deadline had passed");
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

#[derive(Serialize)]
struct StepColumns<'a> {
    effect_key: &'a str,
    lead_id: LeadId,
    handoff_id: &'a HandoffId,
    kind: &'static str,
    priority: u8,
    state: &'static str,
    run_at: i64,
    deadline_at: i64,
    lease_owner: Option<&'a String>,
    lease_until: Option<i64>,
    fence: i64,
    attempts: i64,
}

const COLUMNS: &str =
    "effect_key, lead_id, handoff_id, payload, run_at, deadline_at, lease_until, fence, attempts, sent_at";

/// Written so that the row is found by its key and only then asked: the index over all leased steps would be read whole.
const IS_LEASED: &str = "state || '' = 'leased'";

/// Which steps a claim takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    DueAndLapsed,
    /// What another worker, or this one, was kept from ending.
    Lapsed,
}

impl Tx {
    pub async fn steps_insert(&mut self, steps: impl IntoIterator<Item = &NewStep>) -> Result<(), StoreError> {
        let mut steps = steps.into_iter().peekable();
        if steps.peek().is_none() {
            return Ok(());
        }
        let mut rows = Rows::sized(steps.size_hint().0, 800);
        for step in steps {
            let born = i64::from(step.leased.is_some());
            let columns = StepColumns {
                effect_key: &step.planned.key,
                lead_id: step.handoff_id.lead(),
                handoff_id: &step.handoff_id,
                kind: step.planned.effect.kind(),
                priority: step.planned.effect.priority(),
                state: if step.leased.is_some() { "leased" } else { "due" },
                run_at: micros(step.planned.run_at),
                deadline_at: micros(step.planned.deadline_at),
                lease_owner: step.leased.as_ref().map(|(owner, _)| owner),
                lease_until: step.leased.as_ref().map(|(_, until)| micros(*until)),
                fence: born,
                attempts: born,
            };
            rows.row(&columns)?.document("payload", &step.planned.effect)?;
        }
        let columns = [
            Text("effect_key"),
            Text("lead_id"),
            Text("handoff_id"),
            Text("kind"),
            Int("priority"),
            Text("payload"),
            Text("state"),
            Int("run_at"),
            Int("deadline_at"),
            Text("lease_owner"),
            Int("lease_until"),
            Int("fence"),
            Int("attempts"),
        ];
        let sql = self.engine.insert_all("step::insert", "step", &columns, "");
        sqlx::query(sql).bind(rows.finish()?).execute(self.conn()).await?;
        Ok(())
    }

    /// Takes due steps of some kinds, and those whose lease has lapsed, or the latter only: live calls first, then by time. Two
    /// workers never get the same one.
    pub async fn steps_claim(
        &mut self,
        now: DateTime<Utc>,
        worker: &str,
        lease: Duration,
        kinds: &[&'static str],
        which: Claim,
        limit: usize,
    ) -> Result<Vec<StepRow>, StoreError> {
        // Two arms, so that each can use its partial index.
        let kinds = kinds.iter().map(|kind| format!("'{kind}'")).collect::<Vec<_>>().join(", ");
        let arm = |state: &str, column: &str| {
            format!(
                "(SELECT effect_key, priority, run_at FROM step WHERE state = '{state}' AND {column} <= $1 AND kind IN ({kinds}) ORDER BY priority, run_at LIMIT $4 {})",
                self.engine.skip_locked()
            )
        };
        let lapsed = arm("leased", "lease_until");
        let found = match which {
            Claim::DueAndLapsed => {
                let due = arm("due", "run_at");
                format!("due AS {due}, lapsed AS {lapsed}, found AS (SELECT * FROM due UNION ALL SELECT * FROM lapsed)")
            }
            Claim::Lapsed => format!("found AS {lapsed}"),
        };
        let sql = format!(
            "-- step::claim\nWITH {found}, taken AS (SELECT effect_key FROM found ORDER BY priority, run_at LIMIT $4) \
             UPDATE step SET state = 'leased', lease_owner = $2, lease_until = $3, fence = fence + 1, attempts = attempts + 1 \
             WHERE effect_key IN (SELECT effect_key FROM taken) RETURNING {COLUMNS}, priority"
        );
        let until = now + TimeDelta::from_std(lease).unwrap_or_default();
        let query = sqlx::query(AssertSqlSafe(sql)).bind(micros(now)).bind(worker).bind(micros(until));
        let rows = query.bind(limit as i64).fetch_all(self.conn()).await?;
        let steps = rows.iter().map(|row| Ok((Reading::new("step", row).int("priority")?, read(row)?)));
        let mut steps = steps.collect::<Result<Vec<(i64, StepRow)>, StoreError>>()?;
        steps.sort_by_key(|(priority, step)| (*priority, step.run_at));
        Ok(steps.into_iter().map(|(_, step)| step).collect())
    }

    /// Marks that a request is about to leave. `false`: the lease is somebody else's by now, and nothing may be sent.
    pub async fn step_mark_sent(&mut self, key: &str, fence: i64, now: DateTime<Utc>) -> Result<bool, StoreError> {
        Ok(!self.steps_mark_sent(&[(key.to_owned(), fence)], now).await?.is_empty())
    }

    /// The same for several, by key and fence; returns those that may be sent.
    pub async fn steps_mark_sent(
        &mut self,
        held: &[(String, i64)],
        now: DateTime<Utc>,
    ) -> Result<BTreeSet<(String, i64)>, StoreError> {
        let sql = format!(
            "-- step::mark_sent\nUPDATE step SET sent_at = $2 FROM {} WHERE effect_key = r.key AND fence = r.held \
             AND {IS_LEASED} RETURNING effect_key, fence",
            self.engine.rows(&[Text("key"), Int("held")])
        );
        let rows = rows_json(held.iter().map(|(key, fence)| json!({ "key": key, "held": fence })))?;
        let marked = sqlx::query(AssertSqlSafe(sql)).bind(rows).bind(micros(now)).fetch_all(self.conn()).await?;
        marked.iter().map(held_of).collect()
    }

    /// Writes down how an attempt ended. `false`: the fence has moved on, and the result does not count.
    pub async fn step_finish(
        &mut self,
        key: &str,
        fence: i64,
        end: &StepEnd,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let ended = FinishedStep { effect_key: key.to_owned(), fence, end: end.clone() };
        Ok(!self.steps_finish(&[ended], now).await?.is_empty())
    }

    /// Writes down how several attempts ended, and returns key and fence of those that count. The others are somebody else's
    /// by now: their results belong into [`Tx::orphan_insert`].
    pub async fn steps_finish(
        &mut self,
        ended: &[FinishedStep],
        now: DateTime<Utc>,
    ) -> Result<BTreeSet<(String, i64)>, StoreError> {
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
        let rows = rows_json(ended.iter().map(FinishedStep::row))?;
        let counted = sqlx::query(AssertSqlSafe(sql)).bind(rows).bind(micros(now)).fetch_all(self.conn()).await?;
        counted.iter().map(held_of).collect()
    }

    /// Gives back what this worker holds, is not at and has not sent: at a stop, so that others need not wait for the lease.
    pub async fn steps_release(&mut self, worker: &str, is_at: &[String]) -> Result<u64, StoreError> {
        let sql = format!(
            "-- step::release\nUPDATE step SET state = 'due', lease_owner = NULL, lease_until = NULL \
             WHERE lease_owner = $2 AND state = 'leased' AND sent_at IS NULL AND effect_key NOT IN {}",
            self.engine.texts()
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(texts_json(is_at)).bind(worker);
        Ok(query.execute(self.conn()).await?.rows_affected())
    }

    /// Keeps the result of a worker that had lost its lease.
    pub async fn orphan_insert(
        &mut self,
        key: &str,
        fence: i64,
        result: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let sql = "-- step::orphan\nINSERT INTO orphan_result (effect_key, fence, at, result) VALUES ($1, $2, $3, $4)";
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

    /// Steps that have failed for good, newest first.
    pub async fn steps_failed(&mut self, limit: usize) -> Result<Vec<StepProblem>, StoreError> {
        let sql = "-- step::failed\nSELECT effect_key, lead_id, kind, last_error, ended_at FROM step WHERE state = 'failed' \
                   ORDER BY ended_at DESC LIMIT $1";
        let rows = sqlx::query(sql).bind(limit as i64).fetch_all(self.conn()).await?;
        let read = |row: &AnyRow| {
            let row = Reading::new("step", row);
            Ok(StepProblem {
                effect_key: row.text("effect_key")?,
                lead_id: row.id("lead_id")?,
                kind: row.text("kind")?,
                error: row.maybe_text("last_error")?.unwrap_or_default(),
                at: row.at("ended_at")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Steps that are not timers of the future and not ended: 0 when everything that could be done is done.
    pub async fn steps_open(&mut self, now: DateTime<Utc>) -> Result<i64, StoreError> {
        let sql = "-- step::open\nSELECT '' AS key, COUNT(*) AS n FROM step WHERE state = 'leased' OR (state = 'due' AND run_at <= $1)";
        let row = sqlx::query(sql).bind(micros(now)).fetch_one(self.conn()).await?;
        Reading::new("step", &row).int("n")
    }

    /// How much there is to do at this moment, for metrics and health.
    pub async fn step_stats(&mut self, now: DateTime<Utc>) -> Result<StepStats, StoreError> {
        let sql = "-- step::stats_due\nSELECT '' AS key, COUNT(*) AS due, MIN(run_at) AS oldest FROM step \
                   WHERE state = 'due' AND run_at <= $1";
        let due = sqlx::query(sql).bind(micros(now)).fetch_one(self.conn()).await?;
        let sql = "-- step::stats_leased\nSELECT '' AS key, COUNT(*) AS leased, \
                   COUNT(CASE WHEN lease_until <= $1 THEN 1 END) AS lapsed FROM step WHERE state = 'leased'";
        let leased = sqlx::query(sql).bind(micros(now)).fetch_one(self.conn()).await?;
        let (due, leased) = (Reading::new("step", &due), Reading::new("step", &leased));
        Ok(StepStats {
            due: due.int("due")?,
            oldest_due_at: due.maybe_at("oldest")?,
            leased: leased.int("leased")?,
            lapsed: leased.int("lapsed")?,
        })
    }
}

fn held_of(row: &AnyRow) -> Result<(String, i64), StoreError> {
    let row = Reading::new("step", row);
    Ok((row.text("effect_key")?, row.int("fence")?))
}

fn read(row: &AnyRow) -> Result<StepRow, StoreError> {
    let row = Reading::new("step", row);
    Ok(StepRow {
        effect_key: row.text("effect_key")?,
        lead_id: row.id("lead_id")?,
        handoff_id: row.id("handoff_id")?,
        effect: row.json("payload")?,
        run_at: row.at("run_at")?,
        deadline_at: row.at("deadline_at")?,
        lease_until: row.at("lease_until")?,
        fence: row.int("fence")?,
        attempts: row.number("attempts")?,
        sent_at: row.maybe_at("sent_at")?,
    })
}
