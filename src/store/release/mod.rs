//! Releases: the rules and templates that decisions were made with, whole, so that each decision can be made again.

mod workers;

pub use workers::{SeenWorker, WorkerRow};

use super::sql::dialect::Column::{Bytes, Text};
use super::sql::dialect::Engine;
use super::sql::row::{Reading, digest_of, document, hex, micros, rows_json, texts_json};
use super::{StoreError, Tx};
use baton_core::domain::id::ReleaseId;
use baton_core::rules::SourceFile;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;
use std::collections::{BTreeMap, BTreeSet};

/// A release that a worker is about to decide with.
#[derive(Debug, Clone)]
pub struct LiveRelease {
    pub id: ReleaseId,
    pub files: Vec<SourceFile>,
    /// What it holds, in counts.
    pub summary: String,
    pub worker: String,
    pub at: DateTime<Utc>,
}

/// A release as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRelease {
    pub id: ReleaseId,
    /// Path and hash of the content of each file, by path.
    pub files: BTreeMap<String, String>,
    pub summary: String,
    pub first_live_at: DateTime<Utc>,
    pub first_worker: String,
    pub last_live_at: DateTime<Utc>,
    pub last_worker: String,
    /// Decisions made with it.
    pub decisions: u64,
}

#[derive(Serialize, Deserialize)]
struct FileOf {
    path: String,
    file: String,
}

const COLUMNS: &str = "id, files, summary, first_live_at, first_worker, last_live_at, last_worker";

impl Tx {
    /// Stores a release, or notes that it is live again: from when this has committed, decisions may name it.
    pub async fn release_live(&mut self, release: &LiveRelease) -> Result<(), StoreError> {
        // By hash: two workers that store the same files do not wait for each other crosswise.
        let bodies: BTreeMap<String, &str> =
            release.files.iter().map(|file| (digest_of(&file.text), file.text.as_str())).collect();
        let rows = bodies.iter().map(|(id, body)| json!({ "id": id, "body": hex(body.as_bytes()) }));
        let tail = "ON CONFLICT (id) DO NOTHING";
        let sql = self.engine.insert_all("release::insert_files", "release_file", &[Text("id"), Bytes("body")], tail);
        sqlx::query(sql).bind(rows_json(rows)?).execute(self.conn()).await?;
        let mut files: Vec<FileOf> =
            release.files.iter().map(|file| FileOf { path: file.path.clone(), file: digest_of(&file.text) }).collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let sql = format!(
            "-- release::live\nINSERT INTO release ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $4, $5) ON CONFLICT (id) DO UPDATE \
             SET last_live_at = excluded.last_live_at, last_worker = excluded.last_worker"
        );
        let query =
            sqlx::query(AssertSqlSafe(sql)).bind(release.id.as_str()).bind(document(&files)?).bind(&release.summary);
        query.bind(micros(release.at)).bind(&release.worker).execute(self.conn()).await?;
        Ok(())
    }

    /// A worker still decides with it: as long as that is noted, it is not let go.
    pub async fn release_in_use(&mut self, id: &ReleaseId, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "-- release::in_use\nUPDATE release SET last_live_at = $2 WHERE id = $1 AND last_live_at < $2";
        sqlx::query(sql).bind(id.as_str()).bind(micros(now)).execute(self.conn()).await?;
        Ok(())
    }

    /// Nobody stores a release until the transaction ends: one that found its files there would miss them afterwards.
    pub(in crate::store) async fn release_files_hold(&mut self) -> Result<(), StoreError> {
        if self.engine == Engine::Postgres {
            let sql = "-- release::hold_files\nLOCK TABLE release_file IN SHARE ROW EXCLUSIVE MODE";
            sqlx::query(sql).execute(self.conn()).await?;
        }
        Ok(())
    }

    /// Contents that no release has any more.
    pub(in crate::store) async fn release_files_forget(&mut self) -> Result<(), StoreError> {
        let mut named = BTreeSet::new();
        let sql = "-- release::named_files\nSELECT id, files FROM release";
        for row in &sqlx::query(sql).fetch_all(self.conn()).await? {
            let files: Vec<FileOf> = Reading::new("release", row).json("files")?;
            named.extend(files.into_iter().map(|file| file.file));
        }
        let named: Vec<String> = named.into_iter().collect();
        let sql = format!("-- release::forget_files\nDELETE FROM release_file WHERE id NOT IN {}", self.engine.texts());
        sqlx::query(AssertSqlSafe(sql)).bind(texts_json(&named)).execute(self.conn()).await?;
        Ok(())
    }

    /// Every file of a release, as it was; `None` if it was never live on this database.
    ///
    /// # Errors
    /// A content is missing or is not text.
    pub async fn release_files(&mut self, id: &ReleaseId) -> Result<Option<Vec<SourceFile>>, StoreError> {
        let sql = format!("-- release::by_id\nSELECT {COLUMNS} FROM release WHERE id = $1");
        let row = sqlx::query(AssertSqlSafe(sql)).bind(id.as_str()).fetch_optional(self.conn()).await?;
        let Some(row) = row else { return Ok(None) };
        let stored = read(&row, 0)?;
        let hashes: Vec<&String> = stored.files.values().collect();
        let bodies = self.release_bodies(&hashes).await?;
        let mut files = Vec::with_capacity(stored.files.len());
        for (path, hash) in stored.files {
            let missing = || Reading::new("release", &row).fault("files", format!("the content of {path} is not kept"));
            let text = bodies.get(&hash).ok_or_else(missing)?.clone();
            files.push(SourceFile { path, text });
        }
        Ok(Some(files))
    }

    /// Contents by hash; those that are not kept are left out.
    pub async fn release_bodies<T: ToString>(&mut self, hashes: &[T]) -> Result<BTreeMap<String, String>, StoreError> {
        let sql = format!("-- release::bodies\nSELECT id, body FROM release_file WHERE id IN {}", self.engine.texts());
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(texts_json(hashes)).fetch_all(self.conn()).await?;
        let mut bodies = BTreeMap::new();
        for row in &rows {
            let row = Reading::new("release_file", row);
            let text = String::from_utf8(row.bytes("body")?).map_err(|error| row.fault("body", error))?;
            bodies.insert(row.text("id")?, text);
        }
        Ok(bodies)
    }

    /// All releases, the newest first, with the number of their decisions.
    pub async fn releases(&mut self) -> Result<Vec<StoredRelease>, StoreError> {
        let sql = "-- release::decisions\nSELECT release, COUNT(*) AS decisions FROM decision GROUP BY release";
        let mut decisions = BTreeMap::new();
        for row in &sqlx::query(sql).fetch_all(self.conn()).await? {
            let row = Reading::new("decision", row);
            decisions.insert(row.text("release")?, row.number::<u64>("decisions")?);
        }
        let sql = format!("-- release::all\nSELECT {COLUMNS} FROM release ORDER BY first_live_at DESC, id");
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(self.conn()).await?;
        let mut releases = Vec::with_capacity(rows.len());
        for row in &rows {
            let id = Reading::new("release", row).text("id")?;
            releases.push(read(row, decisions.get(&id).copied().unwrap_or(0))?);
        }
        Ok(releases)
    }
}

fn read(row: &AnyRow, decisions: u64) -> Result<StoredRelease, StoreError> {
    let row = Reading::new("release", row);
    let files: Vec<FileOf> = row.json("files")?;
    Ok(StoredRelease {
        id: row.id("id")?,
        files: files.into_iter().map(|file| (file.path, file.file)).collect(),
        summary: row.text("summary")?,
        first_live_at: row.at("first_live_at")?,
        first_worker: row.text("first_worker")?,
        last_live_at: row.at("last_live_at")?,
        last_worker: row.text("last_worker")?,
        decisions,
    })
}
