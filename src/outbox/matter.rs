//! The lead, decision and handoff behind a step.

use super::parts::{OutboxParts, gone, needs_person, retry};
use crate::connectors::{CrmRef, VendorError, call_of};
use crate::release::Release;
use crate::render::Templates;
use crate::render::briefing::briefing;
use crate::render::context::Hearer;
use crate::store::{DecidedLead, LeadFile, StepRow};
use baton_core::domain::briefing::Briefing;
use baton_core::domain::id::{LegId, RepId};
use baton_core::domain::lead::{Call, Lead};
use baton_core::domain::rep::Rep;
use baton_core::domain::text::Whisper;
use baton_core::handoff::Handoff;
use baton_core::routing::Decision;
use baton_core::rules::RuleSet;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::time::Instant;

/// What an effect is about. It travels with the steps of a lead from commit to commit, so that none of them reads it again.
pub struct Matter {
    pub lead: Arc<Lead>,
    pub decision: Arc<Decision>,
    pub handoff: Handoff,
    /// Rules and templates of one release: the one that made the decision, or the one that counts now.
    pub rules: Arc<RuleSet>,
    pub templates: Arc<Templates>,
    /// What the CRM calls the lead, once it does: one step learns it, and those beside it say so.
    crm: Arc<OnceLock<CrmRef>>,
    /// When all of this was so.
    as_of: Instant,
}

impl Matter {
    /// Of a lead that has just been decided.
    pub fn of(decided: DecidedLead, release: &Release) -> Self {
        let DecidedLead { lead, decision, handoff, .. } = decided;
        Self::known(Arc::new(lead), Arc::new(decision), handoff, Arc::default(), release)
    }

    /// Of a lead that was read at this moment.
    pub fn of_file(file: LeadFile, release: &Release) -> Self {
        let LeadFile { record, decision, handoff } = file;
        let crm = record.crm.map_or_else(OnceLock::new, OnceLock::from);
        Self::known(Arc::new(record.lead), Arc::new(decision), handoff, Arc::new(crm), release)
    }

    /// The same lead after a move of its handoff, which was committed at this moment.
    pub(super) fn moved(&self, handoff: Handoff, release: &Release) -> Self {
        Self::known(Arc::clone(&self.lead), Arc::clone(&self.decision), handoff, Arc::clone(&self.crm), release)
    }

    fn known(
        lead: Arc<Lead>,
        decision: Arc<Decision>,
        handoff: Handoff,
        crm: Arc<OnceLock<CrmRef>>,
        release: &Release,
    ) -> Self {
        let (rules, templates) = (Arc::clone(&release.rules), Arc::clone(&release.templates));
        Self { lead, decision, handoff, rules, templates, crm, as_of: Instant::now() }
    }

    /// As it stands now.
    pub(super) async fn read(parts: &OutboxParts, step: &StepRow) -> Result<Self, VendorError> {
        let read = parts.store.lead_file(&step.handoff_id).await.map_err(retry)?;
        let file = read.ok_or_else(|| gone("the lead is no longer kept"))?;
        Ok(Self::of_file(file, &Arc::clone(&parts.release.borrow())))
    }

    /// Whether it was so within this span.
    pub(super) fn is_within(&self, span: Duration) -> bool {
        self.as_of.elapsed() < span
    }

    /// What the CRM calls the lead; `None` as far as is known here.
    pub(super) fn crm(&self) -> Option<&CrmRef> {
        self.crm.get()
    }

    pub(super) fn learn(&self, crm: CrmRef) {
        // It has one name: a second write tells the same.
        let _known = self.crm.set(crm);
    }

    pub fn rep(&self, id: &RepId) -> Result<&Rep, VendorError> {
        self.rules.reps.get(id).ok_or_else(|| needs_person(format!("rep {id} is no longer in reps.csv")))
    }

    /// The caller's.
    pub fn call(&self) -> Result<&Call, VendorError> {
        self.lead.call.as_ref().ok_or_else(|| gone("the lead did not come with a call"))
    }

    /// Of a leg: the caller's, for whom a phone rings, or what a rep makes of calling back.
    pub(super) fn call_on(&self, leg: &LegId) -> Result<Call, VendorError> {
        let rep = leg.dialled_for();
        let rep = rep.as_ref().unwrap_or(leg);
        match self.calls_back(rep) {
            true => Ok(call_of(rep, self.lead.reach_phone())),
            false => self.call().cloned(),
        }
    }

    /// Whether the phone was rung so that its rep calls the lead back.
    pub(super) fn calls_back(&self, leg: &LegId) -> bool {
        self.handoff.legs.iter().any(|known| known.id == *leg && known.dialled.is_some())
    }

    pub(super) fn briefing(&self) -> Briefing {
        briefing(&self.lead, &self.decision, &self.rules)
    }

    /// What is heard on this leg by the rep whose phone it is.
    pub(super) fn whisper(&self, leg: &LegId) -> Whisper {
        let rep = self.handoff.rep_on(leg).and_then(|rep| self.rules.reps.get(rep));
        self.templates.whisper(&self.briefing(), &Hearer::of(rep, &self.rules))
    }

    /// What a rep is asked on this leg, once their call to the lead is over.
    pub(super) fn question(&self, leg: &LegId, have_spoken: bool) -> Whisper {
        let rep = self.handoff.rep_on(leg).and_then(|rep| self.rules.reps.get(rep));
        let company = self.rules.handoff.company.as_deref();
        self.templates.question(have_spoken, company, &Hearer::of(rep, &self.rules))
    }
}
