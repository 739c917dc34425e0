//! Twilio asks here what the calls that we hold do next, and tells what happens to them.
//!
//! Guarantees: nothing counts before the signature over the address as it came and the mark in it hold; the addresses of calls that
//! come in, which somebody writes into the account, have the signature alone. What a rep presses is
//! committed before the rep is let in to the caller, and nobody is let in whom the handoff does not wait for. What is told
//! twice, late or in another order changes nothing that is not so: each telling has an id made of the leg and the word, and a
//! handoff only goes forward. What cannot be stored is refused, and Twilio tells it again. No document leaves a caller in
//! silence: each ends with where to ask next, or with words and the end of the call.
//!
//! If the process dies here, Twilio asks the next worker.

mod back;
mod caller;
mod document;
mod front;
mod incoming;
mod rep;
mod reply;
mod section;
mod telling;

pub use section::TwilioSection;

use crate::release::Release;
use crate::store::LeadFile;
use crate::web::admit::{let_out, whole};
use crate::web::server::Guest;
use crate::web::{Door, Problem};
use axum::extract::{Path, Request, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use baton_core::domain::id::{HandoffId, LegId};
use baton_core::domain::leg::LegState;
use baton_core::domain::outcome::Outcome;
use baton_core::handoff::state::DialledLead;
use baton_core::handoff::{Handoff, Stage};
use baton_platforms::twilio::{MARK, Page};
use document::Document;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// What Twilio sends is some thirty short fields.
const LARGEST: usize = 64 * 1024;
/// Somebody hears nothing meanwhile.
const READ_WITHIN: Duration = Duration::from_secs(2);

/// Asks what a call does next, or tells what happened to it
///
/// Twilio alone, which carries the calls of `[telephony]` with `carrier = "twilio"`: each address has a mark of ours, but for
/// `front/door` and `incoming`, at which numbers of ours ask, and each request a signature of the account. The answer is TwiML.
#[utoipa::path(
    post,
    path = "/v1/telephony/twilio/{page}/{about}",
    operation_id = "postTwilio",
    tag = "events",
    params(
        ("page" = String, Path, description = "What is asked for or told.", example = "next"),
        ("about" = String, Path, description = "A leg of ours, or a call of Twilio.", example = "leg_2mk8.1"),
        ("t" = Option<String>, Query, description = "The mark that we made for this address."),
    ),
    request_body(description = "As Twilio sends it.", content(("application/x-www-form-urlencoded"))),
    responses(
        (status = 200, description = "What the call does next.", content(("text/xml"))),
        (status = 401, description = "It is not proven that Twilio asks, or the address is none of ours."),
        (status = 404, description = "No calls of ours are carried by Twilio."),
        (status = 408, description = "The body did not come in time."),
        (status = 413, description = "The body is too large."),
        (status = 503, description = "It could not be stored; it may be told again."),
    ),
)]
pub(in crate::web) async fn post(
    State(door): State<Door>,
    Path((page, about)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    // In a task of its own: whoever hangs up takes nothing back of what they told.
    let answered = door.in_hand.clone().spawn(attend(door, page, about, request)).await;
    answered.map_err(|_| Problem::busy("the request could not be finished; it may be sent again"))?
}

async fn attend(door: Door, page: String, about: String, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let Some(twilio) = door.twilio.clone() else {
        let_out(body);
        return Err(Problem::not_found("baton.toml has no [telephony] with carrier = \"twilio\""));
    };
    let body = whole(body, &parts.headers, LARGEST).await?;
    let asked = Asked::proven(&door, &twilio, &parts, &body)?;
    let page = Page::named(&page).filter(|page| twilio.pages.is_ours(*page, &about, asked.query(MARK)));
    let Some(page) = page else {
        tracing::warn!("Twilio asked at an address that we did not give it");
        return Err(Problem::unproven());
    };
    let Ok(_permit) = door.requests.try_acquire() else {
        return Err(Problem::busy("too many requests at once; the same request may be sent again"));
    };
    let _work = parts.extensions.get::<Arc<Guest>>().map(Guest::works);
    Ok(asked.answer(page, &about).await?.into_response())
}

/// A request that is Twilio's.
struct Asked<'a> {
    door: &'a Door,
    twilio: &'a TwilioSection,
    sent: BTreeMap<String, String>,
    query: BTreeMap<String, String>,
}

impl<'a> Asked<'a> {
    /// # Errors
    /// It is not proven to be Twilio's, and why is told in the log alone.
    fn proven(door: &'a Door, twilio: &'a TwilioSection, parts: &Parts, body: &[u8]) -> Result<Self, Problem> {
        let headers: Vec<(String, String)> = parts.headers.iter().map(super::as_text).collect();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let url = format!("{}{path}", twilio.pages.base_url());
        let request = baton_platforms::Request { method: parts.method.as_str(), url: &url, headers: &headers, body };
        if let Err(why) = twilio.keys.verify(&request) {
            tracing::warn!(%why, "a request that does not prove to be Twilio's");
            return Err(Problem::unproven());
        }
        let query = fields(parts.uri.query().unwrap_or_default().as_bytes());
        Ok(Self { door, twilio, sent: fields(body), query })
    }

    /// Empty where it was not sent.
    fn sent(&self, name: &str) -> &str {
        self.sent.get(name).map_or("", String::as_str)
    }

    fn query(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    /// # Errors
    /// It could not be stored, or not be read: Twilio asks again.
    async fn answer(&self, page: Page, about: &str) -> Result<Document, Problem> {
        match page {
            Page::Whisper => self.rep(about).await?.whisper().await,
            Page::Accept => self.rep(about).await?.accept().await,
            Page::Left => self.rep(about).await?.left().await,
            Page::Leg => self.rep(about).await?.goes_on().await,
            Page::Machine => self.rep(about).await?.picked_up().await,
            Page::Next => self.caller(about).next().await,
            Page::Wait => Ok(self.caller(about).wait().await),
            Page::Room => match LegId::new(about) {
                Ok(rep) => self.room_of_rep(&rep).await,
                Err(_) => self.caller(about).room().await,
            },
            Page::Call => self.caller(about).goes_on().await,
            Page::Choose => self.caller(about).choose().await,
            Page::Incoming => self.incoming().await,
            Page::Lead => self.rep(about).await?.lead_answers().await,
            Page::Dialled => self.rep(about).await?.lead_goes_on().await,
            Page::Front => self.front_door().await,
            Page::Agent => self.agent_is_left(about).await,
            Page::Question => self.rep(about).await?.question().await,
            Page::Said => self.rep(about).await?.says().await,
        }
    }

    /// Whoever this is about has hung up.
    fn is_over(&self) -> bool {
        ["completed", "busy", "failed", "no-answer", "canceled"].contains(&self.sent("CallStatus"))
    }

    /// Out of a room: whoever is put elsewhere by us, or out with the room's end, has not hung up.
    fn has_hung_up(&self) -> bool {
        ["", "participant_hung_up"].contains(&self.sent("ReasonParticipantLeft"))
    }

    /// # Errors
    /// It could not be read in time.
    async fn seen(&self, handoff: &HandoffId) -> Result<Option<Seen>, Problem> {
        let Ok(read) = timeout(READ_WITHIN, self.door.store.lead_file(handoff)).await else {
            return Err(Problem::busy("the database did not answer in time; the same request may be sent again"));
        };
        let file = read.map_err(|error| Problem::ours(&error))?;
        Ok(file.map(|file| Seen { file, release: Arc::clone(&self.door.release.borrow()) }))
    }
}

/// A lead as it stands, and the words of now.
struct Seen {
    file: LeadFile,
    release: Arc<Release>,
}

impl Seen {
    fn handoff(&self) -> &Handoff {
        &self.file.handoff
    }

    fn company(&self) -> Option<&str> {
        self.release.rules.handoff.company.as_deref()
    }

    /// The legs that ring or are briefed, in the order in which they were rung: the caller is told of the first.
    fn awaited(&self) -> impl Iterator<Item = &LegId> {
        let waits = matches!(self.handoff().stage, Stage::Ringing { .. } | Stage::Briefing { .. });
        self.handoff().current_legs().filter(move |_| waits).map(|leg| &leg.id)
    }

    /// The rep of this leg was rung to call the lead back, and their leg stands so.
    fn calls_back_on(&self, leg: &LegId, stands: impl Fn(LegState) -> bool) -> bool {
        let is_calling = self.handoff().calling.as_ref() == Some(leg);
        is_calling && self.handoff().current_legs().any(|known| known.id == *leg && stands(known.state))
    }

    /// The rep of this leg was rung to call the lead back, whatever has come of it.
    fn is_to_call_back(&self, leg: &LegId) -> bool {
        self.handoff().legs.iter().any(|known| known.id == *leg && known.dialled.is_some())
    }

    /// The lead whom the rep of this leg is calling back, or of whom they are asked what came of it.
    fn dialled_on(&self, leg: &LegId) -> Option<&DialledLead> {
        let is_calling = self.handoff().calling.as_ref() == Some(leg);
        self.handoff().legs.iter().find(|known| is_calling && known.id == *leg)?.dialled.as_ref()
    }

    /// Nobody of ours took a caller of the front door.
    fn is_left_to_agent(&self) -> bool {
        matches!(self.handoff().stage, Stage::Done { outcome: Outcome::LeftToAgent { .. } })
    }

    /// A rep has accepted and is let in, or is in.
    fn lets_in(&self) -> Option<&LegId> {
        match &self.handoff().stage {
            Stage::Joining { leg } | Stage::Bridged { leg, .. } => Some(leg),
            Stage::Offered
            | Stage::Ringing { .. }
            | Stage::Briefing { .. }
            | Stage::Searching { .. }
            | Stage::Offering { .. }
            | Stage::Booking { .. }
            | Stage::Callback { .. }
            | Stage::Done { .. }
            | Stage::NeedsAttention { .. } => None,
        }
    }
}

/// Of a name that comes twice, the first value.
fn fields(form: &[u8]) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(form) {
        fields.entry(name.into_owned()).or_insert_with(|| value.into_owned());
    }
    fields
}

impl IntoResponse for Document {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, "text/xml; charset=utf-8")], self.text()).into_response()
    }
}
