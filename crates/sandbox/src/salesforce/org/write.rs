//! Writes to the org: composites part by part, and what an org refuses.

use super::{ApiError, INTEGRATION_USER, KEY_FIELD, Org, Record, stored};
use axum::extract::Query;
use axum::http::Uri;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A part of a composite that was carried out.
pub(in crate::salesforce) struct Written {
    pub status: u16,
    pub body: Value,
    /// Kind and natural key, where something new came to be.
    pub created: Option<(&'static str, String)>,
}

/// Length limits of what Baton writes; longer values are an error.
const LENGTHS: [(&str, usize); 12] = [
    ("FirstName", 40),
    ("LastName", 80),
    ("Company", 255),
    ("Title", 128),
    ("Phone", 40),
    ("Email", 80),
    ("City", 40),
    ("State", 80),
    ("PostalCode", 20),
    ("Country", 80),
    ("Subject", 255),
    ("Description", 32_000),
];

impl Org {
    /// One part of a composite. `done` are the parts before it, for `@{lead.id}`.
    pub(crate) fn part(&mut self, part: &Value, done: &[Written], auto: Option<&str>) -> Result<Written, ApiError> {
        let lead = done.first().and_then(|written| written.body["id"].as_str()).unwrap_or_default();
        let text = part.to_string().replace("@{lead.id}", lead);
        let part: Value = serde_json::from_str(&text).expect("an id does not break JSON");
        let url = part["url"].as_str().unwrap_or_default();
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').skip(2).collect();
        let header = part["httpHeaders"]["Sforce-Auto-Assign"].as_str().or(auto);
        let assigns = !header.is_some_and(|value| value.eq_ignore_ascii_case("FALSE"));
        match (part["method"].as_str().unwrap_or_default(), segments.as_slice()) {
            ("PATCH", [_, "sobjects", object @ ("Lead" | "Task"), KEY_FIELD, key]) => {
                self.upsert(object, key, &part["body"], assigns)
            }
            ("POST", [_, "sobjects", "Lead"]) => self.create_lead(&part["body"], assigns),
            ("GET", [_, resource @ ("query" | "queryAll")]) => {
                let body = self.query(&decoded(url), *resource == "queryAll")?;
                Ok(Written { status: 200, body, created: None })
            }
            ("GET", [version, "sobjects", object, id]) => {
                let fields = query.trim_start_matches("fields=");
                let body = self.read(object, id, fields, version)?;
                Ok(Written { status: 200, body, created: None })
            }
            _ => Err(ApiError::new(404, "NOT_FOUND", "The requested resource does not exist")),
        }
    }

    fn upsert(&mut self, object: &str, key: &str, body: &Value, assigns: bool) -> Result<Written, ApiError> {
        if self.reads_only {
            return Err(ApiError::new(
                403,
                "INSUFFICIENT_ACCESS_OR_READONLY",
                "insufficient access rights on object id",
            ));
        }
        if self.lacks_key_field {
            let message = format!("Provided external ID field does not exist or is not accessible: {KEY_FIELD}");
            return Err(ApiError::new(404, "NOT_FOUND", &message));
        }
        let mut fields = body.as_object().cloned().unwrap_or_default();
        let existing = self.of(object).iter().find(|record| record.get(KEY_FIELD) == Some(&key.into())).cloned();
        self.validate(object, &fields, existing.as_ref())?;
        if object == "Lead"
            && assigns
            && let Some(user) = &self.assignment_rule
        {
            fields.insert("OwnerId".to_owned(), user.clone().into());
        }
        fields.insert("LastModifiedById".to_owned(), INTEGRATION_USER.into());
        if let Some(status) = fields.get("Status").filter(|_| object == "Task") {
            let is_closed = status == "Completed";
            fields.insert("IsClosed".to_owned(), is_closed.into());
            let completed_at = if is_closed { stored(self.now()).into() } else { Value::Null };
            fields.insert("CompletedDateTime".to_owned(), completed_at);
        }
        let Some(existing) = existing else {
            fields.entry("OwnerId").or_insert(INTEGRATION_USER.into());
            fields.insert(KEY_FIELD.to_owned(), key.into());
            let id = self.insert(object, Value::Object(fields));
            let kind = if object == "Lead" { "lead" } else { "task" };
            let body = json!({ "id": id, "success": true, "errors": [], "created": true });
            return Ok(Written { status: 201, body, created: Some((kind, key.to_owned())) });
        };
        let id = existing["Id"].clone();
        self.change(object, id.as_str().unwrap_or_default(), Value::Object(fields));
        let body = json!({ "id": id, "success": true, "errors": [], "created": false });
        Ok(Written { status: 200, body, created: None })
    }

    /// A key that is taken is refused, and nothing changes. Rules about duplicates come before it.
    fn create_lead(&mut self, body: &Value, assigns: bool) -> Result<Written, ApiError> {
        let mut fields = body.as_object().cloned().unwrap_or_default();
        let key = fields.remove(KEY_FIELD).as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
        self.refuse_twins(&fields, None)?;
        let taken = self.of("Lead").iter().find(|record| record.get(KEY_FIELD) == Some(&key.as_str().into()));
        if let Some(taken) = taken {
            let message =
                format!("duplicate value found: {KEY_FIELD} duplicates value on record with id: {}", taken["Id"]);
            return Err(ApiError::about("DUPLICATE_VALUE", &message, KEY_FIELD));
        }
        let mut made = self.upsert("Lead", &key, &Value::Object(fields), assigns)?;
        made.body = json!({ "id": made.body["id"], "success": true, "errors": [] });
        Ok(made)
    }

    fn validate(&self, object: &str, fields: &Record, existing: Option<&Record>) -> Result<(), ApiError> {
        if fields.contains_key(KEY_FIELD) || fields.contains_key("Id") {
            return Err(ApiError::new(400, "INVALID_FIELD", "the external id must not be in the body"));
        }
        for (field, limit) in LENGTHS {
            let length = fields.get(field).and_then(Value::as_str).map_or(0, |text| text.chars().count());
            if length > limit {
                return Err(ApiError::about("STRING_TOO_LONG", &format!("{field}: data value too large"), field));
            }
        }
        if let Some(owner) = fields.get("OwnerId").and_then(Value::as_str)
            && self.inactive_users.contains(owner)
        {
            let message = format!("operation performed with inactive user [{owner}] as owner of {object}");
            return Err(ApiError::new(400, "INACTIVE_OWNER_OR_USER", &message));
        }
        if existing.is_some_and(|record| record.get("IsConverted") == Some(&Value::Bool(true))) {
            return Err(ApiError::new(400, "CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead"));
        }
        if existing.is_none() {
            self.validate_new(object, fields)?;
        }
        if object == "Lead" {
            self.refuse_twins(fields, existing)?;
        }
        Ok(())
    }

    fn validate_new(&self, object: &str, fields: &Record) -> Result<(), ApiError> {
        let always: &[&str] = if object == "Lead" { &["LastName", "Company"] } else { &[] };
        let by_admin = self.required.iter().filter(|(of, _)| of == object).map(|(_, field)| field.as_str());
        for field in always.iter().copied().chain(by_admin) {
            if !fields.contains_key(field) {
                let message = format!("Required fields are missing: [{field}]");
                return Err(ApiError::about("REQUIRED_FIELD_MISSING", &message, field));
            }
        }
        Ok(())
    }

    /// The rule looks at leads, contacts and people who are accounts, and names those with the same address.
    fn refuse_twins(&self, fields: &Record, existing: Option<&Record>) -> Result<(), ApiError> {
        let Some(email) = fields.get("Email").filter(|_| self.refuses_duplicates) else { return Ok(()) };
        let is_other = |record: &&Record| existing.is_none_or(|one| one.get("Id") != record.get("Id"));
        let twin = |object: &'static str, field: &'static str| {
            let twins = self.of(object).iter().filter(move |record| record.get(field) == Some(email)).filter(is_other);
            twins.map(move |record| {
                let id = record["Id"].as_str().unwrap_or_default();
                let url = format!("/services/data/v66.0/sobjects/{object}/{id}");
                json!({ "attributes": { "type": object, "url": url }, "Id": id })
            })
        };
        let twins: Vec<Value> =
            twin("Lead", "Email").chain(twin("Contact", "Email")).chain(twin("Account", "PersonEmail")).collect();
        match twins.is_empty() {
            true => Ok(()),
            false => Err(ApiError::twin_of(if self.hides_duplicates { Vec::new() } else { twins })),
        }
    }
}

/// The query of a part's address.
fn decoded(url: &str) -> String {
    let parameters = url.parse::<Uri>().ok().and_then(|uri| Query::<BTreeMap<String, String>>::try_from_uri(&uri).ok());
    parameters.and_then(|Query(mut parameters)| parameters.remove("q")).unwrap_or_default()
}
