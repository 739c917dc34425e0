//! A worker's table and a rehearsed world decide alike, whatever a workspace leaves empty.

mod chance;

use super::*;
use baton_core::domain::account::{Candidates, CompanyRecord, Records};
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::known::Known;
use baton_core::domain::rep::{BusyKind, Presence};
use baton_core::handoff::{Event, Transition, advance};
use baton_core::rehearsal::Trial;
use baton_core::rehearsal::world::{RehearsalWorld, decide_in};
use baton_core::routing::scenario::{acme, moment, rep_id};
use baton_core::routing::snapshot::RepFacts;
use baton_core::routing::{Considered, decide};
use baton_core::rules::{SourceFile, compile};
use chance::{Dice, HANDOFF, HOURS, workspace};
use chrono::TimeDelta;
use proptest::prelude::*;
fn caller(dice: &mut Dice, number: u8) -> Lead {
    let said = |text: &str| Some(text).filter(|text| !text.is_empty()).map(|text| Known::from_caller(text.to_owned()));
    let mut lead = acme();
    lead.id = LeadId::from_digest([number; 16]);
    lead.company.country = said(["US", "GB", "ES", ""][usize::from(dice.below(4))]);
    lead.company.state = said(dice.or_empty("CA"));
    lead.company.domain = said(dice.or_empty("acme.com"));
    lead.company.name = said(dice.or_empty("Acme"));
    if dice.below(3) == 0 {
        lead = lead.after_the_call();
    }
    lead
}

/// What the CRM says: nothing in time, nothing at all, or a company with the caller's number.
fn account(dice: &mut Dice, lead: &Lead, now: DateTime<Utc>) -> Fact<Candidates> {
    let owner = dice.rep();
    let company = CompanyRecord {
        crm_id: "001".into(),
        name: "Acme".to_owned(),
        domains: vec!["acme.com".to_owned()],
        phones: lead.reach_phone().cloned().into_iter().collect(),
        owner_crm_id: Some(CrmId::from(format!("crm{owner}"))).filter(|_| dice.below(2) == 0),
        fields: BTreeMap::from([("tier".to_owned(), baton_core::domain::lead::FieldValue::Text("gold".to_owned()))]),
        ..CompanyRecord::default()
    };
    let companies = match dice.below(3) {
        0 => return Fact::Unknown { why: "no answer".to_owned() },
        1 => Vec::new(),
        _ => vec![company],
    };
    let value = Candidates::Found(Records { companies, ..Records::default() });
    Fact::Known { value, observed_at: now, source: "crm".to_owned() }
}

/// Of those who have one, as the worker asks.
fn calendars(dice: &mut Dice, rules: &RuleSet, now: DateTime<Utc>) -> BTreeMap<RepId, Fact<Vec<Busy>>> {
    let with_calendar = rules.reps.values().filter(|rep| rep.calendar.is_some());
    let busy = |kind| vec![Busy { from: now, until: now + TimeDelta::hours(1), kind }];
    let known = |value| Fact::Known { value, observed_at: now, source: "google".to_owned() };
    with_calendar
        .map(|rep| {
            let calendar = match dice.below(5) {
                0 => known(busy(BusyKind::Busy)),
                1 => known(busy(BusyKind::OutOfOffice)),
                2 => Fact::Unknown { why: "no answer".to_owned() },
                _ => known(Vec::new()),
            };
            (rep.id.clone(), calendar)
        })
        .collect()
}

/// The same lead in a worker and in a rehearsal, each on what its own decisions have left.
struct Twice<'r> {
    rules: &'r RuleSet,
    table: StandingTable,
    world: RehearsalWorld<'r>,
}

impl Twice<'_> {
    fn decide(
        &mut self,
        lead: &Lead,
        account: Fact<Candidates>,
        calendars: BTreeMap<RepId, Fact<Vec<Busy>>>,
        now: DateTime<Utc>,
    ) {
        let Self { rules, table, world } = self;
        let considered = Considered::by_lead(lead, rules).knowing(lead, &account, None, rules, now);
        let asked = |rep: &RepId| considered.reps.contains(rep);
        let facts = LeadFacts {
            account: account.clone(),
            assigned: None,
            lacks: BTreeSet::new(),
            calendars: calendars
                .iter()
                .filter(|(rep, _)| asked(rep))
                .map(|(rep, fact)| (rep.clone(), fact.clone()))
                .collect(),
            considered,
        };
        let snapshot = table.snapshot(&facts, rules, now);
        let worker = decide(lead, &snapshot, rules);

        let stored = calendars.into_iter().map(|(rep, calendar)| {
            let facts = RepFacts {
                presence: Presence::Unset,
                reserved_until: None,
                quiet_until: None,
                taken_today: 0,
                taken_this_week: 0,
                open: 0,
                calendar: Some(calendar),
            };
            (rep, facts)
        });
        let case = Trial {
            lead: lead.clone(),
            at: now,
            account,
            assigned: None,
            reps: stored.collect(),
            ledgers: BTreeMap::new(),
        };
        let rehearsed = world.decide(&case);
        assert_eq!(worker, rehearsed, "a worker and a rehearsal decide alike");
        let everybody = decide(lead, world.snapshot(), rules);
        assert_eq!(worker, everybody, "whoever is not considered would not have mattered");
        assert_eq!(decide_in(&snapshot, lead, rules).0, snapshot, "a snapshot holds all that it is taken from");

        table.book(lead, &worker, rules, now);
        world.give(&rehearsed);
        let begun = Handoff::begin(lead, &worker, rules).seeing(&snapshot, rules);
        let Transition { state, .. } = advance(&begun, &Event::Start, rules, now);
        table.reserve(&state);
        for hold in &state.holds {
            world.reserve(&hold.rep, hold.until);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Several leads in a row, with all that each leaves behind.
    #[test]
    fn whatever_a_workspace_leaves_empty_worker_and_rehearsal_decide_alike(dice in prop::collection::vec(any::<u8>(), 400)) {
        let mut dice = Dice::new(dice);
        let rules = workspace(&mut dice);
        prop_assume!(rules.is_some());
        let rules = rules.expect("it was just asked");
        let mut now = moment("2026-01-07T10:00:00Z");
        let world = RehearsalWorld::new(&rules, now, TimeDelta::days(30));
        let mut twice = Twice { rules: &rules, table: StandingTable::default(), world };
        for number in 0..8 {
            let lead = caller(&mut dice, number);
            let account = account(&mut dice, &lead, now);
            let calendars = calendars(&mut dice, &rules, now);
            twice.decide(&lead, account, calendars, now);
            now += TimeDelta::seconds(20);
        }
    }
}

/// A pool in which nobody has a calendar gave its second lead on an empty ledger, and booking it panicked.
#[test]
fn turns_caps_and_phones_hold_for_reps_without_a_calendar() {
    let roster = "id,name,email,phones,team,timezone,hours,calendar,cap_per_day\n\
                  ana,Ana,ana@reps.example,+12125550101,desk,UTC,always,,\n\
                  ben,Ben,ben@reps.example,+12125550102,desk,UTC,always,,1\n\
                  max,Max,max@reps.example,+12125550103,desk,UTC,always,max@reps.example,\n";
    for (members, route, expected) in [
        // Nobody has a calendar: turns go around, and each phone rings for one caller.
        ("ana, ben", "", ["ana", "ben"]),
        // One has: the other is no less in a pool with them.
        ("ben, max", "", ["ben", "max"]),
        // By a route to a named rep, who is on the phone for the second caller.
        ("max", "routes: [{ name: us, lead.country: US, to: { rep: ana } }]\n", ["ana", "ana"]),
    ] {
        let routing = format!(
            "version: 1\nownership: []\ntiers: [{{ name: any }}]\n\
             pools: [{{ name: desk, members: [{members}], lead_rep: max }}]\n{route}catch_all: {{ pool: desk }}\n"
        );
        let files = [
            ("rules/reps.csv", roster),
            ("rules/routing.yaml", &routing),
            ("rules/territories.csv", "territory,country,state\n"),
            ("rules/hours.yaml", HOURS),
            ("rules/handoff.yaml", HANDOFF),
        ];
        let files = files.map(|(path, text)| SourceFile { path: path.to_owned(), text: text.to_owned() });
        let rules = compile(&files).unwrap_or_else(|faults| panic!("{faults:#?}")).rules;
        let now = moment("2026-01-07T10:00:00Z");
        let mut table = StandingTable::default();
        let rung = [1, 2].map(|number| {
            let lead = Lead { id: LeadId::from_digest([number; 16]), ..acme() };
            let account = Fact::Unknown { why: "no CRM".to_owned() };
            let considered = Considered::by_lead(&lead, &rules).knowing(&lead, &account, None, &rules, now);
            let facts =
                LeadFacts { account, assigned: None, lacks: BTreeSet::new(), considered, calendars: BTreeMap::new() };
            let snapshot = table.snapshot(&facts, &rules, now);
            let decision = decide(&lead, &snapshot, &rules);
            table.book(&lead, &decision, &rules, now);
            let begun = Handoff::begin(&lead, &decision, &rules);
            let state = advance(&begun, &Event::Start, &rules, now).state;
            table.reserve(&state);
            (decision.plan.owner, state.holds.first().map(|hold| hold.rep.clone()))
        });
        let owners = rung.each_ref().map(|(owner, _)| owner.clone());
        assert_eq!(owners, expected.map(rep_id), "{members}");
        assert_ne!(rung[0].1, rung[1].1, "{members}: no phone rings for two callers");
        let taken = |rep| table.standing.reps.get(&rep_id(rep)).map_or(0, |state| state.taken_on(now.date_naive()));
        assert_eq!(taken("ana") + taken("ben") + taken("max"), 2, "{members}: what they take is counted");
    }
}
