//! How an org says no.

use serde_json::{Value, json};

#[derive(Debug)]
pub(in crate::salesforce) struct ApiError {
    pub status: u16,
    code: &'static str,
    message: String,
    fields: Vec<String>,
}

impl ApiError {
    pub(in crate::salesforce) fn new(status: u16, code: &'static str, message: &str) -> Self {
        Self { status, code, message: message.to_owned(), fields: Vec::new() }
    }

    pub(super) fn about(code: &'static str, message: &str, field: &str) -> Self {
        Self { fields: vec![field.to_owned()], ..Self::new(400, code, message) }
    }

    /// What the innocent parts of a rolled-back composite say.
    pub(in crate::salesforce) fn halted() -> Self {
        let message = "The transaction was rolled back since another operation in the same transaction failed.";
        Self::new(400, "PROCESSING_HALTED", message)
    }

    pub(in crate::salesforce) fn body(&self) -> Value {
        json!([{ "message": self.message, "errorCode": self.code, "fields": self.fields }])
    }
}
