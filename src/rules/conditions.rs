//! Conditions as people write them: a map of fields and what they should be, several keys meaning *all*.

use super::condition::{Condition, Test, day_number};
use super::expression::{self, Origin};
use super::fault::{Faults, Word, quoted};
use super::field::{BUILT_IN, Kind};
use super::segments;
use super::values::{self, Bound};
use super::vocabulary::{Spec, Vocabulary};
use super::yaml::{Data, Node, Section};
use crate::domain::lead::FieldValue;

/// The condition of a rule: its entries that the rule itself has not asked for. [`Condition::Always`] if there are none.
///
/// Refuses what is no field of the vocabulary, so the section needs no [`Section::finish`] after this.
pub fn of_rule(section: &mut Section<'_>, vocabulary: &Vocabulary, faults: &mut Faults) -> Condition {
    let mut parts = Vec::new();
    let any = section.get("any").map(|node| Condition::Any(group(node, vocabulary, faults)));
    let all = section.get("all").map(|node| Condition::All(group(node, vocabulary, faults)));
    let not = section.get("not").map(|node| Condition::Not(Box::new(map(node, vocabulary, faults))));
    let segment = section.get("segment").and_then(|node| segments::named(node, vocabulary, faults));
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
pub fn map(node: &Node, vocabulary: &Vocabulary, faults: &mut Faults) -> Condition {
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

fn field(path: &Word, spec: &Spec, node: &Node, vocabulary: &Vocabulary, faults: &mut Faults) -> Option<Condition> {
    let reader = Reader { path: &path.text, spec, vocabulary };
    reader.value(node, faults)
}

struct Reader<'r> {
    path: &'r str,
    spec: &'r Spec,
    vocabulary: &'r Vocabulary,
}

impl Reader<'_> {
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
        if self.spec.kind != Kind::Text {
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
        let prefixes = words.into_iter().map(|word| if postal { super::postal::plain(&word.text) } else { word.text });
        Some(self.field(Test::Prefix(prefixes.collect())))
    }

    /// One value or one range.
    fn word(&self, word: &Word, faults: &mut Faults) -> Option<Test> {
        let value = match self.spec.kind {
            Kind::Text => return self.text(word, faults),
            Kind::Flag => FieldValue::Flag(faults.read(word, "condition-bad-flag", values::FLAG, values::flag)?),
            Kind::Number | Kind::Whole | Kind::Date => {
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
                if self.spec.kind == Kind::Date {
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
            (false, Kind::Number) if inwards > 0.0 => number.next_up(),
            (false, Kind::Number) => number.next_down(),
            (false, _) => number + inwards,
        }))
    }

    fn number(&self, text: &str, word: &Word, faults: &mut Faults) -> Option<f64> {
        let (number, allowed) = match self.spec.kind {
            Kind::Date => (values::date(text).map(day_number), format!("{}, or a range of dates", values::DATE)),
            Kind::Whole => (values::whole(text).map(f64::from), format!("a whole number, or {}", values::RANGE)),
            _ => {
                let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
                (number, format!("a number, or {}", values::RANGE))
            }
        };
        if number.is_none() {
            let hint = if self.spec.kind == Kind::Date { values::date_meant(text) } else { None };
            faults.error("condition-not-a-number", word.at, quoted(&word.text), allowed).hint(hint);
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Fault;
    use crate::rules::yaml;

    const FIELDS: &str = "lead.industry: { one_of: [Software, Retail] }\n\
                          lead.custom.ends: { type: date }\n\
                          lead.custom.rate: { type: number }\n\
                          account.tier__c: { type: text, from: crm }\n";

    fn condition(text: &str) -> (Condition, Vec<String>) {
        let (condition, faults) = read(text);
        let told = faults.iter().map(|fault| format!("{}:{} {}", fault.line, fault.column, fault.code));
        (condition, told.collect())
    }

    fn read(text: &str) -> (Condition, Vec<Fault>) {
        let mut faults = Faults::default();
        let fields = yaml::parse("rules/routing.yaml", FIELDS, &mut faults);
        let vocabulary = Vocabulary::read(fields.as_ref(), &mut faults);
        let node = yaml::parse("rules/routing.yaml", text, &mut faults).unwrap();
        let condition = of_rule(&mut node.section(&mut faults), &vocabulary, &mut faults);
        (condition, faults.into_sorted())
    }

    fn good(text: &str) -> Condition {
        let (condition, faults) = condition(text);
        assert_eq!(faults, Vec::<String>::new(), "{text}");
        condition
    }

    fn is(field: &str, test: Test) -> Condition {
        Condition::Field { field: field.to_owned(), test }
    }

    fn texts(values: &[&str]) -> Test {
        Test::OneOf(values.iter().map(|value| FieldValue::Text((*value).to_owned())).collect())
    }

    fn range(at_least: Option<f64>, at_most: Option<f64>) -> Test {
        Test::Range { at_least, at_most }
    }

    #[test]
    fn values_lists_and_tests_become_conditions() {
        assert_eq!(good("lead.industry: software"), is("lead.industry", texts(&["Software"])));
        assert_eq!(good("lead.country: [Germany, us]"), is("lead.country", texts(&["DE", "US"])));
        assert_eq!(
            good("lead.postal: { prefix: [021, sw1a 1] }"),
            is("lead.postal", Test::Prefix(vec!["021".into(), "SW1A1".into()]))
        );
        assert_eq!(good("lead.title: { known: true }"), is("lead.title", Test::Known(true)));
        let not = Condition::Not(Box::new(is("lead.source", texts(&["voice", "web"]))));
        assert_eq!(good("lead.source: { not: [voice, web] }"), not);
        let live = Test::OneOf(vec![FieldValue::Flag(true)]);
        assert_eq!(good("lead.live: yes"), is("lead.live", live));
        assert_eq!(good("{}"), Condition::Always);
    }

    #[test]
    fn ranges_include_their_ends() {
        assert_eq!(good("lead.employees: 100..999"), is("lead.employees", range(Some(100.0), Some(999.0))));
        assert_eq!(good("lead.employees: \">= 1000\""), is("lead.employees", range(Some(1000.0), None)));
        assert_eq!(good("lead.employees: < 50"), is("lead.employees", range(None, Some(49.0))));
        assert_eq!(good("lead.custom.rate: < 0.5"), is("lead.custom.rate", range(None, Some(0.5_f64.next_down()))));
        let day = values::date("2026-05-02").map(day_number);
        assert_eq!(good("lead.custom.ends: \"> 2026-05-01\""), is("lead.custom.ends", range(day, None)));
        let either = Condition::Any(vec![
            is("lead.employees", range(Some(1000.0), None)),
            is("lead.employees", Test::OneOf(vec![FieldValue::Number(7.0)])),
        ]);
        assert_eq!(good("lead.employees: [7, \">= 1000\"]"), either);
    }

    #[test]
    fn tests_combine_within_a_field() {
        let day = |text| values::date(text).map(day_number);
        let quarter = is("lead.custom.ends", range(day("2026-01-01"), day("2026-03-31")));
        let eve = is("lead.custom.ends", range(day("2026-12-24"), day("2026-12-24")));
        assert_eq!(good("lead.custom.ends: 2026-01-01..2026-03-31"), quarter);
        assert_eq!(
            good("lead.custom.ends: { not: 2026-01-01..2026-03-31 }"),
            Condition::Not(Box::new(quarter.clone()))
        );
        assert_eq!(good("lead.custom.ends: [2026-01-01..2026-03-31, 2026-12-24]"), Condition::Any(vec![quarter, eve]));
        let prefix = is("lead.source", Test::Prefix(vec!["partner".into(), "reseller".into()]));
        let not = Condition::Not(Box::new(prefix));
        assert_eq!(good("lead.source: { not: { prefix: [partner, reseller] } }"), not);
        let known = is("lead.source", Test::Known(true));
        assert_eq!(
            good("lead.source: { not: { prefix: [partner, reseller] }, known: yes }"),
            Condition::All(vec![not, known])
        );
    }

    #[test]
    fn an_expression_stands_beside_data_and_both_must_hold() {
        let condition =
            good("lead.country: US\nwhen: 'lead.score > 90'\nany: [{ when: lead.live }, { lead.score: 5 }]\n");
        let Condition::All(parts) = condition else { panic!("{condition:?}") };
        assert!(
            matches!(&parts[..], [Condition::Any(_), Condition::Expression(_), Condition::Field { .. }]),
            "{parts:?}"
        );
        // The place of a fault is the word itself, behind the quote.
        assert_eq!(
            condition_faults("lead.live: yes\nwhen: 'lead.live && lead.scor > 1'\n"),
            ["2:21 condition-unknown-field"]
        );
        assert_eq!(condition_faults("when: lead.live && lead.scor > 1\n"), ["1:20 condition-unknown-field"]);
        assert_eq!(condition_faults("when: |\n  lead.live\n  && lead.scor > 1\n"), ["2:3 condition-unknown-field"]);
    }

    fn condition_faults(text: &str) -> Vec<String> {
        condition(text).1
    }

    #[test]
    fn several_keys_mean_all_and_groups_nest() {
        let condition = good(
            "lead.score: \">= 85\"\nany: [{ lead.industry: Retail }, { all: [{ account.tier__c: gold }] }]\nnot: { lead.live: no }\n",
        );
        let Condition::All(parts) = condition else { panic!("{condition:?}") };
        assert_eq!(parts.len(), 3);
        assert!(matches!(&parts[0], Condition::Any(group) if group.len() == 2));
        assert!(matches!(&parts[1], Condition::Not(_)));
    }

    #[test]
    fn every_fault_of_a_condition_is_told() {
        let (_, faults) = condition(
            "lead.industry: Sofware\nlead.industy: Retail\nlead.employees: 999..100\nlead.score: high\n\
             lead.country: Germny\nlead.source: { nott: voice }\nlead.title: []\nlead.region:\nwhen: \"1 < 2\"\nlead.city: \"> 5\"\nany: []\nlead.state: [Texsa, CA, Ohoi]\n",
        );
        let expected = [
            "1:16 value-unknown",
            "2:1 condition-unknown-field",
            "3:17 condition-empty-range",
            "4:13 condition-not-a-number",
            "5:15 value-unknown-country",
            "6:16 key-unknown",
            "7:13 condition-empty",
            "8:12 condition-empty",
            "9:8 expression-constant",
            "10:12 condition-range-of-text",
            "11:6 condition-empty",
            "12:14 value-unknown-state",
            "12:25 value-unknown-state",
        ];
        assert_eq!(faults, expected);
    }

    #[test]
    fn a_state_in_which_letters_changed_places_is_met() {
        let (_, faults) = read("lead.state: [Texsa, Ohoi]\n");
        let hints: Vec<_> = faults.iter().map(|fault| fault.hint.as_deref().unwrap_or("none")).collect();
        assert_eq!(hints, ["did you mean \"Texas\"?", "did you mean \"Ohio\"?"]);
    }
}
