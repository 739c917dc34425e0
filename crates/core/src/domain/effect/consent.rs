//! Which consent of the person each effect is under, and what a yes, a no and no word of it mean for it.
//!
//! A new effect does not compile until it has its place here: the outbox asks before it carries anything out.

use super::{Channel, Effect};
use crate::domain::lead::Consent;

/// What an effect does with the person that they have a say in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Under {
    /// They are dialled.
    Called,
    /// They are sent a text.
    Texted,
    /// They are sent a mail of ours.
    Mailed,
    /// The calendar invites them by mail to a meeting that they chose, or tells them of its new time.
    Invited,
    /// What they say may be recorded.
    Recorded,
}

/// What their word means for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum May {
    Yes,
    No,
    /// They have not said, and it is for the rules to say.
    AsTheRulesSay,
}

impl Under {
    pub fn may(self, consent: &Consent) -> May {
        match self {
            // They called, wrote, or left their number: it is not done against their word.
            Self::Called => unless(consent.refuses_calls()),
            Self::Invited => unless(consent.refuses_mail()),
            Self::Recorded => unless(consent.refuses_recording()),
            // Nobody asked for it: it needs a yes.
            Self::Mailed => unless(!consent.allows_mail()),
            Self::Texted if consent.refuses_texts() => May::No,
            Self::Texted if consent.allows_texts() => May::Yes,
            Self::Texted => May::AsTheRulesSay,
        }
    }

    /// Why nothing is left of an effect where they may not; `None`: it is done without this part.
    fn ends_it(self) -> Option<&'static str> {
        match self {
            Self::Called => Some("to be called is refused"),
            Self::Texted => Some("texts are refused"),
            Self::Mailed => Some("mail is not agreed to"),
            Self::Invited | Self::Recorded => None,
        }
    }
}

fn unless(refused: bool) -> May {
    if refused { May::No } else { May::Yes }
}

impl Effect {
    /// What it does with the person. Empty: it reaches our own people and systems alone, or a caller who is on the line and hears it.
    pub fn under(&self) -> &'static [Under] {
        match self {
            Self::DialLead { .. } => &[Under::Called, Under::Recorded],
            Self::Hold { .. } | Self::Join { .. } => &[Under::Recorded],
            Self::Book { .. } | Self::MoveMeeting { .. } => &[Under::Invited],
            Self::ConfirmToCaller { .. } => &[Under::Mailed],
            Self::TextBack | Self::TextMeeting { .. } => &[Under::Texted],
            Self::Instruct { .. } | Self::Ring { .. } | Self::Whisper { .. } | Self::Ask { .. } => &[],
            Self::HangUp { .. } | Self::EndCall | Self::LeaveAgent | Self::FindSlots { .. } => &[],
            // An invitation is taken back, by whoever had accepted it.
            Self::CancelMeeting { .. } => &[],
            Self::Brief { channel: Channel::Chat | Channel::Email, .. } | Self::UpdateCard { .. } => &[],
            Self::WriteCrm { .. } | Self::ReadOwner | Self::Publish { .. } | Self::Timer { .. } => &[],
        }
    }

    /// Why it is not carried out at all for somebody who has said this.
    pub fn refused_by(&self, consent: &Consent) -> Option<&'static str> {
        let mut refused = self.under().iter().filter(|under| under.may(consent) == May::No);
        refused.find_map(|under| under.ends_it())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::one_of_each;
    use super::*;
    use crate::domain::lead::ConsentSaid;

    fn said(given: Option<bool>) -> Consent {
        let said = given.map(ConsentSaid::from);
        Consent { recording: said, callback: said, email: said, sms: said }
    }

    /// What becomes of it in a word.
    fn becomes(effect: &Effect, consent: &Consent) -> &'static str {
        if effect.refused_by(consent).is_some() {
            return "nothing";
        }
        let mays: Vec<May> = effect.under().iter().map(|under| under.may(consent)).collect();
        match (mays.contains(&May::No), mays.contains(&May::AsTheRulesSay)) {
            (true, _) => "without",
            (false, true) => "by the rules",
            (false, false) => "all",
        }
    }

    /// With a yes to everything, no word of anything, and a no to everything.
    fn expected(effect: &Effect) -> [&'static str; 3] {
        match effect {
            Effect::DialLead { .. } => ["all", "all", "nothing"],
            Effect::Hold { .. } | Effect::Join { .. } => ["all", "all", "without"],
            Effect::Book { .. } | Effect::MoveMeeting { .. } => ["all", "all", "without"],
            Effect::ConfirmToCaller { .. } => ["all", "nothing", "nothing"],
            Effect::TextBack | Effect::TextMeeting { .. } => ["all", "by the rules", "nothing"],
            Effect::Instruct { .. }
            | Effect::Ring { .. }
            | Effect::Whisper { .. }
            | Effect::Ask { .. }
            | Effect::HangUp { .. }
            | Effect::EndCall
            | Effect::LeaveAgent
            | Effect::FindSlots { .. }
            | Effect::CancelMeeting { .. }
            | Effect::Brief { .. }
            | Effect::UpdateCard { .. }
            | Effect::WriteCrm { .. }
            | Effect::ReadOwner
            | Effect::Publish { .. }
            | Effect::Timer { .. } => ["all", "all", "all"],
        }
    }

    #[test]
    fn every_effect_obeys_a_yes_a_no_and_no_word() {
        for effect in one_of_each() {
            let found = [Some(true), None, Some(false)].map(|given| becomes(&effect, &said(given)));
            assert_eq!(found, expected(&effect), "{}", effect.kind());
        }
    }

    #[test]
    fn each_consent_speaks_for_itself() {
        let no = Some(ConsentSaid::from(false));
        for (consent, refused) in [
            (Consent { callback: no, ..said(Some(true)) }, Under::Called),
            (Consent { sms: no, ..said(Some(true)) }, Under::Texted),
            (Consent { recording: no, ..said(Some(true)) }, Under::Recorded),
        ] {
            let all = [Under::Called, Under::Texted, Under::Mailed, Under::Invited, Under::Recorded];
            let found: Vec<Under> = all.into_iter().filter(|under| under.may(&consent) == May::No).collect();
            assert_eq!(found, [refused]);
        }
        let no_mail = Consent { email: no, ..said(Some(true)) };
        assert_eq!([Under::Mailed, Under::Invited].map(|under| under.may(&no_mail)), [May::No; 2]);
    }
}
