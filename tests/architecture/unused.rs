//! What is named by tests only: built, tested, documented, and called by nobody.
//!
//! By name: a definition whose name stands nowhere else in what ships is one that no user can reach. Names that many things
//! share slip through; the compiler finds those that are private.

use super::source::{House, Source};
use std::collections::BTreeMap;

/// Made for tests: their world, of which the demo needs a part, and phones.
const WORLDS: [&str; 2] = ["crates/sandbox/", "crates/phones/"];

/// Called by nobody by name, and why they stay.
const EXCEPTED: [(&str, &str); 2] = [
    ("ALLOCATOR", "the program allocates through it"),
    ("config_toml", "points a worker of its own process at the demo's world, which has its addresses to itself"),
];

const KEYWORDS: [&str; 6] = ["fn", "const", "static", "struct", "enum", "trait"];

pub fn named_by_tests_only(house: &House) -> Vec<String> {
    let ships = || house.files.values().filter(|source| !source.is_test);
    let mut named: BTreeMap<&str, u32> = BTreeMap::new();
    for source in ships() {
        let in_quotes = source.literals.iter().flat_map(|(_, text)| names_in_quotes(text));
        for name in names(&source.code).chain(in_quotes) {
            *named.entry(name).or_default() += 1;
        }
    }
    let once = |name: &str| named.get(name) == Some(&1) && !EXCEPTED.iter().any(|(excepted, _)| *excepted == name);
    let mut complaints = Vec::new();
    for source in ships().filter(|source| !WORLDS.iter().any(|world| source.path.starts_with(world))) {
        for (line, name) in definitions(source).into_iter().filter(|(_, name)| once(name)) {
            complaints.push(format!(
                "{}:{line}: {name} is named by nothing that ships: call it where it is needed, or delete it with its tests",
                source.path
            ));
        }
    }
    complaints
}

fn names(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|name| !name.is_empty())
}

/// `default = "name"` of an attribute, and `{name}` of a text that is filled in.
fn names_in_quotes(text: &str) -> impl Iterator<Item = &str> {
    let whole = names(text).filter(move |name| name.len() == text.len());
    let filled = text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).flat_map(|(inside, _)| names(inside));
    whole.chain(filled)
}

/// Line and name of what is defined, but for what a trait asks for.
fn definitions(source: &Source) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let (mut depth, mut of_trait) = (0usize, None);
    for (line, text) in source.lines() {
        if of_trait.is_none() && text.trim_start().starts_with("impl") && text.contains(" for ") {
            of_trait = Some(depth);
        }
        if of_trait.is_none() {
            let mut words = names(text).skip_while(|word| !KEYWORDS.contains(word));
            let name = words.find(|word| !KEYWORDS.contains(word));
            found.extend(name.filter(|name| !["main", "_"].contains(name)).map(|name| (line, name)));
        }
        let (opened, closed) = (text.matches('{').count(), text.matches('}').count());
        depth = (depth + opened).saturating_sub(closed);
        if closed > 0 && of_trait.is_some_and(|at| depth <= at) {
            of_trait = None;
        }
    }
    found
}

#[test]
fn nothing_is_built_that_only_tests_name() {
    super::none(named_by_tests_only(super::house()));
}

#[test]
fn what_only_tests_name_is_caught() {
    let texts = [
        ("src/lib.rs", "pub mod web;"),
        (
            "src/web.rs",
            "pub fn served() { used() }\n#[serde(default = \"of_serde\")]\nstruct Used;\nfn used() { format!(\"{FILLED}\") }\nfn of_serde() {}\n\
             const FILLED: u8 = 1;\npub const fn lost() -> Used {}\nimpl Trait for Used {\n fn asked_for() {\n }\n}\n\
             #[cfg(test)]\nmod tests {\n fn test() { lost(); served() }\n}",
        ),
        ("src/main.rs", "fn main() { served() }"),
    ];
    let house = House::of(texts.map(|(path, text)| (path.to_owned(), text.to_owned())).into());
    let complaints = named_by_tests_only(&house);
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    assert!(complaints[0].starts_with("src/web.rs:7: lost is named by nothing that ships"), "{complaints:?}");
}
