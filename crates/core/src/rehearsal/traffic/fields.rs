//! What else the conditions of a workspace ask for.

use crate::domain::account::{Account, MatchKey};
use crate::domain::known::{Known, Source};
use crate::domain::lead::{FieldValue, Lead, LeadChannel, Tone};
use crate::rehearsal::chance::Chance;
use crate::rehearsal::named::{Named, Words};
use crate::rules::model::truth::day_number;
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// Fields of one's own, of the CRM, and what else the conditions ask for: each is set in one lead of six.
pub(super) fn other_fields(
    named: &Named,
    chance: &mut Chance,
    lead: &mut Lead,
    mut account: Option<Account>,
) -> Option<Account> {
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
        } else {
            match value {
                FieldValue::Text(text) => say(lead, path, text),
                FieldValue::Number(points) if *path == "lead.satisfaction" => {
                    lead.qualification.satisfaction = Some(Known::from_caller(points.clamp(1.0, 5.0) as u8));
                }
                FieldValue::Flag(given) => agree(lead, path, given),
                FieldValue::Number(_) | FieldValue::List(_) => {}
            }
        }
    }
    account
}

/// Sets one of the built-in fields that nothing else here has set.
fn say(lead: &mut Lead, path: &str, text: String) {
    let channel = |text: &str| LeadChannel::ALL.into_iter().find(|one| one.as_str() == text).unwrap_or_default();
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
        "lead.tone" => said.tone = Tone::heard(&text).map(Known::from_caller),
        "lead.channel" => lead.channel = channel(&text),
        "lead.budget" => said.budget = words,
        "lead.products" => said.products = vec![text],
        _ => {}
    }
}

fn agree(lead: &mut Lead, path: &str, given: bool) {
    let consent = &mut lead.consent;
    let said = Some(given.into());
    match path {
        "lead.consent.recording" => consent.recording = said,
        "lead.consent.callback" => consent.callback = said,
        "lead.consent.email" => consent.email = said,
        "lead.consent.sms" => consent.sms = said,
        _ => {}
    }
}

/// One of the words that rules test a field for, or one that they do not know; a number or a day on either side of a
/// border.
pub(super) fn value(chance: &mut Chance, words: &Words) -> Option<FieldValue> {
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
