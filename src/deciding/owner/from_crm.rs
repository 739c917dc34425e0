//! What a CRM tells of leads later: that a rep has called, that nobody came to a meeting, that it was won, that somebody else has it.
//!
//! Guarantees: what is told again changes nothing; what a person has said stays; whoever is no rep here has spoken with nobody. A
//! change of owner is only noticed here: it is followed by a look of the lead's own, after which no write of ours is taken for a
//! person's doing. Each lead is a commit by itself: if the process dies here, it is told again.

use crate::deciding::decider::Decider;
use crate::deciding::messages::{CLOCKS_APART, nobody_came};
use crate::store::{HumanContact, LeadInCrm, Mover, OutcomeBy, StepRow, StoreError, Tx, with};
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::id::{HandoffId, LeadId};
use baton_core::domain::outcome::{CrmContact, CrmNews, CrmNewsKind, DealState, OutcomeKind};
use baton_core::handoff::state::Closing;
use baton_core::handoff::{Event, Stage};
use baton_core::rules::RuleSet;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What of it was news: steps to be run at once.
type Heard = Option<Vec<StepRow>>;

impl Decider {
    /// Returns how much of it was news.
    ///
    /// # Errors
    /// The database failed: what is left is to be told again.
    pub async fn hear_from_crm(&self, told: Vec<CrmNews>) -> Result<u32, StoreError> {
        let records: BTreeSet<&String> = told.iter().flat_map(|news| &news.records).collect();
        let records: Vec<String> = records.into_iter().cloned().collect();
        if records.is_empty() {
            return Ok(0);
        }
        let leads = self.parts.store.leads_in_crm(&records).await?;
        let rules = Arc::clone(&self.parts.release.borrow().rules);
        let mut heard = 0;
        for news in told {
            let Some(lead) = about(&news, &leads, &rules) else { continue };
            match self.hear(news, lead.lead.clone(), Arc::clone(&rules)).await {
                Ok(is_new) => heard += u32::from(is_new),
                Err(error) if error.is_transient() => return Err(error),
                Err(error) => {
                    tracing::error!(lead.id = %lead.lead, %error, "what the CRM tells of a lead cannot be kept")
                }
            }
        }
        Ok(heard)
    }

    async fn hear(&self, news: CrmNews, lead: LeadId, rules: Arc<RuleSet>) -> Result<bool, StoreError> {
        let parts = (news, lead, rules, self.parts.mover());
        let heard = with(parts, |tx, (news, lead, rules, mover)| Box::pin(hear_in(tx, news, lead, rules, mover)));
        let Some(steps) = self.parts.store.write("crm.news", heard).await? else { return Ok(false) };
        self.parts.outbox.run_now(steps, None);
        Ok(true)
    }
}

/// The newest lead with one of its records that had come by then.
fn about<'l>(news: &CrmNews, leads: &'l [LeadInCrm], rules: &RuleSet) -> Option<&'l LeadInCrm> {
    let mut of_record = leads.iter().rev().filter(|lead| news.records.contains(&lead.record));
    match &news.what {
        CrmNewsKind::Contact { at, .. }
        | CrmNewsKind::Meeting { at, .. }
        | CrmNewsKind::Deal { created_at: at, .. } => of_record.find(|lead| lead.decided_at <= *at + CLOCKS_APART),
        CrmNewsKind::Owner { owner } => of_record.next().filter(|lead| is_anothers(lead, owner, rules)),
    }
}

/// The CRM names somebody who is not known to have the lead, neither there nor here. Until it has been written there, nobody is known.
fn is_anothers(lead: &LeadInCrm, owner: &CrmId, rules: &RuleSet) -> bool {
    let is_ours = || rules.rep_in_crm(owner).is_some_and(|rep| rep.id == lead.owner);
    lead.crm_owner.as_ref().is_some_and(|known| known != owner) && !is_ours()
}

async fn hear_in(
    tx: &mut Tx,
    news: &CrmNews,
    lead: &LeadId,
    rules: &RuleSet,
    mover: &Mover,
) -> Result<Heard, StoreError> {
    let by = &news.told_by;
    match &news.what {
        CrmNewsKind::Contact { by: user, at, how } => touched(tx, lead, by, (user, *at, *how), rules, mover).await,
        CrmNewsKind::Meeting { by: user, at, held } => met(tx, lead, by, (user, *at, *held), rules, mover).await,
        CrmNewsKind::Deal { created_at, state, at, amount } => {
            dealt(tx, lead, by, (*created_at, *state, *at, *amount), rules, mover).await
        }
        CrmNewsKind::Owner { .. } => {
            let is_planned = tx.owner_look_plan(lead, rules, mover.now).await?;
            Ok(is_planned.then(Vec::new))
        }
    }
}

/// A rep was in touch with the lead. A mail keeps a promise of one, and a task that was ticked off the promise it was set for.
async fn touched(
    tx: &mut Tx,
    lead: &LeadId,
    activity: &str,
    (user, at, how): (&CrmId, DateTime<Utc>, CrmContact),
    rules: &RuleSet,
    mover: &Mover,
) -> Result<Heard, StoreError> {
    let Some(rep) = rules.rep_in_crm(user).filter(|_| at - mover.now <= CLOCKS_APART) else { return Ok(None) };
    // Held, so that the story of the lead is told in order.
    let handoff = tx.handoff_lock(&HandoffId::of(lead)).await?;
    let promise = match &handoff.stage {
        Stage::Callback { promise } => Some(promise),
        _ => None,
    };
    let counts = match how {
        CrmContact::Spoken => true,
        CrmContact::Mail => promise.is_some_and(|promise| promise.by_mail),
        CrmContact::TickedOff => promise.is_some(),
    };
    let contact = HumanContact { rep: rep.id.clone(), at: at.min(mover.now), via: "crm".to_owned() };
    if !counts || !tx.crm_contact_insert(lead, &contact, activity).await? {
        return Ok(None);
    }
    let event = Event::ContactMade { rep: contact.rep, at: contact.at };
    Ok(Some(tx.transition(&handoff.id, &event, rules, mover).await?.steps))
}

/// A meeting was held, or nobody came.
async fn met(
    tx: &mut Tx,
    lead: &LeadId,
    meeting: &str,
    (user, at, held): (&CrmId, DateTime<Utc>, bool),
    rules: &RuleSet,
    mover: &Mover,
) -> Result<Heard, StoreError> {
    tx.handoff_lock(&HandoffId::of(lead)).await?;
    let (kind, otherwise) = match held {
        true => (OutcomeKind::MeetingHeld, OutcomeKind::NoShow),
        false => (OutcomeKind::NoShow, OutcomeKind::MeetingHeld),
    };
    let told = tx.outcomes_told(lead, meeting).await?;
    if told.contains_key(&kind) || told.get(&otherwise) == Some(&OutcomeBy::Person) {
        return Ok(None);
    }
    tx.crm_outcome_take_back(lead, otherwise, meeting).await?;
    tx.crm_outcome_insert(lead, kind, (at.min(mover.now), None), meeting).await?;
    if held {
        let contact = touched(tx, lead, meeting, (user, at, CrmContact::Spoken), rules, mover).await?;
        return Ok(Some(contact.unwrap_or_default()));
    }
    tx.turn_correct(lead, &nobody_came("crm".to_owned()), rules, mover.now).await?;
    Ok(Some(Vec::new()))
}

/// A deal came of the lead, and stands so. One that is opened again was neither won nor lost.
async fn dealt(
    tx: &mut Tx,
    lead: &LeadId,
    deal: &str,
    (created_at, state, at, amount): (DateTime<Utc>, DealState, DateTime<Utc>, Option<f64>),
    rules: &RuleSet,
    mover: &Mover,
) -> Result<Heard, StoreError> {
    let handoff = tx.handoff_lock(&HandoffId::of(lead)).await?;
    let told = tx.outcomes_told(lead, deal).await?;
    let by = |kind: OutcomeKind| told.get(&kind).copied();
    let mut is_new = by(OutcomeKind::Opportunity).is_none();
    tx.crm_outcome_insert(lead, OutcomeKind::Opportunity, (created_at.min(mover.now), amount), deal).await?;
    let ended = match state {
        DealState::Open => None,
        DealState::Won => Some(OutcomeKind::Won),
        DealState::Lost => Some(OutcomeKind::Lost),
    };
    for kind in [OutcomeKind::Won, OutcomeKind::Lost] {
        if Some(kind) != ended && by(kind) == Some(OutcomeBy::Record) {
            tx.crm_outcome_take_back(lead, kind, deal).await?;
            is_new = true;
        }
    }
    let has_said = [OutcomeKind::Won, OutcomeKind::Lost].map(by).contains(&Some(OutcomeBy::Person));
    // One deal of several was won: the lead was.
    let is_won = by(OutcomeKind::Won) == Some(OutcomeBy::OtherRecord);
    let ended = ended.filter(|kind| !(has_said || *kind == OutcomeKind::Lost && is_won));
    let mut steps = Vec::new();
    if let Some(kind) = ended {
        tx.crm_outcome_insert(lead, kind, (at.min(mover.now), amount), deal).await?;
        is_new |= by(kind).is_none();
        // By hand, by age or by this it may be closed already.
        if let Some(why) = Closing::of(kind).filter(|_| !handoff.closed) {
            steps = tx.transition(&handoff.id, &Event::Closed { why }, rules, mover).await?.steps;
        }
    }
    Ok(is_new.then_some(steps))
}
