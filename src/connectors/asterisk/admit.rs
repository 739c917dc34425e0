//! A caller comes in: answered, with music, in a bridge of their own; and whoever expects them is there, or the agent's phone rings; at
//! the front door, in its hours, those of people before it.

use super::Asterisk;
use super::ari::{Dialled, There};
use super::calls::{Caller, agent_of, bridge_of, is_of_asterisk};
use super::dial::{self, is_made};
use crate::connectors::{CallSink, ComesFor, VendorError};
use baton_core::domain::id::LegId;
use baton_core::domain::lead::Arrival;
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
    /// It is no caller, but the platform of an agent that hands one of ours back to us, whom we have.
    HandedBack,
}

/// Who is to be there for a caller, by what they have dialled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// Whoever expects one caller at this address, as it was lent.
    Lent(String),
    /// People of ours, in their hours, and then the agent.
    FrontDoor,
    Agent,
}

/// What our header says of whoever comes.
enum Named {
    /// That was made for one caller: of a platform that can call one address alone.
    Address(String),
    /// Who is here: an agent's platform, which was told by us whose call it has, sends it back. Its caller would be in two calls at
    /// once, and another agent would be rung for the first one.
    Caller,
}

fn waits(there: There) -> Admitted {
    match there {
        There::Yes => Admitted::Waits,
        There::Gone => Admitted::Gone,
    }
}

impl Asterisk {
    /// Again while it fails; then the dialplan has the caller back.
    pub(super) async fn let_in(&self, sink: &dyn CallSink, caller: &Caller, way: &Way) -> Admitted {
        for _ in 0..ADMITTED_IN_TRIES {
            match self.receive(sink, caller, way).await {
                Ok(how) => return how,
                Err(error) => {
                    tracing::warn!(error = error.in_log(), outcome = error.class(), "a caller could not be let in yet")
                }
            }
            sleep(ADMITTED_AGAIN_AFTER).await;
        }
        Admitted::NoAgent
    }

    /// May be done again for a caller who is half in.
    async fn receive(&self, sink: &dyn CallSink, caller: &Caller, way: &Way) -> Result<Admitted, VendorError> {
        if let Way::Lent(address) = way {
            return self.expect(sink, address, &caller.call).await;
        }
        match self.named(&caller.call).await? {
            Some(Named::Address(address)) => return self.expect(sink, &address, &caller.call).await,
            Some(Named::Caller) => return Ok(Admitted::HandedBack),
            None => {}
        }
        if self.take_in(&caller.call).await? == There::Gone {
            return Ok(Admitted::Gone);
        }
        // Now that the caller hears something.
        if *way == Way::FrontDoor && self.is_rung_for(sink, caller).await {
            return Ok(Admitted::Waits);
        }
        match &self.agent {
            Some(agent) => self.dial_agent(agent, caller).await,
            None => Ok(Admitted::Waits),
        }
    }

    /// What an INVITE names in our header. Of a caller who is not here it says nothing.
    async fn named(&self, call: &str) -> Result<Option<Named>, VendorError> {
        Ok(match self.lines.ari.variable(call, "PJSIP_HEADER(read,X-Baton-Call)").await? {
            Some(named) if is_made(&named) => Some(Named::Address(named)),
            Some(named) if named != call && is_of_asterisk(&named) => {
                self.lines.members(&named).await?.map(|_| Named::Caller)
            }
            _ => None,
        })
    }

    /// To whoever waits for them, or is to be chosen: they were announced.
    async fn expect(&self, sink: &dyn CallSink, address: &str, call: &str) -> Result<Admitted, VendorError> {
        match sink.arrived(address, call).await? {
            Some(ComesFor::Rep(leg)) => self.put_through(call, &leg).await,
            Some(ComesFor::Announced { event }) => {
                // Before there is a lead: what is done for it finds the caller.
                let there = self.take_in(call).await?;
                if there == There::Yes {
                    sink.brings(&event, call).await?;
                }
                Ok(waits(there))
            }
            Some(ComesFor::Known) => Ok(waits(self.take_in(call).await?)),
            None => {
                tracing::warn!("a caller has come to where nobody is expected any more: the dialplan has them");
                Ok(Admitted::NoAgent)
            }
        }
    }

    /// Answered, and in a bridge of their own with music.
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

    /// Whether phones of ours ring for a caller at the front door. Where that cannot be known, the agent is there.
    async fn is_rung_for(&self, sink: &dyn CallSink, caller: &Caller) -> bool {
        let Caller { call, number, dialled } = caller;
        let arrives = async {
            let from = (!self.is_withheld(call).await?).then(|| number.clone());
            sink.comes_in(&Arrival { call: call.clone(), from, dialled: dialled.clone() }).await
        };
        arrives.await.unwrap_or_else(|error: VendorError| {
            let error = error.in_log();
            tracing::warn!(error, "nobody of ours could be rung at the front door: the agent is");
            false
        })
    }

    /// The number, or the SIP user, as it was lent, if callers are expected there one at a time.
    pub(super) fn lent(&self, dialled: &str) -> Option<String> {
        let digits = |text: &str| text.trim_start_matches('+').to_owned();
        let number = self.numbers.iter().find(|number| digits(number.as_str()) == digits(dialled));
        number.map(|number| number.as_str().to_owned()).or_else(|| is_made(dialled).then(|| dialled.to_owned()))
    }

    /// To the rep who waits; without one the caller hears music.
    async fn put_through(&self, call: &str, leg: &LegId) -> Result<Admitted, VendorError> {
        if self.take_in(call).await? == There::Gone {
            return Ok(Admitted::Gone);
        }
        let _joined = self.lines.join(call, leg).await?;
        self.lines.comfort(call).await?;
        Ok(Admitted::Waits)
    }

    /// Whether the caller does not want their number to be shown.
    pub(super) async fn is_withheld(&self, call: &str) -> Result<bool, VendorError> {
        let shown = self.lines.ari.variable(call, "CALLERID(pres)").await?;
        Ok(shown.is_some_and(|shown| shown.starts_with(WITHHELD)))
    }

    async fn dial_agent(&self, agent: &str, caller: &Caller) -> Result<Admitted, VendorError> {
        let Caller { call, number, .. } = caller;
        let withheld = self.is_withheld(call).await?;
        let dialled = self.lines.ari.originate(Dialled {
            channel: agent_of(call),
            caller: Some(call.clone()),
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
                tracing::error!(
                    error = error.in_log(),
                    "the voice agent cannot be rung: the caller goes on in the dialplan"
                );
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
