//! What is old enough, a page at a time, in the order of time: what goes, and what stays since its lead is open.

use super::kind::{Kept, Place};
use crate::store::sql::row::{Reading, micros};
use crate::store::{StoreError, Tx};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::AssertSqlSafe;

/// A lead for which something was done within this is in use, however long ago it came.
const IN_USE_FOR: TimeDelta = TimeDelta::days(30);

/// A kind, and from when it is old.
#[derive(Debug, Clone, Copy)]
pub struct Cut {
    pub kind: Kept,
    /// What is older goes.
    pub before: DateTime<Utc>,
    pub now: DateTime<Utc>,
}

/// Where a walk stands: behind this instant and id.
pub type Passed = (i64, String);

/// A part of what is old enough.
#[derive(Debug, Clone, Default)]
pub struct OldPage {
    /// By id.
    pub goes: Vec<String>,
    /// By id, with the instant that its age is told by.
    pub(super) stays: Vec<(String, i64)>,
    /// The last one looked at; `None`: there is nothing more.
    pub last: Option<Passed>,
}

impl Cut {
    /// What was done for a lead since then keeps it.
    pub(super) fn in_use_since(&self) -> DateTime<Utc> {
        if self.kind == Kept::Leads { self.before } else { self.now - IN_USE_FOR }
    }

    /// What must hold for a row of the page `p` to go; `$5` is [`Self::in_use_since`], if it is asked for.
    fn goes(&self) -> (String, bool) {
        match self.kind {
            Kept::Inbox | Kept::Quarantine | Kept::Dropped | Kept::Deliveries | Kept::Mirror | Kept::LateResults => {
                ("1 = 1".to_owned(), false)
            }
            Kept::Transcripts | Kept::LaterTranscripts | Kept::Briefings | Kept::Steps | Kept::Timeline => {
                (closed("p.lead"), false)
            }
            Kept::Decisions => (format!("{} AND {}", closed("p.lead"), unused("p.lead", "$5")), true),
            Kept::Leads => {
                let said = said_nothing("p.lead", "$5");
                (format!("{} AND {} AND {said}", closed("p.lead"), unused("p.lead", "$5")), true)
            }
            Kept::Events => {
                ("NOT EXISTS (SELECT 1 FROM lead l, inbox i WHERE i.key = p.id AND l.id = i.lead_id)".to_owned(), false)
            }
            Kept::Releases => (
                "NOT EXISTS (SELECT 1 FROM decision d WHERE d.release = p.id AND octet_length(d.snapshot) > 0) \
                 AND p.at < (SELECT MAX(last_live_at) FROM release)"
                    .to_owned(),
                false,
            ),
        }
    }
}

/// Nothing is to come of the lead any more.
pub(super) fn closed(lead: &str) -> String {
    format!("NOT EXISTS (SELECT 1 FROM handoff h WHERE h.lead_id = {lead} AND {OPEN})")
}

/// Of a handoff `h`: a promise is open, or the lead waits for somebody, needs somebody, or is on somebody's list; unless whoever it
/// was about was erased. One that needs a person needs nobody once a person has closed it, unless it came to need one later.
pub(super) const OPEN: &str = "((h.stage <> 'done' OR h.open_since IS NOT NULL OR h.waits_since IS NOT NULL) \
     AND NOT EXISTS (SELECT 1 FROM lead e WHERE e.id = h.lead_id AND (e.erased_at IS NOT NULL \
     OR (h.stage = 'needs_attention' AND h.open_since IS NULL AND h.waits_since IS NULL \
     AND e.attention_closed_at >= e.next_at))))";

/// Nothing is to be done for it, and nothing happened since.
pub(super) fn unused(lead: &str, since: &str) -> String {
    format!(
        "NOT EXISTS (SELECT 1 FROM step s WHERE s.lead_id = {lead} AND s.state = 'due') \
         AND NOT EXISTS (SELECT 1 FROM timeline t WHERE t.lead_id = {lead} AND t.at >= {since})"
    )
}

/// Nobody said anything of it since, and its meeting was before.
pub(super) fn said_nothing(lead: &str, since: &str) -> String {
    format!(
        "NOT EXISTS (SELECT 1 FROM lead n WHERE n.id = {lead} AND n.next_at >= {since}) \
         AND NOT EXISTS (SELECT 1 FROM feedback f WHERE f.lead_id = {lead} AND f.at >= {since}) \
         AND NOT EXISTS (SELECT 1 FROM outcome o WHERE o.lead_id = {lead} AND o.at >= {since}) \
         AND NOT EXISTS (SELECT 1 FROM contact c WHERE c.lead_id = {lead} AND c.at >= {since}) \
         AND NOT EXISTS (SELECT 1 FROM owner_change w WHERE w.lead_id = {lead} AND w.seen_at >= {since})"
    )
}

impl Tx {
    /// The next ones behind `passed`, of one kind. Nothing is held: what goes is judged again by [`Tx::kept_let_go`].
    pub async fn kept_page(&mut self, cut: &Cut, passed: &Passed) -> Result<OldPage, StoreError> {
        let Place { table, at, id, which, lead, rows } = cut.kind.place();
        let (goes, asks_use) = cut.goes();
        let lead = lead.unwrap_or("CAST(NULL AS TEXT)");
        let sql = format!(
            "-- keep::page\nSELECT p.id, p.at, CAST(CASE WHEN {goes} THEN 1 ELSE 0 END AS BIGINT) AS goes \
             FROM (SELECT {id} AS id, {at} AS at, {lead} AS lead FROM {table} WHERE {which} AND {at} < $1 AND {at} >= $2 \
             AND ({at} > $2 OR {id} > $3) ORDER BY {at}, {id} LIMIT $4) AS p ORDER BY p.at, p.id"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(micros(cut.before)).bind(passed.0).bind(passed.1.clone());
        let mut query = query.bind(rows);
        if asks_use {
            query = query.bind(micros(cut.in_use_since()));
        }
        let mut page = OldPage::default();
        for row in &query.fetch_all(self.conn()).await? {
            let row = Reading::new(table, row);
            let (id, at) = (row.text("id")?, row.int("at")?);
            page.last = Some((at, id.clone()));
            if row.int("goes")? != 0 {
                page.goes.push(id);
            } else {
                page.stays.push((id, at));
            }
        }
        // Of a lead with several rows.
        page.goes.dedup();
        Ok(page)
    }

    /// Where a walk begins: at the oldest there is, and of transcripts behind those that were gone through before.
    pub async fn kept_begin(&mut self, kind: Kept) -> Result<Passed, StoreError> {
        let oldest = (i64::MIN, String::new());
        if kind != Kept::Transcripts {
            return Ok(oldest);
        }
        let sql = "-- keep::begin\nSELECT kind, after_at, after_id FROM kept_kind WHERE kind = $1";
        let row = sqlx::query(sql).bind(kind.as_str()).fetch_optional(self.conn()).await?;
        let Some(row) = row else { return Ok(oldest) };
        let row = Reading::new("kept_kind", &row);
        Ok((row.int("after_at")?, row.text("after_id")?))
    }
}
