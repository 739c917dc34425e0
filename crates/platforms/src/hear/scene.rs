//! A request that is looked into: its body as one value, its headers and its query; and what counts as nothing said.

use crate::Request;
use crate::pointer::{Part, Place};
use baton_core::rules::words::placeholder::is_placeholder;
use serde_json::Value;
use std::borrow::Cow;

#[derive(Clone, Copy)]
pub(crate) struct Scene<'v> {
    pub request: Request<'v>,
    pub body: &'v Value,
    /// The item that a message with `each` is tried for.
    pub item: Option<&'v Value>,
}

impl<'v> Scene<'v> {
    /// What stands there, whatever it says.
    pub(crate) fn find(self, place: &Place) -> Option<Cow<'v, Value>> {
        match &place.part {
            Part::Body(pointer) => pointer.find(self.body),
            Part::Item(pointer) => pointer.find(self.item?),
            Part::Header(name) => self.request.values(name).next().map(|text| Cow::Owned(Value::from(text))),
            Part::Query(name) => self.request.query(name).next().map(|text| Cow::Owned(Value::from(text))),
        }
    }

    /// What stands there, if it says something.
    pub(crate) fn said(self, place: &Place) -> Option<Cow<'v, Value>> {
        self.find(place).filter(|value| !is_unknown(value))
    }

    /// The items of the list that stands there.
    pub(crate) fn items(self, place: &Place) -> Vec<Value> {
        match self.find(place).map(Cow::into_owned) {
            Some(Value::Array(items)) => items,
            _ => Vec::new(),
        }
    }

    pub(crate) fn with(self, item: &'v Value) -> Self {
        Self { item: Some(item), ..self }
    }
}

/// Null, nothing, a word for nothing, or a variable that the platform did not fill in.
pub fn is_unknown(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty() || is_placeholder(text) || is_unfilled(value),
        Value::Array(items) => items.iter().all(is_unknown),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Why such a variable says nothing.
pub(super) const UNFILLED: &str = "a variable that the platform did not fill in";

/// `{{from}}`.
pub(super) fn is_unfilled(value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default().trim();
    text.starts_with("{{") && text.ends_with("}}")
}
