//! A stored decision with the words on it, for whoever reads them and for the page that lays them out.

use crate::release::Lost;
use crate::render::explain::{explain_whole, of_erased};
use crate::store::LeadRecord;
use crate::web::{Door, Problem};
use baton_core::domain::id::{HandoffId, LeadId};
use baton_core::routing::Decision;

pub(in crate::web) struct Explained {
    pub decision: Decision,
    /// As `baton explain` says it.
    pub told: String,
}

impl Door {
    /// `None`: the lead has no decision, or it is no longer kept.
    pub(in crate::web) async fn explained(
        &self,
        lead: &LeadId,
        record: &LeadRecord,
    ) -> Result<Option<Explained>, Problem> {
        let lead = lead.clone();
        let found = self.store.read("decision.get", move |tx| {
            let lead = lead.clone();
            Box::pin(async move {
                let decided = (tx.decision(&lead).await?, tx.snapshot(&lead).await?);
                Ok((decided, tx.decided_again(&lead).await?, tx.handoff_if_any(&HandoffId::of(&lead)).await?))
            })
        });
        let ((decision, snapshot), again, handoff) = found.await.map_err(|error| Problem::ours(&error))?;
        let (Some(decision), Some(snapshot)) = (decision, snapshot) else { return Ok(None) };
        let rules = match self.library.rules(&decision.release).await {
            Ok(rules) => rules,
            // Told with today's names, then: the decision itself says nearly everything.
            Err(Lost::Unknown(_) | Lost::Refused { .. }) => self.rules(),
            Err(error @ Lost::Store(_)) => return Err(Problem::ours(&error)),
        };
        let told = explain_whole(&decision, &record.lead, &snapshot, &again, handoff.as_ref(), &rules);
        let told = match record.erased_at {
            Some(at) => of_erased(at, &told),
            None => told,
        };
        Ok(Some(Explained { decision, told }))
    }
}
