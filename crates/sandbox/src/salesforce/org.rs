//! The org behind the stand-in: its records, users and rules.

mod error;
mod read;
mod write;

pub(super) use error::ApiError;
pub(super) use write::Written;

use super::soql::Select;
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
    /// Whom the org's assignment rule chooses, where it is let.
    assignment_rule: Option<String>,
}

impl SalesforceState {
    /// An org with nothing in it but our user.
    pub fn new() -> Self {
        Self::default()
    }

    fn org(&self) -> MutexGuard<'_, Org> {
        self.0.lock().expect("nothing panics while holding the org")
    }

    /// Adds an active user and returns the id.
    pub fn add_user(&self, name: &str) -> String {
        self.org().insert("User", json!({ "Name": name, "IsActive": true, "UserType": "Standard" }))
    }

    /// Adds an account with any fields, custom ones included, and returns its id.
    pub fn add_account(&self, fields: Value) -> String {
        self.org().insert("Account", fields)
    }

    pub fn add_contact(&self, fields: Value) -> String {
        self.org().insert("Contact", fields)
    }

    pub fn add_lead(&self, fields: Value) -> String {
        self.org().insert("Lead", fields)
    }

    /// An open opportunity of an account.
    pub fn add_opportunity(&self, account: &str, owner: &str) -> String {
        self.org().insert("Opportunity", json!({ "AccountId": account, "OwnerId": owner, "IsClosed": false }))
    }

    pub fn leads(&self) -> Vec<Record> {
        self.org().of("Lead").to_vec()
    }

    pub fn tasks(&self) -> Vec<Record> {
        self.org().of("Task").to_vec()
    }

    /// A person gives the lead to another user by hand.
    pub fn set_owner(&self, lead: &str, user: &str) {
        let mut org = self.org();
        let record = org.find_mut("Lead", |record| record["Id"] == lead).expect("the lead exists");
        record.insert("OwnerId".to_owned(), user.into());
        record.insert("LastModifiedById".to_owned(), user.into());
    }

    /// A person converts the lead; the contact's id is returned.
    pub fn convert(&self, lead: &str) -> String {
        let mut org = self.org();
        let record = org.find_mut("Lead", |record| record["Id"] == lead).expect("the lead exists").clone();
        let contact = org.insert("Contact", json!({ "Name": record["LastName"], "OwnerId": record["OwnerId"] }));
        let record = org.find_mut("Lead", |record| record["Id"] == lead).expect("the lead still exists");
        record.insert("IsConverted".to_owned(), true.into());
        record.insert("ConvertedContactId".to_owned(), contact.clone().into());
        contact
    }

    pub fn deactivate(&self, user: &str) {
        let mut org = self.org();
        org.inactive_users.insert(user.to_owned());
        if let Some(record) = org.find_mut("User", |record| record["Id"] == user) {
            record.insert("IsActive".to_owned(), false.into());
        }
    }

    /// The admin adds a field; one with values is a picklist.
    pub fn add_field(&self, object: &str, name: &str, values: &[&str]) {
        let listed: Vec<Value> =
            values.iter().map(|value| json!({ "value": value, "label": value, "active": true })).collect();
        let kind = if values.is_empty() { "string" } else { "picklist" };
        let field = json!({ "name": name, "type": kind, "picklistValues": listed });
        self.org().added.entry(object.to_owned()).or_default().push(field);
    }

    /// The admin makes a field required.
    pub fn require(&self, object: &str, field: &str) {
        self.org().required.push((object.to_owned(), field.to_owned()));
    }

    /// The admin switches on a duplicate rule that blocks: one e-mail address, one person.
    pub fn refuse_duplicates(&self) {
        self.org().refuses_duplicates = true;
    }

    /// Our user may not see the records that the rule means.
    pub fn hide_duplicates(&self) {
        self.org().hides_duplicates = true;
    }

    /// People can be accounts: from now on there is a field that says so.
    pub fn have_person_accounts(&self) {
        self.org().has_person_accounts = true;
    }

    /// A user enters an absence; from now on there is an object for them.
    pub fn add_absence(&self, user: &str, from: DateTime<Utc>, until: DateTime<Utc>) {
        let mut org = self.org();
        org.has_out_of_office = true;
        let absence = json!({ "UserId": user, "StartDate": stored(from), "EndDate": stored(until), "IsEnabled": true });
        org.insert("OutOfOffice", absence);
    }

    /// A user has an event: `Busy`, `OutOfOffice` or `Free`.
    pub fn add_event(&self, user: &str, from: DateTime<Utc>, until: DateTime<Utc>, show_as: &str) {
        self.org().insert(
            "Event",
            json!({
                "OwnerId": user, "StartDateTime": stored(from), "EndDateTime": stored(until), "IsAllDayEvent": false,
                "IsRecurrence": false, "ShowAs": show_as,
            }),
        );
    }

    /// What stands on a user's profile.
    pub fn set_message(&self, user: &str, message: &str) {
        let mut org = self.org();
        let record = org.find_mut("User", |record| record["Id"] == user).expect("the user exists");
        record.insert("OutOfOfficeMessage".to_owned(), message.into());
    }

    /// A notification type that an admin has made, by its developer name; its id.
    pub fn add_notification_type(&self, name: &str) -> String {
        self.org().insert("CustomNotificationType", json!({ "DeveloperName": name }))
    }

    /// Everything in the house has used this much of the day's requests.
    pub fn use_requests(&self, used: u64, allowed: u64) {
        self.org().usage = Some((used, allowed));
    }

    pub fn speak_versions(&self, oldest: u32, newest: u32) {
        self.org().versions = Some((oldest, newest));
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

    /// The org's assignment rule gives every lead to this user, unless the request says no.
    pub fn assign_all_to(&self, user: &str) {
        self.org().assignment_rule = Some(user.to_owned());
    }

    /// The admin has not made the external id fields yet.
    pub fn remove_key_fields(&self) {
        self.org().lacks_key_field = true;
    }

    /// Every session ends; new tokens are given.
    pub fn revoke_tokens(&self) {
        self.org().tokens.clear();
    }

    /// The admin takes the app's approval away: no new tokens, and the old ones end.
    pub fn block_app(&self) {
        let mut org = self.org();
        org.blocks_app = true;
        org.tokens.clear();
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
        self.org().query(text)
    }

    /// One part of a composite that changes nothing.
    pub(super) fn read_part(&self, part: &Value) -> Result<Written, ApiError> {
        self.org().clone().part(part, &[], None)
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
            found.extend(org.select(&all, None)?.into_iter().filter(phoned).take(select.limit));
        }
        Ok(found)
    }

    pub(super) fn describe(&self, object: &str) -> Value {
        let key = json!({ "name": KEY_FIELD, "type": "string", "externalId": true, "unique": true });
        let org = self.org();
        let mut fields = if org.lacks_key_field { vec![] } else { vec![key] };
        fields.extend(org.added.get(object).cloned().unwrap_or_default());
        json!({ "name": object, "createable": true, "updateable": true, "fields": fields })
    }
}

impl Org {
    fn of(&self, object: &str) -> &[Record] {
        self.records.get(object).map(Vec::as_slice).unwrap_or_default()
    }

    fn find_mut(&mut self, object: &str, is: impl Fn(&Record) -> bool) -> Option<&mut Record> {
        self.records.get_mut(object)?.iter_mut().find(|record| is(record))
    }

    fn insert(&mut self, object: &str, fields: Value) -> String {
        self.made += 1;
        let id = format!("{}{:012}AAA", prefix_of(object), self.made);
        let mut record = fields.as_object().cloned().unwrap_or_default();
        record.insert("Id".to_owned(), id.clone().into());
        if object == "Lead" {
            record.entry("IsConverted").or_insert(false.into());
        }
        if object == "Account" && self.has_person_accounts {
            record.entry("IsPersonAccount").or_insert(false.into());
        }
        self.records.entry(object.to_owned()).or_default().push(record);
        id
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
        "Lead" => "00Q",
        "Event" => "00U",
        "CustomNotificationType" => "0ML",
        "OutOfOffice" => "0OO",
        _ => "00T",
    }
}
