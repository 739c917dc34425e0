//! How attempts end, and what is stored of that: many ends in one transaction, each with what it means for its lead.

use super::group::Place;
use super::lanes;
use super::work::{Done, Work};
use crate::connectors::CrmRef;
use crate::store::{FinishedStep, Move, Moved, Mover, StepEnd, StepRow, StoreError, Tx};
use baton_core::domain::effect::{Lane, Timer};
use baton_core::domain::id::{HandoffId, LeadId};
use baton_core::handoff::Event;
use baton_core::rules::RuleSet;
use chrono::{DateTime, Utc};

/// How an attempt ended, and what it means for the handoff.
pub(super) struct End {
    pub step: StepEnd,
    pub event: Option<Event>,
    pub crm: Option<CrmRef>,
}

impl End {
    pub(super) fn done(Done { vendor_ref, result, event, crm, again_at }: Done) -> Self {
        if let Some(run_at) = again_at {
            let step = StepEnd::Waits { run_at, why: result.unwrap_or_default() };
            return Self { step, event: None, crm: None };
        }
        Self { step: StepEnd::Done { vendor_ref, result }, event, crm }
    }

    pub(super) fn failed(work: &dyn Work, why: &str) -> Self {
        Self { step: StepEnd::Failed { error: why.to_owned() }, event: work.fallback(why).failed, crm: None }
    }

    /// It never can, as it is set up.
    pub(super) fn unworkable(work: &dyn Work, why: &str) -> Self {
        Self { step: StepEnd::Refused { error: why.to_owned() }, event: work.fallback_of_setup(why).failed, crm: None }
    }

    pub(super) fn gone(work: &dyn Work, why: &str) -> Self {
        Self { step: StepEnd::Refused { error: why.to_owned() }, event: work.fallback(why).gone, crm: None }
    }

    pub(super) fn expired(work: &dyn Work) -> Self {
        Self { step: StepEnd::Expired, event: work.fallback("it was too late to begin").failed, crm: None }
    }

    /// In one word, and whether that is as it should be.
    pub(super) fn result(&self) -> (&'static str, bool) {
        (self.step.name(), matches!(self.step, StepEnd::Done { .. } | StepEnd::Waits { .. }))
    }

    pub(super) fn again(run_at: DateTime<Utc>, error: String, still_sent: bool) -> Self {
        Self { step: StepEnd::Retry { run_at, error, still_sent }, event: None, crm: None }
    }
}

/// An end as it is stored.
#[derive(Clone)]
pub(super) struct Ending {
    step: FinishedStep,
    lead: LeadId,
    handoff: HandoffId,
    crm: Option<CrmRef>,
    moves: Option<Move>,
}

impl Ending {
    pub(super) fn of(step: &StepRow, end: End) -> Self {
        let End { step: end, event, crm } = end;
        let ends = !matches!(end, StepEnd::Retry { .. } | StepEnd::Waits { .. });
        let frees = lanes::work(&step.effect).frees().filter(|_| ends).cloned();
        let moves =
            (event.is_some() || frees.is_some()).then(|| Move { handoff: step.handoff_id.clone(), frees, event });
        Self {
            step: FinishedStep { effect_key: step.effect_key.clone(), fence: step.fence, end },
            lead: step.lead_id.clone(),
            handoff: step.handoff_id.clone(),
            crm,
            moves,
        }
    }

    /// Nothing but its step changes.
    pub(super) fn is_its_step_alone(&self) -> bool {
        self.moves.is_none() && self.crm.is_none()
    }

    /// Where it waits to be stored. More than its step may change, and then it is alone with its lead.
    pub(super) fn place(&self, lane: Lane) -> Place {
        Place { urgent: lane.is_urgent(), changes: (!self.is_its_step_alone()).then(|| self.handoff.clone()) }
    }
}

/// What became of an end.
pub(super) enum Ended {
    /// Another worker has the step.
    Lost,
    /// With what it moved.
    Counted(Option<Box<Moved>>),
}

/// Ends of different leads, with what they mean for each.
pub(super) async fn store_all(
    tx: &mut Tx,
    endings: &[Ending],
    rules: &RuleSet,
    mover: &Mover,
) -> Result<Vec<Ended>, StoreError> {
    let finished: Vec<&FinishedStep> = endings.iter().map(|ending| &ending.step).collect();
    let counted = tx.steps_finish(&finished, mover.now).await?;
    let is_each_by_itself = endings.iter().all(Ending::is_its_step_alone);
    let counts = |ending: &&Ending| counted.contains(&ending.step.held());
    for Ending { step, .. } in endings.iter().filter(|ending| !counts(ending)) {
        let kept = tx.orphan_insert(&step.effect_key, step.fence, &format!("{:?}", step.end), mover.now).await;
        match kept {
            // The others have ended by now: each statement counts by itself.
            Err(error) if is_each_by_itself => tracing::warn!(%error, "a result that came too late is not kept"),
            kept => kept?,
        }
    }
    let named = endings.iter().filter(counts).filter_map(|ending| Some((&ending.lead, ending.crm.as_ref()?)));
    tx.leads_set_crm(&named.collect::<Vec<_>>()).await?;
    for event in endings.iter().filter(counts).filter_map(|ending| ending.moves.as_ref()?.event.as_ref()) {
        if let Event::Timer { timer: Timer::JoinBy { leg } } | Event::JoinFailed { leg, .. } = event {
            // Nobody comes to a rep who is let go.
            tx.address_end(leg, mover.now).await?;
        }
    }
    let moves = endings.iter().filter(counts).filter_map(|ending| ending.moves.clone());
    let moved = tx.transitions(&moves.collect::<Vec<_>>(), rules, mover).await?;
    let mut moved = moved.into_iter();
    let ended = endings.iter().map(|ending| match (counts(&ending), &ending.moves) {
        (false, _) => Ended::Lost,
        (true, None) => Ended::Counted(None),
        (true, Some(_)) => Ended::Counted(moved.next().map(Box::new)),
    });
    Ok(ended.collect())
}
