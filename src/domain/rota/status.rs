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
    match end_of_work(hours, rep, at) {
        Some(until) => Status::AtWork { until },
        None => Status::Off { reason: off_reason(hours, rep, at), back_at: back_at(hours, rep, at) },
    }
}

fn end_of_work(hours: &Hours, rep: &Rep, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let mut end = None;
    for (start, shift_end) in shifts(hours, rep, at, at + TimeDelta::days(1)) {
        if start > end.unwrap_or(at) {
            break;
        }
        end = end.max(Some(shift_end));
    }
    end
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

fn back_at(hours: &Hours, rep: &Rep, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    shifts(hours, rep, at, horizon(at)).next().map(|(start, _)| start)
}
