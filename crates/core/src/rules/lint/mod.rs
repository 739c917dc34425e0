//! Rules that load, and probably do not do what was meant. Runs only on a set without errors.
//!
//! One family a file. A fault is told once for each cause, not once for each row that suffers from it, and whatever can be
//! shown on a lead comes with one ([`crate::rules::model::witness`]).

mod callers;
mod cover;
mod dates;
mod gaps;
mod overlap;
mod people;
mod pools;
mod reach;
mod shadow;
mod zeros;

use crate::rules::fault::{At, Faults};
use crate::rules::model::set::{Pool, RuleSet};
use crate::rules::resolve::Drafts;
use chrono::NaiveDate;

/// What a worker says at its start: cheap, and the same on every day.
pub(super) fn quick(drafts: &Drafts, rules: &RuleSet, faults: &mut Faults) {
    people::quick(drafts, rules, faults);
    pools::quick(drafts, rules, faults);
}

/// What whoever edits the rules should know besides, as of `today`.
pub(super) fn thorough(drafts: &Drafts, rules: &RuleSet, today: NaiveDate, faults: &mut Faults) {
    dates::warn(drafts, rules, today, faults);
    cover::inform(rules, today, faults);
    callers::inform(rules, today, faults);
    gaps::inform(drafts, rules, today, faults);
    zeros::warn(&drafts.territories.digits, faults);
    shadow::warn(rules, today, faults);
    reach::warn(drafts, rules, faults);
    overlap::inform(rules.territories.rows(), today, faults);
}

/// Lines that a message names at most.
const LINES_NAMED: usize = 6;

fn pool_at(pool: &Pool) -> At {
    At { path: crate::rules::ROUTING, line: pool.line, column: 1 }
}

fn territory_at(line: u32) -> At {
    At { path: crate::rules::TERRITORIES, line, column: 1 }
}

/// `line 4`, `lines 4, 7, 9`, `lines 4, 7, 9, 10, 11, 12 … (300 in all)`.
fn lines(numbers: impl Iterator<Item = u32>) -> String {
    let numbers: Vec<String> = numbers.map(|number| number.to_string()).collect();
    match numbers.len() {
        1 => format!("line {}", numbers[0]),
        count if count <= LINES_NAMED => format!("lines {}", numbers.join(", ")),
        count => format!("lines {} … ({count} in all)", numbers[..LINES_NAMED].join(", ")),
    }
}
