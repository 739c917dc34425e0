//! The row of an erasure: whom it is about while it is open, and what came of it.

use super::person::Person;
use crate::store::sql::row::{Reading, document, hex, micros};
use crate::store::{AuditEntry, StoreError, Tx};
use baton_clock::random_bytes;
use baton_core::domain::id::LeadId;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;
use std::collections::BTreeSet;

/// Nobody else takes up what somebody is at, as long as they go on with it: each part that they end makes it longer. Whoever has died
/// is waited for no longer than this.
pub(super) const HELD_FOR: TimeDelta = TimeDelta::minutes(1);

/// What the clock of whoever erases says: it may take long.
pub(super) type Now<'a> = &'a (dyn Fn() -> DateTime<Utc> + Send + Sync);

/// What somebody asks for.
#[derive(Debug, Clone)]
pub struct ErasureRequest {
    /// By a number, an address, a lead, or several of these.
    pub person: Person,
    /// `token NAME`, `cli USER`, or `nobody` where no token was ever given.
    pub actor: String,
    /// Without what tells of the person: it stays.
    pub why: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErasureState {
    /// Something is still to go: a caller is on the line, a worker has a step in hand, or nobody has come to it yet.
    Erasing,
    Done,
}

/// An erasure and what came of it so far. Nothing in it is personal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Erasure {
    pub id: String,
    pub state: ErasureState,
    pub requested_at: DateTime<Utc>,
    pub actor: String,
    pub why: Option<String>,
    /// Erasures that asked for one of the same and were open then.
    pub earlier: Vec<String>,
    /// The person's.
    pub leads: BTreeSet<LeadId>,
    /// Of other people, in which the person stood.
    pub named_in: BTreeSet<LeadId>,
    /// Messages whose bytes are gone.
    pub messages: u64,
    /// Leads whose callers are on the line: they are erased when the call is over.
    pub waits_for: BTreeSet<LeadId>,
    /// What is left for a person to do.
    pub at_vendors: BTreeSet<AtVendor>,
    /// When nothing was left to be found.
    pub swept_at: Option<DateTime<Utc>>,
}

/// What a vendor holds of a lead, by the vendor's own name of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AtVendor {
    pub lead: LeadId,
    /// `crm_record`, `calendar_event`, `chat_message`, `mail`, `text` or `call`.
    pub what: String,
    /// The vendor's own name of it; of what may be there alone, the key of its step.
    pub reference: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// In one sentence.
    pub to_do: String,
}

/// An erasure as it lies in the database; `person` until it is done.
#[derive(Clone)]
pub(super) struct Stored {
    pub erasure: Erasure,
    pub person: Option<Person>,
}

/// What came of a part of an erasure, written down in the transaction that it came of: whoever goes on with it finds nothing of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Part {
    /// The lead of somebody else in which the person stood.
    pub named_in: Option<LeadId>,
    pub messages: u64,
    pub at_vendors: Vec<AtVendor>,
}

const COLUMNS: &str = "id, requested_at, actor, why, earlier, person, state, leads, named_in, messages, waits_for, \
                       at_vendors, swept_at";

impl Tx {
    /// Nobody else takes it up before then.
    pub(super) async fn erasure_hold(&mut self, id: &str, until: DateTime<Utc>) -> Result<(), StoreError> {
        let sql =
            "-- erasure::hold\nUPDATE erasure SET held_until = $2 WHERE id = $1 AND state = 'open' AND held_until < $2";
        sqlx::query(sql).bind(id.to_owned()).bind(micros(until)).execute(self.conn()).await?;
        Ok(())
    }

    /// Stores what somebody asks for, with its entry in the audit.
    pub(super) async fn erasure_ask(
        &mut self,
        asked: &ErasureRequest,
        held_until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<String, StoreError> {
        let id = self.erasure_insert(asked, held_until, now).await?;
        self.audit(&AuditEntry::of(&asked.actor, "erasure.ask", &id, asked.why.as_deref()), now).await?;
        Ok(id)
    }

    /// A new erasure, held by whoever asks until then.
    async fn erasure_insert(
        &mut self,
        asked: &ErasureRequest,
        held_until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<String, StoreError> {
        let id = format!("era_{}", hex(&random_bytes::<8>()));
        let earlier = self.erasures_of(&asked.person).await?;
        let none = "[]";
        let sql = "-- erasure::insert\nINSERT INTO erasure (id, requested_at, actor, why, earlier, person, state, leads, named_in, \
                   messages, waits_for, at_vendors, held_until) \
                   VALUES ($1, $2, $3, $4, $5, $6, 'open', $7, $7, 0, $7, $7, $8)";
        let query = sqlx::query(sql).bind(&id).bind(micros(now)).bind(&asked.actor).bind(asked.why.as_deref());
        let query = query.bind(document(&earlier)?).bind(document(&asked.person)?);
        let query = query.bind(none).bind(micros(held_until));
        query.execute(self.conn()).await?;
        Ok(id)
    }

    /// Those that ask for one of the same and are open: of those that are done nobody knows any more whom they were about.
    pub(super) async fn erasures_of(&mut self, person: &Person) -> Result<Vec<String>, StoreError> {
        let sql = "-- erasure::earlier\nSELECT id, person FROM erasure WHERE state = 'open' ORDER BY requested_at, id";
        let mut same = Vec::new();
        for row in &sqlx::query(sql).fetch_all(self.conn()).await? {
            let row = Reading::new("erasure", row);
            let asked = row.json::<Person>("person")?.asked();
            if person.asked().iter().any(|one| asked.contains(one)) {
                same.push(row.text("id")?);
            }
        }
        Ok(same)
    }

    pub(super) async fn erasure_read(&mut self, id: &str) -> Result<Option<Stored>, StoreError> {
        let sql = format!("-- erasure::read\nSELECT {COLUMNS} FROM erasure WHERE id = $1");
        let row = sqlx::query(AssertSqlSafe(sql)).bind(id).fetch_optional(self.conn()).await?;
        row.as_ref().map(read).transpose()
    }

    /// How far it is; nobody takes it up before `held_until`. What came of its parts is written with them.
    pub(super) async fn erasure_save(&mut self, stored: &Stored, held_until: DateTime<Utc>) -> Result<(), StoreError> {
        let Stored { erasure, person } = stored;
        let state = if erasure.state == ErasureState::Done { "done" } else { "open" };
        let sql = "-- erasure::save\nUPDATE erasure SET person = $2, state = $3, leads = $4, waits_for = $5, swept_at = $6, \
                   held_until = $7 WHERE id = $1 AND state = 'open'";
        let query = sqlx::query(sql).bind(&erasure.id).bind(person.as_ref().map(document).transpose()?).bind(state);
        let query = query.bind(document(&erasure.leads)?).bind(document(&erasure.waits_for)?);
        let query = query.bind(erasure.swept_at.map(micros)).bind(micros(held_until));
        query.execute(self.conn()).await?;
        Ok(())
    }

    /// Adds what came of a part, and holds the erasure until then.
    pub(super) async fn erasure_add(
        &mut self,
        id: &str,
        part: &Part,
        held_until: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let sql = format!(
            "-- erasure::so_far\nSELECT id, named_in, messages, at_vendors FROM erasure WHERE id = $1 AND state = 'open' {}",
            self.engine.for_update()
        );
        let row = sqlx::query(AssertSqlSafe(sql)).bind(id.to_owned()).fetch_optional(self.conn()).await?;
        let Some(row) = row else { return Ok(()) };
        let (mut named_in, mut at_vendors, messages): (BTreeSet<LeadId>, BTreeSet<AtVendor>, i64) = {
            let row = Reading::new("erasure", &row);
            (row.json("named_in")?, row.json("at_vendors")?, row.int("messages")?)
        };
        named_in.extend(part.named_in.clone());
        at_vendors.extend(part.at_vendors.iter().cloned());
        let messages = messages.saturating_add(i64::try_from(part.messages).unwrap_or(i64::MAX));
        let sql = "-- erasure::add\nUPDATE erasure SET named_in = $2, messages = $3, at_vendors = $4, held_until = $5 WHERE id = $1";
        let query = sqlx::query(sql).bind(id.to_owned()).bind(document(&named_in)?).bind(messages);
        query.bind(document(&at_vendors)?).bind(micros(held_until)).execute(self.conn()).await?;
        Ok(())
    }

    /// Takes the next open one that nobody is at, and holds it until then.
    pub(super) async fn erasure_take(
        &mut self,
        held_until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Option<String>, StoreError> {
        let sql = format!(
            "-- erasure::take\nUPDATE erasure SET held_until = $2 WHERE id IN (SELECT id FROM erasure WHERE state = 'open' \
             AND held_until <= $1 ORDER BY held_until LIMIT 1 {}) RETURNING id",
            self.engine.skip_locked()
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(micros(now)).bind(micros(held_until));
        let row = query.fetch_optional(self.conn()).await?;
        row.map(|row| Reading::new("erasure", &row).text("id")).transpose()
    }
}

fn read(row: &AnyRow) -> Result<Stored, StoreError> {
    let row = Reading::new("erasure", row);
    let person = row.maybe_text("person")?.map(|_| row.json("person")).transpose()?;
    let erasure = Erasure {
        id: row.text("id")?,
        state: if row.text("state")? == "done" { ErasureState::Done } else { ErasureState::Erasing },
        requested_at: row.at("requested_at")?,
        actor: row.text("actor")?,
        why: row.maybe_text("why")?,
        earlier: row.json("earlier")?,
        leads: row.json("leads")?,
        named_in: row.json("named_in")?,
        messages: row.number("messages")?,
        waits_for: row.json("waits_for")?,
        at_vendors: row.json("at_vendors")?,
        swept_at: row.maybe_at("swept_at")?,
    };
    Ok(Stored { erasure, person })
}
