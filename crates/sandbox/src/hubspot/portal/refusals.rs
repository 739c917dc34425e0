//! What a portal refuses: values that are none, properties that it does not know or misses, what is taken.

use super::{OWNER, Portal};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const BODY_LIMIT: usize = 65_536;
/// Properties that may be written; custom ones are added to the portal.
const PROPERTIES: [(&str, &str); 3] = [
    ("contacts", "email firstname lastname phone mobilephone jobtitle company city state zip country"),
    ("notes", "hs_timestamp hs_note_body"),
    ("tasks", "hs_timestamp hs_task_subject hs_task_body hs_task_status hs_task_priority hs_task_type"),
];

#[derive(Debug)]
pub(in crate::hubspot) struct Problem {
    pub status: u16,
    pub category: &'static str,
    pub message: String,
}

impl Problem {
    pub(in crate::hubspot) fn new(status: u16, category: &'static str, message: impl Into<String>) -> Self {
        Self { status, category, message: message.into() }
    }

    fn invalid(message: &str, error: &str, name: &str) -> Self {
        let detail = json!([{ "isValid": false, "message": message, "error": error, "name": name }]);
        Self::new(400, "VALIDATION_ERROR", format!("Property values were not valid: {detail}"))
    }

    pub(super) fn not_found() -> Self {
        Self::new(404, "OBJECT_NOT_FOUND", "resource not found")
    }
}

impl Portal {
    pub(super) fn validated(&self, kind: &str, body: &Value) -> Result<BTreeMap<String, String>, Problem> {
        let given = body["properties"].as_object().cloned().unwrap_or_default();
        let mut properties = BTreeMap::new();
        for (name, value) in given {
            let Some(text) = value.as_str() else {
                return Err(Problem::invalid("values are text", "INVALID_TYPE", &name));
            };
            self.refuse_bad(kind, &name, text)?;
            properties.insert(name, text.to_owned());
        }
        Ok(properties)
    }

    fn refuse_bad(&self, kind: &str, name: &str, value: &str) -> Result<(), Problem> {
        let known = PROPERTIES.iter().find(|(of, _)| *of == kind);
        let standard = known.is_some_and(|(_, names)| names.split(' ').any(|word| word == name));
        if !standard && name != OWNER && !self.custom.contains_key(&(kind.to_owned(), name.to_owned())) {
            let message = format!("Property \"{name}\" does not exist");
            return Err(Problem::invalid(&message, "PROPERTY_DOESNT_EXIST", name));
        }
        if name == OWNER && !self.owners.iter().any(|owner| owner.id == value && !owner.archived) {
            return Err(Problem::invalid("the owner does not exist", "INVALID_OWNER_ID", name));
        }
        if name.ends_with("_body") && value.chars().count() > BODY_LIMIT {
            return Err(Problem::invalid("the text is too long", "PROPERTY_TOO_LONG", name));
        }
        Ok(())
    }

    pub(super) fn refuse_missing(&self, kind: &str, properties: &BTreeMap<String, String>) -> Result<(), Problem> {
        let always = ["notes", "tasks"].contains(&kind).then_some("hs_timestamp");
        let by_admin = self.required.iter().filter(|(of, _)| of == kind).map(|(_, name)| name.as_str());
        match always.into_iter().chain(by_admin).find(|name| !properties.contains_key(*name)) {
            Some(name) => Err(Problem::invalid("a required property is missing", "REQUIRED_FIELD", name)),
            None => Ok(()),
        }
    }

    pub(super) fn refuse_taken(&self, kind: &str, properties: &BTreeMap<String, String>) -> Result<(), Problem> {
        for (name, value) in properties {
            let unique = self.custom.get(&(kind.to_owned(), name.clone())).is_some_and(|(_, unique)| *unique);
            let is_email = kind == "contacts" && name == "email";
            let taken = self.of(kind).iter().find(|record| record.properties.get(name) == Some(value));
            let Some(taken) = taken.filter(|_| unique || is_email) else { continue };
            if is_email {
                let message = format!("Contact already exists. Existing ID: {}", taken.id);
                return Err(Problem::new(409, "CONFLICT", message));
            }
            let message = format!("{} already has that value.", taken.id);
            return Err(Problem::invalid(&message, "CONFLICTING_UNIQUE_VALUE", name));
        }
        Ok(())
    }
}
