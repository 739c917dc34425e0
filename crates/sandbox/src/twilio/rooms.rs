//! Rooms: who is in them, when they start, and what is told of that.

use super::tell::Fields;
use super::{TwilioState, VENDOR};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// A room that is not over.
pub(super) struct Room {
    pub sid: String,
    pub is_started: bool,
    pub members: Vec<Member>,
    /// Of whoever came first.
    callback: String,
    events: Vec<String>,
    told: u32,
}

#[derive(Clone)]
pub(super) struct Member {
    pub call: String,
    pub label: String,
    pub starts: bool,
    /// The room ends with them.
    pub ends: bool,
}

/// Who comes in, and how the room is to be told of.
pub(super) struct Entry {
    pub room: String,
    pub member: Member,
    pub callback: String,
    pub events: Vec<String>,
}

/// Why somebody is no longer in a room, in Twilio's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaves {
    HungUp,
    SentOn,
    RoomOver,
}

impl Leaves {
    fn word(self) -> &'static str {
        match self {
            Self::HungUp => "participant_hung_up",
            Self::SentOn => "participant_updated_via_api",
            Self::RoomOver => "moderator_ended_conference",
        }
    }
}

impl TwilioState {
    /// `false`: the label is in use (16025).
    pub(super) fn enters(self: &Arc<Self>, entry: Entry) -> bool {
        let (fresh, name, call) = (self.made("CF"), entry.room, entry.member.call.clone());
        let starts = {
            let mut held = self.held();
            let room = held.rooms.entry(name.clone()).or_insert_with(|| Room {
                sid: fresh,
                is_started: false,
                members: Vec::new(),
                callback: entry.callback,
                events: entry.events,
                told: 0,
            });
            if !entry.member.label.is_empty() && room.members.iter().any(|other| other.label == entry.member.label) {
                self.world.accept(VENDOR, "label_in_use", name, json!({ "sid": call }));
                return false;
            }
            room.members.push(entry.member);
            let starts = !room.is_started && room.members.len() > 1 && room.members.iter().any(|member| member.starts);
            room.is_started |= starts;
            starts
        };
        self.tell_of_room(&name, "join", &call, Vec::new());
        if starts {
            self.tell_of_room(&name, "start", &call, Vec::new());
            self.talks(&name);
        }
        self.has_changed();
        true
    }

    /// Each who talks for a while only hangs up after it.
    fn talks(self: &Arc<Self>, name: &str) {
        let held = self.held();
        let members = held.rooms.get(name).map(|room| room.members.clone()).unwrap_or_default();
        for member in members {
            let Some(span) = held.lines.get(&member.call).and_then(|line| line.person.talks_for) else { continue };
            let state = Arc::clone(self);
            tokio::spawn(async move {
                state.world.sleep(span).await;
                state.hangs_up(&member.call);
            });
        }
    }

    /// Out of whichever room it is in.
    pub(super) fn leaves(self: &Arc<Self>, call: &str, why: Leaves) {
        let Some((name, ends)) = self.room_of(call) else { return };
        self.tell_of_room(&name, "leave", call, vec![("ReasonParticipantLeft", why.word().to_owned())]);
        let others = {
            let mut held = self.held();
            let Some(room) = held.rooms.get_mut(&name) else { return };
            room.members.retain(|member| member.call != call);
            room.members.iter().map(|member| member.call.clone()).collect::<Vec<String>>()
        };
        if ends || others.is_empty() {
            for other in &others {
                let reason = vec![("ReasonParticipantLeft", Leaves::RoomOver.word().to_owned())];
                self.tell_of_room(&name, "leave", other, reason);
            }
            let word = if ends { "participant-with-end-conference-on-exit-left" } else { "last-participant-left" };
            self.tell_of_room(&name, "end", call, vec![("ReasonConferenceEnded", word.to_owned())]);
            self.held().rooms.remove(&name);
        }
        self.has_changed();
    }

    /// The room that a call is in, and whether it ends with it.
    fn room_of(&self, call: &str) -> Option<(String, bool)> {
        let held = self.held();
        held.rooms.iter().find_map(|(name, room)| {
            let member = room.members.iter().find(|member| member.call == call)?;
            Some((name.clone(), member.ends))
        })
    }

    fn tell_of_room(self: &Arc<Self>, name: &str, event: &str, call: &str, more: Fields) {
        let told = {
            let mut held = self.held();
            let Some(room) = held.rooms.get_mut(name) else { return };
            if room.callback.is_empty() || !room.events.iter().any(|wanted| wanted == event) {
                return;
            }
            room.told += 1;
            let word = match event {
                "join" | "leave" => format!("participant-{event}"),
                _ => format!("conference-{event}"),
            };
            let label = room.members.iter().find(|member| member.call == call).map(|member| member.label.clone());
            let mut fields = vec![
                ("AccountSid", self.account.sid.clone()),
                ("CallSid", call.to_owned()),
                ("ConferenceSid", room.sid.clone()),
                ("FriendlyName", name.to_owned()),
                ("StatusCallbackEvent", word),
                ("SequenceNumber", room.told.to_string()),
                ("Timestamp", self.world.clock.now().to_rfc2822()),
            ];
            fields.extend(label.filter(|label| !label.is_empty()).map(|label| ("ParticipantLabel", label)));
            fields.extend(more);
            (room.callback.clone(), fields, room.told)
        };
        let (address, fields, number) = told;
        self.told_beside(address, fields, number);
    }

    /// Whether it is in a room that has not started.
    pub(super) fn is_waiting(&self, call: &str) -> bool {
        let held = self.held();
        held.rooms.values().any(|room| !room.is_started && room.members.iter().any(|member| member.call == call))
    }
}

/// Of a piece of music.
pub(super) const MUSIC: Duration = Duration::from_secs(30);
