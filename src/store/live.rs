//! Calls on which the platform lets us speak by ourselves: where, whether the agent waits for an answer, and what the caller heard
//! last. What was said is kept as a digest alone, and all of it only as long as the call lasts.

use super::sql::row::{Bulk, Reading, digest_of, micros, texts_json};
use super::{StoreError, Tx};
use baton_core::domain::id::LeadId;
use chrono::{DateTime, TimeDelta, Utc};
use std::fmt;

/// A platform may never tell that a call has ended; none lasts as long.
const KEPT_FOR: TimeDelta = TimeDelta::hours(12);

/// A call, and where it is spoken on.
#[derive(Clone, PartialEq, Eq)]
pub struct LiveCall {
    /// In lower case.
    pub platform: String,
    /// The platform's id of it.
    pub call: String,
    /// Where each call has an address of its own. Whoever has it can speak on the call.
    pub address: Option<String>,
}

/// Never printed with its address.
impl fmt::Debug for LiveCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveCall").field("platform", &self.platform).field("call", &self.call).finish_non_exhaustive()
    }
}

/// How it stands with a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveLine {
    pub call: LiveCall,
    /// The agent waits for an answer, or speaks it, until then.
    pub asks_until: DateTime<Utc>,
    /// Digests of what the caller heard last.
    told: String,
}

impl LiveLine {
    /// Whether this is what the caller heard last.
    pub fn has_told(&self, say: &str) -> bool {
        let digest = digest_of(say);
        self.told.split(' ').any(|told| told == digest)
    }
}

impl Tx {
    /// The agent of a call asks, and waits until then.
    pub async fn live_asked(
        &mut self,
        call: &LiveCall,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let sql = "-- live::asked\nINSERT INTO live_call (platform, call_id, address, asks_until, told, noted_at) \
                   VALUES ($1, $2, $3, $4, '', $5) ON CONFLICT (platform, call_id) DO UPDATE SET \
                   address = COALESCE(excluded.address, live_call.address), noted_at = excluded.noted_at, asks_until = \
                   CASE WHEN live_call.asks_until > excluded.asks_until THEN live_call.asks_until ELSE excluded.asks_until END";
        let query = sqlx::query(sql).bind(&call.platform).bind(&call.call).bind(call.address.as_deref());
        query.bind(micros(until)).bind(micros(now)).execute(self.conn()).await?;
        Ok(())
    }

    /// The agent that waited until then was answered with these sentences, which the caller has heard at `heard_at`; another
    /// question may still wait.
    pub async fn live_answered(
        &mut self,
        call: &LiveCall,
        until: DateTime<Utc>,
        heard_at: DateTime<Utc>,
        said: &[String],
    ) -> Result<(), StoreError> {
        let told: Vec<String> = said.iter().map(|say| digest_of(say)).collect();
        let sql = "-- live::answered\nUPDATE live_call SET told = $4, asks_until = \
                   CASE WHEN asks_until > $3 THEN asks_until ELSE $5 END WHERE platform = $1 AND call_id = $2";
        let query = sqlx::query(sql).bind(&call.platform).bind(&call.call).bind(micros(until)).bind(told.join(" "));
        query.bind(micros(heard_at)).execute(self.conn()).await?;
        Ok(())
    }

    /// `None`: nobody has asked on this call, or it is over.
    pub async fn live_line(&mut self, platform: &str, call: &str) -> Result<Option<LiveLine>, StoreError> {
        let sql = "-- live::line\nSELECT call_id, platform, address, asks_until, told FROM live_call \
                   WHERE platform = $1 AND call_id = $2";
        let row = sqlx::query(sql).bind(platform).bind(call).fetch_optional(self.conn()).await?;
        let Some(row) = row else { return Ok(None) };
        let row = Reading::new("live_call", &row);
        let call = LiveCall {
            platform: row.text("platform")?,
            call: row.text("call_id")?,
            address: row.maybe_text("address")?,
        };
        Ok(Some(LiveLine { call, asks_until: row.at("asks_until")?, told: row.text("told")? }))
    }

    /// Takes it upon whoever asks to say this sentence, once. `false`: the caller has heard something since `line` was read, or
    /// the agent asks again, and is answered.
    pub async fn live_say(&mut self, line: &LiveLine, say: &str) -> Result<bool, StoreError> {
        let sql = "-- live::say\nUPDATE live_call SET told = $5 WHERE platform = $1 AND call_id = $2 AND told = $3 \
                   AND asks_until = $4";
        let query = sqlx::query(sql).bind(&line.call.platform).bind(&line.call.call).bind(&line.told);
        let query = query.bind(micros(line.asks_until)).bind(digest_of(say));
        Ok(query.execute(self.conn()).await?.rows_affected() == 1)
    }

    /// It is certain that nobody heard it: what was heard before is again what was heard last, unless more was since.
    pub async fn live_unsaid(&mut self, line: &LiveLine, say: &str) -> Result<(), StoreError> {
        let sql = "-- live::unsaid\nUPDATE live_call SET told = $4 WHERE platform = $1 AND call_id = $2 AND told = $3";
        let query = sqlx::query(sql).bind(&line.call.platform).bind(&line.call.call).bind(digest_of(say));
        query.bind(&line.told).execute(self.conn()).await?;
        Ok(())
    }

    /// Calls of half a day ago, whether or not their end was told.
    pub async fn lives_forget(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "-- live::forget\nDELETE FROM live_call WHERE noted_at < $1";
        sqlx::query(sql).bind(micros(now - KEPT_FOR)).execute(self.conn()).await?;
        Ok(())
    }

    /// The callers of these leads are gone. Each call is found by its key: the others may be many.
    pub(super) fn lives_to_end(&self, leads: &[LeadId]) -> Option<Bulk> {
        if leads.is_empty() {
            return None;
        }
        let sql = format!(
            "-- live::over\nDELETE FROM live_call WHERE (platform, call_id) IN \
             (SELECT call_platform, lead.call_id FROM lead WHERE lead.id IN {})",
            self.engine.texts()
        );
        Some(Bulk::new(sql, texts_json(leads)))
    }
}
