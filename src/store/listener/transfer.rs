//! Callers whom their platform is told to transfer to us: for whom a rep was rung, where they are to come, and whether they have.
//!
//! An address is good for one caller, until its time is up. A number serves one after the other, with a rest between them in which
//! nobody is expected there: who comes late to one is nobody else's caller.

use crate::store::sql::row::{Reading, document, micros};
use crate::store::{CARRIER, StoreError, Tx};
use baton_core::domain::id::{HandoffId, LegId};
use baton_core::domain::lead::Call;
use chrono::{DateTime, TimeDelta, Utc};

/// How long a number is lent to nobody after a caller was expected there.
const RESTS: TimeDelta = TimeDelta::seconds(60);
/// A call is over by then, whether or not its end was told.
const KEPT_FOR: TimeDelta = TimeDelta::hours(12);

/// What a ping said of a caller who has not come by then is of no use, and one who has is a lead.
const ANNOUNCED_FOR: TimeDelta = TimeDelta::minutes(10);

/// Who has come to an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrived {
    ForRep(LegId),
    /// A ping told of them: this event makes the lead.
    Announced {
        event: String,
    },
    /// A ping told of them, and their lead is known since.
    Before,
}

impl Tx {
    /// Notes that a rep is rung for a caller whom the platform still has.
    pub async fn transfer_begin(&mut self, leg: &LegId, call: &Call, now: DateTime<Utc>) -> Result<(), StoreError> {
        let Some(handoff) = leg.handoff() else {
            return Err(StoreError::NotFound { what: "handoff of leg", id: leg.to_string() });
        };
        let sql = "-- transfer::begin\nINSERT INTO transfer (leg, handoff_id, platform, call_id, noted_at) \
                   VALUES ($1, $2, $3, $4, $5) ON CONFLICT (leg) DO NOTHING";
        let query = sqlx::query(sql).bind(leg.as_str()).bind(handoff.as_str()).bind(&call.platform).bind(&call.id);
        query.bind(micros(now)).execute(self.conn()).await?;
        Ok(())
    }

    pub async fn transfer_begun(&mut self, leg: &LegId) -> Result<bool, StoreError> {
        let sql = "-- transfer::begun\nSELECT leg FROM transfer WHERE leg = $1";
        Ok(sqlx::query(sql).bind(leg.as_str()).fetch_optional(self.conn()).await?.is_some())
    }

    /// Whether the platform has ended this call and nobody has come to us.
    pub async fn transfer_left(&mut self, platform: &str, call: &str) -> Result<bool, StoreError> {
        let sql = "-- transfer::left\nSELECT leg FROM transfer WHERE platform = $1 AND call_id = $2 \
                   AND ended_at IS NOT NULL AND channel IS NULL LIMIT 1";
        Ok(sqlx::query(sql).bind(platform).bind(call).fetch_optional(self.conn()).await?.is_some())
    }

    /// Whether whoever is on this channel has come to an address of ours.
    pub async fn transfer_came(&mut self, channel: &str) -> Result<bool, StoreError> {
        let sql = "-- transfer::came\nSELECT leg FROM transfer WHERE channel = $1 LIMIT 1";
        Ok(sqlx::query(sql).bind(channel).fetch_optional(self.conn()).await?.is_some())
    }

    /// The platform says that the call of this handoff is over. `true`: it has been told to transfer it, and the caller is on the
    /// way to us, or has come: that is no word of the caller.
    pub async fn transfer_ended(&mut self, handoff: &HandoffId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let sql = "-- transfer::ended\nUPDATE transfer SET ended_at = COALESCE(ended_at, $2) WHERE handoff_id = $1 \
                   AND (channel IS NOT NULL OR EXISTS \
                   (SELECT 1 FROM address WHERE address.whose = transfer.leg AND address.until > $2))";
        let query = sqlx::query(sql).bind(handoff.as_str()).bind(micros(now));
        Ok(query.execute(self.conn()).await?.rows_affected() > 0)
    }

    /// Lends one of these, each with how it is dialled, to one caller, and says how it is dialled and until
    /// when: the first that is not another's, or the one that it has. `None`: all of them are others'.
    pub async fn address_lend_first(
        &mut self,
        whose: &str,
        candidates: &[(String, String)],
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Option<(String, DateTime<Utc>)>, StoreError> {
        if let Some(lent) = self.address_of(whose, now).await? {
            return Ok(Some(lent));
        }
        let sql = "-- address::lend\nINSERT INTO address (address, whose, until, dialled) VALUES ($1, $2, $3, $5) \
                   ON CONFLICT (address) DO UPDATE SET whose = excluded.whose, until = excluded.until, channel = NULL \
                   WHERE address.until <= $4";
        for (address, dialled) in candidates {
            let query = sqlx::query(sql).bind(address).bind(whose).bind(micros(until)).bind(micros(now - RESTS));
            let query = query.bind(dialled);
            if query.execute(self.conn()).await?.rows_affected() == 1 {
                return Ok(Some((dialled.clone(), until)));
            }
        }
        Ok(None)
    }

    async fn address_of(
        &mut self,
        whose: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<(String, DateTime<Utc>)>, StoreError> {
        let sql = "-- address::of\nSELECT dialled, until FROM address WHERE whose = $1 AND until > $2";
        let row = sqlx::query(sql).bind(whose).bind(micros(now)).fetch_optional(self.conn()).await?;
        let Some(row) = row else { return Ok(None) };
        let row = Reading::new("address", &row);
        Ok(Some((row.text("dialled")?, row.at("until")?)))
    }

    /// Where the caller of this handoff is to be transferred now, as it is dialled.
    pub async fn transfer_to(&mut self, handoff: &HandoffId, now: DateTime<Utc>) -> Result<Option<String>, StoreError> {
        let sql = "-- transfer::to\nSELECT a.dialled FROM transfer t JOIN address a ON a.whose = t.leg \
                   WHERE t.handoff_id = $1 AND t.channel IS NULL AND a.until > $2";
        let row = sqlx::query(sql).bind(handoff.as_str()).bind(micros(now)).fetch_optional(self.conn()).await?;
        row.map(|row| Reading::new("address", &row).text("dialled")).transpose()
    }

    /// Nobody is expected there any more.
    pub async fn address_end(&mut self, leg: &LegId, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "-- address::end\nUPDATE address SET until = $2 WHERE whose = $1 AND until > $2";
        sqlx::query(sql).bind(leg.as_str()).bind(micros(now)).execute(self.conn()).await?;
        Ok(())
    }

    /// Somebody has come to this address: for whom they are. `None`: nobody is expected there, or somebody else has come already.
    /// The caller for whom a rep waits is on this channel from now on, also where the number is lent to the next one.
    pub async fn address_arrive(
        &mut self,
        address: &str,
        channel: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Arrived>, StoreError> {
        if let Some(before) = self.arrived_before(channel).await? {
            return Ok(Some(before));
        }
        let sql = "-- address::arrive\nUPDATE address SET channel = $2 \
                   WHERE address = $1 AND (channel = $2 OR (channel IS NULL AND until > $3)) RETURNING address, whose";
        let query = sqlx::query(sql).bind(address).bind(channel).bind(micros(now));
        let Some(row) = query.fetch_optional(self.conn()).await? else { return Ok(None) };
        let whose = Reading::new("address", &row).text("whose")?;
        let Some(leg) = LegId::new(&whose).ok().filter(|leg| leg.handoff().is_some()) else {
            self.announced_is_on(&whose, channel, now).await?;
            return Ok(self.ping_event(&whose).await?.map(|event| Arrived::Announced { event }));
        };
        let sql = "-- transfer::arrive\nUPDATE transfer SET channel = $2 WHERE leg = $1";
        sqlx::query(sql).bind(leg.as_str()).bind(channel).execute(self.conn()).await?;
        self.caller_is_on(&leg, channel).await?;
        Ok(Some(Arrived::ForRep(leg)))
    }

    /// As whom somebody has come on this channel, to whichever address.
    async fn arrived_before(&mut self, channel: &str) -> Result<Option<Arrived>, StoreError> {
        let Some(handoff) = self.handoff_of_call(CARRIER, channel).await? else { return Ok(None) };
        let sql = "-- transfer::on_channel\nSELECT leg FROM transfer WHERE handoff_id = $1 AND channel = $2";
        let row = sqlx::query(sql).bind(handoff.as_str()).bind(channel).fetch_optional(self.conn()).await?;
        let leg = row.map(|row| Reading::new("transfer", &row).id("leg")).transpose()?;
        Ok(Some(leg.map_or(Arrived::Before, Arrived::ForRep)))
    }

    /// No rep was rung before they came: their number may be lent to the next while they are still here.
    async fn announced_is_on(&mut self, key: &str, channel: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "-- transfer::announced\nINSERT INTO transfer (leg, handoff_id, platform, call_id, channel, noted_at) \
                   VALUES ($1, '', '', '', $2, $3) ON CONFLICT (leg) DO NOTHING";
        sqlx::query(sql).bind(key).bind(channel).bind(micros(now)).execute(self.conn()).await?;
        Ok(())
    }

    async fn ping_event(&mut self, key: &str) -> Result<Option<String>, StoreError> {
        let sql = "-- ping::event\nSELECT key, event FROM ping WHERE key = $1 AND event <> ''";
        let row = sqlx::query(sql).bind(key).fetch_optional(self.conn()).await?;
        row.map(|row| Reading::new("ping", &row).text("event")).transpose()
    }

    /// What a ping was answered.
    pub async fn ping_answer(&mut self, key: &str) -> Result<Option<String>, StoreError> {
        let sql = "-- ping::answer\nSELECT key, answer FROM ping WHERE key = $1";
        let row = sqlx::query(sql).bind(key).fetch_optional(self.conn()).await?;
        row.map(|row| Reading::new("ping", &row).text("answer")).transpose()
    }

    /// Keeps what a ping is answered, and the event of its call, if it may come. `false`: it has been answered meanwhile.
    pub async fn ping_keep(
        &mut self,
        key: &str,
        answer: &str,
        event: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let sql = "-- ping::keep\nINSERT INTO ping (key, answer, event, noted_at) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (key) DO NOTHING";
        let query = sqlx::query(sql).bind(key).bind(answer).bind(event.unwrap_or_default()).bind(micros(now));
        Ok(query.execute(self.conn()).await?.rows_affected() == 1)
    }

    /// From here on it is one of the calls that we carry.
    async fn caller_is_on(&mut self, leg: &LegId, channel: &str) -> Result<(), StoreError> {
        let Some(handoff) = leg.handoff() else { return Ok(()) };
        let lead = self.handoff_lock(&handoff).await?.lead_id;
        let Some(mut record) = self.lead(&lead).await? else { return Ok(()) };
        let Some(call) = &mut record.lead.call else { return Ok(()) };
        call.leg = Some(channel.to_owned());
        let sql = "-- lead::on_channel\nUPDATE lead SET completed = $2, call_leg = $3 WHERE id = $1";
        let query = sqlx::query(sql).bind(lead.as_str()).bind(document(&record.lead)?).bind(channel);
        query.execute(self.conn()).await?;
        Ok(())
    }

    /// Calls of half a day ago, and sooner what was said of those who were to come: an answer is all that a ping needs then.
    pub async fn transfers_forget(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        for sql in [
            "-- transfer::forget\nDELETE FROM transfer WHERE noted_at < $1",
            "-- address::forget\nDELETE FROM address WHERE until < $1",
            "-- ping::forget\nDELETE FROM ping WHERE noted_at < $1",
        ] {
            sqlx::query(sql).bind(micros(now - KEPT_FOR)).execute(self.conn()).await?;
        }
        let sql = "-- ping::forget_event\nUPDATE ping SET event = '' WHERE noted_at < $1 AND event <> ''";
        sqlx::query(sql).bind(micros(now - ANNOUNCED_FOR)).execute(self.conn()).await?;
        Ok(())
    }
}
