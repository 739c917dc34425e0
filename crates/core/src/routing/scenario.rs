//! A small world for tests, built in sentences: `scenario().owner("ana").on_leave("ana").expect_owner("ana")`.
//!
//! It is Wednesday, 7 January 2026, 10:00 UTC; offices are open from nine to five on weekdays. Acme of Los Angeles is on the
//! line. California is the territory West; pool `west` serves it with ben and cy; the catch-all `desk` has dee and eve;
//! max leads both. Nobody has taken a lead yet and every calendar is empty.

mod absence;
mod crm;
mod expect;
mod pools;
mod rules;
mod words;

pub use words::{at, day, moment, pool_id, rep_id, row};

use super::snapshot::{RepFacts, Snapshot};
use crate::domain::account::Candidates;
use crate::domain::id::LeadId;
use crate::domain::known::{Fact, Known};
use crate::domain::lead::{
    Call, Company, Consent, Contact, Direction, Disclosure, FieldValue, Headcount, Lead, LeadChannel, Preference,
    PreferredHandoff, Qualification,
};
use crate::domain::phone::PhoneE164;
use crate::domain::phone::endpoint::{Endpoint, PhoneKind};
use crate::domain::rep::{Presence, Rep};
use crate::domain::zone::Zone;
use crate::rules::RuleSet;
use crate::rules::model::condition::{Condition, IfUndecided};
use crate::rules::model::row::{NamedAccount, TerritoryRow};
use crate::rules::model::set::{Route, RouteTo, Tier};
use crate::rules::model::territories::Territories;
use crate::rules::model::truth::Test;
use chrono::{DateTime, Utc};
use rules::rules;
use std::collections::{BTreeMap, BTreeSet};
use words::{territory_id, tier_id};

#[derive(Clone)]
pub struct Scenario {
    pub lead: Lead,
    pub snapshot: Snapshot,
    pub rules: RuleSet,
}

pub fn scenario() -> Scenario {
    let mut world = Scenario { lead: acme(), snapshot: snapshot(), rules: rules() };
    for name in ["ben", "cy", "dee", "eve", "max"] {
        world.rep_mut(name);
    }
    world.pool("west", &["ben", "cy"]).serves("west", "West").pool("desk", &["dee", "eve"])
}

/// A live call from a software company of 50 to 100 people in California.
pub fn acme() -> Lead {
    let said = |text: &str| Some(Known::from_caller(text.to_owned()));
    Lead {
        id: LeadId::from_digest([7; 16]),
        source: "sandbox".into(),
        event_id: "evt-1".into(),
        occurred_at: at("10:00"),
        received_at: at("10:00"),
        channel: LeadChannel::Call,
        call: Some(Call {
            platform: "sandbox".into(),
            id: "call-1".into(),
            live: true,
            direction: Some(Direction::Inbound),
            from: PhoneE164::new("+14155550142").ok(),
            to: None,
            leg: None,
            started_at: None,
            only_completes: false,
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
        disclosure: Disclosure::default(),
    }
}

pub fn text_is(field: &str, value: &str) -> Condition {
    Condition::Field { field: field.to_owned(), test: Test::OneOf(vec![FieldValue::Text(value.to_owned())]) }
}

pub fn at_least(field: &str, least: f64) -> Condition {
    Condition::Field { field: field.to_owned(), test: Test::Range { at_least: Some(least), at_most: None } }
}

fn snapshot() -> Snapshot {
    Snapshot {
        now: at("10:00"),
        account: Fact::Known { value: Candidates::Settled(None), observed_at: at("09:59"), source: "mirror".into() },
        assigned: None,
        lacks: BTreeSet::new(),
        sees_leave_ahead: true,
        reps: BTreeMap::new(),
        ledgers: BTreeMap::new(),
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
        self.territories(|rows, _| rows.push(row));
        self
    }

    pub fn named_account(mut self, domain: &str, rep: Option<&str>, territory: Option<&str>) -> Self {
        let account = NamedAccount {
            line: 3,
            domain: Some(domain.to_owned()),
            name: "Acme".to_owned(),
            rep: rep.map(rep_id),
            territory: territory.map(territory_id),
        };
        self.territories(|_, accounts| accounts.push(account));
        self
    }

    fn territories(&mut self, change: impl FnOnce(&mut Vec<TerritoryRow>, &mut Vec<NamedAccount>)) {
        let before = &self.rules.territories;
        let (mut rows, mut accounts) = (before.rows().to_vec(), before.accounts().to_vec());
        change(&mut rows, &mut accounts);
        self.rules.territories = Territories::new(rows, accounts);
    }

    fn rep_mut(&mut self, name: &str) -> &mut Rep {
        let calendar = Fact::Known { value: vec![], observed_at: at("10:00"), source: "sandbox".to_owned() };
        let facts = RepFacts {
            presence: Presence::Unset,
            reserved_until: None,
            quiet_until: None,
            taken_today: 0,
            taken_this_week: 0,
            open: 0,
            calendar: Some(calendar),
        };
        self.snapshot.reps.entry(rep_id(name)).or_insert(facts);
        self.rules.reps.entry(rep_id(name)).or_insert_with(|| Rep {
            id: rep_id(name),
            name: name.to_uppercase(),
            email: format!("{name}@example.com"),
            phones: vec![Endpoint::new(PhoneKind::Phone, "+14155550100").expect("a number")],
            team: "sales".into(),
            seniority: "senior".into(),
            languages: BTreeSet::from(["en".to_owned()]),
            skills: BTreeSet::new(),
            products: BTreeSet::new(),
            timezone: Zone::UTC,
            hours: "office".into(),
            holidays: String::new(),
            chat_id: None,
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
