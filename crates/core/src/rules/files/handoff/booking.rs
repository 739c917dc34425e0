//! `booking:` of `handoff.yaml`: meetings, and what is different of them for a tier.

use super::{CONFIRMS, number, number_if_said, span, span_if_said, span_or};
use crate::rules::fault::{Faults, Word};
use crate::rules::files::yaml::{Node, Section};
use crate::rules::model::set::{BookingRules, ConfirmBy, MeetingOfTier, Tier, by_mail};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The section as read; the tiers are not looked up yet.
pub(super) struct BookingDraft {
    rules: BookingRules,
    pub tiers: Vec<(Word, MeetingOfTier)>,
}

impl BookingDraft {
    /// Of a tier that is not there nothing is left but its fault.
    pub(super) fn finish(&self, tiers: &[Tier]) -> BookingRules {
        let known = self.tiers.iter().filter_map(|(word, meeting)| {
            let tier = tiers.iter().find(|tier| tier.name.as_str() == word.text)?;
            Some((tier.name.clone(), *meeting))
        });
        BookingRules { tiers: known.collect(), ..self.rules.clone() }
    }
}

pub(super) fn read(mut section: Section<'_>, faults: &mut Faults) -> BookingDraft {
    let rules = BookingRules {
        duration: span(&mut section, "duration", faults).length,
        notice: span(&mut section, "notice", faults).length,
        within_days: number(&mut section, "within_days", faults),
        offer: number(&mut section, "offer", faults),
        answer_within: span(&mut section, "answer_within", faults).length,
        buffer: span_or(&mut section, "buffer", Duration::ZERO, faults).length,
        at_most: number_if_said(&mut section, "at_most", faults),
        confirm: confirm(&mut section, faults),
        tiers: BTreeMap::new(),
    };
    let tiers = section.get("tiers").map(|node| of_tiers(node, faults)).unwrap_or_default();
    section.finish(faults);
    BookingDraft { rules, tiers }
}

/// By mail where nothing is said; an empty list says that the invitation will do.
fn confirm(section: &mut Section<'_>, faults: &mut Faults) -> BTreeSet<ConfirmBy> {
    let Some(node) = section.get("confirm") else { return by_mail() };
    let words = node.words(faults);
    words.iter().filter_map(|word| faults.choice(word, "booking-unknown-confirm", &CONFIRMS)).collect()
}

fn of_tiers(node: &Node, faults: &mut Faults) -> Vec<(Word, MeetingOfTier)> {
    let mut tiers = Vec::new();
    for (name, node) in node.map(faults) {
        let mut section = node.section(faults);
        let meeting = MeetingOfTier {
            duration: span_if_said(&mut section, "duration", faults).map(|span| span.length),
            notice: span_if_said(&mut section, "notice", faults).map(|span| span.length),
            at_most: number_if_said(&mut section, "at_most", faults),
        };
        section.finish(faults);
        tiers.push((name.clone(), meeting));
    }
    tiers
}
