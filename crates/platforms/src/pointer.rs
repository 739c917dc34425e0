//! Where something stands in a request.
//!
//! A JSON pointer (RFC 6901) with two liberties: it goes on into a text that is itself JSON, and a step in brackets picks an item
//! of a list by what the item says. Whatever the request holds, nothing here fails: what is not there is `None`.

use serde_json::Value;
use std::borrow::Cow;

/// So often a text may turn out to be JSON on the way to one value.
const TEXTS: u8 = 3;

/// A place in a request, with the text that names it in the mapping.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    pub written: String,
    pub part: Part,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Part {
    Body(Pointer),
    /// In the item that a message with `each` is tried for.
    Item(Pointer),
    /// In lower case.
    Header(String),
    Query(String),
}

impl Place {
    /// `None` for what is no place.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let named = |prefix: &str| text.strip_prefix(prefix).filter(|name| !name.is_empty());
        let part = if let Some(name) = named("header:") {
            Part::Header(name.to_ascii_lowercase())
        } else if let Some(name) = named("query:") {
            Part::Query(name.to_owned())
        } else if let Some(pointer) = named("item:") {
            Part::Item(Pointer::read(pointer)?)
        } else {
            Part::Body(Pointer::read(text)?)
        };
        Some(Self { written: text.to_owned(), part })
    }
}

/// Without steps it is the whole.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pointer(Vec<Step>);

#[derive(Debug, Clone, PartialEq)]
enum Step {
    /// A member of an object, or an item of a list by its number.
    Member(String),
    /// The first item of a list that has the member, or whose member says this.
    Item { member: String, says: Option<String> },
}

impl Pointer {
    fn read(text: &str) -> Option<Self> {
        let steps = text.strip_prefix('/')?;
        if steps.is_empty() {
            return Some(Self(Vec::new()));
        }
        steps.split('/').map(Step::read).collect::<Option<_>>().map(Self)
    }

    pub(crate) fn find<'v>(&self, value: &'v Value) -> Option<Cow<'v, Value>> {
        walk(value, &self.0, TEXTS)
    }
}

impl Step {
    fn read(text: &str) -> Option<Self> {
        let plain = |text: &str| text.replace("~1", "/").replace("~0", "~");
        let Some(inside) = text.strip_prefix('[') else { return Some(Self::Member(plain(text))) };
        let inside = inside.strip_suffix(']')?;
        let (member, says) = match inside.split_once('=') {
            Some((member, says)) => (member, Some(plain(says))),
            None => (inside, None),
        };
        (!member.is_empty()).then(|| Self::Item { member: plain(member), says })
    }

    fn of<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        match (self, value) {
            (Self::Member(name), Value::Object(map)) => map.get(name),
            (Self::Member(name), Value::Array(items)) => items.get(name.parse::<usize>().ok()?),
            (Self::Item { member, says }, Value::Array(items)) => items.iter().find(|item| {
                item.get(member).is_some_and(|value| says.as_deref().is_none_or(|says| is_said(value, says)))
            }),
            _ => None,
        }
    }
}

fn walk<'v>(value: &'v Value, steps: &[Step], texts: u8) -> Option<Cow<'v, Value>> {
    let Some((step, rest)) = steps.split_first() else { return Some(Cow::Borrowed(value)) };
    let Value::String(text) = value else { return walk(step.of(value)?, rest, texts) };
    let inner = json_in(text)?;
    let found = walk(&inner, steps, texts.checked_sub(1)?)?;
    Some(Cow::Owned(found.into_owned()))
}

/// The JSON that a text is; `None` for numbers and words, which are what they are.
pub(crate) fn json_in(text: &str) -> Option<Value> {
    let text = text.trim();
    text.starts_with(['{', '[', '"']).then(|| serde_json::from_str(text).ok())?
}

/// A value on one line, as a person would write it; `None` for objects, lists and null.
pub(crate) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Whether a value says this word, in any case of letters.
pub(crate) fn is_said(value: &Value, word: &str) -> bool {
    match value {
        Value::String(text) => text.trim().eq_ignore_ascii_case(word),
        _ => plain(value).is_some_and(|text| text.eq_ignore_ascii_case(word)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn find(pointer: &str, value: &Value) -> Option<Value> {
        Pointer::read(pointer).unwrap().find(value).map(Cow::into_owned)
    }

    #[test]
    fn a_pointer_goes_on_into_a_text_that_is_json() {
        let value = json!({ "a": [{ "arguments": "{\"seats\": 40, \"more\": \"[1, 2]\"}" }], "b/c": { "~": true } });
        assert_eq!(find("/a/0/arguments/seats", &value), Some(json!(40)));
        assert_eq!(find("/a/0/arguments/more/1", &value), Some(json!(2)));
        assert_eq!(find("/b~1c/~0", &value), Some(json!(true)));
        assert_eq!(find("/a/7", &value), None);
        assert_eq!(find("/a/0/arguments/seats/x", &value), None);
        assert_eq!(find("/", &value), Some(value));
    }

    #[test]
    fn json_in_json_in_json_ends() {
        let mut value = json!({ "x": 1 });
        for depth in 0..5 {
            let wrapped = Value::String(value.to_string());
            let found = find("/x", &wrapped);
            assert_eq!(found.is_some(), depth < TEXTS, "{depth}");
            value = wrapped;
        }
    }

    #[test]
    fn a_step_in_brackets_picks_an_item_by_what_it_says() {
        let headers = json!([{ "name": "Via", "value": "a" }, { "name": "FROM", "value": "b" }, { "tool": [] }]);
        assert_eq!(find("/[name=From]/value", &headers), Some(json!("b")));
        assert_eq!(find("/[tool]/tool", &headers), Some(json!([])));
        assert_eq!(find("/[name=To]/value", &headers), None);
        assert_eq!(find("/[name=From]", &json!({ "name": "From" })), None);
    }

    #[test]
    fn what_is_no_place_is_none() {
        for text in ["", "call.id", "header:", "item:", "item:id", "/a/[b", "/a/[]"] {
            assert_eq!(Place::read(text), None, "{text:?}");
        }
        assert_eq!(Place::read("header:X-Call-Id").unwrap().part, Part::Header("x-call-id".to_owned()));
        assert!(matches!(Place::read("item:/id").unwrap().part, Part::Item(_)));
    }
}
