//! `docs/handoff.md` lists the calls that are made over real telephony: each of them, and no other.

use crate::program::{entries, root};
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn the_page_says_what_is_seen_in_every_call_over_real_telephony() {
    let page = std::fs::read_to_string(root().join("docs/handoff.md")).expect("the page");
    let (_, after) = page.split_once("\n## On real telephony\n").expect("the section");
    let section = after.split("\n## ").next().unwrap_or_default();
    let mut listed = BTreeSet::new();
    for row in section.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [name, happens, seen] = cells[..] else { panic!("three cells, and not {row:?}") };
        assert!(!happens.is_empty() && !seen.is_empty(), "nothing is said of {name}");
        assert!(listed.insert(name.trim_matches('`').to_owned()), "{name} is listed twice");
    }
    let made = cases_in(&root().join("tests/it/calls"), "");
    assert!(made.len() >= 28, "{made:?}");
    let unlisted: Vec<_> = made.difference(&listed).collect();
    assert!(unlisted.is_empty(), "docs/handoff.md does not list {unlisted:#?}");
    let gone: Vec<_> = listed.difference(&made).collect();
    assert!(gone.is_empty(), "docs/handoff.md lists what is not there: {gone:#?}");
}

/// As `./test calls` takes them: file, and name in its `cases!`.
fn cases_in(folder: &Path, within: &str) -> BTreeSet<String> {
    let mut cases = BTreeSet::new();
    for path in entries(folder) {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let within = if name == "mod" { within.to_owned() } else { format!("{within}{name}::") };
        if path.is_dir() {
            cases.extend(cases_in(&path, &within));
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a file of tests");
        let block = text.split_once("\ncases! {\n").and_then(|(_, rest)| rest.split_once("\n}"));
        let lines = block.into_iter().flat_map(|(names, _)| names.lines());
        cases.extend(lines.map(|line| format!("{within}{}", line.trim().trim_end_matches(','))));
    }
    cases
}
