//! The floor: broker → one transaction that inserts the rows of decided leads → acknowledgement, and nothing else.
//!
//! The rows are those that Baton stored for a lead of the same kind, byte for byte but for the ids, put into tables with the
//! same indexes and foreign keys by the same bulk statements. No rules, no locks, no ledgers, no steps carried out.

use crate::events::KINDS;
use crate::ground::Ground;
use anyhow::{Context, Result};
use baton::intake::amqp::Topology;
use baton_core::domain::id::LeadId;
use futures_util::StreamExt;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgPool};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};

const PREFETCH: u16 = 256;
const BATCH: usize = 50;
const GATHER: Duration = Duration::from_millis(5);
/// Consumers at once: while one waits for its commit, the other collects.
const TASKS: usize = 2;
const JOURNAL: &str = "ledger_entry";
/// Stands in a sample for the number that an entry of a journal gets.
const PLACE: &str = "@place";

/// Tables of a decided lead, each with the rows of lead `$1` as they were when it was decided.
const TABLES: [(&str, &str); 7] = [
    ("inbox", "t.lead_id = $1"),
    ("lead", "t.id = $1"),
    ("decision", "t.lead_id = $1"),
    ("handoff", "t.lead_id = $1"),
    (JOURNAL, "t.lead_id = $1"),
    ("timeline", "t.lead_id = $1 AND t.kind = 'decided'"),
    (
        "step",
        "t.lead_id = $1 AND CAST(split_part(split_part(t.effect_key, '.', 2), '-', 1) AS INT) <= (SELECT \
         json_array_length(d.body::json -> 'effects') FROM timeline d WHERE d.lead_id = $1 AND d.kind = 'decided')",
    ),
];

/// The rows of one lead of each kind, as JSON arrays without their brackets.
pub struct Bare {
    statements: Vec<String>,
    samples: Vec<Sample>,
}

struct Sample {
    /// The part that all ids of the lead share.
    suffix: String,
    /// The event's own id, which is part of keys as well.
    event: String,
    rows: Vec<String>,
}

impl Bare {
    /// Samples the first leads of a part of the run, which are of every kind, and makes the tables.
    pub async fn prepare(ground: &Ground, part: &str) -> Result<Self> {
        let mut statements = Vec::new();
        for (table, _) in TABLES {
            let make = format!("CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)");
            sqlx::query(AssertSqlSafe(make)).execute(&ground.pool).await?;
            foreign_keys(&ground.pool, table).await?;
            statements.push(statement(&ground.pool, table).await?);
        }
        let mut samples = Vec::new();
        for number in 0..KINDS {
            let event = format!("{part}-{number:06}");
            let lead: String = sqlx::query_scalar("SELECT id FROM lead WHERE event_id = $1")
                .bind(&event)
                .fetch_one(&ground.pool)
                .await
                .context("finding a lead to sample")?;
            let mut rows = Vec::new();
            for (table, of_lead) in TABLES {
                let sql = format!("SELECT row_to_json(t)::text FROM {table} t WHERE {of_lead}");
                let texts: Vec<String> =
                    sqlx::query_scalar(AssertSqlSafe(sql)).bind(&lead).fetch_all(&ground.pool).await?;
                let texts: Vec<_> = texts.iter().map(|text| unquoted(table, text)).collect::<Result<_>>()?;
                rows.push(texts.join(","));
            }
            let suffix = LeadId::new(lead)?.suffix().to_owned();
            samples.push(Sample { suffix, event, rows });
        }
        Ok(Self { statements, samples })
    }

    /// Bytes of the rows of a lead, mean over the kinds.
    pub fn bytes(&self) -> usize {
        let all: usize = self.samples.iter().flat_map(|sample| &sample.rows).map(String::len).sum();
        all / self.samples.len()
    }

    /// Leads a second until this many are committed and acknowledged.
    pub async fn run(self: &Arc<Self>, ground: &Ground, topology: &Topology, count: u64) -> Result<f64> {
        let next = Arc::new(AtomicU64::new(
            sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM bare_lead").fetch_one(&ground.pool).await? as u64,
        ));
        let until = next.load(Relaxed) + count;
        let done = Arc::new(AtomicU64::new(next.load(Relaxed)));
        let began = Instant::now();
        let mut tasks = Vec::new();
        for _ in 0..TASKS {
            let (bare, next, done) = (Arc::clone(self), Arc::clone(&next), Arc::clone(&done));
            let (pool, queue) = (ground.pool.clone(), topology.queue.clone());
            let channel = ground.connection.create_channel().await?;
            tasks.push(tokio::spawn(async move { bare.consume(&channel, queue, &pool, &next, &done, until).await }));
        }
        for task in tasks {
            task.await??;
        }
        Ok(count as f64 / began.elapsed().as_secs_f64())
    }

    async fn consume(
        &self,
        channel: &lapin::Channel,
        queue: String,
        pool: &PgPool,
        next: &AtomicU64,
        done: &AtomicU64,
        until: u64,
    ) -> Result<()> {
        channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
        let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
        let mut consumer = channel.basic_consume(queue.into(), "".into(), options, arguments).await?;
        while done.load(Relaxed) < until {
            let Ok(first) = timeout(GATHER, consumer.next()).await else { continue };
            let mut last = first.context("the consumer ended")??;
            let mut size = 1;
            let gather = Instant::now() + GATHER;
            while size < BATCH
                && let Ok(Some(more)) = timeout_at(gather, consumer.next()).await
            {
                last = more?;
                size += 1;
            }
            let first = next.fetch_add(size as u64, Relaxed);
            self.insert(pool, first..first + size as u64).await?;
            last.acker.ack(BasicAckOptions { multiple: true }).await?;
            done.fetch_add(size as u64, Relaxed);
        }
        channel.close(200, "done".into()).await?;
        Ok(())
    }

    async fn insert(&self, pool: &PgPool, numbers: std::ops::Range<u64>) -> Result<()> {
        let mut tx = pool.begin().await?;
        for (table, statement) in self.statements.iter().enumerate() {
            let rows = numbers.clone().map(|number| {
                let sample = &self.samples[(number % KINDS) as usize];
                let suffix = format!("{number:0width$}", width = sample.suffix.len());
                let event = format!("{number:0width$}", width = sample.event.len());
                let row = sample.rows[table].replace(&sample.suffix, &suffix).replace(&sample.event, &event);
                if TABLES[table].0 == JOURNAL { row.replace(PLACE, &number.to_string()) } else { row }
            });
            // A lead that costs no turn has no row in the journal.
            let rows: Vec<String> = rows.filter(|row| !row.is_empty()).collect();
            if rows.is_empty() {
                continue;
            }
            let rows = format!("[{}]", rows.join(","));
            sqlx::query(AssertSqlSafe(statement.clone())).bind(rows).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

/// A row with its documents as JSON, not as texts that hold JSON: as Baton sends them. Its place in a journal is left open.
fn unquoted(table: &str, row: &str) -> Result<String> {
    let columns: serde_json::Map<String, Value> = serde_json::from_str(row)?;
    let column = |(name, value): (&String, &Value)| match value {
        Value::Number(_) if table == JOURNAL && name == "seq" => format!("\"seq\":{PLACE}"),
        Value::String(text) if text.starts_with(['{', '[']) => format!("\"{name}\":{text}"),
        value => format!("\"{name}\":{value}"),
    };
    Ok(format!("{{{}}}", columns.iter().map(column).collect::<Vec<_>>().join(",")))
}

/// `LIKE … INCLUDING ALL` leaves out the foreign keys.
async fn foreign_keys(pool: &PgPool, table: &str) -> Result<()> {
    let sql =
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = $1::text::regclass AND contype = 'f'";
    let keys: Vec<String> = sqlx::query_scalar(sql).bind(table).fetch_all(pool).await?;
    for key in keys {
        let key = key.replace("REFERENCES ", "REFERENCES bare_");
        sqlx::query(AssertSqlSafe(format!("ALTER TABLE bare_{table} ADD {key}"))).execute(pool).await?;
    }
    Ok(())
}

/// Baton's kind of bulk statement for a table: one parameter, however many rows.
async fn statement(pool: &PgPool, table: &str) -> Result<String> {
    let sql = "SELECT column_name::text, data_type::text FROM information_schema.columns WHERE table_name = $1 \
               ORDER BY ordinal_position";
    let columns: Vec<(String, String)> = sqlx::query_as(sql).bind(table).fetch_all(pool).await?;
    let list = |one: fn(&(String, String)) -> String| columns.iter().map(one).collect::<Vec<_>>().join(", ");
    let names = list(|(name, _)| name.clone());
    let types = list(|(name, kind)| format!("{name} {}", if kind == "bigint" { "bigint" } else { "text" }));
    let values = list(|(name, kind)| match kind.as_str() {
        // As `row_to_json` writes bytes: `\x…`.
        "bytea" => format!("decode(substr(r.{name}, 3), 'hex')"),
        _ => format!("r.{name}"),
    });
    Ok(format!("INSERT INTO bare_{table} ({names}) SELECT {values} FROM json_to_recordset($1::json) AS r({types})"))
}
