//! `baton migrate`: forwards only; running it again changes nothing.

use crate::cli::{OK, WorkspaceArgs, say, unreachable};
use crate::config;
use crate::store::Store;
use anyhow::Result;

#[derive(Debug, clap::Args)]
pub(crate) struct Migrate {
    #[command(flatten)]
    place: WorkspaceArgs,
}

impl Migrate {
    pub(crate) async fn run(self) -> Result<u8> {
        let config = config::load(&self.place.workspace.join("baton.toml"))?;
        let store = Store::open(&config.database.resolve()?).await;
        let store = store.map_err(|error| unreachable("opening the database", &error))?;
        let applied = store.migrate().await?;
        if applied.is_empty() {
            say("nothing to do: the database is current");
        }
        for name in applied {
            say(&format!("applied {name}"));
        }
        Ok(OK)
    }
}
