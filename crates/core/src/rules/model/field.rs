//! The vocabulary of rules: which fields a condition may test, and what a lead and its account say to them.

use crate::domain::account::{Account, OLDEST_CASE, OPEN_AMOUNT, OPEN_CASES, OPEN_OPPORTUNITIES, OPEN_STAGE};
use crate::domain::known::Known;
use crate::domain::lead::{ConsentSaid, FieldValue, Headcount, Lead, LeadChannel, Tone};

/// What is known of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Looked {
    Value(FieldValue),
    /// Employees: exact or a range.
    Headcount(Headcount),
}

/// What can be asked of a field, and how its values are written in rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    Text,
    /// Any number.
    Number,
    /// A number without fraction: `> 50` means 51 and up.
    Whole,
    Flag,
    /// `2026-03-01`.
    Date,
}

impl FieldKind {
    /// As a message names it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "a number",
            Self::Whole => "a whole number",
            Self::Flag => "yes or no",
            Self::Date => "a date",
        }
    }
}

/// Fields that every lead has, without being declared; further ones are `lead.custom.NAME` and `account.NAME`.
pub const BUILT_IN: [(&str, FieldKind); 27] = [
    ("lead.country", FieldKind::Text),
    ("lead.state", FieldKind::Text),
    ("lead.region", FieldKind::Text),
    ("lead.postal", FieldKind::Text),
    ("lead.city", FieldKind::Text),
    ("lead.industry", FieldKind::Text),
    ("lead.employees", FieldKind::Whole),
    ("lead.score", FieldKind::Whole),
    ("lead.language", FieldKind::Text),
    ("lead.source", FieldKind::Text),
    ("lead.title", FieldKind::Text),
    ("lead.intent", FieldKind::Text),
    ("lead.timeline", FieldKind::Text),
    ("lead.urgency", FieldKind::Text),
    ("lead.sentiment", FieldKind::Text),
    ("lead.tone", FieldKind::Text),
    ("lead.satisfaction", FieldKind::Whole),
    ("lead.budget", FieldKind::Text),
    ("lead.domain", FieldKind::Text),
    ("lead.company", FieldKind::Text),
    ("lead.live", FieldKind::Flag),
    ("lead.channel", FieldKind::Text),
    ("lead.products", FieldKind::Text),
    ("lead.consent.recording", FieldKind::Flag),
    ("lead.consent.callback", FieldKind::Flag),
    ("lead.consent.email", FieldKind::Flag),
    ("lead.consent.sms", FieldKind::Flag),
];

/// The same of accounts, without `account.`: what is open, which is counted only where rules ask for it.
pub const OF_OPPORTUNITIES: [(&str, FieldKind); 3] =
    [(OPEN_OPPORTUNITIES, FieldKind::Whole), (OPEN_AMOUNT, FieldKind::Number), (OPEN_STAGE, FieldKind::Text)];
pub const OF_CASES: [(&str, FieldKind); 2] = [(OPEN_CASES, FieldKind::Whole), (OLDEST_CASE, FieldKind::Date)];

/// Their whole paths, in the order of [`counted`].
pub const COUNTED: [&str; 5] = [
    "account.open_opportunities",
    "account.open_opportunity_amount",
    "account.open_opportunity_stage",
    "account.open_cases",
    "account.oldest_open_case",
];

/// All of what is counted of accounts.
pub fn counted() -> impl Iterator<Item = (&'static str, FieldKind)> {
    OF_OPPORTUNITIES.into_iter().chain(OF_CASES)
}

/// All values of a built-in field that has no others; `None` of one that takes any text.
pub fn closed_list(path: &str) -> Option<[&'static str; 5]> {
    match path {
        "lead.channel" => Some(LeadChannel::ALL.map(LeadChannel::as_str)),
        "lead.tone" => Some(Tone::ALL.map(Tone::as_str)),
        _ => None,
    }
}

/// What `lead` and `account` say to the field of this path; `None` where nothing is known.
pub fn field(lead: &Lead, account: Option<&Account>, path: &str) -> Option<Looked> {
    if let Some(name) = path.strip_prefix("account.") {
        return account?.fields.get(name).cloned().map(Looked::Value);
    }
    let name = path.strip_prefix("lead.")?;
    if let Some(custom) = name.strip_prefix("custom.") {
        return lead.custom.get(custom).cloned().map(Looked::Value);
    }
    built_in(lead, name)
}

fn built_in(lead: &Lead, name: &str) -> Option<Looked> {
    let (contact, company, said) = (&lead.contact, &lead.company, &lead.qualification);
    match name {
        "employees" => company.employees.as_ref().map(|known| Looked::Headcount(known.value)),
        "score" => said.score.as_ref().map(|known| Looked::Value(FieldValue::Number(f64::from(known.value)))),
        "satisfaction" => {
            said.satisfaction.as_ref().map(|known| Looked::Value(FieldValue::Number(f64::from(known.value))))
        }
        "tone" => word(said.tone.as_ref().map(|known| known.value.as_str())),
        "channel" => word(Some(lead.channel.as_str())),
        "live" => flag(Some(lead.is_live())),
        "consent.recording" => flag(given(lead.consent.recording)),
        "consent.callback" => flag(lead.agrees_to_calls()),
        "consent.email" => flag(given(lead.consent.email)),
        "consent.sms" => flag(given(lead.consent.sms)),
        "products" if said.products.is_empty() => None,
        "products" => Some(Looked::Value(FieldValue::List(said.products.clone()))),
        "source" => text(Some(&lead.source)),
        "country" => known(&company.country),
        "state" => known(&company.state),
        "region" => known(&company.region),
        "postal" => known(&company.postal),
        "city" => known(&company.city),
        "industry" => known(&company.industry),
        "domain" => known(&company.domain),
        "company" => known(&company.name),
        "language" => known(&contact.language),
        "title" => known(&contact.title),
        "intent" => known(&said.intent),
        "timeline" => known(&said.timeline),
        "urgency" => known(&said.urgency),
        "sentiment" => known(&said.sentiment),
        "budget" => known(&said.budget),
        _ => None,
    }
}

fn known(value: &Option<Known<String>>) -> Option<Looked> {
    text(value.as_ref().map(|known| &known.value))
}

fn word(value: Option<&str>) -> Option<Looked> {
    value.map(|word| Looked::Value(FieldValue::Text(word.to_owned())))
}

fn flag(value: Option<bool>) -> Option<Looked> {
    value.map(FieldValue::Flag).map(Looked::Value)
}

fn given(said: Option<ConsentSaid>) -> Option<bool> {
    said.map(|said| said.given)
}

fn text(value: Option<&String>) -> Option<Looked> {
    value.cloned().map(FieldValue::Text).map(Looked::Value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::account::MatchKey;
    use crate::domain::lead::{Company, Consent, Contact, PreferredHandoff, Qualification};
    use crate::routing::scenario::acme;
    use std::collections::BTreeMap;

    fn lead() -> Lead {
        let words = || Some(Known::from_caller("words".to_owned()));
        Lead {
            contact: Contact { title: words(), language: words(), ..Contact::default() },
            company: Company {
                name: words(),
                domain: words(),
                industry: words(),
                employees: Some(Known::from_caller(Headcount { at_least: 50, at_most: Some(100) })),
                country: words(),
                state: words(),
                region: words(),
                postal: words(),
                city: words(),
            },
            qualification: Qualification {
                score: Some(Known::from_caller(72)),
                intent: words(),
                timeline: words(),
                budget: words(),
                products: vec!["Voice".into()],
                urgency: words(),
                sentiment: words(),
                tone: Some(Known::from_caller(Tone::Hesitant)),
                satisfaction: Some(Known::from_caller(4)),
                ..Qualification::default()
            },
            consent: Consent {
                recording: Some(true.into()),
                callback: Some(false.into()),
                email: Some(true.into()),
                sms: Some(false.into()),
            },
            custom: BTreeMap::from([("seats".to_owned(), FieldValue::Number(12.0))]),
            ..acme()
        }
    }

    #[test]
    fn every_built_in_field_of_a_full_lead_is_known() {
        let lead = lead();
        for (path, _) in BUILT_IN {
            assert!(field(&lead, None, path).is_some(), "{path} has no value");
        }
    }

    #[test]
    fn a_consent_is_yes_or_no_or_unknown() {
        let of = |lead: &Lead, path: &str| match field(lead, None, path) {
            Some(Looked::Value(FieldValue::Flag(given))) => Some(given),
            Some(other) => panic!("{path} is {other:?}"),
            None => None,
        };
        let mut lead = lead();
        let said = ["recording", "callback", "email", "sms"].map(|name| of(&lead, &format!("lead.consent.{name}")));
        assert_eq!(said, [Some(true), Some(false), Some(true), Some(false)]);
        lead.consent = Consent::default();
        assert_eq!((of(&lead, "lead.consent.callback"), of(&lead, "lead.consent.email")), (None, None));
        lead.preference.handoff = Some(PreferredHandoff::Callback);
        assert_eq!(of(&lead, "lead.consent.callback"), Some(true), "they ask for it");
    }

    #[test]
    fn custom_and_account_fields_are_found_and_others_are_unknown() {
        let account = Account {
            crm_id: "001".into(),
            name: "Northwind".into(),
            domain: None,
            owner_crm_id: None,
            open_opportunity_owner_crm_id: None,
            matched_by: MatchKey::Domain,
            score_permille: 1000,
            fields: BTreeMap::from([("tier__c".to_owned(), FieldValue::Text("gold".into()))]),
        };
        let gold = Some(Looked::Value(FieldValue::Text("gold".into())));
        assert_eq!(field(&lead(), Some(&account), "account.tier__c"), gold);
        assert_eq!(field(&lead(), None, "account.tier__c"), None);
        assert_eq!(field(&lead(), None, "lead.custom.seats"), Some(Looked::Value(FieldValue::Number(12.0))));
        assert_eq!(field(&lead(), None, "lead.custom.other"), None);
        assert_eq!(field(&lead(), None, "lead.seats"), None);
    }
}
