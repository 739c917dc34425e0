//! The page behind a lead's link to their meeting: what stands, other times of the same rep, and an end of it. Once the meeting was
//! moved or called off, the link shows what came of it, and does nothing more.

use super::link::LinkedMeeting;
use super::page::{escape, message, page, page_again};
use super::refuse;
use crate::deciding::meeting::MeetingWish;
use crate::render::caller::CallerContext;
use crate::store::StoreError;
use crate::web::{Door, Problem};
use axum::Extension;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use baton_core::domain::id::HandoffId;
use baton_core::domain::outcome::{MeetingChange, MeetingChangeState, Outcome, Promise, Slot};
use baton_core::handoff::{Handoff, Settled};
use baton_core::rules::RuleSet;
use chrono::NaiveDate;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

/// Times that are offered, and of one day.
const OFFERED: usize = 12;
const OFFERED_A_DAY: usize = 3;
/// The calendar moves a meeting in a second or two.
const ASKED_AGAIN_S: u32 = 2;

/// Who opens the page again so soon sees the times that it had: links are opened by scanners too, and calendars have limits. In real
/// time; what is chosen is looked at anew.
const SHOWN_FOR: Duration = Duration::from_secs(5);

/// What a button sends.
#[derive(Deserialize)]
pub(in crate::web) struct Wanted {
    act: String,
    /// The chosen time: seconds since 1970.
    to: Option<i64>,
}

/// `GET` has no effect: mail scanners follow links.
pub(in crate::web) async fn show(State(door): State<Door>, Extension(linked): Extension<LinkedMeeting>) -> Response {
    match handoff(&door, &linked).await {
        Ok(handoff) => stands(&door, &linked, &handoff, StatusCode::OK, None).await,
        Err(refusal) => refusal,
    }
}

pub(in crate::web) async fn change(
    State(door): State<Door>,
    Path(token): Path<String>,
    Extension(linked): Extension<LinkedMeeting>,
    form: Result<Form<Wanted>, FormRejection>,
) -> Response {
    let before = match handoff(&door, &linked).await {
        Ok(handoff) => handoff,
        Err(refusal) => return refusal,
    };
    let wish = match form.ok().map(|Form(Wanted { act, to })| (act, to)) {
        Some((act, Some(to))) if act == "move" => match free_at(&door, &linked, &before, to).await {
            Ok(to) => MeetingWish::Move { to },
            Err(refusal) => return refusal,
        },
        Some((act, _)) if act == "call" => MeetingWish::CallOff { wants_call: true },
        Some((act, _)) if act == "off" => MeetingWish::CallOff { wants_call: false },
        _ => {
            let told = Some("Please choose a time, and press the button below it.");
            return stands(&door, &linked, &before, StatusCode::UNPROCESSABLE_ENTITY, told).await;
        }
    };
    match door.decider.change_meeting(&linked.lead, linked.time, &wish).await {
        // What came of it is shown by the page itself, whose address this is.
        Ok(true) => (StatusCode::SEE_OTHER, [(header::LOCATION, token)]).into_response(),
        Ok(false) => match handoff(&door, &linked).await {
            Ok(now) => stands(&door, &linked, &now, StatusCode::CONFLICT, None).await,
            Err(refusal) => refusal,
        },
        Err(error) => not_now(&error),
    }
}

/// The lead is kept, and nobody has had it erased.
async fn handoff(door: &Door, linked: &LinkedMeeting) -> Result<Handoff, Response> {
    let gone = || refuse(StatusCode::NOT_FOUND, "This meeting is no longer kept.").into_response();
    match door.lead(&linked.lead).await {
        Ok(Some(lead)) if lead.erased_at.is_none() => {}
        Ok(_) => return Err(gone()),
        Err(problem) => return Err(problem.into_response()),
    }
    match door.store.handoff(&HandoffId::of(&linked.lead)).await {
        Ok(handoff) => Ok(handoff),
        Err(StoreError::NotFound { .. }) => Err(gone()),
        Err(error) => Err(not_now(&error)),
    }
}

fn not_now(error: &StoreError) -> Response {
    let _logged = Problem::ours(error);
    let text = "Nothing was changed: it could not be stored just now. Please try again in a minute.";
    (StatusCode::SERVICE_UNAVAILABLE, Html(message("Not yet", text))).into_response()
}

/// The time of the rep that begins then, if it is free still.
async fn free_at(door: &Door, linked: &LinkedMeeting, handoff: &Handoff, to: i64) -> Result<Slot, Response> {
    if !linked.time.is_of(handoff) || handoff.moving_to().is_some() || !handoff.may_move_meeting() {
        return Err(stands(door, linked, handoff, StatusCode::CONFLICT, None).await);
    }
    let free = door.decider.other_times(handoff, Duration::ZERO).await.map_err(|_why| unseen())?;
    match free.into_iter().find(|slot| slot.from.timestamp() == to) {
        Some(slot) => Ok(slot),
        None => Err(stands(door, linked, handoff, StatusCode::CONFLICT, Some(TAKEN)).await),
    }
}

const TAKEN: &str = "Somebody else has taken that time. Please choose another.";
const OFTEN: &str = "It was moved many times. To move it once more, please answer the message that you were sent.";
const FAILED: &str = "The meeting could not be moved to that time. Please choose another, or try again in a minute.";

fn unseen() -> Response {
    let text = "Nothing was changed: other times cannot be seen just now. Please try again in a minute.";
    (StatusCode::SERVICE_UNAVAILABLE, Html(message("Not yet", text))).into_response()
}

/// How things stand with the meeting: `told` is said above what can be done.
async fn stands(
    door: &Door,
    linked: &LinkedMeeting,
    handoff: &Handoff,
    status: StatusCode,
    told: Option<&str>,
) -> Response {
    let rules = door.rules();
    let company = rules.handoff.company.as_deref();
    let context = CallerContext { reps: &rules.reps, company, caller: handoff.whereabouts(), now: door.clock.now() };
    let Some(meeting) = handoff.meeting().filter(|_| linked.time.is_of(handoff)) else {
        return (status, Html(over(handoff, &context))).into_response();
    };
    let (rep, when) = context.written(&meeting.slot.rep, meeting.slot.from);
    let told = match &handoff.change {
        Some(MeetingChange { state: MeetingChangeState::UnderWay, to, .. }) => {
            let (_, to) = context.written(&to.rep, to.from);
            let text = format!("Your meeting with {rep} is being moved to {to}. This takes a few seconds.");
            let body = format!("<h1>One moment</h1><p>{}</p>", escape(&text));
            return (status, Html(page_again("One moment", &body, ASKED_AGAIN_S))).into_response();
        }
        Some(MeetingChange { state: MeetingChangeState::Taken, .. }) => told.or(Some(TAKEN)),
        Some(MeetingChange { state: MeetingChangeState::Failed, .. }) => told.or(Some(FAILED)),
        None => told,
    };
    let may_move = handoff.may_move_meeting();
    let told = if may_move { told } else { Some(OFTEN) };
    let times =
        if may_move { door.decider.other_times(handoff, SHOWN_FOR).await.unwrap_or_default() } else { Vec::new() };
    let times = some_of(times, &rules);
    (status, Html(choices((&rep, &when), &times, &context, told))).into_response()
}

/// A few of each day, by the rep's clock.
fn some_of(times: Vec<Slot>, rules: &RuleSet) -> Vec<Slot> {
    let mut of_day: BTreeMap<NaiveDate, usize> = BTreeMap::new();
    let mut some = Vec::new();
    for slot in times {
        let day = rules.reps.get(&slot.rep).map(|rep| slot.from.with_timezone(&rep.timezone).date_naive());
        let shown = of_day.entry(day.unwrap_or_default()).or_default();
        if *shown < OFFERED_A_DAY && some.len() < OFFERED {
            *shown += 1;
            some.push(slot);
        }
    }
    some
}

/// What came of a meeting that does not stand as the link says.
fn over(handoff: &Handoff, context: &CallerContext<'_>) -> String {
    let used = "This link was used: the entry in your calendar has one for the new time.";
    let by = |promise: &Promise| context.written(&promise.owner, promise.promised_at);
    match handoff.stage.settled() {
        Some(Settled::Done(Outcome::Booked { booking })) => {
            let (rep, when) = context.written(&booking.slot.rep, booking.slot.from);
            message("Your meeting was moved", &format!("You will speak with {rep} on {when}. {used}"))
        }
        Some(Settled::Callback(promise)) if promise.by_mail => {
            let (rep, when) = by(promise);
            message("Your meeting is called off", &format!("{rep} will write to you by {when}."))
        }
        Some(Settled::Callback(promise)) => {
            let (rep, when) = by(promise);
            message("Your meeting is called off", &format!("{rep} will call you by {when}."))
        }
        Some(
            Settled::Done(
                Outcome::CalledOff { .. }
                | Outcome::Connected { .. }
                | Outcome::Called { .. }
                | Outcome::LeftToAgent { .. }
                | Outcome::Shadow { .. },
            )
            | Settled::NeedsAttention { .. },
        )
        | None => message("Your meeting is called off", "It does not stand any more. You may close this page."),
    }
}

/// The meeting, the other times, and the way out of it.
fn choices((rep, when): (&str, &str), times: &[Slot], context: &CallerContext<'_>, told: Option<&str>) -> String {
    let mut body = format!("<h1>Your meeting with {}</h1><p class=\"sub\">{}</p>", escape(rep), escape(when));
    if let Some(told) = told {
        let _infallible = write!(body, "<p class=\"told\" role=\"alert\">{}</p>", escape(told));
    }
    body.push_str("<form method=\"post\"><fieldset class=\"lines\"><legend>Move it to</legend>");
    for slot in times {
        let (_, when) = context.written(&slot.rep, slot.from);
        let _infallible = write!(
            body,
            "<label><input type=\"radio\" name=\"to\" value=\"{}\" required> {}</label>",
            slot.from.timestamp(),
            escape(&when)
        );
    }
    body.push_str(match times {
        [] => "<p>No other times can be offered just now.</p></fieldset></form>",
        _ => "</fieldset><button type=\"submit\" name=\"act\" value=\"move\">Move the meeting</button></form>",
    });
    body.push_str(
        "<form method=\"post\"><fieldset><legend>Or call it off</legend>\
         <p><button type=\"submit\" name=\"act\" value=\"call\">Call it off, and call me instead</button></p>\
         <p><button type=\"submit\" name=\"act\" value=\"off\">Call it off</button></p></fieldset></form>",
    );
    page("Your meeting", &body)
}
