//! What the caller agreed to, and what they were told: a bare yes or no, or one with who says so and since when.

use crate::intake::reader::Object;
use baton_core::domain::lead::{Consent, ConsentSaid, ConsentSource, Disclosure, LeadChannel};
use chrono::{DateTime, Utc};

/// `event_at`: when the event was made, and not after it came.
pub(super) fn read(mut consent: Object<'_, '_>, channel: LeadChannel, event_at: DateTime<Utc>) -> Consent {
    let usual = Usual { source: channel.into(), event_at };
    let read = Consent {
        recording: usual.statement(&mut consent, "recording"),
        callback: usual.statement(&mut consent, "callback"),
        email: usual.statement(&mut consent, "email"),
        sms: usual.statement(&mut consent, "sms"),
    };
    consent.finish();
    read
}

/// The same of what they were told.
pub(super) fn disclosure(mut told: Object<'_, '_>, channel: LeadChannel, event_at: DateTime<Utc>) -> Disclosure {
    let usual = Usual { source: channel.into(), event_at };
    let read = Disclosure { ai: usual.statement(&mut told, "ai"), recording: usual.statement(&mut told, "recording") };
    told.finish();
    read
}

/// What holds where a statement does not say it.
struct Usual {
    source: ConsentSource,
    event_at: DateTime<Utc>,
}

impl Usual {
    fn said(&self, given: bool) -> ConsentSaid {
        ConsentSaid { given, source: Some(self.source), at: Some(self.event_at) }
    }

    fn statement(&self, consent: &mut Object<'_, '_>, name: &'static str) -> Option<ConsentSaid> {
        let Some(mut said) = consent.object_if_it_is(name) else {
            return consent.flag(name).map(|given| self.said(given));
        };
        let given = said.required_flag("given");
        let source = said.choice("source", &ConsentSource::ALL.map(|source| (source.as_str(), source)));
        // What is still to come would be the last word for ever.
        let at = said.instant("at").map_or(self.event_at, |at| at.min(self.event_at));
        said.finish();
        Some(ConsentSaid { given: given?, source: Some(source.unwrap_or(self.source)), at: Some(at) })
    }
}
