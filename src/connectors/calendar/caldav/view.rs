//! What is known of one calendar: the events that may still take time, kept in step with the server.
//!
//! A server's own filter by time is not trusted: all events are fetched once, then those that changed, and the rest is worked out
//! here. Who asks may lose patience in between; what was fetched until then is kept.

use super::dav::{Dav, VENDOR, judged, several};
use super::found::{Listed, Reads, decoded};
use super::xml::{self, Response};
use crate::connectors::VendorError;
use crate::connectors::calendar::ical::{Agenda, CalendarOwner, Work, free_busy, merged};
use baton_core::domain::rep::Busy;
use baton_core::domain::rota::Window;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::{Mutex, MutexGuard};

/// Events that are fetched at once.
const BATCH: usize = 50;
/// Answers of one look that each say that there is more.
const ROUNDS: usize = 40;
/// A query reaches further than it is asked for: servers take hours for those of another zone.
const FURTHER: TimeDelta = TimeDelta::hours(26);
/// What ended before that is not kept: nobody asks for it.
const PAST: TimeDelta = TimeDelta::days(3);

pub(super) struct View {
    pub listed: Listed,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Up to where changes are known, in the server's words. `None`: nothing is.
    token: Option<String>,
    /// Addresses of what has changed, and was not fetched yet.
    pending: BTreeSet<String>,
    /// By path: what is in the calendar, or why it cannot be understood.
    held: BTreeMap<String, Result<Agenda, String>>,
}

/// An event of ours, and where it is.
pub(super) struct Whole {
    pub href: String,
    pub text: String,
    pub etag: Option<String>,
}

impl View {
    pub(super) fn new(listed: Listed) -> Self {
        Self { listed, state: Mutex::default() }
    }

    /// When any of its owners is busy, each by their own clock, without the event at this path.
    ///
    /// # Errors
    /// They are not known.
    pub(super) async fn busy(
        &self,
        dav: &Dav,
        owners: &[CalendarOwner],
        (window, now): (Window, DateTime<Utc>),
        without: Option<&str>,
    ) -> Result<Vec<Busy>, VendorError> {
        let by_clock = |owner: &CalendarOwner| {
            let owner = CalendarOwner { zone: owner.zone.or(self.listed.zone), email: owner.email.clone() };
            (owner, Work::new())
        };
        let mut owners: Vec<(CalendarOwner, Work)> = owners.iter().map(by_clock).collect();
        let not_known = |why: String| VendorError::retry(VENDOR, why);
        let mut busy = Vec::new();
        let mut add = |path: &str, agenda: &Agenda| {
            for (owner, work) in owners.iter_mut().filter(|_| without != Some(path)) {
                busy.extend(agenda.busy_within(owner, window, work).map_err(not_known)?);
            }
            Ok::<(), VendorError>(())
        };
        match self.listed.reads {
            Reads::Sync => match self.in_step(dav, now).await {
                Ok(state) => {
                    for (path, agenda) in &state.held {
                        add(path, agenda.as_ref().map_err(|why| not_known(why.clone()))?)?;
                    }
                    return Ok(merged(busy));
                }
                // It was never read: all events at once may be too much for one answer.
                Err((error, true)) if !matches!(error, VendorError::Reauthenticate { .. }) => {
                    tracing::debug!(vendor = VENDOR, error = error.in_log(), "a calendar is queried, not followed");
                }
                Err((error, _)) => return Err(error),
            },
            Reads::Query => {}
            Reads::FreeBusy => {
                let body = xml::free_busy(window.0, window.1);
                let answer = dav.report("free-busy-query", &self.listed.url, "1", body).await?;
                judged(&answer)?;
                return free_busy(&answer.body, window).map(merged).map_err(not_known);
            }
        }
        for response in self.query(dav, xml::between(window.0 - FURTHER, window.1 + FURTHER)).await? {
            let Some(data) = response.data else { continue };
            let agenda = Agenda::read(data.as_bytes()).map_err(not_known)?;
            add(&decoded(&response.href), &agenda)?;
        }
        Ok(merged(busy))
    }

    async fn query(&self, dav: &Dav, body: String) -> Result<Vec<Response>, VendorError> {
        let answer = dav.report("calendar-query", &self.listed.url, "1", body).await?;
        Ok(several(&answer)?.responses)
    }

    /// The event of this UID, under whatever name.
    ///
    /// # Errors
    /// It could not be looked for.
    pub(super) async fn with_uid(&self, dav: &Dav, uid: &str) -> Result<Option<Whole>, VendorError> {
        let told = self.query(dav, xml::with_uid(uid)).await?;
        // Servers that pass over the filter answer with every event.
        let is_it = |data: &str| data.lines().any(|line| line.trim_end().strip_prefix("UID:") == Some(uid));
        let found = told.into_iter().find_map(|response| {
            let text = response.data.filter(|data| is_it(data))?;
            Some(Whole { href: response.href, text, etag: response.etag })
        });
        Ok(found)
    }

    /// In step with the server; on failure, whether it never was.
    async fn in_step(&self, dav: &Dav, now: DateTime<Utc>) -> Result<MutexGuard<'_, State>, (VendorError, bool)> {
        let mut state = self.state.lock().await;
        let is_new = state.token.is_none();
        if let Err(error) = self.name_changes(dav, &mut state).await {
            return Err((error, is_new));
        }
        let mut at_once = BATCH;
        while !state.pending.is_empty() {
            at_once = self.fetch_some(dav, &mut state, now, at_once).await.map_err(|error| (error, is_new))?;
        }
        state.held.retain(|_, agenda| !agenda.as_ref().is_ok_and(|agenda| agenda.is_over(now - PAST)));
        Ok(state)
    }

    async fn name_changes(&self, dav: &Dav, state: &mut State) -> Result<(), VendorError> {
        let own = decoded(self.listed.url.path());
        for _ in 0..ROUNDS {
            let body = xml::sync(state.token.as_deref());
            let answer = dav.report("sync-collection", &self.listed.url, "0", body).await?;
            // The server has forgotten up to where we were: all is read again.
            let forgot = matches!(answer.status, 403 | 409 | 412) && answer.text().contains("valid-sync-token");
            if forgot && state.token.is_some() {
                *state = State::default();
                continue;
            }
            let told = several(&answer)?;
            let mut has_more = false;
            for response in told.responses {
                let path = path_of(dav, &self.listed, &response.href)?;
                if path == own {
                    has_more |= response.status == Some(507);
                } else if response.status == Some(404) {
                    state.held.remove(&path);
                    state.pending.retain(|href| decoded(href) != path);
                } else if !path.ends_with('/') {
                    state.pending.insert(response.href);
                }
            }
            let Some(token) = told.sync_token else {
                return Err(VendorError::retry(VENDOR, "the server did not say up to where it told changes"));
            };
            state.token = Some(token);
            if !has_more {
                return Ok(());
            }
        }
        Err(VendorError::retry(VENDOR, "the server says again and again that there is more"))
    }

    /// As many as that at once; how many next.
    async fn fetch_some(
        &self,
        dav: &Dav,
        state: &mut State,
        now: DateTime<Utc>,
        at_once: usize,
    ) -> Result<usize, VendorError> {
        let batch: Vec<String> = state.pending.iter().take(at_once).cloned().collect();
        let Some(answer) = dav.multiget(&self.listed.url, &batch).await? else {
            let halved = batch.len() / 2;
            return if halved > 0 {
                Ok(halved)
            } else {
                Err(VendorError::retry(VENDOR, "an event is too long to be read"))
            };
        };
        let mut answered = BTreeSet::new();
        for response in several(&answer)?.responses {
            let path = path_of(dav, &self.listed, &response.href)?;
            match response.data.map(|data| Agenda::read(data.as_bytes())) {
                Some(Ok(agenda)) if agenda.is_over(now - PAST) => drop(state.held.remove(&path)),
                Some(agenda) => drop(state.held.insert(path.clone(), agenda)),
                // Deleted meanwhile, or before: one server names those, too.
                None if response.status == Some(404) || response.etag.is_none() => drop(state.held.remove(&path)),
                None => continue,
            }
            answered.insert(path);
        }
        for href in &batch {
            if !answered.contains(&path_of(dav, &self.listed, href)?) {
                return Err(VendorError::retry(VENDOR, "the server did not tell an event that it had named"));
            }
            state.pending.remove(href);
        }
        Ok(at_once)
    }
}

/// What an address of an answer leads to, whether it is written with the server or without.
fn path_of(dav: &Dav, listed: &Listed, href: &str) -> Result<String, VendorError> {
    Ok(decoded(dav.url(&listed.url, href)?.path()))
}
