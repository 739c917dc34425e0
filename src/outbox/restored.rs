//! A database that was put back shows a past: what it has as still to be done, or makes follow from that, may have been done since,
//! by workers of whom it knows nothing any more.
//!
//! Guarantees: what may not happen twice is looked for at its vendor before it is repeated, and where no vendor can be asked it is
//! not repeated; the clock dials nobody for a promise whose time has passed. What may be repeated is: vendors know it by its name.

use super::{Matter, Outbox};
use crate::connectors::VendorError;
use crate::store::StepRow;
use baton_core::domain::effect::{Class, Effect, Timer};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;

/// Within this a worker has worked off what was overdue when it began, or what came in: what is planned for older leads until then
/// follows from that.
const CAUGHT_UP_WITHIN: TimeDelta = TimeDelta::minutes(5);
/// How long after it was put back a lead of the time before may be sent again.
const SENT_AGAIN_WITHIN: TimeDelta = TimeDelta::weeks(4);

impl Outbox {
    /// Since when an earlier life of this database may have done it; `None`: none has. Leaves in `matter` what had to be read for
    /// that.
    pub(super) async fn done_perhaps_since(
        &self,
        step: &StepRow,
        class: Class,
        matter: &mut Option<Arc<Matter>>,
    ) -> Result<Option<DateTime<Utc>>, VendorError> {
        let Some(restored_at) = self.parts.restored_at else { return Ok(None) };
        let matters = match class {
            Class::LookFirst | Class::AtMostOnce => step.planned_at <= restored_at + SENT_AGAIN_WITHIN,
            Class::Repeatable | Class::Keyed => false,
        };
        if !matters {
            return Ok(None);
        }
        if step.planned_at <= restored_at {
            return Ok(Some(step.planned_at));
        }
        let known = match matter.take() {
            Some(known) => known,
            None => Arc::new(Matter::read(&self.parts, step).await?),
        };
        let lead = &matter.insert(known).lead;
        // One that is sent again, since this database does not have it, was perhaps done with in the life that had it.
        let qualified_at = lead.qualified_at();
        let follows_from_then = step.planned_at <= lead.received_at.max(restored_at) + CAUGHT_UP_WITHIN;
        Ok((qualified_at <= restored_at && follows_from_then).then_some(qualified_at))
    }

    /// A call that the clock was to make, at a time that nobody remembers: it may have been made. The promise stays, and whoever owes
    /// it is told of it as ever.
    pub(super) fn was_to_be_dialled_then(&self, step: &StepRow) -> bool {
        let by_the_clock =
            matches!(step.effect, Effect::Timer { timer: Timer::CallAt { .. } | Timer::CallAgain { .. } });
        by_the_clock && self.parts.restored_at.is_some_and(|restored_at| step.run_at <= restored_at)
    }
}
