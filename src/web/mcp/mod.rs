//! The door for agents that speak MCP: eight tools, for whoever has a caller on the line, and for whoever tells a rep of one.
//!
//! Guarantees: what a tool brings is stored whether or not anybody still waits, since agents give up in many ways and none of
//! them takes a lead back. Whoever calls a tool is told one sentence to say, a true one, within 1.5 s and with 200, whatever
//! has failed: no voice model hears a status. Tools are listed from memory. There is no session and no stream; from one
//! request to the next nothing is kept but which times a caller has heard, where a choice came too late for others. If the
//! process dies here, the agent asks again, and the same call gets the same answer.
//!
//! Progress is not told, whoever asks for it by a token: a notification about a request can only come before its answer, and over
//! HTTP that makes a stream of events of the one answer as JSON that every agent reads. Nobody misses it: the answer is there
//! within 1.5 s, and `what_now` tells what is true later.

mod body;
mod call;
mod carry_out;
mod events;
mod heard;
mod live;
mod reply;
mod tools;

use super::admit::{let_out, missing, whole};
use super::server::Guest;
use super::{Door, Problem, Rights};
use crate::mcp::{OverHttp, over_http};
use crate::telemetry::traces::Requested;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use axum::routing::{MethodRouter, post};
use baton_core::domain::scope::Scope::Intake;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use url::{Host, Url};

/// A caller is on the line: 1.5 s, less the way back.
const WORDS_WITHIN: Duration = Duration::from_millis(1400);

/// Who calls tools, when they did, and until when they are to be answered: known before the protocol looks at the request.
#[derive(Clone)]
struct Admitted {
    rights: Rights,
    came: Instant,
    until: Instant,
    /// The protocol carries a tool out in a task of its own.
    request: Option<Requested>,
}

/// The one route. Whoever listens for a stream, or ends a session, is told 405: there are none.
pub(super) fn route(door: &Door) -> MethodRouter<Door> {
    let protocol = over_http(Arc::new(live::Live::at(door)), door.body_limit);
    post(move |State(door): State<Door>, request: Request| answer(door, protocol.clone(), request))
}

/// In a task of its own, from the head on: whoever hangs up, even before the body is read, ends their own waiting and nothing else.
async fn answer(door: Door, protocol: OverHttp, request: Request) -> Result<Response, Problem> {
    let answered = door.in_hand.clone().spawn(attend(door, protocol, request)).await;
    answered.map_err(|_| Problem::busy("the request could not be finished; it may be sent again"))?
}

async fn attend(door: Door, protocol: OverHttp, request: Request) -> Result<Response, Problem> {
    let came = Instant::now();
    let (mut parts, body) = request.into_parts();
    let admitted = match door.is_called_by_name(&parts) {
        Ok(()) => door.rights_of_agent(&parts).await,
        Err(refusal) => Err(refusal),
    };
    let rights = match admitted {
        Ok(rights) => rights,
        Err(refusal) => {
            let_out(body);
            return Err(refusal);
        }
    };
    let spent = came.elapsed();
    let body = whole(body, &parts.headers, door.body_limit).await?;
    let body = body::readable(&parts.headers, body)?;
    let until = Instant::now() + WORDS_WITHIN.saturating_sub(spent);
    let _work = parts.extensions.get::<Arc<Guest>>().map(Guest::works);
    // Agents and people with curl take JSON, whatever they say; the protocol wants to hear of streams as well.
    parts.headers.insert(header::ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
    parts.extensions.insert(Admitted { rights, came, until, request: Requested::current() });
    let request = Request::from_parts(parts, Body::from(body));
    Ok(protocol.handle(request).await.map(Body::new))
}

impl Door {
    /// A page in somebody's browser can be led to ask a worker on the same machine, where no token may be needed; but it cannot
    /// call it by its name.
    ///
    /// # Errors
    /// The host that is asked for is neither this machine nor the one of `http.public_url`.
    fn is_called_by_name(&self, parts: &Parts) -> Result<(), Problem> {
        let called = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let (url, own) = (Url::parse(&format!("http://{called}")).ok(), Url::parse(&self.public_url).ok());
        let host = url.as_ref().and_then(Url::host);
        let is_here = match &host {
            Some(Host::Domain(name)) => *name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        if is_here || host.is_some() && host == own.as_ref().and_then(Url::host) {
            return Ok(());
        }
        let detail = format!(
            "this worker does not answer agents under the name {called:?}: set http.public_url to the address that they are \
             given, or have the proxy pass on the header Host as it came"
        );
        tracing::warn!(why = detail, "an agent was refused");
        Err(Problem::forbidden(detail, None))
    }

    /// By header; or, where a platform has nothing but the address to put it in, by `?token=`.
    ///
    /// # Errors
    /// There is no good token, or it does not fit.
    async fn rights_of_agent(&self, parts: &Parts) -> Result<Rights, Problem> {
        let header = parts.headers.get(header::AUTHORIZATION);
        let of_query = call::in_query(parts, "token").filter(|_| header.is_none());
        let of_query = of_query.and_then(|token| HeaderValue::from_str(&format!("Bearer {token}")).ok());
        let rights = self.keyring.rights(header.or(of_query.as_ref())).await?;
        if !rights.may(Intake) {
            return Err(missing(&rights, Intake));
        }
        if of_query.is_some() && rights.scopes != BTreeSet::from([Intake]) {
            let detail = "a token in the address stands in every log on its way: it must have the scope intake and no other, \
                          such as one of `baton token add NAME --scopes intake`";
            return Err(Problem::forbidden(detail, None));
        }
        Ok(rights)
    }
}
