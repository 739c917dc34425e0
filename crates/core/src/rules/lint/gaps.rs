//! Leads of a country that the sheet names, which no row takes: a state, an industry or a size that was forgotten.
//!
//! Only what the sheet itself distinguishes is tried: of each field the values that rows of the country name and one that
//! none of them names, and both sides of every border between sizes. The look-up is the index's own.

use super::territory_at;
use crate::domain::lead::Headcount;
use crate::rules::fault::Faults;
use crate::rules::model::index::Firmographics;
use crate::rules::model::row::TerritoryRow;
use crate::rules::model::set::RuleSet;
use crate::rules::model::witness::{Ends, Witness};
use crate::rules::resolve::Drafts;
use crate::rules::words::place;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

/// Leads that are tried of one country: a sheet that distinguishes more is not searched to its end.
const TRIED: usize = 100_000;

pub(super) fn inform(drafts: &Drafts, rules: &RuleSet, today: NaiveDate, faults: &mut Faults) {
    regions(drafts, rules, today, faults);
    let counts = |row: &&TerritoryRow| row.until.is_none_or(|until| until >= today);
    let mut countries: BTreeMap<&str, Vec<&TerritoryRow>> = BTreeMap::new();
    for row in rules.territories.rows().iter().filter(counts) {
        if let Some(country) = &row.country {
            countries.entry(country).or_default().push(row);
        }
    }
    let industries = drafts.routing.vocabulary.get("lead.industry").map_or(&[][..], |spec| &spec.one_of);
    for (country, rows) in countries {
        if rows.iter().any(|row| takes_all(row, today)) {
            continue;
        }
        let Some(witness) = forgotten(rules, country, &rows, industries, today) else { continue };
        let found = format!("{country}, of whose leads not every one has a row");
        faults
            .info(
                "territory-gap",
                territory_at(rows[0].line),
                found,
                "a row for every lead of a country that the sheet names",
            )
            .example(witness)
            .hint(Some(format!(
                "add a row with nothing but the country, or mean it: such leads go to the catch-all, {}",
                rules.catch_all
            )));
    }
}

/// Regions of the list of which nothing more is known than their name, where the sheet has rows by region.
fn regions(drafts: &Drafts, rules: &RuleSet, today: NaiveDate, faults: &mut Faults) {
    let Some(row) = rules.territories.rows().iter().find(|row| row.region.is_some()) else { return };
    for region in drafts.routing.vocabulary.get("lead.region").map_or(&[][..], |spec| &spec.one_of) {
        let place = Firmographics {
            country: None,
            state: None,
            region: Some(region),
            postal: None,
            industry: None,
            employees: None,
            on: today,
        };
        if rules.territories.lookup(&place).next().is_none() {
            let found = format!("no row for leads of which only the region is known, {region}");
            faults
                .info(
                    "territory-gap",
                    territory_at(row.line),
                    found,
                    "a row for every region, since the sheet names some",
                )
                .example(Witness::of_place(&place, Ends::NoRow))
                .hint(Some(format!(
                    "add a row with nothing but the region, or mean it: such leads go to the catch-all, {}",
                    rules.catch_all
                )));
        }
    }
}

/// A row with nothing but the country.
fn takes_all(row: &TerritoryRow, today: NaiveDate) -> bool {
    let narrowed = [&row.state, &row.region, &row.postal_prefix, &row.industry].into_iter().any(Option::is_some);
    !narrowed && row.employees.is_none() && row.from.is_none_or(|from| from <= today)
}

/// The first lead that no row takes.
fn forgotten(
    rules: &RuleSet,
    country: &str,
    rows: &[&TerritoryRow],
    industries: &[String],
    on: NaiveDate,
) -> Option<Witness> {
    let other_state = another_state(country, rows);
    let states = values(rows.iter().filter_map(|row| row.state.as_deref()), other_state.as_deref().map(Some));
    let unnamed = |name: &&str| rows.iter().all(|row| row.industry.as_deref() != Some(name));
    let another = match industries {
        // Any text may come.
        [] => Some(None),
        listed => listed.iter().map(String::as_str).find(unnamed).map(Some),
    };
    let industries = values(rows.iter().filter_map(|row| row.industry.as_deref()), another);
    // Whole codes, so that the lead that is shown could be one; and one that is not known.
    let codes: Vec<String> = rows.iter().filter_map(|row| row.whole_postal()).collect();
    let postals = values(codes.iter().map(String::as_str), Some(None));
    let sizes = sizes(rows);
    let places = states.iter().flat_map(|state| {
        let (postals, industries, sizes) = (&postals, &industries, &sizes);
        postals.iter().flat_map(move |postal| {
            industries.iter().flat_map(move |industry| {
                sizes.iter().map(move |size| Firmographics {
                    country: Some(country),
                    state: *state,
                    region: None,
                    postal: *postal,
                    industry: *industry,
                    employees: *size,
                    on,
                })
            })
        })
    });
    let gap = places.take(TRIED).find(|place| rules.territories.lookup(place).next().is_none())?;
    Some(Witness::of_place(&gap, Ends::NoRow))
}

/// Another value than the sheet names, if there is one, and then those: what was forgotten is rarely a name in it. Nothing is known of what the sheet does not distinguish.
fn values<'a>(named: impl Iterator<Item = &'a str>, another: Option<Option<&'a str>>) -> Vec<Option<&'a str>> {
    let named: BTreeSet<&str> = named.collect();
    if named.is_empty() {
        return vec![None];
    }
    another.into_iter().chain(named.into_iter().map(Some)).collect()
}

fn another_state(country: &str, rows: &[&TerritoryRow]) -> Option<String> {
    let named: BTreeSet<&str> = rows.iter().filter_map(|row| row.state.as_deref()).collect();
    if named.is_empty() {
        return None;
    }
    let mut codes = place::state_names(country).into_iter().filter_map(|name| place::state(country, name));
    codes.find(|code| !named.contains(code.as_str()))
}

/// One head, and both sides of every border.
fn sizes(rows: &[&TerritoryRow]) -> Vec<Option<Headcount>> {
    let bands = rows.iter().filter_map(|row| row.employees);
    let borders: BTreeSet<u32> = bands
        .flat_map(|(least, most)| {
            [least, least.and_then(|n| n.checked_sub(1)), most, most.and_then(|n| n.checked_add(1))]
        })
        .flatten()
        .filter(|heads| *heads > 0)
        .collect();
    if borders.is_empty() {
        return vec![None];
    }
    let exactly = |heads: u32| Some(Headcount { at_least: heads, at_most: Some(heads) });
    borders.into_iter().map(exactly).collect()
}
