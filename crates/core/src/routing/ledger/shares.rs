//! How one lead is divided.

use super::TURN;
use crate::domain::id::RepId;
use std::collections::BTreeMap;

/// How one lead is divided among the eligible.
#[derive(Debug, Clone, Copy)]
pub struct Shares {
    total: i64,
}

impl Shares {
    pub fn of(eligible: &BTreeMap<RepId, u32>) -> Self {
        Self { total: eligible.values().map(|weight| i64::from(*weight)).sum::<i64>().max(1) }
    }

    /// The share of who has this weight, in millionths of a lead; rounded down.
    pub fn credit(&self, weight: u32) -> i64 {
        TURN * i64::from(weight) / self.total
    }
}
