//! The way of a request to its handler: who asks, whether they may, then the whole body, then a place among those at work.
//!
//! The order is the guarantee: nobody without a good token or link is listened to for longer than a head, a body that comes
//! slowly takes no place from others, and a handler sees whole requests only. Voice platforms sign their bodies, which are read
//! first: `platforms` goes the same way in its own order.

pub(super) mod once;
pub(super) mod trail;

use super::rights::Rights;
use super::server::Guest;
use super::{Door, Problem};
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::MethodRouter;
use baton_core::domain::scope::Scope;
use futures_util::StreamExt;
use std::sync::Arc;
use std::time::Duration;

/// From the head of a request to the end of its body.
const BODY_WITHIN: Duration = Duration::from_secs(10);
/// The longest form that a person can send: a note of 2,000 characters, each of them escaped.
pub(super) const LARGEST_FORM: usize = 32 * 1024;
/// What a refused sender may still send, and for how long, so that the answer is read before the connection closes.
const LET_OUT: (usize, Duration) = (1024 * 1024, Duration::from_secs(1));

impl Door {
    /// A route of the API: whoever asks must hold this right.
    pub(super) fn needs(&self, scope: Scope, route: MethodRouter<Self>) -> MethodRouter<Self> {
        route.route_layer(middleware::from_fn_with_state((self.clone(), scope), allowed))
    }

    /// A route for whoever holds a signed link.
    pub(super) fn linked(&self, route: MethodRouter<Self>) -> MethodRouter<Self> {
        route.route_layer(middleware::from_fn_with_state(self.clone(), linked))
    }

    /// The same for a lead who holds the link of their meeting.
    pub(super) fn linked_to_meeting(&self, route: MethodRouter<Self>) -> MethodRouter<Self> {
        route.route_layer(middleware::from_fn_with_state(self.clone(), linked_to_meeting))
    }

    /// The same for a rep who holds their own link.
    pub(super) fn linked_to_rep(&self, route: MethodRouter<Self>) -> MethodRouter<Self> {
        route.route_layer(middleware::from_fn_with_state(self.clone(), linked_to_rep))
    }

    /// Reads the whole body and hands the request on, if there is room for it.
    pub(super) async fn carry_out(&self, request: Request, largest: usize, next: Next) -> Response {
        let (parts, body) = request.into_parts();
        let body = match whole(body, &parts.headers, largest).await {
            Ok(body) => body,
            Err(problem) => return problem.into_response(),
        };
        let Ok(_permit) = self.requests.try_acquire() else {
            return Problem::busy("too many requests at once; the same request may be sent again").into_response();
        };
        let _work = parts.extensions.get::<Arc<Guest>>().map(Guest::works);
        next.run(Request::from_parts(parts, Body::from(body))).await
    }
}

async fn allowed(State((door, scope)): State<(Door, Scope)>, mut request: Request, next: Next) -> Response {
    let rights = door.keyring.rights(request.headers().get(header::AUTHORIZATION)).await;
    let refusal = match rights {
        Err(problem) => problem,
        Ok(rights) if !rights.may(scope) => missing(&rights, scope),
        Ok(rights) => {
            request.extensions_mut().insert(rights);
            return door.carry_out(request, door.body_limit, next).await;
        }
    };
    let_out(request.into_body());
    refusal.into_response()
}

pub(super) fn missing(rights: &Rights, scope: Scope) -> Problem {
    let held: Vec<&str> = rights.scopes.iter().map(|scope| scope.as_str()).collect();
    let detail = format!("this needs the scope {scope}; the token {:?} has {}", rights.name, held.join(", "));
    Problem::forbidden(detail, Some(scope))
}

async fn linked(State(door): State<Door>, Path(token): Path<String>, request: Request, next: Next) -> Response {
    by_link(&door, door.linked_to(&token), request, next).await
}

async fn linked_to_meeting(
    State(door): State<Door>,
    Path(token): Path<String>,
    request: Request,
    next: Next,
) -> Response {
    by_link(&door, door.linked_meeting(&token), request, next).await
}

async fn linked_to_rep(State(door): State<Door>, Path(token): Path<String>, request: Request, next: Next) -> Response {
    by_link(&door, door.linked_own(&token), request, next).await
}

/// What a link stands for is told to the handler; `Err`: the page that says why it does not open.
async fn by_link<L: Clone + Send + Sync + 'static>(
    door: &Door,
    opened: Result<L, (StatusCode, Html<String>)>,
    mut request: Request,
    next: Next,
) -> Response {
    match opened {
        Ok(linked) => {
            request.extensions_mut().insert(linked);
            door.carry_out(request, LARGEST_FORM, next).await
        }
        Err(refusal) => {
            let_out(request.into_body());
            refusal.into_response()
        }
    }
}

/// # Errors
/// The body is longer than `largest`, broke off, or did not come in time.
pub(super) async fn whole(body: Body, headers: &HeaderMap, largest: usize) -> Result<Bytes, Problem> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|announced: u64| announced > largest as u64) {
        let_out(body);
        return Err(Problem::too_large(largest));
    }
    let mut parts = body.into_data_stream();
    let mut read = Vec::new();
    let reading = async {
        while let Some(part) = parts.next().await {
            let part = part.map_err(|error| Problem::bad_request(format!("the body broke off: {error}")))?;
            if read.len() + part.len() > largest {
                return Err(Problem::too_large(largest));
            }
            read.extend_from_slice(&part);
        }
        Ok(())
    };
    match tokio::time::timeout(BODY_WITHIN, reading).await {
        Ok(Ok(())) => Ok(read.into()),
        Ok(Err(problem)) => {
            let_out(Body::from_stream(parts));
            Err(problem)
        }
        Err(_) => Err(Problem::too_slow(BODY_WITHIN)),
    }
}

/// Reads on for a moment what nobody wants: a connection closed over unread bytes takes the answer with it.
pub(super) fn let_out(body: Body) {
    let (most, within) = LET_OUT;
    tokio::spawn(tokio::time::timeout(within, async move {
        let mut parts = body.into_data_stream();
        let mut left = most;
        while let Some(Ok(part)) = parts.next().await {
            let Some(rest) = left.checked_sub(part.len()) else { return };
            left = rest;
        }
    }));
}
