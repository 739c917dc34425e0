//! Shifts as instants: local wall-clock times of one rep, day by day, turned into UTC.

use super::{HORIZON_DAYS, Hours, Opening, Shift, Week, Window};
use crate::domain::rep::{Leave, Rep};
use crate::domain::zone::Zone;
use chrono::{DateTime, Datelike, Days, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use std::collections::BTreeSet;
use std::time::Duration;

/// Zones have been set back by an hour, two at the most (Antarctica/Troll).
const LATE: TimeDelta = TimeDelta::hours(4);
/// Longest stretch of local time that a zone has ever skipped: a whole day (Samoa, 2011).
const LONGEST_GAP_MINUTES: u32 = 24 * 60;

/// When the rep works between two instants: disjoint, in order, clipped to them.
pub fn working_windows(hours: &Hours, rep: &Rep, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<Window> {
    let mut windows: Vec<Window> = Vec::new();
    for (start, end) in shifts(hours, rep, from, until) {
        match windows.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            Some(_) | None => windows.push((start, end)),
        }
    }
    windows
}

/// The instant at which that much of the rep's working time has passed; a zero span gives the first working moment.
/// `None` if it does not fit into the next [`HORIZON_DAYS`].
pub fn add_working_time(hours: &Hours, rep: &Rep, from: DateTime<Utc>, span: Duration) -> Option<DateTime<Utc>> {
    let mut left = TimeDelta::from_std(span).ok()?;
    let mut worked_until = from;
    for (start, end) in shifts(hours, rep, from, horizon(from)) {
        let start = start.max(worked_until);
        if start >= end {
            continue;
        }
        if end - start >= left {
            return Some(start + left);
        }
        left -= end - start;
        worked_until = end;
    }
    None
}

/// Whether a place with these hours is open.
pub fn is_open(hours: &Hours, opening: &Opening, at: DateTime<Utc>) -> bool {
    let absences = Absences { leave: &[], holidays: hours.holidays.get(&opening.holidays) };
    let soon = at + TimeDelta::seconds(1);
    shifts_of(hours.weeks.get(&opening.week), absences, opening.zone, at, soon).any(|(start, _)| start <= at)
}

/// The end of every search that starts at `from`.
pub(super) fn horizon(from: DateTime<Utc>) -> DateTime<Utc> {
    from.checked_add_days(Days::new(HORIZON_DAYS)).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Shifts that touch the span, clipped to it, by start. Two may overlap where people wrote them so.
pub(super) fn shifts<'a>(
    hours: &'a Hours,
    rep: &'a Rep,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> impl Iterator<Item = Window> + 'a {
    shifts_of(hours.weeks.get(&rep.hours), Absences::of(hours, rep), rep.timezone, from, until)
}

fn shifts_of<'a>(
    week: Option<&'a Week>,
    absences: Absences<'a>,
    zone: Zone,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> impl Iterator<Item = Window> + 'a {
    let today = from.with_timezone(&zone).date_naive();
    let yesterday = today.pred_opt();
    // A day too many, wherever the zone lies: what is outside is clipped.
    let last = until.date_naive().succ_opt().unwrap_or(NaiveDate::MAX);
    let days = yesterday.unwrap_or(today).iter_days().take_while(move |day| *day <= last);
    days.filter(move |day| week.is_some_and(|week| !on(week, *day).is_empty()) && !absences.cover(*day))
        .flat_map(move |day| week.map_or(&[][..], |week| on(week, day)).iter().map(move |shift| (day, shift)))
        .filter(move |(day, shift)| Some(*day) != yesterday || may_end_tomorrow(**shift))
        .map(move |(day, shift)| instants(zone, day, *shift))
        .filter_map(move |window| clip(window, from, until))
}

/// Local days whose shifts may touch the span: the day before counts, since its last shift may run past midnight.
pub(super) fn days(zone: Zone, from: DateTime<Utc>, until: DateTime<Utc>) -> impl Iterator<Item = NaiveDate> {
    let first = from.with_timezone(&zone).date_naive();
    let first = first.pred_opt().unwrap_or(first);
    let last = until.with_timezone(&zone).date_naive();
    first.iter_days().take_while(move |day| *day <= last)
}

/// From the first to the last moment at which the wall clock shows the shift's times. An end in the hour that comes
/// twice is its second coming, and a time that is skipped is the moment of the skip; so nothing is lost or worked twice.
pub(super) fn instants(zone: Zone, day: NaiveDate, shift: Shift) -> Window {
    let last_day = if shift.until <= shift.from { day.succ_opt().unwrap_or(day) } else { day };
    let (start, _) = instant(zone, day.and_time(shift.from));
    let (_, end) = instant(zone, last_day.and_time(shift.until));
    (start, end)
}

/// First and last instant at which the zone's clocks show this time; the moment of the skip if they never do.
fn instant(zone: Zone, local: NaiveDateTime) -> Window {
    let mut shown = local;
    for _ in 0..=LONGEST_GAP_MINUTES {
        match zone.from_local_datetime(&shown) {
            LocalResult::Single(at) => return (at.to_utc(), at.to_utc()),
            LocalResult::Ambiguous(first, last) => return (first.to_utc(), last.to_utc()),
            LocalResult::None => shown += TimeDelta::minutes(1),
        }
    }
    (local.and_utc(), local.and_utc()) // no zone skips more than a day
}

pub(super) fn clip((start, end): Window, from: DateTime<Utc>, until: DateTime<Utc>) -> Option<Window> {
    let (start, end) = (start.max(from), end.min(until));
    (start < end).then_some((start, end))
}

/// Whether the shift may end on the day after the one on which it begins: past midnight, or so late that clocks which are set
/// back move its end there. None are set back by more than [`LATE`].
fn may_end_tomorrow(shift: Shift) -> bool {
    shift.until <= shift.from || NaiveTime::MIN - shift.until + TimeDelta::days(1) <= LATE
}

pub(super) fn on(week: &Week, day: NaiveDate) -> &[Shift] {
    &week.days[day.weekday().num_days_from_monday() as usize]
}

/// Whole days on which the rep's shifts do not begin.
pub(super) struct Absences<'a> {
    leave: &'a [Leave],
    holidays: Option<&'a BTreeSet<NaiveDate>>,
}

impl<'a> Absences<'a> {
    pub(super) fn of(hours: &'a Hours, rep: &'a Rep) -> Self {
        Self { leave: &rep.leave, holidays: hours.holidays.get(&rep.holidays) }
    }

    /// Last day of the leave that covers this one.
    pub(super) fn leave_until(&self, day: NaiveDate) -> Option<NaiveDate> {
        self.leave.iter().filter(|leave| leave.from <= day && day <= leave.until).map(|leave| leave.until).max()
    }

    pub(super) fn is_holiday(&self, day: NaiveDate) -> bool {
        self.holidays.is_some_and(|holidays| holidays.contains(&day))
    }

    fn cover(&self, day: NaiveDate) -> bool {
        self.leave_until(day).is_some() || self.is_holiday(day)
    }
}
