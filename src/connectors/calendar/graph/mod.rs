//! Microsoft 365 calendars over Graph, as an app of its own (client credentials).
//!
//! Guarantees: a mailbox whose schedule or automatic replies cannot be read is unknown, never free, unless we may not see replies at
//! all, which [`Calendar::check`] tells; whoever has automatic replies on is out of office; a booking carries its key as
//! `transactionId`, so that sending it again finds the first, and the time is looked at again just before; what a person changed since
//! is not overwritten. Times are asked for in UTC and refused in any other zone. Does not lock: two bookings with different keys can
//! take the same time between look and insert, so the caller holds a lease on the rep around [`Calendar::book`]. When the process dies
//! here, the same request may be sent again.

mod account;
mod batch;
mod booking;
mod days;
mod event;
mod mailboxes;
mod replies;
mod wire;

pub use account::GraphCredential;

use super::{BookRequest, Booked, Calendar};
use crate::connectors::VendorError;
use crate::connectors::http::{Answer, ApiCall, Does, Fleet, Limits, TokenCache, VendorHttp};
use account::Login;
use async_trait::async_trait;
use batch::{PARTS, Parts};
use baton_clock::SharedClock;
use baton_core::domain::rep::Busy;
use baton_core::domain::rota::Window;
use baton_core::domain::text::CallerText;
use chrono::{DateTime, TimeDelta, Utc};
use days::KeptDays;
use event::{Page, SELECT};
use futures_util::future::join_all;
use mailboxes::Mailboxes;
use replies::KeptReplies;
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use url::Url;
use wire::{PREFER, Schedules, VENDOR, WHERE_TO_GRANT, read};

/// Mailboxes in one `getSchedule`.
const CHUNK: usize = 20;
/// Mailboxes in whose name a chunk is tried to be read: one may be gone, but not all of them.
const READER_TRIES: usize = 3;
/// Bounds of the span that `getSchedule` sums up in one digit, in minutes: the digits are not looked at.
const LEAST_SPAN: i64 = 5;
const LONGEST_SPAN: i64 = 1_440;
/// How a permission is called by whichever of its names was granted.
const NEEDED: [(&str, &[&str]); 2] = [
    ("Calendars.ReadWrite", &["Calendars.ReadWrite"]),
    ("MailboxSettings.Read", &["MailboxSettings.Read", "MailboxSettings.ReadWrite"]),
];

#[derive(Debug, Clone)]
pub struct GraphConfig {
    /// `https://graph.microsoft.com`.
    pub base_url: String,
    /// `https://login.microsoftonline.com`.
    pub login_url: String,
    /// The directory's id, or one of its domains.
    pub tenant: String,
    pub client_id: String,
    pub credential: GraphCredential,
    /// A mailbox in whose name schedules are read, and on which the permissions are tried. Without one, schedules are read in the
    /// name of one of their owners.
    pub reader: Option<String>,
    /// A meeting gets a Teams link.
    pub online_meetings: bool,
    pub limits: Limits,
}

impl GraphConfig {
    pub fn new(tenant: impl Into<String>, client_id: impl Into<String>, credential: GraphCredential) -> Self {
        Self {
            base_url: "https://graph.microsoft.com".to_owned(),
            login_url: "https://login.microsoftonline.com".to_owned(),
            tenant: tenant.into(),
            client_id: client_id.into(),
            credential,
            reader: None,
            online_meetings: false,
            limits: Limits { timeout: Duration::from_secs(10), per_second: 20, concurrency: 8 },
        }
    }
}

type BusyByCalendar = BTreeMap<String, Result<Vec<Busy>, String>>;

pub struct GraphCalendar {
    http: VendorHttp,
    /// Whose limits they are: tenant and app.
    app: String,
    tokens: TokenCache,
    clock: SharedClock,
    mailboxes: Mailboxes,
    replies: KeptReplies,
    days: KeptDays,
    reader: Option<String>,
    online_meetings: bool,
}

/// What schedules leave open, and a mailbox itself tells.
enum Question<'q> {
    Replies(&'q str),
    Days(&'q str, &'q [Busy]),
}

impl Question<'_> {
    fn address(&self, (from, until): Window) -> String {
        match *self {
            Self::Replies(mailbox) => {
                batch::address(&["users", mailbox, "mailboxSettings", "automaticRepliesSetting"], &[])
            }
            Self::Days(mailbox, _) => {
                let (from, until) = (wire::instant(from), wire::instant(until));
                let query = [
                    ("startDateTime", from.as_str()),
                    ("endDateTime", until.as_str()),
                    ("$select", SELECT),
                    ("$top", "100"),
                ];
                batch::address(&["users", mailbox, "calendarView"], &query)
            }
        }
    }
}

impl GraphCalendar {
    /// # Errors
    /// `NeedsPerson` if an address or the certificate is not what it should be.
    pub fn new(config: GraphConfig, clock: SharedClock) -> Result<Self, VendorError> {
        let http = VendorHttp::new(VENDOR, &config.base_url, config.limits)?;
        let addresses = (config.login_url.as_str(), config.base_url.as_str());
        let app = (config.tenant.as_str(), config.client_id.as_str());
        let login = Login::new(addresses, app, &config.credential, config.limits, clock.clone())?;
        Ok(Self {
            http,
            app: format!("{} {}", config.tenant, config.client_id),
            tokens: TokenCache::new(login, clock.clone()),
            clock,
            mailboxes: Mailboxes::new(config.limits.timeout),
            replies: KeptReplies::default(),
            days: KeptDays::default(),
            reader: config.reader,
            online_meetings: config.online_meetings,
        })
    }

    async fn ask(&self, call: ApiCall) -> Result<Answer, VendorError> {
        self.http.send_with(&self.tokens, call.header("Prefer", PREFER), wire::judge).await
    }

    async fn schedules(
        &self,
        reader: &str,
        mailboxes: &[String],
        (from, until): Window,
    ) -> Result<Schedules, VendorError> {
        let span = (until - from).num_minutes().clamp(LEAST_SPAN, LONGEST_SPAN);
        let path = ["v1.0", "users", reader, "calendar", "getSchedule"];
        let call = ApiCall::new("calendar.getSchedule", Does::Read, Method::POST, &path).json(json!({
            "schedules": mailboxes,
            "startTime": wire::moment(from),
            "endTime": wire::moment(until),
            "availabilityViewInterval": span,
        }));
        let _turn = self.mailboxes.turn(reader).await?;
        read(&self.ask(call).await?)
    }

    /// One query. A mailbox in whose name it cannot be asked is unknown, and in the next one's name the others' are read.
    async fn chunk(&self, mailboxes: &[String], window: Window) -> Result<BusyByCalendar, VendorError> {
        let mut known = BusyByCalendar::new();
        let mut left = mailboxes;
        loop {
            let reader = self.reader.as_ref().unwrap_or(&left[0]);
            match self.schedules(reader, left, window).await {
                Ok(answer) => {
                    known.extend(left.iter().map(|mailbox| (mailbox.clone(), answer.of(mailbox))));
                    return Ok(known);
                }
                Err(error @ (VendorError::NeedsPerson { .. } | VendorError::Gone { .. })) => {
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

    /// Asks mailboxes for what their schedules do not tell, as many at once as go into a batch; what cannot be read is noted so.
    async fn look_closer(&self, known: &BusyByCalendar, window: Window) {
        let now = self.clock.now();
        let mut questions = Vec::new();
        for (mailbox, busy) in known.iter().filter_map(|(mailbox, busy)| Some((mailbox, busy.as_ref().ok()?))) {
            if !self.replies.is_fresh(mailbox, now) {
                questions.push(Question::Replies(mailbox));
            }
            if self.days.are_unnamed(mailbox, busy, now) {
                questions.push(Question::Days(mailbox, busy));
            }
        }
        let mut asked = Vec::new();
        for some in questions.chunks(PARTS) {
            asked.push(self.put(some, window, now));
        }
        join_all(asked).await;
    }

    async fn put(&self, questions: &[Question<'_>], window: Window, now: DateTime<Utc>) {
        let addresses: Vec<String> = questions.iter().map(|question| question.address(window)).collect();
        let address = self.at_base("/v1.0/$batch");
        let call = ApiCall::new("batch", Does::Read, Method::POST, &[]).at(address).json(batch::body(&addresses));
        let parts = self.ask(call).await.and_then(|answer| read::<Parts>(&answer));
        if let Err(error) = &parts {
            tracing::debug!(vendor = VENDOR, error = error.in_log(), "automatic replies were not read");
        }
        for (index, question) in questions.iter().enumerate() {
            let told = match &parts {
                Ok(parts) => parts.of(index),
                Err(error) => Err(batch::PartFailure::Now(error.to_string())),
            };
            match *question {
                Question::Replies(mailbox) => self.replies.saw(mailbox, told, now),
                Question::Days(mailbox, busy) => {
                    let Some(page) = told.ok().and_then(|body| serde_json::from_value::<Page>(body.clone()).ok())
                    else {
                        continue;
                    };
                    if let Ok(events) = self.rest_of(page, mailbox).await {
                        self.days.saw(mailbox, busy, &events, now);
                    }
                }
            }
        }
    }

    /// The address of a path that must not be escaped.
    fn at_base(&self, path: &str) -> Url {
        let mut url = self.http.base().clone();
        let whole = format!("{}{path}", url.path().trim_end_matches('/'));
        url.set_path(&whole);
        url
    }

    /// Reads one mailbox as every reading does, and says what is missing.
    async fn try_on(&self, reader: &str) -> Result<(), VendorError> {
        let mailbox = [reader.to_owned()];
        let window = (self.clock.now(), self.clock.now() + TimeDelta::hours(1));
        let known = self.chunk(&mailbox, window).await?;
        if let Some(Err(why)) = known.get(reader) {
            return Err(VendorError::needs_person(VENDOR, format!("the schedule of reader cannot be read: {why}")));
        }
        self.look_closer(&known, window).await;
        if self.replies.are_refused(reader) {
            return Err(missing("MailboxSettings.Read"));
        }
        self.replies.away(reader, window).map(|_| ()).map_err(|why| VendorError::retry(VENDOR, why))
    }
}

fn missing(permissions: &str) -> VendorError {
    VendorError::amiss(VENDOR, format!("the app lacks the permission {permissions}; {WHERE_TO_GRANT}"))
}

#[async_trait]
impl Calendar for GraphCalendar {
    fn vendor(&self) -> &'static str {
        VENDOR
    }

    fn joins(&self, fleet: &Arc<Fleet>) {
        self.http.joins(fleet, &self.app);
        self.tokens.joins(fleet);
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
                Err(error) => known.extend(chunk.iter().map(|mailbox| (mailbox.clone(), Err(error.to_string())))),
            }
        }
        self.look_closer(&known, (from, until)).await;
        for (mailbox, told) in &mut known {
            let Ok(busy) = told else { continue };
            self.days.name(mailbox, busy);
            match self.replies.away(mailbox, (from, until)) {
                Ok(away) => busy.extend(away),
                Err(why) => *told = Err(why),
            }
        }
        Ok(known)
    }

    /// # Errors
    /// `NeedsPerson`: somebody has moved the event to another time.
    async fn book(&self, request: &BookRequest) -> Result<Booked, VendorError> {
        self.book_once(request).await
    }

    /// # Errors
    /// `Gone`: the event is not there any more. `NeedsPerson`: somebody has moved it meanwhile.
    async fn move_to(&self, id: &str, request: &BookRequest) -> Result<Booked, VendorError> {
        self.move_event(id, request).await
    }

    async fn cancel(&self, calendar: &str, id: &str, words: &CallerText) -> Result<(), VendorError> {
        self.cancel_event(calendar, id, words).await
    }

    /// Proves the credential, and the permissions: on the reader, where there is one, else by what the token names. Permissions that
    /// Exchange gives for some mailboxes alone stand in no token, and are seen on a reader only.
    async fn check(&self) -> Result<(), VendorError> {
        let token = self.tokens.get().await?;
        if let Some(reader) = &self.reader {
            return self.try_on(reader).await;
        }
        let Some(roles) = account::roles(&token.secret) else { return Ok(()) };
        let is_granted = |names: &[&str]| names.iter().any(|name| roles.iter().any(|role| role == name));
        let lacking: Vec<&str> =
            NEEDED.iter().filter(|(_, names)| !is_granted(names)).map(|(permission, _)| *permission).collect();
        if lacking.is_empty() { Ok(()) } else { Err(missing(&lacking.join(", "))) }
    }
}
