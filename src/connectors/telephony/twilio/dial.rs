//! Calls that we begin: a rep's phone, and that of a lead whom a rep calls back.

use super::answers::CallRead;
use super::{Twilio, VENDOR, read};
use crate::connectors::http::Does;
use crate::connectors::{DialRequest, RingRequest, VendorError};
use baton_core::domain::id::LegId;
use baton_core::domain::phone::endpoint::{Address, Endpoint};
use baton_platforms::twilio::Page;
use chrono::{DateTime, Utc};
use reqwest::Method;

/// What Twilio allows; its own end of a ring comes five seconds later.
const TIMEOUT_S: (i64, i64) = (5, 600);

type Fields = Vec<(&'static str, String)>;

/// A call that is to be begun.
struct Wanted<'a> {
    leg: &'a LegId,
    /// Whose room it leads into: the caller's leg, or that of a rep whose caller is not on the line.
    room: &'a str,
    to: String,
    ring_until: DateTime<Utc>,
    /// What is asked for once it is picked up, and where it is told of.
    pages: (Page, Page),
}

impl Twilio {
    /// Rings a rep who is to go into the room of this call, or, where nobody is on the line yet, of their own leg.
    pub(super) async fn ring_into(&self, room: &str, request: &RingRequest) -> Result<(), VendorError> {
        let RingRequest { leg, call: _, endpoint, ring_until, whisper: _ } = request;
        let machine = self.config.pages.address(Page::Machine, leg.as_str(), "");
        let wanted =
            Wanted { leg, room, to: dialled(endpoint), ring_until: *ring_until, pages: (Page::Whisper, Page::Leg) };
        // Who picks up hears the whisper at once; what Twilio takes them for is told meanwhile.
        let detection = vec![
            ("MachineDetection", "DetectMessageEnd".to_owned()),
            ("AsyncAmd", "true".to_owned()),
            ("AsyncAmdStatusCallback", machine),
            ("AsyncAmdStatusCallbackMethod", "POST".to_owned()),
        ];
        self.begin("ring", wanted, detection).await
    }

    pub(super) async fn dial_for_rep(&self, request: &DialRequest) -> Result<(), VendorError> {
        let DialRequest { leg, with, phone, ring_until, recording: _ } = request;
        let wanted = Wanted {
            leg,
            room: with.as_str(),
            to: phone.as_str().to_owned(),
            ring_until: *ring_until,
            pages: (Page::Lead, Page::Dialled),
        };
        self.begin("dial_lead", wanted, Vec::new()).await
    }

    async fn begin(&self, operation: &'static str, wanted: Wanted<'_>, more: Fields) -> Result<(), VendorError> {
        let now = self.clock.now();
        let left_s = (wanted.ring_until - now).num_seconds();
        if left_s <= 0 {
            return Err(VendorError::retry(VENDOR, "the time to ring was over before it could be asked to"));
        }
        self.legs.ask(wanted.leg, wanted.room, &wanted.to, now).await?;
        self.http.pass(&self.rings, "").await?;
        let (shortest, longest) = TIMEOUT_S;
        let mut fields = self.fields(&wanted, left_s.clamp(shortest, longest));
        fields.extend(more);
        let call = self.call(operation, Does::Write, Method::POST, &["Calls.json"]).form(fields);
        let answer = self.send(call).await.map_err(|error| match error {
            // Of a call that is yet to be, nothing can be gone but the account.
            VendorError::Gone { vendor, why } => VendorError::NeedsPerson { vendor, why },
            other => other,
        })?;
        let created: CallRead = read(&answer)?;
        // It rings: what is not written down is looked for.
        self.legs.name(wanted.leg, &created.sid).await.map_err(|error| VendorError::Unknown {
            vendor: VENDOR,
            why: format!("as what it rings could not be written down: {error}"),
        })
    }

    fn fields(&self, wanted: &Wanted<'_>, timeout_s: i64) -> Fields {
        let (asked, told) = wanted.pages;
        let page = |page| self.config.pages.address(page, wanted.leg.as_str(), "");
        let mut fields = vec![
            ("To", wanted.to.clone()),
            ("From", self.config.caller_id.as_str().to_owned()),
            ("Url", page(asked)),
            ("Method", "POST".to_owned()),
            ("FallbackUrl", page(asked)),
            ("FallbackMethod", "POST".to_owned()),
            ("Timeout", timeout_s.to_string()),
            ("StatusCallback", page(told)),
            ("StatusCallbackMethod", "POST".to_owned()),
        ];
        let events = ["initiated", "ringing", "answered", "completed"];
        fields.extend(events.map(|event| ("StatusCallbackEvent", event.to_owned())));
        fields
    }
}

/// As Twilio dials it.
fn dialled(endpoint: &Endpoint) -> String {
    match &endpoint.address {
        Address::Number(number) => number.as_str().to_owned(),
        Address::Sip(app) => format!("sip:{}", app.as_str()),
    }
}
