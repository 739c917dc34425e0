//! `baton serve`: the worker. SIGTERM or Ctrl-C stops it in order; a second one at once; killing it is always safe. Changed
//! rules and templates are taken up as they are saved, SIGHUP reads them at once.

use super::place::WorkerArgs;
use super::service::Service;
use crate::app::bus::{Bus, InboxSink};
use crate::app::doctor;
use crate::app::time::Timekeeper;
use crate::app::{self, Running, Setup, platforms, workspace, zoneinfo};
use crate::cli::{FAULTY, OK, unreachable};
use crate::config::{self, Config, Listen, Telemetry};
use crate::connectors::agent::Wire;
use crate::deciding::decider::Replies;
use crate::intake::amqp::{self, AmqpConfig, ConsumeError, Publisher};
use crate::outbox::EventSink;
use crate::store::Store;
use crate::telemetry::traces::{self, TraceConfig};
use crate::telemetry::{self, LogFormat};
use crate::web::{ConfiguredToken, LinkSigner, Listener, MetricsFor, Rights, token_digest};
use anyhow::{Context, Result, anyhow};
use baton_clock::SharedClock;
use baton_core::domain::zone;
use std::mem::ManuallyDrop;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{oneshot, watch};

#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    worker: WorkerArgs,
    /// How log lines look on stderr.
    #[arg(long, value_enum, default_value = "text")]
    log_format: LogFormat,
    /// What is logged: a level, or a list such as baton=debug,sqlx=warn.
    #[arg(long, value_name = "FILTER", default_value = "info,sqlx=warn,lapin=warn", env = "BATON_LOG")]
    log: String,
}

impl Serve {
    pub(crate) async fn run(self) -> Result<u8> {
        telemetry::begin(self.log_format, &self.log)?;
        tracing::info!(version = env!("CARGO_PKG_VERSION"), zones = %zone::in_use(), "baton starts");
        let (config, folder) = (self.worker.config()?, self.worker.place.workspace);
        config.check_secrets()?;
        let collector = config.telemetry.traces()?;
        let workspace = match workspace::load(&folder)? {
            Ok(workspace) => workspace,
            Err(faults) => {
                faults.rules.iter().for_each(|fault| eprintln!("{fault}"));
                faults.templates.iter().for_each(|fault| eprintln!("{fault}"));
                return Ok(FAULTY);
            }
        };
        let rules = &workspace.checked.rules;
        if let Err(why) = app::Connected::from(&config).agrees(rules) {
            eprintln!("{why}");
            return Ok(FAULTY);
        }
        let store = Store::open(&config.database.resolve()?).await;
        let store = store.map_err(|error| unreachable("opening the database", &error))?;
        // Held until the process ends, whatever still runs when this returns: a second worker on one SQLite file would undo what
        // this one assumes.
        let only_worker = ManuallyDrop::new(store.lock_for_worker().map_err(|why| anyhow!("{why}"))?);
        store.migrate().await.context("bringing the database to this version's form")?;
        closed_to_strangers(&config, &store).await?;
        let keeper = Timekeeper::begin(machine_clock()?, store.clone()).await;
        let keeper = keeper.map_err(|error| unreachable("comparing clocks with the database", &error))?;
        let clock = keeper.clock();
        let inherited = store.inherit(&only_worker, clock.now()).await.context("taking over from a dead worker")?;
        if inherited > 0 {
            tracing::info!(count = inherited, "steps of a worker that is dead are taken over");
        }
        let undialled = app::undialled(&config, &workspace.checked.rules);
        for warning in zoneinfo::warnings(&workspace.checked.rules, clock.now()).into_iter().chain(undialled) {
            tracing::warn!("{warning}");
        }
        let broker = config.amqp.as_ref().map(broker).transpose()?;
        let setup = setup(&config, workspace, store, Arc::clone(&clock), broker.as_ref()).await?;
        let questions = doctor::questions(&setup.vendors);
        let mut running = app::start(setup).await?;
        tell(&config.telemetry, collector, &running.worker)?;
        for question in questions {
            running.spawn(question.ask_until_well(Arc::clone(&clock), running.stopping.clone()));
        }
        running.keep_time(keeper);
        follow(&mut running, folder)?;
        let refused = consume(&mut running, clock, broker);
        let service = Arc::new(Service::of_environment());
        running.spawn(Arc::clone(&service).watches(Arc::clone(&running.decider), running.stopping.clone()));
        if config.shadow {
            tracing::warn!(
                "A TRIAL (shadow = true): leads are decided, and nobody is rung, briefed, called, booked or written to: whatever ran \
                 before must go on"
            );
        }
        let asked_to_stop = stop_signal()?;
        tracing::info!(address = %running.address, "baton is ready");
        service.is_ready(&running.address).await;
        tokio::select! {
            () = asked_to_stop => {}
            Ok(why) = refused => return Err(unreachable("consuming from the broker", &why)),
        }
        tracing::info!("stopping: what is in hand is finished first");
        service.stops().await;
        let again = stop_signal()?;
        tokio::select! {
            () = async { running.stop().await; traces::end().await } => {}
            () = again => tracing::warn!("stopping at once"),
        }
        Ok(OK)
    }
}

/// From now on logs say which worker they are of, and its traces are told where a collector is named.
fn tell(settings: &Telemetry, collector: Option<String>, worker: &str) -> Result<()> {
    telemetry::of_worker(worker);
    let Some(collector) = collector else { return Ok(()) };
    let Telemetry { service_name, service_instance_id, sampled, .. } = settings.clone();
    let (service, instance) = (service_name, service_instance_id.unwrap_or_else(|| worker.to_owned()));
    traces::begin(TraceConfig { collector, service, instance, sampled })
}

/// In a build with crash points it is as wrong as a test asks.
fn machine_clock() -> Result<SharedClock> {
    #[cfg(feature = "failpoints")]
    return crate::failpoint::machine_clock();
    #[cfg(not(feature = "failpoints"))]
    Ok(Arc::new(baton_clock::SystemClock))
}

/// Takes up what changes in the workspace, and reads it again on SIGHUP.
fn follow(running: &mut Running, workspace: PathBuf) -> Result<()> {
    let mut hang_up = signal(SignalKind::hangup()).context("listening for SIGHUP")?;
    let (ask, asked) = watch::channel(0);
    let follower = Arc::clone(&running.reload).follow(workspace);
    running.spawn(follower.run(asked, running.stopping.clone()));
    let mut stopping = running.stopping.clone();
    running.spawn(async move {
        loop {
            tokio::select! {
                _ = hang_up.recv() => ask.send_modify(|times| *times += 1),
                _stop = stopping.changed() => return,
            }
        }
    });
    Ok(())
}

/// The broker as the config describes it, and the one connection for what is published.
struct Broker {
    config: AmqpConfig,
    bus: Arc<Bus>,
}

fn broker(amqp: &config::Amqp) -> Result<Broker> {
    let config = AmqpConfig::new(amqp.url.resolve().context("resolving amqp.url")?, amqp.declare);
    let publisher = Arc::new(Publisher::new(config.clone()));
    let bus = Arc::new(Bus { publisher, exchange_events: config.topology.exchange_events.clone() });
    Ok(Broker { config, bus })
}

/// Consumes as long as the worker runs. Something comes back only if the broker is not what it must be.
fn consume(running: &mut Running, clock: SharedClock, broker: Option<Broker>) -> oneshot::Receiver<ConsumeError> {
    let (refuse, refused) = oneshot::channel();
    // No broker: the sender is gone, and select! drops that branch.
    let Some(broker) = broker else { return refused };
    let sink = Arc::new(InboxSink {
        decider: Arc::clone(&running.decider),
        clock,
        queue: broker.config.topology.queue.clone(),
    });
    let stopping = running.stopping.clone();
    running.spawn(async move {
        if let Err(why) = amqp::consume(broker.config, sink, stopping).await {
            let _nobody_waits = refuse.send(why);
        }
    });
    refused
}

/// Where others than this machine can reach the listener, a token is needed.
async fn closed_to_strangers(config: &Config, store: &Store) -> Result<()> {
    let Some((key, address)) = config.open_to_others().filter(|_| config.http.tokens.is_empty()) else {
        return Ok(());
    };
    let given = store.tokens().await?;
    let instead = if key == "http.listen" { "listen on 127.0.0.1" } else { "leave the address out" };
    anyhow::ensure!(
        !given.is_empty(),
        "{key} is {address} and there is no token: anybody could send leads; run baton token add, add [http.tokens], or \
         {instead}"
    );
    Ok(())
}

async fn setup(
    config: &Config,
    workspace: workspace::Workspace,
    store: Store,
    clock: SharedClock,
    broker: Option<&Broker>,
) -> Result<Setup> {
    let listener = match &config.http.listen {
        Listen::Port(address) => Listener::on_port(address).await,
        Listen::Socket(path) => Listener::on_socket(path).await,
    };
    let listener = listener.with_context(|| format!("listening on {}", config.http.listen))?;
    let tokens = config.http.tokens.iter().map(|(name, token)| {
        anyhow::ensure!(name != Rights::NOBODY, "http.tokens.{name}: the audit calls so whoever comes without a token");
        let digest = token_digest(&token.secret.our_secret(&format!("http.tokens.{name}"))?);
        let rights = Rights { name: name.clone(), scopes: token.scopes.clone(), source: token.source.clone() };
        Ok(ConfiguredToken { digest, rights })
    });
    let links = config.feedback.link_secret.as_ref().map(|secret| {
        let secret = secret.our_secret("feedback.link_secret")?;
        Ok::<_, anyhow::Error>(Arc::new(LinkSigner::new(&secret, &config.public_url(), config.feedback.link_days)))
    });
    let platforms = platforms::sections(config, &workspace.platforms)?;
    let wire = broker.map(|broker| Arc::clone(&broker.bus) as Arc<dyn Wire>);
    let mut vendors = app::connect(config, &clock, wire.clone())?;
    vendors.events = broker.map(|broker| Arc::clone(&broker.bus) as Arc<dyn EventSink>);
    let account = app::twilio_account(config, &store, &clock)?;
    let twilio = account.map(|account| account.connect(config, wire, &mut vendors)).transpose()?;
    Ok(Setup {
        store,
        workspace,
        vendors,
        clock,
        limits: config.limits.clone(),
        keep: config.keep.clone(),
        listener,
        tokens: tokens.collect::<Result<Vec<_>>>()?,
        body_limit: config.http.body_limit_kib * 1024,
        requests_at_once: config.http.concurrency,
        connections: config.http.connections,
        links: links.transpose()?,
        platforms,
        twilio,
        public_url: config.public_url(),
        replies: broker.map(|broker| Arc::clone(&broker.bus) as Arc<dyn Replies>),
        broker: broker.map(|broker| Arc::clone(&broker.config.stats)),
        metrics: match config.http.metrics {
            config::Metrics::Token => MetricsFor::Readers,
            config::Metrics::Open => MetricsFor::Everybody,
            config::Metrics::Off => MetricsFor::Nobody,
        },
        console: config.http.console,
        shadow: config.looks_after(),
    })
}

/// Heard from now on: whoever is told that the worker is ready may stop it at once.
fn stop_signal() -> Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for Ctrl-C")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
