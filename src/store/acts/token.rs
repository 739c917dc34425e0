//! Bearer tokens of the API: their hashes, what they allow, and when they were last seen.

use crate::store::sql::row::{Reading, document, micros};
use crate::store::{StoreError, Tx};
use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;
use std::collections::BTreeSet;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Public part: names the token in lists and logs.
    pub id: String,
    /// Of the secret part; compared in constant time by whoever checks it.
    pub hash: String,
    pub scopes: BTreeSet<String>,
    /// Events of this source alone; `None`: of every source.
    pub source: Option<String>,
    pub created_at: DateTime<Utc>,
    /// `None`: until it is taken away.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was taken away. The row stays, so that its name is told and a door that asked for tokens goes on asking.
    pub revoked_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
}

const COLUMNS: &str = "id, hash, scopes, source, created_at, expires_at, revoked_at, last_used_at";

impl Tx {
    /// # Errors
    /// `Conflict` if there is a token of this id.
    pub async fn token_insert(&mut self, token: &ApiToken) -> Result<(), StoreError> {
        let sql = format!(
            "-- token::insert\nINSERT INTO token ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(&token.id).bind(&token.hash).bind(document(&token.scopes)?);
        let query = query.bind(&token.source).bind(micros(token.created_at));
        let query = query.bind(token.expires_at.map(micros)).bind(token.revoked_at.map(micros));
        match query.bind(token.last_used_at.map(micros)).execute(self.conn()).await?.rows_affected() {
            1 => Ok(()),
            _ => Err(StoreError::Conflict { what: "token", id: token.id.clone() }),
        }
    }

    /// All tokens, oldest first.
    pub async fn tokens(&mut self) -> Result<Vec<ApiToken>, StoreError> {
        let sql = format!("-- token::all\nSELECT {COLUMNS} FROM token ORDER BY created_at, id");
        sqlx::query(AssertSqlSafe(sql)).fetch_all(self.conn()).await?.iter().map(read).collect()
    }

    /// Notes that a token was seen. `false`: it has been taken away.
    pub async fn token_used(&mut self, id: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let sql = "-- token::used\nUPDATE token SET last_used_at = $2 WHERE id = $1";
        Ok(sqlx::query(sql).bind(id).bind(micros(now)).execute(self.conn()).await?.rows_affected() == 1)
    }

    /// Takes a token away. `false`: there is none of this name, or it was taken away before.
    pub async fn token_revoke(&mut self, id: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let sql = "-- token::revoke\nUPDATE token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
        Ok(sqlx::query(sql).bind(id).bind(micros(now)).execute(self.conn()).await?.rows_affected() == 1)
    }
}

fn read(row: &AnyRow) -> Result<ApiToken, StoreError> {
    let row = Reading::new("token", row);
    Ok(ApiToken {
        id: row.text("id")?,
        hash: row.text("hash")?,
        scopes: row.json("scopes")?,
        source: row.maybe_text("source")?,
        created_at: row.at("created_at")?,
        expires_at: row.maybe_at("expires_at")?,
        revoked_at: row.maybe_at("revoked_at")?,
        last_used_at: row.maybe_at("last_used_at")?,
    })
}
