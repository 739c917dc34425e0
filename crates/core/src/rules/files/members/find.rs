//! The reps that `members:` finds in the roster.

use super::{Criterion, EXCEPT, Members, Pick, Selection, WEIGHTS};
use crate::domain::id::{PoolId, RepId};
use crate::domain::rep::Rep;
use crate::rules::fault::{At, Faults, Word, did_you_mean, listed, quoted};
use crate::rules::files::reps::RepDraft;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) struct Found {
    /// Never empty.
    pub weights: BTreeMap<RepId, u32>,
    /// The first in the order of the file.
    pub first: RepId,
}

/// `None`, with a fault, if nobody active is found.
pub(crate) fn of<'a>(
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
pub(crate) fn warn(members: &Members, reps: &[RepDraft], faults: &mut Faults) {
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
