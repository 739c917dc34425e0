//! Everything that happened to a lead, in order; rows are only ever added, and texts go only where a person is erased.

use crate::store::handoff::GIVEN_TO;
use crate::store::sql::row::{Bulk, Reading, Rows, columns, micros};
use crate::store::{StoreError, Tx};
use baton_core::domain::id::LeadId;
use baton_core::handoff::{Event, Transition};
use baton_core::routing::decision::DecidedAgain;
use baton_core::routing::versions;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::any::AnyRow;

columns! {
    struct EntryColumns<'a> {
        Text lead_id: &'a LeadId,
        Int ordinal: i64,
        Int at: i64,
        Text kind: &'a str,
    } with body
}

/// One line of a lead's story.
#[derive(Debug, Clone, PartialEq)]
pub struct TimelineEntry {
    pub lead_id: LeadId,
    pub at: DateTime<Utc>,
    /// `decided`, or the name of the event.
    pub kind: String,
    pub body: Value,
}

impl TimelineEntry {
    /// An event and the stage it led to.
    pub fn of(at: DateTime<Utc>, event: &Event, transition: &Transition) -> Result<Self, StoreError> {
        let event = serde_json::to_value(event).map_err(|error| StoreError::Unstorable { why: error.to_string() })?;
        let stage = serde_json::to_value(&transition.state.stage)
            .map_err(|error| StoreError::Unstorable { why: error.to_string() })?;
        let kind = event["event"].as_str().unwrap_or("event").to_owned();
        let effects: Vec<&str> = transition.effects.iter().map(|planned| planned.effect.kind()).collect();
        let rep = event["leg"].as_str().and_then(|leg| {
            let known = transition.state.legs.iter().find(|known| known.id.as_str() == leg);
            known.map(|leg| leg.rep.clone())
        });
        let body =
            json!({ "event": event, "stage": stage, "ignored": transition.ignored, "effects": effects, "rep": rep });
        Ok(Self { lead_id: transition.state.lead_id.clone(), at, kind, body })
    }
}

impl Tx {
    /// Appends in order to the story of one lead, whose handoff the caller holds.
    pub async fn timeline_append(&mut self, entries: &[&TimelineEntry]) -> Result<(), StoreError> {
        let all = self.timeline_to_append(entries)?;
        self.run_all("timeline::append", all.into_iter().collect()).await
    }

    pub(in crate::store) fn timeline_to_append(&self, entries: &[&TimelineEntry]) -> Result<Option<Bulk>, StoreError> {
        if entries.is_empty() {
            return Ok(None);
        }
        let mut rows = Rows::sized(entries.len(), 600);
        for (ordinal, entry) in (1..).zip(entries) {
            let columns = EntryColumns { lead_id: &entry.lead_id, ordinal, at: micros(entry.at), kind: &entry.kind };
            rows.row(&columns)?.document("body", &entry.body)?;
        }
        let source = self.engine.rows(EntryColumns::ALL);
        let sql = format!(
            "-- timeline::append\nINSERT INTO timeline (lead_id, seq, at, kind, body) SELECT r.lead_id, \
             r.ordinal + COALESCE((SELECT MAX(t.seq) FROM timeline t WHERE t.lead_id = r.lead_id), 0), r.at, r.kind, r.body \
             FROM {source} WHERE true"
        );
        rows.bulk(sql).map(Some)
    }

    /// Who got the lead after it had waited, if it had.
    pub async fn decided_again(&mut self, lead: &LeadId) -> Result<Vec<(DateTime<Utc>, DecidedAgain)>, StoreError> {
        let sql =
            "-- timeline::again\nSELECT lead_id, at, body FROM timeline WHERE lead_id = $1 AND kind = $2 ORDER BY seq";
        let rows = sqlx::query(sql).bind(lead.as_str()).bind(DecidedAgain::KIND).fetch_all(self.conn()).await?;
        let again = |row: &AnyRow| {
            let row = Reading::new("timeline", row);
            Ok((row.at("at")?, row.json_of_any_version("body", versions::read_again)?))
        };
        rows.iter().map(again).collect()
    }

    /// Whether the lead became somebody's after this moment.
    pub async fn lead_given_since(&mut self, lead: &LeadId, since: DateTime<Utc>) -> Result<bool, StoreError> {
        let later = |entry: &TimelineEntry| entry.at > since && entry.body.get(GIVEN_TO).is_some();
        Ok(self.timeline(lead).await?.iter().any(later))
    }

    pub async fn timeline(&mut self, lead: &LeadId) -> Result<Vec<TimelineEntry>, StoreError> {
        let sql = "-- timeline::of_lead\nSELECT lead_id, at, kind, body FROM timeline WHERE lead_id = $1 ORDER BY seq";
        let rows = sqlx::query(sql).bind(lead.as_str()).fetch_all(self.conn()).await?;
        rows.iter().map(read).collect()
    }
}

fn read(row: &AnyRow) -> Result<TimelineEntry, StoreError> {
    let row = Reading::new("timeline", row);
    Ok(TimelineEntry {
        lead_id: row.id("lead_id")?,
        at: row.at("at")?,
        kind: row.text("kind")?,
        body: row.json("body")?,
    })
}
