//! How many leads were decided in each hour, and by what: counted once an hour is over, so that weeks are compared without reading
//! their leads.
//!
//! Guarantees: an hour is counted once, whoever counts it; at most one hour of decisions is read in one transaction. If the
//! process dies here, the hour is counted by the next look.

use crate::store::sql::row::Reading;
use crate::store::{StoreError, Tx};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::AssertSqlSafe;
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

impl Tx {
    /// Counts the next hour that is over. `false`: none is left.
    pub async fn tally_hour(&mut self, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let over = hour_of(now - SETTLED_AFTER);
        let next = match self.tally_next().await? {
            Some(next) => next,
            None => {
                self.tally_begin(over).await?;
                self.tally_next().await?.unwrap_or(over)
            }
        };
        // Of a worker that was down for months, nobody asks about the first of them.
        let hour = next.max(over - KEPT_HOURS);
        if hour >= over {
            return Ok(false);
        }
        self.tally_count(hour).await?;
        let sql = "-- tally::counted\nUPDATE tally_until SET hour = $1 WHERE key = 'decisions'";
        sqlx::query(sql).bind(hour + 1).execute(self.conn()).await?;
        let sql = "-- tally::forget\nDELETE FROM tally WHERE hour < $1";
        sqlx::query(sql).bind(over - KEPT_HOURS).execute(self.conn()).await?;
        Ok(true)
    }

    /// The hour that is to be counted next, held until the transaction ends.
    async fn tally_next(&mut self) -> Result<Option<i64>, StoreError> {
        let sql = format!(
            "-- tally::next\nSELECT key, hour FROM tally_until WHERE key = 'decisions' {}",
            self.engine.for_update()
        );
        let row = sqlx::query(AssertSqlSafe(sql)).fetch_optional(self.conn()).await?;
        row.map(|row| Reading::new("tally_until", &row).int("hour")).transpose()
    }

    /// With the first decision that is young enough; another worker may have begun at this very moment.
    async fn tally_begin(&mut self, over: i64) -> Result<(), StoreError> {
        let sql = "-- tally::first\nSELECT 'first' AS key, MIN(decided_at) AS decided_at FROM decision WHERE decided_at >= $1";
        let row = sqlx::query(sql).bind(begin_of(over - KEPT_HOURS)).fetch_one(self.conn()).await?;
        let first = Reading::new("decision", &row).maybe_at("decided_at")?;
        let sql = "-- tally::begin\nINSERT INTO tally_until (key, hour) VALUES ('decisions', $1) ON CONFLICT (key) DO NOTHING";
        sqlx::query(sql).bind(first.map_or(over, hour_of)).execute(self.conn()).await?;
        Ok(())
    }

    async fn tally_count(&mut self, hour: i64) -> Result<(), StoreError> {
        let sql = "-- tally::count\nWITH decided AS (SELECT d.route, d.tier, d.pool, l.source, l.status FROM decision d \
                   JOIN lead l ON l.id = d.lead_id WHERE d.decided_at >= $1 AND d.decided_at < $2) \
                   INSERT INTO tally (kind, name, hour, leads) SELECT kind, name, CAST($3 AS BIGINT), COUNT(*) FROM (\
                   SELECT 'all' AS kind, '' AS name FROM decided \
                   UNION ALL SELECT 'rule', route FROM decided \
                   UNION ALL SELECT 'rule', 'tier ' || tier FROM decided \
                   UNION ALL SELECT 'rule', 'pool ' || pool FROM decided \
                   UNION ALL SELECT 'source', source FROM decided \
                   UNION ALL SELECT 'fallback', '' FROM decided \
                   WHERE status NOT IN ('connected', 'handoff', 'left_to_agent')) AS counted WHERE true \
                   GROUP BY kind, name ON CONFLICT (kind, name, hour) DO UPDATE SET leads = excluded.leads";
        let query = sqlx::query(sql).bind(begin_of(hour)).bind(begin_of(hour + 1)).bind(hour);
        query.execute(self.conn()).await?;
        Ok(())
    }

    /// `None`: nothing was counted yet.
    pub async fn tallies(&mut self) -> Result<Option<Tallies>, StoreError> {
        let sql = "-- tally::until\nSELECT key, hour FROM tally_until WHERE key = 'decisions'";
        let Some(row) = sqlx::query(sql).fetch_optional(self.conn()).await? else { return Ok(None) };
        let until = Reading::new("tally_until", &row).int("hour")?;
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
