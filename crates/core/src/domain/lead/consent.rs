//! What the caller agreed to: who says so and since when, and what may be done by it.

use super::{Lead, LeadChannel, PreferredHandoff};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What the caller agreed to; `None` is unknown and counts as no wherever a law asks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Consent {
    pub recording: Option<ConsentSaid>,
    /// To being called once the line is gone.
    pub callback: Option<ConsentSaid>,
    pub email: Option<ConsentSaid>,
    pub sms: Option<ConsentSaid>,
}

/// What was last said of one consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredSaid", into = "StoredSaid")]
pub struct ConsentSaid {
    /// False: refused, or taken back.
    pub given: bool,
    /// `None`: of a lead that an earlier version stored.
    pub source: Option<ConsentSource>,
    /// When it was said; `None` as above.
    pub at: Option<DateTime<Utc>>,
}

/// Who says it, or where the person said it themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentSource {
    /// The caller, in the conversation.
    Caller,
    Form,
    Chat,
    Sms,
    Email,
    /// The customer-relationship system.
    Crm,
    /// The voice platform, which asked on its own.
    Platform,
}

/// As it is stored: a bare yes or no is all that earlier versions knew.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(untagged)]
enum StoredSaid {
    Bare(bool),
    Said {
        given: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<ConsentSource>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<DateTime<Utc>>,
    },
}

impl From<StoredSaid> for ConsentSaid {
    fn from(stored: StoredSaid) -> Self {
        match stored {
            StoredSaid::Bare(given) => Self { given, source: None, at: None },
            StoredSaid::Said { given, source, at } => Self { given, source, at },
        }
    }
}

impl From<ConsentSaid> for StoredSaid {
    fn from(said: ConsentSaid) -> Self {
        match said {
            ConsentSaid { given, source: None, at: None } => Self::Bare(given),
            ConsentSaid { given, source, at } => Self::Said { given, source, at },
        }
    }
}

/// A bare yes or no.
impl From<bool> for ConsentSaid {
    fn from(given: bool) -> Self {
        StoredSaid::Bare(given).into()
    }
}

impl ConsentSource {
    pub const ALL: [Self; 7] =
        [Self::Caller, Self::Form, Self::Chat, Self::Sms, Self::Email, Self::Crm, Self::Platform];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Form => "form",
            Self::Chat => "chat",
            Self::Sms => "sms",
            Self::Email => "email",
            Self::Crm => "crm",
            Self::Platform => "platform",
        }
    }
}

/// What nobody says otherwise, the person said where the lead came from.
impl From<LeadChannel> for ConsentSource {
    fn from(channel: LeadChannel) -> Self {
        match channel {
            LeadChannel::Call => Self::Caller,
            LeadChannel::Form => Self::Form,
            LeadChannel::Chat => Self::Chat,
            LeadChannel::Sms => Self::Sms,
            LeadChannel::Email => Self::Email,
        }
    }
}

impl ConsentSaid {
    /// Whether this counts and the other does not: it is the newer one, or, of the same moment, the refusal. Of any number of
    /// statements one and the same counts in the end, whatever the order in which they come.
    pub fn counts_over(&self, other: &Self) -> bool {
        let rank = |said: &Self| (said.at, !said.given, said.source);
        rank(self) > rank(other)
    }

    /// The same, said at this moment if it does not say when.
    #[must_use]
    pub fn or_at(self, at: DateTime<Utc>) -> Self {
        Self { at: self.at.or(Some(at)), ..self }
    }
}

impl Consent {
    pub fn refuses_recording(&self) -> bool {
        is(self.recording, false)
    }

    /// Said that they do not want to be called. Whoever has not spoken of it may be: they called, or left their number.
    pub fn refuses_calls(&self) -> bool {
        is(self.callback, false)
    }

    pub fn refuses_mail(&self) -> bool {
        is(self.email, false)
    }

    pub fn refuses_texts(&self) -> bool {
        is(self.sms, false)
    }

    /// Said so: what we send by ourselves needs it.
    pub fn allows_mail(&self) -> bool {
        is(self.email, true)
    }

    /// The same of texts.
    pub fn allows_texts(&self) -> bool {
        is(self.sms, true)
    }

    /// Whoever is about to call or write must know of each of these.
    pub fn refusals(&self) -> [bool; 3] {
        [self.refuses_calls(), self.refuses_mail(), self.refuses_texts()]
    }
}

fn is(said: Option<ConsentSaid>, given: bool) -> bool {
    said.is_some_and(|said| said.given == given)
}

/// How somebody may be reached who is not on the line any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReachBack {
    #[default]
    Call,
    /// Not by phone: a rep writes.
    Mail,
    /// Neither: whoever has the lead must find a way, or leave it.
    Nothing,
}

impl Lead {
    /// By phone, unless that was refused or no number is known. By mail if that is agreed to; whoever wrote to us, or has left an
    /// address alone, waits for an answer there, unless they say otherwise.
    pub fn reach_back(&self) -> ReachBack {
        let has_number = self.reach_phone().is_some();
        if has_number && !self.consent.refuses_calls() {
            return ReachBack::Call;
        }
        let waits_for_mail = !has_number || self.channel != LeadChannel::Call;
        let may_write = self.consent.allows_mail() || waits_for_mail && !self.consent.refuses_mail();
        if self.contact.email.is_some() && may_write { ReachBack::Mail } else { ReachBack::Nothing }
    }

    /// What they said of being called counts; who has not spoken of it and wishes to be called back agrees. A wish takes back no
    /// refusal, however much later it comes.
    pub fn agrees_to_calls(&self) -> Option<bool> {
        let wishes_it = self.preference.handoff == Some(PreferredHandoff::Callback);
        self.consent.callback.map(|said| said.given).or(wishes_it.then_some(true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::known::Known;
    use crate::routing::scenario::{acme, at};
    use ConsentSource::{Caller, Crm};

    fn said(given: bool, source: ConsentSource, time: &str) -> ConsentSaid {
        ConsentSaid { given, source: Some(source), at: Some(at(time)) }
    }

    #[test]
    fn a_bare_consent_is_stored_bare_and_any_other_with_all_that_is_known() {
        let consent =
            Consent { recording: Some(true.into()), email: Some(said(false, Crm, "10:00")), ..Consent::default() };
        let text = serde_json::to_string(&consent).expect("JSON");
        let expected = "{\"recording\":true,\"callback\":null,\
                        \"email\":{\"given\":false,\"source\":\"crm\",\"at\":\"2026-01-07T10:00:00Z\"},\"sms\":null}";
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<Consent>(&text).expect("a consent"), consent);
    }

    #[test]
    fn the_newest_statement_counts_in_any_order_and_of_one_moment_the_refusal() {
        let all = [
            said(true, Caller, "10:00"),
            said(false, Caller, "10:05"),
            said(true, Crm, "10:09"),
            said(false, Crm, "10:09"),
            said(true, Caller, "10:09"),
        ];
        for turn in 0..all.len() {
            let mut counts = all[turn];
            for other in all[turn..].iter().chain(&all[..turn]) {
                if other.counts_over(&counts) {
                    counts = *other;
                }
            }
            assert_eq!(counts, said(false, Crm, "10:09"));
        }
        let old = ConsentSaid::from(true).or_at(at("10:03"));
        assert!(all[1].counts_over(&old) && !all[0].counts_over(&old), "it was said when the lead came");
    }

    #[test]
    fn who_must_not_be_called_is_written_to_if_that_is_agreed_to() {
        let with = |callback: Option<bool>, email: Option<bool>, channel, phone: bool| {
            let mut lead = acme();
            lead.channel = channel;
            lead.contact.email = Some(Known::from_caller("dana@acme.com".to_owned()));
            lead.consent.callback = callback.map(ConsentSaid::from);
            lead.consent.email = email.map(ConsentSaid::from);
            if !phone {
                (lead.contact.phone, lead.call) = (None, None);
            }
            lead.reach_back()
        };
        let (call, form) = (LeadChannel::Call, LeadChannel::Form);
        for (callback, email, channel, phone, expected) in [
            (None, None, call, true, ReachBack::Call),
            (Some(true), Some(false), call, true, ReachBack::Call),
            (Some(false), Some(true), call, true, ReachBack::Mail),
            (Some(false), None, call, true, ReachBack::Nothing),
            (Some(false), Some(false), form, true, ReachBack::Nothing),
            (Some(false), None, form, true, ReachBack::Mail),
            (None, None, form, false, ReachBack::Mail),
            (None, Some(false), form, false, ReachBack::Nothing),
            (None, None, call, false, ReachBack::Mail),
            (Some(true), None, call, false, ReachBack::Mail),
            (None, Some(false), call, false, ReachBack::Nothing),
        ] {
            let found = with(callback, email, channel, phone);
            assert_eq!(found, expected, "{callback:?} {email:?} {channel:?} {phone}");
        }
    }

    #[test]
    fn a_wish_to_be_called_back_counts_where_nothing_was_said() {
        let mut lead = acme();
        assert_eq!(lead.agrees_to_calls(), None);
        lead.preference.handoff = Some(PreferredHandoff::Callback);
        assert_eq!(lead.agrees_to_calls(), Some(true));
        lead.consent.callback = Some(said(false, Caller, "09:00"));
        assert_eq!(lead.agrees_to_calls(), Some(false), "whoever wishes it later has not said yes");
    }
}
