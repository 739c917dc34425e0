//! What the sources say: which operations the connectors ask for, and what a test plays.
//!
//! An operation is named where a call is made: in the first argument of `ApiCall::new` and `ApiCall::get`, or of a function of the
//! connector that takes it as `operation`.

use super::table::{ELSEWHERE, VENDORS};
use crate::program::{entries, root};
use std::collections::BTreeSet;
use std::path::Path;

/// Words of which one stands where a failure is played; `each_fault` plays the first three.
const PLAYED: [(&str, &[&str]); 7] = [
    ("lost answer", &["DropAnswer", "each_fault"]),
    ("limit", &["RateLimit", "429", "each_fault"]),
    ("outage", &["Unavailable", "503", "each_fault"]),
    ("refused", &["needs_person", "NeedsPerson", "reauthenticate", "Reauthenticate"]),
    ("locked", &["ErrorInside200"]),
    ("error inside a 200", &["ErrorInside200", "refuse_next"]),
    ("gone", &["\"gone\""]),
];

pub fn is_told(fault: &str, text: &str) -> bool {
    let (_, words) =
        PLAYED.iter().find(|(known, _)| *known == fault).unwrap_or_else(|| panic!("{fault:?} is no failure"));
    words.iter().any(|word| text.contains(word))
}

/// Whose connector a file is of.
fn vendor_of(path: &str) -> Option<&'static str> {
    VENDORS.iter().find(|(_, place, _)| path.starts_with(place)).map(|(vendor, ..)| *vendor)
}

/// By vendor.
pub fn operations() -> BTreeSet<(&'static str, String)> {
    let folder = root().join("src/connectors");
    let mut files = Vec::new();
    read(&folder, &folder, &mut files);
    let mut found = BTreeSet::new();
    for (path, code) in &files {
        let vendor = vendor_of(path);
        let beside = files.iter().filter(|(other, _)| vendor_of(other) == vendor);
        let helpers: BTreeSet<String> = beside.flat_map(|(_, code)| helpers(code)).collect();
        let named = named(code, &helpers);
        match vendor {
            Some(vendor) => found.extend(named.into_iter().map(|operation| (vendor, operation))),
            None if ELSEWHERE.iter().any(|(place, _)| path.starts_with(place)) => {}
            None => assert!(
                named.is_empty(),
                "whose operations are {named:?} of src/connectors/{path}? see coverage/table.rs"
            ),
        }
    }
    found
}

/// Path below the folder, and code with each call on one line, without tests and comments.
fn read(folder: &Path, within: &Path, files: &mut Vec<(String, String)>) {
    for path in entries(within) {
        let name = path.strip_prefix(folder).expect("a path inside").to_string_lossy().into_owned();
        if path.is_dir() {
            read(folder, &path, files);
        } else if name.ends_with(".rs") && !name.contains("tests") {
            let text = std::fs::read_to_string(&path).expect("a source file");
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            files.push((name, on_one_line(code)));
        }
    }
}

fn on_one_line(code: &str) -> String {
    let mut line = String::with_capacity(code.len());
    for part in code.lines().map(str::trim).filter(|part| !part.starts_with("//")) {
        if !part.starts_with('.') && !line.ends_with('(') {
            line.push(' ');
        }
        line.push_str(part);
    }
    line
}

/// As calls of them begin: `self.call(`, `post(`.
fn helpers(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("operation: &'static str") {
        let Some((before, _)) = code[..at].rsplit_once('(') else { continue };
        let name = before.rsplit(' ').next().unwrap_or_default();
        if code[..at].ends_with('(') {
            found.push(format!("{name}("));
        } else {
            found.push(format!("self.{name}("));
        }
    }
    found
}

fn named(code: &str, helpers: &BTreeSet<String>) -> BTreeSet<String> {
    let direct = ["ApiCall::new(", "ApiCall::get("].map(str::to_owned);
    let mut found = BTreeSet::new();
    for call in helpers.iter().chain(&direct) {
        for (at, _) in code.match_indices(&format!("{call}\"")) {
            let is_whole = !code[..at].ends_with(|c: char| c.is_alphanumeric() || "_.:".contains(c));
            let rest = &code[at + call.len() + 1..];
            found.extend(rest.split('"').next().filter(|_| is_whole).map(str::to_owned));
        }
    }
    found
}

/// All of the file in which a test stands, as `vendors::crm::salesforce::NAME`.
///
/// # Panics
/// There is no such test.
pub fn file_of(test: &str) -> String {
    let (module, name) = test.rsplit_once("::").unwrap_or_else(|| panic!("{test} has no module"));
    let file = root().join(format!("tests/it/{}.rs", module.replace("::", "/")));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{test}: {}: {error}", file.display()));
    let beginning = format!("\nasync fn {name}() {{\n");
    let (before, _) = text.split_once(&beginning).unwrap_or_else(|| panic!("there is no test {test}"));
    let attribute = before.lines().next_back().unwrap_or_default();
    assert!(attribute.starts_with("#[tokio::test"), "{test} is no test");
    text
}
