//! A lead as it came in, normalised once at the edge (`intake::normalise`).
//!
//! Everything but the ids and one way to reach the person is optional; absent is *unknown*, never false.

use super::id::LeadId;
use super::known::Known;
use super::phone::PhoneE164;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lead {
    pub id: LeadId,
    /// CloudEvents `source`: which platform or system sent it.
    pub source: String,
    /// CloudEvents `id`; with `source` it names the event.
    pub event_id: String,
    pub occurred_at: DateTime<Utc>,
    pub received_at: DateTime<Utc>,
    pub call: Option<Call>,
    pub contact: Contact,
    pub company: Company,
    pub qualification: Qualification,
    pub transcript_url: Option<String>,
    pub recording_url: Option<String>,
    pub consent: Consent,
    pub preference: Preference,
    /// Any further field of the event; routable as `lead.custom.NAME`.
    pub custom: BTreeMap<String, FieldValue>,
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
    pub pain: Option<Known<String>>,
    pub objections: Vec<String>,
    pub urgency: Option<Known<String>>,
    pub sentiment: Option<Known<String>>,
    pub next_action: Option<Known<String>>,
}

/// What the caller agreed to; `None` is unknown and counts as no wherever a law asks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Consent {
    pub recording: Option<bool>,
    pub callback: Option<bool>,
    pub email: Option<bool>,
    pub sms: Option<bool>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Preference {
    pub handoff: Option<PreferredHandoff>,
    /// Instants at which the caller said a meeting would suit.
    pub times: Vec<DateTime<Utc>>,
    pub timezone: Option<Tz>,
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

impl Lead {
    /// True while a warm transfer is possible at all.
    pub fn is_live(&self) -> bool {
        self.call.as_ref().is_some_and(|call| call.live)
    }

    /// As it is once the caller has hung up.
    pub fn after_the_call(mut self) -> Self {
        if let Some(call) = &mut self.call {
            call.live = false;
        }
        self
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
