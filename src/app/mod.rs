//! The one place that wires things together: from a workspace and its config to a running worker, and back to a stop.

pub mod asyncapi;
pub mod bus;
pub mod doctor;
mod lines;
pub mod platforms;
pub mod releases;
pub mod reload;
pub mod replay;
pub mod revision;
mod speech;
pub mod stage;
mod tidy;
pub mod time;
mod twilio;
mod vendors;
pub mod webhooks;
pub mod workspace;
pub mod zoneinfo;

pub use reload::Reload;
pub use speech::unspoken;
pub use twilio::{TwilioAccount, twilio_account};
pub use vendors::{CrmChoice, agree, connect, not_connected, undialled};

use crate::config::Limits;
use crate::deciding::decider::{self, Decider, Replies};
use crate::facts::Facts;
use crate::outbox::{self, Duty, Outbox, Vendors};
use crate::release::{Current, Library};
use crate::store::Store;
use crate::web::{self, ConfiguredToken, Door, InHand, Keyring, LinkSigner, PlatformSections, TwilioSection};
use anyhow::{Context, Result};
use baton_clock::SharedClock;
use lines::{Agents, Lines};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use time::Timekeeper;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use workspace::Workspace;

/// After this the process goes, whatever is still in hand: leases bring it back.
const STOP_WITHIN: Duration = Duration::from_millis(4500);

/// A worker's parts, however they came about: from `baton.toml`, or from the demo's sandbox.
pub struct Setup {
    pub store: Store,
    /// What it decides and writes with at first.
    pub workspace: Workspace,
    pub vendors: Vendors,
    pub clock: SharedClock,
    pub limits: Limits,
    pub listener: TcpListener,
    /// Tokens of `baton.toml`; those of the database are added to them.
    pub tokens: Vec<ConfiguredToken>,
    pub body_limit: usize,
    pub requests_at_once: usize,
    /// More than requests at once: the others are idle or half-sent.
    pub connections: usize,
    pub links: Option<Arc<LinkSigner>>,
    pub platforms: PlatformSections,
    /// Where Twilio carries our calls.
    pub twilio: Option<Arc<TwilioSection>>,
    /// How it is reached from outside; empty where nobody outside this machine reaches it.
    pub public_url: String,
    pub replies: Option<Arc<dyn Replies>>,
}

/// A running worker.
pub struct Running {
    pub address: SocketAddr,
    pub decider: Arc<Decider>,
    pub store: Store,
    pub ready: watch::Receiver<bool>,
    /// Tells tasks that were started beside the worker to stop with it.
    pub stopping: watch::Receiver<bool>,
    tasks: JoinSet<()>,
    set_ready: watch::Sender<bool>,
    duty: Duty,
    stop: watch::Sender<bool>,
    /// Changes the rules and templates of the running worker.
    pub reload: Arc<Reload>,
}

/// Starts deciding, carrying out and serving. The release is stored first: whatever is decided with it can be decided again.
///
/// # Errors
/// The listener has no address, or the release could not be stored.
pub async fn start(setup: Setup) -> Result<Running> {
    #[cfg(feature = "failpoints")]
    load_numbers().await?;
    let address = setup.listener.local_addr().context("reading the listener's address")?;
    let (stop, stopping) = watch::channel(false);
    let (set_ready, ready) = watch::channel(true);
    let worker = worker_name();
    let crm = CrmChoice::from(&setup.vendors);
    let platforms = Arc::new(setup.platforms);
    let (clock, sections) = (Arc::clone(&setup.clock), Arc::clone(&platforms));
    let reload = Reload::begin(setup.store.clone(), clock, worker.clone(), crm, sections, setup.workspace).await;
    let reload = Arc::new(reload.context("storing the release")?);
    let release = reload.current();
    let (asterisk, telephony) = (setup.vendors.asterisk.clone(), setup.vendors.telephony.clone());
    let addresses = setup.vendors.rep_first.as_ref().map(lines::offered);
    keep_addresses(&setup.vendors, &setup.store, &setup.clock, &release);
    let facts = Arc::new(facts_of(&setup.vendors, &setup.store, &setup.clock, &setup.limits));
    let outbox = Outbox::new(outbox::OutboxParts {
        store: setup.store.clone(),
        vendors: setup.vendors,
        facts: Arc::clone(&facts),
        release: release.clone(),
        clock: Arc::clone(&setup.clock),
        worker: worker.clone(),
        lease: setup.limits.lease(),
        vendor_timeout: setup.limits.vendor_timeout(),
        steps_at_once: setup.limits.steps_at_once,
        links: setup.links.clone().map(|links| links as Arc<dyn outbox::FeedbackLinks>),
    });
    let decider = Decider::new(decider::DeciderParts {
        store: setup.store.clone(),
        facts: Arc::clone(&facts),
        release: release.clone(),
        outbox: Arc::clone(&outbox),
        clock: Arc::clone(&setup.clock),
        worker: worker.clone(),
        lease: setup.limits.lease(),
        replies: setup.replies,
    });
    let door = Door {
        decider: Arc::clone(&decider),
        store: setup.store.clone(),
        release: release.clone(),
        refused: reload.refused(),
        library: Arc::new(Library::new(setup.store.clone())),
        keyring: Arc::new(Keyring::new(setup.tokens, setup.store.clone(), Arc::clone(&setup.clock))),
        clock: setup.clock,
        links: setup.links,
        platforms,
        twilio: setup.twilio,
        addresses,
        public_url: setup.public_url,
        ready: ready.clone(),
        in_hand: InHand::default(),
        requests: Arc::new(Semaphore::new(setup.requests_at_once)),
        body_limit: setup.body_limit,
    };
    let duty = outbox.duty().clone();
    let mut tasks = works(&decider, outbox, facts, release.clone(), &stopping);
    if let Some(asterisk) = asterisk {
        let (decider, store, clock) = (Arc::clone(&decider), setup.store.clone(), Arc::clone(&door.clock));
        let (duty, is_rep_first) = (duty.clone(), door.addresses.is_some());
        let lines = Lines { asterisk, decider, store, clock, duty, worker, is_rep_first };
        tasks.spawn(lines::hear(lines, stopping.clone()));
    } else if let Some(telephony) = telephony.filter(|_| door.twilio.is_some()) {
        let (decider, store) = (Arc::clone(&decider), setup.store.clone());
        let (clock, duty) = (Arc::clone(&door.clock), duty.clone());
        let agents = Agents { telephony, decider, store, release, clock, duty, worker };
        tasks.spawn(lines::bring(agents, stopping.clone()));
    }
    tasks.spawn(tidy::work(setup.store.clone(), Arc::clone(&door.clock), stopping.clone()));
    let in_hand = door.in_hand.clone();
    tasks.spawn(web::serve(setup.listener, web::router(door), setup.connections, in_hand, stopping.clone()));
    Ok(Running { address, decider, store: setup.store, ready, stopping, tasks, set_ready, duty, stop, reload })
}

/// The first number that is read loads all that is known of numbers, some twenty megabytes: half a life of a worker that is built
/// without optimisation to be killed after a moment. Elsewhere it takes the first caller a tenth of a second.
#[cfg(feature = "failpoints")]
async fn load_numbers() -> Result<()> {
    let read = tokio::task::spawn_blocking(|| baton_core::rules::words::phone::read("+14155550142", None)).await;
    read.map(drop).context("loading what is known of phone numbers")
}

fn keep_addresses(vendors: &Vendors, store: &Store, clock: &SharedClock, release: &Current) {
    if let Some(rep_first) = &vendors.rep_first {
        let (store, clock) = (store.clone(), Arc::clone(clock));
        rep_first.keeps(Arc::new(lines::KeptAddresses { store, clock, release: release.clone() }));
    }
}

fn facts_of(vendors: &Vendors, store: &Store, clock: &SharedClock, limits: &Limits) -> Facts {
    let (crm, calendar) = (vendors.crm.clone(), vendors.calendar.clone());
    let facts = Facts::new(crm, calendar, store.clone(), Arc::clone(clock), limits.facts_within());
    if vendors.telephony.is_some() { facts } else { facts.without_telephony() }
}

/// Decides and carries out until it is to stop.
fn works(
    decider: &Arc<Decider>,
    outbox: Arc<Outbox>,
    facts: Arc<Facts>,
    release: Current,
    stopping: &watch::Receiver<bool>,
) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(Arc::clone(decider).run(stopping.clone()));
    tasks.spawn(Arc::clone(decider).serve_waiting(stopping.clone()));
    tasks.spawn(Arc::clone(&outbox).deliver(stopping.clone()));
    tasks.spawn(outbox.run(stopping.clone()));
    tasks.spawn(keep_fresh(facts, release, stopping.clone()));
    tasks
}

/// A vendor that takes its time holds up no stop.
async fn keep_fresh(facts: Arc<Facts>, release: Current, stopping: watch::Receiver<bool>) {
    let mut stopped = stopping.clone();
    tokio::select! {
        () = facts.keep_fresh(release, stopping) => {}
        _ = stopped.wait_for(|stop| *stop) => {}
    }
}

impl Running {
    /// Where it serves.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Not ready, no new work, what is in hand ends; at most some seconds. Killing instead is always safe.
    pub async fn stop(mut self) {
        self.set_ready.send_replace(false);
        self.duty.stop();
        self.stop.send_replace(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(STOP_WITHIN, all).await.is_err() {
            tracing::warn!("stopping with steps in hand: their leases bring them back");
        }
    }

    /// Keeps the time that the worker was set up with.
    pub fn keep_time(&mut self, keeper: Timekeeper) {
        let (duty, stopping) = (self.duty.clone(), self.stopping.clone());
        self.spawn(keeper.keep(duty, stopping));
    }

    /// A task that runs as long as the worker does.
    pub fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }
}

/// Who leases: new at every start, so that a worker never takes its predecessor's leases for its own.
fn worker_name() -> String {
    let bytes: [u8; 8] = baton_clock::random_bytes();
    bytes.iter().fold(String::from("worker-"), |name, byte| format!("{name}{byte:02x}"))
}
