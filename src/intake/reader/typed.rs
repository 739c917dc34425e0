//! Fields that are more than text: flags, numbers, instants, choices and ids.

use super::Object;
use crate::intake::fault::alike;
use baton_core::domain::id::InvalidId;
use baton_core::rules::words::values;
use chrono::{DateTime, Utc};
use serde_json::Value;

impl Object<'_, '_> {
    pub(crate) fn flag(&mut self, name: &'static str) -> Option<bool> {
        let value = self.raw(name)?;
        let flag = match value {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) => values::flag(text.trim()),
            Value::Number(number) => values::flag(&number.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        };
        if flag.is_none() {
            self.fault(name, value, "true or false", None);
        }
        flag
    }

    pub(crate) fn required_flag(&mut self, name: &'static str) -> Option<bool> {
        if self.map.is_none_or(|map| map.get(name).is_none_or(Value::is_null)) {
            self.asked.push(name);
            self.missing(name, "true or false");
            return None;
        }
        self.flag(name)
    }

    /// A number, or a text that is one.
    pub(crate) fn number(&mut self, name: &'static str) -> Option<f64> {
        let value = self.raw(name)?;
        let said = || value.as_str()?.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        let number = value.as_f64().or_else(said);
        if number.is_none() {
            self.fault(name, value, "a number", None);
        }
        number
    }

    /// RFC 3339 with an offset.
    pub(crate) fn instant(&mut self, name: &'static str) -> Option<DateTime<Utc>> {
        let value = self.raw(name)?;
        let instant = value.as_str().and_then(instant);
        if instant.is_none() {
            self.fault(name, value, INSTANT, instant_hint(value));
        }
        instant
    }

    pub(crate) fn required_instant(&mut self, name: &'static str) -> Option<DateTime<Utc>> {
        if self.map.is_none_or(|map| map.get(name).is_none_or(Value::is_null)) {
            self.asked.push(name);
            self.missing(name, INSTANT);
            return None;
        }
        self.instant(name)
    }

    pub(crate) fn choice<T: Copy>(&mut self, name: &'static str, choices: &[(&'static str, T)]) -> Option<T> {
        let value = self.raw(name)?;
        let found = value.as_str().and_then(|text| choices.iter().find(|(word, _)| alike(word, text)));
        if found.is_none() {
            let words = choices.iter().map(|(word, _)| *word);
            let near = value.as_str().and_then(|text| self.findings.nearest(text, words.clone()));
            let allowed = format!("one of {}", words.collect::<Vec<_>>().join(", "));
            self.fault(name, value, allowed, near.map(|near| format!("did you mean {near:?}?")));
        }
        found.map(|(_, choice)| *choice)
    }

    pub(crate) fn required_choice<T: Copy>(&mut self, name: &'static str, choices: &[(&'static str, T)]) -> Option<T> {
        if self.map.is_none_or(|map| map.get(name).is_none_or(Value::is_null)) {
            self.asked.push(name);
            let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
            self.missing(name, format!("one of {}", words.join(", ")));
            return None;
        }
        self.choice(name, choices)
    }

    /// An id of ours, which must have its form.
    pub(crate) fn id<T: TryFrom<String, Error = InvalidId>>(&mut self, name: &'static str) -> Option<T> {
        let text = self.text(name)?;
        self.made(name, text)
    }

    pub(crate) fn required_id<T: TryFrom<String, Error = InvalidId>>(&mut self, name: &'static str) -> Option<T> {
        let text = self.required_text(name)?;
        self.made(name, text)
    }

    fn made<T: TryFrom<String, Error = InvalidId>>(&self, name: &str, text: &str) -> Option<T> {
        match T::try_from(text.to_owned()) {
            Ok(id) => Some(id),
            Err(invalid) => {
                self.fault(name, &Value::from(text), invalid.expected, None);
                None
            }
        }
    }
}

/// RFC 3339, also with a blank between date and time, or before the offset.
pub(in crate::intake) fn instant(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let blanks = || text.split_whitespace().collect::<Vec<_>>();
    let joined = match blanks()[..] {
        [_] => return DateTime::parse_from_rfc3339(text).ok().map(|instant| instant.to_utc()),
        [day, time] => format!("{day}T{time}"),
        [day, time, offset] => format!("{day}T{time}{offset}"),
        _ => return None,
    };
    DateTime::parse_from_rfc3339(&joined).ok().map(|instant| instant.to_utc())
}

const INSTANT: &str = "a time with its offset, such as 2026-03-03T15:00:00Z";

fn instant_hint(value: &Value) -> Option<String> {
    match value {
        Value::Number(_) => Some("seconds or milliseconds since 1970 must be written as a date and time".into()),
        Value::String(text) if text.len() >= 10 && !text.ends_with('Z') => {
            Some("add Z for UTC, or an offset such as +01:00".into())
        }
        _ => None,
    }
}
