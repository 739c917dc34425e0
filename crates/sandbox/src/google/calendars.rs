//! What stands in the calendars, and who may read them.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

/// An event of a calendar, whoever made it.
#[derive(Debug, Clone, PartialEq)]
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
    /// `default` or `outOfOffice`.
    pub event_type: String,
    pub cancelled: bool,
    /// Came in through the API.
    pub booked: bool,
}

impl SeenEvent {
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
}

/// What a token is good for.
struct Grant {
    scope: String,
    until: DateTime<Utc>,
}

/// Whether a token may be used for a call.
pub(super) enum Entry {
    Good,
    /// Not known, revoked or expired.
    BadToken,
    NarrowScope,
}

pub(super) struct Refusal {
    pub status: u16,
    pub reason: String,
}

pub(super) enum Insert {
    Made(SeenEvent),
    Duplicate,
    Invalid(&'static str),
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
        let mut kept = self.kept();
        let id = format!("seeded{}", kept.events.len());
        let (calendar, event_type) = (calendar.to_owned(), event_type.to_owned());
        let (summary, attendee_email) = (String::new(), None);
        let (invited, cancelled, booked) = (false, false, false);
        kept.events.push(SeenEvent {
            calendar,
            id,
            from,
            until,
            summary,
            attendee_email,
            invited,
            event_type,
            cancelled,
            booked,
        });
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
        kept.events.iter_mut().filter(|event| event.calendar == calendar && event.id == id).for_each(change);
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

/// What the routes ask.
impl CalendarState {
    pub(super) fn take_refusal(&self, operation: &str) -> Option<Refusal> {
        let refusals = &mut self.kept().refusals;
        let index = refusals.iter().position(|(of, _)| of == operation)?;
        Some(refusals.remove(index).1)
    }

    pub(super) fn has_user(&self, user: &str) -> bool {
        !self.kept().unknown_users.contains(user)
    }

    pub(super) fn is_delegated(&self) -> bool {
        !self.kept().undelegated
    }

    pub(super) fn issue(&self, scope: String, until: DateTime<Utc>) -> String {
        let mut kept = self.kept();
        kept.issued += 1;
        let token = format!("ya29.sandbox-{}", kept.issued);
        kept.tokens.insert(token.clone(), Grant { scope, until });
        token
    }

    /// `needed` is the last part of a scope's address.
    pub(super) fn entry(&self, token: &str, needed: &str, now: DateTime<Utc>) -> Entry {
        match self.kept().tokens.get(token).filter(|grant| now < grant.until) {
            None => Entry::BadToken,
            Some(grant) if grant.scope.rsplit('/').next() == Some(needed) => Entry::Good,
            Some(_) => Entry::NarrowScope,
        }
    }

    pub(super) fn trouble(&self, calendar: &str) -> Option<String> {
        self.kept().trouble.get(calendar).cloned()
    }

    /// Busy times within the window, touching and overlapping ones as one, as Google does.
    pub(super) fn busy(&self, calendar: &str, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<Value> {
        let mut periods: Vec<(DateTime<Utc>, DateTime<Utc>)> = Vec::new();
        let mut events = self.within(calendar, from, until);
        events.sort_by_key(|event| event.from);
        for event in events {
            let (start, end) = (event.from.max(from), event.until.min(until));
            match periods.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => periods.push((start, end)),
            }
        }
        periods.into_iter().map(|(start, end)| json!({ "start": start, "end": end })).collect()
    }

    /// Events that stand and touch the window.
    pub(super) fn within(&self, calendar: &str, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<SeenEvent> {
        let kept = self.kept();
        let standing = kept.events.iter().filter(|event| event.calendar == calendar && !event.cancelled);
        standing.filter(|event| event.overlaps(from, until)).cloned().collect()
    }

    pub(super) fn event(&self, calendar: &str, id: &str) -> Option<SeenEvent> {
        self.kept().events.iter().find(|event| event.calendar == calendar && event.id == id).cloned()
    }

    pub(super) fn insert(&self, calendar: &str, body: &Value, invites: bool) -> Insert {
        let instant = |name: &str| body[name]["dateTime"].as_str().and_then(|text| text.parse::<DateTime<Utc>>().ok());
        let (Some(from), Some(until)) = (instant("start"), instant("end")) else {
            return Insert::Invalid("Missing start or end time.");
        };
        if until <= from {
            return Insert::Invalid("The specified time range is empty.");
        }
        let mut kept = self.kept();
        let id = body["id"].as_str().map_or_else(|| format!("chosen{}", kept.events.len()), str::to_owned);
        if !(5..=1024).contains(&id.len()) || !id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'v')) {
            return Insert::Invalid("Invalid resource id value.");
        }
        if kept.events.iter().any(|event| event.calendar == calendar && event.id == id) {
            return Insert::Duplicate;
        }
        let attendee_email = body["attendees"][0]["email"].as_str().map(str::to_owned);
        let event = SeenEvent {
            calendar: calendar.to_owned(),
            id,
            from,
            until,
            summary: body["summary"].as_str().unwrap_or_default().to_owned(),
            invited: invites && attendee_email.is_some(),
            attendee_email,
            event_type: "default".to_owned(),
            cancelled: false,
            booked: true,
        };
        kept.events.push(event.clone());
        Insert::Made(event)
    }
}
