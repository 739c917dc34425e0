//! What a workspace's rules name: the countries, industries, sizes, sources and other words by which they tell one lead
//! from another. Made-up leads are made of them.

use crate::domain::crm_id::CrmId;
use crate::domain::lead::FieldValue;
use crate::rules::RuleSet;
use crate::rules::model::condition::Condition;
use crate::rules::model::expression::{Amount, Term};
use crate::rules::model::row::{NamedAccount, TerritoryRow};
use crate::rules::model::truth::Test;
use std::collections::{BTreeMap, BTreeSet};

/// Over one set of rules or several: a comparison asks what either of them names.
#[derive(Debug, Default)]
pub(super) struct Named<'r> {
    /// Rows that differ in more than their place in the file; line by line, so that a row with a list counts once.
    pub rows: Vec<&'r TerritoryRow>,
    pub accounts: Vec<&'r NamedAccount>,
    pub countries: Vec<&'r str>,
    /// By country; under "" those that stand without one.
    pub states: BTreeMap<&'r str, Vec<&'r str>>,
    pub industries: Vec<&'r str>,
    pub languages: Vec<&'r str>,
    /// Of reps who are active, so that an owner can be made up.
    pub crm_ids: Vec<&'r CrmId>,
    /// By path, what conditions test a field for; employees and the score too.
    pub fields: BTreeMap<&'r str, Words<'r>>,
}

/// What conditions ask of one field.
#[derive(Debug, Default)]
pub(super) struct Words<'r> {
    pub values: Vec<&'r FieldValue>,
    pub prefixes: Vec<&'r str>,
    /// Where a range begins or ends.
    pub borders: Vec<f64>,
}

impl<'r> Named<'r> {
    pub(super) fn of(sets: &[&'r RuleSet]) -> Self {
        let mut named = Self::default();
        for rules in sets {
            named.add(rules);
        }
        let mut seen = BTreeSet::new();
        named.rows.retain(|row| seen.insert(key(row)));
        named.crm_ids.sort_unstable();
        named.crm_ids.dedup();
        for list in [&mut named.countries, &mut named.industries, &mut named.languages] {
            list.sort_unstable();
            list.dedup();
        }
        for list in named.states.values_mut() {
            list.sort_unstable();
            list.dedup();
        }
        for words in named.fields.values_mut() {
            words.borders.sort_by(f64::total_cmp);
            words.borders.dedup();
        }
        named
    }

    fn add(&mut self, rules: &'r RuleSet) {
        for row in rules.territories.rows() {
            self.countries.extend(row.country.as_deref());
            self.industries.extend(row.industry.as_deref());
            if let Some(state) = &row.state {
                self.states.entry(row.country.as_deref().unwrap_or("")).or_default().push(state);
            }
            self.rows.push(row);
        }
        self.accounts.extend(rules.territories.accounts());
        for rep in rules.reps.values().filter(|rep| rep.active) {
            self.languages.extend(rep.languages.iter().map(String::as_str));
            self.crm_ids.extend(&rep.crm_id);
        }
        for tier in &rules.tiers {
            self.condition(&tier.when);
        }
        for route in &rules.routes {
            self.condition(&route.when);
        }
        for row in rules.territories.rows() {
            let (least, most) = row.employees.unwrap_or_default();
            let borders = &mut self.fields.entry("lead.employees").or_default().borders;
            borders.extend([least, most].into_iter().flatten().map(f64::from));
        }
    }

    fn condition(&mut self, condition: &'r Condition) {
        match condition {
            Condition::Always => {}
            Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| self.condition(part)),
            Condition::Not(inner) => self.condition(inner),
            Condition::Field { field, test } => self.test(field, test),
            Condition::Segment { is, .. } => self.condition(is),
            Condition::Expression(expression) => {
                // Of what is computed from several fields no value is known: leads meet it as often as chance has it.
                expression.each_field(&mut |field| {
                    self.fields.entry(field).or_default();
                });
                self.term(&expression.means);
            }
        }
    }

    fn term(&mut self, term: &'r Term) {
        match term {
            Term::All(parts) | Term::Any(parts) => parts.iter().for_each(|part| self.term(part)),
            Term::Not(inner) => self.term(inner),
            Term::Choose { when, then, otherwise } => {
                [when, then, otherwise].into_iter().for_each(|part| self.term(part));
            }
            Term::Field { field, test } => self.test(field, test),
            Term::Piece { field, text, .. } => self.fields.entry(field).or_default().prefixes.push(text),
            Term::Compare { left: Amount::Field(field), right: Amount::Number(border), .. }
            | Term::Compare { left: Amount::Number(border), right: Amount::Field(field), .. } => {
                self.fields.entry(field).or_default().borders.push(*border);
            }
            Term::Compare { .. } | Term::Same { .. } => {}
        }
    }

    fn test(&mut self, field: &'r str, test: &'r Test) {
        let words = self.fields.entry(field).or_default();
        match test {
            Test::OneOf(values) => words.values.extend(values),
            Test::Prefix(prefixes) => words.prefixes.extend(prefixes.iter().map(String::as_str)),
            Test::Range { at_least, at_most } => words.borders.extend([at_least, at_most].into_iter().flatten()),
            Test::Known(_) => {}
        }
        let texts = words.values.iter().filter_map(|value| match value {
            FieldValue::Text(text) => Some(text.as_str()),
            FieldValue::Flag(_) | FieldValue::Number(_) | FieldValue::List(_) => None,
        });
        match field {
            "lead.country" => self.countries.extend(texts),
            "lead.industry" => self.industries.extend(texts),
            "lead.language" => self.languages.extend(texts),
            _ => {}
        }
    }
}

/// A row by what it fixes, so that the same row of two worlds is drawn once.
fn key(row: &TerritoryRow) -> impl Ord + use<> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    (
        text(&row.country),
        text(&row.state),
        text(&row.region),
        text(&row.postal_prefix),
        text(&row.industry),
        row.employees,
    )
}
