//! Reads a JSON object field by field and writes down everything that is wrong, instead of stopping at the first.
//!
//! The line between fault and note: in a lead whatever cannot be read (a wrong type, an unknown choice, "Atlantis") is a
//! note. The value counts as unknown and the lead goes on, since somebody may be waiting on the line; the notes come back to
//! the integrator with the answer, and stay with the lead. In any other event what the sending program got wrong is a fault.

mod findings;
mod known;
mod typed;

pub(super) use findings::Findings;
pub(super) use known::Unread;
pub(super) use typed::instant;

use super::fault::{alike, describe};
use serde_json::{Map, Value};

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

/// Most fields of an object in which a name of ours is looked for in another spelling.
const MOST_RESPELT: usize = 64;

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

impl<'v, 'f> Object<'v, 'f> {
    /// `value` is a fault if it is neither an object nor absent.
    pub(super) fn new(pointer: String, value: Option<&'v Value>, findings: &'f Findings) -> Self {
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

    pub(super) fn is_absent(&self) -> bool {
        self.map.is_none()
    }

    pub(super) fn pointer_to(&self, name: &str) -> String {
        format!("{}/{}", self.pointer, name.replace('~', "~0").replace('/', "~1"))
    }

    /// The raw value of a field, which thereby counts as known.
    pub(super) fn raw(&mut self, name: &'static str) -> Option<&'v Value> {
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

    pub(super) fn object(&mut self, name: &'static str) -> Object<'v, 'f> {
        let value = self.raw(name);
        Object::new(self.pointer_to(name), value, self.findings)
    }

    /// The same of a field that may be an object as well as something else; `None`: it is none, and is still to be asked for.
    pub(super) fn object_if_it_is(&mut self, name: &'static str) -> Option<Object<'v, 'f>> {
        let value = self.map?.get(name).filter(|value| value.is_object())?;
        self.asked.push(name);
        Some(Object::new(self.pointer_to(name), Some(value), self.findings))
    }

    pub(super) fn fault(&self, name: &str, value: &Value, allowed: impl Into<String>, hint: Option<String>) {
        let pointer = self.pointer_to(name);
        let found = describe(&pointer, value);
        self.findings.fault(pointer, found, allowed, hint);
    }

    /// Reported by [`Object::finish`], when it is known which other fields may be this one misspelt.
    fn missing(&mut self, name: &'static str, allowed: impl Into<String>) {
        self.missing.push((name, allowed.into()));
    }

    /// Trimmed; blank counts as absent.
    pub(super) fn text(&mut self, name: &'static str) -> Option<&'v str> {
        match self.raw(name)? {
            Value::String(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            other => {
                self.fault(name, other, "text", None);
                None
            }
        }
    }

    /// `None` is a fault: wrong type, blank or absent.
    pub(super) fn required_text(&mut self, name: &'static str) -> Option<&'v str> {
        let text = self.text(name);
        let present = self.map.and_then(|map| map.get(name));
        if text.is_none() && present.is_none_or(|value| value.is_null() || value.is_string()) {
            self.missing(name, "text that is not empty");
        }
        text
    }

    /// Every field, whatever its name: for objects without a vocabulary, which need no [`Object::finish`].
    pub(super) fn take_all(&mut self) -> impl Iterator<Item = (&'v String, &'v Value)> + use<'v> {
        self.map.into_iter().flatten()
    }

    /// Judges what is missing and what nobody asked for. A field near a known name that is absent is probably that name
    /// misspelt: a fault. Any other is new to us and harmless: a note.
    pub(super) fn finish(mut self) {
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

/// What is said of a field that is none of ours.
pub(super) const UNKNOWN_FIELD: &str = "a field of an unknown name";
