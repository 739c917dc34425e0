//! Under which trace this task works: for what it calls, and not for what it begins in tasks of its own.

use baton_core::domain::id::LeadId;
use baton_core::domain::trace_context::TraceContext;
use std::collections::BTreeMap;
use std::sync::Arc;

tokio::task_local! {
    static CURRENT: Option<TraceContext>;
    static OF_LEADS: Arc<BTreeMap<LeadId, TraceContext>>;
}

/// The context of what is being done; `None`: no trace is told of it.
pub fn current() -> Option<TraceContext> {
    CURRENT.try_with(Clone::clone).ok().flatten()
}

/// Work under this context.
pub fn within<F: Future>(context: Option<TraceContext>, work: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(context, work)
}

/// Work for several leads at once: [`for_lead`] finds the context of each.
pub fn for_leads<F: Future>(contexts: Arc<BTreeMap<LeadId, TraceContext>>, work: F) -> impl Future<Output = F::Output> {
    OF_LEADS.scope(contexts, work)
}

/// What is done for one of them.
pub fn for_lead<F: Future>(lead: &LeadId, work: F) -> impl Future<Output = F::Output> {
    let of_lead = OF_LEADS.try_with(|contexts| contexts.get(lead).cloned());
    within(of_lead.ok().flatten().or_else(current), work)
}
