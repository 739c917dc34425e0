//! Acts under an Idempotency-Key: which are being carried out, and what those that are done were answered.

use crate::store::sql::row::{Reading, micros};
use crate::store::{StoreError, Tx};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::any::AnyRow;

/// How long a key is remembered.
const KEPT: TimeDelta = TimeDelta::hours(24);
/// Nothing that is still being carried out began so long ago. A transaction is given up after 20 s and tried four times, 80 s in
/// all: three of these for the claim, one for the act, and three for the note of its answer.
const UNDER_WAY_AT_MOST: TimeDelta = TimeDelta::minutes(10);

/// A request that names itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedAct {
    pub key: String,
    /// Whose key it is.
    pub holder: String,
    /// Of everything that makes it the same request.
    pub digest: String,
    /// Random: tells this attempt from every other one under the key.
    pub claim: String,
}

/// What a key stands for when it comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActClaim {
    /// Whoever asked is to carry it out: nobody else does.
    Yours,
    /// It is done, and was answered so.
    Done { status: u16, body: String },
    /// Another request is carrying it out, or broke off a moment ago.
    Open,
    /// It broke off before its end was noted: nobody is at it any more, and what came of it is not known.
    BrokeOff,
    /// It came before with another request.
    Differs,
}

impl Tx {
    /// Takes a key for this act, unless it is taken; one that has had its day is free. Asked again with the same claim, it says
    /// the same: whoever did not learn whether the claim was stored asks until they do.
    pub async fn act_claim(&mut self, act: &KeyedAct, now: DateTime<Utc>) -> Result<ActClaim, StoreError> {
        let claim = "-- keyed::claim\nINSERT INTO keyed_act (key, holder, digest, began_at, claim) \
                     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (key, holder) DO UPDATE SET digest = excluded.digest, \
                     began_at = excluded.began_at, claim = excluded.claim, status = NULL, body = NULL \
                     WHERE keyed_act.began_at < $6";
        let query = sqlx::query(claim).bind(&act.key).bind(&act.holder).bind(&act.digest).bind(micros(now));
        let query = query.bind(&act.claim).bind(micros(now - KEPT));
        if query.execute(self.conn()).await?.rows_affected() == 1 {
            return Ok(ActClaim::Yours);
        }
        let known = "-- keyed::known\nSELECT key, digest, status, body, claim, began_at FROM keyed_act \
                     WHERE key = $1 AND holder = $2";
        let row = sqlx::query(known).bind(&act.key).bind(&act.holder).fetch_optional(self.conn()).await?;
        match row {
            Some(row) => read(&row, act, now),
            // Freed at this very moment.
            None => Ok(ActClaim::Open),
        }
    }

    /// Notes what an act was answered, for whoever asks again.
    ///
    /// # Errors
    /// `NotFound` if the key is not taken by this claim.
    pub async fn act_done(&mut self, act: &KeyedAct, status: u16, body: &str) -> Result<(), StoreError> {
        let sql = "-- keyed::done\nUPDATE keyed_act SET status = $3, body = $4 WHERE key = $1 AND holder = $2 \
                   AND claim = $5";
        let query = sqlx::query(sql).bind(&act.key).bind(&act.holder).bind(i64::from(status)).bind(body);
        match query.bind(&act.claim).execute(self.conn()).await?.rows_affected() {
            1 => Ok(()),
            _ => Err(StoreError::NotFound { what: "act", id: act.key.clone() }),
        }
    }

    /// Gives a key back whose act has changed nothing.
    pub async fn act_freed(&mut self, act: &KeyedAct) -> Result<(), StoreError> {
        let sql = "-- keyed::freed\nDELETE FROM keyed_act WHERE key = $1 AND holder = $2 AND claim = $3 \
                   AND status IS NULL";
        sqlx::query(sql).bind(&act.key).bind(&act.holder).bind(&act.claim).execute(self.conn()).await?;
        Ok(())
    }

    /// Keys that are a day old.
    pub async fn acts_forget(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "-- keyed::forget\nDELETE FROM keyed_act WHERE began_at < $1";
        sqlx::query(sql).bind(micros(now - KEPT)).execute(self.conn()).await?;
        Ok(())
    }
}

fn read(row: &AnyRow, act: &KeyedAct, now: DateTime<Utc>) -> Result<ActClaim, StoreError> {
    let row = Reading::new("keyed_act", row);
    if row.text("digest")? != act.digest {
        return Ok(ActClaim::Differs);
    }
    match (row.maybe_int("status")?, row.maybe_text("body")?) {
        (Some(status), Some(body)) => {
            let status = u16::try_from(status).map_err(|_| row.fault("status", format!("{status} is no status")))?;
            Ok(ActClaim::Done { status, body })
        }
        _ if row.text("claim")? == act.claim => Ok(ActClaim::Yours),
        _ if now - row.at("began_at")? > UNDER_WAY_AT_MOST => Ok(ActClaim::BrokeOff),
        _ => Ok(ActClaim::Open),
    }
}
