//! Which worker is meant: of which workspace, and where it listens.

use crate::cli::WorkspaceArgs;
use crate::config::{self, Config, Listen};
use anyhow::Result;

#[derive(Debug, clap::Args)]
pub(super) struct WorkerArgs {
    #[command(flatten)]
    pub place: WorkspaceArgs,
    /// Where the worker listens, instead of http.listen: 127.0.0.1:8080, [::]:8080, or unix:/run/baton/baton.sock.
    #[arg(long, value_name = "ADDR", env = "BATON_LISTEN")]
    listen: Option<Listen>,
}

impl WorkerArgs {
    /// What `baton.toml` says, listening where the command line or the environment says.
    ///
    /// # Errors
    /// As [`config::load`], or the address does not go with the rest.
    pub(super) fn config(&self) -> Result<Config> {
        let mut config = config::load(&self.place.workspace.join("baton.toml"))?;
        if let Some(listen) = &self.listen {
            config.listen_on(listen.clone())?;
        }
        Ok(config)
    }
}
