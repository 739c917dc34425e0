//! The people of a portal: as owners of records, as users, and as the records of these; and the workflow that gives them contacts.

use super::{HubSpotState, OWNER, Portal, page, stamp};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) struct Owner {
    pub id: String,
    email: String,
    user: u64,
    /// Deactivated.
    pub archived: bool,
}

/// A workflow that gives every new contact without an owner to one of them.
pub(super) struct Rotation {
    to: String,
    after: TimeDelta,
}

impl HubSpotState {
    /// Adds a user who may own records, and returns the owner id.
    pub fn add_owner(&self, email: &str) -> String {
        let mut portal = self.portal();
        let (id, user) = (portal.next_id(), portal.next_id());
        let properties = [("hs_email", email), ("hs_internal_user_id", user.as_str()), (OWNER, id.as_str())];
        let properties = properties.map(|(name, value)| (name.to_owned(), value.to_owned()));
        portal.insert("users", BTreeMap::from(properties), "CRM_UI", DateTime::UNIX_EPOCH);
        let user = user.parse().expect("ids are numbers");
        portal.owners.push(Owner { id: id.clone(), email: email.to_owned(), user, archived: false });
        id
    }

    /// The other two numbers of an owner: of the user, and of the user's record.
    pub fn numbers_of(&self, owner: &str) -> [String; 2] {
        let portal = self.portal();
        let record = portal.of("users").iter().find(|user| user.properties[OWNER] == owner).expect("a user");
        [record.properties["hs_internal_user_id"].clone(), record.id.clone()]
    }

    /// What a user sets of themselves: that they are away, and until when.
    pub fn set_of_user(&self, owner: &str, property: &str, value: &str) {
        let mut portal = self.portal();
        let users = portal.records.get_mut("users").expect("users");
        let record = users.iter_mut().find(|user| user.properties[OWNER] == owner).expect("a user");
        record.properties.insert(property.to_owned(), value.to_owned());
    }

    /// The admin deactivates the user: what they own stays theirs, and they are given nothing more.
    pub fn deactivate(&self, owner: &str) {
        let mut portal = self.portal();
        portal.owners.iter_mut().find(|known| known.id == owner).expect("an owner").archived = true;
    }

    /// From now on a workflow gives contacts that come without an owner to this one, so long after they were created.
    pub fn rotate_to(&self, owner: &str, after: TimeDelta) {
        self.portal().rotation = Some(Rotation { to: owner.to_owned(), after });
    }

    pub(in crate::hubspot) fn owners(&self, asked: &BTreeMap<String, String>, now: DateTime<Utc>) -> Value {
        let (at, archived) = (stamp(now), asked.get("archived").is_some_and(|flag| flag == "true"));
        let email = asked.get("email");
        let portal = self.portal();
        let wanted = |owner: &&Owner| owner.archived == archived && email.is_none_or(|email| *email == owner.email);
        let told = |owner: &Owner| {
            let mut told = json!({
                "id": owner.id, "email": owner.email, "type": "PERSON", "archived": owner.archived,
                "userIdIncludingInactive": owner.user, "createdAt": at, "updatedAt": at,
            });
            if !owner.archived {
                told["userId"] = owner.user.into();
            }
            told
        };
        page(portal.owners.iter().filter(wanted).map(told), asked)
    }
}

impl Portal {
    /// What the workflow has done by now.
    pub(super) fn rotate(&mut self, now: DateTime<Utc>) {
        let Some(Rotation { to, after }) = &self.rotation else { return };
        for contact in self.records.get_mut("contacts").into_iter().flatten() {
            let at = contact.created_at + *after;
            if contact.created_at > DateTime::UNIX_EPOCH && at <= now && !contact.properties.contains_key(OWNER) {
                contact.set(OWNER, to, "AUTOMATION_PLATFORM", at);
            }
        }
    }
}
