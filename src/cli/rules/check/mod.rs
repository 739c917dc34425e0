//! `baton check`: stages, one line each; then every fault at once.

mod found;
mod review;
mod told;

pub(in crate::cli) use found::Review;
pub(super) use found::fault_json;

use crate::cli::{FAULTY, OK, USAGE, say};
use anyhow::Result;
use baton_core::rules::Level;
use baton_core::rules::fault::codes;
use baton_core::rules::fault::did_you_mean;
use clap::ValueEnum;
use review::{github, sarif};
use std::path::PathBuf;

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
        let found = Review::of(&self.dir, self.level.into())?;
        match self.format {
            Format::Text => say(&found.in_words()?),
            Format::Json => say(&found.json().to_string()),
            Format::Sarif => say(&sarif(&found.findings()).to_string()),
            Format::Github => found.findings().iter().for_each(|finding| say(&github(finding))),
        }
        let denied = self.deny.is_some() && found.has_warnings();
        Ok(if found.is_sound() && !denied { OK } else { FAULTY })
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
