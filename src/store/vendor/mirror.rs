//! What the CRM last said of accounts.

use crate::store::sql::dialect::Column::{self, Int, Text};
use crate::store::sql::dialect::{names, replacing};
use crate::store::sql::row::{Reading, document, micros, rows_json, texts_json};
use crate::store::{StoreError, Tx};
use baton_core::domain::account::Candidates;
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::AssertSqlSafe;
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq)]
pub struct Mirrored {
    /// Empty: the CRM was asked, and has nothing.
    pub account: Candidates,
    pub source: String,
    pub observed_at: DateTime<Utc>,
}

pub(super) const COLUMNS: [Column; 4] = [Text("key"), Text("body"), Text("source"), Int("observed_at")];

impl Tx {
    pub async fn mirror_get(&mut self, keys: &[String]) -> Result<BTreeMap<String, Mirrored>, StoreError> {
        let sql = format!(
            "-- mirror::get\nSELECT {} FROM mirror_account WHERE key IN {}",
            names(&COLUMNS),
            self.engine.texts()
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(texts_json(keys)).fetch_all(self.conn()).await?;
        let read = |row| {
            let row = Reading::new("mirror_account", row);
            let (source, observed_at) = (row.text("source")?, row.at("observed_at")?);
            Ok((row.text("key")?, Mirrored { account: row.json("body")?, source, observed_at }))
        };
        rows.iter().map(read).collect()
    }

    /// Keeps what the CRM said; in the order of the keys, so that two workers never wait for each other.
    pub async fn mirror_put(&mut self, answers: &BTreeMap<String, Mirrored>) -> Result<(), StoreError> {
        let mut rows = Vec::with_capacity(answers.len());
        for (key, mirrored) in answers {
            rows.push(json!({
                "key": key,
                "body": document(&mirrored.account)?,
                "source": mirrored.source,
                "observed_at": micros(mirrored.observed_at),
            }));
        }
        let sql = self.engine.insert_all("mirror::put", "mirror_account", &COLUMNS, &replacing("key", &COLUMNS));
        sqlx::query(sql).bind(rows_json(rows)?).execute(self.conn()).await?;
        Ok(())
    }
}
