//! What the API answers, as types: only their schemas are used, since what is answered is made of values of the domain, which
//! know nothing of schemas. A test holds real answers against them, member by member.

#![expect(dead_code, reason = "only the schemas of these types are used")]

mod attention;
mod audit;
mod calls;
mod erasure;
mod leaver;
mod report;
mod story;
mod workers;

use crate::web::erasures::ErasureBody;
use crate::web::feedback::ApiFeedback;
use crate::web::leads::attend::CloseBody;
use crate::web::leads::call::CallBody;
use crate::web::leads::leaver::LeaverBody;
use crate::web::leads::ping::PingBody;
use crate::web::leads::reassign::ReassignBody;
use schemars::JsonSchema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value};

type Instant = chrono::DateTime<chrono::Utc>;
/// Something of the domain that is told whole, and grows with it.
type Whole = Map<String, Value>;

/// Every shape by its name, as a component of the document.
pub(super) fn all() -> Map<String, Value> {
    let settings =
        || SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut bodies = settings().into_generator();
    bodies.subschema_for::<CallBody>();
    bodies.subschema_for::<ReassignBody>();
    bodies.subschema_for::<LeaverBody>();
    bodies.subschema_for::<CloseBody>();
    bodies.subschema_for::<ApiFeedback>();
    bodies.subschema_for::<ErasureBody>();
    bodies.subschema_for::<PingBody>();
    let mut told = settings().for_serialize().into_generator();
    answers(&mut told);
    let mut all = bodies.take_definitions(true);
    all.extend(told.take_definitions(true));
    all
}

fn answers(generator: &mut SchemaGenerator) {
    generator.subschema_for::<EventAnswer>();
    generator.subschema_for::<Accepted>();
    generator.subschema_for::<calls::PingAnswer>();
    generator.subschema_for::<LeadPage>();
    generator.subschema_for::<story::LeadStory>();
    generator.subschema_for::<attention::Attention>();
    generator.subschema_for::<attention::RetryAnswer>();
    generator.subschema_for::<attention::CloseAnswer>();
    generator.subschema_for::<audit::AuditPage>();
    generator.subschema_for::<ReassignAnswer>();
    generator.subschema_for::<leaver::LeaverAnswer>();
    generator.subschema_for::<calls::CallAnswer>();
    generator.subschema_for::<FeedbackAnswer>();
    generator.subschema_for::<erasure::ErasureAsked>();
    generator.subschema_for::<erasure::Erasure>();
    generator.subschema_for::<LiveRules>();
    generator.subschema_for::<report::Report>();
    generator.subschema_for::<workers::Workers>();
    generator.subschema_for::<Problem>();
    generator.subschema_for::<ProblemTypes>();
}

/// What became of an event: decided, taken (an event that is no lead), or put aside.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum EventAnswer {
    Decided(Box<Decided>),
    Taken(Taken),
    Quarantined(Quarantined),
}

/// A lead that has an owner.
#[derive(JsonSchema)]
struct Decided {
    /// `shadow`: the worker runs beside another system. Go on as you would without this answer, and transfer nobody for it.
    #[schemars(extend("enum" = ["decided", "shadow"]))]
    status: String,
    event: String,
    lead: String,
    decision: String,
    /// A rep's id in `reps.csv`.
    owner: String,
    owner_name: String,
    /// The decision in one sentence.
    reason: String,
    /// Reps that will be rung, in order.
    targets: Vec<String>,
    rungs: Vec<Rung>,
    /// What the voice agent does now; null when the caller is not on the line.
    instruction: Option<Instructed>,
    next_step: NextStep,
    /// Facts that were not to be had in time.
    degraded: Vec<String>,
    /// What the event brought and nobody could read.
    #[schemars(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
    #[schemars(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// An event that is no lead.
#[derive(JsonSchema)]
struct Taken {
    #[schemars(extend("const" = "taken"))]
    status: String,
    event: String,
    /// It cannot be so, and changed nothing: why.
    #[schemars(skip_serializing_if = "Option::is_none")]
    ignored: Option<String>,
    #[schemars(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// Kept with its bytes, but not to be understood as it is: `/v1/attention` lists it.
#[derive(JsonSchema)]
struct Quarantined {
    #[schemars(extend("const" = "quarantined"))]
    status: String,
    event: String,
    why: String,
    #[schemars(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Rung {
    WarmTransfer,
    Agent,
    Booking,
    Callback,
}

/// Words for the caller. The command of the same id says the same: it is to be carried out once.
#[derive(JsonSchema)]
struct Instructed {
    id: String,
    /// `hold`, `hold_on`, `offer_callback`, `connected`, `introduce`, `find_time`, `offer_slots`, `confirm_booking`,
    /// `promise_callback`, `promise_mail`, `no_call`, `how_to_reach` or, in shadow, `go_on`; one that is not known is spoken all
    /// the same.
    kind: String,
    say: String,
    /// The times on offer, to be named again in `slot.chosen`.
    #[schemars(skip_serializing_if = "Vec::is_empty")]
    slots: Vec<Slot>,
}

/// A time that a rep has free.
#[derive(JsonSchema)]
struct Slot {
    rep: String,
    from: Instant,
    /// Exclusive.
    until: Instant,
}

/// What happens next, who does it, and when.
#[derive(JsonSchema)]
struct NextStep {
    what: NextStepKind,
    owner: String,
    at: Instant,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum NextStepKind {
    Handoff,
    Meeting,
    Callback,
    Mail,
    FollowUp,
    NeedsAttention,
}

/// How a lead stands.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum LeadStatus {
    Handoff,
    Connected,
    Booked,
    Called,
    LeftToAgent,
    CalledOff,
    // Decided in shadow: whatever ran before goes on with it.
    Shadow,
    Callback,
    Mail,
    NeedsAttention,
}

/// The bytes are committed, and the event is decided from here on.
#[derive(JsonSchema)]
struct Accepted {
    #[schemars(extend("const" = "accepted"))]
    status: String,
    /// The key under which the event lies: its source and its id.
    event: String,
    /// The event came before with another content, which counts.
    #[schemars(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// What was not understood, and counts as unknown.
    #[schemars(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

/// The newest leads first.
#[derive(JsonSchema)]
struct LeadPage {
    leads: Vec<LeadSummary>,
    /// `cursor` of the next page; null on the last one.
    next: Option<String>,
}

#[derive(JsonSchema)]
struct LeadSummary {
    lead: String,
    owner: String,
    status: LeadStatus,
    next_step: NextStep,
    decided_at: Instant,
    reason: String,
    /// When the person was erased.
    #[schemars(skip_serializing_if = "Option::is_none")]
    erased_at: Option<Instant>,
}

/// Who has the lead now.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum ReassignAnswer {
    Reassigned(Reassigned),
    Unchanged(Unchanged),
}

#[derive(JsonSchema)]
struct Reassigned {
    #[schemars(extend("const" = "reassigned"))]
    status: String,
    lead: String,
    owner: String,
    reason: String,
    next_step: NextStep,
}

/// It was theirs already.
#[derive(JsonSchema)]
struct Unchanged {
    #[schemars(extend("const" = "unchanged"))]
    status: String,
    lead: String,
    owner: String,
}

#[derive(JsonSchema)]
struct FeedbackAnswer {
    #[schemars(extend("const" = "recorded"))]
    status: String,
    lead: String,
}

/// The rules of this worker: another one of the same database may be a moment behind.
#[derive(JsonSchema)]
struct LiveRules {
    /// Digest of the workspace's content.
    release: String,
    live_since: Instant,
    /// What it holds, in counts.
    summary: Vec<String>,
    /// The last change that was not taken up; null once a good one was.
    refused: Option<RefusedRules>,
}

#[derive(JsonSchema)]
struct RefusedRules {
    release: String,
    at: Instant,
    /// As `baton check` prints them.
    faults: Vec<String>,
}

/// An error (RFC 9457).
#[derive(JsonSchema)]
struct Problem {
    /// The kind of problem: one of `GET /v1/problems`, relative to this worker. It never changes its meaning.
    #[schemars(rename = "type")]
    kind: String,
    title: String,
    status: u16,
    /// What was found, where, and what is allowed. For people: its words may change.
    detail: String,
    /// Under which the log tells of this request; the header `x-request-id` says the same.
    #[schemars(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    /// One entry for each fault, where there are several.
    #[schemars(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<String>,
}

/// Every kind of problem that there is.
#[derive(JsonSchema)]
struct ProblemTypes {
    problems: Vec<ProblemType>,
}

#[derive(JsonSchema)]
struct ProblemType {
    #[schemars(rename = "type")]
    kind: String,
    title: String,
    status: u16,
    /// When it is told, and what to do about it.
    detail: String,
}
