//! `baton report`: the figures with their definitions, from the database.

use crate::cli::{OK, WorkspaceArgs, open_store, rules_of, say};
use crate::reports::{self, Against, Asked, Dimension, Format, LONGEST_DAYS, drift, moment, release_digits};
use anyhow::Result;
use baton_clock::{Clock, SystemClock};
use chrono::{DateTime, Utc};
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
    /// Leads decided from then on: 2026-11-01, or 2026-11-01T08:00:00Z; in place of --days.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    from: Option<DateTime<Utc>>,
    /// And before then; until now if left out.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    to: Option<DateTime<Utc>>,
    /// Group figures by this alone.
    #[arg(long, value_name = "WHAT",
        value_parser = PossibleValuesParser::new(Dimension::BY.map(Dimension::as_str)).try_map(|name| name.parse::<Dimension>()))]
    by: Option<Dimension>,
    /// Leads that were decided by these rules alone: eight digits of a release or more, see baton releases.
    #[arg(long, value_name = "RELEASE", value_parser = release_digits)]
    release: Option<String>,
    /// Beside another time (2026-10-01..2026-11-01), or beside the leads of other rules (a release), with what may be concluded.
    #[arg(long, value_name = "TIMES|RELEASE", value_parser = |text: &str| text.parse::<Against>())]
    against: Option<Against>,
    #[command(flatten)]
    place: WorkspaceArgs,
}

impl ReportArgs {
    pub(crate) async fn run(self) -> Result<u8> {
        let now = SystemClock.now();
        let asked = Asked::over(self.from, self.to, self.days, now).map_err(anyhow::Error::msg)?;
        let asked = Asked { by: self.by, release: self.release, against: self.against, ..asked };
        let rules = rules_of(&self.place)?;
        let store = open_store(&self.place).await?;
        let report = reports::over(&store, &rules, &asked, now).await?;
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
