//! Rows of equal rank that take one lead to different territories.

use crate::domain::id::TerritoryId;
use crate::rules::fault::{At, Faults};
use crate::rules::model::meeting::{self, RowShape};
use crate::rules::model::row::TerritoryRow;
use chrono::NaiveDate;
use std::collections::BTreeSet;

/// Pairs of rows that nothing but their order in the file would decide between: a coin toss.
pub(super) fn refuse_conflicts(rows: &[TerritoryRow], faults: &mut Faults) {
    let mut told: BTreeSet<(RowShape, RowShape, &TerritoryId, &TerritoryId)> = BTreeSet::new();
    let mut lines: BTreeSet<u32> = BTreeSet::new();
    meeting::each(rows, true, NaiveDate::MIN, &mut |one, other| {
        let (first, second) = if one.line <= other.line { (one, other) } else { (other, one) };
        let same_shape = RowShape::of(first) == RowShape::of(second);
        let is_new = told.insert((RowShape::of(first), RowShape::of(second), &first.territory, &second.territory));
        if !(is_new || same_shape) || !lines.insert(second.line) {
            return;
        }
        let found =
            format!("{}, while line {} gives the same leads to {}", second.territory, first.line, first.territory);
        let at = At { path: crate::rules::TERRITORIES, line: second.line, column: 1 };
        faults
            .error("territory-conflict", at, found, "one territory for leads that fit equally")
            .example(meeting::witness(first, second, None))
            .hint(Some("delete one row, part them by from and until, or give one a higher priority".to_owned()));
    });
}
