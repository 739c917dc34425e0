//! From one message to its event.

use super::draft::Draft;
use super::scene::{Scene, UNFILLED, is_unfilled, is_unknown};
use super::{Meaning, PlatformEvent, Unheard, holds};
use crate::mapping::{Mapping, Means, Message, Origin, Row, Way};
use crate::phrase::Phrase;
use crate::pointer::{is_said, plain};
use serde_json::{Value, json};

impl Mapping {
    pub(super) fn meaning(&self, message: &Message, scene: Scene<'_>) -> Result<Meaning, Unheard> {
        if message.means == Means::Refused {
            return Err(self.refused(message));
        }
        let Some(kind) = message.means.kind() else { return Ok(Meaning::Nothing { message: message.name.clone() }) };
        let mut draft = Draft::default();
        for row in &message.rows {
            draft.row(row, scene);
        }
        if draft.get(message.means.platform()).is_none() {
            draft.set(message.means.platform(), Value::from(&*self.name), "the mapping's name");
        }
        let call = draft.get(message.means.required()[0]).and_then(plain).ok_or_else(|| self.no_call(message))?;
        if message.means == Means::RepAnswer && !draft.is_answered() {
            return Ok(Meaning::Unclear { message: message.name.clone() });
        }
        if message.means == Means::Lead {
            draft.consents_are_of_the_platform();
            // Whoever waits before a screen is on no line.
            let by_call = draft.get("channel").is_none_or(|channel| is_said(channel, "call"));
            draft.set("call.live", Value::from(message.live && by_call), "the message");
            if !message.opens {
                draft.set("call.opens", Value::from(false), "the message");
            }
            for facts in &message.facts {
                draft.facts(facts, scene);
            }
        }
        let mut event = json!({
            "specversion": "1.0",
            "type": kind,
            "id": self.id(message, &call, scene)?,
            "source": self.source(scene),
        });
        let mut time = Draft::default();
        if let Some(row) = &message.time {
            time.row(row, scene);
        }
        if let Some(at) = time.data.remove("time") {
            event["time"] = at;
        }
        draft.left_out.append(&mut time.left_out);
        event["data"] = Value::Object(draft.data);
        let (from, left_out) = (draft.from, draft.left_out);
        Ok(Meaning::Event(PlatformEvent { message: message.name.clone(), event, live: message.live, from, left_out }))
    }

    /// The same for a request that is sent again. A part of which nothing is known is left out.
    fn id(&self, message: &Message, call: &str, scene: Scene<'_>) -> Result<String, Unheard> {
        if message.id.is_empty() {
            return Ok(format!("{call}:{}", message.name));
        }
        let known = |part: &&Phrase| part.places().any(|place| scene.said(place).is_some());
        if !message.id.iter().any(|part| known(&part)) {
            let looked = places(message.id.iter().flat_map(Phrase::places).map(|place| place.written.as_str()));
            return Err(Unheard::NoId { mapping: self.name.clone(), message: message.name.clone(), looked });
        }
        let parts = message.id.iter().filter_map(|part| part.value(scene)).filter_map(|value| plain(&value));
        Ok(printed(&parts.collect::<Vec<_>>().join(":")))
    }

    fn source(&self, scene: Scene<'_>) -> String {
        let account = self.account.as_ref().and_then(|place| scene.said(place)).and_then(|value| plain(&value));
        let account = account.map(|text| printed(&text).split_whitespace().collect::<String>());
        account.map_or_else(|| self.name.clone(), |account| format!("{}/{account}", self.name))
    }

    fn no_call(&self, message: &Message) -> Unheard {
        let path = message.means.required()[0];
        let ways = message.rows.iter().filter(|row| row.path == path).flat_map(|row| &row.ways);
        let looked = places(ways.map(|way| way.from.written()));
        let usual = "see in the platform's settings what it sends along";
        let remedy = message.remedy.as_deref().unwrap_or(usual).to_owned();
        Unheard::NoCall { mapping: self.name.clone(), message: message.name.clone(), looked, remedy }
    }
}

impl Draft {
    /// The first way that says something.
    fn row(&mut self, row: &Row, scene: Scene<'_>) {
        for way in &row.ways {
            match way.value(scene) {
                None => {
                    if let Some(place) = way.unfilled(scene) {
                        self.leave_out(place, UNFILLED);
                    }
                }
                Some(Err(why)) => self.leave_out(way.from.written(), why),
                Some(Ok(value)) => {
                    if self.put(&row.path, value, way.from.written()) {
                        return;
                    }
                }
            }
        }
    }
}

impl Way {
    fn value(&self, scene: Scene<'_>) -> Option<Result<Value, &'static str>> {
        if !holds(&self.when, scene) {
            return None;
        }
        let mut value = match &self.from {
            Origin::Constant(value) => value.clone(),
            Origin::Phrase { phrase, .. } => phrase.value(scene)?,
        };
        if !self.words.is_empty() {
            let word = self.words.iter().find(|(theirs, _)| is_said(&value, theirs));
            let Some((_, ours)) = word else { return Some(Err("none of the words that the mapping knows")) };
            value = Value::from(ours.as_str());
        }
        let Some(conversion) = self.conversion else { return Some(Ok(value)) };
        match conversion.of(value) {
            Ok(value) if is_unknown(&value) => None,
            told => Some(told),
        }
    }

    /// The place of a variable that the platform did not fill in.
    fn unfilled(&self, scene: Scene<'_>) -> Option<&str> {
        let Origin::Phrase { written, phrase } = &self.from else { return None };
        let unfilled = phrase.places().any(|place| scene.find(place).is_some_and(|value| is_unfilled(&value)));
        unfilled.then_some(written)
    }
}

impl Origin {
    fn written(&self) -> &str {
        match self {
            Self::Phrase { written, .. } => written,
            Self::Constant(_) => "the mapping",
        }
    }
}

fn places<'a>(written: impl Iterator<Item = &'a str>) -> String {
    written.collect::<Vec<_>>().join(", ")
}

fn printed(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}
