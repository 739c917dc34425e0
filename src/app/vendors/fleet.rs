//! This worker among the others, as far as the vendors are concerned: what it has met of their limits it tells, and hears what the
//! others have met; whoever fetches a token holds a lease for it.
//!
//! Without the database it goes by what it knows itself. If the process dies here, the others count it for a minute, and its leases
//! for some seconds.

use crate::connectors::http::{Fleet, TokenKeeper, TokenTurn};
use crate::outbox::Vendors;
use crate::store::{Store, StoreError, TokenLease, with};
use async_trait::async_trait;
use baton_clock::SharedClock;
use chrono::{DateTime, Utc};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;

/// How often the others are heard, in the clock's time; what is news to them they are told at once.
const EVERY: Duration = Duration::from_secs(2);
/// In real time, however fast the clock runs.
const SHORTEST: Duration = Duration::from_millis(500);

/// The clients of a worker join the others' on the same database.
pub(in crate::app) fn join(vendors: &Vendors, store: &Store, clock: &SharedClock, worker: &str) -> Arc<Fleet> {
    let leases = Leases { store: store.clone(), clock: Arc::clone(clock), worker: worker.to_owned() };
    let fleet = Arc::new(Fleet::new(leases, Arc::clone(clock)));
    if let Some(crm) = &vendors.crm {
        crm.joins(&fleet);
    }
    if let Some(chat) = &vendors.chat {
        chat.joins(&fleet);
    }
    if let Some(calendar) = &vendors.calendar {
        calendar.joins(&fleet);
    }
    fleet
}

/// Until told to stop.
pub(in crate::app) async fn keep(
    fleet: Arc<Fleet>,
    store: Store,
    clock: SharedClock,
    mut stopping: watch::Receiver<bool>,
) {
    tokio::select! {
        () = tells_and_hears(&fleet, &store, &clock) => {}
        _ = stopping.wait_for(|stop| *stop) => {}
    }
}

async fn tells_and_hears(fleet: &Fleet, store: &Store, clock: &SharedClock) {
    loop {
        if let Err(error) = exchange(fleet, store, clock).await {
            tracing::debug!(%error, "what the workers know of the vendors' limits was not exchanged");
        }
        tokio::select! {
            () = sleep(clock.real(EVERY).max(SHORTEST)) => {}
            () = fleet.has_news() => {}
        }
    }
}

async fn exchange(fleet: &Fleet, store: &Store, clock: &SharedClock) -> Result<(), StoreError> {
    let told = fleet.untold();
    if !told.is_empty() {
        let rest = with(told.clone(), |tx, told| Box::pin(tx.budgets_rest(told)));
        store.write_once("budgets.rest", rest).await?;
    }
    let budgets = store.budgets(clock.now()).await?;
    fleet.hears(budgets.workers, budgets.rests, &told);
    Ok(())
}

struct Leases {
    store: Store,
    clock: SharedClock,
    worker: String,
}

#[async_trait]
impl TokenKeeper for Leases {
    async fn turn(&self, credential: &str) -> TokenTurn {
        let given = (credential.to_owned(), self.worker.clone(), self.clock.now());
        let lease = with(given, |tx, (credential, worker, now)| Box::pin(tx.token_lease(credential, worker, *now)));
        match self.store.write("token.lease", lease).await {
            Ok(TokenLease::Ours) => TokenTurn::Ours,
            Ok(TokenLease::Anothers) => TokenTurn::Anothers,
            Ok(TokenLease::RestsUntil(until)) => TokenTurn::RefusedUntil(until),
            Err(error) => {
                tracing::debug!(%error, "a token is fetched without knowing whether another worker does");
                TokenTurn::Unknown
            }
        }
    }

    /// If it cannot be stored, the lease ends by itself.
    async fn ends(&self, credential: &str, refused_until: Option<DateTime<Utc>>) {
        let given = (credential.to_owned(), self.worker.clone(), refused_until);
        let ends =
            with(given, |tx, (credential, worker, until)| Box::pin(tx.token_lease_ends(credential, worker, *until)));
        if let Err(error) = self.store.write_once("token.lease_ends", ends).await {
            tracing::debug!(%error, "the lease of a token was left to end by itself");
        }
    }
}
