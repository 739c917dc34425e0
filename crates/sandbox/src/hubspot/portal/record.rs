//! One record: its properties, who owned it when, and how the vendor answers with it and searches in it.

use super::{OWNER, stamp};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Kept by the vendor: the first company that a contact was linked to.
const COMPANY_OF: &str = "associatedcompanyid";

/// Kept by the vendor, of all but contacts.
const CHANGED_AT: &str = "hs_lastmodifieddate";

/// A record as it is stored.
#[derive(Debug, Clone, Default)]
pub struct Record {
    pub id: String,
    pub properties: BTreeMap<String, String>,
    /// By kind, in order of creation.
    pub associated: BTreeMap<String, Vec<String>>,
    /// Values of the owner with their source, newest first.
    pub(super) owners: Vec<(String, &'static str, DateTime<Utc>)>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
}

impl Record {
    pub(super) fn set(&mut self, name: &str, value: &str, source: &'static str, at: DateTime<Utc>) {
        self.properties.insert(name.to_owned(), value.to_owned());
        self.updated_at = at;
        if name == OWNER {
            self.owners.insert(0, (value.to_owned(), source, at));
        }
    }

    /// What makes it the same thing to a person: an address, or our marker in a body.
    pub(super) fn natural_key(&self) -> String {
        let text = |name: &str| self.properties.get(name).cloned();
        if let Some(body) = text("hs_note_body").or_else(|| text("hs_task_body")) {
            return body
                .rsplit_once("[baton:")
                .map_or(body.clone(), |(_, marker)| marker.trim_end_matches(']').to_owned());
        }
        text("email").or_else(|| text("phone")).or_else(|| text("lastname")).unwrap_or_default()
    }

    pub(super) fn answer(&self, asked: &[&str]) -> Value {
        let mut properties = Map::from_iter([("hs_object_id".to_owned(), self.id.clone().into())]);
        for name in asked {
            let primary = || self.associated.get("companies").and_then(|ids| ids.first());
            let value = if *name == COMPANY_OF { primary().cloned() } else { self.searchable(name) };
            if let Some(value) = value {
                properties.insert((*name).to_owned(), value.into());
            }
        }
        json!({
            "id": self.id,
            "properties": properties,
            "createdAt": stamp(self.created_at),
            "updatedAt": stamp(self.updated_at),
            "archived": false,
            "url": format!("https://app.hubspot.com/contacts/1/record/0-1/{}", self.id),
        })
    }

    pub(super) fn history(&self) -> Vec<Value> {
        let change = |(value, source, at): &(String, &str, DateTime<Utc>)| json!({ "value": value, "sourceType": source, "timestamp": stamp(*at) });
        self.owners.iter().map(change).collect()
    }

    /// When what a property tells of was changed last; `None`: it tells of no change, or it was long ago.
    fn changed_at(&self, property: &str) -> Option<DateTime<Utc>> {
        let changed_at = match property {
            CHANGED_AT => Some(self.updated_at),
            "hubspot_owner_assigneddate" => self.owners.first().map(|(_, _, at)| *at),
            _ => None,
        };
        changed_at.filter(|at| *at > DateTime::UNIX_EPOCH)
    }

    pub(super) fn fits(&self, filter: &Value) -> bool {
        let wanted = filter["value"].as_str().unwrap_or_default();
        let found = self.searchable(filter["propertyName"].as_str().unwrap_or_default());
        if filter["operator"] == "NOT_HAS_PROPERTY" {
            return found.is_none();
        }
        let Some(found) = found else { return false };
        match filter["operator"].as_str() {
            Some("IN") => filter["values"].as_array().into_iter().flatten().any(|value| *value == found.as_str()),
            Some("GTE") => instant(&found).zip(instant(wanted)).is_some_and(|(found, wanted)| found >= wanted),
            Some("EQ") => found.eq_ignore_ascii_case(wanted),
            Some("CONTAINS_TOKEN") => {
                let (found, wanted) = (found.to_lowercase(), wanted.to_lowercase());
                let fits = |token: &str| match wanted.strip_suffix('*') {
                    Some(beginning) => token.starts_with(beginning),
                    None => token == wanted,
                };
                found.split(|c: char| !c.is_alphanumeric() && c != '.').any(fits)
            }
            _ => false,
        }
    }

    pub(super) fn searchable(&self, property: &str) -> Option<String> {
        let phone = match property {
            "hs_searchable_calculated_phone_number" => "phone",
            "hs_searchable_calculated_mobile_number" => "mobilephone",
            "hs_object_id" => return Some(self.id.clone()),
            _ => return self.properties.get(property).cloned().or_else(|| self.changed_at(property).map(stamp)),
        };
        let stored = self.properties.get(phone)?;
        let national = phonenumber::parse(Some(phonenumber::country::US), stored).ok()?.national().to_string();
        Some(national)
    }
}

/// As properties tell it, and filters ask for it: RFC 3339, or milliseconds.
fn instant(text: &str) -> Option<DateTime<Utc>> {
    let in_ms = || DateTime::from_timestamp_millis(text.parse().ok()?);
    DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc()).or_else(in_ms)
}
