//! Rules that another system exports, as files of a workspace.
//!
//! Text in, text out. Nothing is lost: what the rule language cannot say, or what could not be read, is told with its line
//! and stands in the written file as a comment, so that it can be done by hand. Nothing is guessed in silence: which
//! column was taken for what is told as well.
#![warn(unreachable_pub)]

pub mod assignments;
mod ranges;
pub mod reps;
pub mod salesforce;
mod sheet;
pub mod territories;

pub use sheet::{Columns, overrides};

use baton_core::rules::words::place;
use std::collections::{BTreeMap, BTreeSet};

/// Files to be written, and what a person has to know about them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// Paths relative to the workspace, and contents.
    pub files: Vec<(&'static str, String)>,
    /// How the export was read: columns, counts.
    pub told: Vec<String>,
    pub notes: Vec<Note>,
}

/// Something that is left to do by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// In the export, counted from 1.
    pub line: u32,
    pub found: String,
    pub todo: String,
}

/// What could not be read and what is to be done: a [`Note`] that does not know its line yet.
type BadCell = (String, String);

impl Imported {
    fn note(&mut self, line: u32, found: impl Into<String>, todo: impl Into<String>) {
        self.notes.push(Note { line, found: found.into(), todo: todo.into() });
    }
}

/// A rep's id out of a user name, an address or a name: `Jane.Doe@acme.example` and `Jane Doe` give `jane.doe`.
fn rep_slug(text: &str) -> String {
    let local = text.split('@').next().unwrap_or(text);
    slug(local, '.')
}

/// Rep ids of people who are told apart by their addresses or user names, in any case of letters: two people stay two, also
/// where their addresses begin alike.
struct RepIds {
    ids: BTreeMap<String, String>,
    /// What several addresses begin with.
    alike: BTreeSet<String>,
}

impl RepIds {
    fn of<'a>(addresses: impl Iterator<Item = &'a str>) -> Self {
        let people: BTreeSet<String> = addresses.map(str::to_lowercase).collect();
        let (mut seen, mut alike) = (BTreeSet::new(), BTreeSet::new());
        for begins in people.iter().map(|person| rep_slug(person)) {
            if !seen.insert(begins.clone()) {
                alike.insert(begins);
            }
        }
        let id = |person: String| {
            let begins = rep_slug(&person);
            let id = if alike.contains(&begins) { slug(&person, '.') } else { begins };
            (person, id)
        };
        Self { ids: people.into_iter().map(id).collect(), alike }
    }

    /// Empty for an address that no id can be made of.
    fn get(&self, address: &str) -> &str {
        self.ids.get(&address.to_lowercase()).map_or("", String::as_str)
    }

    /// Somebody else's address begins alike.
    fn is_shared(&self, address: &str) -> bool {
        self.alike.contains(&rep_slug(address))
    }
}

/// Small letters, digits, `.`, `-` and `_`; everything else becomes `gap`.
fn slug(text: &str, gap: char) -> String {
    let mut slug = String::new();
    for letter in plain(text).chars() {
        match letter {
            'a'..='z' | '0'..='9' | '.' | '-' | '_' => slug.push(letter),
            _ if slug.is_empty() || slug.ends_with(gap) => {}
            _ => slug.push(gap),
        }
    }
    let slug = slug.trim_matches(|c| matches!(c, '.' | '-' | '_'));
    slug.chars().take(64).collect()
}

/// Small letters without accents; what stands between words stays, unlike in [`place::fold`].
fn plain(text: &str) -> String {
    let letter = |c: char| if c.is_ascii() { c.to_ascii_lowercase().to_string() } else { place::fold(&c.to_string()) };
    text.chars().map(letter).collect()
}

/// A cell of a CSV file, in quotes where it needs them.
fn csv_cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r', '#']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// A text as YAML, in quotes always: `no`, `1.0` and `a: b` stay what they are.
fn yaml_text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace(['\n', '\r', '\t'], " "))
}

/// A comment cannot be broken by what it quotes.
fn comment(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_of_addresses_and_names() {
        assert_eq!(rep_slug("Jane.Doe@acme.example"), "jane.doe");
        assert_eq!(rep_slug("José  Núñez"), "jose.nunez");
        assert_eq!(slug("EMEA: Enterprise Queue", '-'), "emea-enterprise-queue");
    }
}
