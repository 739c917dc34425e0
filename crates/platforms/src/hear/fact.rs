//! Objects whose members are facts, as models write them.

use super::LONGEST_WORD;
use super::draft::Draft;
use super::scene::{Scene, UNFILLED, is_unfilled, is_unknown};
use crate::facts::{self, Fact, Kind, letters};
use crate::mapping::FactsAt;
use crate::mapping::conversion::split;
use crate::mapping::paths::custom_name;
use crate::pointer::json_in;
use serde_json::{Map, Number, Value};

/// Facts in facts in facts: so deep and no deeper.
const DEEPEST: u8 = 3;
/// Bytes of a name; a longer one is none, and joined to each of its members it would be work without end.
const LONGEST_NAME: usize = 128;
/// Why such a name is left out.
const TOO_LONG: &str = "a name of more than 128 bytes";
/// Objects around the facts of the person, which change nothing of their names.
const PERSONS: [&str; 6] = ["contact", "lead", "caller", "customer", "person", "user"];
/// Longest text that may be a number; longer ones are names of things.
const LONGEST_NUMBER: usize = 15;

/// What stands around a fact.
struct Around<'a> {
    from: &'a str,
    /// The name of the object that it is a member of.
    parent: Option<&'a str>,
    deep: u8,
}

/// The data of a lead that a model's arguments say, and what was left out of them and why.
pub(crate) fn of_arguments(arguments: &Map<String, Value>) -> (Map<String, Value>, Vec<(String, String)>) {
    let mut draft = Draft::default();
    draft.members(arguments, &[], &Around { from: "", parent: None, deep: 0 });
    (draft.data, draft.left_out)
}

impl Draft {
    pub(super) fn facts(&mut self, at: &FactsAt, scene: Scene<'_>) {
        let Some(found) = scene.find(&at.place) else { return };
        let from = &*at.place.written;
        let inner = match found.as_ref() {
            Value::String(text) => match json_in(text) {
                Some(inner) => Some(inner),
                None => {
                    if text.trim_start().starts_with(['{', '[']) {
                        self.leave_out(from, "a text that begins as JSON and does not end as JSON: it was cut off");
                    }
                    return;
                }
            },
            _ => None,
        };
        self.entries(inner.as_ref().unwrap_or(&found), at);
    }

    fn entries(&mut self, value: &Value, at: &FactsAt) {
        let around = Around { from: at.place.written.trim_end_matches('/'), parent: None, deep: 0 };
        match value {
            Value::Object(members) if at.member.is_none() && at.name.is_none() => {
                self.members(members, &at.without, &around);
            }
            Value::Object(members) => {
                for (key, entry) in members.iter().filter(|(key, _)| !at.without.contains(key)) {
                    self.entry(key, entry, at, &around);
                }
            }
            Value::Array(items) => {
                for (i, item) in items.iter().enumerate() {
                    self.entry(&i.to_string(), item, at, &around);
                }
            }
            _ => {}
        }
    }

    /// One of several things, which says by itself what it is called and what it is worth.
    fn entry(&mut self, key: &str, entry: &Value, at: &FactsAt, around: &Around<'_>) {
        let (mut from, mut value) = (member_of(around.from, key), entry);
        if key.len() > LONGEST_NAME {
            return self.leave_out(&from, TOO_LONG);
        }
        if let (Some(member), Value::Object(members)) = (&at.member, entry) {
            from = format!("{from}/{member}");
            value = members.get(member).unwrap_or(&Value::Null);
        }
        if let Value::Object(members) = value {
            return self.members(members, &at.without, &Around { from: &from, ..*around });
        }
        let said = at.name.as_ref().and_then(|name| entry.get(name)?.as_str());
        let is_number = key.bytes().all(|byte| byte.is_ascii_digit());
        if let Some(name) = said.or((!is_number).then_some(key)) {
            self.fact(name, value, &from, around);
        }
    }

    fn members(&mut self, members: &Map<String, Value>, without: &[String], around: &Around<'_>) {
        for (name, value) in members.iter().filter(|(name, _)| !without.contains(name)) {
            self.fact(name, value, &member_of(around.from, name), around);
        }
    }

    fn fact(&mut self, name: &str, value: &Value, from: &str, around: &Around<'_>) {
        if name.len() > LONGEST_NAME {
            return self.leave_out(from, TOO_LONG);
        }
        if is_unknown(value) {
            if is_unfilled(value) {
                self.leave_out(from, UNFILLED);
            }
            return;
        }
        match value {
            // Bare, or with where it came from, as events have it.
            Value::Object(members) if !members.contains_key("value") => {
                if around.deep == DEEPEST {
                    return self.leave_out(from, "an object in objects");
                }
                let whole = full_name(name, around.parent);
                self.members(members, &[], &Around { from, parent: Some(&whole), deep: around.deep + 1 });
            }
            _ => self.named(&full_name(name, around.parent), value, from),
        }
    }

    fn named(&mut self, name: &str, value: &Value, from: &str) {
        let fact = facts::called(name);
        let path = match fact {
            Some(fact) => fact.path.to_owned(),
            None => match custom_name(name) {
                Some(name) => format!("custom.{name}"),
                None => return self.leave_out(from, "a name without letters"),
            },
        };
        // What a row says, or a fact before this one, stays.
        if self.get(&path).is_none() {
            self.put(&path, as_wanted(fact, value), from);
        }
    }
}

/// Where a member stands; of a name that is too long, its beginning tells.
fn member_of(from: &str, name: &str) -> String {
    if name.len() <= LONGEST_NAME {
        return format!("{from}/{name}");
    }
    format!("{from}/{}…", name.chars().take(LONGEST_WORD).collect::<String>())
}

/// `company` and `size` make `company_size`; what is said of the person is called as it is called.
fn full_name(name: &str, parent: Option<&str>) -> String {
    let is_person = |parent: &str| PERSONS.iter().any(|person| letters(person).eq(letters(parent)));
    match parent.filter(|parent| !is_person(parent)) {
        Some(parent) => format!("{parent}_{name}"),
        None => name.to_owned(),
    }
}

/// Lists are cut at their separators, and a number that was written as a text is one where rules may compare it.
fn as_wanted(fact: Option<&Fact>, value: &Value) -> Value {
    let Value::String(text) = value else { return value.clone() };
    match fact.map(|fact| fact.kind) {
        Some(Kind::List(separators)) => split(text, separators),
        Some(Kind::Text | Kind::Number | Kind::Flag | Kind::Choice(_)) => value.clone(),
        None => number(text).map_or_else(|| value.clone(), Value::Number),
    }
}

/// What prints as it was written: `40`, and neither `007` nor `+1`.
fn number(text: &str) -> Option<Number> {
    let number: Number = Some(text).filter(|text| text.len() <= LONGEST_NUMBER)?.parse().ok()?;
    (number.to_string() == text).then_some(number)
}
