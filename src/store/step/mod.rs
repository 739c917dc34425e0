//! Steps: leased, fenced, with a deadline each.

mod again;
mod ahead;
mod backlog;
mod cards;
mod carried;
mod end;
mod look;
mod texted;
mod told;

pub use again::FailedStep;
pub use ahead::{Sibling, SiblingState};
pub use backlog::{StepProblem, StepStats};
pub use cards::OfferedCard;
pub use carried::CarrierLeg;
pub use end::{FinishedStep, StepEnd, VendorRef};
pub use told::StepTold;

use super::sql::dialect::Column::{Int, Text};
use super::sql::dialect::Engine;
use super::sql::row::{Bulk, Reading, Rows, columns, micros, rows_json, texts_json};
use super::{StoreError, Tx};
use crate::telemetry::figures::Count;
use baton_core::domain::effect::{Effect, Lane, Planned};
use baton_core::domain::id::{HandoffId, LeadId};
use baton_core::domain::trace_context::TraceContext;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;
use std::collections::BTreeSet;
use std::time::Duration;

/// A step about to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct NewStep {
    pub handoff_id: HandoffId,
    pub planned: Planned,
    /// When what it follows from happened.
    pub planned_at: DateTime<Utc>,
    /// Born leased to this worker until then, with fence 1; else due at its time.
    pub leased: Option<(String, DateTime<Utc>)>,
    /// The one that came with its lead's event.
    pub trace_context: Option<TraceContext>,
}

/// A step that this worker holds.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRow {
    pub effect_key: String,
    pub lead_id: LeadId,
    pub handoff_id: HandoffId,
    pub effect: Effect,
    /// When what it follows from happened: no retry moves it.
    pub planned_at: DateTime<Utc>,
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
    /// It is marked as sent already, by the commit that it was born in: it may leave.
    pub born_marked: bool,
    pub trace_context: Option<TraceContext>,
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
            planned_at: self.planned_at,
            run_at: self.planned.run_at,
            deadline_at: self.planned.deadline_at,
            lease_until: *lease_until,
            fence: 1,
            attempts: 1,
            sent_at: None,
            born_marked: self.is_born_marked(),
            trace_context: self.trace_context.clone(),
        })
    }

    /// A caller waits for it, and would wait for a commit more. If it never leaves, whoever takes it up looks first, and looks in
    /// vain.
    fn is_born_marked(&self) -> bool {
        self.leased.is_some() && matches!(self.planned.effect, Effect::Ring { .. })
    }
}

columns! {
    struct StepColumns<'a> {
        Text effect_key: &'a str,
        Text lead_id: LeadId,
        Text handoff_id: &'a HandoffId,
        Text kind: &'static str,
        Int priority: u8,
        Text state: &'static str,
        Int planned_at: i64,
        Int run_at: i64,
        Int deadline_at: i64,
        Text lease_owner: Option<&'a String>,
        Int lease_until: Option<i64>,
        Int fence: i64,
        Int attempts: i64,
        Int sent_at: Option<i64>,
        Text trace_context: Option<&'a TraceContext>,
    } with payload
}

/// More than there are hands for.
const LAPSED_AT_MOST: i64 = 1000;

const COLUMNS: &str = "effect_key, lead_id, handoff_id, payload, planned_at, run_at, deadline_at, lease_until, fence, attempts, \
                       sent_at, trace_context";

/// Of a step that was not begun: it was never marked, or it was born so, and whoever takes it up looks for it.
const IS_UNSENT: &str = "(sent_at IS NULL OR (kind = 'ring' AND fence = 1 AND sent_at = planned_at))";
/// Written so that the row is found by its key and only then asked: the index over all leased steps would be read whole.
const IS_LEASED: &str = "state || '' = 'leased'";

impl Tx {
    pub(super) fn steps_to_insert(&self, steps: &[&NewStep]) -> Result<Option<Bulk>, StoreError> {
        if steps.is_empty() {
            return Ok(None);
        }
        let mut rows = Rows::sized(steps.len(), 800);
        for step in steps {
            let born = i64::from(step.leased.is_some());
            let columns = StepColumns {
                effect_key: &step.planned.key,
                lead_id: step.handoff_id.lead(),
                handoff_id: &step.handoff_id,
                kind: step.planned.effect.kind(),
                priority: step.planned.effect.priority(),
                state: if step.leased.is_some() { "leased" } else { "due" },
                planned_at: micros(step.planned_at),
                run_at: micros(step.planned.run_at),
                deadline_at: micros(step.planned.deadline_at),
                lease_owner: step.leased.as_ref().map(|(owner, _)| owner),
                lease_until: step.leased.as_ref().map(|(_, until)| micros(*until)),
                fence: born,
                attempts: born,
                sent_at: step.is_born_marked().then(|| micros(step.planned_at)),
                trace_context: step.trace_context.as_ref(),
            };
            rows.row(&columns)?.document("payload", &step.planned.effect)?;
        }
        let sql = self.engine.insert_text("step::insert", "step", StepColumns::ALL, "");
        rows.bulk(sql).map(Some)
    }

    /// Takes due steps, and, where that is asked, those whose lease has lapsed, at most so many of each lane: live calls first, then
    /// by time. Two workers never get the same one.
    pub async fn steps_claim(
        &mut self,
        now: DateTime<Utc>,
        worker: &str,
        lease: Duration,
        wanted: &[(Lane, usize)],
        lapsed_too: bool,
    ) -> Result<Vec<StepRow>, StoreError> {
        let until = now + TimeDelta::from_std(lease).unwrap_or_default();
        let asks_first = lapsed_too && self.engine == Engine::Sqlite;
        let lapsed = if asks_first { self.steps_lapsed(now).await? } else { BTreeSet::new() };
        let mut query = sqlx::query(AssertSqlSafe(claim_of_all_lanes(self.engine, lapsed_too)));
        query = query.bind(micros(now)).bind(worker.to_owned()).bind(micros(until));
        for lane in Lane::ALL {
            let hands = wanted.iter().find(|(wanted, _)| *wanted == lane).map_or(0, |(_, hands)| *hands);
            query = query.bind(hands as i64);
        }
        let rows = query.fetch_all(self.conn()).await?;
        let mut steps = Vec::with_capacity(rows.len());
        for row in &rows {
            let step = read(row)?;
            let row = Reading::new("step", row);
            if row.int("had_lapsed")? == 1 || lapsed.contains(&step.effect_key) {
                self.count(Count::LeaseLapsed { kind: step.effect.kind() });
            }
            steps.push((row.int("priority")?, step));
        }
        steps.sort_by_key(|(priority, step)| (*priority, step.run_at));
        Ok(steps.into_iter().map(|(_, step)| step).collect())
    }

    /// Every step of these leads that is kept, done or not; nobody holds them by it.
    pub async fn steps_of(&mut self, leads: &[LeadId]) -> Result<Vec<StepRow>, StoreError> {
        let columns = COLUMNS.replace("lease_until", "COALESCE(lease_until, run_at) AS lease_until");
        let sql = format!("-- step::of_leads\nSELECT {columns} FROM step WHERE lead_id IN {}", self.engine.texts());
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(texts_json(leads)).fetch_all(self.conn()).await?;
        rows.iter().map(read).collect()
    }

    /// Keys of steps whose lease has ended: their workers are dead, or too slow. For SQLite, which does not tell of a row that it
    /// changes what it was before.
    async fn steps_lapsed(&mut self, now: DateTime<Utc>) -> Result<BTreeSet<String>, StoreError> {
        let sql = "-- step::lapsed\nSELECT effect_key FROM step WHERE state = 'leased' AND lease_until <= $1 LIMIT $2";
        let query = sqlx::query(sql).bind(micros(now)).bind(LAPSED_AT_MOST);
        query.fetch_all(self.conn()).await?.iter().map(|row| Reading::new("step", row).text("effect_key")).collect()
    }

    /// Marks that requests are about to leave, by key and fence; returns those that may be sent. The lease of another is
    /// somebody else's by now, and nothing may be sent.
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
        let marked =
            sqlx::query(AssertSqlSafe(sql)).bind(leases(held)?).bind(micros(now)).fetch_all(self.conn()).await?;
        marked.iter().map(held_of).collect()
    }

    /// Makes leases longer, by key and fence, as long as nobody else has taken the steps. What is just being ended needs no lease
    /// any more, and is not waited for. Returns which are longer now.
    pub async fn steps_renew(
        &mut self,
        held: &[(String, i64)],
        until: DateTime<Utc>,
    ) -> Result<Vec<(String, i64)>, StoreError> {
        let sql = format!(
            "-- step::renew\nUPDATE step SET lease_until = $2 WHERE effect_key IN (SELECT effect_key FROM step, {} \
             WHERE effect_key = r.key AND fence = r.held AND {IS_LEASED} {}) RETURNING effect_key, fence",
            self.engine.rows(&[Text("key"), Int("held")]),
            self.engine.skip_locked_of("step")
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(leases(held)?).bind(micros(until));
        query.fetch_all(self.conn()).await?.iter().map(held_of).collect()
    }

    /// Ends all leases: nobody lives who could hold one. What may have been sent is looked for a moment later, by `lost_until`,
    /// as after any lost answer; no lease becomes longer. Returns how many.
    pub async fn steps_lapse(&mut self, now: DateTime<Utc>, lost_until: DateTime<Utc>) -> Result<u64, StoreError> {
        let until = "CASE WHEN sent_at IS NULL THEN $1 ELSE $2 END";
        let sql = format!(
            "-- step::lapse\nUPDATE step SET lease_until = {until} WHERE state = 'leased' AND lease_until > {until}"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(micros(now)).bind(micros(lost_until));
        Ok(query.execute(self.conn()).await?.rows_affected())
    }

    /// Gives back steps that were not begun, by key and fence: due again at once.
    pub async fn steps_put_back(&mut self, held: &[(String, i64)]) -> Result<(), StoreError> {
        let sql = format!(
            "-- step::put_back\nUPDATE step SET state = 'due', lease_owner = NULL, lease_until = NULL FROM {} \
             WHERE effect_key = r.key AND fence = r.held AND {IS_UNSENT} AND {IS_LEASED}",
            self.engine.rows(&[Text("key"), Int("held")])
        );
        sqlx::query(AssertSqlSafe(sql)).bind(leases(held)?).execute(self.conn()).await?;
        Ok(())
    }

    /// Gives back what this worker holds, is not at and has not sent: at a stop, so that others need not wait for the lease.
    pub async fn steps_release(&mut self, worker: &str, is_at: &[String]) -> Result<u64, StoreError> {
        let sql = format!(
            "-- step::release\nUPDATE step SET state = 'due', lease_owner = NULL, lease_until = NULL \
             WHERE lease_owner = $2 AND state = 'leased' AND {IS_UNSENT} AND effect_key NOT IN {}",
            self.engine.texts()
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(texts_json(is_at)).bind(worker);
        Ok(query.execute(self.conn()).await?.rows_affected())
    }
}

/// One statement for all lanes, so that looking costs the same however many there are. An arm for every kind: each reads its
/// part of the index of due, or of leased, steps in order, as far as it needs to, and passes over no other kind's backlog.
fn claim_of_all_lanes(engine: Engine, lapsed_too: bool) -> String {
    let locked = engine.skip_locked();
    let mut states = vec![("due", "run_at")];
    states.extend(lapsed_too.then_some(("leased", "lease_until")));
    let (mut arms, mut taken, mut lapsed) = (Vec::new(), Vec::new(), Vec::new());
    for (at, lane) in Lane::ALL.into_iter().enumerate() {
        let hands = at + 4;
        let mut of_lane = Vec::new();
        for (state, since) in &states {
            for kind in lane.kinds() {
                of_lane.push(format!("{state}_{kind}"));
                lapsed.extend((*state == "leased").then(|| format!("{state}_{kind}")));
                arms.push(format!(
                    "{state}_{kind} AS (SELECT effect_key, priority, run_at FROM step WHERE state = '{state}' \
                     AND kind = '{kind}' AND {since} <= $1 ORDER BY {since} LIMIT ${hands} {locked})"
                ));
            }
        }
        let of_lane = of_lane.join(" UNION ALL SELECT * FROM ");
        taken.push(format!("taken_{at}"));
        arms.push(format!(
            "taken_{at} AS (SELECT effect_key FROM (SELECT * FROM {of_lane}) AS found_{at} ORDER BY priority, run_at \
             LIMIT ${hands})"
        ));
    }
    let all_of = |parts: Vec<String>| parts.join(" UNION ALL SELECT effect_key FROM ");
    let had_lapsed = match engine {
        Engine::Postgres if lapsed_too => {
            format!(
                "CAST(CASE WHEN effect_key IN (SELECT effect_key FROM {}) THEN 1 ELSE 0 END AS BIGINT)",
                all_of(lapsed)
            )
        }
        Engine::Postgres => "0::bigint".to_owned(),
        Engine::Sqlite => "0".to_owned(),
    };
    let (arms, taken) = (arms.join(", "), all_of(taken));
    format!(
        "-- step::claim\nWITH {arms} UPDATE step SET state = 'leased', lease_owner = $2, lease_until = $3, fence = fence + 1, \
         attempts = attempts + 1 WHERE effect_key IN (SELECT effect_key FROM {taken}) RETURNING {COLUMNS}, priority, \
         {had_lapsed} AS had_lapsed"
    )
}

/// The parameter of a statement about steps that are held.
fn leases(held: &[(String, i64)]) -> Result<String, StoreError> {
    rows_json(held.iter().map(|(key, fence)| json!({ "key": key, "held": fence })))
}

fn held_of(row: &AnyRow) -> Result<(String, i64), StoreError> {
    let row = Reading::new("step", row);
    Ok((row.text("effect_key")?, row.int("fence")?))
}

fn read(row: &AnyRow) -> Result<StepRow, StoreError> {
    let row = Reading::new("step", row);
    let run_at = row.at("run_at")?;
    Ok(StepRow {
        effect_key: row.text("effect_key")?,
        lead_id: row.id("lead_id")?,
        handoff_id: row.id("handoff_id")?,
        effect: row.json("payload")?,
        planned_at: row.maybe_at("planned_at")?.unwrap_or(run_at),
        run_at,
        deadline_at: row.at("deadline_at")?,
        lease_until: row.at("lease_until")?,
        fence: row.int("fence")?,
        attempts: row.number("attempts")?,
        sent_at: row.maybe_at("sent_at")?,
        born_marked: false,
        trace_context: row.maybe_id("trace_context")?,
    })
}
