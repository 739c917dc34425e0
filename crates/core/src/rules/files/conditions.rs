//! Conditions as people write them: a map of fields and what they should be, several keys meaning *all*.

use crate::domain::lead::FieldValue;
use crate::rules::fault::{Faults, Word, quoted};
use crate::rules::files::expression::{self, Origin};
use crate::rules::files::segments;
use crate::rules::files::vocabulary::{FieldDef, Vocabulary};
use crate::rules::files::yaml::{Data, Node, Section};
use crate::rules::model::condition::Condition;
use crate::rules::model::field::{BUILT_IN, FieldKind};
use crate::rules::model::truth::{Test, day_number};
use crate::rules::words::values::{self, Bound};

/// The condition of a rule: its entries that the rule itself has not asked for. [`Condition::Always`] if there are none.
///
/// Refuses what is no field of the vocabulary, so the section needs no [`Section::finish`] after this.
pub(crate) fn of_rule(section: &mut Section<'_>, vocabulary: &Vocabulary, faults: &mut Faults) -> Condition {
    let mut parts = Vec::new();
    let any = section.get("any").map(|node| Condition::Any(group(node, vocabulary, faults)));
    let all = section.get("all").map(|node| Condition::All(group(node, vocabulary, faults)));
    let not = section.get("not").map(|node| Condition::Not(Box::new(map(node, vocabulary, faults))));
    let segment = section.get("segment").and_then(|node| segments::named(node, &vocabulary.segments, faults));
    let when = section.get("when").and_then(|node| expression(node, vocabulary, faults));
    parts.extend([any, all, not, segment, when].into_iter().flatten());
    for (path, node) in section.others() {
        if let Some(spec) = vocabulary.get(&path.text) {
            parts.extend(field(path, spec, node, vocabulary, faults));
        } else if path.text.starts_with("lead.") || path.text.starts_with("account.") {
            faults.name(path, "condition-unknown-field", "field", vocabulary.paths());
        } else {
            section.refuse(path, vocabulary.paths(), faults);
        }
    }
    match parts.len() {
        0 => Condition::Always,
        1 => parts.swap_remove(0),
        _ => Condition::All(parts),
    }
}

fn expression(node: &Node, vocabulary: &Vocabulary, faults: &mut Faults) -> Option<Condition> {
    let word = node.word(faults)?;
    let origin = Origin { at: node.at, inset: node.inset };
    expression::read(&word.text, origin, vocabulary, faults).map(Condition::Expression)
}

/// A condition that stands alone, as an item of `any:`.
pub(crate) fn map(node: &Node, vocabulary: &Vocabulary, faults: &mut Faults) -> Condition {
    let mut section = node.section(faults);
    let condition = of_rule(&mut section, vocabulary, faults);
    if matches!(&node.data, Data::Map(entries) if entries.is_empty()) {
        faults.error("condition-empty", node.at, "no condition", "at least one field with a value");
    }
    condition
}

fn group(node: &Node, vocabulary: &Vocabulary, faults: &mut Faults) -> Vec<Condition> {
    let items = node.list(faults);
    if matches!(&node.data, Data::List(items) if items.is_empty()) {
        faults.error("condition-empty", node.at, "an empty list", "at least one condition");
    }
    items.iter().map(|item| map(item, vocabulary, faults)).collect()
}

fn field(path: &Word, spec: &FieldDef, node: &Node, vocabulary: &Vocabulary, faults: &mut Faults) -> Option<Condition> {
    let reader = ConditionReader { path: &path.text, spec, vocabulary };
    reader.value(node, faults)
}

struct ConditionReader<'r> {
    path: &'r str,
    spec: &'r FieldDef,
    vocabulary: &'r Vocabulary,
}

impl ConditionReader<'_> {
    fn value(&self, node: &Node, faults: &mut Faults) -> Option<Condition> {
        match &node.data {
            Data::Empty => {
                let hint = "write { known: false } for a field that must be unknown";
                faults
                    .error(
                        "condition-empty",
                        node.at,
                        "nothing",
                        "a value, a list, a range or a test such as { not: x }",
                    )
                    .hint(Some(hint.to_owned()));
                None
            }
            Data::Text(text) => {
                let word = Word { text: text.trim().to_owned(), at: node.at };
                self.word(&word, faults).map(|test| self.field(test))
            }
            Data::List(items) => self.list(node, items, faults),
            Data::Map(_) => self.tests(node, faults),
        }
    }

    fn field(&self, test: Test) -> Condition {
        Condition::Field { field: self.path.to_owned(), test }
    }

    /// A list is *one of*; ranges may stand in it too.
    fn list(&self, node: &Node, items: &[Node], faults: &mut Faults) -> Option<Condition> {
        if items.is_empty() {
            faults.error("condition-empty", node.at, "an empty list", "at least one value");
            return None;
        }
        let words = node.words(faults);
        let tests: Vec<Option<Test>> = words.iter().map(|word| self.word(word, faults)).collect();
        let mut values = Vec::new();
        let mut others = Vec::new();
        for test in tests {
            match test? {
                Test::OneOf(found) => values.extend(found),
                range => others.push(self.field(range)),
            }
        }
        if others.is_empty() {
            return Some(self.field(Test::OneOf(values)));
        }
        if !values.is_empty() {
            others.push(self.field(Test::OneOf(values)));
        }
        Some(Condition::Any(others))
    }

    /// `{ not: …, prefix: …, known: … }`, all of them.
    fn tests(&self, node: &Node, faults: &mut Faults) -> Option<Condition> {
        let mut section = node.section(faults);
        let not = section.get("not").and_then(|node| self.value(node, faults));
        let prefix = section.get("prefix").and_then(|node| self.prefix(node, faults));
        let known = section.get("known").and_then(|node| {
            let word = node.word(faults)?;
            let known = faults.read(&word, "condition-bad-flag", values::FLAG, values::flag)?;
            Some(self.field(Test::Known(known)))
        });
        section.finish(faults);
        let mut parts: Vec<_> =
            [not.map(|inner| Condition::Not(Box::new(inner))), prefix, known].into_iter().flatten().collect();
        match parts.len() {
            0 => None,
            1 => parts.pop(),
            _ => Some(Condition::All(parts)),
        }
    }

    fn prefix(&self, node: &Node, faults: &mut Faults) -> Option<Condition> {
        if self.spec.kind != FieldKind::Text {
            let found = format!("a beginning of {}, which is {}", self.path, self.spec.kind.in_words());
            faults
                .error("condition-prefix-not-text", node.at, found, "prefix for fields of type text")
                .hint(Some("write a value, a list or a range, such as >= 10".to_owned()));
            return None;
        }
        let words = node.words(faults);
        if words.iter().any(|word| word.text.trim().is_empty()) || words.is_empty() {
            faults.error("condition-empty", node.at, "an empty prefix", "at least one letter or digit");
            return None;
        }
        let postal = self.path == "lead.postal";
        let prefixes = words
            .into_iter()
            .map(|word| if postal { crate::rules::words::postal::plain(&word.text) } else { word.text });
        Some(self.field(Test::Prefix(prefixes.collect())))
    }

    /// One value or one range.
    fn word(&self, word: &Word, faults: &mut Faults) -> Option<Test> {
        let value = match self.spec.kind {
            FieldKind::Text => return self.text(word, faults),
            FieldKind::Flag => FieldValue::Flag(faults.read(word, "condition-bad-flag", values::FLAG, values::flag)?),
            FieldKind::Number | FieldKind::Whole | FieldKind::Date => {
                if let Some(ends) = values::ends(&word.text) {
                    let at_least = self.bound(ends.low, 1.0, word, faults)?;
                    let at_most = self.bound(ends.high, -1.0, word, faults)?;
                    if let (Some(low), Some(high)) = (at_least, at_most)
                        && low > high
                    {
                        let hint = "the smaller end comes first";
                        faults
                            .error("condition-empty-range", word.at, quoted(&word.text), values::RANGE)
                            .hint(Some(hint.to_owned()));
                        return None;
                    }
                    return Some(Test::Range { at_least, at_most });
                }
                let number = self.number(&word.text, word, faults)?;
                if self.spec.kind == FieldKind::Date {
                    return Some(Test::Range { at_least: Some(number), at_most: Some(number) });
                }
                FieldValue::Number(number)
            }
        };
        Some(Test::OneOf(vec![value]))
    }

    fn text(&self, word: &Word, faults: &mut Faults) -> Option<Test> {
        if word.text.starts_with(['<', '>']) {
            let built_in = BUILT_IN.iter().any(|(path, _)| *path == self.path);
            let hint = (!built_in).then(|| "declare the field with type: number or type: date".to_owned());
            faults
                .error(
                    "condition-range-of-text",
                    word.at,
                    quoted(&word.text),
                    format!("a value, a list or a prefix: {} is text, which has no range", self.path),
                )
                .hint(hint);
            return None;
        }
        let value = self.vocabulary.text(self.path, word, faults)?;
        Some(Test::OneOf(vec![FieldValue::Text(value)]))
    }

    /// An end of a range; `inwards` is the direction in which an end that is not included moves.
    fn bound(&self, bound: Option<Bound<'_>>, inwards: f64, word: &Word, faults: &mut Faults) -> Option<Option<f64>> {
        let Some(bound) = bound else { return Some(None) };
        let number = self.number(bound.text, word, faults)?;
        Some(Some(match (bound.included, self.spec.kind) {
            (true, _) => number,
            (false, FieldKind::Number) if inwards > 0.0 => number.next_up(),
            (false, FieldKind::Number) => number.next_down(),
            (false, _) => number + inwards,
        }))
    }

    fn number(&self, text: &str, word: &Word, faults: &mut Faults) -> Option<f64> {
        let (number, allowed) = match self.spec.kind {
            FieldKind::Date => (values::date(text).map(day_number), format!("{}, or a range of dates", values::DATE)),
            FieldKind::Whole => (values::whole(text).map(f64::from), format!("a whole number, or {}", values::RANGE)),
            _ => {
                let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
                (number, format!("a number, or {}", values::RANGE))
            }
        };
        if number.is_none() {
            let hint = if self.spec.kind == FieldKind::Date { values::date_meant(text) } else { None };
            faults.error("condition-not-a-number", word.at, quoted(&word.text), allowed).hint(hint);
        }
        number
    }
}

#[cfg(test)]
mod tests;
