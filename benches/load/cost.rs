//! What a lead costs: transactions and statements at the database, and processor time on all sides.

use crate::ground::variable;
use crate::processes::{TICK_MS, ticks_of_tree};
use crate::watch::Watch;
use anyhow::Result;
use serde_json::{Value, json};
use std::fmt;
use std::fs;
use std::path::Path;
use std::process;

/// A session tells of its transactions about once a second, so that what is read is as much behind at the end of a span as at
/// its beginning. PostgreSQL's own, such as those of autovacuum, are among them.
const TRANSACTIONS: &str =
    "/* bench */ SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()";
const EXTENSION: &str = "/* bench */ CREATE EXTENSION IF NOT EXISTS pg_stat_statements";
/// BEGIN and COMMIT are among them.
const STATEMENTS: &str = "/* bench */ SELECT CAST(COALESCE(SUM(calls), 0) AS BIGINT) FROM pg_stat_statements \
    WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND query NOT LIKE '/* bench */%'";
const FOLDER: &str = "/* bench */ SELECT current_setting('data_directory')";

/// Of Baton, PostgreSQL, RabbitMQ; `None` where it cannot be known, such as on another machine.
type OfEach<T> = [Option<T>; 3];

/// Where to read what.
pub struct Meter {
    knows_statements: bool,
    processes: OfEach<u32>,
}

/// What has been spent so far.
pub struct Spent {
    transactions: u64,
    statements: Option<u64>,
    ticks: OfEach<u64>,
}

impl Meter {
    pub async fn open(watch: &mut Watch) -> Self {
        // Both fail where the server was not started with the module.
        let knows_statements = watch.execute(EXTENSION).await.is_ok() && watch.number(STATEMENTS).await.is_ok();
        let folder = watch.text(FOLDER).await.ok();
        let postgres = folder.and_then(|folder| server_of(Path::new(&folder)));
        let broker = variable(&["BATON_BENCH_BROKER_PID"]).and_then(|id| id.parse().ok());
        Self { knows_statements, processes: [Some(process::id()), postgres, broker] }
    }

    pub async fn read(&self, watch: &mut Watch) -> Result<Spent> {
        let all = watch.number(TRANSACTIONS).await?.unsigned_abs();
        let statements =
            if self.knows_statements { Some(watch.number(STATEMENTS).await?.unsigned_abs()) } else { None };
        let ticks = self.processes.map(|id| id.and_then(ticks_of_tree));
        Ok(Spent { transactions: all.saturating_sub(watch.asked()), statements, ticks })
    }
}

/// The process of the server whose files lie here.
fn server_of(folder: &Path) -> Option<u32> {
    let file = fs::read_to_string(folder.join("postmaster.pid")).ok()?;
    file.lines().next()?.trim().parse().ok()
}

impl Spent {
    /// What each of so many leads cost since then.
    pub fn since(&self, before: &Self, leads: u64) -> Cost {
        let each = |now: u64, then: u64| now.saturating_sub(then) as f64 / leads as f64;
        let known = |now: Option<u64>, then: Option<u64>| Some(each(now?, then?));
        let ms = |at: usize| known(self.ticks[at], before.ticks[at]).map(|ticks| ticks * TICK_MS);
        Cost {
            transactions: each(self.transactions, before.transactions),
            statements: known(self.statements, before.statements),
            cpu_ms: [ms(0), ms(1), ms(2)],
        }
    }
}

/// Of one lead, with all of its steps.
pub struct Cost {
    transactions: f64,
    statements: Option<f64>,
    cpu_ms: OfEach<f64>,
}

impl Cost {
    pub fn json(&self) -> Value {
        let [baton, postgres, rabbitmq] = self.cpu_ms;
        json!({
            "transactions_per_lead": self.transactions, "statements_per_lead": self.statements,
            "cpu_ms_per_lead": { "baton": baton, "postgres": postgres, "rabbitmq": rabbitmq },
        })
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: Option<f64>| value.map_or_else(|| "unknown".to_owned(), |value| format!("{value:.2}"));
        let [baton, postgres, rabbitmq] = self.cpu_ms.map(shown);
        writeln!(
            f,
            "  at the database     {:8.2} transactions a lead, statements: {} (BEGIN and COMMIT among them)",
            self.transactions,
            shown(self.statements)
        )?;
        write!(
            f,
            "  processor time, ms a lead: Baton {baton} (with load generator and vendors), PostgreSQL {postgres}, \
             RabbitMQ {rabbitmq}"
        )
    }
}
