//! What is kept for a while only is forgotten at the start and every hour, whoever used it last; people who ask for it are forgotten
//! within seconds; and the head of the audit is logged, where nobody who changes the database reaches it.
//!
//! Leads of people who were erased are asked for again, if a worker of an earlier version has added to them meanwhile.
//!
//! Every worker does so: whatever one has forgotten, the next does not find. If the process dies here, the next hour does it.

use crate::config;
use crate::intake::normalise::email;
use crate::store::{ErasureState, Store, with};
use baton_clock::SharedClock;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// In the clock's time.
const EVERY: Duration = Duration::from_secs(3600);
/// How often erasures are looked for that are open, in the clock's time.
const ERASURES_EVERY: Duration = Duration::from_secs(5);

/// Until told to stop.
pub(super) async fn work(store: Store, clock: SharedClock, stopping: watch::Receiver<bool>) {
    tokio::join!(keep(store.clone(), Arc::clone(&clock), stopping.clone()), erase(store, clock, stopping));
}

async fn keep(store: Store, clock: SharedClock, mut stopping: watch::Receiver<bool>) {
    let mut told = String::new();
    loop {
        let forgetting = with(clock.now(), |tx, now| {
            Box::pin(async move {
                tx.acts_forget(*now).await?;
                tx.handed_over_forget(*now).await?;
                tx.budgets_forget(*now).await?;
                tx.carrier_legs_forget(*now).await?;
                tx.lives_forget(*now).await?;
                tx.sessions_forget(*now).await?;
                tx.texts_forget(*now).await?;
                tx.workers_forget(*now).await?;
                tx.transfers_forget(*now).await
            })
        });
        if let Err(error) = store.write("tidy", forgetting).await {
            tracing::warn!(%error, "what has had its time could not be forgotten: in an hour again");
        }
        ask_again(&store, &clock).await;
        tell_head(&store, &mut told).await;
        tokio::select! {
            () = tokio::time::sleep(clock.real(EVERY)) => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
    }
}

/// For what a version that knows of no erasing has stored of leads that were erased.
async fn ask_again(store: &Store, clock: &SharedClock) {
    match store.erasures_ask_again(&format!("worker {}", config::host_name()), clock.now()).await {
        Ok(0) => {}
        Ok(leads) => {
            tracing::warn!(leads, "an earlier version has added to leads that were erased: they are erased again")
        }
        Err(error) => tracing::warn!(%error, "leads that were erased could not be looked at: in an hour again"),
    }
}

/// What `baton audit verify --head` looks for; once, until it has changed.
async fn tell_head(store: &Store, told: &mut String) {
    match store.audit_end().await {
        Ok(end) if end.seq > 0 && end.hash != *told => {
            tracing::info!(audit.seq = end.seq, audit.head = %end.hash, "the head of the audit");
            *told = end.hash;
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "the head of the audit could not be read: in an hour again"),
    }
}

/// Carries on erasures that somebody has asked for, or that waited for a call to end, until told to stop.
async fn erase(store: Store, clock: SharedClock, mut stopping: watch::Receiver<bool>) {
    let mut owes_purge = false;
    loop {
        match store.erasure_take_up(email, &|| clock.now()).await {
            Ok(Some(erasure)) if erasure.state == ErasureState::Done => {
                tracing::info!(erasure.id = %erasure.id, leads = erasure.leads.len(), "a person was erased");
                owes_purge = true;
                continue;
            }
            Ok(Some(_) | None) => {}
            Err(error) => tracing::warn!(%error, "an erasure stands still: it is carried on later"),
        }
        if owes_purge {
            // A backup may be reading what was there before: until it has ended, every round tries again.
            owes_purge = !store.purge(false).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "what was erased may stand in the database's files for a while");
                true
            });
        }
        tokio::select! {
            () = tokio::time::sleep(clock.real(ERASURES_EVERY)) => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
    }
}
