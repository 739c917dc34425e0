//! What a person does about what needs one: has steps that failed tried again, or closes it with a reason.
//!
//! Guarantees: what is done, the line of the lead's story that says who did it and why, and the audit are one commit; what was
//! done is not done twice. If the process dies here, the list says whether it was.

use super::decider::Decider;
use crate::outbox::Outbox;
use crate::store::{AuditEntry, FailedStep, Mover, StoreError, TimelineEntry, Tx, with};
use baton_core::domain::id::{HandoffId, LeadId};
use baton_core::domain::outcome::NextStepKind;
use baton_core::handoff::Event;
use baton_core::handoff::state::Closing;
use baton_core::rules::RuleSet;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::sync::Arc;

/// What needs a person, and who does something about it.
#[derive(Debug, Clone)]
pub struct AttentionItem {
    /// Of a lead, of a step that failed, or of a message that was put aside.
    pub key: String,
    /// For the audit and the lead's story.
    pub actor: String,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attended<T> {
    Done(T),
    /// Nothing was done.
    Refused {
        why: String,
    },
}

/// Steps that are due again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retried {
    pub lead: LeadId,
    pub steps: Vec<String>,
}

impl Decider {
    /// Has a step that failed tried again, or all that failed of a lead. `None`: there is none.
    ///
    /// # Errors
    /// The database failed: nothing is tried again.
    pub async fn retry(&self, item: &AttentionItem) -> Result<Option<Attended<Retried>>, StoreError> {
        let parts = (item.clone(), Arc::clone(&self.parts.outbox), self.parts.clock.now());
        let tried = with(parts, |tx, (item, outbox, now)| Box::pin(retry_in(tx, item, outbox, *now)));
        self.parts.store.write("attention.retry", tried).await
    }

    /// Takes something off the list of what needs a person. `None`: it is not on it.
    ///
    /// # Errors
    /// The database failed: it is where it was.
    pub async fn close(&self, item: &AttentionItem, why: &str) -> Result<Option<Attended<()>>, StoreError> {
        let rules = Arc::clone(&self.parts.release.borrow().rules);
        let parts = (item.clone(), why.to_owned(), rules, self.parts.mover());
        let closed = with(parts, |tx, (item, why, rules, mover)| Box::pin(close_in(tx, item, why, rules, mover)));
        self.parts.store.write("attention.close", closed).await
    }
}

async fn retry_in(
    tx: &mut Tx,
    item: &AttentionItem,
    outbox: &Outbox,
    now: DateTime<Utc>,
) -> Result<Option<Attended<Retried>>, StoreError> {
    let failed = tx.steps_failed_of(&item.key).await?;
    let Some(first) = failed.first() else { return Ok(None) };
    let lead = first.lead_id.clone();
    let again: Vec<&FailedStep> = failed.iter().filter(|step| outbox.may_try_again(step)).collect();
    if again.is_empty() {
        let why =
            "a caller waited for it, or it may have been done and is done once at most: close it instead".to_owned();
        return Ok(Some(Attended::Refused { why }));
    }
    let keys = keys_of(&again);
    tx.steps_again(&keys, now).await?;
    // Held, so that the story of the lead is told in order.
    tx.handoff_lock(&HandoffId::of(&lead)).await?;
    told(tx, &lead, "attention_retried", json!({ "by": item.actor, "steps": keys }), now).await?;
    audit(tx, item, "attention.retry", None, now).await?;
    let steps = keys.into_iter().map(str::to_owned).collect();
    Ok(Some(Attended::Done(Retried { lead, steps })))
}

async fn close_in(
    tx: &mut Tx,
    item: &AttentionItem,
    why: &str,
    rules: &RuleSet,
    mover: &Mover,
) -> Result<Option<Attended<()>>, StoreError> {
    let failed = tx.steps_failed_of(&item.key).await?;
    let named = match LeadId::new(item.key.as_str()) {
        Ok(lead) => tx.lead(&lead).await?.map(|_| lead),
        Err(_) => None,
    };
    let Some(lead) = named.as_ref().or(failed.first().map(|step| &step.lead_id)) else {
        return close_message(tx, item, why, mover.now).await;
    };
    let handoff = tx.handoff_lock(&HandoffId::of(lead)).await?;
    let is_open = named.is_some() && handoff.next_step().what == NextStepKind::NeedsAttention;
    if is_open && handoff.is_waiting() {
        let why = "it waits for a rep who can take it, and would be given away: give it to somebody instead".to_owned();
        return Ok(Some(Attended::Refused { why }));
    }
    let is_closed = is_open && tx.attention_close(lead, mover.now).await?;
    if !is_closed && failed.is_empty() {
        return Ok(Some(Attended::Refused { why: format!("nothing of lead {lead} needs a person") }));
    }
    if is_closed && !handoff.closed {
        tx.transition(&handoff.id, &Event::Closed { why: Closing::ByHand }, rules, mover).await?;
    }
    let keys = keys_of(&failed.iter().collect::<Vec<_>>());
    tx.steps_close(&keys).await?;
    let body = json!({ "by": item.actor, "why": why, "steps": keys });
    told(tx, lead, "attention_closed", body, mover.now).await?;
    audit(tx, item, "attention.close", Some(why), mover.now).await?;
    Ok(Some(Attended::Done(())))
}

/// Its bytes and why it was put aside stay.
async fn close_message(
    tx: &mut Tx,
    item: &AttentionItem,
    why: &str,
    now: DateTime<Utc>,
) -> Result<Option<Attended<()>>, StoreError> {
    match tx.inbox_drop(&item.key).await {
        Ok(()) => {}
        Err(StoreError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error),
    }
    audit(tx, item, "attention.close", Some(why), now).await?;
    Ok(Some(Attended::Done(())))
}

fn keys_of<'s>(steps: &[&'s FailedStep]) -> Vec<&'s str> {
    steps.iter().map(|step| step.effect_key.as_str()).collect()
}

async fn told(tx: &mut Tx, lead: &LeadId, kind: &str, body: Value, at: DateTime<Utc>) -> Result<(), StoreError> {
    let entry = TimelineEntry { lead_id: lead.clone(), at, kind: kind.to_owned(), body };
    tx.timeline_append(&[&entry]).await
}

async fn audit(
    tx: &mut Tx,
    item: &AttentionItem,
    act: &str,
    why: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let entry = AuditEntry {
        actor: item.actor.clone(),
        act: act.to_owned(),
        subject: item.key.clone(),
        why: why.map(str::to_owned),
    };
    tx.audit(&entry, now).await
}
