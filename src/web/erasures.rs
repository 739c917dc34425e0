//! People who ask to be forgotten, for privacy tools: the request is stored and answered, a worker carries it out, and how it stands
//! is told.

use super::{Door, Nothing, Problem, Rights};
use crate::intake::normalise;
use crate::store::{Erasure, ErasureRequest, Person};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use baton_core::domain::id::LeadId;
use baton_core::rules::words::phone;
use serde::Deserialize;
use serde_json::json;

const LONGEST_WHY: usize = 500;

/// Whom to erase: by one of these, or several.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ErasureBody {
    /// With its country code, such as `+1 415 555 0142`.
    phone: Option<String>,
    email: Option<String>,
    /// One lead, such as `lead_2mk8…`.
    lead: Option<String>,
    /// It is kept: without what tells of the person.
    #[schemars(length(max = LONGEST_WHY))]
    why: Option<String>,
}

impl ErasureBody {
    fn read(self, actor: String) -> Result<ErasureRequest, Problem> {
        let Self { phone, email, lead, why } = self;
        // What is asked for is told by nobody: not even in a refusal.
        let phone = phone.map(|text| {
            let allowed = "phone is no number; allowed: one with its country code, such as +1 415 555 0142";
            phone::read(&text, None).ok_or_else(|| Problem::bad_request(allowed))
        });
        let email = email.map(|text| {
            normalise::email(&text)
                .ok_or_else(|| Problem::bad_request("email is no address; allowed: dana@acme.example"))
        });
        let lead = lead.map(|id| LeadId::new(id).map_err(|fault| Problem::bad_request(fault.to_string())));
        let nobody = || Problem::bad_request("nobody is named; allowed: phone, email, lead, or several of these");
        let person = Person::named(phone.transpose()?, email.transpose()?, lead.transpose()?).ok_or_else(nobody)?;
        let why = why.map(|why| why.trim().to_owned()).filter(|why| !why.is_empty());
        if why.as_ref().is_some_and(|why| why.chars().count() > LONGEST_WHY || why.contains('\0')) {
            return Err(Problem::bad_request(format!("why is no text of {LONGEST_WHY} characters at most")));
        }
        Ok(ErasureRequest { person, actor, why })
    }
}

/// Erases a person
///
/// Whatever tells of them goes, in every table; ids, times, sums and verdicts stay. Found by number, by address or by one lead. It is
/// carried out within seconds, or when the call of a caller who is on the line has ended; `GET /v1/erasures/{id}` says how it stands
/// and what is left to be done at vendors.
#[utoipa::path(
    post,
    path = "/v1/erasures",
    operation_id = "postErasure",
    tag = "leads",
    params(("idempotency-key" = Option<String>, Header)),
    request_body(content((ref("#/components/schemas/ErasureBody") = "application/json"))),
    responses(
        (status = 202, description = "It is stored.", body = ref("#/components/schemas/ErasureAsked")),
        (status = 404, description = "There is no such lead."),
        (status = 409, description = "What came of the first request of this Idempotency-Key is not known, or not yet."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "The body is not understood; or the Idempotency-Key came before with another request."),
    ),
    security(("bearer" = ["admin"])),
)]
pub(super) async fn post(
    State(door): State<Door>,
    Extension(rights): Extension<Rights>,
    Query(Nothing {}): Query<Nothing>,
    Json(asked): Json<ErasureBody>,
) -> Result<Response, Problem> {
    let asked = asked.read(rights.actor())?;
    if let Some(lead) = &asked.person.lead
        && door.lead(lead).await?.is_none()
    {
        return Err(Problem::not_found(format!("there is no lead {lead}")));
    }
    let begun = door.store.erasure_begin(asked, false, door.clock.now()).await;
    let id = begun.map_err(|error| Problem::ours(&error))?;
    let Erasure { earlier, .. } = door.known_erasure(&id).await?;
    let told = json!({ "status": "accepted", "erasure": id, "earlier": earlier });
    Ok((StatusCode::ACCEPTED, Json(told)).into_response())
}

/// Reads an erasure
///
/// How it stands, what was found, and what is left for a person to do at vendors.
#[utoipa::path(
    get,
    path = "/v1/erasures/{id}",
    operation_id = "getErasure",
    tag = "leads",
    params(("id" = String, Path, description = "The erasure, such as `era_5f2a…`.")),
    responses(
        (status = 200, description = "The erasure.", body = ref("#/components/schemas/Erasure")),
        (status = 404, description = "There is no such erasure."),
    ),
    security(("bearer" = ["admin"])),
)]
pub(super) async fn get(
    State(door): State<Door>,
    Path(id): Path<String>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Json<Erasure>, Problem> {
    door.known_erasure(&id).await.map(Json)
}

impl Door {
    async fn known_erasure(&self, id: &str) -> Result<Erasure, Problem> {
        let none = || Problem::not_found("there is no erasure of this id");
        // No id of ours holds one, and PostgreSQL cannot be asked for it.
        if id.contains('\0') {
            return Err(none());
        }
        let found = self.store.erasure(id).await.map_err(|error| Problem::ours(&error))?;
        found.ok_or_else(none)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_core::domain::phone::PhoneE164;

    fn read(body: serde_json::Value) -> Result<ErasureRequest, String> {
        let body: ErasureBody = serde_json::from_value(body).expect("a body");
        body.read("nobody".to_owned()).map_err(|problem| problem.detail().to_owned())
    }

    #[test]
    fn a_person_is_named_as_people_write_and_found_as_we_store() {
        let asked = read(json!({ "phone": "+1 (415) 555-0142", "email": " Dana@Acme.example " })).expect("it is read");
        let phone = PhoneE164::new("+14155550142").ok();
        assert_eq!(Some(asked.person), Person::named(phone, Some("dana@acme.example".to_owned()), None));
        for (body, why) in [
            (json!({}), "nobody is named"),
            (json!({ "phone": "555 x" }), "with its country code"),
            (json!({ "email": "dana at home" }), "no address"),
            (json!({ "lead": "x" }), "lead_"),
        ] {
            let told = read(body).expect_err(why);
            assert!(told.contains(why) && !told.contains("555 x") && !told.contains("at home"), "{told}");
        }
    }
}
