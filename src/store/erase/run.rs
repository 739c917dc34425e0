//! An erasure from the request to the last look: many short transactions, each of which can be the last one that this process made.

use super::lead::is_on_the_line;
use super::person::Person;
use super::record::{Erasure, ErasureRequest, ErasureState, HELD_FOR, Now, Stored};
use super::sought::ReadsMail;
use crate::store::{Store, StoreError, with};
use baton_core::domain::id::{HandoffId, LeadId};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use std::collections::BTreeSet;
use std::pin::pin;
use std::time::Duration;

/// A call that is waited for, or a message that is about to be decided, is looked at again after this.
const LOOK_AGAIN_AFTER: TimeDelta = TimeDelta::seconds(5);
/// In real time: how often it is looked whether the hold is to be made longer.
const HOLD_EVERY: Duration = Duration::from_millis(500);
/// How often leads are looked for again, where a message tells of one that was not found.
const ROUNDS: u32 = 3;
/// Why an erasure was asked for that nobody asked for.
const TOLD_AGAIN: &str = "an earlier version had stored something of the lead since it was erased";

/// What an erasure would find.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Preview {
    pub leads: BTreeSet<LeadId>,
    pub named_in: BTreeSet<LeadId>,
    pub messages: u64,
    /// Of the leads: those whose callers are on the line.
    pub waits_for: BTreeSet<LeadId>,
}

impl Store {
    /// Stores what is asked for, so that it is carried out whatever happens; returns the erasure's id. Where nobody has it `in_hand`,
    /// a worker takes it up.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn erasure_begin(
        &self,
        asked: ErasureRequest,
        in_hand: bool,
        now: DateTime<Utc>,
    ) -> Result<String, StoreError> {
        let held_until = if in_hand { now + HELD_FOR } else { now };
        let begin = with(asked, move |tx, asked| Box::pin(tx.erasure_ask(asked, held_until, now)));
        self.write("erasure.insert", begin).await
    }

    /// Asks once more for people who were erased, and of whose leads an earlier version has stored something since. `actor` is who
    /// found it. How many leads there are.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn erasures_ask_again(&self, actor: &str, now: DateTime<Utc>) -> Result<usize, StoreError> {
        let leads = self.read("erase.told_again", |tx| Box::pin(tx.leads_told_again())).await?;
        let count = leads.len();
        for lead in leads {
            let person = Person { lead: Some(lead), ..Person::default() };
            let asked = ErasureRequest { person, actor: actor.to_owned(), why: Some(TOLD_AGAIN.to_owned()) };
            let ask = with(asked, move |tx, asked| {
                Box::pin(async move {
                    if tx.erasures_of(&asked.person).await?.is_empty() {
                        tx.erasure_ask(asked, now, now).await?;
                    }
                    Ok(())
                })
            });
            self.write("erasure.ask_again", ask).await?;
        }
        Ok(count)
    }

    /// How it stands with an erasure.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn erasure(&self, id: &str) -> Result<Option<Erasure>, StoreError> {
        Ok(self.erasure_stored(id).await?.map(|stored| stored.erasure))
    }

    async fn erasure_stored(&self, id: &str) -> Result<Option<Stored>, StoreError> {
        let read = with(id.to_owned(), |tx, id| Box::pin(tx.erasure_read(id)));
        self.read("erasure.read", read).await
    }

    /// Takes up one that is open and that nobody is at; `None`: there is none.
    ///
    /// # Errors
    /// As [`Store::erasure_go_on`].
    pub async fn erasure_take_up(&self, reads_mail: ReadsMail, now: Now<'_>) -> Result<Option<Erasure>, StoreError> {
        let at = now();
        let take = with(at + HELD_FOR, move |tx, until| Box::pin(tx.erasure_take(*until, at)));
        match self.write("erasure.take", take).await? {
            Some(id) => self.erasure_go_on(&id, reads_mail, now).await.map(Some),
            None => Ok(None),
        }
    }

    /// Erases what can be erased by now. What waits for a call, a worker or a message is left for the next time.
    ///
    /// # Errors
    /// The database failed: it goes on later where it stopped.
    pub async fn erasure_go_on(&self, id: &str, reads_mail: ReadsMail, now: Now<'_>) -> Result<Erasure, StoreError> {
        let mut held_until = now() + HELD_FOR;
        let mut parts = pin!(self.erasure_parts(id, reads_mail, now));
        loop {
            tokio::select! {
                done = &mut parts => return done,
                () = tokio::time::sleep(HOLD_EVERY) => {}
            }
            // Pages on which nothing is found hold nothing.
            if held_until - now() < HELD_FOR / 2 {
                held_until = now() + HELD_FOR;
                let hold = with(id.to_owned(), move |tx, id| Box::pin(tx.erasure_hold(id, held_until)));
                self.write("erasure.hold", hold).await?;
            }
        }
    }

    async fn erasure_parts(&self, id: &str, reads_mail: ReadsMail, now: Now<'_>) -> Result<Erasure, StoreError> {
        let gone = || StoreError::NotFound { what: "erasure", id: id.to_owned() };
        let mut stored = self.erasure_stored(id).await?.ok_or_else(gone)?;
        let Some(mut person) = stored.person.clone() else { return Ok(stored.erasure) };
        if self.are_on_the_line(&stored.erasure.waits_for, now()).await? {
            return self.erasure_save(&stored, now() + LOOK_AGAIN_AFTER).await;
        }
        let until = stored.erasure.requested_at;
        let mut in_hand_until: Option<DateTime<Utc>> = None;
        let (mut undecided, mut others) = (false, BTreeSet::<LeadId>::new());
        for _ in 0..ROUNDS {
            let found = self.leads_sought(&mut person, until, reads_mail).await?;
            stored.erasure.leads.extend(found.own);
            stored.person = Some(person.clone());
            // What is known of the person is stored before it goes.
            stored.erasure = self.erasure_save(&stored, now() + HELD_FOR).await?;
            self.leads_erase_named(id, found.named_in, &person, reads_mail, now).await?;
            in_hand_until = in_hand_until.max(self.leads_erase(&mut stored.erasure, now).await?);
            let messages = self.messages_erase(&stored.erasure, &person, reads_mail, now).await?;
            undecided = messages.undecided;
            if messages.others.is_subset(&others) {
                break;
            }
            // Decided since leads were looked for.
            others.extend(messages.others);
        }
        self.loose_erase(&person, reads_mail).await?;
        self.erasure_save(&stored, now() + HELD_FOR).await?;
        self.snapshots_erase(&stored.erasure, &person, reads_mail, now).await?;
        self.written_erase(&stored.erasure, &person, reads_mail, now).await?;
        let waits = undecided || !stored.erasure.waits_for.is_empty();
        let at = now();
        let next = in_hand_until.filter(|until| *until > at).or(waits.then_some(at + LOOK_AGAIN_AFTER));
        if next.is_none() {
            (stored.erasure.state, stored.erasure.swept_at, stored.person) = (ErasureState::Done, Some(at), None);
        }
        self.erasure_save(&stored, next.unwrap_or(at)).await
    }

    /// What an erasure would find; nothing is changed.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn erasure_preview(
        &self,
        mut person: Person,
        reads_mail: ReadsMail,
        now: DateTime<Utc>,
    ) -> Result<Preview, StoreError> {
        let found = self.leads_sought(&mut person, now, reads_mail).await?;
        let mut preview = Preview { leads: found.own, named_in: found.named_in, ..Preview::default() };
        for lead in &preview.leads {
            if self.is_on_the_line(lead, now).await? {
                preview.waits_for.insert(lead.clone());
            }
        }
        let mut after = String::new();
        while let Some(found) =
            self.messages_sought(&mut after, &preview.leads, &BTreeSet::new(), &person, (now, now), reads_mail).await?
        {
            preview.messages += found.theirs.len() as u64;
        }
        Ok(preview)
    }

    /// The erasure as it stands then, with what came of its parts.
    async fn erasure_save(&self, stored: &Stored, held_until: DateTime<Utc>) -> Result<Erasure, StoreError> {
        let save = with(stored.clone(), move |tx, stored| {
            Box::pin(async move {
                tx.erase_overwriting(true).await?;
                tx.erasure_save(stored, held_until).await?;
                tx.erase_overwriting(false).await?;
                tx.erasure_read(&stored.erasure.id).await
            })
        });
        let saved = self.write("erasure.save", save).await?;
        Ok(saved.map_or_else(|| stored.erasure.clone(), |saved| saved.erasure))
    }

    async fn are_on_the_line(&self, leads: &BTreeSet<LeadId>, now: DateTime<Utc>) -> Result<bool, StoreError> {
        for lead in leads {
            if self.is_on_the_line(lead, now).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn is_on_the_line(&self, lead: &LeadId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let handoff = with(HandoffId::of(lead), |tx, id| Box::pin(tx.handoff_if_any(id)));
        let handoff = self.read("erasure.handoff", handoff).await?;
        Ok(handoff.is_some_and(|handoff| is_on_the_line(&handoff, now)))
    }
}
