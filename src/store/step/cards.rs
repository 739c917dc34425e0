//! The cards of a lead in the chat, by the steps that posted them: the key of a card is all that its buttons carry.

use crate::store::sql::row::{Reading, texts_json};
use crate::store::{Mover, NewStep, StepRow, StoreError, Tx, new_steps};
use baton_core::domain::effect::{BriefWhy, Effect, Planned};
use baton_core::domain::id::{HandoffId, LeadId, RepId};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

/// A card that still shows what was so before helps nobody an hour later.
const REWRITTEN_WITHIN: TimeDelta = TimeDelta::hours(1);

/// A card and what it was posted for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedCard {
    pub key: String,
    pub lead_id: LeadId,
    /// To whom.
    pub rep: RepId,
    pub why: BriefWhy,
    /// When that happened of which it tells.
    pub planned_at: DateTime<Utc>,
}

impl Tx {
    /// `None`: there is no card of this key, or not any more.
    pub async fn offered_card(&mut self, key: &str) -> Result<Option<OfferedCard>, StoreError> {
        let sql = "-- cards::one\nSELECT effect_key, lead_id, payload, planned_at, run_at FROM step \
                   WHERE effect_key = $1 AND kind = 'brief_chat'";
        let row = sqlx::query(sql).bind(key).fetch_optional(self.conn()).await?;
        row.map_or(Ok(None), |row| read(&row))
    }

    /// Has every card of the lead that was posted, or is being posted, show how it stands now. Its effects go on being counted where
    /// the handoff's own do: each step of a lead has one of the names that erasing goes through.
    pub async fn cards_rewrite(&mut self, id: &HandoffId, mover: &Mover) -> Result<Vec<StepRow>, StoreError> {
        let mut handoff = self.handoff_lock(id).await?;
        let suffix = id.suffix();
        let keys: Vec<String> = (1..=handoff.effects_planned).map(|n| format!("{suffix}.{n}-brief_chat")).collect();
        let sql = format!(
            "-- cards::posted\nSELECT effect_key, lead_id, payload, planned_at, run_at FROM step \
             WHERE effect_key IN {} AND (vendor_ref IS NOT NULL OR state = 'leased') ORDER BY effect_key",
            self.engine.texts()
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(texts_json(&keys)).fetch_all(self.conn()).await?;
        let mut planned = Vec::new();
        for row in &rows {
            let Some(card) = read(row)? else { continue };
            let effect = Effect::UpdateCard { card: card.key, rep: card.rep };
            handoff.effects_planned += 1;
            let key = format!("{suffix}.{}-{}", handoff.effects_planned, effect.kind());
            planned.push(Planned { key, effect, run_at: mover.now, deadline_at: mover.now + REWRITTEN_WITHIN });
        }
        if planned.is_empty() {
            return Ok(Vec::new());
        }
        let steps = new_steps(planned, &handoff, mover);
        let mut all = self.handoffs_to_save(&[(&handoff, handoff.revision)])?;
        all.extend(self.steps_to_insert(&steps.iter().collect::<Vec<_>>())?);
        self.run_all("cards::rewrite", all).await?;
        Ok(steps.iter().filter_map(NewStep::in_hand).collect())
    }
}

/// `None`: it is no card's. What was posted for somebody is told by what was to be done, whatever became of it.
fn read(row: &AnyRow) -> Result<Option<OfferedCard>, StoreError> {
    let row = Reading::new("step", row);
    let effect: Effect = row.json("payload")?;
    let Effect::Brief { rep, why, .. } = effect else { return Ok(None) };
    let planned_at = row.maybe_at("planned_at")?.map_or_else(|| row.at("run_at"), Ok)?;
    Ok(Some(OfferedCard { key: row.text("effect_key")?, lead_id: row.id("lead_id")?, rep, why, planned_at }))
}
