//! Traces in OpenTelemetry: what became of a lead, from the door to the vendors' answers, across workers and retries.
//!
//! The parent of all that is told of a lead is the span at the door; each try of a step is a span of its own, and each call to a
//! vendor one below it. Off unless a collector is named: then a span costs one look at an atomic, and a context that came is
//! still handed on. Attributes are ids, kinds and counts: never what is personal.

mod batch;
mod current;
mod door;
mod export;
pub mod names;
mod span;

pub use batch::BatchSpans;
pub use current::{current, for_lead, for_leads, within};
pub use door::{DoorSpan, Requested, for_request};
pub use export::{TraceConfig, begin, end, is_on};
pub use span::{Span, trace_of};
