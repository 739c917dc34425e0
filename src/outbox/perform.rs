//! Effects → vendor calls. One call per effect; what it means is `consequence`'s and `handoff`'s business.

use super::{Outbox, instruct, write};
use crate::connectors::{Booked, CallerStatus, LegStatus, RingRequest, Telephony, VendorError};
use crate::domain::effect::{Channel, Class, Effect};
use crate::domain::id::{LegId, RepId};
use crate::domain::lead::Lead;
use crate::domain::outcome::{Booking, Slot};
use crate::domain::rep::Rep;
use crate::handoff::{Event, Handoff};
use crate::release::Release;
use crate::render::Templates;
use crate::routing::Decision;
use crate::rules::RuleSet;
use crate::store::{DecidedLead, LeadRecord, StepRow, handoff_status};
use chrono::TimeDelta;
use std::sync::Arc;
use std::time::Duration;

/// A caller who has waited for less is there.
const ASK_AFTER: TimeDelta = TimeDelta::seconds(10);
/// In real time: somebody waits meanwhile.
const ASKED_WITHIN: Duration = Duration::from_millis(1500);

/// Named in errors that are ours, not a vendor's.
pub(super) const OURS: &str = "baton";

/// A call that came back well.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub vendor_ref: Option<String>,
    pub result: Option<String>,
    pub event: Option<Event>,
}

impl Done {
    pub fn event(event: Event) -> Self {
        Self { event: Some(event), ..Self::default() }
    }

    /// Ended well, with nothing done at a vendor.
    pub fn nothing(why: &str) -> Self {
        Self { result: Some(why.to_owned()), ..Self::default() }
    }

    pub fn reference(vendor_ref: impl Into<String>) -> Self {
        Self { vendor_ref: Some(vendor_ref.into()), ..Self::default() }
    }
}

/// What an effect is about: as it stands now, or as it was when the step was planned a moment ago.
pub struct Matter {
    pub record: LeadRecord,
    pub decision: Decision,
    pub handoff: Handoff,
    /// Rules and templates of one release: the one that made the decision, or the one that counts now.
    pub rules: Arc<RuleSet>,
    pub templates: Arc<Templates>,
}

impl Matter {
    /// Of a lead that has just been decided.
    pub fn of(decided: DecidedLead, release: &Release) -> Self {
        let DecidedLead { lead, decision, handoff, .. } = decided;
        let record = LeadRecord {
            owner: handoff.owner.clone(),
            status: handoff_status(&handoff).to_owned(),
            next_step: handoff.next_step(),
            first_contact_at: handoff.first_contact_at,
            crm: None,
            lead,
        };
        let (rules, templates) = (Arc::clone(&release.rules), Arc::clone(&release.templates));
        Self { record, decision, handoff, rules, templates }
    }

    pub fn lead(&self) -> &Lead {
        &self.record.lead
    }

    pub fn rep(&self, id: &RepId) -> Result<&Rep, VendorError> {
        let why = || format!("rep {id} is no longer in reps.csv");
        self.rules.reps.get(id).ok_or_else(|| VendorError::NeedsPerson { vendor: OURS, why: why() })
    }

    /// The platform's id of the caller's call.
    pub fn call(&self) -> Result<&str, VendorError> {
        let why = || "the lead did not come with a call".to_owned();
        let call = self.record.lead.call.as_ref();
        call.map(|call| call.id.as_str()).ok_or_else(|| VendorError::Gone { vendor: OURS, why: why() })
    }
}

const NO_TELEPHONY: &str = "no telephony is configured";

pub(super) fn not_configured<T>(what: &str) -> Result<T, VendorError> {
    Err(VendorError::NeedsPerson { vendor: OURS, why: format!("no {what} is configured in baton.toml") })
}

impl Outbox {
    /// What a lost answer means for this effect.
    pub(super) fn class(&self, effect: &Effect) -> Class {
        match effect {
            Effect::Ring { .. } => {
                self.parts.vendors.telephony.as_ref().map_or(Class::LookFirst, |telephony| telephony.ring_class())
            }
            Effect::Brief { channel: Channel::Slack, .. } if self.parts.vendors.chat.is_some() => Class::LookFirst,
            Effect::Brief { channel: Channel::Email, .. } | Effect::ConfirmToCaller { .. }
                if self.parts.vendors.mailer.is_some() =>
            {
                Class::AtMostOnce
            }
            Effect::WriteCrm { .. } => {
                self.parts.vendors.crm.as_ref().map_or(Class::Repeatable, |crm| crm.write_class())
            }
            // Nothing was sent that could be lost.
            Effect::Brief { .. }
            | Effect::ConfirmToCaller { .. }
            | Effect::Instruct { .. }
            | Effect::Hold
            | Effect::Whisper { .. }
            | Effect::Join { .. }
            | Effect::HangUp { .. }
            | Effect::FindSlots { .. }
            | Effect::Book { .. }
            | Effect::UpdateCard { .. }
            | Effect::Publish { .. }
            | Effect::Timer { .. }
            | Effect::ReadOwner => Class::Repeatable,
        }
    }

    pub(super) async fn perform(&self, step: &StepRow, known: Option<Arc<Matter>>) -> Result<Done, VendorError> {
        let matter = match known {
            // A phone rings only for a handoff that waits for it at this moment.
            Some(known) if !matches!(step.effect, Effect::Ring { .. }) => known,
            _ => Arc::new(self.matter(step).await?),
        };
        match &step.effect {
            Effect::Instruct { instruction } => {
                // The words for the caller went out with the answer; whoever has no other way to hear them misses nothing.
                let Some(telephony) = &self.parts.vendors.telephony else { return Ok(Done::nothing(NO_TELEPHONY)) };
                let said = instruct::spoken(&matter.templates, instruction, &self.caller_context(&matter));
                telephony.instruct(matter.call()?, &step.effect_key, &said).await.map(|()| Done::default())
            }
            Effect::Hold => {
                let Some(telephony) = &self.parts.vendors.telephony else { return Ok(Done::nothing(NO_TELEPHONY)) };
                telephony.hold(matter.call()?, &step.effect_key).await.map(|()| Done::default())
            }
            Effect::Ring { leg, rep } => self.ring(step, &matter, leg, rep).await,
            Effect::Whisper { leg, .. } => {
                let Some(telephony) = &self.parts.vendors.telephony else { return not_configured("telephony") };
                let words = self.whisper(&matter);
                telephony.whisper(leg, &step.effect_key, &words).await.map(|()| Done::default())
            }
            Effect::Join { leg } => {
                let Some(telephony) = &self.parts.vendors.telephony else { return not_configured("telephony") };
                telephony.join(matter.call()?, leg, &step.effect_key).await.map(|()| Done::default())
            }
            Effect::HangUp { leg } => {
                let Some(telephony) = &self.parts.vendors.telephony else { return not_configured("telephony") };
                telephony.hang_up(leg, &step.effect_key).await.map(|()| Done::default())
            }
            Effect::FindSlots { search, rep } => self.find_slots(&matter, *search, rep).await,
            Effect::Book { slot, attempt } => self.book(&matter, slot, *attempt).await,
            Effect::WriteCrm { owner, note } => self.write_crm(step, &matter, owner, note).await,
            Effect::Brief { rep, channel: Channel::Slack, why } => self.post_card(step, &matter, rep, *why).await,
            Effect::Brief { rep, channel: Channel::Email, why } => self.mail_briefing(step, &matter, rep, *why).await,
            Effect::UpdateCard { card, rep } => self.update_card(&matter, card, rep).await,
            Effect::ConfirmToCaller { what } => self.mail_caller(step, &matter, what).await,
            Effect::Publish { topic } => self.publish(step, &matter, *topic).await,
            Effect::ReadOwner => self.read_owner(&matter).await,
            Effect::Timer { timer } => Ok(Done::event(Event::Timer { timer: timer.clone() })),
        }
    }

    async fn matter(&self, step: &StepRow) -> Result<Matter, VendorError> {
        let (lead, handoff) = (step.lead_id.clone(), step.handoff_id.clone());
        let read = self.parts.store.read("outbox.matter", move |tx| {
            let (lead, handoff) = (lead.clone(), handoff.clone());
            Box::pin(async move { Ok((tx.lead(&lead).await?, tx.decision(&lead).await?, tx.handoff(&handoff).await?)) })
        });
        let failed = |why: String| VendorError::Retry { vendor: OURS, why, after: None };
        match read.await.map_err(|error| failed(error.to_string()))? {
            (Some(record), Some(decision), handoff) => {
                let release = Arc::clone(&self.parts.release.borrow());
                let (rules, templates) = (Arc::clone(&release.rules), Arc::clone(&release.templates));
                Ok(Matter { record, decision, handoff, rules, templates })
            }
            _ => Err(VendorError::Gone { vendor: OURS, why: "the lead is no longer kept".to_owned() }),
        }
    }

    /// Rings only while the handoff still waits for this leg: a step that comes late rings nobody.
    async fn ring(&self, step: &StepRow, matter: &Matter, leg: &LegId, rep: &RepId) -> Result<Done, VendorError> {
        let Some(telephony) = &self.parts.vendors.telephony else { return not_configured("telephony") };
        if !matter.handoff.is_ringing(leg) {
            return Ok(Done::nothing("no longer wanted"));
        }
        let rep = matter.rep(rep)?;
        let Some(phone) = rep.phones.first().cloned() else {
            return Err(VendorError::NeedsPerson { vendor: OURS, why: format!("rep {} has no phone", rep.id) });
        };
        let call = matter.call()?.to_owned();
        if self.has_left(matter, leg, &call, telephony.as_ref()).await {
            return Err(VendorError::Gone {
                vendor: OURS,
                why: "the caller has left, as the platform says".to_owned(),
            });
        }
        telephony.ring(&RingRequest { leg: leg.clone(), call, phone, ring_until: step.deadline_at }).await?;
        Ok(Done::reference(leg.as_str()))
    }

    /// Before the first phone rings for a caller who has waited for a while, the platform is asked. One that cannot be asked, or
    /// does not answer at once, says nothing: the caller is taken to be there.
    async fn has_left(&self, matter: &Matter, leg: &LegId, call: &str, telephony: &dyn Telephony) -> bool {
        let first = matter.handoff.legs.first().is_some_and(|first| first.id == *leg);
        let waited = self.parts.clock.now() - matter.lead().qualified_at();
        if !first || waited < ASK_AFTER {
            return false;
        }
        match tokio::time::timeout(ASKED_WITHIN, telephony.caller(call)).await {
            Ok(Ok(CallerStatus::Left)) => true,
            Ok(Ok(CallerStatus::OnTheLine)) => false,
            unknown => {
                tracing::info!(
                    waited_s = waited.num_seconds(),
                    ?unknown,
                    "whether the caller still waits is not known: a phone rings"
                );
                false
            }
        }
    }

    /// What the vendor knows of an effect whose answer was lost; `None`: it did not happen.
    pub(super) async fn look(&self, step: &StepRow) -> Result<Option<Done>, VendorError> {
        match &step.effect {
            Effect::Ring { leg, .. } => {
                let Some(telephony) = &self.parts.vendors.telephony else { return not_configured("telephony") };
                let status = telephony.read(leg).await?;
                Ok((status != LegStatus::Absent).then(|| Done::reference(leg.as_str())))
            }
            Effect::Brief { rep, channel: Channel::Slack, .. } => {
                let Some(chat) = &self.parts.vendors.chat else { return not_configured("chat") };
                let rules = Arc::clone(&self.parts.release.borrow().rules);
                let channel = rules.reps.get(rep).and_then(|rep| rep.slack_id.clone());
                let (Some(channel), Some(since)) = (channel, step.sent_at) else { return Ok(None) };
                let found = chat.find(&channel, &step.effect_key, since - TimeDelta::minutes(1)).await?;
                Ok(found.map(|message| Done::reference(write::reference(&message))))
            }
            // The CRM client looks for our marker itself before it writes again.
            _ => Ok(None),
        }
    }

    async fn book(&self, matter: &Matter, slot: &Slot, attempt: u32) -> Result<Done, VendorError> {
        let Some(calendar) = &self.parts.vendors.calendar else { return not_configured("calendar") };
        let request = self.booking_request(matter, slot, attempt)?;
        Ok(Done::event(match calendar.book(&request).await? {
            Booked::Event { id } => Event::Booked { attempt, booking: Booking { slot: slot.clone(), vendor_ref: id } },
            Booked::Taken => Event::SlotTaken { attempt },
        }))
    }
}
