//! Whether somebody who was missed, or has a meeting, may be sent a text at a moment, at which number, and why they may not.

use super::state::{Handoff, Stage};
use crate::domain::lead::Lead;
use crate::domain::outcome::{Promise, Slot};
use crate::domain::phone::PhoneE164;
use crate::domain::rota;
use crate::rules::RuleSet;
use crate::rules::model::set::TextBack;
use crate::rules::words::phone;
use chrono::{DateTime, Utc};
use std::fmt;

/// Why nobody is written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoText {
    /// Nobody owes the person a call any more, or it is being made.
    NotOwed,
    /// The meeting has become another, or its time has come.
    NotSo,
    /// The rules do not say so.
    NotByRules,
    Refused,
    /// They have not said yes, and the rules want that.
    NotAgreed,
    /// They withhold the number.
    NoNumber,
    /// No text arrives there.
    NoMobile,
    /// It is not lawful where the lead is, until then.
    NotNow {
        until: DateTime<Utc>,
    },
}

impl fmt::Display for NoText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOwed => f.write_str("no call is owed any more, or it is being made"),
            Self::NotSo => f.write_str("it is not so any more"),
            Self::NotByRules => f.write_str("text_back of handoff.yaml is nobody"),
            Self::Refused => f.write_str("texts are refused"),
            Self::NotAgreed => f.write_str("nothing was said of texts, and they go to whoever has agreed"),
            Self::NoNumber => f.write_str("no number is known that texts may go to"),
            Self::NoMobile => f.write_str("the number is a fixed line's or a service's"),
            Self::NotNow { until } => write!(
                f,
                "it is outside the lawful calling hours where the lead is, until {}",
                until.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
            ),
        }
    }
}

impl Handoff {
    /// Where to write to the person now, and of which promise.
    ///
    /// # Errors
    /// Why they are not written to, now or altogether.
    pub fn text_to<'l>(
        &self,
        lead: &'l Lead,
        rules: &RuleSet,
        now: DateTime<Utc>,
    ) -> Result<(&'l PhoneE164, &Promise), NoText> {
        let Stage::Callback { promise } = &self.stage else { return Err(NoText::NotOwed) };
        if promise.by_mail || promise.promised_at <= now || self.calling.is_some() {
            return Err(NoText::NotOwed);
        }
        let number = may_be_written_to(lead, self.terms.callback.text_back)?;
        let until = self.texts_from(rules, now);
        if until > now { Err(NoText::NotNow { until }) } else { Ok((number, promise)) }
    }

    /// Where to write to the lead now of a meeting that stands, or was called off.
    ///
    /// # Errors
    /// As [`text_to`](Self::text_to).
    pub fn meeting_text_to<'l>(
        &self,
        lead: &'l Lead,
        rules: &RuleSet,
        (slot, called_off): (&Slot, bool),
        now: DateTime<Utc>,
    ) -> Result<&'l PhoneE164, NoText> {
        let stands = self.meeting().is_some_and(|meeting| meeting.slot == *slot);
        if stands == called_off || slot.from <= now {
            return Err(NoText::NotSo);
        }
        let number = may_be_written_to(lead, TextBack::Agreed)?;
        let until = self.texts_from(rules, now);
        if until > now { Err(NoText::NotNow { until }) } else { Ok(number) }
    }

    /// From when on a text may arrive: it wakes people as a call does.
    pub(super) fn texts_from(&self, rules: &RuleSet, now: DateTime<Utc>) -> DateTime<Utc> {
        rota::next_calling_time(&rules.hours, &self.whereabouts(), now)
    }
}

/// Whoever has agreed is written to where they are called. Whoever has not spoken of it is answered at the number they called from,
/// and at no other: somebody else's would be one who has agreed to nothing.
fn may_be_written_to(lead: &Lead, text_back: TextBack) -> Result<&PhoneE164, NoText> {
    let consent = &lead.consent;
    let number = match text_back {
        TextBack::Nobody => return Err(NoText::NotByRules),
        TextBack::Agreed | TextBack::Callers if consent.refuses_texts() => return Err(NoText::Refused),
        TextBack::Agreed | TextBack::Callers if consent.allows_texts() => lead.reach_phone(),
        TextBack::Agreed => return Err(NoText::NotAgreed),
        TextBack::Callers => lead.called_from(),
    };
    let number = number.ok_or(NoText::NoNumber)?;
    if phone::may_be_mobile(number) { Ok(number) } else { Err(NoText::NoMobile) }
}
