//! A value with where it came from: the briefing says so, and a rule may ask.

use serde::{Deserialize, Serialize};

/// Who said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The caller, in the conversation. What a bare value in an event means.
    Caller,
    /// The customer-relationship system.
    Crm,
    /// Concluded by a model from something else that was said.
    Inferred,
    /// The voice platform itself, e.g. the calling number.
    Platform,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Known<T> {
    pub value: T,
    pub source: Source,
    /// 0 to 1000; `None` when the platform did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence_permille: Option<u16>,
}

impl<T> Known<T> {
    pub fn from_caller(value: T) -> Self {
        Self { value, source: Source::Caller, confidence_permille: None }
    }

    pub fn new(value: T, source: Source) -> Self {
        Self { value, source, confidence_permille: None }
    }

    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Known<U> {
        Known { value: f(self.value), source: self.source, confidence_permille: self.confidence_permille }
    }
}

/// Something looked up for a decision: known at an instant, or not to be had, and why.
///
/// *Unknown is not free* and *absent is not false*: a rule says what unknown counts as.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Fact<T> {
    Known {
        value: T,
        observed_at: chrono::DateTime<chrono::Utc>,
        /// `mirror`, `salesforce`, `google-calendar` …
        source: String,
    },
    Unknown {
        why: String,
    },
}

impl<T> Fact<T> {
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Known { value, .. } => Some(value),
            Self::Unknown { .. } => None,
        }
    }
}
