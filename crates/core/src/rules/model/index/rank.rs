//! How strong a row is beside others that fit.

use crate::rules::model::row::TerritoryRow;

/// Strength of a row; the greatest wins. See the head of `index`.
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

/// In bytes; no postal code comes near the limit.
pub(super) fn postal_length(row: &TerritoryRow) -> u8 {
    let length = row.postal_prefix.as_ref().map_or(0, |prefix| prefix.to_lowercase().len());
    u8::try_from(length).unwrap_or(u8::MAX)
}

fn count(flags: &[bool]) -> u8 {
    flags.iter().map(|flag| u8::from(*flag)).sum()
}
