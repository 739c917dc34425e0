//! Forward-only migrations, one text for both engines, applied under a lock and remembered by name and content.

use super::transaction::{Access, Store, Tx};
use crate::store::sql::dialect::Engine;
use crate::store::sql::error::StoreError;
use crate::store::sql::row::digest_of;
use sqlx::{AssertSqlSafe, Row};

const MIGRATIONS: [(&str, &str); 28] = [
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
    ("0034_erasures", include_str!("../../../migrations/0034_erasures.sql")),
];

const KNOWN: &str =
    "-- migrate::known\nCREATE TABLE IF NOT EXISTS schema_migration (name TEXT PRIMARY KEY, digest TEXT NOT NULL)";

impl Store {
    /// Applies what is missing and returns its names.
    ///
    /// # Errors
    /// A statement failed (nothing of that migration stays), an applied migration differs from the one this version
    /// knows, or the database is of a newer version.
    pub async fn migrate(&self) -> Result<Vec<String>, StoreError> {
        self.in_task("migrate", Access::Migrate, |tx| Box::pin(tx.migrate())).await
    }
}

impl Tx {
    async fn migrate(&mut self) -> Result<Vec<String>, StoreError> {
        if self.engine == Engine::Postgres {
            // The limits of everyday statements would cut off a long migration, and those who wait for it.
            for limit in ["SET LOCAL lock_timeout = '10min'", "SET LOCAL statement_timeout = '10min'"] {
                sqlx::query(limit).execute(self.conn()).await?;
            }
            // One worker migrates, the others wait; the number has no meaning beyond being ours.
            sqlx::query("-- migrate::lock\nSELECT CAST(pg_advisory_xact_lock(7226801) AS TEXT)")
                .fetch_all(self.conn())
                .await?;
        }
        sqlx::query(KNOWN).execute(self.conn()).await?;
        let rows = sqlx::query("-- migrate::applied\nSELECT name, digest FROM schema_migration ORDER BY name")
            .fetch_all(self.conn())
            .await?;
        let mut names = Vec::new();
        for row in &rows {
            let (name, digest): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            check_applied(&name, &digest)?;
            names.push(name);
        }
        let mut applied = Vec::new();
        for (name, sql) in MIGRATIONS.iter().filter(|(name, _)| !names.iter().any(|known| known == name)) {
            for statement in statements(&self.engine.migration(sql)) {
                sqlx::query(AssertSqlSafe(statement)).execute(self.conn()).await?;
            }
            sqlx::query("-- migrate::remember\nINSERT INTO schema_migration (name, digest) VALUES ($1, $2)")
                .bind(*name)
                .bind(digest_of(sql))
                .execute(self.conn())
                .await?;
            applied.push((*name).to_owned());
        }
        Ok(applied)
    }
}

fn check_applied(name: &str, digest: &str) -> Result<(), StoreError> {
    let why = match MIGRATIONS.iter().find(|(known, _)| *known == name) {
        None => format!("it was migrated by a newer version ({name}): run that version"),
        Some((_, sql)) if digest_of(sql) != digest => format!("migration {name} was applied with another content"),
        Some(_) => return Ok(()),
    };
    Err(StoreError::Unfit { why })
}

/// Statements of a script. Comments go first: they may hold semicolons; our scripts have none inside a literal.
fn statements(sql: &str) -> Vec<String> {
    let code: Vec<&str> = sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
    code.join("\n").split(';').map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).collect()
}
