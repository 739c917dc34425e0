//! The leads that are tried of a rule: every value that one of the conditions could tell from another, in every combination.

use crate::domain::lead::{FieldValue, Headcount};
use crate::rules::files::vocabulary::Vocabulary;
use crate::rules::model::condition::Condition;
use crate::rules::model::field::{BUILT_IN, FieldKind, Looked, closed_list};
use crate::rules::model::truth::{Test, measure};
use crate::rules::model::witness::{spell, text};
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

/// Leads that are tried of one rule; with more it is left alone.
const TRIED: usize = 200_000;
/// Values of one field of which every combination is tried, where a lead may have several.
const COMBINED: usize = 5;
/// A text that no rule names.
const OTHER: &str = "anything else";

/// A lead, by the fields that are asked for.
pub(super) type Tried<'t> = BTreeMap<&'t str, Option<Looked>>;

/// What is tried of each field; `None` among them is that it is unknown.
type Values<'c> = Vec<(&'c str, Vec<Option<Looked>>)>;

/// By field, what is tried; `None` where that would not be all.
pub(super) fn values<'c, I: Iterator<Item = &'c Condition>>(
    conditions: impl Fn() -> I,
    vocabulary: &Vocabulary,
) -> Option<Values<'c>> {
    let mut tests: BTreeMap<&str, Vec<&Test>> = BTreeMap::new();
    for condition in conditions() {
        condition.each_part(&mut |part| {
            if let Condition::Field { field, test } = part {
                tests.entry(field).or_default().push(test);
            }
        });
    }
    let mut all = Vec::new();
    let mut count: usize = 1;
    for (field, tests) in tests {
        let kind = vocabulary.get(field).map_or(FieldKind::Text, |spec| spec.kind);
        let values = of_field(field, kind, &tests)?;
        count = count.checked_mul(values.len())?;
        all.push((field, values));
    }
    (count <= TRIED).then_some(all)
}

/// The unknown comes last, so that a lead that is shown is one that can be imagined.
fn of_field(field: &str, kind: FieldKind, tests: &[&Test]) -> Option<Vec<Option<Looked>>> {
    let numbers = borders(kind, tests);
    let mut values: Vec<Looked> = match (field, kind) {
        ("lead.employees", _) => heads(&numbers),
        (_, FieldKind::Number | FieldKind::Whole) => {
            numbers.iter().map(|number| Looked::Value(FieldValue::Number(*number))).collect()
        }
        (_, FieldKind::Date) => numbers.iter().filter_map(|number| date(*number)).collect(),
        (_, FieldKind::Flag) => [true, false].map(FieldValue::Flag).map(Looked::Value).to_vec(),
        (_, FieldKind::Text) => texts(field, tests)?,
    };
    let single = BUILT_IN.iter().any(|(path, _)| *path == field);
    if !single && kind != FieldKind::Text {
        // A declared field may hold what is not of its type.
        values.push(text(OTHER));
    }
    // Every lead came somehow.
    let unknown = (field != "lead.channel").then_some(None);
    Some(values.into_iter().map(Some).chain(unknown).collect())
}

/// Every number that is named, and its neighbours.
fn borders(kind: FieldKind, tests: &[&Test]) -> Vec<f64> {
    let mut named: Vec<f64> = Vec::new();
    for test in tests {
        match test {
            Test::Range { at_least, at_most } => named.extend([at_least, at_most].into_iter().flatten()),
            Test::OneOf(values) => named.extend(values.iter().filter_map(measure)),
            Test::Prefix(_) | Test::Known(_) => {}
        }
    }
    let beside = |number: f64| match kind {
        FieldKind::Number => [number.next_down(), number, number.next_up()],
        FieldKind::Text | FieldKind::Whole | FieldKind::Flag | FieldKind::Date => [number - 1.0, number, number + 1.0],
    };
    let mut all: Vec<f64> = named.into_iter().flat_map(beside).collect();
    all.sort_by(f64::total_cmp);
    all.dedup();
    if all.is_empty() { vec![1.0] } else { all }
}

/// Exact counts, and ranges from each to each: what is said is often "a few hundred".
fn heads(numbers: &[f64]) -> Vec<Looked> {
    let counts: Vec<u32> = numbers.iter().filter(|number| **number >= 0.0).map(|number| *number as u32).collect();
    let exact = counts.iter().map(|heads| Headcount { at_least: *heads, at_most: Some(*heads) });
    let ranges = counts.iter().enumerate().flat_map(|(index, least)| {
        let closed = counts[index + 1..].iter().map(|most| Headcount { at_least: *least, at_most: Some(*most) });
        closed.chain([Headcount { at_least: *least, at_most: None }])
    });
    exact.chain(ranges).map(Looked::Headcount).collect()
}

fn date(day: f64) -> Option<Looked> {
    Some(text(&NaiveDate::from_num_days_from_ce_opt(day as i32)?.to_string()))
}

/// Every text that is named, one that only begins so, and another; of fields that may hold several, every combination.
fn texts(field: &str, tests: &[&Test]) -> Option<Vec<Looked>> {
    if let Some(words) = closed_list(field) {
        return Some(words.map(text).to_vec());
    }
    let mut named: BTreeSet<String> = BTreeSet::new();
    for test in tests {
        match test {
            Test::OneOf(values) => named.extend(values.iter().map(|value| spell(&Looked::Value(value.clone())))),
            Test::Prefix(prefixes) => {
                named.extend(prefixes.iter().flat_map(|prefix| [prefix.clone(), format!("{prefix}0")]))
            }
            Test::Range { .. } | Test::Known(_) => {}
        }
    }
    let named: Vec<String> = named.into_iter().chain([OTHER.to_owned()]).collect();
    let several = field == "lead.products" || !BUILT_IN.iter().any(|(path, _)| *path == field);
    if !several {
        return Some(named.iter().map(|value| text(value)).collect());
    }
    if named.len() > COMBINED {
        return None;
    }
    let chosen = |mask: usize| {
        named.iter().enumerate().filter(move |(bit, _)| mask & (1 << bit) != 0).map(|(_, value)| value.clone())
    };
    let mut lists: Vec<Vec<String>> = (1..1_usize << named.len()).map(|mask| chosen(mask).collect()).collect();
    lists.sort_by_key(Vec::len);
    Some(
        lists
            .into_iter()
            .map(|mut list| if list.len() == 1 { text(&list.remove(0)) } else { Looked::Value(FieldValue::List(list)) })
            .collect(),
    )
}

/// Each value of each field with each of every other.
pub(super) struct Combinations<'v, 'c> {
    values: &'v Values<'c>,
    next: usize,
    count: usize,
}

impl<'v, 'c> Combinations<'v, 'c> {
    pub(super) fn of(values: &'v Values<'c>) -> Self {
        Self { values, next: 0, count: values.iter().map(|(_, values)| values.len()).product() }
    }
}

impl<'c> Iterator for Combinations<'_, 'c> {
    type Item = Tried<'c>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut rest = self.next;
        if rest == self.count {
            return None;
        }
        self.next += 1;
        let pick = |(field, values): &(&'c str, Vec<Option<Looked>>)| {
            let value = values[rest % values.len()].clone();
            rest /= values.len();
            (*field, value)
        };
        Some(self.values.iter().map(pick).collect())
    }
}
