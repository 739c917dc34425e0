//! Words for whoever listens, in the shape that the platform reads.

use crate::hear::scene::Scene;
use crate::phrase::{Phrase, Piece};
use crate::pointer::{Place, plain};
use serde_json::{Map, Value};

pub(crate) const TWIML: &str = "text/xml; charset=utf-8";
pub(crate) const PLAIN_TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

/// What is said to one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub say: String,
    /// What became of the message, in one word: decided, accepted, refused …
    pub status: &'static str,
    /// Where the platform is to transfer the caller now, `sip:…` or a number: somebody waits there.
    pub transfer_to: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerBody {
    pub content_type: &'static str,
    pub body: String,
}

/// As the mapping has it, and then with the request's own values in it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    /// An empty body.
    None,
    Text {
        kind: &'static str,
        phrase: Phrase,
    },
    Json(Shape),
    /// One entry for each item of a list; `None`: of the message's own.
    Each {
        each: Option<Place>,
        /// The members that lead to the list of entries.
        into: Vec<String>,
        entry: Shape,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    Text(Phrase),
    Value(Value),
    List(Vec<Shape>),
    Map(Vec<(String, Shape)>),
}

/// `{ "say": "{say}", "transfer_to": "{transfer_to}" }`.
impl Default for Answer {
    fn default() -> Self {
        let one = |name: &str, piece| (name.to_owned(), Shape::Text(Phrase(vec![piece])));
        Self::Json(Shape::Map(vec![one("say", Piece::Say), one("transfer_to", Piece::TransferTo)]))
    }
}

/// An answer that waits for words only.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Reply {
    None,
    Text {
        kind: &'static str,
        phrase: Phrase,
    },
    Json(Shape),
    Entries {
        into: Vec<String>,
        entries: Vec<Shape>,
        /// Entry i answers meaning i; otherwise all say the same.
        each_its_own: bool,
    },
}

impl Answer {
    pub(crate) fn says(&self) -> bool {
        match self {
            Self::None => false,
            Self::Text { phrase, .. } => phrase.says(),
            Self::Json(shape) | Self::Each { entry: shape, .. } => shape.phrases().iter().any(|phrase| phrase.says()),
        }
    }

    pub(crate) fn places(&self) -> impl Iterator<Item = &Place> {
        let phrases = match self {
            Self::None => Vec::new(),
            Self::Text { phrase, .. } => vec![phrase],
            Self::Json(shape) | Self::Each { entry: shape, .. } => shape.phrases(),
        };
        phrases.into_iter().flat_map(Phrase::places)
    }

    /// `list`: the list that the message itself is tried for. At most `most` items are answered.
    pub(crate) fn filled(&self, scene: Scene<'_>, list: Option<&Place>, most: usize) -> Reply {
        match self {
            Self::None => Reply::None,
            Self::Text { kind, phrase } => {
                let text = if *kind == TWIML { escaped } else { str::to_owned };
                Reply::Text { kind, phrase: phrase.filled(scene, text) }
            }
            Self::Json(shape) => Reply::Json(shape.filled(scene)),
            Self::Each { each, into, entry } => {
                let place = each.as_ref().or(list);
                let items = place.map(|place| scene.items(place)).unwrap_or_default();
                let entries = items.iter().take(most).map(|item| entry.filled(scene.with(item))).collect();
                Reply::Entries { into: into.clone(), entries, each_its_own: list.is_some() && place == list }
            }
        }
    }
}

impl Reply {
    /// `said[i]` belongs to meaning i.
    pub(crate) fn said(&self, said: &[Option<Said>]) -> AnswerBody {
        let first = said.iter().flatten().next();
        let body = match self {
            Self::None => return AnswerBody { content_type: PLAIN_TEXT, body: String::new() },
            Self::Text { kind, phrase } => {
                let text = if *kind == TWIML { escaped } else { str::to_owned };
                return AnswerBody { content_type: kind, body: phrase.said(first, text) };
            }
            Self::Json(shape) => shape.said(first),
            Self::Entries { into, entries, each_its_own } => {
                let own = |i: usize| if *each_its_own { said.get(i).and_then(Option::as_ref) } else { first };
                let entries: Value = entries.iter().enumerate().filter_map(|(i, entry)| entry.said(own(i))).collect();
                Some(
                    into.iter()
                        .rev()
                        .fold(entries, |inner, member| Value::from(Map::from_iter([(member.clone(), inner)]))),
                )
            }
        };
        let body = body.unwrap_or_else(|| Value::Object(Map::new()));
        AnswerBody { content_type: JSON, body: body.to_string() }
    }
}

impl Shape {
    fn phrases(&self) -> Vec<&Phrase> {
        match self {
            Self::Text(phrase) => vec![phrase],
            Self::Value(_) => Vec::new(),
            Self::List(items) => items.iter().flat_map(Self::phrases).collect(),
            Self::Map(members) => members.iter().flat_map(|(_, shape)| shape.phrases()).collect(),
        }
    }

    fn filled(&self, scene: Scene<'_>) -> Self {
        match self {
            Self::Text(phrase) if matches!(phrase.0[..], [Piece::Place(_)]) => {
                Self::Value(phrase.value(scene).unwrap_or_default())
            }
            Self::Text(phrase) => Self::Text(phrase.filled(scene, str::to_owned)),
            Self::Value(value) => Self::Value(value.clone()),
            Self::List(items) => Self::List(items.iter().map(|item| item.filled(scene)).collect()),
            Self::Map(members) => {
                Self::Map(members.iter().map(|(name, shape)| (name.clone(), shape.filled(scene))).collect())
            }
        }
    }

    /// `None` for what would only have said something, where nothing is said.
    fn said(&self, said: Option<&Said>) -> Option<Value> {
        match self {
            Self::Text(phrase) if phrase.0 == [Piece::TransferTo] => said?.transfer_to.clone().map(Value::from),
            Self::Text(phrase) if said.is_none() && matches!(phrase.0[..], [Piece::Say | Piece::Status]) => None,
            Self::Text(phrase) => Some(Value::from(phrase.said(said, str::to_owned))),
            Self::Value(value) => Some(value.clone()),
            Self::List(items) => Some(items.iter().filter_map(|item| item.said(said)).collect()),
            Self::Map(members) => {
                let said = |(name, shape): &(String, Self)| Some((name.clone(), shape.said(said)?));
                Some(Value::Object(members.iter().filter_map(said).collect()))
            }
        }
    }
}

impl Phrase {
    /// With what the request says in its places; `text` writes it as the answer needs it.
    fn filled(&self, scene: Scene<'_>, text: fn(&str) -> String) -> Self {
        let filled = |piece: &Piece| match piece {
            Piece::Place(place) => {
                let found = scene.said(place).and_then(|value| plain(&value));
                Piece::Text(found.map(|found| text(&found)).unwrap_or_default())
            }
            Piece::Text(_) | Piece::Say | Piece::Status | Piece::TransferTo => piece.clone(),
        };
        Self(self.0.iter().map(filled).collect())
    }

    fn said(&self, said: Option<&Said>, text: fn(&str) -> String) -> String {
        let word = |piece: &Piece| match piece {
            Piece::Text(own) => own.clone(),
            Piece::Say => said.map(|said| text(&said.say)).unwrap_or_default(),
            Piece::Status => said.map(|said| said.status.to_owned()).unwrap_or_default(),
            Piece::TransferTo => said.and_then(|said| said.transfer_to.as_deref().map(text)).unwrap_or_default(),
            Piece::Place(_) => String::new(),
        };
        self.0.iter().map(word).collect()
    }
}

/// As XML takes a text: without what would be markup, and without control characters, which it takes in no form.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\t' | '\n' | '\r' => escaped.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => escaped.push(c),
        }
    }
    escaped
}
