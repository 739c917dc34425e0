//! Texts to callers.

use crate::connectors::{Texted, Texter, VendorError};
use crate::outbox::matter::Matter;
use crate::outbox::parts::{OutboxParts, not_configured, retry};
use crate::outbox::work::{At, Done, Fallback, Work};
use crate::store::{StepRow, with};
use baton_core::domain::effect::{Class, TextEffect};
use baton_core::domain::phone::PhoneE164;
use baton_core::handoff::{Event, NoText};
use std::time::Duration;

#[async_trait::async_trait]
impl Work for TextEffect {
    fn class(&self, parts: &OutboxParts) -> Class {
        match self {
            Self::Back if parts.vendors.texter.is_some() => Class::LookFirst,
            // Nothing was sent that could be lost.
            Self::Back => Class::Repeatable,
        }
    }

    async fn perform(&self, at: &At<'_>) -> Result<Done, VendorError> {
        let Some(texter) = &at.parts.vendors.texter else { return Ok(Done::nothing("no [sms] is configured")) };
        match self {
            Self::Back => text_back(at, texter.as_ref()).await,
        }
    }

    /// What the person agreed to may have been taken back since, and the call may have been made.
    fn matter_within(&self) -> Duration {
        match self {
            Self::Back => Duration::ZERO,
        }
    }

    async fn look(&self, parts: &OutboxParts, step: &StepRow) -> Result<Option<Done>, VendorError> {
        match self {
            Self::Back => {
                let Some(texter) = &parts.vendors.texter else { return not_configured("sms") };
                let claimed = parts.store.text_claimed(&step.effect_key).await.map_err(retry)?;
                let to = match claimed {
                    None if parts.restored_at.is_some() => would_write_to(parts, step).await?,
                    claimed => claimed,
                };
                let (Some(to), Some(since)) = (to, step.sent_at) else { return Ok(None) };
                Ok(texter.find(&to, since).await?.map(sent))
            }
        }
    }

    fn fallback(&self, why: &str) -> Fallback {
        match self {
            Self::Back => Fallback::of(Event::Texted { why_not: Some(why.to_owned()) }),
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
        Err(NoText::NotNow { until }) => return Ok(Done::again(until, "a text would arrive at night")),
        Err(why) => return Ok(Done::nothing(why.to_string())),
    };
    let claim =
        with((to.clone(), at.step.effect_key.clone()), move |tx, (to, key)| Box::pin(tx.text_claim(to, key, now)));
    if !at.parts.store.write("text.claim", claim).await.map_err(retry)? {
        return Ok(Done::nothing("this number was sent a text within a day"));
    }
    let words = matter.templates.text_back(&promise.owner, promise.promised_at, &at.caller_context());
    Ok(match texter.send(to, &words).await? {
        Texted::Sent { id } => sent(id),
        Texted::Refused { why } => {
            Done { result: Some(why.clone()), ..Done::event(Event::Texted { why_not: Some(why) }) }
        }
    })
}

fn sent(id: String) -> Done {
    Done { vendor_ref: Some(id), ..Done::event(Event::Texted { why_not: None }) }
}
