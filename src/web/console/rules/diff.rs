//! The release that decides against an earlier one: what changed in the files, and where the leads that really came would have gone.

use super::bench::Bench;
use super::live::change as file_change;
use super::told::at;
use crate::rehearse::compared::{change, in_words, moved, tables, unused, verdict};
use crate::rehearse::stored::StoredLeads;
use crate::release::Lost;
use crate::release::past::between;
use crate::store::{Store, StoreError, StoredRelease};
use crate::web::console::form::Form;
use crate::web::console::visit::Visit;
use crate::web::{Door, Problem};
use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use baton_core::domain::id::ReleaseId;
use baton_core::rehearsal::compare::{Comparer, Comparison, Move};
use baton_core::rules::RuleSet;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::ops::RangeInclusive;
use std::sync::Arc;
use tokio::runtime::Handle;

const DAYS: RangeInclusive<i64> = 1..=90;
const USUAL_DAYS: i64 = 7;
/// Leads of one comparison, from the first of the span on; and of one batch.
const MOST: usize = 5000;
const BATCH: usize = 256;
/// For how long a lead counts against caps of open leads, as in `baton diff`.
const OPEN_FOR: TimeDelta = TimeDelta::days(5);
/// Ways in which leads moved.
const MOVES: usize = 40;

pub(in crate::web::console) async fn page(
    State(door): State<Door>,
    Extension(visit): Extension<Visit>,
    Extension(bench): Extension<Arc<Bench>>,
    uri: Uri,
) -> Result<Response, Problem> {
    let asked = Form::of_query(&uri);
    let days = match asked.filled("days") {
        None => USUAL_DAYS,
        Some(days) => days.parse().ok().filter(|days| DAYS.contains(days)).ok_or_else(|| {
            Problem::bad_request(format!("days is {days:?}; allowed: a number from {} to {}", DAYS.start(), DAYS.end()))
        })?,
    };
    let live = door.rules();
    let all = door.store.releases().await.map_err(|error| Problem::ours(&error))?;
    let old = asked.filled("release").map(|named| door.release_named(&named)).transpose()?;
    let choices = all.iter().filter(|one| one.id != live.release).map(|one| choice(one, old.as_ref()));
    let choices: Vec<Value> = choices.collect();
    let done = match &old {
        Some(old) => Some(door.changed(&bench, old, live.clone(), days).await?),
        None => None,
    };
    let data = json!({ "live": live.release.short(), "choices": choices, "days": days, "done": done });
    Ok(visit.page("rules/diff", visit.language.word("rules_diff"), data))
}

fn choice(release: &StoredRelease, asked: Option<&ReleaseId>) -> Value {
    json!({
        "id": release.id, "short": release.id.short(), "at": at(release.first_live_at),
        "here": asked == Some(&release.id),
    })
}

impl Door {
    async fn changed(&self, bench: &Bench, old: &ReleaseId, new: Arc<RuleSet>, days: i64) -> Result<Value, Problem> {
        let files = between(&self.files_of(old).await?, &self.files_of(&new.release).await?);
        let before = self.library.rules(old).await.map_err(|lost| match lost {
            Lost::Unknown(_) => Problem::not_found(lost.to_string()),
            Lost::Refused { .. } => Problem::conflict(lost.to_string()),
            Lost::Store(error) => Problem::ours(&error),
        })?;
        let (store, since) = (self.store.clone(), self.clock.now() - TimeDelta::days(days));
        let (runtime, short) = (Handle::current(), old.short().to_owned());
        let comparing = bench.work(move || runtime.block_on(compared(&before, &new, store, since)));
        let compared = comparing.await?.map_err(|error| Problem::ours(&error))?;
        Ok(json!({
            "old": short,
            "since": at(since),
            "files": files.iter().map(file_change).collect::<Vec<_>>(),
            "leads": compared.as_ref().map(leads),
        }))
    }
}

/// `None`: no lead came.
async fn compared(
    old: &RuleSet,
    new: &RuleSet,
    store: Store,
    since: DateTime<Utc>,
) -> Result<Option<Comparison>, StoreError> {
    let (mut leads, mut left) = (StoredLeads::since(store, since), MOST);
    let mut comparer: Option<Comparer<'_>> = None;
    while left > 0 {
        let batch = leads.next(BATCH.min(left)).await?;
        let Some(first) = batch.first() else { break };
        comparer.get_or_insert_with(|| Comparer::new(old, new, first, OPEN_FOR)).add(&batch);
        left -= batch.len();
    }
    Ok(comparer.map(Comparer::finish))
}

fn leads(done: &Comparison) -> Value {
    let moves = moved(done);
    let counts = tables(done).into_iter().map(|(what, rows)| {
        let rows = rows.into_iter().map(
            |(name, count)| json!({ "name": name, "old": count.old, "later": count.new, "change": change(count) }),
        );
        json!({ "what": what, "rows": rows.collect::<Vec<_>>() })
    });
    json!({
        "verdict": verdict(done),
        "count": done.leads,
        "is_cut": done.leads as usize == MOST,
        "moves": moves.iter().take(MOVES).map(|one| way(one)).collect::<Vec<_>>(),
        "more": moves.len().saturating_sub(MOVES),
        "counts": counts.collect::<Vec<_>>(),
        "never": unused(done),
    })
}

fn way(one: &Move) -> Value {
    let examples = one.examples.iter().map(|example| {
        json!({ "lead": example.lead, "event": example.event, "old": in_words(&example.old), "later": in_words(&example.new) })
    });
    json!({
        "cause": one.cause.in_words(), "from": one.from, "to": one.to, "leads": one.leads,
        "examples": examples.collect::<Vec<_>>(),
    })
}
