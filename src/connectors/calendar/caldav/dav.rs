//! One server, one login, and the requests that CalDAV adds to HTTP.
//!
//! Whatever a server names is looked for on that server only. Each query of events says `Depth: 1`: without it one server answers
//! that there are none.

use super::xml::{self, Multistatus};
use crate::connectors::VendorError;
use crate::connectors::http::{Answer, ApiCall, Does, Limits, Secret, VendorHttp, by_status, in_doubt};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use std::time::Duration;
use url::Url;

pub(super) const VENDOR: &str = "caldav";
const XML: &str = "application/xml; charset=utf-8";
const ICALENDAR: &str = "text/calendar; charset=utf-8";
/// From `/.well-known/caldav` to where it is.
const REDIRECTS: usize = 3;
const LIMITS: Limits = Limits { timeout: Duration::from_secs(10), per_second: 20, concurrency: 8 };

/// Under which condition something is written.
pub(super) enum If<'e> {
    /// Nothing has this name.
    New,
    /// It is as it was read.
    Unchanged(&'e str),
}

impl If<'_> {
    /// One strong, quoted tag: servers refuse a list, a bare one and a weak one.
    fn header(&self) -> (&'static str, String) {
        match self {
            Self::New => ("if-none-match", "*".to_owned()),
            Self::Unchanged(etag) => ("if-match", etag.strip_prefix("W/").unwrap_or(etag).to_owned()),
        }
    }
}

pub(super) struct Dav {
    http: VendorHttp,
    authorization: String,
}

impl Dav {
    /// # Errors
    /// `NeedsPerson` if the address is none.
    pub(super) fn new(url: &str, username: &str, password: &Secret) -> Result<Self, VendorError> {
        let login = STANDARD.encode(format!("{username}:{}", password.expose()));
        Ok(Self { http: VendorHttp::new(VENDOR, url, LIMITS)?, authorization: format!("Basic {login}") })
    }

    /// As it is configured.
    pub(super) fn root(&self) -> &Url {
        self.http.base()
    }

    /// # Errors
    /// `NeedsPerson`: it leads to another server, which our password is not for.
    pub(super) fn url(&self, base: &Url, href: &str) -> Result<Url, VendorError> {
        let url = base.join(href).ok().filter(|url| url.origin() == self.root().origin());
        url.ok_or_else(|| {
            VendorError::amiss(VENDOR, "the server's answer leads to another server: write that one's address into url")
        })
    }

    fn call(&self, operation: &'static str, does: Does, method: Method, url: &Url) -> ApiCall {
        ApiCall::new(operation, does, method, &[]).at(url.clone()).header("authorization", self.authorization.clone())
    }

    /// Properties of a collection, and with `depth` 1 of what is in it. Where it is moved, it is followed; the second is where it
    /// was found.
    ///
    /// # Errors
    /// Whatever the status means.
    pub(super) async fn propfind(&self, url: &Url, depth: &'static str) -> Result<(Multistatus, Url), VendorError> {
        let mut at = url.clone();
        for _ in 0..=REDIRECTS {
            let call = self.call("propfind", Does::Read, method("PROPFIND"), &at);
            let answer = self.http.send(&call.header("depth", depth).text(XML, xml::propfind())).await?;
            let moved = matches!(answer.status, 301 | 302 | 307 | 308);
            let location = answer.headers.get("location").and_then(|to| to.to_str().ok()).filter(|_| moved);
            match location {
                Some(location) => at = self.url(&at, location)?,
                None => return Ok((several(&answer)?, at)),
            }
        }
        Err(VendorError::amiss(VENDOR, "the server leads from one address to the next without end"))
    }

    /// Whether the server invites guests itself (RFC 6638). One that does not say so does not.
    ///
    /// # Errors
    /// There is no answer, or none at the moment.
    pub(super) async fn invites(&self, url: &Url) -> Result<bool, VendorError> {
        let answer = self.http.send(&self.call("options", Does::Read, Method::OPTIONS, url)).await?;
        if matches!(answer.status, 429 | 502..=504) {
            return Err(by_status(VENDOR, &answer));
        }
        let features = answer.headers.get_all("dav").iter().filter_map(|header| header.to_str().ok());
        let mut features = features.flat_map(|header| header.split(','));
        Ok(features.any(|feature| feature.trim() == "calendar-auto-schedule"))
    }

    /// Of whatever status: what a refusal means depends on the question.
    ///
    /// # Errors
    /// There is no answer.
    pub(super) async fn report(
        &self,
        operation: &'static str,
        url: &Url,
        depth: &'static str,
        body: String,
    ) -> Result<Answer, VendorError> {
        let call = self.call(operation, Does::Read, method("REPORT"), url).header("depth", depth).text(XML, body);
        self.http.send(&call).await
    }

    /// Events by their addresses; of whatever status. `None`: they are more than are read at once.
    ///
    /// # Errors
    /// There is no answer.
    pub(super) async fn multiget(&self, url: &Url, hrefs: &[String]) -> Result<Option<Answer>, VendorError> {
        let call = self.call("calendar-multiget", Does::Read, method("REPORT"), url).header("depth", "1");
        self.http.send_or_cut(&call.text(XML, xml::multiget(hrefs))).await
    }

    /// `None`: it is not there.
    ///
    /// # Errors
    /// Whatever another status means.
    pub(super) async fn get(&self, url: &Url) -> Result<Option<(String, Option<String>)>, VendorError> {
        let answer = self.http.send(&self.call("get", Does::Read, Method::GET, url)).await?;
        if matches!(answer.status, 404 | 410) {
            return Ok(None);
        }
        judged(&answer)?;
        let etag = answer.headers.get("etag").and_then(|etag| etag.to_str().ok()).map(str::to_owned);
        Ok(Some((answer.text(), etag)))
    }

    /// `false`: the condition does not hold.
    ///
    /// # Errors
    /// Whatever another status means.
    pub(super) async fn put(&self, url: &Url, event: String, condition: If<'_>) -> Result<bool, VendorError> {
        let (name, value) = condition.header();
        let call = self.call("put", Does::Write, Method::PUT, url).header(name, value).text(ICALENDAR, event);
        let answer = self.http.send(&call).await?;
        // 409: our UID is there under another name.
        if matches!(answer.status, 409 | 412) {
            return Ok(false);
        }
        judged(&answer)?;
        Ok(true)
    }

    /// What is gone already is deleted.
    ///
    /// # Errors
    /// Whatever another status means.
    pub(super) async fn delete(&self, url: &Url) -> Result<(), VendorError> {
        let answer = self.http.send(&self.call("delete", Does::Write, Method::DELETE, url)).await?;
        if matches!(answer.status, 404 | 410) { Ok(()) } else { judged(&answer) }
    }
}

fn method(name: &'static str) -> Method {
    Method::from_bytes(name.as_bytes()).expect("a method's name has letters only")
}

/// # Errors
/// What the status means.
pub(super) fn judged(answer: &Answer) -> Result<(), VendorError> {
    match answer.status {
        200..300 => Ok(()),
        401 => Err(VendorError::Reauthenticate {
            vendor: VENDOR,
            why: "HTTP 401: look at username and password; where people sign in with a second factor, programs need a password of \
                  their own (an app password)"
                .to_owned(),
        }),
        _ => Err(by_status(VENDOR, answer)),
    }
}

/// # Errors
/// What the status means, or it is not what was asked for.
pub(super) fn several(answer: &Answer) -> Result<Multistatus, VendorError> {
    judged(answer)?;
    Multistatus::read(&answer.text()).ok_or_else(|| {
        in_doubt(VENDOR, answer.does, format!("HTTP {}: the answer is no multistatus of WebDAV", answer.status))
    })
}
