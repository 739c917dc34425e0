//! The page behind "Call now" on a rep's card: one button, which makes the call that is owed, from the phone of whoever was sent it.

use super::link::Linked;
use super::{kept, page, refuse};
use crate::deciding::call_back::{CallAsked, CallRequest};
use crate::web::{Door, Problem};
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

/// `GET` has no effect: mail scanners follow links.
pub(in crate::web) async fn ask(State(door): State<Door>, Extension(linked): Extension<Linked>) -> Response {
    match kept(&door, &linked).await {
        Ok(lead) => Html(page::call(&lead)).into_response(),
        Err(refusal) => refusal,
    }
}

pub(in crate::web) async fn make(State(door): State<Door>, Extension(linked): Extension<Linked>) -> Response {
    let Linked { lead, rep } = linked;
    let wish = CallRequest { lead, author: rep.to_string(), actor: format!("rep {rep}"), rep: Some(rep) };
    let told = |status, title, text: &str| (status, Html(page::message(title, text))).into_response();
    match door.decider.call_back(&wish).await {
        Ok(Some(CallAsked::Rings { .. })) => told(
            StatusCode::OK,
            "Your phone rings",
            "Pick up, hear who it is about, and press 1: the lead is dialled then.",
        ),
        Ok(Some(CallAsked::Waits { .. })) => {
            told(StatusCode::OK, "Your phone is in use", "It rings when it is free, within the next minutes.")
        }
        Ok(Some(CallAsked::Refused { why })) => told(StatusCode::CONFLICT, "Nobody is called", &format!("Why: {why}.")),
        Ok(Some(CallAsked::ByHand)) => {
            told(StatusCode::CONFLICT, "Nobody is called", &format!("Why: {}.", CallAsked::BY_HAND))
        }
        Ok(None) => refuse(StatusCode::NOT_FOUND, "This lead is no longer kept.").into_response(),
        Err(error) => {
            let _logged = Problem::ours(&error);
            told(
                StatusCode::SERVICE_UNAVAILABLE,
                "Not called yet",
                "It could not be begun just now. Try again in a minute.",
            )
        }
    }
}
