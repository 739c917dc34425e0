//! Who belongs to a pool.

use super::fault::{Faults, Word};
use super::pools::{Members, Who};
use super::reps;
use crate::domain::id::RepId;
use std::collections::{BTreeMap, BTreeSet};

pub struct Found {
    /// Never empty.
    pub weights: BTreeMap<RepId, u32>,
    /// The first in the order of the file.
    pub first: RepId,
}

/// `None`, with a fault, if nobody active is found.
pub fn of(members: &Members, reps: &[reps::Draft], faults: &mut Faults) -> Option<Found> {
    let told = faults.count();
    let found = match &members.who {
        Who::Select { teams, seniorities } => select(teams, seniorities, reps, faults),
        Who::Named(names) => named(names, reps, faults),
    };
    let nobody = !found.iter().any(|(rep, _)| rep.rep.active);
    if nobody && faults.count() == told {
        let text = if found.is_empty() { "no rep" } else { "no active rep" };
        faults.error("pool-without-members", members.at, text, "at least one active rep");
    }
    let first = found.first()?.0.rep.id.clone();
    let weights = found.into_iter().map(|(draft, weight)| (draft.rep.id.clone(), weight)).collect();
    Some(Found { weights, first })
}

fn select<'r>(
    teams: &[Word],
    seniorities: &[Word],
    reps: &'r [reps::Draft],
    faults: &mut Faults,
) -> Vec<(&'r reps::Draft, u32)> {
    let known: BTreeSet<&str> = reps.iter().map(|draft| draft.rep.team.as_str()).collect();
    for word in teams {
        faults.name(word, "pool-unknown-team", "team of reps.csv", known.iter().copied());
    }
    let known: BTreeSet<&str> =
        reps.iter().map(|draft| draft.rep.seniority.as_str()).filter(|s| !s.is_empty()).collect();
    for word in seniorities {
        faults.name(word, "pool-unknown-seniority", "seniority of reps.csv", known.iter().copied());
    }
    let fits = |words: &[Word], text: &str| words.is_empty() || words.iter().any(|word| word.text == text);
    let fitting = reps.iter().filter(|draft| fits(teams, &draft.rep.team) && fits(seniorities, &draft.rep.seniority));
    fitting.map(|draft| (draft, 1)).collect()
}

fn named<'r>(names: &[(Word, u32)], reps: &'r [reps::Draft], faults: &mut Faults) -> Vec<(&'r reps::Draft, u32)> {
    let mut found: Vec<(&reps::Draft, u32)> = Vec::new();
    for (word, weight) in names {
        let known = reps.iter().map(|draft| draft.rep.id.as_str());
        if faults.name(word, "pool-unknown-rep", "rep", known).is_none() {
            continue;
        }
        if found.iter().any(|(draft, _)| draft.rep.id.as_str() == word.text) {
            faults.error("pool-rep-twice", word.at, format!("{} a second time", word.text), "each rep once");
            continue;
        }
        found.extend(reps.iter().find(|draft| draft.rep.id.as_str() == word.text).map(|draft| (draft, *weight)));
    }
    found
}
