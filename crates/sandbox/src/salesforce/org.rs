//! The org behind the stand-in: its records, users and rules.

mod error;
mod handles;
mod read;
mod write;

pub(super) use error::ApiError;
pub(super) use write::Written;

use super::soql::Select;
use baton_clock::SharedClock;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

pub type Record = Map<String, Value>;

/// The user that Baton acts as.
pub(super) const INTEGRATION_USER: &str = "005000000000000AAA";
const KEY_FIELD: &str = "Baton_Key__c";

/// Handle on one org: to seed it, to read it back, and to do what people and admins do there by hand.
#[derive(Clone, Default)]
pub struct SalesforceState(Arc<Mutex<Org>>);

#[derive(Clone, Default)]
pub(super) struct Org {
    /// By object, in order of creation.
    records: BTreeMap<String, Vec<Record>>,
    /// Every change is stamped with its time; none: those of an org that is not served.
    clock: Option<SharedClock>,
    made: u32,
    tokens: BTreeSet<String>,
    tokens_made: u32,
    inactive_users: BTreeSet<String>,
    /// Object and field that an admin made required.
    required: Vec<(String, String)>,
    refuses_duplicates: bool,
    /// Our user may not see them.
    hides_duplicates: bool,
    has_out_of_office: bool,
    has_person_accounts: bool,
    /// Requests of the day, and how many there may be.
    usage: Option<(u64, u64)>,
    /// The oldest and the newest version of the API; none: v59.0 to v66.0.
    versions: Option<(u32, u32)>,
    lacks_key_field: bool,
    /// By object: fields of the admin's own, as they are described.
    added: BTreeMap<String, Vec<Value>>,
    blocks_app: bool,
    /// Our user may read, and write nothing.
    reads_only: bool,
    /// Whom the org's assignment rule chooses, where it is let.
    assignment_rule: Option<String>,
    /// Rows on a page of a query; none: 2,000.
    page: Option<usize>,
    /// Queries of which there is more than a page.
    under_way: Vec<Vec<Value>>,
}

impl SalesforceState {
    /// An org with nothing in it but our user.
    pub fn new() -> Self {
        Self::default()
    }

    fn org(&self) -> MutexGuard<'_, Org> {
        self.0.lock().expect("nothing panics while holding the org")
    }

    pub(super) fn lives_by(&self, clock: SharedClock) {
        self.org().clock = Some(clock);
    }

    pub(super) fn usage(&self) -> Option<(u64, u64)> {
        self.org().usage
    }

    pub(super) fn versions(&self) -> (u32, u32) {
        self.org().versions.unwrap_or((59, 66))
    }

    pub(super) fn knows(&self, object: &str, id: &str) -> bool {
        self.org().of(object).iter().any(|record| record["Id"] == id)
    }

    pub(super) fn is_app_blocked(&self) -> bool {
        self.org().blocks_app
    }

    pub(super) fn knows_token(&self, token: &str) -> bool {
        self.org().tokens.contains(token)
    }

    pub(super) fn new_token(&self) -> String {
        let mut org = self.org();
        org.tokens_made += 1;
        let token = format!("00D000000000001!SESSION{}", org.tokens_made);
        org.tokens.insert(token.clone());
        token
    }

    /// Works on a draft of the org that takes its place only if everything went well.
    pub(super) fn transact<T, E>(&self, work: impl FnOnce(&mut Org) -> Result<T, E>) -> Result<T, E> {
        let mut org = self.org();
        let mut draft = org.clone();
        let outcome = work(&mut draft)?;
        *org = draft;
        Ok(outcome)
    }

    pub(super) fn query(&self, text: &str) -> Result<Value, ApiError> {
        self.org().query(text, false)
    }

    pub(super) fn next_page(&self, locator: &str) -> Result<Value, ApiError> {
        self.org().next_page(locator)
    }

    /// One part of a composite that changes nothing.
    pub(super) fn read_part(&self, part: &Value) -> Result<Written, ApiError> {
        let mut org = self.org();
        let mut draft = org.clone();
        let read = draft.part(part, &[], None)?;
        org.under_way = draft.under_way;
        Ok(read)
    }

    pub(super) fn read(&self, object: &str, id: &str, fields: &str, version: &str) -> Result<Value, ApiError> {
        self.org().read(object, id, fields, version)
    }

    /// Records that fit one of the selections and hold one of the numbers.
    pub(super) fn find_phones(&self, terms: &[&str], selections: &[Select]) -> Result<Vec<Value>, ApiError> {
        let org = self.org();
        let mut found = Vec::new();
        for select in selections {
            let phoned = |row: &Value| {
                let record = org.of(&select.object).iter().find(|record| record.get("Id") == Some(&row["Id"]));
                record.is_some_and(|record| read::has_phone(record, terms))
            };
            let all = Select { limit: usize::MAX, ..select.clone() };
            found.extend(org.select(&all, None, false)?.into_iter().filter(phoned).take(select.limit));
        }
        Ok(found)
    }

    pub(super) fn describe(&self, object: &str) -> Value {
        let key = json!({ "name": KEY_FIELD, "type": "string", "externalId": true, "unique": true });
        let org = self.org();
        let mut fields = if org.lacks_key_field { vec![] } else { vec![key] };
        fields.extend(org.added.get(object).cloned().unwrap_or_default());
        json!({ "name": object, "createable": !org.reads_only, "updateable": !org.reads_only, "fields": fields })
    }
}

impl Org {
    fn of(&self, object: &str) -> &[Record] {
        self.records.get(object).map(Vec::as_slice).unwrap_or_default()
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.as_ref().map_or(DateTime::UNIX_EPOCH, |clock| clock.now())
    }

    fn find_mut(&mut self, object: &str, is: impl Fn(&Record) -> bool) -> Option<&mut Record> {
        self.records.get_mut(object)?.iter_mut().find(|record| is(record))
    }

    fn insert(&mut self, object: &str, fields: Value) -> String {
        self.made += 1;
        let id = format!("{}{:012}AAA", prefix_of(object), self.made);
        let mut record = fields.as_object().cloned().unwrap_or_default();
        record.insert("Id".to_owned(), id.clone().into());
        record.entry("IsDeleted").or_insert(false.into());
        if object == "Lead" {
            record.entry("IsConverted").or_insert(false.into());
        }
        self.stamp(&mut record);
        if object == "Account" && self.has_person_accounts {
            record.entry("IsPersonAccount").or_insert(false.into());
        }
        self.records.entry(object.to_owned()).or_default().push(record);
        id
    }
}

impl Org {
    /// Whoever changes it, and whatever.
    fn stamp(&self, record: &mut Record) {
        for field in ["LastModifiedDate", "SystemModstamp"] {
            record.insert(field.to_owned(), stored(self.now()).into());
        }
    }

    /// A person, or we, change a record.
    fn change(&mut self, object: &str, id: &str, fields: Value) {
        let mut changed = fields.as_object().cloned().unwrap_or_default();
        self.stamp(&mut changed);
        let record = self.find_mut(object, |record| record["Id"] == id).expect("the record exists");
        record.extend(changed);
    }
}

/// As the vendor writes instants.
fn stored(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string()
}

fn prefix_of(object: &str) -> &'static str {
    match object {
        "Account" => "001",
        "Contact" => "003",
        "User" => "005",
        "Opportunity" => "006",
        "Case" => "500",
        "Lead" => "00Q",
        "Event" => "00U",
        "CustomNotificationType" => "0ML",
        "OutOfOffice" => "0OO",
        _ => "00T",
    }
}
