//! Texts to callers and leads.

use crate::connectors::{Texted, Texter, VendorError};
use crate::outbox::matter::Matter;
use crate::outbox::parts::{OutboxParts, not_configured, retry};
use crate::outbox::work::{At, Done, Fallback, Work};
use crate::store::{StepRow, with};
use baton_core::domain::effect::{Class, TextEffect};
use baton_core::domain::outcome::Slot;
use baton_core::domain::phone::PhoneE164;
use baton_core::handoff::{Event, NoText};
use std::time::Duration;

#[async_trait::async_trait]
impl Work for TextEffect<'_> {
    fn class(&self, parts: &OutboxParts) -> Class {
        match self {
            Self::Back | Self::Meeting { .. } if parts.vendors.texter.is_some() => Class::LookFirst,
            // Nothing was sent that could be lost.
            Self::Back | Self::Meeting { .. } => Class::Repeatable,
        }
    }

    async fn perform(&self, at: &At<'_>) -> Result<Done, VendorError> {
        let Some(texter) = &at.parts.vendors.texter else { return Ok(Done::nothing("no [sms] is configured")) };
        match *self {
            Self::Back => text_back(at, texter.as_ref()).await,
            Self::Meeting { slot, called_off } => text_of_meeting(at, texter.as_ref(), slot, called_off).await,
        }
    }

    /// What the person agreed to may have been taken back since, the call may have been made, and the meeting moved.
    fn matter_within(&self) -> Duration {
        match self {
            Self::Back | Self::Meeting { .. } => Duration::ZERO,
        }
    }

    async fn look(&self, parts: &OutboxParts, step: &StepRow) -> Result<Option<Done>, VendorError> {
        let Some(texter) = &parts.vendors.texter else { return not_configured("sms") };
        match self {
            Self::Back => {
                let claimed = parts.store.text_claimed(&step.effect_key).await.map_err(retry)?;
                let to = match claimed {
                    None if parts.restored_at.is_some() => would_write_to(parts, step).await?,
                    claimed => claimed,
                };
                let (Some(to), Some(since)) = (to, step.sent_at) else { return Ok(None) };
                Ok(texter.find(&to, since).await?.map(sent))
            }
            Self::Meeting { .. } => {
                let lead = Matter::read(parts, step).await?.lead;
                let (Some(to), Some(since)) = (lead.reach_phone(), step.sent_at) else { return Ok(None) };
                Ok(texter.find(to, since).await?.map(sent))
            }
        }
    }

    fn fallback(&self, why: &str) -> Fallback {
        match self {
            Self::Back | Self::Meeting { .. } => Fallback::of(Event::Texted { why_not: Some(why.to_owned()) }),
        }
    }
}

/// A database that was put back does not know what was claimed since.
async fn would_write_to(parts: &OutboxParts, step: &StepRow) -> Result<Option<PhoneE164>, VendorError> {
    let matter = Matter::read(parts, step).await?;
    let to = matter.handoff.text_to(&matter.lead, &matter.rules, parts.clock.now());
    Ok(to.ok().map(|(to, _)| to.clone()))
}

async fn text_back(at: &At<'_>, texter: &dyn Texter) -> Result<Done, VendorError> {
    let (matter, now) = (at.matter, at.now());
    let (to, promise) = match matter.handoff.text_to(&matter.lead, &matter.rules, now) {
        Ok(found) => found,
        Err(why) => return Ok(not_texted(&why)),
    };
    let claim =
        with((to.clone(), at.step.effect_key.clone()), move |tx, (to, key)| Box::pin(tx.text_claim(to, key, now)));
    if !at.parts.store.write("text.claim", claim).await.map_err(retry)? {
        return Ok(Done::nothing("this number was sent a text within a day"));
    }
    let words = matter.templates.text_back(&promise.owner, promise.promised_at, &at.caller_context());
    texter.send(to, &words).await.map(told)
}

/// Of a meeting as it is, with the page on which it is moved or called off.
async fn text_of_meeting(at: &At<'_>, texter: &dyn Texter, slot: &Slot, called_off: bool) -> Result<Done, VendorError> {
    let matter = at.matter;
    let to = matter.handoff.meeting_text_to(&matter.lead, &matter.rules, (slot, called_off), at.now());
    let to = match to {
        Ok(to) => to,
        Err(why) => return Ok(not_texted(&why)),
    };
    let change_url = if called_off { None } else { at.change_url(slot, matter.handoff.meeting_moves) };
    let words = matter.templates.text_of_meeting(slot, called_off, change_url, &at.caller_context());
    texter.send(to, &words).await.map(told)
}

fn not_texted(why: &NoText) -> Done {
    match why {
        NoText::NotNow { until } => Done::again(*until, "a text would arrive at night"),
        why => Done::nothing(why.to_string()),
    }
}

fn told(texted: Texted) -> Done {
    match texted {
        Texted::Sent { id } => sent(id),
        Texted::Refused { why } => {
            Done { result: Some(why.clone()), ..Done::event(Event::Texted { why_not: Some(why) }) }
        }
    }
}

fn sent(id: String) -> Done {
    Done { vendor_ref: Some(id), ..Done::event(Event::Texted { why_not: None }) }
}
