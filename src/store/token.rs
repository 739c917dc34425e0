//! Bearer tokens of the API: their hashes, what they allow, and when they were last seen.

use super::row::{Reading, document, micros};
use super::{StoreError, Tx};
use chrono::{DateTime, Utc};
use sqlx::any::AnyRow;
use std::collections::BTreeSet;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Public part: names the token in lists and logs.
    pub id: String,
    /// Of the secret part; compared in constant time by whoever checks it.
    pub hash: String,
    pub scopes: BTreeSet<String>,
    pub created_at: DateTime<Utc>,
    /// `None`: until it is taken away.
    pub expires_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
}

impl Tx {
    /// # Errors
    /// `Conflict` if there is a token of this id.
    pub async fn token_insert(&mut self, token: &Token) -> Result<(), StoreError> {
        let sql = "-- token::insert\nINSERT INTO token (id, hash, scopes, created_at, expires_at, last_used_at) \
                   VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING";
        let query = sqlx::query(sql).bind(&token.id).bind(&token.hash).bind(document(&token.scopes)?);
        let query = query.bind(micros(token.created_at)).bind(token.expires_at.map(micros));
        match query.bind(token.last_used_at.map(micros)).execute(self.conn()).await?.rows_affected() {
            1 => Ok(()),
            _ => Err(StoreError::Conflict { what: "token", id: token.id.clone() }),
        }
    }

    pub async fn token(&mut self, id: &str) -> Result<Option<Token>, StoreError> {
        let sql =
            "-- token::by_id\nSELECT id, hash, scopes, created_at, expires_at, last_used_at FROM token WHERE id = $1";
        sqlx::query(sql).bind(id).fetch_optional(self.conn()).await?.as_ref().map(read).transpose()
    }

    /// All tokens, oldest first.
    pub async fn tokens(&mut self) -> Result<Vec<Token>, StoreError> {
        let sql = "-- token::all\nSELECT id, hash, scopes, created_at, expires_at, last_used_at FROM token \
                   ORDER BY created_at, id";
        sqlx::query(sql).fetch_all(self.conn()).await?.iter().map(read).collect()
    }

    /// Notes that a token was seen. `false`: it has been taken away.
    pub async fn token_used(&mut self, id: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let sql = "-- token::used\nUPDATE token SET last_used_at = $2 WHERE id = $1";
        Ok(sqlx::query(sql).bind(id).bind(micros(now)).execute(self.conn()).await?.rows_affected() == 1)
    }

    /// Takes a token away. `false`: there was none.
    pub async fn token_delete(&mut self, id: &str) -> Result<bool, StoreError> {
        let sql = "-- token::delete\nDELETE FROM token WHERE id = $1";
        Ok(sqlx::query(sql).bind(id).execute(self.conn()).await?.rows_affected() == 1)
    }
}

fn read(row: &AnyRow) -> Result<Token, StoreError> {
    let row = Reading::new("token", row);
    Ok(Token {
        id: row.text("id")?,
        hash: row.text("hash")?,
        scopes: row.json("scopes")?,
        created_at: row.at("created_at")?,
        expires_at: row.maybe_at("expires_at")?,
        last_used_at: row.maybe_at("last_used_at")?,
    })
}
