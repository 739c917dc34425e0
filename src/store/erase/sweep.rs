//! Going through the tables for a person, and taking away what is found.

use super::lead::LeadErased;
use super::named::Somebodys;
use super::person::Person;
use super::record::{Erasure, HELD_FOR, Now, Part};
use super::search::{LOOSE, LeadTexts, Loose, MessageText, WRITTEN, Written};
use super::sought::{ReadsMail, Sought};
use crate::store::{Store, StoreError, with};
use baton_core::domain::id::LeadId;
use baton_core::domain::lead::Lead;
use baton_core::domain::phone::PhoneE164;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A message that has waited for longer is decided by nobody any more. A caller may be on the line of a younger one.
const DECIDED_WITHIN: TimeDelta = TimeDelta::minutes(1);

/// Leads in which the person was found.
#[derive(Default)]
pub(super) struct FoundLeads {
    pub own: BTreeSet<LeadId>,
    pub named_in: BTreeSet<LeadId>,
}

impl FoundLeads {
    fn look(&mut self, one: &LeadTexts, sought: &Sought, person: &mut Person) {
        let read: Vec<Lead> = one.documents.iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
        if read.iter().any(|lead| sought.is_of(lead)) {
            read.iter().for_each(|lead| person.learn(lead));
            self.own.insert(one.id.clone());
        } else if one.documents.iter().any(|text| sought.is_in(text.as_bytes())) {
            self.named_in.insert(one.id.clone());
        }
    }
}

/// Messages of a look.
#[derive(Default)]
pub(super) struct FoundMessages {
    pub theirs: Vec<MessageText>,
    /// About to be decided.
    pub undecided: bool,
    /// Leads that were not found by what is asked for, and whose messages hold it.
    pub others: BTreeSet<LeadId>,
}

impl Store {
    /// Goes through all leads that came until then, and learns what theirs tell of the person.
    pub(super) async fn leads_sought(
        &self,
        person: &mut Person,
        until: DateTime<Utc>,
        reads_mail: ReadsMail,
    ) -> Result<FoundLeads, StoreError> {
        let mut found = FoundLeads::default();
        if let Some(id) = person.lead.clone()
            && let Some(record) = self.lead(&id).await?
        {
            let is_erased = with(id.clone(), |tx, id| Box::pin(tx.is_erased(id)));
            if !self.read("erase.is_erased", is_erased).await? {
                person.learn(&record.lead);
                found.own.insert(id);
            }
        }
        let sought = Sought::asked(person, reads_mail);
        if sought.is_nothing() {
            return Ok(found);
        }
        let mut after = String::new();
        loop {
            let page = with(after, move |tx, after| Box::pin(tx.erase_leads_page(after, until)));
            let page = self.read("erase.leads", page).await?;
            let Some(last) = page.last() else { return Ok(found) };
            after = last.id.to_string();
            page.iter().for_each(|one| found.look(one, &sought, person));
        }
    }

    /// Until when a worker may be at a step of one of them.
    pub(super) async fn leads_erase(
        &self,
        erasure: &mut Erasure,
        now: Now<'_>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let mut until: Option<DateTime<Utc>> = None;
        for lead in erasure.leads.clone() {
            let at = now();
            let erase = with((lead.clone(), erasure.clone()), move |tx, (lead, erasure)| {
                Box::pin(tx.lead_erase(lead, erasure, at))
            });
            match self.write("erase.lead", erase).await {
                // Somebody was faster, four times: there is a call.
                Ok(LeadErased::OnTheLine) | Err(StoreError::Conflict { .. }) => {
                    erasure.waits_for.insert(lead);
                }
                Ok(LeadErased::Gone { in_hand_until }) => {
                    until = until.max(in_hand_until);
                    erasure.waits_for.remove(&lead);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(until)
    }

    pub(super) async fn leads_erase_named(
        &self,
        id: &str,
        leads: BTreeSet<LeadId>,
        person: &Person,
        reads_mail: ReadsMail,
        now: Now<'_>,
    ) -> Result<(), StoreError> {
        let sought = Arc::new(Sought::asked(person, reads_mail));
        for lead in leads {
            match self.take_out(id, (Somebodys::Lead(lead.clone()), Some(lead)), &sought, now()).await {
                // It is no longer kept.
                Ok(()) | Err(StoreError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Takes the person out of what is somebody else's, and writes that down with it: of which lead, where it is a lead's.
    async fn take_out(
        &self,
        id: &str,
        (of, named_in): (Somebodys, Option<LeadId>),
        sought: &Arc<Sought>,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let part = Part { named_in, ..Part::default() };
        let erase = with((id.to_owned(), of, Arc::clone(sought), part), move |tx, (id, of, sought, part)| {
            Box::pin(async move {
                if tx.person_take_out(of, sought, at).await? {
                    tx.erasure_add(id, part, at + HELD_FOR).await?;
                }
                Ok(())
            })
        });
        self.write("erase.take_out", erase).await
    }

    pub(super) async fn messages_erase(
        &self,
        erasure: &Erasure,
        person: &Person,
        reads_mail: ReadsMail,
        now: Now<'_>,
    ) -> Result<FoundMessages, StoreError> {
        let (mut all, mut after) = (FoundMessages::default(), String::new());
        let times = (erasure.requested_at, now());
        while let Some(found) =
            self.messages_sought(&mut after, &erasure.leads, &erasure.waits_for, person, times, reads_mail).await?
        {
            all.undecided |= found.undecided;
            all.others.extend(found.others);
            if found.theirs.is_empty() {
                continue;
            }
            let held_until = now() + HELD_FOR;
            let erase = with((erasure.id.clone(), found.theirs), move |tx, (erasure, theirs)| {
                Box::pin(async move {
                    tx.erase_overwriting(true).await?;
                    let (mut messages, mut moved_on) = (0, false);
                    for message in theirs {
                        if tx.message_erase(message).await? { messages += 1 } else { moved_on = true }
                    }
                    tx.erase_overwriting(false).await?;
                    tx.erasure_add(erasure, &Part { messages, ..Part::default() }, held_until).await?;
                    Ok(moved_on)
                })
            });
            let moved_on: bool = self.write("erase.messages", erase).await?;
            all.undecided |= moved_on;
        }
        Ok(all)
    }

    /// The messages of the next page that are the person's; `None`: there are no more. `times`: when the request came, and now.
    pub(super) async fn messages_sought(
        &self,
        after: &mut String,
        leads: &BTreeSet<LeadId>,
        but: &BTreeSet<LeadId>,
        person: &Person,
        (until, now): (DateTime<Utc>, DateTime<Utc>),
        reads_mail: ReadsMail,
    ) -> Result<Option<FoundMessages>, StoreError> {
        let (asked, all) = (Sought::asked(person, reads_mail), Sought::all(person, reads_mail));
        let page = with(after.clone(), move |tx, after| Box::pin(tx.erase_messages_page(after, until)));
        let page = self.read("erase.messages", page).await?;
        let Some(last) = page.last() else { return Ok(None) };
        after.clone_from(&last.key);
        let mut found = FoundMessages::default();
        for message in page {
            let is_theirs = match &message.lead {
                Some(lead) if but.contains(lead) => false,
                Some(lead) if leads.contains(lead) => true,
                Some(_) => asked.is_in(&message.body),
                None => all.is_in(&message.body),
            };
            if !is_theirs {
                continue;
            }
            if message.state == "received" && now - message.received_at < DECIDED_WITHIN {
                found.undecided = true;
                continue;
            }
            found.others.extend(message.lead.clone().filter(|lead| !leads.contains(lead)));
            found.theirs.push(message);
        }
        Ok(Some(found))
    }

    /// What lies in tables that know no leads.
    pub(super) async fn loose_erase(&self, person: &Person, reads_mail: ReadsMail) -> Result<(), StoreError> {
        let sought = Sought::all(person, reads_mail);
        for of in &LOOSE {
            self.loose_erase_of(of, &sought).await?;
        }
        let phones: Vec<PhoneE164> = person.phone.iter().chain(&person.phones).cloned().collect();
        let erase = with(phones, |tx, phones| {
            Box::pin(async move {
                tx.erase_overwriting(true).await?;
                tx.numbers_erase(&phones.iter().collect::<Vec<_>>()).await?;
                tx.erase_overwriting(false).await
            })
        });
        self.write("erase.numbers", erase).await
    }

    async fn loose_erase_of(&self, of: &'static Loose, sought: &Sought) -> Result<(), StoreError> {
        let mut after = String::new();
        loop {
            let page = with(after, move |tx, after| Box::pin(tx.erase_loose_page(of, after)));
            let page = self.read("erase.loose", page).await?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = last.clone();
            let is_theirs = |(_, texts): &(String, Vec<String>)| texts.iter().any(|text| sought.is_in(text.as_bytes()));
            let theirs: Vec<String> = page.into_iter().filter(is_theirs).map(|(key, _)| key).collect();
            if theirs.is_empty() {
                continue;
            }
            let erase = with(theirs, move |tx, keys| {
                Box::pin(async move {
                    tx.erase_overwriting(true).await?;
                    tx.loose_erase(of, keys).await?;
                    tx.erase_overwriting(false).await
                })
            });
            self.write("erase.loose", erase).await?;
        }
    }

    /// What people wrote of other people's leads, of turns, and in the audit.
    pub(super) async fn written_erase(
        &self,
        erasure: &Erasure,
        person: &Person,
        reads_mail: ReadsMail,
        now: Now<'_>,
    ) -> Result<(), StoreError> {
        let sought = Arc::new(Sought::asked(person, reads_mail));
        if sought.is_nothing() {
            return Ok(());
        }
        for of in &WRITTEN {
            self.written_erase_of(of, erasure, &sought, now).await?;
        }
        Ok(())
    }

    async fn written_erase_of(
        &self,
        of: &'static Written,
        erasure: &Erasure,
        sought: &Arc<Sought>,
        now: Now<'_>,
    ) -> Result<(), StoreError> {
        let (mut after, until) = (of.begin(), erasure.requested_at);
        loop {
            let page = with(after, move |tx, after| Box::pin(tx.erase_written_page(of, after, until)));
            let page = self.read("erase.written", page).await?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = last.clone();
            for (place, _) in page.into_iter().filter(|(_, text)| of.without(text, sought).is_some()) {
                let lead = of.is_of_leads.then(|| LeadId::new(place.names[0].as_str()).ok()).flatten();
                if lead.as_ref().is_some_and(|lead| erasure.leads.contains(lead)) {
                    continue;
                }
                self.take_out(&erasure.id, (Somebodys::Written(of, place), lead), sought, now()).await?;
            }
        }
    }

    /// What the CRM had said when other people's leads were decided.
    pub(super) async fn snapshots_erase(
        &self,
        erasure: &Erasure,
        person: &Person,
        reads_mail: ReadsMail,
        now: Now<'_>,
    ) -> Result<(), StoreError> {
        let sought = Arc::new(Sought::asked(person, reads_mail));
        let texts = sought.as_stored();
        if texts.is_empty() {
            return Ok(());
        }
        let mut after = String::new();
        loop {
            let page =
                with((after, texts.clone()), |tx, (after, texts)| Box::pin(tx.erase_snapshots_page(after, texts)));
            let page = self.read("erase.snapshots", page).await?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = last.to_string();
            for (lead, _) in page.into_iter().filter(|(lead, hit)| *hit && !erasure.leads.contains(lead)) {
                let place = (Somebodys::Snapshot(lead.clone()), Some(lead));
                self.take_out(&erasure.id, place, &sought, now()).await?;
            }
        }
    }
}
