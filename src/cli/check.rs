//! `baton check`: stages, one line each; then every fault at once.

use super::{FAULTY, OK, TextOrJson, say};
use crate::app::workspace::Faults;
use crate::app::{self, workspace};
use crate::clock::{Clock, SystemClock};
use crate::config;
use crate::rules::witness::{Ends, Witness, spell};
use crate::rules::{Fault, Level, report};
use anyhow::Result;
use clap::ValueEnum;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Check {
    /// The workspace: a folder with rules/ and templates/.
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
    /// The least that is told; errors always are.
    #[arg(long, value_enum, default_value = "info")]
    level: Least,
    /// Fail on warnings too.
    #[arg(long, value_enum)]
    deny: Option<Deny>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Least {
    Error,
    Warning,
    Info,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Deny {
    Warnings,
}

impl From<Least> for Level {
    fn from(least: Least) -> Self {
        match least {
            Least::Error => Self::Error,
            Least::Warning => Self::Warning,
            Least::Info => Self::Info,
        }
    }
}

impl Check {
    pub async fn run(self) -> Result<u8> {
        let today = SystemClock.now().date_naive();
        let loaded = workspace::check(&self.dir, today)?;
        let config = config::load(&self.dir.join("baton.toml")).and_then(|config| match &loaded {
            Ok(workspace) => app::agree(&config, &workspace.checked.rules).map(|()| config),
            Err(_) => Ok(config),
        });
        let (warnings, faults, summary) = match loaded {
            Ok(workspace) => {
                (workspace.checked.warnings.clone(), Faults::default(), report::summary(&workspace.checked))
            }
            Err(faults) => (Vec::new(), faults, Vec::new()),
        };
        let warnings: Vec<Fault> = warnings.into_iter().filter(|fault| fault.level <= self.level.into()).collect();
        let errors = faults.rules.len() + faults.templates.len() + usize::from(config.is_err());
        match self.format {
            TextOrJson::Text => text(&config, &warnings, &faults, &summary),
            TextOrJson::Json => {
                let list = |faults: &[Fault]| faults.iter().map(fault_json).collect::<Vec<_>>();
                say(&json!({
                    "ok": errors == 0,
                    "config": config.as_ref().err().map(|error| format!("{error:#}")),
                    "errors": list(&faults.rules),
                    "templates": faults.templates.iter().map(ToString::to_string).collect::<Vec<_>>(),
                    "warnings": list(&warnings),
                    "summary": summary,
                })
                .to_string());
            }
        }
        let denied = self.deny.is_some() && warnings.iter().any(|fault| fault.level == Level::Warning);
        Ok(if errors == 0 && !denied { OK } else { FAULTY })
    }
}

fn text(config: &Result<config::Config>, warnings: &[Fault], faults: &Faults, summary: &[String]) {
    match config {
        Ok(_) => say("config     ok"),
        Err(error) => say(&format!("config     {error:#}")),
    }
    stage("rules", faults.rules.len(), warnings.len());
    for line in summary {
        say(&format!("           {line}"));
    }
    for fault in faults.rules.iter().chain(warnings) {
        say(&fault.to_string());
    }
    stage("templates", faults.templates.len(), 0);
    for fault in &faults.templates {
        say(&fault.to_string());
    }
}

fn stage(name: &str, errors: usize, warnings: usize) {
    let state = match (errors, warnings) {
        (0, 0) => "ok".to_owned(),
        (0, warnings) => format!("ok, {warnings} to look at"),
        (errors, _) => format!("{errors} to mend"),
    };
    say(&format!("{name:<10} {state}"));
}

pub(super) fn fault_json(fault: &Fault) -> serde_json::Value {
    json!({
        "code": fault.code,
        "level": fault.level.as_str(),
        "path": fault.path,
        "line": fault.line,
        "column": fault.column,
        "found": fault.found,
        "allowed": fault.allowed,
        "hint": fault.hint,
        "witness": fault.witness.as_ref().map(witness_json),
    })
}

/// The lead as an object of fields, `null` where a field must be unknown; and which row takes it from which.
fn witness_json(witness: &Witness) -> serde_json::Value {
    let fields = witness.in_order().into_iter().map(|(path, value)| (path.to_owned(), json!(value.map(spell))));
    let Ends::Row { line, others } = &witness.ends;
    json!({
        "fields": fields.collect::<serde_json::Map<_, _>>(),
        "on": witness.on,
        "winner_line": line,
        "loser_lines": others,
    })
}
