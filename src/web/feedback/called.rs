//! "Call made" on a rep's own page: whoever holds a lead's link says that its rep has spoken with the lead, as they do on a card.

use super::link::Linked;
use super::{page, refuse};
use crate::deciding::owner::offered::Noted;
use crate::store::StoreError;
use crate::web::{Door, Problem};
use axum::Extension;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};

pub(in crate::web) async fn post(State(door): State<Door>, Extension(linked): Extension<Linked>, uri: Uri) -> Response {
    let told = |status, title, text: &str| (status, Html(page::message(title, text))).into_response();
    match door.decider.has_called(&linked.lead, &linked.rep, &format!("rep {}", linked.rep)).await {
        Ok(Noted::Yes) => match door.way_back(&linked, &uri, "../../my") {
            Some(back) => back.into_response(),
            None => told(StatusCode::OK, "Thank you", "It is recorded that you have spoken with them."),
        },
        Ok(Noted::Closed) => told(StatusCode::CONFLICT, "Nothing is recorded", "The lead is closed."),
        Ok(Noted::No) => {
            let text =
                "As things stand you cannot have spoken with them: somebody else has the lead, or talks to them now.";
            told(StatusCode::CONFLICT, "Nothing is recorded", text)
        }
        Err(StoreError::NotFound { .. }) => {
            refuse(StatusCode::NOT_FOUND, "This lead is no longer kept.").into_response()
        }
        Err(error) => {
            let _logged = Problem::ours(&error);
            let text = "It could not be stored just now. Go back, and press it again in a minute.";
            told(StatusCode::SERVICE_UNAVAILABLE, "Not recorded yet", text)
        }
    }
}
