//! Whom an erasure is about: by what they were asked for, and what their leads tell of them beside it.

use baton_core::domain::id::LeadId;
use baton_core::domain::lead::{Direction, Lead};
use baton_core::domain::phone::PhoneE164;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// Shorter ids of calls stand in texts by chance.
const SHORTEST_ID: usize = 8;

/// Kept with an erasure while it is open, and no longer.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Person {
    pub(super) phone: Option<PhoneE164>,
    pub(super) email: Option<String>,
    /// The one lead that is asked for.
    pub lead: Option<LeadId>,
    /// Of their leads.
    #[serde(default)]
    pub(super) phones: BTreeSet<PhoneE164>,
    #[serde(default)]
    pub(super) emails: BTreeSet<String>,
    /// Their leads, and the calls of these.
    #[serde(default)]
    pub(super) ids: BTreeSet<String>,
}

/// Never printed: it is all that may not be.
impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person").finish_non_exhaustive()
    }
}

impl Person {
    /// `None`: nobody is named. `email` is as the intake reads it.
    pub fn named(phone: Option<PhoneE164>, email: Option<String>, lead: Option<LeadId>) -> Option<Self> {
        let person = Self { phone, email, lead, ..Self::default() };
        (person != Self::default()).then_some(person)
    }

    /// What was asked for, each with its kind.
    pub(super) fn asked(&self) -> Vec<String> {
        let phone = self.phone.as_ref().map(|phone| format!("phone {}", phone.as_str()));
        let email = self.email.as_ref().map(|email| format!("email {email}"));
        let lead = self.lead.as_ref().map(|lead| format!("lead {lead}"));
        phone.into_iter().chain(email).chain(lead).collect()
    }

    /// A lead of theirs tells of them.
    pub(super) fn learn(&mut self, lead: &Lead) {
        self.phones.extend(numbers_of(lead).cloned());
        self.emails.extend(lead.contact.email.as_ref().map(|email| email.value.clone()));
        let call = lead.call.as_ref();
        let ids = call.map(|call| call.id.clone()).into_iter().chain(call.and_then(|call| call.leg.clone()));
        self.ids.extend(ids.filter(|id| id.len() >= SHORTEST_ID));
        self.ids.insert(lead.id.to_string());
    }
}

/// The numbers of the person behind a lead: what they gave, and what they called from or were called at.
pub(super) fn numbers_of(lead: &Lead) -> impl Iterator<Item = &PhoneE164> {
    let given = lead.contact.phone.as_ref().map(|phone| &phone.value);
    let of_call = lead.call.as_ref().and_then(|call| match call.direction {
        Some(Direction::Outbound) => call.to.as_ref(),
        Some(Direction::Inbound) | None => call.from.as_ref(),
    });
    given.into_iter().chain(of_call)
}
