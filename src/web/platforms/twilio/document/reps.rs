//! Documents for reps: what is asked of them on the phone, and the rooms into which they come.

use super::{Document, Element, gather, say_in};
use crate::web::platforms::twilio::reply::Listening;
use crate::web::platforms::twilio::section::TwilioSection;
use baton_core::domain::leg::assent::answers_in;
use baton_platforms::twilio::{CALLER, Page, REP};

/// How long a rep may think after the whisper, and after the question what came of a call.
const ANSWERS_WITHIN_S: &str = "8";
const SAYS_WITHIN_S: &str = "10";

impl TwilioSection {
    /// What the rep hears, spoken in a language as Twilio names it, and a key or a word for an answer. `asked` counts how often they
    /// were asked.
    pub(in crate::web::platforms::twilio) fn whisper(
        &self,
        leg: &str,
        (language, words): (Option<&str>, &str),
        listening: &Listening<'_>,
        asked: u8,
    ) -> Document {
        let more = format!("&asked={asked}&in={}", listening.code);
        let accept = self.pages.address(Page::Accept, leg, &more);
        let gather =
            gather(&answers_in(listening.code).join(", "), ANSWERS_WITHIN_S, accept).in_language(listening.language);
        Document(vec![gather.around(say_in(language, words)), Element::new("Hangup")])
    }

    /// The key was pressed, and it is not known yet what came of it.
    pub(in crate::web::platforms::twilio) fn look_again(&self, leg: &str) -> Document {
        let again = self.pages.address(Page::Accept, leg, "&pressed=1");
        Document(vec![Element::new("Pause").with("length", "1"), Element::new("Redirect").saying(again)])
    }

    /// A rep who calls a lead back waits for them, with music, in a room that the lead begins and either of them ends. Whoever is still
    /// there then is led on.
    pub(in crate::web::platforms::twilio) fn wait_for_lead(&self, rep: &str) -> Document {
        let room = self
            .room(rep)
            .with("participantLabel", REP)
            .with("startConferenceOnEnter", "false")
            .with("endConferenceOnExit", "true")
            .with("waitUrl", self.pages.address(Page::Wait, rep, ""));
        let dial = Element::new("Dial").with("action", self.pages.address(Page::Left, rep, "")).around(room);
        Document(vec![dial, Element::new("Hangup")])
    }

    /// The lead, who has picked up, comes to that rep.
    pub(in crate::web::platforms::twilio) fn join_rep(&self, rep: &str) -> Document {
        let room = self
            .room(rep)
            .with("participantLabel", CALLER)
            .with("startConferenceOnEnter", "true")
            .with("endConferenceOnExit", "true");
        Document(vec![Element::new("Dial").around(room), Element::new("Hangup")])
    }

    /// The room is over, and the rep is there still: they are sent on from here, or asked again whether there is more.
    pub(in crate::web::platforms::twilio) fn wait_for_question(&self, rep: &str) -> Document {
        let again = self.pages.address(Page::Left, rep, "");
        Document(vec![Element::new("Pause").with("length", "1"), Element::new("Redirect").saying(again)])
    }

    /// Words, spoken in a language as Twilio names it, and a key for an answer. `asked` counts how often they were asked.
    pub(in crate::web::platforms::twilio) fn question(
        &self,
        rep: &str,
        (language, words): (Option<&str>, &str),
        asked: u32,
    ) -> Document {
        let gather = Element::new("Gather")
            .with("input", "dtmf")
            .with("numDigits", "1")
            // Every key is one, and none ends it.
            .with("finishOnKey", "")
            .with("timeout", SAYS_WITHIN_S)
            .with("action", self.pages.address(Page::Said, rep, &format!("&asked={asked}")));
        Document(vec![gather.around(say_in(language, words)), Element::new("Hangup")])
    }

    /// Into the room of this call, or of this very leg, into which the caller is to come: there is music until they are there. When
    /// the rep leaves it, the caller goes back to asking what is next at once: alone in a room that has begun they would hear nothing.
    pub(in crate::web::platforms::twilio) fn let_in(&self, leg: &str, whose: &str) -> Document {
        let room = self
            .room(whose)
            .with("participantLabel", REP)
            .with("startConferenceOnEnter", "true")
            .with("endConferenceOnExit", "true")
            .with("waitUrl", self.pages.address(Page::Wait, leg, ""));
        let dial = Element::new("Dial").with("action", self.pages.address(Page::Left, leg, "")).around(room);
        Document(vec![dial, Element::new("Hangup")])
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{CALL, section};

    #[test]
    fn only_a_rep_begins_the_conversation_and_only_one_is_let_in() {
        let section = section(None);
        let (hold, let_in) = (section.hold(CALL).text(), section.let_in("leg_1.1", CALL).text());
        assert!(hold.contains("participantLabel=\"caller\" startConferenceOnEnter=\"false\""), "{hold}");
        assert!(let_in.contains("participantLabel=\"rep\" startConferenceOnEnter=\"true\""), "{let_in}");
        let room = format!(">baton-{CALL}</Conference>");
        assert!(hold.contains(&room) && let_in.contains(&room), "{hold} {let_in}");
        for document in [&hold, &let_in] {
            assert!(document.contains("/v1/telephony/twilio/room/"), "whoever comes first: {document}");
        }
    }

    #[test]
    fn a_rep_who_waits_for_a_caller_on_the_way_is_alone_with_them() {
        let section = section(None);
        let (rep, caller) = (section.let_in("leg_1.1", "leg_1.1").text(), section.meet(CALL, "leg_1.1").text());
        for document in [&rep, &caller] {
            assert!(document.contains(">baton-leg_1.1</Conference>"), "{document}");
            assert!(document.contains("endConferenceOnExit=\"true\""), "nobody stays behind: {document}");
        }
        assert!(rep.contains("/v1/telephony/twilio/wait/leg_1.1?"), "music meanwhile: {rep}");
        assert!(section.hold_announced(CALL, "+15551230001").text().contains("&amp;at=%2B15551230001#rc=3"));
    }

    #[test]
    fn whoever_calls_back_and_their_lead_leave_together() {
        let section = section(None);
        let (waits, joins) = (section.wait_for_lead("leg_1.1").text(), section.join_rep("leg_1.1").text());
        for document in [&waits, &joins] {
            assert!(document.contains(">baton-leg_1.1</Conference></Dial><Hangup>"), "{document}");
            assert!(document.contains("endConferenceOnExit=\"true\""), "{document}");
        }
        assert!(waits.contains("startConferenceOnEnter=\"false\"") && waits.contains("waitUrl="), "{waits}");
        assert!(joins.contains("startConferenceOnEnter=\"true\""), "{joins}");
    }

    #[test]
    fn what_came_of_it_is_said_by_any_key_and_whoever_presses_none_is_let_go() {
        let section = section(Some("en-GB"));
        let text = section.question("leg_1.1", (Some("de-DE"), "Drücken Sie 1."), 2).text();
        assert!(text.contains("<Gather input=\"dtmf\" numDigits=\"1\" finishOnKey=\"\" timeout=\"10\""), "{text}");
        assert!(text.contains("/said/leg_1.1?t=") && text.contains("&amp;asked=2#rc=3&amp;rp=all"), "{text}");
        let ends = "<Say language=\"de-DE\">Drücken Sie 1.</Say></Gather><Hangup></Hangup></Response>";
        assert!(text.ends_with(ends), "{text}");
        let waits = section.wait_for_question("leg_1.1").text();
        assert!(waits.contains("<Pause length=\"1\">") && waits.contains("/left/leg_1.1?t="), "{waits}");
    }

    #[test]
    fn it_speaks_in_the_language_of_the_words_and_listens_in_the_reps() {
        let whisper = |account: Option<&str>, written: &str, speaks: &str| {
            let section = section(account);
            let languages = std::collections::BTreeSet::from([speaks.to_owned()]);
            let listening = section.listens_after(written, "en", &languages);
            section.whisper("leg_1.1", (section.speaks(written, "en"), "Dana. Press 1."), &listening, 1).text()
        };
        let own = whisper(Some("en-GB"), "en", "en");
        assert_eq!(own.matches("language=\"en-GB\"").count(), 2, "{own}");
        assert!(!whisper(None, "en", "en").contains("language"));
        let without = whisper(Some("en-GB"), "en", "de");
        assert!(without.contains("<Say language=\"en-GB\">") && without.contains("language=\"de-DE\""), "{without}");
        assert!(without.contains("hints=\"ja, ") && without.contains("&amp;in=de#"), "{without}");
        let german = whisper(Some("en-GB"), "de", "de");
        assert_eq!(german.matches("language=\"de-DE\"").count(), 2, "{german}");
        assert!(german.contains("hints=\"ja, ") && german.contains("&amp;in=de#"), "{german}");
    }
}
