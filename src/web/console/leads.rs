//! Leads, the newest first, page by page, and those that somebody looks for.

use super::form::{Form, query};
use super::view;
use super::visit::Visit;
use crate::store::{LeadSummary, next_step_name};
use crate::web::leads::listed::{Listed, STATUSES, cursor};
use crate::web::{Door, Problem};
use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use baton_core::domain::id::LeadId;
use baton_core::rules::RuleSet;
use serde_json::{Value, json};

pub(super) async fn page(
    State(door): State<Door>,
    Extension(visit): Extension<Visit>,
    uri: Uri,
) -> Result<Response, Problem> {
    let asked = Form::of_query(&uri);
    let typed = asked.text("q");
    if typed.trim().starts_with("lead_")
        && let Ok(lead) = LeadId::new(typed.trim())
    {
        return Ok(view::see(&format!("/console/leads/{lead}")));
    }
    let status = asked.filled("status");
    let (sought, limit) = Listed::sought(typed, status.clone(), asked.filled("cursor")).check()?;
    let mut leads = door.store.leads_find(&sought, limit + 1).await.map_err(|error| Problem::ours(&error))?;
    let has_more = leads.len() > limit;
    leads.truncate(limit);
    let next = leads.last().filter(|_| has_more).map(|last| {
        let (typed, status) = (query("q", typed), query("status", status.as_deref().unwrap_or_default()));
        format!("/console/leads?{typed}&{status}&{}", query("cursor", &cursor(last.decided_at, &last.lead)))
    });
    let rules = door.rules();
    let lines: Vec<Value> = leads.iter().map(|lead| line(lead, &rules)).collect();
    let statuses = STATUSES.map(|one| json!({ "name": one, "here": status.as_deref() == Some(one) }));
    let data = json!({ "typed": typed, "statuses": statuses, "leads": lines, "next": next });
    Ok(visit.page("leads", visit.language.word("leads"), data))
}

fn line(lead: &LeadSummary, rules: &RuleSet) -> Value {
    let owner = rules.reps.get(&lead.owner).map_or(lead.owner.as_str(), |rep| rep.name.as_str());
    json!({
        "lead": lead.lead, "who": lead.name, "is_erased": lead.erased_at.is_some(), "owner": owner,
        "status": lead.status.replace('_', " "), "step": next_step_name(lead.next_step.what).replace('_', " "),
        "step_at": lead.next_step.at.format("%F %H:%M UTC").to_string(),
        "decided_at": lead.decided_at.format("%F %H:%M UTC").to_string(), "reason": lead.reason,
    })
}
