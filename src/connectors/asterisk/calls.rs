//! What an event means, given what is known of the call: whom to tell of it, and what to do at once.
//!
//! Pure: frames in, acts out. Legs are told apart by their ids alone, since callers' numbers stand on both sides of a leg and a
//! phone that forwards its calls makes look-alikes. A caller is gone when the channel has left our app; a rep when the leg is
//! destroyed, however it ended, and not when it leaves a bridge, which it does whenever it is moved. A key counts only once the leg
//! was answered and the whisper has begun, or a question: what rings may send keys as well.

mod act;
mod alone;
mod back;
mod ending;
mod found;
mod names;

#[cfg(test)]
mod tests;

pub(super) use act::{Act, Caller, Came, Deed};
pub(super) use alone::Alone;
pub(super) use names::{
    AWAY, agent_of, bridge_of, is_of_asterisk, is_rep, last_words_of, question_of, whisper_of, words_of,
};

use super::ari::Reason;
use super::event::{Bridge, Channel, Frame, Playback};
use crate::connectors::{Happened, Told};
use baton_core::domain::id::LegId;
use ending::{HUNG_UP_BY_US, ending};
use std::collections::{BTreeMap, BTreeSet};
use tokio::time::Instant;

/// As far as this connection has heard.
#[derive(Default)]
pub(super) struct Calls {
    calls: BTreeMap<String, Call>,
    legs: BTreeMap<LegId, Leg>,
    /// Leads who have answered, by the leg of the rep who calls them back, and whether the two are joined.
    leads: BTreeMap<LegId, bool>,
}

/// A caller who is in our app.
#[derive(Default)]
struct Call {
    came: Came,
    /// Who is in the bridge, the caller among them.
    members: BTreeSet<String>,
    /// Those of them whose phone has put the caller on hold.
    held_by: BTreeSet<String>,
    agent: Agent,
    /// Words are being spoken to the caller.
    hears_words: bool,
    /// The caller has heard an agent or a rep.
    was_served: bool,
    alone_since: Option<Instant>,
    /// As far as has been looked: see [`Calls::has_been_settled`].
    settled_since: Option<Instant>,
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
    /// It has been there.
    Gone,
}

struct Leg {
    /// `None`: the caller has not come yet.
    call: Option<String>,
    stage: LegStage,
    hears_whisper: bool,
    /// What came of calling the lead.
    hears_question: bool,
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
            Frame::ChannelHold { channel } => self.holds(&channel.id, true),
            Frame::ChannelUnhold { channel } => self.holds(&channel.id, false),
            Frame::ChannelDtmfReceived { channel, digit } => self.key(&channel.id, &digit),
            Frame::ChannelEnteredBridge { bridge, channel } => self.entered(&bridge, channel.id, now),
            Frame::ChannelLeftBridge { bridge, channel } => self.moved_out(&bridge, &channel.id, now),
            Frame::PlaybackStarted { playback } => self.begins(&playback, now),
            Frame::PlaybackFinished { playback } => self.ends(&playback, now),
            Frame::ApplicationReplaced => vec![Act::Replaced],
            Frame::Other => Vec::new(),
        }
    }

    fn came_in(&mut self, channel: Channel, args: &[String], replaces: bool, now: Instant) -> Vec<Act> {
        if let Some(leg) = names::leg(&channel.id) {
            return self.answered(leg, args);
        }
        if let Some(rep) = names::rep_of_lead(&channel.id) {
            return self.lead_answered(rep);
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
        let caller = Caller::of(&channel, args);
        let call = Call { came: Came::by(caller.clone()), alone_since: Some(now), ..Call::default() };
        self.calls.insert(caller.call.clone(), call);
        vec![Act::Admit(caller)]
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

    /// A late answer to a ring that was given up comes in as well: it is told, and hung up by whoever knows.
    fn answered(&mut self, leg: LegId, args: &[String]) -> Vec<Act> {
        let Some(call) = args.get(1).filter(|call| self.is_waited_for(&leg, call)) else {
            return vec![hang_up(leg.to_string(), Reason::AnsweredElsewhere)];
        };
        let call = names::here(call);
        let told = tell(call.as_deref(), leg.clone(), Happened::Answered);
        self.legs.insert(leg, Leg { call, stage: LegStage::Answered, hears_whisper: false, hears_question: false });
        vec![told]
    }

    /// Whether a rep whose phone was rung for this caller can still speak with them. Who calls a lead back has no caller.
    fn is_waited_for(&self, leg: &LegId, call: &str) -> bool {
        call == AWAY || call == leg.as_str() || self.calls.contains_key(call)
    }

    fn left(&mut self, channel: &str) -> Vec<Act> {
        let Some(call) = self.calls.remove(channel) else { return Vec::new() };
        let mut acts = vec![Act::Tell(Told {
            call: Some(channel.to_owned()),
            leg: None,
            happened: Happened::CallerLeft,
            why: None,
        })];
        acts.extend(call.missed());
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
        if let Some(rep) = names::rep_of_lead(channel) {
            return self.lead_ended(rep, cause);
        }
        if let Some(call) = names::call_of_agent(channel) {
            let Some(known) = self.calls.get_mut(call) else { return Vec::new() };
            known.members.remove(channel);
            known.agent = match known.agent {
                Agent::Dialled => Agent::Missing,
                // Another worker has dialled it.
                Agent::None if !known.was_served => Agent::Missing,
                Agent::None | Agent::There | Agent::Missing | Agent::Gone => Agent::Gone,
            };
            let is_missing = known.agent == Agent::Missing;
            known.note(call, now);
            return if is_missing { vec![Act::Look] } else { Vec::new() };
        }
        self.left(channel)
    }

    fn leg_ended(&mut self, leg: LegId, cause: u32) -> Vec<Act> {
        let known = self.legs.remove(&leg);
        let over = Act::Do(Deed::LegOver { leg: leg.clone() });
        let beside = self.back_over(&leg, known.as_ref());
        if cause == HUNG_UP_BY_US {
            return [vec![over], beside].concat();
        }
        let call = known.as_ref().and_then(|known| known.call.as_deref());
        let (happened, why) = match known.as_ref().map_or(LegStage::Ringing, |known| known.stage) {
            LegStage::Ringing => ending(cause),
            LegStage::Answered | LegStage::Accepted | LegStage::Joined => (Happened::RepLeft, None),
        };
        let told = Told { call: call.map(str::to_owned), leg: Some(leg), happened, why };
        [vec![Act::Tell(told), over], beside].concat()
    }

    fn key(&mut self, channel: &str, digit: &str) -> Vec<Act> {
        let Some(id) = names::leg(channel) else { return self.callers_key(channel, digit) };
        let Some(leg) = self.legs.get_mut(&id) else { return Vec::new() };
        if leg.hears_question {
            return back::answer(id, digit);
        }
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

    /// In a conversation keys are for whoever the caller speaks with.
    fn callers_key(&self, channel: &str, digit: &str) -> Vec<Act> {
        let is_put_through = |leg: &Leg| matches!(leg.stage, LegStage::Accepted | LegStage::Joined);
        let waits = self.calls.contains_key(channel)
            && !self.legs.values().any(|leg| leg.call.as_deref() == Some(channel) && is_put_through(leg));
        if waits && digit == "1" { vec![Act::Key { call: channel.to_owned() }] } else { Vec::new() }
    }

    fn entered(&mut self, bridge: &Bridge, channel: String, now: Instant) -> Vec<Act> {
        if let Some(rep) = names::rep_of_bridge(&bridge.id) {
            return self.entered_back(rep, &channel);
        }
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
            acts.push(tell(Some(call), id.clone(), Happened::Joined));
            acts.push(Act::Do(Deed::HearRep { leg: id }));
        }
        acts
    }

    fn moved_out(&mut self, bridge: &Bridge, channel: &str, now: Instant) -> Vec<Act> {
        let Some(call) = names::call_of_bridge(&bridge.id) else { return Vec::new() };
        let Some(known) = self.calls.get_mut(call) else { return Vec::new() };
        known.members.remove(channel);
        let has_held = known.held_by.remove(channel);
        known.note(call, now);
        let is_alone = known.alone_since.is_some();
        let back = has_held.then(|| Act::Do(Deed::TakeBack { call: call.to_owned() }));
        let comfort = is_alone.then(|| Act::Do(Deed::Comfort { call: call.to_owned() }));
        back.into_iter().chain(comfort).collect()
    }

    /// Until they take the caller back, or leave.
    fn holds(&mut self, channel: &str, on: bool) -> Vec<Act> {
        let mut calls = self.calls.iter_mut();
        if let Some((_, call)) = calls.find(|(id, call)| id.as_str() != channel && call.members.contains(channel)) {
            match on {
                true => call.held_by.insert(channel.to_owned()),
                false => call.held_by.remove(channel),
            };
        }
        Vec::new()
    }

    fn begins(&mut self, playback: &Playback, now: Instant) -> Vec<Act> {
        if let Some(leg) = names::leg_of_whisper(&playback.id).and_then(|leg| self.legs.get_mut(&leg)) {
            leg.hears_whisper = true;
        }
        if let Some(leg) = names::leg_of_question(&playback.id).and_then(|leg| self.legs.get_mut(&leg)) {
            leg.hears_question = true;
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
        if let Some(leg) = names::leg_of_whisper(&playback.id).or_else(|| names::leg_of_question(&playback.id)) {
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
