//! The world that a rehearsed lead is decided in.

use crate::domain::id::RepId;
use crate::domain::known::Fact;
use crate::domain::rep::{Busy, BusyKind, Presence};
use crate::routing::ledger::Ledger;
use crate::routing::snapshot::{RepFacts, Snapshot};
use crate::rules::RuleSet;
use crate::rules::expect::Given;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// Named as the source of every fact.
const SOURCE: &str = "the rules alone, without a CRM";

/// How long what a test says of a rep lasts: a call of some minutes, a meeting of an hour, days out of office that are
/// longer than anybody waits for.
const ON_CALL_FOR: TimeDelta = TimeDelta::minutes(10);
const BUSY_FOR: TimeDelta = TimeDelta::hours(1);
const OUT_OF_OFFICE_FOR: TimeDelta = TimeDelta::days(2);

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

/// The world at rest, with what a test says of it on top.
pub fn furnished(rules: &RuleSet, given: &Given, now: DateTime<Utc>) -> Snapshot {
    let mut world = at_rest(rules, now);
    if given.crm_down == Some(true) {
        world.account = Fact::Unknown { why: "the test says that the CRM is down".to_owned() };
    } else if given.account.is_some() {
        world.account = Fact::Known { value: given.account.clone(), observed_at: now, source: "the test".to_owned() };
    }
    each(&mut world, given.away.as_ref(), |facts| facts.presence = Presence::Away);
    each(&mut world, given.on_call.as_ref(), |facts| facts.reserved_until = Some(now + ON_CALL_FOR));
    let calendar = |until, kind| Fact::Known {
        value: vec![Busy { from: now, until, kind }],
        observed_at: now,
        source: "the test".to_owned(),
    };
    let meeting = calendar(now + BUSY_FOR, BusyKind::Busy);
    each(&mut world, given.busy.as_ref(), |facts| facts.calendar = meeting.clone());
    let holiday = calendar(now + OUT_OF_OFFICE_FOR, BusyKind::OutOfOffice);
    each(&mut world, given.out_of_office.as_ref(), |facts| facts.calendar = holiday.clone());
    each(&mut world, given.calendar_unknown.as_ref(), |facts| {
        facts.calendar = Fact::Unknown { why: "the test says so".to_owned() };
    });
    for (rep, facts) in &mut world.reps {
        let number = |numbers: &Option<BTreeMap<RepId, u32>>| numbers.as_ref()?.get(rep).copied();
        facts.taken_today = number(&given.taken_today).unwrap_or(facts.taken_today);
        facts.open = number(&given.open).unwrap_or(facts.open);
    }
    for (pool, balances) in given.ledger.iter().flatten() {
        let ledger = Ledger { balances: balances.clone(), ..Ledger::empty(pool.clone()) };
        world.ledgers.insert(pool.clone(), ledger);
    }
    world
}

fn each(world: &mut Snapshot, reps: Option<&BTreeSet<RepId>>, change: impl Fn(&mut RepFacts)) {
    for rep in reps.into_iter().flatten() {
        if let Some(facts) = world.reps.get_mut(rep) {
            change(facts);
        }
    }
}
