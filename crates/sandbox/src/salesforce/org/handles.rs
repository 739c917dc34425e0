//! What people and admins do in the org by hand, and how it is read back.

use super::{Record, SalesforceState, stored};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

impl SalesforceState {
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

    /// An open case of an account.
    pub fn add_case(&self, account: &str, opened: DateTime<Utc>) -> String {
        let case = json!({ "AccountId": account, "CreatedDate": stored(opened), "IsClosed": false });
        self.org().insert("Case", case)
    }

    /// A person changes fields of a record.
    pub fn change(&self, object: &str, id: &str, fields: Value) {
        self.org().change(object, id, fields);
    }

    /// A person puts a record into the bin, where it stays for 15 days.
    pub fn delete(&self, object: &str, id: &str) {
        self.change(object, id, json!({ "IsDeleted": true }));
    }

    /// Answers to queries come in pages of so many rows.
    pub fn turn_pages_after(&self, rows: usize) {
        self.org().page = Some(rows);
    }

    pub fn leads(&self) -> Vec<Record> {
        self.org().of("Lead").to_vec()
    }

    pub fn tasks(&self) -> Vec<Record> {
        self.org().of("Task").to_vec()
    }

    /// A person gives the lead to another user by hand.
    pub fn set_owner(&self, lead: &str, user: &str) {
        self.org().change("Lead", lead, json!({ "OwnerId": user, "LastModifiedById": user }));
    }

    /// A person converts the lead; the contact's id is returned.
    pub fn convert(&self, lead: &str) -> String {
        let mut org = self.org();
        let record = org.find_mut("Lead", |record| record["Id"] == lead).expect("the lead exists").clone();
        let contact = org.insert("Contact", json!({ "Name": record["LastName"], "OwnerId": record["OwnerId"] }));
        org.change("Lead", lead, json!({ "IsConverted": true, "ConvertedContactId": contact }));
        contact
    }

    /// A person converts the lead, and an opportunity is made with it, whose id is returned.
    pub fn convert_to_deal(&self, lead: &str, amount: Option<f64>) -> String {
        self.convert(lead);
        let mut org = self.org();
        let now = stored(org.now());
        let deal = json!({
            "IsClosed": false, "IsWon": false, "Amount": amount, "CreatedDate": now, "LastStageChangeDate": now,
        });
        let deal = org.insert("Opportunity", deal);
        org.change("Lead", lead, json!({ "ConvertedOpportunityId": deal }));
        deal
    }

    /// A person closes an opportunity, or opens it again.
    pub fn set_deal(&self, deal: &str, is_closed: bool, is_won: bool) {
        let mut org = self.org();
        let changed_at = stored(org.now());
        org.change(
            "Opportunity",
            deal,
            json!({ "IsClosed": is_closed, "IsWon": is_won, "LastStageChangeDate": changed_at }),
        );
    }

    /// A user logs a call, which has taken place just now; or a mail, by the subtype `Email`.
    pub fn log_call(&self, lead: &str, user: &str, subtype: &str, seconds: i64) {
        let mut org = self.org();
        let now = stored(org.now());
        let task = json!({
            "WhoId": lead, "OwnerId": user, "TaskSubtype": subtype, "CallDurationInSeconds": seconds, "Status": "Completed",
            "IsClosed": true, "CompletedDateTime": now, "LastModifiedById": user,
        });
        org.insert("Task", task);
    }

    /// Whoever has it ticks off a task.
    pub fn tick_off(&self, task: &str) {
        let mut org = self.org();
        let owner =
            org.of("Task").iter().find(|record| record["Id"] == task).expect("the task exists")["OwnerId"].clone();
        let now = stored(org.now());
        let fields =
            json!({ "Status": "Completed", "IsClosed": true, "CompletedDateTime": now, "LastModifiedById": owner });
        org.change("Task", task, fields);
    }

    /// A user writes down, or changes, an event with a lead.
    pub fn note_event(&self, lead: &str, user: &str, from: DateTime<Utc>, until: DateTime<Utc>) {
        let mut org = self.org();
        let event = json!({
            "WhoId": lead, "OwnerId": user, "StartDateTime": stored(from), "EndDateTime": stored(until),
            "IsAllDayEvent": false, "IsRecurrence": false, "ShowAs": "Busy",
        });
        org.insert("Event", event);
    }

    /// The admin lets our user read, and write nothing.
    pub fn read_only(&self) {
        self.org().reads_only = true;
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
}
