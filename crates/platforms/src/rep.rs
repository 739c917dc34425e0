//! The tools of an agent that tells a rep who is calling: one for a rep who takes the call, one for a rep who does not.

use serde_json::{Value, json};

/// Takes the call.
pub const ACCEPTED: &str = "rep_accepted";
pub const DECLINED: &str = "rep_declined";
/// The rep's leg, as the command `ring` named it.
pub const LEG: &str = "leg";
/// The rep's own words.
pub const SAID: &str = "said";

pub const ACCEPTED_ABOUT: &str = "Call this when you have told a rep who is calling, and the rep takes the call. Give the leg that you were rung \
    with, and what the rep said, word for word. Say the text of the answer to the rep: it may ask them once more, or say that \
    the call has been taken care of.";
pub const DECLINED_ABOUT: &str = "Call this when you have told a rep who is calling, and the rep does not take the call. Give the leg that you \
    were rung with, and what the rep said, word for word. Say the text of the answer to the rep.";

/// The arguments of either, as JSON Schema: flat, as models and platforms want it.
pub fn tool_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            LEG: { "type": "string", "description": "The leg that Baton named when it asked for this rep to be rung." },
            SAID: { "type": "string", "description": "What the rep said, word for word." },
        },
        "required": [LEG],
    })
}
