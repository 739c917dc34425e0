//! What a request says, by a mapping: events of ours, and what its answer will need.
//!
//! Nothing here fails for what a platform adds, leaves out or writes oddly: what cannot be read is unknown and told. A request is
//! unheard only where it is no request of this platform at all, or does not say which call it is about.

mod draft;
mod fact;
mod fit;
mod meaning;
pub(crate) mod scene;

pub(crate) use fact::of_arguments;

use crate::Request;
use crate::answer::{AnswerBody, Reply, Said};
use crate::live::LiveAddress;
use crate::mapping::{BodyKind, Mapping, Means, Message, Wanted};
use crate::pointer::{Part, Place, is_said, plain};
use scene::Scene;
use serde_json::{Map, Value};

/// Largest body: the report of a call of an hour with all that was said. Whoever listens may take less.
pub const LARGEST: usize = 1024 * 1024;
/// Most items of a list that are taken in one request.
const MOST_ITEMS: usize = 64;
/// Longest word that is repeated in a message.
const LONGEST_WORD: usize = 40;

#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// In the order of the request; at least one.
    pub meanings: Vec<Meaning>,
    /// Where its call can be spoken on, if somebody is on the line and the request says it. Not yet held against the mapping.
    pub live: Option<LiveAddress>,
    reply: Reply,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    Event(PlatformEvent),
    /// The name of the message, or of the platform where none fits an item.
    Nothing {
        message: String,
    },
    /// A rep's answer that says neither yes nor no: they are to be asked once more.
    Unclear {
        message: String,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct PlatformEvent {
    /// The name of the mapping's message.
    pub message: String,
    /// A CloudEvents 1.0 event of ours, in structured form.
    pub event: Value,
    /// Somebody waits for words.
    pub live: bool,
    /// Path in the event's data, and where in the request its value stood.
    pub from: Vec<(String, String)>,
    /// Where something stood that says nothing to us, and why; values are not repeated.
    pub left_out: Vec<(String, String)>,
}

/// Why a request says nothing. For a log and for whoever sets up a platform: no values but the words that tell its messages apart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unheard {
    #[error("the body has {bytes} bytes, at most {LARGEST} are taken: leave transcripts and recordings out of it")]
    TooLarge { bytes: usize },
    #[error("the body is not JSON: {why}; if the platform sends a form, say `body: form` in the mapping")]
    NotJson { why: String },
    #[error("{looked} of {mapping} has {items} items, at most {MOST_ITEMS} are taken at once: send several requests")]
    TooMany { mapping: String, looked: String, items: usize },
    #[error("no message of {mapping} fits{found}")]
    NoSuchMessage { mapping: String, found: String },
    #[error("{message:?} of {mapping} does not say which call it is about: nothing stands at {looked}; {remedy}")]
    NoCall { mapping: String, message: String, looked: String, remedy: String },
    #[error("{message:?} of {mapping} is refused: {remedy}")]
    Refused { mapping: String, message: String, remedy: String },
    #[error("nothing in the id of {message:?} of {mapping} is known: nothing stands at {looked}")]
    NoId { mapping: String, message: String, looked: String },
}

impl Unheard {
    /// The platform may send such requests, and Baton has no use for them: they are answered as if they were taken.
    pub fn is_passed_over(&self) -> bool {
        match self {
            Self::NoSuchMessage { .. } => true,
            Self::TooLarge { .. }
            | Self::NotJson { .. }
            | Self::TooMany { .. }
            | Self::NoCall { .. }
            | Self::Refused { .. }
            | Self::NoId { .. } => false,
        }
    }
}

impl Heard {
    /// `said[i]` belongs to `meanings[i]`; `None`, or too few of them: nothing is said to it. The status is always 200.
    pub fn answer(&self, said: &[Option<Said>]) -> AnswerBody {
        self.reply.said(said)
    }
}

impl Mapping {
    /// # Errors
    /// The request is none of this platform's, or does not say enough to be told from others.
    pub fn hear(&self, request: &Request<'_>) -> Result<Heard, Unheard> {
        let body = body(self.body, request)?;
        let scene = Scene { request: *request, body: &body, item: None };
        let first = self.first(scene).ok_or_else(|| self.unknown(scene))?;
        if first.means == Means::Refused {
            return Err(self.refused(first));
        }
        let meanings = match &first.each {
            None => vec![self.meaning(first, scene)?],
            Some(list) => self.meanings(list, scene)?,
        };
        let live = self.live.as_ref().filter(|_| first.live).and_then(|live| live.sent(scene));
        Ok(Heard { meanings, live, reply: first.reply(scene) })
    }

    /// The answer to a request that was [`Unheard`] while somebody on the line waits: the same words wherever words belong. `None`
    /// where nobody waits.
    pub fn answer_unheard(&self, request: &Request<'_>, said: &Said) -> Option<AnswerBody> {
        let body = body(self.body, request).ok()?;
        let scene = Scene { request: *request, body: &body, item: None };
        let first = self.first(scene).filter(|message| message.live)?;
        Some(first.reply(scene).said(&vec![Some(said.clone()); MOST_ITEMS]))
    }

    fn refused(&self, message: &Message) -> Unheard {
        let remedy = message.remedy.clone().unwrap_or_default();
        Unheard::Refused { mapping: self.name.clone(), message: message.name.clone(), remedy }
    }

    fn first(&self, scene: Scene<'_>) -> Option<&Message> {
        self.messages.iter().find(|message| message.fits_somewhere(scene))
    }

    /// One for each item of the list.
    fn meanings(&self, list: &Place, scene: Scene<'_>) -> Result<Vec<Meaning>, Unheard> {
        let items = scene.items(list);
        if items.len() > MOST_ITEMS {
            let (mapping, looked) = (self.name.clone(), list.written.clone());
            return Err(Unheard::TooMany { mapping, looked, items: items.len() });
        }
        let alike: Vec<&Message> = self.messages.iter().filter(|message| message.each.as_ref() == Some(list)).collect();
        let meaning = |item: &Value| {
            let scene = scene.with(item);
            match alike.iter().find(|message| message.fits(scene)) {
                Some(message) => self.meaning(message, scene),
                None => Ok(Meaning::Nothing { message: self.name.clone() }),
            }
        };
        items.iter().map(meaning).collect()
    }

    /// With the words by which the messages of the mapping are told apart.
    fn unknown(&self, scene: Scene<'_>) -> Unheard {
        let mut found: Vec<String> = Vec::new();
        for (place, wanted) in self.messages.iter().flat_map(|message| &message.when) {
            let in_item = matches!(place.part, Part::Item(_));
            if !matches!(wanted, Wanted::Word(_))
                || in_item
                || found.iter().any(|told| told.starts_with(&*place.written))
            {
                continue;
            }
            let word = scene.find(place).and_then(|value| plain(&value)).filter(|word| word.len() <= LONGEST_WORD);
            found.push(format!(
                "{} is {}",
                place.written,
                word.map_or("nothing".to_owned(), |word| format!("{word:?}"))
            ));
        }
        let found = if found.is_empty() { String::new() } else { format!(": {}", found.join(", ")) };
        Unheard::NoSuchMessage { mapping: self.name.clone(), found }
    }
}

impl Message {
    fn reply(&self, scene: Scene<'_>) -> Reply {
        self.answer.filled(scene, self.each.as_ref(), MOST_ITEMS)
    }

    fn fits(&self, scene: Scene<'_>) -> bool {
        holds(&self.when, scene)
    }

    fn fits_somewhere(&self, scene: Scene<'_>) -> bool {
        match &self.each {
            None => self.fits(scene),
            Some(list) => scene.items(list).iter().any(|item| self.fits(scene.with(item))),
        }
    }
}

/// Whether everything that is asked for stands in the request.
fn holds(when: &[(Place, Wanted)], scene: Scene<'_>) -> bool {
    when.iter().all(|(place, wanted)| match wanted {
        Wanted::Present => scene.said(place).is_some(),
        Wanted::Absent => scene.said(place).is_none(),
        Wanted::Word(words) => scene.find(place).is_some_and(|value| words.iter().any(|word| is_said(&value, word))),
    })
}

/// A body as one value. None at all is an object without members: what is said may stand in the address.
fn body(kind: Option<BodyKind>, request: &Request<'_>) -> Result<Value, Unheard> {
    let bytes = request.body;
    if bytes.len() > LARGEST {
        return Err(Unheard::TooLarge { bytes: bytes.len() });
    }
    // Whoever tries a request by hand sends JSON as a form unless told otherwise, and no field of a form begins with a brace.
    let looks_like_form = || request.is_form() && !bytes.trim_ascii_start().starts_with(b"{");
    let is_form = kind.map_or_else(looks_like_form, |kind| kind == BodyKind::Form);
    if is_form {
        let fields = form_urlencoded::parse(bytes).map(|(name, text)| (name.into_owned(), Value::from(text)));
        return Ok(Value::Object(fields.collect()));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Object(Map::new()));
    }
    serde_json::from_slice(bytes).map_err(|error| Unheard::NotJson { why: error.to_string() })
}

#[cfg(test)]
mod tests;
