//! The eight tools: their names, what a model is told of them, what they take.
//!
//! The same bytes release after release: platforms keep a digest of them, and ask a person again when it changes. Held by
//! `fixtures/golden/mcp-tools.json`. Flat: models and platforms refuse a whole session for one schema that is not.

use baton_platforms::{facts, rep};
use serde_json::{Map, Value, json};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    RouteLead,
    OfferTimes,
    ChooseTime,
    PromiseCallback,
    WhatNow,
    CallEnded,
    RepAccepted,
    RepDeclined,
}

/// The id of the call, where nothing but the model can say it.
pub(super) const CALL_ID: &str = "call_id";
/// Which of the times that were offered, from 1.
pub(super) const CHOICE: &str = "choice";
pub(super) const REASON: &str = "reason";

/// Of the facts, those by which a lead can begin that is about a time and nothing else.
const FOR_A_TIME: [&str; 6] = ["name", "phone", "email", "summary", "times", "timezone"];

/// Said to the model beside the tools, by agents that pass it on.
pub(super) const INSTRUCTIONS: &str = "These tools find the right salesperson while a caller is on the line. Each answers with \
    one text: say it to the caller, word for word, and promise nothing that no answer has said. Call what_now at the start of \
    the call, route_lead once you know what the caller wants, what_now again while you wait, and call_ended at the end.";

impl Tool {
    pub(super) const ALL: [Self; 8] = [
        Self::RouteLead,
        Self::OfferTimes,
        Self::ChooseTime,
        Self::PromiseCallback,
        Self::WhatNow,
        Self::CallEnded,
        Self::RepAccepted,
        Self::RepDeclined,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::RouteLead => "route_lead",
            Self::OfferTimes => "offer_times",
            Self::ChooseTime => "choose_time",
            Self::PromiseCallback => "promise_callback",
            Self::WhatNow => "what_now",
            Self::CallEnded => "call_ended",
            Self::RepAccepted => rep::ACCEPTED,
            Self::RepDeclined => rep::DECLINED,
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.name() == name)
    }

    /// When it is to be called, and what to do with the answer.
    pub(super) fn about(self) -> &'static str {
        match self {
            Self::RouteLead => {
                "Call this once you know what the caller wants. It finds the right person and rings them while you go on \
                 speaking. Give what you know, leave out the rest, and call it again when you learn more. Say the text of the \
                 answer. If it asks for something, ask the caller, then call this again."
            }
            Self::OfferTimes => {
                "Call this when the caller would rather have a meeting than speak with somebody now. The answer names free \
                 times, or says what happens instead. Say its text. If no time is named yet, call what_now after a few seconds."
            }
            Self::ChooseTime => {
                "Call this when the caller has picked one of the times that were offered. It books the meeting. Say the text of \
                 the answer: it confirms the time, or offers others if somebody was faster."
            }
            Self::PromiseCallback => {
                "Call this when the caller wants to be called back, or when none of the offered times suits them. The answer \
                 says who calls and by when. Say its text, and promise nothing else."
            }
            Self::WhatNow => {
                "Call this at the start of the call, after some seconds on hold, and whenever you do not know how things stand. \
                 It changes nothing. Say the text of the answer."
            }
            Self::CallEnded => {
                "Call this when the caller has hung up or has said goodbye. Phones that still ring for them stop ringing. \
                 Nobody has to hear the answer."
            }
            Self::RepAccepted => rep::ACCEPTED_ABOUT,
            Self::RepDeclined => rep::DECLINED_ABOUT,
        }
    }

    /// Whether nothing is different after it.
    pub(super) fn only_reads(self) -> bool {
        self == Self::WhatNow
    }

    /// What it takes, as JSON Schema. The call's id comes last, for agents that know it and have no other way to say it.
    pub(super) fn schema(self) -> Map<String, Value> {
        let mut facts = facts::tool_schema();
        let facts = facts["properties"].as_object_mut().map(std::mem::take).unwrap_or_default();
        let (mut properties, required) = match self {
            Self::RouteLead => (facts, None),
            Self::OfferTimes | Self::PromiseCallback => {
                (facts.into_iter().filter(|(name, _)| FOR_A_TIME.contains(&name.as_str())).collect(), None)
            }
            Self::ChooseTime => {
                let about = "Which of the offered times: 1 for the first that was named, 2 for the second, and so on.";
                (one(CHOICE, json!({ "type": "number", "description": about })), Some(CHOICE))
            }
            Self::WhatNow => (Map::new(), None),
            Self::CallEnded => {
                (one(REASON, json!({ "type": "string", "description": "Why the call ended, in a few words." })), None)
            }
            Self::RepAccepted | Self::RepDeclined => {
                let mut schema = rep::tool_schema();
                (schema["properties"].as_object_mut().map(std::mem::take).unwrap_or_default(), Some(rep::LEG))
            }
        };
        let about = "Id of this call at the voice platform. Leave it out unless you were given it.";
        properties.insert(CALL_ID.to_owned(), json!({ "type": "string", "description": about }));
        let mut schema = one("type", json!("object"));
        schema.insert("properties".to_owned(), Value::Object(properties));
        if let Some(required) = required {
            schema.insert("required".to_owned(), json!([required]));
        }
        schema
    }
}

fn one(name: &str, value: Value) -> Map<String, Value> {
    Map::from_iter([(name.to_owned(), value)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_models_read_is_short_and_names_what_they_can_write() {
        for tool in Tool::ALL {
            let (name, about) = (tool.name(), tool.about());
            assert!(name.len() <= 40 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
            assert!(about.len() <= 300, "{name}: {} characters", about.len());
            assert_eq!(Tool::named(name), Some(tool));
        }
        assert_eq!(Tool::named("route_leads"), None);
        let schema = Tool::PromiseCallback.schema();
        let names: Vec<&String> = schema["properties"].as_object().expect("properties").keys().collect();
        assert_eq!(names.len(), FOR_A_TIME.len() + 1, "every fact for a time is one that there is: {names:?}");
    }
}
