//! What a rep says of a lead: by signed link (GET shows the form, POST records) or over the API.

use super::link::Linked;
use super::page;
use super::{Door, Problem};
use crate::domain::id::{LeadId, RepId};
use crate::domain::outcome::{Feedback, Misroute, MisrouteKind};
use crate::store::LeadRecord;
use axum::Json;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

const LONGEST_NOTE: usize = 2000;

/// `GET` has no effect: mail scanners follow links.
pub async fn show(State(door): State<Door>, Path(token): Path<String>) -> Response {
    match opened(&door, &token).await {
        Ok((_, lead)) => Html(page::form(&lead, &door.rules())).into_response(),
        Err(refusal) => refusal,
    }
}

pub async fn record(State(door): State<Door>, Path(token): Path<String>, Form(form): Form<Submitted>) -> Response {
    let (linked, lead) = match opened(&door, &token).await {
        Ok(opened) => opened,
        Err(refusal) => return refusal,
    };
    let feedback = match form.check(&door, linked.rep, "link") {
        Ok(feedback) => feedback,
        Err(why) => {
            return (StatusCode::UNPROCESSABLE_ENTITY, Html(page::message("That cannot be", &why))).into_response();
        }
    };
    match store(&door, &lead.lead.id, feedback).await {
        Ok(()) => Html(page::message(
            "Thank you",
            "Your feedback is recorded. You may close this page, or send it again to correct it.",
        ))
        .into_response(),
        Err(problem) => problem.into_response(),
    }
}

async fn opened(door: &Door, token: &str) -> Result<(Linked, LeadRecord), Response> {
    let refuse =
        |status: StatusCode, text: &str| (status, Html(page::message("This link does not work", text))).into_response();
    let Some(links) = &door.links else {
        return Err(refuse(StatusCode::NOT_FOUND, "Feedback links are switched off here: set feedback.link_secret."));
    };
    let linked =
        links.open(token, door.clock.now()).map_err(|fault| refuse(StatusCode::FORBIDDEN, &fault.to_string()))?;
    match door.lead(&linked.lead).await {
        Ok(Some(lead)) => Ok((linked, lead)),
        Ok(None) => Err(refuse(StatusCode::NOT_FOUND, "This lead is no longer kept.")),
        Err(problem) => Err(problem.into_response()),
    }
}

/// As it comes from a form: everything is text, and what was left out is empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Submitted {
    quality: String,
    completeness: String,
    misroute: String,
    right_rep: String,
    note: String,
}

/// `POST /v1/feedback`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiFeedback {
    lead: String,
    rep: String,
    quality: Option<u8>,
    completeness: Option<u8>,
    misroute: Option<String>,
    right_rep: Option<String>,
    note: Option<String>,
}

pub async fn api(State(door): State<Door>, Json(body): Json<ApiFeedback>) -> Result<Response, Problem> {
    let lead = LeadId::new(&body.lead).map_err(|fault| Problem::bad_request(fault.to_string()))?;
    let rep = RepId::new(&body.rep).map_err(|fault| Problem::bad_request(fault.to_string()))?;
    if !door.rules().reps.contains_key(&rep) {
        return Err(Problem::bad_request(format!("rep {:?} is not in reps.csv", body.rep)));
    }
    if door.lead(&lead).await?.is_none() {
        return Err(Problem::not_found(format!("there is no lead {lead}")));
    }
    let text = |number: Option<u8>| number.map(|number| number.to_string()).unwrap_or_default();
    let submitted = Submitted {
        quality: text(body.quality),
        completeness: text(body.completeness),
        misroute: body.misroute.unwrap_or_default(),
        right_rep: body.right_rep.unwrap_or_default(),
        note: body.note.unwrap_or_default(),
    };
    let feedback = submitted.check(&door, rep, "api").map_err(Problem::bad_request)?;
    store(&door, &lead, feedback).await?;
    Ok((StatusCode::CREATED, Json(json!({ "status": "recorded", "lead": lead }))).into_response())
}

impl Submitted {
    fn check(self, door: &Door, rep: RepId, via: &str) -> Result<Feedback, String> {
        let quality = stars("quality", &self.quality)?;
        let completeness = stars("completeness", &self.completeness)?;
        let kind = match self.misroute.as_str() {
            "" | "no" => None,
            "procedural" => Some(MisrouteKind::Procedural),
            "clerical" => Some(MisrouteKind::Clerical),
            "definitional" => Some(MisrouteKind::Definitional),
            other => {
                return Err(format!(
                    "misroute is {other:?}; allowed: procedural (wrong person), clerical (data incomplete), definitional (not a fit), or nothing"
                ));
            }
        };
        let right_rep = if self.right_rep.is_empty() {
            None
        } else {
            let known = RepId::new(&self.right_rep).ok().filter(|rep| door.rules().reps.contains_key(rep));
            Some(known.ok_or_else(|| format!("right_rep is {:?}, who is not in reps.csv", self.right_rep))?)
        };
        if right_rep.is_some() && kind.is_none() {
            return Err("right_rep is given without misroute: say what kind of misroute it was".to_owned());
        }
        if self.note.chars().count() > LONGEST_NOTE {
            return Err(format!("note has {} characters; allowed: {LONGEST_NOTE}", self.note.chars().count()));
        }
        let note = Some(self.note.trim().to_owned()).filter(|note| !note.is_empty());
        if quality.is_none() && completeness.is_none() && kind.is_none() && note.is_none() {
            return Err("nothing was said: give quality, completeness, misroute or a note".to_owned());
        }
        let misroute = kind.map(|kind| Misroute { kind, right_rep });
        Ok(Feedback { rep, at: door.clock.now(), quality, completeness, misroute, note, via: via.to_owned() })
    }
}

fn stars(name: &str, text: &str) -> Result<Option<u8>, String> {
    match text {
        "" => Ok(None),
        "1" | "2" | "3" | "4" | "5" => Ok(text.parse().ok()),
        other => Err(format!("{name} is {other:?}; allowed: 1 to 5, or nothing")),
    }
}

async fn store(door: &Door, lead: &LeadId, feedback: Feedback) -> Result<(), Problem> {
    door.decider.say(lead, &feedback).await.map_err(|error| Problem::ours(&error))
}
