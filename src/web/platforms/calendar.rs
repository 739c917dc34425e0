//! What vendors of calendars send when something in one has changed: that it has, and not what.
//!
//! Guarantees: nothing counts without the token of the channel that it comes over; who knows none costs a look and no write. A message
//! is counted before it is answered, and every worker reads the calendar for it. If the process dies here, the vendor sends it again.

use crate::store::with;
use crate::web::admit::let_out;
use crate::web::server::Guest;
use crate::web::{Door, Problem};
use axum::Json;
use axum::extract::{Request, State};
use serde_json::{Value, json};
use std::sync::Arc;

/// As Google writes them.
const CHANNEL: &str = "x-goog-channel-id";
const TOKEN: &str = "x-goog-channel-token";

/// Takes Google's word that a calendar has changed
///
/// Sent by Google over a channel that a worker has opened (`events.watch`), with the channel's own token. It holds nothing; the
/// calendar is read for it, by every worker, and once for all messages of some seconds.
#[utoipa::path(
    post,
    path = "/v1/calendars/google",
    operation_id = "postGoogleCalendar",
    tag = "events",
    params(
        ("X-Goog-Channel-ID" = String, Header, description = "The channel.", example = "5f2c8a31"),
        ("X-Goog-Channel-Token" = String, Header, description = "The channel's own token.", example = "c4b07d9e"),
    ),
    responses(
        (status = 200, description = "It was heard.", content(("application/json"))),
        (status = 401, description = "No channel of ours has this id and this token."),
        (status = 503, description = "Too much comes at once, or the database does not answer; Google sends it again."),
    ),
)]
pub(in crate::web) async fn post(State(door): State<Door>, request: Request) -> Result<Json<Value>, Problem> {
    let (parts, body) = request.into_parts();
    let_out(body);
    let said = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (Some(channel), Some(token)) = (said(CHANNEL), said(TOKEN)) else { return Err(unknown()) };
    let Ok(_permit) = door.requests.try_acquire() else {
        return Err(Problem::busy("too many requests at once; the same request may be sent again"));
    };
    let _work = parts.extensions.get::<Arc<Guest>>().map(Guest::works);
    let is_ours = door.store.channel_proves(&channel, &token).await;
    if !is_ours.map_err(|error| Problem::ours(&error))? {
        return Err(unknown());
    }
    let hears = with(channel, |tx, channel| Box::pin(tx.channel_hears(channel)));
    door.store.write_once("channel.hears", hears).await.map_err(|error| Problem::ours(&error))?;
    Ok(Json(json!({})))
}

/// Of a channel that was closed, a last message may be under way.
fn unknown() -> Problem {
    tracing::warn!("a message over no channel of ours");
    Problem::unproven()
}
