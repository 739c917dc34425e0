//! The messages of all channels, and the stamps by which they are named.

use super::people::SlackWhisper;
use super::{SCOPES, failure};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// A message as it stands in its channel.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SlackMessage {
    pub channel: String,
    pub ts: String,
    pub posted_at: DateTime<Utc>,
    pub text: String,
    pub blocks: Value,
    pub metadata: Value,
    /// How often it was rewritten.
    pub updates: usize,
}

impl SlackMessage {
    /// The key in Baton's metadata; empty for a message without.
    pub fn key(&self) -> &str {
        self.metadata["event_payload"]["key"].as_str().unwrap_or_default()
    }
}

#[derive(Default)]
pub struct SlackState(Mutex<Kept>);

#[derive(Default)]
pub(super) struct Kept {
    pub messages: Vec<SlackMessage>,
    /// Who is listed, and whether they are active. Whoever is written to exists without that.
    pub members: BTreeMap<String, bool>,
    /// Method and error of answers to come.
    refusals: Vec<(String, Value)>,
    /// Members by mail address and id.
    pub people: Vec<(String, String)>,
    /// The same of those who came from other workspaces.
    pub strangers: Vec<(String, String)>,
    pub whispers: Vec<SlackWhisper>,
    /// Forms that were opened, by their triggers.
    pub forms: Vec<(String, Value)>,
    /// What each person's own page shows.
    pub homes: BTreeMap<String, Value>,
    pub socket: Option<String>,
}

impl SlackState {
    pub fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// In the order of their posting.
    pub fn messages(&self) -> Vec<SlackMessage> {
        self.kept().messages.clone()
    }

    /// Somebody joins the workspace.
    pub fn add_member(&self, id: &str) {
        self.kept().members.insert(id.to_owned(), true);
    }

    pub fn deactivate(&self, id: &str) {
        self.kept().members.insert(id.to_owned(), false);
    }

    /// Answers the next call of a method with `ok: false` and this error, nothing done.
    pub fn refuse_next(&self, method: &str, error: &str) {
        self.kept().refusals.push((method.to_owned(), failure(error)));
    }

    /// The same for a scope that the token lacks.
    pub fn lack_scope_next(&self, method: &str, needed: &str) {
        let mut answer = failure("missing_scope");
        answer["needed"] = json!(needed);
        answer["provided"] = json!(SCOPES);
        self.kept().refusals.push((method.to_owned(), answer));
    }

    /// Somebody is a member from now on.
    pub fn join(&self, mail: &str, person: &str) {
        self.kept().people.push((mail.to_owned(), person.to_owned()));
    }

    /// Somebody of another workspace is in a channel with us, and shows this mail address.
    pub fn visit(&self, mail: &str, person: &str) {
        self.kept().strangers.push((mail.to_owned(), person.to_owned()));
    }

    /// What was said to people alone, in order.
    pub fn whispers(&self) -> Vec<SlackWhisper> {
        self.kept().whispers.clone()
    }

    /// The forms that were opened, in order.
    pub fn forms(&self) -> Vec<Value> {
        self.kept().forms.iter().map(|(_, view)| view.clone()).collect()
    }

    /// What a person's own page shows.
    pub fn home(&self, person: &str) -> Option<Value> {
        self.kept().homes.get(person).cloned()
    }

    /// Where whoever asks for a connection is sent from now on.
    pub fn socket_at(&self, url: &str) {
        self.kept().socket = Some(url.to_owned());
    }

    pub(super) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().expect("nothing panics while holding the messages")
    }

    pub(super) fn take_refusal(&self, method: &str) -> Option<Value> {
        let refusals = &mut self.kept().refusals;
        let index = refusals.iter().position(|(of, _)| of == method)?;
        Some(refusals.remove(index).1)
    }
}

/// Later than every earlier one, as stamps are the names of messages.
pub(super) fn stamp(at: DateTime<Utc>, earlier: &[SlackMessage]) -> String {
    let write = |at: DateTime<Utc>| format!("{}.{:06}", at.timestamp(), at.timestamp_subsec_micros());
    let mut at = at;
    while earlier.iter().any(|message| message.ts == write(at)) {
        at += TimeDelta::microseconds(1);
    }
    write(at)
}

/// A stamp as (seconds, microseconds); what is none comes before all.
pub(super) fn seconds(ts: &str) -> (u64, u64) {
    let (whole, micros) = ts.split_once('.').unwrap_or((ts, ""));
    (whole.parse().unwrap_or(0), micros.parse().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_unique_and_ordered() {
        assert!(seconds("1795424400.000042") > seconds("1795424400.000041"));
        assert!(seconds("1795424400.000042") > seconds("") && seconds("9.5") < seconds("10.0"));
        let at = "2026-11-23T09:00:00Z".parse().unwrap();
        let first = SlackMessage { ts: stamp(at, &[]), ..SlackMessage::default() };
        assert_eq!(first.ts, "1795424400.000000");
        assert_eq!(stamp(at, &[first]), "1795424400.000001");
    }
}
