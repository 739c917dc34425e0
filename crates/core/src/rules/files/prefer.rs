//! `prefer:` of a pool: who comes first while the caller has not waited long.

use crate::rules::fault::{At, Faults, Word, quoted};
use crate::rules::files::yaml::{Data, Node};
use crate::rules::model::set::{PoolPreference, Wish};
use crate::rules::words::values;
use std::time::Duration;

/// The word of `require:` and `prefer:` that stands for the lead's language.
pub(crate) const LANGUAGE: &str = "language";
/// The word that stands for the products the lead asks about.
pub(crate) const PRODUCT: &str = "product";
const SKILL: &str = "skill";

/// A preference as read; skills are not looked up yet.
pub(crate) struct Wished {
    pub at: At,
    pub what: What,
    pub relax_after: Option<Duration>,
}

pub(crate) enum What {
    Language,
    Product,
    /// One of them is enough.
    Skills(Vec<Word>),
}

impl Wished {
    pub(crate) fn finish(&self) -> PoolPreference {
        let wish = match &self.what {
            What::Language => Wish::Language,
            What::Product => Wish::Product,
            What::Skills(words) => Wish::Skill(words.iter().map(|word| word.text.clone()).collect()),
        };
        PoolPreference { wish, relax_after: self.relax_after }
    }

    pub(crate) fn skills(&self) -> &[Word] {
        match &self.what {
            What::Skills(words) => words,
            What::Language | What::Product => &[],
        }
    }
}

/// `language`, `product` or a skill, one alone or a list; `{ skill: voice-ai, relax_after: 20s }` says how long.
pub(crate) fn read(node: &Node, faults: &mut Faults) -> Vec<Wished> {
    match &node.data {
        Data::List(items) => items.iter().filter_map(|item| one(item, faults)).collect(),
        Data::Empty | Data::Text(_) | Data::Map(_) => one(node, faults).into_iter().collect(),
    }
}

fn one(node: &Node, faults: &mut Faults) -> Option<Wished> {
    if !matches!(node.data, Data::Map(_)) {
        let word = node.word(faults)?;
        let what = match word.text.as_str() {
            LANGUAGE => What::Language,
            PRODUCT => What::Product,
            _ => What::Skills(vec![word]),
        };
        return Some(Wished { at: node.at, what, relax_after: None });
    }
    let told = faults.count();
    let mut section = node.section(faults);
    let skills = section.get(SKILL).map(|node| node.words(faults)).filter(|words| !words.is_empty());
    let mut wished: Vec<What> = skills.map(What::Skills).into_iter().collect();
    for (key, what) in [(LANGUAGE, What::Language), (PRODUCT, What::Product)] {
        if section.get(key).is_some_and(|node| is_yes(node, faults)) {
            wished.push(what);
        }
    }
    let relax_after = section.get("relax_after").and_then(|node| node.word(faults));
    let relax_after =
        relax_after.and_then(|word| faults.read(&word, "pool-bad-relax", values::DURATION, values::duration));
    section.finish(faults);
    if told != faults.count() {
        return None;
    }
    if wished.len() == 1 {
        return Some(Wished { at: node.at, what: wished.remove(0), relax_after });
    }
    let found = if wished.is_empty() { "a preference for nothing" } else { "several wishes in one preference" };
    let allowed = "one of skill: NAME, language: yes, product: yes";
    faults
        .error("pool-bad-preference", node.at, found, allowed)
        .hint((wished.len() > 1).then(|| "write one item per wish, the most important first".to_owned()));
    None
}

/// The wish is for the lead's own language or products: there is nothing to name.
fn is_yes(node: &Node, faults: &mut Faults) -> bool {
    let Some(word) = node.word(faults) else { return false };
    if values::flag(&word.text) == Some(true) {
        return true;
    }
    faults
        .error("pool-bad-preference", word.at, quoted(&word.text), "yes: what the lead speaks or asks about is meant")
        .hint(Some("to select reps by a certain language or product, use members".to_owned()));
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::files::yaml;

    fn wishes(text: &str) -> (Vec<PoolPreference>, Vec<&'static str>) {
        let mut faults = Faults::default();
        let node = yaml::parse("rules/routing.yaml", text, &mut faults).expect("yaml");
        let wished = read(&node, &mut faults).iter().map(Wished::finish).collect();
        (wished, faults.into_sorted().iter().map(|fault| fault.code).collect())
    }

    #[test]
    fn wishes_are_read_in_order_with_their_time() {
        let (found, faults) =
            wishes("[{ skill: [voice-ai, chat], relax_after: 20s }, { language: true }, product, deaf]");
        assert_eq!(faults, Vec::<&str>::new());
        let skill = |names: &[&str]| Wish::Skill(names.iter().map(|name| (*name).to_owned()).collect());
        let expected = [
            (skill(&["voice-ai", "chat"]), Some(Duration::from_secs(20))),
            (Wish::Language, None),
            (Wish::Product, None),
            (skill(&["deaf"]), None),
        ];
        assert_eq!(found, expected.map(|(wish, relax_after)| PoolPreference { wish, relax_after }));
    }

    #[test]
    fn what_is_no_wish_is_told() {
        for (text, expected) in [
            ("[{ relax_after: 20s }]", "pool-bad-preference"),
            ("[{ skill: a, language: yes }]", "pool-bad-preference"),
            ("[{ language: de }]", "pool-bad-preference"),
            ("[{ skill: a, relax_after: 20 }]", "pool-bad-relax"),
            ("[{ skil: a, language: yes }]", "key-unknown"),
        ] {
            assert_eq!(wishes(text).1, [expected], "{text}");
        }
    }
}
