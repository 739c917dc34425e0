//! How the entries of the audit hang together, so that each can be held against all before it.
//!
//! `hash` is SHA-256, in hexadecimal digits, of `prev_hash` followed by the netstrings (`5:ana-1,`: length in bytes, colon, text,
//! comma) of `seq`, of `at` in microseconds since 1970, of `actor`, `act` and `subject`, and of `why_hash`, which is empty where
//! nobody said why. `why_hash` is SHA-256 of `salt` and `why`: the chain stays whole when both are blanked.

use crate::store::sql::row::{digest_of, micros};
use chrono::{DateTime, Utc};
use serde::Serialize;

/// An entry of the audit as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditLine {
    /// From 1, without gaps.
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub actor: String,
    pub act: String,
    pub subject: String,
    /// `None`: nobody said why, or it was blanked since.
    pub why: Option<String>,
    pub salt: Option<String>,
    pub why_hash: Option<String>,
    pub prev_hash: String,
    pub hash: String,
}

impl AuditLine {
    /// What `hash` must be.
    pub(super) fn digest(&self) -> String {
        let (seq, at) = (self.seq.to_string(), micros(self.at).to_string());
        let why = self.why_hash.as_deref().unwrap_or_default();
        let mut text = self.prev_hash.clone();
        for field in [seq.as_str(), &at, &self.actor, &self.act, &self.subject, why] {
            text.push_str(&format!("{}:{field},", field.len()));
        }
        digest_of(&text)
    }

    /// Whether the words are those that the chain was told of. Where they were blanked nothing is left to compare.
    fn is_as_written(&self) -> bool {
        match (&self.why, &self.salt, &self.why_hash) {
            (None, _, _) => true,
            (Some(why), Some(salt), Some(hash)) => salted(salt, why) == *hash,
            (Some(_), None, _) | (Some(_), _, None) => false,
        }
    }
}

/// What the chain holds of words.
pub(super) fn salted(salt: &str, why: &str) -> String {
    digest_of(&format!("{salt}{why}"))
}

/// On which the next entry hangs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainEnd {
    /// 0: there is no entry.
    pub seq: i64,
    pub hash: String,
}

impl ChainEnd {
    /// Of a chain without entries.
    pub(super) fn begin() -> Self {
        Self { seq: 0, hash: "0".repeat(64) }
    }

    /// The end once this entry hangs on it.
    ///
    /// # Errors
    /// It does not, and why.
    pub(super) fn with(&self, line: &AuditLine) -> Result<Self, &'static str> {
        if line.seq != self.seq + 1 {
            return Err("it is not the one that comes next: entries before it were taken out, or it was slipped in");
        }
        if line.prev_hash != self.hash {
            return Err("it does not hang on the entry before it");
        }
        if line.hash != line.digest() {
            return Err("something in it was changed");
        }
        if !line.is_as_written() {
            return Err("its reason is not the one that was written");
        }
        Ok(Self { seq: line.seq, hash: line.hash.clone() })
    }
}
