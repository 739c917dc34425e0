//! Events that are no leads: what they do to a handoff, a rep or a lead's record.

use crate::intake::event::{CallEvent, CallWord, Message};
use crate::store::{
    CARRIER, Correction, HumanContact, LeadFile, Move, Moved, Mover, StepRow, StoreError, TimelineEntry, Tx,
};
use baton_core::domain::id::{HandoffId, LeadId, LegId, RepId};
use baton_core::domain::leg::Fault;
use baton_core::domain::outcome::{Feedback, MisrouteKind, OutcomeKind};
use baton_core::domain::rep::Busy;
use baton_core::handoff::Event;
use baton_core::handoff::state::Closing;
use baton_core::routing::ledger::Cause;
use baton_core::rules::RuleSet;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::json;
use std::collections::BTreeSet;

/// How far the clocks of those who send events may be from ours.
pub(super) const CLOCKS_APART: TimeDelta = TimeDelta::minutes(2);

/// Applies one message that is no call's, unless it cannot be so.
pub(super) async fn apply(
    tx: &mut Tx,
    message: &Message,
    rules: &RuleSet,
    mover: &Mover,
) -> Result<Applied, StoreError> {
    match message {
        Message::Presence { rep, presence, at } => {
            if let Some(why) = stranger(rep, rules).or(at.and_then(|at| ahead(at, mover.now))) {
                return Ok(Applied::nothing("rep.presence", why));
            }
            tx.rep_presence(rep, *presence, None).await?;
            Ok(Applied::default())
        }
        Message::Contact { lead, rep, at } => contact_made(tx, lead, rep, *at, rules, mover).await,
        Message::Outcome { lead, kind, at, amount } => {
            if tx.lead(lead).await?.is_none() {
                return Err(StoreError::NotFound { what: "lead", id: lead.to_string() });
            }
            outcome(tx, lead, *kind, (*at, *amount), rules, mover).await
        }
        Message::Lead(_) | Message::Call(_) => unreachable!("leads are decided, and events of calls applied together"),
    }
}

/// What came of what platforms tell of calls.
pub(super) struct CallsApplied {
    /// What is to be run at once, with the file of its lead.
    pub moved: Vec<(Vec<StepRow>, Option<LeadFile>)>,
    /// Places of those whose call is no lead's.
    pub nobodys: BTreeSet<usize>,
}

/// Applies what platforms tell of calls.
pub(super) async fn apply_calls(
    tx: &mut Tx,
    calls: &[&CallEvent],
    rules: &RuleSet,
    mover: &Mover,
) -> Result<CallsApplied, StoreError> {
    let (mut told, mut nobodys) = (Vec::new(), BTreeSet::new());
    for (place, call) in calls.iter().enumerate() {
        let Some(event) = event_of(call) else { continue };
        let by_leg = call.leg.as_ref().and_then(LegId::handoff);
        let handoff = match by_leg {
            Some(handoff) => Some(handoff),
            None => tx.handoff_of_call(&call.platform, &call.call).await?,
        };
        if let (Some(handoff), Event::CallerLeft | Event::CallEnded) = (&handoff, &event)
            && call.platform != CARRIER
            && tx.transfer_ended(handoff, mover.now).await?
        {
            continue;
        }
        if let Event::RepLeft { leg } | Event::JoinFailed { leg, .. } = &event {
            // Nobody comes to a rep who is gone.
            tx.address_end(leg, mover.now).await?;
        }
        // Platforms tell of every call; the ones that are no leads of ours are nobody's fault.
        if handoff.is_none() {
            nobodys.insert(place);
        }
        told.extend(handoff.map(|handoff| Move { handoff, frees: None, event: Some(event) }));
    }
    let mut moved = Vec::new();
    while !told.is_empty() {
        // What is told of one call is told in order.
        let mut first = BTreeSet::new();
        let (now, later): (Vec<Move>, Vec<Move>) = told.into_iter().partition(|one| first.insert(one.handoff.clone()));
        let has_said = |one: &&Move| matches!(one.event, Some(Event::Pressed { .. }));
        let said: Vec<LeadId> = now.iter().filter(has_said).map(|one| one.handoff.lead()).collect();
        if !said.is_empty() {
            tx.turns_hold(&now.iter().map(|one| &one.handoff).collect::<Vec<_>>(), &said).await?;
        }
        for (told, mut made) in now.iter().zip(tx.transitions(&now, rules, mover).await?) {
            made.steps.extend(record_key(tx, told, &made, rules, mover).await?);
            moved.push(made);
        }
        told = later;
    }
    moved.retain(|moved: &Moved| !moved.steps.is_empty());
    let mut files = tx.lead_files(&moved.iter().map(|moved| moved.handoff.id.clone()).collect::<Vec<_>>()).await?;
    let moved = moved.into_iter().map(|moved| (moved.steps, files.remove(&moved.handoff.id))).collect();
    Ok(CallsApplied { moved, nobodys })
}

/// What a rep has said by key, with this move, of a call that is over: recorded as if they had said it by any other way.
async fn record_key(
    tx: &mut Tx,
    told: &Move,
    moved: &Moved,
    rules: &RuleSet,
    mover: &Mover,
) -> Result<Vec<StepRow>, StoreError> {
    let Some(Event::Pressed { leg, .. }) = told.event.as_ref().filter(|_| !moved.ignored) else {
        return Ok(Vec::new());
    };
    let known = moved.handoff.legs.iter().find(|known| known.id == *leg);
    let said = known.and_then(|known| Some((known.rep.clone(), known.dialled.as_ref()?.said?)));
    let Some((rep, said)) = said else { return Ok(Vec::new()) };
    let lead = &moved.handoff.lead_id;
    let mut steps = say_in(tx, lead, &said.feedback(rep, mover.now), None, rules, mover).await?;
    if let Some(kind) = said.outcome() {
        steps.extend(outcome(tx, lead, kind, (mover.now, None), rules, mover).await?.steps);
    }
    Ok(steps)
}

/// What a rep says of a lead, and what follows from it; by whichever way they say it. `busy`: of the right rep, if they name one.
pub(super) async fn say_in(
    tx: &mut Tx,
    lead: &LeadId,
    said: &Feedback,
    busy: Option<&Vec<Busy>>,
    rules: &RuleSet,
    mover: &Mover,
) -> Result<Vec<StepRow>, StoreError> {
    let before = tx.feedbacks(lead).await?.into_iter().rfind(|one| one.rep == said.rep);
    tx.feedback_insert(lead, said).await?;
    if said.no_show {
        tx.outcome_insert(lead, OutcomeKind::NoShow, said.at, None).await?;
        tx.turn_correct(lead, &nobody_came(said.rep.to_string()), rules, mover.now).await?;
    }
    // Data that was incomplete, or a lead that fits nobody, took the rep's time all the same: it counts.
    let wrong_person = |said: &Feedback| said.misroute.clone().filter(|one| one.kind == MisrouteKind::Procedural);
    let Some(misroute) = wrong_person(said) else { return Ok(Vec::new()) };
    let is_active = |rep: &RepId| rules.reps.get(rep).is_some_and(|rep| rep.active);
    let right = misroute.right_rep.clone().filter(is_active);
    let correction = Correction {
        cause: Cause::Misrouted,
        to: right.clone(),
        reason: "reported as the wrong person".to_owned(),
        author: said.rep.to_string(),
    };
    match right {
        // A page that is sent again says nothing new: the lead may have gone on since.
        Some(_) if before.as_ref().and_then(wrong_person).is_some_and(|before| before == misroute) => Ok(Vec::new()),
        Some(right) => Ok(tx.lead_reassign(lead, &right, busy, &correction, rules, mover).await?.steps),
        None => tx.turn_correct(lead, &correction, rules, mover.now).await.map(|_| Vec::new()),
    }
}

/// What has become of a lead, since when, and with what amount.
async fn outcome(
    tx: &mut Tx,
    lead: &LeadId,
    kind: OutcomeKind,
    (at, amount): (DateTime<Utc>, Option<f64>),
    rules: &RuleSet,
    mover: &Mover,
) -> Result<Applied, StoreError> {
    tx.outcome_insert(lead, kind, at, amount).await?;
    if let Some(why) = Closing::of(kind) {
        let closed = Event::Closed { why };
        let moved = tx.transition(&HandoffId::of(lead), &closed, rules, mover).await?;
        return Ok(Applied::steps(moved.steps));
    }
    if kind == OutcomeKind::NoShow {
        tx.turn_correct(lead, &nobody_came("outcome".to_owned()), rules, mover.now).await?;
    }
    Ok(Applied::default())
}

/// A turn that has led to nothing costs none, by whoever says so, and once.
pub(super) fn nobody_came(author: String) -> Correction {
    Correction { cause: Cause::NoShow, to: None, reason: "nobody came to the meeting".to_owned(), author }
}

/// What a message led to.
#[derive(Default)]
pub(super) struct Applied {
    /// To be run at once.
    pub steps: Vec<StepRow>,
    /// Why it changed nothing.
    pub ignored: Option<String>,
}

impl Applied {
    fn steps(steps: Vec<StepRow>) -> Self {
        Self { steps, ignored: None }
    }

    fn nothing(kind: &str, why: String) -> Self {
        tracing::warn!(event.kind = kind, reason = %why, "an event that cannot be so changed nothing");
        Self { steps: Vec::new(), ignored: Some(why) }
    }
}

/// A promise is not kept by somebody nobody knows, nor at a time that cannot be: the lead's story says who said so.
pub(super) async fn contact_made(
    tx: &mut Tx,
    lead: &LeadId,
    rep: &RepId,
    at: DateTime<Utc>,
    rules: &RuleSet,
    mover: &Mover,
) -> Result<Applied, StoreError> {
    // Held, so that the story of the lead is told in order.
    let handoff = tx.handoff_lock(&HandoffId::of(lead)).await?;
    let record = tx.lead(lead).await?;
    let began = record.map_or(handoff.decided_at, |record| record.lead.qualified_at());
    if let Some(why) = stranger(rep, rules).or(ahead(at, mover.now)).or(before(at, began)) {
        let body = json!({ "event": "contact.made", "rep": rep, "at": at, "why": why, "ignored": true });
        let entry = TimelineEntry { lead_id: lead.clone(), at: mover.now, kind: "contact_made".to_owned(), body };
        tx.timeline_append(&[&entry]).await?;
        return Ok(Applied::nothing("contact.made", why));
    }
    // A clock a little ahead of ours is believed, but not into the future.
    let at = at.min(mover.now);
    tx.contact_insert(lead, &HumanContact { rep: rep.clone(), at, via: "api".to_owned() }).await?;
    let event = Event::ContactMade { rep: rep.clone(), at };
    Ok(Applied::steps(tx.transition(&handoff.id, &event, rules, mover).await?.steps))
}

fn stranger(rep: &RepId, rules: &RuleSet) -> Option<String> {
    (!rules.reps.contains_key(rep)).then(|| format!("rep {rep} is not in reps.csv"))
}

fn ahead(at: DateTime<Utc>, now: DateTime<Utc>) -> Option<String> {
    let shown = at.to_rfc3339_opts(SecondsFormat::Secs, true);
    (at - now > CLOCKS_APART).then(|| format!("it is to have been at {shown}, which is still to come"))
}

fn before(at: DateTime<Utc>, began: DateTime<Utc>) -> Option<String> {
    let shown = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let why = || format!("it is to have been at {}, before the lead came at {}", shown(at), shown(began));
    (began - at > CLOCKS_APART).then(why)
}

/// What a platform's word means for the handoff; `None` for what is only told.
fn event_of(call: &CallEvent) -> Option<Event> {
    let leg = || call.leg.clone();
    let told = || call.why.clone();
    let why = || told().unwrap_or_else(|| "the platform gave no reason".to_owned());
    match call.happened {
        CallWord::Held | CallWord::Ringing => None,
        CallWord::Answered => Some(Event::Answered { leg: leg()? }),
        CallWord::Machine => Some(Event::Machine { leg: leg()?, why: told() }),
        CallWord::NoAnswer => Some(Event::NoAnswer { leg: leg()?, why: told() }),
        CallWord::Busy => Some(Event::Busy { leg: leg()?, why: told() }),
        CallWord::Forwarded => Some(Event::Forwarded { leg: leg()?, why: told() }),
        CallWord::WrongNumber => Some(Event::WrongNumber { leg: leg()?, why: told() }),
        CallWord::Failed => Some(Event::RingFailed { leg: leg()?, why: why(), fault: Fault::Vendor }),
        CallWord::Accepted => Some(Event::Accepted { leg: leg()? }),
        CallWord::Declined => Some(Event::Declined { leg: leg()?, why: told() }),
        CallWord::Joined => Some(Event::Joined { leg: leg()? }),
        CallWord::JoinFailed => Some(Event::JoinFailed { leg: leg()?, why: why(), fault: Fault::Vendor }),
        CallWord::RepLeft => Some(Event::RepLeft { leg: leg()? }),
        CallWord::CallbackWanted => Some(Event::CallbackWanted),
        CallWord::Missed => Some(Event::Missed),
        CallWord::CallerLeft => Some(match leg().filter(|leg| leg.dialled_for().is_some()) {
            Some(leg) => Event::LeadLeft { leg },
            None => Event::CallerLeft,
        }),
        CallWord::Ended => Some(Event::CallEnded),
        CallWord::SlotChosen => Some(Event::SlotChosen { slot: call.slot.clone()? }),
        CallWord::SlotsDeclined => Some(Event::SlotsDeclined),
        CallWord::Pressed => Some(Event::Pressed { leg: leg()?, key: call.key? }),
    }
}
