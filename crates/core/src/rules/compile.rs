//! The files of a workspace in, one checked rule set out, or every fault at once.

use super::files::hours::{self, front_door};
use super::files::{accounts, handoff, reps, routes, territories};
use super::lint;
use super::{ACCOUNTS, FRONT_DOOR, HANDOFF, HOURS, REPS, ROUTING, RuleSet, TERRITORIES};
use crate::domain::id::ReleaseId;
use crate::rules::fault::{At, Fault, Faults, Level, did_you_mean, listed, quoted};
use crate::rules::files::vocabulary::FieldDef;
use crate::rules::files::yaml::{self, Node};
use crate::rules::resolve::{self, Drafts};
use chrono::NaiveDate;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

const FILES: [&str; 7] = [ROUTING, TERRITORIES, REPS, ACCOUNTS, HOURS, HANDOFF, FRONT_DOOR];

/// A file of the workspace: rules, or templates, which only take part in the release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Relative to the workspace, with slashes: `rules/reps.csv`.
    pub path: String,
    pub text: String,
}

/// Rules without errors.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    pub rules: RuleSet,
    /// What loads and probably does not do what was meant, by place; from [`check`], what is worth knowing too.
    pub warnings: Vec<Fault>,
}

/// Checks all files together, as far as a worker needs it.
///
/// # Errors
/// Every error that was found, by place. Warnings are looked for only when there is none; names are looked up across files
/// only when every file could be read.
pub fn compile(files: &[SourceFile]) -> Result<Checked, Vec<Fault>> {
    examine(files, lint::quick)
}

/// Checks all files together, for whoever edits them: besides what [`compile`] finds, rows and rules that never win, gaps,
/// overlaps, dates seen from `today`, hours in which nobody is at work.
///
/// # Errors
/// As [`compile`].
pub fn check(files: &[SourceFile], today: NaiveDate) -> Result<Checked, Vec<Fault>> {
    examine(files, |drafts, rules, faults| {
        lint::quick(drafts, rules, faults);
        lint::thorough(drafts, rules, today, faults);
    })
}

fn examine(files: &[SourceFile], lint: impl Fn(&Drafts, &RuleSet, &mut Faults)) -> Result<Checked, Vec<Fault>> {
    let mut faults = Faults::default();
    refuse_stray_files(files, &mut faults);
    let drafts = read(files, &mut faults);
    let rules = drafts.as_ref().and_then(|drafts| resolve::rule_set(drafts, release(files), &mut faults));
    if let (true, Some(rules), Some(drafts)) = (faults.are_remarks(), rules, drafts) {
        lint(&drafts, &rules, &mut faults);
        return Ok(Checked { rules, warnings: faults.into_sorted() });
    }
    let faults = faults.into_sorted();
    assert!(faults.iter().any(|fault| fault.level == Level::Error), "no rule set without an error that says why");
    Err(faults)
}

fn read(files: &[SourceFile], faults: &mut Faults) -> Option<Drafts> {
    let routing = tree(files, ROUTING, faults).map(|root| routes::read(&root, faults));
    let hours = tree(files, HOURS, faults).map(|root| hours::read(&root, faults));
    let handoff = tree(files, HANDOFF, faults).map(|root| handoff::read(&root, faults));
    let front_door = match text(files, FRONT_DOOR) {
        Some(text) => yaml::parse(FRONT_DOOR, text, faults).map(|root| front_door::read(&root, faults)),
        None => Some(Vec::new()),
    };
    let reps = required(files, REPS, faults).and_then(|text| reps::read(text, faults));
    let territories = required(files, TERRITORIES, faults);
    let accounts = text(files, ACCOUNTS);
    // Without the vocabulary of routing.yaml these two cannot be read.
    let routing = routing?;
    let territories = territories.and_then(|text| territories::read(text, &routing.vocabulary, faults));
    let accounts =
        accounts.map_or_else(|| Some(Vec::new()), |text| accounts::read(text, &routing.shared_domains, faults));
    Some(Drafts {
        routing,
        territories: territories?,
        reps: reps?,
        accounts: accounts?,
        hours: hours?,
        handoff: handoff?,
        front_door: front_door?,
    })
}

fn text<'f>(files: &'f [SourceFile], path: &str) -> Option<&'f str> {
    files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
}

fn required<'f>(files: &'f [SourceFile], path: &'static str, faults: &mut Faults) -> Option<&'f str> {
    let text = text(files, path);
    if text.is_none() {
        let hint = "`baton init DIR` writes a small workspace, of which it can be copied";
        faults
            .error("file-missing", At::start_of(path), "no such file", "a workspace with this file")
            .hint(Some(hint.to_owned()));
    }
    text
}

fn tree(files: &[SourceFile], path: &'static str, faults: &mut Faults) -> Option<Node> {
    yaml::parse(path, required(files, path, faults)?, faults)
}

/// The fields that conditions of these files may test, by path: those that every lead has, and those that `fields:` declares.
pub fn fields(files: &[SourceFile]) -> BTreeMap<String, FieldDef> {
    let mut unheard = Faults::default();
    let root = text(files, ROUTING).and_then(|text| yaml::parse(ROUTING, text, &mut unheard));
    root.map(|root| routes::read(&root, &mut unheard).vocabulary.into_fields()).unwrap_or_default()
}

/// A table or rule file under a name that nobody reads: `rules/account.csv` would be ignored without a word.
fn refuse_stray_files(files: &[SourceFile], faults: &mut Faults) {
    for file in files {
        let Some(name) = file.path.strip_prefix("rules/") else { continue };
        let is_rules = !name.contains('/') && [".yaml", ".yml", ".csv"].iter().any(|end| name.ends_with(end));
        if is_rules && !FILES.contains(&file.path.as_str()) {
            let hint = did_you_mean(&file.path, FILES.into_iter());
            let fault =
                faults.error("file-unknown", At::start_of(ROUTING), quoted(&file.path), listed(FILES.into_iter()));
            fault.path.clone_from(&file.path);
            fault.hint(hint);
        }
    }
}

/// The name of these files together, whether they are in order or not.
/// SHA-256 over paths and contents, by path; lengths keep a moved border from giving the same hash.
pub fn release(files: &[SourceFile]) -> ReleaseId {
    let mut files: Vec<&SourceFile> = files.iter().collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut hash = Sha256::new();
    for file in files {
        for part in [&file.path, &file.text] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
    }
    let digits: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    ReleaseId::new(digits).expect("a SHA-256 is 64 hexadecimal digits")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn the_release_depends_on_names_and_contents_but_not_on_order() {
        let (a, b) = (file("templates/a", "x"), file("templates/b", "y"));
        assert_eq!(release(&[a.clone(), b.clone()]), release(&[b.clone(), a.clone()]));
        assert_ne!(release(&[a.clone(), b]), release(&[a]));
        assert_ne!(release(&[file("ab", "c")]), release(&[file("a", "bc")]));
    }

    #[test]
    fn an_empty_workspace_misses_five_files_at_once() {
        let faults = compile(&[file("rules/account.csv", "name\n")]).unwrap_err();
        let told: Vec<_> = faults.iter().map(|fault| (fault.path.as_str(), fault.code)).collect();
        let expected = [
            ("rules/account.csv", "file-unknown"),
            ("rules/handoff.yaml", "file-missing"),
            ("rules/hours.yaml", "file-missing"),
            ("rules/reps.csv", "file-missing"),
            ("rules/routing.yaml", "file-missing"),
            ("rules/territories.csv", "file-missing"),
        ];
        assert_eq!(told, expected);
        assert_eq!(faults[0].hint.as_deref(), Some("did you mean \"rules/accounts.csv\"?"));
    }
}
