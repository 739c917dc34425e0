//! A workspace on disk: one directory, read as a whole.

use crate::release::Mappings;
use crate::render::{TemplateFault, Templates};
use anyhow::{Context, Result};
use baton_core::rules::words::encoding;
use baton_core::rules::{self, Checked, Fault, SourceFile};
use baton_platforms::Mapping;
use chrono::NaiveDate;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Rules, templates and mappings of one workspace, checked.
pub struct Workspace {
    pub checked: Checked,
    pub templates: Templates,
    pub platforms: Mappings,
    /// What it was read from, sorted by path: what makes it a release.
    pub files: Vec<SourceFile>,
}

/// Everything that is wrong with a workspace, at once.
#[derive(Debug, Default)]
pub struct Faults {
    /// Of the rules, and after them those of the mappings.
    pub rules: Vec<Fault>,
    pub templates: Vec<TemplateFault>,
}

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
    Ok(compile_with(read(dir)?, |files| rules::check(files, today)))
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

/// May be missing: the built-in texts are used then.
pub const TEMPLATES: &str = "templates";
/// May be missing: the mappings that come with Baton are used then, as are those of them that have no file of their name there.
pub const PLATFORMS: &str = "platforms";

/// Checks the files of a workspace together.
///
/// # Errors
/// Everything that is wrong with them.
pub fn compile(files: Vec<SourceFile>) -> Result<Workspace, Faults> {
    compile_with(files, rules::compile)
}

fn compile_with(
    files: Vec<SourceFile>,
    check: impl Fn(&[SourceFile]) -> Result<Checked, Vec<Fault>>,
) -> Result<Workspace, Faults> {
    let templates = files.iter().filter(|file| file.path.starts_with("templates/"));
    let templates: Vec<(String, String)> = templates.map(|file| (file.path.clone(), file.text.clone())).collect();
    match (check(&files), Templates::compile(&templates), mappings(&files)) {
        (Ok(checked), Ok(templates), Ok(platforms)) => Ok(Workspace { checked, templates, platforms, files }),
        (checked, templates, platforms) => {
            let mut rules = checked.err().unwrap_or_default();
            rules.extend(platforms.err().unwrap_or_default());
            Err(Faults { rules, templates: templates.err().unwrap_or_default() })
        }
    }
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

/// Those that come with Baton, and in their place those of the workspace.
fn mappings(files: &[SourceFile]) -> Result<Mappings, Vec<Fault>> {
    let mut mappings: Mappings = Mapping::shipped().into_iter().map(|one| (one.name.clone(), one)).collect();
    let mut faults = Vec::new();
    for SourceFile { path, text } in files.iter().filter(|file| is_mapping(&file.path)) {
        match Mapping::read(path, text) {
            Ok(one) => {
                mappings.insert(one.name.clone(), one);
            }
            Err(found) => faults.extend(found),
        }
    }
    if faults.is_empty() { Ok(mappings) } else { Err(faults) }
}

/// Whether a file of this path says what a platform's requests mean.
pub fn is_mapping(path: &str) -> bool {
    path.starts_with("platforms/") && [".yaml", ".yml"].iter().any(|end| path.ends_with(end))
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
