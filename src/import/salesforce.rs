//! Salesforce lead assignment rules (metadata type `AssignmentRules`) as routes of `rules/routing.yaml`.
//!
//! Entries keep their order, since the first that holds wins there as here. An entry that can be said only in part is not
//! said at all: it stands as a comment where it would be, with what is missing, because half a condition takes leads that
//! are not its own.

use super::{Imported, comment, rep_slug, slug, yaml_text};
use crate::rules::place;
use roxmltree::{Document, Node};
use std::collections::BTreeSet;
use std::fmt::Write;

const PATH: &str = "rules/routing.yaml";

/// Their field and ours; what is not listed becomes `lead.custom.NAME`.
const FIELDS: [(&str, &str); 15] = [
    ("country", "lead.country"),
    ("countrycode", "lead.country"),
    ("state", "lead.state"),
    ("statecode", "lead.state"),
    ("postalcode", "lead.postal"),
    ("city", "lead.city"),
    ("industry", "lead.industry"),
    ("numberofemployees", "lead.employees"),
    ("leadsource", "lead.source"),
    ("title", "lead.title"),
    ("company", "lead.company"),
    ("website", "lead.domain"),
    ("language__c", "lead.language"),
    ("score__c", "lead.score"),
    ("region__c", "lead.region"),
];

struct Entry {
    line: u32,
    /// `None`: holds for every lead.
    when: Option<Result<Said, String>>,
    /// The entry as it was, for people.
    was: String,
    to: Result<To, String>,
}

enum To {
    Queue(String),
    User(String),
}

/// A condition in our language: flow YAML of one condition, such as `lead.country: [DE, AT]`, or a group of them.
#[derive(Debug, Clone, PartialEq)]
enum Said {
    Is(String),
    All(Vec<Said>),
    Any(Vec<Said>),
    Not(Box<Said>),
}

/// # Errors
/// The text is no XML, or holds no assignment rule.
pub fn import(text: &str) -> Result<Imported, String> {
    let document = Document::parse(text).map_err(|error| format!("reading XML: {error}"))?;
    let rules: Vec<Node> = children(document.root_element(), "assignmentRule").collect();
    let active = |rule: &Node| child_text(*rule, "active") == "true";
    let Some(rule) = rules.iter().find(|rule| active(rule)).or_else(|| rules.first()).copied() else {
        return Err(
            "no <assignmentRule>: expected the metadata of AssignmentRules, such as Lead.assignmentRules-meta.xml"
                .to_owned(),
        );
    };
    let mut imported = Imported::default();
    let name = child_text(rule, "fullName");
    imported.told.push(format!("assignment rule {name:?}, {}", if active(&rule) { "active" } else { "not active" }));
    for other in rules.iter().filter(|other| other.id() != rule.id()) {
        let todo = "import it into a folder of its own if it is wanted";
        imported.note(
            line(*other),
            format!("rule {:?} was left out: only one can be active", child_text(*other, "fullName")),
            todo,
        );
    }
    let mut custom = BTreeSet::new();
    let entries: Vec<Entry> = children(rule, "ruleEntry").map(|node| entry(node, &mut custom)).collect();
    for node in children(rule, "ruleEntry") {
        let template = child_text(node, "template");
        if !template.is_empty() {
            let todo = "the mail to the new owner is a template of Baton: see templates/";
            imported.note(line(node), format!("e-mail template {template}"), todo);
        }
    }
    let yaml = routing(&entries, &custom, &mut imported);
    imported.files.push((PATH, yaml));
    Ok(imported)
}

fn routing(entries: &[Entry], custom: &BTreeSet<String>, imported: &mut Imported) -> String {
    let last = entries.last().filter(|entry| entry.when.is_none());
    let catch_all = last.and_then(|entry| entry.to.as_ref().ok()).map(|to| match to {
        To::Queue(queue) | To::User(queue) => queue.clone(),
    });
    let mut queues: BTreeSet<String> = BTreeSet::new();
    let (mut routes, mut said) = (String::new(), 0);
    for (number, entry) in (1u32..).zip(entries) {
        let is_last = entries.len() == number as usize;
        match (&entry.when, &entry.to) {
            (None, Ok(_)) if is_last => said += 1,
            (Some(Ok(when)), Ok(to)) => {
                said += 1;
                route(&mut routes, number, entry.line, when, to);
            }
            (when, to) => {
                let why = match (when, to) {
                    (Some(Err(why)), _) | (_, Err(why)) => why.clone(),
                    _ => "an entry without criteria before the last: nothing after it was ever reached".to_owned(),
                };
                let _ = writeln!(
                    routes,
                    "  # entry {number}, line {}: {}\n  #   {}",
                    entry.line,
                    comment(&why),
                    comment(&entry.was)
                );
                imported.note(
                    entry.line,
                    format!("entry {number}: {why}"),
                    "write this route by hand; it stands as a comment",
                );
            }
        }
        if let Ok(To::Queue(queue)) = &entry.to {
            queues.insert(queue.clone());
        }
    }
    let catch_all = catch_all.unwrap_or_else(|| {
        let line = entries.last().map_or(1, |entry| entry.line);
        imported.note(
            line,
            "no last entry takes what is left",
            "name the pool that takes it as catch_all; \"catch-all\" stands there",
        );
        "catch-all".to_owned()
    });
    queues.insert(catch_all.clone());
    let mut yaml = "# Made of Salesforce assignment rules. Each queue is a pool; its members are the reps whose team in reps.csv has\n\
                    # the pool's name. Read every route once: `baton check` tells what is missing, `baton diff` what a change does.\n\
                    version: 1\n"
        .to_owned();
    if !custom.is_empty() {
        yaml.push_str("fields:\n");
        custom.iter().for_each(|field| {
            let _ = writeln!(yaml, "  {field}: {{ type: text }}");
        });
    }
    yaml.push_str("ownership: []\ntiers:\n  - name: all\npools:\n");
    for queue in &queues {
        let _ = writeln!(yaml, "  - name: {queue}\n    members: {{ team: {queue} }}");
    }
    yaml.push_str(if said > usize::from(last.is_some()) { "routes:\n" } else { "routes: []\n" });
    yaml.push_str(&routes);
    let _ = writeln!(yaml, "catch_all: {{ pool: {catch_all} }}");
    imported.told.push(format!("{said} of {} entries can be said as routes, {} pools", entries.len(), queues.len()));
    for queue in queues {
        imported.note(
            1,
            format!("the members of queue {queue:?} are not in this file"),
            format!("give them the team {queue} in rules/reps.csv"),
        );
    }
    yaml
}

fn route(yaml: &mut String, number: u32, line: u32, when: &Said, to: &To) {
    let (name, target) = match to {
        To::Queue(queue) => (queue, format!("pool: {queue}")),
        To::User(user) => (user, format!("rep: {user}")),
    };
    let _ = writeln!(yaml, "  - name: {} # line {line}", yaml_text(&format!("{number} to {name}")));
    match when {
        Said::All(parts) if distinct(parts) => parts.iter().for_each(|part| {
            let _ = writeln!(yaml, "    {}", part.flow());
        }),
        one => {
            let _ = writeln!(yaml, "    {}", one.flow());
        }
    }
    let _ = writeln!(yaml, "    to: {{ {target} }}");
}

/// No key twice, so that the parts may stand side by side in one map.
fn distinct(parts: &[Said]) -> bool {
    let keys: BTreeSet<&str> = parts.iter().map(Said::key).collect();
    keys.len() == parts.len()
}

impl Said {
    fn key(&self) -> &str {
        match self {
            Self::Is(text) => text.split(':').next().unwrap_or(text),
            Self::All(_) => "all",
            Self::Any(_) => "any",
            Self::Not(_) => "not",
        }
    }

    /// One entry of a map, without its braces.
    fn flow(&self) -> String {
        let list =
            |parts: &[Self]| parts.iter().map(|part| format!("{{ {} }}", part.flow())).collect::<Vec<_>>().join(", ");
        match self {
            Self::Is(text) => text.clone(),
            Self::All(parts) => format!("all: [{}]", list(parts)),
            Self::Any(parts) => format!("any: [{}]", list(parts)),
            Self::Not(inner) => format!("not: {{ {} }}", inner.flow()),
        }
    }
}

fn entry(node: Node, custom: &mut BTreeSet<String>) -> Entry {
    let items: Vec<Node> = children(node, "criteriaItems").collect();
    let formula = child_text(node, "formula");
    let filter = child_text(node, "booleanFilter");
    let words: Vec<String> = items
        .iter()
        .map(|item| {
            ["field", "operation", "value", "valueField"]
                .map(|name| child_text(*item, name))
                .join(" ")
                .trim()
                .to_owned()
        })
        .collect();
    let was = [words.join(" AND "), filter.clone(), formula.clone()].into_iter().filter(|text| !text.is_empty());
    let was = format!("{} -> {}", was.collect::<Vec<_>>().join("; "), child_text(node, "assignedTo"));
    let when = if !formula.is_empty() {
        Some(Err("a formula, which is a language of its own".to_owned()))
    } else if items.is_empty() {
        None
    } else {
        let said: Result<Vec<Said>, String> = items.iter().map(|item| criterion(*item, custom)).collect();
        Some(said.and_then(|said| if filter.is_empty() { Ok(one_or_all(said)) } else { combine(&filter, &said) }))
    };
    Entry { line: line(node), when, was, to: target(node) }
}

fn target(node: Node) -> Result<To, String> {
    let to = child_text(node, "assignedTo");
    let name = slug(&to.replace('_', " "), '-');
    match child_text(node, "assignedToType").as_str() {
        _ if to.is_empty() => Err("nobody it is assigned to".to_owned()),
        "Queue" if !name.is_empty() => Ok(To::Queue(name)),
        "User" if !rep_slug(&to).is_empty() => Ok(To::User(rep_slug(&to))),
        kind => Err(format!("assigned to {to:?} of type {kind:?}; a queue or a user can be said")),
    }
}

fn one_or_all(mut said: Vec<Said>) -> Said {
    match said.len() {
        1 => said.swap_remove(0),
        _ => Said::All(said),
    }
}

fn criterion(item: Node, custom: &mut BTreeSet<String>) -> Result<Said, String> {
    let field = child_text(item, "field");
    let name = field.rsplit('.').next().unwrap_or(&field).to_lowercase();
    if !child_text(item, "valueField").is_empty() {
        return Err(format!("{field} is compared with another field"));
    }
    let known = FIELDS.iter().find(|(theirs, _)| *theirs == name).map(|(_, ours)| (*ours).to_owned());
    let path = known.unwrap_or_else(|| {
        let path = format!("lead.custom.{}", slug(name.trim_end_matches("__c"), '_'));
        custom.insert(path.clone());
        path
    });
    let value = child_text(item, "value");
    let values: Vec<String> =
        value.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect();
    let operation = child_text(item, "operation");
    if values.is_empty() {
        return match operation.as_str() {
            "equals" => Ok(Said::Is(format!("{path}: {{ known: false }}"))),
            "notEqual" => Ok(Said::Is(format!("{path}: {{ known: true }}"))),
            _ => Err(format!("{field} {operation} nothing")),
        };
    }
    let values: Vec<String> = values.iter().map(|value| normal(&path, value)).collect::<Result<_, _>>()?;
    let list = format!("[{}]", values.iter().map(|value| yaml_text(value)).collect::<Vec<_>>().join(", "));
    let compared = |sign: &str| match values.as_slice() {
        [one] if one.parse::<f64>().is_ok() && ["lead.employees", "lead.score"].contains(&path.as_str()) => {
            Ok(Said::Is(format!("{path}: {}", yaml_text(&format!("{sign} {one}")))))
        }
        _ => Err(format!("{field} {operation} {value}: only employees and score are compared by size here")),
    };
    match operation.as_str() {
        "equals" | "includes" => Ok(Said::Is(format!("{path}: {list}"))),
        // Empty is "not equal" there, and undecided here: so the field has to be allowed to be unknown.
        "notEqual" | "excludes" => Ok(Said::Any(vec![
            Said::Is(format!("{path}: {{ known: false }}")),
            Said::Is(format!("{path}: {{ not: {list} }}")),
        ])),
        "startsWith" if path != "lead.employees" => Ok(Said::Is(format!("{path}: {{ prefix: {list} }}"))),
        "lessThan" => compared("<"),
        "greaterThan" => compared(">"),
        "lessOrEqual" => compared("<="),
        "greaterOrEqual" => compared(">="),
        _ => Err(format!("{field} {operation} {value}: there is no such test here")),
    }
}

fn normal(path: &str, value: &str) -> Result<String, String> {
    match path {
        "lead.country" => {
            place::country(value).map(str::to_owned).ok_or_else(|| format!("country {value:?} is not known"))
        }
        "lead.state" => place::state_anywhere(value).ok_or_else(|| format!("state {value:?} is not known")),
        _ => Ok(value.to_owned()),
    }
}

/// `1 AND (2 OR NOT 3)`, numbers counting the criteria from 1. AND binds closer than OR, as there.
fn combine(filter: &str, said: &[Said]) -> Result<Said, String> {
    let spaced = filter.replace('(', " ( ").replace(')', " ) ");
    let words: Vec<String> = spaced.split_whitespace().map(str::to_uppercase).collect();
    let mut parser = Filter { words: &words, at: 0, said };
    let found = parser.any(0)?;
    if parser.at < words.len() { Err(format!("filter {filter:?} does not end where it should")) } else { Ok(found) }
}

/// Deeper than anybody writes by hand.
const DEEPEST: u32 = 32;

struct Filter<'f> {
    words: &'f [String],
    at: usize,
    said: &'f [Said],
}

impl Filter<'_> {
    fn takes(&mut self, word: &str) -> bool {
        let takes = self.words.get(self.at).is_some_and(|next| next == word);
        self.at += usize::from(takes);
        takes
    }

    fn any(&mut self, depth: u32) -> Result<Said, String> {
        let mut parts = vec![self.all(depth)?];
        while self.takes("OR") {
            parts.push(self.all(depth)?);
        }
        Ok(if parts.len() == 1 { parts.swap_remove(0) } else { Said::Any(parts) })
    }

    fn all(&mut self, depth: u32) -> Result<Said, String> {
        let mut parts = vec![self.one(depth)?];
        while self.takes("AND") {
            parts.push(self.one(depth)?);
        }
        Ok(one_or_all(parts))
    }

    fn one(&mut self, depth: u32) -> Result<Said, String> {
        if depth > DEEPEST {
            return Err("a filter that is nested too deep".to_owned());
        }
        if self.takes("NOT") {
            return Ok(Said::Not(Box::new(self.one(depth + 1)?)));
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
        let number = word.parse::<usize>().ok().and_then(|number| self.said.get(number.checked_sub(1)?));
        number.cloned().ok_or_else(|| format!("a filter that names criterion {word:?}"))
    }
}

fn children<'a, 'x: 'a>(node: Node<'a, 'x>, name: &'static str) -> impl Iterator<Item = Node<'a, 'x>> {
    node.children().filter(move |child| child.tag_name().name() == name)
}

fn child_text(node: Node, name: &'static str) -> String {
    children(node, name).next().and_then(|child| child.text()).map_or_else(String::new, |text| text.trim().to_owned())
}

fn line(node: Node) -> u32 {
    node.document().text_pos_at(node.range().start).row
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(entries: &str) -> String {
        format!(
            "<AssignmentRules xmlns=\"http://soap.sforce.com/2006/04/metadata\"><assignmentRule><fullName>Leads</fullName>\
             <active>true</active>{entries}</assignmentRule></AssignmentRules>"
        )
    }

    fn criteria(items: &[(&str, &str, &str)]) -> String {
        let item = |(field, operation, value): &(&str, &str, &str)| {
            format!(
                "<criteriaItems><field>Lead.{field}</field><operation>{operation}</operation><value>{value}</value></criteriaItems>"
            )
        };
        items.iter().map(item).collect()
    }

    fn entry(body: &str, to: &str) -> String {
        format!("\n<ruleEntry><assignedTo>{to}</assignedTo><assignedToType>Queue</assignedToType>{body}</ruleEntry>")
    }

    #[test]
    fn a_filter_is_read_with_its_brackets() {
        let said: Vec<Said> = ["a: 1", "b: 2", "c: 3"].map(|text| Said::Is(text.to_owned())).into();
        let flow = |filter| combine(filter, &said).map(|said| said.flow());
        assert_eq!(
            flow("1 AND (2 OR NOT 3)").as_deref(),
            Ok("all: [{ a: 1 }, { any: [{ b: 2 }, { not: { c: 3 } }] }]")
        );
        assert_eq!(flow("1 or 2 and 3").as_deref(), Ok("any: [{ a: 1 }, { all: [{ b: 2 }, { c: 3 }] }]"));
        for wrong in ["1 AND", "4", "(1", "1 2", ""] {
            assert!(flow(wrong).is_err(), "{wrong:?}");
        }
        assert!(flow(&"(".repeat(100_000)).is_err());
    }

    #[test]
    fn an_entry_that_cannot_be_said_is_a_comment_and_a_note() {
        let entries = [
            entry(
                &criteria(&[("Country", "equals", "Germany, Austria"), ("NumberOfEmployees", "greaterThan", "999")]),
                "DACH Big",
            ),
            entry(&criteria(&[("Company", "contains", "Bank")]), "Banks"),
            entry("<formula>ISPICKVAL(Rating, \"Hot\")</formula>", "Hot"),
            entry("", "Everybody"),
        ];
        let imported = import(&rule(&entries.concat())).expect("rules");
        let yaml = &imported.files[0].1;
        assert!(
            yaml.contains("lead.country: [\"DE\", \"AT\"]\n    lead.employees: \"> 999\"\n    to: { pool: dach-big }"),
            "{yaml}"
        );
        assert!(yaml.contains("# entry 2, line 3: Lead.Company contains Bank: there is no such test here"), "{yaml}");
        assert!(yaml.contains("ISPICKVAL"), "{yaml}");
        assert!(yaml.ends_with("catch_all: { pool: everybody }\n"), "{yaml}");
        let told: Vec<u32> =
            imported.notes.iter().filter(|note| note.found.starts_with("entry")).map(|note| note.line).collect();
        assert_eq!(told, [3, 4]);
    }
}
