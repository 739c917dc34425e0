//! Tiers and routes that no lead comes to: their own condition can never hold, or those before them take every lead for
//! which it does.
//!
//! Exact where it speaks: of every field that the conditions ask for, each value is tried that one of them could tell
//! from another, and that it is unknown. It keeps silent about a rule with an expression, and where there is too much to
//! try. Expressions of rules before it are left out, which can only make a rule easier to come to.

use crate::domain::lead::{FieldValue, Headcount};
use crate::rules::fault::{At, Faults};
use crate::rules::files::vocabulary::Vocabulary;
use crate::rules::model::condition::{Condition, IfUndecided};
use crate::rules::model::field::{BUILT_IN, FieldKind, Looked};
use crate::rules::model::set::RuleSet;
use crate::rules::model::truth::{Test, Truth, measure};
use crate::rules::model::witness::{Ends, Witness, text};
use crate::rules::resolve::Drafts;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

/// Leads that are tried of one rule; with more it is left alone.
const TRIED: usize = 200_000;
/// Values of one field of which every combination is tried, where a lead may have several.
const COMBINED: usize = 5;
/// A text that no rule names.
const OTHER: &str = "anything else";

pub fn warn(drafts: &Drafts, rules: &RuleSet, faults: &mut Faults) {
    let vocabulary = &drafts.routing.vocabulary;
    let tiers = rules.tiers.iter().map(|tier| OrderedRule {
        what: "tier",
        code: "tier-unreachable",
        name: tier.name.as_str(),
        line: tier.line,
        when: &tier.when,
        if_undecided: tier.if_undecided,
    });
    let routes = rules.routes.iter().map(|route| OrderedRule {
        what: "route",
        code: "route-unreachable",
        name: &route.name,
        line: route.line,
        when: &route.when,
        if_undecided: route.if_undecided,
    });
    for rules in [tiers.collect::<Vec<_>>(), routes.collect()] {
        for (index, rule) in rules.iter().enumerate() {
            rule.warn(&rules[..index], vocabulary, faults);
        }
    }
}

/// One of several, of which the first that holds wins.
struct OrderedRule<'r> {
    what: &'static str,
    code: &'static str,
    name: &'r str,
    line: u32,
    when: &'r Condition,
    if_undecided: IfUndecided,
}

/// A lead, by the fields that are asked for.
type Tried<'t> = BTreeMap<&'t str, Option<Looked>>;

impl OrderedRule<'_> {
    fn warn(&self, before: &[OrderedRule<'_>], vocabulary: &Vocabulary, faults: &mut Faults) {
        let before: Vec<&OrderedRule<'_>> = before.iter().filter(|rule| !rule.has_expression()).collect();
        if self.has_expression() || *self.when == Condition::Always {
            return;
        }
        let conditions = || before.iter().map(|rule| rule.when).chain([self.when]);
        let Some(values) = values(conditions, vocabulary) else { return };
        let mut takers: BTreeSet<usize> = BTreeSet::new();
        let mut shown: Option<(Tried<'_>, usize)> = None;
        for lead in Combinations::of(&values) {
            let lookup = |path: &str| lead.get(path).cloned().flatten();
            if self.when.evaluate(&lookup).0 != Truth::Yes {
                continue;
            }
            let Some(taker) = before.iter().position(|rule| rule.stops(&lookup)) else { return };
            takers.insert(taker);
            let unknown = |lead: &Tried<'_>| lead.values().filter(|value| value.is_none()).count();
            if shown.as_ref().is_none_or(|(other, _)| unknown(&lead) > unknown(other)) {
                shown = Some((lead.clone(), taker));
            }
        }
        let at = At { path: crate::rules::ROUTING, line: self.line, column: 1 };
        let Self { what, name, .. } = self;
        let Some((lead, taker)) = shown else {
            faults
                .warning(
                    self.code,
                    at,
                    format!("{what} {name}, whose condition never holds"),
                    "a condition that some lead meets",
                )
                .hint(Some("two of its parts exclude each other".to_owned()));
            return;
        };
        let names: Vec<&str> = takers.iter().map(|index| before[*index].name).collect();
        let found = format!("{what} {name}, all of whose leads are taken by {}", names.join(" and "));
        let ends = Ends::Rule { what, name: before[taker].name.to_owned() };
        let witness = lead
            .into_iter()
            .filter(|(_, value)| value.is_some())
            .fold(Witness::new(ends), |witness, (path, value)| witness.with(path, value));
        let fault = faults.warning(self.code, at, found, format!("a {what} that some lead comes to")).example(witness);
        fault.hint(Some(format!("the first that fits wins: put {name} above, or delete it")));
    }

    fn has_expression(&self) -> bool {
        let mut found = false;
        self.when.each_part(&mut |part| found |= matches!(part, Condition::Expression(_)));
        found
    }

    /// Whether a lead goes no further than this rule.
    fn stops(&self, lookup: &dyn Fn(&str) -> Option<Looked>) -> bool {
        match self.when.evaluate(lookup).0 {
            Truth::Yes => true,
            Truth::Undecided => self.if_undecided == IfUndecided::CatchAll,
            Truth::No => false,
        }
    }
}

/// What is tried of each field; `None` among them is that it is unknown.
type Values<'c> = Vec<(&'c str, Vec<Option<Looked>>)>;

/// By field, what is tried; `None` where that would not be all.
fn values<'c, I: Iterator<Item = &'c Condition>>(
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
    Some(values.into_iter().map(Some).chain([None]).collect())
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
    let mut named: BTreeSet<String> = BTreeSet::new();
    for test in tests {
        match test {
            Test::OneOf(values) => named
                .extend(values.iter().map(|value| crate::rules::model::witness::spell(&Looked::Value(value.clone())))),
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
struct Combinations<'v, 'c> {
    values: &'v Values<'c>,
    next: usize,
    count: usize,
}

impl<'v, 'c> Combinations<'v, 'c> {
    fn of(values: &'v Values<'c>) -> Self {
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
