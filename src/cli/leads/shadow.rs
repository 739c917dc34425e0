//! `baton shadow`: where a trial and the system beside it differ, with our reasons and what came of it.

use crate::cli::{OK, WorkspaceArgs, open_store, rules_of, say};
use crate::reports::{self, ShadowFormat, moment};
use anyhow::{Result, ensure};
use baton_clock::{Clock, SystemClock};
use chrono::{DateTime, TimeDelta, Utc};
use clap::ValueEnum;

#[derive(Debug, clap::Args)]
pub(crate) struct Shadow {
    /// Leads decided from then on: 2026-11-01, or 2026-11-01T08:00:00Z; for the last 30 days if left out.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    from: Option<DateTime<Utc>>,
    /// And before then; until now if left out.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    to: Option<DateTime<Utc>>,
    /// For people, for programs, or a row for each lead that differs.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    #[command(flatten)]
    place: WorkspaceArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
    Csv,
}

impl Shadow {
    pub(crate) async fn run(self) -> Result<u8> {
        let now = SystemClock.now();
        // The end is exclusive; what was decided this very moment belongs in.
        let until = self.to.unwrap_or(now + TimeDelta::seconds(1));
        let from = self.from.unwrap_or(until - TimeDelta::days(30));
        ensure!(from < until, "--from {from} is not before --to {until}; allowed: a time that begins before it ends");
        let rules = rules_of(&self.place)?;
        let store = open_store(&self.place).await?;
        let report = reports::shadow_over(&store, &rules, (from, until), now).await?;
        let format = match self.format {
            Format::Text => ShadowFormat::Text,
            Format::Json => ShadowFormat::Json,
            Format::Csv => ShadowFormat::Csv,
        };
        say(reports::render_shadow(&report, format).trim_end());
        Ok(OK)
    }
}
