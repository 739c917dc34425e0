//! Which territory a lead lies in, and every other row that would fit.

use super::decision::{TerritoryMatch, TerritoryTrace};
use super::matching;
use crate::domain::account::Account;
use crate::domain::known::Known;
use crate::domain::lead::Lead;
use crate::rules::RuleSet;
use crate::rules::index::{Place, Rank};
use crate::rules::set::{NamedAccount, TerritoryRow};

/// The order of rows is the index's ([`crate::rules::index`]); a named account with a territory stands where its rank puts
/// it. If another territory has the winner's rank, the first line wins and the trace says so.
pub(super) fn locate(lead: &Lead, account: Option<&Account>, rules: &RuleSet) -> TerritoryTrace {
    let mut ranked: Vec<(Rank, TerritoryMatch)> = Vec::new();
    for hit in rules.index.lookup(&place(lead)) {
        if let Some(row) = rules.territories.get(hit.row) {
            ranked.push((hit.rank, row_match(row)));
        }
    }
    if let Some(named) = matching::named_account(lead, account, rules).and_then(named_match) {
        let at = ranked.partition_point(|(rank, _)| *rank > Rank::NAMED_ACCOUNT);
        ranked.insert(at, (Rank::NAMED_ACCOUNT, named));
    }
    let conflict = ranked.first().is_some_and(|(best, winner)| {
        ranked.iter().any(|(rank, other)| rank == best && other.territory != winner.territory)
    });
    let mut matches = ranked.into_iter().map(|(_, found)| found);
    TerritoryTrace { winner: matches.next(), others: matches.collect(), conflict }
}

fn place(lead: &Lead) -> Place<'_> {
    let company = &lead.company;
    Place {
        country: text(&company.country),
        state: text(&company.state),
        region: text(&company.region),
        postal: text(&company.postal),
        industry: text(&company.industry),
        employees: company.employees.as_ref().map(|known| known.value),
        on: lead.occurred_at.date_naive(),
    }
}

fn text(known: &Option<Known<String>>) -> Option<&str> {
    known.as_ref().map(|known| known.value.as_str())
}

fn named_match(named: &NamedAccount) -> Option<TerritoryMatch> {
    let territory = named.territory.clone()?;
    Some(TerritoryMatch { territory, line: named.line, by: "named account".to_owned(), priority: 0 })
}

fn row_match(row: &TerritoryRow) -> TerritoryMatch {
    TerritoryMatch { territory: row.territory.clone(), line: row.line, by: fixed_fields(row), priority: row.priority }
}

/// `postal 941, country US`, strongest first.
fn fixed_fields(row: &TerritoryRow) -> String {
    let texts = [
        ("postal", &row.postal_prefix),
        ("state", &row.state),
        ("region", &row.region),
        ("country", &row.country),
        ("industry", &row.industry),
    ];
    let mut fixed: Vec<String> =
        texts.iter().filter_map(|(name, value)| value.as_ref().map(|value| format!("{name} {value}"))).collect();
    if let Some((least, most)) = row.employees {
        fixed.push(match (least, most) {
            (Some(least), Some(most)) => format!("{least} to {most} employees"),
            (Some(least), None) => format!("{least} employees and more"),
            (None, Some(most)) => format!("up to {most} employees"),
            (None, None) => "any number of employees".to_owned(),
        });
    }
    if fixed.is_empty() { "everything".to_owned() } else { fixed.join(", ") }
}
