//! Whether a rep is at work at an instant, and if not, why and until when.

use super::Hours;
use super::shifts::{Absences, horizon, shifts};
use crate::domain::rep::Rep;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RotaStatus {
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
pub fn status(hours: &Hours, rep: &Rep, at: DateTime<Utc>) -> RotaStatus {
    if let Some((reason, back_at)) = why_off(hours, rep, at) {
        return RotaStatus::Off { reason, back_at };
    }
    let mut shifts = shifts(hours, rep, at, horizon(at));
    let (mut until, looked_at) = (at, at + TimeDelta::days(1));
    while until < looked_at
        && let Some((_, end)) = shifts.next().filter(|(start, _)| *start <= until)
    {
        until = until.max(end);
    }
    RotaStatus::AtWork { until: until.min(looked_at) }
}

/// Why the rep is not at work, and the next start of a shift; `None` if the rep is. Of who is at work no more is asked, which
/// is what most decisions need of most reps.
pub fn why_off(hours: &Hours, rep: &Rep, at: DateTime<Utc>) -> Option<(OffReason, Option<DateTime<Utc>>)> {
    match shifts(hours, rep, at, horizon(at)).next() {
        Some((start, _)) if start <= at => None,
        next => Some((off_reason(hours, rep, at), next.map(|(start, _)| start))),
    }
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
