//! How it stands at this moment: gauges. What is told of the store was read by one look at it, as of one moment.

use super::book::{Book, Gauges, Labels, Real, Reals};
use chrono::{DateTime, TimeDelta, Utc};
use prometheus_client::metrics::gauge::Gauge;

/// What one look at the store has found. Where there are very many, they are counted no further than the look's own bound.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// Leads that count as open for the rep who has them.
    pub leads_open: i64,
    pub leads_waiting: Found,
    /// Leads that need a person, steps that have failed for good, webhooks that are disabled.
    pub attention: i64,
    pub quarantined: i64,
    pub inbox: Found,
    /// By lane: steps whose time has come and that nobody holds.
    pub steps: Vec<(&'static str, Found)>,
    /// Promised calls and mails that are open.
    pub promises: i64,
    /// Those whose time is over.
    pub promises_overdue: Found,
    /// Callers on the line.
    pub calls: i64,
    /// Pools whose balance lies outside its bound.
    pub turns_out_of_bound: i64,
    pub workers: i64,
    pub workers_on_other_rules: i64,
}

/// How many, and since when the oldest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Found {
    pub count: i64,
    pub oldest_at: Option<DateTime<Utc>>,
}

impl Found {
    fn age(&self, now: DateTime<Utc>) -> f64 {
        self.oldest_at.map_or(0.0, |at| seconds(now - at))
    }
}

/// None is younger than now.
pub(super) fn seconds(span: TimeDelta) -> f64 {
    span.max(TimeDelta::zero()).as_seconds_f64()
}

/// Gauges that one look at the store sets, all at once.
pub(super) struct Stands {
    leads_open: Gauge,
    leads_waiting: Gauge,
    oldest_waiting: Real,
    attention: Gauge,
    quarantined: Gauge,
    inbox: Gauge,
    oldest_in_inbox: Real,
    steps: Gauges<1>,
    oldest_step: Reals<1>,
    promises: Gauge,
    overdue: Gauge,
    oldest_overdue: Real,
    calls: Gauge,
    turns_out_of_bound: Gauge,
    workers: Gauge,
    on_other_rules: Gauge,
    pub age: Real,
}

impl Stands {
    pub(super) fn kept(book: &mut Book) -> Self {
        let mut count = |name, help| -> Gauge { book.keep(name, help, Gauge::default()) };
        let leads_open = count("baton_leads_open", "Leads that count as open for whoever has them");
        let leads_waiting = count("baton_leads_waiting", "Leads that wait for somebody who can take them");
        let attention = count("baton_attention_open", "Leads, steps and webhooks that need a person");
        let quarantined = count("baton_quarantine_open", "Messages put aside until a person looks");
        let inbox = count("baton_inbox_waiting", "Messages that are stored and not decided");
        let promises = count("baton_promises_due", "Promised calls and mails that are open");
        let overdue = count("baton_promises_overdue", "Open promises whose time is over");
        let calls = count("baton_calls_in_progress", "Callers on the line");
        let turns_out_of_bound = count("baton_turns_out_of_bound", "Pools with a balance outside its bound");
        let workers = count("baton_workers", "Workers seen on this database within a minute");
        let on_other_rules = count("baton_workers_on_other_rules", "Workers that decide by older rules than others do");
        let mut real = |name, help| -> Real { book.keep(name, help, Real::default()) };
        let oldest_waiting = real("baton_lead_oldest_waiting_seconds", "How long the oldest of them waits");
        let oldest_in_inbox = real("baton_inbox_oldest_seconds", "How long the oldest of them has been there");
        let oldest_overdue = real("baton_promise_oldest_overdue_seconds", "How long the oldest of them is overdue");
        let age = real("baton_figures_age_seconds", "Since when the figures of the store are what they are");
        let steps = book.keep("baton_steps_due", "Steps whose time has come and that nobody holds", Gauges::default());
        let help = "How long the oldest of them could have run";
        let oldest_step = book.keep("baton_step_oldest_due_seconds", help, Reals::default());
        Self {
            leads_open,
            leads_waiting,
            oldest_waiting,
            attention,
            quarantined,
            inbox,
            oldest_in_inbox,
            steps,
            oldest_step,
            promises,
            overdue,
            oldest_overdue,
            calls,
            turns_out_of_bound,
            workers,
            on_other_rules,
            age,
        }
    }

    pub(super) fn set(&self, state: &State, now: DateTime<Utc>) {
        self.leads_open.set(state.leads_open);
        self.leads_waiting.set(state.leads_waiting.count);
        self.oldest_waiting.set(state.leads_waiting.age(now));
        self.attention.set(state.attention);
        self.quarantined.set(state.quarantined);
        self.inbox.set(state.inbox.count);
        self.oldest_in_inbox.set(state.inbox.age(now));
        for (lane, due) in &state.steps {
            let lane: Labels<1> = [("lane", *lane)];
            self.steps.get_or_create(&lane).set(due.count);
            self.oldest_step.get_or_create(&lane).set(due.age(now));
        }
        self.promises.set(state.promises);
        self.overdue.set(state.promises_overdue.count);
        self.oldest_overdue.set(state.promises_overdue.age(now));
        self.calls.set(state.calls);
        self.turns_out_of_bound.set(state.turns_out_of_bound);
        self.workers.set(state.workers);
        self.on_other_rules.set(state.workers_on_other_rules);
    }
}

/// Gauges that are set one by one, by whoever knows.
pub(super) struct Conditions {
    pub info: Gauges<3>,
    pub rules_refused: Gauge,
    /// Without labels; not told of at all where no broker is configured.
    pub broker: Gauges<0>,
    pub queues: Gauges<1>,
    pub resting: Gauges<1>,
    pub calendars: Real,
    pub mirror: Real,
    pub clock_offset: Real,
    pub database: Gauge,
    pub rule_drift: Gauges<1>,
    pub source_silent: Gauges<1>,
    pub fallback_drift: Gauge,
}

impl Conditions {
    pub(super) fn kept(book: &mut Book) -> Self {
        let info = "What this worker is: 1";
        let refused = "1 while a change of the rules is refused";
        let broker = "1 while this worker consumes from the broker";
        let queues = "Messages in a queue of the broker that nobody was given yet";
        let resting = "1 while a vendor is left alone, since it failed or fell silent";
        let calendars = "Age of the oldest calendar that decisions go by";
        let mirror = "Since when the CRM has told this worker of no account";
        let clock = "How far this machine's clock is ahead of the database server's";
        let database = "1 while the database takes writes";
        let drift = "1 while a rule is met far more or less often than in its last weeks";
        let silent = "1 while a source that used to send is silent";
        let fallback = "1 while another share of leads is not put through than in the last weeks";
        Self {
            info: book.keep("baton_info", info, Gauges::default()),
            rules_refused: book.keep("baton_rules_refused", refused, Gauge::default()),
            broker: book.keep("baton_amqp_connected", broker, Gauges::default()),
            queues: book.keep("baton_amqp_queue_messages", queues, Gauges::default()),
            resting: book.keep("baton_vendor_resting", resting, Gauges::default()),
            calendars: book.keep("baton_calendar_age_seconds", calendars, Real::default()),
            mirror: book.keep("baton_mirror_age_seconds", mirror, Real::default()),
            clock_offset: book.keep("baton_clock_offset_seconds", clock, Real::default()),
            database: book.keep("baton_database_writable", database, Gauge::default()),
            rule_drift: book.keep("baton_rule_drift", drift, Gauges::default()),
            source_silent: book.keep("baton_source_silent", silent, Gauges::default()),
            fallback_drift: book.keep("baton_fallback_drift", fallback, Gauge::default()),
        }
    }
}
