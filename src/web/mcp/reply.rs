//! What a tool answers: one sentence to say, and the same with what belongs to it for programs.

use baton_core::domain::outcome::Slot;
use baton_core::domain::text::CallerText;
use chrono::SecondsFormat;
use serde_json::{Map, Value, json};

/// Said where a template says nothing: an answer without words is an error to many agents.
const AT_LEAST: &str = "One moment, please.";

pub(super) struct Reply {
    pub say: String,
    /// What agents that read more than the words find beside them; no member is null.
    more: Map<String, Value>,
}

impl Reply {
    /// `status`: what became of it, in one word.
    pub(super) fn new(say: &CallerText, status: &'static str) -> Self {
        let say = say.0.trim();
        let say = if say.is_empty() { AT_LEAST } else { say };
        Self { say: say.to_owned(), more: Map::from_iter([("status".to_owned(), status.into())]) }
    }

    /// What says nothing is left out.
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        if !value.is_null() && value.as_array().is_none_or(|items| !items.is_empty()) {
            self.more.insert(name.to_owned(), value);
        }
        self
    }

    pub(super) fn structured(&self) -> Value {
        let mut all = Map::from_iter([("say".to_owned(), Value::from(self.say.as_str()))]);
        all.extend(self.more.clone());
        Value::Object(all)
    }
}

/// Times to choose from, each with the number by which it is chosen.
pub(super) fn times(slots: &[Slot]) -> Vec<Value> {
    let written = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let one = |(number, slot): (usize, &Slot)| json!({ "choice": number, "from": written(slot.from), "until": written(slot.until) });
    (1..).zip(slots).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_always_says_something_and_holds_no_null() {
        let silent =
            Reply::new(&CallerText("  ".to_owned()), "decided").with("owner", Value::Null).with("times", times(&[]));
        assert_eq!(silent.structured(), json!({ "say": AT_LEAST, "status": "decided" }));
        let reply = Reply::new(&CallerText("Hello.".to_owned()), "decided").with("lead", "lead_x");
        assert_eq!(reply.structured(), json!({ "say": "Hello.", "status": "decided", "lead": "lead_x" }));
    }
}
