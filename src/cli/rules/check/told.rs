//! What people read: a stage with its count, then each fault with the line that it is about.

use crate::app::workspace::{self, Faults};
use crate::rehearse::excerpt::{Lines, excerpt};
use baton_core::rules::{Fault, SourceFile};

/// Lines for people, one below the other.
pub(super) struct Page {
    lines: Vec<String>,
}

impl Page {
    pub(super) fn new() -> Self {
        Self { lines: Vec::new() }
    }

    pub(super) fn line(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    pub(super) fn rules(&mut self, warnings: &[Fault], faults: &Faults, summary: &[String], sources: &[SourceFile]) {
        let (mappings, rules): (Vec<&Fault>, Vec<&Fault>) =
            faults.rules.iter().partition(|fault| workspace::is_mapping(&fault.path));
        self.stage("rules", rules.len(), warnings.len());
        for line in summary {
            self.line(format!("           {line}"));
        }
        self.tell(rules.into_iter().chain(warnings), sources);
        self.optional(workspace::TEMPLATES, faults.templates.len(), sources);
        for fault in &faults.templates {
            self.line(fault.to_string());
        }
        self.optional(workspace::PLATFORMS, mappings.len(), sources);
        self.tell(mappings, sources);
    }

    /// The stage of a folder that need not be there.
    fn optional(&mut self, folder: &str, errors: usize, sources: &[SourceFile]) {
        if sources.iter().any(|source| source.path.starts_with(folder)) {
            self.stage(folder, errors, 0);
        } else {
            self.line(format!("{folder:<10} ok, the built-in ones: there is no folder {folder}/"));
        }
    }

    /// Each with the line that it is about.
    pub(super) fn tell<'f>(&mut self, faults: impl IntoIterator<Item = &'f Fault>, sources: &[SourceFile]) {
        let lines = Lines::of(sources);
        for fault in faults {
            self.line(fault.to_string());
            if let Some(excerpt) = excerpt(&lines, &fault.path, fault.line, fault.column) {
                self.line(excerpt);
            }
        }
    }

    pub(super) fn stage(&mut self, name: &str, errors: usize, warnings: usize) {
        let state = match (errors, warnings) {
            (0, 0) => "ok".to_owned(),
            (0, warnings) => format!("ok, {warnings} to look at"),
            (errors, _) => format!("{errors} to mend"),
        };
        self.line(format!("{name:<10} {state}"));
    }

    pub(super) fn text(&self) -> String {
        self.lines.join("\n")
    }
}
