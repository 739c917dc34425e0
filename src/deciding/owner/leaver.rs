//! A rep who has left: everything open of theirs goes to whoever the rules name, and comes back within a day if that was a mistake.
//!
//! Guarantees: a lead is handed over in one commit with its turn, its promise, what is to be told of it and the note by which it can
//! be given back; it goes once, however often and by however many it is asked for, since whoever comes second finds that it is
//! somebody else's. Nothing is given back that anybody has touched since. What is shown before is decided as what is done, on the
//! same turns, and moves nothing. If the process dies here, some leads have gone, each whole, and whoever asks again has the others go;
//! what is owed a call, a mail or a meeting goes by itself, at the next look.

use super::by_rules::ByRules;
use super::{Reassigned, is_active, without};
use crate::deciding::decider::Decider;
use crate::deciding::table::{Standing, StandingTable};
use crate::facts::{LeadFacts, OfCrm};
use crate::release::Release;
use crate::store::{AuditEntry, Correction, HandedOver, Promised, StepRow, StoreError, WaitingLead, with};
use baton_core::domain::id::{HandoffId, LeadId, RepId};
use baton_core::domain::outcome::NextStep;
use baton_core::handoff::Handoff;
use baton_core::routing::ledger::Cause;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;

/// How long it can be given back.
const BACK_WITHIN: TimeDelta = TimeDelta::hours(24);
/// Leads that are looked through for one act; and so many go at one request, so that it has an end.
const LISTED: usize = 1_000;
const AT_ONCE: usize = 100;
const NOT_KEPT: &str = "what it was decided on is no longer kept: name who is to have it";

/// Who has left, and who says so.
#[derive(Debug, Clone)]
pub struct LeaverRequest {
    pub rep: RepId,
    pub reason: String,
    pub author: String,
    /// Who asks, as the audit names them.
    pub actor: String,
}

/// A lead that goes, or would, and what comes next.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct LeaverMove {
    pub lead: LeadId,
    pub owner: RepId,
    pub reason: String,
    pub next_step: NextStep,
}

/// A lead that stays where it is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Stays {
    pub lead: LeadId,
    pub why: String,
}

/// What became of everything open that a rep had, or would.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Leaving {
    pub moves: Vec<LeaverMove>,
    pub stays: Vec<Stays>,
    /// Handed over within a day, by an earlier act or by itself, and not given back.
    pub earlier: Vec<HandedOver>,
    /// There is more than one request takes: it may be asked again.
    pub more: bool,
}

impl Leaving {
    fn goes(&mut self, lead: LeadId, went: Reassigned) {
        match went {
            Reassigned::To { owner, reason, next_step } => {
                self.moves.push(LeaverMove { lead, owner, reason, next_step });
            }
            Reassigned::Unchanged { owner } => self.stays(lead, format!("it is {owner}'s already")),
            Reassigned::Nobody { reason } => self.stays(lead, reason),
        }
    }

    fn stays(&mut self, lead: LeadId, why: impl Into<String>) {
        self.stays.push(Stays { lead, why: why.into() });
    }
}

impl Decider {
    /// What would become of everything open that this rep has, if they had left by now. Nothing moves.
    ///
    /// # Errors
    /// The database failed.
    pub async fn leaver_preview(&self, rep: &RepId) -> Result<Leaving, StoreError> {
        let release = Arc::clone(&self.parts.release.borrow());
        let rules = without(&release.rules, rep);
        let mover = self.parts.mover();
        let mut leads = self.open_of(rep).await?;
        let mut leaving = Leaving { more: leads.len() > LISTED, ..Leaving::default() };
        leads.truncate(LISTED);
        let mut given = Vec::with_capacity(leads.len());
        for lead in leads {
            match self.to_give(&lead).await? {
                Some(one) => given.push(one),
                None => leaving.stays(lead, NOT_KEPT),
            }
        }
        let facts = self.parts.facts.calendars_of(given.iter().map(OfCrm::of).collect(), &rules).await;
        let known: Vec<(WaitingLead, LeadFacts)> = given.into_iter().zip(facts).collect();
        let planned = with((rep.clone(), known, rules, mover), |tx, (rep, known, rules, mover)| {
            Box::pin(async move {
                let standing = Standing { reps: tx.reps_read().await?, ledgers: tx.ledgers_read().await? };
                let (mut table, mut promised) = (StandingTable::of(standing), Promised::default());
                let mut planned = Vec::with_capacity(known.len());
                for (given, facts) in known {
                    let by_rules = ByRules { given, facts, rules, live: rules, mover };
                    let goes = by_rules.would_go(tx, &mut table, &mut promised, rep).await?;
                    planned.push((given.lead.id.clone(), goes));
                }
                Ok(planned)
            })
        });
        for (lead, goes) in self.parts.store.read("leaver.preview", planned).await? {
            match goes {
                Ok(went) => leaving.goes(lead, went),
                Err(why) => leaving.stays(lead, why),
            }
        }
        leaving.earlier = self.handed_over_lately(rep).await?;
        Ok(leaving)
    }

    /// Hands everything open that this rep has to whoever the rules name. They must not be active any more.
    ///
    /// # Errors
    /// The database failed: what has gone has gone, and whoever asks again has the others go.
    pub async fn leaver_hand_over(&self, wish: &LeaverRequest) -> Result<Leaving, StoreError> {
        let release = Arc::clone(&self.parts.release.borrow());
        let mut leaving = Leaving::default();
        for lead in self.open_of(&wish.rep).await? {
            if leaving.moves.len() == AT_ONCE {
                leaving.more = true;
                break;
            }
            let is_first = leaving.moves.is_empty();
            match self.hand_over_one(&lead, wish, is_first, &release).await {
                Ok(Ok(went)) => leaving.goes(lead, went),
                Ok(Err(why)) => leaving.stays(lead, why),
                Err(error) if error.is_transient() => return Err(error),
                Err(error) => {
                    tracing::error!(lead.id = %lead, left = %wish.rep, %error, "a lead stays with somebody who left");
                    leaving.stays(lead, "it could not be handed over: the log of the worker says why");
                }
            }
        }
        // Also what went by itself meanwhile.
        let mut earlier = self.handed_over_lately(&wish.rep).await?;
        earlier.retain(|over| leaving.moves.iter().all(|moved| moved.lead != over.lead));
        leaving.earlier = earlier;
        Ok(leaving)
    }

    async fn hand_over_one(
        &self,
        lead: &LeadId,
        wish: &LeaverRequest,
        is_first: bool,
        release: &Arc<Release>,
    ) -> Result<Result<Reassigned, &'static str>, StoreError> {
        let Some(given) = self.to_give(lead).await? else { return Ok(Err(NOT_KEPT)) };
        let facts = self.facts_of(&given, &release.rules).await;
        let entry = is_first.then(|| entry_of(wish, "rep.leaver"));
        let parts = (given, facts, Arc::clone(release), self.parts.mover(), wish.clone(), entry);
        let moved = with(parts, |tx, (given, facts, release, mover, wish, entry)| {
            Box::pin(async move {
                let rules = &release.rules;
                let by_rules = ByRules { given, facts, rules, live: rules, mover };
                let went = by_rules.of_who_left(tx, &wish.rep, &wish.author).await?;
                if let (Ok(_), Some(entry)) = (&went, entry) {
                    tx.audit(entry, mover.now).await?;
                }
                Ok(went)
            })
        });
        Ok(match self.parts.store.write("leaver.hand_over", moved).await? {
            Ok((went, steps)) => {
                self.parts.outbox.run_now(steps, None);
                Ok(went)
            }
            Err(why) => Err(why),
        })
    }

    /// Gives back what was handed over of this rep's within a day and nobody has touched since. They must be active again.
    ///
    /// # Errors
    /// The database failed: what is back is back, and whoever asks again gets the others.
    pub async fn leaver_give_back(&self, wish: &LeaverRequest) -> Result<Leaving, StoreError> {
        let mut leaving = Leaving::default();
        for over in self.handed_over_lately(&wish.rep).await? {
            if leaving.moves.len() == AT_ONCE {
                leaving.more = true;
                break;
            }
            let (lead, is_first) = (over.lead.clone(), leaving.moves.is_empty());
            match self.give_back_one(over, wish, is_first).await {
                Ok(Ok(went)) => leaving.goes(lead, went),
                Ok(Err(why)) => leaving.stays(lead, why),
                Err(error) if error.is_transient() => return Err(error),
                // It is no longer kept.
                Err(StoreError::NotFound { .. }) => leaving.stays(lead, "it is no longer kept"),
                Err(error) => {
                    tracing::error!(lead.id = %lead, rep.id = %wish.rep, %error, "a lead is not given back");
                    leaving.stays(lead, "it could not be given back: the log of the worker says why");
                }
            }
        }
        Ok(leaving)
    }

    async fn give_back_one(
        &self,
        over: HandedOver,
        wish: &LeaverRequest,
        is_first: bool,
    ) -> Result<Result<Reassigned, String>, StoreError> {
        let rules = Arc::clone(&self.parts.release.borrow().rules);
        let busy = self.parts.facts.busy_of(&wish.rep, &rules).await;
        let entry = is_first.then(|| entry_of(wish, "rep.leaver_undo"));
        let parts = (over, wish.clone(), busy, rules, self.parts.mover(), entry);
        let moved = with(parts, |tx, (over, wish, busy, rules, mover, entry)| {
            Box::pin(async move {
                if !is_active(&wish.rep, rules) {
                    return Ok((Err(format!("{} is not active any more", wish.rep)), Vec::new()));
                }
                let handoff = tx.handoff_lock(&HandoffId::of(&over.lead)).await?;
                if let Some(why) = touched(&handoff, over) {
                    return Ok((Err(why), Vec::new()));
                }
                if !tx.handed_over_ends(&wish.rep, &over.lead).await? {
                    return Ok((Err("it was given back a moment ago".to_owned()), Vec::new()));
                }
                let correction = Correction {
                    cause: Cause::Reassigned,
                    to: Some(wish.rep.clone()),
                    reason: format!("given back: {}", wish.reason),
                    author: wish.author.clone(),
                };
                let moved = tx.lead_reassign(&over.lead, &wish.rep, busy.as_ref(), &correction, rules, mover).await?;
                if let Some(entry) = entry {
                    tx.audit(entry, mover.now).await?;
                }
                let (owner, next_step) = (moved.handoff.owner.clone(), moved.handoff.next_step());
                Ok((Ok(Reassigned::To { owner, reason: correction.reason, next_step }), moved.steps))
            })
        });
        let (went, steps): (Result<Reassigned, String>, Vec<StepRow>) =
            self.parts.store.write("leaver.give_back", moved).await?;
        self.parts.outbox.run_now(steps, None);
        Ok(went)
    }

    /// When this rep's leads were last handed over, as long as that is known.
    ///
    /// # Errors
    /// The database failed.
    pub async fn leaver_last(&self, rep: &RepId) -> Result<Option<DateTime<Utc>>, StoreError> {
        Ok(self.handed_over(rep).await?.last().map(|over| over.at))
    }

    async fn open_of(&self, rep: &RepId) -> Result<Vec<LeadId>, StoreError> {
        let now = self.parts.clock.now();
        let open = with(rep.clone(), move |tx, rep| Box::pin(tx.leads_of_leaver(rep, now, LISTED + 1)));
        self.parts.store.read("leaver.open", open).await
    }

    async fn handed_over(&self, rep: &RepId) -> Result<Vec<HandedOver>, StoreError> {
        let over = with(rep.clone(), |tx, rep| Box::pin(tx.handed_over(rep, LISTED)));
        self.parts.store.read("leaver.handed_over", over).await
    }

    /// What can be given back still, by its time.
    async fn handed_over_lately(&self, rep: &RepId) -> Result<Vec<HandedOver>, StoreError> {
        let since = self.parts.clock.now() - BACK_WITHIN;
        let mut over = self.handed_over(rep).await?;
        over.retain(|one| one.at >= since);
        Ok(over)
    }
}

fn entry_of(wish: &LeaverRequest, act: &str) -> AuditEntry {
    AuditEntry::of(&wish.actor, act, &wish.rep, Some(&format!("{}: {}", wish.author, wish.reason)))
}

/// What was done about a lead since it was handed over, if anything was.
fn touched(handoff: &Handoff, over: &HandedOver) -> Option<String> {
    let (next, then) = (handoff.next_step(), &over.next_step);
    if handoff.closed {
        return Some("it is closed by now".to_owned());
    }
    if handoff.owner != over.owner {
        return Some(format!("it is {}'s by now", handoff.owner));
    }
    if handoff.calling.is_some() {
        return Some(format!("{} is about to speak with them", over.owner));
    }
    let is_as_it_was = (next.what, &next.owner) == (then.what, &then.owner)
        && next.at.timestamp_micros() == then.at.timestamp_micros();
    (!is_as_it_was).then(|| format!("{} has gone on with it", over.owner))
}
