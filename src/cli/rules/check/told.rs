//! What people read: a stage with its count, then each fault with the line that it is about.

use super::excerpt::{Lines, excerpt};
use crate::app::workspace::{self, Faults};
use crate::cli::say;
use baton_core::rules::{Fault, SourceFile};

pub(super) fn text(warnings: &[Fault], faults: &Faults, summary: &[String], sources: &[SourceFile]) {
    let (mappings, rules): (Vec<&Fault>, Vec<&Fault>) =
        faults.rules.iter().partition(|fault| workspace::is_mapping(&fault.path));
    stage("rules", rules.len(), warnings.len());
    for line in summary {
        say(&format!("           {line}"));
    }
    tell(rules.into_iter().chain(warnings), sources);
    optional(workspace::TEMPLATES, faults.templates.len(), sources);
    for fault in &faults.templates {
        say(&fault.to_string());
    }
    optional(workspace::PLATFORMS, mappings.len(), sources);
    tell(mappings, sources);
}

/// The stage of a folder that need not be there.
fn optional(folder: &str, errors: usize, sources: &[SourceFile]) {
    if sources.iter().any(|source| source.path.starts_with(folder)) {
        stage(folder, errors, 0);
    } else {
        say(&format!("{folder:<10} ok, the built-in ones: there is no folder {folder}/"));
    }
}

/// Each with the line that it is about.
pub(super) fn tell<'f>(faults: impl IntoIterator<Item = &'f Fault>, sources: &[SourceFile]) {
    let lines = Lines::of(sources);
    for fault in faults {
        say(&fault.to_string());
        if let Some(excerpt) = excerpt(&lines, &fault.path, fault.line, fault.column) {
            say(&excerpt);
        }
    }
}

pub(super) fn stage(name: &str, errors: usize, warnings: usize) {
    let state = match (errors, warnings) {
        (0, 0) => "ok".to_owned(),
        (0, warnings) => format!("ok, {warnings} to look at"),
        (errors, _) => format!("{errors} to mend"),
    };
    say(&format!("{name:<10} {state}"));
}
