//! Who has a lead, changed after the decision: by a rep's word, by hand, or because its owner has left.
//!
//! Guarantees: a lead changes hands in one commit with its turn, its promise and what is to be told of it; asked twice, it
//! moves once; nobody gets a lead who is not active. Whoever is named by a person gets the lead whatever their caps and
//! hours; whoever the rules name is decided under the locks under which leads are decided. If the process dies here, a person
//! asks again, and the next look finds whose owner has left.

mod by_rules;
pub mod form;
mod from_crm;
pub mod leaver;
pub mod offered;

use super::decider::Decider;
use super::messages::say_in;
use crate::facts::{LeadFacts, OfCrm};
use crate::release::Release;
use crate::store::{AuditEntry, Correction, Moved, Mover, StepRow, StoreError, Tx, WaitingLead, with};
use baton_core::domain::id::{LeadId, RepId};
use baton_core::domain::outcome::{Feedback, NextStep};
use baton_core::domain::rep::Busy;
use baton_core::routing::ledger::Cause;
use baton_core::rules::RuleSet;
use std::sync::Arc;

/// Leads of those who left that are moved at one look.
const PAGE: usize = 200;

/// A lead that somebody is to have instead of whoever has it.
#[derive(Debug, Clone)]
pub struct ReassignRequest {
    pub lead: LeadId,
    /// `None`: whoever the rules name, but not the one who has it.
    pub to: Option<RepId>,
    /// Where the rules name somebody: only as long as it is this rep's. `None`: whoever has it.
    pub from: Option<RepId>,
    pub reason: String,
    /// Who says so, for the journal.
    pub author: String,
    /// Who asks, as the audit names them.
    pub actor: String,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Reassigned {
    To {
        owner: RepId,
        reason: String,
        next_step: NextStep,
    },
    /// It is theirs already.
    Unchanged {
        owner: RepId,
    },
    /// By the rules it would be nobody's: it stays where it is.
    Nobody {
        reason: String,
    },
}

/// Who is to get it, with what is known of them.
enum Whom {
    Named { to: RepId, busy: Option<Vec<Busy>> },
    ByRules { rules: Box<RuleSet>, facts: Box<LeadFacts> },
}

impl Decider {
    /// Records what a rep says of a lead, as `actor` tells it. Who is named as the right rep gets it, with its promise; the wrong one
    /// does not pay.
    ///
    /// # Errors
    /// The database failed: nothing is recorded.
    pub async fn say(&self, lead: &LeadId, said: &Feedback, most: u64, actor: &str) -> Result<bool, StoreError> {
        let rules = Arc::clone(&self.parts.release.borrow().rules);
        let busy = match said.misroute.as_ref().and_then(|misroute| misroute.right_rep.as_ref()) {
            Some(right) => self.parts.facts.busy_of(right, &rules).await,
            None => None,
        };
        let entry = AuditEntry::of(actor, "feedback.record", lead, None);
        let parts = (lead.clone(), said.clone(), busy, rules, self.parts.mover(), entry);
        let stored = with(parts, move |tx, (lead, said, busy, rules, mover, entry)| {
            Box::pin(async move {
                if tx.feedback_count(lead, &said.rep).await? >= most {
                    return Ok(None);
                }
                let steps = say_in(tx, lead, said, busy.as_ref(), rules, mover).await?;
                tx.audit(entry, mover.now).await?;
                Ok(Some(steps))
            })
        });
        let Some(steps) = self.parts.store.write("feedback.insert", stored).await? else { return Ok(false) };
        self.parts.outbox.run_now(steps, None);
        Ok(true)
    }

    /// Gives a lead to somebody else. `None`: there is no such lead.
    ///
    /// # Errors
    /// The database failed: the lead is where it was.
    pub async fn reassign(&self, wish: &ReassignRequest) -> Result<Option<Reassigned>, StoreError> {
        let release = Arc::clone(&self.parts.release.borrow());
        let found = self.to_give(&wish.lead).await?;
        let Some(given) = found else { return Ok(None) };
        let whom = match &wish.to {
            Some(to) => Whom::Named { to: to.clone(), busy: self.parts.facts.busy_of(to, &release.rules).await },
            None => {
                let owner = self.parts.store.handoff(&given.handoff).await?.owner;
                if wish.from.as_ref().is_some_and(|from| *from != owner) {
                    return Ok(Some(Reassigned::Unchanged { owner }));
                }
                let rules = without(&release.rules, &owner);
                let facts = self.facts_of(&given, &rules).await;
                Whom::ByRules { rules: Box::new(rules), facts: Box::new(facts) }
            }
        };
        let parts = (wish.clone(), given, whom, Arc::clone(&release), self.parts.mover());
        let moved = with(parts, |tx, (wish, given, whom, release, mover)| {
            Box::pin(async move {
                let moved = match whom {
                    Whom::Named { to, busy } => give_to(tx, wish, to, busy.as_ref(), &release.rules, mover).await?,
                    Whom::ByRules { rules, facts } => {
                        let by_rules = by_rules::ByRules { given, facts, rules, live: &release.rules, mover };
                        by_rules.to_others(tx, &wish.reason, &wish.author).await?
                    }
                };
                if matches!(moved.0, Reassigned::To { .. }) {
                    let why = format!("{}: {}", wish.author, wish.reason);
                    let entry = AuditEntry::of(&wish.actor, "lead.reassign", &wish.lead, Some(&why));
                    tx.audit(&entry, mover.now).await?;
                }
                Ok(moved)
            })
        });
        let (reassigned, steps) = self.parts.store.write("reassign", moved).await?;
        self.parts.outbox.run_now(steps, None);
        Ok(Some(reassigned))
    }

    /// Leads that are owed a call or a meeting by somebody who is not active any more go on by the rules. Returns how many moved.
    ///
    /// # Errors
    /// The database failed: the next look finds what is left.
    pub async fn take_from_who_left(&self) -> Result<u32, StoreError> {
        let release = Arc::clone(&self.parts.release.borrow());
        let now = self.parts.clock.now();
        let owed = with(Arc::clone(&release.rules), move |tx, rules| {
            Box::pin(async move {
                let gone: Vec<RepId> = tx.owing(now).await?.into_keys().filter(|rep| !is_active(rep, rules)).collect();
                if gone.is_empty() { Ok(Vec::new()) } else { tx.leads_owed_by(&gone, now, PAGE).await }
            })
        });
        let mut moved = 0;
        for (lead, rep) in self.parts.store.read("owner.left", owed).await? {
            match self.take_from(&lead, &rep, &release).await {
                Ok(Some(Reassigned::To { owner, .. })) => {
                    moved += 1;
                    tracing::info!(lead.id = %lead, left = %rep, rep.id = %owner, "a lead of somebody who left goes on");
                }
                Ok(_) => {}
                Err(error) if error.is_transient() => return Err(error),
                Err(error) => {
                    tracing::error!(lead.id = %lead, left = %rep, %error, "a lead stays with somebody who left")
                }
            }
        }
        Ok(moved)
    }

    async fn take_from(
        &self,
        lead: &LeadId,
        rep: &RepId,
        release: &Arc<Release>,
    ) -> Result<Option<Reassigned>, StoreError> {
        let Some(given) = self.to_give(lead).await? else { return Ok(None) };
        let facts = self.facts_of(&given, &release.rules).await;
        let parts = (given, facts, Arc::clone(release), self.parts.mover(), rep.clone());
        let moved = with(parts, |tx, (given, facts, release, mover, rep)| {
            Box::pin(async move {
                let rules = &release.rules;
                by_rules::ByRules { given, facts, rules, live: rules, mover }.of_who_left(tx, rep, "rules").await
            })
        });
        let Ok((reassigned, steps)) = self.parts.store.write("owner.left", moved).await? else { return Ok(None) };
        self.parts.outbox.run_now(steps, None);
        Ok(Some(reassigned))
    }

    /// The caller has left since.
    async fn to_give(&self, lead: &LeadId) -> Result<Option<WaitingLead>, StoreError> {
        let found = self.parts.store.lead_to_give(lead).await?;
        Ok(found.map(|given| WaitingLead { lead: given.lead.after_the_call(), ..given }))
    }

    /// Accounts and their owners as they were known at the decision, calendars as they are now.
    async fn facts_of(&self, given: &WaitingLead, rules: &RuleSet) -> LeadFacts {
        self.parts.facts.calendars_of(vec![OfCrm::of(given)], rules).await.pop().expect("facts for the one lead")
    }
}

async fn give_to(
    tx: &mut Tx,
    wish: &ReassignRequest,
    to: &RepId,
    busy: Option<&Vec<Busy>>,
    rules: &RuleSet,
    mover: &Mover,
) -> Result<(Reassigned, Vec<StepRow>), StoreError> {
    let correction = Correction {
        cause: Cause::Reassigned,
        to: Some(to.clone()),
        reason: wish.reason.clone(),
        author: wish.author.clone(),
    };
    let Moved { handoff, ignored, steps } = tx.lead_reassign(&wish.lead, to, busy, &correction, rules, mover).await?;
    let (owner, reason, next_step) = (handoff.owner.clone(), wish.reason.clone(), handoff.next_step());
    let told = if ignored { Reassigned::Unchanged { owner } } else { Reassigned::To { owner, reason, next_step } };
    Ok((told, steps))
}

fn is_active(rep: &RepId, rules: &RuleSet) -> bool {
    rules.reps.get(rep).is_some_and(|rep| rep.active)
}

/// The same rules, as if this rep had left.
fn without(rules: &RuleSet, rep: &RepId) -> RuleSet {
    let mut rules = rules.clone();
    if let Some(rep) = rules.reps.get_mut(rep) {
        rep.active = false;
    }
    rules
}
