//! A world that leads leave something behind in: turns, counts of the day and the week, open leads.

use super::{at_rest, decide_in, free};
use crate::domain::id::{PoolId, RepId};
use crate::domain::rep::Presence;
use crate::domain::zone::Zone;
use crate::rehearsal::Trial;
use crate::routing::Decision;
use crate::routing::ledger::{Entry, Ledger};
use crate::routing::snapshot::Snapshot;
use crate::rules::RuleSet;
use chrono::{DateTime, Datelike, Days, TimeDelta, TimeZone, Utc};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// One set of rules at work on lead after lead: its balances, its reps' leads of the day and their open leads.
pub struct RehearsalWorld<'r> {
    rules: &'r RuleSet,
    snapshot: Snapshot,
    /// A lead counts as open for this long: until an outcome would close it, and no longer than the rules let it.
    open_for: TimeDelta,
    /// Open leads by the moment at which they close, which is the order in which they were given.
    closing: VecDeque<(DateTime<Utc>, RepId)>,
    /// The next midnight of each zone, with the reps who live by it.
    midnights: Vec<(Zone, DateTime<Utc>, Vec<RepId>)>,
    /// Reps whose facts are the last case's and not the world's.
    lent: Vec<RepId>,
}

impl<'r> RehearsalWorld<'r> {
    pub fn new(rules: &'r RuleSet, at: DateTime<Utc>, open_for: TimeDelta) -> Self {
        let mut zones: BTreeMap<&str, (Zone, Vec<RepId>)> = BTreeMap::new();
        for rep in rules.reps.values() {
            let zone = zones.entry(rep.timezone.name()).or_insert_with(|| (rep.timezone, Vec::new()));
            zone.1.push(rep.id.clone());
        }
        let midnights = zones.into_values().map(|(zone, reps)| (zone, next_midnight(zone, at), reps)).collect();
        let closing = VecDeque::new();
        let open_for = open_for.min(TimeDelta::from_std(rules.handoff.open_for).unwrap_or(TimeDelta::MAX));
        Self { rules, snapshot: at_rest(rules, at), open_for, closing, midnights, lent: Vec::new() }
    }

    pub fn rules(&self) -> &'r RuleSet {
        self.rules
    }

    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Decides as the worker would; [`RehearsalWorld::give`] then books it. Cases come in order of time.
    pub fn decide(&mut self, case: &Trial) -> Decision {
        self.decide_without(case, &[])
    }

    /// The same as if these reps had left.
    pub fn decide_without(&mut self, case: &Trial, gone: &[RepId]) -> Decision {
        self.move_on_to(case.at);
        self.snapshot.account.clone_from(&case.account);
        self.snapshot.assigned.clone_from(&case.assigned);
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
        decide_in(&self.snapshot, &case.lead, &self.rules.without(gone)).1
    }

    /// The owner takes the lead: the turn is charged, and the lead counts against the caps.
    pub fn give(&mut self, decision: &Decision) {
        if let Some(turn) = &decision.turn {
            self.book(turn);
        }
        // Who answers for a lead that waits does not have it.
        if !decision.plan.waits {
            self.count(&decision.plan.owner, decision.decided_at);
        }
    }

    pub fn book(&mut self, entry: &Entry) {
        let ledgers = &mut self.snapshot.ledgers;
        let ledger = ledgers.entry(entry.pool.clone()).or_insert_with(|| Ledger::empty(entry.pool.clone()));
        ledger.apply(entry);
    }

    pub fn count(&mut self, rep: &RepId, at: DateTime<Utc>) {
        if let Some(facts) = self.snapshot.reps.get_mut(rep) {
            facts.taken_today += 1;
            facts.taken_this_week += 1;
            facts.open += 1;
            self.closing.push_back((at + self.open_for, rep.clone()));
        }
    }

    /// A lead less: somebody else has it.
    pub fn take_back(&mut self, rep: &RepId) {
        let Some(given) = self.closing.iter().rposition(|(_, given)| given == rep) else { return };
        self.closing.remove(given);
        self.snapshot.reps.entry(rep.clone()).and_modify(|facts| facts.open = facts.open.saturating_sub(1));
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
            // A week is over if the midnights that have passed reach back to its Monday.
            let since_monday = now.with_timezone(zone).weekday().num_days_from_monday();
            let new_week = (now - *midnight).num_days() >= i64::from(since_monday);
            *midnight = next_midnight(*zone, now);
            for rep in reps {
                self.snapshot.reps.entry(rep.clone()).and_modify(|facts| {
                    facts.taken_today = 0;
                    facts.taken_this_week = if new_week { 0 } else { facts.taken_this_week };
                });
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
fn next_midnight(zone: Zone, now: DateTime<Utc>) -> DateTime<Utc> {
    let today = now.with_timezone(&zone).date_naive();
    let tomorrow = today.checked_add_days(Days::new(1)).unwrap_or(today).and_time(chrono::NaiveTime::MIN);
    // A midnight that a zone skips is looked for an hour later; both come after `now`.
    let at = zone.from_local_datetime(&tomorrow).earliest();
    at.map_or_else(|| zone.from_utc_datetime(&tomorrow).to_utc() + TimeDelta::hours(1), |at| at.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::scenario::{moment, rep_id, scenario};

    /// A day's count ends at midnight, a week's on Monday, an open lead's after its time; a jump over days ends them all.
    #[test]
    fn counts_end_with_the_day_the_week_and_the_lead() {
        let rules = scenario().rules;
        let monday = moment("2026-01-05T09:00:00Z");
        let mut world = RehearsalWorld::new(&rules, monday, TimeDelta::days(5));
        let counts = |world: &mut RehearsalWorld, text: &str| {
            world.move_on_to(moment(text));
            let facts = &world.snapshot.reps[&rep_id("ben")];
            (facts.taken_today, facts.taken_this_week, facts.open)
        };
        world.count(&rep_id("ben"), monday);
        assert_eq!(counts(&mut world, "2026-01-05T23:59:59Z"), (1, 1, 1));
        assert_eq!(counts(&mut world, "2026-01-06T00:00:00Z"), (0, 1, 1));
        assert_eq!(counts(&mut world, "2026-01-10T09:00:00Z"), (0, 1, 0));
        assert_eq!(counts(&mut world, "2026-01-12T00:00:00Z"), (0, 0, 0));
        world.count(&rep_id("ben"), moment("2026-01-12T08:00:00Z"));
        assert_eq!(counts(&mut world, "2026-01-14T08:00:00Z"), (0, 1, 1));
        assert_eq!(counts(&mut world, "2026-01-21T08:00:00Z"), (0, 0, 0), "over a Monday without a lead");
    }
}
