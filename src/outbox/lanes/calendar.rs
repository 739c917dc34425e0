//! Free times and meetings.

use crate::connectors::{BookRequest, Booked, Calendar, VendorError, hex_key};
use crate::outbox::parts::{OutboxParts, Vendors, needs_person, not_configured, retry};
use crate::outbox::work::{At, Done, Fallback, Work};
use crate::store::StepRow;
use baton_core::domain::effect::{CalendarEffect, Class, May, Under};
use baton_core::domain::id::RepId;
use baton_core::domain::outcome::{Booking, Slot};
use baton_core::domain::rep::{Busy, BusyKind, Rep};
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
    busy.retain(|entry| at.matter.rules.calendars.takes(entry));
    // Times that other leads are booking at this moment.
    busy.extend(at.parts.store.slots_claimed(&rep.id, at.now()).await.map_err(retry)?);
    let busy = with_buffers(&busy, TimeDelta::from_std(terms.buffer).unwrap_or_default());
    let windows = rota::working_windows(&at.matter.rules.hours, rep, not_before, until);
    let all = rota::free_slots(&windows, &busy, rep.timezone, terms.duration, not_before, usize::MAX);
    let slots = choose(all, &at.matter.handoff.wanted_times, terms.offer as usize);
    Ok(slots.into_iter().map(|(from, until)| Slot { rep: rep.id.clone(), from, until }).collect())
}

/// Meetings, each with so much time around it; an absence or a whole day needs none.
fn with_buffers(busy: &[Busy], buffer: TimeDelta) -> Vec<Busy> {
    let kept = |entry: &Busy| match entry.kind {
        BusyKind::Busy | BusyKind::Tentative => {
            Busy { from: entry.from - buffer, until: entry.until + buffer, kind: entry.kind }
        }
        BusyKind::OutOfOffice | BusyKind::Focus | BusyKind::AllDay => *entry,
    };
    busy.iter().map(kept).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use baton_core::domain::zone::Zone;

    #[test]
    fn time_is_kept_free_around_meetings_and_around_nothing_else() {
        let at = |time: &str| format!("2026-11-23T{time}:00Z").parse::<DateTime<Utc>>().expect("an instant");
        let first = |kind, buffer: i64| {
            let busy = [Busy { from: at("09:30"), until: at("10:30"), kind }];
            let busy = with_buffers(&busy, TimeDelta::minutes(buffer));
            let (day, half_an_hour) = ([(at("09:00"), at("17:00"))], Duration::from_secs(1_800));
            let slots = rota::free_slots(&day, &busy, Zone::UTC, half_an_hour, at("09:00"), 2);
            slots.iter().map(|(from, _)| from.format("%H:%M").to_string()).collect::<Vec<_>>()
        };
        assert_eq!(first(BusyKind::Busy, 0), ["09:00", "10:30"]);
        assert_eq!(first(BusyKind::Busy, 10), ["11:00", "11:30"]);
        assert_eq!(first(BusyKind::Tentative, 10), ["11:00", "11:30"]);
        assert_eq!(first(BusyKind::OutOfOffice, 10), ["09:00", "10:30"]);
    }
}
