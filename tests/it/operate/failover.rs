//! Servers that die under load, and what is left of what was acknowledged: a PostgreSQL whose standby is promoted, and one of three
//! nodes of a RabbitMQ. Each starts its own (`tests/services.sh`) and prints what it counted.

use super::leads::{Deliver, Leads, all_whole, configure, lost, until_ready};
use super::way::{Line, way_to};
use crate::eventually::eventually;
use crate::program::{Process, free_port, root, told};
use crate::store::server::{Db, sqlite_in, variable};
use crate::town::{self, Caller};
use baton::intake::amqp::{AmqpConfig, Outgoing, Publisher, Topology};
use futures_util::future::BoxFuture;
use std::fmt;
use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::Instant;

/// Leads before the death, and after it.
const LEADS: usize = 60;

/// What was counted.
struct Counted {
    acknowledged: usize,
    /// Acknowledged, and nowhere to be found.
    lost: usize,
    /// From the death to the next lead that came in for good.
    carried_on_after: Duration,
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { acknowledged, lost, carried_on_after } = self;
        write!(f, "lost {lost} of {acknowledged}, carried on after {:.1} s", carried_on_after.as_secs_f64())
    }
}

/// Servers of one test, in a folder of their own; ended with it, whatever comes of it.
struct Services {
    folder: TempDir,
    end: &'static str,
    // One test at a time: what is counted in seconds is counted alone.
    _turn: File,
}

impl Services {
    /// `None` where nobody has promised the servers, which is said.
    fn promised_by(name: &str, end: &'static str) -> Option<Self> {
        if variable(name).is_none() {
            assert!(variable("CI").as_deref() != Some("true"), "{name} is not set: in CI every service is there");
            eprintln!("SKIPPED, NOTHING WAS TESTED: {name} is not set (see tests/services.sh)");
            return None;
        }
        let turn = File::create(concat!(env!("CARGO_TARGET_TMPDIR"), "/failover.lock")).expect("a lock file");
        turn.lock().expect("the lock");
        let folder = tempfile::tempdir().expect("a folder");
        // A server may be another user.
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("an open folder");
        Some(Self { folder, end, _turn: turn })
    }

    /// Calls functions of `tests/services.sh`, in the folder; what they printed.
    fn call(&self, functions: &str) -> String {
        let script = format!(". {}/tests/services.sh; cd {}; {functions}", root().display(), self.path().display());
        let output = Command::new("bash").args(["-c", &script]).output().expect("bash runs");
        assert!(output.status.success(), "{functions}: {}", told(&output));
        String::from_utf8(output.stdout).expect("text")
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        let script = format!(". {}/tests/services.sh; cd {}; {}", root().display(), self.path().display(), self.end);
        let _ended = Command::new("bash").args(["-c", &script]).output();
    }
}

fn here(port: u16) -> (String, u16) {
    ("127.0.0.1".to_owned(), port)
}

fn url_of(printed: &str) -> url::Url {
    url::Url::parse(printed.trim()).expect("a URL")
}

/// A worker at an address that leads to the primary, and after its death to the standby. `synchronous`: a commit is acknowledged once
/// both have it. Otherwise the standby hears nothing more a moment before, as when the network goes first.
async fn promotion(synchronous: bool) -> Option<Counted> {
    let services =
        Services::promised_by("BATON_TEST_POSTGRES", "stop_postgres $PWD/standby; stop_postgres $PWD/primary")?;
    let mut url = url_of(&services.call("start_postgres $PWD/primary -c dynamic_shared_memory_type=mmap"));
    let primary = url.port().expect("a port");
    let (_follows, followed) = watch::channel(here(primary));
    let (link, line) = way_to(followed).await;
    let how = if synchronous { "sync" } else { "" };
    let standby = url_of(&services.call(&format!("start_standby $PWD/standby {link} {how}")));
    let (leads_to, address) = watch::channel(here(primary));
    let (virtual_port, _open) = way_to(address).await;
    url.set_port(Some(virtual_port)).expect("a port");

    let (folder, port) = (town::founded(6), free_port());
    configure(folder.path(), port, url.as_str(), "");
    let _worker = Process::serve(folder.path(), "warn", &[]);
    until_ready(port).await;
    let leads = Leads::come_in(&[port]);
    leads.come(LEADS).await;
    let heard_of = leads.so_far();
    if !synchronous {
        services.call(&format!("await_standby {primary}"));
        line.send_replace(Line::Frozen);
        leads.come(LEADS / 2).await;
    }
    let died = Instant::now();
    services.call("kill_postgres $PWD/primary && promote_postgres $PWD/standby");
    let promoted = Instant::now();
    leads_to.send_replace(here(standby.port().expect("a port")));
    leads.come(LEADS).await;
    let acknowledged = leads.end().await;

    let db = Db::open(standby.to_string()).await;
    let known = all_whole(&db).await;
    assert_eq!(lost(heard_of.keys(), &known), [0; 0], "what the standby had heard of is there");
    let next = acknowledged.values().filter(|at| **at > promoted).min().expect("leads came in after it");
    let counted = Counted {
        acknowledged: acknowledged.len(),
        lost: lost(acknowledged.keys(), &known).len(),
        carried_on_after: *next - died,
    };
    println!("PostgreSQL, {} replication: {counted}", if synchronous { "synchronous" } else { "asynchronous" });
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
    assert!(!log.contains("panicked"), "{log}");
    Some(counted)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_synchronous_standby_that_is_promoted_has_every_acknowledged_lead() {
    let Some(counted) = promotion(true).await else { return };
    assert_eq!(counted.lost, 0, "{counted}");
}

/// What is lost is what the standby had not heard: it is counted here, and nobody promises that there is none.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn without_synchronous_replication_the_last_moments_are_lost_and_nothing_else() {
    let Some(counted) = promotion(false).await else { return };
    assert!(counted.lost <= 2 * LEADS, "as many as came in after the silence began, at most: {counted}");
}

/// To whichever node answers, with confirms, again until it is confirmed.
fn publisher(urls: &str) -> Deliver {
    let publisher = Arc::new(Publisher::new(AmqpConfig::new(urls, false)));
    Arc::new(move |number: usize, _tries: usize| -> BoxFuture<'static, bool> {
        let publisher = Arc::clone(&publisher);
        Box::pin(async move {
            let event = Outgoing {
                exchange: Topology::default().exchange_in,
                routing_key: "lead.qualified".to_owned(),
                body: Caller::gone(number).event.to_string().into_bytes(),
                content_type: "application/cloudevents+json".to_owned(),
                message_id: number.to_string(),
                ..Outgoing::default()
            };
            publisher.publish(&event).await.inspect_err(|error| println!("lead {number}: {error:?}")).is_ok()
        })
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_node_that_is_lost_takes_no_confirmed_lead_with_it() {
    let end = "stop_rabbitmq_cluster $PWD/nodes";
    let Some(services) = Services::promised_by("BATON_TEST_AMQP", end) else { return };
    let urls = services.call("start_rabbitmq_cluster $PWD/nodes 3").trim().replace('\n', ",");
    let (folder, port) = (town::founded(6), free_port());
    let amqp = format!("[amqp]\nurl = {urls:?}\ndeclare = true\n");
    configure(folder.path(), port, &sqlite_in(folder.path()), &amqp);
    let _worker = Process::serve(folder.path(), "info", &[]);
    until_ready(port).await;
    let log = || std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
    eventually("the worker consumes", || std::future::ready(log().contains("consuming"))).await;
    let queues = services.call("nodes/2/rabbitmqctl -q list_queues name members");
    let members = queues.lines().find(|line| line.starts_with("baton.leads\t")).unwrap_or_default();
    assert_eq!(members.matches("@localhost").count(), 3, "each node has the queue: {queues}");

    let leads = Leads::handed_over(publisher(&urls));
    leads.come(LEADS).await;
    let died = Instant::now();
    // The one that the worker has its connection to: the first of those it was given.
    services.call("kill_rabbitmq $PWD/nodes/1");
    let gone = Instant::now();
    leads.come(LEADS).await;
    let (next, _) = leads.so_far().into_iter().filter(|(_, at)| *at > gone).min_by_key(|(_, at)| *at).expect("a lead");
    let db = Db::open(sqlite_in(folder.path())).await;
    let stored = format!("SELECT COUNT(*) FROM lead WHERE id = '{}'", Caller::gone(next).lead());
    eventually("the worker consumes from another node", || async { db.number(stored.clone()).await == 1 }).await;
    let carried_on_after = died.elapsed();
    let confirmed = leads.end().await;
    let all = || async { db.number("SELECT COUNT(*) FROM lead").await >= confirmed.len() as i64 };
    eventually("every confirmed lead is decided", all).await;
    let known = all_whole(&db).await;
    let lost = lost(confirmed.keys(), &known).len();
    let counted = Counted { acknowledged: confirmed.len(), lost, carried_on_after };
    println!("RabbitMQ, one node of three: {counted}");
    assert_eq!(counted.lost, 0, "{counted}\n{}", log());
    assert!(log().contains("the broker is lost"), "it was the node that the worker was on: {}", log());
}
