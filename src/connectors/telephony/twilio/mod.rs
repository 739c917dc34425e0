//! Twilio as the carrier: we hold the caller's live leg and ring reps from the same account.
//!
//! Guarantees: a leg is written down before it is asked for, and what it rings as is written down once it is known, so that a
//! lost answer rings nobody twice: it is looked for first. No more calls are begun a second than the account may begin.
//! Twilio is told *where* to ask what comes next, never *what*: `hold` and `instruct` have it ask anew, so that a command that
//! comes late or twice changes nothing that is true; `whisper` and `join` are pulled by the rep's leg and have nothing to send.
//! When the process dies here, a ring is in doubt and is looked for by number and time.
//!
//! A caller who came to a number of ours is in their room already, where the answer to their call has led; so that `hold` has
//! nothing to send. A lead who is called back is a call like any other, into the room of the rep who waits: who picks up is put
//! through, since that rep hears for themselves whether it is a machine. When the lead is gone the rep is sent on to a question.
//!
//! To take a call over is to end whatever the platform does on it: from then on no agent is there, and the caller hears music
//! whatever comfort is asked for. A phone cannot be told why it is hung up.
//!
//! Twilio's own `Timeout` is five seconds longer than what it is told, so that our clock ends a ring. There is no idempotency
//! key for a call. Sources: Twilio's description of version 2010-04-01, as of April 2026, and its list of error codes.

mod answers;
mod check;
mod dial;
mod errors;
mod messages;
mod rep_first;

pub use messages::{Sender, TwilioTexts, TwilioTextsConfig};

use super::{AskRequest, CallerStatus, DialRequest, LegStatus, OUR_CALL, Recording, RingRequest, Spoken, Telephony};
use crate::connectors::VendorError;
use crate::connectors::http::{Answer, ApiCall, Buckets, Does, Limits, Secret, VendorHttp, in_doubt};
use answers::{CallRead, CallStatus, Calls, Conferences};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use baton_clock::SharedClock;
use baton_core::domain::effect::{Class, Comfort, HangUpReason, Instruction};
use baton_core::domain::id::LegId;
use baton_core::domain::lead::{CARRIER, Call};
use baton_core::domain::phone::PhoneE164;
use baton_core::domain::text::Whisper;
use baton_platforms::twilio::{Page, Pages, is_call, room_of};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use reqwest::Method;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;

const VENDOR: &str = "twilio";
/// Commands concern people who wait on a line.
const LIMITS: Limits = Limits { timeout: Duration::from_secs(5), per_second: 100, concurrency: 64 };
/// How far Twilio's clock, which stamps calls, may be behind ours.
const CLOCK_SKEW: TimeDelta = TimeDelta::seconds(30);
/// A leg whose name is not known after this was never rung: the answer that would have told it is lost for good.
const NAMED_WITHIN: TimeDelta = TimeDelta::seconds(15);
/// A call that has ended is kept, and found; one that is not found is another account's.
const NOT_FOUND: u16 = 404;
const NOT_OURS: &str = "the caller's call is none of this account's: the number that was called must be in the account of \
                        [telephony]";
/// Of the calls to one number, those of the last moments.
const PAGE_SIZE: &str = "20";

#[derive(Debug, Clone)]
pub struct TwilioConfig {
    /// `https://api.twilio.com`.
    pub base_url: String,
    /// `AC…`.
    pub account: String,
    /// The account itself, or an API key `SK…`.
    pub user: String,
    pub secret: Secret,
    /// Ours, as reps see it.
    pub caller_id: PhoneE164,
    /// Ours, which are lent to callers who are transferred.
    pub numbers: Vec<PhoneE164>,
    pub calls_per_second: u32,
    pub pages: Pages,
    /// What a caller hears where no worker answers: the address of a document that needs none.
    pub fallback: Option<String>,
}

/// A leg as it was asked for.
#[derive(Clone, PartialEq, Eq)]
pub struct AskedLeg {
    pub phone: String,
    pub asked_at: DateTime<Utc>,
    /// Twilio's name of it, once it is known.
    pub sid: Option<String>,
}

/// What is kept of legs, for all workers.
#[async_trait]
pub trait LegBook: Send + Sync {
    /// Before Twilio is asked; a leg that was asked for before stays as it was. `call`: in whose room they are to meet.
    async fn ask(&self, leg: &LegId, call: &str, phone: &str, at: DateTime<Utc>) -> Result<(), VendorError>;
    async fn name(&self, leg: &LegId, sid: &str) -> Result<(), VendorError>;
    async fn find(&self, leg: &LegId) -> Result<Option<AskedLeg>, VendorError>;
    /// Whether this call is known to be some leg.
    async fn knows(&self, sid: &str) -> Result<bool, VendorError>;
}

pub struct Twilio {
    http: VendorHttp,
    config: TwilioConfig,
    login: String,
    rings: Buckets,
    legs: Arc<dyn LegBook>,
    clock: SharedClock,
}

impl Twilio {
    /// # Errors
    /// `NeedsPerson` if the base address is not one.
    pub fn new(config: TwilioConfig, legs: Arc<dyn LegBook>, clock: SharedClock) -> Result<Self, VendorError> {
        let login = format!("Basic {}", STANDARD.encode(format!("{}:{}", config.user, config.secret.expose())));
        let http = VendorHttp::new(VENDOR, &config.base_url, LIMITS)?;
        let rings = Buckets::per_second(config.calls_per_second);
        Ok(Self { http, config, login, rings, legs, clock })
    }

    fn call(&self, operation: &'static str, does: Does, method: Method, about: &[&str]) -> ApiCall {
        let path = [["2010-04-01", "Accounts", self.config.account.as_str()].as_slice(), about].concat();
        ApiCall::new(operation, does, method, &path).header("authorization", self.login.clone())
    }

    async fn send(&self, call: ApiCall) -> Result<Answer, VendorError> {
        self.http.send_judged(&call, errors::judge).await
    }

    async fn fetch(&self, sid: &str) -> Result<CallRead, VendorError> {
        read(&self.send(self.call("read_call", Does::Read, Method::GET, &["Calls", &json(sid)])).await?)
    }

    async fn change(
        &self,
        operation: &'static str,
        sid: &str,
        fields: Vec<(&'static str, String)>,
    ) -> Result<CallRead, VendorError> {
        let call = self.call(operation, Does::Write, Method::POST, &["Calls", &json(sid)]).form(fields);
        read(&self.send(call).await?)
    }

    /// Twilio leaves whatever the caller hears, and asks us what comes next; from here on it tells us when the caller is gone.
    async fn ask_anew(&self, operation: &'static str, leg: &str) -> Result<(), VendorError> {
        let fields = self.sent_on(leg, Page::Next, Page::Call);
        let call = self.call(operation, Does::Write, Method::POST, &["Calls", &json(leg)]).form(fields);
        let answer = self.http.send(&call).await?;
        if answer.status == NOT_FOUND {
            return Err(VendorError::needs_person(VENDOR, NOT_OURS));
        }
        let judged = errors::judge(&answer);
        if matches!(judged, Err(VendorError::Gone { .. })) && self.fetch(leg).await?.status == CallStatus::Ringing {
            return Err(VendorError::retry(VENDOR, "the caller's call is not answered yet"));
        }
        judged
    }

    /// For a call that is up: where it asks what is next, and where its end is told.
    fn sent_on(&self, about: &str, next: Page, told: Page) -> Vec<(&'static str, String)> {
        let pages = &self.config.pages;
        let address = pages.address(next, about, "");
        // A rep is sent nowhere else.
        let (fallback, by) = match next {
            Page::Next => self.fallback_of(&address),
            _ => (address.clone(), "POST"),
        };
        vec![
            ("Url", address),
            ("Method", "POST".to_owned()),
            ("FallbackUrl", fallback),
            ("FallbackMethod", by.to_owned()),
            ("StatusCallback", pages.address(told, about, "")),
            ("StatusCallbackMethod", "POST".to_owned()),
        ]
    }

    /// Where a caller is sent if this address of ours is not answered, and by which method. What merely lies there is had by GET.
    fn fallback_of(&self, address: &str) -> (String, &'static str) {
        self.config.fallback.as_ref().map_or_else(|| (address.to_owned(), "POST"), |fallback| (fallback.clone(), "GET"))
    }

    /// The platform may have begun to record the leg before it was ours. No recording is what was wanted.
    async fn record_no_more(&self, call: &Call) -> Result<(), VendorError> {
        let current = ["Calls", leg_of(call)?, "Recordings", "Twilio.CURRENT.json"];
        let stop = self.call("stop_recording", Does::Write, Method::POST, &current);
        match self.send(stop.form(vec![("Status", "stopped".to_owned())])).await {
            Err(VendorError::Gone { .. }) => Ok(()),
            other => other.map(drop),
        }
    }

    /// When the caller hangs up, the rep is free: nobody stays behind in an empty room.
    async fn ends_with_caller(&self, call: &Call) -> Result<(), VendorError> {
        let leg = leg_of(call)?;
        let rooms = self.call("find_room", Does::Read, Method::GET, &["Conferences.json"]);
        let rooms = rooms.query("FriendlyName", room_of(leg)).query("Status", "in-progress");
        let found: Conferences = read(&self.send(rooms).await?)?;
        let Some(room) = found.conferences.first() else { return Ok(()) };
        let about = ["Conferences", &room.sid, "Participants", &json(leg)];
        let change = self.call("change_participant", Does::Write, Method::POST, &about);
        match self.send(change.form(vec![("EndConferenceOnExit", "true".to_owned())])).await {
            Err(VendorError::Gone { .. }) => Ok(()),
            other => other.map(drop),
        }
    }

    /// As which call a leg rings; `None`: Twilio has no such call.
    async fn rings_as(&self, leg: &LegId, asked: &AskedLeg) -> Result<Option<CallRead>, VendorError> {
        if let Some(sid) = &asked.sid {
            return match self.fetch(sid).await {
                Err(VendorError::Gone { .. }) => Ok(None),
                other => other.map(Some),
            };
        }
        let Some(found) = self.search(asked).await? else { return Ok(None) };
        self.legs.name(leg, &found.sid).await?;
        Ok(Some(found))
    }

    /// The first of our calls to this number since it was asked for that is no other leg.
    async fn search(&self, asked: &AskedLeg) -> Result<Option<CallRead>, VendorError> {
        let since = (asked.asked_at - CLOCK_SKEW).to_rfc3339_opts(SecondsFormat::Secs, true);
        let calls = self.call("find_calls", Does::Read, Method::GET, &["Calls.json"]);
        let calls = calls.query("To", asked.phone.as_str()).query("From", self.config.caller_id.as_str());
        let calls = calls.query("StartTime>", since).query("PageSize", PAGE_SIZE);
        let found: Calls = read(&self.send(calls).await?)?;
        // The newest stands first.
        for call in found.calls.into_iter().rev() {
            if !self.legs.knows(&call.sid).await? {
                return Ok(Some(call));
            }
        }
        Ok(None)
    }

    /// Ends a call, whether it rings or is up: one that was picked up a moment ago is no longer to be cancelled.
    async fn end(&self, call: CallRead) -> Result<(), VendorError> {
        let mut status = call.status;
        for _ in 0..2 {
            let Some(word) = status.ended_by() else { return Ok(()) };
            match self.change("hang_up", &call.sid, vec![("Status", word.to_owned())]).await {
                Err(VendorError::Gone { .. }) => return Ok(()),
                other => status = other?.status,
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Telephony for Twilio {
    fn ring_class(&self) -> Class {
        Class::LookFirst
    }

    /// The words are those of the page that Twilio asks for: true when they are heard. That a rep is fetched is said in the room,
    /// where `hold` takes the caller; who is fetched instead, by another way into it. Whom no agent introduces are joined all the
    /// same, and whoever waits in the room is not called out of it for an offer that no page makes.
    async fn instruct(&self, call: &Call, _key: &str, instruction: &Spoken) -> Result<(), VendorError> {
        match instruction.kind.as_str() {
            "hold" | "offer_callback" => Ok(()),
            "connected" | "introduce" => self.ends_with_caller(call).await,
            _ => self.ask_anew("instruct", leg_of(call)?).await,
        }
    }

    async fn hold(&self, call: &Call, _key: &str, recording: Recording, _comfort: Comfort) -> Result<(), VendorError> {
        if call.platform == CARRIER {
            return Ok(());
        }
        if recording == Recording::Refused {
            self.record_no_more(call).await?;
        }
        self.ask_anew("hold", leg_of(call)?).await
    }

    async fn ring(&self, request: &RingRequest) -> Result<(), VendorError> {
        let RingRequest { leg, call, .. } = request;
        let room = if call.platform == OUR_CALL { leg.as_str() } else { leg_of(call)? };
        self.ring_into(room, request).await
    }

    /// Nothing to send: the leg asks for its words when it is picked up.
    async fn whisper(&self, _leg: &LegId, _key: &str, _whisper: &Whisper) -> Result<(), VendorError> {
        Ok(())
    }

    /// Nothing to send: the answer to the rep's key leads into the room.
    async fn join(&self, _call: &Call, _leg: &LegId, _key: &str, _recording: Recording) -> Result<(), VendorError> {
        Ok(())
    }

    async fn hang_up(&self, leg: &LegId, _key: &str, _reason: HangUpReason) -> Result<(), VendorError> {
        let Some(asked) = self.legs.find(leg).await? else { return Ok(()) };
        match self.rings_as(leg, &asked).await? {
            Some(call) => self.end(call).await,
            // It may be about to ring.
            None if asked.sid.is_none() && self.clock.now() - asked.asked_at < NAMED_WITHIN => {
                Err(VendorError::retry(VENDOR, "it is not known yet as which call it rings"))
            }
            None => Ok(()),
        }
    }

    async fn end_call(&self, call: &Call, _key: &str) -> Result<(), VendorError> {
        match self.change("end_call", leg_of(call)?, vec![("Status", "completed".to_owned())]).await {
            Err(VendorError::Gone { .. }) => Ok(()),
            other => other.map(drop),
        }
    }

    /// Whoever waits is in a room, which hears none.
    async fn hears_key(&self, _call: &Call) -> Result<bool, VendorError> {
        Ok(false)
    }

    /// A call that is not in the account: its platform is all there is.
    async fn agent_speaks(&self, call: &Call, _instruction: &Instruction) -> Result<bool, VendorError> {
        Ok(ours(call).is_none())
    }

    fn joins_when_told(&self) -> bool {
        false
    }

    fn dials_leads(&self) -> bool {
        true
    }

    async fn dial_lead(&self, request: &DialRequest) -> Result<(), VendorError> {
        self.dial_for_rep(request).await
    }

    fn asks_reps(&self) -> bool {
        true
    }

    /// Out of the room, or of the moment after it, to the page that has the words. A phone that has asked for its whisper has a name.
    async fn ask(&self, request: &AskRequest) -> Result<(), VendorError> {
        let leg = &request.leg;
        let sid = self.legs.find(leg).await?.and_then(|asked| asked.sid);
        let sid =
            sid.ok_or_else(|| VendorError::Gone { vendor: VENDOR, why: "no such phone was picked up".to_owned() })?;
        self.change("ask", &sid, self.sent_on(leg.as_str(), Page::Question, Page::Leg)).await.map(drop)
    }

    /// The page that is asked for next leads to the agent.
    async fn fetch_agent(&self, call: &str) -> Result<(), VendorError> {
        self.ask_anew("fetch_agent", call).await
    }

    async fn read(&self, _call: &Call, leg: &LegId) -> Result<LegStatus, VendorError> {
        let Some(asked) = self.legs.find(leg).await? else { return Ok(LegStatus::Absent) };
        let call = self.rings_as(leg, &asked).await?;
        Ok(call.map_or(LegStatus::Absent, |call| call.status.of_leg()))
    }

    async fn caller(&self, call: &Call) -> Result<CallerStatus, VendorError> {
        match self.fetch(leg_of(call)?).await {
            Ok(call) => Ok(call.status.of_caller()),
            // Calls are kept when they have ended: one that there never was says nothing of the caller.
            Err(VendorError::Gone { .. }) => Ok(CallerStatus::Unknown),
            Err(error) => Err(error),
        }
    }
}

/// The caller's leg at Twilio; `None`: the lead does not say, or it is another carrier's.
fn ours(call: &Call) -> Option<&str> {
    call.leg.as_deref().filter(|leg| is_call(leg))
}

fn leg_of(call: &Call) -> Result<&str, VendorError> {
    ours(call).ok_or_else(|| {
        let why =
            "the lead names no call of the carrier (call.leg, CA and 32 hexadecimal digits): it cannot be taken over";
        VendorError::needs_person(VENDOR, why)
    })
}

fn json(id: &str) -> String {
    format!("{id}.json")
}

fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, VendorError> {
    answer.read().map_err(|why| in_doubt(VENDOR, answer.does, why))
}
