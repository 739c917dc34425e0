//! A lead given to whoever the rules name, under the locks under which leads are decided.

use super::{Reassigned, is_active};
use crate::deciding::table::{Standing, StandingTable};
use crate::facts::LeadFacts;
use crate::store::{Correction, Moved, Mover, StepRow, StoreError, Tx, WaitingLead};
use baton_core::domain::id::RepId;
use baton_core::handoff::Event;
use baton_core::handoff::state::NewOwner;
use baton_core::routing::decision::DecidedAgain;
use baton_core::routing::ledger::Cause;
use baton_core::routing::reason::TakenBecause;
use baton_core::routing::{Decision, decide};
use baton_core::rules::RuleSet;

/// A lead that the rules are to give to somebody.
pub(super) struct ByRules<'a> {
    pub given: &'a WaitingLead,
    pub facts: &'a LeadFacts,
    /// Those that decide.
    pub rules: &'a RuleSet,
    /// Those that count.
    pub live: &'a RuleSet,
    pub mover: &'a Mover,
}

impl ByRules<'_> {
    /// Not to whoever has it: where nobody else can take it, it stays.
    pub(super) async fn to_others(
        &self,
        tx: &mut Tx,
        reason: &str,
        author: &str,
    ) -> Result<(Reassigned, Vec<StepRow>), StoreError> {
        let before = tx.handoff_lock(&self.given.handoff).await?;
        // Another was sooner: whoever has it now is not the one it was to be taken from.
        if is_active(&before.owner, self.rules) {
            return Ok((Reassigned::Unchanged { owner: before.owner }, Vec::new()));
        }
        let mut table = StandingTable::of(Standing::locked(tx, self.live).await?);
        let decision = table.decide(&self.given.lead, self.facts, self.rules, self.mover.now);
        if decision.plan.waits {
            return Ok((Reassigned::Nobody { reason: decision.plan.reason.in_words() }, Vec::new()));
        }
        self.give(tx, &mut table, TakenBecause::Wanted { words: reason.to_owned() }, author).await
    }

    /// `None`: it is not theirs any more.
    pub(super) async fn of_who_left(
        &self,
        tx: &mut Tx,
        rep: &RepId,
    ) -> Result<Option<(Reassigned, Vec<StepRow>)>, StoreError> {
        if tx.handoff_lock(&self.given.handoff).await?.next_step().owner != *rep {
            return Ok(None);
        }
        let mut table = StandingTable::of(Standing::locked(tx, self.live).await?);
        self.give(tx, &mut table, TakenBecause::Left { rep: rep.clone() }, "rules").await.map(Some)
    }

    /// The turn that was paid is taken back, and whoever gets the lead pays one of their own.
    async fn give(
        &self,
        tx: &mut Tx,
        table: &mut StandingTable,
        taken: TakenBecause,
        author: &str,
    ) -> Result<(Reassigned, Vec<StepRow>), StoreError> {
        let Self { given, live, mover, .. } = self;
        let back =
            Correction { cause: Cause::Reassigned, to: None, reason: taken.in_words(), author: author.to_owned() };
        tx.turn_correct(&given.lead.id, &back, live, mover.now).await?;
        table.standing = Standing::locked(tx, live).await?;
        let snapshot = table.snapshot(self.facts, self.rules, self.mover.now);
        let decision = decide(&given.lead, &snapshot, self.rules);
        let again = DecidedAgain::of(&decision, Some(taken));
        table.store_again(tx, &given.lead, &decision, &again, live, mover.now).await?;
        let told = again.in_words();
        let Decision { plan, turn, .. } = decision;
        let event = Event::Reassigned(NewOwner {
            turn_in: turn.map(|entry| entry.pool),
            waits_in: plan.waits.then_some(plan.pool),
            busy: snapshot.busy(&plan.owner).cloned(),
            ..NewOwner::new(plan.owner, told.clone())
        });
        let Moved { handoff, steps, .. } = tx.transition(&given.handoff, &event, live, mover).await?;
        let (owner, next_step) = (handoff.owner.clone(), handoff.next_step());
        Ok((Reassigned::To { owner, reason: told, next_step }, steps))
    }
}
