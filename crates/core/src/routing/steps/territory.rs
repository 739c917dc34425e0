//! Which territory a lead lies in, and every other row that would fit.

use super::matching;
use crate::domain::account::Account;
use crate::domain::known::Known;
use crate::domain::lead::Lead;
use crate::routing::decision::{TerritoryMatch, TerritoryTrace};
use crate::routing::reason::{Fixed, FoundBy, LostTo};
use crate::rules::RuleSet;
use crate::rules::model::index::{Firmographics, Rank};
use crate::rules::model::row::{NamedAccount, TerritoryRow};

/// The order of rows is the index's ([`crate::rules::model::index`]); a named account with a territory stands where its rank puts
/// it. If another territory has the winner's rank, the first line wins and the trace says so.
pub(in crate::routing) fn locate(lead: &Lead, account: Option<&Account>, rules: &RuleSet) -> TerritoryTrace {
    let rows = rules.territories.lookup(&place(lead));
    let mut ranked: Vec<(Rank, TerritoryMatch)> = rows.map(|(rank, row)| (rank, row_match(row))).collect();
    if let Some(named) = matching::named_account(lead, account, rules).and_then(named_match) {
        let at = ranked.partition_point(|(rank, _)| *rank > Rank::NAMED_ACCOUNT);
        ranked.insert(at, (Rank::NAMED_ACCOUNT, named));
    }
    let conflict = ranked.first().is_some_and(|(best, winner)| {
        ranked.iter().any(|(rank, other)| rank == best && other.territory != winner.territory)
    });
    let mut ranked = ranked.into_iter();
    let Some((best, winner)) = ranked.next() else {
        return TerritoryTrace { winner: None, others: Vec::new(), conflict };
    };
    let lost = |(rank, other): (Rank, TerritoryMatch)| {
        let lost_to = if other.priority < winner.priority {
            LostTo::HigherPriority
        } else if rank == best {
            LostTo::EarlierLine
        } else {
            LostTo::MoreSpecific
        };
        TerritoryMatch { lost_to: Some(lost_to), ..other }
    };
    let others = ranked.map(lost).collect();
    TerritoryTrace { winner: Some(winner), others, conflict }
}

fn place(lead: &Lead) -> Firmographics<'_> {
    let company = &lead.company;
    Firmographics {
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
    Some(TerritoryMatch { territory, line: named.line, by: FoundBy::NamedAccount, priority: 0, lost_to: None })
}

fn row_match(row: &TerritoryRow) -> TerritoryMatch {
    let fixed = Fixed {
        postal: row.postal_prefix.clone(),
        state: row.state.clone(),
        region: row.region.clone(),
        country: row.country.clone(),
        industry: row.industry.clone(),
        employees: row.employees,
    };
    let (territory, by) = (row.territory.clone(), FoundBy::Row(fixed));
    TerritoryMatch { territory, line: row.line, by, priority: row.priority, lost_to: None }
}
