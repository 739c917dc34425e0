//! How an org says no.

use serde_json::{Value, json};

#[derive(Debug)]
pub(in crate::salesforce) struct ApiError {
    pub status: u16,
    code: &'static str,
    message: String,
    fields: Vec<String>,
    /// Of a duplicate rule: the records that it means.
    duplicates: Vec<Value>,
}

impl ApiError {
    pub(in crate::salesforce) fn new(status: u16, code: &'static str, message: &str) -> Self {
        Self { status, code, message: message.to_owned(), fields: Vec::new(), duplicates: Vec::new() }
    }

    pub(super) fn about(code: &'static str, message: &str, field: &str) -> Self {
        Self { fields: vec![field.to_owned()], ..Self::new(400, code, message) }
    }

    /// With the records that the new one is taken for.
    pub(super) fn twin_of(duplicates: Vec<Value>) -> Self {
        Self { duplicates, ..Self::new(400, "DUPLICATES_DETECTED", "Use one of these records?") }
    }

    /// What the innocent parts of a rolled-back composite say.
    pub(in crate::salesforce) fn halted() -> Self {
        let message = "The transaction was rolled back since another operation in the same transaction failed.";
        Self::new(400, "PROCESSING_HALTED", message)
    }

    pub(in crate::salesforce) fn body(&self) -> Value {
        let mut error = json!({ "message": self.message, "errorCode": self.code, "fields": self.fields });
        if self.code == "DUPLICATES_DETECTED" {
            let records: Vec<Value> = self.duplicates.iter().map(|record| json!({ "record": record })).collect();
            error["duplicateResult"] = json!({
                "allowSave": false,
                "duplicateRule": "One_Address_One_Person",
                "matchResults": [{ "entityType": "Lead", "success": true, "matchRecords": records }],
            });
        }
        json!([error])
    }
}
