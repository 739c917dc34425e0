//! The world that a rehearsed lead is decided in, and what each lead leaves behind in it.

use super::Trial;
use crate::domain::account::{Account, Candidates, CompanyRecord, MatchKey, PersonRecord, Records};
use crate::domain::id::{PoolId, RepId};
use crate::domain::known::Fact;
use crate::domain::lead::Lead;
use crate::domain::rep::{Busy, BusyKind, Presence};
use crate::domain::zone::Zone;
use crate::routing::ledger::{Entry, Ledger};
use crate::routing::snapshot::{Knowledge, Load, RepFacts, Snapshot};
use crate::routing::{Considered, Decision, decide};
use crate::rules::RuleSet;
use crate::rules::expect::Given;
use chrono::{DateTime, Datelike, Days, TimeDelta, TimeZone, Utc};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

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
    let snapshot = Snapshot::of_lead(*now, account.clone(), assigned.clone()).about(&considered, world, rules);
    let decision = decide(lead, &snapshot, rules);
    (snapshot, decision)
}

/// A rehearsed world knows everybody.
impl Knowledge for Snapshot {
    fn load(&self, rep: &RepId) -> Load {
        self.reps.get(rep).map_or(Load::NONE, RepFacts::load)
    }

    fn calendar(&self, rep: &RepId) -> Option<&Fact<Vec<Busy>>> {
        self.reps.get(rep).map(|facts| &facts.calendar)
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
        taken_today: 0,
        taken_this_week: 0,
        open: 0,
        calendar: Fact::Known { value: Vec::new(), observed_at: now, source: SOURCE.to_owned() },
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
        decide_in(&self.snapshot, &case.lead, self.rules).1
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
    use crate::routing::reason::NotKnown;
    use crate::routing::scenario::{at, moment, rep_id, scenario};

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

    /// A calendar that cannot be read any more was believed for ever, and called known.
    #[test]
    fn a_calendar_is_believed_for_as_long_as_the_rules_say() {
        let read_at = |time: &str| {
            let world = scenario().facts("ben", |facts| {
                facts.calendar = Fact::Known { value: vec![], observed_at: at(time), source: "google".into() };
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
            let unknown = matches!(&snapshot.reps[&rep_id("ben")].calendar, Fact::Unknown { .. });
            assert_eq!(unknown, age.is_some(), "read at {time}");
            let first = if unknown { "cy" } else { "ben" };
            assert_eq!(decision.plan.owner.as_str(), first, "after the others, while it is unknown");
        }
    }
}
