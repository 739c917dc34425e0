//! Finds the territory rows that fit a place, at a cost that does not grow with their number.
//!
//! Tuple-space search: rows are grouped by *which* fields they fix and how long their postal prefix is, and each group
//! is one table from the fixed values to its rows. A look-up asks every group once; real territory files have a handful
//! of groups. It yields every row that fits, best first, because the trace and the reports need the losers too.
//!
//! Which row wins, in this order: higher `priority`; named account, then postal code, state, region, country, nothing;
//! the longer postal prefix; the more of industry and size it fixes; the more of country, state, region and postal code it
//! fixes; the first line. Rows that differ in the line alone are of equal rank.

mod accounts;
mod rank;

pub use rank::Rank;

use crate::domain::lead::Headcount;
use crate::rules::model::row::{NamedAccount, TerritoryRow};
use crate::rules::words::postal;
use chrono::NaiveDate;
use rank::postal_length;
use std::cmp::Reverse;
#[expect(clippy::disallowed_types, reason = "only looked up, never iterated: its order cannot reach a decision")]
use std::collections::HashMap;
use std::collections::{BTreeMap, BTreeSet};

#[expect(clippy::disallowed_types, reason = "only looked up, never iterated: its order cannot reach a decision")]
type LookupTable<K, V> = HashMap<K, V>;

/// What is known of where and what a company is. Text compares without regard to case.
#[derive(Debug, Clone, Copy)]
pub struct Firmographics<'a> {
    pub country: Option<&'a str>,
    pub state: Option<&'a str>,
    pub region: Option<&'a str>,
    pub postal: Option<&'a str>,
    pub industry: Option<&'a str>,
    pub employees: Option<Headcount>,
    /// Rows count on this day or not.
    pub on: NaiveDate,
}

/// A row that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    /// Index into the rows the index was built from.
    pub row: usize,
    pub rank: Rank,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct TerritoryIndex {
    /// Every value that some row fixes, by field, folded to lower case.
    symbols: Symbols,
    groups: Vec<RowGroup>,
    accounts: accounts::Accounts,
}

#[derive(Debug, Clone, PartialEq)]
struct RowGroup {
    shape: FixedFields,
    rows: LookupTable<GroupKey, Vec<Cell>>,
}

/// Which fields the rows of a group fix; the last is the length of the postal prefix in bytes, 0 for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct FixedFields {
    country: bool,
    state: bool,
    region: bool,
    industry: bool,
    postal_length: u8,
}

/// Symbols of the fixed values; 0 for a field that the group does not fix.
type GroupKey = [u32; 5];

/// What is left to test once the key fits.
#[derive(Debug, Clone, PartialEq)]
struct Cell {
    row: usize,
    line: u32,
    rank: Rank,
    employees: Option<(Option<u32>, Option<u32>)>,
    from: Option<NaiveDate>,
    until: Option<NaiveDate>,
}

impl TerritoryIndex {
    pub(super) fn build(rows: &[TerritoryRow], accounts: &[NamedAccount]) -> Self {
        let mut symbols = Symbols::default();
        let mut groups: BTreeMap<FixedFields, LookupTable<GroupKey, Vec<Cell>>> = BTreeMap::new();
        for (index, row) in rows.iter().enumerate() {
            let key = symbols.key_of_row(row);
            groups.entry(FixedFields::of(row)).or_default().entry(key).or_default().push(Cell::of(index, row));
        }
        let groups = groups.into_iter().map(|(shape, rows)| RowGroup { shape, rows }).collect();
        Self { symbols, groups, accounts: accounts::Accounts::build(accounts) }
    }

    /// See [`super::territories::Territories::lookup`].
    pub(super) fn lookup(&self, place: &Firmographics) -> Vec<Hit> {
        let known = self.symbols.known(place);
        let mut cells: Vec<&Cell> = Vec::new();
        for group in &self.groups {
            let Some(key) = known.key(group.shape) else { continue };
            let bucket = group.rows.get(&key).map_or(&[][..], Vec::as_slice);
            cells.extend(bucket.iter().filter(|cell| cell.fits(place)));
        }
        cells.sort_unstable_by_key(|cell| (Reverse(cell.rank), cell.line, cell.row));
        cells.into_iter().map(|cell| Hit { row: cell.row, rank: cell.rank }).collect()
    }

    /// Index into the accounts the index was built from.
    pub(super) fn account(&self, domain: Option<&str>, name: Option<&str>) -> Option<usize> {
        self.accounts.find(domain, name)
    }
}

impl FixedFields {
    fn of(row: &TerritoryRow) -> Self {
        Self {
            country: row.country.is_some(),
            state: row.state.is_some(),
            region: row.region.is_some(),
            industry: row.industry.is_some(),
            postal_length: postal_length(row),
        }
    }
}

impl Cell {
    fn of(index: usize, row: &TerritoryRow) -> Self {
        Self {
            row: index,
            line: row.line,
            rank: Rank::of(row),
            employees: row.employees,
            from: row.from,
            until: row.until,
        }
    }

    fn fits(&self, place: &Firmographics) -> bool {
        let begun = self.from.is_none_or(|from| from <= place.on);
        let ended = self.until.is_some_and(|until| until < place.on);
        let size_fits = match (self.employees, place.employees) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some((least, most)), Some(known)) => {
                least.is_none_or(|least| known.at_least >= least)
                    && most.is_none_or(|most| known.at_most.is_some_and(|known| known <= most))
            }
        };
        begun && !ended && size_fits
    }
}

/// Numbers for the values that rows fix, counted from 1, so that a key is five numbers and not five texts.
#[derive(Debug, Clone, Default, PartialEq)]
struct Symbols {
    country: LookupTable<String, u32>,
    state: LookupTable<String, u32>,
    region: LookupTable<String, u32>,
    industry: LookupTable<String, u32>,
    postal: LookupTable<String, u32>,
    /// Lengths of the prefixes in `postal`.
    postal_lengths: BTreeSet<u8>,
}

/// The symbols of one place: `None` where nothing is known or no row fixes that value.
struct KnownSymbols {
    country: Option<u32>,
    state: Option<u32>,
    region: Option<u32>,
    industry: Option<u32>,
    /// By length of prefix, only those that some row fixes.
    postal: Vec<(u8, u32)>,
}

impl Symbols {
    fn key_of_row(&mut self, row: &TerritoryRow) -> GroupKey {
        if row.postal_prefix.is_some() {
            self.postal_lengths.insert(postal_length(row));
        }
        [
            number(&mut self.country, row.country.as_deref()),
            number(&mut self.state, row.state.as_deref()),
            number(&mut self.region, row.region.as_deref()),
            number(&mut self.industry, row.industry.as_deref()),
            number(&mut self.postal, row.postal_prefix.as_deref()),
        ]
    }

    fn known(&self, place: &Firmographics) -> KnownSymbols {
        let postal = place.postal.map(str::to_lowercase).unwrap_or_default();
        let prefix = |length: &u8| {
            let beginning = postal.get(..usize::from(*length))?;
            let symbol = *self.postal.get(beginning)?;
            postal::takes(place.country, beginning, &postal).then_some((*length, symbol))
        };
        KnownSymbols {
            country: find(&self.country, place.country),
            state: find(&self.state, place.state),
            region: find(&self.region, place.region),
            industry: find(&self.industry, place.industry),
            postal: self.postal_lengths.iter().filter_map(prefix).collect(),
        }
    }
}

impl KnownSymbols {
    /// `None`: no row of this shape can fit.
    fn key(&self, shape: FixedFields) -> Option<GroupKey> {
        let postal = match shape.postal_length {
            0 => 0,
            wanted => self.postal.iter().find(|(length, _)| *length == wanted)?.1,
        };
        let fixed = |wanted: bool, symbol: Option<u32>| if wanted { symbol } else { Some(0) };
        Some([
            fixed(shape.country, self.country)?,
            fixed(shape.state, self.state)?,
            fixed(shape.region, self.region)?,
            fixed(shape.industry, self.industry)?,
            postal,
        ])
    }
}

fn number(symbols: &mut LookupTable<String, u32>, value: Option<&str>) -> u32 {
    let Some(value) = value else { return 0 };
    let next = u32::try_from(symbols.len() + 1).expect("a territory file has fewer than four thousand million values");
    *symbols.entry(value.to_lowercase()).or_insert(next)
}

fn find(symbols: &LookupTable<String, u32>, value: Option<&str>) -> Option<u32> {
    if symbols.is_empty() { None } else { symbols.get(&value?.to_lowercase()).copied() }
}

#[cfg(test)]
mod tests;
