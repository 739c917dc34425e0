//! Reads `segments:` into the vocabulary.
//!
//! They may use one another, so they are read in the order in which they need each other; what is left over needs itself.

use super::SegmentDraft;
use crate::rules::fault::{Faults, Word, quoted};
use crate::rules::files::conditions;
use crate::rules::files::vocabulary::Vocabulary;
use crate::rules::files::yaml::{Data, Node};
use crate::rules::model::condition::Condition;
use std::collections::{BTreeMap, BTreeSet};

/// Segments inside each other.
const DEPTH: usize = 8;

pub(crate) fn all(node: Option<&Node>, vocabulary: &mut Vocabulary, faults: &mut Faults) {
    let Some(node) = node else { return };
    for (name, _) in node.map(faults) {
        if name.text.trim().is_empty() || name.text.trim() != name.text {
            faults.error("segment-bad-name", name.at, quoted(&name.text), "a name without blanks at its ends");
        }
        vocabulary.segments.by_name.insert(name.text.clone(), SegmentDraft { name: name.clone(), is: None, depth: 0 });
    }
    let Data::Map(entries) = &node.data else { return };
    let known =
        |words: Vec<Word>| words.into_iter().filter(|word| vocabulary.segments.by_name.contains_key(&word.text));
    let needs: BTreeMap<&str, Vec<Word>> =
        entries.iter().map(|(name, node)| (name.text.as_str(), known(uses(node)).collect())).collect();
    let nodes: BTreeMap<&str, (&Word, &Node)> =
        entries.iter().map(|(name, node)| (name.text.as_str(), (name, node))).collect();
    vocabulary.segments.reading = true;
    let done = in_order(&needs, |name| {
        let (word, node) = nodes[name];
        read_one(word, node, &needs[name], vocabulary, faults);
    });
    vocabulary.segments.reading = false;
    let waiting = entries.iter().map(|(name, _)| name).filter(|name| !done.contains(name.text.as_str()));
    refuse_cycles(&waiting.collect::<Vec<_>>(), &needs, &done, faults);
}

/// Calls `read` with each name after all that it needs, and gives back whom it was called with: all but those that need
/// themselves, and those that need them.
fn in_order<'n>(needs: &BTreeMap<&'n str, Vec<Word>>, mut read: impl FnMut(&str)) -> BTreeSet<&'n str> {
    let mut open: BTreeMap<&str, usize> = needs.iter().map(|(name, words)| (*name, words.len())).collect();
    let mut needed_by: BTreeMap<&str, Vec<&'n str>> = BTreeMap::new();
    for (name, words) in needs {
        for word in words {
            needed_by.entry(&word.text).or_default().push(name);
        }
    }
    let mut ready: Vec<&'n str> = needs.iter().filter(|(_, words)| words.is_empty()).map(|(name, _)| *name).collect();
    let mut done = BTreeSet::new();
    while let Some(name) = ready.pop() {
        read(name);
        done.insert(name);
        for other in needed_by.get(name).into_iter().flatten() {
            let left = open.get_mut(other).expect("every name has its count");
            *left -= 1;
            if *left == 0 {
                ready.push(other);
            }
        }
    }
    done
}

fn read_one(name: &Word, node: &Node, needs: &[Word], vocabulary: &mut Vocabulary, faults: &mut Faults) {
    let inner = needs.iter().filter_map(|word| vocabulary.segments.by_name.get(&word.text)).map(|entry| entry.depth);
    let depth = 1 + inner.max().unwrap_or(0);
    if depth > DEPTH {
        // Told once: what is built on it is silent.
        if depth == DEPTH + 1 {
            let found = format!("{} needs {DEPTH} others inside each other", quoted(&name.text));
            faults.error("segment-too-deep", name.at, found, format!("{DEPTH} segments inside each other"));
        }
        set(vocabulary, name, None, depth);
        return;
    }
    let told = faults.count();
    let condition = conditions::map(node, vocabulary, faults);
    let fine = faults.count() == told && condition != Condition::Always;
    set(vocabulary, name, fine.then_some(condition), depth);
}

fn set(vocabulary: &mut Vocabulary, name: &Word, is: Option<Condition>, depth: usize) {
    if let Some(entry) = vocabulary.segments.by_name.get_mut(&name.text) {
        entry.is = is;
        entry.depth = depth;
    }
}

/// Every name under a key `segment` below this node, as written.
fn uses(node: &Node) -> Vec<Word> {
    let mut words = Vec::new();
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        match &node.data {
            Data::Empty | Data::Text(_) => {}
            Data::List(items) => open.extend(items),
            Data::Map(entries) => {
                for (key, value) in entries {
                    if key.text == "segment" {
                        // Whatever is no word is told when the condition is read.
                        words.extend(value.words(&mut Faults::default()));
                    } else {
                        open.push(value);
                    }
                }
            }
        }
    }
    words
}

/// Each cycle once, where its first segment in the file says the next.
fn refuse_cycles(waiting: &[&Word], needs: &BTreeMap<&str, Vec<Word>>, done: &BTreeSet<&str>, faults: &mut Faults) {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for start in waiting {
        // Each with the word by which it needs the next.
        let mut path: Vec<(&str, &Word)> = Vec::new();
        let mut name = start.text.as_str();
        while seen.insert(name) {
            let Some(next) = needs[name].iter().find(|word| !done.contains(word.text.as_str())) else { break };
            path.push((name, next));
            name = &next.text;
        }
        // Walked back into this very path: from there on it is a cycle.
        let Some(begin) = path.iter().position(|(on_path, _)| *on_path == name) else { continue };
        let names: Vec<&str> = path[begin..].iter().map(|(name, _)| *name).collect();
        let Some(closing) = path[begin..].iter().map(|(_, word)| *word).min_by_key(|word| word.at) else { continue };
        let found = format!("{} → {}", names.join(" → "), names[0]);
        faults
            .error("segment-cycle", closing.at, found, "segments that do not need themselves")
            .hint(Some("write one of them out".to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::lead::FieldValue;
    use crate::rules::files::yaml;
    use crate::rules::model::field::Looked;
    use crate::rules::model::truth::Truth;

    fn read_all(segments: &str, rule: &str) -> (Condition, Vec<String>, Vec<String>) {
        let mut faults = Faults::default();
        let mut vocabulary = Vocabulary::read(None, &mut faults);
        let node = yaml::parse("rules/routing.yaml", segments, &mut faults).unwrap();
        all(Some(&node), &mut vocabulary, &mut faults);
        let rule = yaml::parse("rules/hours.yaml", rule, &mut faults).unwrap();
        let condition = conditions::of_rule(&mut rule.section(&mut faults), &vocabulary, &mut faults);
        let unused = vocabulary.segments.unused().map(|word| word.text.clone()).collect();
        let told = faults.into_sorted();
        let told = told.iter().map(|fault| format!("{}:{} {}: {}", fault.line, fault.column, fault.code, fault.found));
        (condition, told.collect(), unused)
    }

    fn verdict(condition: &Condition, industry: &str) -> Truth {
        let value = Looked::Value(FieldValue::Text(industry.to_owned()));
        condition.evaluate(&|path| (path == "lead.industry").then(|| value.clone())).0
    }

    #[test]
    fn segments_are_written_out_wherever_they_stand_in_the_file() {
        let text = "late: { segment: early, lead.score: \"> 5\" }\nearly: { lead.industry: [Bank, Retail] }\nspare: { segment: early }\n";
        let (condition, faults, unused) = read_all(text, "not: { segment: early }\n");
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!(verdict(&condition, "Bank"), Truth::No);
        assert_eq!(verdict(&condition, "Media"), Truth::Yes);
        assert_eq!(unused, ["late", "spare"]);
        let (condition, _, unused) = read_all(text, "segment: [late, spare]\n");
        assert_eq!(verdict(&condition, "Bank"), Truth::Yes, "spare holds, whatever the score is");
        assert_eq!(unused, Vec::<String>::new(), "early is used within the others");
        assert_eq!(condition.evaluate(&|_| None).1, ["lead.industry", "lead.score"]);
    }

    #[test]
    fn unknown_names_cycles_and_empty_ones_are_told() {
        let (_, faults, _) = read_all(
            "a: { any: [{ segment: b }] }\nb: { segment: a }\nc: { segment: c }\nd: { segment: [a, e] }\ne: {}\n",
            "segment: f\n",
        );
        let expected = [
            "1:1 segment-unknown: \"f\"".to_owned(),
            "1:23 segment-cycle: a → b → a".to_owned(),
            "3:15 segment-cycle: c → c".to_owned(),
            "5:4 condition-empty: no condition".to_owned(),
        ];
        let mut faults: Vec<String> = faults.into_iter().map(|fault| fault.replace("1:10 ", "1:1 ")).collect();
        faults.sort();
        assert_eq!(faults, expected);
    }

    #[test]
    fn segments_that_double_each_other_are_refused_before_they_fill_the_memory() {
        let mut text = "s0: { lead.score: 1 }\n".to_owned();
        for n in 1..=7 {
            let uses = vec![format!("s{}", n - 1); 40].join(", ");
            text.push_str(&format!("s{n}: {{ segment: [{uses}] }}\n"));
        }
        let (_, faults, _) = read_all(&text, "segment: s7\n");
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].contains("segment-too-large"), "{faults:?}");
    }

    #[test]
    fn a_long_chain_of_segments_is_refused_once() {
        let mut text = "s0: { lead.score: 1 }\n".to_owned();
        for n in 1..=50 {
            text.push_str(&format!("s{n}: {{ segment: s{} }}\n", n - 1));
        }
        let (_, faults, _) = read_all(&text, "segment: s50\n");
        assert_eq!(
            faults,
            [format!("{}:1 segment-too-deep: \"s{DEPTH}\" needs {DEPTH} others inside each other", DEPTH + 1)]
        );
    }
}
