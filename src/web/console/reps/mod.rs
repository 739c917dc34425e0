//! *Reps*: who can be had now and why not, as a decision would find them; and one who is away, or is back.

mod sheet;

pub(super) use sheet::page as one;

use super::form::Form;
use super::view;
use super::visit::Visit;
use crate::deciding::decider::reps::{RepsNow, away_for};
use crate::web::{Door, Problem};
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use baton_core::domain::id::RepId;
use baton_core::domain::rep::{Presence, Rep};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sheet::{load, unknown};

/// Lines of the list; others are looked for.
const SHOWN: usize = 200;

pub(super) async fn page(
    State(door): State<Door>,
    Extension(visit): Extension<Visit>,
    uri: Uri,
) -> Result<Response, Problem> {
    let asked = Form::of_query(&uri);
    let typed = asked.text("q");
    let reps = door.decider.reps_now().await.map_err(|error| Problem::ours(&error))?;
    let wanted = typed.trim().to_lowercase();
    let fits =
        |rep: &&Rep| [rep.id.as_str(), &rep.name, &rep.team].iter().any(|text| text.to_lowercase().contains(&wanted));
    let mut found: Vec<&Rep> = reps.rules.reps.values().filter(fits).collect();
    let has_more = found.len() > SHOWN;
    found.truncate(SHOWN);
    let lines: Vec<Value> = found.into_iter().map(|rep| line(rep, &reps)).collect();
    let data = json!({ "typed": typed, "reps": lines, "has_more": has_more });
    Ok(visit.page("reps", visit.language.word("reps"), data))
}

fn line(rep: &Rep, reps: &RepsNow) -> Value {
    let because = reps.is_free(rep).err();
    json!({
        "id": rep.id,
        "name": rep.name,
        "team": rep.team,
        "is_free": because.is_none(),
        "why": because.map(|because| because.in_words(rep.timezone)),
        "clock": reps.now.with_timezone(&rep.timezone).format("%a %H:%M").to_string(),
        "zone": rep.timezone.name(),
        "load": load(rep, reps),
    })
}

pub(super) async fn away(
    State(door): State<Door>,
    Extension(visit): Extension<Visit>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    let until = match Form::read(&body).filled("for") {
        None => None,
        Some(told) => {
            let text: String = told.to_lowercase().split_whitespace().collect();
            let span = away_for(&text).ok_or_else(|| {
                let allowed = "a span such as 30m, 2h or 1d, 14d at most, or nothing: until somebody says otherwise";
                Problem::bad_request(format!("for is {told:?}; allowed: {allowed}"))
            })?;
            Some(door.clock.now() + TimeDelta::from_std(span).unwrap_or_default())
        }
    };
    say(&door, &visit, &id, Presence::Away, until).await
}

pub(super) async fn back(
    State(door): State<Door>,
    Extension(visit): Extension<Visit>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    say(&door, &visit, &id, Presence::Available, None).await
}

async fn say(
    door: &Door,
    visit: &Visit,
    id: &str,
    presence: Presence,
    until: Option<DateTime<Utc>>,
) -> Result<Response, Problem> {
    let rep = RepId::new(id).ok().filter(|rep| door.rules().reps.contains_key(rep)).ok_or_else(|| unknown(id))?;
    let actor = visit.rights.actor();
    let said = door.decider.set_presence(&rep, presence, until, &actor);
    said.await.map_err(|error| Problem::ours(&error))?;
    Ok(view::see(&format!("/console/reps/{rep}?done=1")))
}
