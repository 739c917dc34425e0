//! The rules of a workspace as they were in a git revision. Asks the `git` program; nothing is checked out or changed.

use anyhow::{Context, Result, bail};
use baton_core::rules::SourceFile;
use std::path::Path;
use std::process::Command;

/// The files of `rules/`, `templates/` and `platforms/` below `dir` as `revision` has them: a branch, a tag, a commit, `HEAD~3`.
///
/// # Errors
/// There is no git, `dir` lies in no repository, or the repository has no such revision or no rules in it.
pub fn sources(dir: &Path, revision: &str) -> Result<Vec<SourceFile>> {
    if revision.starts_with('-') {
        bail!("{revision:?} is no git revision: expected a branch, a tag or a commit");
    }
    let list = git(dir, &["ls-tree", "-r", "-z", "--name-only", revision, "--", "rules", "templates", "platforms"])?;
    let names = String::from_utf8(list).context("git names a file that is not UTF-8")?;
    let mut files = Vec::new();
    for path in names.split('\0').filter(|path| is_part(path)) {
        let text = git(dir, &["show", &format!("{revision}:./{path}")])?;
        let text = String::from_utf8(text).with_context(|| format!("{path} is not UTF-8 text in {revision}"))?;
        files.push(SourceFile { path: path.to_owned(), text: text.trim_start_matches('\u{feff}').to_owned() });
    }
    if files.is_empty() {
        bail!("revision {revision} has no rules/ below {}", dir.display());
    }
    Ok(files)
}

/// Hidden files and expectations are no part of a release, on disk or in git.
fn is_part(path: &str) -> bool {
    !path.is_empty() && !path.starts_with("rules/tests/") && path.split('/').all(|name| !name.starts_with('.'))
}

fn git(dir: &Path, arguments: &[&str]) -> Result<Vec<u8>> {
    let output = Command::new("git").arg("-C").arg(dir).args(arguments).output();
    let output = output.context("starting git, which is needed to read another revision of the workspace")?;
    if !output.status.success() {
        bail!("git {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(output.stdout)
}
