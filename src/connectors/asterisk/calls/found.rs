//! After every connect: what there is, against what handoffs believe. Nothing is told twice by Asterisk, so that whatever happened
//! while nobody heard is seen here, or never.

use super::names::{self, bridge_of};
use super::{Act, Agent, Call, Caller, Calls, Came, Deed, Leg, LegStage, hang_up, tell};
use crate::connectors::asterisk::ari::Reason;
use crate::connectors::asterisk::event::{Bridge, Channel};
use crate::connectors::{Carried, Happened, Told};
use baton_core::domain::id::LegId;
use std::collections::BTreeSet;
use tokio::time::Instant;

impl Calls {
    /// What has been told before is told again.
    pub(in crate::connectors::asterisk) fn find(
        &mut self,
        channels: &[Channel],
        bridges: &[Bridge],
        carried: &[Carried],
        now: Instant,
    ) -> Vec<Act> {
        let mut acts = Vec::new();
        for channel in channels.iter().filter(|channel| is_caller(channel)) {
            acts.extend(self.caller_found(channel, bridges, now));
        }
        for channel in channels.iter().filter(|channel| !is_caller(channel)) {
            acts.extend(self.other_found(channel));
        }
        acts.extend(self.backs_found(channels, bridges, carried));
        acts.extend(self.lost(channels, carried));
        let over = bridges.iter().filter(|bridge| is_ours(bridge, channels, carried));
        let over = over.filter_map(|bridge| names::call_of_bridge(&bridge.id)).filter(|call| self.is_over(call));
        acts.extend(over.map(|call| Act::Do(Deed::CallOver { call: call.to_owned() })));
        acts
    }

    /// Whether nobody is there any more for whom a bridge was made: a caller, or a rep who calls a lead back.
    fn is_over(&self, call: &str) -> bool {
        match names::leg(call) {
            Some(rep) => !self.legs.contains_key(&rep),
            None => names::is_of_asterisk(call) && !self.calls.contains_key(call),
        }
    }

    /// Whose sounds may still be played.
    pub(in crate::connectors::asterisk) fn owners(&self) -> Vec<String> {
        self.calls.keys().cloned().chain(self.legs.keys().map(LegId::to_string)).collect()
    }

    fn caller_found(&mut self, channel: &Channel, bridges: &[Bridge], now: Instant) -> Option<Act> {
        let id = &channel.id;
        let bridge = bridges.iter().find(|bridge| bridge.id == bridge_of(id) && bridge.channels.contains(id));
        let members: BTreeSet<String> =
            bridge.map(|bridge| bridge.channels.iter().cloned().collect()).unwrap_or_default();
        // Whoever is alone may have reached nobody yet: where no handoff knows of them, the dialplan is the safer end.
        let caller = Caller::of(channel, &channel.args());
        let mut call =
            Call { came: Came::by(caller.clone()), was_served: members.len() > 1, members, ..Call::default() };
        call.note(id, now);
        let is_alone = call.alone_since.is_some();
        self.calls.insert(id.clone(), call);
        match bridge {
            None => Some(Act::Admit(caller)),
            Some(_) => is_alone.then_some(Act::Again(caller)),
        }
    }

    fn other_found(&mut self, channel: &Channel) -> Vec<Act> {
        if let Some(leg) = names::leg(&channel.id) {
            return self.leg_found(leg, channel);
        }
        if let Some(call) = names::call_of_agent(&channel.id) {
            let Some(known) = self.calls.get_mut(call) else {
                return vec![hang_up(channel.id.clone(), Reason::Normal)];
            };
            known.agent = if channel.is_up() { Agent::There } else { Agent::Dialled };
            return Vec::new();
        }
        // Whom a rep calls back is read with them: whatever is dialled by way of the dialplan looks like a stranger.
        if names::rep_of_lead(&channel.id).is_some() {
            return Vec::new();
        }
        if names::is_stranger(channel) { vec![hang_up(channel.id.clone(), Reason::Normal)] } else { Vec::new() }
    }

    fn leg_found(&mut self, leg: LegId, channel: &Channel) -> Vec<Act> {
        let joined = self.calls.iter().find(|(_, call)| call.members.contains(&channel.id)).map(|(id, _)| id.clone());
        let Some(call) = joined.clone().or_else(|| channel.args().get(1).cloned()) else {
            // What rings has not come in, and says nothing of its call.
            return Vec::new();
        };
        if !self.is_waited_for(&leg, &call) {
            return vec![hang_up(channel.id.clone(), Reason::AnsweredElsewhere)];
        }
        let call = names::here(&call);
        let stage = match (&joined, channel.is_up()) {
            (Some(_), _) => LegStage::Joined,
            (None, true) => LegStage::Answered,
            (None, false) => LegStage::Ringing,
        };
        // Whether the whisper has begun is not told again. Whoever is up can have heard it; a machine presses no key.
        self.legs.insert(leg.clone(), Leg { call: call.clone(), stage, hears_whisper: true, hears_question: false });
        let told: &[Happened] = match stage {
            LegStage::Ringing => &[],
            LegStage::Answered | LegStage::Accepted => &[Happened::Answered],
            LegStage::Joined => &[Happened::Answered, Happened::Joined],
        };
        let mut acts: Vec<Act> = told.iter().map(|happened| tell(call.as_deref(), leg.clone(), *happened)).collect();
        if stage == LegStage::Joined {
            acts.push(Act::Do(Deed::HearRep { leg }));
        }
        acts
    }

    /// Callers and reps who are said to be there, and are not. What is to ring may not ring yet: that is asked.
    fn lost(&self, channels: &[Channel], carried: &[Carried]) -> Vec<Act> {
        let mut acts = Vec::new();
        // Another carrier's are none of ours.
        let is_ours = |call: &Option<String>| call.as_deref().is_none_or(names::is_of_asterisk);
        for Carried { call, up, rings, is_left_to_agent, .. } in carried.iter().filter(|carried| is_ours(&carried.call))
        {
            let told = |happened, leg| Act::Tell(Told { call: call.clone(), leg, happened, why: None });
            if call.as_ref().is_some_and(|call| !self.calls.contains_key(call)) {
                // Whether the agent was there by then nobody knows.
                let left = if *is_left_to_agent { Happened::Missed } else { Happened::CallerLeft };
                acts.push(told(left, None));
                continue;
            }
            let is_gone = |leg: &&LegId| !self.legs.contains_key(*leg);
            acts.extend(up.iter().filter(is_gone).map(|leg| told(Happened::RepLeft, Some(leg.clone()))));
            let is_silent = |leg: &&LegId| !channels.iter().any(|channel| channel.id == leg.as_str());
            let was_rung = |leg: &LegId| Act::WasRung { call: call.clone(), leg: leg.clone() };
            acts.extend(rings.iter().filter(is_silent).map(was_rung));
        }
        acts
    }
}

/// Others may hold calls on the same Asterisk, or be about to: a bridge with somebody in it whom we do not know is theirs, and so
/// is an empty one of which no handoff knows.
fn is_ours(bridge: &Bridge, channels: &[Channel], carried: &[Carried]) -> bool {
    if bridge.channels.is_empty() {
        let call = names::call_of_bridge(&bridge.id);
        return call.is_some() && carried.iter().any(|carried| carried.call.as_deref() == call);
    }
    bridge.channels.iter().all(|member| channels.iter().any(|channel| channel.id == *member))
}

fn is_caller(channel: &Channel) -> bool {
    let is_leg = names::leg(&channel.id).is_some() || names::rep_of_lead(&channel.id).is_some();
    let ours = is_leg || names::call_of_agent(&channel.id).is_some();
    !ours && !names::is_stranger(channel) && names::is_caller(&channel.args())
}
