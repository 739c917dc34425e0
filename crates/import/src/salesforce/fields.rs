//! Their fields and ours. What a custom field holds is read off the values that the rules compare it with.

use super::asked::{Criterion, Operation};
use super::values::{self, is_relative};
use crate::slug;
use std::collections::BTreeMap;

/// Their field and ours; what is not listed becomes `lead.custom.NAME`. `LeadSource` is not ours: it is the marketing source,
/// and `lead.source` is the platform that sent the event.
const FIELDS: [(&str, &str, ValueKind); 14] = [
    ("country", "lead.country", ValueKind::Country),
    ("countrycode", "lead.country", ValueKind::Country),
    ("state", "lead.state", ValueKind::State),
    ("statecode", "lead.state", ValueKind::State),
    ("postalcode", "lead.postal", ValueKind::Text),
    ("city", "lead.city", ValueKind::Text),
    ("industry", "lead.industry", ValueKind::Text),
    ("numberofemployees", "lead.employees", ValueKind::Whole),
    ("title", "lead.title", ValueKind::Text),
    ("company", "lead.company", ValueKind::Text),
    ("website", "lead.domain", ValueKind::Site),
    ("language__c", "lead.language", ValueKind::Language),
    ("score__c", "lead.score", ValueKind::Whole),
    ("region__c", "lead.region", ValueKind::Text),
];

/// Amounts and days that every Salesforce has.
const STANDARD: [(&str, ValueKind); 3] =
    [("annualrevenue", ValueKind::Number), ("hasoptedoutofemail", ValueKind::Flag), ("donotcall", ValueKind::Flag)];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueKind {
    Text,
    Country,
    State,
    Language,
    /// A website there, a domain here.
    Site,
    Whole,
    Number,
    Flag,
    Date,
    /// When the record was made: today, since the lead is new.
    Created,
}

impl ValueKind {
    /// As `fields:` declares it.
    pub(super) fn declared(self) -> &'static str {
        match self {
            Self::Whole | Self::Number => "number",
            Self::Flag => "flag",
            Self::Date | Self::Created => "date",
            Self::Text | Self::Country | Self::State | Self::Language | Self::Site => "text",
        }
    }

    /// A part of it can be asked for.
    pub(super) fn is_textual(self) -> bool {
        matches!(self, Self::Text | Self::Site)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub path: String,
    pub kind: ValueKind,
    /// Declared in `fields:`; the event has to bring it.
    pub custom: bool,
    /// Where it is asked for first.
    pub line: u32,
    pub theirs: String,
}

/// Every field that is asked for, by its name in small letters.
pub(super) type Fields = BTreeMap<String, Field>;

/// # Errors
/// The rules are not of leads.
pub(super) fn of<'a>(criteria: impl Iterator<Item = &'a Criterion>) -> Result<Fields, String> {
    let mut asked: BTreeMap<String, Vec<&Criterion>> = BTreeMap::new();
    for criterion in criteria {
        if let Some((object, _)) = criterion.field.split_once('.')
            && object.eq_ignore_ascii_case("case")
        {
            return Err(format!(
                "line {}: {} is a field of cases: these are the assignment rules of cases; export those of leads \
                 (Lead.assignmentRules-meta.xml)",
                criterion.line, criterion.field
            ));
        }
        asked.entry(name(&criterion.field)).or_default().push(criterion);
    }
    let mut fields = Fields::new();
    for (name, criteria) in asked {
        let known = FIELDS.iter().find(|(theirs, ..)| *theirs == name);
        let known = known.filter(|(_, _, kind)| fits(*kind, &criteria));
        let (path, kind) = match known {
            Some((_, ours, kind)) => ((*ours).to_owned(), *kind),
            None => {
                let plain = slug(name.trim_end_matches("__c"), '_').replace('.', "_");
                (format!("lead.custom.{plain}"), custom_kind(&name, &criteria))
            }
        };
        let (line, theirs) = (criteria[0].line, criteria[0].field.clone());
        fields.insert(name, Field { path, kind, custom: known.is_none(), line, theirs });
    }
    Ok(fields)
}

/// `country` of `Lead.Country`. A field of another object keeps its object.
pub(super) fn name(field: &str) -> String {
    let lower = field.to_lowercase();
    lower.strip_prefix("lead.").map(str::to_owned).unwrap_or(lower)
}

/// A score that is a letter is none of ours: it becomes a custom field.
fn fits(kind: ValueKind, criteria: &[&Criterion]) -> bool {
    kind != ValueKind::Whole || every_value(criteria, |value| values::amount(value).is_some_and(|n| n.fract() == 0.0))
}

fn custom_kind(name: &str, criteria: &[&Criterion]) -> ValueKind {
    if name == "createddate" {
        return ValueKind::Created;
    }
    if let Some((_, kind)) = STANDARD.iter().find(|(theirs, _)| *theirs == name) {
        return *kind;
    }
    let sized = criteria.iter().any(|criterion| criterion.operation.sign().is_some());
    let date = |value: &str| values::looks_like_date(value) || is_relative(value);
    let plain = criteria.iter().all(|criterion| criterion.operation == Operation::Equals);
    if criteria.iter().any(|criterion| !criterion.value.is_empty()) {
        if every_value(criteria, date) {
            return ValueKind::Date;
        }
        if plain && every_value(criteria, |value| values::flag(value).is_some()) {
            return ValueKind::Flag;
        }
        if sized && every_value(criteria, |value| values::amount(value).is_some()) {
            return ValueKind::Number;
        }
    }
    ValueKind::Text
}

fn every_value(criteria: &[&Criterion], fits: impl Fn(&str) -> bool) -> bool {
    criteria.iter().all(|criterion| values::of(criterion).iter().all(|value| fits(value)))
}
