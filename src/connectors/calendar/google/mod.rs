//! Google Calendar, through a service account with domain-wide delegation.
//!
//! Guarantees: an unreachable calendar is unknown, never free; a booking carries an id made of its key, so that sending
//! it again finds the first; the time is checked again just before; the attendee is told. Each call acts in the name of
//! the calendar's owner, whose address is the calendar's id; one that is no user's own is written `USER/ID`, behind the
//! user who may read it. Does not lock: two bookings with different keys can take the same time between check and insert,
//! and Google says that even equal ids may slip through, so the caller holds a lease on the rep around [`Calendar::book`]. When the process dies here, the same request may be sent again.

mod account;
mod watch;
mod wire;

use super::{BookRequest, Booked, Calendar, Watches, leaves_room};
use crate::connectors::VendorError;
use crate::connectors::http::{Answer, ApiCall, Does, Fleet, Limits, Secret, VendorHttp};
use account::Accounts;
use async_trait::async_trait;
use baton_clock::SharedClock;
use baton_core::domain::rep::Busy;
use baton_core::domain::rota::Window;
use baton_core::domain::text::CallerText;
use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use wire::{Event, EventState, Events, FreeBusy, NotKnown, VENDOR, gone, moved, read};

/// Calendars in one free/busy query.
const CHUNK: usize = 50;
/// Events on one page, Google's most; it may bring fewer.
const EVENTS: &str = "2500";
/// Pages of one calendar: a page may be empty, and more come all the same.
const PAGES_AT_MOST: usize = 10;
/// Types of events that may take time; the others are places and birthdays.
const EVENT_TYPES: [&str; 4] = ["default", "focusTime", "fromGmail", "outOfOffice"];
/// Users in whose name a chunk is tried to be read: one may have left the domain, but not all of them.
const READER_TRIES: usize = 3;

#[derive(Debug, Clone)]
pub struct GoogleConfig {
    /// `https://www.googleapis.com`.
    pub base_url: String,
    /// `https://oauth2.googleapis.com/token`.
    pub token_url: String,
    /// Of the service account, as in its key file.
    pub client_email: String,
    /// As in the key file: `-----BEGIN PRIVATE KEY-----…`.
    pub private_key_pem: Secret,
    /// A user who sees everybody's free/busy times. Without one, calendars are read in the name of one of their owners,
    /// which is enough where the domain shares free/busy times, as is usual.
    pub reader: Option<String>,
    pub limits: Limits,
}

impl GoogleConfig {
    pub fn new(client_email: impl Into<String>, private_key_pem: Secret) -> Self {
        Self {
            base_url: "https://www.googleapis.com".to_owned(),
            token_url: "https://oauth2.googleapis.com/token".to_owned(),
            client_email: client_email.into(),
            private_key_pem,
            reader: None,
            limits: Limits { timeout: Duration::from_secs(10), per_second: 20, concurrency: 8 },
        }
    }
}

type BusyByCalendar = BTreeMap<String, Result<Vec<Busy>, String>>;

pub struct GoogleCalendar {
    http: VendorHttp,
    accounts: Accounts,
    reader: Option<String>,
}

impl GoogleCalendar {
    /// # Errors
    /// `NeedsPerson` if an address or the key is not what it should be.
    pub fn new(config: GoogleConfig, clock: SharedClock) -> Result<Self, VendorError> {
        let http = VendorHttp::new(VENDOR, &config.base_url, config.limits)?;
        let key = &config.private_key_pem;
        let accounts = Accounts::new(&config.token_url, &config.client_email, key, config.limits, clock)?;
        Ok(Self { http, accounts, reader: config.reader })
    }

    async fn free_busy(
        &self,
        reader: &str,
        calendars: &[String],
        (from, until): Window,
    ) -> Result<FreeBusy, VendorError> {
        let items: Vec<Value> = calendars.iter().map(|calendar| json!({ "id": owned(calendar).1 })).collect();
        let call = ApiCall::new("freebusy.query", Does::Read, Method::POST, &["calendar", "v3", "freeBusy"])
            .json(json!({ "timeMin": wire::instant(from), "timeMax": wire::instant(until), "items": items }));
        let tokens = self.accounts.of(Some(reader));
        let answer = self.http.send_with(&tokens, call, wire::judge).await?;
        read(&answer)
    }

    /// One query. A reader whom Google refuses has an unknown calendar, and the next one reads the others'.
    async fn chunk(&self, calendars: &[String], window: Window) -> Result<BusyByCalendar, VendorError> {
        let mut known = BusyByCalendar::new();
        let mut left = calendars;
        loop {
            let (user, id) = owned(&left[0]);
            let reader = self.reader.as_deref().filter(|_| user == id).unwrap_or(user);
            match self.free_busy(reader, left, window).await {
                Ok(answer) => {
                    let of = |calendar: &str| answer.of(owned(calendar).1).map_err(|unknown| unknown.why);
                    known.extend(left.iter().map(|calendar| (calendar.clone(), of(calendar))));
                    return Ok(known);
                }
                Err(error @ VendorError::Reauthenticate { .. }) => {
                    known.insert(left[0].clone(), Err(error.to_string()));
                    left = &left[1..];
                    if self.reader.is_some() || left.is_empty() || known.len() == READER_TRIES {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn entries(&self, calendar: &str, window: Window) -> Result<Vec<Busy>, VendorError> {
        let (mut entries, mut page): (_, Option<String>) = (Vec::new(), None);
        for _ in 0..PAGES_AT_MOST {
            let events = self.events(calendar, window, page.as_deref()).await?;
            entries.extend(events.entries());
            page = events.next_page;
            if page.is_none() {
                return Ok(entries);
            }
        }
        Err(VendorError::retry(VENDOR, "the list of events has no end"))
    }

    async fn events(&self, calendar: &str, (from, until): Window, page: Option<&str>) -> Result<Events, VendorError> {
        let (user, id) = owned(calendar);
        let mut call = ApiCall::get("events.list", &["calendar", "v3", "calendars", id, "events"])
            .query("singleEvents", "true")
            // The owner's own answer, and nobody else's.
            .query("maxAttendees", "1")
            .query("maxResults", EVENTS)
            .query("timeMin", wire::instant(from))
            .query("timeMax", wire::instant(until));
        for event_type in EVENT_TYPES {
            call = call.query("eventTypes", event_type);
        }
        if let Some(page) = page {
            call = call.query("pageToken", page);
        }
        let tokens = self.accounts.of(Some(user));
        read(&self.http.send_with(&tokens, call, wire::judge).await?)
    }

    async fn is_free(&self, calendar: &str, window: Window) -> Result<bool, VendorError> {
        let (user, id) = owned(calendar);
        let busy = match self.free_busy(user, &[calendar.to_owned()], window).await?.of(id) {
            Ok(busy) => busy,
            Err(NotKnown { why, lasting: true }) => return Err(VendorError::needs_person(VENDOR, why)),
            Err(NotKnown { why, lasting: false }) => return Err(VendorError::retry(VENDOR, why)),
        };
        if leaves_room(&busy, &[], window) {
            return Ok(true);
        }
        // Where they cannot be read, what is busy is in the way.
        let entries = self.entries(calendar, window).await.unwrap_or_default();
        Ok(leaves_room(&busy, &entries, window))
    }

    async fn insert(&self, id: &str, request: &BookRequest) -> Result<Answer, VendorError> {
        let (user, calendar) = owned(&request.calendar);
        let path = ["calendar", "v3", "calendars", calendar, "events"];
        // Google tells nobody of an event unless it is asked to.
        let send_updates = if request.attendee_email.is_some() { "all" } else { "none" };
        let call = ApiCall::new("events.insert", Does::Write, Method::POST, &path)
            .query("sendUpdates", send_updates)
            .query("conferenceDataVersion", "1")
            .json(wire::event_body(id, request));
        let tokens = self.accounts.of(Some(user));
        self.http.send_with(&tokens, call, wire::judge_insert).await
    }

    /// `None`: there is no event of this id, or only the trace of one.
    async fn event(&self, calendar: &str, id: &str) -> Result<Option<Event>, VendorError> {
        let (user, calendar) = owned(calendar);
        let call = ApiCall::get("events.get", &["calendar", "v3", "calendars", calendar, "events", id]);
        let tokens = self.accounts.of(Some(user));
        let answer = self.http.send_with(&tokens, call, wire::judge_get).await?;
        if answer.is_success() { read(&answer).map(Some) } else { Ok(None) }
    }

    async fn standing(&self, id: &str, request: &BookRequest) -> Result<EventState, VendorError> {
        let event = self.event(&request.calendar, id).await?;
        Ok(event.map_or(EventState::Absent, |event| event.standing(request)))
    }

    /// Changes what `body` names, unless the event is another by now than `etag` says; `tells`: the guest hears of it.
    async fn patch(
        &self,
        (calendar, id): (&str, &str),
        etag: &str,
        tells: bool,
        body: Value,
    ) -> Result<Answer, VendorError> {
        let (user, calendar) = owned(calendar);
        let path = ["calendar", "v3", "calendars", calendar, "events", id];
        let call = ApiCall::new("events.patch", Does::Write, Method::PATCH, &path)
            .query("sendUpdates", if tells { "all" } else { "none" })
            .header("if-match", etag)
            .json(body);
        let tokens = self.accounts.of(Some(user));
        self.http.send_with(&tokens, call, wire::judge_patch).await
    }
}

/// In whose name a calendar is read, and its id: `USER/ID` where it is no user's own.
fn owned(calendar: &str) -> (&str, &str) {
    calendar.split_once('/').unwrap_or((calendar, calendar))
}

/// Those that any user may read, and those that one user may.
fn in_one_name(calendars: &[String]) -> Vec<Vec<String>> {
    let mut by_reader: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for calendar in calendars {
        let (user, id) = owned(calendar);
        by_reader.entry(if user == id { "" } else { user }).or_default().push(calendar.clone());
    }
    by_reader.into_values().collect()
}

#[async_trait]
impl Calendar for GoogleCalendar {
    fn vendor(&self) -> &'static str {
        VENDOR
    }

    fn joins(&self, fleet: &Arc<Fleet>) {
        self.http.joins(fleet, self.accounts.email());
        self.accounts.joins(fleet);
    }

    fn watches(&self) -> Option<&dyn Watches> {
        Some(self)
    }

    async fn busy(
        &self,
        calendars: &[String],
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<BusyByCalendar, VendorError> {
        let by_reader = in_one_name(calendars);
        let chunks: Vec<&[String]> = by_reader.iter().flat_map(|some| some.chunks(CHUNK)).collect();
        let answers = join_all(chunks.iter().map(|chunk| self.chunk(chunk, (from, until)))).await;
        if let (false, Some(Err(error))) = (answers.iter().any(Result::is_ok), answers.first()) {
            return Err(error.clone());
        }
        let mut known = BusyByCalendar::new();
        for (chunk, answer) in chunks.into_iter().zip(answers) {
            match answer {
                Ok(part) => known.extend(part),
                Err(error) => known.extend(chunk.iter().map(|id| (id.clone(), Err(error.to_string())))),
            }
        }
        Ok(known)
    }

    /// Those that any user may read fill a query.
    fn along(&self, asked: &[String], others: &[String]) -> Vec<String> {
        let is_any_users = |calendar: &&String| !calendar.contains('/');
        let asked = asked.iter().filter(is_any_users).count();
        let room = asked.next_multiple_of(CHUNK) - asked;
        others.iter().filter(is_any_users).take(room).cloned().collect()
    }

    /// Free/busy does not say why somebody is busy; events do, by their types.
    async fn absences(
        &self,
        calendars: &[String],
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> BTreeMap<String, Vec<Busy>> {
        let asked = calendars.iter().map(async |calendar| match self.entries(calendar, (from, until)).await {
            Ok(entries) => Some((calendar.clone(), entries)),
            Err(error) => {
                tracing::debug!(vendor = VENDOR, error = error.in_log(), "the kinds of entries stay unknown");
                None
            }
        });
        join_all(asked).await.into_iter().flatten().collect()
    }

    /// # Errors
    /// `Gone`: the event of this key was deleted, and its id is used up for ever; a further attempt needs another key,
    /// which is why keys are made of the attempt. `NeedsPerson`: somebody has moved the event to another time.
    async fn book(&self, request: &BookRequest) -> Result<Booked, VendorError> {
        let id = wire::event_id(&request.key);
        let is_free = self.is_free(&request.calendar, (request.from, request.until)).await?;
        if is_free && self.insert(&id, request).await?.is_success() {
            return Ok(Booked::Event { id });
        }
        match self.standing(&id, request).await? {
            // Taken by ourselves, if the answer to an earlier attempt was lost.
            EventState::AsBooked => Ok(Booked::Event { id }),
            EventState::Moved => Err(moved()),
            EventState::Deleted | EventState::Absent if !is_free => Ok(Booked::Taken),
            EventState::Deleted | EventState::Absent => {
                let why = "the event was deleted and its id is used up: book with the key of a new attempt".to_owned();
                Err(VendorError::Gone { vendor: VENDOR, why })
            }
        }
    }

    /// What the event takes itself is not asked for: free/busy would call it busy.
    async fn move_to(&self, id: &str, request: &BookRequest) -> Result<Booked, VendorError> {
        let event = self.event(&request.calendar, id).await?.filter(|event| !event.is_cancelled()).ok_or_else(gone)?;
        if event.standing(request) == EventState::AsBooked {
            return Ok(Booked::Event { id: id.to_owned() });
        }
        for part in event.beside(request) {
            if !self.is_free(&request.calendar, part).await? {
                return Ok(Booked::Taken);
            }
        }
        let tells = request.attendee_email.is_some();
        self.patch((&request.calendar, id), event.etag(), tells, wire::moved_body(request)).await?;
        Ok(Booked::Event { id: id.to_owned() })
    }

    /// Google's message to the guest shows the description, which is why the words are put there first.
    async fn cancel(&self, calendar: &str, id: &str, words: &CallerText) -> Result<(), VendorError> {
        let Some(event) = self.event(calendar, id).await?.filter(|event| !event.is_cancelled()) else { return Ok(()) };
        self.patch((calendar, id), event.etag(), false, wire::words_body(words)).await?;
        let (user, calendar) = owned(calendar);
        let path = ["calendar", "v3", "calendars", calendar, "events", id];
        let call = ApiCall::new("events.delete", Does::Write, Method::DELETE, &path).query("sendUpdates", "all");
        let tokens = self.accounts.of(Some(user));
        self.http.send_with(&tokens, call, wire::judge_get).await.map(|_gone| ())
    }

    /// Proves the key and, with a reader, the delegation. Without one only the account itself can be tried.
    async fn check(&self) -> Result<(), VendorError> {
        self.accounts.of(self.reader.as_deref()).get().await.map(|_token| ())
    }
}
