//! `POST /v1/ping/{source}`: a call-tracking system asks before it sends a call, and is told where to, or why not.
//!
//! Guarantees: the same ping has the same answer; one address is told to one ping, and is good for one caller. Nothing is a lead,
//! nobody's turn and nobody's phone before the call has come: then its lead is made of what the ping said, and decided anew.

use crate::deciding::ping::Refusal;
use crate::intake::event::{EventFault, Message, parse};
use crate::store::{StoreError, with};
use crate::web::incoming::LONGEST_WAIT;
use crate::web::{Door, Nothing, Problem, Rights};
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use baton_core::domain::lead::Lead;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::{Instant, timeout_at};

/// How long a call may take to come.
const GOOD_FOR: TimeDelta = TimeDelta::seconds(30);
const LONGEST_ID: usize = 128;

#[derive(Debug, Deserialize, schemars::JsonSchema)]
pub(in crate::web) struct PingBody {
    /// The call, as the system names it: asked again, it has the same answer.
    #[schemars(length(min = 1, max = LONGEST_ID))]
    id: String,
    /// The caller's number, in any form; left out where it is withheld.
    from: Option<String>,
    /// The number that was called.
    to: Option<String>,
    /// `contact`, `company`, `qualification` and whatever else `data` of `lead.qualified` has.
    #[serde(flatten)]
    facts: Map<String, Value>,
}

/// Asks before a call is sent
///
/// For call-tracking systems and whoever else has a caller to give away. Would somebody be rung, the answer names where the call is to
/// be sent, a SIP address or a number, and for how many seconds that is good; it is good for one call. Otherwise it says why not.
/// The same `id` again has the same answer. The call that comes there is a lead of this source, with what was said here; of one that
/// does not come nothing is. Needs `telephony.mode = "rep_first"`.
#[utoipa::path(
    post,
    path = "/v1/ping/{source}",
    operation_id = "postPing",
    tag = "events",
    params(("source" = String, Path, description = "The system that asks, such as `ringba`: the source of the lead.", example = "ringba")),
    request_body(content((ref("#/components/schemas/PingBody") = "application/json"))),
    responses(
        (status = 200, description = "Where to, or why not.", body = ref("#/components/schemas/PingAnswer")),
        (status = 404, description = "No caller can be sent here: telephony is set up otherwise."),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "The body is not understood."),
    ),
    security(("bearer" = ["intake"])),
)]
pub(in crate::web) async fn post(
    State(door): State<Door>,
    Extension(rights): Extension<Rights>,
    Path(source): Path<String>,
    Query(Nothing {}): Query<Nothing>,
    Json(ping): Json<PingBody>,
) -> Result<Response, Problem> {
    let until = Instant::now() + LONGEST_WAIT;
    if !rights.may_bring(&source) {
        let detail = format!("the token {:?} speaks for another source than {source:?}", rights.name);
        return Err(Problem::forbidden(detail, None));
    }
    let announced = Announced::read(ping, &source, door.clock.now())?;
    match timeout_at(until, door.answer_ping(announced)).await {
        Ok(answer) => Ok(([(header::CONTENT_TYPE, "application/json")], answer?).into_response()),
        Err(_) => Err(door.not_in_time()),
    }
}

/// A call that may come.
struct Announced {
    key: String,
    /// That makes its lead.
    event: Value,
    lead: Box<Lead>,
}

impl Announced {
    fn read(ping: PingBody, source: &str, now: DateTime<Utc>) -> Result<Self, Problem> {
        let PingBody { id, from, to, facts } = ping;
        let length = id.chars().count();
        if !(1..=LONGEST_ID).contains(&length) || id.chars().any(char::is_control) {
            return Err(Problem::bad_request(format!(
                "id has {length} characters; allowed: 1 to {LONGEST_ID}, on one line"
            )));
        }
        let mut call =
            json!({ "platform": Rights::platform_of(source), "id": id, "live": true, "direction": "inbound" });
        for (name, number) in [("from", from), ("to", to)] {
            if let Some(number) = number {
                call[name] = json!(number);
            }
        }
        let mut data = facts;
        data.insert("call".to_owned(), call);
        let event = json!({
            "specversion": "1.0", "id": format!("ping-{id}"), "source": source, "type": "lead.qualified", "data": data,
        });
        let told = |faults: Vec<EventFault>| {
            let faults = faults.iter().map(|fault| json!(fault.to_string())).collect();
            Problem::unprocessable("the ping cannot be understood; nothing was stored", faults)
        };
        let incoming = parse(event.to_string().as_bytes(), now).map_err(told)?;
        let Message::Lead(lead) = incoming.message else { unreachable!("its type says that it is a lead") };
        Ok(Self { key: format!("ping {source} {id}"), event, lead })
    }
}

impl Door {
    async fn answer_ping(&self, announced: Announced) -> Result<String, Problem> {
        let ours = |error: StoreError| Problem::ours(&error);
        let Some(addresses) = &self.addresses else {
            return Err(Problem::not_found(
                "no caller can be sent here: baton.toml needs [telephony] with mode = \"rep_first\", whose host or numbers are \
                 where they come",
            ));
        };
        let Announced { key, event, lead } = announced;
        if let Some(before) = self.store.ping_answer(&key).await.map_err(ours)? {
            return Ok(before);
        }
        let refusal = self.decider.would_refuse(&lead).await.map_err(ours)?;
        let (now, candidates) = (self.clock.now(), addresses());
        let keeping = with((key, event.to_string(), candidates), move |tx, (key, event, candidates)| {
            Box::pin(async move {
                // Of a call that does not come nothing is kept but the answer.
                let (answer, event) = match refusal {
                    Some(refusal) => (refused(refusal), None),
                    None => match tx.address_lend_first(key, candidates, now + GOOD_FOR, now).await? {
                        Some((to, until)) => (accepted(&to, until), Some(event.as_str())),
                        None => (no_address(), None),
                    },
                };
                let answer = answer.to_string();
                if tx.ping_keep(key, &answer, event, now).await? {
                    return Ok(answer);
                }
                Ok(tx.ping_answer(key).await?.unwrap_or(answer))
            })
        });
        self.store.write("ping.keep", keeping).await.map_err(ours)
    }
}

fn accepted(to: &str, until: DateTime<Utc>) -> Value {
    let until = until.to_rfc3339_opts(SecondsFormat::Millis, true);
    json!({ "accepted": true, "to": to, "seconds": GOOD_FOR.num_seconds(), "until": until })
}

fn refused(refusal: Refusal) -> Value {
    json!({ "accepted": false, "reason": refusal })
}

/// Every number is lent to another call.
fn no_address() -> Value {
    json!({ "accepted": false, "reason": "no_address" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(ping: Value) -> Result<Announced, Problem> {
        let now = "2026-11-30T09:00:00Z".parse().expect("an instant");
        Announced::read(serde_json::from_value(ping).expect("a ping"), "ringba/eu", now)
    }

    #[test]
    fn what_a_ping_says_is_a_live_call_of_its_source() {
        let told = json!({ "id": "rgb-1", "from": "+14155550142", "company": { "country": "US" } });
        let Ok(announced) = read(told) else { panic!("it is understood") };
        let call = announced.lead.call.clone().expect("a call");
        assert_eq!((call.platform.as_str(), call.id.as_str(), call.live), ("ringba", "rgb-1", true));
        assert_eq!(call.from.as_ref().map(|from| from.as_str()), Some("+14155550142"));
        assert_eq!((announced.lead.source.as_str(), announced.key.as_str()), ("ringba/eu", "ping ringba/eu rgb-1"));
        assert!(read(json!({ "id": "rgb-2" })).is_ok(), "a number may be withheld");
    }

    #[test]
    fn a_ping_without_an_id_of_its_own_is_none() {
        for id in ["", &"x".repeat(LONGEST_ID + 1), "a\nb"] {
            let Err(problem) = read(json!({ "id": id })) else { panic!("{id:?} is taken") };
            assert!(problem.detail().contains("allowed: 1 to 128"), "{}", problem.detail());
        }
    }
}
