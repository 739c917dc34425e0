//! A caller comes in: answered, with music, in a bridge of their own, and the agent's phone rings; at the front door, in its hours,
//! those of people before it.

use super::Asterisk;
use super::ari::{Dialled, There};
use super::calls::{agent_of, bridge_of};
use super::dial;
use crate::connectors::{Arrival, CallSink, VendorError};
use serde_json::json;
use std::sync::Arc;

/// Words of `CALLERID(pres)` for a number that is not to be shown begin so.
const WITHHELD: &str = "prohib";
/// Set on a channel that goes back to the dialplan, which reads it.
const NEXT: &str = "BATON";
const NO_AGENT: &str = "no_agent";

/// How a caller stands once they were let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admitted {
    Gone,
    AgentRings,
    /// It cannot be rung.
    NoAgent,
    /// For whoever comes to them: no agent is dialled here.
    Waits,
}

/// The front door, and whoever knows who answers there.
pub(super) struct Door {
    pub sink: Arc<dyn CallSink>,
    pub dialled: String,
}

impl Asterisk {
    /// May be done again for a caller who is half in.
    pub(super) async fn admit(&self, call: &str, number: &str, door: Option<&Door>) -> Result<Admitted, VendorError> {
        // An unanswered caller can be bridged, and hears nothing.
        if self.lines.ari.answer(call).await? == There::Gone {
            return Ok(Admitted::Gone);
        }
        let bridge = bridge_of(call);
        self.lines.ari.create_bridge(&bridge).await?;
        // Before the caller is moved into it, so that it is heard at once.
        let _new = self.lines.ari.music(&bridge, true).await?;
        let is_in = self.lines.members(call).await?.is_some();
        if !is_in && self.lines.ari.add(&bridge, call).await? == There::Gone {
            let _empty = self.lines.ari.delete_bridge(&bridge).await?;
            return Ok(Admitted::Gone);
        }
        // Now that the caller hears something.
        if let Some(door) = door
            && self.is_rung_for(call, number, door).await
        {
            return Ok(Admitted::Waits);
        }
        match &self.agent {
            Some(agent) => self.dial_agent(agent, call, number).await,
            None => Ok(Admitted::Waits),
        }
    }

    /// Whether phones of ours ring for a caller at the front door. Where that cannot be known, the agent is there.
    async fn is_rung_for(&self, call: &str, number: &str, door: &Door) -> bool {
        let Door { sink, dialled } = door;
        let arrives = async {
            let from = (!self.is_withheld(call).await?).then(|| number.to_owned());
            sink.comes_in(&Arrival { call: call.to_owned(), from, dialled: dialled.clone() }).await
        };
        arrives.await.unwrap_or_else(|error: VendorError| {
            tracing::warn!(%error, "nobody of ours could be rung at the front door: the agent is");
            false
        })
    }

    /// Whether the caller does not want their number to be shown.
    pub(super) async fn is_withheld(&self, call: &str) -> Result<bool, VendorError> {
        let shown = self.lines.ari.variable(call, "CALLERID(pres)").await?;
        Ok(shown.is_some_and(|shown| shown.starts_with(WITHHELD)))
    }

    async fn dial_agent(&self, agent: &str, call: &str, number: &str) -> Result<Admitted, VendorError> {
        let withheld = self.is_withheld(call).await?;
        let dialled = self.lines.ari.originate(Dialled {
            channel: agent_of(call),
            caller: Some(call.to_owned()),
            endpoint: agent.to_owned(),
            args: format!("agent,{call}"),
            caller_id: dial::passed_on(number, withheld),
            timeout_s: self.agent_within.as_secs().max(1),
            // Once for a SIP phone, once for a dialplan that it may go through.
            variables: json!({ "PJSIP_HEADER(add,X-Baton-Call)": call, "__BATON_CALL": call }),
        });
        match dialled.await {
            Ok(()) => Ok(Admitted::AgentRings),
            Err(VendorError::Gone { .. }) => Ok(Admitted::Gone),
            Err(
                error @ (VendorError::Retry { .. } | VendorError::RateLimited { .. } | VendorError::Unknown { .. }),
            ) => Err(error),
            Err(error) => {
                tracing::error!(%error, "the voice agent cannot be rung: the caller goes on in the dialplan");
                Ok(Admitted::NoAgent)
            }
        }
    }

    /// Nobody of ours can be had: the dialplan knows whom to ring then.
    pub(super) async fn leave_to_dialplan(&self, call: &str) -> Result<(), VendorError> {
        if self.lines.ari.set_variable(call, NEXT, NO_AGENT).await? == There::Yes {
            let _gone = self.lines.ari.leave_to_dialplan(call).await?;
        }
        Ok(())
    }
}
