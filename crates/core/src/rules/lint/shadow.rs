//! Territory rows that can never win, from today on: taken by one row above them, or by several together.
//!
//! Exact, not a guess: of all leads that fit a row, the one of which nothing more is known than the row asks for fits the
//! fewest other rows. If that lead is never won on any day, no lead is. The look-up is the index's own, so what is said
//! here is what would be decided.

use super::{lines, territory_at};
use crate::domain::lead::Headcount;
use crate::rules::fault::Faults;
use crate::rules::model::index::Firmographics;
use crate::rules::model::row::TerritoryRow;
use crate::rules::model::set::RuleSet;
use crate::rules::model::witness::{Ends, Witness};
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn warn(rules: &RuleSet, today: NaiveDate, faults: &mut Faults) {
    let mut cells: BTreeMap<u32, Vec<Option<Shadow>>> = BTreeMap::new();
    for row in rules.territories.rows() {
        if row.until.is_none_or(|until| until >= today) {
            cells.entry(row.line).or_default().push(shadow(rules, row, today));
        }
    }
    let mut by_cause: BTreeMap<ShadowCause, Vec<(u32, Shadow)>> = BTreeMap::new();
    for (line, cells) in cells {
        let whole = cells.iter().all(Option::is_some);
        let mut shadows = cells.into_iter().flatten().filter(|shadow| !shadow.by.contains(&line));
        let Some(mut first) = shadows.next() else { continue };
        shadows.for_each(|shadow| first.by.extend(shadow.by));
        by_cause.entry((whole, first.by.clone())).or_default().push((line, first));
    }
    for ((whole, by), shadowed) in by_cause {
        tell(rules, whole, &by, shadowed, faults);
    }
}

/// Whether the whole row is taken, and by the rows on which lines.
type ShadowCause = (bool, BTreeSet<u32>);

struct Shadow {
    /// Lines of the rows that take its leads.
    by: BTreeSet<u32>,
    /// A lead that fits it and is won by another.
    witness: Witness,
}

/// Walks through the days on which the row counts: from one winner's last day to the next.
fn shadow(rules: &RuleSet, row: &TerritoryRow, today: NaiveDate) -> Option<Shadow> {
    let mut day = row.from.map_or(today, |from| from.max(today));
    let first = day;
    let mut by = BTreeSet::new();
    loop {
        let place = least_known(row, day);
        let (_, winner) = rules.territories.lookup(&place).next()?;
        if std::ptr::eq(winner, row) {
            return None;
        }
        by.insert(winner.line);
        match winner.until.and_then(|until| until.succ_opt()) {
            Some(next) if row.until.is_none_or(|until| next <= until) => day = next,
            _ => return Some(Shadow { witness: witness(rules, row, first), by }),
        }
    }
}

/// What the row asks for and nothing else: a lead that fits as few other rows as a lead of this row can.
pub(super) fn least_known(row: &TerritoryRow, on: NaiveDate) -> Firmographics<'_> {
    Firmographics {
        country: row.country.as_deref(),
        state: row.state.as_deref(),
        region: row.region.as_deref(),
        postal: row.postal_prefix.as_deref(),
        industry: row.industry.as_deref(),
        employees: row.employees.map(|(least, most)| Headcount { at_least: least.unwrap_or(0), at_most: most }),
        on,
    }
}

fn witness(rules: &RuleSet, row: &TerritoryRow, day: NaiveDate) -> Witness {
    let mut place = least_known(row, day);
    let whole = row.whole_postal();
    place.postal = whole.as_deref().or(place.postal);
    let winner = rules.territories.lookup(&place).next().map(|(_, row)| row.line);
    let ends = Ends::Row { line: winner.unwrap_or(row.line), others: vec![row.line] };
    let dated = row.from.is_some() || row.until.is_some();
    Witness::of_place(&place, ends).on(dated.then_some(day))
}

fn tell(rules: &RuleSet, whole: bool, by: &BTreeSet<u32>, shadowed: Vec<(u32, Shadow)>, faults: &mut Faults) {
    let territory =
        |line: u32| rules.territories.rows().iter().find(|row| row.line == line).map(|row| row.territory.as_str());
    let at = territory_at(shadowed[0].0);
    let losers: Vec<u32> = shadowed.iter().map(|(line, _)| *line).collect();
    let name = territory(losers[0]).unwrap_or_default();
    let takers = lines(by.iter().copied());
    let take = if by.len() > 1 { "together take" } else { "takes" };
    let same = by.iter().all(|line| losers.iter().all(|loser| territory(*line) == territory(*loser)));
    let hint = if same {
        "delete it: nothing changes"
    } else {
        "delete it, give it a higher priority, or narrow the row that takes its leads"
    };
    let witness = shadowed.into_iter().next().map(|(_, shadow)| shadow.witness).expect("every group has a row");
    let fault = if whole {
        let verb = if losers.len() == 1 { "never wins" } else { "never win" };
        let found = format!("{} ({name}) {verb}: {takers} {take} all of the leads", lines(losers.into_iter()));
        faults.warning("territory-unreachable", at, found, "rows that win at least one lead")
    } else {
        let found = format!(
            "{} ({name}) in part never wins: {takers} {take} the leads of some of its values",
            lines(losers.into_iter())
        );
        faults.warning("territory-partly-unreachable", at, found, "values that win at least one lead")
    };
    fault.example(witness).hint(Some(hint.to_owned()));
}
