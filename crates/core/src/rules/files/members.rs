//! Who belongs to a pool: `members:` as read, and the reps it finds.
//!
//! A pool is told by selections, by names, or by a list of both. In a selection every key must fit (and), and of a list one
//! word is enough (or). A rep who is named has the weight that stands beside the name; one whom several selections find has
//! that of the first.

mod find;

pub(crate) use find::{of, warn};

use crate::domain::rep::Rep;
use crate::rules::fault::{At, Faults, Word};
use crate::rules::files::yaml::{Data, Node, Section};
use crate::rules::words::language;
use crate::rules::words::values;

pub(crate) struct Members {
    at: At,
    picks: Vec<Pick>,
    /// Something was wrong already: that nobody is found follows from it.
    faulty: bool,
}

enum Pick {
    Rep(Word, u32),
    Select(Selection),
}

struct Selection {
    at: At,
    /// Never empty, unless that has been told.
    criteria: Vec<(Criterion, Vec<Word>)>,
    except: Vec<Word>,
    weight: u32,
    /// Instead of `weight`.
    weights: Vec<(Word, u32)>,
}

/// What reps are selected by.
#[derive(Clone, Copy)]
enum Criterion {
    Team,
    Seniority,
    Skill,
    Language,
    Product,
}

const CRITERIA: [Criterion; 5] =
    [Criterion::Team, Criterion::Seniority, Criterion::Skill, Criterion::Language, Criterion::Product];
/// The other keys of a selection.
const EXCEPT: &str = "except";
const WEIGHT: &str = "weight";
const WEIGHTS: &str = "weights";

impl Criterion {
    fn key(self) -> &'static str {
        match self {
            Self::Team => "team",
            Self::Seniority => "seniority",
            Self::Skill => "skill",
            Self::Language => "language",
            Self::Product => "product",
        }
    }

    /// Code of an unknown word, and what the words are of.
    fn unknown(self) -> (&'static str, &'static str) {
        match self {
            Self::Team => ("pool-unknown-team", "team of reps.csv"),
            Self::Seniority => ("pool-unknown-seniority", "seniority of reps.csv"),
            Self::Skill => ("pool-unknown-skill", "skill of reps.csv"),
            Self::Language => ("pool-unknown-language", "language of reps.csv"),
            Self::Product => ("pool-unknown-product", "product of reps.csv"),
        }
    }

    fn meant(self, word: &str) -> Option<String> {
        match self {
            Self::Language => language::hint(word),
            _ if word.contains(';') => {
                let parts: Vec<&str> = word.split(';').map(str::trim).filter(|part| !part.is_empty()).collect();
                Some(format!("in YAML several are a list: [{}]", parts.join(", ")))
            }
            _ => None,
        }
    }

    /// Languages and products are written as people write them.
    fn is(self, has: &str, word: &str) -> bool {
        match self {
            Self::Team | Self::Seniority | Self::Skill => has == word,
            Self::Language => language::code(word) == Some(has),
            Self::Product => has.to_lowercase() == word.to_lowercase(),
        }
    }

    fn words_of(self, rep: &Rep) -> Vec<&str> {
        match self {
            Self::Team => rep.teams().collect(),
            Self::Seniority => rep.seniorities().collect(),
            Self::Skill => rep.skills.iter().map(String::as_str).collect(),
            Self::Language => rep.languages.iter().map(String::as_str).collect(),
            Self::Product => rep.products.iter().map(String::as_str).collect(),
        }
    }
}

pub(crate) fn read(node: &Node, faults: &mut Faults) -> Members {
    let told = faults.count();
    let picks = match &node.data {
        Data::Map(entries) => pick(node, entries, faults),
        Data::List(items) => items.iter().flat_map(|item| item_of_list(item, faults)).collect(),
        Data::Empty | Data::Text(_) => {
            let allowed = "{ team: …, seniority: … }, a list of reps, or reps with weights ({ ana.ruiz: 2 })";
            faults.error("pool-bad-members", node.at, node.describe(), allowed);
            Vec::new()
        }
    };
    Members { at: node.at, picks, faulty: faults.count() != told }
}

/// `ana.ruiz`, `ana.ruiz: 2` or `{ team: emea }`.
fn item_of_list(node: &Node, faults: &mut Faults) -> Vec<Pick> {
    match &node.data {
        Data::Map(entries) => pick(node, entries, faults),
        Data::Empty | Data::Text(_) | Data::List(_) => {
            node.word(faults).map(|word| Pick::Rep(word, 1)).into_iter().collect()
        }
    }
}

/// A selection if one of its keys is known; otherwise the keys are reps.
fn pick(node: &Node, entries: &[(Word, Node)], faults: &mut Faults) -> Vec<Pick> {
    let selects =
        |key: &str| [EXCEPT, WEIGHT, WEIGHTS].contains(&key) || CRITERIA.iter().any(|criterion| criterion.key() == key);
    if entries.iter().any(|(key, _)| selects(&key.text)) {
        return vec![Pick::Select(selection(node, faults))];
    }
    weighted(entries, faults).into_iter().map(|(rep, weight)| Pick::Rep(rep, weight)).collect()
}

fn selection(node: &Node, faults: &mut Faults) -> Selection {
    let mut section = node.section(faults);
    let mut criteria = Vec::new();
    for criterion in CRITERIA {
        let words = section.get(criterion.key()).map(|node| node.words(faults)).unwrap_or_default();
        if !words.is_empty() {
            criteria.push((criterion, words));
        }
    }
    if criteria.is_empty() {
        let allowed = CRITERIA.map(Criterion::key).join(", ");
        faults
            .error("pool-selection-open", node.at, "a selection by nothing", format!("at least one of {allowed}"))
            .hint(Some("to take everybody, list every team".to_owned()));
    }
    let except = section.get(EXCEPT).map(|node| node.words(faults)).unwrap_or_default();
    let weight = one_weight(&mut section, faults);
    let weights = section.get(WEIGHTS).map(|node| weighted(node.map(faults), faults)).unwrap_or_default();
    section.finish(faults);
    Selection { at: node.at, criteria, except, weight, weights }
}

fn one_weight(section: &mut Section<'_>, faults: &mut Faults) -> u32 {
    section.get(WEIGHT).and_then(|node| weight(node, faults)).unwrap_or(1)
}

fn weighted(entries: &[(Word, Node)], faults: &mut Faults) -> Vec<(Word, u32)> {
    entries.iter().map(|(rep, node)| (rep.clone(), weight(node, faults).unwrap_or(1))).collect()
}

fn weight(node: &Node, faults: &mut Faults) -> Option<u32> {
    let word = node.word(faults)?;
    faults.read_or_hint(&word, "pool-bad-weight", values::WEIGHT, values::weight, values::weight_meant)
}

#[cfg(test)]
mod tests;
