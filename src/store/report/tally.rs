//! How many leads were decided in each hour, and by what: counted once an hour is over, so that weeks are compared without reading
//! their leads.
//!
//! Guarantees: an hour is counted once, whoever counts it; at most one hour of decisions is read in one transaction, which keeps
//! nobody from writing. If the process dies here, the hour is counted by the next look.

use crate::store::sql::dialect::Column::{Int, Text};
use crate::store::sql::row::{Reading, rows_json};
use crate::store::{Store, StoreError, Tx, with};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::any::AnyRow;

/// How long they are kept: four weeks, and one to be held against them.
const KEPT_HOURS: i64 = 5 * 7 * 24;
/// From the end of an hour on: what was decided in it is committed by then, and callers who waited know what came of it.
const SETTLED_AFTER: TimeDelta = TimeDelta::minutes(5);
const HOUR: TimeDelta = TimeDelta::hours(1);

/// What leads are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TallyKind {
    /// All that were decided.
    All,
    /// By each rule that had a part in it.
    Rule,
    /// Leads that were not put through, of whatever channel, as they stood when the hour was counted.
    Fallback,
    /// By who brought them.
    Source,
}

impl TallyKind {
    const ALL: [Self; 4] = [Self::All, Self::Rule, Self::Fallback, Self::Source];

    fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Rule => "rule",
            Self::Fallback => "fallback",
            Self::Source => "source",
        }
    }
}

/// Leads of one hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    pub kind: TallyKind,
    /// Of a rule: how it was routed, as in [`crate::store::ReportRow::route`], or `tier NAME` or `pool NAME`; of a source: its own;
    /// else empty.
    pub name: String,
    /// Since 1970 in UTC.
    pub hour: i64,
    pub leads: u64,
}

/// Every hour that is kept; those without leads are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tallies {
    /// The first hour that is not counted.
    pub until: i64,
    pub rows: Vec<Tally>,
}

/// An hour, as it was counted.
struct CountedHour {
    /// The first hour that is not counted, before and after. `None`: nothing was counted yet.
    from: Option<i64>,
    until: i64,
    rows: Vec<Value>,
    /// What is older is forgotten.
    kept_from: i64,
}

impl Store {
    /// Counts the next hour that is over; by how many things its leads are counted. `None`: no hour is left.
    ///
    /// # Errors
    /// The database failed: the hour is counted whole, or not at all.
    pub async fn tally_hour(&self, now: DateTime<Utc>) -> Result<Option<u64>, StoreError> {
        loop {
            let next = self.read("tally.read", with(now, |tx, now| Box::pin(tx.tally_read(*now)))).await?;
            let Some(hour) = next else { return Ok(None) };
            let count = hour.rows.len() as u64;
            if self.write("tally.write", with(hour, |tx, hour| Box::pin(tx.tally_write(hour)))).await? {
                return Ok(Some(count));
            }
        }
    }
}

impl Tx {
    /// The next hour that is over. `None`: none is left.
    async fn tally_read(&mut self, now: DateTime<Utc>) -> Result<Option<CountedHour>, StoreError> {
        let over = hour_of(now - SETTLED_AFTER);
        let kept_from = over - KEPT_HOURS;
        let from = self.tally_until().await?;
        let next = match from {
            Some(next) => next,
            None => self.tally_first(kept_from).await?.unwrap_or(over),
        };
        // Of a worker that was down for months, nobody asks about the first of them.
        let hour = next.max(kept_from);
        if hour < over {
            let rows = self.tally_count(hour).await?;
            return Ok(Some(CountedHour { from, until: hour + 1, rows, kept_from }));
        }
        Ok(from.is_none().then(|| CountedHour { from, until: hour, rows: Vec::new(), kept_from }))
    }

    /// `false`: another worker has counted it meanwhile.
    async fn tally_write(&mut self, hour: &CountedHour) -> Result<bool, StoreError> {
        let moved = match hour.from {
            Some(from) => {
                let sql = "-- tally::counted\nUPDATE tally_until SET hour = $1 WHERE key = 'decisions' AND hour = $2";
                sqlx::query(sql).bind(hour.until).bind(from).execute(self.conn()).await?
            }
            None => {
                let sql = "-- tally::begin\nINSERT INTO tally_until (key, hour) VALUES ('decisions', $1) \
                           ON CONFLICT (key) DO NOTHING";
                sqlx::query(sql).bind(hour.until).execute(self.conn()).await?
            }
        };
        if moved.rows_affected() == 0 {
            return Ok(false);
        }
        let columns = [Text("kind"), Text("name"), Int("hour"), Int("leads")];
        let tail = "ON CONFLICT (kind, name, hour) DO UPDATE SET leads = excluded.leads";
        let sql = self.engine.insert_all("tally::write", "tally", &columns, tail);
        sqlx::query(sql).bind(rows_json(&hour.rows)?).execute(self.conn()).await?;
        let sql = "-- tally::forget\nDELETE FROM tally WHERE hour < $1";
        sqlx::query(sql).bind(hour.kept_from).execute(self.conn()).await?;
        Ok(true)
    }

    /// The first hour that is not counted. `None`: nothing was counted yet.
    async fn tally_until(&mut self) -> Result<Option<i64>, StoreError> {
        let sql = "-- tally::until\nSELECT key, hour FROM tally_until WHERE key = 'decisions'";
        let row = sqlx::query(sql).fetch_optional(self.conn()).await?;
        row.map(|row| Reading::new("tally_until", &row).int("hour")).transpose()
    }

    /// The hour of the first decision that is young enough.
    async fn tally_first(&mut self, kept_from: i64) -> Result<Option<i64>, StoreError> {
        let sql = "-- tally::first\nSELECT 'first' AS key, MIN(decided_at) AS decided_at FROM decision WHERE decided_at >= $1";
        let row = sqlx::query(sql).bind(begin_of(kept_from)).fetch_one(self.conn()).await?;
        Ok(Reading::new("decision", &row).maybe_at("decided_at")?.map(hour_of))
    }

    async fn tally_count(&mut self, hour: i64) -> Result<Vec<Value>, StoreError> {
        let sql = "-- tally::count\nWITH decided AS (SELECT d.route, d.tier, d.pool, l.source, l.status FROM decision d \
                   JOIN lead l ON l.id = d.lead_id WHERE d.decided_at >= $1 AND d.decided_at < $2) \
                   SELECT kind, name, COUNT(*) AS leads FROM (\
                   SELECT 'all' AS kind, '' AS name FROM decided \
                   UNION ALL SELECT 'rule', route FROM decided \
                   UNION ALL SELECT 'rule', 'tier ' || tier FROM decided \
                   UNION ALL SELECT 'rule', 'pool ' || pool FROM decided \
                   UNION ALL SELECT 'source', source FROM decided \
                   UNION ALL SELECT 'fallback', '' FROM decided \
                   WHERE status NOT IN ('connected', 'handoff', 'left_to_agent', 'shadow')) AS counted GROUP BY kind, name";
        let query = sqlx::query(sql).bind(begin_of(hour)).bind(begin_of(hour + 1));
        let mut counted = Vec::new();
        for row in &query.fetch_all(self.conn()).await? {
            let row = Reading::new("tally", row);
            let (kind, name, leads) = (row.text("kind")?, row.text("name")?, row.int("leads")?);
            counted.push(json!({ "kind": kind, "name": name, "hour": hour, "leads": leads }));
        }
        Ok(counted)
    }

    /// `None`: nothing was counted yet.
    pub async fn tallies(&mut self) -> Result<Option<Tallies>, StoreError> {
        let Some(until) = self.tally_until().await? else { return Ok(None) };
        let sql = "-- tally::all\nSELECT kind, name, hour, leads FROM tally WHERE hour >= $1 AND hour < $2";
        let query = sqlx::query(sql).bind(until - KEPT_HOURS).bind(until);
        let rows = query.fetch_all(self.conn()).await?;
        let rows = rows.iter().map(read).collect::<Result<_, StoreError>>()?;
        Ok(Some(Tallies { until, rows }))
    }
}

fn hour_of(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(HOUR.num_seconds())
}

/// As instants are stored.
fn begin_of(hour: i64) -> i64 {
    hour * HOUR.num_seconds() * 1_000_000
}

fn read(row: &AnyRow) -> Result<Tally, StoreError> {
    let row = Reading::new("tally", row);
    let name = row.text("kind")?;
    let kind = TallyKind::ALL.into_iter().find(|kind| kind.as_str() == name);
    let kind = kind.ok_or_else(|| row.fault("kind", format!("{name:?} is nothing that leads are counted by")))?;
    Ok(Tally { kind, name: row.text("name")?, hour: row.int("hour")?, leads: row.number("leads")? })
}
