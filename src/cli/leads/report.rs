//! `baton report`: the figures with their definitions, from the database.

use crate::app::workspace;
use crate::cli::{OK, WorkspaceArgs, say, unreachable};
use crate::config;
use crate::reports::{self, Format, LONGEST_DAYS};
use crate::store::Store;
use anyhow::{Result, bail};
use baton_clock::{Clock, SystemClock};
use clap::ValueEnum;

#[derive(Debug, clap::Args)]
pub(crate) struct ReportArgs {
    #[arg(long, value_enum, default_value = "text")]
    format: Layout,
    /// How far back.
    #[arg(long, value_name = "N", default_value_t = 30,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(LONGEST_DAYS)))]
    days: u32,
    #[command(flatten)]
    place: WorkspaceArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Layout {
    Text,
    Json,
    Csv,
    Html,
}

impl ReportArgs {
    pub(crate) async fn run(self) -> Result<u8> {
        let config = config::load(&self.place.workspace.join("baton.toml"))?;
        let Ok(workspace) = workspace::load(&self.place.workspace)? else {
            bail!("the workspace has faults: run `baton check` first");
        };
        let store = Store::open_existing(&config.database.resolve()?).await;
        let store = store.map_err(|error| unreachable("opening the database", &error))?;
        let report = reports::over(&store, &workspace.checked.rules, self.days, SystemClock.now()).await?;
        let format = match self.format {
            Layout::Text => Format::Text,
            Layout::Json => Format::Json,
            Layout::Csv => Format::Csv,
            Layout::Html => Format::Html,
        };
        say(reports::render(&report, format).trim_end());
        Ok(OK)
    }
}
