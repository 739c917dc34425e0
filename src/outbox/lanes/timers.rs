//! The clock's own events, which need nobody; but where a call has lasted for hours, whoever carries it is asked first whether it
//! goes on.

use crate::connectors::{LegStatus, VendorError};
use crate::outbox::parts::OutboxParts;
use crate::outbox::work::{At, Done, Fallback, Work};
use crate::store::StepRow;
use baton_core::domain::effect::{Class, Timer};
use baton_core::domain::id::LegId;
use baton_core::handoff::Event;
use chrono::TimeDelta;

/// Where nobody has said for so long whether a rep is on the line, they are taken to be on none.
const ASKED_FOR: TimeDelta = TimeDelta::hours(4);

#[async_trait::async_trait]
impl Work for &Timer {
    fn at_once(&self) -> Option<Event> {
        match self {
            Timer::ReleaseBy { .. } => None,
            timer => Some(Event::Timer { timer: (*timer).clone() }),
        }
    }

    fn class(&self, _parts: &OutboxParts) -> Class {
        Class::Repeatable
    }

    async fn perform(&self, at: &At<'_>) -> Result<Done, VendorError> {
        let event = match self {
            Timer::ReleaseBy { leg } if at.matter.handoff.is_talked_on(leg) && is_up(at, leg).await? => {
                Event::TalksOn { leg: leg.clone() }
            }
            timer => Event::Timer { timer: (*timer).clone() },
        };
        Ok(Done::event(event))
    }

    async fn look(&self, _parts: &OutboxParts, _step: &StepRow) -> Result<Option<Done>, VendorError> {
        Ok(None)
    }

    fn fallback(&self, _why: &str) -> Fallback {
        Fallback::default()
    }
}

/// Whether whoever carries the call has this rep on the line. One that cannot tell, as it is set up, has nobody.
///
/// # Errors
/// It may tell later.
async fn is_up(at: &At<'_>, leg: &LegId) -> Result<bool, VendorError> {
    let (Some(telephony), Ok(call)) = (&at.parts.vendors.telephony, at.matter.call_on(leg)) else { return Ok(false) };
    match telephony.read(&call, leg).await {
        Ok(LegStatus::Ringing | LegStatus::Answered | LegStatus::Joined) => Ok(true),
        Ok(LegStatus::Absent | LegStatus::Ended) => Ok(false),
        Err(VendorError::NeedsPerson { .. } | VendorError::Amiss { .. } | VendorError::Gone { .. }) => Ok(false),
        Err(_) if at.now() - at.step.planned_at >= ASKED_FOR => Ok(false),
        Err(error) => Err(error),
    }
}
