//! Telephony in *bridge* mode beside a platform that takes commands: a call that is none of our Asterisk's, because its lead names no
//! leg or another carrier's, is driven by its platform, as in *agent* mode.
//!
//! The call of a lead says which of the two it is. Of a phone alone it is the one that has it: what is not at our Asterisk is told to
//! the platform, which passes over a leg that it never had.

use super::{Asterisk, ours};
use crate::connectors::agent::AgentTelephony;
use crate::connectors::{
    AskRequest, CallerStatus, DialRequest, LegStatus, Recording, RingRequest, Spoken, Telephony, VendorError,
};
use async_trait::async_trait;
use baton_core::domain::effect::{Class, Comfort, HangUpReason, Instruction};
use baton_core::domain::id::LegId;
use baton_core::domain::lead::Call;
use baton_core::domain::text::Whisper;
use std::sync::Arc;

pub struct BesidePlatform {
    carrier: Arc<Asterisk>,
    platform: AgentTelephony,
}

impl BesidePlatform {
    pub fn new(carrier: Arc<Asterisk>, platform: AgentTelephony) -> Self {
        Self { carrier, platform }
    }

    fn of(&self, call: &Call) -> &dyn Telephony {
        match ours(call) {
            Some(_) => &*self.carrier,
            None => &self.platform,
        }
    }

    async fn with(&self, leg: &LegId) -> Result<&dyn Telephony, VendorError> {
        let has: &dyn Telephony = match self.carrier.stands(leg).await? {
            Some(_) => &*self.carrier,
            None => &self.platform,
        };
        Ok(has)
    }
}

#[async_trait]
impl Telephony for BesidePlatform {
    fn ring_class(&self) -> Class {
        Class::LookFirst
    }

    async fn instruct(&self, call: &Call, key: &str, instruction: &Spoken) -> Result<(), VendorError> {
        self.of(call).instruct(call, key, instruction).await
    }

    async fn agent_speaks(&self, call: &Call, instruction: &Instruction) -> Result<bool, VendorError> {
        self.of(call).agent_speaks(call, instruction).await
    }

    async fn hold(&self, call: &Call, key: &str, recording: Recording, comfort: Comfort) -> Result<(), VendorError> {
        self.of(call).hold(call, key, recording, comfort).await
    }

    async fn ring(&self, request: &RingRequest) -> Result<(), VendorError> {
        self.of(&request.call).ring(request).await
    }

    async fn whisper(&self, leg: &LegId, key: &str, whisper: &Whisper) -> Result<(), VendorError> {
        self.with(leg).await?.whisper(leg, key, whisper).await
    }

    async fn join(&self, call: &Call, leg: &LegId, key: &str, recording: Recording) -> Result<(), VendorError> {
        self.of(call).join(call, leg, key, recording).await
    }

    async fn join_three(&self, call: &Call, leg: &LegId, key: &str, recording: Recording) -> Result<(), VendorError> {
        self.of(call).join_three(call, leg, key, recording).await
    }

    async fn leave_agent(&self, call: &Call, key: &str) -> Result<(), VendorError> {
        self.of(call).leave_agent(call, key).await
    }

    async fn hang_up(&self, leg: &LegId, key: &str, reason: HangUpReason) -> Result<(), VendorError> {
        self.with(leg).await?.hang_up(leg, key, reason).await
    }

    async fn end_call(&self, call: &Call, key: &str) -> Result<(), VendorError> {
        self.of(call).end_call(call, key).await
    }

    async fn hears_key(&self, call: &Call) -> Result<bool, VendorError> {
        self.of(call).hears_key(call).await
    }

    /// On our own lines, whoever had the call.
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

    async fn read(&self, call: &Call, leg: &LegId) -> Result<LegStatus, VendorError> {
        self.of(call).read(call, leg).await
    }

    async fn caller(&self, call: &Call) -> Result<CallerStatus, VendorError> {
        self.of(call).caller(call).await
    }
}
