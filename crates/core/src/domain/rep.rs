//! Whoever may receive a lead.

use super::crm_id::CrmId;
use super::id::RepId;
use super::phone::endpoint::Endpoint;
use crate::domain::zone::Zone;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One row of `rules/reps.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rep {
    pub id: RepId,
    pub name: String,
    pub email: String,
    /// What to ring, in order.
    pub phones: Vec<Endpoint>,
    /// Several are joined by `;`, as hours and holidays are.
    pub team: String,
    /// The same.
    pub seniority: String,
    /// Lower-case primary languages: `en`, `de`.
    pub languages: BTreeSet<String>,
    /// What the rep knows.
    pub skills: BTreeSet<String>,
    /// What the rep may sell.
    #[serde(default)]
    pub products: BTreeSet<String>,
    pub timezone: Zone,
    /// A week of [`super::rota::Hours`]: of `hours.yaml`, or several of them merged (`office;saturdays`).
    pub hours: String,
    /// Holiday region, or several merged (`DE;DE-BY`); empty means none.
    pub holidays: String,
    /// Member id in the chat.
    pub chat_id: Option<String>,
    /// Addresses of calendars, usually the e-mail alone; several are joined by `;`. See [`super::address::CalendarAddress`].
    pub calendar: Option<String>,
    /// The CRM's user id (Salesforce), or any of a person's three ids (HubSpot: owner, user, record of the user). Where it is
    /// left out, HubSpot finds the person by `email`.
    pub crm_id: Option<CrmId>,
    /// Takes the calls while this rep is absent; the lead and the credit stay here.
    pub delegate: Option<RepId>,
    pub manager: Option<RepId>,
    /// Share of turns relative to the others, at least 1.
    pub weight: u32,
    /// Leads a day over all pools; `None` = no limit of the rep's own.
    pub cap_per_day: Option<u32>,
    /// The same for a week, Monday to Sunday in the rep's zone.
    #[serde(default)]
    pub cap_per_week: Option<u32>,
    /// Leads owned and not yet closed.
    #[serde(default)]
    pub cap_open: Option<u32>,
    pub active: bool,
    /// Planned leave, whole days in the rep's zone, both ends included.
    pub leave: Vec<Leave>,
}

impl Rep {
    pub fn teams(&self) -> impl Iterator<Item = &str> {
        self.team.split(';')
    }

    /// None, if nothing is said.
    pub fn seniorities(&self) -> impl Iterator<Item = &str> {
        self.seniority.split(';').filter(|word| !word.is_empty())
    }

    /// What the CRM's client calls this rep: by the id of `reps.csv`, or, where that has none, by the mail address.
    pub fn name_in_crm(&self) -> CrmId {
        self.crm_id.clone().unwrap_or_else(|| CrmId::from(self.email.to_lowercase()))
    }

    pub fn is_called_in_crm(&self, name: &CrmId) -> bool {
        match &self.crm_id {
            Some(id) => id == name,
            None => name.as_str().eq_ignore_ascii_case(&self.email),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leave {
    pub from: NaiveDate,
    pub until: NaiveDate,
}

/// What the rep said of themselves last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Never said: the rota and the calendar decide.
    #[default]
    Unset,
    Available,
    Away,
}

/// Time taken in a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Busy {
    pub from: DateTime<Utc>,
    /// Exclusive.
    pub until: DateTime<Utc>,
    pub kind: BusyKind,
}

impl Busy {
    /// It takes some of the time from the first moment on, until the second.
    pub fn meets(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> bool {
        self.from < until && from < self.until
    }

    /// The parts of it that none of these entries takes.
    pub fn beside(&self, entries: &[Self]) -> Vec<Self> {
        let mut within: Vec<&Self> = entries.iter().filter(|entry| entry.meets(self.from, self.until)).collect();
        within.sort_by_key(|entry| entry.from);
        let (mut parts, mut from) = (Vec::new(), self.from);
        for entry in within {
            if from < entry.from {
                parts.push(Self { from, until: entry.from, kind: self.kind });
            }
            from = from.max(entry.until);
        }
        if from < self.until {
            parts.push(Self { from, until: self.until, kind: self.kind });
        }
        parts
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BusyKind {
    Busy,
    /// An absence, as leave is.
    OutOfOffice,
    /// Not agreed to yet, or only perhaps.
    Tentative,
    /// Kept free of meetings by the rep.
    Focus,
    /// A whole day that is shown as busy and is no absence, such as a conference.
    AllDay,
}

impl BusyKind {
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::OutOfOffice => "out of office",
            Self::Tentative => "tentatively busy",
            Self::Focus => "focus time",
            Self::AllDay => "busy all day",
        }
    }

    /// It keeps its owner by any rules; of the other kinds, the rules say whether they do.
    pub fn always_counts(self) -> bool {
        match self {
            Self::Busy | Self::OutOfOffice => true,
            Self::Tentative | Self::Focus | Self::AllDay => false,
        }
    }
}
