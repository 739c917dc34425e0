//! Made-up leads in the words of a workspace's own rules: its countries, postal codes, industries, sizes, sources, and a
//! share from outside all of them, since gaps want to be found as well.
//!
//! Nothing is drawn but from the seed: the same rules and the same seed give the same leads.

use super::Case;
use super::chance::Chance;
use super::named::{Named, Words};
use crate::domain::account::{Account, MatchKey};
use crate::domain::id::LeadId;
use crate::domain::known::{Fact, Known, Source};
use crate::domain::lead::{
    Call, Company, Consent, Contact, FieldValue, Headcount, Lead, Preference, PreferredHandoff, Qualification,
};
use crate::rules::RuleSet;
use crate::rules::condition::day_number;
use crate::rules::set::TerritoryRow;
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
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

/// Callers by hour of their own day, in relative numbers.
const HOURS: [u32; 24] = [1, 0, 0, 0, 0, 1, 2, 4, 9, 14, 15, 14, 11, 12, 14, 14, 12, 9, 6, 4, 3, 3, 2, 1];

/// Winter time of the country, or of its middle; callers elsewhere live by UTC. Enough to know when they are awake.
const UTC_OFFSETS: [(&str, i64); 42] = [
    ("US", -6),
    ("CA", -5),
    ("MX", -6),
    ("BR", -3),
    ("AR", -3),
    ("CL", -4),
    ("CO", -5),
    ("PE", -5),
    ("DE", 1),
    ("AT", 1),
    ("CH", 1),
    ("FR", 1),
    ("ES", 1),
    ("IT", 1),
    ("NL", 1),
    ("BE", 1),
    ("LU", 1),
    ("SE", 1),
    ("NO", 1),
    ("DK", 1),
    ("PL", 1),
    ("CZ", 1),
    ("SK", 1),
    ("HU", 1),
    ("FI", 2),
    ("RO", 2),
    ("GR", 2),
    ("IL", 2),
    ("EG", 2),
    ("ZA", 2),
    ("NG", 1),
    ("KE", 3),
    ("AE", 4),
    ("SA", 3),
    ("IN", 5),
    ("SG", 8),
    ("MY", 8),
    ("TH", 7),
    ("JP", 9),
    ("KR", 9),
    ("AU", 10),
    ("NZ", 12),
];

/// What most people of a country speak, where it is not English.
const LANGUAGES: [(&str, &str); 21] = [
    ("DE", "de"),
    ("AT", "de"),
    ("CH", "de"),
    ("FR", "fr"),
    ("ES", "es"),
    ("MX", "es"),
    ("AR", "es"),
    ("CL", "es"),
    ("CO", "es"),
    ("PE", "es"),
    ("IT", "it"),
    ("PT", "pt"),
    ("BR", "pt"),
    ("NL", "nl"),
    ("PL", "pl"),
    ("JP", "ja"),
    ("KR", "ko"),
    ("SE", "sv"),
    ("DK", "da"),
    ("NO", "no"),
    ("FI", "fi"),
];

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
    pending: Vec<Case>,
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

    fn case(&mut self) -> Case {
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
        };
        let account = other_fields(&self.named, chance, &mut lead, account);
        let account = Fact::Known { value: account.into(), observed_at: at, source: "made up".to_owned() };
        Case { lead, at, account, assigned: None, reps: BTreeMap::new(), ledgers: BTreeMap::new() }
    }
}

impl Iterator for Traffic<'_> {
    type Item = Case;

    fn next(&mut self) -> Option<Case> {
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

fn language(chance: &mut Chance, company: &Company, spoken: &[&str]) -> Option<Known<String>> {
    let country = company.country.as_ref().map_or("", |known| known.value.as_str());
    let native = LANGUAGES.iter().find(|(of, _)| *of == country).map_or("en", |(_, language)| language);
    let language = match chance.below(20) {
        0..2 => return None,
        2..13 => native,
        13..19 => "en",
        _ => chance.pick(spoken).copied().unwrap_or(native),
    };
    Some(said(language.to_owned()))
}

fn moment(chance: &mut Chance, day: NaiveDate, country: Option<&str>) -> DateTime<Utc> {
    let offset = UTC_OFFSETS.iter().find(|(of, _)| Some(*of) == country).map_or(0, |(_, offset)| *offset);
    let mut draw = chance.between(1, HOURS.iter().sum());
    let mut hour = 0i64;
    for weight in HOURS {
        if draw <= weight {
            break;
        }
        draw -= weight;
        hour += 1;
    }
    let of_the_day = (hour - offset).rem_euclid(24) * 3600 + i64::from(chance.between(0, 3599));
    day.and_time(chrono::NaiveTime::MIN).and_utc() + TimeDelta::seconds(of_the_day)
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

/// Fields of one's own, of the CRM, and what else the conditions ask for: each is set in one lead of six.
fn other_fields(named: &Named, chance: &mut Chance, lead: &mut Lead, mut account: Option<Account>) -> Option<Account> {
    for (path, words) in &named.fields {
        if !chance.percent(16) {
            continue;
        }
        let Some(value) = value(chance, words) else { continue };
        if let Some(name) = path.strip_prefix("lead.custom.") {
            lead.custom.insert(name.to_owned(), value);
        } else if let Some(name) = path.strip_prefix("account.") {
            let made_up = || Account {
                crm_id: "made-up".into(),
                name: "made up".to_owned(),
                domain: None,
                owner_crm_id: None,
                open_opportunity_owner_crm_id: None,
                matched_by: MatchKey::Domain,
                score_permille: 1000,
                fields: BTreeMap::new(),
            };
            account.get_or_insert_with(made_up).fields.insert(name.to_owned(), value);
        } else if let FieldValue::Text(text) = value {
            say(lead, path, text);
        }
    }
    account
}

/// Sets one of the built-in fields that nothing else here has set.
fn say(lead: &mut Lead, path: &str, text: String) {
    let words = Some(Known::new(text.clone(), Source::Caller));
    let said = &mut lead.qualification;
    match path {
        "lead.region" => lead.company.region = words,
        "lead.city" => lead.company.city = words,
        "lead.company" => lead.company.name = words,
        "lead.domain" => lead.company.domain = words,
        "lead.title" => lead.contact.title = words,
        "lead.intent" => said.intent = words,
        "lead.timeline" => said.timeline = words,
        "lead.urgency" => said.urgency = words,
        "lead.sentiment" => said.sentiment = words,
        "lead.budget" => said.budget = words,
        "lead.products" => said.products = vec![text],
        _ => {}
    }
}

/// One of the words that rules test a field for, or one that they do not know; a number or a day on either side of a
/// border.
fn value(chance: &mut Chance, words: &Words) -> Option<FieldValue> {
    let (values, prefixes) = (words.values.len(), words.prefixes.len());
    let known = values + prefixes + words.borders.len();
    let index = chance.below(known + usize::from(words.borders.is_empty()));
    if index == known {
        return Some(FieldValue::Text("something else".to_owned()));
    }
    if let Some(value) = words.values.get(index) {
        return Some((*value).clone());
    }
    if let Some(prefix) = words.prefixes.get(index - values) {
        return Some(FieldValue::Text(format!("{prefix}{}", ["", "-a", "-b"][chance.below(3)])));
    }
    let border = words.borders.get(index - values - prefixes)? + f64::from(chance.between(0, 4)) - 2.0;
    Some(date(border).map_or(FieldValue::Number(border), |date| FieldValue::Text(date.to_string())))
}

/// Dates of conditions are days since the year 1; no other number in rules comes near those of our century.
fn date(days: f64) -> Option<NaiveDate> {
    let since = NaiveDate::from_ymd_opt(1970, 1, 1).map(day_number)?;
    let until = NaiveDate::from_ymd_opt(2200, 1, 1).map(day_number)?;
    if (since..until).contains(&days) { NaiveDate::from_num_days_from_ce_opt(days as i32) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::scenario::{day, row, scenario};
    use crate::rules::condition::{Condition, Test};
    use crate::rules::expression::{Amount, Expression, Order, Term};
    use crate::rules::index::TerritoryIndex;
    use std::collections::BTreeSet;

    /// California, every ZIP code that begins with 941, and Germany in two sizes.
    fn rules() -> RuleSet {
        let mut rules = scenario().rules;
        let us = |line, state: Option<&str>, postal: Option<&str>| TerritoryRow {
            country: Some("US".to_owned()),
            state: state.map(str::to_owned),
            postal_prefix: postal.map(str::to_owned),
            ..row(line, "West")
        };
        let large =
            TerritoryRow { country: Some("DE".to_owned()), employees: Some((Some(1000), None)), ..row(4, "West") };
        rules.territories = vec![us(2, Some("CA"), None), us(3, None, Some("941")), large];
        rules.index = TerritoryIndex::build(&rules.territories, &[]);
        rules
    }

    fn leads(rules: &RuleSet, seed: u64, count: usize) -> Vec<Case> {
        Traffic::of(&[rules], seed, day("2026-01-05"), 100).take(count).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_leads_and_another_one_others() {
        let rules = rules();
        assert_eq!(leads(&rules, 3, 200), leads(&rules, 3, 200));
        assert_ne!(leads(&rules, 3, 200), leads(&rules, 4, 200));
    }

    #[test]
    fn leads_come_in_order_of_time_and_fewer_at_the_weekend() {
        let rules = rules();
        let cases = leads(&rules, 1, 530);
        assert!(cases.is_sorted_by_key(|case| case.at));
        let on = |date: &str| cases.iter().filter(|case| case.at.date_naive() == day(date)).count();
        assert_eq!((on("2026-01-05"), on("2026-01-10"), on("2026-01-11")), (100, 15, 15));
    }

    /// `when: lead.custom.plan == "gold" && lead.custom.seats > 40`
    #[test]
    fn what_an_expression_asks_for_is_met_and_missed() {
        let mut rules = rules();
        let plan = Term::Field {
            field: "lead.custom.plan".to_owned(),
            test: Test::OneOf(vec![FieldValue::Text("gold".to_owned())]),
        };
        let seats = Term::Compare {
            left: Amount::Number(40.0),
            order: Order::Less,
            right: Amount::Field("lead.custom.seats".to_owned()),
        };
        let asks = Expression { source: String::new(), means: Term::All(vec![plan, seats]) };
        rules.tiers[0].when = Condition::Expression(asks);
        let cases = leads(&rules, 1, 1000);
        let with = |is: &dyn Fn(&FieldValue) -> bool, name: &str| {
            cases.iter().filter(|case| case.lead.custom.get(name).is_some_and(is)).count()
        };
        let gold = |value: &FieldValue| *value == FieldValue::Text("gold".to_owned());
        let above = |value: &FieldValue| matches!(value, FieldValue::Number(number) if *number > 40.0);
        let below = |value: &FieldValue| matches!(value, FieldValue::Number(number) if *number <= 40.0);
        for (count, what) in
            [(with(&gold, "plan"), "gold"), (with(&above, "seats"), ">"), (with(&below, "seats"), "<=")]
        {
            assert!(count > 30, "{what}: {count} of 1000");
        }
    }

    #[test]
    fn every_row_is_met_and_some_leads_lie_outside_all_of_them() {
        let rules = rules();
        let cases = leads(&rules, 1, 500);
        let text = |known: &Option<Known<String>>| known.as_ref().map(|known| known.value.clone());
        let met = |lead: &Lead, row: &TerritoryRow| {
            let company = &lead.company;
            let place = |wanted: &Option<String>, known| wanted.is_none() || *wanted == text(known);
            let postal = row.postal_prefix.as_deref();
            let size = company.employees.as_ref().map_or(0, |known| known.value.at_least);
            place(&row.country, &company.country)
                && place(&row.state, &company.state)
                && postal.is_none_or(|prefix| text(&company.postal).is_some_and(|code| code.starts_with(prefix)))
                && row.employees.is_none_or(|(least, _)| size >= least.unwrap_or(0))
        };
        for row in &rules.territories {
            assert!(cases.iter().filter(|case| met(&case.lead, row)).count() > 50, "{row:?}");
        }
        let outside = cases.iter().filter(|case| !rules.territories.iter().any(|row| met(&case.lead, row))).count();
        assert!((20..200).contains(&outside), "{outside} outside");
        let ids: BTreeSet<_> = cases.iter().map(|case| &case.lead.id).collect();
        assert_eq!(ids.len(), cases.len());
    }
}
