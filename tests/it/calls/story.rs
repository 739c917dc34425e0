//! What is told of a lead, as a case reads it.

use serde_json::Value;

/// What `GET /v1/leads/{id}` tells.
pub struct Story(pub Value);

impl Story {
    pub fn status(&self) -> &str {
        self.0["status"].as_str().unwrap_or_default()
    }

    pub fn owner(&self) -> &str {
        self.0["owner"].as_str().unwrap_or_default()
    }

    /// What happened and changed something, in order.
    pub fn kinds(&self) -> Vec<&str> {
        self.entries().filter_map(|entry| entry["kind"].as_str()).collect()
    }

    pub fn has(&self, kind: &str) -> bool {
        self.entries().any(|entry| entry["kind"] == kind)
    }

    /// To whom of the reps it happened, in order.
    pub fn reps(&self, kind: &str) -> Vec<&str> {
        self.entries().filter(|entry| entry["kind"] == kind).filter_map(|entry| entry["body"]["rep"].as_str()).collect()
    }

    /// What is told of the first of this kind.
    pub fn body(&self, kind: &str) -> Value {
        self.entries().find(|entry| entry["kind"] == kind).map(|entry| entry["body"].clone()).unwrap_or_default()
    }

    fn entries(&self) -> impl Iterator<Item = &Value> {
        let all = self.0["timeline"].as_array().map(Vec::as_slice).unwrap_or_default();
        all.iter().filter(|entry| entry["body"]["ignored"] != true)
    }
}
