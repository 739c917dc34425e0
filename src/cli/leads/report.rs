//! `baton report`: the figures with their definitions, from the database.

use crate::cli::{OK, WorkspaceArgs, open_store, rules_of, say};
use crate::reports::{self, Format, LONGEST_DAYS, drift};
use anyhow::Result;
use baton_clock::{Clock, SystemClock};
use clap::builder::{PossibleValuesParser, TypedValueParser};

#[derive(Debug, clap::Args)]
pub(crate) struct ReportArgs {
    #[arg(long, default_value = "text",
        value_parser = PossibleValuesParser::new(Format::ALL.map(Format::as_str)).try_map(|name| name.parse::<Format>()))]
    format: Format,
    /// How far back.
    #[arg(long, value_name = "N", default_value_t = 30,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(LONGEST_DAYS)))]
    days: u32,
    #[command(flatten)]
    place: WorkspaceArgs,
}

impl ReportArgs {
    pub(crate) async fn run(self) -> Result<u8> {
        let rules = rules_of(&self.place)?;
        let store = open_store(&self.place).await?;
        let report = reports::over(&store, &rules, self.days, SystemClock.now()).await?;
        say(reports::render(&report, self.format).trim_end());
        if self.format == Format::Text
            && let Some(tallies) = store.tallies().await?
        {
            for line in drift::found_in(&tallies, &rules).in_words() {
                say(&format!("\nDrift: {line}"));
            }
        }
        Ok(OK)
    }
}
