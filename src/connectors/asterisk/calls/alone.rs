//! Callers with whom nobody speaks: for how long that may be, and how they came in, which says who is to speak with them next.

use super::{Act, Agent, Call, Caller, Calls, Came};
use baton_core::domain::lead::Arrival;
use std::time::Duration;
use tokio::time::Instant;

/// Whoever was spoken with and is alone is not left so for longer, unless a handoff goes on. The agent may be told of it, and
/// leave, before the lead has come to us. At the front door the handoff that rings for a caller has begun by then.
const ALONE_AT_MOST: Duration = Duration::from_secs(5);

/// A caller with whom nobody speaks.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::connectors::asterisk) struct Alone {
    pub call: String,
    pub agent_is_there: bool,
    /// They came by the front door, and the agent was not dialled yet.
    pub agent_is_to_come: bool,
    pub was_served: bool,
}

impl Calls {
    /// Callers who have been alone for too long, those whom no agent has reached for `unserved` among them.
    pub(in crate::connectors::asterisk) fn alone(&self, unserved: Duration, now: Instant) -> Vec<Alone> {
        let alone = self.calls.iter().filter(|(_, call)| {
            let at_most = if call.was_served || call.came.is_at_front_door { ALONE_AT_MOST } else { unserved };
            let too_long = call.alone_since.is_some_and(|since| now.duration_since(since) >= at_most);
            match call.agent {
                Agent::Missing => call.alone_since.is_some(),
                Agent::Dialled => false,
                Agent::None | Agent::There | Agent::Gone => too_long,
            }
        });
        alone
            .map(|(id, call)| Alone {
                call: id.clone(),
                agent_is_there: call.agent == Agent::There,
                agent_is_to_come: call.came.is_at_front_door && call.agent == Agent::None,
                was_served: call.was_served,
            })
            .collect()
    }

    /// How it ends for this caller is decided, and what they are told of it may be on its way. Whether it has had its time.
    pub(in crate::connectors::asterisk) fn has_been_settled(&mut self, call: &str, now: Instant) -> bool {
        let Some(call) = self.calls.get_mut(call) else { return false };
        now.duration_since(*call.settled_since.get_or_insert(now)) >= ALONE_AT_MOST
    }

    /// A handoff goes on for this caller.
    pub(in crate::connectors::asterisk) fn is_served_on(&mut self, call: &str) {
        if let Some(call) = self.calls.get_mut(call) {
            call.settled_since = None;
        }
    }

    /// Whether this caller is there and hears neither words nor anybody.
    pub(in crate::connectors::asterisk) fn is_alone(&self, call: &str) -> bool {
        self.calls.get(call).is_some_and(|call| call.alone_since.is_some())
    }

    /// Everybody who is there, with what they have dialled.
    pub(in crate::connectors::asterisk) fn came_by(&self) -> Vec<(String, String)> {
        self.calls.iter().map(|(id, call)| (id.clone(), call.came.by.dialled.clone())).collect()
    }

    /// What this caller has dialled people of ours answer, in their hours.
    pub(in crate::connectors::asterisk) fn stands_at_front_door(&mut self, call: &str) {
        if let Some(call) = self.calls.get_mut(call) {
            call.came.is_at_front_door = true;
        }
    }

    /// This caller's number may be shown.
    pub(in crate::connectors::asterisk) fn shows_number(&mut self, call: &str) {
        if let Some(call) = self.calls.get_mut(call) {
            call.came.is_shown = true;
        }
    }

    /// The dialplan has this caller from now on: whoever takes them there, we are told nothing of it.
    pub(in crate::connectors::asterisk) fn leaves_to_dialplan(&mut self, call: &str) {
        if let Some(call) = self.calls.get_mut(call) {
            call.came.is_dialplans = true;
        }
    }

    /// As they have come in.
    pub(in crate::connectors::asterisk) fn caller(&self, call: &str) -> Option<Caller> {
        self.calls.get(call).map(|call| call.came.by.clone())
    }
}

impl Call {
    /// A caller who leaves the front door before the agent was there. Whether a rep was, the handoff knows.
    pub(super) fn missed(&self) -> Option<Act> {
        let Came { by: Caller { call, number, dialled }, is_at_front_door, is_shown, is_dialplans } = &self.came;
        let had_agent = matches!(self.agent, Agent::There | Agent::Gone);
        (*is_at_front_door && !had_agent && !is_dialplans).then(|| {
            let from = is_shown.then(|| number.clone());
            Act::Missed(Arrival { call: call.clone(), from, dialled: dialled.clone() })
        })
    }
}
