//! Forward-only migrations, one text for both engines, applied under a lock and remembered by name and content.
//!
//! Guarantees: what a migration since [`ADDS_SINCE`] makes is in nobody's way. It is remembered in a table of its own: a version
//! that does not know it works on beside the one that does, and can be started again on what that one has left. On PostgreSQL each
//! migration is a transaction of its own that waits for no lock longer than [`WAITS_FOR_LOCK`], and indexes are built beside whoever
//! writes. If the process dies here, whole migrations are done, and of indexes those that are valid; the next one goes on.

use super::transaction::{Access, Store, Tx};
use crate::store::sql::dialect::Engine;
use crate::store::sql::error::{StoreError, worth_another_try};
use crate::store::sql::row::digest_of;
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AssertSqlSafe, Row};
use std::time::Duration;

/// Its name, and its statements.
type Migration = (&'static str, &'static str);

/// What a copy says of itself.
pub(super) const COPIES: &str = include_str!("../../../migrations/0032_copies.sql");

const MIGRATIONS: [Migration; 47] = [
    ("0001_begin", include_str!("../../../migrations/0001_begin.sql")),
    ("0002_contacts_tokens_events", include_str!("../../../migrations/0002_contacts_tokens_events.sql")),
    ("0003_slot_claims", include_str!("../../../migrations/0003_slot_claims.sql")),
    ("0004_releases", include_str!("../../../migrations/0004_releases.sql")),
    ("0005_fairness", include_str!("../../../migrations/0005_fairness.sql")),
    ("0006_waiting", include_str!("../../../migrations/0006_waiting.sql")),
    ("0007_pulse", include_str!("../../../migrations/0007_pulse.sql")),
    ("0008_rights", include_str!("../../../migrations/0008_rights.sql")),
    ("0009_one_call_one_lead", include_str!("../../../migrations/0009_one_call_one_lead.sql")),
    ("0010_callers", include_str!("../../../migrations/0010_callers.sql")),
    ("0011_open_leads", include_str!("../../../migrations/0011_open_leads.sql")),
    ("0012_found_by_lead", include_str!("../../../migrations/0012_found_by_lead.sql")),
    ("0013_outcome_amount", include_str!("../../../migrations/0013_outcome_amount.sql")),
    ("0014_chat", include_str!("../../../migrations/0014_chat.sql")),
    ("0015_due_by_kind", include_str!("../../../migrations/0015_due_by_kind.sql")),
    ("0016_lapsed_by_kind", include_str!("../../../migrations/0016_lapsed_by_kind.sql")),
    ("0017_webhooks", include_str!("../../../migrations/0017_webhooks.sql")),
    ("0018_repeated_acts", include_str!("../../../migrations/0018_repeated_acts.sql")),
    ("0020_live_calls", include_str!("../../../migrations/0020_live_calls.sql")),
    ("0021_webhook_rounds", include_str!("../../../migrations/0021_webhook_rounds.sql")),
    ("0022_claim_and_cause", include_str!("../../../migrations/0022_claim_and_cause.sql")),
    ("0023_listener", include_str!("../../../migrations/0023_listener.sql")),
    ("0024_carrier_legs", include_str!("../../../migrations/0024_carrier_legs.sql")),
    ("0025_missed_rings", include_str!("../../../migrations/0025_missed_rings.sql")),
    ("0026_transfers", include_str!("../../../migrations/0026_transfers.sql")),
    ("0027_texts", include_str!("../../../migrations/0027_texts.sql")),
    ("0028_waits", include_str!("../../../migrations/0028_waits.sql")),
    ("0029_workers", include_str!("../../../migrations/0029_workers.sql")),
    ("0030_trace_context", include_str!("../../../migrations/0030_trace_context.sql")),
    ("0031_drift", include_str!("../../../migrations/0031_drift.sql")),
    ("0032_copies", COPIES),
    ("0033_keep", include_str!("../../../migrations/0033_keep.sql")),
    ("0034_erasures", include_str!("../../../migrations/0034_erasures.sql")),
    ("0035_audit", include_str!("../../../migrations/0035_audit.sql")),
    ("0036_keep_indexes", include_str!("../../../migrations/0036_keep_indexes.sql")),
    ("0037_meeting_indexes", include_str!("../../../migrations/0037_meeting_indexes.sql")),
    ("0038_away_until", include_str!("../../../migrations/0038_away_until.sql")),
    ("0042_vendor_budget", include_str!("../../../migrations/0042_vendor_budget.sql")),
    ("0043_shadow", include_str!("../../../migrations/0043_shadow.sql")),
    ("0044_leavers", include_str!("../../../migrations/0044_leavers.sql")),
    ("0045_mirror", include_str!("../../../migrations/0045_mirror.sql")),
    ("0046_read_back", include_str!("../../../migrations/0046_read_back.sql")),
    ("0046_read_back_indexes", include_str!("../../../migrations/0046_read_back_indexes.sql")),
    ("0047_calendar_channel", include_str!("../../../migrations/0047_calendar_channel.sql")),
    ("0049_console_sessions", include_str!("../../../migrations/0049_console_sessions.sql")),
    ("0050_report_views", include_str!("../../../migrations/0050_report_views.sql")),
    ("0053_rep_indexes", include_str!("../../../migrations/0053_rep_indexes.sql")),
];

/// Migrations whose names end so hold indexes of tables that are there already, and nothing else.
const OF_INDEXES: &str = "_indexes";

/// From this one on a migration only adds: tables, indexes, and columns that may be left out (CONTRIBUTING).
const ADDS_SINCE: &str = "0029";

const KNOWN: [&str; 2] = [
    "-- migrate::known\nCREATE TABLE IF NOT EXISTS schema_migration (name TEXT PRIMARY KEY, digest TEXT NOT NULL)",
    "-- migrate::known_additions\nCREATE TABLE IF NOT EXISTS schema_addition (name TEXT PRIMARY KEY, digest TEXT NOT NULL)",
];
const APPLIED: &str = "-- migrate::applied\nSELECT name, digest FROM schema_migration ORDER BY name";
const ADDED: &str = "-- migrate::added\nSELECT name, digest FROM schema_addition ORDER BY name";
const REMEMBER: &str = "-- migrate::remember\nINSERT INTO schema_migration (name, digest) VALUES ($1, $2)";
const REMEMBER_ADDITION: &str =
    "-- migrate::remember_addition\nINSERT INTO schema_addition (name, digest) VALUES ($1, $2)";

/// Everybody who wants the table queues behind whoever waits for it alone.
const WAITS_FOR_LOCK: &str = "SET LOCAL lock_timeout = '2s'";
/// How often a migration is tried that does not get its locks, and the pause in which the queue behind it goes on: longer than any
/// report of ours takes.
const LOCK_TRIES: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_secs(1);
/// How often whoever waits for another's migrations looks again. It must not wait within a statement: that has a snapshot, which
/// indexes that are built beside the work wait for.
const TURN_EVERY: Duration = Duration::from_millis(200);

/// Of the connection whose turn it is, and which builds indexes: they take the time they take. Once its machine is gone without a
/// word, the server finds out.
const IN_TURN: [&str; 5] = [
    "SET statement_timeout = 0",
    "SET lock_timeout = 0",
    "SET tcp_keepalives_idle = 10",
    "SET tcp_keepalives_interval = 5",
    "SET tcp_keepalives_count = 3",
];

impl Store {
    /// Applies what is missing and returns its names.
    ///
    /// # Errors
    /// A statement failed (nothing of that migration stays, but indexes that are built), an applied migration differs from the one
    /// this version knows, or a newer version has done more to the database than add to it.
    pub async fn migrate(&self) -> Result<Vec<String>, StoreError> {
        let mut turn = match self.engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(self.migrates_alone().await.map_err(|error| error.within("migrate"))?),
        };
        let mut all = Vec::new();
        loop {
            let (applied, to_build) = self.migrate_once_free().await?;
            if applied.is_empty() && to_build.is_none() {
                return Ok(all);
            }
            all.extend(applied);
            if let (Some(migration), Some(connection)) = (to_build, &mut turn) {
                build(connection, migration).await.map_err(|error| error.within("building indexes"))?;
                all.push(migration.0.to_owned());
            }
        }
    }

    /// The connection of the one who migrates: the turn ends with it. (The lock within each transaction is for versions that know
    /// no other.)
    async fn migrates_alone(&self) -> Result<PoolConnection<Any>, StoreError> {
        let mut connection = match self.writer.acquire().await {
            Err(sqlx::Error::PoolTimedOut) => return Err(self.way.why_unreachable().await),
            acquired => acquired?,
        };
        connection.close_on_drop();
        for setting in IN_TURN {
            sqlx::raw_sql(setting).execute(&mut *connection).await?;
        }
        let sql = "-- migrate::turn\nSELECT CASE WHEN pg_try_advisory_lock(7226802) THEN 'mine' ELSE 'another''s' END";
        let mut waits = false;
        while sqlx::query(sql).fetch_one(&mut *connection).await?.try_get::<String, _>(0)? != "mine" {
            if !waits {
                tracing::info!("another worker brings the database to its form: this one waits for it");
            }
            waits = true;
            tokio::time::sleep(TURN_EVERY).await;
        }
        Ok(connection)
    }

    async fn migrate_once_free(&self) -> Result<(Vec<String>, Option<Migration>), StoreError> {
        let mut tries = 1;
        loop {
            match self.in_task("migrate", Access::Migrate, |tx| Box::pin(tx.migrate_next())).await {
                Err(error) if worth_another_try(&error) && tries < LOCK_TRIES => {
                    tracing::warn!(%error, "something under way is in the way of a migration: it is tried again");
                    tokio::time::sleep(LOCK_PAUSE).await;
                    tries += 1;
                }
                result => return result,
            }
        }
    }
}

/// Builds what is missing beside whoever writes. What a build that broke off has left is not used by anybody, and goes first.
async fn build(connection: &mut AnyConnection, (name, sql): Migration) -> Result<(), StoreError> {
    tracing::info!(%name, "indexes are built, beside the work");
    for statement in statements(&Engine::Postgres.migration(sql)) {
        let index = statement.split_whitespace().nth(2).unwrap_or_default().to_owned();
        let broken = "-- migrate::broken\nSELECT CAST(c.relname AS TEXT) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
                      WHERE NOT i.indisvalid AND CAST(c.relname AS TEXT) = $1 AND pg_table_is_visible(c.oid)";
        if sqlx::query(broken).bind(index.clone()).fetch_optional(&mut *connection).await?.is_some() {
            let drop = format!("-- migrate::unbuild\nDROP INDEX CONCURRENTLY IF EXISTS {index}");
            sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut *connection).await?;
        }
        let beside = statement.replacen(" INDEX ", " INDEX CONCURRENTLY IF NOT EXISTS ", 1);
        sqlx::raw_sql(AssertSqlSafe(beside)).execute(&mut *connection).await?;
    }
    sqlx::query(REMEMBER_ADDITION).bind(name).bind(digest_of(sql)).execute(&mut *connection).await?;
    Ok(())
}

impl Tx {
    /// Applies the first migration that is missing, or all of them where nobody else is at work: on SQLite, and where there is
    /// nothing yet. Indexes that are to be built beside the work are returned instead: they are built outside of a transaction.
    async fn migrate_next(&mut self) -> Result<(Vec<String>, Option<Migration>), StoreError> {
        if self.engine == Engine::Postgres {
            // The limits of everyday statements would cut off a long migration, and those who wait for it.
            for limit in ["SET LOCAL lock_timeout = '10min'", "SET LOCAL statement_timeout = '10min'"] {
                sqlx::query(limit).execute(self.conn()).await?;
            }
            // One worker migrates, the others wait; the number has no meaning beyond being ours.
            sqlx::query("-- migrate::lock\nSELECT CAST(pg_advisory_xact_lock(7226801) AS TEXT)")
                .fetch_all(self.conn())
                .await?;
            sqlx::query(WAITS_FOR_LOCK).execute(self.conn()).await?;
        }
        let names = self.known_migrations().await?;
        let alone = self.engine == Engine::Sqlite || names.is_empty();
        let mut applied = Vec::new();
        for migration in MIGRATIONS.iter().filter(|(name, _)| !names.iter().any(|known| known == name)) {
            let (name, sql) = *migration;
            if !alone && name.ends_with(OF_INDEXES) {
                return Ok((applied, Some(*migration)));
            }
            for statement in statements(&self.engine.migration(sql)) {
                sqlx::query(AssertSqlSafe(statement)).execute(self.conn()).await?;
            }
            let remember = if name < ADDS_SINCE { REMEMBER } else { REMEMBER_ADDITION };
            sqlx::query(remember).bind(name).bind(digest_of(sql)).execute(self.conn()).await?;
            applied.push(name.to_owned());
            if !alone {
                break;
            }
        }
        Ok((applied, None))
    }

    /// Names of what was applied, by this version or another.
    async fn known_migrations(&mut self) -> Result<Vec<String>, StoreError> {
        for known in KNOWN {
            sqlx::query(known).execute(self.conn()).await?;
        }
        let mut names = Vec::new();
        for (name, digest) in self.remembered(APPLIED).await? {
            if !is_known(&name, &digest)? {
                let why = format!("it was migrated by a newer version ({name}): run that version");
                return Err(StoreError::Unfit { why });
            }
            names.push(name);
        }
        for (name, digest) in self.remembered(ADDED).await? {
            if !is_known(&name, &digest)? {
                tracing::warn!(%name, "a newer version has added to the database: this one goes on without it");
            }
            names.push(name);
        }
        Ok(names)
    }

    /// Name and content of what was applied.
    async fn remembered(&mut self, sql: &'static str) -> Result<Vec<(String, String)>, StoreError> {
        let rows = sqlx::query(sql).fetch_all(self.conn()).await?;
        let mut all = Vec::with_capacity(rows.len());
        for row in &rows {
            all.push((row.try_get(0)?, row.try_get(1)?));
        }
        Ok(all)
    }
}

/// Whether this version has the migration.
///
/// # Errors
/// It was applied with another content.
fn is_known(name: &str, digest: &str) -> Result<bool, StoreError> {
    match MIGRATIONS.iter().find(|(known, _)| *known == name) {
        None => Ok(false),
        Some((_, sql)) if digest_of(sql) != digest => {
            Err(StoreError::Unfit { why: format!("migration {name} was applied with another content") })
        }
        Some(_) => Ok(true),
    }
}

/// Statements of a script, each of which ends where its line does: a trigger has semicolons within. Comments go first.
fn statements(sql: &str) -> Vec<String> {
    let code: Vec<&str> = sql.lines().map(|line| line.split("--").next().unwrap_or_default().trim_end()).collect();
    let texts = code.join("\n") + "\n";
    texts.split(";\n").map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a version that does not know of it would trip over: it reads and writes as if nothing had changed.
    fn takes_away(statement: &str) -> bool {
        let words = statement.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
        let words: Vec<String> = words.map(str::to_uppercase).collect();
        let begins = |with: &str| words.join(" ").starts_with(with);
        let has = |word: &str| words.iter().any(|one| one == word);
        let asks_for_more = has("UNIQUE") || has("CHECK") || (has("NOT") && !has("DEFAULT"));
        has("DROP")
            || has("RENAME")
            || begins("DELETE")
            || begins("TRUNCATE")
            || begins("CREATE UNIQUE")
            || (begins("ALTER TABLE") && (words[2..].iter().any(|word| word == "ALTER") || asks_for_more))
    }

    #[test]
    fn since_the_mark_migrations_only_add() {
        for engine in [Engine::Sqlite, Engine::Postgres] {
            for (name, sql) in MIGRATIONS.iter().filter(|(name, _)| *name >= ADDS_SINCE) {
                for statement in statements(&engine.migration(sql)) {
                    assert!(!takes_away(&statement), "{name}: an older version does not go on after this: {statement}");
                }
            }
        }
    }

    #[test]
    fn a_migration_of_indexes_holds_nothing_else() {
        for (name, sql) in MIGRATIONS.iter().filter(|(name, _)| name.ends_with(OF_INDEXES)) {
            for statement in statements(sql) {
                let words: Vec<&str> = statement.split_whitespace().collect();
                let is_index = words[..2] == ["CREATE", "INDEX"] && words[3] == "ON";
                assert!(is_index && *name >= ADDS_SINCE, "{name}: {statement}");
            }
        }
    }

    #[test]
    fn what_takes_away_is_seen_and_what_adds_is_not() {
        for statement in [
            "DROP TABLE caller",
            "ALTER TABLE lead DROP COLUMN name",
            "ALTER TABLE lead RENAME COLUMN name TO called",
            "ALTER TABLE step RENAME TO step_of_before",
            "ALTER TABLE step ADD COLUMN owner TEXT NOT NULL",
            "ALTER TABLE lead ALTER COLUMN decided_at TYPE TEXT",
            "ALTER TABLE lead ALTER COLUMN phone SET NOT NULL",
            "alter table lead add constraint one unique (phone)",
            "CREATE UNIQUE INDEX lead_once ON lead (phone)",
            "DELETE FROM step",
        ] {
            assert!(takes_away(statement), "{statement}");
        }
        for statement in [
            "CREATE TABLE worker (id TEXT PRIMARY KEY, seen_at BIGINT NOT NULL)",
            "CREATE INDEX lead_name ON lead (name) WHERE name IS NOT NULL",
            "ALTER TABLE step ADD COLUMN trace TEXT",
            "ALTER TABLE step ADD COLUMN tries BIGINT NOT NULL DEFAULT 0",
            "ALTER TABLE step SET (autovacuum_vacuum_scale_factor = 0.01)",
        ] {
            assert!(!takes_away(statement), "{statement}");
        }
    }
}
