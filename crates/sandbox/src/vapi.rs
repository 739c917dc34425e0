//! Stand-in for the control URL of Vapi's calls: what a voice agent is told to say while it speaks with somebody.
//!
//! As Vapi has it, whoever has the address may speak: nothing else is asked for. Deliberately naive: what comes twice is said twice.
//! A call that is over answers 404.

use super::{World, on_the_wire};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

const VENDOR: &str = "vapi";

/// The messages of Vapi's live control that say something, and no member that it does not know.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
enum Control {
    Say {
        content: String,
        #[serde(default)]
        end_call_after_spoken: bool,
        #[serde(default)]
        interrupt_assistant_enabled: bool,
        #[serde(default)]
        interruptions_enabled: bool,
    },
}

pub struct VapiState {
    world: Arc<World>,
    ended: Mutex<BTreeSet<String>>,
}

impl VapiState {
    pub fn new(world: Arc<World>) -> Arc<Self> {
        Arc::new(Self { world, ended: Mutex::default() })
    }

    /// Nobody can be spoken to on this call any more.
    pub fn end(&self, call: &str) {
        self.ended.lock().expect("vapi").insert(call.to_owned());
    }

    /// What was said on a call, in order.
    pub fn said(&self, call: &str) -> Vec<String> {
        let said =
            self.world.accepted().into_iter().filter(|effect| effect.kind == "say" && effect.natural_key == call);
        said.map(|effect| effect.detail["content"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// `POST /{call}/control`.
pub fn routes(state: Arc<VapiState>) -> Router {
    let world = Arc::clone(&state.world);
    let routes = Router::new().route("/{call}/control", post(control)).with_state(state);
    on_the_wire(world, VENDOR, |_, path| path.rsplit('/').next().unwrap_or_default().to_owned(), routes)
}

async fn control(
    State(state): State<Arc<VapiState>>,
    Path(call): Path<String>,
    Json(control): Json<Control>,
) -> StatusCode {
    if state.ended.lock().expect("vapi").contains(&call) {
        return StatusCode::NOT_FOUND;
    }
    let Control::Say { content, end_call_after_spoken, interrupt_assistant_enabled, interruptions_enabled } = control;
    let detail = json!({
        "content": content,
        "ends": end_call_after_spoken,
        "interrupts": interrupt_assistant_enabled,
        "may_be_interrupted": interruptions_enabled,
    });
    state.world.accept(VENDOR, "say", call, detail);
    StatusCode::OK
}
