//! What voice platforms send in shapes of their own: heard by their mapping, answered in words.
//!
//! Guarantees: nothing that a request says counts before its proof has been verified over the bytes as they came. Whoever is on
//! the line hears a sentence within 1.5 s, whatever has failed, and a true one: it is passed on once the inbox has it. What
//! nobody waits for is answered 200 once it is committed, and refused until then. What a second message about a call adds is
//! stored as well. If the process dies here, the platform sends again what was not answered: the same message is no second
//! lead, and is answered with what is true by then.

pub(super) mod calendar;
mod live;
pub(super) mod twilio;
mod words;

pub use twilio::TwilioSection;

use super::admit::{let_out, missing, whole};
use super::incoming::{Brought, LONGEST_WAIT, TAKEN_WITHIN, Taken, message, own_source, with_more};
use super::server::Guest;
use super::{Door, Problem, Rights};
use crate::intake::event::{EventKind, LARGEST};
use crate::release::Release;
use crate::render::caller::Stopgap;
use crate::store::{Arrival, InboxMessage};
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use baton_core::domain::scope::Scope::Intake;
use baton_core::rules::fault::did_you_mean;
use baton_platforms::signature::{Secret, verify_any};
use baton_platforms::{AnswerBody, Heard, Mapping, Meaning, PlatformEvent};
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use words::{Speaker, stopgap};

/// What is left of a caller's wait for writing the answer and for its way back.
const WAY_BACK: Duration = Duration::from_millis(100);

/// What `baton.toml` says of platforms, by their names.
pub type PlatformSections = BTreeMap<String, PlatformSection>;

/// How one platform proves what it sends.
#[derive(Debug, Clone)]
pub struct PlatformSection {
    /// Any one of them will do.
    pub secrets: Vec<Secret>,
    /// How it sees this worker: scheme, host and, behind a proxy, the path before `/v1`. Some sign the address.
    pub base_url: String,
    /// There is a key with which we may speak on its calls by ourselves.
    pub has_key: bool,
}

/// Takes a voice platform's own request
///
/// What it means is said by the mapping of this name: `baton platforms show NAME` tells what to paste into the platform's
/// settings. A mapping that knows no proof of the platform's own needs a token with the scope `intake`. Whoever is on the line
/// hears a sentence within 1.5 s, in the platform's own shape.
#[utoipa::path(
    post,
    path = "/v1/platforms/{name}",
    operation_id = "postPlatform",
    tag = "events",
    params(("name" = String, Path, description = "The mapping, such as `vapi`.", example = "generic")),
    request_body(
        description = "As the platform sends it.",
        content(("application/json"), ("application/x-www-form-urlencoded")),
    ),
    responses(
        (
            status = 200,
            description = "In the platform's own shape.",
            content(("application/json"), ("text/xml"), ("text/plain")),
        ),
        (status = 404, description = "No platform is called so, or nothing is known to hold its proof against."),
        (status = 422, description = "Nobody waits, and the message cannot be understood."),
    ),
    security((), ("bearer" = ["intake"])),
)]
pub(super) async fn post(
    State(door): State<Door>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    // In a task of its own: whoever hangs up ends their own waiting, and nothing of what they brought is lost.
    let answered = door.in_hand.clone().spawn(attend(door, name, request)).await;
    answered.map_err(|_| Problem::busy("the request could not be finished; it may be sent again"))?
}

async fn attend(door: Door, name: String, request: Request) -> Result<Response, Problem> {
    let began = Instant::now();
    let release = Arc::clone(&door.release.borrow());
    let (parts, body) = request.into_parts();
    let admitted = match door.admits(&name, &release, &parts.headers).await {
        Ok(admitted) => admitted,
        Err(refusal) => {
            let_out(body);
            return Err(refusal);
        }
    };
    let spent = began.elapsed();
    // A report brings along all that was said, and leaves most of it out of its event.
    let largest = door.body_limit.max(baton_platforms::LARGEST);
    let body = whole(body, &parts.headers, largest).await.inspect_err(|problem| {
        let why = problem.detail();
        tracing::warn!(platform = name, why, "a request did not come whole: a platform is to send no recordings");
    })?;
    let speak_by = Instant::now() + LONGEST_WAIT.saturating_sub(WAY_BACK + spent);
    let heard = match door.listen(&admitted, &parts, &body)? {
        Listened::Heard(heard) => heard,
        Listened::Answered(answer) => return Ok(as_response(answer)),
    };
    let messages = admitted.messages(&heard, door.clock.now())?;
    let until = if events(&heard).any(|event| event.live) { speak_by } else { Instant::now() + TAKEN_WITHIN };
    let own = match &admitted.rights {
        Some(rights) => match door.own_calls(rights, &messages, until).await {
            Err(refusal) if refusal.is_forbidden() => return Err(refusal),
            // A store that fails keeps no words from a caller.
            own => own,
        },
        None => Ok(()),
    };
    let _work = parts.extensions.get::<Arc<Guest>>().map(Guest::works);
    let asking = door.asking(&admitted, &heard);
    let bringing = async {
        own?;
        door.bring_heard(&heard, messages, until).await
    };
    // At once: the decision takes longer than to note who waits for it. Of a call that is another's nothing is noted.
    let ((), brought) = tokio::join!(door.note_asking(&asking, until), bringing);
    let brought = match brought {
        Ok(brought) => brought,
        // What nobody waits for beside it would be lost: the platform is to send the whole again.
        Err(problem) if events(&heard).all(|event| event.live) => {
            tracing::warn!(platform = name, why = problem.detail(), "a caller was told that we could not be reached");
            Vec::new()
        }
        Err(problem) => return Err(problem),
    };
    let speaker = Speaker { door: &door, release: &release, until };
    let said = speaker.said(&heard, brought).await;
    door.note_answered(asking, &said);
    Ok(as_response(heard.answer(&said)))
}

fn as_response(AnswerBody { content_type, body }: AnswerBody) -> Response {
    ([(header::CONTENT_TYPE, content_type)], body).into_response()
}

/// A request that may be listened to, and as what.
struct Admitted<'a> {
    release: &'a Release,
    mapping: &'a Mapping,
    /// The platform, if its proof holds.
    section: Option<&'a PlatformSection>,
    /// The holder of a token, where the mapping knows no proof.
    rights: Option<Rights>,
}

/// What came of a request that is its platform's.
enum Listened {
    Heard(Heard),
    /// There is nothing in it for the inbox.
    Answered(AnswerBody),
}

impl Door {
    /// # Errors
    /// Nobody may send as this platform, or whoever asks may not.
    async fn admits<'a>(
        &'a self,
        name: &str,
        release: &'a Release,
        headers: &HeaderMap,
    ) -> Result<Admitted<'a>, Problem> {
        let Some(mapping) = release.platforms.get(name) else {
            let hint = did_you_mean(name, release.platforms.keys().map(String::as_str));
            let hint = hint.map_or_else(String::new, |hint| format!("{hint} "));
            let detail = format!("no platform is called {name:?}; {hint}`baton platforms` lists those that are known");
            return Err(Problem::not_found(detail));
        };
        if mapping.proofs().is_empty() {
            let rights = self.keyring.rights(headers.get(header::AUTHORIZATION)).await?;
            if !rights.may(Intake) {
                return Err(missing(&rights, Intake));
            }
            return Ok(Admitted { release, mapping, section: None, rights: Some(rights) });
        }
        let section = self.platforms.get(name).ok_or_else(|| {
            Problem::not_found(format!(
                "{name} proves what it sends, and baton.toml has nothing to hold it against: add [platforms.{name}] with \
                 secrets = [\"env:NAME\"]; `baton platforms show {name}` says which secret"
            ))
        })?;
        Ok(Admitted { release, mapping, section: Some(section), rights: None })
    }

    /// # Errors
    /// The proof does not hold, and why is told in the log alone; or nobody waits, and it cannot be understood.
    fn listen(&self, admitted: &Admitted<'_>, parts: &Parts, body: &[u8]) -> Result<Listened, Problem> {
        let Admitted { release, mapping, section, .. } = admitted;
        let headers: Vec<(String, String)> = parts.headers.iter().map(as_text).collect();
        let base = section.map_or("", |section| section.base_url.as_str());
        let url = format!("{base}{}", parts.uri.path_and_query().map_or("/", |path| path.as_str()));
        let request = baton_platforms::Request { method: parts.method.as_str(), url: &url, headers: &headers, body };
        if let Some(section) = section
            && let Err(why) = verify_any(mapping.proofs(), &section.secrets, &request, self.clock.now())
        {
            tracing::warn!(platform = mapping.name, %why, "a request that does not prove whose it is");
            return Err(Problem::unproven());
        }
        let unheard = match mapping.hear(&request) {
            Ok(heard) => {
                tell_what_was_left_out(&mapping.name, &heard);
                return Ok(Listened::Heard(heard));
            }
            Err(unheard) => unheard,
        };
        if unheard.is_passed_over() {
            tracing::info!(platform = mapping.name, %unheard, "a message of a platform is passed over");
            return Ok(Listened::Answered(AnswerBody { content_type: "application/json", body: "{}".to_owned() }));
        }
        tracing::warn!(platform = mapping.name, %unheard, "a message of a platform is not understood");
        let answer = mapping.answer_unheard(&request, &stopgap(Stopgap::NotReached, "unreached", release));
        answer.map(Listened::Answered).ok_or_else(|| Problem::unprocessable(unheard.to_string(), Vec::new()))
    }

    /// What became of each message, in their order.
    ///
    /// # Errors
    /// Nothing is known to be stored; of an event that no inbox takes, and of what came with it, nothing is.
    async fn bring_heard(
        &self,
        heard: &Heard,
        messages: Vec<InboxMessage>,
        until: Instant,
    ) -> Result<Vec<Brought>, Problem> {
        if messages.is_empty() {
            return Ok(Vec::new());
        }
        if messages.iter().any(|message| message.body.len() > LARGEST) {
            return Err(Problem::too_large(LARGEST));
        }
        let Ok(_permit) = self.requests.try_acquire() else {
            return Err(Problem::busy("too many requests at once; the same request may be sent again"));
        };
        let mut taken = self.take(messages, until).await?;
        for (one, event) in taken.iter_mut().zip(events(heard)) {
            let is_lead = event.event["type"] == EventKind::LeadQualified.as_str();
            if event.live && is_lead && one.known == Arrival::Differs {
                self.take_more(one, &event.event, until).await;
            }
        }
        Ok(self.answers(taken, until, events(heard).any(|event| event.live)).await)
    }

    /// What a lead event that is known says anew completes the lead, and is what is waited for from here on.
    async fn take_more(&self, known: &mut Taken, event: &Value, until: Instant) {
        match self.take(vec![message(&with_more(event), self.clock.now())], until).await {
            Ok(more) => {
                for more in more {
                    *known = Taken { known: Arrival::Differs, ..more };
                }
            }
            Err(problem) => tracing::warn!(why = problem.detail(), "what a caller added could not be stored"),
        }
    }
}

impl Admitted<'_> {
    /// The events as the inbox takes them, readable or not.
    ///
    /// # Errors
    /// One is of a source for which the holder of the token does not speak.
    fn messages(&self, heard: &Heard, received_at: DateTime<Utc>) -> Result<Vec<InboxMessage>, Problem> {
        let mut messages = Vec::new();
        for event in events(heard) {
            let message = message(&event.event, received_at);
            if let Some(rights) = &self.rights {
                own_source(rights, &message.body)?;
            }
            messages.push(message);
        }
        Ok(messages)
    }
}

fn events(heard: &Heard) -> impl Iterator<Item = &PlatformEvent> {
    heard.meanings.iter().filter_map(|meaning| match meaning {
        Meaning::Event(event) => Some(event),
        Meaning::Nothing { .. } | Meaning::Unclear { .. } => None,
    })
}

/// A header as text, whatever its bytes are.
pub(super) fn as_text((name, value): (&HeaderName, &HeaderValue)) -> (String, String) {
    (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// How much, and not what: it may be about people.
fn tell_what_was_left_out(name: &str, heard: &Heard) {
    let left_out: usize = events(heard).map(|event| event.left_out.len()).sum();
    if left_out > 0 {
        tracing::info!(platform = name, left_out, "parts of a message were left out: baton platforms try says which");
    }
}
