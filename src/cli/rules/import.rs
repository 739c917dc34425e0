//! `baton import`: rule files made of what another system exports. Writes below one folder, and over nothing that is there
//! unless told to.

use super::write;
use crate::cli::{FAILED, OK, TextOrJson, say};
use anyhow::{Context, Result};
use baton_clock::{Clock, SystemClock};
use baton_core::rules::words::encoding;
use baton_import::{Imported, assignments, overrides, reps, salesforce, territories};
use chrono::{DateTime, SecondsFormat, Utc};
use clap::ValueEnum;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(crate) struct Import {
    /// What the file is.
    #[arg(value_enum)]
    kind: ExportKind,
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The workspace that the files are written into.
    #[arg(long, value_name = "DIR", default_value = ".")]
    into: PathBuf,
    /// Which of its columns is which of ours, where the guess is wrong: country=Land.
    #[arg(long = "map", value_name = "OURS=THEIRS")]
    map: Vec<String>,
    /// Past assignments: when each lead is decided in the tests that are made of them; now if left out.
    #[arg(long, value_name = "TIME")]
    at: Option<DateTime<Utc>>,
    /// Write over files that are there.
    #[arg(long)]
    force: bool,
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExportKind {
    /// Salesforce metadata of lead assignment rules (XML): routing.yaml.
    SalesforceRules,
    /// A territory spreadsheet (CSV): territories.csv.
    Territories,
    /// A Salesforce user report (CSV) or HubSpot owners (CSV, JSON): reps.csv.
    Reps,
    /// Past leads with their owner (CSV): tests/imported.yaml.
    Assignments,
}

impl Import {
    pub(crate) fn run(self) -> Result<u8> {
        let bytes = std::fs::read(&self.file).with_context(|| format!("reading {}", self.file.display()))?;
        let Some(text) = encoding::text(&bytes) else {
            eprintln!(
                "{}: found a file that is no text; expected CSV in UTF-8, as a spreadsheet exports it",
                self.file.display()
            );
            return Ok(FAILED);
        };
        let imported = match self.read(&text) {
            Ok(imported) => imported,
            Err(why) => {
                eprintln!("{}: {why}", self.file.display());
                return Ok(FAILED);
            }
        };
        let taken: Vec<PathBuf> =
            imported.files.iter().map(|(path, _)| self.into.join(path)).filter(|path| path.exists()).collect();
        if !self.force && !taken.is_empty() {
            for path in taken {
                eprintln!("{} is there already: nothing was written; --force writes over it", path.display());
            }
            return Ok(FAILED);
        }
        for (path, text) in &imported.files {
            write(&self.into.join(path), text)?;
        }
        match self.format {
            TextOrJson::Text => self.tell(&imported),
            TextOrJson::Json => {
                let notes = imported.notes.iter();
                let notes = notes.map(|note| json!({ "line": note.line, "found": note.found, "todo": note.todo }));
                let files: Vec<_> = imported.files.iter().map(|(path, _)| self.into.join(path)).collect();
                say(&json!({ "files": files, "told": imported.told, "by_hand": notes.collect::<Vec<_>>() }).to_string());
            }
        }
        Ok(OK)
    }

    fn read(&self, text: &str) -> Result<Imported, String> {
        let columns = overrides(&self.map)?;
        match self.kind {
            ExportKind::SalesforceRules => salesforce::import(text),
            ExportKind::Territories => territories::import(text, &columns),
            ExportKind::Reps => reps::import(text, &columns),
            ExportKind::Assignments => {
                let roster = std::fs::read_to_string(self.into.join("rules/reps.csv")).ok();
                let at = self.at.unwrap_or_else(|| SystemClock.now()).to_rfc3339_opts(SecondsFormat::Secs, true);
                assignments::import(text, &columns, roster.as_deref(), &at)
            }
        }
    }

    fn tell(&self, imported: &Imported) {
        for (path, _) in &imported.files {
            say(&format!("wrote {}", self.into.join(path).display()));
        }
        imported.told.iter().for_each(|line| say(&format!("  {line}")));
        if !imported.notes.is_empty() {
            say("to do by hand:");
        }
        for note in &imported.notes {
            say(&format!("  {}:{}: {}: {}", self.file.display(), note.line, note.found, note.todo));
        }
        say(&format!("next: baton check {}", self.into.display()));
    }
}
