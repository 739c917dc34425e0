//! From an address and a login to calendars: the principal, its homes, and what is in them.

use super::dav::{Dav, VENDOR};
use super::xml::Response;
use crate::connectors::VendorError;
use baton_core::domain::zone::Zone;
use std::collections::BTreeSet;
use url::Url;

/// Homes of one login. One is usual.
const HOMES: usize = 5;
/// Where a server says where its CalDAV is (RFC 6764).
const WELL_KNOWN: &str = "/.well-known/caldav";

/// How events can be read, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reads {
    /// All that changed since the last time, by name, and then the events themselves.
    Sync,
    /// Events of a span of time.
    Query,
    /// Busy times without events: days are lost in it.
    FreeBusy,
}

impl Reads {
    fn of(reports: Option<&BTreeSet<String>>) -> Self {
        // Whoever does not say can query, as CalDAV asks of every server.
        let Some(reports) = reports else { return Self::Query };
        let has = |name: &str| reports.contains(name);
        match (has("sync-collection") && has("calendar-multiget"), has("calendar-query"), has("free-busy-query")) {
            (true, ..) => Self::Sync,
            (false, false, true) => Self::FreeBusy,
            (false, ..) => Self::Query,
        }
    }
}

/// A calendar of the server.
#[derive(Debug, Clone)]
pub(super) struct Listed {
    pub url: Url,
    pub name: Option<String>,
    pub reads: Reads,
    /// That whoever made it has given it.
    pub zone: Option<Zone>,
}

impl Listed {
    fn of(response: &Response, url: Url) -> Option<Self> {
        let takes_events = response.takes_events.unwrap_or(true);
        let reads = Reads::of(response.reports.as_ref());
        let (name, zone) = (response.name.clone(), response.zone);
        (response.is_calendar && takes_events).then_some(Self { url: as_folder(url), name, reads, zone })
    }

    /// By what people call it, or by the last part of its path.
    fn is_called(&self, name: &str) -> bool {
        let called = self.name.as_ref().is_some_and(|own| own.trim().eq_ignore_ascii_case(name));
        let last = self.url.path_segments().and_then(|parts| parts.rev().find(|part| !part.is_empty()));
        called || last.is_some_and(|last| decoded(last).eq_ignore_ascii_case(name))
    }
}

/// What the login has.
#[derive(Debug)]
pub(super) struct Home {
    pub calendars: Vec<Listed>,
    /// Of whoever signs in.
    pub mail: Option<String>,
    /// The server invites guests itself.
    pub invites: bool,
}

impl Home {
    /// # Errors
    /// The login is refused, or there is no CalDAV at this address.
    pub(super) async fn find(dav: &Dav) -> Result<Self, VendorError> {
        let principal = principal(dav).await?;
        let (told, at) = dav.propfind(&principal, "0").await?;
        let mail = told.responses.iter().find_map(|response| response.mail.clone());
        let homes = told.responses.iter().flat_map(|response| &response.homes).take(HOMES);
        let homes = homes.map(|href| dav.url(&at, href)).collect::<Result<Vec<_>, _>>()?;
        let Some(first) = homes.first() else { return Err(no_caldav()) };
        let invites = dav.invites(first).await?;
        let mut calendars = Vec::new();
        for home in homes {
            let (told, at) = dav.propfind(&as_folder(home), "1").await?;
            for response in &told.responses {
                calendars.extend(Listed::of(response, dav.url(&at, &response.href)?));
            }
        }
        Ok(Self { calendars, mail, invites })
    }

    /// # Errors
    /// There is none of this name, or there are several.
    pub(super) fn called(&self, name: &str) -> Result<&Listed, VendorError> {
        let mut called = self.calendars.iter().filter(|listed| listed.is_called(name));
        let told = || self.calendars.iter().map(|listed| listed.url.path()).collect::<Vec<_>>().join(", ");
        match (called.next(), called.next()) {
            (Some(one), None) => Ok(one),
            (Some(_), Some(_)) => Err(VendorError::needs_person(
                VENDOR,
                format!(
                    "several calendars are called {name:?}: write the path of the one that is meant; there are {}",
                    told()
                ),
            )),
            (None, _) => Err(VendorError::needs_person(
                VENDOR,
                format!("no calendar is called {name:?}: the login sees {}; others can be named by their path", told()),
            )),
        }
    }
}

/// The calendar at a path.
///
/// # Errors
/// It is not there, or is none.
pub(super) async fn at_path(dav: &Dav, path: &str) -> Result<Listed, VendorError> {
    let url = as_folder(dav.url(dav.root(), path)?);
    let (told, at) = dav.propfind(&url, "0").await?;
    let listed = told.responses.first().and_then(|response| Listed::of(response, at));
    listed.ok_or_else(|| {
        VendorError::needs_person(
            VENDOR,
            format!("{path:?} is no calendar of events: write the path of one, or its name"),
        )
    })
}

/// Where the login's own properties are.
async fn principal(dav: &Dav) -> Result<Url, VendorError> {
    let well_known = dav.url(dav.root(), WELL_KNOWN)?;
    let is_bare = dav.root().path() == "/";
    let tried = if is_bare { [well_known, dav.root().clone()] } else { [dav.root().clone(), well_known] };
    let mut failed = None;
    for url in tried {
        match dav.propfind(&url, "0").await {
            Ok((told, at)) => {
                if let Some(href) = told.responses.iter().find_map(|response| response.principal.as_deref()) {
                    return dav.url(&at, href);
                }
                // A server of one person may be its own principal.
                if told.responses.iter().any(|response| !response.homes.is_empty()) {
                    return Ok(at);
                }
            }
            Err(error @ VendorError::Reauthenticate { .. }) => return Err(error),
            Err(error) => failed = Some(error),
        }
    }
    Err(match failed {
        Some(VendorError::Gone { .. } | VendorError::NeedsPerson { .. } | VendorError::Amiss { .. }) | None => {
            no_caldav()
        }
        Some(error) => error,
    })
}

fn no_caldav() -> VendorError {
    let why = "no calendars were found from url on: write the address that programs of calendars are given, such as \
               https://dav.example.com or https://dav.example.com/remote.php/dav";
    VendorError::amiss(VENDOR, why)
}

/// A collection's address ends in a slash; without it what is in it would be looked for beside it.
pub(super) fn as_folder(mut url: Url) -> Url {
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    url
}

/// A path as it is meant: one server writes `@`, another `%40`.
pub(super) fn decoded(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = (bytes[at] == b'%').then(|| path.get(at + 1..at + 3)).flatten();
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
