//! Made-up leads in the words of a workspace's own rules: its countries, postal codes, industries, sizes, sources, and a
//! share from outside all of them, since gaps want to be found as well.
//!
//! Nothing is drawn but from the seed: the same rules and the same seed give the same leads.

mod fields;
mod habits;

use super::Trial;
use super::chance::Chance;
use super::named::Named;
use crate::domain::account::{Account, MatchKey};
use crate::domain::id::LeadId;
use crate::domain::known::{Fact, Known};
use crate::domain::lead::{
    Call, Company, Consent, Contact, Disclosure, FieldValue, Headcount, Lead, LeadChannel, Preference,
    PreferredHandoff, Qualification,
};
use crate::rules::RuleSet;
use crate::rules::model::row::TerritoryRow;
use chrono::{Datelike, NaiveDate};
use fields::{other_fields, value};
use habits::{language, moment};
use std::collections::BTreeMap;

/// Of a hundred leads: how many come from no place that a rule names.
pub const OUTSIDE_PERCENT: u32 = 10;
/// How many have an account with an owner in the CRM.
pub const OWNED_PERCENT: u32 = 10;
/// How many callers are still on the line.
pub const LIVE_PERCENT: u32 = 70;
/// How often something that could be known is not.
pub const UNKNOWN_PERCENT: u32 = 10;
/// A day at the weekend has this share of a working day's leads.
pub const WEEKEND_PERCENT: u32 = 15;

/// Countries for the share from outside; those that rules name are passed over.
const ELSEWHERE: [&str; 12] = ["LI", "MT", "UY", "CR", "TN", "GE", "KZ", "LK", "MN", "FJ", "IS", "PY"];

/// Leads in order of time, without end: take as many as are wanted.
pub struct Traffic<'r> {
    named: Named<'r>,
    chance: Chance,
    day: NaiveDate,
    leads_per_day: u32,
    number: u32,
    /// The rest of the day, last first.
    pending: Vec<Trial>,
}

impl<'r> Traffic<'r> {
    /// From the midnight (UTC) on which `day` begins. A working day has `leads_per_day` leads, at least one.
    pub fn of(sets: &[&'r RuleSet], seed: u64, day: NaiveDate, leads_per_day: u32) -> Self {
        let leads_per_day = leads_per_day.max(1);
        Self { named: Named::of(sets), chance: Chance::new(seed), day, leads_per_day, number: 0, pending: Vec::new() }
    }

    fn fill_day(&mut self) {
        let weekend = self.day.weekday().num_days_from_monday() >= 5;
        let leads = if weekend { (self.leads_per_day * WEEKEND_PERCENT).div_ceil(100) } else { self.leads_per_day };
        for _ in 0..leads {
            let case = self.case();
            self.pending.push(case);
        }
        self.pending.sort_by(|a, b| (b.at, &b.lead.id).cmp(&(a.at, &a.lead.id)));
        self.day = self.day.succ_opt().unwrap_or(self.day);
    }

    fn case(&mut self) -> Trial {
        let chance = &mut self.chance;
        self.number += 1;
        let row = if chance.percent(OUTSIDE_PERCENT) { None } else { chance.pick(&self.named.rows).copied() };
        let company = company(&self.named, chance, row);
        let at = moment(chance, self.day, company.country.as_ref().map(|known| known.value.as_str()));
        let account = account(&self.named, chance, &company);
        let mut lead = Lead {
            id: LeadId::from_digest(chance.digest()),
            source: source(&self.named, chance),
            event_id: format!("made-up-{}", self.number),
            occurred_at: at,
            received_at: at,
            channel: LeadChannel::Call,
            call: Some(call(chance, self.number)),
            contact: Contact { language: language(chance, &company, &self.named.languages), ..Contact::default() },
            company,
            qualification: Qualification {
                score: whole(&self.named, chance, "lead.score", 0, 100)
                    .map(|score| said(u8::try_from(score).unwrap_or(100))),
                ..Qualification::default()
            },
            transcript_url: None,
            recording_url: None,
            consent: Consent::default(),
            preference: Preference { handoff: wish(chance), ..Preference::default() },
            custom: BTreeMap::new(),
            unread: Vec::new(),
            disclosure: Disclosure::default(),
        };
        let account = other_fields(&self.named, chance, &mut lead, account);
        let account = Fact::Known { value: account.into(), observed_at: at, source: "made up".to_owned() };
        Trial { lead, at, account, assigned: None, reps: BTreeMap::new(), ledgers: BTreeMap::new() }
    }
}

impl Iterator for Traffic<'_> {
    type Item = Trial;

    fn next(&mut self) -> Option<Trial> {
        while self.pending.is_empty() {
            self.fill_day();
        }
        self.pending.pop()
    }
}

fn said<T>(value: T) -> Known<T> {
    Known::from_caller(value)
}

/// A company that `row` was written for, as far as the row says; the rest in the workspace's other words.
fn company(named: &Named, chance: &mut Chance, row: Option<&TerritoryRow>) -> Company {
    let elsewhere: Vec<&str> = ELSEWHERE.into_iter().filter(|country| !named.countries.contains(country)).collect();
    let fixed_country = row.and_then(|row| row.country.as_deref());
    let country = match row {
        Some(row) if row.region.is_none() && fixed_country.is_none() => chance.pick(&named.countries).copied(),
        Some(_) if fixed_country.is_some() => fixed_country,
        Some(_) | None if chance.percent(UNKNOWN_PERCENT) => None,
        Some(_) | None => chance.pick(&elsewhere).copied(),
    };
    let state = row.and_then(|row| row.state.as_deref()).or_else(|| {
        let states = country.and_then(|country| named.states.get(country)).map_or(&[][..], Vec::as_slice);
        if chance.percent(UNKNOWN_PERCENT) { None } else { chance.pick(states).copied() }
    });
    let postal = row.and_then(|row| row.postal_prefix.as_deref()).map(|prefix| whole_postal(chance, prefix));
    let industry = match row.and_then(|row| row.industry.as_deref()) {
        Some(industry) => Some(industry),
        None if row.is_none() || chance.percent(UNKNOWN_PERCENT) => None,
        None => chance.pick(&named.industries).copied(),
    };
    let employees = match row.and_then(|row| row.employees) {
        Some((least, most)) => {
            let least = least.unwrap_or(1);
            Some(chance.between(least, most.unwrap_or(least.saturating_mul(3))))
        }
        None => whole(named, chance, "lead.employees", 1, 20_000),
    };
    let (name, domain) = match chance.percent(2).then(|| chance.pick(&named.accounts)).flatten() {
        Some(account) => (Some(account.name.clone()), account.domain.clone()),
        None => (None, None),
    };
    let text = |value: Option<&str>| value.map(|value| said(value.to_owned()));
    Company {
        name: name.map(said),
        domain: domain.map(said),
        industry: text(industry),
        employees: employees.map(|number| said(Headcount { at_least: number, at_most: Some(number) })),
        country: text(country),
        state: text(state),
        region: text(row.and_then(|row| row.region.as_deref())),
        postal: postal.map(said),
        city: None,
    }
}

/// Digits are added to a prefix until it is as long as codes of its kind are: five digits, or a district and three signs.
fn whole_postal(chance: &mut Chance, prefix: &str) -> String {
    let mut postal = prefix.to_owned();
    if prefix.bytes().all(|byte| byte.is_ascii_digit()) {
        while postal.len() < 5 {
            postal.push(char::from(b'0' + u8::try_from(chance.below(10)).unwrap_or(0)));
        }
    } else {
        postal.push_str("1AA");
    }
    postal
}

/// A number from one of the stretches into which rules divide the scale, each as likely as the others.
fn whole(named: &Named, chance: &mut Chance, path: &str, least: u32, most: u32) -> Option<u32> {
    if chance.percent(UNKNOWN_PERCENT) {
        return None;
    }
    let mut borders = vec![least];
    if let Some(words) = named.fields.get(path) {
        let inside = words.borders.iter().filter(|border| f64::from(least) < **border && **border < f64::from(most));
        borders.extend(inside.map(|border| *border as u32));
    }
    borders.push(most);
    borders.dedup();
    let from = chance.below(borders.len().saturating_sub(1));
    Some(chance.between(borders[from], *borders.get(from + 1).unwrap_or(&most)))
}

fn source(named: &Named, chance: &mut Chance) -> String {
    let words = named.fields.get("lead.source");
    match words.filter(|_| chance.percent(15)).and_then(|words| value(chance, words)) {
        Some(FieldValue::Text(text)) => text,
        Some(FieldValue::Flag(_) | FieldValue::Number(_) | FieldValue::List(_)) | None => {
            if chance.percent(60) { "voice" } else { "web" }.to_owned()
        }
    }
}

fn call(chance: &mut Chance, number: u32) -> Call {
    Call {
        platform: "made-up".to_owned(),
        id: format!("made-up-{number}"),
        live: chance.percent(LIVE_PERCENT),
        direction: None,
        from: None,
        to: None,
        leg: None,
        started_at: None,
        only_completes: false,
    }
}

fn wish(chance: &mut Chance) -> Option<PreferredHandoff> {
    match chance.below(10) {
        0 => Some(PreferredHandoff::Meeting),
        1 => Some(PreferredHandoff::Callback),
        _ => None,
    }
}

fn account(named: &Named, chance: &mut Chance, company: &Company) -> Option<Account> {
    let owner = chance.percent(OWNED_PERCENT).then(|| chance.pick(&named.crm_ids)).flatten()?;
    let (owner, opportunity) = if chance.percent(70) { (Some(owner), None) } else { (None, Some(owner)) };
    Some(Account {
        crm_id: "made-up".into(),
        name: company.name.as_ref().map_or_else(|| "made up".to_owned(), |known| known.value.clone()),
        domain: company.domain.as_ref().map(|known| known.value.clone()),
        owner_crm_id: owner.map(|owner| (*owner).clone()),
        open_opportunity_owner_crm_id: opportunity.map(|owner| (*owner).clone()),
        matched_by: MatchKey::Domain,
        score_permille: 1000,
        fields: BTreeMap::new(),
    })
}

#[cfg(test)]
mod tests;
