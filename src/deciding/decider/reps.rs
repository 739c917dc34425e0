//! The reps as a decision would find them at this moment, for people who look; and what is said of how they are.
//!
//! Guarantees: whoever looks asks no vendor and holds nothing up: calendars are as they were seen last, and what is stored is read
//! without a lock. What is said of a rep and the audit are one commit.

use super::Decider;
use crate::deciding::table::{Standing, StandingTable};
use crate::store::{AuditEntry, RepState, StoreError, with};
use baton_core::domain::id::{PoolId, RepId};
use baton_core::domain::rep::{Busy, Presence, Rep};
use baton_core::routing::could_take;
use baton_core::routing::ledger::Ledger;
use baton_core::routing::reason::Rejection;
use baton_core::routing::snapshot::RepFacts;
use baton_core::rules::RuleSet;
use baton_core::rules::model::set::Pool;
use baton_core::rules::words::values::duration;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Whoever is away for longer is on leave, which stands in reps.csv.
const LONGEST_AWAY: Duration = Duration::from_secs(14 * 24 * 3600);

/// How long somebody is away: `30m`, `2h`, `1d`. `None`: it is no such span, or too long a one.
pub fn away_for(text: &str) -> Option<Duration> {
    duration(text).filter(|span| *span <= LONGEST_AWAY)
}

/// All reps of the rules at one moment.
pub struct RepsNow {
    pub rules: Arc<RuleSet>,
    pub now: DateTime<Utc>,
    pub states: BTreeMap<RepId, RepState>,
    pub ledgers: BTreeMap<PoolId, Ledger>,
    facts: BTreeMap<RepId, RepFacts>,
    /// Absences that the CRM tells of, which stand among the entries of calendars too.
    told_by_crm: BTreeMap<RepId, Vec<Busy>>,
    can_ring: bool,
}

impl RepsNow {
    pub fn facts(&self, rep: &RepId) -> Option<&RepFacts> {
        self.facts.get(rep)
    }

    /// Whether an entry of a rep's calendar is an absence of which the CRM tells.
    pub fn is_told_by_crm(&self, rep: &RepId, entry: &Busy) -> bool {
        self.told_by_crm.get(rep).is_some_and(|told| told.contains(entry))
    }

    /// Pools whose member a rep is.
    pub fn pools<'n>(&'n self, rep: &'n RepId) -> impl Iterator<Item = &'n Pool> + 'n {
        self.rules.pools.values().filter(move |pool| pool.members.contains_key(rep))
    }

    /// Whether a rep could have a lead of this pool now, or one that is theirs already.
    ///
    /// # Errors
    /// Why not.
    pub fn could_take(&self, rep: &Rep, pool: Option<&Pool>) -> Result<(), Rejection> {
        could_take(rep, self.facts(&rep.id), pool, &self.rules, (self.now, self.can_ring))
    }

    /// The same of any pool, or of none where the rep is in none; why not in the first one.
    ///
    /// # Errors
    /// As [`Self::could_take`].
    pub fn is_free(&self, rep: &Rep) -> Result<(), Rejection> {
        let mut first = None;
        for pool in self.pools(&rep.id) {
            match self.could_take(rep, Some(pool)) {
                Ok(()) => return Ok(()),
                Err(because) => {
                    first.get_or_insert(because);
                }
            }
        }
        first.map_or_else(|| self.could_take(rep, None), Err)
    }
}

impl Decider {
    /// # Errors
    /// The database failed.
    pub async fn reps_now(&self) -> Result<RepsNow, StoreError> {
        let (facts, now) = (&self.parts.facts, self.parts.clock.now());
        let rules = Arc::clone(&self.parts.release.borrow().rules);
        let read = self
            .parts
            .store
            .read("reps.now", |tx| Box::pin(async move { Ok((tx.reps_read().await?, tx.ledgers_read().await?)) }));
        let (states, ledgers) = read.await?;
        let everybody: BTreeSet<&RepId> = rules.reps.keys().collect();
        let calendars = facts.last_seen(&everybody, &rules);
        let away = rules.reps.values().map(|rep| (rep.id.clone(), facts.absences_of(rep, &rules)));
        let told_by_crm = away.filter(|(_, told)| !told.is_empty()).collect();
        let table = StandingTable::of(Standing { ledgers, reps: states });
        let known = table.reps(rules.reps.keys().cloned().collect(), &calendars, &rules, now);
        let Standing { ledgers, reps: states } = table.standing;
        Ok(RepsNow { rules, now, states, ledgers, facts: known, told_by_crm, can_ring: facts.can_ring() })
    }

    /// A rep is away, until then or until somebody says otherwise, or is there, as `actor` says.
    ///
    /// # Errors
    /// The database failed: nothing is changed.
    pub async fn set_presence(
        &self,
        rep: &RepId,
        presence: Presence,
        until: Option<DateTime<Utc>>,
        actor: &str,
    ) -> Result<(), StoreError> {
        let (entry, now) = (AuditEntry::of(actor, "rep.presence", rep, None), self.parts.clock.now());
        let said = with((rep.clone(), entry), move |tx, (rep, entry)| {
            Box::pin(async move {
                tx.rep_presence(rep, presence, until).await?;
                tx.audit(entry, now).await
            })
        });
        self.parts.store.write("rep.presence", said).await
    }
}
