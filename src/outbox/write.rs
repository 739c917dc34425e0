//! What is written to people and systems: cards, mails, the CRM, our own events.

use super::Outbox;
use super::perform::{Done, Matter, OURS};
use crate::connectors::{Card, CrmLead, CrmRef, CrmTask, Mail, MessageRef, VendorError, hex_key};
use crate::domain::briefing::Briefing;
use crate::domain::crm_id::CrmId;
use crate::domain::effect::{BriefWhy, Confirmation, CrmNote, Topic};
use crate::domain::id::RepId;
use crate::domain::outcome::Slot;
use crate::domain::rep::Rep;
use crate::domain::text::RepText;
use crate::handoff::state::LegState;
use crate::handoff::{Event, Stage};
use crate::render::briefing::briefing;
use crate::render::caller::CallerContext;
use crate::render::context::{BriefContext, CardContext, CardState, NoteContext};
use crate::routing::decision::OwnershipResult;
use crate::routing::ledger::Cause;
use crate::rules::RuleSet;
use crate::rules::set::Existing;
use crate::store::{Correction, OwnerChange, StepRow, StoreError, VendorRef};
use serde_json::json;
use std::sync::Arc;

impl Outbox {
    pub(super) fn whisper(&self, matter: &Matter) -> RepText {
        matter.templates.whisper(&matter.briefing())
    }

    pub(super) async fn post_card(
        &self,
        step: &StepRow,
        matter: &Matter,
        rep: &RepId,
        why: BriefWhy,
    ) -> Result<Done, VendorError> {
        let Some(chat) = &self.parts.vendors.chat else { return Ok(Done::nothing("no chat is configured")) };
        let rep = matter.rep(rep)?;
        let Some(channel) = &rep.slack_id else {
            return Err(VendorError::NeedsPerson { vendor: OURS, why: format!("rep {} has no slack_id", rep.id) });
        };
        let card = self.card(matter, rep, why, &step.effect_key, channel, &CardState::Open);
        Ok(Done::reference(reference(&chat.post(&card).await?)))
    }

    /// Rewrites the card of a ring when it is known how it went.
    pub(super) async fn update_card(&self, matter: &Matter, key: &str, rep: &RepId) -> Result<Done, VendorError> {
        let Some(chat) = &self.parts.vendors.chat else { return Ok(Done::nothing("no chat is configured")) };
        let rep = matter.rep(rep)?;
        let posted = key.to_owned();
        let found = self.parts.store.read("step.vendor_ref", move |tx| {
            let posted = posted.clone();
            Box::pin(async move { tx.step_vendor_ref(&posted).await })
        });
        let reference = match found.await.map_err(ours)? {
            VendorRef::Known(reference) => reference,
            VendorRef::Never => return Ok(Done::nothing("the card was never posted")),
            VendorRef::NotYet => {
                let why = "the card has not been posted yet".to_owned();
                return Err(VendorError::Retry { vendor: OURS, why, after: None });
            }
        };
        let message: MessageRef = serde_json::from_str(&reference).map_err(|error| VendorError::NeedsPerson {
            vendor: OURS,
            why: format!("the card's reference {reference:?} is none: {error}"),
        })?;
        let card = self.card(matter, rep, BriefWhy::Ringing, key, &message.channel, &matter.card_state(key));
        chat.update(&message, &card).await?;
        Ok(Done::default())
    }

    fn card(&self, matter: &Matter, rep: &Rep, why: BriefWhy, key: &str, channel: &str, state: &CardState) -> Card {
        let briefing = matter.briefing();
        let feedback = self.feedback_url(matter, &rep.id);
        let brief = matter.brief(&briefing, rep, why, feedback.as_deref());
        matter.templates.slack_card(&CardContext { brief, key, channel, state })
    }

    pub(super) async fn mail_briefing(
        &self,
        step: &StepRow,
        matter: &Matter,
        rep: &RepId,
        why: BriefWhy,
    ) -> Result<Done, VendorError> {
        let Some(mailer) = &self.parts.vendors.mailer else { return Ok(Done::nothing("no mail is configured")) };
        let rep = matter.rep(rep)?;
        let feedback = self.feedback_url(matter, &rep.id);
        let mail = matter.templates.email(&matter.brief(&matter.briefing(), rep, why, feedback.as_deref()));
        let mail = Mail {
            key: step.effect_key.clone(),
            to: rep.email.clone(),
            reply_to: None,
            subject: mail.subject.0,
            text: mail.text.0,
            html: Some(mail.html.0),
        };
        mailer.send(&mail).await.map(|()| Done::default())
    }

    /// Only to callers who agreed to mail.
    pub(super) async fn mail_caller(
        &self,
        step: &StepRow,
        matter: &Matter,
        what: &Confirmation,
    ) -> Result<Done, VendorError> {
        let Some(mailer) = &self.parts.vendors.mailer else { return Ok(Done::nothing("no mail is configured")) };
        let lead = matter.lead();
        let address = lead.contact.email.as_ref().filter(|_| lead.consent.email == Some(true));
        let Some(address) = address else { return Ok(Done::nothing("no address, or no consent to mail")) };
        let mail = matter.templates.caller_confirmation(what, lead.contact.name.as_ref(), &self.caller_context(matter));
        let (Confirmation::Booking { slot: Slot { rep, .. } } | Confirmation::Callback { rep, .. }) = what;
        let mail = Mail {
            key: step.effect_key.clone(),
            to: address.value.clone(),
            // The mail says that an answer reaches the rep.
            reply_to: matter.rules.reps.get(rep).map(|rep| rep.email.clone()),
            subject: mail.subject.0,
            text: mail.text.0,
            html: Some(mail.html.0),
        };
        mailer.send(&mail).await.map(|()| Done::default())
    }

    pub(super) fn caller_context<'a>(&self, matter: &'a Matter) -> CallerContext<'a> {
        let now = self.parts.clock.now();
        let company = matter.rules.handoff.company.as_deref();
        CallerContext { reps: &matter.rules.reps, company, caller: matter.handoff.whereabouts(), now }
    }

    fn feedback_url(&self, matter: &Matter, rep: &RepId) -> Option<String> {
        let links = self.parts.links.as_ref()?;
        Some(links.link(&matter.lead().id, rep, self.parts.clock.now()))
    }

    pub(super) async fn write_crm(
        &self,
        step: &StepRow,
        matter: &Matter,
        owner: &RepId,
        note: &CrmNote,
    ) -> Result<Done, VendorError> {
        let Some(crm) = &self.parts.vendors.crm else { return Ok(Done::nothing("no CRM is configured")) };
        let owner_rep = matter.rep(owner)?;
        let briefing = matter.briefing();
        let feedback = self.feedback_url(matter, owner);
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
            CrmNote::Booked { slot } => Some((slot.from, false)),
            CrmNote::CallbackPromised { promised_at } => Some((*promised_at, false)),
            CrmNote::NeedsAttention { .. } => Some((self.parts.clock.now(), false)),
        };
        let task = due.map(|(due_at, done)| CrmTask {
            key: hex_key(&step.effect_key),
            subject: matter.templates.task_subject(&context),
            body: body.clone(),
            due_at,
            done,
        });
        let lead = CrmLead {
            owner_crm_id: owner_rep.crm_id.clone(),
            keeps_owner: matter.owner_chosen_by_crm().is_some(),
            description: body,
            task,
            ..CrmLead::of(matter.lead())
        };
        let written = crm.write_lead(&lead).await?;
        let (lead, stored) = (matter.lead().id.clone(), written.clone());
        let kept = self.parts.store.write("lead.set_crm", move |tx| {
            let (lead, stored) = (lead.clone(), stored.clone());
            Box::pin(async move { tx.lead_set_crm(&lead, &stored).await })
        });
        kept.await.map_err(ours)?;
        Ok(Done::reference(written.id))
    }

    /// Follows an owner who was changed by hand: since the CRM was last written or read, so that neither a write of ours that
    /// is still to come nor what the CRM made of the last one is taken for a person's doing.
    pub(super) async fn read_owner(&self, matter: &Matter) -> Result<Done, VendorError> {
        let Some(crm) = &self.parts.vendors.crm else { return Ok(Done::nothing("no CRM is configured")) };
        let Some(record) = &matter.record.crm else { return Ok(Done::nothing("not in the CRM yet")) };
        let written = matter.rep(&matter.handoff.owner)?.crm_id.clone();
        let before = record.owner_crm_id.clone().or_else(|| matter.owner_chosen_by_crm().cloned()).or(written);
        let (Some(from), Some(to)) = (before, crm.owner_of(&record.id).await?) else { return Ok(Done::default()) };
        if from == to {
            return Ok(Done::nothing("unchanged"));
        }
        tracing::info!("the owner was changed in the CRM");
        let rules = Arc::clone(&matter.rules);
        let record = CrmRef { owner_crm_id: Some(to.clone()), ..record.clone() };
        let change = OwnerChange { from, to, seen_at: self.parts.clock.now() };
        let (lead, correction) = (matter.lead().id.clone(), reassigned(&change, &rules));
        let stored = self.parts.store.write("owner_change.insert", move |tx| {
            let (lead, record, change) = (lead.clone(), record.clone(), change.clone());
            let (rules, correction) = (Arc::clone(&rules), correction.clone());
            Box::pin(async move {
                tx.owner_change_insert(&lead, &change).await?;
                tx.lead_set_crm(&lead, &record).await?;
                tx.turn_correct(&lead, &correction, &rules, change.seen_at).await?;
                let Some(rep) = correction.to else { return Ok(None) };
                let turn_in = tx.turn_of(&lead, &rep).await?;
                Ok(Some(Event::Reassigned { rep, turn_in, waits_in: None, reason: correction.reason }))
            })
        });
        match stored.await.map_err(ours)? {
            Some(event) => Ok(Done::event(event)),
            None => Ok(Done::nothing("changed by hand")),
        }
    }

    /// Ids and times only: whoever listens asks for the rest with a token.
    pub(super) async fn publish(&self, step: &StepRow, matter: &Matter, topic: Topic) -> Result<Done, VendorError> {
        let Some(events) = &self.parts.vendors.events else { return Ok(Done::nothing("no broker is configured")) };
        let event = json!({
            "specversion": "1.0",
            "id": step.effect_key,
            "source": "baton",
            "type": topic.as_str(),
            "time": step.run_at,
            "data": {
                "lead": matter.lead().id,
                "decision": matter.decision.id,
                "handoff": matter.handoff.id,
                "owner": matter.handoff.owner,
                "pool": matter.decision.plan.pool,
                "next_step": matter.handoff.next_step(),
            },
        });
        events.publish(topic.as_str(), &step.effect_key, &event).await.map(|()| Done::default())
    }
}

impl Matter {
    fn briefing(&self) -> Briefing {
        briefing(self.lead(), &self.decision, &self.rules)
    }

    fn brief<'a>(
        &'a self,
        briefing: &'a Briefing,
        rep: &'a Rep,
        why: BriefWhy,
        feedback_url: Option<&'a str>,
    ) -> BriefContext<'a> {
        let note = match &self.handoff.stage {
            Stage::NeedsAttention { why, .. } => Some(why.as_str()),
            _ => None,
        };
        BriefContext {
            why,
            briefing,
            plan: &self.decision.plan,
            rep,
            owner_name: self.rules.reps.get(&self.handoff.owner).map_or("nobody", |owner| owner.name.as_str()),
            at: (why != BriefWhy::Ringing).then(|| self.handoff.next_step().at),
            note,
            record_url: self.record.crm.as_ref().and_then(|crm| crm.url.as_deref()),
            feedback_url,
        }
    }

    /// The CRM's own rules chose this owner, who is theirs to change.
    fn owner_chosen_by_crm(&self) -> Option<&CrmId> {
        let first = self.decision.trace.ownership.first()?;
        match (first.existing, &first.result) {
            (Existing::CrmAssignment, OwnershipResult::NotARep { crm_id }) => Some(crm_id),
            (Existing::CrmAssignment, _) => self.rules.reps.get(first.rep.as_ref()?)?.crm_id.as_ref(),
            _ => None,
        }
    }

    fn card_state(&self, key: &str) -> CardState {
        let Some(leg) = self.handoff.legs.iter().find(|leg| leg.card == key) else { return CardState::Open };
        match leg.state {
            LegState::Ringing | LegState::Answered => CardState::Open,
            LegState::Accepted | LegState::Joined => CardState::Accepted,
            LegState::Declined => CardState::Declined,
            LegState::NoAnswer | LegState::Busy | LegState::Machine | LegState::Failed => CardState::Missed,
            LegState::Cancelled => CardState::CallerLeft,
        }
    }
}

/// The turn follows the owner whom the CRM names.
fn reassigned(change: &OwnerChange, rules: &RuleSet) -> Correction {
    let owns = |rep: &&Rep| rep.crm_id.as_ref() == Some(&change.to);
    Correction {
        cause: Cause::Reassigned,
        to: rules.reps.values().find(owns).map(|rep| rep.id.clone()),
        reason: "the owner was changed in the CRM".to_owned(),
        author: "crm".to_owned(),
    }
}

/// A message as it is kept with its step.
pub(super) fn reference(message: &MessageRef) -> String {
    json!({ "channel": message.channel, "ts": message.ts }).to_string()
}

fn ours(error: StoreError) -> VendorError {
    VendorError::Retry { vendor: OURS, why: error.to_string(), after: None }
}
