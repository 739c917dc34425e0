//! `match:` in `routing.yaml`: by which keys a lead finds its account.

use crate::domain::account::MatchKey;
use crate::rules::fault::{At, Faults, quoted};
use crate::rules::files::accounts;
use crate::rules::files::yaml::{Data, Node, Section};
use crate::rules::model::set::MatchRules;
use crate::rules::words::shared;
use std::collections::BTreeSet;

pub(crate) const KEYS: [(&str, MatchKey); 4] =
    [("phone", MatchKey::Phone), ("email", MatchKey::Email), ("domain", MatchKey::Domain), ("name", MatchKey::Name)];
/// Below this, names of different companies fit.
const NAME_AT_LEAST_LOWEST: u16 = 700;
const NAME_AT_LEAST: &str = "how alike two names must be, from 0.7 to 1, such as 0.9";

/// The section, and the domains that are no key. What a workspace does not say is [`MatchRules::default`].
pub(crate) fn read(node: Option<&Node>, faults: &mut Faults) -> (MatchRules, BTreeSet<String>) {
    let Some(node) = node else { return (MatchRules::default(), shared::built_in().collect()) };
    let mut section = node.section(faults);
    let keys = keys(section.get("keys"), faults);
    let name_at_least_permille = name_at_least(&mut section, &keys, faults);
    let domains = shared_domains(section.get("shared_domains"), faults);
    section.finish(faults);
    // A list without a key has been told: the default stands in for it.
    (MatchRules::new(keys, name_at_least_permille).unwrap_or_default(), domains)
}

fn keys(node: Option<&Node>, faults: &mut Faults) -> Vec<MatchKey> {
    let Some(node) = node else { return MatchRules::default().keys().to_vec() };
    let mut keys = Vec::new();
    let words = node.words(faults);
    if words.is_empty() && node.data == Data::List(Vec::new()) {
        let allowed = "at least one of phone, email, domain, name";
        faults.error("match-without-keys", node.at, "no key", allowed);
    }
    for word in &words {
        let Some(key) = faults.choice(word, "match-unknown-key", &KEYS) else { continue };
        if keys.contains(&key) {
            faults.error("match-key-twice", word.at, format!("{} a second time", quoted(&word.text)), "each key once");
        } else {
            keys.push(key);
        }
    }
    keys
}

fn name_at_least(section: &mut Section<'_>, keys: &[MatchKey], faults: &mut Faults) -> u16 {
    let word = section.get("name_at_least").and_then(|node| node.word(faults));
    let Some(word) = word else { return MatchRules::default().name_at_least_permille };
    if !keys.contains(&MatchKey::Name) {
        unused(word.at, faults);
    }
    let read = faults.read(&word, "match-bad-name-at-least", NAME_AT_LEAST, permille);
    read.unwrap_or(MatchRules::default().name_at_least_permille)
}

fn unused(at: At, faults: &mut Faults) {
    let hint = "add name to keys, or remove this line";
    faults
        .error("match-name-not-a-key", at, "name_at_least without the key name", "name_at_least where name is a key")
        .hint(Some(hint.to_owned()));
}

fn permille(text: &str) -> Option<u16> {
    let share: f64 = text.parse().ok()?;
    let permille = (share * 1000.0).round();
    (f64::from(NAME_AT_LEAST_LOWEST)..=1000.0).contains(&permille).then_some(permille as u16)
}

/// The built-in list where a workspace says nothing or `default`; a list may hold `default` among its own.
fn shared_domains(node: Option<&Node>, faults: &mut Faults) -> BTreeSet<String> {
    let Some(words) = node.map(|node| node.words(faults)) else { return shared::built_in().collect() };
    let mut domains = BTreeSet::new();
    for word in &words {
        if word.text == "default" {
            domains.extend(shared::built_in());
        } else {
            let allowed = "default, or domains such as gmail.com";
            domains.extend(faults.read(word, "match-bad-domain", allowed, accounts::domain_name));
        }
    }
    domains
}
