//! People whom somebody asked to erase.

use super::Instant;
use schemars::JsonSchema;

/// It is stored, and carried out within seconds.
#[derive(JsonSchema)]
pub(super) struct ErasureAsked {
    #[schemars(extend("const" = "accepted"))]
    status: String,
    /// To be asked for at `/v1/erasures/{id}`.
    erasure: String,
    /// Erasures that asked for one of the same and are open.
    earlier: Vec<String>,
}

/// An erasure and what came of it so far. Nothing in it is personal.
#[derive(JsonSchema)]
pub(super) struct Erasure {
    id: String,
    state: ErasureState,
    requested_at: Instant,
    /// `token NAME`, `cli USER`, or `nobody` where no token was ever given.
    actor: String,
    why: Option<String>,
    earlier: Vec<String>,
    /// The person's leads.
    leads: Vec<String>,
    /// Leads of other people, in which the person stood.
    named_in: Vec<String>,
    /// Messages whose bytes are gone.
    messages: u64,
    /// Leads whose callers are on the line: they are erased when the call is over.
    waits_for: Vec<String>,
    /// What is left for a person to do.
    at_vendors: Vec<AtVendor>,
    /// When nothing was left to be found.
    swept_at: Option<Instant>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum ErasureState {
    /// Something is still to go: a caller is on the line, or a worker has something in hand.
    Erasing,
    Done,
}

/// What a vendor holds of a lead, by the vendor's own name of it.
#[derive(JsonSchema)]
struct AtVendor {
    lead: String,
    /// `crm_record`, `calendar_event`, `chat_message`, `mail`, `text` or `call`.
    what: String,
    /// The vendor's own name of it; of what may be there alone, the key of its step.
    reference: String,
    #[schemars(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    /// In one sentence.
    to_do: String,
}
