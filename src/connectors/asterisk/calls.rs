//! What an event means, given what is known of the call: whom to tell of it, and what to do at once.
//!
//! Pure: frames in, acts out. Legs are told apart by their ids alone, since callers' numbers stand on both sides of a leg and a
//! phone that forwards its calls makes look-alikes. A caller is gone when the channel has left our app; a rep when the leg is
//! destroyed, however it ended, and not when it leaves a bridge, which it does whenever it is moved. A key counts only once the leg
//! was answered and the whisper has begun: what rings may send keys as well.

mod act;
mod found;
mod names;

#[cfg(test)]
mod tests;

pub(super) use act::{Act, Alone, Caller, Deed};
pub(super) use names::{AWAY, agent_of, bridge_of, is_of_asterisk, is_rep, last_words_of, whisper_of, words_of};

use super::ari::Reason;
use super::event::{Bridge, Channel, Frame, Playback};
use crate::connectors::{Happened, Told};
use baton_core::domain::id::LegId;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// Whoever was spoken with and is alone is not left so for longer, unless a handoff goes on. The agent may be told of it, and
/// leave, before the lead has come to us.
const ALONE_AT_MOST: Duration = Duration::from_secs(5);

/// As far as this connection has heard.
#[derive(Default)]
pub(super) struct Calls {
    calls: BTreeMap<String, Call>,
    legs: BTreeMap<LegId, Leg>,
}

/// A caller who is in our app.
#[derive(Default)]
struct Call {
    /// Who is in the bridge, the caller among them.
    members: BTreeSet<String>,
    agent: Agent,
    /// Words are being spoken to the caller.
    hears_words: bool,
    /// The caller has heard an agent or a rep.
    was_served: bool,
    alone_since: Option<Instant>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Agent {
    #[default]
    None,
    Dialled,
    /// It has answered; it may be out of the bridge.
    There,
    /// It was dialled and never came.
    Missing,
}

struct Leg {
    /// `None`: the caller has not come yet.
    call: Option<String>,
    stage: LegStage,
    hears_whisper: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LegStage {
    Ringing,
    Answered,
    Accepted,
    Joined,
}

impl Calls {
    pub(super) fn hear(&mut self, frame: Frame, now: Instant) -> Vec<Act> {
        match frame {
            Frame::StasisStart { channel, args, replace_channel } => {
                self.came_in(channel, &args, replace_channel.is_some(), now)
            }
            Frame::StasisEnd { channel } => self.left(&channel.id),
            Frame::ChannelDestroyed { channel, cause } => self.destroyed(&channel.id, cause, now),
            Frame::ChannelDtmfReceived { channel, digit } => self.key(&channel.id, &digit),
            Frame::ChannelEnteredBridge { bridge, channel } => self.entered(&bridge, channel.id, now),
            Frame::ChannelLeftBridge { bridge, channel } => self.moved_out(&bridge, &channel.id, now),
            Frame::PlaybackStarted { playback } => self.begins(&playback, now),
            Frame::PlaybackFinished { playback } => self.ends(&playback, now),
            Frame::ApplicationReplaced => vec![Act::Replaced],
            Frame::Other => Vec::new(),
        }
    }

    /// Callers who have been alone for too long, those whom no agent has reached for `unserved` among them.
    pub(super) fn alone(&self, unserved: Duration, now: Instant) -> Vec<Alone> {
        let alone = self.calls.iter().filter(|(_, call)| {
            let at_most = if call.was_served { ALONE_AT_MOST } else { unserved };
            let too_long = call.alone_since.is_some_and(|since| now.duration_since(since) >= at_most);
            match call.agent {
                Agent::Missing => call.alone_since.is_some(),
                Agent::Dialled => false,
                Agent::None | Agent::There => too_long,
            }
        });
        alone
            .map(|(id, call)| Alone {
                call: id.clone(),
                agent_is_there: call.agent == Agent::There,
                was_served: call.was_served,
            })
            .collect()
    }

    /// Whether this caller is there and hears neither words nor anybody.
    pub(super) fn is_alone(&self, call: &str) -> bool {
        self.calls.get(call).is_some_and(|call| call.alone_since.is_some())
    }

    fn came_in(&mut self, channel: Channel, args: &[String], replaces: bool, now: Instant) -> Vec<Act> {
        if let Some(leg) = names::leg(&channel.id) {
            return self.answered(leg, args);
        }
        if let Some(call) = names::call_of_agent(&channel.id) {
            return match self.calls.get_mut(call) {
                Some(known) => {
                    known.agent = Agent::There;
                    vec![Act::Do(Deed::BringIn { call: call.to_owned() })]
                }
                None => vec![hang_up(channel.id, Reason::Normal)],
            };
        }
        if names::is_stranger(&channel) || replaces {
            return vec![hang_up(channel.id, Reason::Normal)];
        }
        if !names::is_caller(args) || self.calls.contains_key(&channel.id) {
            return Vec::new();
        }
        // Alone from now on, wherever the way into the bridge is lost.
        let call = Call { alone_since: Some(now), ..Call::default() };
        self.calls.insert(channel.id.clone(), call);
        vec![Act::Admit(Caller::of(&channel, args))]
    }

    /// An agent is being dialled for this caller.
    pub(super) fn dials_agent(&mut self, call: &str) {
        if let Some(call) = self.calls.get_mut(call).filter(|call| call.agent == Agent::None) {
            call.agent = Agent::Dialled;
        }
    }

    /// None can be.
    pub(super) fn misses_agent(&mut self, call: &str) {
        if let Some(call) = self.calls.get_mut(call).filter(|call| call.agent != Agent::There) {
            call.agent = Agent::Missing;
        }
    }

    /// None is wanted: somebody else is there for this caller.
    pub(super) fn needs_no_agent(&mut self, call: &str) {
        if let Some(call) = self.calls.get_mut(call).filter(|call| call.agent == Agent::Dialled) {
            call.agent = Agent::None;
        }
    }

    /// A late answer to a ring that was given up comes in as well: it is told, and hung up by whoever knows.
    fn answered(&mut self, leg: LegId, args: &[String]) -> Vec<Act> {
        let Some(call) = args.get(1).filter(|call| self.is_waited_for(call)) else {
            return vec![hang_up(leg.to_string(), Reason::AnsweredElsewhere)];
        };
        let call = names::here(call);
        let told = tell(call.as_deref(), leg.clone(), Happened::Answered);
        self.legs.insert(leg, Leg { call, stage: LegStage::Answered, hears_whisper: false });
        vec![told]
    }

    /// Whether a rep whose phone was rung for this caller can still speak with them.
    fn is_waited_for(&self, call: &str) -> bool {
        call == AWAY || self.calls.contains_key(call)
    }

    fn left(&mut self, channel: &str) -> Vec<Act> {
        let Some(call) = self.calls.remove(channel) else { return Vec::new() };
        let mut acts = vec![Act::Tell(Told {
            call: Some(channel.to_owned()),
            leg: None,
            happened: Happened::CallerLeft,
            why: None,
        })];
        if matches!(call.agent, Agent::Dialled | Agent::There) {
            acts.push(hang_up(agent_of(channel), Reason::Normal));
        }
        let (theirs, others) =
            std::mem::take(&mut self.legs).into_iter().partition(|(_, leg)| leg.call.as_deref() == Some(channel));
        self.legs = others;
        let theirs: BTreeMap<LegId, Leg> = theirs;
        acts.extend(theirs.into_keys().map(|leg| hang_up(leg.to_string(), Reason::AnsweredElsewhere)));
        acts.push(Act::Do(Deed::CallOver { call: channel.to_owned() }));
        acts
    }

    fn destroyed(&mut self, channel: &str, cause: u32, now: Instant) -> Vec<Act> {
        if let Some(leg) = names::leg(channel) {
            return self.leg_ended(leg, cause);
        }
        if let Some(call) = names::call_of_agent(channel) {
            let Some(known) = self.calls.get_mut(call) else { return Vec::new() };
            known.members.remove(channel);
            known.agent = if known.agent == Agent::Dialled { Agent::Missing } else { Agent::None };
            let is_missing = known.agent == Agent::Missing;
            known.note(call, now);
            return if is_missing { vec![Act::Look] } else { Vec::new() };
        }
        self.left(channel)
    }

    fn leg_ended(&mut self, leg: LegId, cause: u32) -> Vec<Act> {
        let known = self.legs.remove(&leg);
        let over = Act::Do(Deed::LegOver { leg: leg.clone() });
        if cause == HUNG_UP_BY_US {
            return vec![over];
        }
        let call = known.as_ref().and_then(|known| known.call.as_deref());
        let (happened, why) = match known.as_ref().map_or(LegStage::Ringing, |known| known.stage) {
            LegStage::Ringing => ending(cause),
            LegStage::Answered | LegStage::Accepted | LegStage::Joined => (Happened::RepLeft, None),
        };
        let told = Told { call: call.map(str::to_owned), leg: Some(leg), happened, why };
        vec![Act::Tell(told), over]
    }

    fn key(&mut self, channel: &str, digit: &str) -> Vec<Act> {
        let Some(id) = names::leg(channel) else { return Vec::new() };
        let Some(leg) = self.legs.get_mut(&id) else { return Vec::new() };
        if leg.stage != LegStage::Answered || !leg.hears_whisper {
            return Vec::new();
        }
        let happened = match digit {
            "1" => Happened::Accepted,
            "2" => Happened::Declined,
            _ => return Vec::new(),
        };
        if happened == Happened::Accepted {
            leg.stage = LegStage::Accepted;
        }
        vec![tell(leg.call.as_deref(), id, happened)]
    }

    fn entered(&mut self, bridge: &Bridge, channel: String, now: Instant) -> Vec<Act> {
        let Some(call) = names::call_of_bridge(&bridge.id) else { return Vec::new() };
        let Some(known) = self.calls.get_mut(call) else { return Vec::new() };
        known.members.insert(channel.clone());
        let are_two = known.members.len() > 1;
        known.was_served |= are_two;
        known.note(call, now);
        let mut acts = if are_two { vec![Act::Do(Deed::Quiet { call: call.to_owned() })] } else { Vec::new() };
        let leg = names::leg(&channel);
        if let Some((id, leg)) = leg.and_then(|id| self.legs.get_mut(&id).map(|leg| (id, leg)))
            && leg.stage != LegStage::Joined
        {
            leg.stage = LegStage::Joined;
            leg.call = Some(call.to_owned());
            acts.push(tell(Some(call), id, Happened::Joined));
        }
        acts
    }

    fn moved_out(&mut self, bridge: &Bridge, channel: &str, now: Instant) -> Vec<Act> {
        let Some(call) = names::call_of_bridge(&bridge.id) else { return Vec::new() };
        let Some(known) = self.calls.get_mut(call) else { return Vec::new() };
        known.members.remove(channel);
        known.note(call, now);
        if known.alone_since.is_some() { vec![Act::Do(Deed::Comfort { call: call.to_owned() })] } else { Vec::new() }
    }

    fn begins(&mut self, playback: &Playback, now: Instant) -> Vec<Act> {
        if let Some(leg) = names::leg_of_whisper(&playback.id).and_then(|leg| self.legs.get_mut(&leg)) {
            leg.hears_whisper = true;
        }
        if let Some((call, _)) = names::call_of_words(&playback.id)
            && let Some(known) = self.calls.get_mut(call)
        {
            known.hears_words = true;
            known.note(call, now);
        }
        Vec::new()
    }

    fn ends(&mut self, playback: &Playback, now: Instant) -> Vec<Act> {
        if let Some(leg) = names::leg_of_whisper(&playback.id) {
            // Where the leg is gone as well, it has left in the middle.
            let unheard = playback.state == "failed" && self.legs.contains_key(&leg);
            return if unheard { vec![Act::NoSound { leg }] } else { Vec::new() };
        }
        let Some((call, last)) = names::call_of_words(&playback.id) else { return Vec::new() };
        let Some(known) = self.calls.get_mut(call) else { return Vec::new() };
        known.hears_words = false;
        known.note(call, now);
        match (known.alone_since, last) {
            (None, _) => Vec::new(),
            (Some(_), true) => vec![Act::LastWord { call: call.to_owned() }],
            (Some(_), false) => vec![Act::Do(Deed::Comfort { call: call.to_owned() })],
        }
    }
}

impl Call {
    /// Whether the caller is alone, from when on.
    fn note(&mut self, id: &str, now: Instant) {
        let alone = !self.hears_words && self.members.iter().all(|member| member == id);
        self.alone_since = alone.then(|| self.alone_since.unwrap_or(now));
    }
}

fn hang_up(channel: String, reason: Reason) -> Act {
    Act::Do(Deed::HangUp { channel, reason })
}

fn tell(call: Option<&str>, leg: LegId, happened: Happened) -> Act {
    Act::Tell(Told { call: call.map(str::to_owned), leg: Some(leg), happened, why: None })
}

/// The cause of [`Reason::AnsweredElsewhere`]: nobody else gives it, since no phone of a rep's rings anywhere else.
const HUNG_UP_BY_US: u32 = 26;

/// How the ring of a phone ended that was not answered, by the cause of ITU-T Q.850. Version 16 gives 0 for silence, 22 gives 19;
/// 34, 38 and 58 are the carrier's: no line, out of order, nothing that both understand.
fn ending(cause: u32) -> (Happened, Option<String>) {
    let told = |happened| (happened, None);
    match cause {
        17 => told(Happened::Busy),
        21 => told(Happened::Declined),
        0 | 18 | 19 => told(Happened::NoAnswer),
        23 => told(Happened::Forwarded),
        1 | 22 | 28 => (Happened::WrongNumber, Some(format!("the carrier knows no such number (cause {cause})"))),
        34 | 38 | 58 => (Happened::Failed, Some(format!("the carrier could not ring it (cause {cause})"))),
        _ => (Happened::Failed, Some(format!("the ring ended with cause {cause}"))),
    }
}
