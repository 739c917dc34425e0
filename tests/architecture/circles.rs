//! Circles: sets of modules that reach each other, over `use` or by a path in the code, so that none can be read without the
//! others. A parent that gives out what is its own child's, or names it where it calls it, reaches nothing by it.

use super::source::{House, Source, branches};
use std::collections::{BTreeMap, BTreeSet};

pub fn circles(house: &House) -> Vec<String> {
    let ships: Vec<&Source> = house.files.values().filter(|source| !source.is_test).collect();
    let modules: BTreeSet<String> = ships.iter().map(|source| source.module_path()).collect();
    let arrows: BTreeMap<String, BTreeSet<String>> =
        ships.iter().map(|source| (source.module_path(), uses(source, &modules))).collect();
    let reached: BTreeMap<&String, BTreeSet<&String>> =
        arrows.keys().map(|module| (module, reached_from(module, &arrows))).collect();
    let mut told = BTreeSet::new();
    for (module, far) in &reached {
        let circle: Vec<&str> =
            far.iter().filter(|other| reached[**other].contains(module)).map(|other| other.as_str()).collect();
        if circle.len() > 1 {
            told.insert(format!("{} reach each other: move what they share below them", circle.join(", ")));
        }
    }
    told.into_iter().collect()
}

fn reached_from<'a>(module: &'a String, arrows: &'a BTreeMap<String, BTreeSet<String>>) -> BTreeSet<&'a String> {
    let (mut reached, mut open) = (BTreeSet::new(), vec![module]);
    while let Some(at) = open.pop() {
        open.extend(arrows[at].iter().filter(|next| reached.insert(*next)));
    }
    reached
}

/// The modules whose names stand in the `use` lines and in the other paths of a file.
fn uses(source: &Source, modules: &BTreeSet<String>) -> BTreeSet<String> {
    let me = source.module_path();
    let is_own_child = |module: &str| module.strip_prefix(&me).is_some_and(|rest| rest.starts_with("::"));
    let mut found = BTreeSet::new();
    let paths = source.code.split(|c: char| !c.is_alphanumeric() && !"_:".contains(c));
    for path in paths.filter(|word| word.contains("::") && !word.ends_with("::")) {
        found.extend(resolved(&me, path, modules).filter(|module| *module != me && !is_own_child(module)));
    }
    for statement in source.code.split(';') {
        let start = statement.rfind("use ").filter(|at| {
            let before = statement[..*at].trim_end_matches(' ');
            before.is_empty() || before.ends_with(['\n', '}', '{', ')']) || before.ends_with("pub")
        });
        let Some(start) = start else { continue };
        let is_given_out = statement[..start].rsplit('\n').next().is_some_and(|line| line.contains("pub"));
        for path in branches(&statement[start + "use ".len()..].replace(['\n', ' '], "")) {
            let Some(module) = resolved(&me, &path, modules) else { continue };
            if module != me && !(is_given_out && is_own_child(&module)) {
                found.insert(module);
            }
        }
    }
    found
}

/// The deepest module that a path leads through; `None` for what is not ours.
fn resolved(me: &str, path: &str, modules: &BTreeSet<String>) -> Option<String> {
    let mut names = path.split("::").peekable();
    let krate = me.split("::").next()?;
    let mut at: Vec<&str> = match *names.peek()? {
        "crate" => vec![krate],
        "self" | "super" => me.split("::").collect(),
        name if name.starts_with("baton") => vec![name],
        name if modules.contains(&format!("{me}::{name}")) => me.split("::").chain([name]).collect(),
        _ => return None,
    };
    let leads_here = names.next() != Some("super");
    if !leads_here {
        at.pop();
    }
    for name in names {
        if name == "super" {
            at.pop();
            continue;
        }
        let next = at.iter().copied().chain([name]).collect::<Vec<_>>();
        if !modules.contains(&next.join("::")) {
            break;
        }
        at = next;
    }
    Some(at.join("::")).filter(|module| modules.contains(module))
}

#[test]
fn modules_do_not_go_round_in_circles() {
    super::none(circles(super::house()));
}

#[test]
fn a_circle_is_caught_and_a_parent_may_give_out_what_its_child_has() {
    let circles_of = |store: &str, lead: &str| {
        let texts = [
            ("src/lib.rs", "pub mod store;"),
            ("src/store/mod.rs", store),
            ("src/store/lead.rs", lead),
            ("src/store/row.rs", "pub struct Row;"),
        ];
        circles(&House::of(texts.map(|(path, text)| (path.to_owned(), text.to_owned())).into()))
    };
    let uses_its_parent = "use super::{Tx, row::Row};\npub struct Lead;";
    assert!(circles_of("mod lead;\nmod row;\npub use lead::Lead;\npub struct Tx;", uses_its_parent).is_empty());
    let told = circles_of("mod lead;\nmod row;\nuse lead::Lead;\npub struct Tx;", uses_its_parent);
    assert_eq!(told, ["baton::store, baton::store::lead reach each other: move what they share below them"]);
    let by_path = "pub fn tx() -> super::Tx { super::row::none() }";
    assert!(circles_of("mod lead;\nmod row;\npub struct Tx(lead::Lead);", by_path).is_empty());
    assert_eq!(circles_of("mod lead;\nmod row;\nuse lead::tx;\npub struct Tx;", by_path).len(), 1);
    let absolute = "use crate::store::Tx;";
    assert_eq!(circles_of("mod lead;\nmod row;\nuse self::lead::Lead;\npub struct Tx;", absolute).len(), 1);
}
