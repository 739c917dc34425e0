use super::decision::{OwnershipResult, Rejection, TargetRole};
use super::ledger::TURN;
use super::scenario::*;
use super::{Considered, decide};
use crate::domain::known::{Fact, Known};
use crate::domain::lead::{Headcount, PreferredHandoff};
use crate::rules::condition::{IfUndecided, Verdict};
use crate::rules::index::TerritoryIndex;
use crate::rules::set::{
    CalendarUnknown, Existing, OrderPolicy, OwnershipRule, Preference, RouteTo, Rung, TerritoryRow, WhenFull, Wish,
};
use proptest::prelude::*;
use std::time::Duration;

mod availability;
mod matching;
mod ownership;
mod placement;
mod policies;
mod preferences;
mod purity;

const WITHOUT_TRANSFER: [Rung; 2] = [Rung::Booking, Rung::Callback];
