//! What spans and their attributes are called. Those of messaging are still in development (semantic conventions of 2026), so that
//! all names stand here.

pub(super) const DECIDE: &str = "decide";
/// What leads that were decided together have in common.
pub(super) const BATCH: &str = "decide batch";
/// The queue that is worked off is part of the name.
pub(super) const PROCESS: &str = "process";

/// Of everything that is told of a lead.
pub(super) const LEAD_ID: &str = "baton.lead.id";
pub(super) const BATCH_SIZE: &str = "baton.batch.size";
pub const STEP_KIND: &str = "baton.step.kind";
pub const STEP_ATTEMPT: &str = "baton.step.attempt";
pub const STEP_RESULT: &str = "baton.step.result";

pub(super) const VENDOR: &str = "peer.service";
pub(super) const METHOD: &str = "http.request.method";
pub(super) const ROUTE: &str = "http.route";
pub const STATUS: &str = "http.response.status_code";
/// The class of a failure, never its words: those may be a vendor's, and of a person.
pub(super) const ERROR: &str = "error.type";

pub(super) const MESSAGING_SYSTEM: &str = "messaging.system";
pub(super) const RABBITMQ: &str = "rabbitmq";
pub(super) const OPERATION_NAME: &str = "messaging.operation.name";
pub(super) const OPERATION_TYPE: &str = "messaging.operation.type";
pub(super) const DESTINATION: &str = "messaging.destination.name";

pub(super) const SERVICE: &str = "service.name";
pub(super) const VERSION: &str = "service.version";
pub(super) const INSTANCE: &str = "service.instance.id";
