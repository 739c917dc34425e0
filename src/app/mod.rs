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
pub mod watch;
pub mod webhooks;
pub mod workspace;
pub mod zoneinfo;

pub use reload::Reload;
pub use speech::unspoken;
pub use twilio::{TwilioAccount, twilio_account};
pub use vendors::{Connected, connect, not_connected, undialled};

use crate::chat;
use crate::config::{Keep, Limits};
use crate::connectors::Telephony;
use crate::connectors::asterisk::Asterisk;
use crate::connectors::http::Fleet;
use crate::deciding::decider::{self, Decider, Replies};
use crate::facts::Facts;
use crate::intake::amqp::AmqpStats;
use crate::outbox::{self, Duty, Outbox, Vendors};
use crate::release::{Current, Library};
use crate::store::{Store, with};
use crate::web::{
    self, ConfiguredToken, Door, InHand, Keyring, LinkSigner, Listener, MetricsFor, PlatformSections, TwilioSection,
};
use anyhow::{Context, Result};
use baton_clock::SharedClock;
use chrono::{DateTime, TimeDelta, Utc};
use lines::{Agents, Lines};
use std::sync::Arc;
use std::time::Duration;
use time::Timekeeper;
use tokio::sync::Semaphore;
use tokio::sync::watch::{Receiver, Sender, channel};
use tokio::task::JoinSet;
use watch::keep::Keeper;
use watch::{Look, Presence, ReadBack, Watched};
use workspace::Workspace;

/// After this the process goes, whatever is still in hand: leases bring it back.
pub const STOP_WITHIN: Duration = Duration::from_millis(4500);

/// A worker's parts, however they came about: from `baton.toml`, or from the demo's sandbox.
pub struct Setup {
    pub store: Store,
    /// What it decides and writes with at first.
    pub workspace: Workspace,
    pub vendors: Vendors,
    pub clock: SharedClock,
    pub limits: Limits,
    /// How long what is stored is kept.
    pub keep: Keep,
    pub listener: Listener,
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
    /// How its consumer does; `None`: no broker is configured.
    pub broker: Option<Arc<AmqpStats>>,
    /// Who may read its figures.
    pub metrics: MetricsFor,
    /// There are pages for people.
    pub console: bool,
    /// Decides beside another system, does nothing that anybody would notice, and reads so long after each decision whom that system
    /// chose.
    pub shadow: Option<TimeDelta>,
}

/// A running worker.
pub struct Running {
    /// Host and port, or `unix:` and a path.
    pub address: String,
    pub decider: Arc<Decider>,
    pub store: Store,
    /// Its name in logs, leases and traces.
    pub worker: String,
    pub ready: Receiver<bool>,
    /// Tells tasks that were started beside the worker to stop with it.
    pub stopping: Receiver<bool>,
    tasks: JoinSet<()>,
    set_ready: Sender<bool>,
    duty: Duty,
    stop: Sender<bool>,
    /// Changes the rules and templates of the running worker.
    pub reload: Arc<Reload>,
}

/// Starts deciding, carrying out and serving. The release is stored first: whatever is decided with it can be decided again.
///
/// # Errors
/// The listener has no address, the release could not be stored, the database failed, or it is one that a trial, or a worker that is
/// none, must not be on.
pub async fn start(setup: Setup) -> Result<Running> {
    #[cfg(feature = "failpoints")]
    load_numbers().await?;
    let address = setup.listener.address().context("reading the listener's address")?;
    let ((stop, stopping), (set_ready, ready)) = (channel(false), channel(true));
    let worker = worker_name();
    let connected = Connected::from(&setup.vendors);
    let platforms = Arc::new(setup.platforms);
    let (clock, sections) = (Arc::clone(&setup.clock), Arc::clone(&platforms));
    let reload = Reload::begin(setup.store.clone(), clock, worker.clone(), connected, sections, setup.workspace).await;
    let reload = Arc::new(reload.context("storing the release")?);
    let release = reload.current();
    let presence = among_others(&setup.store, &setup.clock, &worker, &release, setup.shadow).await?;
    let (asterisk, telephony) = (setup.vendors.asterisk.clone(), setup.vendors.telephony.clone());
    let fleet = vendors::fleet::join(&setup.vendors, &setup.store, &setup.clock, &worker);
    let slack = setup.vendors.slack.clone().filter(|_| setup.shadow.is_none());
    let addresses = keep_addresses(&setup.vendors, &setup.store, &setup.clock, &release);
    let facts =
        facts_of(&setup.vendors, &setup.store, &setup.clock, (&setup.limits, &worker), setup.shadow, &setup.public_url);
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
        restored_at: restored_at(&setup.store, &setup.clock).await?,
        shadow: setup.shadow.is_some(),
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
    let desk = vendors::slack::desk(slack, &decider, &setup.store, &setup.clock, &release);
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
        slack: desk.as_ref().and_then(vendors::slack::door),
        addresses,
        public_url: setup.public_url,
        ready: ready.clone(),
        in_hand: InHand::default(),
        requests: Arc::new(Semaphore::new(setup.requests_at_once)),
        body_limit: setup.body_limit,
        broker: setup.broker,
        metrics: setup.metrics,
    };
    let duty = outbox.duty().clone();
    let mut tasks = works(&decider, outbox, Arc::clone(&facts), release, &stopping);
    watched(&mut tasks, &door, facts, (presence, fleet), setup.shadow, &stopping);
    carries(&mut tasks, &door, (asterisk, telephony), &duty, worker.clone(), &stopping);
    desk_hears(&mut tasks, desk, &stopping);
    look_after(&mut tasks, &door, setup.keep, &worker, &duty, &stopping);
    let (in_hand, router) = (door.in_hand.clone(), web::router(door, setup.console));
    tasks.spawn(web::serve(setup.listener, router, setup.connections, in_hand, stopping.clone()));
    Ok(Running { address, decider, store: setup.store, worker, ready, stopping, tasks, set_ready, duty, stop, reload })
}

/// What people press in the chat, where Slack is listened to.
fn desk_hears(tasks: &mut JoinSet<()>, desk: Option<Arc<chat::Desk>>, stopping: &Receiver<bool>) {
    if let Some(desk) = desk.filter(|desk| desk.slack.listens()) {
        tasks.spawn(chat::hear(desk, stopping.clone()));
    }
}

/// The first number that is read loads all that is known of numbers, some twenty megabytes: half a life of a worker that is built
/// without optimisation to be killed after a moment. Elsewhere it takes the first caller a tenth of a second.
#[cfg(feature = "failpoints")]
async fn load_numbers() -> Result<()> {
    let read = tokio::task::spawn_blocking(|| baton_core::rules::words::phone::read("+14155550142", None)).await;
    read.map(drop).context("loading what is known of phone numbers")
}

/// Takes note of a copy that was put in the place of the database, if this worker is the first on it.
async fn restored_at(store: &Store, clock: &SharedClock) -> Result<Option<DateTime<Utc>>> {
    let now = clock.now();
    let begins = with(now, |tx, now| Box::pin(tx.copy_begins(*now)));
    let restored_at = store.write("copy.begins", begins).await.context("asking whether this is a copy")?;
    // As the database keeps it.
    if restored_at.is_some_and(|at| at.timestamp_micros() == now.timestamp_micros()) {
        tracing::warn!("a copy was put in the place of the database: what may have been done since is not done again");
    }
    Ok(restored_at)
}

/// What may be lent to callers, where they come to us once a rep has accepted.
fn keep_addresses(vendors: &Vendors, store: &Store, clock: &SharedClock, release: &Current) -> Option<web::Addresses> {
    let rep_first = vendors.rep_first.as_ref()?;
    let (store, clock) = (store.clone(), Arc::clone(clock));
    rep_first.keeps(Arc::new(lines::KeptAddresses { store, clock, release: release.clone() }));
    Some(lines::offered(rep_first))
}

fn facts_of(
    vendors: &Vendors,
    store: &Store,
    clock: &SharedClock,
    (limits, worker): (&Limits, &str),
    shadow: Option<TimeDelta>,
    public_url: &str,
) -> Arc<Facts> {
    let (crm, calendar) = (vendors.crm.clone(), vendors.calendar.clone());
    let facts = Facts::new(crm, calendar, store.clone(), Arc::clone(clock), limits.facts_within());
    let facts = facts.reading_back(vendors.read_back).polling(worker, limits.mirror_every());
    Arc::new(match (shadow, &vendors.telephony) {
        (Some(_), _) => facts.in_shadow(),
        (None, Some(_)) => facts.told_at(public_url),
        (None, None) => facts.told_at(public_url).without_telephony(),
    })
}

/// # Errors
/// A trial must not be on this database, or nothing but one; or the database failed.
async fn among_others(
    store: &Store,
    clock: &SharedClock,
    worker: &str,
    release: &Current,
    shadow: Option<TimeDelta>,
) -> Result<Presence> {
    let (store, clock) = (store.clone(), Arc::clone(clock));
    let presence =
        Presence { store, clock, worker: worker.to_owned(), release: release.clone(), shadow: shadow.is_some() };
    presence.agrees_with_others().await?;
    Ok(presence)
}

/// Decides and carries out until it is to stop.
fn works(
    decider: &Arc<Decider>,
    outbox: Arc<Outbox>,
    facts: Arc<Facts>,
    release: Current,
    stopping: &Receiver<bool>,
) -> JoinSet<()> {
    facts.tell_reps(&release.borrow().rules);
    let mut tasks = JoinSet::new();
    tasks.spawn(Arc::clone(decider).run(stopping.clone()));
    tasks.spawn(Arc::clone(decider).serve_waiting(stopping.clone()));
    tasks.spawn(Arc::clone(&outbox).deliver(stopping.clone()));
    tasks.spawn(outbox.run(stopping.clone()));
    tasks.spawn(introduce(Arc::clone(&facts), release.clone(), stopping.clone()));
    tasks.spawn(keep_fresh(facts, release, stopping.clone()));
    tasks
}

/// Tells of itself: to those who ask for its figures, and to the other workers, of whom it hears what they know of the vendors.
fn watched(
    tasks: &mut JoinSet<()>,
    door: &Door,
    facts: Arc<Facts>,
    (presence, fleet): (Presence, Arc<Fleet>),
    shadow: Option<TimeDelta>,
    stopping: &Receiver<bool>,
) {
    if let Some(after) = shadow {
        let (store, clock, facts) = (door.store.clone(), Arc::clone(&door.clock), Arc::clone(&facts));
        tasks.spawn(Look { store, facts, clock, worker: presence.worker.clone(), after }.keep(stopping.clone()));
    }
    if let Some(every) = facts.reads_back() {
        let (decider, facts, store) = (Arc::clone(&door.decider), Arc::clone(&facts), door.store.clone());
        let (clock, worker) = (Arc::clone(&door.clock), presence.worker.clone());
        tasks.spawn(ReadBack { facts, decider, store, clock, worker, every }.keep(stopping.clone()));
    }
    if door.metrics != MetricsFor::Nobody {
        let (store, clock, release) = (door.store.clone(), Arc::clone(&door.clock), door.release.clone());
        let looks = Watched { store, clock, facts, release, refused: door.refused.clone() };
        tasks.spawn(looks.keep(stopping.clone()));
    }
    tasks.spawn(vendors::fleet::keep(fleet, door.store.clone(), Arc::clone(&door.clock), stopping.clone()));
    tasks.spawn(presence.keep(stopping.clone()));
}

/// What has had its time is forgotten, and what is not as it was is told.
fn look_after(tasks: &mut JoinSet<()>, door: &Door, keep: Keep, worker: &str, duty: &Duty, stopping: &Receiver<bool>) {
    let keeper = Keeper::of_worker(&door.store, &door.clock, keep, worker);
    tasks.spawn(keeper.hourly(door.release.clone(), duty.clone(), stopping.clone()));
    let parts = || (door.store.clone(), Arc::clone(&door.clock), stopping.clone());
    let (store, clock, stopped) = parts();
    tasks.spawn(tidy::work(store, clock, stopped));
    let (store, clock, stopped) = parts();
    tasks.spawn(watch::drift::keep(store, door.release.clone(), clock, stopped));
}

/// What is to be heard, or brought about, on the lines of whoever carries our calls.
fn carries(
    tasks: &mut JoinSet<()>,
    door: &Door,
    (asterisk, telephony): (Option<Arc<Asterisk>>, Option<Arc<dyn Telephony>>),
    duty: &Duty,
    worker: String,
    stopping: &Receiver<bool>,
) {
    let (decider, store, clock) = (Arc::clone(&door.decider), door.store.clone(), Arc::clone(&door.clock));
    let duty = duty.clone();
    if let Some(asterisk) = asterisk {
        let is_rep_first = door.addresses.is_some();
        let lines = Lines { asterisk, decider, store, clock, duty, worker, is_rep_first };
        tasks.spawn(lines::hear(lines, stopping.clone()));
    } else if let Some(telephony) = telephony.filter(|_| door.twilio.is_some()) {
        let release = door.release.clone();
        let agents = Agents { telephony, decider, store, release, clock, duty, worker };
        tasks.spawn(lines::bring(agents, stopping.clone()));
    }
}

/// Reps who come, go or are called otherwise are told.
async fn introduce(facts: Arc<Facts>, mut release: Current, mut stopping: Receiver<bool>) {
    loop {
        tokio::select! {
            changed = release.changed() => if changed.is_err() { return },
            _ = stopping.changed() => return,
        }
        facts.tell_reps(&release.borrow_and_update().rules);
    }
}

/// A vendor that takes its time holds up no stop.
async fn keep_fresh(facts: Arc<Facts>, release: Current, stopping: Receiver<bool>) {
    let mut stopped = stopping.clone();
    let calendars = facts.keep_fresh(release.clone(), stopping);
    let (absences, channels) = (facts.keep_absences(release.clone()), facts.keep_channels(release.clone()));
    let kept = async { tokio::join!(calendars, absences, channels, facts.keep_mirror(release)) };
    tokio::select! {
        _ = kept => {}
        _ = stopped.wait_for(|stop| *stop) => {}
    }
}

impl Running {
    /// Where it serves, if it listens on a port.
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
