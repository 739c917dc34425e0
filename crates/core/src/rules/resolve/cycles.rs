//! Names that lead to names and come round: delegates, managers, overflows.

use crate::rules::fault::{Faults, Word};
use std::collections::{BTreeMap, BTreeSet};

/// From a name to the word that names the next one.
type Edge<'d> = (&'d str, &'d Word);

pub(super) fn edge<'d>(from: &'d str, to: Option<&'d Word>) -> Option<Edge<'d>> {
    Some((from, to?))
}

/// Tells each cycle once, at the first of its words in the file.
pub(super) fn refuse_cycles(edges: Vec<Edge<'_>>, code: &'static str, allowed: &str, faults: &mut Faults) {
    let next: BTreeMap<&str, &Word> = edges.iter().copied().collect();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    for (start, _) in &edges {
        let mut path: Vec<&str> = Vec::new();
        let mut name: &str = start;
        while !done.contains(name) {
            done.insert(name);
            path.push(name);
            let Some(word) = next.get(name) else { break };
            name = &word.text;
        }
        // Walked into a name of this very path: its tail from there on is a cycle.
        if let Some(begin) = path.iter().position(|on_path| *on_path == name)
            && next.contains_key(path[path.len() - 1])
        {
            let cycle = &path[begin..];
            let Some(word) = cycle.iter().filter_map(|name| next.get(name)).min_by_key(|word| word.at) else {
                continue;
            };
            let found = format!("{} → {}", cycle.join(" → "), cycle[0]);
            faults.error(code, word.at, found, allowed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::fault::At;

    fn cycles(edges: &[(&str, &str)]) -> Vec<String> {
        let words: Vec<Word> = edges
            .iter()
            .zip(1..)
            .map(|((_, to), line)| Word { text: (*to).to_owned(), at: At { path: "rules/reps.csv", line, column: 1 } })
            .collect();
        let edges = edges.iter().zip(&words).map(|((from, _), word)| (*from, word)).collect();
        let mut faults = Faults::default();
        refuse_cycles(edges, "rep-delegate-cycle", "no cycle", &mut faults);
        faults.into_sorted().iter().map(|fault| format!("{} {}", fault.line, fault.found)).collect()
    }

    #[test]
    fn each_cycle_is_told_once() {
        assert_eq!(cycles(&[("a", "b"), ("b", "c")]), Vec::<String>::new());
        assert_eq!(cycles(&[("a", "a")]), ["1 a → a"]);
        assert_eq!(cycles(&[("x", "a"), ("a", "b"), ("b", "a"), ("y", "b")]), ["2 a → b → a"]);
        assert_eq!(cycles(&[("a", "b"), ("b", "a"), ("c", "c")]), ["1 a → b → a", "3 c → c"]);
    }
}
