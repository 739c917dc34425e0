//! Telephony in *rep-first* mode, for voice platforms that only take a destination: the agent goes on speaking with the caller while
//! we ring, brief and get the accept of a rep on our own carrier; then the platform is told to transfer.
//!
//! Guarantees: a caller has an address of their own, a SIP user that nobody can guess or a number that is lent to nobody else
//! meanwhile, so that two who withhold their numbers and come in the same second are each put through to whoever waits for them.
//! It is good until the time to join is up. Who comes is on our carrier from then on, and all that follows is as in *bridge* mode.
//! Who does not come is still the agent's: the rep is let go, and the handoff goes on. What their platform calls their leg is no
//! call of ours, whatever it looks like. If the process dies here, another finds address and leg where they are kept.

#[cfg(test)]
mod tests;

use super::{
    Addresses, AskRequest, CallerStatus, DialRequest, LegStatus, LentAddress, OUR_CALL, Recording, RingRequest, Spoken,
    Telephony,
};
use crate::connectors::VendorError;
use crate::connectors::agent::{self, AgentTelephony};
use async_trait::async_trait;
use baton_core::domain::effect::{Class, Comfort, HangUpReason, Instruction};
use baton_core::domain::id::LegId;
use baton_core::domain::lead::Call;
use baton_core::domain::phone::PhoneE164;
use baton_core::domain::text::Whisper;
use std::fmt::Write;
use std::sync::{Arc, OnceLock};

/// SIP users that are made for one caller each begin so.
pub const MADE: &str = "baton-";

/// A carrier of ours, on which reps are rung, briefed and asked before their callers come.
#[async_trait]
pub trait RepsAhead: Telephony {
    /// Whether the caller is on a line of it.
    fn holds(&self, call: &Call) -> bool;
    /// Rings a rep for a caller whom the platform has, noted by [`Addresses::begin`] before the carrier is asked.
    ///
    /// # Errors
    /// As [`Telephony::ring`], and `Gone` where the caller is.
    async fn ring_ahead(&self, request: &RingRequest, addresses: &dyn Addresses) -> Result<(), VendorError>;
    /// The rep has accepted, and has heard enough. Where it is not to be stopped, no harm is done.
    async fn stop_whisper(&self, leg: &LegId);
    /// As [`Telephony::read`], also of a leg that was rung ahead.
    async fn read_ahead(&self, call: &Call, leg: &LegId, addresses: &dyn Addresses) -> Result<LegStatus, VendorError>;
}

pub struct RepFirst {
    carrier: Arc<dyn RepsAhead>,
    /// `None`: it is told where to transfer to when its agent asks.
    platform: Option<AgentTelephony>,
    reached: Reached,
    /// Set by the worker around us, which has the database.
    addresses: OnceLock<Arc<dyn Addresses>>,
}

/// How a caller who is transferred comes to our carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reached {
    /// To a SIP user at this host, made for the call.
    Host(String),
    /// To one of these, lent for the call.
    Numbers(Vec<PhoneE164>),
}

impl Reached {
    /// What may be lent, in order.
    fn candidates(&self) -> Vec<LentAddress> {
        match self {
            Self::Host(host) => {
                let user = format!("{MADE}{}", token());
                vec![LentAddress { dialled: format!("sip:{user}@{host}"), user }]
            }
            Self::Numbers(numbers) => {
                let one = |number: &PhoneE164| number.as_str().to_owned();
                numbers.iter().map(|number| LentAddress { user: one(number), dialled: one(number) }).collect()
            }
        }
    }
}

fn token() -> String {
    let bytes: [u8; 16] = baton_clock::random_bytes();
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

impl RepFirst {
    pub fn new(carrier: Arc<dyn RepsAhead>, platform: Option<AgentTelephony>, reached: Reached) -> Self {
        Self { carrier, platform, reached, addresses: OnceLock::new() }
    }

    /// Where addresses are kept.
    pub fn keeps(&self, addresses: Arc<dyn Addresses>) {
        // There is one worker around us.
        let _known = self.addresses.set(addresses);
    }

    /// Where one caller may be sent, in order.
    pub fn candidates(&self) -> Vec<LentAddress> {
        self.reached.candidates()
    }

    fn addresses(&self) -> Result<&dyn Addresses, VendorError> {
        let addresses = self.addresses.get().map(AsRef::as_ref);
        addresses.ok_or_else(|| VendorError::retry("baton", "the worker has not begun to lend addresses"))
    }

    /// Whether the carrier has the call: the caller has come, or it is the call of a rep who calls a lead back.
    async fn is_ours(&self, call: &Call) -> Result<bool, VendorError> {
        Ok(self.carrier.holds(call) && (call.platform == OUR_CALL || self.addresses()?.has_come(call).await?))
    }

    /// # Errors
    /// `Gone`: the platform has said that the call is over, and nobody has come.
    async fn is_there(&self, call: &Call) -> Result<(), VendorError> {
        match self.addresses()?.has_left(call).await? {
            true => Err(VendorError::Gone { vendor: agent::VENDOR, why: "it has ended the caller's call".to_owned() }),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl Telephony for RepFirst {
    fn ring_class(&self) -> Class {
        Class::LookFirst
    }

    async fn instruct(&self, call: &Call, key: &str, instruction: &Spoken) -> Result<(), VendorError> {
        if self.is_ours(call).await? {
            return self.carrier.instruct(call, key, instruction).await;
        }
        self.is_there(call).await?;
        match &self.platform {
            Some(platform) => platform.instruct(call, key, instruction).await,
            None => Ok(()),
        }
    }

    async fn agent_speaks(&self, call: &Call, instruction: &Instruction) -> Result<bool, VendorError> {
        match self.is_ours(call).await? {
            true => self.carrier.agent_speaks(call, instruction).await,
            false => Ok(self.platform.is_none()),
        }
    }

    /// The agent goes on.
    async fn hold(&self, call: &Call, key: &str, recording: Recording, comfort: Comfort) -> Result<(), VendorError> {
        if self.is_ours(call).await? {
            return self.carrier.hold(call, key, recording, comfort).await;
        }
        self.is_there(call).await?;
        match &self.platform {
            Some(platform) => platform.hold(call, key, recording, Comfort::Agent).await,
            None => Ok(()),
        }
    }

    async fn ring(&self, request: &RingRequest) -> Result<(), VendorError> {
        if self.is_ours(&request.call).await? {
            return self.carrier.ring(request).await;
        }
        self.carrier.ring_ahead(request, self.addresses()?).await
    }

    async fn whisper(&self, leg: &LegId, key: &str, whisper: &Whisper) -> Result<(), VendorError> {
        self.carrier.whisper(leg, key, whisper).await
    }

    async fn join(&self, call: &Call, leg: &LegId, key: &str, recording: Recording) -> Result<(), VendorError> {
        if self.is_ours(call).await? {
            return self.carrier.join(call, leg, key, recording).await;
        }
        self.carrier.stop_whisper(leg).await;
        let lent = self.addresses()?.lend(leg, &self.candidates()).await?;
        match &self.platform {
            Some(platform) => platform.transfer(call, leg, key, &lent, recording).await,
            None => Ok(()),
        }
    }

    /// Until they have come, their agent is the platform's.
    async fn join_three(&self, call: &Call, leg: &LegId, key: &str, recording: Recording) -> Result<(), VendorError> {
        match self.is_ours(call).await? {
            true => self.carrier.join_three(call, leg, key, recording).await,
            false => self.join(call, leg, key, recording).await,
        }
    }

    async fn leave_agent(&self, call: &Call, key: &str) -> Result<(), VendorError> {
        match self.is_ours(call).await? {
            true => self.carrier.leave_agent(call, key).await,
            false => Ok(()),
        }
    }

    async fn hears_key(&self, call: &Call) -> Result<bool, VendorError> {
        match self.is_ours(call).await? {
            true => self.carrier.hears_key(call).await,
            false => Ok(self.platform.is_some()),
        }
    }

    fn joins_when_told(&self) -> bool {
        self.carrier.joins_when_told()
    }

    fn dials_leads(&self) -> bool {
        self.carrier.dials_leads()
    }

    async fn dial_lead(&self, request: &DialRequest) -> Result<(), VendorError> {
        self.carrier.dial_lead(request).await
    }

    fn asks_reps(&self) -> bool {
        self.carrier.asks_reps()
    }

    async fn ask(&self, request: &AskRequest) -> Result<(), VendorError> {
        self.carrier.ask(request).await
    }

    async fn fetch_agent(&self, call: &str) -> Result<(), VendorError> {
        self.carrier.fetch_agent(call).await
    }

    async fn transfers_to(&self, call: &Call, leg: &LegId) -> Result<Option<String>, VendorError> {
        if self.platform.is_some() || self.is_ours(call).await? {
            return Ok(None);
        }
        self.addresses()?.lend(leg, &self.candidates()).await.map(|lent| Some(lent.to))
    }

    /// Nobody comes to a rep who is gone.
    async fn hang_up(&self, leg: &LegId, key: &str, reason: HangUpReason) -> Result<(), VendorError> {
        let taken_back = self.addresses()?.take_back(leg).await;
        self.carrier.hang_up(leg, key, reason).await?;
        taken_back
    }

    /// Where they never came to us, the platform ends it.
    async fn end_call(&self, call: &Call, key: &str) -> Result<(), VendorError> {
        match self.is_ours(call).await? {
            true => self.carrier.end_call(call, key).await,
            false => Ok(()),
        }
    }

    async fn read(&self, call: &Call, leg: &LegId) -> Result<LegStatus, VendorError> {
        self.carrier.read_ahead(call, leg, self.addresses()?).await
    }

    async fn caller(&self, call: &Call) -> Result<CallerStatus, VendorError> {
        if self.is_ours(call).await? {
            return self.carrier.caller(call).await;
        }
        if self.addresses()?.has_left(call).await? {
            return Ok(CallerStatus::Left);
        }
        match &self.platform {
            Some(platform) => platform.caller(call).await,
            None => Ok(CallerStatus::Unknown),
        }
    }
}
