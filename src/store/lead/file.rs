//! A lead's file: the lead, its decision and its handoff as they stand together.

use super::{CRM, LeadRecord, NEXT_STEP, read};
use crate::store::sql::row::{Reading, texts_json};
use crate::store::{StoreError, Tx};
use baton_core::domain::id::HandoffId;
use baton_core::handoff::Handoff;
use baton_core::routing::{Decision, versions};
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;
use std::collections::BTreeMap;

/// All that is told, shown or done about a lead rests on these.
#[derive(Debug, Clone)]
pub struct LeadFile {
    pub record: LeadRecord,
    pub decision: Decision,
    pub handoff: Handoff,
}

impl Tx {
    /// One of them.
    ///
    /// # Errors
    /// A document of it cannot be read.
    pub async fn lead_file(&mut self, handoff: &HandoffId) -> Result<Option<LeadFile>, StoreError> {
        let rows = self.lead_files_select(std::slice::from_ref(handoff)).await?;
        rows.first().map(read_file).transpose()
    }

    /// Several. One that is no longer kept is left out, and so is one that cannot be read: it must not hold up the others, and
    /// [`Tx::lead_file`] says why.
    pub async fn lead_files(&mut self, handoffs: &[HandoffId]) -> Result<BTreeMap<HandoffId, LeadFile>, StoreError> {
        if handoffs.is_empty() {
            return Ok(BTreeMap::new());
        }
        let rows = self.lead_files_select(handoffs).await?;
        let files = rows.iter().filter_map(|row| read_file(row).ok());
        Ok(files.map(|file| (file.handoff.id.clone(), file)).collect())
    }

    async fn lead_files_select(&mut self, handoffs: &[HandoffId]) -> Result<Vec<AnyRow>, StoreError> {
        let sql = format!(
            "-- lead::files\nSELECT l.id, COALESCE(l.completed, l.body) AS body, l.owner, l.status, {NEXT_STEP}, \
             l.first_contact_at, {CRM}, l.erased_at, d.body AS decision, h.body AS handoff FROM handoff h \
             JOIN lead l ON l.id = h.lead_id JOIN decision d ON d.lead_id = h.lead_id AND octet_length(d.snapshot) > 0 \
             WHERE h.id IN {}",
            self.engine.texts()
        );
        Ok(sqlx::query(AssertSqlSafe(sql)).bind(texts_json(handoffs)).fetch_all(self.conn()).await?)
    }
}

fn read_file(row: &AnyRow) -> Result<LeadFile, StoreError> {
    let record = read(row)?;
    let row = Reading::new("lead", row);
    let decision = row.json_of_any_version("decision", versions::read)?;
    Ok(LeadFile { record, decision, handoff: row.json("handoff")? })
}
