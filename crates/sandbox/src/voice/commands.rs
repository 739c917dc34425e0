//! The platform's endpoints: it takes Baton's commands and says how a leg or a call stands.

use super::VoiceState;
use crate::on_the_wire;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The platform's side of Baton's agent-mode contract.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Command {
    Instruct {
        id: String,
        call: String,
        kind: String,
        say: String,
        #[serde(default)]
        slots: Vec<Value>,
    },
    Hold {
        id: String,
        call: String,
        record: Option<bool>,
        comfort: Option<String>,
    },
    Ring {
        call: String,
        leg: String,
        #[serde(alias = "sip")]
        phone: String,
        ring_until: DateTime<Utc>,
    },
    Whisper {
        id: String,
        leg: String,
        say: String,
        /// Of `say`.
        language: String,
    },
    Join {
        id: String,
        call: String,
        leg: String,
        record: Option<bool>,
    },
    DialLead {
        call: String,
        leg: String,
        phone: String,
        ring_until: DateTime<Utc>,
        record: Option<bool>,
    },
    Transfer {
        id: String,
        call: String,
        leg: String,
        to: String,
        until: DateTime<Utc>,
    },
    HangUp {
        id: String,
        leg: String,
        /// `answered_elsewhere`: the phone shows no missed call.
        reason: Option<String>,
    },
}

/// `POST /commands`, `GET /legs/{leg}`, `GET /calls/{call}`.
pub fn routes(state: Arc<VoiceState>) -> Router {
    let world = Arc::clone(&state.world);
    let routes = Router::new()
        .route("/commands", post(command))
        .route("/legs/{leg}", get(leg))
        .route("/calls/{call}", get(caller))
        .with_state(state);
    on_the_wire(
        world,
        "voice",
        |method, path| format!("{method} {}", path.split('/').nth(1).unwrap_or_default()),
        routes,
    )
}

async fn leg(State(state): State<Arc<VoiceState>>, Path(leg): Path<String>) -> Response {
    match state.status(&leg) {
        Some(status) => Json(json!({ "leg": leg, "status": status })).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn caller(State(state): State<Arc<VoiceState>>, Path(call): Path<String>) -> Response {
    match state.lines.lock().expect("voice").get(&call).map(|line| line.here) {
        Some(here) => Json(json!({ "call": call, "status": if here { "live" } else { "ended" } })).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn command(State(state): State<Arc<VoiceState>>, Json(command): Json<Command>) -> StatusCode {
    match command {
        Command::Instruct { id, call, kind, say, slots } => {
            if state.is_new(&id) {
                let detail = json!({ "call": call, "kind": kind, "say": say });
                state.world.accept("voice", "instruct", id, detail);
                tokio::spawn(Arc::clone(&state).instructed(call, kind, slots));
            }
            StatusCode::ACCEPTED
        }
        Command::Hold { id, call, record, comfort } => {
            if !state.is_here(&call) {
                return StatusCode::NOT_FOUND;
            }
            if state.is_new(&id) {
                if let Some(comfort) = comfort {
                    state.world.accept("voice", "comfort", id.clone(), json!({ "call": call, "comfort": comfort }));
                }
                if record == Some(false) {
                    state.world.accept("voice", "unrecorded", id, json!({ "call": call, "command": "hold" }));
                }
            }
            StatusCode::ACCEPTED
        }
        Command::Ring { call, leg, phone, ring_until } => state.ring(call, leg, phone, ring_until),
        Command::Whisper { id, leg, say, language } => {
            let Some(call) = state.call_of(&leg) else { return StatusCode::NOT_FOUND };
            if state.is_new(&id) {
                state.world.accept(
                    "voice",
                    "whisper",
                    id,
                    json!({ "leg": leg, "words": say.split_whitespace().count(), "language": language }),
                );
                tokio::spawn(Arc::clone(&state).whispered(call, leg));
            }
            StatusCode::ACCEPTED
        }
        Command::Join { id, call, leg, record } => {
            if state.is_new(&id) {
                if record == Some(false) {
                    state.world.accept("voice", "unrecorded", id, json!({ "call": call, "command": "join" }));
                }
                tokio::spawn(Arc::clone(&state).joining(call, leg));
            }
            StatusCode::ACCEPTED
        }
        Command::DialLead { call, leg, phone, ring_until, record } => {
            if record == Some(false) {
                let detail = json!({ "call": call, "command": "dial_lead" });
                state.world.accept("voice", "unrecorded", leg.clone(), detail);
            }
            state.dial_lead(call, leg, phone, ring_until)
        }
        // Whoever plays the platform carries it out: where the caller is heard next is no line of ours.
        Command::Transfer { id, call, leg, to, until } => {
            if !state.is_here(&call) {
                return StatusCode::NOT_FOUND;
            }
            if state.is_new(&id) {
                let detail = json!({ "call": call, "leg": leg, "to": to, "until": until });
                state.world.accept("voice", "transfer", id, detail);
            }
            StatusCode::ACCEPTED
        }
        Command::HangUp { id, leg, reason } => {
            if state.is_new(&id) && reason.is_some() {
                state.world.accept("voice", "elsewhere", leg.clone(), json!({ "leg": leg, "reason": reason }));
            }
            state.hung_up.lock().expect("voice").insert(leg.clone());
            state.set_status(&leg, "ended");
            StatusCode::ACCEPTED
        }
    }
}
