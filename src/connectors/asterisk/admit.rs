//! A caller comes in: answered, with music, in a bridge of their own; and the agent's phone rings, or whoever expects them is there.

use super::Asterisk;
use super::ari::{Dialled, There};
use super::calls::{Caller, agent_of, bridge_of};
use super::dial::{self, is_made};
use crate::connectors::{Arrival, CallSink, VendorError};
use baton_core::domain::id::LegId;
use serde_json::json;
use std::time::Duration;
use tokio::time::sleep;

/// Words of `CALLERID(pres)` for a number that is not to be shown begin so.
const WITHHELD: &str = "prohib";
/// Set on a channel that goes back to the dialplan, which reads it.
const NEXT: &str = "BATON";
const NO_AGENT: &str = "no_agent";
const ADMITTED_IN_TRIES: u32 = 4;
const ADMITTED_AGAIN_AFTER: Duration = Duration::from_millis(500);

/// How a caller stands once they were let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admitted {
    Gone,
    AgentRings,
    /// It cannot be rung.
    NoAgent,
    /// For whoever comes to them: no agent is dialled here.
    Waits,
    /// To where they were expected: no agent is wanted.
    Expected,
}

impl Asterisk {
    /// Again while it fails; then the dialplan has the caller back.
    pub(super) async fn let_in(&self, sink: &dyn CallSink, caller: &Caller) -> Admitted {
        for _ in 0..ADMITTED_IN_TRIES {
            match self.receive(sink, caller).await {
                Ok(how) => return how,
                Err(error) => tracing::warn!(%error, outcome = error.class(), "a caller could not be let in yet"),
            }
            sleep(ADMITTED_AGAIN_AFTER).await;
        }
        Admitted::NoAgent
    }

    async fn receive(&self, sink: &dyn CallSink, caller: &Caller) -> Result<Admitted, VendorError> {
        let Caller { call, number, dialled } = caller;
        let Some(address) = self.lent(dialled) else { return self.admit(call, number).await };
        match sink.arrived(&address, call).await? {
            Some(Arrival::Rep(leg)) => self.put_through(call, &leg).await,
            Some(Arrival::Announced { event }) => {
                // Before there is a lead: what is done for it finds the caller.
                if self.take_in(call).await? == There::Gone {
                    return Ok(Admitted::Gone);
                }
                sink.brings(&event, call).await?;
                Ok(Admitted::Expected)
            }
            None => {
                tracing::warn!("a caller has come to where nobody is expected any more: the dialplan has them");
                Ok(Admitted::NoAgent)
            }
        }
    }

    /// Answered, and in a bridge of their own with music. May be done again for a caller who is half in.
    async fn take_in(&self, call: &str) -> Result<There, VendorError> {
        // An unanswered caller can be bridged, and hears nothing.
        if self.lines.ari.answer(call).await? == There::Gone {
            return Ok(There::Gone);
        }
        let bridge = bridge_of(call);
        self.lines.ari.create_bridge(&bridge).await?;
        if self.lines.members(call).await?.is_some() {
            self.lines.comfort(call).await?;
            return Ok(There::Yes);
        }
        // Before the caller is moved into it, so that it is heard at once.
        let _new = self.lines.ari.music(&bridge, true).await?;
        if self.lines.ari.add(&bridge, call).await? == There::Gone {
            let _empty = self.lines.ari.delete_bridge(&bridge).await?;
            return Ok(There::Gone);
        }
        Ok(There::Yes)
    }

    /// To the voice agent.
    async fn admit(&self, call: &str, number: &str) -> Result<Admitted, VendorError> {
        if self.take_in(call).await? == There::Gone {
            return Ok(Admitted::Gone);
        }
        match &self.agent {
            Some(agent) => self.dial_agent(agent, call, number).await,
            None => Ok(Admitted::Waits),
        }
    }

    /// The number, or the SIP user, as it was lent, if callers are expected there one at a time.
    fn lent(&self, dialled: &str) -> Option<String> {
        let digits = |text: &str| text.trim_start_matches('+').to_owned();
        let number = self.numbers.iter().find(|number| digits(number.as_str()) == digits(dialled));
        number.map(|number| number.as_str().to_owned()).or_else(|| is_made(dialled).then(|| dialled.to_owned()))
    }

    /// To the rep who waits; without one the caller hears music.
    async fn put_through(&self, call: &str, leg: &LegId) -> Result<Admitted, VendorError> {
        if self.take_in(call).await? == There::Gone {
            return Ok(Admitted::Gone);
        }
        let _joined = self.bring_rep(call, leg).await?;
        self.lines.comfort(call).await?;
        Ok(Admitted::Expected)
    }

    async fn dial_agent(&self, agent: &str, call: &str, number: &str) -> Result<Admitted, VendorError> {
        let shown = self.lines.ari.variable(call, "CALLERID(pres)").await?;
        let withheld = shown.is_some_and(|shown| shown.starts_with(WITHHELD));
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
