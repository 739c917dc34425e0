//! Releases of the past, put back into a workspace.

use super::workspace;
use crate::store::{Store, StoredRelease};
use anyhow::{Context, Result, bail, ensure};
use baton_core::domain::id::ReleaseId;
use baton_core::rules::{self, SourceFile};
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

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
