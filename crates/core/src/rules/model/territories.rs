//! Who has what: the rows of `territories.csv`, the named accounts of `accounts.csv`, and the index that finds them.

use crate::rules::model::index::{Firmographics, Rank, TerritoryIndex};
use crate::rules::model::row::{NamedAccount, TerritoryRow};

/// The index is always that of these rows and accounts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Territories {
    rows: Vec<TerritoryRow>,
    accounts: Vec<NamedAccount>,
    index: TerritoryIndex,
}

impl Territories {
    pub fn new(rows: Vec<TerritoryRow>, accounts: Vec<NamedAccount>) -> Self {
        let index = TerritoryIndex::build(&rows, &accounts);
        Self { rows, accounts, index }
    }

    pub fn rows(&self) -> &[TerritoryRow] {
        &self.rows
    }

    pub fn accounts(&self) -> &[NamedAccount] {
        &self.accounts
    }

    /// Every row that fits, best first. A row that fixes a field of which nothing is known does not fit, nor does one
    /// whose size band holds only a part of the known range.
    pub fn lookup<'t>(&'t self, place: &Firmographics<'_>) -> impl Iterator<Item = (Rank, &'t TerritoryRow)> + use<'t> {
        self.index.lookup(place).into_iter().map(move |hit| (hit.rank, &self.rows[hit.row]))
    }

    /// The named account with this domain, or of this name if either side has no domain; the first line wins.
    pub fn account(&self, domain: Option<&str>, name: Option<&str>) -> Option<&NamedAccount> {
        self.index.account(domain, name).map(|at| &self.accounts[at])
    }
}
