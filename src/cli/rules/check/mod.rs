//! `baton check`: stages, one line each; then every fault at once.

mod excerpt;
mod review;
mod told;

use super::test;
use crate::app::workspace::Faults;
use crate::app::{self, platforms, webhooks, workspace, zoneinfo};
use crate::cli::{FAULTY, OK, USAGE, say};
use crate::config;
use anyhow::Result;
use baton_clock::{Clock, SystemClock};
use baton_core::domain::zone;
use baton_core::rules::fault::codes;
use baton_core::rules::fault::did_you_mean;
use baton_core::rules::model::witness::{Ends, Witness, spell};
use baton_core::rules::report;
use baton_core::rules::{Fault, Level};
use clap::ValueEnum;
use review::{Finding, github, sarif};
use serde_json::json;
use std::path::PathBuf;
use told::{stage, tell, text};

#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// The workspace: a folder with rules/ and templates/.
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// For people, for programs, for code scanning (SARIF 2.1.0), or as annotations of a GitHub workflow.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// The least that is told; errors always are.
    #[arg(long, value_enum, default_value = "info")]
    level: Least,
    /// Fail on warnings too.
    #[arg(long, value_enum)]
    deny: Option<Deny>,
    /// Say what a code means, and check nothing.
    #[arg(long, value_name = "CODE", conflicts_with_all = ["codes", "deny"])]
    explain: Option<String>,
    /// List every code with its meaning, and check nothing.
    #[arg(long)]
    codes: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
    Sarif,
    Github,
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
    pub(crate) async fn run(self) -> Result<u8> {
        if self.codes {
            codes::CODES.iter().for_each(|(code, meaning)| say(&format!("{code:<32} {meaning}")));
            return Ok(OK);
        }
        if let Some(code) = &self.explain {
            return Ok(explain(code));
        }
        let today = SystemClock.now().date_naive();
        let loaded = workspace::check(&self.dir, today)?;
        let config = config::load(&self.dir.join("baton.toml"));
        let config = config.and_then(|config| webhooks::may_be_reached(&config).map(|()| config));
        let config = config.and_then(|config| match &loaded {
            Ok(workspace) => app::agree(app::CrmChoice::from(&config), &workspace.checked.rules)
                .and_then(|()| platforms::are_known(&config.platforms, &workspace.platforms))
                .map(|()| config),
            Err(_) => Ok(config),
        });
        // Without the file nobody says yet what will be connected.
        let not_connected = match (&loaded, &config) {
            (Ok(workspace), Ok(config)) if self.dir.join("baton.toml").is_file() => {
                app::not_connected(config, &workspace.checked.rules)
            }
            _ => Vec::new(),
        };
        let test_files = workspace::test_files(&self.dir)?;
        // Without rules there is nothing that a test could name.
        let tests = loaded.as_ref().ok().map(|workspace| test::check(&test_files, &self.dir, &workspace.checked.rules));
        let test_faults = tests.as_ref().and_then(|tests| tests.as_ref().err()).map_or(&[][..], Vec::as_slice);
        let zones = loaded.as_ref().map(|workspace| zoneinfo::warnings(&workspace.checked.rules, SystemClock.now()));
        let zones = zones.unwrap_or_default();
        let (warnings, faults, summary) = match loaded {
            Ok(workspace) => {
                (workspace.checked.warnings.clone(), Faults::default(), report::summary(&workspace.checked))
            }
            Err(faults) => (Vec::new(), faults, Vec::new()),
        };
        let mut warnings: Vec<Fault> = warnings.into_iter().filter(|fault| fault.level <= self.level.into()).collect();
        // What matters most comes first; what is equally grave stays in the order of the files.
        warnings.sort_by_key(|fault| fault.level);
        let errors = faults.rules.len() + faults.templates.len() + test_faults.len() + usize::from(config.is_err());
        let config_error = config.as_ref().err().map(|error| format!("{error:#}"));
        let findings = || {
            let mut findings: Vec<Finding> = config_error.iter().map(|error| Finding::of_config(error)).collect();
            findings.extend(faults.rules.iter().chain(test_faults).chain(&warnings).map(Finding::of_rules));
            findings.extend(faults.templates.iter().map(Finding::of_template));
            if Level::Info <= self.level.into() {
                findings.extend(not_connected.iter().map(|told| Finding::of_what_is_missing(told)));
            }
            findings.into_iter().map(|finding| finding.below(&self.dir)).collect::<Vec<_>>()
        };
        match self.format {
            Format::Text => {
                let mut sources = workspace::read(&self.dir)?;
                sources.extend(test_files);
                say(&format!("config     {}", config_error.as_deref().unwrap_or("ok")));
                not_connected.iter().for_each(|told| say(&format!("           {told}")));
                text(&warnings, &faults, &summary, &sources);
                match &tests {
                    Some(Ok(count)) => say(&format!("tests      {count} can be run: baton test")),
                    Some(Err(told)) => {
                        stage("tests", told.len(), 0);
                        tell(told, &sources);
                    }
                    None => say("tests      not read: the rules come first"),
                }
                say(&format!("zones      {}", zone::in_use()));
                zones.iter().for_each(|warning| say(&format!("warning: {warning}")));
            }
            Format::Json => {
                let list = |faults: &[Fault]| faults.iter().map(fault_json).collect::<Vec<_>>();
                say(&json!({
                    "ok": errors == 0,
                    "config": config_error,
                    "not_connected": not_connected,
                    "errors": list(&faults.rules),
                    "tests": list(test_faults),
                    "templates": faults.templates.iter().map(ToString::to_string).collect::<Vec<_>>(),
                    "warnings": list(&warnings),
                    "summary": summary,
                    "zones": { "release": zone::in_use().release, "place": zone::in_use().place, "warnings": zones },
                })
                .to_string());
            }
            Format::Sarif => say(&sarif(&findings()).to_string()),
            Format::Github => findings().iter().for_each(|finding| say(&github(finding))),
        }
        let warned = !zones.is_empty() || warnings.iter().any(|fault| fault.level == Level::Warning);
        let denied = self.deny.is_some() && warned;
        Ok(if errors == 0 && !denied { OK } else { FAULTY })
    }
}

fn explain(code: &str) -> u8 {
    if let Some(meaning) = codes::meaning(code) {
        say(&format!("{code}\n{meaning}"));
        return OK;
    }
    let names = codes::CODES.iter().map(|(code, _)| *code);
    let hint = did_you_mean(code, names).map_or_else(String::new, |hint| format!("; {hint}"));
    eprintln!("error: {code} is no code of baton check; baton check --codes lists them{hint}");
    USAGE
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

/// The lead as an object of fields, `null` where a field must be unknown; and which row or rule, if any, takes it from which.
fn witness_json(witness: &Witness) -> serde_json::Value {
    let fields = witness.in_order().into_iter().map(|(path, value)| (path.to_owned(), json!(value.map(spell))));
    let (winner, losers, rule) = match &witness.ends {
        Ends::Row { line, others } => (Some(line), others.as_slice(), None),
        Ends::NoRow => (None, &[][..], None),
        Ends::Rule { name, .. } => (None, &[][..], Some(name)),
    };
    json!({
        "fields": fields.collect::<serde_json::Map<_, _>>(),
        "on": witness.on,
        "winner_line": winner,
        "loser_lines": losers,
        "winner_rule": rule,
    })
}
