//! *Vendors*: how each does as far as this worker knows, what is still to be done by lane, and whose accounts are left alone. Classes
//! of failures and our own words: nothing that a vendor wrote.

use super::view::spell;
use super::visit::Visit;
use crate::store::Budgets;
use crate::telemetry::figures::{self, Found};
use crate::web::{Door, Problem};
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) async fn page(State(door): State<Door>, Extension(visit): Extension<Visit>) -> Result<Response, Problem> {
    let now = door.clock.now();
    let found = door.store.read("console.vendors", move |tx| {
        Box::pin(async move { Ok((tx.state(now).await?.steps, tx.budgets(now).await?)) })
    });
    let (lanes, budgets) = found.await.map_err(|error| Problem::ours(&error))?;
    let seen = door.decider.seen();
    let data = json!({
        "vendors": vendors(seen.resting),
        "calendars": seen.calendars_at.map(|at| spell(now - at)),
        "crm": seen.crm_at.map(|at| spell(now - at)),
        "checks": checks(),
        "lanes": lanes.iter().map(|(lane, due)| backlog(lane, *due, now)).collect::<Vec<_>>(),
        "workers": budgets.workers,
        "rests": rests(&budgets),
    });
    Ok(visit.page("vendors", visit.language.word("vendors"), data))
}

/// Those that are asked before a decision, and whoever failed since this worker began.
fn vendors(resting: Vec<(&'static str, bool)>) -> Vec<Value> {
    let mut all: BTreeMap<&str, (Option<bool>, Vec<Value>)> = BTreeMap::new();
    for (vendor, rests) in resting {
        all.entry(vendor).or_default().0 = Some(rests);
    }
    for ((vendor, class), failures) in figures::vendor_failures() {
        let ago = TimeDelta::from_std(failures.last.elapsed()).unwrap_or_default();
        let line = json!({ "class": class.replace('_', " "), "count": failures.count, "ago": spell(ago) });
        all.entry(vendor).or_default().1.push(line);
    }
    let line = |(vendor, (rests, failures)): (&str, (Option<bool>, Vec<Value>))| {
        let (is_asked, rests) = (rests == Some(false), rests == Some(true));
        json!({ "vendor": vendor, "is_asked": is_asked, "rests": rests, "failures": failures })
    };
    all.into_iter().map(line).collect()
}

fn checks() -> Vec<Value> {
    let line = |(section, checked): (&str, figures::Checked)| {
        let ago = TimeDelta::from_std(checked.at.elapsed()).unwrap_or_default();
        json!({ "section": section, "amiss": checked.amiss, "ago": spell(ago) })
    };
    figures::vendor_checks().into_iter().map(line).collect()
}

fn backlog(lane: &str, due: Found, now: DateTime<Utc>) -> Value {
    json!({ "lane": lane, "count": due.count, "lag": due.oldest_at.map(|at| spell(now - at)) })
}

/// Accounts are known by their digests alone.
fn rests(budgets: &Budgets) -> Vec<Value> {
    let line = |(account, until): (&String, &DateTime<Utc>)| {
        let account: String = account.chars().take(12).collect();
        json!({ "account": account, "until": until.format("%F %T UTC").to_string() })
    };
    budgets.rests.iter().map(line).collect()
}
