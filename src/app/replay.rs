//! Stored decisions, made again from what was stored with them: lead, snapshot and release. Nothing is written.

use crate::rehearse::stored::inputs;
use crate::release::{Library, Lost};
use crate::store::{Store, StoredDecision};
use anyhow::{Context, Result};
use baton_core::domain::id::{LeadId, ReleaseId};
use baton_core::routing::{decide, versions};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

/// Decisions that are read at once.
const PAGE: usize = 200;

/// A decision that was made again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replayed {
    pub decision: String,
    pub lead: LeadId,
    pub release: ReleaseId,
    pub decided_at: DateTime<Utc>,
    #[serde(flatten)]
    pub verdict: ReplayVerdict,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum ReplayVerdict {
    /// To the last byte; one that an earlier version stored: in all that it said otherwise than in words.
    Same,
    /// `path` is the first place that differs, as a JSON path; a side that has nothing there is `null`.
    Differs { path: String, stored: Value, now: Value },
    /// The person it was about was erased, or stood in what was known then: it is not made again.
    Erased { at: DateTime<Utc> },
    /// It cannot be made again: its release or what was stored with it cannot be read.
    Impossible { why: String },
    /// What it was made from has had its time, and is gone.
    NoLongerKept,
}

/// What a replay looks at.
#[derive(Debug, Clone)]
pub enum Which {
    /// One decision, by its id or its lead's.
    One(String),
    /// Everything decided from then on.
    Since(DateTime<Utc>),
}

/// Makes decisions again, in the order in which they were made, and tells each. Those made while this runs are left out.
///
/// # Errors
/// The database could not be read; or there is no such decision.
pub async fn replay(store: &Store, which: Which, now: DateTime<Utc>, mut tell: impl FnMut(Replayed)) -> Result<()> {
    let library = Library::new(store.clone());
    let since = match which {
        Which::Since(since) => since,
        Which::One(id) => {
            let stored = one(store, &id).await?;
            tell(again(&library, stored).await?);
            return Ok(());
        }
    };
    let mut after = (since, String::new());
    loop {
        let page = store.decisions_stored(&after, now, PAGE).await.context("reading stored decisions")?;
        let Some(last) = page.last() else { return Ok(()) };
        after = (last.decided_at, last.id.clone());
        for stored in page {
            tell(again(&library, stored).await?);
        }
    }
}

/// A stored decision, by its id or its lead's.
///
/// # Errors
/// The database could not be read; or there is no such decision.
pub async fn one(store: &Store, id: &str) -> Result<StoredDecision> {
    let found = store.decision_stored(id).await.context("reading a stored decision")?;
    found.with_context(|| {
        format!(
            "there is no decision {id:?}, or it is no longer kept: give the id of a decision (dec_…) or of a lead (lead_…)"
        )
    })
}

async fn again(library: &Library, stored: StoredDecision) -> Result<Replayed> {
    let verdict = match stored.erased_at {
        Some(at) => ReplayVerdict::Erased { at },
        None if !stored.is_kept() => ReplayVerdict::NoLongerKept,
        None => made_again(library, &stored).await?,
    };
    let StoredDecision { id, lead_id, release, decided_at, .. } = stored;
    Ok(Replayed { decision: id, lead: lead_id, release, decided_at, verdict })
}

async fn made_again(library: &Library, stored: &StoredDecision) -> Result<ReplayVerdict> {
    Ok(match library.rules(&stored.release).await {
        Ok(rules) => match inputs(stored) {
            Ok((lead, snapshot)) => {
                let made = decide(&lead, &snapshot, &rules);
                match versions::comparable(&stored.body, &made) {
                    Ok(Some((before, now))) => differs(&before, &now).unwrap_or(ReplayVerdict::Same),
                    Ok(None) | Err(_) => {
                        compare(&stored.body, &serde_json::to_string(&made).context("writing a decision")?)
                    }
                }
            }
            Err(why) => ReplayVerdict::Impossible { why },
        },
        Err(error @ (Lost::Unknown(_) | Lost::Refused { .. })) => ReplayVerdict::Impossible { why: error.to_string() },
        Err(error @ Lost::Store(_)) => return Err(error.into()),
    })
}

/// Byte by byte; where bytes differ, the first place is looked for in what they say.
fn compare(stored: &str, made: &str) -> ReplayVerdict {
    if stored == made {
        return ReplayVerdict::Same;
    }
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_else(|_| Value::String(text.to_owned()));
    differs(&read(stored), &read(made)).unwrap_or_else(|| {
        let why = Value::String("the same values in another order or spelling".to_owned());
        ReplayVerdict::Differs { path: "$".to_owned(), stored: why.clone(), now: why }
    })
}

fn differs(stored: &Value, made: &Value) -> Option<ReplayVerdict> {
    first_difference("$", stored, made).map(|(path, stored, now)| ReplayVerdict::Differs { path, stored, now })
}

/// In the order of the stored document.
fn first_difference(path: &str, old: &Value, new: &Value) -> Option<(String, Value, Value)> {
    match (old, new) {
        (Value::Object(before), Value::Object(after)) => {
            let gone_or_changed = before.iter().find_map(|(key, value)| {
                let there = after.get(key).unwrap_or(&Value::Null);
                first_difference(&format!("{path}.{key}"), value, there)
            });
            gone_or_changed.or_else(|| {
                let (key, value) = after.iter().find(|(key, _)| !before.contains_key(*key))?;
                Some((format!("{path}.{key}"), Value::Null, value.clone()))
            })
        }
        (Value::Array(before), Value::Array(after)) => (0..before.len().max(after.len())).find_map(|index| {
            let at = |values: &[Value]| values.get(index).cloned().unwrap_or(Value::Null);
            first_difference(&format!("{path}[{index}]"), &at(before), &at(after))
        }),
        _ if old == new => None,
        _ => Some((path.to_owned(), old.clone(), new.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn differs(old: &Value, new: &Value) -> (String, Value, Value) {
        match compare(&old.to_string(), &new.to_string()) {
            ReplayVerdict::Differs { path, stored, now } => (path, stored, now),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_first_difference_is_named_by_its_path() {
        let old = json!({ "plan": { "owner": "ana", "targets": [{ "rep": "ana" }, { "rep": "ben" }] }, "turn": null });
        assert_eq!(compare(&old.to_string(), &old.to_string()), ReplayVerdict::Same);
        let mut new = old.clone();
        new["plan"]["targets"][1]["rep"] = json!("cy");
        new["turn"] = json!(1);
        assert_eq!(differs(&old, &new), ("$.plan.targets[1].rep".to_owned(), json!("ben"), json!("cy")));
        let mut longer = old.clone();
        longer["plan"]["targets"].as_array_mut().expect("a list").push(json!({ "rep": "dee" }));
        assert_eq!(differs(&old, &longer).0, "$.plan.targets[2]");
        let mut newer = old.clone();
        newer["since"] = json!(2);
        assert_eq!(differs(&old, &newer), ("$.since".to_owned(), Value::Null, json!(2)));
        assert_eq!(differs(&newer, &old), ("$.since".to_owned(), json!(2), Value::Null));
    }

    #[test]
    fn bytes_in_another_order_are_not_the_same() {
        let verdict = compare(r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#);
        assert!(matches!(verdict, ReplayVerdict::Differs { path, .. } if path == "$"));
    }
}
