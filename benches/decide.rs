//! What a decision costs: 500 reps in 25 pools of 20, and 100 to 41,000 territory rows (every ZIP code of the USA).
//!
//! Budgets (median): a decision in 50 µs while somebody is at work; a look-up among many rows in twice the time of one
//! among 100. The ratios are printed at the end.
#![allow(clippy::disallowed_types, reason = "the ban is for pure modules")]

use baton::domain::account::{Account, MatchKey};
use baton::domain::id::{LeadId, PoolId, ReleaseId, RepId, TerritoryId, TierId};
use baton::domain::known::{Fact, Known};
use baton::domain::lead::{Call, Company, Consent, Contact, Headcount, Lead, Preference, Qualification};
use baton::domain::phone::PhoneE164;
use baton::domain::rep::{Busy, BusyKind, Presence, Rep};
use baton::domain::rota::{Hours, Shift, Week};
use baton::routing::ledger::{Ledger, TURN};
use baton::routing::snapshot::RepFacts;
use baton::routing::{Snapshot, decide};
use baton::rules::RuleSet;
use baton::rules::condition::{Condition, IfUndecided, Test};
use baton::rules::index::{Place, TerritoryIndex};
use baton::rules::set::*;
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use std::time::{Duration, Instant};

const REPS: u32 = 500;
const POOLS: u32 = 25;
const SIZES: [u32; 4] = [100, 1_000, 10_000, 41_000];

fn now() -> DateTime<Utc> {
    "2026-01-07T15:00:00Z".parse().expect("an instant")
}

fn territory(n: u32) -> TerritoryId {
    TerritoryId::new(format!("territory {}", n % POOLS)).expect("a name")
}

fn rep_id(n: u32) -> RepId {
    RepId::new(format!("rep{n:03}")).expect("a slug")
}

fn pool_id(n: u32) -> PoolId {
    PoolId::new(format!("pool {n:02}")).expect("a name")
}

/// Seven kinds of row, as in the sheets people keep: everything, country, state, postal codes of three and five digits,
/// state × industry, country × size. The kinds are the same at every size.
fn row(n: u32) -> TerritoryRow {
    let empty = TerritoryRow {
        line: n + 2,
        territory: territory(n),
        country: None,
        state: None,
        region: None,
        postal_prefix: None,
        industry: None,
        employees: None,
        priority: 0,
        from: None,
        until: None,
    };
    let country = Some(if n < 14 { "US".to_owned() } else { format!("{:02}", n % 90) });
    let state = Some(format!("S{}", n / 7 % 60));
    match n % 7 {
        0 if n == 0 => empty,
        0 | 1 => TerritoryRow { country, ..empty },
        2 => TerritoryRow { country, state, ..empty },
        3 => TerritoryRow { country: Some("US".into()), postal_prefix: Some(format!("{:03}", n / 7 % 1000)), ..empty },
        4 => TerritoryRow { country: Some("US".into()), postal_prefix: Some(format!("{n:05}")), ..empty },
        5 => TerritoryRow { state, industry: Some(format!("industry {}", n % 40)), ..empty },
        _ => TerritoryRow { country, employees: Some((Some(n % 1000), None)), ..empty },
    }
}

fn rep(n: u32) -> Rep {
    Rep {
        id: rep_id(n),
        name: format!("Rep {n}"),
        email: format!("rep{n}@example.com"),
        phones: vec![PhoneE164::new(format!("+1415555{n:04}")).expect("a number")],
        team: "sales".into(),
        seniority: "senior".into(),
        languages: BTreeSet::from(["en".to_owned(), "de".to_owned()]),
        skills: BTreeSet::from(["voice-ai".to_owned()]),
        timezone: [chrono_tz::America::New_York, chrono_tz::Europe::Berlin, chrono_tz::Asia::Kolkata][n as usize % 3],
        hours: "office".into(),
        holidays: "US".into(),
        slack_id: None,
        calendar: Some(format!("rep{n}@example.com")),
        crm_id: Some(format!("005{n:012}")),
        delegate: None,
        manager: None,
        weight: 1 + n % 3,
        cap_per_day: Some(8),
        active: !n.is_multiple_of(50),
        leave: vec![],
    }
}

fn pool(n: u32) -> Pool {
    let members = n * (REPS / POOLS)..(n + 1) * (REPS / POOLS);
    Pool {
        id: pool_id(n),
        line: n,
        territories: BTreeSet::from([territory(n)]),
        tiers: BTreeSet::new(),
        members: members.map(|member| (rep_id(member), 1)).collect(),
        require_language: true,
        require_skills: BTreeSet::from(["voice-ai".to_owned()]),
        policy: OrderPolicy::Balanced,
        caps: Caps { per_day: Some(8), open: Some(25) },
        overflow: (n > 0).then(|| pool_id(0)),
        calendar_unknown: CalendarUnknown::AfterTheOthers,
        owned_leads_count: false,
        lead_rep: rep_id(n),
    }
}

fn rules(rows: u32) -> RuleSet {
    let shift = |from, until| {
        let hour = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("an hour");
        Shift { from: hour(from), until: hour(until) }
    };
    let mut office = Week::default();
    office.days[..5].fill(vec![shift(8, 12), shift(12, 18)]);
    let territories: Vec<_> = (0..rows).map(row).collect();
    let tier = |name: &str, when| Tier {
        name: TierId::new(name).expect("a name"),
        line: 1,
        when,
        if_undecided: IfUndecided::Skip,
        ladder: None,
    };
    let large = Condition::Field {
        field: "lead.employees".into(),
        test: Test::Range { at_least: Some(1000.0), at_most: None },
    };
    RuleSet {
        release: ReleaseId::new("b".repeat(64)).expect("64 hexadecimal digits"),
        reps: (0..REPS).map(|n| (rep_id(n), rep(n))).collect(),
        index: TerritoryIndex::build(&territories, &[]),
        territories,
        named_accounts: vec![],
        ownership: vec![OwnershipRule { existing: Existing::AccountOwner, wait_at_most: None, within: None }],
        assignment: Assignment::Baton,
        tiers: vec![tier("enterprise", large), tier("smb", Condition::Always)],
        routes: vec![],
        pools: (0..POOLS).map(|n| (pool_id(n), pool(n))).collect(),
        catch_all: pool_id(0),
        hours: Hours {
            weeks: BTreeMap::from([("office".to_owned(), office)]),
            holidays: BTreeMap::from([("US".to_owned(), BTreeSet::from(["2026-01-01".parse().expect("a date")]))]),
            calling: Shift::default(),
        },
        handoff: HandoffRules {
            patience: Duration::from_secs(45),
            bridge_within: Duration::from_secs(60),
            ring_timeout: Duration::from_secs(15),
            accept_within: Duration::from_secs(12),
            join_within: Duration::from_secs(5),
            ring_at_most: 3,
            ladders: BTreeMap::from([("default".to_owned(), vec![Rung::WarmTransfer, Rung::Booking, Rung::Callback])]),
            booking: BookingRules {
                duration: Duration::from_secs(1800),
                notice: Duration::from_secs(3600),
                within_days: 5,
                offer: 2,
                answer_within: Duration::from_secs(30),
            },
            callback: CallbackRules {
                within: Duration::from_secs(3600),
                within_after_hang_up: Duration::from_secs(900),
                remind_before: Duration::from_secs(600),
                escalate_before: Duration::from_secs(300),
            },
            needs_attention: rep_id(1),
            first_contact_sla: Duration::from_secs(3600),
        },
        matching: MatchRules::default(),
        shared_domains: BTreeSet::new(),
    }
}

/// Every rep has five meetings; one in five is in one now.
fn snapshot() -> Snapshot {
    let facts = |n: u32| {
        let meeting = |hours: i64| {
            let from = now() + TimeDelta::hours(hours) - TimeDelta::minutes(i64::from(n % 5) * 30);
            Busy { from, until: from + TimeDelta::minutes(25), kind: BusyKind::Busy }
        };
        let calendar =
            Fact::Known { value: (0..5).map(meeting).collect(), observed_at: now(), source: "google".into() };
        RepFacts { presence: Presence::Unset, reserved_until: None, taken_today: n % 9, open: n % 20, calendar }
    };
    let ledger = |n: u32| {
        let mut ledger = Ledger::empty(pool_id(n));
        for member in pool(n).members.into_keys().zip(0i64..) {
            ledger.balances.insert(member.0.clone(), (member.1 * 2 - 19) * TURN / 40);
            ledger.last_turn.insert(member.0, member.1);
        }
        ledger
    };
    let account = Account {
        crm_id: "001".into(),
        name: "Acme".into(),
        domain: Some("acme.com".into()),
        owner_crm_id: None,
        open_opportunity_owner_crm_id: None,
        matched_by: MatchKey::Domain,
        score_permille: 1000,
        fields: BTreeMap::new(),
    };
    Snapshot {
        now: now(),
        account: Fact::Known { value: Some(account).into(), observed_at: now(), source: "mirror".into() },
        assigned: None,
        reps: (0..REPS).map(|n| (rep_id(n), facts(n))).collect(),
        ledgers: (0..POOLS).map(|n| (pool_id(n), ledger(n))).collect(),
    }
}

/// Fits a row of every kind but the size at each number of rows.
fn lead() -> Lead {
    let said = |text: &str| Some(Known::from_caller(text.to_owned()));
    Lead {
        id: LeadId::from_digest([3; 16]),
        source: "bench".into(),
        event_id: "1".into(),
        occurred_at: now(),
        received_at: now(),
        call: Some(Call {
            platform: "bench".into(),
            id: "call-1".into(),
            live: true,
            direction: None,
            from: None,
            to: None,
            leg: None,
            started_at: None,
        }),
        contact: Contact { language: said("en"), ..Contact::default() },
        company: Company {
            name: said("Acme"),
            domain: said("acme.com"),
            industry: said("industry 5"),
            employees: Some(Known::from_caller(Headcount { at_least: 50, at_most: Some(100) })),
            country: said("US"),
            state: said("S1"),
            postal: said("00011"),
            ..Company::default()
        },
        qualification: Qualification::default(),
        transcript_url: None,
        recording_url: None,
        consent: Consent::default(),
        preference: Preference::default(),
        custom: BTreeMap::new(),
    }
}

fn place(lead: &Lead) -> Place<'_> {
    fn text(known: &Option<Known<String>>) -> Option<&str> {
        known.as_ref().map(|known| known.value.as_str())
    }
    Place {
        country: text(&lead.company.country),
        state: text(&lead.company.state),
        region: None,
        postal: text(&lead.company.postal),
        industry: text(&lead.company.industry),
        employees: lead.company.employees.as_ref().map(|known| known.value),
        on: lead.occurred_at.date_naive(),
    }
}

fn deciding(criterion: &mut Criterion) {
    let (lead, snapshot) = (lead(), snapshot());
    let mut group = criterion.benchmark_group("decide");
    for size in SIZES {
        let rules = rules(size);
        let decision = decide(&lead, &snapshot, &rules);
        assert!(!decision.plan.targets.is_empty(), "the usual case: somebody is rung");
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
            bencher.iter(|| decide(black_box(&lead), black_box(&snapshot), black_box(&rules)));
        });
    }
    group.finish();
}

/// The dear case: two pools of members who are all off rota, each asked for the first free moment.
fn deciding_at_night(criterion: &mut Criterion) {
    let (lead, mut snapshot, rules) = (lead(), snapshot(), rules(SIZES[2]));
    snapshot.now -= TimeDelta::hours(72); // Sunday
    assert!(decide(&lead, &snapshot, &rules).plan.targets.is_empty(), "nobody is at work");
    criterion.bench_function("decide on a Sunday", |bencher| {
        bencher.iter(|| decide(black_box(&lead), black_box(&snapshot), black_box(&rules)));
    });
}

fn looking_up(criterion: &mut Criterion) {
    let lead = lead();
    let place = place(&lead);
    let mut group = criterion.benchmark_group("territory");
    for size in SIZES {
        let rules = rules(size);
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
            bencher.iter(|| rules.index.lookup(black_box(&place)));
        });
    }
    group.finish();
}

/// Medians of a hundred rounds each, taken in turns so that a noisy moment hits both.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn ratio(_: &mut Criterion) {
    const ROUND: u32 = 2_000;
    let lead = lead();
    let place = place(&lead);
    let sets = SIZES.map(rules);
    let mut rounds = SIZES.map(|_| Vec::new());
    for _ in 0..100 {
        for (rules, times) in sets.iter().zip(&mut rounds) {
            let began = Instant::now();
            for _ in 0..ROUND {
                black_box(rules.index.lookup(black_box(&place)));
            }
            times.push(began.elapsed() / ROUND);
        }
    }
    let medians = rounds.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    });
    for ((size, median), rules) in SIZES.iter().zip(medians).zip(&sets) {
        let (ratio, fit) = (median.as_secs_f64() / medians[0].as_secs_f64(), rules.index.lookup(&place).len());
        println!("territory look-up among {size} rows: {median:?}, {fit} fit, {ratio:.2} times 100 rows (budget 2.00)");
    }
}

criterion_group!(benches, deciding, deciding_at_night, looking_up, ratio);
criterion_main!(benches);
