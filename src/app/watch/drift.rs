//! What rules and sources do, held against their own last four weeks, at the start and whenever another hour is over.
//!
//! Hours are counted by whichever worker comes first; each looks at what was counted, and shows and tells the same of it. If the
//! process dies here, the next look counts on.

use crate::release::Current;
use crate::reports::drift::{Findings, ROUTE, ShareThenAndNow, found_in};
use crate::store::{Store, StoreError, Tallies};
use crate::telemetry::figures;
use baton_clock::SharedClock;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// In the clock's time; most looks find no other hour.
const EVERY: Duration = Duration::from_secs(600);
/// Between two hours that have leads, in real time: five weeks of them are counted after an upgrade, beside the work.
const REST: Duration = Duration::from_millis(50);

/// Until told to stop.
pub(crate) async fn keep(store: Store, release: Current, clock: SharedClock, mut stopping: watch::Receiver<bool>) {
    let (mut until, mut shown, mut told) = (None, Shown::default(), BTreeSet::new());
    loop {
        match counted(&store, &clock, &stopping).await {
            Ok(Some(tallies)) if until != Some(tallies.until) => {
                let rules = Arc::clone(&release.borrow().rules);
                let found = found_in(&tallies, &rules);
                shown.show(&found);
                told = tell(&told, &found);
                until = Some(tallies.until);
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "leads could not be counted by the hour: in ten minutes again"),
        }
        tokio::select! {
            () = tokio::time::sleep(clock.real(EVERY)) => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
    }
}

/// Every hour that is over, an hour a transaction.
async fn counted(
    store: &Store,
    clock: &SharedClock,
    stopping: &watch::Receiver<bool>,
) -> Result<Option<Tallies>, StoreError> {
    loop {
        let count = store.tally_hour(clock.now()).await?;
        if count.is_none() || *stopping.borrow() {
            return store.tallies().await;
        }
        if count > Some(0) {
            tokio::time::sleep(REST).await;
        }
    }
}

/// Of which rules and sources something was shown.
#[derive(Default)]
struct Shown {
    rules: BTreeSet<String>,
    sources: BTreeSet<String>,
}

impl Shown {
    /// What is not looked at any more does not drift, and a route that is silent does. A source is shown by its platform: it is
    /// silent if any of its accounts is.
    fn show(&mut self, found: &Findings) {
        let (routes, sources): (Vec<_>, Vec<_>) = found.sources.iter().partition(|(name, _)| name.starts_with(ROUTE));
        let mut rules: BTreeMap<&str, bool> = routes.iter().map(|(name, silent)| (name.as_str(), **silent)).collect();
        for rule in &found.rules {
            *rules.entry(rule.name.as_str()).or_default() |= rule.drifts();
        }
        for gone in self.rules.iter().filter(|name| !rules.contains_key(name.as_str())) {
            figures::set_rule_drift(gone, false);
        }
        for (name, drifts) in &rules {
            figures::set_rule_drift(name, *drifts);
        }
        self.rules = rules.into_keys().map(str::to_owned).collect();
        for quiet in [false, true] {
            let gone = self.sources.iter().filter(|name| !quiet && !found.sources.contains_key(name.as_str()));
            gone.for_each(|name| figures::set_source_silent(name, false));
            let these = sources.iter().filter(|(_, is_silent)| **is_silent == quiet);
            these.for_each(|(name, _)| figures::set_source_silent(name, quiet));
        }
        self.sources = sources.into_iter().map(|(name, _)| name.clone()).collect();
        figures::set_fallback_drift(found.fallback.as_ref().is_some_and(ShareThenAndNow::drifts));
    }
}

/// Once, when it begins and when it is over; returns what is told by now.
fn tell(before: &BTreeSet<String>, found: &Findings) -> BTreeSet<String> {
    let drifting = found.rules.iter().chain(&found.fallback).filter(|share| share.drifts());
    let drifting = drifting.map(|share| format!("drift of {}", share.name));
    let silent = found.sources.iter().filter(|(_, is_silent)| **is_silent).map(|(name, _)| name.as_str());
    // Whoever sends events writes what they like into their source.
    let silent = silent.map(|name| if name.starts_with(ROUTE) { name } else { figures::platform_of(name) });
    let now: BTreeSet<String> = drifting.chain(silent.map(|name| format!("silence of {name}"))).collect();
    for what in now.difference(before) {
        tracing::warn!(what, "it is not as it was in the last four weeks: baton report says by how much");
    }
    for what in before.difference(&now) {
        tracing::info!(what, "it is as it was in the last four weeks");
    }
    now
}
