//! What has happened since the process began: counters, and how long things took.

use super::book::{Book, Counters, Histograms};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;

pub(super) struct Counts {
    pub received: Counters<1>,
    pub repeated: Counters<1>,
    pub quarantined: Counters<1>,
    pub decided: Counters<1>,
    pub decided_by: Counters<1>,
    pub ended: Counters<1>,
    pub attempts: Counters<2>,
    pub lapsed: Counters<1>,
    pub vendor_calls: Counters<2>,
    pub vendor_errors: Counters<2>,
    pub promises: Counters<1>,
    pub callers: Counters<1>,
    pub reconnects: Counter,
    pub retries: Counter,
}

impl Counts {
    pub(super) fn kept(book: &mut Book) -> Self {
        let counts = Self {
            received: book.keep("baton_events_received", "Events taken, repeated ones included", Counters::default()),
            repeated: book.keep("baton_events_repeated", "Events that had come before", Counters::default()),
            quarantined: book.keep("baton_events_quarantined", "Messages put aside", Counters::default()),
            decided: book.keep(
                "baton_leads_decided",
                "Leads decided, by what stands next for them",
                Counters::default(),
            ),
            decided_by: book.keep(
                "baton_decisions_by",
                "Leads decided, by what chose whose they are",
                Counters::default(),
            ),
            ended: book.keep("baton_leads_ended", "Leads whose handoff is at its end, by which", Counters::default()),
            attempts: book.keep("baton_step_attempts", "Attempts at steps whose end was stored", Counters::default()),
            lapsed: book.keep(
                "baton_leases_lapsed",
                "Steps taken over from a lease that had ended",
                Counters::default(),
            ),
            vendor_calls: book.keep("baton_vendor_calls", "Requests to vendors, by what they ask", Counters::default()),
            vendor_errors: book.keep("baton_vendor_errors", "Failed calls to vendors, by class", Counters::default()),
            promises: book.keep(
                "baton_promises",
                "Promised calls and mails that were kept or broken",
                Counters::default(),
            ),
            callers: book.keep("baton_callers", "Callers on the line, by how their wait ended", Counters::default()),
            reconnects: book.keep(
                "baton_amqp_reconnects",
                "Connections to the broker that were lost, and tries that found none",
                Counter::default(),
            ),
            retries: book.keep(
                "baton_db_retries",
                "Transactions that the database had tried again",
                Counter::default(),
            ),
        };
        for result in [KEPT, BROKEN] {
            let _from_nothing = counts.promises.get_or_create(&[("result", result)]);
        }
        counts
    }
}

pub(super) const KEPT: &str = "kept";
pub(super) const BROKEN: &str = "broken";

pub(super) struct Spans {
    pub decide: Histogram,
    pub committed: Histograms<1>,
    pub patience: Histogram,
    pub step: Histograms<1>,
    pub limiter: Histograms<1>,
    pub request: Histograms<2>,
}

impl Spans {
    pub(super) fn kept(book: &mut Book) -> Self {
        let decide = "From a batch's turn to its commit: facts, decision, storing; once for each lead";
        let committed = "From an event's arrival to the commit of its decision";
        let patience = "Share of a caller's patience that was used when their wait ended";
        let step = "One attempt at a step, the vendor's answer included";
        let limiter = "Waits for a turn under our own limit of a vendor's rate";
        let request = "Requests to this worker, from the whole head to the answer";
        Self {
            decide: book.keep("baton_decide_seconds", decide, Histogram::new(QUICK)),
            committed: book.keep("baton_event_to_commit_seconds", committed, quick()),
            patience: book.keep("baton_patience_used_ratio", patience, Histogram::new(SHARES)),
            step: book.keep("baton_step_seconds", step, slow()),
            limiter: book.keep("baton_limiter_wait_seconds", limiter, slow()),
            request: book.keep("baton_http_request_seconds", request, quick()),
        }
    }
}

/// What a caller waits for.
const QUICK: [f64; 12] = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// What a vendor takes.
const SLOW: [f64; 10] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 20.0];
const SHARES: [f64; 8] = [0.1, 0.25, 0.5, 0.75, 0.9, 1.0, 1.25, 2.0];

fn quick<const N: usize>() -> Histograms<N> {
    Histograms::new_with_constructor(|| Histogram::new(QUICK))
}

fn slow<const N: usize>() -> Histograms<N> {
    Histograms::new_with_constructor(|| Histogram::new(SLOW))
}
