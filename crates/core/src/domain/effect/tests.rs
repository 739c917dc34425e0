use super::*;
use crate::domain::id::{HandoffId, LeadId};

#[test]
fn a_briefing_stored_for_slack_is_one_for_the_chat() {
    let stored = |channel| format!(r#"{{"effect":"brief","rep":"ana","channel":"{channel}","why":"ringing"}}"#);
    let effect = Effect::Brief { rep: RepId::new("ana").unwrap(), channel: Channel::Chat, why: BriefWhy::Ringing };
    for channel in ["slack", "chat"] {
        assert_eq!(serde_json::from_str::<Effect>(&stored(channel)).unwrap(), effect);
    }
    assert_eq!(serde_json::to_string(&effect).unwrap(), stored("chat"));
}

fn ana() -> RepId {
    RepId::new("ana").unwrap()
}

/// One of each, one after the other: a new effect does not compile until it has its place.
fn next(effect: &Effect) -> Option<Effect> {
    let (rep, at) = (ana(), DateTime::<Utc>::UNIX_EPOCH);
    let leg = LegId::of(&HandoffId::of(&LeadId::from_digest([1; 16])), 1);
    let slot = Slot { rep: ana(), from: at, until: at };
    Some(match effect {
        Effect::Instruct { .. } => Effect::Hold { comfort: Comfort::Music },
        Effect::Hold { .. } => Effect::Ring { leg, rep },
        Effect::Ring { .. } => Effect::Whisper { leg, rep },
        Effect::Whisper { .. } => Effect::Join { leg },
        Effect::Join { .. } => Effect::DialLead { leg },
        Effect::DialLead { .. } => Effect::Ask { leg, have_spoken: true, again: false },
        Effect::Ask { .. } => Effect::HangUp { leg, reason: HangUpReason::Cancelled },
        Effect::HangUp { .. } => Effect::EndCall,
        Effect::EndCall => Effect::LeaveAgent,
        Effect::LeaveAgent => Effect::FindSlots { search: 1, rep },
        Effect::FindSlots { .. } => Effect::Book { slot, attempt: 1 },
        Effect::Book { .. } => {
            let booking = Booking { slot: slot.clone(), vendor_ref: "event-1".to_owned() };
            Effect::MoveMeeting { booking, to: slot, attempt: 2 }
        }
        Effect::MoveMeeting { booking, .. } => Effect::CancelMeeting { booking: booking.clone() },
        Effect::CancelMeeting { .. } => Effect::WriteCrm { owner: rep, note: CrmNote::Routed },
        Effect::WriteCrm { .. } => Effect::Brief { rep, channel: Channel::Chat, why: BriefWhy::Ringing },
        Effect::Brief { channel: Channel::Chat, why, .. } => Effect::Brief { rep, channel: Channel::Email, why: *why },
        Effect::Brief { channel: Channel::Email, .. } => Effect::UpdateCard { card: String::new(), rep },
        Effect::UpdateCard { .. } => Effect::ConfirmToCaller { what: Confirmation::Booking { slot } },
        Effect::ConfirmToCaller { .. } => Effect::TextBack,
        Effect::TextBack => Effect::TextMeeting { slot, called_off: false },
        Effect::TextMeeting { .. } => Effect::Publish { topic: Topic::LeadRouted },
        Effect::Publish { .. } => Effect::Timer { timer: Timer::PatienceBy },
        Effect::Timer { .. } => Effect::ReadOwner,
        Effect::ReadOwner => return None,
    })
}

pub(super) fn one_of_each() -> Vec<Effect> {
    let first = Effect::Instruct { instruction: Instruction::Connected { rep: ana() } };
    std::iter::successors(Some(first), next).collect()
}
