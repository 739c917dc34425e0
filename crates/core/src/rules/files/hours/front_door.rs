//! `front_door.yaml`: numbers that people answer in their hours, before the voice agent does.

use crate::domain::phone::PhoneE164;
use crate::domain::zone::Zone;
use crate::rules::fault::{At, Faults, Word, quoted};
use crate::rules::files::yaml::Node;
use crate::rules::words::{values, zone};
use std::time::Duration;

/// A number as read; week, region and pool are not looked up yet.
pub(crate) struct NumberDraft {
    pub phone: PhoneE164,
    pub at: At,
    pub hours: Option<Word>,
    pub holidays: Option<Word>,
    pub zone: Option<Zone>,
    pub ring: Option<Word>,
    /// Where it is written.
    pub wait: Option<(Duration, At)>,
}

/// What is refused leaves a gap behind; its fault keeps the gap from being used.
pub(crate) fn read(root: &Node, faults: &mut Faults) -> Vec<NumberDraft> {
    let mut section = root.section(faults);
    let numbers = section.require("numbers", faults);
    let numbers = numbers.map(|node| node.map(faults)).unwrap_or_default();
    let drafts = numbers.iter().filter_map(|(name, node)| number(name, node, faults)).collect();
    section.finish(faults);
    drafts
}

fn number(name: &Word, node: &Node, faults: &mut Faults) -> Option<NumberDraft> {
    let allowed = "a number of ours with its country code, such as \"+15551230000\"";
    let phone = faults.read(name, "front-door-bad-number", allowed, |text| PhoneE164::new(text).ok());
    let mut section = node.section(faults);
    let hours = section.require("hours", faults).and_then(|node| node.word(faults));
    let holidays = section.get("holidays").and_then(|node| node.word(faults));
    let zone = section.require("timezone", faults).and_then(|node| node.word(faults));
    let zone = zone.and_then(|word| timezone(&word, faults));
    let ring = section.require("ring", faults).and_then(|node| node.word(faults));
    let wait = section.require("for", faults).and_then(|node| node.word(faults));
    let wait = wait.and_then(|word| {
        let span = faults.read(&word, "bad-duration", values::DURATION, values::duration)?;
        Some((span, word.at))
    });
    section.finish(faults);
    Some(NumberDraft { phone: phone?, at: name.at, hours, holidays, zone, ring, wait })
}

fn timezone(word: &Word, faults: &mut Faults) -> Option<Zone> {
    let zone = zone::parse(&word.text, None);
    if zone.is_none() {
        let hint = faults.did_you_mean(&word.text, Zone::all().map(|zone| zone.name()));
        faults
            .error("front-door-unknown-timezone", word.at, quoted(&word.text), "a zone such as America/New_York")
            .hint(hint);
    }
    zone
}
