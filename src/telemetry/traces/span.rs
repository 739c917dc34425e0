//! One thing that is being done, from its beginning to its end.

use super::current::current;
use super::export::{Exports, exports};
use super::names;
use baton_clock::{Clock, SystemClock, random_bytes};
use baton_core::domain::id::LeadId;
use baton_core::domain::trace_context::TraceContext;
use opentelemetry::trace::{Link, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use std::borrow::Cow;
use std::time::SystemTime;

/// The trace under which a lead is told of: the one that came with its event, or one of its own. `None`: traces are off, and none
/// came.
pub fn trace_of(given: Option<&TraceContext>, lead: &LeadId) -> Option<TraceContext> {
    given.cloned().or_else(|| exports().map(|exports| exports.own(lead)))
}

/// Told of when it is dropped. Empty where traces are off or this one is not kept: then it costs nothing.
#[derive(Default)]
pub struct Span(Option<Box<Begun>>);

struct Begun {
    data: SpanData,
    /// Of others, for what is sent on.
    state: Option<String>,
}

/// Where a span stands.
#[derive(Clone, Copy)]
enum Place<'c> {
    Under(&'c TraceContext),
    /// It is the span that the context names as parent: the first of its trace.
    First(&'c TraceContext),
}

impl Span {
    /// A step in what this process does.
    pub fn of<N: Into<Cow<'static, str>>>(name: impl FnOnce() -> N, under: Option<&TraceContext>) -> Self {
        Self::begin(SpanKind::Internal, under.map(Place::Under), || (name().into(), Vec::new()))
    }

    /// A trace of its own, which others point to: a batch is nobody's child.
    pub(super) fn alone(name: &'static str) -> Self {
        let Some(exports) = exports() else { return Self::default() };
        let trace = u128::from_be_bytes(random_bytes()).max(1);
        let context = TraceContext { trace, parent: id(), sampled: true, state: None };
        Self::begun(exports, SpanKind::Internal, Place::First(&context), name.into(), Vec::new())
    }

    /// A call to a vendor, under what this task is at.
    pub fn call(method: &str, vendor: &'static str, operation: &str) -> Self {
        let Some(exports) = exports() else { return Self::default() };
        let Some(under) = current().filter(|under| under.sampled) else { return Self::default() };
        let name = format!("{method} {vendor}.{operation}");
        let about = vec![KeyValue::new(names::METHOD, method.to_owned()), KeyValue::new(names::VENDOR, vendor)];
        Self::begun(exports, SpanKind::Client, Place::Under(&under), name.into(), about)
    }

    /// A request that brought something.
    pub(super) fn request(route: &'static str, of: &Of<'_>) -> Self {
        Self::begin(SpanKind::Server, of.place(), || {
            let about = vec![KeyValue::new(names::METHOD, "POST"), KeyValue::new(names::ROUTE, route)];
            (format!("POST {route}").into(), about)
        })
    }

    /// A message of the broker's that is worked off. Not by which key it came: whatever follows ours in it is the sender's own.
    pub(super) fn message(queue: &str, of: &Of<'_>) -> Self {
        Self::begin(SpanKind::Consumer, of.place(), || {
            let about = vec![
                KeyValue::new(names::MESSAGING_SYSTEM, names::RABBITMQ),
                KeyValue::new(names::OPERATION_NAME, names::PROCESS),
                KeyValue::new(names::OPERATION_TYPE, names::PROCESS),
                KeyValue::new(names::DESTINATION, queue.to_owned()),
            ];
            (format!("{} {queue}", names::PROCESS).into(), about)
        })
    }

    fn begin(
        kind: SpanKind,
        place: Option<Place<'_>>,
        called: impl FnOnce() -> (Cow<'static, str>, Vec<KeyValue>),
    ) -> Self {
        let Some(exports) = exports() else { return Self::default() };
        let Some(place) = place.filter(|place| place.context().sampled) else { return Self::default() };
        let (name, about) = called();
        Self::begun(exports, kind, place, name, about)
    }

    fn begun(
        exports: &Exports,
        kind: SpanKind,
        place: Place<'_>,
        name: Cow<'static, str>,
        attributes: Vec<KeyValue>,
    ) -> Self {
        let context = place.context();
        let (span, parent) = match place {
            Place::Under(context) => (id(), SpanId::from_bytes(context.parent.to_be_bytes())),
            Place::First(context) => (context.parent, SpanId::INVALID),
        };
        let now = now();
        let data = SpanData {
            span_context: span_context(&context.below(span)),
            parent_span_id: parent,
            parent_span_is_remote: matches!(kind, SpanKind::Server | SpanKind::Consumer) && parent != SpanId::INVALID,
            span_kind: kind,
            name,
            start_time: now,
            end_time: now,
            attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: exports.scope.clone(),
        };
        Self(Some(Box::new(Begun { data, state: context.state.clone() })))
    }

    /// For what follows from it, here or at another's; `None`: it is not told of.
    pub fn context(&self) -> Option<TraceContext> {
        let Begun { data, state } = self.0.as_deref()?;
        let trace = u128::from_be_bytes(data.span_context.trace_id().to_bytes());
        let parent = u64::from_be_bytes(data.span_context.span_id().to_bytes());
        Some(TraceContext { trace, parent, sampled: true, state: state.clone() })
    }

    /// Never what is personal.
    pub fn tell(&mut self, name: &'static str, value: impl Into<Value>) {
        if let Some(begun) = &mut self.0 {
            begun.data.attributes.push(KeyValue::new(name, value));
        }
    }

    pub fn tell_lead(&mut self, lead: &LeadId) {
        if self.0.is_some() {
            self.tell(names::LEAD_ID, lead.to_string());
        }
    }

    /// It has come to nothing; `class` says how, and never in a vendor's words.
    pub fn fails(&mut self, class: &'static str) {
        if let Some(begun) = &mut self.0 {
            begun.data.status = Status::error(class);
            begun.data.attributes.push(KeyValue::new(names::ERROR, class));
        }
    }

    /// It was done together with others.
    pub(super) fn link(&mut self, other: &Self) {
        if let (Some(begun), Some(context)) = (&mut self.0, other.context()) {
            begun.data.links.links.push(Link::with_context(span_context(&context)));
        }
    }

    /// It is not told of.
    pub(super) fn forget(&mut self) {
        self.0 = None;
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if let (Some(begun), Some(exports)) = (self.0.take(), exports()) {
            let Begun { mut data, .. } = *begun;
            data.end_time = now();
            exports.take(data);
        }
    }
}

impl<'c> Place<'c> {
    fn context(self) -> &'c TraceContext {
        match self {
            Self::Under(context) | Self::First(context) => context,
        }
    }
}

/// Whose first span it is: what came with a context goes on under it, anything else begins the trace of the lead that it brings.
pub(super) struct Of<'c> {
    pub given: Option<&'c TraceContext>,
    pub own: Option<TraceContext>,
}

impl Of<'_> {
    fn place(&self) -> Option<Place<'_>> {
        self.given.map(Place::Under).or_else(|| self.own.as_ref().map(Place::First))
    }
}

fn span_context(context: &TraceContext) -> SpanContext {
    let trace = TraceId::from_bytes(context.trace.to_be_bytes());
    let span = SpanId::from_bytes(context.parent.to_be_bytes());
    let state = context.state.as_deref().and_then(|state| state.parse::<TraceState>().ok());
    SpanContext::new(trace, span, TraceFlags::SAMPLED, false, state.unwrap_or_default())
}

/// Of a span; never 0.
fn id() -> u64 {
    u64::from_be_bytes(random_bytes()).max(1)
}

fn now() -> SystemTime {
    SystemClock.now().into()
}
