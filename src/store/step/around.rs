//! What stands around a step: those of its kind that were planned earlier or later for the same lead, and have not ended.

use super::StepRow;
use crate::store::sql::row::{Reading, texts_json};
use crate::store::{StoreError, Tx};
use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;

/// So many effects after a step are looked at: more than one event ever plans.
const LOOKS_AHEAD: u32 = 32;

/// When they are due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StepsAround {
    /// The last of those that were planned earlier; `None`: all have ended.
    pub earlier: Option<DateTime<Utc>>,
    /// The first of those that were planned later; `None`: there is none, or all have ended.
    pub later: Option<DateTime<Utc>>,
}

impl Tx {
    pub async fn steps_around(&mut self, step: &StepRow) -> Result<StepsAround, StoreError> {
        let kind = step.effect.kind();
        let Some((lead, number)) = counted(&step.effect_key) else { return Ok(StepsAround::default()) };
        let keys = |numbers: std::ops::Range<u32>| numbers.map(move |number| format!("{lead}.{number}-{kind}"));
        let earlier: Vec<String> = keys(1..number).collect();
        let all: Vec<String> = earlier.iter().cloned().chain(keys(number + 1..number + 1 + LOOKS_AHEAD)).collect();
        let sql = format!(
            "-- around::of\nSELECT effect_key, run_at FROM step WHERE effect_key IN {} AND state || '' IN ('due', 'leased')",
            self.engine.texts()
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(texts_json(&all)).fetch_all(self.conn()).await?;
        let mut around = StepsAround::default();
        for row in &rows {
            let row = Reading::new("step", row);
            let (key, run_at) = (row.text("effect_key")?, row.at("run_at")?);
            if earlier.contains(&key) {
                around.earlier = around.earlier.max(Some(run_at));
            } else {
                around.later = Some(around.later.map_or(run_at, |first| first.min(run_at)));
            }
        }
        Ok(around)
    }
}

/// Keys count the effects of a lead in the order in which they were planned.
fn counted(key: &str) -> Option<(&str, u32)> {
    let (lead, rest) = key.rsplit_once('.')?;
    Some((lead, rest.split_once('-')?.0.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_which_effect_of_its_lead_it_is() {
        assert_eq!(counted("0a1b.3-write_crm"), Some(("0a1b", 3)));
        assert_eq!((counted("0a1b.x-write_crm"), counted("ring")), (None, None));
    }
}
