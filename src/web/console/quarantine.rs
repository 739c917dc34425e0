//! *Quarantine*: messages that were put aside, the oldest first, and what is done about each; the acts are those of `attention`.

use super::role::Role;
use super::visit::Visit;
use crate::store::Aside;
use crate::web::{Door, Problem};
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// Lines of the list: what is done with leaves room for others.
const SHOWN: usize = 100;

pub(super) async fn page(State(door): State<Door>, Extension(visit): Extension<Visit>) -> Result<Response, Problem> {
    let found = door.store.read("console.quarantine", |tx| {
        Box::pin(async move { Ok((tx.inbox_count_quarantined().await?, tx.inbox_quarantined(SHOWN).await?)) })
    });
    let (count, messages) = found.await.map_err(|error| Problem::ours(&error))?;
    let now = door.clock.now();
    let data = json!({
        "count": count,
        "has_more": count > messages.len() as u64,
        "messages": messages.iter().map(|message| line(message, now)).collect::<Vec<_>>(),
        "may_act": visit.may(Role::Ops),
    });
    Ok(visit.page("quarantine", visit.language.word("quarantine"), data))
}

fn line(message: &Aside, now: DateTime<Utc>) -> Value {
    let (source, id) = message.key.split_once(' ').unwrap_or(("", message.key.as_str()));
    let waited = (now - message.received_at).num_minutes().max(0);
    json!({
        "key": message.key,
        "source": source,
        "id": id,
        "kind": message.kind,
        "why": message.why,
        "since": message.received_at.format("%F %T UTC").to_string(),
        "age": format!("{} h {} min", waited / 60, waited % 60),
    })
}
