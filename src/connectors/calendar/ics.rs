//! Calendars that are published as a file (ICS), by addresses that stand in the configuration.
//!
//! Read only. Guarantees: a feed is fetched once a minute at most, and only anew where it has changed; what cannot be fetched or
//! understood is unknown, never free; one that is slow keeps no other waiting for longer than `PATIENCE`; nobody is asked but whom
//! the configuration names and whom they lead to over TLS on the open internet; no error repeats what a publisher says, who may
//! repeat an address or what somebody does. When the process dies here, feeds are fetched once more.

use super::ical::{Agenda, CalendarOwner, merged};
use super::{BookRequest, Booked, Calendar, CalendarOwners};
use crate::connectors::VendorError;
use crate::connectors::http::{Answer, ApiCall, Limits, Secret, VendorHttp, by_status};
use crate::connectors::webhook::leads_inside;
use async_trait::async_trait;
use baton_clock::SharedClock;
use baton_core::domain::rep::Busy;
use baton_core::domain::rota::Window;
use baton_core::domain::text::CallerText;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::timeout;
use url::Url;

const VENDOR: &str = "ics";
/// Publishers make a feed anew after minutes or hours, and complain of who asks more often.
const EVERY: TimeDelta = TimeDelta::minutes(1);
const REDIRECTS: usize = 3;
/// For one feed with all that it leads to: shorter than those who ask for several are patient.
const PATIENCE: Duration = Duration::from_secs(6);
const LIMITS: Limits = Limits { timeout: PATIENCE, per_second: 20, concurrency: 8 };

pub struct IcsFeeds {
    http: VendorHttp,
    clock: SharedClock,
    patience: Duration,
    /// By what reps.csv calls them.
    feeds: BTreeMap<String, Feed>,
    owners: Mutex<CalendarOwners>,
}

struct Feed {
    url: Url,
    /// Held while it is fetched, so that it is fetched once however many ask.
    held: tokio::sync::Mutex<Option<Held>>,
}

/// What was read last.
struct Held {
    agenda: Agenda,
    asked_at: DateTime<Utc>,
    etag: Option<String>,
    last_modified: Option<String>,
}

impl IcsFeeds {
    /// Feeds by name. Whoever knows a feed's address can read it: it is a secret.
    ///
    /// # Errors
    /// `NeedsPerson` if there are none, or an address is not of the form `https://host/path`.
    pub fn new(feeds: &BTreeMap<String, Secret>, clock: SharedClock) -> Result<Self, VendorError> {
        let mut all = BTreeMap::new();
        for (name, address) in feeds {
            let address = address.expose();
            // Programs of calendars are opened by it; underneath it is the same.
            let address =
                address.strip_prefix("webcal://").map_or_else(|| address.to_owned(), |rest| format!("https://{rest}"));
            let url =
                Url::parse(&address).ok().filter(|url| ["http", "https"].contains(&url.scheme()) && url.has_host());
            let url = url.ok_or_else(|| {
                VendorError::amiss(VENDOR, format!("the address of feed {name:?} is not of the form https://host/path"))
            })?;
            all.insert(name.clone(), Feed { url, held: tokio::sync::Mutex::default() });
        }
        if all.is_empty() {
            return Err(VendorError::amiss(VENDOR, "there are no feeds: name one at least"));
        }
        // Each call has an address of its own. With TLS, whatever they begin with: they may lead there.
        let http = VendorHttp::new(VENDOR, "https://localhost", LIMITS)?;
        Ok(Self { http, clock, patience: PATIENCE, feeds: all, owners: Mutex::default() })
    }

    async fn read(&self, calendar: &str, window: Window) -> Result<Vec<Busy>, VendorError> {
        let feed = self.feeds.get(calendar).ok_or_else(|| {
            let known = self.feeds.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            VendorError::needs_person(VENDOR, format!("no feed is called {calendar:?}; there are {known}"))
        })?;
        let owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner).get(calendar).cloned();
        let owners = owners.unwrap_or_else(|| vec![CalendarOwner::default()]);
        let mut held = feed.held.lock().await;
        let now = self.clock.now();
        let is_fresh = held.as_ref().is_some_and(|held| now - held.asked_at < EVERY);
        if !is_fresh {
            self.fetch(&feed.url, &mut held, now).await?;
        }
        let Some(held) = &*held else { return Err(VendorError::retry(VENDOR, "the feed was not read yet")) };
        let each = owners.iter().map(|owner| held.agenda.busy(owner, window));
        let busy: Result<Vec<_>, String> = each.collect();
        busy.map(|busy| merged(busy.concat())).map_err(|why| VendorError::retry(VENDOR, why))
    }

    /// What is not fetched leaves nothing that would be taken for fresh.
    async fn fetch(&self, url: &Url, held: &mut Option<Held>, now: DateTime<Utc>) -> Result<(), VendorError> {
        let mut answer = self.ask(url, held.as_ref()).await?;
        if answer.status == 304
            && let Some(held) = held
        {
            held.asked_at = now;
            return Ok(());
        }
        if answer.status != 200 {
            answer.body = b"open its address to see what the publisher says".to_vec();
            return Err(by_status(VENDOR, &answer));
        }
        let agenda = Agenda::read(&answer.body).map_err(|why| {
            VendorError::retry(VENDOR, format!("HTTP 200, and what came cannot be read as a calendar: {why}"))
        })?;
        let header = |name: &str| answer.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (etag, last_modified) = (header("etag"), header("last-modified"));
        *held = Some(Held { agenda, asked_at: now, etag, last_modified });
        Ok(())
    }

    /// The answer at the end of a few redirects, none of which leads to another machine but over TLS, nor into our own network.
    async fn ask(&self, url: &Url, held: Option<&Held>) -> Result<Answer, VendorError> {
        let mut at = url.clone();
        for _ in 0..=REDIRECTS {
            let mut call = ApiCall::get("feed", &[]).at(at.clone()).header("accept", "text/calendar, */*;q=0.5");
            if let Some(etag) = held.and_then(|held| held.etag.clone()) {
                call = call.header("if-none-match", etag);
            } else if let Some(date) = held.and_then(|held| held.last_modified.clone()) {
                call = call.header("if-modified-since", date);
            }
            let answer = self.http.send(&call).await?;
            if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
                return Ok(answer);
            }
            let location = answer.headers.get("location").and_then(|to| to.to_str().ok());
            let next = location.and_then(|to| at.join(to).ok());
            let is_elsewhere = next.as_ref().is_none_or(|next| next.origin() != at.origin());
            let Some(next) = next.filter(|next| next.scheme() == "https" || !is_elsewhere) else {
                let why = "a feed leads to an address without TLS: write the address at its end";
                return Err(VendorError::amiss(VENDOR, why));
            };
            if is_elsewhere && leads_inside(&next).await {
                let why = "a feed leads into our own network: write the address at its end, if it is one to trust";
                return Err(VendorError::amiss(VENDOR, why));
            }
            at = next;
        }
        Err(VendorError::amiss(VENDOR, "a feed leads from one address to the next without end"))
    }
}

fn read_only() -> VendorError {
    let why = "a feed can be read only: name a calendar of another vendor before it in reps.csv, in which meetings are booked";
    VendorError::amiss(VENDOR, why)
}

#[async_trait]
impl Calendar for IcsFeeds {
    fn vendor(&self) -> &'static str {
        VENDOR
    }

    fn takes_bookings(&self) -> bool {
        false
    }

    fn owners(&self, owners: CalendarOwners) {
        *self.owners.lock().unwrap_or_else(PoisonError::into_inner) = owners;
    }

    /// Each feed may be another publisher's: one that fails, or does not answer, says nothing of the others.
    async fn busy(
        &self,
        calendars: &[String],
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<BTreeMap<String, Result<Vec<Busy>, String>>, VendorError> {
        let asked = calendars.iter().map(async |calendar| {
            let answer = timeout(self.patience, self.read(calendar, (from, until))).await.unwrap_or_else(|_| {
                let why = format!("no answer within {} ms", self.patience.as_millis());
                Err(VendorError::retry(VENDOR, why))
            });
            (calendar.clone(), answer.map_err(|error| error.to_string()))
        });
        Ok(join_all(asked).await.into_iter().collect())
    }

    async fn book(&self, _request: &BookRequest) -> Result<Booked, VendorError> {
        Err(read_only())
    }

    async fn move_to(&self, _id: &str, _request: &BookRequest) -> Result<Booked, VendorError> {
        Err(read_only())
    }

    async fn cancel(&self, _calendar: &str, _id: &str, _words: &CallerText) -> Result<(), VendorError> {
        Err(read_only())
    }

    /// Fetches every feed, however fresh it is.
    async fn check(&self) -> Result<(), VendorError> {
        for feed in self.feeds.values() {
            let mut held = feed.held.lock().await;
            self.fetch(&feed.url, &mut held, self.clock.now()).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_clock::FakeClock;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-length: 32\r\n\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n";

    #[tokio::test]
    async fn a_feed_that_does_not_answer_makes_no_other_unknown() {
        let open = async || TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let (quick, silent) = (open().await, open().await);
        let address = |listener: &TcpListener| {
            let at = listener.local_addr().expect("an address");
            Secret::new(format!("http://{at}/x.ics"))
        };
        let feeds = BTreeMap::from([("quick".to_owned(), address(&quick)), ("silent".to_owned(), address(&silent))]);
        let answering = tokio::spawn(async move {
            let (mut line, _) = quick.accept().await.expect("a connection");
            assert!(line.read(&mut [0; 1024]).await.expect("a request") > 0);
            line.write_all(ANSWER.as_bytes()).await.expect("an answer");
        });
        let from: DateTime<Utc> = "2026-05-04T08:00:00Z".parse().expect("an instant");
        let mut client = IcsFeeds::new(&feeds, FakeClock::new(from)).expect("a client");
        let names = ["quick".to_owned(), "silent".to_owned()];
        let until = from + TimeDelta::days(1);
        let told = client.busy(&names[..1], from, until).await.expect("an answer for each");
        assert_eq!(told["quick"], Ok(Vec::new()));
        answering.await.expect("it has answered");
        client.patience = Duration::from_millis(50);
        let told = client.busy(&names, from, until).await.expect("an answer for each");
        assert_eq!(told["quick"], Ok(Vec::new()), "it was read less than a minute ago");
        assert!(told["silent"].as_ref().is_err_and(|why| why.contains("no answer within 50 ms")), "{told:?}");
    }
}
