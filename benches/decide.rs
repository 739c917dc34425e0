//! What a decision costs: 500 reps in 25 pools of 20, and 100 to 41,000 territory rows (every ZIP code of the USA), loaded from
//! the files of `examples/large_workspace` as a worker loads them.
//!
//! Budgets (median): a decision in 50 µs; a look-up among 10,000 rows in 2 µs, and in twice the time of one among 100. The
//! ratios are printed at the end.
#![allow(clippy::disallowed_types, reason = "the ban is for pure modules")]

#[path = "../examples/large_workspace/workspace.rs"]
mod large;

// The program decides with its own allocator: without this line the bench would take the system's.
use baton as _;
use baton_core::domain::account::{Account, MatchKey};
use baton_core::domain::known::{Fact, Known};
use baton_core::domain::lead::{Call, Company, Contact, Headcount, Lead};
use baton_core::domain::rep::{Busy, BusyKind, Presence};
use baton_core::routing::ledger::{Ledger, TURN};
use baton_core::routing::scenario::acme;
use baton_core::routing::snapshot::RepFacts;
use baton_core::routing::{Snapshot, decide};
use baton_core::rules::model::index::Firmographics;
use baton_core::rules::model::set::Pool;
use baton_core::rules::{RuleSet, SourceFile, compile};
use chrono::{DateTime, TimeDelta, Utc};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

const REPS: u32 = 500;
const SIZES: [u32; 4] = [100, 1_000, 10_000, 41_000];

fn now() -> DateTime<Utc> {
    "2026-01-07T15:00:00Z".parse().expect("an instant")
}

/// The workspace of `examples/large_workspace` with that many rows, as the loader makes it.
fn rules(rows: u32) -> RuleSet {
    let files = large::files(rows, REPS).into_iter();
    let files: Vec<SourceFile> = files.map(|(path, text)| SourceFile { path: path.to_owned(), text }).collect();
    compile(&files).unwrap_or_else(|faults| panic!("{}", faults[0])).rules
}

/// Every rep has five meetings; one in five is in one now.
fn snapshot(rules: &RuleSet) -> Snapshot {
    let facts = |n: u32| {
        let meeting = |hours: i64| {
            let from = now() + TimeDelta::hours(hours) - TimeDelta::minutes(i64::from(n % 5) * 30);
            Busy { from, until: from + TimeDelta::minutes(25), kind: BusyKind::Busy }
        };
        let calendar =
            Fact::Known { value: (0..5).map(meeting).collect(), observed_at: now(), source: "google".into() };
        RepFacts {
            presence: Presence::Unset,
            reserved_until: None,
            quiet_until: None,
            taken_today: n % 9,
            taken_this_week: 0,
            open: n % 20,
            calendar: Some(calendar),
        }
    };
    let ledger = |pool: &Pool| {
        let mut ledger = Ledger::empty(pool.id.clone());
        for (member, n) in pool.members.keys().zip(0i64..) {
            ledger.balances.insert(member.clone(), (n * 2 - 19) * TURN / 40);
            ledger.last_turn.insert(member.clone(), n);
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
        reps: rules.reps.keys().cloned().zip((0..).map(facts)).collect(),
        ledgers: rules.pools.values().map(|pool| (pool.id.clone(), ledger(pool))).collect(),
        assigned: None,
        lacks: Default::default(),
        sees_leave_ahead: true,
    }
}

/// Acme at the hour of the snapshot: fits a row of every kind but the size at each number of rows.
fn lead() -> Lead {
    let said = |text: &str| Some(Known::from_caller(text.to_owned()));
    let acme = acme();
    Lead {
        occurred_at: now(),
        received_at: now(),
        call: acme.call.map(|call| Call { from: None, ..call }),
        contact: Contact { language: said("en"), ..Contact::default() },
        company: Company {
            employees: Some(Known::from_caller(Headcount { at_least: 50, at_most: Some(80) })),
            postal: said("00010"),
            ..acme.company
        },
        ..acme
    }
}

fn place(lead: &Lead) -> Firmographics<'_> {
    fn text(known: &Option<Known<String>>) -> Option<&str> {
        known.as_ref().map(|known| known.value.as_str())
    }
    Firmographics {
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
    let lead = lead();
    let mut group = criterion.benchmark_group("decide");
    for size in SIZES {
        let rules = rules(size);
        let snapshot = snapshot(&rules);
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
    let (lead, rules) = (lead(), rules(SIZES[2]));
    let mut snapshot = snapshot(&rules);
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
            bencher.iter(|| rules.territories.lookup(black_box(&place)));
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
                black_box(rules.territories.lookup(black_box(&place)).count());
            }
            times.push(began.elapsed() / ROUND);
        }
    }
    let medians = rounds.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    });
    for ((size, median), rules) in SIZES.iter().zip(medians).zip(&sets) {
        let (ratio, fit) = (median.as_secs_f64() / medians[0].as_secs_f64(), rules.territories.lookup(&place).count());
        println!("territory look-up among {size} rows: {median:?}, {fit} fit, {ratio:.2} times 100 rows (budget 2.00)");
    }
}

criterion_group!(benches, deciding, deciding_at_night, looking_up, ratio);
criterion_main!(benches);
