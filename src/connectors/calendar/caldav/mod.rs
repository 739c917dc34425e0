//! CalDAV (RFC 4791): one server, one login, and the calendars that the login sees.
//!
//! Guarantees: events are fetched and worked out here, as no server's own filter is to be trusted; what cannot be read is unknown,
//! never free; an event of ours is named after its key, so that booking it again finds it; what a person has changed meanwhile is not
//! overwritten. Does not lock: the caller holds a lease on the rep around [`Calendar::book`]. Guests are invited by the server, where
//! it does that (RFC 6638); others tell nobody. When the process dies here, the same request may be sent again, and calendars are
//! read anew.
//!
//! Tried against Radicale 3.9.0 and xandikos 0.4.10, which differ in nearly every status: tests/it/vendors/calendar.

mod dav;
mod event;
mod found;
mod view;
mod writing;
mod xml;

use super::ical::CalendarOwner;
use super::{BookRequest, Booked, Calendar, CalendarOwners, leaves_room};
use crate::connectors::VendorError;
use crate::connectors::http::Secret;
use async_trait::async_trait;
use baton_clock::SharedClock;
use baton_core::domain::rep::Busy;
use baton_core::domain::rota::Window;
use baton_core::domain::text::CallerText;
use chrono::{DateTime, TimeDelta, Utc};
use dav::{Dav, If, VENDOR};
use found::{Home, at_path};
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use view::View;
use writing::Invites;

/// What a login has is looked up anew after this long.
const HOME_FRESH: TimeDelta = TimeDelta::hours(1);
/// Where a name is not found, sooner.
const HOME_STALE: TimeDelta = TimeDelta::minutes(1);

type BusyByCalendar = BTreeMap<String, Result<Vec<Busy>, String>>;

pub struct CaldavCalendar {
    dav: Dav,
    clock: SharedClock,
    home: tokio::sync::Mutex<Option<(DateTime<Utc>, Arc<Home>)>>,
    /// By what reps.csv calls them.
    views: Mutex<BTreeMap<String, Arc<View>>>,
    owners: Mutex<CalendarOwners>,
}

impl CaldavCalendar {
    /// `url` as programs of calendars are given it; the rest is found from there on.
    ///
    /// # Errors
    /// `NeedsPerson` if the address is none.
    pub fn new(url: &str, username: &str, password: &Secret, clock: SharedClock) -> Result<Self, VendorError> {
        let dav = Dav::new(url, username, password)?;
        Ok(Self { dav, clock, home: tokio::sync::Mutex::default(), views: Mutex::default(), owners: Mutex::default() })
    }

    /// One at least, of whom nothing may be known.
    fn owners_of(&self, calendar: &str) -> Vec<CalendarOwner> {
        let owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        owners.get(calendar).cloned().unwrap_or_else(|| vec![CalendarOwner::default()])
    }

    async fn home(&self, within: TimeDelta) -> Result<Arc<Home>, VendorError> {
        let mut held = self.home.lock().await;
        let now = self.clock.now();
        if let Some((at, home)) = &*held
            && now - *at < within
        {
            return Ok(Arc::clone(home));
        }
        let home = Arc::new(Home::find(&self.dav).await?);
        *held = Some((now, Arc::clone(&home)));
        Ok(home)
    }

    /// A calendar by its path or address on the server, or by its name among those of the login.
    async fn view(&self, calendar: &str) -> Result<Arc<View>, VendorError> {
        if let Some(view) = self.views.lock().unwrap_or_else(PoisonError::into_inner).get(calendar) {
            return Ok(Arc::clone(view));
        }
        let listed = if calendar.starts_with('/') || calendar.contains("://") {
            at_path(&self.dav, calendar).await?
        } else {
            match self.home(HOME_FRESH).await?.called(calendar) {
                Ok(listed) => listed.clone(),
                Err(_) => self.home(HOME_STALE).await?.called(calendar)?.clone(),
            }
        };
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(views.entry(calendar.to_owned()).or_insert_with(|| Arc::new(View::new(listed)))))
    }

    async fn read(&self, calendar: &str, window: Window, without: Option<&str>) -> Result<Vec<Busy>, VendorError> {
        let view = self.view(calendar).await?;
        let busy = view.busy(&self.dav, &self.owners_of(calendar), (window, self.clock.now()), without).await;
        if matches!(busy, Err(VendorError::Gone { .. })) {
            // It may have another address now.
            self.views.lock().unwrap_or_else(PoisonError::into_inner).remove(calendar);
        }
        busy
    }

    /// Whether nothing of the calendar that is surely somebody's time lies there, but for the event at this path. What is tentative
    /// or a whole day, the rules have weighed before.
    async fn is_free(&self, request: &BookRequest, without: Option<&str>) -> Result<bool, VendorError> {
        let window = (request.from, request.until);
        Ok(leaves_room(&self.read(&request.calendar, window, without).await?, &[], window))
    }

    /// Who is invited by whom, where the server sends invitations and both addresses can be written.
    async fn invites(&self, request: &BookRequest) -> Result<Option<(String, String)>, VendorError> {
        let Some(guest) = request.attendee_email.as_deref().and_then(writing::address) else { return Ok(None) };
        let home = match self.home(HOME_FRESH).await {
            Ok(home) => home,
            // A calendar that is named by its path needs none.
            Err(VendorError::Amiss { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let owner = self.owners_of(&request.calendar).into_iter().find_map(|owner| owner.email);
        let organizer = owner.or_else(|| home.mail.clone()).filter(|_| home.invites);
        Ok(organizer.filter(|mail| writing::address(mail).is_some()).map(|organizer| (organizer, guest.to_owned())))
    }
}

#[async_trait]
impl Calendar for CaldavCalendar {
    fn vendor(&self) -> &'static str {
        VENDOR
    }

    fn owners(&self, owners: CalendarOwners) {
        *self.owners.lock().unwrap_or_else(PoisonError::into_inner) = owners;
    }

    async fn busy(
        &self,
        calendars: &[String],
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<BusyByCalendar, VendorError> {
        let asked = calendars.iter().map(async |calendar| (calendar, self.read(calendar, (from, until), None).await));
        let answers = join_all(asked).await;
        // What one calendar lacks, a person mends there; what all lack, the server does.
        let of_server =
            |error: &VendorError| !matches!(error, VendorError::NeedsPerson { .. } | VendorError::Gone { .. });
        if answers.iter().all(|(_, answer)| answer.as_ref().is_err_and(of_server))
            && let Some((_, Err(error))) = answers.first()
        {
            return Err(error.clone());
        }
        let told = answers.into_iter();
        Ok(told.map(|(calendar, answer)| (calendar.clone(), answer.map_err(|error| error.to_string()))).collect())
    }

    /// # Errors
    /// `NeedsPerson`: somebody has moved the event to another time. `Gone`: it was cancelled; a further attempt needs another key.
    async fn book(&self, request: &BookRequest) -> Result<Booked, VendorError> {
        let id = format!("baton-{}", request.key);
        let view = self.view(&request.calendar).await?;
        let is_free = self.is_free(request, None).await?;
        if is_free {
            let invites = self.invites(request).await?;
            let invites = invites.as_ref().map(|(organizer, guest)| Invites { organizer, guest });
            let event = writing::event(&id, request, invites.as_ref(), self.clock.now());
            if self.dav.put(&event::name_of(&view, &id)?, event, If::New).await? {
                return Ok(Booked::Event { id });
            }
        }
        // Taken by ourselves, if the answer to an earlier attempt was lost.
        match self.find(&view, &request.calendar, &id).await? {
            None if !is_free => Ok(Booked::Taken),
            Some(event::Found { standing, .. }) if standing.is_cancelled => Err(VendorError::Gone {
                vendor: VENDOR,
                why: "the event was cancelled: book with the key of a new attempt".to_owned(),
            }),
            Some(event::Found { standing, .. }) if (standing.from, standing.until) == (request.from, request.until) => {
                Ok(Booked::Event { id })
            }
            Some(_) => {
                let why = "somebody has moved the event to another time: look at the calendar";
                Err(VendorError::needs_person(VENDOR, why))
            }
            None => Err(VendorError::retry(VENDOR, "the server refused the event, and has none of this id")),
        }
    }

    /// # Errors
    /// `Gone`: it is not there any more, or cancelled. `Retry`: somebody changed it at the same moment.
    async fn move_to(&self, id: &str, request: &BookRequest) -> Result<Booked, VendorError> {
        let view = self.view(&request.calendar).await?;
        let found = self.find(&view, &request.calendar, id).await?.filter(|found| !found.standing.is_cancelled);
        let Some(found) = found else {
            return Err(VendorError::Gone { vendor: VENDOR, why: "the event is not there any more".to_owned() });
        };
        let (id, standing) = (id.to_owned(), found.standing);
        if (standing.from, standing.until) == (request.from, request.until) {
            return Ok(Booked::Event { id });
        }
        let path = found::decoded(found.url.path());
        if !self.is_free(request, Some(&path)).await? {
            return Ok(Booked::Taken);
        }
        let window = (request.from, request.until);
        let text = writing::moved(&found.text, window, standing.sequence, self.clock.now());
        self.replace(&found, text).await?;
        Ok(Booked::Event { id })
    }

    /// With guests it stays, cancelled, so that the server tells them; without it is deleted.
    ///
    /// # Errors
    /// `Retry`: somebody changed it at the same moment.
    async fn cancel(&self, calendar: &str, id: &str, words: &CallerText) -> Result<(), VendorError> {
        let view = self.view(calendar).await?;
        let Some(found) = self.find(&view, calendar, id).await? else { return Ok(()) };
        let standing = found.standing;
        if standing.is_cancelled {
            return Ok(());
        }
        if standing.has_guests {
            let text = writing::cancelled(&found.text, &words.0, standing.sequence, self.clock.now());
            return self.replace(&found, text).await;
        }
        self.dav.delete(&found.url).await
    }

    /// Proves address and login, and that there are calendars.
    async fn check(&self) -> Result<(), VendorError> {
        self.home(TimeDelta::zero()).await.map(|_| ())
    }
}
