//! The second event of a call that was decided already: what it brings is added to the lead, and it gets the lead's answer.
//!
//! A transaction of its own: a lead locks ledgers, then reps, a move its handoff before them. If the process dies between the
//! decision of the first event and this, the second one lies in the inbox, and whoever finds it ends up here.

use super::answer::{Answer, Decided, Instructed};
use super::aside::{Setbacks, caught};
use super::call::{complete, phone_key};
use super::delivery::Delivery;
use super::parts::DeciderParts;
use super::table::{Standing, StandingTable};
use crate::facts::LeadFacts;
use crate::release::Release;
use crate::render::briefing::completeness_permille;
use crate::store::{Changes, ERASED_MESSAGE, Handled, InboxRow, Mover, StepRow, StoreError, Tx, with};
use baton_core::domain::id::{HandoffId, LeadId};
use baton_core::domain::lead::Lead;
use baton_core::handoff::{Completed, Event, Handoff, OnTheLine, Stage};
use baton_core::routing::Decision;
use baton_core::rules::words::zone::whereabouts;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A lead of a batch that is no new one, and the lead that it completes.
#[derive(Debug, Clone)]
pub(super) struct Second {
    pub row: InboxRow,
    pub lead: Lead,
    pub first: LeadId,
}

/// What a second event does, as far as it can be said before the lead is held.
struct Plan {
    second: Second,
    /// Facts for the lead as it will be, if the caller turns out to be on the line.
    facts: Option<LeadFacts>,
    release: Arc<Release>,
    mover: Mover,
}

/// Adds what second events brought; one that cannot be added now waits in the inbox, as any message does.
pub(super) async fn complete_all(parts: &DeciderParts, delivery: &Delivery, setbacks: &Setbacks, seconds: Vec<Second>) {
    for second in seconds {
        let row = second.row.clone();
        let mut done = caught(complete_first(parts, second.clone())).await;
        if done.as_ref().is_err_and(|error| !error.is_transient()) {
            done = caught(complete_first(parts, second)).await;
        }
        match done {
            Ok(Some((steps, answer))) => {
                parts.outbox.run_now(steps, None);
                delivery.deliver(&row, &answer);
            }
            Ok(None) => {}
            Err(error) => setbacks.failed_twice(&row, &error).await,
        }
    }
}

/// `None`: another worker was sooner.
async fn complete_first(parts: &DeciderParts, second: Second) -> Result<Option<(Vec<StepRow>, Answer)>, StoreError> {
    let release = Arc::clone(&parts.release.borrow());
    let found = with(second.first.clone(), |tx, first| {
        Box::pin(async move { Ok((tx.lead(first).await?, tx.handoff(&HandoffId::of(first)).await?)) })
    });
    let (Some(record), handoff) = parts.store.read("complete.first", found).await? else {
        return Err(StoreError::NotFound { what: "lead", id: second.first.to_string() });
    };
    let facts = if comes_on_the_line(&handoff, &record.lead, &second.lead) {
        let (lead, _) = complete(&record.lead, &second.lead);
        parts.facts.gather(&[lead], &release.rules).await.pop()
    } else {
        None
    };
    let plan = Plan { second, facts, release, mover: parts.mover() };
    parts.store.write("complete", with(plan, |tx, plan| Box::pin(plan.carry_out(tx)))).await
}

/// The first event did not say that somebody waits, and the second one, which is not the older of the two, does.
fn comes_on_the_line(handoff: &Handoff, first: &Lead, second: &Lead) -> bool {
    let over = matches!(handoff.stage, Stage::Done { .. });
    !handoff.live && !over && !first.is_live() && second.is_live() && second.qualified_at() >= first.qualified_at()
}

impl Plan {
    async fn carry_out(&self, tx: &mut Tx) -> Result<Option<(Vec<StepRow>, Answer)>, StoreError> {
        let Second { row, lead: second, first } = &self.second;
        if tx.inbox_lock(&BTreeSet::from([row.key.clone()])).await?.is_empty() {
            return Ok(None);
        }
        let rules = &self.release.rules;
        let before = tx.handoff_lock(&HandoffId::of(first)).await?;
        let gone = || StoreError::NotFound { what: "lead", id: first.to_string() };
        let record = tx.lead(first).await?.ok_or_else(gone)?;
        if record.erased_at.is_some() {
            return self.take_nothing(tx).await.map(Some);
        }
        let decision = tx.decision(first).await?.ok_or_else(gone)?;
        let (lead, added) = complete(&record.lead, second);
        if lead != record.lead {
            tx.lead_complete(&lead, completeness_permille(&lead, &decision.plan.tier, rules)).await?;
        }
        let on_the_line = self.on_the_line(tx, &before, &record.lead, &lead).await?;
        let rings_anew = on_the_line.is_some();
        let (zone, times) = (lead.preference.timezone, lead.preference.times.clone());
        let caller = Some(Box::new(whereabouts(&lead))).filter(|caller| **caller != before.caller);
        let reach_back = Some(lead.reach_back()).filter(|now| *now != before.reach_back);
        let is_reached_anew = reach_back.is_some();
        let refusals_changed = lead.consent.refusals() != record.lead.consent.refusals();
        let event = Event::Completed(Completed {
            by: row.key.clone(),
            added: added.clone(),
            zone,
            caller,
            reach_back,
            refusals_changed,
            times,
            on_the_line,
        });
        let moved = tx.transition(&before.id, &event, rules, &self.mover).await?;
        let mut decided = self.answer(tx, &record.lead, &decision, &before).await?;
        let after = &moved.handoff;
        if rings_anew {
            decided.targets = after.targets.iter().map(|target| target.rep.clone()).collect();
            decided.rungs.clone_from(&after.rungs);
        }
        // What the first event was answered may be what the second one has just refused.
        if rings_anew || is_reached_anew && after.stage.settled().is_some() {
            let effects = moved.steps.iter().map(|step| (&step.effect_key, &step.effect));
            decided.instruction = Instructed::first_of(effects, &lead, after, &self.release, self.mover.now);
            decided.next_step = after.next_step();
        }
        let answer = Answer::of_lead(decided, before.shadow);
        let handled = Handled { key: row.key.clone(), answer: answer.text()?, lead_id: Some(first.clone()) };
        tx.change(&Changes { handled: &[handled], ..Changes::default() }).await?;
        tracing::info!(lead.id = %first, added = added.len(), rings_anew, "a second event of the same call was added to its lead");
        Ok(Some((moved.steps, answer)))
    }

    /// The person was erased, and this tells of the same call: it is answered, and nothing of it is kept.
    async fn take_nothing(&self, tx: &mut Tx) -> Result<(Vec<StepRow>, Answer), StoreError> {
        let Second { row, lead, first } = &self.second;
        let answer = Answer::Taken { event: row.key.clone(), ignored: Some(ERASED_MESSAGE.to_owned()) };
        let handled = Handled { key: row.key.clone(), answer: answer.text()?, lead_id: Some(first.clone()) };
        tx.change(&Changes { handled: &[handled], ..Changes::default() }).await?;
        tx.message_empty(&row.key, phone_key(lead), &lead.id).await?;
        Ok((Vec::new(), answer))
    }

    /// Whom to ring for the caller. The lead keeps its owner and costs no second turn.
    async fn on_the_line(
        &self,
        tx: &mut Tx,
        handoff: &Handoff,
        first: &Lead,
        lead: &Lead,
    ) -> Result<Option<OnTheLine>, StoreError> {
        let second = &self.second.lead;
        let Some(facts) = self.facts.as_ref().filter(|_| comes_on_the_line(handoff, first, second)) else {
            return Ok(None);
        };
        let rules = &self.release.rules;
        let (occurred_at, received_at) = (second.occurred_at, second.received_at);
        let lead = Lead { occurred_at, received_at, ..lead.clone() };
        let table = StandingTable::of(Standing::locked(tx, rules).await?);
        let decision = table.decide(&lead, facts, rules, self.mover.now);
        let begun = Handoff::begin(&lead, &decision, rules);
        if !begun.live {
            return Ok(None);
        }
        Ok(Some(OnTheLine { since: second.qualified_at(), targets: begun.targets, rungs: begun.rungs }))
    }

    /// What the first event was answered, under the name of the second.
    async fn answer(
        &self,
        tx: &mut Tx,
        first: &Lead,
        decision: &Decision,
        handoff: &Handoff,
    ) -> Result<Box<Decided>, StoreError> {
        let stored = tx.inbox_answer(&format!("{} {}", first.source, first.event_id)).await?;
        let event = &self.second.row.key;
        if let Some(Ok(Answer::Decided(mut decided) | Answer::Shadow(mut decided))) =
            stored.map(|text| serde_json::from_str(&text))
        {
            decided.event.clone_from(event);
            return Ok(decided);
        }
        Ok(Box::new(Decided::of(event, first, decision, handoff, &self.release.rules, None)))
    }
}
