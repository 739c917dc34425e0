//! What may be known of a lead before it is decided: account from the CRM, free and busy times of the reps.
//!
//! Every look-up has a deadline: a caller never waits for a vendor. What is not known in time is *unknown*, with the
//! reason, and the decision is marked degraded. Answers are kept for a while: accounts in the database's mirror, calendars in
//! memory. A vendor that has just failed is left alone for some seconds, so that an outage costs one deadline, not one per lead.

mod accounts;
mod assignment;
mod calendars;

pub use assignment::ByHand;

use crate::clock::SharedClock;
use crate::connectors::{Calendar, Crm};
use crate::domain::account::Candidates;
use crate::domain::id::RepId;
use crate::domain::known::Fact;
use crate::domain::lead::Lead;
use crate::domain::rep::Busy;
use crate::routing::{members_considered, owners_considered};
use crate::rules::RuleSet;
use crate::store::Store;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// A vendor is asked again this long after a failure.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(5);

pub struct Facts {
    crm: Option<Arc<dyn Crm>>,
    calendar: Option<Arc<dyn Calendar>>,
    store: Store,
    clock: SharedClock,
    /// Real time that a decision waits at most.
    within: Duration,
    views: Mutex<BTreeMap<String, calendars::View>>,
    crm_rests: Pause,
    calendar_rests: Pause,
}

#[derive(Debug, Clone)]
pub struct LeadFacts {
    pub account: Fact<Candidates>,
    /// Whom the CRM's own rules chose; `None` where Baton assigns.
    pub assigned: Option<Fact<Option<String>>>,
    pub calendars: BTreeMap<RepId, Fact<Vec<Busy>>>,
}

impl LeadFacts {
    /// Of a lead about which nobody was asked.
    pub fn not_asked(why: &str) -> Self {
        Self { account: Fact::Unknown { why: why.to_owned() }, assigned: None, calendars: BTreeMap::new() }
    }
}

impl Facts {
    pub fn new(
        crm: Option<Arc<dyn Crm>>,
        calendar: Option<Arc<dyn Calendar>>,
        store: Store,
        clock: SharedClock,
        within: Duration,
    ) -> Self {
        Self {
            crm,
            calendar,
            store,
            clock,
            within,
            views: Mutex::default(),
            crm_rests: Pause::default(),
            calendar_rests: Pause::default(),
        }
    }

    /// Facts for a batch of leads, in their order; never much later than the deadline.
    pub async fn gather(&self, leads: &[Lead], rules: &RuleSet) -> Vec<LeadFacts> {
        let members: Vec<BTreeSet<RepId>> = leads.iter().map(|lead| members_considered(lead, rules)).collect();
        let wanted = members.iter().flatten().cloned().collect();
        // The calendars of members are looked up while the CRM is asked who the owner is; the owner's come after.
        let (accounts, assigned, _warm) =
            tokio::join!(self.accounts(leads, rules), self.assignments(leads, rules), self.calendars(&wanted, rules));
        let known = leads.iter().zip(accounts.into_iter().zip(assigned));
        let known = known.map(|(lead, (account, assigned))| OfCrm { lead, account, assigned }).collect();
        self.with_calendars(known, members, rules).await
    }

    /// The same for leads of which the CRM has told what it knows.
    pub async fn calendars_of(&self, known: Vec<OfCrm<'_>>, rules: &RuleSet) -> Vec<LeadFacts> {
        let members = known.iter().map(|of| members_considered(of.lead, rules)).collect();
        self.with_calendars(known, members, rules).await
    }

    async fn with_calendars(
        &self,
        known: Vec<OfCrm<'_>>,
        mut considered: Vec<BTreeSet<RepId>>,
        rules: &RuleSet,
    ) -> Vec<LeadFacts> {
        let now = self.clock.now();
        for (reps, OfCrm { lead, account, assigned }) in considered.iter_mut().zip(&known) {
            reps.extend(owners_considered(lead, account, assigned.as_ref(), rules, now));
        }
        let calendars = self.calendars(&considered.iter().flatten().cloned().collect(), rules).await;
        let of = |reps: BTreeSet<RepId>| {
            reps.into_iter().filter_map(|rep| Some((rep.clone(), calendars.get(&rep)?.clone())))
        };
        let facts = known.into_iter().zip(considered);
        facts
            .map(|(OfCrm { account, assigned, .. }, reps)| LeadFacts {
                account,
                assigned,
                calendars: of(reps).collect(),
            })
            .collect()
    }
}

/// A lead, and what the CRM says of it.
pub struct OfCrm<'a> {
    pub lead: &'a Lead,
    pub account: Fact<Candidates>,
    pub assigned: Option<Fact<Option<String>>>,
}

/// When a vendor may be asked again.
#[derive(Default)]
struct Pause(Mutex<Option<Instant>>);

impl Pause {
    fn is_on(&self) -> bool {
        self.0.lock().expect("pause").is_some_and(|until| Instant::now() < until)
    }

    fn begin(&self) {
        *self.0.lock().expect("pause") = Some(Instant::now() + PAUSE_AFTER_FAILURE);
    }
}
