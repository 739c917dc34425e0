//! Free times and meetings.

use crate::connectors::{BookRequest, Booked, Calendar, VendorError, hex_key};
use crate::outbox::parts::{OutboxParts, Vendors, needs_person, not_configured, retry};
use crate::outbox::work::{At, Done, Fallback, Work};
use crate::store::StepRow;
use baton_core::domain::effect::{CalendarEffect, Class, May, Under};
use baton_core::domain::id::RepId;
use baton_core::domain::outcome::{Booking, Slot};
use baton_core::domain::rep::Rep;
use baton_core::domain::rota::{self, Window};
use baton_core::domain::text::visible;
use baton_core::handoff::Event;
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

/// How long after its deadline a booking that may have happened is still settled.
const SETTLE_BOOKING_WITHIN: TimeDelta = TimeDelta::hours(1);

#[async_trait::async_trait]
impl Work for CalendarEffect<'_> {
    fn class(&self, _vendors: &Vendors) -> Class {
        match self {
            Self::FindSlots { .. } | Self::Book { .. } => Class::Repeatable,
        }
    }

    async fn perform(&self, at: &At<'_>) -> Result<Done, VendorError> {
        let Some(calendar) = &at.parts.vendors.calendar else { return not_configured("calendar") };
        let event = match *self {
            Self::FindSlots { search, rep } => Event::SlotsFound { search, slots: find_slots(at, rep).await? },
            Self::Book { slot, attempt } => book(at, calendar.as_ref(), slot, attempt).await?,
        };
        Ok(Done::event(event))
    }

    async fn look(&self, _parts: &OutboxParts, _step: &StepRow) -> Result<Option<Done>, VendorError> {
        match self {
            Self::FindSlots { .. } | Self::Book { .. } => Ok(None),
        }
    }

    fn fallback(&self, why: &str) -> Fallback {
        let why = why.to_owned();
        match *self {
            Self::FindSlots { search, .. } => Fallback::of(Event::SlotsUnknown { search, why }),
            Self::Book { attempt, .. } => Fallback::of(Event::BookingFailed { attempt, why }),
        }
    }

    /// The calendar invites by mail, which may have been refused since.
    fn matter_within(&self) -> Duration {
        match self {
            Self::Book { .. } => Duration::ZERO,
            Self::FindSlots { .. } => Duration::MAX,
        }
    }

    /// A meeting that may stand in the calendar already is asked for again, however late: it is found, or made good.
    fn settled_within(&self) -> TimeDelta {
        match self {
            Self::Book { .. } => SETTLE_BOOKING_WITHIN,
            Self::FindSlots { .. } => TimeDelta::zero(),
        }
    }
}

/// The first free times of a rep, the ones the caller asked for before the others.
async fn find_slots(at: &At<'_>, rep: &RepId) -> Result<Vec<Slot>, VendorError> {
    let rep = at.matter.rep(rep)?;
    let calendar = calendar_of(rep)?;
    let terms = &at.matter.handoff.terms.booking;
    let not_before = at.now() + TimeDelta::from_std(terms.notice).unwrap_or_default();
    let until = not_before + TimeDelta::days(i64::from(terms.within_days));
    let mut busy = at.parts.facts.busy_now(calendar, until).await.map_err(retry)?;
    busy.extend(at.parts.facts.absences_of(rep, &at.matter.rules));
    // Times that other leads are booking at this moment.
    busy.extend(at.parts.store.slots_claimed(&rep.id, at.now()).await.map_err(retry)?);
    let windows = rota::working_windows(&at.matter.rules.hours, rep, not_before, until);
    let all = rota::free_slots(&windows, &busy, rep.timezone, terms.duration, not_before, usize::MAX);
    let slots = choose(all, &at.matter.handoff.wanted_times, terms.offer as usize);
    Ok(slots.into_iter().map(|(from, until)| Slot { rep: rep.id.clone(), from, until }).collect())
}

async fn book(at: &At<'_>, calendar: &dyn Calendar, slot: &Slot, attempt: u32) -> Result<Event, VendorError> {
    let calendar_id = calendar_of(at.matter.rep(&slot.rep)?)?;
    let lead = &at.matter.lead;
    let email = lead.contact.email.as_ref().filter(|_| Under::Invited.may(&lead.consent) != May::No);
    let shown = at.matter.templates.calendar_event(&slot.rep, &at.caller_context());
    let request = BookRequest {
        key: hex_key(&format!("{}/{}/{attempt}", lead.id, slot.from.timestamp())),
        calendar: calendar_id.to_owned(),
        from: slot.from,
        until: slot.until,
        // The calendar invites by mail.
        attendee_email: email.map(|email| email.value.clone()),
        attendee_name: lead.contact.name.as_ref().map(|name| visible(&name.value)),
        summary: shown.summary,
        description: shown.description,
    };
    Ok(match calendar.book(&request).await? {
        Booked::Event { id } => Event::Booked { attempt, booking: Booking { slot: slot.clone(), vendor_ref: id } },
        Booked::Taken => Event::SlotTaken { attempt },
    })
}

fn calendar_of(rep: &Rep) -> Result<&str, VendorError> {
    rep.calendar.as_deref().ok_or_else(|| needs_person(format!("rep {} has no calendar", rep.id)))
}

/// Times that were asked for come first, then the earliest.
fn choose(all: Vec<Window>, wanted: &[DateTime<Utc>], offer: usize) -> Vec<Window> {
    let (mut chosen, rest): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|(from, until)| wanted.iter().any(|time| from <= time && time < until));
    chosen.extend(rest);
    chosen.truncate(offer);
    chosen
}
