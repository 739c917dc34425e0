//! Free times and meetings.

use super::Outbox;
use super::perform::{Done, Matter, OURS, not_configured};
use crate::connectors::{BookRequest, VendorError, hex_key};
use crate::domain::id::RepId;
use crate::domain::outcome::Slot;
use crate::domain::rep::Busy;
use crate::domain::rota;
use crate::handoff::Event;
use chrono::{DateTime, TimeDelta, Utc};

impl Outbox {
    /// The first free times of a rep, the ones the caller asked for before the others.
    pub(super) async fn find_slots(&self, matter: &Matter, search: u32, rep: &RepId) -> Result<Done, VendorError> {
        if self.parts.vendors.calendar.is_none() {
            return not_configured("calendar");
        }
        let rep = matter.rep(rep)?;
        let unknown = |why: String| VendorError::NeedsPerson { vendor: OURS, why };
        let Some(calendar) = &rep.calendar else { return Err(unknown(format!("rep {} has no calendar", rep.id))) };
        let terms = &matter.handoff.terms.booking;
        let not_before = self.parts.clock.now() + span(terms.notice);
        let until = not_before + TimeDelta::days(i64::from(terms.within_days));
        let busy = self.parts.facts.busy_now(calendar, until).await;
        let mut busy = busy.map_err(|why| VendorError::Retry { vendor: OURS, why, after: None })?;
        busy.extend(self.claimed(&rep.id).await?);
        let windows = rota::working_windows(&matter.rules.hours, rep, not_before, until);
        let all = rota::free_slots(&windows, &busy, rep.timezone, terms.duration, not_before, usize::MAX);
        let slots = choose(all, &matter.handoff.wanted_times, terms.offer as usize);
        let slots = slots.into_iter().map(|(from, until)| Slot { rep: rep.id.clone(), from, until }).collect();
        Ok(Done::event(Event::SlotsFound { search, slots }))
    }

    /// Times that other leads are booking at this moment.
    async fn claimed(&self, rep: &RepId) -> Result<Vec<Busy>, VendorError> {
        let (rep, now) = (rep.clone(), self.parts.clock.now());
        let read = self.parts.store.read("slot.claimed", move |tx| {
            let rep = rep.clone();
            Box::pin(async move { tx.slots_claimed(&rep, now).await })
        });
        read.await.map_err(|error| VendorError::Retry { vendor: OURS, why: error.to_string(), after: None })
    }

    pub(super) fn booking_request(
        &self,
        matter: &Matter,
        slot: &Slot,
        attempt: u32,
    ) -> Result<BookRequest, VendorError> {
        let rep = matter.rep(&slot.rep)?;
        let why = || format!("rep {} has no calendar", rep.id);
        let calendar = rep.calendar.clone().ok_or_else(|| VendorError::NeedsPerson { vendor: OURS, why: why() })?;
        let lead = matter.lead();
        let shown = matter.templates.calendar_event(&slot.rep, &self.caller_context(matter));
        Ok(BookRequest {
            key: hex_key(&format!("{}/{}/{attempt}", lead.id, slot.from.timestamp())),
            calendar,
            from: slot.from,
            until: slot.until,
            attendee_email: lead.contact.email.as_ref().map(|email| email.value.clone()),
            attendee_name: lead.contact.name.as_ref().map(|name| name.value.clone()),
            summary: shown.summary,
            description: shown.description,
        })
    }
}

/// Times that were asked for come first, then the earliest.
fn choose(
    all: Vec<(DateTime<Utc>, DateTime<Utc>)>,
    wanted: &[DateTime<Utc>],
    offer: usize,
) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
    let (mut chosen, rest): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|(from, until)| wanted.iter().any(|time| from <= time && time < until));
    chosen.extend(rest);
    chosen.truncate(offer);
    chosen
}

fn span(span: std::time::Duration) -> TimeDelta {
    TimeDelta::from_std(span).unwrap_or_default()
}
