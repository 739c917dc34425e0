//! The portal behind the stand-in: its records, owners and rules.

mod record;

pub use record::Record;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

const OWNER: &str = "hubspot_owner_id";
const BODY_LIMIT: usize = 65_536;
/// Properties that may be written; custom ones are added to the portal.
const PROPERTIES: [(&str, &[&str]); 3] = [
    (
        "contacts",
        &[
            "email",
            "firstname",
            "lastname",
            "phone",
            "mobilephone",
            "jobtitle",
            "company",
            "city",
            "state",
            "zip",
            "country",
        ],
    ),
    ("notes", &["hs_timestamp", "hs_note_body"]),
    (
        "tasks",
        &["hs_timestamp", "hs_task_subject", "hs_task_body", "hs_task_status", "hs_task_priority", "hs_task_type"],
    ),
];

#[derive(Debug)]
pub(super) struct Problem {
    pub status: u16,
    pub category: &'static str,
    pub message: String,
}

impl Problem {
    pub(super) fn new(status: u16, category: &'static str, message: impl Into<String>) -> Self {
        Self { status, category, message: message.into() }
    }

    fn invalid(message: &str, error: &str, name: &str) -> Self {
        let detail = json!([{ "isValid": false, "message": message, "error": error, "name": name }]);
        Self::new(400, "VALIDATION_ERROR", format!("Property values were not valid: {detail}"))
    }

    fn not_found() -> Self {
        Self::new(404, "OBJECT_NOT_FOUND", "resource not found")
    }
}

/// Handle on one portal: to seed it, to read it back, and to do what people and admins do there by hand.
#[derive(Clone)]
pub struct HubSpotState(Arc<Mutex<Portal>>);

struct Portal {
    key: String,
    records: BTreeMap<String, Vec<Record>>,
    made: u64,
    owners: Vec<(String, String)>,
    /// Custom properties by kind and name: type, and whether values are unique.
    custom: BTreeMap<(String, String), (String, bool)>,
    required: BTreeSet<(String, String)>,
}

impl HubSpotState {
    /// A portal with nothing in it, open to this service key. Contacts have the unique property `baton_key`.
    pub fn new(key: &str) -> Self {
        let baton_key = ("contacts".to_owned(), "baton_key".to_owned());
        let custom = BTreeMap::from([(baton_key, ("string".to_owned(), true))]);
        let (records, owners, required) = (BTreeMap::new(), Vec::new(), BTreeSet::new());
        Self(Arc::new(Mutex::new(Portal { key: key.to_owned(), records, made: 100, owners, custom, required })))
    }

    fn portal(&self) -> MutexGuard<'_, Portal> {
        self.0.lock().expect("nothing panics while holding the portal")
    }

    /// Adds an owner and returns the owner id.
    pub fn add_owner(&self, email: &str) -> String {
        let mut portal = self.portal();
        let id = portal.next_id();
        portal.owners.push((id.clone(), email.to_owned()));
        id
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

    /// A person gives the contact to another owner by hand.
    pub fn set_owner(&self, contact: &str, owner: &str, at: DateTime<Utc>) {
        let mut portal = self.portal();
        let record = portal.find_mut("contacts", contact).expect("the contact exists");
        record.set(OWNER, owner, "CRM_UI", at);
    }

    /// The admin makes a property required, for programs as well.
    pub fn require(&self, kind: &str, property: &str) {
        self.portal().required.insert((kind.to_owned(), property.to_owned()));
    }

    pub fn add_property(&self, kind: &str, name: &str, value_type: &str) {
        self.portal().custom.insert((kind.to_owned(), name.to_owned()), (value_type.to_owned(), false));
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

    pub(super) fn list(&self, kind: &str, limit: usize) -> Vec<Value> {
        self.portal().of(kind).iter().take(limit).map(|record| record.answer(&[])).collect()
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

    pub(super) fn read(&self, kind: &str, id: &str, asked: &BTreeMap<String, String>) -> Result<Value, Problem> {
        let portal = self.portal();
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
        let properties = portal.validated(kind, body)?;
        let record = portal.find_mut(kind, id).ok_or_else(Problem::not_found)?;
        for (name, value) in &properties {
            record.set(name, value, "INTEGRATION", now);
        }
        let written: Vec<&str> = properties.keys().map(String::as_str).collect();
        Ok(record.answer(&written))
    }

    /// Finds what the index has: nothing that changed after `indexed_until`.
    pub(super) fn search(&self, kind: &str, body: &Value, indexed_until: DateTime<Utc>) -> Result<Value, Problem> {
        let groups = body["filterGroups"].as_array().cloned().unwrap_or_default();
        if groups.is_empty() || groups.len() > 5 {
            return Err(Problem::new(400, "VALIDATION_ERROR", "between 1 and 5 filter groups"));
        }
        let asked: Vec<&str> = body["properties"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let limit = usize::try_from(body["limit"].as_u64().unwrap_or(10)).unwrap_or(200).min(200);
        let fits = |record: &&Record| {
            record.updated_at <= indexed_until
                && groups.iter().any(|group| group["filters"].as_array().into_iter().flatten().all(|f| record.fits(f)))
        };
        let portal = self.portal();
        let found: Vec<Value> = portal.of(kind).iter().filter(fits).map(|record| record.answer(&asked)).collect();
        Ok(json!({ "total": found.len(), "results": found.into_iter().take(limit).collect::<Vec<_>>() }))
    }

    pub(super) fn batch_read(&self, kind: &str, body: &Value) -> Vec<Value> {
        let asked: Vec<&str> = body["properties"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let portal = self.portal();
        let ids = body["inputs"].as_array().into_iter().flatten().filter_map(|input| input["id"].as_str());
        let found = ids.filter_map(|id| portal.of(kind).iter().find(|record| record.id == id));
        found.map(|record| record.answer(&asked)).collect()
    }

    pub(super) fn associations(
        &self,
        kind: &str,
        id: &str,
        to: &str,
        after: usize,
        limit: usize,
    ) -> Result<Value, Problem> {
        let portal = self.portal();
        let record = portal.of(kind).iter().find(|record| record.id == id).ok_or_else(Problem::not_found)?;
        let all = record.associated.get(to).cloned().unwrap_or_default();
        let types = json!([{ "category": "HUBSPOT_DEFINED", "typeId": 1 }]);
        let page = all.iter().skip(after).take(limit);
        let results: Vec<Value> = page.map(|id| json!({ "toObjectId": id, "associationTypes": types })).collect();
        let next = after + results.len();
        if next < all.len() {
            return Ok(json!({ "results": results, "paging": { "next": { "after": next.to_string() } } }));
        }
        Ok(json!({ "results": results }))
    }

    /// By record of a batch: what it is linked to; and the records that are linked to nothing.
    pub(super) fn linked(&self, kind: &str, to: &str, body: &Value) -> (Vec<Value>, Vec<String>) {
        let portal = self.portal();
        let types = json!([{ "category": "HUBSPOT_DEFINED", "typeId": 1 }]);
        let (mut results, mut without) = (Vec::new(), Vec::new());
        for id in body["inputs"].as_array().into_iter().flatten().filter_map(|input| input["id"].as_str()) {
            let record = portal.of(kind).iter().find(|record| record.id == id);
            match record.and_then(|record| record.associated.get(to)) {
                Some(others) => {
                    let to = others.iter().map(|other| json!({ "toObjectId": other, "associationTypes": types }));
                    results.push(json!({ "from": { "id": id }, "to": to.collect::<Vec<_>>() }));
                }
                None => without.push(id.to_owned()),
            }
        }
        (results, without)
    }

    pub(super) fn owners(&self, now: DateTime<Utc>) -> Vec<Value> {
        let at = stamp(now);
        let owner = |(id, email): &(String, String)| json!({ "id": id, "email": email, "type": "PERSON", "archived": false, "createdAt": at, "updatedAt": at });
        self.portal().owners.iter().map(owner).collect()
    }

    pub(super) fn property(&self, kind: &str, name: &str) -> Result<Value, Problem> {
        let key = (kind.to_owned(), name.to_owned());
        let portal = self.portal();
        let (value_type, unique) = portal.custom.get(&key).ok_or_else(Problem::not_found)?;
        Ok(json!({
            "name": name, "label": name, "description": "", "groupName": "contactinformation", "fieldType": "text",
            "type": value_type, "options": [], "hasUniqueValue": unique,
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
        let empty = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        let mut record = Record {
            id: id.clone(),
            properties: empty.0,
            associated: empty.1,
            owners: empty.2,
            created_at: at,
            updated_at: at,
        };
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

    fn validated(&self, kind: &str, body: &Value) -> Result<BTreeMap<String, String>, Problem> {
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
        let standard = PROPERTIES.iter().find(|(of, _)| *of == kind).is_some_and(|(_, names)| names.contains(&name));
        if !standard && name != OWNER && !self.custom.contains_key(&(kind.to_owned(), name.to_owned())) {
            let message = format!("Property \"{name}\" does not exist");
            return Err(Problem::invalid(&message, "PROPERTY_DOESNT_EXIST", name));
        }
        if name == OWNER && !self.owners.iter().any(|(id, _)| id == value) {
            return Err(Problem::invalid("the owner does not exist", "INVALID_OWNER_ID", name));
        }
        if name.ends_with("_body") && value.chars().count() > BODY_LIMIT {
            return Err(Problem::invalid("the text is too long", "PROPERTY_TOO_LONG", name));
        }
        Ok(())
    }

    fn refuse_missing(&self, kind: &str, properties: &BTreeMap<String, String>) -> Result<(), Problem> {
        let always = ["notes", "tasks"].contains(&kind).then_some("hs_timestamp");
        let by_admin = self.required.iter().filter(|(of, _)| of == kind).map(|(_, name)| name.as_str());
        match always.into_iter().chain(by_admin).find(|name| !properties.contains_key(*name)) {
            Some(name) => Err(Problem::invalid("a required property is missing", "REQUIRED_FIELD", name)),
            None => Ok(()),
        }
    }

    fn refuse_taken(&self, kind: &str, properties: &BTreeMap<String, String>) -> Result<(), Problem> {
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

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
