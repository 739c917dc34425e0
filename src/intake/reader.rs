//! Reads a JSON object field by field and writes down everything that is wrong, instead of stopping at the first.
//!
//! The line between fault and note: in a lead whatever cannot be read (a wrong type, an unknown choice, "Atlantis") is a
//! note. The value counts as unknown and the lead goes on, since somebody may be waiting on the line; the notes come back to
//! the integrator with the answer, and stay with the lead. In any other event what the sending program got wrong is a fault.

use super::fault::{EventFault, alike, describe, nearest};
use crate::domain::id::InvalidId;
use crate::domain::known::{Known, Source};
use crate::rules::values;
use chrono::{DateTime, Utc};
use serde_json::{Map, Number, Value};
use std::cell::{Cell, RefCell};

/// Names that other systems use for fields of ours: read in a lead, told like a typo elsewhere.
const OTHER_NAMES: [(&str, &str); 15] = [
    ("first_name", "name"),
    ("full_name", "name"),
    ("mail", "email"),
    ("email_address", "email"),
    ("phone_number", "phone"),
    ("mobile", "phone"),
    ("role", "title"),
    ("job_title", "title"),
    ("website", "domain"),
    ("size", "employees"),
    ("headcount", "employees"),
    ("zip", "postal"),
    ("postal_code", "postal"),
    ("province", "state"),
    ("call_id", "id"),
];

/// Most findings of a kind that are kept: an event of thousands of strange fields is told by its first.
const MOST_TOLD: usize = 64;
/// Most unknown names of one event for which the nearest known one is sought.
const MOST_SOUGHT: u32 = 32;
/// Most fields of an object in which a name of ours is looked for in another spelling.
const MOST_RESPELT: usize = 64;

/// What was found so far, over all objects of one event.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub faults: RefCell<Vec<EventFault>>,
    pub notes: RefCell<Vec<EventFault>>,
    /// A lead is read: what is wrong with it is noted, and counts as unknown.
    lenient: Cell<bool>,
    sought: Cell<u32>,
    left_out: Cell<usize>,
}

impl Findings {
    /// A note in a lead, a fault in anything else.
    pub fn fault(&self, pointer: String, found: String, allowed: impl Into<String>, hint: Option<String>) {
        if self.lenient.get() {
            return self.note(pointer, found, allowed, Some(hint.unwrap_or_else(|| KEPT_OUT.to_owned())));
        }
        self.refuse(pointer, found, allowed, hint);
    }

    /// A fault, also in a lead.
    pub fn refuse(&self, pointer: String, found: String, allowed: impl Into<String>, hint: Option<String>) {
        self.add(&self.faults, EventFault { pointer, found, allowed: allowed.into(), hint });
    }

    fn note(&self, pointer: String, found: String, allowed: impl Into<String>, hint: Option<String>) {
        self.add(&self.notes, EventFault { pointer, found, allowed: allowed.into(), hint });
    }

    fn add(&self, to: &RefCell<Vec<EventFault>>, finding: EventFault) {
        if to.borrow().len() < MOST_TOLD {
            to.borrow_mut().push(finding);
        } else {
            self.left_out.set(self.left_out.get() + 1);
        }
    }

    /// From here on nothing but [`Findings::refuse`] refuses, and what was found so far is only noted: a lead begins.
    pub fn be_lenient(&self) {
        self.lenient.set(true);
        for fault in self.faults.take() {
            self.fault(fault.pointer, fault.found, fault.allowed, fault.hint);
        }
    }

    /// All faults and all notes, and how many more there were.
    pub fn into_told(self) -> (Vec<EventFault>, Vec<EventFault>) {
        let (mut faults, mut notes) = (self.faults.into_inner(), self.notes.into_inner());
        if self.left_out.get() > 0 {
            let told = if faults.is_empty() { &mut notes } else { &mut faults };
            let found = format!("{} more of this kind", self.left_out.get());
            told.push(EventFault { pointer: String::new(), found, allowed: "none of them".to_owned(), hint: None });
        }
        (faults, notes)
    }

    /// The known name nearest to this one; the search is given up where an event has very many names that nobody knows.
    fn nearest<'n>(&self, name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
        self.sought.set(self.sought.get() + 1);
        if self.sought.get() > MOST_SOUGHT { None } else { nearest(name, known) }
    }
}

const KEPT_OUT: &str = "kept out: it counts as unknown";

/// One object under its pointer. A field that is null counts as absent.
pub(super) struct Object<'v, 'f> {
    pointer: String,
    map: Option<&'v Map<String, Value>>,
    /// Every field that was asked for: the vocabulary of this object.
    asked: Vec<&'static str>,
    /// Required fields that are not there, with what they should be.
    missing: Vec<(&'static str, String)>,
    /// Fields of a lead that stood under another name, and ours.
    respelt: Vec<(&'v str, &'static str)>,
    pub findings: &'f Findings,
}

/// A bare value, or one that came as `{value, source, confidence}`.
struct Given<'v> {
    value: &'v Value,
    pointer: String,
    source: Source,
    confidence_permille: Option<u16>,
}

impl<'v, 'f> Object<'v, 'f> {
    /// `value` is a fault if it is neither an object nor absent.
    pub fn new(pointer: String, value: Option<&'v Value>, findings: &'f Findings) -> Self {
        let map = match value {
            None | Some(Value::Null) => None,
            Some(Value::Object(map)) => Some(map),
            Some(other) => {
                findings.fault(pointer.clone(), describe(&pointer, other), "an object", None);
                None
            }
        };
        Self { pointer, map, asked: Vec::new(), missing: Vec::new(), respelt: Vec::new(), findings }
    }

    pub fn is_absent(&self) -> bool {
        self.map.is_none()
    }

    pub fn pointer_to(&self, name: &str) -> String {
        format!("{}/{}", self.pointer, name.replace('~', "~0").replace('/', "~1"))
    }

    /// The raw value of a field, which thereby counts as known.
    pub fn raw(&mut self, name: &'static str) -> Option<&'v Value> {
        self.asked.push(name);
        let given = self.map?.get(name);
        let value = if given.is_none() { self.under_another_name(name) } else { given };
        value.filter(|value| !value.is_null())
    }

    /// In a lead, a field that only case, separators or a habit of other systems keep apart from ours.
    fn under_another_name(&mut self, name: &'static str) -> Option<&'v Value> {
        let map = self.map.filter(|map| self.findings.lenient.get() && map.len() <= MOST_RESPELT)?;
        let is_ours = |theirs: &str| {
            OTHER_NAMES.contains(&(theirs, name)) || theirs.len() <= 2 * name.len() && alike(theirs, name)
        };
        let (theirs, value) = map.iter().find(|(theirs, _)| is_ours(theirs))?;
        self.respelt.push((theirs, name));
        Some(value)
    }

    pub fn object(&mut self, name: &'static str) -> Object<'v, 'f> {
        let value = self.raw(name);
        Object::new(self.pointer_to(name), value, self.findings)
    }

    pub fn fault(&self, name: &str, value: &Value, allowed: impl Into<String>, hint: Option<String>) {
        let pointer = self.pointer_to(name);
        let found = describe(&pointer, value);
        self.findings.fault(pointer, found, allowed, hint);
    }

    /// Reported by [`Object::finish`], when it is known which other fields may be this one misspelt.
    fn missing(&mut self, name: &'static str, allowed: impl Into<String>) {
        self.missing.push((name, allowed.into()));
    }

    /// Trimmed; blank counts as absent.
    pub fn text(&mut self, name: &'static str) -> Option<&'v str> {
        match self.raw(name)? {
            Value::String(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            other => {
                self.fault(name, other, "text", None);
                None
            }
        }
    }

    /// `None` is a fault: wrong type, blank or absent.
    pub fn required_text(&mut self, name: &'static str) -> Option<&'v str> {
        let text = self.text(name);
        let present = self.map.and_then(|map| map.get(name));
        if text.is_none() && present.is_none_or(|value| value.is_null() || value.is_string()) {
            self.missing(name, "text that is not empty");
        }
        text
    }

    pub fn flag(&mut self, name: &'static str) -> Option<bool> {
        let value = self.raw(name)?;
        let flag = match value {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) => values::flag(text.trim()),
            Value::Number(number) => values::flag(&number.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        };
        if flag.is_none() {
            self.fault(name, value, "true or false", None);
        }
        flag
    }

    /// A number, or a text that is one.
    pub fn number(&mut self, name: &'static str) -> Option<f64> {
        let value = self.raw(name)?;
        let said = || value.as_str()?.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        let number = value.as_f64().or_else(said);
        if number.is_none() {
            self.fault(name, value, "a number", None);
        }
        number
    }

    /// RFC 3339 with an offset.
    pub fn instant(&mut self, name: &'static str) -> Option<DateTime<Utc>> {
        let value = self.raw(name)?;
        let instant = value.as_str().and_then(instant);
        if instant.is_none() {
            self.fault(name, value, INSTANT, instant_hint(value));
        }
        instant
    }

    pub fn required_instant(&mut self, name: &'static str) -> Option<DateTime<Utc>> {
        if self.map.is_none_or(|map| map.get(name).is_none_or(Value::is_null)) {
            self.asked.push(name);
            self.missing(name, INSTANT);
            return None;
        }
        self.instant(name)
    }

    pub fn choice<T: Copy>(&mut self, name: &'static str, choices: &[(&'static str, T)]) -> Option<T> {
        let value = self.raw(name)?;
        let found = value.as_str().and_then(|text| choices.iter().find(|(word, _)| alike(word, text)));
        if found.is_none() {
            let words = choices.iter().map(|(word, _)| *word);
            let near = value.as_str().and_then(|text| self.findings.nearest(text, words.clone()));
            let allowed = format!("one of {}", words.collect::<Vec<_>>().join(", "));
            self.fault(name, value, allowed, near.map(|near| format!("did you mean {near:?}?")));
        }
        found.map(|(_, choice)| *choice)
    }

    pub fn required_choice<T: Copy>(&mut self, name: &'static str, choices: &[(&'static str, T)]) -> Option<T> {
        if self.map.is_none_or(|map| map.get(name).is_none_or(Value::is_null)) {
            self.asked.push(name);
            let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
            self.missing(name, format!("one of {}", words.join(", ")));
            return None;
        }
        self.choice(name, choices)
    }

    /// An id of ours, which must have its form.
    pub fn id<T: TryFrom<String, Error = InvalidId>>(&mut self, name: &'static str) -> Option<T> {
        let text = self.text(name)?;
        self.made(name, text)
    }

    pub fn required_id<T: TryFrom<String, Error = InvalidId>>(&mut self, name: &'static str) -> Option<T> {
        let text = self.required_text(name)?;
        self.made(name, text)
    }

    fn made<T: TryFrom<String, Error = InvalidId>>(&self, name: &str, text: &str) -> Option<T> {
        match T::try_from(text.to_owned()) {
            Ok(id) => Some(id),
            Err(invalid) => {
                self.fault(name, &Value::from(text), invalid.expected, None);
                None
            }
        }
    }

    /// A list of texts, or one text; numbers and flags become texts. Blanks and placeholders are left out, and what is no text
    /// at all is kept out by itself.
    pub fn texts(&mut self, name: &'static str, normalise: impl Fn(&str) -> Option<String>) -> Vec<String> {
        let Some(given) = self.given(name, Source::Caller) else { return Vec::new() };
        let items = match given.value {
            Value::Array(items) => items.iter().collect(),
            one => vec![one],
        };
        let mut texts = Vec::new();
        for item in items {
            match item {
                Value::String(text) => texts.extend(normalise(text)),
                Value::Number(_) | Value::Bool(_) => texts.extend(normalise(&item.to_string())),
                Value::Null => {}
                Value::Array(_) | Value::Object(_) => {
                    let found = format!("a list with {}", describe(&given.pointer, item));
                    self.findings.fault(given.pointer.clone(), found, "text or a list of texts", None);
                }
            }
        }
        texts
    }

    /// Where a list of texts came from, where that is said and it is not the caller.
    pub fn source_of(&self, name: &'static str) -> Option<Source> {
        let said = self.map?.get(name)?.get("source")?.as_str()?;
        SOURCES.iter().find(|(word, _)| *word == said).map(|(_, source)| *source).filter(|one| *one != Source::Caller)
    }

    /// A text with where it came from. `normalise` answering `None` on text that says something is a note.
    pub fn known<T>(
        &mut self,
        name: &'static str,
        bare_means: Source,
        allowed: &str,
        normalise: impl FnOnce(&str) -> Option<T>,
    ) -> Option<Known<T>> {
        self.known_value(name, bare_means, allowed, |value| match value {
            Value::String(text) => said(text, normalise),
            _ => Err(Unread),
        })
    }

    /// As [`Object::known`], for what is written in digits: systems send it as a number.
    pub fn known_digits<T>(
        &mut self,
        name: &'static str,
        bare_means: Source,
        allowed: &str,
        normalise: impl FnOnce(&str) -> Option<T>,
    ) -> Option<Known<T>> {
        self.known_value(name, bare_means, allowed, |value| match value {
            Value::String(text) => said(text, normalise),
            Value::Number(number) => whole(number).and_then(|digits| normalise(&digits)).map(Some).ok_or(Unread),
            _ => Err(Unread),
        })
    }

    /// The same for values that are not text. What `read` refuses is a note, of whatever JSON type it is, and the only item
    /// of a list is that item.
    pub fn known_value<T>(
        &mut self,
        name: &'static str,
        bare_means: Source,
        allowed: &str,
        read: impl FnOnce(&Value) -> Result<Option<T>, Unread>,
    ) -> Option<Known<T>> {
        let given = self.given(name, bare_means)?;
        let (source, confidence_permille) = (given.source, given.confidence_permille);
        let value = match given.value {
            Value::Array(items) if items.len() == 1 => &items[0],
            other => other,
        };
        match read(value) {
            Ok(value) => Some(Known { value: value?, source, confidence_permille }),
            Err(Unread) => {
                let found = describe(&given.pointer, given.value);
                self.findings.note(given.pointer, found, allowed, Some(KEPT_OUT.to_owned()));
                None
            }
        }
    }

    fn given(&mut self, name: &'static str, bare_means: Source) -> Option<Given<'v>> {
        let value = self.raw(name)?;
        let pointer = self.pointer_to(name);
        let Value::Object(map) = value else {
            return Some(Given { value, pointer, source: bare_means, confidence_permille: None });
        };
        let mut object = Object {
            pointer,
            map: Some(map),
            asked: Vec::new(),
            missing: Vec::new(),
            respelt: Vec::new(),
            findings: self.findings,
        };
        let value = object.raw("value");
        let source = object.choice("source", &SOURCES).unwrap_or(bare_means);
        let confidence = object.number("confidence");
        let sure = confidence.filter(|c| (0.0..=1.0).contains(c));
        if let (Some(number), None) = (confidence, sure) {
            object.fault("confidence", &Value::from(number), "a number from 0 to 1", None);
        }
        if value.is_none() && !map.contains_key("value") {
            object.missing("value", "the value itself, or null");
        }
        let pointer = object.pointer_to("value");
        object.finish();
        // Between 0 and 1000, so that the cast keeps the value.
        let confidence_permille = sure.map(|c| (c * 1000.0).round() as u16);
        Some(Given { value: value?, pointer, source, confidence_permille })
    }

    /// Every field, whatever its name: for objects without a vocabulary, which need no [`Object::finish`].
    pub fn take_all(&mut self) -> impl Iterator<Item = (&'v String, &'v Value)> + use<'v> {
        self.map.into_iter().flatten()
    }

    /// Judges what is missing and what nobody asked for. A field near a known name that is absent is probably that name
    /// misspelt: a fault. Any other is new to us and harmless: a note.
    pub fn finish(mut self) {
        let missing = std::mem::take(&mut self.missing);
        let strangers: Vec<(&String, Option<&str>)> =
            self.map.into_iter().flat_map(Map::keys).filter_map(|name| self.stranger(name)).collect();
        for (name, allowed) in missing {
            if !strangers.iter().any(|(_, meant)| *meant == Some(name)) {
                self.findings.fault(self.pointer_to(name), "nothing".into(), allowed, None);
            }
        }
        for (theirs, ours) in &self.respelt {
            let hint = Some(format!("read as {ours:?}"));
            self.findings.note(self.pointer_to(theirs), UNKNOWN_FIELD.to_owned(), format!("{ours:?}"), hint);
        }
        for (name, meant) in strangers {
            let (pointer, found) = (self.pointer_to(name), UNKNOWN_FIELD.to_owned());
            let allowed = format!("one of {}", self.asked.join(", "));
            match meant {
                Some(meant) => self.findings.fault(pointer, found, allowed, Some(format!("did you mean {meant:?}?"))),
                None => {
                    let hint = Some("kept out: put further facts under data.custom".to_owned());
                    self.findings.note(pointer, found, allowed, hint);
                }
            }
        }
    }

    /// A field that nobody asked for, and the absent one that it probably is.
    fn stranger<'n>(&self, name: &'n String) -> Option<(&'n String, Option<&'static str>)> {
        if self.asked.contains(&name.as_str()) || self.respelt.iter().any(|(theirs, _)| theirs == name) {
            return None;
        }
        let absent = || self.asked.iter().copied().filter(|known| self.map.is_none_or(|map| !map.contains_key(*known)));
        let renamed = OTHER_NAMES.iter().find(|(other, ours)| other == name && absent().any(|known| known == *ours));
        Some((name, renamed.map(|(_, ours)| *ours).or_else(|| self.findings.nearest(name, absent()))))
    }
}

/// A value that is none of what it may be: it counts as unknown.
pub(super) struct Unread;

/// What a text says; nothing, where it only fills a form.
fn said<T>(text: &str, normalise: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, Unread> {
    if super::normalise::is_placeholder(text) || text.trim().is_empty() {
        return Ok(None);
    }
    normalise(text).map(Some).ok_or(Unread)
}

/// The digits of a number without a fraction.
fn whole(number: &Number) -> Option<String> {
    let whole = number.as_f64().filter(|number| number.fract() == 0.0 && *number >= 0.0 && *number < 1e16)?;
    Some(format!("{whole:.0}"))
}

/// RFC 3339, also with a blank between date and time, or before the offset.
pub(super) fn instant(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let blanks = || text.split_whitespace().collect::<Vec<_>>();
    let joined = match blanks()[..] {
        [_] => return DateTime::parse_from_rfc3339(text).ok().map(|instant| instant.to_utc()),
        [day, time] => format!("{day}T{time}"),
        [day, time, offset] => format!("{day}T{time}{offset}"),
        _ => return None,
    };
    DateTime::parse_from_rfc3339(&joined).ok().map(|instant| instant.to_utc())
}

/// What is said of a field that is none of ours.
pub(super) const UNKNOWN_FIELD: &str = "a field of an unknown name";

const INSTANT: &str = "a time with its offset, such as 2026-03-03T15:00:00Z";

const SOURCES: [(&str, Source); 4] =
    [("caller", Source::Caller), ("crm", Source::Crm), ("inferred", Source::Inferred), ("platform", Source::Platform)];

fn instant_hint(value: &Value) -> Option<String> {
    match value {
        Value::Number(_) => Some("seconds or milliseconds since 1970 must be written as a date and time".into()),
        Value::String(text) if text.len() >= 10 && !text.ends_with('Z') => {
            Some("add Z for UTC, or an offset such as +01:00".into())
        }
        _ => None,
    }
}
