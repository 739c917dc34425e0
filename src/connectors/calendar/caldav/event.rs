//! One event of ours on the server: found, and replaced.

use super::dav::{If, VENDOR};
use super::view::{View, Whole};
use crate::connectors::VendorError;
use crate::connectors::calendar::caldav::CaldavCalendar;
use crate::connectors::calendar::ical::Standing;
use url::Url;

/// An event of ours as it stands.
pub(super) struct Found {
    pub url: Url,
    pub text: String,
    pub etag: Option<String>,
    pub standing: Standing,
}

impl CaldavCalendar {
    /// The event of this id: under our name for it, or under one that the server gave it.
    pub(super) async fn find(&self, view: &View, calendar: &str, id: &str) -> Result<Option<Found>, VendorError> {
        let url = name_of(view, id)?;
        let at_name = self.dav.get(&url).await?;
        let found = match at_name {
            Some((text, etag)) => Some((url, text, etag)),
            None => match view.with_uid(&self.dav, id).await? {
                Some(Whole { href, text, etag }) => Some((self.dav.url(&view.listed.url, &href)?, text, etag)),
                None => None,
            },
        };
        let Some((url, text, etag)) = found else { return Ok(None) };
        let zone = self.owners_of(calendar).into_iter().find_map(|owner| owner.zone).or(view.listed.zone);
        let standing = Standing::read(&text, zone).ok_or_else(|| {
            VendorError::needs_person(VENDOR, "somebody has made something else of the event: look at it")
        })?;
        Ok(Some(Found { url, text, etag, standing }))
    }

    /// Replaces an event that nobody has changed since it was read.
    pub(super) async fn replace(&self, found: &Found, text: String) -> Result<(), VendorError> {
        let changed = || VendorError::retry(VENDOR, "the event was changed while we changed it");
        let etag =
            found.etag.as_deref().ok_or_else(|| VendorError::retry(VENDOR, "the server told no version of it"))?;
        if self.dav.put(&found.url, text, If::Unchanged(etag)).await? { Ok(()) } else { Err(changed()) }
    }
}

/// The address under which we write an event.
pub(super) fn name_of(view: &View, id: &str) -> Result<Url, VendorError> {
    let is_ours = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let url = view.listed.url.join(&format!("{id}.ics")).ok().filter(|_| is_ours);
    url.ok_or_else(|| VendorError::needs_person(VENDOR, "the booking carries no event id of this calendar"))
}
