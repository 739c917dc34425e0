//! Messages that are done with, and what was answered to them.

use super::IS_RECEIVED;
use crate::store::sql::row::{Bulk, Reading, columns, rows_json};
use crate::store::{StoreError, Tx};
use baton_core::domain::id::LeadId;

/// A message that is done with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handled {
    pub key: String,
    pub answer: String,
    /// The lead that it brought.
    pub lead_id: Option<LeadId>,
}

columns! {
    struct AnswerColumns<'a> {
        Text key: &'a str,
        Text answer: &'a str,
        Text lead_id: Option<&'a LeadId>,
    }
}

impl Tx {
    pub(in crate::store) fn inbox_to_finish(&self, done: &[Handled]) -> Result<Option<Bulk>, StoreError> {
        if done.is_empty() {
            return Ok(None);
        }
        let rows = done.iter().map(|Handled { key, answer, lead_id }| AnswerColumns {
            key,
            answer,
            lead_id: lead_id.as_ref(),
        });
        let sql = format!(
            "-- inbox::finish\nUPDATE inbox SET state = 'handled', answer = r.answer, lead_id = r.lead_id FROM {} \
             WHERE inbox.key = r.key AND {IS_RECEIVED}",
            self.engine.rows(AnswerColumns::ALL)
        );
        let keys: Vec<&str> = done.iter().map(|one| one.key.as_str()).collect();
        let handled_before = StoreError::Conflict { what: "message", id: keys.join(" or ") };
        Ok(Some(Bulk::new(sql, rows_json(rows)?).must_change(done.len(), handled_before)))
    }

    /// What was answered to a message, once it was handled; empty where that is no longer kept.
    pub async fn inbox_answer(&mut self, key: &str) -> Result<Option<String>, StoreError> {
        let sql = "-- inbox::answer\nSELECT key, answer FROM inbox WHERE key = $1";
        let row = sqlx::query(sql).bind(key).fetch_optional(self.conn()).await?;
        row.map_or(Ok(None), |row| Reading::new("inbox", &row).maybe_text("answer"))
    }
}
