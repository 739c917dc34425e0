//! The portal behind the stand-in: its records, owners and rules.

mod found;
mod people;
mod record;
mod refusals;

pub use record::Record;
pub(super) use refusals::Problem;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

const OWNER: &str = "hubspot_owner_id";

/// Handle on one portal: to seed it, to read it back, and to do what people and admins do there by hand.
#[derive(Clone)]
pub struct HubSpotState(Arc<Mutex<Portal>>);

struct Portal {
    key: String,
    records: BTreeMap<String, Vec<Record>>,
    made: u64,
    owners: Vec<people::Owner>,
    rotation: Option<people::Rotation>,
    /// Custom properties by kind and name: type, and whether values are unique.
    custom: BTreeMap<(String, String), (String, bool)>,
    required: BTreeSet<(String, String)>,
    /// The values of custom properties that have a list, by kind and name.
    options: BTreeMap<(String, String), Vec<String>>,
    reads_only: bool,
}

impl HubSpotState {
    /// A portal with nothing in it, open to this service key. Contacts have the unique property `baton_key`.
    pub fn new(key: &str) -> Self {
        let baton_key = ("contacts".to_owned(), "baton_key".to_owned());
        let custom = BTreeMap::from([(baton_key, ("string".to_owned(), true))]);
        let (records, owners, required, options) = (BTreeMap::new(), Vec::new(), BTreeSet::new(), BTreeMap::new());
        let key = key.to_owned();
        let portal =
            Portal { key, records, made: 100, owners, rotation: None, custom, required, options, reads_only: false };
        Self(Arc::new(Mutex::new(portal)))
    }

    fn portal(&self) -> MutexGuard<'_, Portal> {
        self.0.lock().expect("nothing panics while holding the portal")
    }

    /// Adds a record that people made long ago, linked to others, and returns its id.
    pub fn add(&self, kind: &str, properties: &[(&str, &str)], linked: &[(&str, &str)]) -> String {
        let properties = properties.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut portal = self.portal();
        let id = portal.insert(kind, properties, "CRM_UI", DateTime::UNIX_EPOCH);
        linked.iter().for_each(|(to, other)| portal.link(kind, &id, to, other));
        id
    }

    pub fn records(&self, kind: &str) -> Vec<Record> {
        self.portal().of(kind).to_vec()
    }

    /// A person writes down something that has to do with a contact: a call, a meeting, a deal. Its id is returned.
    pub fn note(&self, kind: &str, properties: &[(&str, &str)], contact: &str, at: DateTime<Utc>) -> String {
        let id = self.add(kind, properties, &[("contacts", contact)]);
        self.change(kind, &id, &[], at);
        id
    }

    /// A person changes a record.
    pub fn change(&self, kind: &str, id: &str, properties: &[(&str, &str)], at: DateTime<Utc>) {
        let mut portal = self.portal();
        let record = portal.find_mut(kind, id).expect("the record exists");
        record.updated_at = at;
        properties.iter().for_each(|(name, value)| record.set(name, value, "CRM_UI", at));
    }

    /// A person gives the contact to another owner by hand.
    pub fn set_owner(&self, contact: &str, owner: &str, at: DateTime<Utc>) {
        let mut portal = self.portal();
        let record = portal.find_mut("contacts", contact).expect("the contact exists");
        record.set(OWNER, owner, "CRM_UI", at);
    }

    /// A person puts a record into the bin.
    pub fn archive(&self, kind: &str, id: &str) {
        self.portal().records.entry(kind.to_owned()).or_default().retain(|record| record.id != id);
    }

    /// The admin makes a property required, for programs as well.
    pub fn require(&self, kind: &str, property: &str) {
        self.portal().required.insert((kind.to_owned(), property.to_owned()));
    }

    pub fn add_property(&self, kind: &str, name: &str, value_type: &str) {
        self.portal().custom.insert((kind.to_owned(), name.to_owned()), (value_type.to_owned(), false));
    }

    /// A property whose values are chosen from a list.
    pub fn add_choice(&self, kind: &str, name: &str, values: &[&str]) {
        self.add_property(kind, name, "enumeration");
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        self.portal().options.insert((kind.to_owned(), name.to_owned()), values);
    }

    /// The key's scopes let it read, and write nothing.
    pub fn read_only(&self) {
        self.portal().reads_only = true;
    }

    pub fn remove_property(&self, kind: &str, name: &str) {
        self.portal().custom.remove(&(kind.to_owned(), name.to_owned()));
    }

    /// The admin rotates the service key, and the grace is over.
    pub fn rotate_key(&self, key: &str) {
        self.portal().key = key.to_owned();
    }

    pub(super) fn accepts(&self, key: &str) -> bool {
        self.portal().key == key
    }

    pub(super) fn list(&self, kind: &str, asked: &BTreeMap<String, String>) -> Value {
        let properties: Vec<&str> = asked.get("properties").map(|text| text.split(',').collect()).unwrap_or_default();
        let portal = self.portal();
        page(portal.of(kind).iter().map(|record| record.answer(&properties)), asked)
    }

    /// The new record, and what names it to a person.
    pub(super) fn create(&self, kind: &str, body: &Value, now: DateTime<Utc>) -> Result<(Value, String), Problem> {
        let mut portal = self.portal();
        let properties = portal.validated(kind, body)?;
        portal.refuse_missing(kind, &properties)?;
        portal.refuse_taken(kind, &properties)?;
        let id = portal.insert(kind, properties, "INTEGRATION", now);
        for association in body["associations"].as_array().into_iter().flatten() {
            portal.link(kind, &id, "contacts", association["to"]["id"].as_str().unwrap_or_default());
        }
        let record = portal.find_mut(kind, &id).expect("it was made a moment ago");
        let written: Vec<&str> = record.properties.keys().map(String::as_str).collect();
        Ok((record.answer(&written), record.natural_key()))
    }

    pub(super) fn read(
        &self,
        kind: &str,
        id: &str,
        asked: &BTreeMap<String, String>,
        now: DateTime<Utc>,
    ) -> Result<Value, Problem> {
        let mut portal = self.portal();
        portal.rotate(now);
        let by = asked.get("idProperty").map(String::as_str);
        let fits = |record: &&Record| match by {
            Some(property) => record.properties.get(property).is_some_and(|value| value.eq_ignore_ascii_case(id)),
            None => record.id == id,
        };
        let record = portal.of(kind).iter().find(fits).ok_or_else(Problem::not_found)?;
        let list = |name: &str| asked.get(name).map(|text| text.split(',').collect::<Vec<_>>()).unwrap_or_default();
        let mut answer = record.answer(&list("properties"));
        if list("propertiesWithHistory").contains(&OWNER) {
            answer["propertiesWithHistory"] = json!({ OWNER: record.history() });
        }
        for to in list("associations") {
            let linked = record.associated.get(to).cloned().unwrap_or_default();
            if !linked.is_empty() {
                let results: Vec<Value> =
                    linked.iter().map(|id| json!({ "id": id, "type": format!("to_{to}") })).collect();
                answer["associations"][to] = json!({ "results": results });
            }
        }
        Ok(answer)
    }

    pub(super) fn update(&self, kind: &str, id: &str, body: &Value, now: DateTime<Utc>) -> Result<Value, Problem> {
        let mut portal = self.portal();
        if portal.reads_only {
            return Err(Problem::new(403, "MISSING_SCOPES", "the key lacks crm.objects.contacts.write"));
        }
        portal.rotate(now);
        let properties = portal.validated(kind, body)?;
        let record = portal.find_mut(kind, id).ok_or_else(Problem::not_found)?;
        for (name, value) in &properties {
            record.set(name, value, "INTEGRATION", now);
        }
        let written: Vec<&str> = properties.keys().map(String::as_str).collect();
        Ok(record.answer(&written))
    }

    pub(super) fn property(&self, kind: &str, name: &str) -> Result<Value, Problem> {
        let key = (kind.to_owned(), name.to_owned());
        let portal = self.portal();
        let (value_type, unique) = portal.custom.get(&key).ok_or_else(Problem::not_found)?;
        let options = portal.options.get(&key).into_iter().flatten();
        let options: Vec<Value> = options
            .map(|value| json!({ "value": value, "label": value, "displayOrder": 0, "hidden": false }))
            .collect();
        Ok(json!({
            "name": name, "label": name, "description": "", "groupName": "contactinformation", "fieldType": "text",
            "type": value_type, "options": options, "hasUniqueValue": unique,
        }))
    }
}

impl Portal {
    fn of(&self, kind: &str) -> &[Record] {
        self.records.get(kind).map(Vec::as_slice).unwrap_or_default()
    }

    fn find_mut(&mut self, kind: &str, id: &str) -> Option<&mut Record> {
        self.records.get_mut(kind)?.iter_mut().find(|record| record.id == id)
    }

    fn next_id(&mut self) -> String {
        self.made += 1;
        self.made.to_string()
    }

    fn insert(
        &mut self,
        kind: &str,
        properties: BTreeMap<String, String>,
        source: &'static str,
        at: DateTime<Utc>,
    ) -> String {
        let id = self.next_id();
        let mut record = Record { id: id.clone(), created_at: at, updated_at: at, ..Record::default() };
        properties.iter().for_each(|(name, value)| record.set(name, value, source, at));
        self.records.entry(kind.to_owned()).or_default().push(record);
        id
    }

    fn link(&mut self, kind: &str, id: &str, to: &str, other: &str) {
        for (kind, id, to, other) in [(kind, id, to, other), (to, other, kind, id)] {
            if let Some(record) = self.find_mut(kind, id) {
                record.associated.entry(to.to_owned()).or_default().push(other.to_owned());
            }
        }
    }
}

/// So much of a list as was asked for, and where the rest begins.
fn page(all: impl Iterator<Item = Value>, asked: &BTreeMap<String, String>) -> Value {
    let number = |name: &str, otherwise: usize| asked.get(name).and_then(|text| text.parse().ok()).unwrap_or(otherwise);
    let (after, limit) = (number("after", 0), number("limit", 10));
    let mut results: Vec<Value> = all.skip(after).take(limit + 1).collect();
    if results.len() <= limit {
        return json!({ "results": results });
    }
    results.truncate(limit);
    json!({ "results": results, "paging": { "next": { "after": (after + limit).to_string() } } })
}

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
