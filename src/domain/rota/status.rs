//! Whether a rep is at work at an instant, and if not, why and until when.

use super::Hours;
use super::shifts::{Absences, horizon, shifts};
use crate::domain::rep::Rep;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// At work, without a break at least until then (shifts that begin within a day are looked at).
    AtWork { until: DateTime<Utc> },
    /// `back_at` is the next start of a shift; `None` if there is none within [`super::HORIZON_DAYS`].
    Off { reason: OffReason, back_at: Option<DateTime<Utc>> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OffReason {
    OffRota,
    /// Today is a holiday where the rep works.
    Holiday,
    /// Last day of the leave, in the rep's zone.
    Leave {
        until: NaiveDate,
    },
}

/// Leave is named before a holiday, and a holiday before "not their hours", when several hold.
pub fn status(hours: &Hours, rep: &Rep, at: DateTime<Utc>) -> Status {
    let mut shifts = shifts(hours, rep, at, horizon(at));
    let (mut until, back_at) = match shifts.next() {
        Some((start, end)) if start <= at => (end, None),
        next => (at, next.map(|(start, _)| start)),
    };
    if until == at {
        return Status::Off { reason: off_reason(hours, rep, at), back_at };
    }
    let looked_at = at + TimeDelta::days(1);
    while until < looked_at
        && let Some((_, end)) = shifts.next().filter(|(start, _)| *start <= until)
    {
        until = until.max(end);
    }
    Status::AtWork { until: until.min(looked_at) }
}

fn off_reason(hours: &Hours, rep: &Rep, at: DateTime<Utc>) -> OffReason {
    let today = at.with_timezone(&rep.timezone).date_naive();
    let absences = Absences::of(hours, rep);
    match absences.leave_until(today) {
        Some(until) => OffReason::Leave { until },
        None if absences.is_holiday(today) => OffReason::Holiday,
        None => OffReason::OffRota,
    }
}
