//! `baton ready`: whether the worker of a workspace takes leads, for people and for container engines, whose images have no other
//! program to ask with.

use super::place::WorkerArgs;
use crate::cli::{FAILED, OK, say, unreachable};
use crate::connectors::http::{ApiCall, Limits, VendorHttp};
use anyhow::{Context, Result};
use std::time::Duration;

/// Engines give a probe some seconds.
const DOOR: Limits = Limits { timeout: Duration::from_secs(4), per_second: 10, concurrency: 1 };

#[derive(Debug, clap::Args)]
pub(crate) struct Ready {
    #[command(flatten)]
    worker: WorkerArgs,
}

impl Ready {
    pub(crate) async fn run(self) -> Result<u8> {
        let listen = self.worker.config()?.http.listen;
        let door = VendorHttp::to_worker(&listen.to_string(), DOOR).context("finding the worker")?;
        let answer = door.send(&ApiCall::get("ready", &["readyz"])).await;
        let answer = answer.map_err(|error| unreachable("asking the worker", &error))?;
        say(answer.text().trim_end());
        Ok(if answer.is_success() { OK } else { FAILED })
    }
}
