//! The HTTP door: leads and events in, decisions and reports out, feedback links for reps.
//!
//! A 2xx to `POST /v1/leads` or `/v1/events` means that the bytes are committed. Requests, bodies, connections and the time
//! that a request takes to arrive are bounded; errors are `application/problem+json`; every answer names its request. Every
//! route names the right that it needs, and stands in the description of the API (`openapi`), which is open. Reps' links to a
//! lead and to all of theirs, and those of leads to their meetings, need no account: they are signed and expire. Voice platforms
//! prove what they send in their own ways. People look in by the console, after they have signed in. Health and figures are answered whatever else is going on.

mod admit;
mod audit;
mod console;
mod erasures;
mod feedback;
mod health;
mod incoming;
mod leads;
mod listener;
mod mcp;
mod openapi;
mod platforms;
mod problem;
mod reports;
mod rights;
mod rules;
mod server;
mod slack;
mod standing;

pub use feedback::LinkSigner;
pub use health::MetricsFor;
pub use listener::Listener;
pub use openapi::openapi_document;
pub use platforms::{PlatformSection, PlatformSections, TwilioSection};
pub use problem::Problem;
pub use rights::{ConfiguredToken, Keyring, Rights, token_digest, token_hash};
pub use server::{InHand, serve};
pub use slack::SlackDoor;

use crate::deciding::decider::Decider;
use crate::intake::amqp::AmqpStats;
use crate::release::{Current, Library, Refusal};
use crate::store::Store;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{from_fn, map_response};
use axum::response::Response;
use axum::routing::{get, post};
use baton_clock::SharedClock;
use baton_core::domain::scope::Scope::{Act, Admin, Feedback, Intake, Read};
use baton_core::rules::RuleSet;
use std::sync::Arc;
use tokio::sync::{Semaphore, watch};

/// The query of an address that takes none: whatever is asked there is told to be unknown.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Addresses that may be lent to a caller, in order: as the carrier tells of who comes, and as they are dialled.
pub type Addresses = Arc<dyn Fn() -> Vec<(String, String)> + Send + Sync>;

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
    pub keyring: Arc<Keyring>,
    pub links: Option<Arc<LinkSigner>>,
    pub platforms: Arc<PlatformSections>,
    /// Where Twilio carries our calls.
    pub twilio: Option<Arc<TwilioSection>>,
    /// Where Slack sends what people press; `None`: it does not, by requests.
    pub slack: Option<Arc<SlackDoor>>,
    /// Where callers can be sent to who are announced; `None`: nowhere.
    pub addresses: Option<Addresses>,
    /// How this worker is reached from outside; its host is one by which agents may call it. May be empty.
    pub public_url: String,
    pub ready: watch::Receiver<bool>,
    /// What a stop waits for.
    pub in_hand: InHand,
    /// Requests carried out at once: whole ones, of somebody who may.
    pub requests: Arc<Semaphore>,
    pub body_limit: usize,
    /// How the consumer does; `None`: no broker is configured.
    pub broker: Option<Arc<AmqpStats>>,
    pub metrics: MetricsFor,
}

impl Door {
    /// The rules that count now.
    fn rules(&self) -> Arc<RuleSet> {
        Arc::clone(&self.release.borrow().rules)
    }
}

/// All routes, each with the right that it needs. `console`: also the pages for people.
pub fn router(door: Door, console: bool) -> Router {
    let pages = if console { console::routes(&door) } else { Router::new() };
    let agents = mcp::route(&door);
    let api = Router::new()
        .route("/v1/leads", door.needs(Intake, post(leads::post)))
        .route("/v1/leads", door.needs(Read, get(leads::list)))
        .route("/v1/events", door.needs(Intake, post(leads::event)))
        .route("/v1/leads/{id}", door.needs(Read, get(leads::get)))
        .route("/v1/leads/{id}/explain", door.needs(Read, get(leads::explain)))
        .route("/v1/leads/{id}/reassign", door.needs(Act, door.once(post(leads::reassign::post))))
        .route("/v1/reps/{id}/leaver", door.needs(Read, get(leads::leaver::preview)))
        .route("/v1/reps/{id}/leaver", door.needs(Act, door.once(post(leads::leaver::post))))
        .route("/v1/leads/{id}/call", door.needs(Act, door.once(post(leads::call::post))))
        .route("/v1/attention", door.needs(Read, get(leads::attention)))
        .route("/v1/attention/{key}/replay", door.needs(Act, door.once(post(leads::replay))))
        .route("/v1/attention/{key}/retry", door.needs(Act, door.once(post(leads::attend::retry))))
        .route("/v1/attention/{key}/close", door.needs(Act, door.once(post(leads::attend::close))))
        .route("/v1/feedback", door.needs(Feedback, door.once(post(feedback::api))))
        .route("/v1/erasures", door.needs(Admin, door.once(post(erasures::post))))
        .route("/v1/erasures/{id}", door.needs(Admin, get(erasures::get)))
        .route("/v1/reports/routing", door.needs(Read, get(reports::routing)))
        .route("/v1/rules", door.needs(Read, get(rules::live)))
        .route("/v1/workers", door.needs(Read, get(health::workers::list)))
        .route("/v1/audit", door.needs(Admin, get(audit::list)))
        .route("/v1/platforms/{name}", post(platforms::post))
        .route("/v1/telephony/twilio/{page}/{about}", post(platforms::twilio::post))
        .route("/v1/slack", post(slack::post))
        .route("/v1/calendars/google", post(platforms::calendar::post))
        .route("/v1/ping/{source}", door.needs(Intake, post(leads::ping::post)))
        .route("/v1/openapi.json", get(openapi::document))
        .route("/v1/problems", get(openapi::problems))
        .route("/v1/problems/{name}", get(openapi::problem))
        // Agents tell by the end of the address which protocol to speak, with the stroke or without.
        .route("/mcp", agents.clone())
        .route("/mcp/", agents);
    let links = Router::new()
        .route("/feedback/{token}/accept", door.linked(get(feedback::accept::ask).post(feedback::accept::press)))
        .route("/feedback/{token}/call", door.linked(get(feedback::call::ask).post(feedback::call::make)))
        .route("/feedback/{token}/called", door.linked(post(feedback::called::post)))
        .route("/my/{token}", door.linked_to_rep(get(feedback::own::show)))
        .route("/meeting/{token}", door.linked_to_meeting(get(feedback::meeting::show).post(feedback::meeting::change)))
        .route("/feedback/{token}", door.linked(get(feedback::show).post(feedback::record)))
        .layer(map_response(feedback::guarded));
    let figures = match door.metrics {
        MetricsFor::Nobody => Router::new(),
        MetricsFor::Readers | MetricsFor::Everybody => Router::new().route("/metrics", get(health::metrics::all)),
    };
    let health = Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .merge(figures)
        .method_not_allowed_fallback(|| async { Problem::no_such_method() });
    api.merge(links)
        .fallback(|| async { Problem::not_found("no such address; the API begins with /v1") })
        .method_not_allowed_fallback(|| async { Problem::no_such_method() })
        // `admit` bounds every body.
        .layer(DefaultBodyLimit::disable())
        .layer(map_response(problem::in_one_form))
        .merge(health)
        .merge(pages)
        .layer(from_fn(health::metrics::timed))
        .layer(map_response(kept_private))
        .layer(from_fn(admit::trail::followed))
        .with_state(door)
}

/// What is answered is about people: no cache keeps it, and no browser takes it for something else.
async fn kept_private(mut response: Response) -> Response {
    let headers: [(HeaderName, &str); 2] =
        [(header::CACHE_CONTROL, "no-store"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
