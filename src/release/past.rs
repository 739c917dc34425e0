//! Releases that were live on this database, and what each changed.

use crate::store::{Store, StoreError, StoredRelease};
use baton_core::rules::SourceFile;
use std::collections::{BTreeMap, BTreeSet};

/// A release with what it changed against the one that was first used before it.
pub struct Listed {
    pub release: StoredRelease,
    /// Empty for the first one.
    pub changes: Vec<FileChange>,
}

/// How a file differs: lines that came and lines that went. In a table a line is a row.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FileChange {
    pub path: String,
    pub added: usize,
    pub removed: usize,
}

/// All releases of a database, the newest first.
///
/// # Errors
/// The database could not be read.
pub async fn list(store: &Store) -> Result<Vec<Listed>, StoreError> {
    let found = store.read("release.list", |tx| {
        Box::pin(async move {
            let releases = tx.releases().await?;
            let pairs = releases.windows(2);
            let differing: BTreeSet<String> = pairs.flat_map(|pair| differing(&pair[1], &pair[0])).collect();
            let bodies = tx.release_bodies(&differing.into_iter().collect::<Vec<_>>()).await?;
            Ok((releases, bodies))
        })
    });
    let (releases, bodies) = found.await?;
    let pairs = releases.windows(2);
    let mut changed: Vec<Vec<FileChange>> =
        pairs.map(|pair| changes(&texts(&pair[1], &bodies), &texts(&pair[0], &bodies))).collect();
    changed.push(Vec::new());
    Ok(releases.into_iter().zip(changed).map(|(release, changes)| Listed { release, changes }).collect())
}

/// What one set of files changed against another.
pub fn between(before: &[SourceFile], after: &[SourceFile]) -> Vec<FileChange> {
    changes(&by_path(before), &by_path(after))
}

/// Hashes of the contents that only one of two releases has.
fn differing(before: &StoredRelease, after: &StoredRelease) -> Vec<String> {
    let (before, after): (BTreeSet<_>, BTreeSet<_>) = (before.files.iter().collect(), after.files.iter().collect());
    before.symmetric_difference(&after).map(|(_, hash)| (*hash).clone()).collect()
}

/// By path; of a content that was not read, the hash stands for it.
fn texts<'t>(release: &'t StoredRelease, bodies: &'t BTreeMap<String, String>) -> BTreeMap<&'t str, &'t str> {
    release.files.iter().map(|(path, hash)| (path.as_str(), bodies.get(hash).unwrap_or(hash).as_str())).collect()
}

fn by_path(files: &[SourceFile]) -> BTreeMap<&str, &str> {
    files.iter().map(|file| (file.path.as_str(), file.text.as_str())).collect()
}

/// By path, in which contents are given.
fn changes(before: &BTreeMap<&str, &str>, after: &BTreeMap<&str, &str>) -> Vec<FileChange> {
    let paths: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
    let mut changes = Vec::new();
    for path in paths {
        let (old, new) = (before.get(path), after.get(path));
        if old == new {
            continue;
        }
        let (removed, added) = (lines(old.copied().unwrap_or_default()), lines(new.copied().unwrap_or_default()));
        let more = |a: &BTreeMap<&str, usize>, b: &BTreeMap<&str, usize>| -> usize {
            a.iter().map(|(line, times)| times.saturating_sub(b.get(line).copied().unwrap_or(0))).sum()
        };
        let (added, removed) = (more(&added, &removed), more(&removed, &added));
        changes.push(FileChange { path: path.to_owned(), added, removed });
    }
    changes
}

/// How often each line stands in a text.
fn lines(text: &str) -> BTreeMap<&str, usize> {
    let mut lines = BTreeMap::new();
    for line in text.lines() {
        *lines.entry(line).or_insert(0) += 1;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_counts_lines_that_came_and_went() {
        let file = |path: &str, text: &str| SourceFile { path: path.to_owned(), text: text.to_owned() };
        let (one, two, three) = ("a\nb\nb\nc", "a\nb\nd\nd", "x\n");
        let change = |path: &str, added, removed| FileChange { path: path.to_owned(), added, removed };
        assert_eq!(between(&[file("f", one)], &[file("f", one)]), []);
        assert_eq!(between(&[file("f", one)], &[file("f", two)]), [change("f", 2, 2)]);
        assert_eq!(between(&[file("f", three)], &[file("g", three)]), [change("f", 0, 1), change("g", 1, 0)]);
    }
}
