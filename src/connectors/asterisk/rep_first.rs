//! Asterisk as the carrier of *rep-first* mode: a rep's phone that rings before there is a channel of the caller's, and who has come.
//!
//! What was rung ahead is known by what was noted before: a phone that has stopped leaves no channel.

use super::calls::whisper_of;
use super::{Asterisk, ours};
use crate::connectors::rep_first::RepsAhead;
use crate::connectors::{Addresses, LegStatus, OUR_CALL, RingRequest, Telephony, VendorError};
use async_trait::async_trait;
use baton_core::domain::id::LegId;
use baton_core::domain::lead::Call;

#[async_trait]
impl RepsAhead for Asterisk {
    fn holds(&self, call: &Call) -> bool {
        ours(call).is_some()
    }

    async fn ring_ahead(&self, request: &RingRequest, addresses: &dyn Addresses) -> Result<(), VendorError> {
        let dialled = self.dialled(request, None).await?;
        addresses.begin(&request.leg, &request.call).await?;
        self.rings(request, dialled).await
    }

    async fn stop_whisper(&self, leg: &LegId) {
        let _over = self.lines.ari.stop_playing(&whisper_of(leg)).await;
    }

    async fn read_ahead(&self, call: &Call, leg: &LegId, addresses: &dyn Addresses) -> Result<LegStatus, VendorError> {
        Ok(match self.stands(leg).await? {
            Some(status) => status,
            None if addresses.was_begun(leg).await? => LegStatus::Ended,
            None if call.platform == OUR_CALL || (self.holds(call) && addresses.has_come(call).await?) => {
                self.read(call, leg).await?
            }
            None => LegStatus::Absent,
        })
    }
}
