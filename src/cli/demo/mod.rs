//! `baton demo`: a day of calls in a made-up world, through the real worker, the real clients and a real database.
//!
//! Everything that is counted at the end is counted from what the stand-ins accepted and from the store, never from the script.

mod aftermath;
mod carried;
mod carrier;
mod counts;
mod exchange;
mod play;
mod scenes;
mod scratch;
mod shapes;
mod shown;
mod tell;
mod worker;
mod world;

use super::{BROKEN_PROMISE, FAULTY, OK, TextOrJson, say};
use crate::app::stage::StandIns;
use crate::app::workspace;
use anyhow::{Context, Result};
use baton_clock::{ScaledClock, SharedClock};
use baton_platforms::Mapping;
use chrono::{DateTime, Utc};
use std::path::PathBuf;
use std::sync::Arc;

/// Monday evening in California: nobody is at work from Europe to the West Coast.
const NIGHT: &str = "2026-03-03T02:30:00Z";
/// Tuesday: afternoon in Europe, morning in New York, before hours in California, night in Asia.
const DAY: &str = "2026-03-03T15:00:00Z";

#[derive(Debug, clap::Args)]
pub(super) struct Demo {
    /// Exit when the story has been told, instead of staying up until Ctrl-C.
    #[arg(long)]
    once: bool,
    /// With json, the last line of stdout is one object with the counts.
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
    /// Port of the worker's HTTP door; 0 takes a free one.
    #[arg(long, default_value_t = 0, value_name = "N")]
    port: u16,
    /// Play by the rules of this workspace instead of the demo's own.
    #[arg(long, short = 'w', value_name = "DIR")]
    workspace: Option<PathBuf>,
    /// Play one call through a real telephone exchange instead, and record what each phone hears.
    #[arg(long, value_enum, conflicts_with_all = ["port", "workspace"])]
    telephony: Option<Telephony>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Telephony {
    /// Of Debian's packages, unpacked into your cache: no root, no service.
    Asterisk,
}

impl Demo {
    pub(super) async fn run(self) -> Result<u8> {
        if let Some(Telephony::Asterisk) = self.telephony {
            return exchange::run(self.format == TextOrJson::Json).await;
        }
        let loaded = match &self.workspace {
            Some(dir) => workspace::load(dir)?,
            None => world::own(),
        };
        let Ok(mut workspace) = loaded else {
            eprintln!("the workspace has faults: run `baton check` first");
            return Ok(FAULTY);
        };
        if self.workspace.is_some() {
            // What the demo sends is what the mappings that come with Baton read.
            workspace.platforms = Mapping::shipped().into_iter().map(|one| (one.name.clone(), one)).collect();
        }
        let rules = Arc::new(workspace.checked.rules.clone());
        let files = workspace.files.clone();
        let start: DateTime<Utc> = NIGHT.parse().context("reading the demo's start")?;
        let scaled = Arc::new(ScaledClock::new(start, worker::SPEED));
        let stage = Arc::new(StandIns::open(Arc::clone(&scaled) as SharedClock).await?);
        scenes::furnish(&stage, &rules, start);
        let workers = worker::Workers::prepare(&stage, self.port).await?;
        let running = workers.start(workspace, None).await?;
        say(&format!("Baton listens on {} (database {})", running.url(), workers.database()));
        say(&format!("Watch it: {}/console", running.url()));
        let speed = worker::SPEED;
        say(&format!("It is {} in this world; {speed} of its seconds pass in one of yours.\n", tell::time(start)));

        if let Some(dir) = &self.workspace {
            let dir = dir.display();
            say(&format!(
                "Played by the rules of {dir}; what a call is said to show was written for the demo's own.\n"
            ));
        }
        let files = self.workspace.is_none().then_some(files.as_slice());
        let teller = play::Teller::default();
        let day: DateTime<Utc> = DAY.parse().context("reading the demo's day")?;
        let play = play::Play { stage: &stage, running: &running, rules: &rules, secret: &workers.secret, files };
        let mut leads = play.all(&teller, &scaled, day).await?;
        let running = match self.workspace {
            Some(_) => running,
            None => carried::go_on(&stage, &workers, running, &teller, &mut leads).await?,
        };
        shown::tell(&stage, &running, &leads, !self.once).await?;
        let counts = aftermath::wind_up(&stage, &running, &rules, &leads).await?;
        if !self.once {
            say(&format!("\nStill up: {}/v1/leads lists the leads. Ctrl-C ends it.", running.url()));
            tokio::signal::ctrl_c().await.context("waiting for Ctrl-C")?;
        }
        running.stop().await;
        if self.format == TextOrJson::Json {
            say(&serde_json::to_string(&counts)?);
        }
        Ok(if counts.promises_kept() { OK } else { BROKEN_PROMISE })
    }
}
