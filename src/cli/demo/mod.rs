//! `baton demo`: a day of calls in a made-up world, through the real worker, the real clients and a real database.
//!
//! Everything that is counted at the end is counted from what the stand-ins accepted and from the store, never from the script.

mod aftermath;
mod counts;
mod exchange;
mod play;
mod scenes;
mod shapes;
mod shown;
mod tell;
mod world;

use super::{BROKEN_PROMISE, FAULTY, OK, TextOrJson, say};
use crate::app::stage::StandIns;
use crate::app::{self, Running, Setup, workspace};
use crate::config::Limits;
use crate::store::Store;
use crate::web::LinkSigner;
use anyhow::{Context, Result};
use baton_clock::{ScaledClock, SharedClock};
use baton_platforms::Mapping;
use chrono::{DateTime, Utc};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpListener;

/// Monday evening in California: nobody is at work from Europe to the West Coast.
const NIGHT: &str = "2026-03-03T02:30:00Z";
/// Tuesday: afternoon in Europe, morning in New York, before hours in California, night in Asia.
const DAY: &str = "2026-03-03T15:00:00Z";
/// The world's seconds in one of ours.
const SPEED: u32 = 12;

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
        let scaled = Arc::new(ScaledClock::new(start, SPEED));
        let stage = Arc::new(StandIns::open(Arc::clone(&scaled) as SharedClock).await?);
        scenes::furnish(&stage, &rules, start);
        let file = Scratch::new();
        let listener =
            TcpListener::bind(("127.0.0.1", self.port)).await.with_context(|| format!("binding port {}", self.port))?;
        let secret: [u8; 32] = baton_clock::random_bytes();
        let secret: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        let running = start_worker(&stage, workspace, listener, &file, &secret).await?;
        say(&format!("Baton listens on {} (database {})", running.url(), file.path()));
        say(&format!("It is {} in this world; {SPEED} of its seconds pass in one of yours.\n", tell::time(start)));

        if let Some(dir) = &self.workspace {
            let dir = dir.display();
            say(&format!(
                "Played by the rules of {dir}; what a call is said to show was written for the demo's own.\n"
            ));
        }
        let files = self.workspace.is_none().then_some(files.as_slice());
        let play = play::Play { stage: &stage, running: &running, rules: &rules, secret: &secret, files };
        let leads = play.all(&scaled, DAY.parse().context("reading the demo's day")?).await?;
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

async fn start_worker(
    stage: &Arc<StandIns>,
    workspace: workspace::Workspace,
    listener: TcpListener,
    file: &Scratch,
    secret: &str,
) -> Result<Running> {
    let store = Store::open(&format!("sqlite:{}", file.path())).await?;
    store.migrate().await?;
    let address = listener.local_addr()?;
    let base_url = format!("http://{address}");
    // Leases are written in the world's time: as long in ours as in production.
    let (lease_s, vendor_timeout_s) = (25 * u64::from(SPEED), 10 * u64::from(SPEED));
    let limits = Limits { lease_s, vendor_timeout_s, ..Limits::default() };
    let running = app::start(Setup {
        store,
        workspace,
        vendors: stage.vendors()?,
        clock: Arc::clone(&stage.world.clock),
        limits,
        listener,
        tokens: Vec::new(),
        body_limit: 256 * 1024,
        requests_at_once: 256,
        connections: 512,
        links: Some(Arc::new(LinkSigner::new(secret, &base_url, 30))),
        platforms: shapes::sections(secret, &base_url)?,
        twilio: None,
        public_url: String::new(),
        replies: None,
    })
    .await?;
    Ok(running)
}

/// A database file that goes when the demo does.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        let name: [u8; 6] = baton_clock::random_bytes();
        let name: String = name.iter().map(|byte| format!("{byte:02x}")).collect();
        Self(std::env::temp_dir().join(format!("baton-demo-{name}.db")))
    }

    fn path(&self) -> String {
        self.0.display().to_string()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        for ending in ["", "-wal", "-shm"] {
            let _gone_already = std::fs::remove_file(format!("{}{ending}", self.path()));
        }
    }
}
