//! What is asked of a vendor that lets us in: the fields that rules read, the ids of all reps, and a write that leaves nothing
//! behind. Names nobody but reps, by their ids.

use super::client::Client;
use super::notes::Notes;
use super::step::Step;
use crate::connectors::{Calendar, Crm, LookedUp, VendorError};
use baton_core::domain::address::CalendarAddress;
use baton_core::domain::id::RepId;
use baton_core::domain::rep::{Busy, Rep};
use baton_core::rules::RuleSet;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// How much of a calendar is read to see whether it can be.
const READ_AHEAD: TimeDelta = TimeDelta::hours(1);

/// By rep, the id that `rules/reps.csv` gives them at a vendor.
type IdsOfReps<'r> = BTreeMap<&'r RepId, &'r str>;

pub(super) struct Beyond<'r> {
    /// `None`: they have faults.
    pub rules: Option<&'r RuleSet>,
    pub now: DateTime<Utc>,
    /// It is no trial: a login that can only read will not do.
    pub writes: bool,
}

impl<'r> Beyond<'r> {
    pub(super) async fn look_at(&self, client: &Client, notes: &mut Notes) {
        match client {
            Client::Crm(crm) => {
                self.fields(&**crm, notes).await;
                let ids = self.ids(|rep| rep.crm_id.as_ref().map(|id| id.as_str()));
                let found = crm.look_up(&owned(&ids)).await;
                Self::reps("crm_id", &ids, found, notes);
            }
            Client::Chat(chat) => {
                let rooms = chat.rooms();
                let ids = self.ids(|rep| rep.chat_id.as_deref().filter(|id| rooms.hold(id).is_ok()));
                let found = chat.look_up(&owned(&ids)).await;
                Self::reps("chat_id", &ids, found, notes);
            }
            Client::Calendar(calendar) => {
                let ids = self.ids(|rep| rep.calendar.as_deref());
                let found = self.calendars(&**calendar, &owned(&ids)).await;
                Self::reps("calendar", &ids, found, notes);
            }
            Client::Mail(_) | Client::Texts(_) | Client::Asterisk(_) | Client::Twilio(_) | Client::Speech(_) => {}
        }
        if !self.writes {
            return notes.not_asked(
                Step::Write,
                "nothing is written in a trial (shadow = true): a login that only reads will do",
            );
        }
        match client.try_write().await {
            None => {}
            Some(Ok(())) => notes.ok(Step::Write, "it takes a write, of which nothing was left behind"),
            Some(Err(error)) => notes.amiss(Step::Write, error.to_string()),
        }
    }

    async fn fields(&self, crm: &dyn Crm, notes: &mut Notes) {
        let Some(rules) = self.rules else { return };
        let fields = rules.crm_words();
        match crm.lacks(&fields).await {
            Ok(lacking) if lacking.is_empty() && fields.is_empty() => {}
            Ok(lacking) if lacking.is_empty() => {
                notes.ok(Step::Fields, format!("what rules read of accounts is there: {} fields", fields.len()));
            }
            Ok(lacking) => lacking.into_iter().for_each(|why| notes.amiss(Step::Fields, why)),
            Err(error) => notes.amiss(Step::Fields, error.to_string()),
        }
    }

    async fn calendars(&self, calendar: &dyn Calendar, ids: &[String]) -> Result<LookedUp, VendorError> {
        if ids.is_empty() {
            return Ok(LookedUp::new());
        }
        let read = calendar.busy(ids, self.now, self.now + READ_AHEAD).await?;
        let told = |(cell, known): (String, Result<Vec<Busy>, String>)| {
            let known = known.map(drop).map_err(|why| without_address(&cell, why));
            (cell, known)
        };
        Ok(read.into_iter().map(told).collect())
    }

    /// Of reps who may be given a lead.
    fn ids(&self, id: impl Fn(&'r Rep) -> Option<&'r str>) -> IdsOfReps<'r> {
        let reps = self.rules.into_iter().flat_map(|rules| rules.reps.values());
        reps.filter(|rep| rep.active).filter_map(|rep| Some((&rep.id, id(rep)?))).collect()
    }

    fn reps(column: &str, ids: &IdsOfReps<'_>, found: Result<LookedUp, VendorError>, notes: &mut Notes) {
        let found = match found {
            Ok(found) => found,
            Err(error) => return notes.amiss(Step::Reps, format!("{column}: {error}")),
        };
        let (mut known, mut unasked) = (0, 0);
        for (rep, id) in ids {
            match found.get(*id) {
                Some(Ok(())) => known += 1,
                Some(Err(why)) => notes.amiss(Step::Reps, format!("{rep}: {column} in rules/reps.csv: {why}")),
                None => unasked += 1,
            }
        }
        if known > 0 {
            notes.ok(Step::Reps, format!("{known} of {} reps with a {column} are known there", ids.len()));
        }
        if unasked > 0 {
            notes.not_asked(Step::Reps, format!("{unasked} of {} could not be asked about", ids.len()));
        }
    }
}

/// Which of a cell's calendars it is about is said by its place: an address is that of a person.
fn without_address(cell: &str, why: String) -> String {
    let about = (1..).zip(CalendarAddress::each(cell)).find_map(|(place, written)| {
        let rest = why.strip_prefix(written)?.strip_prefix(": ")?;
        Some(format!("entry {place}: {rest}"))
    });
    about.unwrap_or(why)
}

fn owned(ids: &IdsOfReps<'_>) -> Vec<String> {
    ids.values().map(|id| (*id).to_owned()).collect()
}
