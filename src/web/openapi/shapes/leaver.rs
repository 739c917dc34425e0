//! What becomes of the leads of a rep who has left.

use super::{Instant, NextStep};
use schemars::JsonSchema;

/// Everything open of a rep who has left: what goes, or would, and what stays.
#[derive(JsonSchema)]
pub(super) struct LeaverAnswer {
    /// `preview`: nothing moved. `nothing_open` and `nothing_handed_over`: there is nothing to do.
    #[schemars(extend("enum" = ["preview", "handed_over", "nothing_open", "given_back", "nothing_handed_over"]))]
    status: String,
    rep: String,
    /// The most urgent first.
    moves: Vec<LeaverMove>,
    stays: Vec<Stays>,
    /// Handed over within a day, by an earlier request or by itself: with `undo` it comes back.
    earlier: Vec<HandedOver>,
    /// There is more than one request takes: ask again.
    more: bool,
}

/// A lead, who has it then, and what comes next.
#[derive(JsonSchema)]
struct LeaverMove {
    lead: String,
    owner: String,
    reason: String,
    next_step: NextStep,
}

#[derive(JsonSchema)]
struct Stays {
    lead: String,
    why: String,
}

#[derive(JsonSchema)]
struct HandedOver {
    lead: String,
    /// Who has it since.
    owner: String,
    at: Instant,
    /// As it was then.
    next_step: NextStep,
}
