//! *What if*: who would get a lead, and why not each of the others, under the rules that decide and under others that are sent.

mod asked;
mod upload;

use super::bench::Bench;
use super::told::{at, examined};
use crate::rehearse::said::{of_event, of_fields};
use crate::rehearse::stored::inputs;
use crate::rehearse::supposed::Supposed;
use crate::render::explain::parts::parts;
use crate::web::console::form::{self, Form};
use crate::web::console::visit::Visit;
use crate::web::{Door, Problem};
use asked::{Asked, Which, World, form_fields};
use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use baton_core::domain::lead::Lead;
use baton_core::rehearsal::world::{at_rest, owned_by};
use baton_core::routing::{Decision, Snapshot, versions};
use baton_core::rules::{self, FieldDef, RuleSet, SourceFile};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use upload::Upload;

pub(in crate::web::console) async fn page(
    State(door): State<Door>,
    Extension(visit): Extension<Visit>,
    uri: Uri,
) -> Result<Response, Problem> {
    let files = door.files_of(&door.rules().release.clone()).await?;
    Ok(shown(&door, &visit, &Form::of_query(&uri), &rules::fields(&files), Value::Null, None))
}

pub(in crate::web::console) async fn ask(
    State(door): State<Door>,
    Extension(visit): Extension<Visit>,
    Extension(bench): Extension<Arc<Bench>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let form = Form::sent(&headers, &body);
    let files = door.files_of(&door.rules().release.clone()).await?;
    let fields = rules::fields(&files);
    let asked = async {
        let sent = form::files(&headers, &body).and_then(|parts| Upload::read(&parts)).map_err(Problem::bad_request)?;
        let asked = Asked::read(&form, &fields)?;
        door.tried(&bench, asked, sent, files).await
    };
    // Whatever it is, what was typed stays.
    let (result, refused) = match asked.await {
        Ok(result) => (result, None),
        Err(problem) => (Value::Null, Some(problem)),
    };
    let mut response = shown(&door, &visit, &form, &fields, result, refused.as_ref());
    if let Some(problem) = &refused {
        *response.status_mut() = problem.status();
    }
    Ok(response)
}

fn shown(
    door: &Door,
    visit: &Visit,
    form: &Form,
    fields: &BTreeMap<String, FieldDef>,
    result: Value,
    refused: Option<&Problem>,
) -> Response {
    let rules = door.rules();
    let (first, more) = form_fields(form, fields);
    let world = form.text("world");
    let reps = rules.reps.values().filter(|rep| rep.crm_id.is_some());
    let reps = reps.map(|rep| json!({ "id": rep.id, "name": rep.name, "here": form.text("owner") == rep.id.as_str() }));
    let data = json!({
        "release": rules.release.short(),
        "refused": refused.map(Problem::detail),
        "result": result,
        "lead": form.text("lead"),
        "event": form.text("event"),
        "first": first,
        "more": more,
        "more_open": more.iter().any(|field| field["typed"] != ""),
        "at": form.text("at"),
        "world_rest": world == World::Rest.name(),
        "world_now": world == World::Now.name(),
        "world_then": world == World::Then.name(),
        "reps": reps.collect::<Vec<_>>(),
        "keep": !form.text("keep").is_empty(),
    });
    visit.page("rules/what_if", visit.language.word("what_if"), data)
}

/// A lead that is to be decided, and what is known of it.
struct Subject {
    lead: Lead,
    stored: Option<(Snapshot, Decision)>,
}

impl Door {
    /// For the page: what the rules that decide make of it, and what those make of it that were sent.
    async fn tried(&self, bench: &Bench, asked: Asked, sent: Upload, live: Vec<SourceFile>) -> Result<Value, Problem> {
        let now = self.clock.now();
        let subject = self.subject(&asked.which, asked.at.unwrap_or(now)).await?;
        let then = subject.stored.as_ref().filter(|_| asked.world == World::Then).map(|(known, _)| known.now);
        let moment = asked.at.or(then).unwrap_or(now);
        let rules = self.rules();
        let by_live = self.supposed(Arc::clone(&rules), &subject, &asked, moment).await?;
        let was = subject.stored.as_ref().map(|(_, decision)| {
            json!({ "owner": name_of(decision, &rules), "because": decision.plan.reason.in_words(), "at": at(decision.decided_at) })
        });
        let mut told = json!({
            "at": at(moment),
            "world_rest": asked.world == World::Rest,
            "world_now": asked.world == World::Now,
            "world_then": asked.world == World::Then,
            "owner": asked.owner.as_ref().map(|owner| rules.reps.get(owner).map_or(owner.as_str(), |rep| rep.name.as_str())),
            "is_stored": subject.stored.is_some(),
            "was": was,
            "live": outcome(&by_live, &rules),
            "sent": null,
            "other": null,
        });
        if sent.files.is_empty() {
            return Ok(told);
        }
        let (count, passed_over) = (sent.files.len(), sent.passed_over);
        let files = if asked.keeps_rest { sent.over(live) } else { sent }.files;
        let today = now.date_naive();
        let tried = bench.work(move || examined(files, today, None)).await?;
        let release = tried.workspace.as_ref().map(|workspace| workspace.checked.rules.release.short().to_owned());
        told["sent"] =
            json!({ "count": count, "passed_over": passed_over, "faults": tried.faults, "release": release });
        if let Some(workspace) = tried.workspace {
            let rules = Arc::new(workspace.checked.rules);
            let by_sent = self.supposed(Arc::clone(&rules), &subject, &asked, moment).await?;
            told["other"] = outcome(&by_sent, &rules);
        }
        Ok(told)
    }

    async fn subject(&self, which: &Which, moment: DateTime<Utc>) -> Result<Subject, Problem> {
        let no_lead = |faults: Vec<String>| Problem::bad_request(format!("this makes no lead: {}", faults.join("; ")));
        let id = match which {
            Which::Stored(id) => id,
            Which::Event(event) => {
                return Ok(Subject { lead: of_event(event.as_bytes(), moment).map_err(no_lead)?, stored: None });
            }
            Which::Fields(said) => {
                return Ok(Subject { lead: of_fields(said, "console", moment).map_err(no_lead)?, stored: None });
            }
        };
        let found = self.store.decision_stored(id).await.map_err(|error| Problem::ours(&error))?;
        let stored = found.ok_or_else(|| {
            Problem::not_found(format!(
                "there is no decision of {id:?}; allowed: the id of a lead (lead_…) or of a decision (dec_…)"
            ))
        })?;
        if let Some(erased) = stored.erased_at {
            let detail = format!("the person was erased at {}: what was known of them is gone", at(erased));
            return Err(Problem::conflict(detail));
        }
        let (lead, snapshot) =
            inputs(&stored).map_err(|why| Problem::conflict(format!("it cannot be decided again: {why}")))?;
        let decision = versions::read(&stored.body)
            .map_err(|error| Problem::conflict(format!("the stored decision is unreadable: {error}")))?;
        Ok(Subject { lead, stored: Some((snapshot, decision)) })
    }

    async fn supposed(
        &self,
        rules: Arc<RuleSet>,
        subject: &Subject,
        asked: &Asked,
        moment: DateTime<Utc>,
    ) -> Result<Supposed, Problem> {
        let lead = subject.lead.clone();
        let rest = at_rest(&rules, moment);
        let known = subject.stored.as_ref().map(|(snapshot, _)| snapshot);
        let mut world = match (asked.world, known) {
            (World::Rest, _) => rest,
            (World::Now, _) => {
                let standing = self.decider.standing(&rules, moment).await.map_err(|error| Problem::ours(&error))?;
                Snapshot { account: rest.account, assigned: None, ..standing }
            }
            (World::Then, Some(known)) => {
                let mut reps = rest.reps;
                reps.extend(known.reps.clone());
                Snapshot { now: moment, reps, ..known.clone() }
            }
            (World::Then, None) => rest,
        };
        if let Some(known) = known {
            (world.account, world.assigned) = (known.account.clone(), known.assigned.clone());
        }
        if let Some(owner) = &asked.owner {
            world.assigned = None;
            world = owned_by(world, owner, &rules).ok_or_else(|| {
                let detail =
                    format!("{owner} cannot own an account: under these rules there is no such rep with a crm_id");
                Problem::bad_request(detail)
            })?;
        }
        // One that was decided is decided as it was; any other as if it had just come.
        Ok(match asked.world {
            World::Then => Supposed::in_world(rules, lead, &world),
            World::Rest | World::Now => Supposed::just_sent(rules, lead, &world),
        })
    }
}

fn name_of<'r>(decision: &'r Decision, rules: &'r RuleSet) -> &'r str {
    let owner = &decision.plan.owner;
    rules.reps.get(owner).map_or(owner.as_str(), |rep| rep.name.as_str())
}

fn outcome(supposed: &Supposed, rules: &RuleSet) -> Value {
    let decision = &supposed.decision;
    json!({
        "owner": name_of(decision, rules),
        "because": decision.plan.reason.in_words(),
        "is_late": supposed.late.is_some(),
        "parts": parts(&supposed.in_words()),
    })
}
