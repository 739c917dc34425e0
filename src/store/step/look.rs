//! A look at whose a lead is in the CRM, out of turn: somebody seems to have given it away there.

use super::NewStep;
use crate::store::sql::row::micros;
use crate::store::{StoreError, Tx};
use baton_core::domain::id::{HandoffId, LeadId};
use baton_core::handoff::{Transition, look_at_owner};
use baton_core::rules::RuleSet;
use chrono::{DateTime, Utc};

impl Tx {
    /// `false`: one is due already, or the lead is still on its way to somebody.
    pub async fn owner_look_plan(
        &mut self,
        lead: &LeadId,
        rules: &RuleSet,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let before = self.handoff_lock(&HandoffId::of(lead)).await?;
        let sql = "-- step::owner_look\nSELECT effect_key FROM step WHERE lead_id = $1 AND kind = 'read_owner' \
                   AND state || '' IN ('due', 'leased') AND run_at <= $2";
        let due = sqlx::query(sql).bind(lead.as_str()).bind(micros(now)).fetch_optional(self.conn()).await?;
        let Transition { state, effects, ignored, .. } = look_at_owner(&before, rules, now);
        if due.is_some() || ignored {
            return Ok(false);
        }
        for saved in self.handoffs_to_save(&[(&state, before.revision)])? {
            self.run(saved).await?;
        }
        let of = |planned| NewStep {
            handoff_id: state.id.clone(),
            planned,
            planned_at: now,
            leased: None,
            trace_context: None,
        };
        let steps: Vec<NewStep> = effects.into_iter().map(of).collect();
        if let Some(planned) = self.steps_to_insert(&steps.iter().collect::<Vec<_>>())? {
            self.run(planned).await?;
        }
        Ok(true)
    }
}
