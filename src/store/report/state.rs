//! How much there is of everything that somebody watches, at this moment, in a handful of statements.
//!
//! Each count reads an index of what is open, and no further than [`COUNTED_AT_MOST`]: what is done, of which there may be
//! millions, is never looked at.

use crate::store::lead::NEEDS_ATTENTION;
use crate::store::sql::row::{Reading, micros};
use crate::store::{StoreError, Tx};
use crate::telemetry::figures::{Found, State};
use baton_core::domain::effect::Lane;
use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;
use std::collections::BTreeMap;

/// Beyond this, how many more makes no difference to whoever is woken by it.
const COUNTED_AT_MOST: usize = 100_000;

/// What is counted: by name, of which table and rows, and what says since when; the oldest come first. `$1`: now.
const COUNTED: [(&str, &str, &str); 8] = [
    ("waiting", "waits_since", "handoff WHERE waits_since IS NOT NULL ORDER BY waits_since"),
    ("calls", "CAST(NULL AS BIGINT)", "handoff WHERE live = 1"),
    ("inbox", "received_at", "inbox WHERE state = 'received' ORDER BY received_at"),
    ("quarantined", "received_at", "inbox WHERE state = 'quarantined' ORDER BY received_at"),
    ("failed_steps", "CAST(NULL AS BIGINT)", "step WHERE state = 'failed'"),
    ("disabled_webhooks", "disabled_at", "webhook WHERE disabled_at IS NOT NULL"),
    ("callbacks", "next_at", "lead WHERE next_step = 'callback' ORDER BY next_at"),
    ("mails", "next_at", "lead WHERE next_step = 'mail' ORDER BY next_at"),
];

/// Promises whose time is over, by the same two names.
const OVERDUE: [(&str, &str, &str); 2] = [
    ("callbacks_overdue", "next_at", "lead WHERE next_step = 'callback' AND next_at < $1 ORDER BY next_at"),
    ("mails_overdue", "next_at", "lead WHERE next_step = 'mail' AND next_at < $1 ORDER BY next_at"),
];

impl Tx {
    /// As of one moment, run in [`crate::store::Store::read`].
    pub async fn state(&mut self, now: DateTime<Utc>) -> Result<State, StoreError> {
        let found = self.state_counts(now).await?;
        let of = |name: &str| found.get(name).copied().unwrap_or_default();
        let all = |names: [&str; 2]| both(of(names[0]), of(names[1]));
        let due = |lane: &Lane| lane.kinds().iter().map(|kind| of(&due_of(kind))).fold(Found::default(), both);
        let mut state = State {
            leads_open: of("open").count,
            leads_waiting: of("waiting"),
            attention: all(["needs_attention", "failed_steps"]).count + of("disabled_webhooks").count,
            quarantined: of("quarantined").count,
            inbox: of("inbox"),
            steps: Lane::ALL.iter().map(|lane| (lane.as_str(), due(lane))).collect(),
            promises: all(["callbacks", "mails"]).count,
            promises_overdue: all(["callbacks_overdue", "mails_overdue"]),
            calls: of("calls").count,
            ..State::default()
        };
        let ledgers = self.ledgers_read().await?;
        state.turns_out_of_bound = count(ledgers.values().filter(|ledger| !ledger.is_within_bound()));
        let workers = self.workers_seen(now).await?;
        state.workers = count(workers.iter());
        state.workers_on_other_rules = count(workers.iter().filter(|one| one.is_on_other_rules));
        Ok(state)
    }

    async fn state_counts(&mut self, now: DateTime<Utc>) -> Result<BTreeMap<String, Found>, StoreError> {
        let mut arms: Vec<String> =
            COUNTED.iter().chain(&OVERDUE).map(|(name, since, rows)| counted(name, since, rows)).collect();
        arms.push(counted("needs_attention", "next_at", &format!("lead WHERE {NEEDS_ATTENTION} ORDER BY next_at")));
        for kind in Lane::ALL.iter().flat_map(|lane| lane.kinds()) {
            let rows = format!("step WHERE state = 'due' AND kind = '{kind}' AND run_at <= $1 ORDER BY run_at");
            arms.push(counted(&due_of(kind), "run_at", &rows));
        }
        // Open leads are the sum of what each rep's row says: they themselves may be very many.
        let sql = format!(
            "-- state::counts\nSELECT 'open' AS name, CAST(COALESCE(SUM(open_leads), 0) AS BIGINT) AS found, \
             CAST(NULL AS BIGINT) AS oldest FROM rep_state{}",
            arms.concat()
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(micros(now)).fetch_all(self.conn()).await?;
        let rows = rows.iter().map(|row| Reading::new("state", row));
        let read = |row: Reading<'_>| {
            let found = Found { count: row.int("found")?, oldest_at: row.maybe_at("oldest")? };
            Ok((row.text("name")?, found))
        };
        rows.map(read).collect()
    }
}

/// One more part of the statement.
fn counted(name: &str, since: &str, rows: &str) -> String {
    format!(
        " UNION ALL SELECT '{name}', COUNT(*), MIN(since) FROM \
         (SELECT {since} AS since FROM {rows} LIMIT {COUNTED_AT_MOST}) AS {name}"
    )
}

/// What steps of a kind are counted under.
fn due_of(kind: &str) -> String {
    format!("due_{kind}")
}

fn both(one: Found, other: Found) -> Found {
    let oldest_at = one.oldest_at.into_iter().chain(other.oldest_at).min();
    Found { count: one.count + other.count, oldest_at }
}

fn count<T>(all: impl Iterator<Item = T>) -> i64 {
    i64::try_from(all.count()).unwrap_or(i64::MAX)
}
