//! `ownership:`, the chain of owners who keep their leads.

use super::items;
use crate::rules::fault::{Faults, listed, quoted};
use crate::rules::files::yaml::{Node, Section};
use crate::rules::model::set::{Existing, OwnershipRule};
use crate::rules::words::values;
use std::time::Duration;

pub(crate) const EXISTING: [(&str, Existing); 4] = [
    ("account_owner", Existing::AccountOwner),
    ("open_opportunity_owner", Existing::OpenOpportunityOwner),
    ("lead_owner", Existing::LeadOwner),
    ("contact_owner", Existing::ContactOwner),
];

pub(super) fn read(node: Option<&Node>, faults: &mut Faults) -> Vec<OwnershipRule> {
    let mut rules: Vec<OwnershipRule> = Vec::new();
    for node in items(node, faults) {
        let Some(rule) = ownership_rule(node, faults) else { continue };
        if rules.iter().any(|other| other.existing == rule.existing) {
            let found = format!("{} a second time", rule.existing.as_str());
            faults.error("ownership-twice", node.at, found, "each kind of owner once: the first that holds wins");
        }
        rules.push(rule);
    }
    rules
}

fn ownership_rule(node: &Node, faults: &mut Faults) -> Option<OwnershipRule> {
    let mut section = node.section(faults);
    let existing = section.require("existing", faults).and_then(|node| node.word(faults));
    let existing = existing.and_then(|word| faults.choice(&word, "ownership-unknown", &EXISTING));
    let [wait_at_most, leave_at_most, off_rota_at_most] =
        ["wait_at_most", "leave_at_most", "off_rota_at_most"].map(|key| duration(&mut section, key, faults));
    let within_word = section.get("within").and_then(|node| node.word(faults));
    let within_at = within_word.as_ref().map(|word| word.at);
    let within = within_word.and_then(|word| faults.read(&word, "bad-duration", values::DURATION, values::duration));
    refuse_conditions(section, faults);
    let existing = existing?;
    if let (Some(at), false) = (within_at, existing.is_person()) {
        let people = EXISTING.iter().filter(|(_, existing)| existing.is_person()).map(|(name, _)| *name);
        let found = format!("within on {}", existing.as_str());
        faults
            .error("ownership-within-misplaced", at, found, format!("within on {}", listed(people)))
            .hint(Some("an account keeps its owner however long it was quiet".to_owned()));
    }
    Some(OwnershipRule { existing, wait_at_most, leave_at_most, off_rota_at_most, within })
}

/// Who reads "when" among the allowed keys of a route looks for it here too.
fn refuse_conditions(section: Section<'_>, faults: &mut Faults) {
    const OF_CONDITIONS: [&str; 7] = ["when", "if", "any", "all", "not", "segment", "if_undecided"];
    for (word, _) in section.others() {
        if OF_CONDITIONS.contains(&word.text.as_str()) || word.text.contains('.') {
            let hint = "an owner keeps all leads of the company or person; what must go elsewhere stands in accounts.csv, \
                        and limits are wait_at_most, leave_at_most, off_rota_at_most and within";
            faults
                .error("ownership-condition", word.at, quoted(&word.text), "an owner without conditions")
                .hint(Some(hint.to_owned()));
        } else {
            section.refuse(word, std::iter::empty(), faults);
        }
    }
}

fn duration(section: &mut Section<'_>, key: &'static str, faults: &mut Faults) -> Option<Duration> {
    let word = section.get(key).and_then(|node| node.word(faults))?;
    faults.read(&word, "bad-duration", values::DURATION, values::duration)
}
