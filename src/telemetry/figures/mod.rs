//! Figures of this process, for whoever watches it: counters, spans and gauges in one book, told as OpenMetrics.
//!
//! Guarantees: every name is told of from the start; label values are few, whoever sends what, and none is of a person: never a
//! lead, a rep or a call. Counting waits for nobody. What a transaction does is counted once it has committed ([`Count`]). If the
//! process dies here, what it had counted begins at 0 again, as Prometheus expects.

mod book;
mod counts;
mod names;
mod state;
mod vendors;

pub use state::{Found, State};
pub use vendors::{Checked, Failures, vendor_checked, vendor_checks, vendor_failures};

use book::Book;
use chrono::{DateTime, TimeDelta, Utc};
use counts::{BROKEN, Counts, KEPT, Spans};
use names::{Names, OTHER};
use state::{Conditions, Stands, seconds};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Distinct platforms, queues and routes; rules of one release.
const SOURCES: usize = 50;
const QUEUES: usize = 10;
const ROUTES: usize = 60;
const RULES: usize = 200;
/// Statuses that HTTP has names for.
const STATUSES: usize = 60;
/// Of this worker: versions of its rules, one after the other.
const RELEASES: usize = 1000;

static FIGURES: LazyLock<Figures> = LazyLock::new(Figures::begin);

struct Figures {
    book: Book,
    counts: Counts,
    spans: Spans,
    stands: Stands,
    conditions: Conditions,
    /// When the store was last read, or the process began.
    read_at: Mutex<Instant>,
    sources: Names,
    queues: Names,
    routes: Names,
    rules: Names,
    statuses: Names,
    releases: Names,
}

impl Figures {
    fn begin() -> Self {
        let mut book = Book::default();
        Self {
            counts: Counts::kept(&mut book),
            spans: Spans::kept(&mut book),
            stands: Stands::kept(&mut book),
            conditions: Conditions::kept(&mut book),
            read_at: Mutex::new(Instant::now()),
            sources: Names::at_most(SOURCES),
            queues: Names::at_most(QUEUES),
            routes: Names::at_most(ROUTES),
            rules: Names::at_most(RULES),
            statuses: Names::at_most(STATUSES),
            releases: Names::at_most(RELEASES),
            book,
        }
    }
}

/// All figures, in the text format of OpenMetrics 1.0.
pub fn told() -> String {
    let age = FIGURES.read_at.lock().unwrap_or_else(PoisonError::into_inner).elapsed();
    FIGURES.stands.age.set(age.as_secs_f64());
    FIGURES.book.told()
}

/// What is counted of a transaction once it has committed: its body may run several times.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Count {
    /// A promise has come to its end.
    Promise { kept: bool },
    /// The handoff of a lead is at its end. `outcome`: which, in a word.
    LeadEnded { outcome: &'static str },
    /// A caller waits no more. `outcome`: how it ended, in a word; `patience`: the share of theirs that was used.
    Caller { outcome: &'static str, patience: f64 },
    /// A step was taken over from somebody whose lease had ended.
    LeaseLapsed { kind: &'static str },
}

pub fn count(what: Count) {
    let Figures { counts, spans, .. } = &*FIGURES;
    match what {
        Count::Promise { kept } => {
            let result = if kept { KEPT } else { BROKEN };
            counts.promises.get_or_create(&[("result", result)]).inc();
        }
        Count::LeadEnded { outcome } => {
            counts.ended.get_or_create(&[("outcome", outcome)]).inc();
        }
        Count::Caller { outcome, patience } => {
            counts.callers.get_or_create(&[("outcome", outcome)]).inc();
            spans.patience.observe(patience);
        }
        Count::LeaseLapsed { kind } => {
            counts.lapsed.get_or_create(&[("kind", kind)]).inc();
        }
    }
}

/// What a figure calls a source: its platform, and nothing that may be a person's.
pub fn platform_of(source: &str) -> &'static str {
    FIGURES.sources.of_source(source)
}

/// An event of this source was taken; `repeated`: it had come before.
pub fn received(source: &str, repeated: bool) {
    let labels = [("source", platform_of(source))];
    FIGURES.counts.received.get_or_create(&labels).inc();
    if repeated {
        FIGURES.counts.repeated.get_or_create(&labels).inc();
    }
}

pub fn quarantined(source: &str) {
    let labels = [("source", platform_of(source))];
    FIGURES.counts.quarantined.get_or_create(&labels).inc();
}

/// A lead that was decided, and what stands next for it.
#[derive(Debug, Clone, Copy)]
pub struct Decided {
    pub next_step: &'static str,
    /// What chose whose it is.
    pub rung: &'static str,
    pub channel: &'static str,
    pub received_at: DateTime<Utc>,
}

/// It has been committed at `now`; its batch took `took`.
pub fn decided(lead: &Decided, took: Duration, now: DateTime<Utc>) {
    let Figures { counts, spans, .. } = &*FIGURES;
    counts.decided.get_or_create(&[("next_step", lead.next_step)]).inc();
    counts.decided_by.get_or_create(&[("rung", lead.rung)]).inc();
    spans.decide.observe(took.as_secs_f64());
    spans.committed.get_or_create(&[("channel", lead.channel)]).observe(seconds(now - lead.received_at));
}

/// The end of an attempt was stored: `done`, `retry`, `failed`, `expired`, or `lost` where another had the step by then.
pub fn step_ended(kind: &'static str, result: &'static str, took: Duration) {
    FIGURES.counts.attempts.get_or_create(&[("kind", kind), ("result", result)]).inc();
    FIGURES.spans.step.get_or_create(&[("kind", kind)]).observe(took.as_secs_f64());
}

/// A request went to a vendor, whatever became of it. `operation`: as our clients call it.
pub fn vendor_called(vendor: &'static str, operation: &'static str) {
    FIGURES.counts.vendor_calls.get_or_create(&[("vendor", vendor), ("operation", operation)]).inc();
}

pub fn vendor_failed(vendor: &'static str, class: &'static str) {
    vendors::failed(vendor, class);
    FIGURES.counts.vendor_errors.get_or_create(&[("vendor", vendor), ("class", class)]).inc();
}

pub fn limiter_waited(vendor: &'static str, wait: Duration) {
    FIGURES.spans.limiter.get_or_create(&[("vendor", vendor)]).observe(wait.as_secs_f64());
}

/// Whether it is left alone for a while.
pub fn vendor_rests(vendor: &'static str, rests: bool) {
    FIGURES.conditions.resting.get_or_create(&[("vendor", vendor)]).set(rests.into());
}

pub fn transaction_tried_again() {
    FIGURES.counts.retries.inc();
}

pub fn broker_connected(is_connected: bool) {
    FIGURES.conditions.broker.get_or_create(&[]).set(is_connected.into());
}

pub fn broker_lost() {
    FIGURES.counts.reconnects.inc();
}

pub fn queue_holds(queue: &str, messages: u32) {
    let labels = [("queue", FIGURES.queues.of(queue))];
    FIGURES.conditions.queues.get_or_create(&labels).set(messages.into());
}

/// `route`: as it is written in the router, never the path itself; `None`: no such address.
pub fn answered(route: Option<&str>, status: u16, took: Duration) {
    let route = route.map_or(OTHER, |route| FIGURES.routes.of(route));
    let labels = [("route", route), ("status", FIGURES.statuses.of(&status.to_string()))];
    FIGURES.spans.request.get_or_create(&labels).observe(took.as_secs_f64());
}

/// Which rules this worker decides by, and which time zones it knows.
pub fn runs(rules: &str, zones: &str) {
    let Figures { releases, conditions, .. } = &*FIGURES;
    let version = env!("CARGO_PKG_VERSION");
    let labels = [("version", version), ("rules", releases.of(rules)), ("zones", releases.of(zones))];
    if conditions.info.get(&labels).is_none() {
        conditions.info.clear();
    }
    conditions.info.get_or_create(&labels).set(1);
}

pub fn rules_refused(is_refused: bool) {
    FIGURES.conditions.rules_refused.set(is_refused.into());
}

/// Positive: this machine's clock is ahead of the database server's.
pub fn clock_is_ahead(by: TimeDelta) {
    FIGURES.conditions.clock_offset.set(by.as_seconds_f64());
}

/// As it was last told, in seconds.
pub fn clock_offset() -> f64 {
    FIGURES.conditions.clock_offset.get()
}

pub fn database_takes_writes(takes: bool) {
    FIGURES.conditions.database.set(takes.into());
}

pub fn facts_are_aged(calendars: TimeDelta, mirror: TimeDelta) {
    FIGURES.conditions.calendars.set(seconds(calendars));
    FIGURES.conditions.mirror.set(seconds(mirror));
}

/// The store was read at `now`.
pub fn stands(state: &State, now: DateTime<Utc>) {
    FIGURES.stands.set(state, now);
    *FIGURES.read_at.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
}

/// Whether a rule is met far more or less often than in its last weeks.
pub fn set_rule_drift(rule: &str, drifts: bool) {
    let labels = [("rule", FIGURES.rules.of(rule))];
    FIGURES.conditions.rule_drift.get_or_create(&labels).set(drifts.into());
}

/// Whether a source that used to send sends nothing.
pub fn set_source_silent(source: &str, is_silent: bool) {
    let labels = [("source", platform_of(source))];
    FIGURES.conditions.source_silent.get_or_create(&labels).set(is_silent.into());
}

/// Whether the share of leads that are not put through is another than in the last weeks.
pub fn set_fallback_drift(drifts: bool) {
    FIGURES.conditions.fallback_drift.set(drifts.into());
}
