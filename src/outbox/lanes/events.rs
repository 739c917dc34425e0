//! Our own events.

use crate::connectors::VendorError;
use crate::outbox::parts::OutboxParts;
use crate::outbox::work::{At, Done, Fallback, Work};
use crate::store::StepRow;
use baton_core::domain::effect::{Class, Topic};
use serde_json::json;

#[async_trait::async_trait]
impl Work for Topic {
    fn class(&self, _parts: &OutboxParts) -> Class {
        Class::Repeatable
    }

    /// Ids and times only: whoever listens asks for the rest with a token.
    async fn perform(&self, at: &At<'_>) -> Result<Done, VendorError> {
        let (step, matter) = (at.step, at.matter);
        let broker = at.parts.vendors.events.as_ref();
        if broker.is_none() && !at.webhooks.want(*self) {
            return Ok(Done::nothing("no broker is configured, and no webhook asks for it"));
        }
        let event = json!({
            "specversion": "1.0",
            "id": step.effect_key,
            "source": "baton",
            "type": self.as_str(),
            "time": step.planned_at,
            "data": {
                "lead": matter.lead.id,
                "decision": matter.decision.id,
                "handoff": matter.handoff.id,
                "owner": matter.handoff.owner,
                "pool": matter.decision.plan.pool,
                "next_step": matter.handoff.next_step(),
            },
        });
        // Kept first: a broker that is away holds up no webhook.
        at.webhooks.keep(at.parts, *self, &step.effect_key, &event).await?;
        if let Some(events) = broker {
            events.publish(self.as_str(), &step.effect_key, &event).await?;
        }
        Ok(Done::default())
    }

    async fn look(&self, _parts: &OutboxParts, _step: &StepRow) -> Result<Option<Done>, VendorError> {
        Ok(None)
    }

    fn fallback(&self, _why: &str) -> Fallback {
        Fallback::default()
    }
}
