//! What an entry of an assignment rule asks: its criteria with their filter, or its formula.

use super::asked::{Criteria, Criterion, DEEPEST, Operation, all, any};
use super::formula;
use super::xml::{child_text, children, line};
use roxmltree::Node;

/// What the entry asks; `None` if it takes everything.
///
/// # Errors
/// It asks something that cannot be read.
pub(super) fn of_entry(node: Node) -> Option<Result<Criteria, String>> {
    let formula = child_text(node, "formula");
    if !formula.is_empty() {
        return Some(formula::parse(&formula, line(node)));
    }
    let items: Vec<Node> = children(node, "criteriaItems").collect();
    if items.is_empty() {
        return None;
    }
    let tests: Result<Vec<Criteria>, String> = items.iter().map(|item| criterion(*item).map(Criteria::Test)).collect();
    let filter = child_text(node, "booleanFilter");
    Some(tests.and_then(|tests| if filter.is_empty() { Ok(all(tests)) } else { combine(&filter, &tests) }))
}

/// The criteria in words, for people.
pub(super) fn in_words(node: Node) -> String {
    let words = children(node, "criteriaItems").map(|item| {
        let parts = ["field", "operation", "value", "valueField"].map(|name| child_text(item, name));
        parts.join(" ").trim().to_owned()
    });
    let words: Vec<String> = words.collect();
    let parts = [words.join(" AND "), child_text(node, "booleanFilter"), child_text(node, "formula")];
    let asked: Vec<String> = parts.into_iter().filter(|text| !text.is_empty()).collect();
    format!("{} -> {}", asked.join("; "), child_text(node, "assignedTo"))
}

fn criterion(item: Node) -> Result<Criterion, String> {
    let (field, word) = (child_text(item, "field"), child_text(item, "operation"));
    if !child_text(item, "valueField").is_empty() {
        return Err(format!("{field} is compared with another field"));
    }
    let (operation, negated) = match word.as_str() {
        "equals" => (Operation::Equals, false),
        "notEqual" => (Operation::Equals, true),
        "contains" => (Operation::Contains, false),
        "notContain" => (Operation::Contains, true),
        "startsWith" => (Operation::StartsWith, false),
        "includes" => (Operation::Includes, false),
        "excludes" => (Operation::Includes, true),
        "lessThan" => (Operation::Less, false),
        "lessOrEqual" => (Operation::LessOrEqual, false),
        "greaterThan" => (Operation::Greater, false),
        "greaterOrEqual" => (Operation::GreaterOrEqual, false),
        _ => return Err(format!("{field} {word} {}: there is no such test here", child_text(item, "value"))),
    };
    Ok(Criterion { line: line(item), field, operation, negated, value: child_text(item, "value"), list: true })
}

/// `1 AND (2 OR NOT 3)`, numbers counting the criteria from 1. AND binds closer than OR, as there.
fn combine(filter: &str, tests: &[Criteria]) -> Result<Criteria, String> {
    let spaced = filter.replace('(', " ( ").replace(')', " ) ");
    let words: Vec<String> = spaced.split_whitespace().map(str::to_uppercase).collect();
    let mut parser = Filter { words: &words, at: 0, tests };
    let found = parser.any(0)?;
    if parser.at < words.len() { Err(format!("filter {filter:?} does not end where it should")) } else { Ok(found) }
}

struct Filter<'f> {
    words: &'f [String],
    at: usize,
    tests: &'f [Criteria],
}

impl Filter<'_> {
    fn takes(&mut self, word: &str) -> bool {
        let takes = self.words.get(self.at).is_some_and(|next| next == word);
        self.at += usize::from(takes);
        takes
    }

    fn any(&mut self, depth: u32) -> Result<Criteria, String> {
        let mut parts = vec![self.all(depth)?];
        while self.takes("OR") {
            parts.push(self.all(depth)?);
        }
        Ok(any(parts))
    }

    fn all(&mut self, depth: u32) -> Result<Criteria, String> {
        let mut parts = vec![self.one(depth)?];
        while self.takes("AND") {
            parts.push(self.one(depth)?);
        }
        Ok(all(parts))
    }

    fn one(&mut self, depth: u32) -> Result<Criteria, String> {
        if depth > DEEPEST {
            return Err("a filter that is nested too deep".to_owned());
        }
        if self.takes("NOT") {
            return Ok(Criteria::Not(Box::new(self.one(depth + 1)?)));
        }
        if self.takes("(") {
            let inner = self.any(depth + 1)?;
            return if self.takes(")") {
                Ok(inner)
            } else {
                Err("a filter with a bracket that does not close".to_owned())
            };
        }
        let word = self.words.get(self.at).cloned().unwrap_or_default();
        self.at += 1;
        let number = word.parse::<usize>().ok().and_then(|number| self.tests.get(number.checked_sub(1)?));
        number.cloned().ok_or_else(|| format!("a filter that names criterion {word:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(field: &str) -> Criteria {
        Criteria::Test(Criterion {
            line: 1,
            field: field.to_owned(),
            operation: Operation::Equals,
            negated: false,
            value: "x".to_owned(),
            list: true,
        })
    }

    #[test]
    fn filters_bind_and_before_or_and_those_that_break_are_refused() {
        let tests = ["a", "b", "c"].map(test);
        let [a, b, c] = tests.clone();
        let not_c = Criteria::Not(Box::new(c.clone()));
        for filter in ["1 AND (2 OR NOT 3)", "1 and (2 or not(3))"] {
            let wanted = Criteria::All(vec![a.clone(), Criteria::Any(vec![b.clone(), not_c.clone()])]);
            assert_eq!(combine(filter, &tests), Ok(wanted), "{filter}");
        }
        let wanted = Criteria::Any(vec![a, Criteria::All(vec![b, c])]);
        assert_eq!(combine("1 or 2 and 3", &tests), Ok(wanted));
        for wrong in ["1 AND", "4", "(1", "1 2", ""] {
            assert!(combine(wrong, &tests).is_err(), "{wrong:?}");
        }
        assert!(combine(&"(".repeat(100_000), &tests).is_err());
    }
}
