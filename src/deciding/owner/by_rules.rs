//! A lead given to whoever the rules name, under the locks under which leads are decided.

use super::{Reassigned, is_active};
use crate::deciding::table::{Standing, StandingTable};
use crate::facts::LeadFacts;
use crate::store::{Correction, HandedOver, Moved, Mover, Promised, StepRow, StoreError, Tx, WaitingLead};
use baton_core::domain::id::{LegId, RepId};
use baton_core::handoff::state::NewOwner;
use baton_core::handoff::{Event, Handoff, Stage, Transition};
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

    /// `Err`: it stays where it is, and why. What is handed over is noted, to be given back if the rep had not left after all.
    pub(super) async fn of_who_left(
        &self,
        tx: &mut Tx,
        rep: &RepId,
        author: &str,
    ) -> Result<Result<(Reassigned, Vec<StepRow>), &'static str>, StoreError> {
        if let Some(why) = stays(&tx.handoff_lock(&self.given.handoff).await?, rep) {
            return Ok(Err(why));
        }
        let mut table = StandingTable::of(Standing::locked(tx, self.live).await?);
        let (went, steps) = self.give(tx, &mut table, TakenBecause::Left { rep: rep.clone() }, author).await?;
        if let Reassigned::To { owner, next_step, .. } = &went
            && owner != rep
        {
            let (lead, owner, next_step) = (self.given.lead.id.clone(), owner.clone(), next_step.clone());
            tx.handed_over_note(rep, &HandedOver { lead, owner, at: self.mover.now, next_step }).await?;
        }
        Ok(Ok((went, steps)))
    }

    /// Whose it would become if this rep had left, and what would come next; the table and what is promised go on as if it had. `Err`
    /// as in [`ByRules::of_who_left`]. Nothing is stored.
    pub(super) async fn would_go(
        &self,
        tx: &mut Tx,
        table: &mut StandingTable,
        promised: &mut Promised,
        rep: &RepId,
    ) -> Result<Result<Reassigned, &'static str>, StoreError> {
        let Self { given, live, mover, .. } = self;
        let mut before = tx.handoff(&given.handoff).await?;
        if let Some(why) = stays(&before, rep) {
            return Ok(Err(why));
        }
        let taken = TakenBecause::Left { rep: rep.clone() };
        let back = turn_back(&taken, "rules");
        tx.turn_correction(&given.lead.id, &back, live, &mut table.standing.ledgers).await?;
        let (decision, again, event) = self.anew(table, taken);
        table.book(&given.lead, &decision, live, mover.now);
        let Transition { state, .. } = tx.handoff_advance(&mut before, &event, live, promised, mover.now).await?;
        let (owner, next_step) = (state.owner.clone(), state.next_step());
        Ok(Ok(Reassigned::To { owner, reason: again.in_words(), next_step }))
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
        tx.turn_correct(&given.lead.id, &turn_back(&taken, author), live, mover.now).await?;
        table.standing = Standing::locked(tx, live).await?;
        let (decision, again, event) = self.anew(table, taken);
        table.store_again(tx, &given.lead, &decision, &again, live, mover.now).await?;
        let Moved { handoff, steps, .. } = tx.transition(&given.handoff, &event, live, mover).await?;
        let (owner, next_step) = (handoff.owner.clone(), handoff.next_step());
        Ok((Reassigned::To { owner, reason: again.in_words(), next_step }, steps))
    }

    /// What the rules make of it as the table stands, and what the handoff is told of that.
    fn anew(&self, table: &StandingTable, taken: TakenBecause) -> (Decision, DecidedAgain, Event) {
        let snapshot = table.snapshot(self.facts, self.rules, self.mover.now);
        let decision = decide(&self.given.lead, &snapshot, self.rules);
        let again = DecidedAgain::of(&decision, Some(taken));
        let Decision { plan, turn, .. } = &decision;
        let event = Event::Reassigned(NewOwner {
            turn_in: turn.as_ref().map(|entry| entry.pool.clone()),
            waits_in: plan.waits.then(|| plan.pool.clone()),
            busy: snapshot.busy(&plan.owner).cloned(),
            ..NewOwner::new(plan.owner.clone(), again.in_words())
        });
        (decision, again, event)
    }
}

fn turn_back(taken: &TakenBecause, author: &str) -> Correction {
    Correction { cause: Cause::Reassigned, to: None, reason: taken.in_words(), author: author.to_owned() }
}

/// Why a lead stays with a rep who has left, or would.
fn stays(handoff: &Handoff, rep: &RepId) -> Option<&'static str> {
    let has_it = handoff.owner == *rep && (handoff.is_open() || handoff.is_waiting());
    if !has_it && handoff.next_step().owner != *rep {
        return Some("it is somebody else's by now, or closed");
    }
    let is_on = |leg: &LegId| handoff.rep_on(leg) == Some(rep);
    let talks = match &handoff.stage {
        Stage::Joining { leg } | Stage::Bridged { leg, .. } => is_on(leg),
        Stage::Offered
        | Stage::Ringing { .. }
        | Stage::Briefing { .. }
        | Stage::Searching { .. }
        | Stage::Offering { .. }
        | Stage::Booking { .. }
        | Stage::Callback { .. }
        | Stage::Done { .. }
        | Stage::NeedsAttention { .. } => handoff.calling.as_ref().is_some_and(is_on),
    };
    talks.then_some("the rep is on the phone with them: ask again when that call is over")
}
