//! The page behind "Accept" on the card of a phone that rings: one button, which stands for the key. It is good for the ring that
//! it was shown for.

use super::link::Linked;
use super::{kept, page, refuse};
use crate::deciding::decider::accept::{AcceptRequest, Accepting};
use crate::store::StoreError;
use crate::web::{Door, Problem};
use axum::Extension;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use baton_core::domain::id::LegId;
use serde::Deserialize;

/// What the button sends.
#[derive(Deserialize)]
pub(in crate::web) struct Button {
    leg: String,
}

/// `GET` has no effect: mail scanners follow links.
pub(in crate::web) async fn ask(State(door): State<Door>, Extension(linked): Extension<Linked>) -> Response {
    let lead = match kept(&door, &linked).await {
        Ok(lead) => lead,
        Err(refusal) => return refusal,
    };
    match door.decider.rung_for(&linked.lead, &linked.rep).await {
        Ok(Some(leg)) => Html(page::accept(&lead, &leg)).into_response(),
        Ok(None) => told(Accepting::TooLate),
        Err(error) => not_now(&error),
    }
}

pub(in crate::web) async fn press(
    State(door): State<Door>,
    Extension(linked): Extension<Linked>,
    form: Result<Form<Button>, FormRejection>,
) -> Response {
    let leg = form.ok().and_then(|Form(Button { leg })| LegId::new(leg).ok());
    let Some(leg) = leg else {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, "Open it again, and press the button there.").into_response();
    };
    let Linked { lead, rep } = linked;
    match door.decider.accept(&AcceptRequest { lead, rep, leg }).await {
        Ok(accepting) => told(accepting),
        Err(StoreError::NotFound { .. }) => {
            refuse(StatusCode::NOT_FOUND, "This lead is no longer kept.").into_response()
        }
        Err(error) => not_now(&error),
    }
}

fn told(accepting: Accepting) -> Response {
    let (status, title, text) = match accepting {
        Accepting::Accepted => (StatusCode::OK, "You take the call", "You are put through on your phone."),
        Accepting::PicksUpFirst => (
            StatusCode::CONFLICT,
            "Pick up first",
            "Your phone is ringing: pick up, and press the button once more, or 1 on the phone.",
        ),
        Accepting::TooLate => (
            StatusCode::CONFLICT,
            "There is nothing to accept",
            "Your phone is not rung for this call any more: somebody else has it, the caller has left, or it has taken too \
             long.",
        ),
        Accepting::ByKey => (
            StatusCode::CONFLICT,
            "Press 1 on your phone",
            "A call is accepted on the phone itself here, by the key 1.",
        ),
    };
    (status, Html(page::message(title, text))).into_response()
}

fn not_now(error: &StoreError) -> Response {
    let _logged = Problem::ours(error);
    let text = "It could not be stored just now. Press 1 on your phone.";
    (StatusCode::SERVICE_UNAVAILABLE, Html(page::message("Not accepted", text))).into_response()
}
