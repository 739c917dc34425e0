//! A workspace on disk: one directory, read as a whole.

pub use crate::release::workspace::{Faults, PLATFORMS, TEMPLATES, Workspace, compile, is_mapping};

use crate::release::Mappings;
use crate::release::workspace::{self, mappings};
use anyhow::{Context, Result};
use baton_core::rules::words::encoding;
use baton_core::rules::{Fault, SourceFile};
use chrono::NaiveDate;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Reads and checks `rules/`, `templates/` and `platforms/` below `dir`.
///
/// # Errors
/// A folder or file cannot be read. Faults in their content are the inner result.
pub fn load(dir: &Path) -> Result<Result<Workspace, Faults>> {
    Ok(compile(read(dir)?))
}

/// As [`load`], with all that whoever edits the rules should know as of `today`.
///
/// # Errors
/// As [`load`].
pub fn check(dir: &Path, today: NaiveDate) -> Result<Result<Workspace, Faults>> {
    Ok(workspace::check(read(dir)?, today))
}

/// The files below `dir` that make a release, sorted by path.
///
/// # Errors
/// A folder or file cannot be read, or is not text.
pub fn read(dir: &Path) -> Result<Vec<SourceFile>> {
    let mut files = Vec::new();
    for folder in [PLATFORMS, "rules", TEMPLATES] {
        if folder == "rules" || dir.join(folder).is_dir() {
            files.extend(read_folder(dir, folder)?);
        }
    }
    Ok(files)
}

/// The mappings of a workspace, whatever its rules are.
pub struct PlatformFiles {
    pub mappings: Mappings,
    /// The texts of those that are its own, by name.
    pub own: BTreeMap<String, String>,
}

/// Reads and checks `platforms/` below `dir`, which may be missing.
///
/// # Errors
/// As [`load`].
pub fn platforms(dir: &Path) -> Result<Result<PlatformFiles, Vec<Fault>>> {
    let files = if dir.join(PLATFORMS).is_dir() { read_folder(dir, PLATFORMS)? } else { Vec::new() };
    let named = |file: &SourceFile| {
        let stem = Path::new(&file.path).file_stem()?.to_string_lossy().into_owned();
        Some((stem, file.text.clone()))
    };
    let own = files.iter().filter(|file| is_mapping(&file.path)).filter_map(named).collect();
    Ok(mappings(&files).map(|mappings| PlatformFiles { mappings, own }))
}

/// The expectations, `rules/tests/*.yaml`, sorted by path; none where there is no such folder.
///
/// # Errors
/// The folder or a file in it cannot be read.
pub fn test_files(dir: &Path) -> Result<Vec<SourceFile>> {
    let folder = dir.join("rules/tests");
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = read_folder(dir, "rules/tests")?;
    files.retain(|file| [".yaml", ".yml"].iter().any(|end| file.path.ends_with(end)));
    Ok(files)
}

/// The text files below a folder, sorted by path; hidden files, editors' copies (`reps.csv~`) and
/// expectations (`rules/tests/`) are not part of a release.
fn read_folder(dir: &Path, folder: &str) -> Result<Vec<SourceFile>> {
    let root = dir.join(folder);
    let mut pending = vec![root.clone()];
    let mut paths: Vec<PathBuf> = Vec::new();
    while let Some(folder) = pending.pop() {
        let entries = std::fs::read_dir(&folder).with_context(|| {
            format!(
                "reading {}: a workspace has the folder rules/, and may have templates/ and platforms/",
                folder.display()
            )
        })?;
        for entry in entries {
            let path = entry.with_context(|| format!("reading {}", folder.display()))?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let aside = name.starts_with('.') || name.ends_with('~');
            if aside || path == root.join("tests") {
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
    let text = encoding::text(&bytes).with_context(|| {
        format!("{} is not UTF-8 text: save it as UTF-8 (in a spreadsheet: CSV UTF-8)", path.display())
    })?;
    let relative = path.strip_prefix(dir).unwrap_or(&path).to_string_lossy().replace('\\', "/");
    Ok(SourceFile { path: relative, text: text.trim_start_matches('\u{feff}').to_owned() })
}
