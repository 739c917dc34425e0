//! The data of an event while it is written, and where each part came from.

use super::fit::{Fit, fit};
use super::scene::is_unknown;
use crate::pointer::plain;
use baton_core::domain::leg::assent::weighed;
use serde_json::{Map, Value, json};

#[derive(Default)]
pub(super) struct Draft {
    pub data: Map<String, Value>,
    pub from: Vec<(String, String)>,
    pub left_out: Vec<(String, String)>,
}

impl Draft {
    pub(super) fn get(&self, path: &str) -> Option<&Value> {
        match path.split_once('.') {
            None => self.data.get(path),
            Some((group, name)) => self.data.get(group)?.get(name),
        }
    }

    /// Writes a value that says something, unless it is not what may stand there; whether it was written.
    /// One that came with where it came from (`{ value, source }`) is taken bare.
    pub(super) fn put(&mut self, path: &str, mut value: Value, from: &str) -> bool {
        if let Some(bare) = value.get_mut("value") {
            value = bare.take();
        }
        if is_unknown(&value) {
            return false;
        }
        match fit(path, value) {
            Fit::Known(value) => {
                self.set(path, value, from);
                return true;
            }
            Fit::Unknown(why) => self.leave_out(from, why),
            Fit::Sip(address) => {
                if self.get("custom.sip").is_none() {
                    self.set("custom.sip", Value::from(address), from);
                }
            }
        }
        false
    }

    /// What the rows of a mapping say of consent, and of what the caller was told, is the platform's own word; what is among the
    /// facts, the caller's.
    pub(super) fn consents_are_of_the_platform(&mut self) {
        for part in ["consent", "disclosure"] {
            let Some(Value::Object(statements)) = self.data.get_mut(part) else { continue };
            for said in statements.values_mut() {
                if !said.is_object() {
                    *said = json!({ "given": said.take() });
                }
                if said.get("source").is_none() {
                    said["source"] = "platform".into();
                }
            }
        }
    }

    /// What a rep said goes before what the model made of it; whether the two are an answer.
    pub(super) fn is_answered(&mut self) -> bool {
        let said = self.data.remove("said").and_then(|said| plain(&said));
        let accepts = self.data.get("event").is_some_and(|event| event == "accepted");
        let Some(accepts) = weighed(accepts, said.as_deref()) else { return false };
        self.data.insert("event".to_owned(), if accepts { "accepted" } else { "declined" }.into());
        true
    }

    pub(super) fn leave_out(&mut self, from: &str, why: &str) {
        self.left_out.push((from.to_owned(), why.to_owned()));
    }

    /// `path` has at most one dot that counts: the name of a custom field may have more.
    pub(super) fn set(&mut self, path: &str, value: Value, from: &str) {
        self.from.push((path.to_owned(), from.to_owned()));
        let Some((group, name)) = path.split_once('.') else {
            self.data.insert(path.to_owned(), value);
            return;
        };
        let group = self.data.entry(group).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(members) = group {
            members.insert(name.to_owned(), value);
        }
    }
}
