//! Who is at work on this database, and by which release: a row for each worker, written again and again while it lives.

use crate::store::sql::row::{Reading, micros};
use crate::store::{StoreError, Tx};
use baton_core::domain::id::ReleaseId;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::any::AnyRow;

/// A worker that was not seen for so long is gone: it was killed, or has lost the database.
const GONE_AFTER: TimeDelta = TimeDelta::seconds(60);

/// A worker as it tells of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerRow {
    /// New at every start; who leases steps.
    pub id: String,
    pub host: String,
    /// Of Baton.
    pub version: String,
    pub release: ReleaseId,
    /// Since when it decides by it.
    pub release_since: DateTime<Utc>,
    /// Release of the time zones that it reckons with.
    pub zones: String,
    pub started_at: DateTime<Utc>,
    pub seen_at: DateTime<Utc>,
}

/// A worker among the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenWorker {
    pub worker: WorkerRow,
    /// Another one decides by a release that came after this one's.
    pub is_on_other_rules: bool,
}

impl Tx {
    pub async fn worker_seen(&mut self, worker: &WorkerRow) -> Result<(), StoreError> {
        let sql = "-- workers::seen\nINSERT INTO worker (id, host, version, release, release_since, zones, started_at, seen_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO UPDATE SET release = excluded.release, \
                   release_since = excluded.release_since, seen_at = excluded.seen_at";
        let query = sqlx::query(sql).bind(&worker.id).bind(&worker.host).bind(&worker.version);
        let query = query.bind(worker.release.as_str()).bind(micros(worker.release_since)).bind(&worker.zones);
        query.bind(micros(worker.started_at)).bind(micros(worker.seen_at)).execute(self.conn()).await?;
        Ok(())
    }

    /// It has stopped.
    pub async fn worker_leaves(&mut self, id: &str) -> Result<(), StoreError> {
        let sql = "-- workers::leaves\nDELETE FROM worker WHERE id = $1";
        sqlx::query(sql).bind(id).execute(self.conn()).await?;
        Ok(())
    }

    /// Rows of those who are gone without a word.
    pub async fn workers_forget(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "-- workers::forget\nDELETE FROM worker WHERE seen_at <= $1";
        sqlx::query(sql).bind(micros(now - GONE_AFTER)).execute(self.conn()).await?;
        Ok(())
    }

    /// How many are there.
    pub(in crate::store) async fn workers_alive(&mut self, now: DateTime<Utc>) -> Result<u32, StoreError> {
        let sql = "-- workers::alive\nSELECT id FROM worker WHERE seen_at > $1";
        let rows = sqlx::query(sql).bind(micros(now - GONE_AFTER)).fetch_all(self.conn()).await?;
        Ok(u32::try_from(rows.len()).unwrap_or(u32::MAX))
    }

    /// Those who are there, the longest first. The newest of the releases that they decide by is the one that was live last for
    /// the first time: who takes an old one back is on other rules until all do.
    pub async fn workers_seen(&mut self, now: DateTime<Utc>) -> Result<Vec<SeenWorker>, StoreError> {
        let sql = "-- workers::all\nSELECT w.id, w.host, w.version, w.release, w.release_since, w.zones, w.started_at, w.seen_at, \
                   r.first_live_at FROM worker w LEFT JOIN release r ON r.id = w.release WHERE w.seen_at > $1 \
                   ORDER BY w.started_at, w.id";
        let rows = sqlx::query(sql).bind(micros(now - GONE_AFTER)).fetch_all(self.conn()).await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            found.push((Reading::new("worker", row).maybe_at("first_live_at")?, read(row)?));
        }
        let newest =
            found.iter().max_by_key(|(first_live_at, _)| *first_live_at).map(|(_, worker)| worker.release.clone());
        let seen = found.into_iter().map(|(_, worker)| {
            let is_on_other_rules = newest.as_ref().is_some_and(|newest| *newest != worker.release);
            SeenWorker { worker, is_on_other_rules }
        });
        Ok(seen.collect())
    }
}

fn read(row: &AnyRow) -> Result<WorkerRow, StoreError> {
    let row = Reading::new("worker", row);
    Ok(WorkerRow {
        id: row.text("id")?,
        host: row.text("host")?,
        version: row.text("version")?,
        release: row.id("release")?,
        release_since: row.at("release_since")?,
        zones: row.text("zones")?,
        started_at: row.at("started_at")?,
        seen_at: row.at("seen_at")?,
    })
}
