//! A lead as it came in, normalised once at the edge (`intake`, with the readers of `rules`).
//!
//! Everything but the ids and one way to reach the person is optional; absent is *unknown*, never false.

mod arrival;
mod channel;
mod consent;
mod disclosure;
mod tone;

pub use arrival::{Arrival, CARRIER};
pub use channel::LeadChannel;
pub use consent::{Consent, ConsentSaid, ConsentSource, ReachBack};
pub use disclosure::{Disclosure, DisclosureKind};
pub use tone::Tone;

use super::id::LeadId;
use super::known::{Known, Source};
use super::phone::PhoneE164;
use crate::domain::zone::Zone;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The `source` of a lead that begins with a call to a number of ours, before any agent has spoken with the caller.
pub const FRONT_DOOR: &str = "front_door";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lead {
    pub id: LeadId,
    /// CloudEvents `source`: which platform or system sent it.
    pub source: String,
    /// CloudEvents `id`; with `source` it names the event.
    pub event_id: String,
    pub occurred_at: DateTime<Utc>,
    pub received_at: DateTime<Utc>,
    /// How it came; what earlier versions stored came by call.
    #[serde(default, skip_serializing_if = "is_default")]
    pub channel: LeadChannel,
    pub call: Option<Call>,
    pub contact: Contact,
    pub company: Company,
    pub qualification: Qualification,
    pub transcript_url: Option<String>,
    pub recording_url: Option<String>,
    pub consent: Consent,
    /// What the caller was told of the call.
    #[serde(default, skip_serializing_if = "is_default")]
    pub disclosure: Disclosure,
    pub preference: Preference,
    /// Any further field of the event; routable as `lead.custom.NAME`.
    pub custom: BTreeMap<String, FieldValue>,
    /// What the event brought and nobody could read: each counts as unknown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<EventFault>,
}

/// One fault of an event, or one note about a value that was kept out. `found` never quotes names, numbers or addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventFault {
    /// JSON pointer into the structured form of the event; empty for the whole.
    pub pointer: String,
    pub found: String,
    pub allowed: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl fmt::Display for EventFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() { "the event" } else { &self.pointer };
        write!(f, "{place}: found {}, expected {}", self.found, self.allowed)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// `vapi`, `retell`, `sandbox` …
    pub platform: String,
    /// The platform's id of the call.
    pub id: String,
    /// The caller was still on the line when the event was sent.
    pub live: bool,
    pub direction: Option<Direction>,
    pub from: Option<PhoneE164>,
    pub to: Option<PhoneE164>,
    /// The carrier's id of the caller's leg, if the platform knows it.
    pub leg: Option<String>,
    pub started_at: Option<DateTime<Utc>>,
    /// What tells of it completes the lead of this call, and never begins one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only_completes: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    Inbound,
    Outbound,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    pub name: Option<Known<String>>,
    /// Lower case.
    pub email: Option<Known<String>>,
    pub phone: Option<Known<PhoneE164>>,
    pub title: Option<Known<String>>,
    /// BCP 47 primary language in lower case: `en`, `de`.
    pub language: Option<Known<String>>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Company {
    pub name: Option<Known<String>>,
    /// Registrable domain: `example.co.uk`, from the website or the e-mail address. Shared mail domains are left out.
    pub domain: Option<Known<String>>,
    pub industry: Option<Known<String>>,
    pub employees: Option<Known<Headcount>>,
    /// ISO 3166-1 alpha-2: `US`.
    pub country: Option<Known<String>>,
    /// ISO 3166-2 without the country: `CA` for California.
    pub state: Option<Known<String>>,
    /// A sales region as the platform named it: `EMEA`.
    pub region: Option<Known<String>>,
    /// Upper case, no blanks: `SW1A1AA`.
    pub postal: Option<Known<String>>,
    pub city: Option<Known<String>>,
}

/// A number of employees, exact or a range: "50-100" is 50..=100, "1k+" is 1000 and up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headcount {
    pub at_least: u32,
    /// `None`: open upwards.
    pub at_most: Option<u32>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Qualification {
    /// 0 to 100.
    pub score: Option<Known<u8>>,
    pub summary: Option<Known<String>>,
    pub intent: Option<Known<String>>,
    pub timeline: Option<Known<String>>,
    pub use_case: Option<Known<String>>,
    pub budget: Option<Known<String>>,
    pub products: Vec<String>,
    /// Where they come from; `None`: the caller said them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub products_source: Option<Source>,
    pub pain: Option<Known<String>>,
    pub objections: Vec<String>,
    pub urgency: Option<Known<String>>,
    pub sentiment: Option<Known<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tone: Option<Known<Tone>>,
    /// Of the caller with the conversation, 1 to 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub satisfaction: Option<Known<u8>>,
    pub next_action: Option<Known<String>>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Preference {
    pub handoff: Option<PreferredHandoff>,
    /// Instants at which the caller said a meeting would suit.
    pub times: Vec<DateTime<Utc>>,
    pub timezone: Option<Zone>,
}

impl Preference {
    /// Said, or by naming times that would suit.
    pub fn wants_meeting(&self) -> bool {
        self.handoff == Some(PreferredHandoff::Meeting) || !self.times.is_empty()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PreferredHandoff {
    Transfer,
    Meeting,
    Callback,
}

/// A value that a condition can test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FieldValue {
    Flag(bool),
    Number(f64),
    Text(String),
    List(Vec<String>),
}

/// What is not stored, so that what earlier versions stored stays as it is to the byte.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Lead {
    /// True while a warm transfer is possible at all.
    pub fn is_live(&self) -> bool {
        self.channel == LeadChannel::Call && self.call.as_ref().is_some_and(|call| call.live)
    }

    /// Whether it began with the call itself, and not with what an agent heard in it.
    pub fn is_at_front_door(&self) -> bool {
        self.source == FRONT_DOOR
    }

    /// When the caller was qualified and began to wait: the event's own time, or its arrival where that lies in the future.
    pub fn qualified_at(&self) -> DateTime<Utc> {
        self.occurred_at.min(self.received_at)
    }

    /// As it is once the caller has hung up.
    pub fn after_the_call(mut self) -> Self {
        if let Some(call) = &mut self.call {
            call.live = false;
        }
        self
    }

    /// Whether anything is known of how to reach the person. Whoever is on the line can be joined with a rep, whatever number they
    /// withhold.
    pub fn can_be_reached(&self) -> bool {
        self.can_be_reached_later() || self.is_live()
    }

    /// The same for when the line is gone.
    pub fn can_be_reached_later(&self) -> bool {
        self.contact.email.is_some() || self.reach_phone().is_some()
    }

    /// Whether a lead may begin with it. What may not belongs to a lead of its call.
    pub fn may_begin(&self) -> bool {
        self.can_be_reached() && !self.call.as_ref().is_some_and(|call| call.only_completes)
    }

    /// The number that the person has called us from themselves.
    pub fn called_from(&self) -> Option<&PhoneE164> {
        let call = self.call.as_ref().filter(|call| call.direction == Some(Direction::Inbound))?;
        call.from.as_ref()
    }

    /// The number to reach the person at: what was said, else the calling number of an inbound call.
    pub fn reach_phone(&self) -> Option<&PhoneE164> {
        let said = self.contact.phone.as_ref().map(|p| &p.value);
        said.or_else(|| {
            let call = self.call.as_ref()?;
            if call.direction == Some(Direction::Outbound) { call.to.as_ref() } else { call.from.as_ref() }
        })
    }
}
