//! One lead, decided: whom it goes to, how its handoff begins, and what is answered.

use super::answer::{Answer, Decided, Instructed};
use super::table::StandingTable;
use crate::facts::LeadFacts;
use crate::release::Release;
use crate::render::briefing::completeness_permille;
use crate::store::{DecidedLead, InboxRow, Mover, StoreError, TimelineEntry, Tx, new_steps};
use crate::telemetry::traces::trace_of;
use baton_core::domain::lead::Lead;
use baton_core::handoff::{Event, Handoff, Transition};
use baton_core::routing::decide;
use baton_core::routing::reason::NotKnown;
use serde_json::json;

/// Afterwards the table holds what the lead takes. `row` is the message that brought it.
pub(super) async fn decide_lead(
    tx: &mut Tx,
    table: &mut StandingTable,
    row: &InboxRow,
    lead: &Lead,
    facts: &LeadFacts,
    release: &Release,
    mover: &Mover,
) -> Result<(DecidedLead, Answer), StoreError> {
    let rules = &release.rules;
    let snapshot = table.snapshot(facts, rules, mover.now);
    let decision = decide(lead, &snapshot, rules);
    table.book(lead, &decision, rules, mover.now);
    let usual_wait = table.waits.usual(&decision.plan.pool);
    let begun = Handoff::begin(lead, &decision, rules).seeing(&snapshot, rules).expecting(usual_wait);
    let mut begun = begun.in_shadow(table.shadow);
    begun.trace_context.clone_from(&row.trace_context);
    let started = tx.handoff_advance(&mut begun, &Event::Start, rules, &mut table.promised, mover.now).await?;
    let Transition { state, effects, .. } = started;
    table.reserve(&state);
    let instruction = if state.live || state.in_chat {
        let effects = effects.iter().map(|planned| (&planned.key, &planned.effect));
        Instructed::first_of(effects, lead, &state, release, mover.now)
    } else {
        None
    };
    let decided = Box::new(Decided::of(&row.key, lead, &decision, &state, rules, instruction));
    let answer = Answer::of_lead(decided, state.shadow);
    let told = TimelineEntry {
        lead_id: lead.id.clone(),
        at: mover.now,
        kind: "decided".to_owned(),
        body: json!({
            "owner": decision.plan.owner,
            "reason": decision.plan.reason.in_words(),
            "stage": state.stage,
            "degraded": decision.degraded.iter().map(NotKnown::in_words).collect::<Vec<_>>(),
            "effects": effects.iter().map(|planned| planned.effect.kind()).collect::<Vec<_>>(),
        }),
    };
    let completeness_permille = completeness_permille(lead, &decision.plan.tier, rules);
    let steps = new_steps(effects, &state, mover);
    let timeline = vec![told];
    let decided =
        DecidedLead { lead: lead.clone(), decision, snapshot, handoff: state, steps, timeline, completeness_permille };
    let trace_id = trace_of(row.trace_context.as_ref(), &decided.lead.id).map(|context| context.trace_id());
    tracing::info!(
        trace_id, lead.id = %decided.lead.id, decision.id = %decided.decision.id, rep.id = %decided.decision.plan.owner,
        pool.id = %decided.decision.plan.pool, degraded = decided.decision.degraded.len(), "decided"
    );
    Ok((decided, answer))
}
