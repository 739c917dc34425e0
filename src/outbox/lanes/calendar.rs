//! Free times and meetings.

use crate::connectors::{BookRequest, Booked, Calendar, VendorError, hex_key};
use crate::outbox::matter::Matter;
use crate::outbox::parts::{OutboxParts, needs_person, not_configured, retry};
use crate::outbox::work::{At, Done, Fallback, Work};
use crate::store::StepRow;
use baton_core::domain::effect::{CalendarEffect, Class, May, Under};
use baton_core::domain::id::RepId;
use baton_core::domain::outcome::{Booking, Slot};
use baton_core::domain::rep::Rep;
use baton_core::domain::rota::Window;
use baton_core::domain::text::visible;
use baton_core::handoff::{Event, Handoff};
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

/// How long after its deadline a booking that may have happened is still settled.
const SETTLE_BOOKING_WITHIN: TimeDelta = TimeDelta::hours(1);

#[async_trait::async_trait]
impl Work for CalendarEffect<'_> {
    fn class(&self, _parts: &OutboxParts) -> Class {
        match self {
            Self::FindSlots { .. } | Self::Book { .. } | Self::Move { .. } | Self::Cancel { .. } => Class::Repeatable,
        }
    }

    async fn perform(&self, at: &At<'_>) -> Result<Done, VendorError> {
        let Some(calendar) = &at.parts.vendors.calendar else { return not_configured("calendar") };
        let event = match *self {
            Self::FindSlots { search, rep } => Event::SlotsFound { search, slots: find_slots(at, rep).await? },
            Self::Book { slot, attempt } => book(at, calendar.as_ref(), slot, attempt).await?,
            Self::Move { attempt, .. } if !is_wanted(attempt, &at.matter.handoff) => {
                return Ok(Done::nothing("no longer wanted"));
            }
            Self::Move { booking, to, attempt } => move_to(at, calendar.as_ref(), booking, to, attempt).await?,
            Self::Cancel { booking } => {
                let calendar_id = calendar_of(at.matter.rep(&booking.slot.rep)?)?;
                let words = at.matter.templates.called_off(&booking.slot, &at.caller_context());
                calendar.cancel(calendar_id, &booking.vendor_ref, &words).await?;
                return Ok(Done::default());
            }
        };
        Ok(Done::event(event))
    }

    async fn look(&self, _parts: &OutboxParts, _step: &StepRow) -> Result<Option<Done>, VendorError> {
        match self {
            Self::FindSlots { .. } | Self::Book { .. } | Self::Move { .. } | Self::Cancel { .. } => Ok(None),
        }
    }

    fn fallback(&self, why: &str) -> Fallback {
        let why = why.to_owned();
        match *self {
            Self::FindSlots { search, .. } => Fallback::of(Event::SlotsUnknown { search, why }),
            Self::Book { attempt, .. } => Fallback::of(Event::BookingFailed { attempt, why }),
            Self::Move { attempt, .. } => Fallback::of(Event::MeetingNotMoved { attempt, why, taken: false }),
            // It is called off all the same: the rep was told. What failed is on the list of what needs a person.
            Self::Cancel { .. } => Fallback::default(),
        }
    }

    /// The calendar invites by mail, which may have been refused since.
    fn matter_within(&self) -> Duration {
        match self {
            Self::Book { .. } | Self::Move { .. } => Duration::ZERO,
            Self::FindSlots { .. } | Self::Cancel { .. } => Duration::MAX,
        }
    }

    /// A meeting that may stand in the calendar already is asked for again, however late: it is found, or made good.
    fn settled_within(&self) -> TimeDelta {
        match self {
            Self::Book { .. } | Self::Move { .. } => SETTLE_BOOKING_WITHIN,
            Self::FindSlots { .. } | Self::Cancel { .. } => TimeDelta::zero(),
        }
    }
}

/// Whether the lead still waits for this move: the meeting may be somebody else's by now.
fn is_wanted(attempt: u32, handoff: &Handoff) -> bool {
    handoff.moving_to().is_some_and(|change| change.attempt == attempt)
}

/// The first free times of a rep, the ones the caller asked for before the others.
async fn find_slots(at: &At<'_>, rep: &RepId) -> Result<Vec<Slot>, VendorError> {
    let rep = at.matter.rep(rep)?;
    let calendar = calendar_of(rep)?;
    let Matter { handoff, rules, .. } = at.matter;
    let terms = &handoff.terms.booking;
    let all = at.parts.facts.free_times((rep, calendar), &handoff.lead_id, terms, rules).await.map_err(retry)?;
    let slots = choose(all, &handoff.wanted_times, terms.offer as usize);
    Ok(slots.into_iter().map(|(from, until)| Slot { rep: rep.id.clone(), from, until }).collect())
}

async fn book(at: &At<'_>, calendar: &dyn Calendar, slot: &Slot, attempt: u32) -> Result<Event, VendorError> {
    let request = request(at, slot, attempt, at.matter.handoff.meeting_moves)?;
    Ok(match calendar.book(&request).await? {
        Booked::Event { id } => Event::Booked { attempt, booking: Booking { slot: slot.clone(), vendor_ref: id } },
        Booked::Taken => Event::SlotTaken { attempt },
    })
}

async fn move_to(
    at: &At<'_>,
    calendar: &dyn Calendar,
    booking: &Booking,
    to: &Slot,
    attempt: u32,
) -> Result<Event, VendorError> {
    let request = request(at, to, attempt, at.matter.handoff.meeting_moves + 1)?;
    Ok(match calendar.move_to(&booking.vendor_ref, &request).await? {
        Booked::Event { id } => Event::MeetingMoved { attempt, booking: Booking { slot: to.clone(), vendor_ref: id } },
        Booked::Taken => {
            Event::MeetingNotMoved { attempt, why: "the time is somebody else's by now".to_owned(), taken: true }
        }
    })
}

/// A meeting at this time, as the guest sees it; it will have been moved so often.
fn request(at: &At<'_>, slot: &Slot, attempt: u32, moves: u32) -> Result<BookRequest, VendorError> {
    let calendar_id = calendar_of(at.matter.rep(&slot.rep)?)?;
    let lead = &at.matter.lead;
    let email = lead.contact.email.as_ref().filter(|_| Under::Invited.may(&lead.consent) != May::No);
    let shown = at.matter.templates.calendar_event(slot, at.change_url(slot, moves), &at.caller_context());
    Ok(BookRequest {
        key: hex_key(&format!("{}/{}/{attempt}", lead.id, slot.from.timestamp())),
        calendar: calendar_id.to_owned(),
        from: slot.from,
        until: slot.until,
        // The calendar invites by mail.
        attendee_email: email.map(|email| email.value.clone()),
        attendee_name: lead.contact.name.as_ref().map(|name| visible(&name.value)),
        summary: shown.summary,
        description: shown.description,
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
