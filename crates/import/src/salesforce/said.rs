//! What an entry asks, in the language of rules.
//!
//! There, a test has two answers: an empty field does not equal `Retail`. Here it has three: a field that is unknown leaves
//! it open. So whatever is denied there is said here as "unknown, or not that", however deep the denial stands.

use super::asked::{Criteria, Criterion, Operation};
use super::clause::{Clause, all, any, is, known, literal, not};
use super::fields::{Field, Fields, ValueKind, name};
use super::states::States;
use super::values;
use crate::yaml_text;
use baton_core::rules::words::{language, place};
use std::collections::BTreeSet;

/// What was left out of a condition that is said all the same.
pub(super) struct Speaker<'s> {
    pub fields: &'s Fields,
    pub states: &'s States,
    /// Line, what was found, what to do.
    pub notes: Vec<(u32, String, String)>,
}

impl Speaker<'_> {
    /// # Errors
    /// Part of it cannot be said; the message says which.
    pub(super) fn say(&mut self, asked: &Criteria) -> Result<Clause, String> {
        let mut countries = BTreeSet::new();
        asked.each_test(&mut |test| {
            if name(&test.field) == "country" && test.operation == Operation::Equals && !test.negated {
                countries.extend(values::of(test).iter().filter_map(|value| place::country(value)));
            }
        });
        let mut only = countries.into_iter();
        let country = only.next().filter(|_| only.next().is_none());
        self.part(asked, false, country)
    }

    fn part(&mut self, asked: &Criteria, denied: bool, country: Option<&str>) -> Result<Clause, String> {
        match asked {
            Criteria::Not(inner) => self.part(inner, !denied, country),
            Criteria::Test(criterion) => self.test(criterion, denied != criterion.negated, country),
            // Not both is: not one, or not the other.
            Criteria::All(parts) | Criteria::Any(parts) => {
                let both = matches!(asked, Criteria::All(_)) != denied;
                let parts: Vec<Clause> =
                    parts.iter().map(|part| self.part(part, denied, country)).collect::<Result<_, _>>()?;
                Ok(if both { all(parts) } else { any(parts) })
            }
        }
    }

    fn test(&mut self, criterion: &Criterion, denied: bool, country: Option<&str>) -> Result<Clause, String> {
        let theirs = &criterion.field;
        let field = &self.fields[&name(theirs)];
        if field.theirs.contains('.') && !field.theirs.to_lowercase().starts_with("lead.") {
            return Err(format!("{theirs} is not a field of the lead"));
        }
        let values = values::of(criterion);
        if values.is_empty() {
            return match criterion.operation {
                Operation::Equals => Ok(known(&field.path, denied)),
                _ => Err(format!("{theirs} is compared with nothing")),
            };
        }
        if field.kind == ValueKind::Created {
            return created(criterion, &values, denied);
        }
        let said = match criterion.operation {
            Operation::Equals => self.equals(criterion, field, &values, country)?,
            Operation::Includes => includes(field, &values),
            Operation::StartsWith if field.kind.is_textual() => prefix(field, &values),
            Operation::Contains if field.kind.is_textual() => contains(field, &values),
            Operation::StartsWith | Operation::Contains => {
                return Err(format!("{theirs} is asked for a part of its text, and is {} here", field.kind.declared()));
            }
            Operation::Less | Operation::LessOrEqual | Operation::Greater | Operation::GreaterOrEqual => {
                sized(criterion, field, &values)?
            }
        };
        Ok(if denied { not(said) } else { said })
    }

    fn equals(
        &mut self,
        criterion: &Criterion,
        field: &Field,
        values: &[String],
        country: Option<&str>,
    ) -> Result<Clause, String> {
        match field.kind {
            ValueKind::Country => {
                let codes =
                    self.each(criterion, values, "country", |value| place::country(value).map(str::to_owned))?;
                Ok(one_of(field, &codes))
            }
            ValueKind::Language => {
                let codes =
                    self.each(criterion, values, "language", |value| language::parse(value).map(str::to_owned))?;
                Ok(one_of(field, &codes))
            }
            ValueKind::State => self.states(criterion, values, country),
            ValueKind::Whole | ValueKind::Number => {
                let values = values::numbers(criterion);
                let numbers = self.each(criterion, &values, "number", |value| {
                    values::amount(value).map(|amount| amount.to_string())
                })?;
                let list = numbers.join(", ");
                Ok(is(&field.path, if numbers.len() == 1 { list } else { format!("[{list}]") }))
            }
            ValueKind::Flag => {
                let flags: BTreeSet<bool> = values.iter().filter_map(|value| values::flag(value)).collect();
                match flags.first() {
                    Some(flag) if flags.len() == 1 => Ok(is(&field.path, if *flag { "yes" } else { "no" })),
                    _ => Err(format!("{} is both checked and not", criterion.field)),
                }
            }
            ValueKind::Date => {
                let days: Vec<String> = values.iter().map(|value| day(criterion, value)).collect::<Result<_, _>>()?;
                Ok(one_of(field, &days))
            }
            ValueKind::Site => Ok(one_of(field, &values.iter().map(|value| values::site(value)).collect::<Vec<_>>())),
            ValueKind::Text | ValueKind::Created => Ok(one_of(field, values)),
        }
    }

    /// What is known of a list is kept, the rest is told; a list of which nothing is known cannot be said.
    fn each(
        &mut self,
        criterion: &Criterion,
        values: &[String],
        what: &str,
        read: impl Fn(&str) -> Option<String>,
    ) -> Result<Vec<String>, String> {
        let mut known: Vec<String> = Vec::new();
        for value in values {
            match read(value) {
                Some(value) if known.contains(&value) => {}
                Some(value) => known.push(value),
                None if values.len() == 1 => return Err(format!("{what} {value:?} is not known")),
                None => self.notes.push((
                    criterion.line,
                    format!("{what} {value:?} of {} is not known, and was left out of its list", criterion.field),
                    "add it by hand".to_owned(),
                )),
            }
        }
        if known.is_empty() { Err(format!("no {what} of {:?} is known", criterion.value)) } else { Ok(known) }
    }

    /// States of the entry's country; without one, of the country that most states of the file lie in. The country is said
    /// too, since other countries use the same codes.
    fn states(&mut self, criterion: &Criterion, values: &[String], country: Option<&str>) -> Result<Clause, String> {
        let states = self.states;
        let full = self.each(criterion, values, "state", |value| states.read(country, value))?;
        let countries: BTreeSet<&str> = full.iter().filter_map(|code| Some(code.split_once('-')?.0)).collect();
        let of = |nation: &str| {
            let codes = full.iter().filter_map(|code| code.split_once('-').filter(|(of, _)| *of == nation));
            let codes: Vec<String> = codes.map(|(_, code)| yaml_text(code)).collect();
            let states = is("lead.state", format!("[{}]", codes.join(", ")));
            if country == Some(nation) {
                return states;
            }
            all(vec![is("lead.country", format!("[{}]", yaml_text(nation))), states])
        };
        Ok(any(countries.into_iter().map(of).collect()))
    }
}

/// A lead is made now: today holds always, a day that moves with the calendar may, and the rest is told.
fn created(criterion: &Criterion, values: &[String], denied: bool) -> Result<Clause, String> {
    let now = matches!(criterion.operation, Operation::Equals) && values.iter().any(|value| values::holds_today(value))
        || matches!(criterion.operation, Operation::LessOrEqual | Operation::GreaterOrEqual)
            && values.iter().all(|value| value.eq_ignore_ascii_case("today"));
    if now && !denied {
        return Ok(Clause::Always);
    }
    Err(format!("{} is when a record was made, which is now for every lead of a call", criterion.field))
}

fn sized(criterion: &Criterion, field: &Field, values: &[String]) -> Result<Clause, String> {
    let sign = criterion.operation.sign().unwrap_or_default();
    let value = values.first().map_or("", String::as_str);
    let size = match field.kind {
        ValueKind::Whole | ValueKind::Number => values::amount(value).map(|amount| amount.to_string()),
        ValueKind::Date => Some(day(criterion, value)?),
        _ => None,
    };
    let size = size.ok_or_else(|| {
        format!("{} {sign} {value}: only numbers and dates are compared by size here", criterion.field)
    })?;
    Ok(is(&field.path, yaml_text(&format!("{sign} {size}"))))
}

fn day(criterion: &Criterion, value: &str) -> Result<String, String> {
    values::date(value).map(|day| day.to_string()).ok_or_else(|| {
        let why = if values::is_relative(value) { "moves with the calendar" } else { "can be read as two days" };
        format!("{} {value:?}: a day that {why} cannot be said here", criterion.field)
    })
}

/// `A;B` asks for both, `A,B` for one of them.
fn includes(field: &Field, values: &[String]) -> Clause {
    let mut single = Vec::new();
    let mut parts = Vec::new();
    for value in values {
        let together: Vec<String> =
            value.split(';').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect();
        if let [one] = &together[..] {
            single.push(one.clone());
        } else {
            parts.push(all(together.iter().map(|one| one_of(field, std::slice::from_ref(one))).collect()));
        }
    }
    if !single.is_empty() {
        parts.push(one_of(field, &single));
    }
    any(parts)
}

fn prefix(field: &Field, values: &[String]) -> Clause {
    let site = field.kind == ValueKind::Site;
    let starts: Vec<String> =
        values.iter().map(|value| yaml_text(&if site { values::site(value) } else { value.clone() })).collect();
    is(&field.path, format!("{{ prefix: [{}] }}", starts.join(", ")))
}

fn contains(field: &Field, values: &[String]) -> Clause {
    let parts = values.iter().map(|value| {
        let text = if field.kind == ValueKind::Site { values::site(value) } else { value.clone() };
        Clause::When { path: field.path.clone(), expression: format!("{}.contains({})", field.path, literal(&text)) }
    });
    any(parts.collect())
}

/// One of these values. A text that begins with a sign looks like a range there, and is an expression.
fn one_of(field: &Field, values: &[String]) -> Clause {
    let sign = |value: &&String| value.starts_with(['<', '>']) && field.kind.is_textual();
    let plain: Vec<String> = values.iter().filter(|value| !sign(value)).map(|value| yaml_text(value)).collect();
    let signs = values.iter().filter(sign).map(|value| {
        let expression = format!("{} == {}", field.path, literal(value));
        Clause::When { path: field.path.clone(), expression }
    });
    let mut parts: Vec<Clause> = signs.collect();
    if !plain.is_empty() {
        parts.insert(0, is(&field.path, format!("[{}]", plain.join(", "))));
    }
    any(parts)
}
