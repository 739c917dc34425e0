//! A world to try Baton in: the vendors' stand-ins over HTTP on loopback, a voice platform, and reps who answer or do not.
//!
//! Every stand-in writes down each effect that it *accepted*, by natural key, in one ledger: the demo counts from it and
//! the tests judge by it. Each can fail on cue ([`Fault`]). Every exchange is kept as it went over the wire, so that tests
//! can hold both sides against the vendor's contract. Nothing here is reachable from a real deployment.
#![warn(unreachable_pub)]

pub mod google;
pub mod graph;
pub mod hubspot;
pub mod salesforce;
pub mod slack;
pub mod smtp;
pub mod teams;
pub mod twilio;
pub mod vapi;
pub mod voice;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use baton_clock::SharedClock;
use chrono::{DateTime, Utc};
use serde_json::json;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Largest body a stand-in reads.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// An effect that a vendor has carried out.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    pub vendor: &'static str,
    /// `ring`, `book`, `move`, `cancel`, `lead`, `task`, `message`, `mail`.
    pub kind: &'static str,
    /// What makes it the same effect to a person, whatever ids the request carried.
    pub natural_key: String,
    pub detail: serde_json::Value,
    /// In the world's time.
    pub at: DateTime<Utc>,
}

/// What goes wrong with the next request to an operation.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// The vendor does it, and the answer never arrives.
    DropAnswer,
    /// 429, nothing done.
    RateLimit { retry_after_s: Option<u64> },
    /// 503, nothing done.
    Unavailable,
    /// The answer comes this much later (in the world's time); the request is carried out first.
    Stall(Duration),
    /// The vendor's own way to fail inside a 200; the stand-in decides what that means.
    ErrorInside200,
    /// Searches do not find what was written less than this ago.
    SearchLags(Duration),
}

/// One request and its answer, as they went over the wire.
#[derive(Debug, Clone)]
pub struct Exchange {
    pub vendor: &'static str,
    pub method: String,
    /// Path and query.
    pub target: String,
    pub request_headers: HeaderMap,
    pub request_body: Bytes,
    pub status: u16,
    pub response_headers: HeaderMap,
    pub response_body: Bytes,
    /// The fault that shaped the answer, if any: a made-up failure is not held against the contract's success shapes.
    pub fault: Option<Fault>,
}

/// By vendor and operation (`*` = every operation): faults still to be played, with how often.
type Armed = BTreeMap<(String, String), Vec<(Fault, u32)>>;

pub struct World {
    pub clock: SharedClock,
    accepted: Mutex<Vec<Accepted>>,
    faults: Mutex<Armed>,
    exchanges: Mutex<Vec<Exchange>>,
}

impl World {
    pub fn new(clock: SharedClock) -> Arc<Self> {
        Arc::new(Self {
            clock,
            accepted: Mutex::new(Vec::new()),
            faults: Mutex::new(BTreeMap::new()),
            exchanges: Mutex::new(Vec::new()),
        })
    }

    /// Writes an effect down as carried out.
    pub fn accept(&self, vendor: &'static str, kind: &'static str, natural_key: String, detail: serde_json::Value) {
        let at = self.clock.now();
        self.accepted.lock().expect("ledger").push(Accepted { vendor, kind, natural_key, detail, at });
    }

    pub fn accepted(&self) -> Vec<Accepted> {
        self.accepted.lock().expect("ledger").clone()
    }

    /// Effects that were carried out more than once, with how often.
    pub fn duplicates(&self) -> BTreeMap<(&'static str, &'static str, String), usize> {
        let mut counts = BTreeMap::new();
        for effect in self.accepted.lock().expect("ledger").iter() {
            *counts.entry((effect.vendor, effect.kind, effect.natural_key.clone())).or_insert(0) += 1;
        }
        counts.retain(|_, count| *count > 1);
        counts
    }

    /// Plays `fault` for the next `times` requests to an operation of a vendor; `*` is every operation.
    pub fn arm(&self, vendor: &str, operation: &str, fault: Fault, times: u32) {
        let key = (vendor.to_owned(), operation.to_owned());
        self.faults.lock().expect("faults").entry(key).or_default().push((fault, times));
    }

    /// Ends every fault of a vendor: it is well again.
    pub fn heal(&self, vendor: &str) {
        self.faults.lock().expect("faults").retain(|(v, _), _| v != vendor);
    }

    /// The fault to play now, if one is armed; uses it up.
    pub fn next_fault(&self, vendor: &str, operation: &str) -> Option<Fault> {
        let mut faults = self.faults.lock().expect("faults");
        for key in [(vendor.to_owned(), operation.to_owned()), (vendor.to_owned(), "*".to_owned())] {
            let Some(list) = faults.get_mut(&key) else { continue };
            let Some((fault, left)) = list.first_mut() else { continue };
            let fault = fault.clone();
            *left -= 1;
            if *left == 0 {
                list.remove(0);
            }
            return Some(fault);
        }
        None
    }

    pub fn exchanges(&self) -> Vec<Exchange> {
        self.exchanges.lock().expect("exchanges").clone()
    }

    /// Sleeps for a span of the world's time.
    pub async fn sleep(&self, span: Duration) {
        tokio::time::sleep(self.clock.real(span)).await;
    }
}

/// What the routes of a stand-in share: the world, and what the vendor holds.
#[derive(Clone)]
struct App<S> {
    world: Arc<World>,
    state: S,
}

impl<S> App<S> {
    fn now(&self) -> DateTime<Utc> {
        self.world.clock.now()
    }
}

/// A part of a signed token; the signature is taken on trust.
fn decoded<T: serde::de::DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// What a token service says when it gives none (RFC 6749 §5.2).
fn no_token(status: u16, error: &str, description: &str) -> Response {
    let status = StatusCode::from_u16(status).expect("written here");
    (status, Json(json!({ "error": error, "error_description": description }))).into_response()
}

/// One request of a vendor's own, on a connection of its own; the answer ends with it.
async fn exchange(host: &str, request: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(host).await.ok()?;
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok()?;
    let answer = String::from_utf8(answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}

/// Stands in a request's extensions where more than its path tells what it is.
#[derive(Clone, Copy)]
struct Named(&'static str);

/// The operation that a request names, for faults: the stand-in's own mapping, e.g. `chat.postMessage`, `events.insert`.
pub type OperationOf = fn(method: &str, path: &str) -> String;

#[derive(Clone)]
struct Wire {
    world: Arc<World>,
    vendor: &'static str,
    operation: OperationOf,
}

/// Wraps a stand-in's routes: plays faults and records exchanges. Faults that need the vendor's own words
/// ([`Fault::ErrorInside200`], [`Fault::SearchLags`]) and the bodies of 429s are the stand-in's business: it finds the
/// fault in the request's extensions.
pub fn on_the_wire(world: Arc<World>, vendor: &'static str, operation: OperationOf, routes: Router) -> Router {
    routes.layer(axum::middleware::from_fn_with_state(Wire { world, vendor, operation }, wire))
}

async fn wire(State(wire): State<Wire>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(request_body) = axum::body::to_bytes(body, BODY_LIMIT).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let method = parts.method.to_string();
    let target = parts.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
    let request_headers = parts.headers.clone();
    let named = parts.extensions.get::<Named>().map(|named| named.0.to_owned());
    let operation = named.unwrap_or_else(|| (wire.operation)(&method, parts.uri.path()));
    let fault = wire.world.next_fault(wire.vendor, &operation);
    if let Some(fault) = &fault {
        parts.extensions.insert(fault.clone());
    }
    let response = match &fault {
        Some(Fault::Unavailable) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable on cue").into_response(),
        _ => next.run(Request::from_parts(parts, Body::from(request_body.clone()))).await,
    };
    let (mut response_parts, body) = response.into_parts();
    let date = wire.world.clock.now().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let date = HeaderValue::from_str(&date).expect("a date is ASCII");
    response_parts.headers.insert(header::DATE, date);
    let response_body = axum::body::to_bytes(body, BODY_LIMIT).await.unwrap_or_default();
    wire.world.exchanges.lock().expect("exchanges").push(Exchange {
        vendor: wire.vendor,
        method,
        target,
        request_headers,
        request_body,
        status: response_parts.status.as_u16(),
        response_headers: response_parts.headers.clone(),
        response_body: response_body.clone(),
        fault: fault.clone(),
    });
    match fault {
        Some(Fault::DropAnswer) => {
            // What has no body would arrive whole.
            if response_parts.status == StatusCode::NO_CONTENT {
                response_parts.status = StatusCode::OK;
            }
            let broken =
                futures_util::stream::once(async { Err::<Bytes, _>(std::io::Error::other("answer lost on cue")) });
            Response::from_parts(response_parts, Body::from_stream(broken))
        }
        Some(Fault::Stall(span)) => {
            wire.world.sleep(span).await;
            Response::from_parts(response_parts, Body::from(response_body))
        }
        _ => Response::from_parts(response_parts, Body::from(response_body)),
    }
}

/// Serves routes on a free loopback port until the process ends.
///
/// # Errors
/// No port could be bound.
pub async fn serve(routes: Router) -> std::io::Result<SocketAddr> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, routes).await {
            tracing::error!(%error, "a stand-in stopped serving");
        }
    });
    Ok(address)
}
