//! Rows of different ranks that meet without one lying inside the other: the published order settles it, and that is worth
//! knowing, once for each two kinds of row. An explicit priority is an answer already, and a row inside a wider one is how
//! exceptions are written: neither is told. Equal ranks are a coin toss, and were refused when the file was read.

use super::territory_at;
use crate::rules::fault::Faults;
use crate::rules::model::index::Rank;
use crate::rules::model::meeting::{self, RowShape};
use crate::rules::model::row::TerritoryRow;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

/// Lines of the losing rows, and the first that wins and loses.
type Meeting<'r> = (BTreeSet<u32>, &'r TerritoryRow, &'r TerritoryRow);

pub(super) fn inform(rows: &[TerritoryRow], today: NaiveDate, faults: &mut Faults) {
    let mut kinds: BTreeMap<(String, String), Meeting<'_>> = BTreeMap::new();
    meeting::each(rows, false, today, &mut |one, other| {
        let (winner, loser) = if Rank::of(one) > Rank::of(other) { (one, other) } else { (other, one) };
        let kind = kinds.entry((RowShape::of(winner).words(), RowShape::of(loser).words()));
        let (lines, first_winner, first_loser) = kind.or_insert_with(|| (BTreeSet::new(), winner, loser));
        lines.insert(loser.line);
        if (loser.line, winner.line) < (first_loser.line, first_winner.line) {
            (*first_winner, *first_loser) = (winner, loser);
        }
    });
    for ((winning, losing), (lines, winner, loser)) in kinds {
        let more = match lines.len() - 1 {
            0 => String::new(),
            1 => ", and 1 more row like it".to_owned(),
            count => format!(", and {count} more rows like it"),
        };
        let found = format!(
            "{} by {}, which meets rows by {}{more}: line {} ({}) beats line {} ({})",
            loser.territory, losing, winning, winner.line, winner.territory, loser.line, loser.territory
        );
        faults
            .info(
                "territory-overlap",
                territory_at(loser.line),
                found,
                "what the published order decides is what is meant",
            )
            .example(meeting::witness(winner, loser, Some(today)))
            .hint(Some("to turn it round, or to say that it is meant, give one of the rows a priority".to_owned()));
    }
}
