//! Steps of one kind that were planned for the same lead: which of them came before, and which after.

use super::StepRow;
use crate::store::sql::row::{Reading, texts_json};
use crate::store::{StoreError, Tx};
use baton_core::domain::effect::Effect;
use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

/// Another step of the same kind and lead.
#[derive(Debug, Clone, PartialEq)]
pub struct Sibling {
    /// It was planned after.
    pub is_later: bool,
    pub effect: Effect,
    /// When what it follows from happened.
    pub planned_at: DateTime<Utc>,
    pub run_at: DateTime<Utc>,
    pub deadline_at: DateTime<Utc>,
    pub state: SiblingState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SiblingState {
    /// It is to be done, and nobody is at it.
    Due,
    /// Somebody holds it, and may be at it.
    InHand,
    Done,
    /// It ended, and was not done.
    Over,
}

impl Tx {
    /// In no order.
    pub async fn step_siblings(&mut self, step: &StepRow, now: DateTime<Utc>) -> Result<Vec<Sibling>, StoreError> {
        let planned = self.handoff(&step.handoff_id).await?.effects_planned;
        let Some((number, keys)) = others(&step.effect_key, step.effect.kind(), planned) else { return Ok(Vec::new()) };
        let sql = format!(
            "-- ahead::siblings\nSELECT effect_key, payload, planned_at, run_at, deadline_at, state, lease_until FROM step \
             WHERE effect_key IN {}",
            self.engine.texts()
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(texts_json(&keys)).fetch_all(self.conn()).await?;
        rows.iter().map(|row| read(row, number, now)).collect()
    }
}

fn read(row: &AnyRow, number: u32, now: DateTime<Utc>) -> Result<Sibling, StoreError> {
    let row = Reading::new("step", row);
    let (run_at, lease_until) = (row.at("run_at")?, row.maybe_at("lease_until")?);
    let state = match row.text("state")?.as_str() {
        "leased" if lease_until.is_some_and(|until| now < until) => SiblingState::InHand,
        "due" | "leased" => SiblingState::Due,
        "done" => SiblingState::Done,
        _ => SiblingState::Over,
    };
    Ok(Sibling {
        is_later: number_in(&row.text("effect_key")?).is_some_and(|(_, other)| number < other),
        effect: row.json("payload")?,
        planned_at: row.maybe_at("planned_at")?.unwrap_or(run_at),
        run_at,
        deadline_at: row.at("deadline_at")?,
        state,
    })
}

/// Keys count the effects of a lead in the order in which they were planned.
fn number_in(key: &str) -> Option<(&str, u32)> {
    let (lead, rest) = key.rsplit_once('.')?;
    Some((lead, rest.split_once('-')?.0.parse().ok()?))
}

/// Which one it is of so many, and the keys that the others have where they are of its kind.
fn others(key: &str, kind: &str, planned: u32) -> Option<(u32, Vec<String>)> {
    let (lead, number) = number_in(key)?;
    let keys = (1..=planned).filter(|other| *other != number).map(|other| format!("{lead}.{other}-{kind}"));
    Some((number, keys.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_which_came_before_it_and_which_after() {
        let keys = ["0a1b.1-write_crm", "0a1b.3-write_crm"].map(str::to_owned);
        assert_eq!(others("0a1b.2-write_crm", "write_crm", 3), Some((2, keys.to_vec())));
        assert_eq!(others("0a1b.1-write_crm", "write_crm", 1), Some((1, Vec::new())));
        assert_eq!(others("ring", "ring", 3), None);
    }
}
