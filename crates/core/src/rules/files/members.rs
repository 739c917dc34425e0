//! Who belongs to a pool: `members:` as read, and the reps it finds.
//!
//! A pool is told by selections, by names, or by a list of both. In a selection every key must fit (and), and of a list one
//! word is enough (or). A rep who is named has the weight that stands beside the name; one whom several selections find has
//! that of the first.

use super::reps::RepDraft;
use crate::domain::id::{PoolId, RepId};
use crate::domain::rep::Rep;
use crate::rules::fault::{At, Faults, Word, did_you_mean, listed, quoted};
use crate::rules::files::yaml::{Data, Node, Section};
use crate::rules::words::language;
use crate::rules::words::values;
use std::collections::{BTreeMap, BTreeSet};

pub struct Members {
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

pub fn read(node: &Node, faults: &mut Faults) -> Members {
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

pub struct Found {
    /// Never empty.
    pub weights: BTreeMap<RepId, u32>,
    /// The first in the order of the file.
    pub first: RepId,
}

/// `None`, with a fault, if nobody active is found.
pub fn of<'a>(
    members: &Members,
    reps: &[RepDraft],
    pools: impl Iterator<Item = &'a PoolId>,
    faults: &mut Faults,
) -> Option<Found> {
    let told = faults.count();
    if pools_among(members, reps, &pools.collect(), faults) {
        return None;
    }
    let found = find(members, reps, faults).found;
    let nobody = !found.iter().any(|(draft, _)| draft.rep.active);
    if nobody && !members.faulty && faults.count() == told {
        let text = if found.is_empty() { "no rep" } else { "no active rep" };
        faults.error("pool-without-members", members.at, text, "at least one active rep");
    }
    let first = found.first()?.0.rep.id.clone();
    let weights = found.into_iter().map(|(draft, weight)| (draft.rep.id.clone(), weight)).collect();
    Some(Found { weights, first })
}

/// Words that change nothing. For members without faults.
pub fn warn(members: &Members, reps: &[RepDraft], faults: &mut Faults) {
    for Idle { code, at, found, allowed } in find(members, reps, &mut Faults::default()).idle {
        faults.warning(code, at, found, allowed);
    }
}

fn find<'m, 'r>(members: &'m Members, reps: &'r [RepDraft], faults: &mut Faults) -> Finder<'m, 'r> {
    let mut finder = Finder { reps, named: named(members, reps, faults), found: Vec::new(), idle: Vec::new() };
    for pick in &members.picks {
        finder.take(pick, faults);
    }
    finder
}

/// The reps who are named outright; unknown and doubled names are told.
fn named<'m>(members: &'m Members, reps: &[RepDraft], faults: &mut Faults) -> BTreeSet<&'m str> {
    let mut named = BTreeSet::new();
    for pick in &members.picks {
        let Pick::Rep(word, _) = pick else { continue };
        if rep(word, reps, faults).is_some() && !named.insert(word.text.as_str()) {
            faults.error("pool-rep-twice", word.at, format!("{} a second time", word.text), "each rep once");
        }
    }
    named
}

/// Whether somebody has put a pool into the pool, which is told.
fn pools_among(members: &Members, reps: &[RepDraft], pools: &BTreeSet<&PoolId>, faults: &mut Faults) -> bool {
    let told = faults.count();
    for pick in &members.picks {
        let Pick::Rep(word, _) = pick else { continue };
        let is_rep = reps.iter().any(|draft| draft.rep.id.as_str() == word.text);
        if !is_rep && pools.iter().any(|pool| pool.as_str() == word.text) {
            let hint = format!(
                "to take {0}'s reps, select them as {0} does; to pass on what nobody here can take, write overflow: {0}",
                word.text
            );
            faults
                .error("pool-in-pool", word.at, format!("{}, which is a pool", quoted(&word.text)), "reps as members")
                .hint(Some(hint));
        }
    }
    faults.count() != told
}

fn rep<'r>(word: &Word, reps: &'r [RepDraft], faults: &mut Faults) -> Option<&'r RepDraft> {
    faults.name(word, "pool-unknown-rep", "rep", reps.iter().map(|draft| draft.rep.id.as_str()))?;
    reps.iter().find(|draft| draft.rep.id.as_str() == word.text)
}

struct Finder<'m, 'r> {
    reps: &'r [RepDraft],
    named: BTreeSet<&'m str>,
    found: Vec<(&'r RepDraft, u32)>,
    idle: Vec<Idle>,
}

struct Idle {
    code: &'static str,
    at: At,
    found: String,
    allowed: &'static str,
}

impl<'r> Finder<'_, 'r> {
    fn take(&mut self, pick: &Pick, faults: &mut Faults) {
        match pick {
            Pick::Rep(word, weight) => {
                let known = self.reps.iter().find(|draft| draft.rep.id.as_str() == word.text);
                self.add(known, *weight);
            }
            Pick::Select(selection) => self.select(selection, faults),
        }
    }

    /// The first weight of a rep counts.
    fn add(&mut self, draft: Option<&'r RepDraft>, weight: u32) {
        let Some(draft) = draft else { return };
        if !self.found.iter().any(|(known, _)| known.rep.id == draft.rep.id) {
            self.found.push((draft, weight));
        }
    }

    fn select(&mut self, selection: &Selection, faults: &mut Faults) {
        for (criterion, words) in &selection.criteria {
            check_words(*criterion, words, self.reps, faults);
        }
        let fitting: Vec<&'r RepDraft> = self.reps.iter().filter(|draft| selection.fits(&draft.rep)).collect();
        if fitting.is_empty() {
            let (found, allowed) = ("a selection that finds nobody".to_owned(), "a selection that finds a rep");
            self.idle.push(Idle { code: "pool-selection-empty", at: selection.at, found, allowed });
        }
        let lists = [(EXCEPT, selection.except.iter().collect::<Vec<_>>())];
        let weights = (WEIGHTS, selection.weights.iter().map(|(word, _)| word).collect());
        for (key, words) in lists.into_iter().chain([weights]) {
            for word in words {
                let known = rep(word, self.reps, faults).is_some();
                if known && !fitting.is_empty() && !fitting.iter().any(|draft| draft.rep.id.as_str() == word.text) {
                    let found = format!("{} under {key}, whom the selection does not find", word.text);
                    let allowed = "reps who fit the selection";
                    self.idle.push(Idle { code: "pool-rep-not-selected", at: word.at, found, allowed });
                }
            }
        }
        for draft in fitting {
            let id = draft.rep.id.as_str();
            if !self.named.contains(id) && !selection.except.iter().any(|word| word.text == id) {
                self.add(Some(draft), selection.weight_of(id));
            }
        }
    }
}

impl Selection {
    fn fits(&self, rep: &Rep) -> bool {
        let fits = |(criterion, words): &(Criterion, Vec<Word>)| {
            criterion.words_of(rep).iter().any(|has| words.iter().any(|word| criterion.is(has, &word.text)))
        };
        !self.criteria.is_empty() && self.criteria.iter().all(fits)
    }

    fn weight_of(&self, rep: &str) -> u32 {
        let own = self.weights.iter().find(|(word, _)| word.text == rep);
        own.map_or(self.weight, |(_, weight)| *weight)
    }
}

fn check_words(criterion: Criterion, words: &[Word], reps: &[RepDraft], faults: &mut Faults) {
    let known: BTreeSet<&str> = reps.iter().flat_map(|draft| criterion.words_of(&draft.rep)).collect();
    let (code, what) = criterion.unknown();
    for word in words {
        if !known.iter().any(|name| criterion.is(name, &word.text)) {
            faults
                .error(code, word.at, quoted(&word.text), format!("a known {what}: {}", listed(known.iter().copied())))
                .hint(criterion.meant(&word.text).or_else(|| did_you_mean(&word.text, known.iter().copied())));
        }
    }
}

#[cfg(test)]
mod tests;
