//! TwiML, the documents in which Twilio is told what a call does next: whatever is said in them is text, never a verb.

mod reps;

use super::section::TwilioSection;
use baton_platforms::twilio::{CALLER, Page, room_of};
use url::form_urlencoded::byte_serialize;

/// What a caller may say instead of a key, so that it is listened for.
const CALLERS_WORDS: &str = "one, two, three, first, second, third, none";
/// How long a caller may think after the offer.
const CALLER_ANSWERS_WITHIN_S: &str = "6";
/// What Twilio takes for a phone that it dials.
const SHORTEST_RING_S: u64 = 5;
const LONGEST_RING_S: u64 = 600;

/// Verbs, one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Document(Vec<Element>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Element {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    text: String,
    inside: Vec<Element>,
}

impl Element {
    fn new(name: &'static str) -> Self {
        Self { name, attributes: Vec::new(), text: String::new(), inside: Vec::new() }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }

    /// `None`: in Twilio's own.
    fn in_language(self, language: Option<&str>) -> Self {
        match language {
            Some(language) => self.with("language", language),
            None => self,
        }
    }

    fn saying(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    fn around(mut self, inside: Self) -> Self {
        self.inside.push(inside);
        self
    }

    fn write(&self, into: &mut String) {
        into.push('<');
        into.push_str(self.name);
        for (name, value) in &self.attributes {
            into.push_str(&format!(" {name}=\""));
            escape(value, into);
            into.push('"');
        }
        into.push('>');
        escape(&self.text, into);
        self.inside.iter().for_each(|element| element.write(into));
        into.push_str(&format!("</{}>", self.name));
    }
}

/// As XML takes a text: without what would be markup, and without control characters, which it takes in no form.
fn escape(text: &str, into: &mut String) {
    for c in text.chars() {
        match c {
            '&' => into.push_str("&amp;"),
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '"' => into.push_str("&quot;"),
            '\'' => into.push_str("&apos;"),
            c if c.is_whitespace() => into.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => into.push(c),
        }
    }
}

impl Document {
    /// Nothing to do: the answer to what is only told.
    pub(super) fn nothing() -> Self {
        Self(Vec::new())
    }

    pub(super) fn end() -> Self {
        Self(vec![Element::new("Hangup")])
    }

    pub(super) fn text(&self) -> String {
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>");
        self.0.iter().for_each(|element| element.write(&mut text));
        text + "</Response>"
    }
}

/// What is written into the documents of one account.
impl TwilioSection {
    fn say(&self, words: &str) -> Element {
        say_in(self.language.as_deref(), words)
    }

    fn play_music(&self) -> Element {
        Element::new("Play").saying(self.music.as_str())
    }

    fn ask_next(&self, call: &str) -> Element {
        Element::new("Redirect").saying(self.pages.address(Page::Next, call, ""))
    }

    /// Words, and the end.
    pub(super) fn last_words(&self, words: &str) -> Document {
        last_words_in(self.language.as_deref(), words)
    }

    /// Where it tells what happens in it is said by whoever comes first: a rep may, while the caller is on the way back into it.
    fn room(&self, whose: &str) -> Element {
        Element::new("Conference")
            .with("beep", "false")
            .with("statusCallback", self.pages.address(Page::Room, whose, ""))
            .with("statusCallbackEvent", "start end join leave")
            .saying(room_of(whose))
    }

    /// The caller waits in a room of their own until somebody comes. Whoever comes starts the conversation, and where it ends, or none
    /// begins, Twilio asks what is next.
    pub(super) fn hold(&self, call: &str) -> Document {
        self.caller_into(call, call, "false", "")
    }

    /// The same for a caller of whom no lead is known, who was announced at this address: asked again from in there, where the call
    /// has begun and can be told what is next.
    pub(super) fn hold_announced(&self, call: &str, at: &str) -> Document {
        self.caller_into(call, call, "false", &announced(at))
    }

    /// To the rep who waits in the room of this leg; without the caller it is over.
    pub(super) fn meet(&self, call: &str, leg: &str) -> Document {
        self.caller_into(leg, call, "true", "")
    }

    fn caller_into(&self, whose: &str, call: &str, is_over_without: &str, wait_more: &str) -> Document {
        let room = self
            .room(whose)
            .with("participantLabel", CALLER)
            .with("startConferenceOnEnter", "false")
            .with("endConferenceOnExit", is_over_without)
            .with("waitUrl", self.pages.address(Page::Wait, call, wait_more));
        let dial = Element::new("Dial").with("action", self.pages.address(Page::Next, call, "")).around(room);
        Document(vec![dial, self.ask_next(call)])
    }

    /// In the room, of a caller whose lead could not be stored yet: asked again in a moment.
    pub(super) fn wait_announced(&self, call: &str, at: &str) -> Document {
        let again = self.pages.address(Page::Wait, call, &announced(at));
        Document(vec![Element::new("Pause").with("length", "1"), Element::new("Redirect").saying(again)])
    }

    /// In the room: who is being fetched, where that is new, and music. `fetched`: what the caller will have heard of by then.
    pub(super) fn wait(&self, call: &str, words: Option<&str>, fetched: &str) -> Document {
        let again = self.pages.address(Page::Wait, call, &format!("&fetched={fetched}"));
        let mut verbs: Vec<Element> = words.map(|words| self.say(words)).into_iter().collect();
        verbs.extend([self.play_music(), Element::new("Redirect").saying(again)]);
        Document(verbs)
    }

    /// Words, and music until there is more to say.
    pub(super) fn say_and_wait(&self, call: &str, words: Option<&str>) -> Document {
        let mut verbs: Vec<Element> = words.map(|words| self.say(words)).into_iter().collect();
        verbs.extend([self.play_music(), self.ask_next(call)]);
        Document(verbs)
    }

    /// Something was told that leads to more: Twilio is sent on by that, or asks in a moment.
    pub(super) fn in_a_moment(&self, call: &str) -> Document {
        Document(vec![Element::new("Pause").with("length", "1"), self.ask_next(call)])
    }

    /// Times to choose from. `offered` stands for them; `asked` counts how often they were offered.
    pub(super) fn offer(&self, call: &str, words: &str, offered: &str, asked: u8) -> Document {
        let choose = self.pages.address(Page::Choose, call, &format!("&offered={offered}&asked={asked}"));
        let gather = gather(CALLERS_WORDS, CALLER_ANSWERS_WITHIN_S, choose);
        let gather = gather.in_language(self.language.as_deref());
        Document(vec![gather.around(self.say(words)), self.ask_next(call)])
    }

    /// The agent's phone rings, and the caller hears that it does; what comes of it is told. Where the agent is an address of its
    /// platform, the call is the platform's from here on. `leg`: as which it is told that the phone was picked up.
    pub(super) fn to_agent(&self, call: &str, agent: &str, leg: Option<&str>) -> Document {
        if is_platform(agent) {
            return Document(vec![Element::new("Redirect").with("method", "POST").saying(agent)]);
        }
        let phone = match agent.starts_with("sip") {
            true => Element::new("Sip").saying(format!("{agent}?X-Baton-Call={call}")),
            false => Element::new("Number").saying(agent),
        };
        let phone = match leg {
            Some(leg) => phone
                .with("statusCallback", self.pages.address(Page::Machine, leg, ""))
                .with("statusCallbackEvent", "answered"),
            None => phone,
        };
        let dial = Element::new("Dial")
            .with("answerOnBridge", "true")
            .with("timeout", self.agent_within.as_secs().clamp(SHORTEST_RING_S, LONGEST_RING_S).to_string())
            .with("action", self.pages.address(Page::Agent, call, ""));
        Document(vec![dial.around(phone), self.ask_next(call)])
    }
}

/// Whether the agent is an address of its platform, which answers by itself.
pub(super) fn is_platform(agent: &str) -> bool {
    agent.starts_with("http")
}

/// Where a caller was expected, as a part of an address.
fn announced(at: &str) -> String {
    format!("&at={}", byte_serialize(at.as_bytes()).collect::<String>())
}

/// For a rep, in a language as Twilio names it: words, and the end.
pub(super) fn last_words_in(language: Option<&str>, words: &str) -> Document {
    Document(vec![say_in(language, words), Element::new("Hangup")])
}

fn say_in(language: Option<&str>, words: &str) -> Element {
    Element::new("Say").in_language(language).saying(words)
}

fn gather(words: &str, within_s: &str, action: String) -> Element {
    Element::new("Gather")
        .with("input", "dtmf speech")
        .with("numDigits", "1")
        .with("timeout", within_s)
        .with("speechTimeout", "auto")
        .with("hints", words)
        .with("actionOnEmptyResult", "true")
        .with("action", action)
}

#[cfg(test)]
mod tests;
