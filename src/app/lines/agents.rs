//! Callers of the front door whom nobody of ours took, at a carrier that tells us of nothing by itself: the agent is brought to
//! them, by one worker at a time.
//!
//! Guarantees: whom it was brought to is written where the carrier asks for the agent, so that nobody is brought it twice; where it
//! could not be asked for, it is tried again. If the process dies here, another worker goes on within seconds.

use super::{Lease, TRIED_EVERY, message};
use crate::connectors::{Happened, Telephony, Told, VendorError};
use crate::deciding::decider::Decider;
use crate::outbox::Duty;
use crate::release::Current;
use crate::store::Store;
use baton_clock::SharedClock;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::time::sleep;

const LINES: &str = "twilio";
/// The carrier asks for the agent at once; where it has not by then, it is sent there again.
const SENT_AGAIN_AFTER: TimeDelta = TimeDelta::seconds(5);

/// What it needs of the worker.
pub(in crate::app) struct Agents {
    pub telephony: Arc<dyn Telephony>,
    pub decider: Arc<Decider>,
    pub store: Store,
    pub release: Current,
    pub clock: SharedClock,
    pub duty: Duty,
    pub worker: String,
}

/// Until told to stop.
pub(in crate::app) async fn bring(agents: Agents, mut stopping: watch::Receiver<bool>) {
    let Agents { telephony, decider, store, release, clock, duty, worker } = agents;
    let lease = Lease { lines: LINES, store: store.clone(), clock: Arc::clone(&clock), worker };
    let (mut had, mut sent) = (false, BTreeMap::new());
    while !*stopping.borrow() {
        let is_open = release.borrow().rules.front_door.numbers().len() > 0;
        let may = is_open && duty.why_not().is_none();
        if had && !may {
            lease.give_back().await;
        }
        had = may && lease.is_had().await;
        if had {
            bring_all((telephony.as_ref(), &decider, &store), &lease, clock.now(), &mut sent).await;
        }
        tokio::select! {
            () = sleep(clock.real(TRIED_EVERY)) => {}
            _ = stopping.wait_for(|stop| *stop) => {}
        }
    }
    if had {
        lease.give_back().await;
    }
}

/// `sent`: whom the carrier was sent on for, and when.
async fn bring_all(
    (telephony, decider, store): (&dyn Telephony, &Decider, &Store),
    lease: &Lease,
    now: DateTime<Utc>,
    sent: &mut BTreeMap<String, DateTime<Utc>>,
) {
    let left = match store.callers_left_to_agent(now).await {
        Ok(left) => left,
        Err(error) => return tracing::warn!(%error, "who is left to the agent could not be read"),
    };
    sent.retain(|_, at| now - *at < SENT_AGAIN_AFTER);
    for call in left.into_iter().filter(|call| !sent.contains_key(call)).collect::<Vec<String>>() {
        // Each may take as long as the lease lasts, and two who send one caller on would cut the first ring.
        if !lease.is_had().await {
            return;
        }
        match telephony.fetch_agent(&call).await {
            Ok(()) => {
                sent.insert(call, now);
            }
            // What the carrier told of it may have reached nobody, or have come before there was a lead.
            Err(VendorError::Gone { .. }) => {
                let told = Told { call: Some(call.clone()), leg: None, happened: Happened::Missed, why: None };
                match decider.take(vec![message(&told, now)]).await {
                    Ok(_known) => drop(sent.insert(call, now)),
                    Err(error) => tracing::warn!(%error, "that a caller has reached nobody could not be stored yet"),
                }
            }
            Err(error) => {
                tracing::warn!(
                    error = error.in_log(),
                    outcome = error.class(),
                    "the agent could not be brought to a caller yet"
                );
            }
        }
    }
}
