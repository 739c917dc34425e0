//! One lead erased, with everything that is about it, in one transaction.
//!
//! Steps first, then the handoff, as the ends of steps lock them: a worker that has one in hand ends it under a fence that counts no
//! more, and whoever moves the handoff meanwhile has moved it before. Then whether a caller is on the line is asked once more.

use super::documents::{self, ERASED};
use super::record::{AtVendor, Erasure, HELD_FOR, Part};
use super::vendors::{booked, called, called_off, recorded, sent, under_way};
use crate::store::sql::dialect::Column::{Int, Text};
use crate::store::sql::dialect::Engine;
use crate::store::sql::row::{Reading, document, micros, rows_json, texts_json};
use crate::store::{AuditEntry, StoreError, TimelineEntry, Tx};
use baton_core::domain::effect::Lane;
use baton_core::domain::id::{HandoffId, LeadId};
use baton_core::domain::lead::Lead;
use baton_core::handoff::Handoff;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

/// A platform may never tell that a call has ended; none lasts as long.
const LONGEST_CALL: TimeDelta = TimeDelta::hours(4);
/// What a briefing in the chat was called once.
const EARLIER_KINDS: [&str; 1] = ["brief_slack"];

/// What came of it.
pub(super) enum LeadErased {
    /// Somebody speaks, or is about to: later.
    OnTheLine,
    Gone {
        /// A worker had a step in hand: until then it may still be at it.
        in_hand_until: Option<DateTime<Utc>>,
    },
}

impl Tx {
    /// What is freed from here on, or until it is switched off again, is overwritten in the file. PostgreSQL has no such thing.
    pub(super) async fn erase_overwriting(&mut self, is_on: bool) -> Result<(), StoreError> {
        if self.engine == Engine::Sqlite {
            let sql = if is_on { "PRAGMA secure_delete = ON" } else { "PRAGMA secure_delete = OFF" };
            sqlx::query(sql).fetch_all(self.conn()).await?;
        }
        Ok(())
    }

    /// Erases a lead. One that is erased already has what came too late taken away.
    pub(super) async fn lead_erase(
        &mut self,
        lead: &LeadId,
        by: &Erasure,
        now: DateTime<Utc>,
    ) -> Result<LeadErased, StoreError> {
        let id = HandoffId::of(lead);
        let Some(seen) = self.handoff_if_any(&id).await? else {
            // It is no longer kept.
            return Ok(LeadErased::Gone { in_hand_until: None });
        };
        if is_on_the_line(&seen, now) {
            return Ok(LeadErased::OnTheLine);
        }
        self.erase_overwriting(true).await?;
        let early = self.erase_steps_cancel(&effect_keys(&seen), now).await?;
        let mut handoff = self.handoff_lock(&id).await?;
        if is_on_the_line(&handoff, now) {
            // It was moved in between: nothing of this is stored.
            self.erase_overwriting(false).await?;
            return Err(StoreError::Conflict { what: "handoff", id: id.to_string() });
        }
        let keys = effect_keys(&handoff);
        let in_hand_until = early.max(self.erase_steps_cancel(&keys, now).await?);
        self.erase_late(&keys).await?;
        let (is_there, mut at_vendors) = (!self.is_erased(lead).await?, Vec::new());
        if is_there {
            at_vendors = self.erase_steps(lead, &texts_json(&keys)).await?;
            at_vendors.extend(booked(&handoff));
            at_vendors.extend(self.erase_lead_row(lead, now).await?);
            self.erase_handoff(&mut handoff).await?;
            self.erase_decision(lead, now).await?;
            self.erase_story(lead).await?;
            self.erase_said(lead).await?;
            self.erase_line(lead, &handoff).await?;
            let told = json!({ "erasure": by.id });
            let told = TimelineEntry { lead_id: lead.clone(), at: now, kind: "erased".to_owned(), body: told };
            self.timeline_append(&[&told]).await?;
        }
        self.erasure_add(&by.id, &Part { at_vendors, ..Part::default() }, now + HELD_FOR).await?;
        if is_there {
            self.erase_audited(lead, &keys, by, now).await?;
        }
        self.erase_overwriting(false).await?;
        Ok(LeadErased::Gone { in_hand_until })
    }

    /// Whether it is erased, and nobody has added anything since.
    pub(super) async fn is_erased(&mut self, lead: &LeadId) -> Result<bool, StoreError> {
        let sql = "-- erase::is_erased\nSELECT id FROM lead WHERE id = $1 AND erased_at IS NOT NULL \
                   AND COALESCE(completed, phone, email, name) IS NULL";
        Ok(sqlx::query(sql).bind(lead.as_str()).fetch_optional(self.conn()).await?.is_some())
    }

    /// Leads of erasures that are done, to which an earlier version, which knows of no erasing, has added something since.
    pub(super) async fn leads_told_again(&mut self) -> Result<Vec<LeadId>, StoreError> {
        let sql = "-- erase::done\nSELECT id, leads FROM erasure WHERE state = 'done'";
        let mut erased = Vec::<LeadId>::new();
        for row in &sqlx::query(sql).fetch_all(self.conn()).await? {
            erased.extend(Reading::new("erasure", row).json::<Vec<LeadId>>("leads")?);
        }
        let sql = format!(
            "-- erase::told_again\nSELECT id FROM lead WHERE id IN {} AND erased_at IS NOT NULL \
             AND COALESCE(completed, phone, email, name) IS NOT NULL",
            self.engine.texts()
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(texts_json(&erased));
        query.fetch_all(self.conn()).await?.iter().map(|row| Reading::new("lead", row).id("id")).collect()
    }

    /// What is still to be done is not done any more, and what a worker is at does not count. Until when the last of these may be
    /// at it.
    async fn erase_steps_cancel(
        &mut self,
        keys: &[String],
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let (keys, texts) = (texts_json(keys), self.engine.texts());
        let sql = format!(
            "-- erase::cancel\nUPDATE step SET state = 'expired', fence = fence + 1, lease_owner = NULL, ended_at = $2, \
             last_error = $3 WHERE effect_key IN {texts} AND state || '' IN ('due', 'leased') RETURNING effect_key, lease_until"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(keys.clone()).bind(micros(now)).bind(ERASED);
        let mut until: Option<DateTime<Utc>> = None;
        for row in &query.fetch_all(self.conn()).await? {
            until = until.max(Reading::new("step", row).maybe_at("lease_until")?);
        }
        let sql = format!(
            "-- erase::let_go\nUPDATE step SET lease_until = NULL WHERE effect_key IN {texts} AND lease_until IS NOT NULL"
        );
        sqlx::query(AssertSqlSafe(sql)).bind(keys).execute(self.conn()).await?;
        Ok(until)
    }

    /// What whoever had a step in hand may have written meanwhile: results that came too late, and the trace, with words of its sender,
    /// under which our own events are told of.
    async fn erase_late(&mut self, keys: &[String]) -> Result<(), StoreError> {
        let sql = format!("-- erase::late\nDELETE FROM orphan_result WHERE effect_key IN {}", self.engine.texts());
        sqlx::query(AssertSqlSafe(sql)).bind(texts_json(keys)).execute(self.conn()).await?;
        let sql = "-- erase::webhooks\nWITH RECURSIVE names (name) AS (SELECT MIN(webhook) FROM webhook_delivery UNION ALL \
                   SELECT (SELECT MIN(webhook) FROM webhook_delivery WHERE webhook > name) FROM names WHERE name IS NOT NULL) \
                   SELECT name FROM names WHERE name IS NOT NULL";
        let mut deliveries = Vec::new();
        for row in &sqlx::query(sql).fetch_all(self.conn()).await? {
            let webhook = Reading::new("webhook_delivery", row).text("name")?;
            deliveries.extend(keys.iter().map(|key| format!("{webhook}/{key}")));
        }
        let sql = format!(
            "-- erase::delivered\nUPDATE webhook_delivery SET trace_context = NULL WHERE id IN {} AND trace_context IS NOT NULL",
            self.engine.texts()
        );
        sqlx::query(AssertSqlSafe(sql)).bind(texts_json(&deliveries)).execute(self.conn()).await?;
        Ok(())
    }

    /// Content, results and errors of all steps; what they have left at vendors. One that has failed can do nothing any more, and is
    /// on nobody's list.
    async fn erase_steps(&mut self, lead: &LeadId, keys: &str) -> Result<Vec<AtVendor>, StoreError> {
        let texts = self.engine.texts();
        let sql = format!(
            "-- erase::steps\nSELECT effect_key, kind, state, payload, vendor_ref, result, sent_at, attempts FROM step \
             WHERE effect_key IN {texts}"
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(keys.to_owned()).fetch_all(self.conn()).await?;
        let (mut left, mut payloads) = (Vec::new(), Vec::with_capacity(rows.len()));
        for row in &rows {
            let row = Reading::new("step", row);
            let (key, kind) = (row.text("effect_key")?, row.text("kind")?);
            let payload = row.text("payload")?;
            left.extend(called_off(lead, &kind, &payload));
            payloads.push(json!({ "key": key, "content": documents::any(&payload) }));
            let (state, has_left) = (row.text("state")?, row.maybe_at("sent_at")?.is_some());
            // Where nothing was done, the result says why.
            if (state == "done" || has_left) && row.maybe_text("result")?.is_none() {
                left.extend(sent(lead, &kind, &key, row.maybe_text("vendor_ref")?));
            }
            // Just cancelled, or out of time before: a worker may be at it, or its answer was lost.
            let is_unknown = has_left && state != "done" || state == "expired" && row.int("attempts")? > 0;
            left.extend(under_way(lead, &kind, &key, has_left).filter(|_| is_unknown));
        }
        let sql = format!(
            "-- erase::contents\nUPDATE step SET payload = r.content, result = NULL, trace_context = NULL, \
             state = CASE WHEN state = 'failed' THEN 'closed' ELSE state END, \
             last_error = CASE WHEN last_error IS NULL THEN NULL ELSE $2 END FROM {} WHERE effect_key = r.key",
            self.engine.rows(&[Text("key"), Text("content")])
        );
        sqlx::query(AssertSqlSafe(sql)).bind(rows_json(payloads)?).bind(ERASED).execute(self.conn()).await?;
        Ok(left)
    }

    /// The lead itself. Nobody is owed a call or a mail any more.
    async fn erase_lead_row(&mut self, lead: &LeadId, now: DateTime<Utc>) -> Result<Vec<AtVendor>, StoreError> {
        let sql =
            "-- erase::of_lead\nSELECT id, COALESCE(completed, body) AS whole, crm_id, crm_url FROM lead WHERE id = $1";
        let row = sqlx::query(sql).bind(lead.as_str()).fetch_one(self.conn()).await?;
        let (whole, left) = {
            let row = Reading::new("lead", &row);
            let whole: Lead = row.json("whole")?;
            let record = recorded(lead, row.maybe_text("crm_id")?, row.maybe_text("crm_url")?);
            let left = record.into_iter().chain(called(lead, &whole)).collect();
            (whole, left)
        };
        let sql = "-- erase::lead\nUPDATE lead SET body = $2, completed = NULL, phone = NULL, email = NULL, name = NULL, \
                   next_step = CASE WHEN next_step IN ('callback', 'mail', 'needs_attention') THEN 'follow_up' ELSE next_step END, \
                   erased_at = $3 WHERE id = $1";
        let query = sqlx::query(sql).bind(lead.as_str()).bind(document(&documents::lead(&whole))?);
        query.bind(micros(now)).execute(self.conn()).await?;
        Ok(left)
    }

    /// It waits for nobody, and is on nobody's list of open leads.
    async fn erase_handoff(&mut self, handoff: &mut Handoff) -> Result<(), StoreError> {
        let was_open = handoff.is_open();
        documents::handoff(handoff);
        (handoff.waits_in, handoff.closed) = (None, true);
        let sql = "-- erase::handoff\nUPDATE handoff SET body = $2, waits_in = NULL, waits_since = NULL, open_since = NULL, \
                   live = 0 WHERE id = $1";
        let query = sqlx::query(sql).bind(handoff.id.as_str()).bind(document(&*handoff)?);
        query.execute(self.conn()).await?;
        if was_open {
            let sql =
                "-- erase::open\nUPDATE rep_state SET open_leads = open_leads - 1 WHERE rep = $1 AND open_leads > 0";
            sqlx::query(sql).bind(handoff.owner.as_str()).execute(self.conn()).await?;
        }
        Ok(())
    }

    async fn erase_decision(&mut self, lead: &LeadId, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "-- erase::decided\nSELECT lead_id, body, snapshot, reason FROM decision WHERE lead_id = $1";
        let row = sqlx::query(sql).bind(lead.as_str()).fetch_optional(self.conn()).await?;
        let Some(row) = row else { return Ok(()) };
        let (body, snapshot, reason) = {
            let row = Reading::new("decision", &row);
            let (body, reason) = documents::decision(&row.text("body")?);
            let reason = reason.map_or_else(|| row.text("reason"), Ok)?;
            (body, documents::snapshot(&row.text("snapshot")?), reason)
        };
        let sql = "-- erase::decision\nUPDATE decision SET body = $2, snapshot = $3, reason = $4, erased_at = $5 WHERE lead_id = $1";
        let query = sqlx::query(sql).bind(lead.as_str()).bind(body).bind(snapshot);
        query.bind(reason).bind(micros(now)).execute(self.conn()).await?;
        Ok(())
    }

    async fn erase_story(&mut self, lead: &LeadId) -> Result<(), StoreError> {
        let sql = "-- erase::story\nSELECT lead_id, seq, kind, body FROM timeline WHERE lead_id = $1";
        let rows = sqlx::query(sql).bind(lead.as_str()).fetch_all(self.conn()).await?;
        let line = |row: &AnyRow| {
            let row = Reading::new("timeline", row);
            let told = documents::told(&row.text("kind")?, &row.text("body")?);
            Ok(json!({ "place": row.int("seq")?, "told": told }))
        };
        let lines = rows.iter().map(line).collect::<Result<Vec<Value>, StoreError>>()?;
        let sql = format!(
            "-- erase::lines\nUPDATE timeline SET body = r.told FROM {} WHERE lead_id = $2 AND seq = r.place",
            self.engine.rows(&[Int("place"), Text("told")])
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(rows_json(lines)?).bind(lead.as_str());
        query.execute(self.conn()).await?;
        Ok(())
    }

    /// What reps wrote of the lead, and people of its turns.
    async fn erase_said(&mut self, lead: &LeadId) -> Result<(), StoreError> {
        let sql = "-- erase::feedbacks\nSELECT rep, at, body FROM feedback WHERE lead_id = $1";
        let rows = sqlx::query(sql).bind(lead.as_str()).fetch_all(self.conn()).await?;
        let one = |row: &AnyRow| {
            let row = Reading::new("feedback", row);
            let said = documents::feedback(&row.text("body")?);
            Ok(json!({ "said_by": row.text("rep")?, "said_at": row.int("at")?, "said": said }))
        };
        let said = rows.iter().map(one).collect::<Result<Vec<Value>, StoreError>>()?;
        let sql = format!(
            "-- erase::feedback\nUPDATE feedback SET body = r.said FROM {} WHERE lead_id = $2 AND rep = r.said_by AND at = r.said_at",
            self.engine.rows(&[Text("said_by"), Int("said_at"), Text("said")])
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(rows_json(said)?).bind(lead.as_str());
        query.execute(self.conn()).await?;
        let sql = "-- erase::entries\nSELECT pool, seq, body FROM ledger_entry WHERE lead_id = $1";
        let rows = sqlx::query(sql).bind(lead.as_str()).fetch_all(self.conn()).await?;
        let one = |row: &AnyRow| {
            let row = Reading::new("ledger_entry", row);
            let entry = documents::entry(&row.text("body")?);
            Ok(json!({ "of_pool": row.text("pool")?, "place": row.int("seq")?, "entry": entry }))
        };
        let entries = rows.iter().map(one).collect::<Result<Vec<Value>, StoreError>>()?;
        let sql = format!(
            "-- erase::entry\nUPDATE ledger_entry SET body = r.entry FROM {} WHERE pool = r.of_pool AND seq = r.place",
            self.engine.rows(&[Text("of_pool"), Int("place"), Text("entry")])
        );
        sqlx::query(AssertSqlSafe(sql)).bind(rows_json(entries)?).execute(self.conn()).await?;
        Ok(())
    }

    /// What carriers and platforms were told of a call that is over.
    async fn erase_line(&mut self, lead: &LeadId, handoff: &Handoff) -> Result<(), StoreError> {
        if let Some(live) = self.lives_to_end(std::slice::from_ref(lead)) {
            self.run(live).await?;
        }
        let sql = "-- erase::transfers\nDELETE FROM transfer WHERE handoff_id = $1";
        sqlx::query(sql).bind(handoff.id.as_str()).execute(self.conn()).await?;
        let legs: Vec<_> = handoff.legs.iter().flat_map(|leg| [leg.id.clone(), leg.id.of_lead()]).collect();
        let sql = format!("-- erase::legs\nDELETE FROM carrier_leg WHERE leg IN {}", self.engine.texts());
        sqlx::query(AssertSqlSafe(sql)).bind(texts_json(&legs)).execute(self.conn()).await?;
        Ok(())
    }

    /// What was written in the audit of earlier acts, of the lead and of its steps, goes, and stands in no hash; that the lead was
    /// erased is one more.
    async fn erase_audited(
        &mut self,
        lead: &LeadId,
        keys: &[String],
        by: &Erasure,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let subjects: Vec<String> = keys.iter().cloned().chain([lead.to_string()]).collect();
        self.audit_blank(&subjects).await?;
        let entry = AuditEntry {
            actor: by.actor.clone(),
            act: "lead.erase".to_owned(),
            subject: lead.to_string(),
            why: by.why.clone(),
        };
        self.audit(&entry, now).await
    }
}

/// Somebody is being served, or a rep is calling the lead back. A call of which nobody tells any more is over.
pub(super) fn is_on_the_line(handoff: &Handoff, now: DateTime<Utc>) -> bool {
    let is_served = handoff.live || handoff.stage.settled().is_none();
    handoff.calling.is_some() || is_served && now - handoff.decided_at < LONGEST_CALL
}

/// Every step that the handoff can have planned, by the name that it was given.
fn effect_keys(handoff: &Handoff) -> Vec<String> {
    let kinds = || Lane::ALL.into_iter().flat_map(|lane| lane.kinds().iter().copied()).chain(EARLIER_KINDS);
    let suffix = handoff.id.suffix();
    let of = |ordinal: u32| kinds().map(move |kind| format!("{suffix}.{ordinal}-{kind}"));
    (0..=handoff.effects_planned).flat_map(of).collect()
}
