//! Times, names and rows, as a sentence of a scenario has them.

use crate::domain::id::{PoolId, RepId, TerritoryId, TierId};
use crate::rules::model::row::TerritoryRow;
use chrono::{DateTime, NaiveDate, Utc};
use std::time::Duration;

pub(super) const HOUR: Duration = Duration::from_secs(3600);

/// A time of the day on which everything happens.
pub fn at(time: &str) -> DateTime<Utc> {
    moment(&format!("2026-01-07T{time}:00Z"))
}

pub fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap_or_else(|why| panic!("{text}: {why}"))
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap_or_else(|why| panic!("{text}: {why}"))
}

pub fn rep_id(name: &str) -> RepId {
    RepId::new(name).expect("a slug")
}

pub fn pool_id(name: &str) -> PoolId {
    PoolId::new(name).expect("a name")
}

pub(super) fn territory_id(name: &str) -> TerritoryId {
    TerritoryId::new(name).expect("a name")
}

pub(super) fn tier_id(name: &str) -> TierId {
    TierId::new(name).expect("a name")
}

/// A row of `territories.csv` that fits everything, to be narrowed.
pub fn row(line: u32, territory: &str) -> TerritoryRow {
    TerritoryRow {
        line,
        territory: territory_id(territory),
        country: None,
        state: None,
        region: None,
        postal_prefix: None,
        industry: None,
        employees: None,
        priority: 0,
        from: None,
        until: None,
    }
}
