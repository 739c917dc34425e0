//! What a rep says of a lead: by signed link (GET shows the form, POST records) or over the API.

pub(super) mod accept;
pub(super) mod call;
pub(super) mod called;
mod link;
pub(super) mod meeting;
pub(super) mod own;
mod page;

pub use link::LinkSigner;
pub(super) use page::guarded;

use super::{Door, Nothing, Problem, Rights};
use crate::deciding::owner::form::{LONGEST_NOTE, Submitted};
use crate::store::LeadRecord;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderName, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use axum::{Extension, Json};
use baton_core::domain::id::{LeadId, RepId};
use baton_core::domain::outcome::{Feedback, NextStepKind};
use chrono::{DateTime, Utc};
use link::{LinkFault, Linked, LinkedMeeting, LinkedRep};
use serde::Deserialize;
use serde_json::json;
use url::form_urlencoded;

/// What one rep may say of one lead by link: enough to correct oneself, too little to fill a database with.
const SAYINGS_PER_LINK: u64 = 20;

/// `GET` has no effect: mail scanners follow links.
pub(super) async fn show(State(door): State<Door>, Extension(linked): Extension<Linked>) -> Response {
    match kept(&door, &linked).await {
        Ok(lead) => {
            let met = has_met(&lead, door.clock.now());
            Html(page::form(&lead, met, &door.rules(), &Submitted::default(), None)).into_response()
        }
        Err(refusal) => refusal,
    }
}

pub(super) async fn record(
    State(door): State<Door>,
    Extension(linked): Extension<Linked>,
    uri: Uri,
    form: Result<Form<Submitted>, FormRejection>,
) -> Response {
    let back = door.way_back(&linked, &uri, "../my");
    let Form(form) = match form {
        Ok(form) => form,
        Err(unread) => {
            let text = "What was sent is not this form. Open the link again and send it from there.";
            return (unread.status(), Html(page::message("That could not be read", text))).into_response();
        }
    };
    let lead = match kept(&door, &linked).await {
        Ok(lead) => lead,
        Err(refusal) => return refusal,
    };
    let (rules, now) = (door.rules(), door.clock.now());
    let met = has_met(&lead, now);
    let feedback = match form.check(&rules, met, linked.rep, now, "link") {
        Ok(feedback) => feedback,
        Err(fault) => {
            let again = page::form(&lead, met, &rules, &form, Some(&fault));
            return (StatusCode::UNPROCESSABLE_ENTITY, Html(again)).into_response();
        }
    };
    let actor = format!("rep {}", feedback.rep);
    match store(&door, &lead.lead.id, feedback, SAYINGS_PER_LINK, &actor).await {
        Ok(true) => back.map_or_else(thanks, IntoResponse::into_response),
        Ok(false) => {
            let text = "Feedback on this lead was sent many times from this link. What was said last counts; please tell \
                        your team lead what else there is to say.";
            // Not 429: to come again later changes nothing.
            (StatusCode::FORBIDDEN, Html(page::message("That is enough for one lead", text))).into_response()
        }
        Err(_logged) => {
            let text = "It could not be stored just now. Go back, nothing that you wrote is lost, and send it again in a \
                        minute.";
            (StatusCode::SERVICE_UNAVAILABLE, Html(page::message("Not recorded yet", text))).into_response()
        }
    }
}

fn thanks() -> Response {
    let text = "Your feedback is recorded. You may close this page, or open the link again to correct it.";
    Html(page::message("Thank you", text)).into_response()
}

/// The time of the lead's meeting has come.
fn has_met(record: &LeadRecord, now: DateTime<Utc>) -> bool {
    record.next_step.what == NextStepKind::Meeting && record.next_step.at <= now
}

fn refuse(status: StatusCode, text: &str) -> (StatusCode, Html<String>) {
    (status, Html(page::message("This link does not work", text)))
}

impl Door {
    /// What a link stands for, or the page that says why it does not work.
    pub(super) fn linked_to(&self, token: &str) -> Result<Linked, (StatusCode, Html<String>)> {
        let Some(links) = &self.links else {
            let text = "Feedback links are switched off here: set feedback.link_secret.";
            return Err(refuse(StatusCode::NOT_FOUND, text));
        };
        links.open(token, self.clock.now()).map_err(|fault| refuse(StatusCode::FORBIDDEN, &fault.to_string()))
    }

    /// The same of a rep's own link, while they are one.
    pub(super) fn linked_own(&self, token: &str) -> Result<LinkedRep, (StatusCode, Html<String>)> {
        let Some(links) = &self.links else {
            return Err(refuse(StatusCode::NOT_FOUND, "Links are switched off here: set feedback.link_secret."));
        };
        let opened = links.open_own(token, self.clock.now());
        let own = opened.map_err(|fault| refuse(StatusCode::FORBIDDEN, &fault.to_string()))?;
        if !self.rules().reps.get(&own.rep).is_some_and(|rep| rep.active) {
            return Err(refuse(StatusCode::FORBIDDEN, "It is of somebody who is not in the roster any more."));
        }
        Ok(own)
    }

    /// The same of a lead's link.
    pub(super) fn linked_meeting(&self, token: &str) -> Result<LinkedMeeting, (StatusCode, Html<String>)> {
        let Some(links) = &self.links else {
            return Err(refuse(StatusCode::NOT_FOUND, "Please answer the message that you were sent."));
        };
        links.open_meeting(token, self.clock.now()).map_err(|fault| {
            let text = match fault {
                LinkFault::Forged => "It was cut short, perhaps: open it again from the message that you were sent.",
                LinkFault::Expired => {
                    "The time of this meeting has come. Please answer the message that you were sent."
                }
            };
            refuse(StatusCode::FORBIDDEN, text)
        })
    }

    /// To the rep's own page, if that is where a form of theirs was sent from; `my`: where those pages are.
    fn way_back(&self, linked: &Linked, uri: &Uri, my: &str) -> Option<(StatusCode, [(HeaderName, String); 1])> {
        let mut asked = form_urlencoded::parse(uri.query()?.as_bytes());
        let (_, token) = asked.find(|(name, _)| name == "own")?;
        let is_theirs = self.linked_own(&token).is_ok_and(|own| own.rep == linked.rep);
        is_theirs.then(|| (StatusCode::SEE_OTHER, [(header::LOCATION, format!("{my}/{token}?done=1"))]))
    }
}

async fn kept(door: &Door, linked: &Linked) -> Result<LeadRecord, Response> {
    match door.lead(&linked.lead).await {
        Ok(Some(lead)) => Ok(lead),
        Ok(None) => Err(refuse(StatusCode::NOT_FOUND, "This lead is no longer kept.").into_response()),
        Err(problem) => Err(problem.into_response()),
    }
}

/// What a rep says of a lead: at least one of quality, completeness, misroute and note.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiFeedback {
    lead: String,
    /// Who says it, by id.
    rep: String,
    #[schemars(range(min = 1, max = 5))]
    quality: Option<u8>,
    #[schemars(range(min = 1, max = 5))]
    completeness: Option<u8>,
    /// Wrong person, data incomplete, or not a fit.
    #[schemars(extend("enum" = ["procedural", "clerical", "definitional", "no", "", null]))]
    misroute: Option<String>,
    /// Who should have had it, by id or by a name that one rep alone has; only with `misroute`.
    right_rep: Option<String>,
    #[schemars(length(max = LONGEST_NOTE))]
    note: Option<String>,
}

/// Says how a lead was
///
/// In a rep's name. Who is named as the right rep of a procedural misroute gets the lead.
#[utoipa::path(
    post,
    path = "/v1/feedback",
    operation_id = "postFeedback",
    tag = "leads",
    params(("idempotency-key" = Option<String>, Header)),
    request_body(content((ref("#/components/schemas/ApiFeedback") = "application/json"))),
    responses(
        (status = 201, description = "It is recorded.", body = ref("#/components/schemas/FeedbackAnswer")),
        (status = 404, description = "There is no such lead."),
        (status = 409, description = "What came of the first request of this Idempotency-Key is not known, or not yet."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "The body is not understood; or the Idempotency-Key came before with another request."),
    ),
    security(("bearer" = ["feedback"])),
)]
pub(super) async fn api(
    State(door): State<Door>,
    Extension(rights): Extension<Rights>,
    Query(Nothing {}): Query<Nothing>,
    Json(body): Json<ApiFeedback>,
) -> Result<Response, Problem> {
    let lead = LeadId::new(&body.lead).map_err(|fault| Problem::bad_request(fault.to_string()))?;
    let rep = RepId::new(&body.rep).map_err(|fault| Problem::bad_request(fault.to_string()))?;
    let rules = door.rules();
    if !rules.reps.contains_key(&rep) {
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
        ..Submitted::default()
    };
    let feedback = submitted.check(&rules, false, rep, door.clock.now(), "api");
    let feedback = feedback.map_err(|fault| Problem::bad_request(fault.to_string()))?;
    store(&door, &lead, feedback, u64::MAX, &rights.actor()).await?;
    Ok((StatusCode::CREATED, Json(json!({ "status": "recorded", "lead": lead }))).into_response())
}

/// `false`: this rep has said as much of this lead as there is room for.
async fn store(door: &Door, lead: &LeadId, feedback: Feedback, most: u64, actor: &str) -> Result<bool, Problem> {
    door.decider.say(lead, &feedback, most, actor).await.map_err(|error| Problem::ours(&error))
}
