//! The HTTP door: leads and events in, decisions and reports out, feedback links for reps.
//!
//! A 2xx to `POST /v1/leads` or `/v1/events` means that the bytes are committed. Requests, bodies and concurrency are
//! bounded; errors are `application/problem+json`. Reps' feedback links need no account: they are signed and expire.

mod feedback;
mod health;
mod leads;
mod link;
mod page;
mod problem;
mod reassign;
mod reports;
mod rules;

pub use link::LinkSigner;
pub use problem::Problem;

use crate::clock::SharedClock;
use crate::intake::decider::Decider;
use crate::release::{Current, Library, Refusal};
use crate::rules::RuleSet;
use crate::store::Store;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use subtle::ConstantTimeEq;
use tokio::sync::{Semaphore, watch};

/// What the door needs; everything behind it is shared.
#[derive(Clone)]
pub struct Door {
    pub decider: Arc<Decider>,
    pub store: Store,
    pub release: Current,
    /// The last changed workspace that was not taken up; `None` once a good one was.
    pub refused: watch::Receiver<Option<Arc<Refusal>>>,
    /// Rules of the past.
    pub library: Arc<Library>,
    pub clock: SharedClock,
    /// SHA-256 of each bearer token; empty = no token is asked for (loopback only, see `config`).
    pub tokens: Arc<[[u8; 32]]>,
    pub links: Option<Arc<LinkSigner>>,
    pub ready: watch::Receiver<bool>,
    pub requests: Arc<Semaphore>,
    pub body_limit: usize,
}

impl Door {
    /// The rules that count now.
    fn rules(&self) -> Arc<RuleSet> {
        Arc::clone(&self.release.borrow().rules)
    }
}

/// All routes.
pub fn router(door: Door) -> Router {
    let api = Router::new()
        .route("/v1/leads", post(leads::post).get(leads::list))
        .route("/v1/events", post(leads::post))
        .route("/v1/leads/{id}", get(leads::get))
        .route("/v1/leads/{id}/explain", get(leads::explain))
        .route("/v1/leads/{id}/reassign", post(reassign::post))
        .route("/v1/attention", get(leads::attention))
        .route("/v1/feedback", post(feedback::api))
        .route("/v1/reports/routing", get(reports::routing))
        .route("/v1/rules", get(rules::live))
        .route_layer(middleware::from_fn_with_state(door.clone(), authenticate));
    let open = Router::new()
        .route("/feedback/{token}", get(feedback::show).post(feedback::record))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready));
    api.merge(open)
        .fallback(|| async { Problem::not_found("no such address; the API begins with /v1") })
        .layer(DefaultBodyLimit::max(door.body_limit))
        .layer(middleware::from_fn_with_state(door.clone(), bounded))
        .with_state(door)
}

/// Digest under which a bearer token is kept.
pub fn token_digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

async fn authenticate(State(door): State<Door>, request: Request, next: Next) -> Response {
    if door.tokens.is_empty() {
        return next.run(request).await;
    }
    let presented = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = presented.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    let digest = token_digest(token);
    // Every token is compared, in constant time each.
    let known = door.tokens.iter().fold(0u8, |known, token| known | token.ct_eq(&digest).unwrap_u8());
    if known == 0 {
        return Problem::unauthorized("a bearer token of [http.tokens] is needed").into_response();
    }
    next.run(request).await
}

async fn bounded(State(door): State<Door>, request: Request, next: Next) -> Response {
    let Ok(_permit) = door.requests.try_acquire() else {
        return Problem::busy("too many requests at once; the same request may be sent again").into_response();
    };
    next.run(request).await
}
