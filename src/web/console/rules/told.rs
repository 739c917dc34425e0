//! What is told of rules on more than one page: what is wrong with files, and where to read on.

use crate::rehearse::excerpt::{Lines, excerpt};
use crate::release::workspace::{self, Faults, Workspace};
use crate::render::TemplateFault;
use crate::web::console::form::query;
use baton_core::rules::fault::codes;
use baton_core::rules::{Fault, SourceFile};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};

/// Of what is wrong with files, what is told; the rest is counted.
const TOLD: usize = 200;
/// Lines of a file on one page.
pub(super) const LINES: usize = 2000;

/// Files, as `baton check` sees them.
pub(super) struct Examined {
    /// `None`: they have errors.
    pub workspace: Option<Workspace>,
    /// For the part of a page that lists them.
    pub faults: Value,
}

/// `release`: whose files they are, where they can be read on a page.
pub(super) fn examined(files: Vec<SourceFile>, today: NaiveDate, release: Option<&str>) -> Examined {
    let sources = files.clone();
    let lines = Lines::of(&sources);
    match workspace::check(files, today) {
        Ok(workspace) => {
            let mut warnings: Vec<&Fault> = workspace.checked.warnings.iter().collect();
            warnings.sort_by_key(|fault| fault.level);
            let told = warnings.iter().take(TOLD).map(|found| fault(found, &lines, release)).collect();
            let faults = listed(told, warnings.len());
            Examined { workspace: Some(workspace), faults }
        }
        Err(Faults { rules, templates }) => {
            let of_rules = rules.iter().map(|found| fault(found, &lines, release));
            let told = of_rules.chain(templates.iter().map(of_template)).take(TOLD).collect();
            Examined { workspace: None, faults: listed(told, rules.len() + templates.len()) }
        }
    }
}

fn listed(told: Vec<Value>, count: usize) -> Value {
    json!({ "count": count, "more": count > told.len(), "items": told })
}

fn fault(fault: &Fault, lines: &Lines<'_>, release: Option<&str>) -> Value {
    let Fault { level, code, path, line, column, found, allowed, hint, witness } = fault;
    json!({
        "level": level.as_str(),
        "code": code,
        "meaning": codes::meaning(code),
        "place": format!("{path}:{line}:{column}"),
        "href": release.map(|release| place(release, path, *line)),
        "found": found,
        "allowed": allowed,
        "hint": hint,
        "example": witness.as_ref().map(ToString::to_string),
        "excerpt": excerpt(lines, path, *line, *column),
    })
}

fn of_template(fault: &TemplateFault) -> Value {
    json!({
        "level": "error", "code": "template", "meaning": null, "place": fault.place(), "href": null, "found": fault.what,
        "allowed": fault.allowed, "hint": null, "example": null, "excerpt": null,
    })
}

/// Where a line of a file is to be read.
pub(super) fn place(release: &str, path: &str, line: u32) -> String {
    let first = line as usize - (line as usize).saturating_sub(1) % LINES;
    format!("/console/rules/file?{}&{}&from={first}#L{line}", query("release", release), query("path", path))
}

pub(super) fn at(instant: DateTime<Utc>) -> String {
    instant.format("%F %T UTC").to_string()
}
