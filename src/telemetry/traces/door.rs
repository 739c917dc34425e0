//! The first span of whatever comes in: by a request, or by a message of the broker's.
//!
//! What came with a context goes on under it, and keeps the span here as its parent. Anything else begins the trace of the lead
//! that it brings: the span's id is made of the lead's, so that every worker knows it and none need be kept. What comes again
//! would end that span a second time, and is not told of.

use super::export::is_on;
use super::span::{Of, Span, trace_of};
use baton_core::domain::id::LeadId;
use baton_core::domain::trace_context::TraceContext;

tokio::task_local! {
    static REQUEST: Option<Requested>;
}

/// A request whose handler is at work.
#[derive(Debug, Clone)]
pub struct Requested {
    /// As it is declared, without what differs from one to the next.
    pub route: &'static str,
    pub given: Option<TraceContext>,
}

impl Requested {
    /// Of this task.
    pub fn current() -> Option<Self> {
        REQUEST.try_with(Clone::clone).ok().flatten()
    }
}

/// Work for a request, in whatever task.
pub fn for_request<F: Future>(request: Option<Requested>, work: F) -> impl Future<Output = F::Output> {
    REQUEST.scope(request, work)
}

/// From the door to the answer, or to the commit where nobody waits for one.
pub struct DoorSpan {
    span: Span,
    /// To be kept with what came.
    pub kept: Option<TraceContext>,
    begins_trace: bool,
}

impl DoorSpan {
    /// What the request of this task brings; `lead` as it would be called.
    pub fn of_request(lead: impl FnOnce() -> LeadId) -> Self {
        let (route, given) = Requested::current().map_or(("", None), |request| (request.route, request.given));
        Self::begin(given, lead, |of| Span::request(route, of))
    }

    /// A message that was taken from a queue.
    pub fn of_message(queue: &str, given: Option<TraceContext>, lead: impl FnOnce() -> LeadId) -> Self {
        Self::begin(given, lead, |of| Span::message(queue, of))
    }

    fn begin(given: Option<TraceContext>, lead: impl FnOnce() -> LeadId, span: impl FnOnce(&Of<'_>) -> Span) -> Self {
        let own = if given.is_none() && is_on() { trace_of(None, &lead()) } else { None };
        let span = span(&Of { given: given.as_ref(), own });
        let begins_trace = given.is_none();
        let kept = given.map(|given| span.context().unwrap_or(given));
        Self { span, kept, begins_trace }
    }

    /// It came before.
    pub fn repeats(&mut self) {
        if self.begins_trace {
            self.span.forget();
        }
    }

    /// It was not taken.
    pub fn fails(&mut self, class: &'static str) {
        self.span.fails(class);
    }
}
