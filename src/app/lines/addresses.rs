//! Addresses that are good for one caller, in the database: whichever worker lends one, whichever hears who comes knows for whom
//! it is.

use super::retry;
use crate::connectors::rep_first::RepFirst;
use crate::connectors::{Addresses, Lent, LentAddress, VendorError};
use crate::release::Current;
use crate::store::{CARRIER, Store, with};
use crate::web;
use async_trait::async_trait;
use baton_clock::SharedClock;
use baton_core::domain::id::LegId;
use baton_core::domain::lead::Call;
use std::sync::Arc;

pub(in crate::app) struct KeptAddresses {
    pub store: Store,
    pub clock: SharedClock,
    pub release: Current,
}

/// What may be lent to callers who are announced.
pub(in crate::app) fn offered(rep_first: &Arc<RepFirst>) -> web::Addresses {
    let rep_first = Arc::clone(rep_first);
    Arc::new(move || pairs(&rep_first.candidates()))
}

/// As the database keeps them.
fn pairs(addresses: &[LentAddress]) -> Vec<(String, String)> {
    addresses.iter().map(|one| (one.user.clone(), one.dialled.clone())).collect()
}

#[async_trait]
impl Addresses for KeptAddresses {
    async fn begin(&self, leg: &LegId, call: &Call) -> Result<(), VendorError> {
        if self.has_left(call).await? {
            return Err(VendorError::Gone { vendor: "baton", why: "the platform has ended the call".to_owned() });
        }
        let beginning = with((leg.clone(), call.clone(), self.clock.now()), |tx, (leg, call, now)| {
            Box::pin(tx.transfer_begin(leg, call, *now))
        });
        self.store.write("transfer.begin", beginning).await.map_err(retry)
    }

    async fn was_begun(&self, leg: &LegId) -> Result<bool, VendorError> {
        self.store.transfer_begun(leg).await.map_err(retry)
    }

    async fn has_left(&self, call: &Call) -> Result<bool, VendorError> {
        self.store.transfer_left(&call.platform, &call.id).await.map_err(retry)
    }

    async fn has_come(&self, call: &Call) -> Result<bool, VendorError> {
        match &call.leg {
            // Told by us, of whoever has called our front door.
            Some(_) if call.platform == CARRIER => Ok(true),
            Some(leg) => self.store.transfer_came(leg).await.map_err(retry),
            None => Ok(false),
        }
    }

    async fn lend(&self, leg: &LegId, candidates: &[LentAddress]) -> Result<Lent, VendorError> {
        let now = self.clock.now();
        let until = now + self.release.borrow().rules.handoff.join_within;
        let lending = with((leg.clone(), pairs(candidates)), move |tx, (leg, candidates)| {
            Box::pin(tx.address_lend_first(leg.as_str(), candidates, until, now))
        });
        let lent = self.store.write("address.lend", lending).await.map_err(retry)?;
        let count = candidates.len();
        let why =
            || format!("all of telephony.numbers ({count}) are lent to other calls: more of them serve more at once");
        let (to, until) = lent.ok_or_else(|| VendorError::retry("baton", why()))?;
        Ok(Lent { to, until })
    }

    async fn take_back(&self, leg: &LegId) -> Result<(), VendorError> {
        let ending = with((leg.clone(), self.clock.now()), |tx, (leg, now)| Box::pin(tx.address_end(leg, *now)));
        self.store.write("address.end", ending).await.map_err(retry)
    }
}
