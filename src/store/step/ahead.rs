//! What goes before a step: those of its kind that were planned earlier for the same lead.

use super::StepRow;
use crate::store::sql::row::{Reading, texts_json};
use crate::store::{StoreError, Tx};
use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;

impl Tx {
    /// When the last of them is due that have not ended; `None`: all have.
    pub async fn step_ahead(&mut self, step: &StepRow) -> Result<Option<DateTime<Utc>>, StoreError> {
        let keys = earlier(&step.effect_key, step.effect.kind());
        if keys.is_empty() {
            return Ok(None);
        }
        let sql = format!(
            "-- ahead::of\nSELECT effect_key, run_at FROM step WHERE effect_key IN {} AND state || '' IN ('due', 'leased')",
            self.engine.texts()
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(texts_json(&keys)).fetch_all(self.conn()).await?;
        let mut last: Option<DateTime<Utc>> = None;
        for row in &rows {
            last = last.max(Some(Reading::new("step", row).at("run_at")?));
        }
        Ok(last)
    }
}

/// Keys count the effects of a lead in the order in which they were planned.
fn earlier(key: &str, kind: &str) -> Vec<String> {
    let counted =
        key.rsplit_once('.').and_then(|(lead, rest)| Some((lead, rest.split_once('-')?.0.parse::<u32>().ok()?)));
    let Some((lead, number)) = counted else { return Vec::new() };
    (1..number).map(|number| format!("{lead}.{number}-{kind}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_which_came_before_it() {
        assert_eq!(earlier("0a1b.3-write_crm", "write_crm"), ["0a1b.1-write_crm", "0a1b.2-write_crm"]);
        assert!(earlier("0a1b.1-write_crm", "write_crm").is_empty() && earlier("ring", "ring").is_empty());
    }
}
