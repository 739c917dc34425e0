//! What may be known of a lead before it is decided: account from the CRM, free and busy times of the reps.
//!
//! Every look-up has a deadline: a caller never waits for a vendor. What is not known in time is *unknown*, with the
//! reason, and the decision is marked degraded. Answers are kept for a while: accounts in the database's mirror, calendars in
//! memory. A vendor that has just failed is left alone for some seconds, and one that has stopped answering is not waited for
//! until it answers again: an outage costs one deadline, not one per lead.

mod accounts;
mod assignment;
mod away;
mod calendars;
mod free;
mod health;
mod mirror;
mod news;
mod seen;
mod waits;

pub use assignment::ByHand;
pub use seen::Seen;

use crate::connectors::{AccountKeys, Calendar, Crm};
use crate::store::{Store, WaitingLead};
use baton_clock::SharedClock;
use baton_core::domain::account::Candidates;
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::id::RepId;
use baton_core::domain::known::Fact;
use baton_core::domain::lead::Lead;
use baton_core::domain::rep::Busy;
use baton_core::routing::Considered;
use baton_core::routing::snapshot::calendar_of;
use baton_core::rules::RuleSet;
use baton_core::rules::model::set::Rung;
use chrono::{DateTime, Utc};
use health::Health;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub struct Facts {
    crm: Option<Arc<dyn Crm>>,
    connections: Vec<calendars::Connection>,
    store: Store,
    clock: SharedClock,
    /// Rungs for which nothing is connected.
    lacks: BTreeSet<Rung>,
    /// Real time that a decision waits at most.
    within: Duration,
    views: Mutex<calendars::Views>,
    channels: calendars::Channels,
    away: Mutex<away::Away>,
    lately: Mutex<waits::Lately>,
    /// When the CRM last told of an account; until it has told of one, since when it could have.
    told_at: Mutex<Option<DateTime<Utc>>>,
    crm_health: Arc<Health<AccountKeys>>,
    /// How the mirror of accounts is refreshed; `None`: it is not.
    polls: Option<mirror::Polls>,
    /// Nothing is created in the CRM to see whom its rules choose.
    shadow: bool,
    /// How often what is done in the CRM is read back.
    reads_back: Option<Duration>,
}

#[derive(Debug, Clone)]
pub struct LeadFacts {
    pub account: Fact<Candidates>,
    /// Whom the CRM's own rules chose; `None` where Baton assigns.
    pub assigned: Option<Fact<Option<CrmId>>>,
    /// Rungs of a ladder for which nothing is connected.
    pub lacks: BTreeSet<Rung>,
    /// Whom the rules may give the lead to, with a calendar or without.
    pub considered: Considered,
    /// Of those who have one, or of whom the CRM says that they are away.
    pub calendars: BTreeMap<RepId, Fact<Vec<Busy>>>,
}

impl Facts {
    pub fn new(
        crm: Option<Arc<dyn Crm>>,
        calendar: Option<Arc<dyn Calendar>>,
        store: Store,
        clock: SharedClock,
        within: Duration,
    ) -> Self {
        let told_at = Mutex::new(crm.is_some().then(|| clock.now()));
        let lacks = if calendar.is_none() { BTreeSet::from([Rung::Booking]) } else { BTreeSet::new() };
        Self {
            crm,
            connections: calendars::Connection::all(calendar),
            lacks,
            store,
            clock,
            within,
            views: Mutex::default(),
            channels: calendars::Channels::default(),
            away: Mutex::default(),
            lately: Mutex::default(),
            told_at,
            crm_health: Arc::default(),
            polls: None,
            shadow: false,
            reads_back: None,
        }
    }

    /// Beside another system: the CRM is read, and nothing is made there; and it is decided as if phones could be rung.
    #[must_use]
    pub fn in_shadow(mut self) -> Self {
        self.shadow = true;
        self
    }

    /// Accounts that were looked up are kept fresh, by one worker at a time; `None`: they are not.
    #[must_use]
    pub fn polling(mut self, worker: &str, every: Option<Duration>) -> Self {
        self.polls = every.map(|every| mirror::Polls { worker: worker.to_owned(), every });
        self
    }

    /// Vendors may tell of changes there.
    #[must_use]
    pub fn told_at(mut self, public_url: &str) -> Self {
        self.channels = calendars::Channels::at(public_url);
        self
    }

    /// Nothing can ring a phone.
    #[must_use]
    pub fn without_telephony(mut self) -> Self {
        self.lacks.insert(Rung::WarmTransfer);
        self
    }

    /// Whether anything can ring a phone.
    pub fn can_ring(&self) -> bool {
        !self.lacks.contains(&Rung::WarmTransfer)
    }

    /// The CRM learns who the reps are.
    pub fn tell_reps(&self, rules: &RuleSet) {
        if let Some(crm) = &self.crm {
            crm.meet(&rules.reps);
        }
    }

    /// Of a lead about which nobody was asked.
    pub fn not_asked(&self, lead: &Lead, rules: &RuleSet, why: &str) -> LeadFacts {
        LeadFacts {
            account: Fact::Unknown { why: why.to_owned() },
            assigned: None,
            lacks: self.lacks.clone(),
            considered: Considered::by_lead(lead, rules),
            calendars: BTreeMap::new(),
        }
    }

    /// Of everybody on the roster, as it was seen last, and of no lead: nobody is asked.
    pub fn as_seen(&self, rules: &RuleSet) -> LeadFacts {
        let (reps, pools) = (rules.reps.keys().cloned().collect(), rules.pools.keys().cloned().collect());
        LeadFacts {
            account: Fact::Unknown { why: "nobody asked the CRM".to_owned() },
            assigned: None,
            lacks: self.lacks.clone(),
            considered: Considered { reps, pools },
            calendars: self.last_seen(&rules.reps.keys().collect(), rules),
        }
    }

    /// Facts for a batch of leads, in their order; never much later than the deadline.
    pub async fn gather(&self, leads: &[Lead], rules: &RuleSet) -> Vec<LeadFacts> {
        let considered: Vec<Considered> = leads.iter().map(|lead| Considered::by_lead(lead, rules)).collect();
        // The calendars of members are looked up while the CRM is asked who the owner is; the owner's come after.
        let (accounts, assigned, _warm) = tokio::join!(
            self.accounts(leads, rules),
            self.assignments(leads, rules),
            self.calendars(everybody(&considered), rules)
        );
        let known = leads.iter().zip(accounts.into_iter().zip(assigned));
        let known = known.map(|(lead, (account, assigned))| OfCrm { lead, account, assigned }).collect();
        self.with_calendars(known, considered, rules).await
    }

    /// The same for leads of which the CRM has told what it knows.
    pub async fn calendars_of(&self, known: Vec<OfCrm<'_>>, rules: &RuleSet) -> Vec<LeadFacts> {
        let considered = known.iter().map(|of| Considered::by_lead(of.lead, rules)).collect();
        self.with_calendars(known, considered, rules).await
    }

    /// What stands in the calendar of a rep whom somebody named, where that is known within the deadline.
    pub async fn busy_of(&self, rep: &RepId, rules: &RuleSet) -> Option<Vec<Busy>> {
        let known = self.calendars(BTreeSet::from([rep]), rules).await;
        let (rep, now) = (rules.reps.get(rep)?, self.clock.now());
        match calendar_of(rep, known.get(&rep.id), rules.calendars_believed_for, now) {
            None => Some(Vec::new()),
            Some(fact) => fact.value().cloned(),
        }
    }

    async fn with_calendars(
        &self,
        known: Vec<OfCrm<'_>>,
        considered: Vec<Considered>,
        rules: &RuleSet,
    ) -> Vec<LeadFacts> {
        let now = self.clock.now();
        let considered: Vec<Considered> = considered
            .into_iter()
            .zip(&known)
            .map(|(so_far, OfCrm { lead, account, assigned })| {
                so_far.knowing(lead, account, assigned.as_ref(), rules, now)
            })
            .collect();
        let calendars = self.calendars(everybody(&considered), rules).await;
        let of = |reps: &BTreeSet<RepId>| {
            let found = reps.iter().filter_map(|rep| Some((rep.clone(), calendars.get(rep)?.clone())));
            found.collect()
        };
        let facts = known.into_iter().zip(considered);
        facts
            .map(|(OfCrm { account, assigned, .. }, considered)| LeadFacts {
                account,
                assigned,
                lacks: self.lacks.clone(),
                calendars: of(&considered.reps),
                considered,
            })
            .collect()
    }
}

fn everybody(considered: &[Considered]) -> BTreeSet<&RepId> {
    considered.iter().flat_map(|considered| &considered.reps).collect()
}

/// A lead, and what the CRM says of it.
pub struct OfCrm<'a> {
    pub lead: &'a Lead,
    pub account: Fact<Candidates>,
    pub assigned: Option<Fact<Option<CrmId>>>,
}

impl<'a> OfCrm<'a> {
    /// As it was known when the lead was decided.
    pub fn of(waiting: &'a WaitingLead) -> Self {
        Self { lead: &waiting.lead, account: waiting.account.clone(), assigned: waiting.assigned.clone() }
    }
}
