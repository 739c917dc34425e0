//! The workers of the demo: one after the other, on one port and over one database, so that what the first has promised the second
//! keeps.
//!
//! The port stays open between them: whoever sends something meanwhile is answered by the next.

use super::carrier::Carrier;
use super::scratch::Scratch;
use super::shapes;
use crate::app::stage::StandIns;
use crate::app::workspace::Workspace;
use crate::app::{self, Running, Setup};
use crate::config::{Keep, Limits};
use crate::store::Store;
use crate::web::{LinkSigner, MetricsFor};
use anyhow::{Context, Result};
use std::sync::Arc;
use tokio::net::TcpListener;

/// The world's seconds in one of ours.
pub(super) const SPEED: u32 = 12;

pub(super) struct Workers<'a> {
    stage: &'a StandIns,
    store: Store,
    listener: std::net::TcpListener,
    base_url: String,
    /// Platforms prove with it what they send.
    pub secret: String,
    file: Scratch,
}

impl<'a> Workers<'a> {
    /// # Errors
    /// The port is taken, or there is no room for a database.
    pub(super) async fn prepare(stage: &'a StandIns, port: u16) -> Result<Self> {
        let file = Scratch::new("db");
        let listener = TcpListener::bind(("127.0.0.1", port)).await.with_context(|| format!("binding port {port}"))?;
        let base_url = format!("http://{}", listener.local_addr()?);
        let listener = listener.into_std().context("keeping the port open")?;
        let secret: [u8; 32] = baton_clock::random_bytes();
        let secret: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        let store = Store::open(&format!("sqlite:{}", file.path())).await?;
        store.migrate().await?;
        Ok(Self { stage, store, listener, base_url, secret, file })
    }

    /// Where the database is.
    pub(super) fn database(&self) -> String {
        self.file.path()
    }

    /// `carrier`: of our own calls; `None`: the voice platform has them all, and is commanded. The worker before has stopped.
    pub(super) async fn start(&self, workspace: Workspace, carrier: Option<&Carrier>) -> Result<Running> {
        let clock = &self.stage.world.clock;
        let listener = self.listener.try_clone().context("keeping the port open")?;
        // Leases are written in the world's time: as long in ours as in production.
        let (lease_s, vendor_timeout_s) = (25 * u64::from(SPEED), 10 * u64::from(SPEED));
        let mut setup = Setup {
            store: self.store.clone(),
            workspace,
            vendors: self.stage.vendors()?,
            clock: Arc::clone(clock),
            limits: Limits { lease_s, vendor_timeout_s, ..Limits::default() },
            keep: Keep::default(),
            listener: TcpListener::from_std(listener).context("taking the port over")?.into(),
            tokens: Vec::new(),
            body_limit: 256 * 1024,
            requests_at_once: 256,
            connections: 512,
            links: Some(Arc::new(LinkSigner::new(&self.secret, &self.base_url, 30))),
            platforms: shapes::sections(&self.secret, &self.base_url)?,
            twilio: None,
            public_url: String::new(),
            replies: None,
            broker: None,
            metrics: MetricsFor::Readers,
            console: true,
            shadow: None,
        };
        if let Some(carrier) = carrier {
            carrier.carries(&mut setup, &self.base_url)?;
        }
        app::start(setup).await
    }
}
