//! Google Calendar, through a service account with domain-wide delegation.
//!
//! Guarantees: an unreachable calendar is unknown, never free; a booking carries an id made of its key, so that sending
//! it again finds the first; the time is checked again just before; the attendee is told. Each call acts in the name of
//! the calendar's owner, whose address is the calendar's id. Does not lock: two bookings with different keys can take
//! the same time between check and insert, and Google says that even equal ids may slip through, so the caller holds a
//! lease on the rep around [`Calendar::book`]. When the process dies here, the same request may be sent again.

mod account;
mod wire;

use super::{BookRequest, Booked, Calendar};
use crate::connectors::VendorError;
use crate::connectors::http::{Answer, ApiCall, Does, Limits, Secret, VendorHttp};
use account::{Accounts, CalendarScope};
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
use std::time::Duration;
use wire::{Event, EventState, Events, FreeBusy, NotKnown, VENDOR, gone, moved, read};

/// Calendars in one free/busy query.
const CHUNK: usize = 50;
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
        let items: Vec<Value> = calendars.iter().map(|id| json!({ "id": id })).collect();
        let call = ApiCall::new("freebusy.query", Does::Read, Method::POST, &["calendar", "v3", "freeBusy"])
            .json(json!({ "timeMin": wire::instant(from), "timeMax": wire::instant(until), "items": items }));
        let tokens = self.accounts.of(Some(reader), CalendarScope::FreeBusy);
        let answer = self.http.send_with(&tokens, call, wire::judge).await?;
        read(&answer)
    }

    /// One query. A reader whom Google refuses has an unknown calendar, and the next one reads the others'.
    async fn chunk(&self, calendars: &[String], window: Window) -> Result<BusyByCalendar, VendorError> {
        let mut known = BusyByCalendar::new();
        let mut left = calendars;
        loop {
            let reader = self.reader.as_ref().unwrap_or(&left[0]);
            match self.free_busy(reader, left, window).await {
                Ok(answer) => {
                    known.extend(left.iter().map(|id| (id.clone(), answer.of(id).map_err(|unknown| unknown.why))));
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

    async fn out_of_office(&self, calendar: &str, (from, until): Window) -> Result<Events, VendorError> {
        let call = ApiCall::get("events.list", &["calendar", "v3", "calendars", calendar, "events"])
            .query("eventTypes", "outOfOffice")
            .query("singleEvents", "true")
            .query("timeMin", wire::instant(from))
            .query("timeMax", wire::instant(until));
        let tokens = self.accounts.of(Some(calendar), CalendarScope::Events);
        read(&self.http.send_with(&tokens, call, wire::judge).await?)
    }

    async fn is_free(&self, calendar: &str, (from, until): Window) -> Result<bool, VendorError> {
        let answer = self.free_busy(calendar, &[calendar.to_owned()], (from, until)).await?;
        match answer.of(calendar) {
            Ok(busy) => Ok(!busy.iter().any(|busy| busy.from < until && from < busy.until)),
            Err(NotKnown { why, lasting: true }) => Err(VendorError::needs_person(VENDOR, why)),
            Err(NotKnown { why, lasting: false }) => Err(VendorError::retry(VENDOR, why)),
        }
    }

    async fn insert(&self, id: &str, request: &BookRequest) -> Result<Answer, VendorError> {
        let path = ["calendar", "v3", "calendars", &request.calendar, "events"];
        // Google tells nobody of an event unless it is asked to.
        let send_updates = if request.attendee_email.is_some() { "all" } else { "none" };
        let call = ApiCall::new("events.insert", Does::Write, Method::POST, &path)
            .query("sendUpdates", send_updates)
            .query("conferenceDataVersion", "1")
            .json(wire::event_body(id, request));
        let tokens = self.accounts.of(Some(&request.calendar), CalendarScope::Events);
        self.http.send_with(&tokens, call, wire::judge_insert).await
    }

    /// `None`: there is no event of this id, or only the trace of one.
    async fn event(&self, calendar: &str, id: &str) -> Result<Option<Event>, VendorError> {
        let call = ApiCall::get("events.get", &["calendar", "v3", "calendars", calendar, "events", id]);
        let tokens = self.accounts.of(Some(calendar), CalendarScope::Events);
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
        let path = ["calendar", "v3", "calendars", calendar, "events", id];
        let call = ApiCall::new("events.patch", Does::Write, Method::PATCH, &path)
            .query("sendUpdates", if tells { "all" } else { "none" })
            .header("if-match", etag)
            .json(body);
        let tokens = self.accounts.of(Some(calendar), CalendarScope::Events);
        self.http.send_with(&tokens, call, wire::judge_patch).await
    }
}

#[async_trait]
impl Calendar for GoogleCalendar {
    fn vendor(&self) -> &'static str {
        VENDOR
    }

    async fn busy(
        &self,
        calendars: &[String],
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<BusyByCalendar, VendorError> {
        let chunks: Vec<&[String]> = calendars.chunks(CHUNK).collect();
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

    /// Free/busy does not say why somebody is busy; events of the type `outOfOffice` do.
    async fn absences(
        &self,
        calendars: &[String],
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> BTreeMap<String, Vec<Busy>> {
        let asked = calendars.iter().map(async |calendar| match self.out_of_office(calendar, (from, until)).await {
            Ok(events) => Some((calendar.clone(), events.away(from, until))),
            Err(error) => {
                tracing::debug!(vendor = VENDOR, error = error.in_log(), "absences stay unnamed");
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
        let path = ["calendar", "v3", "calendars", calendar, "events", id];
        let call = ApiCall::new("events.delete", Does::Write, Method::DELETE, &path).query("sendUpdates", "all");
        let tokens = self.accounts.of(Some(calendar), CalendarScope::Events);
        self.http.send_with(&tokens, call, wire::judge_get).await.map(|_gone| ())
    }

    /// Proves the key and, with a reader, the delegation. Without one only the account itself can be tried.
    async fn check(&self) -> Result<(), VendorError> {
        for scope in [CalendarScope::FreeBusy, CalendarScope::Events] {
            self.accounts.of(self.reader.as_deref(), scope).get().await?;
        }
        Ok(())
    }
}
