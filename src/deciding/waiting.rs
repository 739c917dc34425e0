//! Leads that nobody could take: whoever can, gets the oldest. And leads that have been open for too long.
//!
//! A waiting lead has an owner who answers for it and a promise whose clock runs; here it is looked at again and again, oldest
//! first, and decided anew. Reps may have come back, begun their shift, or closed a lead that filled their cap. Guarantees: a
//! lead is given once, since its handoff is locked and must still wait; the turn is paid and the cap counted under the locks
//! under which leads are decided; a lead that only somebody else can take does not hold up those behind it; whom a person
//! has given a lead to in the CRM meanwhile keeps it. If the process dies, the next look finds what still waits.

use super::aside::caught;
use super::decider::Decider;
use super::table::{Standing, StandingTable};
use crate::facts::{ByHand, LeadFacts, OfCrm};
use crate::release::Release;
use crate::store::{Correction, Mover, StepRow, StoreError, Tx, WaitingLead, with};
use baton_core::domain::known::Fact;
use baton_core::handoff::Event;
use baton_core::handoff::state::{Closing, NewOwner};
use baton_core::routing::decision::DecidedAgain;
use baton_core::routing::ledger::Cause;
use baton_core::routing::{Decision, decide};
use baton_core::rules::RuleSet;
use chrono::TimeDelta;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often waiting leads are looked at; sooner when somebody comes back.
const LOOK_EVERY: TimeDelta = TimeDelta::seconds(10);
/// In real time: a team that comes back together is one look.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);
const PAGE: usize = 200;

impl Decider {
    /// Gives waiting leads away until told to stop.
    pub async fn serve_waiting(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let pause = self.parts.clock.real(LOOK_EVERY.to_std().expect("a positive constant")).max(BETWEEN_LOOKS);
        while !*stop.borrow() {
            self.parts.outbox.duty().resumed().await;
            if let Err(error) = self.look_after_leads().await {
                tracing::warn!(%error, "waiting leads could not be looked at: they are looked at again");
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = async { self.commits.back.notified().await; tokio::time::sleep(BETWEEN_LOOKS).await } => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// What nobody tells: leads too old to be open, leads of those who have left, and leads that wait.
    async fn look_after_leads(&self) -> Result<(), StoreError> {
        self.close_the_aged().await?;
        self.take_from_who_left().await?;
        self.give_waiting().await
    }

    /// Leads that have been open for as long as the rules let them count no more.
    ///
    /// # Errors
    /// The database failed: the next look finds what is left.
    pub async fn close_the_aged(&self) -> Result<(), StoreError> {
        let rules = Arc::clone(&self.parts.release.borrow().rules);
        let open_for = TimeDelta::from_std(rules.handoff.open_for).unwrap_or(TimeDelta::MAX);
        let Some(before) = self.parts.clock.now().checked_sub_signed(open_for) else { return Ok(()) };
        for handoff in self.parts.store.handoffs_open_since(before, PAGE).await? {
            let parts = (handoff, Event::Closed { why: Closing::Age }, Arc::clone(&rules), self.parts.mover());
            let closed =
                with(parts, |tx, (handoff, event, rules, mover)| Box::pin(tx.transition(handoff, event, rules, mover)));
            self.parts.store.write("open.close", closed).await?;
        }
        Ok(())
    }

    /// One look at every waiting lead.
    ///
    /// # Errors
    /// The database failed: what still waits is found by the next look.
    pub async fn give_waiting(&self) -> Result<(), StoreError> {
        let release = Arc::clone(&self.parts.release.borrow());
        let mut after = None;
        loop {
            let page = with(after, |tx, after| {
                Box::pin(async move {
                    let after = after.as_ref().map(|(since, handoff)| (*since, handoff));
                    Ok((tx.leads_waiting(after, PAGE).await?, tx.reps_read().await?))
                })
            });
            let (page, reps) = self.parts.store.read("waiting.page", page).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some((last.since, last.handoff.clone()));
            let mut table = StandingTable::of(Standing { reps, ledgers: BTreeMap::new() });
            for (waiting, facts) in self.with_facts(page, &release).await {
                // Whoever is stopping gives nothing away any more.
                if self.why_not().is_some() {
                    return Ok(());
                }
                let lead = waiting.lead.id.clone();
                match caught(self.give_if_possible(&table, waiting, facts, &release)).await {
                    Ok(false) => continue,
                    Ok(true) => {}
                    Err(error) if error.is_transient() => return Err(error),
                    Err(error) => {
                        tracing::error!(lead.id = %lead, %error, "a lead goes on waiting, and does not hold up the others");
                        continue;
                    }
                }
                table.standing.reps = self.parts.store.reps_read().await?;
            }
        }
    }

    /// Whether it was tried.
    async fn give_if_possible(
        &self,
        table: &StandingTable,
        waiting: WaitingLead,
        facts: LeadFacts,
        release: &Arc<Release>,
    ) -> Result<bool, StoreError> {
        let rules = release.rules.without(&waiting.let_lie);
        // Ledgers order those who can take it, and say nothing about whether anybody can.
        if table.decide(&waiting.lead, &facts, &rules, self.parts.clock.now()).plan.waits {
            return Ok(false);
        }
        let Some(facts) = self.unless_given_by_hand(&waiting, facts, release).await else { return Ok(false) };
        let parts = (waiting, facts, Arc::clone(release), self.parts.mover());
        let given =
            with(parts, |tx, (waiting, facts, release, mover)| Box::pin(give_in(tx, waiting, facts, release, mover)));
        let steps = self.parts.store.write("waiting.give", given).await?;
        self.parts.outbox.run_now(steps, None);
        Ok(true)
    }

    /// The callers have left since; accounts and their owners are as they were known then, calendars as they are now.
    async fn with_facts(&self, page: Vec<WaitingLead>, release: &Release) -> Vec<(WaitingLead, LeadFacts)> {
        let left = |waiting: WaitingLead| WaitingLead { lead: waiting.lead.after_the_call(), ..waiting };
        let page: Vec<WaitingLead> = page.into_iter().map(left).collect();
        let facts = self.parts.facts.calendars_of(page.iter().map(OfCrm::of).collect(), &release.rules).await;
        page.into_iter().zip(facts).collect()
    }

    /// A person may have given the lead away in the CRM meanwhile: that is the owner then, whatever the rules say. `None`:
    /// to somebody who is no rep here, so that it is not ours to give.
    async fn unless_given_by_hand(
        &self,
        waiting: &WaitingLead,
        facts: LeadFacts,
        release: &Release,
    ) -> Option<LeadFacts> {
        let Some(record) = &waiting.crm else { return Some(facts) };
        let rep = match self.parts.facts.given_by_hand(record, &release.rules).await {
            ByHand::Nobody => return Some(facts),
            ByHand::Rep(rep) => rep,
            ByHand::Stranger => {
                tracing::info!(lead.id = %waiting.lead.id, "a waiting lead was given away in the CRM: it is left there");
                return None;
            }
        };
        let observed_at = self.parts.clock.now();
        let given = Fact::Known { value: Some(rep), observed_at, source: "by hand".to_owned() };
        let known = OfCrm { assigned: Some(given), ..OfCrm::of(waiting) };
        self.parts.facts.calendars_of(vec![known], &release.rules).await.pop()
    }
}

/// Nothing to be run if another worker was sooner, or whoever was free is not any more.
async fn give_in(
    tx: &mut Tx,
    waiting: &WaitingLead,
    facts: &LeadFacts,
    release: &Release,
    mover: &Mover,
) -> Result<Vec<StepRow>, StoreError> {
    let rules = &release.rules;
    if !tx.handoff_lock(&waiting.handoff).await?.is_waiting() {
        return Ok(Vec::new());
    }
    let others = rules.without(&waiting.let_lie);
    let mut table = StandingTable::of(Standing::locked(tx, rules).await?);
    let mut snapshot = table.snapshot(facts, &others, mover.now);
    let mut decision = decide(&waiting.lead, &snapshot, &others);
    if decision.plan.waits {
        return Ok(Vec::new());
    }
    if !waiting.let_lie.is_empty() {
        take_turn_back(tx, waiting, rules, mover).await?;
        table.standing = Standing::locked(tx, rules).await?;
        snapshot = table.snapshot(facts, &others, mover.now);
        decision = decide(&waiting.lead, &snapshot, &others);
    }
    let again = DecidedAgain::of(&decision, None);
    table.store_again(tx, &waiting.lead, &decision, &again, rules, mover.now).await?;
    let Decision { plan, turn, .. } = decision;
    tracing::info!(
        lead.id = %waiting.lead.id, rep.id = %plan.owner, pool.id = %plan.pool,
        waited_s = (mover.now - waiting.since).num_seconds(), "a lead that waited has found somebody"
    );
    let to = NewOwner {
        turn_in: turn.map(|entry| entry.pool),
        busy: snapshot.busy(&plan.owner).cloned(),
        ..NewOwner::new(plan.owner, again.in_words())
    };
    Ok(tx.transition(&waiting.handoff, &Event::Found(to), rules, mover).await?.steps)
}

/// As where a person gives it to somebody else: whoever let it lie has had no turn.
async fn take_turn_back(tx: &mut Tx, waiting: &WaitingLead, rules: &RuleSet, mover: &Mover) -> Result<(), StoreError> {
    let correction = Correction {
        cause: Cause::Reassigned,
        to: None,
        reason: "nothing was done about it in time".to_owned(),
        author: "rules".to_owned(),
    };
    tx.turn_correct(&waiting.lead.id, &correction, rules, mover.now).await.map(|_| ())
}
