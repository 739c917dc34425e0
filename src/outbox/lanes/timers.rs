//! The clock's own events, which need nobody.

use crate::connectors::VendorError;
use crate::outbox::parts::{OutboxParts, Vendors};
use crate::outbox::work::{At, Done, Fallback, Work};
use crate::store::StepRow;
use baton_core::domain::effect::{Class, Timer};
use baton_core::handoff::Event;

#[async_trait::async_trait]
impl Work for &Timer {
    fn at_once(&self) -> Option<Event> {
        Some(Event::Timer { timer: (*self).clone() })
    }

    fn class(&self, _vendors: &Vendors) -> Class {
        Class::Repeatable
    }

    async fn perform(&self, _at: &At<'_>) -> Result<Done, VendorError> {
        Ok(Done { event: self.at_once(), ..Done::default() })
    }

    async fn look(&self, _parts: &OutboxParts, _step: &StepRow) -> Result<Option<Done>, VendorError> {
        Ok(None)
    }

    fn fallback(&self, _why: &str) -> Fallback {
        Fallback::default()
    }
}
