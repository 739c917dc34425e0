//! Which effects somebody outside would notice: in shadow they are named, and not carried out.
//!
//! A new effect does not compile until it has its place here: the outbox asks before it carries anything out.

use super::{Channel, Effect};

impl Effect {
    /// Whether anybody but Baton would notice it: a caller, a rep, a guest, whoever reads the CRM, or a program that listens. The
    /// others read, or are the clock's.
    pub fn is_noticed(&self) -> bool {
        match self {
            Self::Instruct { .. } | Self::Hold { .. } | Self::Ring { .. } | Self::Whisper { .. } => true,
            Self::Join { .. } | Self::DialLead { .. } | Self::Ask { .. } | Self::HangUp { .. } => true,
            Self::EndCall | Self::LeaveAgent => true,
            Self::Book { .. } | Self::MoveMeeting { .. } | Self::CancelMeeting { .. } => true,
            Self::WriteCrm { .. } => true,
            Self::Brief { channel: Channel::Chat | Channel::Email, .. } | Self::UpdateCard { .. } => true,
            Self::ConfirmToCaller { .. } | Self::TextBack | Self::TextMeeting { .. } => true,
            Self::Publish { .. } => true,
            Self::FindSlots { .. } | Self::ReadOwner | Self::Timer { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::one_of_each;
    use super::*;

    #[test]
    fn only_what_reads_or_is_the_clocks_is_noticed_by_nobody() {
        let effects = one_of_each();
        let unnoticed = effects.iter().filter(|effect| !effect.is_noticed());
        assert_eq!(unnoticed.map(Effect::kind).collect::<Vec<_>>(), ["find_slots", "timer", "read_owner"]);
    }
}
