//! Meetings in Microsoft's calendars: one for each key, moved and cancelled with their guests told.

use super::GraphCalendar;
use super::event::{self, Event, Page, SELECT};
use super::wire::{self, PREFER, VENDOR, read};
use crate::connectors::http::{Answer, ApiCall, Does};
use crate::connectors::{BookRequest, Booked, VendorError};
use baton_core::domain::rota::Window;
use baton_core::domain::text::CallerText;
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::json;
use url::Url;

/// How far around its time an event of ours is looked for that a person may have moved.
const LOOK_AROUND: TimeDelta = TimeDelta::days(14);
/// Pages of events that are read at most.
const PAGES: usize = 20;

impl GraphCalendar {
    /// Looks at the time and inserts. The answer to a second insert of this key is the first event, wherever it stands by then.
    pub(super) async fn book_once(&self, request: &BookRequest) -> Result<Booked, VendorError> {
        let window = (request.from, request.until);
        let there = self.view(&request.calendar, window).await?;
        let is_taken = there.iter().any(|event| event.takes(window));
        if let Some(event) = there.into_iter().find(|event| event.is_of(&request.key)) {
            return event.into_booked(request);
        }
        if is_taken {
            return self.elsewhere(request).await?.map_or(Ok(Booked::Taken), |event| event.into_booked(request));
        }
        let path = ["v1.0", "users", &request.calendar, "events"];
        let call = ApiCall::new("event.create", Does::Write, Method::POST, &path)
            .json(event::body(request, self.online_meetings));
        let answer = self.write(&request.calendar, call, wire::judge_write).await?;
        if answer.is_success() {
            return read::<Event>(&answer)?.into_booked(request);
        }
        match self.elsewhere(request).await? {
            Some(event) => event.into_booked(request),
            None => Err(VendorError::retry(VENDOR, format!("HTTP {}, and no event has the key", answer.status))),
        }
    }

    /// The event to the request's time and description, unless it is there already.
    ///
    /// # Errors
    /// `Gone`: it is not there. `NeedsPerson`: somebody has moved it meanwhile.
    pub(super) async fn move_event(&self, id: &str, request: &BookRequest) -> Result<Booked, VendorError> {
        let window = (request.from, request.until);
        let mut event = self.event(&request.calendar, id).await?;
        let stood = event.times();
        if stood == Some(window) {
            return Ok(Booked::Event { id: event.id });
        }
        let there = self.view(&request.calendar, window).await?;
        if there.iter().any(|other| other.id != event.id && other.takes(window)) {
            return Ok(Booked::Taken);
        }
        // Also the guest's answer to the invitation changes an event: once more, while it stands where it stood.
        for _ in 0..2 {
            let path = ["v1.0", "users", &request.calendar, "events", &event.id];
            let mut call = ApiCall::new("event.update", Does::Write, Method::PATCH, &path).json(event::moved_body(
                request,
                &event,
                self.online_meetings,
            ));
            if let Some(etag) = &event.etag {
                call = call.header("If-Match", etag.as_str());
            }
            let answer = self.write(&request.calendar, call, wire::judge_write).await?;
            if answer.is_success() {
                return Ok(Booked::Event { id: read::<Event>(&answer)?.id });
            }
            event = self.event(&request.calendar, id).await?;
            if event.times() != stood {
                return event.into_booked(request);
            }
        }
        Err(VendorError::retry(VENDOR, "the event was changed again and again while it was being moved"))
    }

    /// Takes the event back, and tells its guests with these words. One that is gone is well.
    ///
    /// # Errors
    /// As every call.
    pub(super) async fn cancel_event(&self, calendar: &str, id: &str, words: &CallerText) -> Result<(), VendorError> {
        let path = ["v1.0", "users", calendar, "events", id, "cancel"];
        let call = ApiCall::new("event.cancel", Does::Write, Method::POST, &path).json(json!({ "comment": words.0 }));
        let answer = self.write(calendar, call, wire::judge_cancel).await?;
        if answer.status == 400 {
            // Without guests it is no meeting that could be cancelled.
            let call = ApiCall::new("event.delete", Does::Write, Method::DELETE, &path[..5]);
            self.write(calendar, call, wire::judge_delete).await?;
        }
        Ok(())
    }

    /// # Errors
    /// `Gone`: it is not there, or was cancelled.
    async fn event(&self, calendar: &str, id: &str) -> Result<Event, VendorError> {
        let select = if self.online_meetings { format!("{SELECT},body") } else { SELECT.to_owned() };
        let call = ApiCall::get("event.get", &["v1.0", "users", calendar, "events", id]).query("$select", select);
        let _turn = self.mailboxes.turn(calendar).await?;
        let event: Event = read(&self.ask(call).await?)?;
        if event.is_cancelled() {
            return Err(VendorError::Gone { vendor: VENDOR, why: "the event was cancelled".to_owned() });
        }
        Ok(event)
    }

    /// The event of this key, if it stands somewhere around its time.
    async fn elsewhere(&self, request: &BookRequest) -> Result<Option<Event>, VendorError> {
        let around = (request.from - LOOK_AROUND, request.until + LOOK_AROUND);
        let events = self.view(&request.calendar, around).await?;
        Ok(events.into_iter().find(|event| event.is_of(&request.key)))
    }

    async fn view(&self, calendar: &str, (from, until): Window) -> Result<Vec<Event>, VendorError> {
        let call = ApiCall::get("calendarView.list", &["v1.0", "users", calendar, "calendarView"])
            .query("startDateTime", wire::instant(from))
            .query("endDateTime", wire::instant(until))
            .query("$select", SELECT)
            .query("$top", "100");
        let first = {
            let _turn = self.mailboxes.turn(calendar).await?;
            read(&self.ask(call).await?)?
        };
        self.rest_of(first, calendar).await
    }

    /// The events of a page and of those that follow it: each says itself where the next one is.
    pub(super) async fn rest_of(&self, first: Page, calendar: &str) -> Result<Vec<Event>, VendorError> {
        let Page { value: mut events, next_link: mut next } = first;
        for _ in 1..PAGES {
            let Some(link) = next else { return Ok(events) };
            let call = ApiCall::get("calendarView.list", &[]).at(self.own(&link)?);
            let _turn = self.mailboxes.turn(calendar).await?;
            let page: Page = read(&self.ask(call).await?)?;
            events.extend(page.value);
            next = page.next_link;
        }
        if next.is_none() {
            return Ok(events);
        }
        Err(VendorError::needs_person(VENDOR, format!("the calendar has more than {PAGES} pages of events there")))
    }

    /// A page's address as it stands. Our token goes nowhere but to the configured address.
    fn own(&self, link: &str) -> Result<Url, VendorError> {
        let url = Url::parse(link).ok().filter(|url| url.origin() == self.http.base().origin());
        url.ok_or_else(|| {
            VendorError::needs_person(VENDOR, "the next page is said to be at another address than base_url")
        })
    }

    async fn write(
        &self,
        calendar: &str,
        call: ApiCall,
        judge: fn(&Answer) -> Result<(), VendorError>,
    ) -> Result<Answer, VendorError> {
        let _turn = self.mailboxes.turn(calendar).await?;
        self.http.send_with(&self.tokens, call.header("Prefer", PREFER), judge).await
    }
}
