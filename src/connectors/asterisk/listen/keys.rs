//! Keys that are for the handoff to understand. One of a caller who waits asks for a call back where that was offered, and means
//! nothing otherwise; one of a rep who is asked what came of a call says so, or was not offered.

use super::{Act, After, Session};
use crate::connectors::{Happened, Told, VendorError};
use baton_core::domain::id::LegId;
use std::sync::Arc;

impl Session {
    /// Each press is one of its own.
    pub(super) fn answers(&mut self, leg: LegId, key: char) -> Result<(), VendorError> {
        let happened = Happened::Pressed { key, pressed_at: self.asterisk.clock.now() };
        self.act(Act::Tell(Told { call: None, leg: Some(leg), happened, why: None }))
    }

    /// Whoever presses a key over and over asks once.
    pub(super) fn ask_for_offer(&mut self, call: String) {
        if !self.asked.insert(call.clone()) {
            return;
        }
        let sink = Arc::clone(&self.sink);
        self.deeds.spawn(async move {
            let takes = match sink.carried().await {
                Ok(carried) => {
                    carried.iter().any(|carried| carried.call.as_deref() == Some(&call) && carried.takes_callback_key)
                }
                Err(error) => {
                    let error = error.in_log();
                    tracing::warn!(error, "whether a call back was offered could not be read: the caller waits on");
                    false
                }
            };
            After::Key { call, takes }
        });
    }

    pub(super) fn offer_is_known(&mut self, call: String, takes: bool) -> Result<(), VendorError> {
        self.asked.remove(&call);
        if !takes {
            return Ok(());
        }
        let happened = Happened::CallbackWanted { pressed_at: self.asterisk.clock.now() };
        self.act(Act::Tell(Told { call: Some(call), leg: None, happened, why: None }))
    }
}
