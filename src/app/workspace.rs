//! A workspace on disk: one directory, read as a whole.

use crate::render::{TemplateFault, Templates};
use crate::rules::{self, Checked, Fault, SourceFile};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// Rules and templates of one workspace, checked.
pub struct Workspace {
    pub checked: Checked,
    pub templates: Templates,
}

/// Everything that is wrong with a workspace, at once.
#[derive(Debug, Default)]
pub struct Faults {
    pub rules: Vec<Fault>,
    pub templates: Vec<TemplateFault>,
}

/// Reads and checks `rules/` and `templates/` below `dir`.
///
/// # Errors
/// A folder or file cannot be read. Faults in their content are the inner result.
pub fn load(dir: &Path) -> Result<Result<Workspace, Faults>> {
    let rules = read_folder(dir, "rules")?;
    let templates = read_folder(dir, "templates")?;
    Ok(compile(&rules, &templates))
}

/// The files of `rules/` and, as far as there are any, of `templates/`: what [`rules::compile`] takes.
///
/// # Errors
/// A folder or file cannot be read.
pub fn sources(dir: &Path) -> Result<Vec<SourceFile>> {
    let mut files = read_folder(dir, "rules")?;
    if dir.join("templates").is_dir() {
        files.extend(read_folder(dir, "templates")?);
    }
    Ok(files)
}

fn compile(rules: &[SourceFile], templates: &[SourceFile]) -> Result<Workspace, Faults> {
    let all: Vec<SourceFile> = rules.iter().chain(templates).cloned().collect();
    let pairs: Vec<(String, String)> = templates.iter().map(|file| (file.path.clone(), file.text.clone())).collect();
    match (rules::compile(&all), Templates::compile(&pairs)) {
        (Ok(checked), Ok(templates)) => Ok(Workspace { checked, templates }),
        (checked, templates) => {
            Err(Faults { rules: checked.err().unwrap_or_default(), templates: templates.err().unwrap_or_default() })
        }
    }
}

/// The text files below a folder, sorted by path; hidden files and expectations (`rules/tests/`) are not part of a release.
fn read_folder(dir: &Path, folder: &str) -> Result<Vec<SourceFile>> {
    let root = dir.join(folder);
    let mut pending = vec![root.clone()];
    let mut paths: Vec<PathBuf> = Vec::new();
    while let Some(folder) = pending.pop() {
        let entries = std::fs::read_dir(&folder).with_context(|| {
            format!("reading {}: a workspace has the folders rules/ and templates/", folder.display())
        })?;
        for entry in entries {
            let path = entry.with_context(|| format!("reading {}", folder.display()))?.path();
            let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            if hidden || path == root.join("tests") {
                continue;
            }
            if path.is_dir() { pending.push(path) } else { paths.push(path) }
        }
    }
    paths.sort();
    paths.into_iter().map(|path| read_file(dir, path)).collect()
}

fn read_file(dir: &Path, path: PathBuf) -> Result<SourceFile> {
    let bytes = std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
    let text = String::from_utf8(bytes).map_err(|_| {
        anyhow::anyhow!("{} is not UTF-8 text: save it as UTF-8 (in a spreadsheet: CSV UTF-8)", path.display())
    })?;
    let relative = path.strip_prefix(dir).unwrap_or(&path).to_string_lossy().replace('\\', "/");
    Ok(SourceFile { path: relative, text: text.trim_start_matches('\u{feff}').to_owned() })
}
