//! All that a check finds in a workspace, to be told to people, to programs and in reviews.

use super::review::Finding;
use super::told::Page;
use crate::app::workspace::Faults;
use crate::app::{self, platforms, webhooks, workspace, zoneinfo};
use crate::cli::rules::test;
use crate::config;
use anyhow::Result;
use baton_clock::{Clock, SystemClock};
use baton_core::domain::zone;
use baton_core::rules::model::witness::{Ends, Witness, spell};
use baton_core::rules::{Fault, Level, SourceFile, report};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

pub(in crate::cli) struct Review {
    dir: PathBuf,
    /// The least that is told.
    least: Level,
    config_error: Option<String>,
    not_connected: Vec<String>,
    faults: Faults,
    warnings: Vec<Fault>,
    summary: Vec<String>,
    test_files: Vec<SourceFile>,
    /// How many tests there are, or their faults; `None`: not read, since the rules come first.
    tests: Option<Result<usize, Vec<Fault>>>,
    zones: Vec<String>,
}

impl Review {
    /// # Errors
    /// A folder or file of the workspace cannot be read.
    pub(in crate::cli) fn of(dir: &Path, least: Level) -> Result<Self> {
        let today = SystemClock.now().date_naive();
        let loaded = workspace::check(dir, today)?;
        let config = config::load(&dir.join("baton.toml"));
        let config = config.and_then(|config| webhooks::may_be_reached(&config).map(|()| config));
        let config = config.and_then(|config| match &loaded {
            Ok(workspace) => app::Connected::from(&config)
                .agrees(&workspace.checked.rules)
                .and_then(|()| platforms::are_known(&config.platforms, &workspace.platforms))
                .map(|()| config),
            Err(_) => Ok(config),
        });
        // Without the file nobody says yet what will be connected.
        let not_connected = match (&loaded, &config) {
            (Ok(workspace), Ok(config)) if dir.join("baton.toml").is_file() => {
                let rules = &workspace.checked.rules;
                let mut told = app::not_connected(config, rules);
                told.extend(app::unspoken(config, rules, &workspace.templates));
                told
            }
            _ => Vec::new(),
        };
        let test_files = workspace::test_files(dir)?;
        // Without rules there is nothing that a test could name.
        let tests = loaded.as_ref().ok().map(|workspace| test::check(&test_files, dir, &workspace.checked.rules));
        let zones = loaded.as_ref().map(|workspace| zoneinfo::warnings(&workspace.checked.rules, SystemClock.now()));
        let zones = zones.unwrap_or_default();
        let (warnings, faults, summary) = match loaded {
            Ok(workspace) => {
                (workspace.checked.warnings.clone(), Faults::default(), report::summary(&workspace.checked))
            }
            Err(faults) => (Vec::new(), faults, Vec::new()),
        };
        let mut warnings: Vec<Fault> = warnings.into_iter().filter(|fault| fault.level <= least).collect();
        // What matters most comes first; what is equally grave stays in the order of the files.
        warnings.sort_by_key(|fault| fault.level);
        let config_error = config.as_ref().err().map(|error| format!("{error:#}"));
        let dir = dir.to_owned();
        Ok(Self { dir, least, config_error, not_connected, faults, warnings, summary, test_files, tests, zones })
    }

    /// There is nothing to mend.
    pub(in crate::cli) fn is_sound(&self) -> bool {
        let Faults { rules, templates } = &self.faults;
        self.config_error.is_none() && rules.is_empty() && templates.is_empty() && self.test_faults().is_empty()
    }

    pub(super) fn has_warnings(&self) -> bool {
        !self.zones.is_empty() || self.warnings.iter().any(|fault| fault.level == Level::Warning)
    }

    fn test_faults(&self) -> &[Fault] {
        match &self.tests {
            Some(Err(faults)) => faults,
            Some(Ok(_)) | None => &[],
        }
    }

    /// # Errors
    /// The files cannot be read again, for the lines that are shown.
    pub(in crate::cli) fn in_words(&self) -> Result<String> {
        let mut sources = workspace::read(&self.dir)?;
        sources.extend(self.test_files.iter().cloned());
        let mut page = Page::new();
        page.line(format!("config     {}", self.config_error.as_deref().unwrap_or("ok")));
        for told in &self.not_connected {
            page.line(format!("           {told}"));
        }
        page.rules(&self.warnings, &self.faults, &self.summary, &sources);
        match &self.tests {
            Some(Ok(count)) => page.line(format!("tests      {count} can be run: baton test")),
            Some(Err(told)) => {
                page.stage("tests", told.len(), 0);
                page.tell(told, &sources);
            }
            None => page.line("tests      not read: the rules come first"),
        }
        page.line(format!("zones      {}", zone::in_use()));
        for warning in &self.zones {
            page.line(format!("warning: {warning}"));
        }
        Ok(page.text())
    }

    pub(in crate::cli) fn json(&self) -> Value {
        let list = |faults: &[Fault]| faults.iter().map(fault_json).collect::<Vec<_>>();
        json!({
            "ok": self.is_sound(),
            "config": self.config_error,
            "not_connected": self.not_connected,
            "errors": list(&self.faults.rules),
            "tests": list(self.test_faults()),
            "templates": self.faults.templates.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "warnings": list(&self.warnings),
            "summary": self.summary,
            "zones": { "release": zone::in_use().release, "place": zone::in_use().place, "warnings": self.zones },
        })
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let mut findings: Vec<Finding> = self.config_error.iter().map(|error| Finding::of_config(error)).collect();
        let faults = self.faults.rules.iter().chain(self.test_faults()).chain(&self.warnings);
        findings.extend(faults.map(Finding::of_rules));
        findings.extend(self.faults.templates.iter().map(Finding::of_template));
        if Level::Info <= self.least {
            findings.extend(self.not_connected.iter().map(|told| Finding::of_what_is_missing(told)));
        }
        findings.into_iter().map(|finding| finding.below(&self.dir)).collect()
    }
}

pub(in crate::cli::rules) fn fault_json(fault: &Fault) -> Value {
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
fn witness_json(witness: &Witness) -> Value {
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
