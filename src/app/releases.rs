//! Releases of the past: listed with what each changed, and put back into a workspace.

use super::workspace;
use crate::store::{Store, StoredRelease};
use anyhow::{Context, Result, bail, ensure};
use baton_core::domain::id::ReleaseId;
use baton_core::rules::{self, SourceFile};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

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
pub async fn list(store: &Store) -> Result<Vec<Listed>> {
    let found = store.read("release.list", |tx| {
        Box::pin(async move {
            let releases = tx.releases().await?;
            let pairs = releases.windows(2);
            let differing: BTreeSet<String> = pairs.flat_map(|pair| differing(&pair[1], &pair[0])).collect();
            let bodies = tx.release_bodies(&differing.into_iter().collect::<Vec<_>>()).await?;
            Ok((releases, bodies))
        })
    });
    let (releases, bodies) = found.await.context("reading the releases")?;
    let mut changes: Vec<Vec<FileChange>> =
        releases.windows(2).map(|pair| changes(&pair[1].files, &pair[0].files, &bodies)).collect();
    changes.push(Vec::new());
    Ok(releases.into_iter().zip(changes).map(|(release, changes)| Listed { release, changes }).collect())
}

/// Hashes of the contents that only one of two releases has.
fn differing(before: &StoredRelease, after: &StoredRelease) -> Vec<String> {
    let (before, after): (BTreeSet<_>, BTreeSet<_>) = (before.files.iter().collect(), after.files.iter().collect());
    before.symmetric_difference(&after).map(|(_, hash)| (*hash).clone()).collect()
}

/// By path; files and contents are given by their hash.
fn changes(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
    bodies: &BTreeMap<String, String>,
) -> Vec<FileChange> {
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let text = |hash: Option<&String>| hash.and_then(|hash| bodies.get(hash)).map_or("", String::as_str);
    let mut changes = Vec::new();
    for path in paths {
        let (old, new) = (before.get(path), after.get(path));
        if old == new {
            continue;
        }
        let (removed, added) = (lines(text(old)), lines(text(new)));
        let more = |a: &BTreeMap<&str, usize>, b: &BTreeMap<&str, usize>| -> usize {
            a.iter().map(|(line, times)| times.saturating_sub(b.get(line).copied().unwrap_or(0))).sum()
        };
        let change = FileChange { path: path.clone(), added: more(&added, &removed), removed: more(&removed, &added) };
        changes.push(change);
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

/// The release whose id begins so.
///
/// # Errors
/// There is none, or more than one.
pub async fn find(store: &Store, start: &str) -> Result<StoredRelease> {
    let all = store.releases().await.context("reading the releases")?;
    let mut fitting = all.iter().filter(|release| release.id.as_str().starts_with(start) && !start.is_empty());
    match (fitting.next(), fitting.next()) {
        (Some(release), None) => Ok(release.clone()),
        (Some(_), Some(_)) => bail!("more than one release begins with {start:?}: give more digits"),
        (None, _) => {
            let known: Vec<&str> = all.iter().take(5).map(|release| release.id.short()).collect();
            bail!("no release begins with {start:?}; the newest are: {}", known.join(", "))
        }
    }
}

/// What is to be done to a folder, so that it holds a release.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rollback {
    /// The release that lies there now.
    pub before: Option<ReleaseId>,
    pub write: Vec<SourceFile>,
    /// Files that the release does not have.
    pub remove: Vec<String>,
    /// What lies there now was never live on this database: nobody else has it.
    pub unknown: bool,
}

/// Compares a workspace with a release of the past.
///
/// # Errors
/// The folder or the release cannot be read; or this version of Baton refuses the release.
pub async fn plan(store: &Store, folder: &Path, release: &StoredRelease) -> Result<Rollback> {
    let now = workspace::read(folder)?;
    let (id, wanted) = (rules::release(&now), release.id.clone());
    let here = id.clone();
    let found = store.read("release.files", move |tx| {
        let (wanted, here) = (wanted.clone(), here.clone());
        Box::pin(async move { Ok((tx.release_files(&wanted).await?, tx.release_files(&here).await?.is_some())) })
    });
    let (files, known) = found.await.context("reading the release")?;
    let files = files.with_context(|| format!("release {} is not kept in this database", release.id))?;
    if let Err(faults) = workspace::compile(files.clone()) {
        let first = faults.rules.first().map(ToString::to_string);
        let first = first.or_else(|| faults.templates.first().map(ToString::to_string)).unwrap_or_default();
        bail!("this version of Baton refuses release {}: {first}", release.id.short());
    }
    ensure!(files.iter().all(|file| is_ours(&file.path)), "release {} has files outside the workspace", release.id);
    let kept: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let remove = now.iter().filter(|file| !kept.contains(file.path.as_str())).map(|file| file.path.clone()).collect();
    let write = files.iter().filter(|file| !now.contains(file)).cloned().collect();
    Ok(Rollback { before: Some(id), write, remove, unknown: !known })
}

/// Below `rules/`, `templates/` or `platforms/`, and nowhere else.
fn is_ours(path: &str) -> bool {
    let plain = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    plain && ["rules/", "templates/", "platforms/"].iter().any(|folder| path.starts_with(folder))
}

impl Rollback {
    pub fn is_nothing(&self) -> bool {
        self.write.is_empty() && self.remove.is_empty()
    }

    /// Files that lie in the folder now and will not afterwards, or otherwise.
    pub fn replaced<'a>(&'a self, folder: &'a Path) -> impl Iterator<Item = &'a str> {
        let paths = self.write.iter().map(|file| file.path.as_str()).chain(self.remove.iter().map(String::as_str));
        paths.filter(|path| folder.join(path).exists())
    }

    /// Copies what will be replaced to a folder beside it, which no worker reads.
    ///
    /// # Errors
    /// A file cannot be copied: nothing was changed.
    pub fn set_aside(&self, folder: &Path, name: &str) -> Result<PathBuf> {
        let aside = folder.join(".replaced").join(name);
        for path in self.replaced(folder) {
            let to = aside.join(path);
            let parent = to.parent().unwrap_or(&aside);
            std::fs::create_dir_all(parent).with_context(|| format!("creating {}", parent.display()))?;
            std::fs::copy(folder.join(path), &to).with_context(|| format!("copying {path} to {}", to.display()))?;
        }
        Ok(aside)
    }

    /// Writes and removes. Each file appears whole under its name; a worker waits until the folder has come to rest.
    ///
    /// # Errors
    /// A file cannot be written; the same command again goes on from there.
    pub fn carry_out(&self, folder: &Path) -> Result<()> {
        for SourceFile { path, text } in &self.write {
            let to = folder.join(path);
            let (parent, name) = (to.parent().unwrap_or(folder), to.file_name().unwrap_or_default());
            std::fs::create_dir_all(parent).with_context(|| format!("creating {}", parent.display()))?;
            let half = parent.join(format!(".{}.half", name.to_string_lossy()));
            std::fs::write(&half, text).with_context(|| format!("writing {}", half.display()))?;
            std::fs::rename(&half, &to).with_context(|| format!("writing {}", to.display()))?;
        }
        for path in &self.remove {
            std::fs::remove_file(folder.join(path)).with_context(|| format!("removing {path}"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    #[test]
    fn a_change_counts_lines_that_came_and_went() {
        let bodies = map(&[("1", "a\nb\nb\nc"), ("2", "a\nb\nd\nd"), ("3", "x\n")]);
        let told = |before: &[(&str, &str)], after: &[(&str, &str)]| changes(&map(before), &map(after), &bodies);
        let change = |path: &str, added, removed| FileChange { path: path.to_owned(), added, removed };
        assert_eq!(told(&[("f", "1")], &[("f", "1")]), []);
        assert_eq!(told(&[("f", "1")], &[("f", "2")]), [change("f", 2, 2)]);
        assert_eq!(told(&[("f", "3")], &[("g", "3")]), [change("f", 0, 1), change("g", 1, 0)]);
    }

    #[test]
    fn only_paths_of_a_workspace_are_written() {
        for (path, ours) in [
            ("rules/reps.csv", true),
            ("templates/chat/ringing.hbs", true),
            ("platforms/vapi.yaml", true),
            ("rules/../../etc/passwd", false),
            ("/rules/reps.csv", false),
            ("baton.toml", false),
        ] {
            assert_eq!(is_ours(path), ours, "{path}");
        }
    }
}
