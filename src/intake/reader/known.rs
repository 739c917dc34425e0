//! Values with where they came from: bare, or as `{value, source, confidence}`.

use super::Object;
use super::findings::KEPT_OUT;
use crate::intake::fault::describe;
use baton_core::domain::known::{Known, Source};
use baton_core::rules::words::placeholder::is_placeholder;
use serde_json::{Number, Value};

const SOURCES: [(&str, Source); 4] =
    [("caller", Source::Caller), ("crm", Source::Crm), ("inferred", Source::Inferred), ("platform", Source::Platform)];

/// A bare value, or one that came as `{value, source, confidence}`.
struct SourcedValue<'v> {
    value: &'v Value,
    pointer: String,
    source: Source,
    confidence_permille: Option<u16>,
}

impl<'v> Object<'v, '_> {
    /// A list of texts, or one text; numbers and flags become texts. Blanks and placeholders are left out, and what is no text
    /// at all is kept out by itself.
    pub(crate) fn texts(&mut self, name: &'static str, normalise: impl Fn(&str) -> Option<String>) -> Vec<String> {
        let Some(given) = self.given(name, Source::Caller) else { return Vec::new() };
        let items = match given.value {
            Value::Array(items) => items.iter().collect(),
            one => vec![one],
        };
        let mut texts = Vec::new();
        for item in items {
            match item {
                Value::String(text) => texts.extend(normalise(text)),
                Value::Number(_) | Value::Bool(_) => texts.extend(normalise(&item.to_string())),
                Value::Null => {}
                Value::Array(_) | Value::Object(_) => {
                    let found = format!("a list with {}", describe(&given.pointer, item));
                    self.findings.fault(given.pointer.clone(), found, "text or a list of texts", None);
                }
            }
        }
        texts
    }

    /// Where a list of texts came from, where that is said and it is not the caller.
    pub(crate) fn source_of(&self, name: &'static str) -> Option<Source> {
        let said = self.map?.get(name)?.get("source")?.as_str()?;
        SOURCES.iter().find(|(word, _)| *word == said).map(|(_, source)| *source).filter(|one| *one != Source::Caller)
    }

    /// A text with where it came from. `normalise` answering `None` on text that says something is a note.
    pub(crate) fn known<T>(
        &mut self,
        name: &'static str,
        bare_means: Source,
        allowed: &str,
        normalise: impl FnOnce(&str) -> Option<T>,
    ) -> Option<Known<T>> {
        self.known_value(name, bare_means, allowed, |value| match value {
            Value::String(text) => said(text, normalise),
            _ => Err(Unread),
        })
    }

    /// As [`Object::known`], for what is written in digits: systems send it as a number.
    pub(crate) fn known_digits<T>(
        &mut self,
        name: &'static str,
        bare_means: Source,
        allowed: &str,
        normalise: impl FnOnce(&str) -> Option<T>,
    ) -> Option<Known<T>> {
        self.known_value(name, bare_means, allowed, |value| match value {
            Value::String(text) => said(text, normalise),
            Value::Number(number) => whole(number).and_then(|digits| normalise(&digits)).map(Some).ok_or(Unread),
            _ => Err(Unread),
        })
    }

    /// The same for values that are not text. What `read` refuses is a note, of whatever JSON type it is, and the only item
    /// of a list is that item.
    pub(crate) fn known_value<T>(
        &mut self,
        name: &'static str,
        bare_means: Source,
        allowed: &str,
        read: impl FnOnce(&Value) -> Result<Option<T>, Unread>,
    ) -> Option<Known<T>> {
        let given = self.given(name, bare_means)?;
        let (source, confidence_permille) = (given.source, given.confidence_permille);
        let value = match given.value {
            Value::Array(items) if items.len() == 1 => &items[0],
            other => other,
        };
        match read(value) {
            Ok(value) => Some(Known { value: value?, source, confidence_permille }),
            Err(Unread) => {
                let found = describe(&given.pointer, given.value);
                self.findings.note(given.pointer, found, allowed, Some(KEPT_OUT.to_owned()));
                None
            }
        }
    }

    fn given(&mut self, name: &'static str, bare_means: Source) -> Option<SourcedValue<'v>> {
        let value = self.raw(name)?;
        let pointer = self.pointer_to(name);
        let Value::Object(map) = value else {
            return Some(SourcedValue { value, pointer, source: bare_means, confidence_permille: None });
        };
        let mut object = Object::new(pointer, Some(value), self.findings);
        let value = object.raw("value");
        let source = object.choice("source", &SOURCES).unwrap_or(bare_means);
        let confidence = object.number("confidence");
        let sure = confidence.filter(|c| (0.0..=1.0).contains(c));
        if let (Some(number), None) = (confidence, sure) {
            object.fault("confidence", &Value::from(number), "a number from 0 to 1", None);
        }
        if value.is_none() && !map.contains_key("value") {
            object.missing("value", "the value itself, or null");
        }
        let pointer = object.pointer_to("value");
        object.finish();
        // Between 0 and 1000, so that the cast keeps the value.
        let confidence_permille = sure.map(|c| (c * 1000.0).round() as u16);
        Some(SourcedValue { value: value?, pointer, source, confidence_permille })
    }
}

/// A value that is none of what it may be: it counts as unknown.
pub(in crate::intake) struct Unread;

/// What a text says; nothing, where it only fills a form.
fn said<T>(text: &str, normalise: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, Unread> {
    if is_placeholder(text) || text.trim().is_empty() {
        return Ok(None);
    }
    normalise(text).map(Some).ok_or(Unread)
}

/// The digits of a number without a fraction.
fn whole(number: &Number) -> Option<String> {
    let whole = number.as_f64().filter(|number| number.fract() == 0.0 && *number >= 0.0 && *number < 1e16)?;
    Some(format!("{whole:.0}"))
}
