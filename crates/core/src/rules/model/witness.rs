//! A lead that shows what a fault says: the least that must be known of it, and what becomes of it.
//!
//! A witness can be tried: [`Witness::lead`] is a lead that `routing::decide` takes, and the tests hold every witness
//! against what it really decides.

mod words;

pub use words::spell;

use crate::domain::account::{Account, MatchKey};
use crate::domain::id::LeadId;
use crate::domain::known::Known;
use crate::domain::lead::{
    Call, Company, Consent, ConsentSaid, Contact, Disclosure, FieldValue, Headcount, Lead, LeadChannel, Preference,
    Qualification, Tone,
};
use crate::rules::model::field::{BUILT_IN, Looked};
use crate::rules::model::index::Firmographics;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq)]
pub struct Witness {
    /// By path, such as `lead.country`; `None` where the fault is about its being unknown. Whatever is not listed is
    /// unknown too.
    pub fields: BTreeMap<String, Option<Looked>>,
    /// The day of the event, where it matters; otherwise today.
    pub on: Option<NaiveDate>,
    pub ends: Ends,
}

/// What becomes of the lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ends {
    /// The row of `territories.csv` on this line wins; the others fit too and lose.
    Row { line: u32, others: Vec<u32> },
    /// No row of `territories.csv` fits.
    NoRow,
    /// A tier or route takes it.
    Rule { what: &'static str, name: String },
}

impl Witness {
    pub fn new(ends: Ends) -> Self {
        Self { fields: BTreeMap::new(), on: None, ends }
    }

    pub fn with(mut self, path: &str, value: Option<Looked>) -> Self {
        self.fields.insert(path.to_owned(), value);
        self
    }

    /// What is known of a place, and nothing else.
    pub fn of_place(place: &Firmographics<'_>, ends: Ends) -> Self {
        let texts = [
            ("lead.country", place.country),
            ("lead.state", place.state),
            ("lead.region", place.region),
            ("lead.postal", place.postal),
            ("lead.industry", place.industry),
        ];
        let mut witness = Self::new(ends);
        for (path, value) in texts {
            if let Some(value) = value {
                witness = witness.with(path, Some(text(value)));
            }
        }
        match place.employees {
            Some(employees) => witness.with("lead.employees", Some(Looked::Headcount(employees))),
            None => witness,
        }
    }

    pub fn on(mut self, day: Option<NaiveDate>) -> Self {
        self.on = day;
        self
    }

    /// In the published order: country, state, region, postal code, … and declared fields last.
    pub fn in_order(&self) -> Vec<(&str, Option<&Looked>)> {
        let position = |path: &str| BUILT_IN.iter().position(|(name, _)| *name == path).unwrap_or(BUILT_IN.len());
        let mut fields: Vec<_> = self.fields.iter().map(|(path, value)| (path.as_str(), value.as_ref())).collect();
        fields.sort_by_key(|(path, _)| position(path));
        fields
    }

    /// The lead, as it would come in at noon of its day.
    pub fn lead(&self, today: NaiveDate) -> Lead {
        let at = noon(self.on.unwrap_or(today));
        let said = |path: &str| self.text(path).map(Known::from_caller);
        let consent = |path: &str| self.flag(path).map(ConsentSaid::from);
        Lead {
            id: LeadId::from_digest([0; 16]),
            source: self.text("lead.source").unwrap_or_else(|| "example".to_owned()),
            event_id: "example".to_owned(),
            occurred_at: at,
            received_at: at,
            channel: self.channel(),
            call: (self.flag("lead.live") == Some(true)).then(live_call),
            contact: Contact { title: said("lead.title"), language: said("lead.language"), ..Contact::default() },
            company: Company {
                name: said("lead.company"),
                domain: said("lead.domain"),
                industry: said("lead.industry"),
                employees: self.employees().map(Known::from_caller),
                country: said("lead.country"),
                state: said("lead.state"),
                region: said("lead.region"),
                postal: said("lead.postal"),
                city: said("lead.city"),
            },
            qualification: Qualification {
                score: self.number("lead.score").map(Known::from_caller),
                intent: said("lead.intent"),
                timeline: said("lead.timeline"),
                budget: said("lead.budget"),
                products: self.list("lead.products"),
                urgency: said("lead.urgency"),
                sentiment: said("lead.sentiment"),
                tone: self.text("lead.tone").and_then(|text| Tone::heard(&text)).map(Known::from_caller),
                satisfaction: self.number("lead.satisfaction").map(Known::from_caller),
                ..Qualification::default()
            },
            transcript_url: None,
            recording_url: None,
            consent: Consent {
                recording: consent("lead.consent.recording"),
                callback: consent("lead.consent.callback"),
                email: consent("lead.consent.email"),
                sms: consent("lead.consent.sms"),
            },
            preference: Preference::default(),
            custom: self.below("lead.custom."),
            unread: Vec::new(),
            disclosure: Disclosure::default(),
        }
    }

    /// The account in the CRM that it needs; `None` if the fields do without.
    pub fn account(&self) -> Option<Account> {
        let fields = self.below("account.");
        (!fields.is_empty()).then(|| Account {
            crm_id: "example".into(),
            name: "Example".to_owned(),
            domain: None,
            owner_crm_id: None,
            open_opportunity_owner_crm_id: None,
            matched_by: MatchKey::Domain,
            score_permille: 1000,
            fields,
        })
    }

    pub fn value(&self, path: &str) -> Option<&Looked> {
        self.fields.get(path)?.as_ref()
    }

    fn below(&self, prefix: &str) -> BTreeMap<String, FieldValue> {
        let values = self.fields.iter().filter_map(|(path, value)| match value {
            Some(Looked::Value(value)) => Some((path.strip_prefix(prefix)?.to_owned(), value.clone())),
            Some(Looked::Headcount(_)) | None => None,
        });
        values.collect()
    }

    fn text(&self, path: &str) -> Option<String> {
        match self.value(path)? {
            Looked::Value(FieldValue::Text(text)) => Some(text.clone()),
            Looked::Value(FieldValue::List(_) | FieldValue::Number(_) | FieldValue::Flag(_)) | Looked::Headcount(_) => {
                None
            }
        }
    }

    fn list(&self, path: &str) -> Vec<String> {
        match self.value(path) {
            Some(Looked::Value(FieldValue::List(items))) => items.clone(),
            Some(Looked::Value(FieldValue::Text(text))) => vec![text.clone()],
            Some(Looked::Value(FieldValue::Number(_) | FieldValue::Flag(_)) | Looked::Headcount(_)) | None => {
                Vec::new()
            }
        }
    }

    fn employees(&self) -> Option<Headcount> {
        match self.value("lead.employees")? {
            Looked::Headcount(headcount) => Some(*headcount),
            Looked::Value(_) => None,
        }
    }

    fn flag(&self, path: &str) -> Option<bool> {
        match self.value(path)? {
            Looked::Value(FieldValue::Flag(flag)) => Some(*flag),
            Looked::Value(FieldValue::Text(_) | FieldValue::List(_) | FieldValue::Number(_)) | Looked::Headcount(_) => {
                None
            }
        }
    }

    fn channel(&self) -> LeadChannel {
        let said = self.text("lead.channel").unwrap_or_default();
        LeadChannel::ALL.into_iter().find(|channel| channel.as_str() == said).unwrap_or_default()
    }

    fn number(&self, path: &str) -> Option<u8> {
        match self.value(path)? {
            // A score is a whole number from 0 to 100; satisfaction lies within that.
            Looked::Value(FieldValue::Number(number)) => Some(number.clamp(0.0, 100.0) as u8),
            Looked::Value(FieldValue::Text(_) | FieldValue::List(_) | FieldValue::Flag(_)) | Looked::Headcount(_) => {
                None
            }
        }
    }
}

pub fn text(value: &str) -> Looked {
    Looked::Value(FieldValue::Text(value.to_owned()))
}

fn noon(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::from_hms_opt(12, 0, 0).expect("noon is a time")).and_utc()
}

fn live_call() -> Call {
    Call {
        platform: "example".to_owned(),
        id: "example".to_owned(),
        live: true,
        direction: None,
        from: None,
        to: None,
        leg: None,
        started_at: None,
        only_completes: false,
    }
}

#[cfg(test)]
mod tests;
