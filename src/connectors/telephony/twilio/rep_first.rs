//! Twilio as the carrier of *rep-first* mode: a rep who has accepted waits in a room that is named after their leg, into which the
//! caller comes.
//!
//! Calls are kept when they have ended: how a leg stands is read as it is with the caller here.

use super::{Twilio, ours};
use crate::connectors::rep_first::RepsAhead;
use crate::connectors::{Addresses, LegStatus, OUR_CALL, RingRequest, Telephony, VendorError};
use async_trait::async_trait;
use baton_core::domain::id::LegId;
use baton_core::domain::lead::Call;

#[async_trait]
impl RepsAhead for Twilio {
    fn holds(&self, call: &Call) -> bool {
        ours(call).is_some() || call.platform == OUR_CALL
    }

    async fn ring_ahead(&self, request: &RingRequest, addresses: &dyn Addresses) -> Result<(), VendorError> {
        addresses.begin(&request.leg, &request.call).await?;
        self.ring_into(request.leg.as_str(), request).await
    }

    /// Nothing to send: the answer to the key ends it.
    async fn stop_whisper(&self, _leg: &LegId) {}

    async fn read_ahead(&self, call: &Call, leg: &LegId, _addresses: &dyn Addresses) -> Result<LegStatus, VendorError> {
        self.read(call, leg).await
    }
}
