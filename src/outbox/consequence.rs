//! What the end of an effect means for the handoff.

use crate::domain::effect::Effect;
use crate::handoff::Event;

/// The effect will not happen: the handoff takes its fallback.
pub fn of_failure(effect: &Effect, why: &str) -> Option<Event> {
    let why = why.to_owned();
    match effect {
        Effect::Ring { leg, .. } => Some(Event::RingFailed { leg: leg.clone(), why }),
        // A rep who hears no whisper would be a cold start: on to the next.
        Effect::Whisper { leg, .. } => Some(Event::WhisperFailed { leg: leg.clone(), why }),
        Effect::Join { leg } => Some(Event::JoinFailed { leg: leg.clone(), why }),
        Effect::FindSlots { search, .. } => Some(Event::SlotsUnknown { search: *search, why }),
        Effect::Book { attempt, .. } => Some(Event::BookingFailed { attempt: *attempt, why }),
        Effect::Instruct { .. }
        | Effect::Hold
        | Effect::HangUp { .. }
        | Effect::WriteCrm { .. }
        | Effect::Brief { .. }
        | Effect::UpdateCard { .. }
        | Effect::ConfirmToCaller { .. }
        | Effect::Publish { .. }
        | Effect::Timer { .. }
        | Effect::ReadOwner => None,
    }
}

/// The vendor no longer has what the effect is about. For commands about the caller that means that the caller is gone.
pub fn of_gone(effect: &Effect, why: &str) -> Option<Event> {
    match effect {
        Effect::Instruct { .. } | Effect::Hold | Effect::Ring { .. } => Some(Event::CallerLeft),
        _ => of_failure(effect, why),
    }
}
