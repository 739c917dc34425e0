//! Mail to reps and to callers.

use crate::connectors::{Mail, VendorError};
use crate::outbox::parts::OutboxParts;
use crate::outbox::work::{At, Done, Fallback, Work};
use crate::store::StepRow;
use baton_core::domain::effect::{BriefWhy, Class, Confirmation, MailEffect};
use baton_core::domain::id::RepId;
use baton_core::domain::lead::ReachBack;
use baton_core::domain::outcome::Slot;
use std::time::Duration;

#[async_trait::async_trait]
impl Work for MailEffect<'_> {
    fn class(&self, parts: &OutboxParts) -> Class {
        match self {
            // Nothing was sent that could be lost.
            Self::Brief { .. } | Self::ConfirmToCaller(_) if parts.vendors.mailer.is_none() => Class::Repeatable,
            Self::Brief { .. } | Self::ConfirmToCaller(_) => Class::AtMostOnce,
        }
    }

    async fn perform(&self, at: &At<'_>) -> Result<Done, VendorError> {
        let Some(mailer) = &at.parts.vendors.mailer else { return Ok(Done::nothing("no mail is configured")) };
        let mail = match *self {
            Self::Brief { rep, why } => Some(briefing(at, rep, why)?),
            Self::ConfirmToCaller(what) => confirmation(at, what),
        };
        let Some(mail) = mail else { return Ok(Done::nothing("no address, or no longer true")) };
        mailer.send(&mail).await.map(|()| Done::default())
    }

    /// What the caller agreed to may have been taken back since.
    fn matter_within(&self) -> Duration {
        match self {
            Self::ConfirmToCaller(_) => Duration::ZERO,
            Self::Brief { .. } => Duration::MAX,
        }
    }

    async fn look(&self, _parts: &OutboxParts, _step: &StepRow) -> Result<Option<Done>, VendorError> {
        match self {
            Self::Brief { .. } | Self::ConfirmToCaller(_) => Ok(None),
        }
    }

    fn fallback(&self, _why: &str) -> Fallback {
        match self {
            Self::Brief { .. } | Self::ConfirmToCaller(_) => Fallback::default(),
        }
    }
}

fn briefing(at: &At<'_>, rep: &RepId, why: BriefWhy) -> Result<Mail, VendorError> {
    let rep = at.matter.rep(rep)?;
    let mail = at.brief(rep, why, |brief| at.matter.templates.email(&brief));
    let (subject, text, html) = (mail.subject.0, mail.text.0, Some(mail.html.0));
    Ok(Mail { key: at.step.effect_key.clone(), to: rep.email.clone(), reply_to: None, subject, text, html })
}

/// Only what they still agree to: who has refused calls since is not told of one. That they agreed to mail is asked before.
fn confirmation(at: &At<'_>, what: &Confirmation) -> Option<Mail> {
    let (matter, lead) = (at.matter, &at.matter.lead);
    let address = lead.contact.email.as_ref()?;
    let holds = match what {
        // It may have been moved since, or called off.
        Confirmation::Booking { slot } => matter.handoff.meeting().is_some_and(|meeting| meeting.slot == *slot),
        Confirmation::Callback { .. } => lead.reach_back() == ReachBack::Call,
        Confirmation::Mail { .. } => lead.reach_back() == ReachBack::Mail,
    };
    if !holds {
        return None;
    }
    let change_url = match what {
        Confirmation::Booking { slot } => at.change_url(slot, matter.handoff.meeting_moves),
        Confirmation::Callback { .. } | Confirmation::Mail { .. } => None,
    };
    let name = lead.contact.name.as_ref();
    let mail = matter.templates.caller_confirmation(what, name, change_url, &at.caller_context());
    let (Confirmation::Booking { slot: Slot { rep, .. } }
    | Confirmation::Callback { rep, .. }
    | Confirmation::Mail { rep, .. }) = what;
    // The mail says that an answer reaches the rep.
    let reply_to = matter.rules.reps.get(rep).map(|rep| rep.email.clone());
    let (subject, text, html) = (mail.subject.0, mail.text.0, Some(mail.html.0));
    Some(Mail { key: at.step.effect_key.clone(), to: address.value.clone(), reply_to, subject, text, html })
}
