//! Who waits behind whom: an effect waits for effects of its own lane only, so that a slow CRM never keeps a phone from ringing.

use super::{BriefWhy, Channel, Comfort, Confirmation, CrmNote, Effect, HangUpReason, Instruction, Timer, Topic};
use crate::domain::id::{LegId, RepId};
use crate::domain::outcome::{Booking, Slot};

/// One per vendor, and one for what needs nobody but the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    Timers,
    Calls,
    Calendar,
    Chat,
    Crm,
    Mail,
    Texts,
    Events,
}

impl Lane {
    /// The most urgent first.
    pub const ALL: [Self; 8] =
        [Self::Timers, Self::Calls, Self::Calendar, Self::Chat, Self::Crm, Self::Mail, Self::Texts, Self::Events];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Timers => "timers",
            Self::Calls => "calls",
            Self::Calendar => "calendar",
            Self::Chat => "chat",
            Self::Crm => "crm",
            Self::Mail => "mail",
            Self::Texts => "texts",
            Self::Events => "events",
        }
    }

    /// Somebody waits for what goes this way: a caller, or the clock.
    pub fn is_urgent(self) -> bool {
        match self {
            Self::Timers | Self::Calls | Self::Calendar => true,
            Self::Chat | Self::Crm | Self::Mail | Self::Texts | Self::Events => false,
        }
    }

    /// [`Effect::kind`] of what goes this way.
    pub fn kinds(self) -> &'static [&'static str] {
        match self {
            Self::Timers => &["timer"],
            Self::Calls => &[
                "instruct",
                "hold",
                "ring",
                "whisper",
                "join",
                "dial_lead",
                "ask",
                "hang_up",
                "end_call",
                "leave_agent",
            ],
            Self::Calendar => &["find_slots", "book", "move_meeting", "cancel_meeting"],
            Self::Chat => &["brief_chat", "update_card"],
            Self::Crm => &["write_crm", "read_owner"],
            Self::Mail => &["brief_email", "confirm_to_caller"],
            Self::Texts => &["text_back", "text_meeting"],
            Self::Events => &["publish"],
        }
    }
}

/// An effect as its lane sees it: who carries out one lane answers for all of its effects, and for no others.
#[derive(Debug, Clone, Copy)]
pub enum InLane<'e> {
    Timers(&'e Timer),
    Calls(CallEffect<'e>),
    Calendar(CalendarEffect<'e>),
    Chat(ChatEffect<'e>),
    Crm(CrmEffect<'e>),
    Mail(MailEffect<'e>),
    Texts(TextEffect<'e>),
    Events(Topic),
}

#[derive(Debug, Clone, Copy)]
pub enum CallEffect<'e> {
    Instruct(&'e Instruction),
    Hold { comfort: Comfort },
    Ring { leg: &'e LegId, rep: &'e RepId },
    Whisper { leg: &'e LegId },
    Join { leg: &'e LegId },
    DialLead { leg: &'e LegId },
    Ask { leg: &'e LegId, have_spoken: bool, again: bool },
    HangUp { leg: &'e LegId, reason: HangUpReason },
    EndCall,
    LeaveAgent,
}

#[derive(Debug, Clone, Copy)]
pub enum CalendarEffect<'e> {
    FindSlots { search: u32, rep: &'e RepId },
    Book { slot: &'e Slot, attempt: u32 },
    Move { booking: &'e Booking, to: &'e Slot, attempt: u32 },
    Cancel { booking: &'e Booking },
}

#[derive(Debug, Clone, Copy)]
pub enum ChatEffect<'e> {
    Brief { rep: &'e RepId, why: BriefWhy },
    UpdateCard { card: &'e str, rep: &'e RepId },
}

#[derive(Debug, Clone, Copy)]
pub enum CrmEffect<'e> {
    Write { owner: &'e RepId, note: &'e CrmNote },
    ReadOwner,
}

#[derive(Debug, Clone, Copy)]
pub enum MailEffect<'e> {
    Brief { rep: &'e RepId, why: BriefWhy },
    ConfirmToCaller(&'e Confirmation),
}

#[derive(Debug, Clone, Copy)]
pub enum TextEffect<'e> {
    /// To somebody who was missed.
    Back,
    Meeting {
        slot: &'e Slot,
        called_off: bool,
    },
}

impl Effect {
    pub fn in_lane(&self) -> InLane<'_> {
        match self {
            Self::Timer { timer } => InLane::Timers(timer),
            Self::Instruct { instruction } => InLane::Calls(CallEffect::Instruct(instruction)),
            Self::Hold { comfort } => InLane::Calls(CallEffect::Hold { comfort: *comfort }),
            Self::Ring { leg, rep } => InLane::Calls(CallEffect::Ring { leg, rep }),
            Self::Whisper { leg, .. } => InLane::Calls(CallEffect::Whisper { leg }),
            Self::Join { leg } => InLane::Calls(CallEffect::Join { leg }),
            Self::DialLead { leg } => InLane::Calls(CallEffect::DialLead { leg }),
            Self::Ask { leg, have_spoken, again } => {
                InLane::Calls(CallEffect::Ask { leg, have_spoken: *have_spoken, again: *again })
            }
            Self::HangUp { leg, reason } => InLane::Calls(CallEffect::HangUp { leg, reason: *reason }),
            Self::EndCall => InLane::Calls(CallEffect::EndCall),
            Self::LeaveAgent => InLane::Calls(CallEffect::LeaveAgent),
            Self::FindSlots { search, rep } => InLane::Calendar(CalendarEffect::FindSlots { search: *search, rep }),
            Self::Book { slot, attempt } => InLane::Calendar(CalendarEffect::Book { slot, attempt: *attempt }),
            Self::MoveMeeting { booking, to, attempt } => {
                InLane::Calendar(CalendarEffect::Move { booking, to, attempt: *attempt })
            }
            Self::CancelMeeting { booking } => InLane::Calendar(CalendarEffect::Cancel { booking }),
            Self::Brief { rep, channel: Channel::Chat, why } => InLane::Chat(ChatEffect::Brief { rep, why: *why }),
            Self::UpdateCard { card, rep } => InLane::Chat(ChatEffect::UpdateCard { card, rep }),
            Self::WriteCrm { owner, note } => InLane::Crm(CrmEffect::Write { owner, note }),
            Self::ReadOwner => InLane::Crm(CrmEffect::ReadOwner),
            Self::Brief { rep, channel: Channel::Email, why } => InLane::Mail(MailEffect::Brief { rep, why: *why }),
            Self::ConfirmToCaller { what } => InLane::Mail(MailEffect::ConfirmToCaller(what)),
            Self::TextBack => InLane::Texts(TextEffect::Back),
            Self::TextMeeting { slot, called_off } => {
                InLane::Texts(TextEffect::Meeting { slot, called_off: *called_off })
            }
            Self::Publish { topic } => InLane::Events(*topic),
        }
    }

    pub fn lane(&self) -> Lane {
        match self.in_lane() {
            InLane::Timers(_) => Lane::Timers,
            InLane::Calls(_) => Lane::Calls,
            InLane::Calendar(_) => Lane::Calendar,
            InLane::Chat(_) => Lane::Chat,
            InLane::Crm(_) => Lane::Crm,
            InLane::Mail(_) => Lane::Mail,
            InLane::Texts(_) => Lane::Texts,
            InLane::Events(_) => Lane::Events,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::one_of_each;
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_of_step_is_claimed_in_its_lane_and_in_no_other() {
        let effects = one_of_each();
        for effect in &effects {
            assert!(effect.lane().kinds().contains(&effect.kind()), "{}", effect.kind());
        }
        let claimed: Vec<&str> = Lane::ALL.iter().flat_map(|lane| lane.kinds().iter().copied()).collect();
        let all: BTreeSet<&str> = effects.iter().map(Effect::kind).collect();
        assert_eq!(claimed.iter().copied().collect::<BTreeSet<_>>(), all);
        assert_eq!(claimed.len(), all.len(), "no kind is in two lanes");
    }
}
