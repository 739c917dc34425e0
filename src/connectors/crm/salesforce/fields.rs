//! What a lead and a task say, in the org's fields.

use crate::connectors::http::cut;
use crate::connectors::{CrmLead, CrmTask};
use chrono::SecondsFormat;
use serde_json::{Map, Value};

/// Lengths are those of the fields; longer values are refused, not cut (`STRING_TOO_LONG`).
pub(super) fn fields_of(lead: &CrmLead) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut set = |name: &str, limit: usize, value: Option<&String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            fields.insert(name.to_owned(), Value::String(said(value, limit)));
        }
    };
    set("FirstName", 40, lead.first_name.as_ref());
    set("LastName", 80, Some(&lead.last_name));
    set("Company", 255, Some(&lead.company));
    set("Title", 128, lead.title.as_ref());
    set("Phone", 40, lead.phone.as_ref());
    set("City", 40, lead.city.as_ref());
    set("State", 80, lead.state.as_ref());
    set("PostalCode", 20, lead.postal.as_ref());
    set("Country", 80, lead.country.as_ref());
    // Half an address is none: one that does not fit is left out.
    set("Email", 80, lead.email.as_ref().filter(|email| email.chars().count() <= 80));
    set("Description", 32_000, Some(&lead.description.0));
    if let Some(owner) = lead.owner_crm_id.as_ref().filter(|_| !lead.keeps_owner) {
        fields.insert("OwnerId".to_owned(), Value::String(owner.to_string()));
    }
    fields
}

/// A text as a part of a composite takes it: what a caller said refers to no other part (`@{lead.id}`). A reference to what is not
/// there would undo the whole.
fn said(text: &str, limit: usize) -> String {
    cut(&text.replace("@{", "@ {"), limit)
}

/// The date is the day in UTC: the owner's zone is not known here. The reminder has the exact time.
pub(super) fn task_fields(task: &CrmTask) -> Map<String, Value> {
    let mut fields = noted(&task.subject, &task.body.0, if task.done { "Completed" } else { "Not Started" });
    let mut set = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    set("ActivityDate", task.due_at.date_naive().to_string().into());
    set("IsReminderSet", (!task.done).into());
    if !task.done {
        set("ReminderDateTime", task.due_at.to_rfc3339_opts(SecondsFormat::Millis, true).into());
    }
    fields
}

/// What is told of a lead whose record is not written to: a task that is done, one for each lead.
pub(super) fn note_fields(lead: &CrmLead) -> Option<Map<String, Value>> {
    let told = &lead.description.0;
    (!told.is_empty()).then(|| noted(&format!("Qualified lead: {}", lead.company), told, "Completed"))
}

fn noted(subject: &str, told: &str, status: &str) -> Map<String, Value> {
    let fields = [
        ("Subject", said(subject, 255)),
        ("Description", said(told, 32_000)),
        ("Status", status.to_owned()),
        ("Priority", "Normal".to_owned()),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))).collect()
}
