//! A mapping: the file that says what a platform's requests mean. Checked when it is read; a request can no longer find a fault
//! in it.

pub(crate) mod conversion;
pub(crate) mod paths;
mod read;
pub(crate) mod schema;
mod shipped;

use crate::answer::Answer;
use crate::live::Live;
use crate::phrase::Phrase;
use crate::pointer::Place;
use crate::signature::Proof;
use conversion::Conversion;
use serde_json::Value;

#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    /// Of its file: `vapi` of `platforms/vapi.yaml`. The `source` of its events.
    pub name: String,
    /// What it is for, in a sentence or two.
    pub about: String,
    pub(crate) proofs: Vec<Proof>,
    pub(crate) body: Option<BodyKind>,
    /// Where the platform says which account of ours it speaks for.
    pub(crate) account: Option<Place>,
    pub(crate) live: Option<Live>,
    /// At least one.
    pub(crate) messages: Vec<Message>,
}

impl Mapping {
    /// Any one of them will do. Empty: the platform proves nothing, and a token of ours must come with its requests.
    pub fn proofs(&self) -> &[Proof] {
        &self.proofs
    }

    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// How something is said on a call that is going on; `None`: by answers alone.
    pub fn live(&self) -> Option<&Live> {
        self.live.as_ref()
    }
}

/// How a body is written, where the mapping says it; otherwise the request does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum BodyKind {
    Json,
    /// Its fields are the members of one object, all of them texts.
    Form,
}

/// One kind of request, or of item in a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    pub name: String,
    pub means: Means,
    /// Somebody on the line waits for words.
    pub live: bool,
    /// It may begin a lead; otherwise it completes the one of its call.
    pub opens: bool,
    /// The list, each item of which is looked at by itself.
    pub(crate) each: Option<Place>,
    /// All must hold.
    pub(crate) when: Vec<(Place, Wanted)>,
    pub(crate) time: Option<Row>,
    /// Joined by colons; empty: the call and the message's name.
    pub(crate) id: Vec<Phrase>,
    pub(crate) rows: Vec<Row>,
    pub(crate) facts: Vec<FactsAt>,
    /// What to do on the platform where a request does not say which call it is about, or is refused.
    pub(crate) remedy: Option<String>,
    pub(crate) answer: Answer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    Lead,
    CallEnded,
    SlotChosen,
    /// A rep whom the agent has told of the caller takes the call, or does not.
    RepAnswer,
    /// It is answered, and that is all.
    Nothing,
    /// The platform sends no such thing: whoever does is told so.
    Refused,
}

impl Means {
    /// CloudEvents `type`; `None` where no event is made.
    pub fn kind(self) -> Option<&'static str> {
        match self {
            Self::Lead => Some("lead.qualified"),
            Self::CallEnded => Some("call.ended"),
            Self::SlotChosen => Some("slot.chosen"),
            Self::RepAnswer => Some("call.event"),
            Self::Nothing | Self::Refused => None,
        }
    }

    /// What its event cannot do without; the call comes first.
    pub(crate) fn required(self) -> &'static [&'static str] {
        match self {
            Self::Lead => &["call.id"],
            Self::CallEnded => &["call"],
            Self::SlotChosen => &["call", "slot.rep", "slot.from", "slot.until"],
            Self::RepAnswer => &["call", "leg", "event"],
            Self::Nothing | Self::Refused => &[],
        }
    }

    /// Where its event says which platform it came from.
    pub(crate) fn platform(self) -> &'static str {
        match self {
            Self::Lead => "call.platform",
            Self::CallEnded | Self::SlotChosen | Self::RepAnswer | Self::Nothing | Self::Refused => "platform",
        }
    }

    /// What may be written of its event, beside `custom.NAME` of a lead.
    pub(crate) fn paths(self) -> &'static [&'static str] {
        match self {
            Self::Lead => &paths::LEAD,
            Self::CallEnded => &paths::CALL_ENDED,
            Self::SlotChosen => &paths::SLOT_CHOSEN,
            Self::RepAnswer => &paths::REP_ANSWER,
            Self::Nothing | Self::Refused => &[],
        }
    }
}

impl Message {
    /// Every place that the message reads, but for those of its facts.
    pub(crate) fn places(&self) -> impl Iterator<Item = &Place> {
        let rows = self.rows.iter().chain(&self.time).flat_map(|row| &row.ways);
        let of_ways = rows.flat_map(|way| {
            let phrase = match &way.from {
                Origin::Phrase { phrase, .. } => Some(phrase),
                Origin::Constant(_) => None,
            };
            phrase.into_iter().flat_map(Phrase::places).chain(way.when.iter().map(|(place, _)| place))
        });
        let of_when = self.when.iter().map(|(place, _)| place);
        of_ways.chain(of_when).chain(self.id.iter().flat_map(Phrase::places)).chain(self.answer.places())
    }
}

/// What must stand in a place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Wanted {
    /// Anything that says something.
    Present,
    Absent,
    /// One of these words.
    Word(Vec<String>),
}

/// One value of the event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub path: String,
    /// The first that says something counts.
    pub ways: Vec<Way>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Way {
    pub from: Origin,
    /// Otherwise this way says nothing.
    pub when: Vec<(Place, Wanted)>,
    /// Words of the platform, and ours; empty: it is not changed.
    pub words: Vec<(String, String)>,
    pub conversion: Option<Conversion>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Origin {
    /// As it was written, for whoever tries the mapping.
    Phrase {
        written: String,
        phrase: Phrase,
    },
    Constant(Value),
}

/// An object whose members are facts, or a list of such objects.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FactsAt {
    pub place: Place,
    /// The member of each entry that says how the fact is called; otherwise its key does.
    pub name: Option<String>,
    /// The member of each entry that is the value; otherwise the entry is.
    pub member: Option<String>,
    /// Members that are no facts: what the message reads elsewhere, and what the mapping names.
    pub without: Vec<String>,
}
