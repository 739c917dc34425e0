//! Rows that meet without one lying inside the other: some lead fits both, and each has leads of its own.
//!
//! Rows are grouped by the fields they fix, as in the index; two groups are joined over the fields that both fix. The cost
//! grows with rows × kinds of row, not with pairs of rows.

use crate::domain::lead::Headcount;
use crate::rules::model::index::Firmographics;
use crate::rules::model::row::TerritoryRow;
use crate::rules::model::witness::{Ends, Witness};
use crate::rules::words::values::Employees;
use chrono::NaiveDate;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Country, state, region, industry; which of them a kind of row fixes.
type Fixed = [bool; 4];
const NAMES: [&str; 4] = ["country", "state", "region", "industry"];
/// Of rows that a look-up in one bucket compares at most; more only ever repeat territories that were seen.
const BUCKET: usize = 256;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowShape {
    fixed: Fixed,
    /// Length of the postal prefix in bytes, 0 for none.
    postal: usize,
    sized: bool,
}

impl RowShape {
    pub fn of(row: &TerritoryRow) -> Self {
        Self {
            fixed: texts(row).map(|text| text.is_some()),
            postal: row.postal_prefix.as_ref().map_or(0, String::len),
            sized: row.employees.is_some(),
        }
    }

    /// Everything that the other fixes is fixed here.
    fn within(self, other: Self) -> bool {
        let fields = self.fixed.iter().zip(other.fixed).all(|(mine, theirs)| *mine || !theirs);
        fields && self.postal >= other.postal && (self.sized || !other.sized)
    }

    /// `country and industry`.
    pub fn words(self) -> String {
        let mut words: Vec<&str> = Vec::new();
        words.extend((self.postal > 0).then_some("postal code"));
        words.extend(NAMES.iter().zip(self.fixed).filter(|(_, fixed)| *fixed).map(|(name, _)| *name));
        words.extend(self.sized.then_some("employees"));
        if words.is_empty() { "nothing".to_owned() } else { words.join(" and ") }
    }
}

/// Calls `tell` with rows of two kinds, neither inside the other, that fit one lead from the day `since` on and lead to
/// different territories; of equal rank or of different ranks as `equal` says, of equal priority in either case. Rows of
/// one kind meet in the same cell only, and then their ranks are equal. For every row of the one kind the first that it
/// meets is told.
pub fn each<'r>(
    rows: &'r [TerritoryRow],
    equal: bool,
    since: NaiveDate,
    tell: &mut dyn FnMut(&'r TerritoryRow, &'r TerritoryRow),
) {
    let mut shapes: BTreeMap<RowShape, Vec<&TerritoryRow>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.until.is_none_or(|until| until >= since)) {
        shapes.entry(RowShape::of(row)).or_default().push(row);
    }
    let mut symbols = Symbols::default();
    for (shape, ones) in &shapes {
        for (other, others) in shapes.range(*shape..) {
            let crossing = !shape.within(*other) && !other.within(*shape);
            let same_rank = rank(*shape) == rank(*other);
            if shape == other && equal {
                meet_within(ones, *shape, &mut symbols, tell);
            } else if crossing && same_rank == equal {
                meet(ones, others, *shape, *other, &mut symbols, tell);
            }
        }
    }
}

/// What of an `index::Rank` all rows of a kind share: class, length of the prefix, refinements, areas.
fn rank(shape: RowShape) -> (u8, usize, u8, u8) {
    let [country, state, region, industry] = shape.fixed;
    let class = [shape.postal > 0, state, region, country].iter().position(|fixed| *fixed).unwrap_or(4);
    let count = |flags: &[bool]| flags.iter().map(|flag| u8::from(*flag)).sum();
    let areas = count(&[country, state, region, shape.postal > 0]);
    (4 - class as u8, shape.postal, count(&[industry, shape.sized]), areas)
}

/// Each row against the earlier ones of its own cell.
fn meet_within<'r>(
    rows: &[&'r TerritoryRow],
    shape: RowShape,
    symbols: &mut Symbols<'r>,
    tell: &mut dyn FnMut(&'r TerritoryRow, &'r TerritoryRow),
) {
    let mut cells: BTreeMap<MeetingKey, Vec<&TerritoryRow>> = BTreeMap::new();
    for row in rows {
        let cell = cells.entry(symbols.key(row, shape.fixed, shape.postal)).or_default();
        if let Some(other) = cell.iter().find(|other| other.territory != row.territory && share_a_lead(other, row)) {
            tell(other, row);
        }
        keep(cell, row);
    }
}

fn meet<'r>(
    ones: &[&'r TerritoryRow],
    others: &[&'r TerritoryRow],
    one: RowShape,
    other: RowShape,
    symbols: &mut Symbols<'r>,
    tell: &mut dyn FnMut(&'r TerritoryRow, &'r TerritoryRow),
) {
    let mut both = one.fixed;
    both.iter_mut().zip(other.fixed).for_each(|(mine, theirs)| *mine &= theirs);
    let postal = one.postal.min(other.postal);
    let mut cells: BTreeMap<MeetingKey, Vec<&TerritoryRow>> = BTreeMap::new();
    for row in others {
        keep(cells.entry(symbols.key(row, both, postal)).or_default(), row);
    }
    for row in ones {
        let cell = cells.get(&symbols.key(row, both, postal)).map_or(&[][..], Vec::as_slice);
        if let Some(met) = cell.iter().find(|met| met.territory != row.territory && share_a_lead(met, row)) {
            tell(row, met);
        }
    }
}

/// A row that says the same as one that is there already need not be asked again.
fn keep<'r>(cell: &mut Vec<&'r TerritoryRow>, row: &'r TerritoryRow) {
    let says = |row: &TerritoryRow| (row.employees, row.from, row.until);
    let is_new = !cell.iter().any(|other| other.territory == row.territory && says(other) == says(row));
    if is_new && cell.len() < BUCKET {
        cell.push(row);
    }
}

/// Symbols of four texts and of the beginning of the postal code, 0 for what is not asked; and the priority.
type MeetingKey = ([u32; 5], i32);

#[derive(Default)]
struct Symbols<'r> {
    texts: [BTreeMap<&'r str, u32>; 5],
}

impl<'r> Symbols<'r> {
    fn key(&mut self, row: &'r TerritoryRow, fixed: Fixed, postal: usize) -> MeetingKey {
        let mut key = [0; 5];
        for (slot, text) in texts(row).into_iter().enumerate() {
            if fixed[slot] {
                key[slot] = self.symbol(slot, text.unwrap_or_default());
            }
        }
        if postal > 0 {
            let prefix = row.postal_prefix.as_deref().and_then(|prefix| prefix.get(..postal)).unwrap_or_default();
            key[4] = self.symbol(4, prefix);
        }
        (key, row.priority)
    }

    fn symbol(&mut self, slot: usize, text: &'r str) -> u32 {
        let next = u32::try_from(self.texts[slot].len() + 1).expect("fewer than four thousand million values");
        *self.texts[slot].entry(text).or_insert(next)
    }
}

fn texts(row: &TerritoryRow) -> [Option<&str>; 4] {
    [row.country.as_deref(), row.state.as_deref(), row.region.as_deref(), row.industry.as_deref()]
}

/// Is there a headcount and a day that fit both?
fn share_a_lead(a: &TerritoryRow, b: &TerritoryRow) -> bool {
    let days = |row: &TerritoryRow| (row.from.unwrap_or(NaiveDate::MIN), row.until.unwrap_or(NaiveDate::MAX));
    let (a_days, b_days) = (days(a), days(b));
    people(a, b).is_some() && a_days.0 <= b_days.1 && b_days.0 <= a_days.1
}

/// The numbers of employees that fit both.
fn people(a: &TerritoryRow, b: &TerritoryRow) -> Option<Employees> {
    let (a, b) = (a.employees.unwrap_or_default(), b.employees.unwrap_or_default());
    let least = a.0.max(b.0);
    let most = [a.1, b.1].into_iter().flatten().min();
    (least.unwrap_or(0) <= most.unwrap_or(u32::MAX)).then_some((least, most))
}

/// A lead that fits both; the first wins.
pub fn witness(winner: &TerritoryRow, loser: &TerritoryRow, today: Option<NaiveDate>) -> Witness {
    let either = |one: &Option<String>, other: &Option<String>| one.clone().or_else(|| other.clone());
    let longer = [winner, loser].into_iter().max_by_key(|row| (RowShape::of(row).postal, Reverse(row.line)));
    let postal = longer.and_then(|row| row.whole_postal().or_else(|| row.postal_prefix.clone()));
    let [country, state] = [either(&winner.country, &loser.country), either(&winner.state, &loser.state)];
    let [region, industry] = [either(&winner.region, &loser.region), either(&winner.industry, &loser.industry)];
    let sized = winner.employees.is_some() || loser.employees.is_some();
    // One number, not the whole range: it lies in both bands.
    let number = people(winner, loser).map(|(least, most)| least.or(most).unwrap_or(1));
    let from = winner.from.max(loser.from);
    let until = [winner.until, loser.until].into_iter().flatten().min();
    let day = from.max(today).or(until);
    let place = Firmographics {
        country: country.as_deref(),
        state: state.as_deref(),
        region: region.as_deref(),
        postal: postal.as_deref(),
        industry: industry.as_deref(),
        employees: number.filter(|_| sized).map(|number| Headcount { at_least: number, at_most: Some(number) }),
        on: day.unwrap_or_default(),
    };
    let ends = Ends::Row { line: winner.line, others: vec![loser.line] };
    Witness::of_place(&place, ends).on(day.filter(|_| from.is_some() || until.is_some()))
}
