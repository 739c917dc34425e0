//! The world that a rehearsed lead is decided in, and what each lead leaves behind in it.

use super::Case;
use crate::domain::id::{PoolId, RepId};
use crate::domain::known::Fact;
use crate::domain::rep::Presence;
use crate::routing::ledger::Entry;
use crate::routing::snapshot::{RepFacts, Snapshot};
use crate::routing::{Decision, decide};
use crate::rules::RuleSet;
use chrono::{DateTime, Days, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Named as the source of every fact.
const SOURCE: &str = "the rules alone, without a CRM";

/// Nothing has happened yet: no account is known, every calendar is empty, nobody is reserved, every balance is level.
pub fn at_rest(rules: &RuleSet, now: DateTime<Utc>) -> Snapshot {
    Snapshot {
        now,
        account: Fact::Known { value: None, observed_at: now, source: SOURCE.to_owned() },
        reps: rules.reps.keys().map(|rep| (rep.clone(), free(now))).collect(),
        ledgers: BTreeMap::new(),
    }
}

fn free(now: DateTime<Utc>) -> RepFacts {
    RepFacts {
        presence: Presence::Unset,
        reserved_until: None,
        taken_today: 0,
        open: 0,
        calendar: Fact::Known { value: Vec::new(), observed_at: now, source: SOURCE.to_owned() },
    }
}

/// One set of rules at work on lead after lead: its balances, its reps' leads of the day and their open leads.
pub struct World<'r> {
    rules: &'r RuleSet,
    snapshot: Snapshot,
    /// A lead counts as open for this long.
    open_for: TimeDelta,
    /// Open leads by the moment at which they close, which is the order in which they were given.
    closing: VecDeque<(DateTime<Utc>, RepId)>,
    /// The next midnight of each zone, with the reps who live by it.
    midnights: Vec<(Tz, DateTime<Utc>, Vec<RepId>)>,
    /// Reps whose facts are the last case's and not the world's.
    lent: Vec<RepId>,
}

impl<'r> World<'r> {
    pub fn new(rules: &'r RuleSet, at: DateTime<Utc>, open_for: TimeDelta) -> Self {
        let mut zones: BTreeMap<&str, (Tz, Vec<RepId>)> = BTreeMap::new();
        for rep in rules.reps.values() {
            let zone = zones.entry(rep.timezone.name()).or_insert_with(|| (rep.timezone, Vec::new()));
            zone.1.push(rep.id.clone());
        }
        let midnights = zones.into_values().map(|(zone, reps)| (zone, next_midnight(zone, at), reps)).collect();
        let closing = VecDeque::new();
        Self { rules, snapshot: at_rest(rules, at), open_for, closing, midnights, lent: Vec::new() }
    }

    pub fn rules(&self) -> &'r RuleSet {
        self.rules
    }

    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Decides as the worker would; [`World::give`] then books it. Cases come in order of time.
    pub fn decide(&mut self, case: &Case) -> Decision {
        self.move_on_to(case.at);
        self.snapshot.account.clone_from(&case.account);
        for rep in std::mem::take(&mut self.lent) {
            if let Some(facts) = self.snapshot.reps.get_mut(&rep) {
                (facts.presence, facts.calendar) = (Presence::Unset, free(case.at).calendar);
            }
        }
        for (rep, stored) in &case.reps {
            if let Some(facts) = self.snapshot.reps.get_mut(rep) {
                (facts.presence, facts.calendar) = (stored.presence, stored.calendar.clone());
                self.lent.push(rep.clone());
            }
        }
        for (pool, ledger) in &case.ledgers {
            if self.rules.pools.contains_key(pool) && !self.snapshot.ledgers.contains_key(pool) {
                self.snapshot.ledgers.insert(pool.clone(), ledger.clone());
            }
        }
        decide(&case.lead, &self.snapshot, self.rules)
    }

    /// The owner takes the lead: the turn is charged, and the lead counts against the caps.
    pub fn give(&mut self, decision: &Decision) {
        if let Some(turn) = &decision.turn {
            self.book(turn);
        }
        self.count(&decision.plan.owner, decision.decided_at);
    }

    pub fn book(&mut self, entry: &Entry) {
        use crate::routing::ledger::Ledger;
        let ledgers = &mut self.snapshot.ledgers;
        let ledger = ledgers.entry(entry.pool.clone()).or_insert_with(|| Ledger::empty(entry.pool.clone()));
        ledger.apply(entry);
    }

    pub fn count(&mut self, rep: &RepId, at: DateTime<Utc>) {
        if let Some(facts) = self.snapshot.reps.get_mut(rep) {
            facts.taken_today += 1;
            facts.open += 1;
            self.closing.push_back((at + self.open_for, rep.clone()));
        }
    }

    /// Rung or on the line until then.
    pub fn reserve(&mut self, rep: &RepId, until: DateTime<Utc>) {
        if let Some(facts) = self.snapshot.reps.get_mut(rep) {
            facts.reserved_until = facts.reserved_until.max(Some(until));
        }
    }

    fn move_on_to(&mut self, now: DateTime<Utc>) {
        self.snapshot.now = now;
        for (zone, midnight, reps) in &mut self.midnights {
            if now < *midnight {
                continue;
            }
            *midnight = next_midnight(*zone, now);
            for rep in reps {
                self.snapshot.reps.entry(rep.clone()).and_modify(|facts| facts.taken_today = 0);
            }
        }
        while let Some((_, rep)) = self.closing.pop_front_if(|(at, _)| *at <= now) {
            self.snapshot.reps.entry(rep).and_modify(|facts| facts.open = facts.open.saturating_sub(1));
        }
    }

    /// Pools that have given a turn, or were told of one.
    pub fn pools(&self) -> BTreeSet<&PoolId> {
        self.snapshot.ledgers.keys().collect()
    }
}

/// The first instant of the zone's next day.
fn next_midnight(zone: Tz, now: DateTime<Utc>) -> DateTime<Utc> {
    let today = now.with_timezone(&zone).date_naive();
    let tomorrow = today.checked_add_days(Days::new(1)).unwrap_or(today).and_time(chrono::NaiveTime::MIN);
    // A midnight that a zone skips is looked for an hour later; both come after `now`.
    let at = zone.from_local_datetime(&tomorrow).earliest();
    at.map_or_else(|| zone.from_utc_datetime(&tomorrow).to_utc() + TimeDelta::hours(1), |at| at.to_utc())
}
