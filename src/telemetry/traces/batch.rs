//! Leads that are decided together: a span for each, in its own trace, and one for all, to which each of them points.

use super::names;
use super::span::{Span, trace_of};
use baton_core::domain::id::LeadId;
use baton_core::domain::trace_context::TraceContext;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Told of when it is dropped.
#[derive(Default)]
pub struct BatchSpans {
    leads: Vec<Span>,
    batch: Span,
    /// Of what is asked about each lead meanwhile.
    contexts: Arc<BTreeMap<LeadId, TraceContext>>,
}

impl BatchSpans {
    /// Of these leads, each with the context that came with its event.
    pub fn decide<'l>(leads: impl ExactSizeIterator<Item = (&'l LeadId, Option<&'l TraceContext>)>) -> Self {
        if leads.len() == 0 {
            return Self::default();
        }
        let mut batch = Span::alone(names::BATCH);
        batch.tell(names::BATCH_SIZE, leads.len() as i64);
        let (mut spans, mut contexts) = (Vec::new(), BTreeMap::new());
        for (lead, given) in leads {
            let Some(context) = trace_of(given, lead) else { continue };
            let mut span = Span::of(|| names::DECIDE, Some(&context));
            span.tell_lead(lead);
            span.link(&batch);
            contexts.insert(lead.clone(), span.context().unwrap_or(context));
            spans.push(span);
        }
        if spans.iter().all(|span| span.context().is_none()) {
            batch.forget();
        }
        Self { leads: spans, batch, contexts: Arc::new(contexts) }
    }

    pub fn contexts(&self) -> Arc<BTreeMap<LeadId, TraceContext>> {
        Arc::clone(&self.contexts)
    }

    /// Nothing of it was stored.
    pub fn fail(&mut self, class: &'static str) {
        for span in self.leads.iter_mut().chain([&mut self.batch]) {
            span.fails(class);
        }
    }
}
