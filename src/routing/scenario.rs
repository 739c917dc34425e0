//! A small world for tests, built in sentences: `scenario().owner("ana").on_leave("ana").expect_owner("ana")`.
//!
//! It is Wednesday, 7 January 2026, 10:00 UTC; offices are open from nine to five on weekdays. Acme of Los Angeles is on the
//! line. California is the territory West; pool `west` serves it with ben and cy; the catch-all `desk` has dee and eve;
//! max leads both. Nobody has taken a lead yet and every calendar is empty.

use super::decision::{CandidateVerdict, OwnershipResult, Rejection};
use super::ledger::{EntryKind, Ledger, TURN};
use super::snapshot::{RepFacts, Snapshot};
use super::{Decision, decide};
use crate::domain::account::{Account, Candidates, CompanyRecord, MatchKey, PersonKind, PersonRecord, Records};
use crate::domain::id::{LeadId, PoolId, ReleaseId, RepId, TerritoryId, TierId};
use crate::domain::known::{Fact, Known};
use crate::domain::lead::{
    Call, Company, Consent, Contact, Direction, FieldValue, Headcount, Lead, Preference, PreferredHandoff,
    Qualification,
};
use crate::domain::phone::PhoneE164;
use crate::domain::rep::{Busy, BusyKind, Leave, Presence, Rep};
use crate::domain::rota::{Hours, Shift, Week};
use crate::domain::zone::Zone;
use crate::rules::RuleSet;
use crate::rules::condition::{Condition, IfUndecided, Test};
use crate::rules::index::TerritoryIndex;
use crate::rules::set::*;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

#[derive(Clone)]
pub(crate) struct Scenario {
    pub lead: Lead,
    pub snapshot: Snapshot,
    pub rules: RuleSet,
}

pub(crate) fn scenario() -> Scenario {
    let mut world = Scenario { lead: acme(), snapshot: snapshot(), rules: rules() };
    for name in ["ben", "cy", "dee", "eve", "max"] {
        world.rep_mut(name);
    }
    world.pool("west", &["ben", "cy"]).serves("west", "West").pool("desk", &["dee", "eve"])
}

/// A live call from a software company of 50 to 100 people in California.
pub(crate) fn acme() -> Lead {
    let said = |text: &str| Some(Known::from_caller(text.to_owned()));
    Lead {
        id: LeadId::from_digest([7; 16]),
        source: "sandbox".into(),
        event_id: "evt-1".into(),
        occurred_at: at("10:00"),
        received_at: at("10:00"),
        call: Some(Call {
            platform: "sandbox".into(),
            id: "call-1".into(),
            live: true,
            direction: Some(Direction::Inbound),
            from: PhoneE164::new("+14155550142").ok(),
            to: None,
            leg: None,
            started_at: None,
        }),
        contact: Contact::default(),
        company: Company {
            name: said("Acme"),
            domain: said("acme.com"),
            industry: said("Software"),
            employees: Some(Known::from_caller(Headcount { at_least: 50, at_most: Some(100) })),
            country: said("US"),
            state: said("CA"),
            postal: said("94107"),
            ..Company::default()
        },
        qualification: Qualification::default(),
        transcript_url: None,
        recording_url: None,
        consent: Consent::default(),
        preference: Preference::default(),
        custom: BTreeMap::new(),
        unread: Vec::new(),
    }
}

/// A time of the day on which everything happens.
pub(crate) fn at(time: &str) -> DateTime<Utc> {
    moment(&format!("2026-01-07T{time}:00Z"))
}

pub(crate) fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap_or_else(|why| panic!("{text}: {why}"))
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap_or_else(|why| panic!("{text}: {why}"))
}

pub(crate) fn rep_id(name: &str) -> RepId {
    RepId::new(name).expect("a slug")
}

pub(crate) fn pool_id(name: &str) -> PoolId {
    PoolId::new(name).expect("a name")
}

fn territory_id(name: &str) -> TerritoryId {
    TerritoryId::new(name).expect("a name")
}

fn tier_id(name: &str) -> TierId {
    TierId::new(name).expect("a name")
}

fn shift(from: u32, until: u32) -> Shift {
    let hour = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("an hour");
    Shift { from: hour(from), until: hour(until) }
}

/// A row of `territories.csv` that fits everything, to be narrowed.
pub(crate) fn row(line: u32, territory: &str) -> TerritoryRow {
    TerritoryRow {
        line,
        territory: territory_id(territory),
        country: None,
        state: None,
        region: None,
        postal_prefix: None,
        industry: None,
        employees: None,
        priority: 0,
        from: None,
        until: None,
    }
}

pub(crate) fn text_is(field: &str, value: &str) -> Condition {
    Condition::Field { field: field.to_owned(), test: Test::OneOf(vec![FieldValue::Text(value.to_owned())]) }
}

pub(crate) fn at_least(field: &str, least: f64) -> Condition {
    Condition::Field { field: field.to_owned(), test: Test::Range { at_least: Some(least), at_most: None } }
}

fn in_mirror(value: Candidates) -> Fact<Candidates> {
    Fact::Known { value, observed_at: at("09:58"), source: "mirror".into() }
}

fn snapshot() -> Snapshot {
    Snapshot {
        now: at("10:00"),
        account: Fact::Known { value: Candidates::Settled(None), observed_at: at("09:59"), source: "mirror".into() },
        assigned: None,
        lacks: BTreeSet::new(),
        reps: BTreeMap::new(),
        ledgers: BTreeMap::new(),
    }
}

fn rules() -> RuleSet {
    let week = |days: usize, shift: Shift| {
        let mut week = Week::default();
        week.days[..days].fill(vec![shift]);
        week
    };
    RuleSet {
        release: ReleaseId::new("a".repeat(64)).expect("64 hexadecimal digits"),
        reps: BTreeMap::new(),
        territories: vec![TerritoryRow { state: Some("CA".into()), ..row(2, "West") }],
        named_accounts: vec![],
        index: TerritoryIndex::default(),
        ownership: vec![
            OwnershipRule { wait_at_most: Some(48 * HOUR), ..OwnershipRule::of(Existing::AccountOwner) },
            OwnershipRule::of(Existing::OpenOpportunityOwner),
        ],
        assignment: Assignment::Baton,
        calendars_believed_for: Duration::from_secs(15 * 60),
        tiers: vec![Tier {
            name: tier_id("smb"),
            line: 9,
            when: Condition::Always,
            if_undecided: IfUndecided::Skip,
            ladder: None,
        }],
        routes: vec![],
        pools: BTreeMap::new(),
        catch_all: pool_id("desk"),
        hours: Hours {
            weeks: BTreeMap::from([
                ("office".to_owned(), week(5, shift(9, 17))),
                ("early".to_owned(), week(5, shift(8, 16))),
                ("monday".to_owned(), week(1, shift(9, 17))),
                ("night".to_owned(), week(7, shift(22, 6))),
                (
                    "sunday".to_owned(),
                    Week { days: [vec![], vec![], vec![], vec![], vec![], vec![], vec![shift(9, 17)]] },
                ),
            ]),
            holidays: BTreeMap::from([("XX".to_owned(), BTreeSet::from([day("2026-01-07")]))]),
            calling: Shift::default(),
            calling_in: BTreeMap::new(),
        },
        handoff: handoff(),
        matching: MatchRules::default(),
        shared_domains: BTreeSet::new(),
    }
}

fn handoff() -> HandoffRules {
    HandoffRules {
        patience: Duration::from_secs(45),
        bridge_within: Duration::from_secs(60),
        live_at_most: Duration::from_secs(120),
        ring_timeout: Duration::from_secs(15),
        accept_within: Duration::from_secs(12),
        join_within: Duration::from_secs(5),
        ring_at_most: 3,
        ladders: BTreeMap::from([
            ("default".to_owned(), vec![Rung::WarmTransfer, Rung::Booking, Rung::Callback]),
            ("quiet".to_owned(), vec![Rung::Booking, Rung::Callback]),
        ]),
        booking: BookingRules {
            duration: HOUR / 2,
            notice: HOUR,
            within_days: 5,
            offer: 2,
            answer_within: Duration::from_secs(30),
        },
        callback: CallbackRules {
            within: HOUR,
            within_after_hang_up: HOUR / 4,
            remind_before: HOUR / 6,
            escalate_before: HOUR / 12,
        },
        needs_attention: rep_id("max"),
        first_contact_sla: HOUR,
        open_for: 24 * 30 * HOUR,
        company: Some("Fernhill Software".to_owned()),
    }
}

/// Who and what there is.
impl Scenario {
    pub fn not_live(mut self) -> Self {
        self.lead.call.as_mut().expect("the lead has a call").live = false;
        self
    }

    pub fn wants(mut self, handoff: PreferredHandoff) -> Self {
        self.lead.preference.handoff = Some(handoff);
        self
    }

    pub fn speaks(mut self, language: &str) -> Self {
        self.lead.contact.language = Some(Known::from_caller(language.to_owned()));
        self
    }

    pub fn now(mut self, now: DateTime<Utc>) -> Self {
        self.snapshot.now = now;
        self
    }

    /// Changes a rep, who is made if need be.
    pub fn rep(mut self, name: &str, change: impl FnOnce(&mut Rep)) -> Self {
        change(self.rep_mut(name));
        self
    }

    pub fn facts(mut self, name: &str, change: impl FnOnce(&mut RepFacts)) -> Self {
        self.rep_mut(name);
        change(self.snapshot.reps.get_mut(&rep_id(name)).expect("made with the rep"));
        self
    }

    /// A pool of its own making, which serves nothing yet; members have weight 1.
    pub fn pool(mut self, name: &str, members: &[&str]) -> Self {
        for member in members {
            self.rep_mut(member);
        }
        let pool = Pool {
            id: pool_id(name),
            line: 20,
            territories: BTreeSet::new(),
            tiers: BTreeSet::new(),
            members: members.iter().map(|member| (rep_id(member), 1)).collect(),
            require_language: false,
            require_products: false,
            require_skills: BTreeSet::new(),
            prefer: vec![],
            policy: OrderPolicy::Balanced,
            caps: Caps::default(),
            when_full: WhenFull::Forgo,
            overflow: None,
            calendar_unknown: CalendarUnknown::AfterTheOthers,
            owned_leads_count: false,
            lead_rep: rep_id("max"),
        };
        self.rules.pools.insert(pool_id(name), pool);
        self
    }

    pub fn change_pool(mut self, name: &str, change: impl FnOnce(&mut Pool)) -> Self {
        change(self.rules.pools.get_mut(&pool_id(name)).expect("a pool of the scenario"));
        self
    }

    pub fn serves(self, pool: &str, territory: &str) -> Self {
        self.change_pool(pool, |pool| pool.territories.extend([territory_id(territory)]))
    }

    pub fn serves_tier(self, pool: &str, tier: &str) -> Self {
        self.change_pool(pool, |pool| pool.tiers.extend([tier_id(tier)]))
    }

    pub fn overflow(self, pool: &str, to: &str) -> Self {
        self.change_pool(pool, |pool| pool.overflow = Some(pool_id(to)))
    }

    /// A tier before the others.
    pub fn tier(mut self, name: &str, when: Condition, if_undecided: IfUndecided, ladder: Option<&str>) -> Self {
        let tier = Tier { name: tier_id(name), line: 5, when, if_undecided, ladder: ladder.map(str::to_owned) };
        self.rules.tiers.insert(0, tier);
        self
    }

    pub fn route(mut self, name: &str, when: Condition, if_undecided: IfUndecided, to: RouteTo) -> Self {
        self.rules.routes.push(Route { name: name.to_owned(), line: 40, when, if_undecided, to });
        self
    }

    pub fn territory(mut self, row: TerritoryRow) -> Self {
        self.rules.territories.push(row);
        self
    }

    pub fn named_account(mut self, domain: &str, rep: Option<&str>, territory: Option<&str>) -> Self {
        self.rules.named_accounts.push(NamedAccount {
            line: 3,
            domain: Some(domain.to_owned()),
            name: "Acme".to_owned(),
            rep: rep.map(rep_id),
            territory: territory.map(territory_id),
        });
        self
    }

    fn rep_mut(&mut self, name: &str) -> &mut Rep {
        let calendar = Fact::Known { value: vec![], observed_at: at("10:00"), source: "sandbox".to_owned() };
        let facts = RepFacts {
            presence: Presence::Unset,
            reserved_until: None,
            taken_today: 0,
            taken_this_week: 0,
            open: 0,
            calendar,
        };
        self.snapshot.reps.entry(rep_id(name)).or_insert(facts);
        self.rules.reps.entry(rep_id(name)).or_insert_with(|| Rep {
            id: rep_id(name),
            name: name.to_uppercase(),
            email: format!("{name}@example.com"),
            phones: vec![PhoneE164::new("+14155550100").expect("a number")],
            team: "sales".into(),
            seniority: "senior".into(),
            languages: BTreeSet::from(["en".to_owned()]),
            skills: BTreeSet::new(),
            products: BTreeSet::new(),
            timezone: Zone::UTC,
            hours: "office".into(),
            holidays: String::new(),
            slack_id: None,
            calendar: Some(format!("{name}@example.com")),
            crm_id: Some(format!("crm-{name}").into()),
            delegate: None,
            manager: None,
            weight: 1,
            cap_per_day: None,
            cap_per_week: None,
            cap_open: None,
            active: true,
            leave: vec![],
        })
    }
}

/// What the CRM knows.
impl Scenario {
    pub fn owner(self, name: &str) -> Self {
        self.rep(name, |_| ()).account(|account| account.owner_crm_id = Some(format!("crm-{name}").into()))
    }

    pub fn opportunity_owner(self, name: &str) -> Self {
        let crm_id = Some(format!("crm-{name}").into());
        self.rep(name, |_| ()).account(|account| account.open_opportunity_owner_crm_id = crm_id)
    }

    pub fn account(mut self, change: impl FnOnce(&mut Account)) -> Self {
        let known = match self.snapshot.account.value() {
            Some(Candidates::Settled(account)) => account.clone(),
            Some(Candidates::Found(_)) | None => None,
        };
        let mut account = known.unwrap_or(Account {
            crm_id: "001".into(),
            name: "Acme".into(),
            domain: Some("acme.com".into()),
            owner_crm_id: None,
            open_opportunity_owner_crm_id: None,
            matched_by: MatchKey::Domain,
            score_permille: 1000,
            fields: BTreeMap::new(),
        });
        change(&mut account);
        self.snapshot.account = in_mirror(Candidates::Settled(Some(account)));
        self
    }

    /// A company of the CRM; more than one are candidates for the matcher.
    pub fn company(self, crm_id: &str, change: impl FnOnce(&mut CompanyRecord)) -> Self {
        self.records(|records| {
            let mut company = CompanyRecord { crm_id: crm_id.into(), name: "Acme".into(), ..CompanyRecord::default() };
            change(&mut company);
            records.companies.push(company);
        })
    }

    /// A contact or lead of the CRM with the caller's e-mail address, which the caller then has.
    pub fn person(mut self, kind: PersonKind, owner: &str, active_at: Option<DateTime<Utc>>) -> Self {
        let email = "ada@acme.com".to_owned();
        self.lead.contact.email = Some(Known::from_caller(email.clone()));
        self.rep(owner, |_| ()).records(|records| {
            records.people.push(PersonRecord {
                kind,
                crm_id: format!("person-{}", records.people.len()).into(),
                company_crm_id: None,
                email: Some(email),
                phones: vec![],
                owner_crm_id: Some(format!("crm-{owner}").into()),
                owner: None,
                active_at,
            });
        })
    }

    pub fn records(mut self, change: impl FnOnce(&mut Records)) -> Self {
        let mut records = match self.snapshot.account.value() {
            Some(Candidates::Found(records)) => records.clone(),
            Some(Candidates::Settled(_)) | None => Records::default(),
        };
        change(&mut records);
        self.snapshot.account = in_mirror(Candidates::Found(records));
        self
    }

    /// Under `assignment: crm`: what its rules chose.
    pub fn assigned(mut self, owner: Option<&str>) -> Self {
        self.rules.assignment = Assignment::Crm;
        let value = owner.map(|owner| format!("crm-{owner}").into());
        self.snapshot.assigned = Some(Fact::Known { value, observed_at: at("10:00"), source: "salesforce".into() });
        self
    }

    pub fn crm_is_down(mut self) -> Self {
        self.snapshot.account = Fact::Unknown { why: "salesforce did not answer in 700 ms".into() };
        self
    }
}

/// What keeps a rep from taking it.
impl Scenario {
    /// This week and the next.
    pub fn on_leave(self, name: &str) -> Self {
        self.rep(name, |rep| rep.leave = vec![Leave { from: day("2026-01-05"), until: day("2026-01-16") }])
    }

    /// An account owner on leave keeps their leads for so long.
    pub fn leave_at_most(mut self, days: u32) -> Self {
        self.rules.ownership[0].leave_at_most = Some(days * 24 * HOUR);
        self
    }

    /// Works at night; back at 22:00.
    pub fn off_rota(self, name: &str) -> Self {
        self.rep(name, |rep| rep.hours = "night".into())
    }

    pub fn delegate(self, name: &str, to: &str) -> Self {
        self.rep(to, |_| ()).rep(name, |rep| rep.delegate = Some(rep_id(to)))
    }

    pub fn busy(self, name: &str, until: &str) -> Self {
        self.calendar(name, BusyKind::Busy, at("09:30"), at(until))
    }

    pub fn out_of_office(self, name: &str, until: DateTime<Utc>) -> Self {
        self.calendar(name, BusyKind::OutOfOffice, at("00:00"), until)
    }

    pub fn calendar(self, name: &str, kind: BusyKind, from: DateTime<Utc>, until: DateTime<Utc>) -> Self {
        self.facts(name, |facts| {
            if let Fact::Known { value, .. } = &mut facts.calendar {
                value.push(Busy { from, until, kind });
            }
        })
    }

    pub fn calendar_unknown(self, name: &str) -> Self {
        self.facts(name, |facts| facts.calendar = Fact::Unknown { why: "no answer".into() })
    }

    pub fn away(self, name: &str) -> Self {
        self.facts(name, |facts| facts.presence = Presence::Away)
    }

    pub fn reserved(self, name: &str, until: &str) -> Self {
        self.facts(name, |facts| facts.reserved_until = Some(at(until)))
    }

    /// Balances in turns; they must sum to zero.
    pub fn balances(mut self, pool: &str, balances: &[(&str, f64)]) -> Self {
        let mut ledger = Ledger::empty(pool_id(pool));
        ledger.seq = 10;
        ledger.balances = balances.iter().map(|(rep, turns)| (rep_id(rep), (turns * TURN as f64) as i64)).collect();
        assert_eq!(ledger.balances.values().sum::<i64>(), 0, "balances sum to zero");
        self.snapshot.ledgers.insert(pool_id(pool), ledger);
        self
    }
}

/// What is decided.
impl Scenario {
    /// With what must hold for every decision.
    pub fn decide(&self) -> Decision {
        let mut rules = self.rules.clone();
        rules.index = TerritoryIndex::build(&rules.territories, &rules.named_accounts);
        let decision = decide(&self.lead, &self.snapshot, &rules);
        hold_invariants(&decision, &rules);
        decision
    }

    pub fn expect_owner(self, name: &str) -> Self {
        let plan = self.decide().plan;
        assert_eq!(plan.owner, rep_id(name), "{}", plan.reason);
        self
    }

    pub fn expect_first(self, name: &str) -> Self {
        let plan = self.decide().plan;
        assert_eq!(plan.targets.first().map(|target| &target.rep), Some(&rep_id(name)), "{}", plan.reason);
        self
    }

    pub fn expect_targets(self, names: &[&str]) -> Self {
        let plan = self.decide().plan;
        let targets: Vec<&str> = plan.targets.iter().map(|target| target.rep.as_str()).collect();
        assert_eq!(targets, names, "{}", plan.reason);
        self
    }

    pub fn expect_pool(self, name: &str) -> Self {
        let plan = self.decide().plan;
        assert_eq!(plan.pool, pool_id(name), "{}", plan.reason);
        self
    }

    /// The rep who pays the turn.
    pub fn expect_credit(self, name: &str) -> Self {
        let turn = self.decide().turn.expect("a turn is charged");
        assert!(matches!(&turn.kind, EntryKind::Turn { payer, .. } if *payer == rep_id(name)), "{turn:?}");
        self
    }

    pub fn expect_no_turn(self) -> Self {
        assert_eq!(self.decide().turn, None);
        self
    }

    pub fn expect_rungs(self, rungs: &[Rung]) -> Self {
        assert_eq!(self.decide().plan.rungs, rungs);
        self
    }

    pub fn expect_ownership(self, results: &[OwnershipResult]) -> Self {
        let found: Vec<_> = self.decide().trace.ownership.into_iter().map(|rule| rule.result).collect();
        assert_eq!(found, results);
        self
    }

    pub fn expect_rejected(self, name: &str, why: Rejection) -> Self {
        let decision = self.decide();
        let mut candidates = decision.trace.pools.iter().flat_map(|pool| &pool.candidates);
        let found = candidates.find(|candidate| candidate.rep == rep_id(name)).expect("the rep is a candidate");
        assert_eq!(found.verdict, CandidateVerdict::Rejected { because: why });
        self
    }

    pub fn expect_degraded(self, missing: &[&str]) -> Self {
        assert_eq!(self.decide().degraded, missing);
        self
    }

    pub fn expect_reason(self, reason: &str) -> Self {
        assert_eq!(self.decide().plan.reason, reason);
        self
    }
}

fn hold_invariants(decision: &Decision, rules: &RuleSet) {
    let plan = &decision.plan;
    assert!(rules.reps.contains_key(&plan.owner), "the owner is a rep: {}", plan.owner);
    assert_eq!(plan.rungs.last(), Some(&Rung::Callback), "the last rung needs only our own database");
    assert_eq!(plan.targets.is_empty(), !plan.rungs.contains(&Rung::WarmTransfer), "who is rung, and whether");
    let relaxing = rules.pools.get(&plan.pool).map_or(0, |pool| pool.prefer.len());
    assert!(plan.targets.len() <= rules.handoff.ring_at_most as usize * (1 + relaxing));
    let distinct: BTreeSet<_> = plan.targets.iter().map(|target| &target.rep).collect();
    assert_eq!(distinct.len(), plan.targets.len(), "nobody is rung twice");
    for pool in &decision.trace.pools {
        let members = rules.pools[&pool.pool].members.keys().cloned().collect::<BTreeSet<_>>();
        let judged = pool.candidates.iter().map(|candidate| candidate.rep.clone()).collect::<BTreeSet<_>>();
        assert_eq!(judged, members, "nobody is filtered silently");
    }
    if let Some(turn) = &decision.turn {
        assert_eq!(turn.changes.values().sum::<i64>(), 0, "a turn moves balances and makes none");
        let EntryKind::Turn { payer, .. } = &turn.kind else { panic!("a decision charges a turn, it moves none") };
        assert_eq!(payer, &plan.owner, "the owner pays");
    }
}
