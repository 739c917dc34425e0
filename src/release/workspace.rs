//! The files of a workspace, wherever they were read from, checked together.

use super::Mappings;
use crate::render::{TemplateFault, Templates};
use baton_core::rules::{self, Checked, Fault, SourceFile};
use baton_platforms::Mapping;
use chrono::NaiveDate;

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

/// As [`compile`], with all that whoever edits the rules should know as of `today`.
///
/// # Errors
/// As [`compile`].
pub fn check(files: Vec<SourceFile>, today: NaiveDate) -> Result<Workspace, Faults> {
    compile_with(files, |files| rules::check(files, today))
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

/// Those that come with Baton, and in their place those of the workspace.
///
/// # Errors
/// Every fault of those of the workspace.
pub fn mappings(files: &[SourceFile]) -> Result<Mappings, Vec<Fault>> {
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
