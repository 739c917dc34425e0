//! Workers of this process that decide for a town, the way in to them, and a telephone that rings nobody's phone.

use async_trait::async_trait;
use baton::app::{self, Running, Setup};
use baton::config::{Keep, Limits};
use baton::connectors::http::{Limits as HttpLimits, VendorHttp};
use baton::connectors::{LegStatus, Recording, RingRequest, Spoken, Telephony, VendorError};
use baton::outbox::Vendors;
use baton::store::Store;
use baton::web::{Listener, MetricsFor, PlatformSections};
use baton_clock::SharedClock;
use baton_core::domain::effect::{Class, Comfort, HangUpReason};
use baton_core::domain::id::LegId;
use baton_core::domain::lead::Call;
use baton_core::domain::text::Whisper;
use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A worker that decides for the town, with a telephone on which everything fails.
pub async fn worker(folder: &Path, store: &Store, clock: &SharedClock) -> Running {
    let vendors = Vendors { telephony: Some(Arc::new(Line::default())), ..Vendors::default() };
    worker_with(vendors, folder, store, clock).await
}

/// So many of them, side by side.
pub async fn workers(count: usize, folder: &Path, store: &Store, clock: &SharedClock) -> Vec<Running> {
    let mut running = Vec::new();
    for _ in 0..count {
        running.push(worker(folder, store, clock).await);
    }
    running
}

/// The same with what is connected to it.
pub async fn worker_with(vendors: Vendors, folder: &Path, store: &Store, clock: &SharedClock) -> Running {
    worker_of(folder, store, clock, |setup| setup.vendors = vendors).await
}

/// The same with nothing connected to it, and set up otherwise.
pub async fn worker_of(folder: &Path, store: &Store, clock: &SharedClock, change: impl FnOnce(&mut Setup)) -> Running {
    let mut setup = setup(folder, store, clock).await;
    change(&mut setup);
    app::start(setup).await.expect("a worker")
}

/// What such a worker is made of.
pub async fn setup(folder: &Path, store: &Store, clock: &SharedClock) -> Setup {
    Setup {
        store: store.clone(),
        workspace: super::read(folder),
        vendors: Vendors::default(),
        clock: Arc::clone(clock),
        limits: Limits::default(),
        keep: Keep::default(),
        listener: Listener::on_port("127.0.0.1:0").await.expect("a port"),
        tokens: Vec::new(),
        body_limit: 256 * 1024,
        requests_at_once: 64,
        connections: 128,
        links: None,
        platforms: PlatformSections::new(),
        twilio: None,
        public_url: String::new(),
        replies: None,
        broker: None,
        metrics: MetricsFor::Readers,
        console: true,
        shadow: None,
    }
}

/// The way in to a worker at this address, over HTTP.
pub fn door(address: impl Display, timeout: Duration) -> VendorHttp {
    let limits = HttpLimits { timeout, per_second: 100_000, concurrency: 256 };
    VendorHttp::new("baton", &format!("http://{address}"), limits).expect("a client")
}

/// A telephone that is connected to nobody's phone: whatever is asked of it fails for good, or is done after a while.
#[derive(Default)]
pub struct Line {
    takes: Option<Duration>,
    dials: bool,
    /// How often something was asked of it.
    pub asked: AtomicU32,
}

impl Line {
    pub fn slow(takes: Duration) -> Arc<Self> {
        Arc::new(Self { takes: Some(takes), ..Self::default() })
    }

    /// The same on which leads could be dialled, if it were connected.
    pub fn that_dials() -> Self {
        Self { dials: true, ..Self::default() }
    }

    async fn does(&self) -> Result<(), VendorError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let dead = || VendorError::NeedsPerson { vendor: "town", why: "the line is dead".to_owned() };
        tokio::time::sleep(self.takes.ok_or_else(dead)?).await;
        Ok(())
    }
}

#[async_trait]
impl Telephony for Line {
    fn ring_class(&self) -> Class {
        if self.takes.is_some() { Class::Keyed } else { Class::LookFirst }
    }
    fn dials_leads(&self) -> bool {
        self.dials
    }
    async fn instruct(&self, _: &Call, _: &str, _: &Spoken) -> Result<(), VendorError> {
        self.does().await
    }
    async fn hold(&self, _: &Call, _: &str, _: Recording, _: Comfort) -> Result<(), VendorError> {
        self.does().await
    }
    async fn ring(&self, _: &RingRequest) -> Result<(), VendorError> {
        self.does().await
    }
    async fn whisper(&self, _: &LegId, _: &str, _: &Whisper) -> Result<(), VendorError> {
        self.does().await
    }
    async fn join(&self, _: &Call, _: &LegId, _: &str, _: Recording) -> Result<(), VendorError> {
        self.does().await
    }
    async fn hang_up(&self, _: &LegId, _: &str, _: HangUpReason) -> Result<(), VendorError> {
        self.does().await
    }
    async fn read(&self, _: &Call, _: &LegId) -> Result<LegStatus, VendorError> {
        if self.takes.is_some() { Ok(LegStatus::Absent) } else { self.does().await.map(|()| LegStatus::Absent) }
    }
}
