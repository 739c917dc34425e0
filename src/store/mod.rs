//! All SQL. One store over SQLite (one file, one process) and PostgreSQL (several workers): the same tables, the same
//! statements, the same meaning, held together by one conformance suite.
//!
//! Guarantees: time comes from the caller, nothing here reads a clock. State is read and written on the writer only;
//! [`Store::read`] may lag behind nothing, since it is the same database.
//!
//! `sql` is what every statement speaks with, `database` what all of it lies in and how a transaction runs there; neither
//! knows the others: the families of tables and `reads`, the transactions of one method.

mod acts;
mod changes;
mod database;
mod erase;
mod handoff;
mod inbox;
mod keep;
mod lead;
mod ledger;
mod listener;
mod live;
mod reads;
mod release;
mod rep;
mod report;
mod sql;
mod step;
mod vendor;
mod webhook;

pub use acts::{ActClaim, ApiToken, AuditEntry, AuditLine, AuditQuery, ChainCheck, ChainEnd, ConsoleSession, KeyedAct};
pub use changes::{Changes, Held};
pub use database::{Holdings, Store, Tx, WorkerLock, examine, sqlite_file, take_place, with};
pub use erase::{
    AtVendor, ERASED_MESSAGE, Erasure, ErasureRequest, ErasureState, Person, Preview as ErasurePreview, ReadsMail,
};
pub use handoff::{Move, Moved, Mover, Promised, local_day, new_steps};
pub use inbox::{Arrival, Aside, Handled, InboxMessage, InboxRow};
pub use keep::{Cut, Kept, OldPage, Passed};
pub use lead::{
    AttentionCounts, CARRIER, DecidedLead, HandedOver, LeadFile, LeadQuery, LeadRecord, LeadSummary, Met, OpenLead,
    OpenMatter, Owed, PastLead, PromisedStep, StoredDecision, TimelineEntry, WaitingLead, Waits, caller_keys,
    chosen_by, kind_name as next_step_name, status as handoff_status,
};
pub use ledger::{Correction, Grant, JournalLine};
pub use listener::{Arrived, CallerOnLine};
pub use live::{LiveCall, LiveLine};
pub use release::{LiveRelease, SeenWorker, StoredRelease, WorkerRow};
pub use rep::RepState;
pub use report::{
    HumanContact, LeadInCrm, OtherChoice, OutcomeBy, OwnerChange, PutThrough, REPORT_PAGE, ReportRow, RungPhone,
    Tallies, Tally, TallyKind,
};
pub use sql::error::StoreError;
pub use step::{
    CarrierLeg, FailedStep, FinishedStep, NewStep, OfferedCard, Sibling, SiblingState, StepEnd, StepProblem, StepRow,
    StepStats, StepTold, VendorRef,
};
pub use vendor::{Budgets, CalendarChannel, MirrorPoll, Mirrored, TokenLease, mirror_row};
pub use webhook::{
    DeliveriesEnded, DeliveryEnd, DeliveryLine, DeliveryRow, DeliveryState, DisabledWebhook, Failure, NewDelivery,
    TriedDelivery, WebhookStanding,
};
