//! What comes in: how long a request may take to arrive, how many connections there are, and which one goes when there is no
//! room.
//!
//! Guarantees: who sends half a request, or none, holds a connection for a while and nothing else; when there are too many,
//! the one that has been idle or half-sent for longest makes room for the new one, strangers first, and never one whose
//! request is being carried out. A stop waits for those, and for acts whose asker has hung up, alone. If the process dies here,
//! senders see a broken connection and send again.

use super::listener::{Connection, Listener};
use super::problem::{CONTENT_TYPE, Problem, RETRY_AFTER_S};
use crate::telemetry::traces::{Requested, for_request};
use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, watch};
use tokio::task::{JoinHandle, JoinSet};
use tracing::Instrument;

/// From the connection to the end of its first request's head.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// The same for each later one, and with it how long a connection may lie idle.
const NEXT_HEAD_WITHIN: Duration = Duration::from_secs(60);
/// How long a stop leaves connections on which nothing is carried out, so that what was answered still goes out.
const LAST_WORDS: Duration = Duration::from_millis(300);
/// After a failure to accept, such as no file descriptors left.
const BREATH: Duration = Duration::from_millis(50);

/// Acts that are carried out in tasks of their own, so that whoever hangs up takes nothing back.
#[derive(Clone, Default)]
pub struct InHand(watch::Sender<()>);

impl InHand {
    /// Within the span of whoever asks for it, and for the same request.
    pub(super) fn spawn<T: Send + 'static>(&self, act: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        let held = self.0.subscribe();
        let act = async move {
            let _held = held;
            act.await
        };
        tokio::spawn(for_request(Requested::current(), act).in_current_span())
    }

    /// None is under way any more.
    async fn ended(&self) {
        self.0.closed().await;
    }
}

/// Serves until told to stop, and then until the last request in hand is answered and the last act is carried out.
pub async fn serve(
    listener: Listener,
    router: Router,
    connections: usize,
    in_hand: InHand,
    mut stopping: watch::Receiver<bool>,
) {
    let guests = Arc::new(Guests::default());
    let mut open = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = told(&mut stopping) => break,
            Some(_gone) = open.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        let connection = match accepted {
            Ok(connection) => connection,
            Err(error) => {
                tracing::warn!(%error, connections = guests.count(), "a connection could not be accepted");
                guests.make_room();
                tokio::time::sleep(BREATH).await;
                continue;
            }
        };
        if guests.count() >= connections && !guests.make_room() {
            refuse(&connection);
            continue;
        }
        let place = Guests::enter(&guests);
        match connection {
            Connection::Port(stream) => open.spawn(attend(stream, router.clone(), place, stopping.clone())),
            Connection::Socket(stream) => open.spawn(attend(stream, router.clone(), place, stopping.clone())),
        };
    }
    drop(listener);
    while open.join_next().await.is_some() {}
    in_hand.ended().await;
}

/// One connection, request after request.
async fn attend(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    router: Router,
    place: ConnectionGuard,
    mut stopping: watch::Receiver<bool>,
) {
    let guest = &place.guest;
    let router = TowerToHyperService::new(router);
    let service = service_fn(|mut request: hyper::Request<Incoming>| {
        guest.has_asked.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(Arc::clone(guest));
        router.call(request)
    });
    let mut http = http1::Builder::new();
    // Whoever has sent all and hangs up takes nothing back: agents give up so, and what they brought is carried out.
    http.timer(TokioTimer::new()).header_read_timeout(NEXT_HEAD_WITHIN).half_close(true);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    let mut head_due = pin!(tokio::time::sleep(HEAD_WITHIN));
    let (mut before_head, mut leaving) = (true, false);
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection broke");
                }
                return;
            }
            () = guest.leave.notified() => return,
            () = head_due.as_mut(), if before_head => {
                if !guest.has_asked.load(Ordering::Relaxed) {
                    return;
                }
                before_head = false;
            }
            () = told(&mut stopping), if !leaving => {
                connection.as_mut().graceful_shutdown();
                leaving = true;
            }
            () = tokio::time::sleep(LAST_WORDS), if leaving => {
                if !guest.at_work.load(Ordering::Relaxed) {
                    return;
                }
            }
        }
    }
}

/// Returns when it is time to stop; a sender that is gone means the same.
async fn told(stopping: &mut watch::Receiver<bool>) {
    let _stop = stopping.wait_for(|stop| *stop).await;
}

/// There is no room, and every connection there is has a request in hand.
fn refuse(connection: &Connection) {
    let body = Problem::busy("too many connections at once; the same request may be sent again").body();
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: {CONTENT_TYPE}\r\nretry-after: {RETRY_AFTER_S}\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    // Whoever does not read it finds the connection closed, which says the same.
    let _sent = connection.try_write(answer.as_bytes());
}

/// What is known of a connection while it is open.
#[derive(Default)]
pub(super) struct Guest {
    /// The head of a first request is there.
    has_asked: AtomicBool,
    /// A request that was whole and allowed has been carried out.
    is_known: AtomicBool,
    at_work: AtomicBool,
    /// When it was last of use: the higher, the later.
    useful: AtomicU64,
    leave: Notify,
}

impl Guest {
    /// A whole and allowed request is carried out from now on, until what is returned is dropped.
    pub(super) fn works(self: &Arc<Self>) -> AtWork {
        self.is_known.store(true, Ordering::Relaxed);
        self.at_work.store(true, Ordering::Relaxed);
        AtWork(Arc::clone(self))
    }
}

pub(super) struct AtWork(Arc<Guest>);

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.useful.store(next(), Ordering::Relaxed);
        self.0.at_work.store(false, Ordering::Relaxed);
    }
}

fn next() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

/// The connections that are open and have not been told to go.
#[derive(Default)]
struct Guests(Mutex<BTreeMap<u64, Arc<Guest>>>);

impl Guests {
    fn enter(guests: &Arc<Self>) -> ConnectionGuard {
        let number = next();
        let guest = Arc::new(Guest { useful: AtomicU64::new(number), ..Guest::default() });
        guests.kept().insert(number, Arc::clone(&guest));
        ConnectionGuard { guests: Arc::clone(guests), number, guest }
    }

    fn count(&self) -> usize {
        self.kept().len()
    }

    /// Sends away the one that is missed least. `false`: all are at work.
    fn make_room(&self) -> bool {
        let mut kept = self.kept();
        let idle = kept.iter().filter(|(_, guest)| !guest.at_work.load(Ordering::Relaxed));
        let least = idle
            .min_by_key(|(_, guest)| (guest.is_known.load(Ordering::Relaxed), guest.useful.load(Ordering::Relaxed)));
        let Some(number) = least.map(|(number, _)| *number) else { return false };
        if let Some(guest) = kept.remove(&number) {
            guest.leave.notify_one();
        }
        true
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Guest>>> {
        self.0.lock().expect("nothing panics while holding the guests")
    }
}

struct ConnectionGuard {
    guests: Arc<Guests>,
    number: u64,
    guest: Arc<Guest>,
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        self.guests.kept().remove(&self.number);
    }
}

#[cfg(test)]
mod tests;
