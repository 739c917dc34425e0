//! The lead, decision and handoff behind a step.

use super::parts::{OutboxParts, gone, needs_person, retry};
use crate::connectors::VendorError;
use crate::release::Release;
use crate::render::Templates;
use crate::render::briefing::briefing;
use crate::store::{DecidedLead, LeadRecord, StepRow, handoff_status};
use baton_core::domain::briefing::Briefing;
use baton_core::domain::id::RepId;
use baton_core::domain::lead::Lead;
use baton_core::domain::rep::Rep;
use baton_core::handoff::Handoff;
use baton_core::routing::Decision;
use baton_core::rules::RuleSet;
use std::sync::Arc;

/// What an effect is about: as it stands now, or as it was when the step was planned a moment ago.
pub struct Matter {
    pub record: LeadRecord,
    pub decision: Decision,
    pub handoff: Handoff,
    /// Rules and templates of one release: the one that made the decision, or the one that counts now.
    pub rules: Arc<RuleSet>,
    pub templates: Arc<Templates>,
}

impl Matter {
    /// Of a lead that has just been decided.
    pub fn of(decided: DecidedLead, release: &Release) -> Self {
        let DecidedLead { lead, decision, handoff, .. } = decided;
        let record = LeadRecord {
            owner: handoff.owner.clone(),
            status: handoff_status(&handoff).to_owned(),
            next_step: handoff.next_step(),
            first_contact_at: handoff.first_contact_at,
            crm: None,
            lead,
        };
        let (rules, templates) = (Arc::clone(&release.rules), Arc::clone(&release.templates));
        Self { record, decision, handoff, rules, templates }
    }

    /// As it stands now.
    pub(super) async fn read(parts: &OutboxParts, step: &StepRow) -> Result<Self, VendorError> {
        let (lead, handoff) = (step.lead_id.clone(), step.handoff_id.clone());
        let read = parts.store.read("outbox.matter", move |tx| {
            let (lead, handoff) = (lead.clone(), handoff.clone());
            Box::pin(async move { Ok((tx.lead(&lead).await?, tx.decision(&lead).await?, tx.handoff(&handoff).await?)) })
        });
        match read.await.map_err(retry)? {
            (Some(record), Some(decision), handoff) => {
                let release = Arc::clone(&parts.release.borrow());
                let (rules, templates) = (Arc::clone(&release.rules), Arc::clone(&release.templates));
                Ok(Self { record, decision, handoff, rules, templates })
            }
            _ => Err(gone("the lead is no longer kept")),
        }
    }

    pub fn lead(&self) -> &Lead {
        &self.record.lead
    }

    pub fn rep(&self, id: &RepId) -> Result<&Rep, VendorError> {
        self.rules.reps.get(id).ok_or_else(|| needs_person(format!("rep {id} is no longer in reps.csv")))
    }

    /// The platform's id of the caller's call.
    pub fn call(&self) -> Result<&str, VendorError> {
        let call = self.record.lead.call.as_ref();
        call.map(|call| call.id.as_str()).ok_or_else(|| gone("the lead did not come with a call"))
    }

    pub(super) fn briefing(&self) -> Briefing {
        briefing(self.lead(), &self.decision, &self.rules)
    }
}
