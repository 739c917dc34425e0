//! All-day events among what a schedule calls busy: it does not tell them from meetings, events do.
//!
//! Only a mailbox whose schedule has a busy time of a day or more is asked for its events, and not again for [`FRESH`] while it
//! has no other such time. What is not named stays busy.

use super::event::Event;
use baton_core::domain::rep::{Busy, BusyKind};
use baton_core::domain::rota::Window;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The shortest day: one on which the clocks go forward.
const A_DAY: TimeDelta = TimeDelta::hours(23);
const FRESH: TimeDelta = TimeDelta::minutes(5);
/// An all-day event is told from midnight to midnight of no zone; its owner's midnights are up to this far from those of UTC.
const FARTHEST_ZONE: TimeDelta = TimeDelta::hours(14);

struct Seen {
    /// The long times that were asked about.
    asked: Vec<Window>,
    all_day: Vec<Window>,
    at: DateTime<Utc>,
}

#[derive(Default)]
pub(super) struct KeptDays(Mutex<BTreeMap<String, Seen>>);

impl KeptDays {
    /// Among these times are some of a day or more of which it is not known what they are.
    pub(super) fn are_unnamed(&self, mailbox: &str, busy: &[Busy], now: DateTime<Utc>) -> bool {
        let long = long(busy);
        let kept = self.kept();
        let seen = kept.get(mailbox).filter(|seen| now - seen.at < FRESH);
        !long.iter().all(|window| seen.is_some_and(|seen| seen.asked.contains(window)))
    }

    pub(super) fn saw(&self, mailbox: &str, busy: &[Busy], events: &[Event], now: DateTime<Utc>) {
        let all_day = events.iter().filter_map(Event::all_day_busy).collect();
        self.kept().insert(mailbox.to_owned(), Seen { asked: long(busy), all_day, at: now });
    }

    /// Gives what is known to be an all-day event its name.
    pub(super) fn name(&self, mailbox: &str, busy: &mut [Busy]) {
        let kept = self.kept();
        let Some(seen) = kept.get(mailbox) else { return };
        let is_one =
            |busy: &Busy| is_long(busy) && seen.all_day.iter().any(|day| is_same(*day, (busy.from, busy.until)));
        for busy in busy.iter_mut().filter(|busy| is_one(busy)) {
            busy.kind = BusyKind::AllDay;
        }
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<String, Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_long(busy: &Busy) -> bool {
    busy.kind == BusyKind::Busy && busy.until - busy.from >= A_DAY
}

fn long(busy: &[Busy]) -> Vec<Window> {
    busy.iter().filter(|busy| is_long(busy)).map(|busy| (busy.from, busy.until)).collect()
}

/// The same days, told once from the owner's midnights and once from those of UTC.
fn is_same((from, until): Window, (owner_from, owner_until): Window) -> bool {
    (from - owner_from).abs() <= FARTHEST_ZONE && (until - owner_until).abs() <= FARTHEST_ZONE
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(text: &str) -> DateTime<Utc> {
        format!("2026-11-{text}:00Z").parse().expect("an instant")
    }

    fn busy(from: &str, until: &str, kind: BusyKind) -> Busy {
        Busy { from: at(from), until: at(until), kind }
    }

    fn event(from: &str, until: &str, is_all_day: bool, show_as: &str) -> Event {
        let moment = |text: &str| json!({ "dateTime": format!("2026-11-{text}:00.0000000"), "timeZone": "UTC" });
        serde_json::from_value(json!({
            "id": "e", "isAllDay": is_all_day, "showAs": show_as, "start": moment(from), "end": moment(until),
        }))
        .expect("an event")
    }

    #[test]
    fn a_conference_is_an_all_day_event_and_a_long_meeting_is_none() {
        use BusyKind::{AllDay, Busy as Meeting, OutOfOffice};
        let conference = event("23T00:00", "25T00:00", true, "busy");
        let marathon = event("27T00:00", "28T00:00", false, "busy");
        let off = event("30T00:00", "30T23:00", true, "oof");
        let days = KeptDays::default();
        // Two days in Berlin, a meeting within them, a night and a day of work, and a day off.
        let mut told = vec![
            busy("22T23:00", "24T23:00", Meeting),
            busy("23T09:00", "23T10:00", Meeting),
            busy("27T00:00", "28T00:00", Meeting),
            busy("29T23:00", "30T23:00", OutOfOffice),
        ];
        assert!(days.are_unnamed("a@m.example", &told, at("23T08:00")));
        days.saw("a@m.example", &told, &[conference, marathon, off], at("23T08:00"));
        assert!(!days.are_unnamed("a@m.example", &told, at("23T08:04")));
        assert!(days.are_unnamed("a@m.example", &told, at("23T08:05")), "asked again");
        let other = [busy("25T23:00", "26T23:00", Meeting)];
        assert!(days.are_unnamed("a@m.example", &other, at("23T08:01")), "not asked about yet");
        days.name("a@m.example", &mut told);
        let kinds: Vec<BusyKind> = told.iter().map(|busy| busy.kind).collect();
        assert_eq!(kinds, [AllDay, Meeting, Meeting, OutOfOffice]);
        assert!(!days.are_unnamed("b@m.example", &told[1..2], at("23T08:00")), "an hour is no day");
    }
}
