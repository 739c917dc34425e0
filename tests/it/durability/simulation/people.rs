//! Made-up leads and what may be known of them.

use super::chance::Chance;
use baton_core::domain::account::{Account, Candidates, MatchKey};
use baton_core::domain::crm_id::CrmId;
use baton_core::domain::id::LeadId;
use baton_core::domain::known::{Fact, Known, Source};
use baton_core::domain::lead::{
    Call, Company, Consent, Contact, FieldValue, Headcount, Lead, Preference, PreferredHandoff, Qualification,
};
use baton_core::domain::phone::PhoneE164;
use baton_core::domain::rep::{Busy, BusyKind, Presence, Rep};
use baton_core::domain::zone::Zone;
use baton_core::routing::scenario::acme;
use baton_core::routing::snapshot::RepFacts;
use baton_core::rules::RuleSet;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

const PLACES: [(&str, &str, &str); 14] = [
    ("GB", "", "EC1A1BB"),
    ("GB", "", "SW1A1AA"),
    ("DE", "BY", "80331"),
    ("FR", "", "75001"),
    ("PL", "", ""),
    ("SE", "", ""),
    ("US", "CA", "94107"),
    ("US", "NY", "10001"),
    ("US", "TX", "73301"),
    ("US", "WA", ""),
    ("CA", "ON", ""),
    ("BR", "", ""),
    ("JP", "", ""),
    ("AQ", "", ""), // no territory
];
const INDUSTRIES: [&str; 6] = ["Software", "Financial Services", "Healthcare", "Manufacturing", "Retail", "Beekeeping"];
const LANGUAGES: [&str; 6] = ["en", "en", "de", "fr", "es", "is"];

/// The `number`-th lead of a world.
pub fn lead(chance: &mut Chance, rules: &RuleSet, number: usize, seed: u64, now: DateTime<Utc>) -> Lead {
    let mut digest = [0; 16];
    digest[..8].copy_from_slice(&seed.to_be_bytes());
    digest[8..].copy_from_slice(&(number as u64).to_be_bytes());
    let live = chance.percent(85);
    let mut custom = BTreeMap::new();
    if chance.percent(4) {
        let tier = *chance.pick(&["silver", "gold", "platinum"]);
        custom.insert("partner_tier".to_owned(), FieldValue::Text(tier.to_owned()));
    }
    Lead {
        id: LeadId::from_digest(digest),
        source: (*chance.pick(&["sandbox", "sandbox", "vapi", "partner-portal"])).to_owned(),
        event_id: format!("evt-{seed}-{number}"),
        occurred_at: occurred_at(chance, now),
        received_at: now,
        call: (live || chance.percent(50)).then(|| call(live, number)),
        contact: Contact { language: maybe(chance, 60, &LANGUAGES), ..Contact::default() },
        company: company(chance, rules),
        qualification: Qualification {
            score: chance.percent(60).then(|| Known::from_caller(chance.below(101) as u8)),
            ..Qualification::default()
        },
        consent: Consent { callback: Some(true.into()), email: Some(chance.percent(50).into()), ..Consent::default() },
        preference: preference(chance, now),
        custom,
        ..acme()
    }
}

/// By the platform's clock, which may be off, and the event may have lain somewhere.
fn occurred_at(chance: &mut Chance, now: DateTime<Utc>) -> DateTime<Utc> {
    match chance.below(100) {
        0..6 => now + chance.seconds(0, 900),
        6..12 => now - chance.seconds(20, 110),
        12..14 => now - chance.seconds(120, 7_200),
        _ => now - chance.seconds(0, 2),
    }
}

fn call(live: bool, number: usize) -> Call {
    let (id, from) = (format!("call-{number}"), PhoneE164::new("+442079460999").ok());
    Call { id, live, from, ..acme().call.expect("Acme is on the line") }
}

fn maybe(chance: &mut Chance, percent: u32, values: &[&str]) -> Option<Known<String>> {
    chance.percent(percent).then(|| Known::from_caller((*chance.pick(values)).to_owned()))
}

fn company(chance: &mut Chance, rules: &RuleSet) -> Company {
    let known = |text: &str| (!text.is_empty()).then(|| Known::new(text.to_owned(), Source::Platform));
    let (country, state, postal) = if chance.percent(85) { *chance.pick(&PLACES) } else { ("", "", "") };
    let named = chance.percent(8).then(|| chance.pick(rules.territories.accounts()).clone());
    let at_least = [3, 120, 300, 1500, 1500][chance.below(5)];
    let at_most = [Some(at_least), Some(at_least * 4), None][chance.below(3)];
    Company {
        name: named.as_ref().map(|account| Known::from_caller(account.name.clone())),
        domain: named.and_then(|account| account.domain).map(Known::from_caller),
        industry: maybe(chance, 60, &INDUSTRIES),
        employees: chance.percent(85).then(|| Known::from_caller(Headcount { at_least, at_most })),
        country: known(country),
        state: known(state),
        region: maybe(chance, 15, &["EMEA", "AMER", "APAC"]),
        postal: known(postal),
        city: None,
    }
}

fn preference(chance: &mut Chance, now: DateTime<Utc>) -> Preference {
    let wanted = [PreferredHandoff::Transfer, PreferredHandoff::Meeting, PreferredHandoff::Callback];
    let zones = [Zone::named("Europe/London"), Zone::named("America/Los_Angeles"), Zone::named("Asia/Tokyo")];
    Preference {
        handoff: chance.percent(20).then(|| *chance.pick(&wanted)),
        times: (0..chance.below(3)).map(|_| now + chance.seconds(3600, 200_000)).collect(),
        timezone: chance.percent(60).then(|| *chance.pick(&zones)),
    }
}

/// What the CRM says: an account with an owner of ours or of nobody's, none, or nothing in time.
pub fn account(chance: &mut Chance, rules: &RuleSet, now: DateTime<Utc>) -> Fact<Candidates> {
    let kind = chance.below(100);
    if kind < 20 {
        return Fact::Unknown { why: "salesforce did not answer in 700 ms".to_owned() };
    }
    let value = (kind < 55).then(|| Account {
        crm_id: "001xx".into(),
        name: "Made Up".to_owned(),
        domain: None,
        owner_crm_id: user(chance, rules),
        open_opportunity_owner_crm_id: if chance.percent(30) { user(chance, rules) } else { None },
        matched_by: MatchKey::Phone,
        score_permille: 1000,
        fields: BTreeMap::new(),
    });
    let value = value.into();
    Fact::Known { value, observed_at: now - TimeDelta::seconds(40), source: "mirror".to_owned() }
}

fn user(chance: &mut Chance, rules: &RuleSet) -> Option<CrmId> {
    let reps: Vec<&Rep> = rules.reps.values().collect();
    match chance.below(10) {
        0 => None,
        1 => Some("005xx-somebody-else".into()),
        _ => chance.pick(&reps).crm_id.clone(),
    }
}

/// One rep at this moment; load and reservation are the world's.
pub fn rep_facts(chance: &mut Chance, now: DateTime<Utc>) -> RepFacts {
    let presence = match chance.below(10) {
        0 if chance.percent(50) => Presence::Away,
        0..4 => Presence::Available,
        _ => Presence::Unset,
    };
    let busy = |kind, until: TimeDelta| vec![Busy { from: now - TimeDelta::minutes(5), until: now + until, kind }];
    let known = |value| Fact::Known { value, observed_at: now, source: "google-calendar".to_owned() };
    let calendar = match chance.below(20) {
        0 => known(busy(BusyKind::OutOfOffice, chance.seconds(600, 300_000))),
        1..4 => known(busy(BusyKind::Busy, chance.seconds(60, 7_200))),
        4..8 => Fact::Unknown { why: "google-calendar did not answer in 700 ms".to_owned() },
        _ => known(Vec::new()),
    };
    RepFacts {
        presence,
        reserved_until: None,
        quiet_until: None,
        taken_today: 0,
        taken_this_week: 0,
        open: 0,
        calendar: Some(calendar),
    }
}
