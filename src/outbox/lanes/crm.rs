//! The lead as the CRM shows it, and whom the CRM names as its owner.

pub(super) mod screen;

use crate::connectors::{Crm, CrmLead, CrmRef, CrmTask, OwnerBy, TaskKind, VendorError, hex_key};
use crate::outbox::lanes::order::{self, Turn};
use crate::outbox::matter::Matter;
use crate::outbox::parts::{OutboxParts, retry};
use crate::outbox::work::{At, Done, Fallback, Work};
use crate::render::context::NoteContext;
use crate::store::{Correction, OwnerChange, StepRow, with};
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::effect::{Class, CrmEffect, CrmNote, Effect};
use baton_core::domain::id::RepId;
use baton_core::domain::lead::{Lead, ReachBack};
use baton_core::domain::text::RepText;
use baton_core::handoff::Event;
use baton_core::handoff::state::NewOwner;
use baton_core::routing::decision::OwnershipResult;
use baton_core::routing::ledger::Cause;
use baton_core::rules::RuleSet;
use baton_core::rules::model::set::{Assignment, Existing};
use chrono::TimeDelta;
use std::sync::Arc;
use std::time::Duration;

/// A look that can wait is put off by this much while the CRM's requests run short.
const SPARED_FOR: TimeDelta = TimeDelta::minutes(15);

#[async_trait::async_trait]
impl Work for CrmEffect<'_> {
    fn class(&self, parts: &OutboxParts) -> Class {
        match self {
            Self::Write { .. } => parts.vendors.crm.as_ref().map_or(Class::Repeatable, |crm| crm.write_class()),
            Self::ReadOwner => Class::Repeatable,
        }
    }

    async fn perform(&self, at: &At<'_>) -> Result<Done, VendorError> {
        let Some(crm) = &at.parts.vendors.crm else { return Ok(Done::nothing("no CRM is configured")) };
        match *self {
            Self::Write { owner, note } => write(at, crm.as_ref(), owner, note).await,
            Self::ReadOwner => read_owner(at, crm.as_ref()).await,
        }
    }

    async fn look(&self, _parts: &OutboxParts, _step: &StepRow) -> Result<Option<Done>, VendorError> {
        match self {
            // The CRM client looks for our marker itself before it writes again.
            Self::Write { .. } | Self::ReadOwner => Ok(None),
        }
    }

    /// What our own writes left in the CRM is no change by hand.
    fn matter_within(&self) -> Duration {
        match self {
            Self::ReadOwner => Duration::ZERO,
            Self::Write { .. } => Duration::MAX,
        }
    }

    fn fallback(&self, _why: &str) -> Fallback {
        match self {
            Self::Write { .. } | Self::ReadOwner => Fallback::default(),
        }
    }
}

async fn write(at: &At<'_>, crm: &dyn Crm, owner: &RepId, note: &CrmNote) -> Result<Done, VendorError> {
    let siblings = at.parts.store.step_siblings(at.step, at.now()).await.map_err(retry)?;
    if matches!(note, CrmNote::Routed) && order::is_followed(&siblings, at.now()) {
        // It has no task of its own, and what it says of the lead the later one says after it.
        return Ok(Done::nothing("a later write of the lead is due, and says it as well"));
    }
    // Whichever came first makes what the next one finds, and the last that was planned has the last word.
    match order::of_write(at.step, &siblings, at.now()) {
        Turn::Now => write_lead(at, crm, &lead_of(at, owner, note)?, owner).await,
        Turn::Waits { until } => Ok(Done::again(until, "another write of the lead goes first")),
        Turn::Passed { by } => write_late(at, crm, note, &by).await,
    }
}

/// A later write has said whose the lead is and what its record shows. What is left is a task of its own, for whoever has the lead now.
async fn write_late(at: &At<'_>, crm: &dyn Crm, note: &CrmNote, by: &[Effect]) -> Result<Done, VendorError> {
    let is_told = |later: &Effect| match later {
        Effect::WriteCrm { note: told, .. } => {
            (is_of_meeting(note) && is_of_meeting(told)) || (is_promise(note) && is_promise(told))
        }
        _ => false,
    };
    let matter = Matter::read(at.parts, at.step).await?;
    let at = &At { parts: at.parts, step: at.step, matter: &matter, webhooks: at.webhooks };
    let owner = &matter.handoff.owner;
    let lead = lead_of(at, owner, note)?;
    if lead.task.is_none() || by.iter().any(is_told) {
        return Ok(Done::nothing("a later write of the lead says it"));
    }
    // A text that is empty leaves the record's own as it is.
    let lead = CrmLead { keeps_owner: true, is_new: false, description: RepText(String::new()), ..lead };
    write_lead(at, crm, &lead, owner).await
}

/// As the CRM is to show it, the task that goes with it included.
fn lead_of(at: &At<'_>, owner: &RepId, note: &CrmNote) -> Result<CrmLead, VendorError> {
    let matter = at.matter;
    let owner_rep = matter.rep(owner)?;
    let briefing = matter.briefing();
    let feedback = at.feedback_url(owner);
    let context = NoteContext {
        note,
        briefing: &briefing,
        plan: &matter.decision.plan,
        reps: &matter.rules.reps,
        owner,
        feedback_url: feedback.as_deref(),
    };
    let body = matter.templates.crm_note(&context);
    let due = match note {
        CrmNote::Routed => None,
        CrmNote::Connected { at, .. } => Some((*at, true)),
        CrmNote::Booked { slot } | CrmNote::Moved { slot } => Some((slot.from, false)),
        CrmNote::CalledOff { .. } => Some((at.now(), true)),
        CrmNote::CallbackPromised { promised_at } | CrmNote::MailPromised { promised_at } => {
            Some((*promised_at, false))
        }
        CrmNote::NeedsAttention { .. } => Some((at.now(), false)),
    };
    let task = due.map(|(due_at, done)| CrmTask {
        key: task_key(note, at),
        subject: matter.templates.task_subject(&context),
        body: body.clone(),
        due_at,
        kind: task_kind(note, &matter.lead),
        done,
    });
    Ok(CrmLead {
        owner_crm_id: owner_rep.crm_id.clone(),
        owner_email: Some(owner_rep.email.clone()),
        keeps_owner: owner_chosen_by_crm(matter).is_some(),
        yields_owner: matter.rules.assignment == Assignment::Crm,
        is_new: matter.crm().is_none() && matter.rules.assignment == Assignment::Baton,
        description: body,
        task,
        ..CrmLead::of(&matter.lead)
    })
}

async fn write_lead(at: &At<'_>, crm: &dyn Crm, lead: &CrmLead, owner: &RepId) -> Result<Done, VendorError> {
    let mut written = crm.write_lead(lead).await?;
    if crm.assigns_later()
        && let Some(named) = written.owner_crm_id.take()
    {
        let ours = (at.matter.rep(owner)?.name_in_crm(), owner_chosen_by_crm(at.matter), lead.yields_owner);
        written.owner_crm_id = Some(as_known(at, named, ours).await?);
    }
    let event = if written.by_hand { taken_meanwhile(at, &written).await? } else { None };
    screen::show_all(at, crm, &written.id).await;
    Ok(Done { crm: Some(written.clone()), event, ..Done::reference(written.id) })
}

/// Whom the record is known to name after a write that read `named`. Whoever was named by others since the CRM was last heard is not
/// who has the lead here: the next look follows.
async fn as_known(
    at: &At<'_>,
    named: CrmId,
    (ours, chosen, yields): (CrmId, Option<CrmId>, bool),
) -> Result<CrmId, VendorError> {
    if chosen.is_none() && named == ours {
        return Ok(named);
    }
    // What is known here may be older than a change that was followed already.
    let matter = Matter::read(at.parts, at.step).await?;
    Ok(match matter.crm() {
        Some(record) => record.owner_crm_id.clone().unwrap_or(named),
        None if yields => chosen.unwrap_or(ours),
        None => named,
    })
}

/// A person gave the lead to somebody since we wrote it, and it was left with them: a write that sees it follows it, as a look does.
async fn taken_meanwhile(at: &At<'_>, written: &CrmRef) -> Result<Option<Event>, VendorError> {
    // What is known here may be older than a change that was followed already.
    let matter = Matter::read(at.parts, at.step).await?;
    let ours = matter.rep(&matter.handoff.owner)?;
    let (Some(from), Some(to)) = (known_owner(&matter)?, written.owner_crm_id.clone()) else { return Ok(None) };
    if from == to || ours.is_called_in_crm(&to) {
        return Ok(None);
    }
    follow(at, &matter, written.clone(), (from, to), OwnerBy::Person).await
}

/// A lead has one promise at a time: the later one is the one that holds.
fn is_promise(note: &CrmNote) -> bool {
    matches!(note, CrmNote::CallbackPromised { .. } | CrmNote::MailPromised { .. })
}

/// A meeting is one task all along: it is moved, and closed, with it.
fn is_of_meeting(note: &CrmNote) -> bool {
    match note {
        CrmNote::Booked { .. } | CrmNote::Moved { .. } | CrmNote::CalledOff { .. } => true,
        CrmNote::Routed
        | CrmNote::Connected { .. }
        | CrmNote::CallbackPromised { .. }
        | CrmNote::MailPromised { .. }
        | CrmNote::NeedsAttention { .. } => false,
    }
}

fn task_key(note: &CrmNote, at: &At<'_>) -> String {
    if is_of_meeting(note) {
        return hex_key(&format!("{}/meeting", at.matter.lead.id));
    }
    hex_key(&at.step.effect_key)
}

fn task_kind(note: &CrmNote, lead: &Lead) -> TaskKind {
    match note {
        CrmNote::MailPromised { .. } => TaskKind::Mail,
        CrmNote::NeedsAttention { .. } if lead.reach_back() != ReachBack::Call => TaskKind::Other,
        CrmNote::Routed
        | CrmNote::Connected { .. }
        | CrmNote::Booked { .. }
        | CrmNote::Moved { .. }
        | CrmNote::CalledOff { .. }
        | CrmNote::CallbackPromised { .. }
        | CrmNote::NeedsAttention { .. } => TaskKind::Call,
    }
}

/// Follows an owner who was changed by hand: since the CRM was last written or read, so that neither a write of ours that
/// is still to come nor what the CRM made of the last one is taken for a person's doing.
async fn read_owner(at: &At<'_>, crm: &dyn Crm) -> Result<Done, VendorError> {
    let matter = at.matter;
    if crm.is_short() {
        return Ok(Done::again(at.now() + SPARED_FOR, "the CRM's requests of the day are nearly used up"));
    }
    // Only while `matter_within` is zero here: a matter that travels keeps the first owner it learned, and a person's change
    // that was already followed would be taken for a new one.
    let Some(record) = matter.crm() else { return Ok(Done::nothing("not in the CRM yet")) };
    let before = known_owner(matter)?;
    let (Some(from), Some((to, by))) = (before, crm.owner_and_by(&record.id).await?) else {
        return Ok(Done::default());
    };
    if from == to {
        return Ok(Done::nothing("unchanged"));
    }
    match follow(at, matter, record.clone(), (from, to), by).await? {
        Some(event) => Ok(Done::event(event)),
        None => Ok(Done::nothing("changed by hand")),
    }
}

/// Whom the CRM is known to name.
fn known_owner(matter: &Matter) -> Result<Option<CrmId>, VendorError> {
    let written = matter.rep(&matter.handoff.owner)?.crm_id.clone();
    let read = matter.crm().and_then(|record| record.owner_crm_id.clone());
    Ok(read.or_else(|| owner_chosen_by_crm(matter)).or(written))
}

/// Notes down that the owner was changed, and has the turn go with it; the event, where it went to a rep.
async fn follow(
    at: &At<'_>,
    matter: &Matter,
    record: CrmRef,
    (from, to): (CrmId, CrmId),
    by: OwnerBy,
) -> Result<Option<Event>, VendorError> {
    let reason = changed_by(by);
    tracing::info!(reason, "the CRM names another owner, who is followed");
    let rules = Arc::clone(&matter.rules);
    let record = CrmRef { owner_crm_id: Some(to.clone()), ..record };
    let change = OwnerChange { from, to, seen_at: at.now() };
    let correction = reassigned(&change, reason, &rules);
    let busy = match &correction.to {
        Some(rep) => at.parts.facts.busy_of(rep, &rules).await,
        None => None,
    };
    let parts = (matter.lead.id.clone(), record, change, correction, busy, rules);
    let stored = with(parts, |tx, (lead, record, change, correction, busy, rules)| {
        Box::pin(async move {
            tx.owner_change_insert(lead, change).await?;
            tx.leads_set_crm(&[(lead, record)]).await?;
            tx.turn_correct(lead, correction, rules, change.seen_at).await?;
            let Some(rep) = correction.to.clone() else { return Ok(None) };
            let turn_in = tx.turn_of(lead, &rep).await?;
            let to = NewOwner { turn_in, busy: busy.clone(), ..NewOwner::new(rep, correction.reason.as_str()) };
            Ok(Some(Event::Reassigned(to)))
        })
    });
    at.parts.store.write("owner_change.insert", stored).await.map_err(retry)
}

/// The CRM's own rules chose this owner, who is theirs to change.
fn owner_chosen_by_crm(matter: &Matter) -> Option<CrmId> {
    let first = matter.decision.trace.ownership.first()?;
    match (first.existing, &first.result) {
        (Existing::CrmAssignment, OwnershipResult::NotARep { crm_id }) => Some(crm_id.clone()),
        (Existing::CrmAssignment, _) => Some(matter.rules.reps.get(first.rep.as_ref()?)?.name_in_crm()),
        _ => None,
    }
}

fn changed_by(by: OwnerBy) -> &'static str {
    match by {
        OwnerBy::Person => "the owner was changed in the CRM, by a person",
        OwnerBy::Workflow => "the owner was changed in the CRM, by a workflow",
        OwnerBy::Program => "the owner was changed in the CRM, by a program",
        OwnerBy::Unknown => "the owner was changed in the CRM",
    }
}

/// The turn follows the owner whom the CRM names.
fn reassigned(change: &OwnerChange, reason: &str, rules: &RuleSet) -> Correction {
    Correction {
        cause: Cause::Reassigned,
        to: rules.rep_in_crm(&change.to).map(|rep| rep.id.clone()),
        reason: reason.to_owned(),
        author: "crm".to_owned(),
    }
}
