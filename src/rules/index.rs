//! Finds the territory rows that fit a place, at a cost that does not grow with their number.
//!
//! Tuple-space search: rows are grouped by *which* fields they fix and how long their postal prefix is, and each group
//! is one table from the fixed values to its rows. A look-up asks every group once; real territory files have a handful
//! of groups. It yields every row that fits, best first, because the trace and the reports need the losers too.
//!
//! Which row wins, in this order: higher `priority`; named account, then postal code, state, region, country, nothing;
//! the longer postal prefix; the more of industry and size it fixes; the more of country, state, region and postal code it
//! fixes; the first line. Rows that differ in the line alone are of equal rank.

use super::postal;
use super::set::{NamedAccount, TerritoryRow};
use crate::domain::lead::Headcount;
use chrono::NaiveDate;
use std::cmp::Reverse;
#[expect(clippy::disallowed_types, reason = "only looked up, never iterated: its order cannot reach a decision")]
use std::collections::HashMap;
use std::collections::{BTreeMap, BTreeSet};

#[expect(clippy::disallowed_types, reason = "only looked up, never iterated: its order cannot reach a decision")]
type Table<K, V> = HashMap<K, V>;

/// What is known of where and what a company is. Text compares without regard to case.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub country: Option<&'a str>,
    pub state: Option<&'a str>,
    pub region: Option<&'a str>,
    pub postal: Option<&'a str>,
    pub industry: Option<&'a str>,
    pub employees: Option<Headcount>,
    /// Rows count on this day or not.
    pub on: NaiveDate,
}

/// Strength of a row; the greatest wins. See the head of this file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    priority: i32,
    class: Class,
    postal_length: u8,
    refinements: u8,
    areas: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Everything,
    Country,
    Region,
    State,
    Postal,
    NamedAccount,
}

impl Rank {
    pub const NAMED_ACCOUNT: Self =
        Self { priority: 0, class: Class::NamedAccount, postal_length: 0, refinements: 0, areas: 0 };

    pub fn of(row: &TerritoryRow) -> Self {
        let refinements = [row.industry.is_some(), row.employees.is_some()];
        let areas = [row.country.is_some(), row.state.is_some(), row.region.is_some(), row.postal_prefix.is_some()];
        Self {
            priority: row.priority,
            class: Class::of(row),
            postal_length: postal_length(row),
            refinements: count(&refinements),
            areas: count(&areas),
        }
    }
}

impl Class {
    fn of(row: &TerritoryRow) -> Self {
        if row.postal_prefix.is_some() {
            Self::Postal
        } else if row.state.is_some() {
            Self::State
        } else if row.region.is_some() {
            Self::Region
        } else if row.country.is_some() {
            Self::Country
        } else {
            Self::Everything
        }
    }
}

/// A row that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// Index into the rows the index was built from.
    pub row: usize,
    pub rank: Rank,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct TerritoryIndex {
    /// Every value that some row fixes, by field, folded to lower case.
    symbols: Symbols,
    groups: Vec<Group>,
    accounts: Accounts,
}

#[derive(Debug, Clone, PartialEq)]
struct Group {
    shape: Shape,
    rows: Table<Key, Vec<Cell>>,
}

/// Which fields the rows of a group fix; the last is the length of the postal prefix in bytes, 0 for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Shape {
    country: bool,
    state: bool,
    region: bool,
    industry: bool,
    postal_length: u8,
}

/// Symbols of the fixed values; 0 for a field that the group does not fix.
type Key = [u32; 5];

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
    pub fn build(rows: &[TerritoryRow], accounts: &[NamedAccount]) -> Self {
        let mut symbols = Symbols::default();
        let mut groups: BTreeMap<Shape, Table<Key, Vec<Cell>>> = BTreeMap::new();
        for (index, row) in rows.iter().enumerate() {
            let key = symbols.key_of_row(row);
            groups.entry(Shape::of(row)).or_default().entry(key).or_default().push(Cell::of(index, row));
        }
        let groups = groups.into_iter().map(|(shape, rows)| Group { shape, rows }).collect();
        Self { symbols, groups, accounts: Accounts::build(accounts) }
    }

    /// Every row that fits, best first. A row that fixes a field of which nothing is known does not fit, nor does one
    /// whose size band holds only a part of the known range.
    pub fn lookup(&self, place: &Place) -> Vec<Hit> {
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

    /// The named account with this domain, or of this name if either side has no domain. Index into the accounts the
    /// index was built from; the first line wins.
    pub fn account(&self, domain: Option<&str>, name: Option<&str>) -> Option<usize> {
        self.accounts.find(domain, name)
    }
}

impl Shape {
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

    fn fits(&self, place: &Place) -> bool {
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
    country: Table<String, u32>,
    state: Table<String, u32>,
    region: Table<String, u32>,
    industry: Table<String, u32>,
    postal: Table<String, u32>,
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
    fn key_of_row(&mut self, row: &TerritoryRow) -> Key {
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

    fn known(&self, place: &Place) -> KnownSymbols {
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
    fn key(&self, shape: Shape) -> Option<Key> {
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

fn number(symbols: &mut Table<String, u32>, value: Option<&str>) -> u32 {
    let Some(value) = value else { return 0 };
    let next = u32::try_from(symbols.len() + 1).expect("a territory file has fewer than four thousand million values");
    *symbols.entry(value.to_lowercase()).or_insert(next)
}

fn find(symbols: &Table<String, u32>, value: Option<&str>) -> Option<u32> {
    if symbols.is_empty() { None } else { symbols.get(&value?.to_lowercase()).copied() }
}

/// In bytes; no postal code comes near the limit.
fn postal_length(row: &TerritoryRow) -> u8 {
    let length = row.postal_prefix.as_ref().map_or(0, |prefix| prefix.to_lowercase().len());
    u8::try_from(length).unwrap_or(u8::MAX)
}

fn count(flags: &[bool]) -> u8 {
    flags.iter().map(|flag| u8::from(*flag)).sum()
}

/// Named accounts by domain and by name.
#[derive(Debug, Clone, Default, PartialEq)]
struct Accounts {
    by_domain: Table<String, usize>,
    /// With whether the line names a domain.
    by_name: Table<String, Vec<(usize, bool)>>,
}

impl Accounts {
    fn build(accounts: &[NamedAccount]) -> Self {
        let mut built = Self::default();
        for (index, account) in accounts.iter().enumerate() {
            if let Some(domain) = &account.domain {
                built.by_domain.entry(domain.to_lowercase()).or_insert(index);
            }
            let name = account.name.trim().to_lowercase();
            built.by_name.entry(name).or_default().push((index, account.domain.is_some()));
        }
        built
    }

    fn find(&self, domain: Option<&str>, name: Option<&str>) -> Option<usize> {
        let by_domain = domain.and_then(|domain| self.by_domain.get(&domain.to_lowercase()).copied());
        by_domain.or_else(|| {
            let named = self.by_name.get(&name?.trim().to_lowercase())?;
            named.iter().find(|(_, has_domain)| domain.is_none() || !has_domain).map(|(index, _)| *index)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::TerritoryId;

    const SOMEWHERE: Place<'static> = Place {
        country: Some("US"),
        state: Some("CA"),
        region: Some("AMER"),
        postal: Some("94107"),
        industry: Some("Software"),
        employees: Some(Headcount { at_least: 50, at_most: Some(100) }),
        on: NaiveDate::from_ymd_opt(2026, 1, 7).expect("a date"),
    };

    /// `country=US postal=941 priority=2`: columns by name.
    fn row(line: u32, columns: &str) -> TerritoryRow {
        let column = |name: &str| {
            let value = columns.split(' ').filter_map(|part| part.split_once('=')).find(|(column, _)| *column == name);
            value.map(|(_, value)| value.to_owned())
        };
        let date = |name| column(name).map(|text| text.parse::<NaiveDate>().expect("a date"));
        let size = |name| column(name).map(|text| text.parse::<u32>().expect("a number"));
        let (least, most) = (size("least"), size("most"));
        TerritoryRow {
            line,
            territory: TerritoryId::new(format!("line {line}")).expect("a name"),
            country: column("country"),
            state: column("state"),
            region: column("region"),
            postal_prefix: column("postal"),
            industry: column("industry"),
            employees: (least.is_some() || most.is_some()).then_some((least, most)),
            priority: column("priority").map_or(0, |text| text.parse().expect("a number")),
            from: date("from"),
            until: date("until"),
        }
    }

    fn hits(rows: &[&str], place: &Place) -> Vec<usize> {
        let rows: Vec<_> = rows.iter().zip(1..).map(|(columns, line)| row(line, columns)).collect();
        TerritoryIndex::build(&rows, &[]).lookup(place).into_iter().map(|hit| hit.row).collect()
    }

    #[test]
    fn the_published_order_holds() {
        let rows = [
            "",
            "country=US",
            "region=AMER",
            "state=CA",
            "country=US state=CA",
            "state=CA industry=Software",
            "postal=9",
            "country=US postal=9",
            "postal=941",
            "postal=941 least=50",
            "postal=941 least=50 industry=Software",
            "country=US priority=1",
        ];
        assert_eq!(hits(&rows, &SOMEWHERE), [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    }

    #[test]
    fn rows_that_fix_something_else_or_unknown_do_not_fit() {
        let rows = ["country=DE", "postal=95", "state=CA country=CA", "industry=Retail", "region=emea"];
        assert_eq!(hits(&rows, &SOMEWHERE), [0usize; 0]);
        let unknown = Place { country: None, postal: None, employees: None, ..SOMEWHERE };
        assert_eq!(hits(&["country=US", "postal=9", "least=1", "state=CA"], &unknown), [3]);
    }

    #[test]
    fn case_does_not_matter_and_a_short_postal_code_is_no_error() {
        let place = Place { industry: Some("SOFTWARE"), postal: Some("sw1a1aa"), ..SOMEWHERE };
        assert_eq!(hits(&["industry=software postal=SW1A"], &place), [0]);
        assert_eq!(hits(&["postal=94107123", "postal=ü"], &SOMEWHERE), [0usize; 0]);
        assert_eq!(hits(&["postal=9"], &Place { postal: Some("ü"), ..SOMEWHERE }), [0usize; 0]);
    }

    #[test]
    fn a_size_band_must_hold_the_whole_known_range() {
        let rows = ["least=50 most=100", "least=60", "most=99", "least=1"];
        assert_eq!(hits(&rows, &SOMEWHERE), [0, 3]);
        let open = Place { employees: Some(Headcount { at_least: 1000, at_most: None }), ..SOMEWHERE };
        assert_eq!(hits(&["least=1000", "least=1000 most=5000"], &open), [0]);
    }

    #[test]
    fn rows_count_from_their_first_to_their_last_day() {
        let rows = ["from=2026-01-07 until=2026-01-07", "until=2026-01-06", "from=2026-01-08"];
        assert_eq!(hits(&rows, &SOMEWHERE), [0]);
    }

    #[test]
    fn rows_of_equal_rank_come_by_line() {
        let rows = [row(9, "country=US"), row(3, "country=US")];
        let found = TerritoryIndex::build(&rows, &[]).lookup(&SOMEWHERE);
        assert_eq!(found.iter().map(|hit| hit.row).collect::<Vec<_>>(), [1, 0]);
        assert_eq!(found[0].rank, found[1].rank);
    }

    #[test]
    fn named_accounts_are_found_by_domain_and_by_name_only_where_domains_do_not_contradict() {
        let account = |line, domain: Option<&str>, name: &str| NamedAccount {
            line,
            domain: domain.map(str::to_owned),
            name: name.to_owned(),
            rep: None,
            territory: None,
        };
        let accounts = [account(2, Some("Acme.com"), "Acme"), account(3, None, "Globex"), account(4, None, "Acme")];
        let index = TerritoryIndex::build(&[], &accounts);
        assert_eq!(index.account(Some("acme.com"), None), Some(0));
        assert_eq!(index.account(None, Some(" ACME ")), Some(0));
        assert_eq!(index.account(Some("acme.de"), Some("Acme")), Some(2), "another Acme: the line without a domain");
        assert_eq!(index.account(Some("globex.com"), Some("Globex")), Some(1));
        assert_eq!(index.account(Some("globex.com"), Some("Initech")), None);
        assert_eq!(index.account(None, None), None);
    }

    #[test]
    fn the_index_finds_what_a_walk_over_all_rows_finds() {
        let mut rows = Vec::new();
        let values = |name: &str, all: [&str; 3], pick: usize| all.get(pick).map(|value| format!("{name}={value} "));
        for n in 0..1024u32 {
            let pick = |shift: u32| ((n >> shift) & 3) as usize;
            let columns: String = [
                values("country", ["US", "DE", "FR"], pick(0)),
                values("state", ["CA", "NY", "TX"], pick(2)),
                values("postal", ["9", "941", "10"], pick(4)),
                values("industry", ["Software", "Retail", "Energy"], pick(6)),
                values("least", ["1", "50", "1000"], pick(8)),
            ]
            .into_iter()
            .flatten()
            .collect();
            rows.push(row(n + 2, &columns));
        }
        let fits = |row: &TerritoryRow| {
            let is = |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|wanted| wanted == value);
            is(&row.country, "US")
                && is(&row.state, "CA")
                && row.postal_prefix.as_deref().is_none_or(|prefix| "94107".starts_with(prefix))
                && is(&row.industry, "Software")
                && row.employees.is_none_or(|(least, _)| least.is_none_or(|least| least <= 50))
        };
        let mut walked: Vec<usize> = (0..rows.len()).filter(|index| fits(&rows[*index])).collect();
        walked.sort_by_key(|index| (Reverse(Rank::of(&rows[*index])), rows[*index].line));
        let found: Vec<usize> =
            TerritoryIndex::build(&rows, &[]).lookup(&SOMEWHERE).into_iter().map(|hit| hit.row).collect();
        assert_eq!(found, walked);
        assert_eq!(found.len(), 2 * 2 * 3 * 2 * 3);
    }
}
