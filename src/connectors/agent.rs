//! Telephony in *agent* mode: the voice platform dials, Baton commands it and hears back as `call.event`.
//!
//! The contract is ours. A command is a JSON object: `type` (`instruct`, `hold`, `ring`, `whisper`, `join`, `transfer`, `dial_lead`, `hang_up`), `id`
//! (the same id is the same command, to be carried out once), and `call` or `leg` as the type needs. `ring` and `dial_lead` have no id
//! but their leg, and either `phone`, a number, or (`ring` alone) `sip`, the address of an app (`ana@pbx.example`); they must not be
//! begun after `ring_until`. Of an `instruct` of a `kind` that a platform does not know, it speaks the `say`. `offer_callback` asks
//! whether the caller would rather be called back, which the platform tells as `callback_wanted`; `introduce` comes in the place of
//! `connected` and ends as it does: the agent leaves. A `whisper` names the `language` of its `say` (`en`, `de`), which is one of the
//! rep's and may be another than the caller's. `hold` and `join` say `"record": false` where the caller does not
//! agree to be recorded: neither the wait nor the conversation may be; `hold` says `"comfort": "agent"` where the agent is to stay
//! with the caller while phones ring, in place of music, and `hang_up` says `"reason": "answered_elsewhere"` where another rep was
//! quicker. For a rep who calls a lead back there is no caller: `call` of the `ring` is the `leg` itself. Once they have accepted,
//! `dial_lead` names the lead's `leg` (its `call` is the rep's), the `phone`, and `ring_until`: the platform dials it, joins the two
//! when it answers, and tells of that leg `answered`, `joined`, `no_answer`, `busy`, `machine` …, and `caller_left` when the lead
//! hangs up. Over HTTP it is `POST {base}/commands`, and `GET {base}/legs/{leg}`
//! tells a leg's status (`ringing`, `answered`, `joined`, `ended`), 404 if it was never heard of; a call that has ended answers
//! 404. `GET {base}/calls/{call}` tells whether the caller is still there (`live`, `ended`; 410 is `ended` too); a platform that
//! does not have it answers 404, and the caller is taken to be there. In *rep-first* mode the platform gets `instruct`, `hold` and
//! `transfer` alone: the caller of `call` is to be connected with `to` (a SIP address or a number) before `until`, where the rep
//! waits; where that fails the agent goes on, and no event need tell so. Over AMQP the same object is published on `baton.events` as `handoff.command`.

use super::http::{ApiCall, Does, Limits, Secret, VendorHttp, by_status};
use super::{CallerStatus, DialRequest, LegStatus, Lent, Recording, RingRequest, Spoken, Telephony, VendorError};
use async_trait::async_trait;
use baton_core::domain::effect::{Class, Comfort, HangUpReason};
use baton_core::domain::id::LegId;
use baton_core::domain::lead::Call;
use baton_core::domain::phone::endpoint::Address;
use baton_core::domain::text::Whisper;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

pub const VENDOR: &str = "voice-agent";

/// Commands concern people who wait on a line.
const LIMITS: Limits = Limits { timeout: Duration::from_secs(5), per_second: 500, concurrency: 64 };

/// How commands reach the platform.
#[async_trait]
pub trait Wire: Send + Sync {
    /// What a lost answer to `ring` means: whether a leg can be read, or the platform deduplicates by leg.
    fn ring_class(&self) -> Class;
    async fn send(&self, operation: &'static str, id: &str, command: Value) -> Result<(), VendorError>;
    async fn status(&self, leg: &LegId) -> Result<LegStatus, VendorError>;
    async fn caller(&self, _call: &str) -> Result<CallerStatus, VendorError> {
        Ok(CallerStatus::Unknown)
    }
}

/// Commands in our words, over whichever wire.
pub struct AgentTelephony(Arc<dyn Wire>);

impl AgentTelephony {
    pub fn over(wire: Arc<dyn Wire>) -> Self {
        Self(wire)
    }

    /// To where a rep waits, who is to be heard before the time is up.
    ///
    /// # Errors
    /// `Gone`: the caller has left.
    pub async fn transfer(
        &self,
        call: &Call,
        leg: &LegId,
        key: &str,
        to: &Lent,
        recording: Recording,
    ) -> Result<(), VendorError> {
        let Lent { to, until } = to;
        let command = json!({ "type": "transfer", "id": key, "call": call.id, "leg": leg, "to": to, "until": until });
        self.0.send("transfer", key, with(recording, command)).await
    }

    /// # Errors
    /// The base address is not `http(s)://host`.
    pub fn over_http(base_url: &str, token: Option<Secret>) -> Result<Self, VendorError> {
        let http = VendorHttp::new(VENDOR, base_url, LIMITS)?;
        Ok(Self(Arc::new(HttpWire { http, token })))
    }
}

#[async_trait]
impl Telephony for AgentTelephony {
    fn ring_class(&self) -> Class {
        self.0.ring_class()
    }

    async fn instruct(&self, call: &Call, key: &str, instruction: &Spoken) -> Result<(), VendorError> {
        let Spoken { kind, say, slots, language: _ } = instruction;
        let mut command = json!({ "type": "instruct", "id": key, "call": call.id, "kind": kind, "say": say });
        if !slots.is_empty() {
            command["slots"] = json!(slots);
        }
        self.0.send("instruct", key, command).await
    }

    async fn hold(&self, call: &Call, key: &str, recording: Recording, comfort: Comfort) -> Result<(), VendorError> {
        let mut command = json!({ "type": "hold", "id": key, "call": call.id });
        if comfort == Comfort::Agent {
            command["comfort"] = json!("agent");
        }
        self.0.send("hold", key, with(recording, command)).await
    }

    async fn ring(&self, request: &RingRequest) -> Result<(), VendorError> {
        let RingRequest { leg, call, endpoint, ring_until, whisper: _ } = request;
        let mut command = json!({ "type": "ring", "call": call.id, "leg": leg, "ring_until": ring_until });
        match &endpoint.address {
            Address::Number(number) => command["phone"] = json!(number),
            Address::Sip(address) => command["sip"] = json!(address.as_str()),
        }
        self.0.send("ring", leg.as_str(), command).await
    }

    async fn whisper(&self, leg: &LegId, key: &str, whisper: &Whisper) -> Result<(), VendorError> {
        let Whisper { say, language } = whisper;
        let command = json!({ "type": "whisper", "id": key, "leg": leg, "say": say.0, "language": language });
        self.0.send("whisper", key, command).await
    }

    async fn join(&self, call: &Call, leg: &LegId, key: &str, recording: Recording) -> Result<(), VendorError> {
        let command = json!({ "type": "join", "id": key, "call": call.id, "leg": leg });
        self.0.send("join", key, with(recording, command)).await
    }

    fn dials_leads(&self) -> bool {
        true
    }

    async fn dial_lead(&self, request: &DialRequest) -> Result<(), VendorError> {
        let DialRequest { leg, with, phone, ring_until, recording } = request;
        let phone = phone.as_str();
        let command =
            json!({ "type": "dial_lead", "call": with, "leg": leg, "phone": phone, "ring_until": ring_until });
        self.0.send("dial_lead", leg.as_str(), self::with(*recording, command)).await
    }

    async fn hang_up(&self, leg: &LegId, key: &str, reason: HangUpReason) -> Result<(), VendorError> {
        let mut command = json!({ "type": "hang_up", "id": key, "leg": leg });
        if reason == HangUpReason::AnsweredElsewhere {
            command["reason"] = json!(reason);
        }
        match self.0.send("hang_up", key, command).await {
            // A leg that is gone is what was wanted.
            Err(VendorError::Gone { .. }) => Ok(()),
            other => other,
        }
    }

    async fn read(&self, _call: &Call, leg: &LegId) -> Result<LegStatus, VendorError> {
        self.0.status(leg).await
    }

    async fn caller(&self, call: &Call) -> Result<CallerStatus, VendorError> {
        self.0.caller(&call.id).await
    }
}

/// A platform that has its own settings is not told what it does anyway.
fn with(recording: Recording, mut command: Value) -> Value {
    if recording == Recording::Refused {
        command["record"] = json!(false);
    }
    command
}

struct HttpWire {
    http: VendorHttp,
    token: Option<Secret>,
}

#[derive(Deserialize)]
struct LegRead {
    status: LegStatus,
}

#[derive(Deserialize)]
struct CallRead {
    status: CallWord,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum CallWord {
    Live,
    Ended,
    #[serde(other)]
    Other,
}

#[async_trait]
impl Wire for HttpWire {
    fn ring_class(&self) -> Class {
        Class::LookFirst
    }

    async fn send(&self, operation: &'static str, _id: &str, command: Value) -> Result<(), VendorError> {
        let call = ApiCall::new(operation, Does::Write, Method::POST, &["commands"]).json(command);
        let answer = self.http.send(&call.bearer(self.token.as_ref())).await?;
        match answer.status {
            200..=299 => Ok(()),
            404 | 410 => Err(VendorError::Gone { vendor: VENDOR, why: "the call or leg has ended".to_owned() }),
            409 => Err(VendorError::needs_person(VENDOR, "the command came too late")),
            _ => Err(by_status(VENDOR, &answer)),
        }
    }

    async fn status(&self, leg: &LegId) -> Result<LegStatus, VendorError> {
        let call = ApiCall::get("read_leg", &["legs", leg.as_str()]).bearer(self.token.as_ref());
        let answer = self.http.send(&call).await?;
        match answer.status {
            200 => serde_json::from_slice(&answer.body).map(|leg: LegRead| leg.status).map_err(|error| {
                VendorError::needs_person(VENDOR, format!("GET /legs answered what is no leg: {error}"))
            }),
            404 => Ok(LegStatus::Absent),
            _ => Err(by_status(VENDOR, &answer)),
        }
    }

    /// A platform that does not have the address answers 404 as well: that is no word of the caller.
    async fn caller(&self, call: &str) -> Result<CallerStatus, VendorError> {
        let call = ApiCall::get("read_call", &["calls", call]).bearer(self.token.as_ref());
        let answer = self.http.send(&call).await?;
        Ok(match answer.status {
            200 => match serde_json::from_slice(&answer.body) {
                Ok(CallRead { status: CallWord::Live }) => CallerStatus::OnTheLine,
                Ok(CallRead { status: CallWord::Ended }) => CallerStatus::Left,
                Ok(CallRead { status: CallWord::Other }) | Err(_) => CallerStatus::Unknown,
            },
            410 => CallerStatus::Left,
            _ => CallerStatus::Unknown,
        })
    }
}
