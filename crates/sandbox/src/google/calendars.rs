//! What stands in the calendars, and who may read them.

mod asked;
mod channels;

pub(super) use asked::{Change, Entry, Insert};
pub use channels::SeenChannel;
pub(super) use channels::Watch;

use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

/// An event of a calendar, whoever made it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SeenEvent {
    pub calendar: String,
    pub id: String,
    pub from: DateTime<Utc>,
    /// Exclusive.
    pub until: DateTime<Utc>,
    pub summary: String,
    pub attendee_email: Option<String>,
    /// The attendee was told.
    pub invited: bool,
    /// As Google calls it; `default` where it is empty.
    pub event_type: String,
    /// What the owner of the calendar said to it: `tentative`, `declined` …
    pub response: Option<String>,
    /// Shown as free.
    pub is_transparent: bool,
    /// Of whole days.
    pub all_day: bool,
    pub cancelled: bool,
    /// Came in through the API.
    pub booked: bool,
    pub description: String,
    /// Changes so far: an etag names one state.
    pub version: u32,
    /// How often the attendee was told of a change, or of its end.
    pub told: u32,
}

impl SeenEvent {
    pub(super) fn kind(&self) -> &str {
        if self.event_type.is_empty() { "default" } else { &self.event_type }
    }

    /// Free/busy knows of it.
    fn takes_time(&self) -> bool {
        self.kind() != "workingLocation" && !self.is_transparent && self.response.as_deref() != Some("declined")
    }

    pub(super) fn etag(&self) -> String {
        format!("\"{}\"", self.version + 1)
    }

    fn overlaps(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> bool {
        self.from < until && from < self.until
    }
}

#[derive(Default)]
pub struct CalendarState(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    events: Vec<SeenEvent>,
    /// By calendar: the reason of the error inside the 200.
    trouble: BTreeMap<String, String>,
    unknown_users: BTreeSet<String>,
    undelegated: bool,
    tokens: BTreeMap<String, Grant>,
    issued: usize,
    refusals: Vec<(String, Refusal)>,
    page_length: Option<usize>,
    channels: Vec<SeenChannel>,
    /// `None`: messages arrive nowhere.
    front: Option<channels::Front>,
}

/// What a token is good for.
struct Grant {
    scope: String,
    until: DateTime<Utc>,
}

pub(super) struct Refusal {
    pub status: u16,
    pub reason: String,
}

/// Handles of the test or the demo.
impl CalendarState {
    pub fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// Something of the rep's own.
    pub fn add_busy(&self, calendar: &str, from: DateTime<Utc>, until: DateTime<Utc>) {
        self.add(calendar, from, until, "default");
    }

    pub fn add_out_of_office(&self, calendar: &str, from: DateTime<Utc>, until: DateTime<Utc>) {
        self.add(calendar, from, until, "outOfOffice");
    }

    fn add(&self, calendar: &str, from: DateTime<Utc>, until: DateTime<Utc>, event_type: &str) {
        let (calendar, event_type) = (calendar.to_owned(), event_type.to_owned());
        self.add_event(SeenEvent { calendar, from, until, event_type, ..SeenEvent::default() });
    }

    /// Whatever a rep may put there. Its id is ours.
    pub fn add_event(&self, event: SeenEvent) {
        let mut kept = self.kept();
        let id = format!("seeded{}", kept.events.len());
        kept.tell(&event.calendar);
        kept.events.push(SeenEvent { id, ..event });
    }

    /// From now on a page of a list holds so many events.
    pub fn pages_of(&self, events: usize) {
        self.kept().page_length = Some(events);
    }

    /// From now on free/busy answers for it with an error inside the 200.
    pub fn unreachable(&self, calendar: &str) {
        self.kept().trouble.insert(calendar.to_owned(), "internalError".to_owned());
    }

    /// From now on no token is given in this user's name, and free/busy does not find the calendar.
    pub fn remove_user(&self, user: &str) {
        let mut kept = self.kept();
        kept.unknown_users.insert(user.to_owned());
        kept.trouble.insert(user.to_owned(), "notFound".to_owned());
    }

    /// The admin has not delegated the scopes, or has taken them back.
    pub fn undelegate(&self) {
        self.kept().undelegated = true;
    }

    /// Every token given so far is refused from now on.
    pub fn revoke_tokens(&self) {
        self.kept().tokens.clear();
    }

    /// Tokens given so far.
    pub fn tokens_issued(&self) -> usize {
        self.kept().issued
    }

    /// Answers the next request to an operation with this status and reason, nothing done.
    pub fn refuse_next(&self, operation: &str, status: u16, reason: &str) {
        let refusal = Refusal { status, reason: reason.to_owned() };
        self.kept().refusals.push((operation.to_owned(), refusal));
    }

    /// A person deletes an event. Its id stays used.
    pub fn cancel(&self, calendar: &str, id: &str) {
        self.change(calendar, id, |event| event.cancelled = true);
    }

    /// A person moves an event.
    pub fn reschedule(&self, calendar: &str, id: &str, from: DateTime<Utc>, until: DateTime<Utc>) {
        self.change(calendar, id, |event| (event.from, event.until) = (from, until));
    }

    fn change(&self, calendar: &str, id: &str, change: impl Fn(&mut SeenEvent)) {
        let mut kept = self.kept();
        for event in kept.events.iter_mut().filter(|event| event.calendar == calendar && event.id == id) {
            change(event);
            event.version += 1;
        }
        kept.tell(calendar);
    }

    /// Events made through the API and not deleted since, in the order of their making.
    pub fn booked(&self) -> Vec<SeenEvent> {
        self.kept().events.iter().filter(|event| event.booked && !event.cancelled).cloned().collect()
    }

    /// Pairs of booked events that take the same time of the same calendar: the real service lets them.
    pub fn double_bookings(&self) -> Vec<(SeenEvent, SeenEvent)> {
        let booked = self.booked();
        let mut pairs = Vec::new();
        for (index, first) in booked.iter().enumerate() {
            let clashing = booked[index + 1..]
                .iter()
                .filter(|e| e.calendar == first.calendar && e.overlaps(first.from, first.until));
            pairs.extend(clashing.map(|second| (first.clone(), second.clone())));
        }
        pairs
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().expect("nothing panics while holding the calendars")
    }
}
