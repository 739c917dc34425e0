//! The world that a rehearsed lead is decided in, and what each lead leaves behind in it.

mod at_work;

pub use at_work::RehearsalWorld;

use crate::domain::account::{Account, Candidates, CompanyRecord, MatchKey, PersonRecord, Records};
use crate::domain::id::{PoolId, RepId};
use crate::domain::known::Fact;
use crate::domain::lead::Lead;
use crate::domain::rep::{Busy, BusyKind, Presence};
use crate::routing::ledger::Ledger;
use crate::routing::snapshot::{Knowledge, Load, RepFacts, Snapshot};
use crate::routing::{Considered, Decision, decide};
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

/// What a worker would know of this lead in such a world, and its decision.
pub fn decide_in(world: &Snapshot, lead: &Lead, rules: &RuleSet) -> (Snapshot, Decision) {
    let Snapshot { now, account, assigned, .. } = world;
    let considered = Considered::by_lead(lead, rules).knowing(lead, account, assigned.as_ref(), rules, *now);
    let of_lead = Snapshot::of_lead(*now, account.clone(), assigned.clone());
    let snapshot = Snapshot { lacks: world.lacks.clone(), ..of_lead }.about(&considered, world, rules);
    let decision = decide(lead, &snapshot, rules);
    (snapshot, decision)
}

/// A rehearsed world knows everybody.
impl Knowledge for Snapshot {
    fn load(&self, rep: &RepId) -> Load {
        self.reps.get(rep).map_or(Load::NONE, RepFacts::load)
    }

    fn calendar(&self, rep: &RepId) -> Option<&Fact<Vec<Busy>>> {
        self.reps.get(rep)?.calendar.as_ref()
    }

    fn ledgers(&self) -> &BTreeMap<PoolId, Ledger> {
        &self.ledgers
    }
}

/// Nothing has happened yet: no account is known, every calendar is empty, nobody is reserved, every balance is level.
pub fn at_rest(rules: &RuleSet, now: DateTime<Utc>) -> Snapshot {
    Snapshot {
        now,
        account: Fact::Known { value: None.into(), observed_at: now, source: SOURCE.to_owned() },
        assigned: None,
        lacks: BTreeSet::new(),
        sees_leave_ahead: true,
        reps: rules.reps.keys().map(|rep| (rep.clone(), free(now))).collect(),
        ledgers: BTreeMap::new(),
    }
}

/// The CRM holds these records, which the rules then match to the lead.
pub fn holding(snapshot: Snapshot, records: Records) -> Snapshot {
    knowing(snapshot, Candidates::Found(records))
}

/// The lead's account is known and belongs to this rep, whatever its keys; `None` if the rep has no user in the CRM.
pub fn owned_by(snapshot: Snapshot, owner: &RepId, rules: &RuleSet) -> Option<Snapshot> {
    let owner_crm_id = Some(rules.reps.get(owner)?.crm_id.clone()?);
    let account = Account {
        crm_id: "rehearsed".into(),
        name: "the account of this rehearsal".to_owned(),
        domain: None,
        owner_crm_id,
        open_opportunity_owner_crm_id: None,
        matched_by: MatchKey::Domain,
        score_permille: 1000,
        fields: BTreeMap::new(),
    };
    Some(knowing(snapshot, Some(account).into()))
}

fn knowing(snapshot: Snapshot, value: Candidates) -> Snapshot {
    let account = Fact::Known { value, observed_at: snapshot.now, source: "the rehearsal".to_owned() };
    Snapshot { account, ..snapshot }
}

fn free(now: DateTime<Utc>) -> RepFacts {
    RepFacts {
        presence: Presence::Unset,
        reserved_until: None,
        quiet_until: None,
        taken_today: 0,
        taken_this_week: 0,
        open: 0,
        calendar: Some(Fact::Known { value: Vec::new(), observed_at: now, source: SOURCE.to_owned() }),
    }
}

/// The world at rest, with what a test says of it on top.
pub fn furnished(rules: &RuleSet, given: &Given, lead: &Lead, now: DateTime<Utc>) -> Snapshot {
    let mut world = at_rest(rules, now);
    if given.crm_down == Some(true) {
        world.account = Fact::Unknown { why: "the test says that the CRM is down".to_owned() };
    } else if given.account.is_some() || given.person.is_some() {
        let value = candidates(given, lead, now);
        world.account = Fact::Known { value, observed_at: now, source: "the test".to_owned() };
    }
    each(&mut world, given.away.as_ref(), |facts| facts.presence = Presence::Away);
    each(&mut world, given.on_call.as_ref(), |facts| facts.reserved_until = Some(now + ON_CALL_FOR));
    let calendar = |until, kind| Fact::Known {
        value: vec![Busy { from: now, until, kind }],
        observed_at: now,
        source: "the test".to_owned(),
    };
    let meeting = calendar(now + BUSY_FOR, BusyKind::Busy);
    each(&mut world, given.busy.as_ref(), |facts| facts.calendar = Some(meeting.clone()));
    let holiday = calendar(now + OUT_OF_OFFICE_FOR, BusyKind::OutOfOffice);
    each(&mut world, given.out_of_office.as_ref(), |facts| facts.calendar = Some(holiday.clone()));
    each(&mut world, given.calendar_unknown.as_ref(), |facts| {
        facts.calendar = Some(Fact::Unknown { why: "the test says so".to_owned() });
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

/// A person beside an account is a record that the matcher is asked about, like in production; so is the account then, by
/// the number that the lead calls from.
fn candidates(given: &Given, lead: &Lead, now: DateTime<Utc>) -> Candidates {
    let Some(person) = &given.person else { return given.account.clone().into() };
    let phones: Vec<_> = lead.reach_phone().cloned().into_iter().collect();
    let company = given.account.clone().map(|account| CompanyRecord {
        crm_id: account.crm_id,
        name: account.name,
        domains: account.domain.into_iter().collect(),
        phones: phones.clone(),
        owner_crm_id: account.owner_crm_id,
        open_opportunity_owner_crm_id: account.open_opportunity_owner_crm_id,
        fields: account.fields,
        ..CompanyRecord::default()
    });
    let person = PersonRecord {
        kind: person.kind,
        crm_id: "test-person".into(),
        company_crm_id: None,
        email: lead.contact.email.as_ref().map(|email| email.value.clone()),
        phones,
        owner_crm_id: person.owner_crm_id.clone(),
        owner: None,
        active_at: TimeDelta::from_std(person.active_ago).ok().and_then(|ago| now.checked_sub_signed(ago)),
    };
    Candidates::Found(Records { companies: company.into_iter().collect(), people: vec![person], left_out: 0 })
}

fn each(world: &mut Snapshot, reps: Option<&BTreeSet<RepId>>, change: impl Fn(&mut RepFacts)) {
    for rep in reps.into_iter().flatten() {
        if let Some(facts) = world.reps.get_mut(rep) {
            change(facts);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::reason::NotKnown;
    use crate::routing::scenario::{at, rep_id, scenario};

    /// A calendar that cannot be read any more was believed for ever, and called known.
    #[test]
    fn a_calendar_is_believed_for_as_long_as_the_rules_say() {
        let read_at = |time: &str| {
            let world = scenario().facts("ben", |facts| {
                facts.calendar = Some(Fact::Known { value: vec![], observed_at: at(time), source: "google".into() });
            });
            decide_in(&world.snapshot, &world.lead, &world.rules)
        };
        for (time, age) in
            [("09:44", Some(16)), ("08:00", Some(120)), ("00:00", Some(600)), ("09:45", None), ("10:00", None)]
        {
            let (snapshot, decision) = read_at(time);
            let why = age.map(|age| format!("google was last read {age} min ago, and is believed for 15m"));
            let told: Vec<String> = why.iter().map(|why| format!("calendar of ben unknown: {why}")).collect();
            let degraded: Vec<String> = decision.degraded.iter().map(NotKnown::in_words).collect();
            assert_eq!(degraded, told, "read at {time}");
            let unknown = matches!(&snapshot.reps[&rep_id("ben")].calendar, Some(Fact::Unknown { .. }));
            assert_eq!(unknown, age.is_some(), "read at {time}");
            let first = if unknown { "cy" } else { "ben" };
            assert_eq!(decision.plan.owner.as_str(), first, "after the others, while it is unknown");
        }
    }
}
